//! `/api/v2/keys/connection`: the ring that all connections of a tenant share.

use std::sync::Arc;

use chancery::connection_keys;
use chancery::db::Value as Sql;
use chancery::tenants::Tenant;
use chancery_crypto::certificate::Certificate;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::signing_keys::{kid, states};
use crate::kit::{self, Answer, Call, DOMAIN, TestServer, engines, error};

async fn keys(server: &TestServer) -> Value {
    server.api_get("/keys/connection").await.expect(200)
}

async fn rotate(server: &TestServer) -> Value {
    server.api_call(Method::POST, "/keys/connection/rotate").await.expect(201)
}

async fn revoke(server: &TestServer, kid: &str) -> Answer {
    server.api_call(Method::PUT, &format!("/keys/connection/{kid}/revoke")).await
}

pub(crate) async fn tenant(server: &TestServer) -> Arc<Tenant> {
    server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap()
}

/// Runs every statement of the shared ring.
pub(crate) async fn exercise(server: &TestServer) {
    let old = kid(&keys(server).await, "current");
    rotate(server).await;
    revoke(server, &old).await.expect(200);
}

#[tokio::test]
async fn the_connection_keys_begin_as_one_current_and_one_next_key_in_the_shape_of_signing_keys() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let list = keys(&server).await;
        let places: Vec<_> = states(&list).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["current", "next"]);
        let members: Vec<_> = list[0].as_object().unwrap().keys().cloned().collect();
        let signing = server.api_get("/keys/signing").await.expect(200);
        assert_eq!(members, signing[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>());
        assert_eq!(list[0]["current_since"], "2027-01-15T08:00:00.000Z");
        let pem = list[0]["cert"].as_str().unwrap();
        assert_eq!(server.get("/pem?cert=connection").await.text(), format!("{pem}\r\n"));
        let certificate = Certificate::from_pem(pem).unwrap();
        assert_eq!(certificate.common_name().as_deref(), Some(DOMAIN));
        let kids = |list: &Value| states(list).into_iter().map(|(kid, _)| kid).collect::<Vec<_>>();
        assert!(kids(&list).iter().all(|kid| !kids(&signing).contains(kid)), "they are keys of their own");
        assert_eq!(keys(&server).await, list, "asking again changes nothing");
    }
}

#[tokio::test]
async fn rotating_serves_the_certificate_that_was_next_and_answers_the_new_next_key() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = keys(&server).await;
        server.clock.advance(SignedDuration::from_hours(1));
        let answer = rotate(&server).await;
        let after = keys(&server).await;
        assert_eq!(kid(&after, "current"), kid(&before, "next"));
        assert_eq!(kid(&after, "previous"), kid(&before, "current"));
        assert_eq!(answer, json!({ "cert": after[1]["cert"], "kid": kid(&after, "next") }));
        assert_eq!(after[0]["current_since"], "2027-01-15T09:00:00.000Z");
        assert_eq!(after[2]["current_until"], "2027-01-15T09:00:00.000Z");
        let served = server.get("/pem?cert=connection").await.text();
        assert_eq!(served.trim_end(), before[1]["cert"].as_str().unwrap());
        let signing = server.api_get("/keys/signing").await.expect(200);
        assert_eq!(states(&signing).len(), 2, "the application signing keys stay as they are");
    }
}

#[tokio::test]
async fn a_rotation_may_be_the_first_thing_that_happens_to_the_ring() {
    for on in engines() {
        let server = TestServer::on(on).await;
        rotate(&server).await;
        let places: Vec<_> = states(&keys(&server).await).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["current", "next", "previous"]);
    }
}

#[tokio::test]
async fn a_connection_signs_with_the_current_key_and_decrypts_with_all_that_are_not_revoked() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let first = kid(&keys(&server).await, "current");
        for _ in 0..2 {
            rotate(&server).await;
            server.clock.advance(SignedDuration::from_hours(1));
        }
        let opened = async || {
            let keys = connection_keys::of(&server.app, &tenant(&server).await).await.unwrap();
            let (private, certificate) = keys.signing();
            assert_eq!(*private.public(), certificate.public_key().unwrap());
            let [current, next] = keys.certificates();
            assert_eq!(current, certificate);
            let pems: Vec<_> = [current, next].map(Certificate::to_pem).into();
            let halves = keys.decryption_keys().map(|key| key.public().to_spki_der()).collect::<Vec<_>>();
            (pems, halves)
        };
        let list = keys(&server).await;
        let (pems, halves) = opened().await;
        assert_eq!(json!(pems), json!([list[0]["cert"], list[1]["cert"]]));
        // The forge hands out the fixed keys in turn: two are the application's.
        let expected = [4, 5, 3, 2].map(|number| kit::key(number).public().to_spki_der());
        assert_eq!(halves, expected, "current, next, previous with the youngest first");
        revoke(&server, &first).await.expect(200);
        assert_eq!(opened().await.1, expected[..3]);
    }
}

#[tokio::test]
async fn a_revoked_connection_key_is_listed_as_revoked_and_has_lost_its_private_half() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let old = kid(&keys(&server).await, "current");
        rotate(&server).await;
        server.clock.advance(SignedDuration::from_hours(2));
        let previous = keys(&server).await[2].clone();
        let answer = revoke(&server, &old).await.expect(200);
        assert_eq!(answer, json!({ "cert": previous["cert"], "kid": old }));
        let revoked = &keys(&server).await[2];
        assert_eq!((&revoked["revoked"], &revoked["previous"]), (&json!(true), &json!(false)));
        assert_eq!(revoked["revoked_at"], "2027-01-15T10:00:00.000Z");
        let erased = server.app.db.query("SELECT kid FROM connection_keys WHERE private IS NULL", &[]);
        let erased = erased.await.unwrap();
        assert_eq!(erased.iter().map(|row| row.text("kid").unwrap()).collect::<Vec<_>>(), [old]);
    }
}

#[tokio::test]
async fn connection_keys_in_every_other_state_are_not_revoked_and_unknown_ones_are_not_found() {
    let server = TestServer::start().await;
    let old = kid(&keys(&server).await, "current");
    rotate(&server).await;
    revoke(&server, &old).await.expect(200);
    let list = keys(&server).await;
    for (kid, begins) in [
        (kid(&list, "current"), "The key is the current signing key"),
        (kid(&list, "next"), "The key is the next signing key"),
        (old, "The key is already revoked."),
    ] {
        let answer = revoke(&server, &kid).await;
        assert_eq!(answer.json()["errorCode"], "operation_not_supported");
        assert!(answer.expect(400)["message"].as_str().unwrap().starts_with(begins), "{}", answer.text());
    }
    let not_found = error(404, "Not Found", None, "Connection key not found.");
    let signing = kid(&server.api_get("/keys/signing").await.expect(200), "current");
    for kid in ["no-such-kid", "..%2F..%2Fetc%2Fpasswd", &signing] {
        assert_eq!(revoke(&server, kid).await.both(), (404, not_found.clone()));
    }
    assert_eq!(keys(&server).await, list, "nothing changed");
}

#[tokio::test]
async fn the_daily_limit_counts_rotations_of_connection_keys_apart() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for _ in 0..5 {
            server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
            rotate(&server).await;
            server.clock.advance(SignedDuration::from_mins(1));
        }
        let before = keys(&server).await;
        let refused = server.api_call(Method::POST, "/keys/connection/rotate").await;
        let message = "The limit of 5 rotations in 24 hours is reached. The next rotation is possible in 23 hours 55 minutes, at 2027-01-16T08:00:00Z.";
        let expected = error(429, "Too Many Requests", Some("too_many_requests"), message);
        assert_eq!(refused.both(), (429, expected));
        assert_eq!(keys(&server).await, before);
        server.clock.advance(SignedDuration::from_secs(86_400 - 300));
        rotate(&server).await;
        server.api_call(Method::POST, "/keys/connection/rotate").await.expect(429);
    }
}

#[tokio::test]
async fn parallel_rotations_of_connection_keys_on_two_processes_keep_the_law() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let rotating = |server| TestServer::api_call(server, Method::POST, "/keys/connection/rotate");
        let (a, b, c, d) =
            tokio::join!(rotating(&server), rotating(&sibling), rotating(&server), rotating(&sibling));
        let mut fresh = std::collections::BTreeSet::new();
        for answer in [a, b, c, d] {
            fresh.insert(answer.expect(201)["kid"].as_str().unwrap().to_owned());
        }
        assert_eq!(fresh.len(), 4, "each rotation made a key of its own");
        chancery::changes::catch_up(&server.app).await.unwrap();
        let list = keys(&server).await;
        let count = |place| states(&list).iter().filter(|(_, own)| *own == place).count();
        assert_eq!([count("current"), count("next"), count("previous")], [1, 1, 4]);
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(keys(&sibling).await, list);
    }
}

#[tokio::test]
async fn a_key_from_before_there_were_rings_goes_on_as_the_current_one() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = server.get("/pem?cert=connection").await.text();
        // What the migration leaves of a tenant that had its one key.
        let mut tx = server.app.db.begin().await.unwrap();
        tx.execute("DELETE FROM connection_key_rings", &[]).await.unwrap();
        tx.execute("DELETE FROM connection_keys WHERE place = 'next'", &[]).await.unwrap();
        tx.commit().await.unwrap();
        server.app.forget_everything();
        let sibling = server.sibling().await;
        let (one, other) =
            tokio::join!(server.get("/pem?cert=connection"), sibling.get("/pem?cert=connection"));
        assert_eq!((one.text(), other.text()), (before.clone(), before));
        let places: Vec<_> = states(&keys(&server).await).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["current", "next"]);
    }
}

#[tokio::test]
async fn the_schema_refuses_connection_keys_that_are_no_ring() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = keys(&server).await;
        let tenant = tenant(&server).await;
        for (what, sql) in [
            (
                "a second current key",
                "INSERT INTO connection_keys (tenant_id, owner, kid, place, certificate, private, current_since, created_at) \
                 SELECT tenant_id, owner, 'second', 'current', certificate, private, 1, 1 FROM connection_keys WHERE tenant_id = $1 AND place = 'current'",
            ),
            ("no next key", "DELETE FROM connection_keys WHERE tenant_id = $1 AND place = 'next'"),
            (
                "the current key retired alone",
                "UPDATE connection_keys SET place = 'previous', current_until = 2 WHERE tenant_id = $1 AND place = 'current'",
            ),
            (
                "a key without its private half",
                "UPDATE connection_keys SET private = NULL WHERE tenant_id = $1 AND place = 'current'",
            ),
            (
                "a ring of nobody",
                "UPDATE connection_key_rings SET owner = 'con_unknown', connection_id = 'con_unknown' WHERE tenant_id = $1",
            ),
        ] {
            let mut tx = server.app.db.begin().await.unwrap();
            let outcome = match tx.execute(sql, &[Sql::from(tenant.id().as_str())]).await {
                Ok(_) => tx.commit().await,
                Err(error) => Err(error),
            };
            assert!(outcome.is_err(), "{what} on {on:?}");
        }
        server.app.forget_everything();
        assert_eq!(keys(&server).await, before);
    }
}

#[tokio::test]
async fn connection_keys_need_the_scopes_of_signing_keys_and_changes_stand_in_the_log() {
    let server = TestServer::start().await;
    let old = kid(&keys(&server).await, "current");
    let revoking = format!("/keys/connection/{old}/revoke");
    for (method, path, scope) in [
        (Method::GET, "/keys/connection", "read:clients"),
        (Method::POST, "/keys/connection/rotate", "create:signing_keys"),
        (Method::POST, "/keys/connection/rotate", "update:signing_keys"),
        (Method::PUT, &revoking, "create:signing_keys"),
    ] {
        let token = server.token(&[scope]).await;
        let call = Call::new(method, &format!("/api/v2{path}")).bearer(&token).build();
        server.send(call).await.expect(403);
    }
    rotate(&server).await;
    revoke(&server, &old).await.expect(200);
    let log = server.api_get("/logs?sort=date:1").await.expect(200);
    let entries: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["description"].as_str().is_some_and(|text| text.contains("connection key")))
        .map(|entry| (entry["type"].clone(), entry["description"].clone()))
        .collect();
    let done = [
        "Create the connection keys",
        "Rotate the connection key of the tenant",
        "Revoke a connection key of the tenant",
    ];
    assert_eq!(entries, done.map(|text| (json!("sapi"), json!(text))));
}
