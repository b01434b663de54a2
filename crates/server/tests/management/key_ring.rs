//! `/api/v2/keys/ring`: the life of the key ring, and what its keys signed.

use chancery::signing_keys::{self, Actor, uses};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, needs_scopes, other_tenant};
use super::signing_keys::{revoke, rotate};
use crate::kit::{self, Call, TestServer, engines};
use crate::people::{self, Browser};

/// The answer; the token that asks for it is one more that the current key signed.
async fn ring(server: &TestServer) -> Value {
    server.api_get("/keys/ring").await.expect(200)
}

/// Of each key its state and what it signed in the last hour and in the last day.
fn signed(ring: &Value) -> Vec<(String, i64, i64)> {
    let keys = ring["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        let tokens = |span: &str| key["tokens_signed"][span].as_i64().unwrap();
        (key["state"].as_str().unwrap().to_owned(), tokens("last_hour"), tokens("last_day"))
    })
    .collect()
}

fn expected(states: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    states.iter().map(|(state, hour, day)| ((*state).to_owned(), *hour, *day)).collect()
}

async fn rows(server: &TestServer) -> i64 {
    let rows = server.app.db.query("SELECT COUNT(*) AS total FROM signing_key_uses", &[]).await.unwrap();
    rows[0].int("total").unwrap()
}

#[tokio::test]
async fn a_new_tenant_shows_two_keys_and_whom_they_reach() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let list = server.api_get("/keys/signing").await.expect(200);
        let jwks = server.get("/.well-known/jwks.json").await.expect(200);
        let key = |number: usize, different: Value| {
            let mut key = json!({
                "kid": list[number]["kid"], "alg": "RS256",
                "published_at": "2027-01-15T08:00:00.000Z", "current_since": null, "current_until": null,
                "promoted_by": null, "revoked_at": null, "revoked_by": null,
                "fingerprint": list[number]["fingerprint"], "thumbprint": list[number]["thumbprint"],
                "jwk": jwks["keys"][number],
                "tokens_signed": { "last_hour": 0, "last_day": 0 }, "last_token_expires_at": null,
            });
            key.as_object_mut().unwrap().extend(different.as_object().unwrap().clone());
            key
        };
        let answer = json!({
            "algorithm": "RS256",
            "public_max_age": 300,
            "rotations_left_today": 5,
            "next_rotation_possible_at": null,
            "keys": [
                key(1, json!({ "state": "next", "certificate_expires_at": "2040-09-23T08:00:00.000Z" })),
                key(0, json!({
                    "state": "current", "current_since": "2027-01-15T08:00:00.000Z",
                    "certificate_expires_at": "2040-09-23T07:59:59.000Z",
                    "tokens_signed": { "last_hour": 2, "last_day": 2 },
                    "last_token_expires_at": "2027-01-16T08:00:00.000Z",
                })),
            ],
            "impact": { "applications": 1, "applications_saml": 0, "applications_wsfed": 0 },
        });
        assert_eq!(ring(&server).await, answer);
    }
}

#[tokio::test]
async fn a_rotation_and_a_revocation_show_who_made_them_and_what_was_signed_before() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let first = server.api_get("/keys/signing").await.expect(200)[0]["kid"].clone();
        server.clock.advance(SignedDuration::from_mins(10));
        rotate(&server).await;
        let us = json!({
            "subject": format!("{}@clients", server.client_id), "name": "Chancery Management",
            "client_id": server.client_id,
        });
        let answer = ring(&server).await;
        let states = expected(&[("next", 0, 0), ("current", 1, 1), ("previous", 2, 2)]);
        assert_eq!((signed(&answer), &answer["rotations_left_today"]), (states, &json!(4)));
        let promoted: Vec<_> =
            answer["keys"].as_array().unwrap().iter().map(|key| &key["promoted_by"]).collect();
        assert_eq!(promoted, [&Value::Null, &us, &Value::Null]);
        let moment = "2027-01-15T08:10:00.000Z";
        assert_eq!(answer["keys"][0]["published_at"], moment);
        assert_eq!(answer["keys"][1]["current_since"], moment);
        assert_eq!(answer["keys"][2]["current_until"], moment);
        // The token that rotated was the last one of the first key.
        assert_eq!(answer["keys"][2]["last_token_expires_at"], "2027-01-16T08:10:00.000Z");

        server.clock.advance(SignedDuration::from_mins(1));
        revoke(&server, first.as_str().unwrap()).await.expect(200);
        let answer = ring(&server).await;
        assert_eq!(signed(&answer), expected(&[("next", 0, 0), ("current", 3, 3), ("revoked", 2, 2)]));
        let revoked = &answer["keys"][2];
        assert_eq!((&revoked["kid"], &revoked["revoked_by"]), (&first, &us));
        assert_eq!(revoked["revoked_at"], "2027-01-15T08:11:00.000Z");
        assert_eq!(revoked["jwk"]["kid"], first);
    }
}

#[tokio::test]
async fn what_the_command_line_did_says_so_and_an_application_that_is_gone_has_no_name() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant =
            chancery::tenants::sql::find_by_domain(&server.app.db, kit::DOMAIN).await.unwrap().unwrap();
        let by = || (Actor::command_line(), chancery::logs::Entry::by_cli("it was done"));
        let first = server.api_get("/keys/signing").await.expect(200)[0]["kid"].clone();
        signing_keys::rotate(&server.app, &tenant, by()).await.unwrap();
        signing_keys::revoke(&server.app, &tenant, first.as_str().unwrap(), None, by()).await.unwrap();
        let us = json!({ "subject": "command line", "name": null, "client_id": null });
        let answer = ring(&server).await;
        assert_eq!((&answer["keys"][1]["promoted_by"], &answer["keys"][2]["revoked_by"]), (&us, &us));

        let tool = json!({ "name": "Tool", "app_type": "non_interactive" });
        let tool = server.api_send(Method::POST, "/clients", &tool).await.expect(201);
        let (id, secret) = (tool["client_id"].as_str().unwrap(), tool["client_secret"].as_str().unwrap());
        let grant = json!({ "client_id": id, "audience": kit::MANAGEMENT, "scope": ["create:signing_keys", "update:signing_keys"] });
        server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("audience", kit::MANAGEMENT),
        ];
        let token =
            people::token(&server, &form).await.expect(200)["access_token"].as_str().unwrap().to_owned();
        let call = Call::new(Method::POST, "/api/v2/keys/signing/rotate").bearer(&token);
        server.send(call.build()).await.expect(201);
        let mut by_tool = json!({ "subject": format!("{id}@clients"), "name": "Tool", "client_id": id });
        assert_eq!(ring(&server).await["keys"][1]["promoted_by"], by_tool);
        server.api_call(Method::DELETE, &format!("/clients/{id}")).await.expect(204);
        by_tool["name"] = Value::Null;
        assert_eq!(ring(&server).await["keys"][1]["promoted_by"], by_tool);
    }
}

#[tokio::test]
async fn the_last_three_revoked_keys_are_shown_after_the_previous_ones() {
    let server = TestServer::start().await;
    server.set_policy("rotations_per_day", "0").await;
    for _ in 0..6 {
        server.clock.advance(SignedDuration::from_secs(1));
        rotate(&server).await;
    }
    let kids: Vec<_> = {
        let list = server.api_get("/keys/signing").await.expect(200);
        list.as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    for old in [7, 6, 5, 4] {
        server.clock.advance(SignedDuration::from_secs(1));
        revoke(&server, &kids[old]).await.expect(200);
    }
    let answer = ring(&server).await;
    let shown: Vec<_> =
        answer["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(shown, [1, 0, 2, 3, 4, 5, 6].map(|number: usize| kids[number].as_str()));
    assert_eq!(
        (&answer["rotations_left_today"], &answer["next_rotation_possible_at"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn the_limit_on_rotations_is_told_before_it_is_met() {
    for on in engines() {
        let server = TestServer::on(on).await;
        server.set_policy("rotations_per_day", "2").await;
        for left in [1, 0] {
            server.clock.advance(SignedDuration::from_hours(1));
            rotate(&server).await;
            assert_eq!(ring(&server).await["rotations_left_today"], left);
        }
        let answer = ring(&server).await;
        assert_eq!(answer["next_rotation_possible_at"], "2027-01-16T09:00:00.000Z");
        server.api_call(Method::POST, "/keys/signing/rotate").await.expect(429);
        server.clock.advance(SignedDuration::from_hours(23));
        let answer = ring(&server).await;
        assert_eq!(
            (&answer["rotations_left_today"], &answer["next_rotation_possible_at"]),
            (&json!(1), &Value::Null)
        );
        rotate(&server).await;
    }
}

#[tokio::test]
async fn counts_survive_a_restart_and_leave_the_hour_and_the_day() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for _ in 0..3 {
            server.token(&[]).await;
        }
        uses::write(&server.app).await.unwrap();
        server.token(&[]).await;
        // What is written and what is not yet are one count.
        assert_eq!(signed(&ring(&server).await)[1], ("current".to_owned(), 5, 5));
        uses::write(&server.app).await.unwrap();
        uses::write(&server.app).await.unwrap();
        assert_eq!(rows(&server).await, 1, "what happens within five minutes is one row");

        let after = server.sibling().await;
        assert_eq!(signed(&ring(&after).await)[1], ("current".to_owned(), 6, 6));
        uses::write(&after.app).await.unwrap();
        after.clock.advance(SignedDuration::from_mins(60));
        assert_eq!(signed(&ring(&after).await)[1], ("current".to_owned(), 7, 7), "those of an hour ago");
        uses::write(&after.app).await.unwrap();
        after.clock.advance(SignedDuration::from_mins(5));
        assert_eq!(signed(&ring(&after).await)[1], ("current".to_owned(), 2, 8));
        uses::write(&after.app).await.unwrap();
        after.clock.advance(SignedDuration::from_hours(24));
        assert_eq!(signed(&ring(&after).await)[1], ("current".to_owned(), 1, 2));
    }
}

#[tokio::test]
async fn an_orderly_stop_writes_what_was_counted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(uses::run(std::sync::Arc::clone(&server.app), async move {
            let _ = stopped.await;
        }));
        server.token(&[]).await;
        stop.send(()).unwrap();
        task.await.unwrap();
        assert_eq!(signed(&ring(&server.sibling().await).await)[1], ("current".to_owned(), 2, 2));
    }
}

#[tokio::test]
async fn old_counts_are_forgotten_but_not_until_when_the_last_token_is_good() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let quiet = server.sibling().await;
        let token = server.token(&[]).await;
        uses::write(&server.app).await.unwrap();
        server.clock.advance(SignedDuration::from_mins(5));
        rotate(&server).await;
        uses::write(&server.app).await.unwrap();
        assert_eq!(rows(&server).await, 2, "the first key at two times");
        quiet.clock.advance(SignedDuration::from_hours(24 * 10));
        uses::forget_old(&quiet.app).await.unwrap();
        assert_eq!(rows(&server).await, 1);
        let previous = &ring(&server).await["keys"][2];
        assert_eq!(previous["kid"], kit::token_header(&token)["kid"]);
        assert_eq!(previous["last_token_expires_at"], "2027-01-16T08:05:00.000Z");
    }
}

#[tokio::test]
async fn tokens_of_users_count_and_those_of_secrets_do_not() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = json!({ "identifier": "urn:hs", "signing_alg": "HS256" });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let grant = json!({ "client_id": server.client_id, "audience": "urn:hs", "scope": [] });
        server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
        let before = signed(&ring(&server).await)[1].1;
        server.token_request(&server.management_form("urn:hs", "")).await.expect(200);
        let after = signed(&ring(&server).await)[1].1;
        assert_eq!(after, before + 1, "the token that asks, and not the other");

        people::user(&server).await;
        for (alg, tokens) in [("RS256", 1), ("HS256", 0)] {
            let different = json!({ "jwt_configuration": { "alg": alg } });
            let application = people::application(&server, different).await;
            let before = signed(&ring(&server).await)[1].1;
            let back = people::signed_in(&server, &mut Browser::default(), &application, &[]).await;
            let code = people::parameter(&back, "code");
            people::exchange(&server, &application, &code).await.expect(200);
            let after = signed(&ring(&server).await)[1].1;
            assert_eq!(after, before + 1 + tokens, "{alg}: the ID token");
        }
    }
}

#[tokio::test]
async fn applications_with_saml_and_ws_federation_are_counted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (name, addons) in [
            ("saml", json!({ "samlp": {} })),
            ("both", json!({ "samlp": { "audience": "urn:x" }, "wsfed": {} })),
            ("none", json!({ "oag": null, "slack": { "team": "x" } })),
        ] {
            let application = json!({ "name": name, "addons": addons });
            server.api_send(Method::POST, "/clients", &application).await.expect(201);
        }
        let expected = json!({ "applications": 4, "applications_saml": 2, "applications_wsfed": 1 });
        assert_eq!(ring(&server).await["impact"], expected);
        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, "/keys/ring"), None).await.expect(200);
        let expected = json!({ "applications": 1, "applications_saml": 0, "applications_wsfed": 0 });
        assert_eq!((&other["impact"], signed(&other)[1].1), (&expected, 1));
    }
}

#[tokio::test]
async fn what_a_deleted_tenant_signed_is_not_written() {
    for on in engines() {
        let server = TestServer::on(on).await;
        other_tenant(&server).await;
        let tenant = chancery::tenants::sql::find_by_name(&server.app.db, "other").await.unwrap().unwrap();
        chancery::tenants::delete(&server.app, &tenant).await.unwrap();
        server.token(&[]).await;
        uses::write(&server.app).await.unwrap();
        assert_eq!(rows(&server).await, 1, "that of the tenant which is there");
    }
}

#[tokio::test]
async fn the_life_of_the_ring_needs_a_scope() {
    let server = TestServer::start().await;
    needs_scopes(&server, &[(Method::GET, "/keys/ring", &["read:signing_keys"])]).await;
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    ring(server).await;
    uses::write(&server.app).await.unwrap();
    uses::forget_old(&server.app).await.unwrap();
}
