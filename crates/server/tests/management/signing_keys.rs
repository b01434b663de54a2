//! `/api/v2/keys/signing`

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::kit::{self, TestServer, engines, error};

pub(super) fn states(list: &Value) -> Vec<(String, &'static str)> {
    let place = |key: &Value| {
        ["next", "current", "previous", "revoked"].into_iter().find(|name| key[*name] == true).unwrap()
    };
    list.as_array().unwrap().iter().map(|key| (key["kid"].as_str().unwrap().to_owned(), place(key))).collect()
}

pub(super) fn kid(list: &Value, place: &str) -> String {
    let found = states(list).into_iter().find(|(_, own)| *own == place);
    found.map(|(kid, _)| kid).unwrap()
}

pub(super) async fn keys(server: &TestServer) -> Value {
    server.api_get("/keys/signing").await.expect(200)
}

pub(super) async fn rotate(server: &TestServer) -> Value {
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201)
}

pub(super) async fn revoke(server: &TestServer, kid: &str) -> kit::Answer {
    server.api_call(Method::PUT, &format!("/keys/signing/{kid}/revoke")).await
}

#[tokio::test]
async fn a_new_tenant_has_one_current_and_one_next_key() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let list = keys(&server).await;
        let places: Vec<_> = states(&list).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["current", "next"]);
        let current = &list[0];
        let members: Vec<_> = current.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            [
                "kid",
                "cert",
                "pkcs7",
                "current",
                "next",
                "previous",
                "current_since",
                "fingerprint",
                "thumbprint",
                "revoked"
            ]
        );
        assert_eq!(current["current_since"], "2027-01-15T08:00:00.000Z");
        assert_eq!(current["kid"].as_str().unwrap().len(), 21);
        let pem = current["cert"].as_str().unwrap();
        assert!(
            pem.starts_with("-----BEGIN CERTIFICATE-----\r\n") && pem.ends_with("-----END CERTIFICATE-----")
        );
        assert!(current["pkcs7"].as_str().unwrap().starts_with("-----BEGIN PKCS7-----\r\n"));
        let thumbprint = current["thumbprint"].as_str().unwrap();
        assert_eq!(current["fingerprint"].as_str().unwrap().replace(':', ""), thumbprint);
        assert_eq!(thumbprint.len(), 40);
        let certificate = chancery_crypto::certificate::Certificate::from_pem(pem).unwrap();
        assert_eq!(certificate.common_name().as_deref(), Some(kit::DOMAIN));
    }
}

#[tokio::test]
async fn rotating_promotes_next_and_retires_current_and_answers_the_new_next() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = keys(&server).await;
        server.clock.advance(SignedDuration::from_hours(1));
        let answer = rotate(&server).await;
        let after = keys(&server).await;
        assert_eq!(kid(&after, "current"), kid(&before, "next"));
        assert_eq!(kid(&after, "previous"), kid(&before, "current"));
        assert_eq!(answer["kid"], kid(&after, "next"));
        assert_eq!(answer["cert"], after[1]["cert"]);
        assert_eq!(answer.as_object().unwrap().len(), 2);
        let previous = &after[2];
        assert_eq!(previous["current_since"], "2027-01-15T08:00:00.000Z");
        assert_eq!(previous["current_until"], "2027-01-15T09:00:00.000Z");
        assert_eq!(after[0]["current_since"], "2027-01-15T09:00:00.000Z");
    }
}

#[tokio::test]
async fn older_previous_keys_stay_through_a_rotation() {
    let server = TestServer::start().await;
    let first = kid(&keys(&server).await, "current");
    for _ in 0..3 {
        server.clock.advance(SignedDuration::from_hours(1));
        rotate(&server).await;
    }
    let list = keys(&server).await;
    let previous: Vec<_> =
        states(&list).into_iter().filter(|(_, place)| *place == "previous").map(|(kid, _)| kid).collect();
    assert_eq!(previous.len(), 3);
    assert_eq!(previous[2], first, "the youngest first");
}

#[tokio::test]
async fn a_revoked_key_is_listed_as_revoked_and_has_lost_its_private_half() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let old = kid(&keys(&server).await, "current");
        rotate(&server).await;
        server.clock.advance(SignedDuration::from_hours(2));
        let answer = revoke(&server, &old).await.expect(200);
        assert_eq!(answer["kid"], old);
        let one = server.api_get(&format!("/keys/signing/{old}")).await.expect(200);
        assert_eq!(one["revoked"], true);
        assert_eq!(one["revoked_at"], "2027-01-15T10:00:00.000Z");
        assert_eq!(one["previous"], false);
        assert_eq!(keys(&server).await[2], one);
        let sql = "SELECT kid FROM signing_keys WHERE private IS NULL";
        let erased = server.app.db.query(sql, &[]).await.unwrap();
        assert_eq!(erased.iter().map(|row| row.text("kid").unwrap()).collect::<Vec<_>>(), [old]);
    }
}

#[tokio::test]
async fn the_list_shows_the_last_three_revoked_keys_and_the_kid_finds_all() {
    let server = TestServer::start().await;
    let mut revoked = Vec::new();
    for _ in 0..4 {
        let old = kid(&keys(&server).await, "current");
        server.clock.advance(SignedDuration::from_hours(25));
        rotate(&server).await;
        revoke(&server, &old).await.expect(200);
        revoked.insert(0, old);
    }
    let listed: Vec<_> = states(&keys(&server).await)
        .into_iter()
        .filter(|(_, place)| *place == "revoked")
        .map(|(kid, _)| kid)
        .collect();
    assert_eq!(listed, revoked[..3]);
    let oldest = server.api_get(&format!("/keys/signing/{}", revoked[3])).await.expect(200);
    assert_eq!(oldest["revoked"], true);
}

#[tokio::test]
async fn keys_in_every_other_state_are_refused_with_what_to_do() {
    let server = TestServer::start().await;
    let list = keys(&server).await;
    let old = kid(&list, "current");
    rotate(&server).await;
    revoke(&server, &old).await.expect(200);
    let list = keys(&server).await;
    let refused = |message: &str| (400, error(400, "Bad Request", Some("operation_not_supported"), message));
    assert_eq!(
        revoke(&server, &kid(&list, "current")).await.both(),
        refused(
            "The key is the current signing key and cannot be revoked. Rotate first: it is then a previous key, and a previous key can be revoked."
        )
    );
    assert_eq!(
        revoke(&server, &kid(&list, "next")).await.both(),
        refused(
            "The key is the next signing key and cannot be revoked. Only a previous key can be revoked: rotate twice, then revoke it."
        )
    );
    assert_eq!(
        revoke(&server, &old).await.both(),
        refused("The key is already revoked. Nothing is left to do.")
    );
    assert_eq!(keys(&server).await, list, "nothing changed");
}

#[tokio::test]
async fn an_unknown_kid_is_404_whatever_it_looks_like() {
    let server = TestServer::start().await;
    let not_found = error(404, "Not Found", None, "Signing key not found.");
    for kid in ["no-such-kid", "..%2F..%2Fetc%2Fpasswd", "'%20OR%201=1--", &"x".repeat(3000)] {
        assert_eq!(server.api_get(&format!("/keys/signing/{kid}")).await.both(), (404, not_found.clone()));
        assert_eq!(revoke(&server, kid).await.both(), (404, not_found.clone()));
    }
}

#[tokio::test]
async fn the_sixth_rotation_of_a_day_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for _ in 0..5 {
            rotate(&server).await;
            server.clock.advance(SignedDuration::from_mins(1));
        }
        let before = keys(&server).await;
        let refused = server.api_call(Method::POST, "/keys/signing/rotate").await;
        let message = "The limit of 5 rotations in 24 hours is reached. The next rotation is possible in 23 hours 55 minutes, at 2027-01-16T08:00:00Z.";
        let expected = error(429, "Too Many Requests", Some("too_many_requests"), message);
        assert_eq!(refused.both(), (429, expected));
        let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert_eq!(wait, 86_400 - 300);
        assert_eq!(keys(&server).await, before);
        // Retry-After is the truth: a second before it there is no room, and then there is for one.
        server.clock.advance(SignedDuration::from_secs(wait - 1));
        let refused = server.api_call(Method::POST, "/keys/signing/rotate").await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("1")));
        server.clock.advance(SignedDuration::from_secs(1));
        rotate(&server).await;
        let refused = server.api_call(Method::POST, "/keys/signing/rotate").await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("60")));
    }
}

#[tokio::test]
async fn a_refused_rotation_takes_no_key_from_the_forge() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        rotate(&server).await;
    }
    // Two keys made the ring and five the rotations: the next one is number 7.
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(429);
    let next = server.app.forge.take().await.unwrap();
    assert_eq!(next.public().to_spki_der(), kit::key(7).public().to_spki_der());
}

#[tokio::test]
async fn a_lowered_limit_waits_for_as_many_rotations_as_are_too_many() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        rotate(&server).await;
        server.clock.advance(SignedDuration::from_mins(1));
    }
    server.set_policy("rotations_per_day", "2").await;
    let refused = server.api_call(Method::POST, "/keys/signing/rotate").await;
    // The fourth of the five has to fall out before there is room.
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("86280")));
    server.set_policy("rotations_per_day", "0").await;
    rotate(&server).await;
}

#[tokio::test]
async fn parallel_rotations_on_two_processes_keep_the_law() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        keys(&server).await;
        keys(&sibling).await;
        let (a, b, c, d) = tokio::join!(
            server.api_call(Method::POST, "/keys/signing/rotate"),
            sibling.api_call(Method::POST, "/keys/signing/rotate"),
            server.api_call(Method::POST, "/keys/signing/rotate"),
            sibling.api_call(Method::POST, "/keys/signing/rotate"),
        );
        let mut fresh = std::collections::BTreeSet::new();
        for answer in [a, b, c, d] {
            fresh.insert(answer.expect(201)["kid"].as_str().unwrap().to_owned());
        }
        assert_eq!(fresh.len(), 4, "each rotation made a key of its own");
        chancery::changes::catch_up(&server.app).await.unwrap();
        let list = keys(&server).await;
        let count = |place| states(&list).iter().filter(|(_, own)| *own == place).count();
        assert_eq!([count("current"), count("next"), count("previous")], [1, 1, 4]);
    }
}

#[tokio::test]
async fn two_processes_may_meet_at_the_first_request_of_a_tenant() {
    for on in engines() {
        for _ in 0..5 {
            let server = TestServer::on(on).await;
            let sibling = server.sibling().await;
            let (one, other) =
                tokio::join!(server.get("/.well-known/jwks.json"), sibling.get("/.well-known/jwks.json"));
            assert_eq!(one.expect(200), other.expect(200));
        }
    }
}

#[tokio::test]
async fn another_process_sees_a_rotation_and_a_revocation_when_it_catches_up() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let old = kid(&keys(&sibling).await, "current");
        let token = sibling.token(&["read:signing_keys"]).await;
        rotate(&server).await;
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(keys(&sibling).await, keys(&server).await);
        let call = || kit::Call::get("/api/v2/keys/signing").bearer(&token).build();
        sibling.send(call()).await.expect(200);
        revoke(&server, &old).await.expect(200);
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(sibling.send(call()).await.status, 401);
    }
}

#[tokio::test]
async fn another_process_accepts_a_token_of_the_new_key_before_it_has_read_the_notice() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        keys(&sibling).await;
        rotate(&server).await;
        let token = server.token(&["read:signing_keys"]).await;
        let call = kit::Call::get("/api/v2/keys/signing").bearer(&token).build();
        sibling.send(call).await.expect(200);
    }
}

#[tokio::test]
async fn rotating_needs_both_scopes_and_the_others_one() {
    let server = TestServer::start().await;
    let old = kid(&keys(&server).await, "current");
    for (method, path, scopes, message) in [
        (Method::GET, "/keys/signing".to_owned(), "read:clients", "any of: read:signing_keys"),
        (Method::GET, format!("/keys/signing/{old}"), "read:clients", "any of: read:signing_keys"),
        (
            Method::POST,
            "/keys/signing/rotate".to_owned(),
            "create:signing_keys",
            "all of: create:signing_keys,update:signing_keys",
        ),
        (
            Method::POST,
            "/keys/signing/rotate".to_owned(),
            "update:signing_keys",
            "all of: create:signing_keys,update:signing_keys",
        ),
        (
            Method::PUT,
            format!("/keys/signing/{old}/revoke"),
            "create:signing_keys",
            "any of: update:signing_keys",
        ),
    ] {
        let token = server.token(&[scopes]).await;
        let answer =
            server.send(kit::Call::new(method, &format!("/api/v2{path}")).bearer(&token).build()).await;
        let message = format!("Insufficient scope, expected {message}");
        assert_eq!(answer.both(), (403, error(403, "Forbidden", Some("insufficient_scope"), &message)));
    }
}

#[tokio::test]
async fn each_rotation_and_revocation_stands_in_the_log() {
    let server = TestServer::start().await;
    let old = kid(&keys(&server).await, "current");
    rotate(&server).await;
    revoke(&server, &old).await.expect(200);
    let log = server.api_get("/logs?sort=date:1").await.expect(200);
    let entries: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| {
            entry["details"]["request"]["path"].as_str().is_some_and(|path| path.contains("signing"))
        })
        .map(|entry| (entry["type"].clone(), entry["details"]["response"]["statusCode"].clone()))
        .collect();
    assert_eq!(entries, [(json!("sapi"), json!(201)), (json!("sapi"), json!(200))]);
}

#[tokio::test]
async fn a_token_of_a_previous_key_verifies_until_the_key_is_revoked() {
    let server = TestServer::start().await;
    let old = kid(&keys(&server).await, "current");
    let token = server.token(&["read:signing_keys"]).await;
    assert_eq!(kit::token_header(&token)["kid"], old);
    let call = || kit::Call::get("/api/v2/keys/signing").bearer(&token).build();
    rotate(&server).await;
    server.send(call()).await.expect(200);
    revoke(&server, &old).await.expect(200);
    let message = "Invalid signature received for JSON Web Token validation";
    let mut expected = error(401, "Unauthorized", None, message);
    expected["attributes"] = json!({ "error": message });
    assert_eq!(server.send(call()).await.both(), (401, expected));
}

#[tokio::test]
async fn a_tool_that_revokes_the_key_of_its_own_token_has_a_minute_to_finish() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let old = kid(&keys(&server).await, "current");
        let tool = server.token(&["read:signing_keys", "update:signing_keys"]).await;
        let other = server.token(&["read:signing_keys"]).await;
        rotate(&server).await;
        let path = format!("/api/v2/keys/signing/{old}/revoke");
        server.send(kit::Call::new(Method::PUT, &path).bearer(&tool).build()).await.expect(200);
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        let call = |token: &str| kit::Call::get("/api/v2/keys/signing").bearer(token).build();
        for process in [&server, &sibling] {
            process.send(call(&tool)).await.expect(200);
            process.send(call(&other)).await.expect(401);
        }
        server.clock.advance(SignedDuration::from_secs(60));
        server.send(call(&tool)).await.expect(401);
    }
}

#[tokio::test]
async fn a_clock_that_jumps_back_breaks_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = keys(&server).await;
        server.clock.advance(SignedDuration::from_hours(-10));
        rotate(&server).await;
        let list = keys(&server).await;
        let places: Vec<_> = states(&list).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["current", "next", "previous"]);
        assert_eq!((&list[0]["kid"], &list[2]["kid"]), (&before[1]["kid"], &before[0]["kid"]));
        // No key ends before it began, and none begins before the one before it ended.
        let moment = "2027-01-15T08:00:00.000Z";
        for (key, name) in [(2, "current_since"), (2, "current_until"), (0, "current_since")] {
            assert_eq!(list[key][name], moment, "{name}");
        }
        server.clock.advance(SignedDuration::from_hours(11));
        rotate(&server).await;
        let list = keys(&server).await;
        assert_eq!((&list[2]["kid"], &list[3]["kid"]), (&before[1]["kid"], &before[0]["kid"]), "in order");
        assert_eq!(list[2]["current_until"], "2027-01-15T09:00:00.000Z");
    }
}
