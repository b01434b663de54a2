//! Back-channel logout: who is told of which end of a session, with what, how often, and where nothing is sent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chancery::logout_deliveries::sender::{self, deliver_due};
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;
use chancery_jose::jws::{Compact, VerifyingKey};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::receiver::{Receiver, SILENCE};
use super::{
    Application, Browser, CONNECTION, EMAIL, PASSWORD, application, authorize, exchange, parameter,
    signed_in, user,
};
use crate::kit::{self, ISSUER, On, START, TestServer, claims, engines, token_header};

/// A server whose operator allows receivers on this machine.
async fn server(on: On) -> TestServer {
    TestServer::on_with(on, Some(true)).await
}

/// An application that listens at a receiver.
async fn listening(server: &TestServer, receiver: &Receiver) -> Application {
    application(server, json!({ "oidc_logout": receiver.setting() })).await
}

/// Signs the user in, in a browser of its own, at an application; answers the browser and the session's id.
async fn signed_in_at(server: &TestServer, shop: &Application) -> (Browser, String) {
    let mut browser = Browser::default();
    let back = signed_in(server, &mut browser, shop, &[]).await;
    let tokens = exchange(server, shop, &parameter(&back, "code")).await.expect(200);
    let sid = claims(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();
    (browser, sid)
}

async fn log_of(server: &TestServer, outcome: &str) -> Vec<Value> {
    let path = format!("/logs?q=type:oidc_backchannel_logout_{outcome}");
    server.api_get(&path).await.expect(200).as_array().unwrap().clone()
}

async fn due_now(server: &TestServer) -> usize {
    deliver_due(&server.app).await.unwrap()
}

#[tokio::test]
async fn applications_that_took_part_are_told_of_a_logout_with_a_token_that_they_can_verify() {
    for on in engines() {
        let server = server(on).await;
        let (first, second, third) = (Receiver::new().await, Receiver::new().await, Receiver::new().await);
        let rs256 = json!({ "jwt_configuration": { "alg": "RS256" }, "oidc_logout": first.setting() });
        let rs256 = application(&server, rs256).await;
        let hs256 = json!({ "jwt_configuration": { "alg": "HS256" }, "oidc_logout": second.setting() });
        let hs256 = application(&server, hs256).await;
        let silent = application(&server, json!({})).await;
        listening(&server, &third).await;
        let user_id = user(&server).await;
        let (mut browser, sid) = signed_in_at(&server, &rs256).await;
        for other in [&hs256, &silent] {
            browser.get(&server, &authorize(other, &[("prompt", "none")])).await;
        }
        browser.get(&server, "/v2/logout").await.expect_ok();
        assert!(first.heard().is_empty(), "nobody waits for applications");
        server.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(due_now(&server).await, 2);

        let mut expected = json!({
            "iss": ISSUER, "sub": user_id, "aud": rs256.id, "iat": START + 1, "exp": START + 121, "sid": sid,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let told = first.heard();
        assert_eq!(told.len(), 1);
        let mut found = claims(&told[0]);
        let jti = found.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 22);
        assert_eq!(found, expected);
        let keys = server.api_get("/keys/signing").await.expect(200);
        let kid = keys.as_array().unwrap().iter().find(|key| key["current"] == true).unwrap()["kid"].clone();
        assert_eq!(token_header(&told[0]), json!({ "alg": "RS256", "typ": "logout+jwt", "kid": kid }));
        let parsed = Compact::parse(&told[0], 4096).unwrap();
        let key = kit::key(0).public().clone();
        assert_eq!(parsed.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(&key)), Ok(()));

        let told = second.heard();
        assert_eq!(told.len(), 1);
        let mut found = claims(&told[0]);
        assert_ne!(found.as_object_mut().unwrap().remove("jti").unwrap(), jti);
        expected["aud"] = hs256.id.as_str().into();
        assert_eq!(found, expected);
        assert_eq!(token_header(&told[0]), json!({ "alg": "HS256", "typ": "logout+jwt" }));
        let parsed = Compact::parse(&told[0], 4096).unwrap();
        let key = HmacKey::new(hs256.secret.as_bytes());
        assert_eq!(parsed.verify(&[Algorithm::Hs256], VerifyingKey::Hmac(&key)), Ok(()));
        assert!(third.heard().is_empty(), "it took no part");

        let entries = log_of(&server, "succeeded").await;
        assert_eq!(entries.len(), 2);
        let entry = entries.iter().find(|entry| entry["client_id"] == rs256.id.as_str()).unwrap();
        assert_eq!((&entry["client_name"], &entry["user_id"]), (&json!("Shop"), &json!(user_id)));
        let url = first.url.split('?').next().unwrap();
        let details = json!({
            "session_id": sid, "initiator": "rp-logout", "backchannel_logout_url": url, "attempts": 1,
        });
        assert_eq!(entry["details"], details);
        server.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(due_now(&server).await, 0, "what was told is told once");
    }
}

/// What ends the session of the usual user.
#[derive(Debug, Clone, Copy)]
enum End {
    Logout,
    OtherUser,
    DeletedSession,
    RevokedSession,
    DeletedSessions,
    Password,
    Block,
    DeletedUser,
    DeletedByEmail,
    Expiry,
    DeletedConnection,
}

impl End {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Logout, "rp-logout"),
        (Self::OtherUser, "rp-logout"),
        (Self::DeletedSession, "session-revoked"),
        (Self::RevokedSession, "session-revoked"),
        (Self::DeletedSessions, "session-revoked"),
        (Self::Password, "password-changed"),
        (Self::Block, "account-deactivated"),
        (Self::DeletedUser, "account-deleted"),
        (Self::DeletedByEmail, "account-deleted"),
        (Self::Expiry, "session-expired"),
        (Self::DeletedConnection, "account-deleted"),
    ];

    async fn happen(self, server: &TestServer, (browser, sid): (&mut Browser, &str), user_id: &str) {
        let of_user = format!("/users/{user_id}");
        let session = format!("/sessions/{sid}");
        match self {
            Self::Logout => {
                browser.get(server, &format!("/oidc/logout?logout_hint={sid}")).await.expect_ok();
            }
            Self::OtherUser => {
                let body =
                    json!({ "connection": CONNECTION, "email": "eve@x.example", "password": PASSWORD });
                server.api_send(Method::POST, "/users", &body).await.expect(201);
                let shop = application(server, json!({ "name": "Eve's" })).await;
                let page = browser.visit(server, &authorize(&shop, &[("prompt", "login")])).await;
                let page = browser.submit(server, &page, &[("username", "eve@x.example")]).await;
                let back = browser.submit(server, &page, &[("password", PASSWORD)]).await;
                exchange(server, &shop, &parameter(&back, "code")).await.expect(200);
            }
            Self::DeletedSession => drop(server.api_call(Method::DELETE, &session).await.expect(202)),
            Self::RevokedSession => {
                server.api_call(Method::POST, &format!("{session}/revoke")).await.expect(202);
            }
            Self::DeletedSessions => {
                server.api_call(Method::DELETE, &format!("{of_user}/sessions")).await.expect(202);
            }
            Self::Password => {
                let body = json!({ "password": "Another-Horse-8" });
                server.api_send(Method::PATCH, &of_user, &body).await.expect(200);
            }
            Self::Block => {
                server.api_send(Method::PATCH, &of_user, &json!({ "blocked": true })).await.expect(200);
            }
            Self::DeletedUser => drop(server.api_call(Method::DELETE, &of_user).await.expect(204)),
            Self::DeletedByEmail => {
                let path = format!("/connections/{}/users?email={EMAIL}", connection(server).await);
                server.api_call(Method::DELETE, &path).await.expect(204);
            }
            Self::Expiry => {
                chancery::sessions::sweep(&server.app).await.unwrap();
                assert_eq!(due_now(server).await, 0, "a session that lives is left alone");
                server.clock.advance(SignedDuration::from_hours(24 * 8));
                chancery::sessions::sweep(&server.app).await.unwrap();
                chancery::sessions::sweep(&server.sibling().await.app).await.unwrap();
            }
            Self::DeletedConnection => {
                let path = format!("/connections/{}", connection(server).await);
                server.api_call(Method::DELETE, &path).await.expect(202);
            }
        }
    }
}

async fn connection(server: &TestServer) -> String {
    let listed = server.api_get(&format!("/connections?name={CONNECTION}")).await.expect(200);
    listed[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_end_of_a_session_is_told_to_the_applications_that_want_to_hear_of_it() {
    for on in engines() {
        let server = server(on).await;
        for (end, initiator) in End::ALL {
            let own = json!({ "mode": "custom", "selected_initiators": [initiator] });
            let others = json!({ "mode": "custom", "selected_initiators": ["mfa-phone-unenrolled"] });
            let is_logout = initiator == "rp-logout";
            let mut applications = Vec::new();
            for (initiators, wants) in [
                (Some(json!({ "mode": "all" })), true),
                (Some(own), true),
                (Some(others), is_logout),
                (None, is_logout),
            ] {
                let receiver = Receiver::new().await;
                let mut setting = receiver.setting();
                if let Some(initiators) = initiators {
                    setting["backchannel_logout_initiators"] = initiators;
                }
                let made = application(&server, json!({ "oidc_logout": setting })).await;
                applications.push((made, receiver, wants));
            }
            let user_id = user(&server).await;
            let (mut browser, sid) = signed_in_at(&server, &applications[0].0).await;
            for (other, ..) in &applications[1..] {
                let back = browser.get(&server, &authorize(other, &[("prompt", "none")])).await;
                parameter(&back, "code");
            }
            end.happen(&server, (&mut browser, &sid), &user_id).await;
            due_now(&server).await;
            for (at, (application, receiver, wants)) in applications.iter().enumerate() {
                let told: Vec<_> = receiver.heard().iter().map(|token| claims(token)).collect();
                let told: Vec<_> = told.iter().map(|one| (&one["aud"], &one["sub"], &one["sid"])).collect();
                let (aud, sub, sid) = (json!(application.id), json!(user_id), json!(sid));
                let expected = if *wants { vec![(&aud, &sub, &sid)] } else { Vec::new() };
                assert_eq!(told, expected, "{on:?} {end:?} {at}");
            }
            server.api_call(Method::DELETE, &format!("/users/{user_id}")).await.expect(204);
            for (application, ..) in &applications {
                server.api_call(Method::DELETE, &format!("/clients/{}", application.id)).await.expect(204);
            }
            due_now(&server).await;
        }
    }
}

#[tokio::test]
async fn what_an_application_did_not_take_is_told_again_also_after_a_restart() {
    for on in engines() {
        let server = server(on).await;
        let receiver = Receiver::answering(&[500]).await;
        let shop = listening(&server, &receiver).await;
        user(&server).await;
        let (mut browser, _) = signed_in_at(&server, &shop).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        assert_eq!(due_now(&server).await, 1);
        server.clock.advance(SignedDuration::from_secs(4));
        assert_eq!(due_now(&server).await, 0, "not yet");
        assert!(log_of(&server, "failed").await.is_empty(), "it is not given up");
        server.clock.advance(SignedDuration::from_secs(1));
        let restarted = server.sibling().await;
        assert_eq!(due_now(&restarted).await, 1);
        let told: Vec<_> = receiver.heard().iter().map(|token| claims(token)).collect();
        assert_eq!(told.len(), 2);
        assert_eq!((&told[0]["sid"], &told[0]["sub"]), (&told[1]["sid"], &told[1]["sub"]));
        assert_ne!(told[0]["jti"], told[1]["jti"], "each attempt has a token of its own");
        assert_eq!((&told[0]["iat"], &told[1]["iat"]), (&json!(START), &json!(START + 5)));
        let entries = log_of(&server, "succeeded").await;
        assert_eq!((entries.len(), &entries[0]["details"]["attempts"]), (1, &json!(2)));
    }
}

#[tokio::test]
async fn what_a_process_was_sending_when_it_died_is_sent_by_another() {
    for on in engines() {
        let server = server(on).await;
        let receiver = Receiver::answering(&[SILENCE]).await;
        let shop = listening(&server, &receiver).await;
        user(&server).await;
        let (mut browser, _) = signed_in_at(&server, &shop).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        let app = Arc::clone(&server.app);
        let dying = tokio::spawn(async move { deliver_due(&app).await });
        while receiver.heard().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        dying.abort();
        assert!(dying.await.is_err());
        let other = server.sibling().await;
        assert_eq!(due_now(&other).await, 0, "it may still be under way");
        other.clock.advance(SignedDuration::from_secs(60));
        assert_eq!(due_now(&other).await, 1);
        assert_eq!(receiver.heard().len(), 1);
        assert_eq!(log_of(&server, "succeeded").await.len(), 1);
    }
}

#[tokio::test]
async fn a_delivery_is_given_up_after_its_last_attempt_and_the_log_says_so() {
    for on in engines() {
        let server = server(on).await;
        let receiver = Receiver::answering(&[503; 10]).await;
        let shop = listening(&server, &receiver).await;
        let user_id = user(&server).await;
        let (mut browser, sid) = signed_in_at(&server, &shop).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        for wait in [0, 5, 30, 120, 600, 3600] {
            assert!(log_of(&server, "failed").await.is_empty());
            server.clock.advance(SignedDuration::from_secs(wait));
            assert_eq!(due_now(&server).await, 1, "{wait}");
        }
        assert_eq!(receiver.heard().len(), 6);
        let entries = log_of(&server, "failed").await;
        assert_eq!(entries.len(), 1);
        assert_eq!((&entries[0]["client_id"], &entries[0]["user_id"]), (&json!(shop.id), &json!(user_id)));
        let details = json!({
            "session_id": sid, "initiator": "rp-logout", "attempts": 6, "error": "the application answered 503",
            "backchannel_logout_url": receiver.url.split('?').next().unwrap(),
        });
        assert_eq!(entries[0]["details"], details);
        server.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(due_now(&server).await, 0);
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_a_redirection_is_not_followed() {
    for (status, error) in
        [(400, Some("the application refused it (400)")), (302, None), (307, None), (204, None)]
    {
        let server = server(On::Sqlite).await;
        let receiver = Receiver::answering(&[status]).await;
        let shop = listening(&server, &receiver).await;
        user(&server).await;
        let (mut browser, _) = signed_in_at(&server, &shop).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        assert_eq!(due_now(&server).await, 1);
        assert_eq!(receiver.heard().len(), 1, "{status}: asked once, at its own address");
        let failures = log_of(&server, "failed").await;
        let told: Vec<_> = failures.iter().map(|entry| entry["details"]["error"].as_str().unwrap()).collect();
        assert_eq!(told, error.into_iter().collect::<Vec<_>>(), "{status}");
        server.clock.advance(SignedDuration::from_secs(5));
        let again = usize::from(matches!(status, 302 | 307));
        assert_eq!(due_now(&server).await, again, "{status}");
    }
}

#[tokio::test]
async fn a_private_address_is_not_called_where_the_operator_does_not_allow_it() {
    for on in engines() {
        for word in [None, Some(false)] {
            let server = TestServer::on_with(on, word).await;
            let receiver = Receiver::new().await;
            let shop = listening(&server, &receiver).await;
            user(&server).await;
            let (mut browser, _) = signed_in_at(&server, &shop).await;
            browser.get(&server, "/v2/logout").await.expect_ok();
            assert_eq!(due_now(&server).await, 1);
            assert!(receiver.heard().is_empty());
            let entries = log_of(&server, "failed").await;
            assert_eq!(entries.len(), 1);
            let error = entries[0]["details"]["error"].as_str().unwrap();
            assert!(error.contains("allow-private-targets"), "{error}");
            server.clock.advance(SignedDuration::from_hours(1));
            assert_eq!(due_now(&server).await, 0, "it is not tried again");
        }
    }
}

#[tokio::test]
async fn two_processes_tell_an_application_of_each_logout_once_and_a_few_at_a_time() {
    for on in engines() {
        let server = server(on).await;
        let receiver = Receiver::new().await;
        let shop = listening(&server, &receiver).await;
        user(&server).await;
        let mut ended = BTreeSet::new();
        for _ in 0..12 {
            let (mut browser, sid) = signed_in_at(&server, &shop).await;
            browser.get(&server, "/v2/logout").await.expect_ok();
            ended.insert(sid);
        }
        let other = server.sibling().await;
        let (one, two) = tokio::join!(deliver_due(&server.app), deliver_due(&other.app));
        let first = one.unwrap() + two.unwrap();
        assert!((8..=12).contains(&first), "each process sends eight at a time: {first}");
        for server in [&server, &other] {
            server.clock.advance(SignedDuration::from_secs(2));
        }
        let (one, two) = tokio::join!(deliver_due(&server.app), deliver_due(&other.app));
        assert_eq!(first + one.unwrap() + two.unwrap(), 12);
        let told: Vec<_> = receiver.heard().iter().map(|token| claims(token)["sid"].clone()).collect();
        assert_eq!(told.len(), 12);
        let told: BTreeSet<_> = told.iter().map(|sid| sid.as_str().unwrap().to_owned()).collect();
        assert_eq!(told, ended);
    }
}

const MANY_MORE: &str = "INSERT INTO logout_deliveries (tenant_id, session_id, client_id, address, user_id, initiator, \
     attempts, next_attempt_at, created_at) SELECT tenant_id, $1, client_id, address, user_id, initiator, 0, \
     next_attempt_at, created_at FROM logout_deliveries WHERE attempts = 0 LIMIT 1";

#[tokio::test]
async fn an_application_that_does_not_answer_holds_up_nobody_else() {
    for on in engines() {
        let server = server(on).await;
        let (silent, quick) = (Receiver::answering(&[SILENCE; 200]).await, Receiver::new().await);
        let (hung, shop) = (listening(&server, &silent).await, listening(&server, &quick).await);
        user(&server).await;
        let (mut browser, _) = signed_in_at(&server, &hung).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        let mut tx = server.app.db.begin().await.unwrap();
        for number in 0..150 {
            tx.execute(MANY_MORE, &[format!("s{number}").as_str().into()]).await.unwrap();
        }
        tx.commit().await.unwrap();
        server.clock.advance(SignedDuration::from_millis(1));
        let (mut browser, _) = signed_in_at(&server, &shop).await;
        browser.get(&server, "/v2/logout").await.expect_ok();
        let running = tokio::spawn(sender::run(Arc::clone(&server.app)));
        let told = timeout(Duration::from_secs(4), async {
            while quick.heard().is_empty() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(told.await.is_ok(), "{on:?}");
        assert_eq!(silent.heard().len(), 8, "the others wait for those that hang");
        running.abort();
    }
}

#[tokio::test]
async fn an_application_is_told_what_is_written_on_the_session_if_it_wants_to_know() {
    for on in engines() {
        let server = server(on).await;
        let receiver = Receiver::new().await;
        let mut setting = receiver.setting();
        for (include, expected) in [(true, json!({ "desk": 4 })), (false, Value::Null)] {
            setting["backchannel_logout_session_metadata"] = json!({ "include": include });
            let shop = application(&server, json!({ "oidc_logout": setting })).await;
            let user_id = user(&server).await;
            let (mut browser, sid) = signed_in_at(&server, &shop).await;
            let metadata = json!({ "session_metadata": { "desk": 4 } });
            server.api_send(Method::PATCH, &format!("/sessions/{sid}"), &metadata).await.expect(200);
            browser.get(&server, "/v2/logout").await.expect_ok();
            assert_eq!(due_now(&server).await, 1);
            assert_eq!(claims(&receiver.heard()[0])["session_metadata"], expected);
            server.api_call(Method::DELETE, &format!("/users/{user_id}")).await.expect(204);
        }
    }
}

/// Runs the statements of deliveries once: told, refused, tried again, put off, forgotten.
pub(crate) async fn exercise(server: &TestServer) {
    // Nothing may be called here, so that everything is refused or no longer wanted.
    let receiver = Receiver::new().await;
    let shop = listening(server, &receiver).await;
    let (mut browser, _) = signed_in_at(server, &shop).await;
    browser.get(server, "/v2/logout").await.expect_ok();
    due_now(server).await;
    // A host without an address is asked for again.
    let nowhere = json!({ "oidc_logout": { "backchannel_logout_urls": ["https://host.invalid/"] } });
    let client = format!("/clients/{}", shop.id);
    server.api_send(Method::PATCH, &client, &nowhere).await.expect(200);
    for _ in 0..9 {
        let (mut browser, _) = signed_in_at(server, &shop).await;
        browser.get(server, "/v2/logout").await.expect_ok();
    }
    due_now(server).await;
    server.api_send(Method::PATCH, &client, &json!({ "oidc_logout": null })).await.expect(200);
    server.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(due_now(server).await, 8);
    server.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(due_now(server).await, 1);
    assert!(log_of(server, "failed").await.len() == 1, "an application that is told no more is not told");
}
