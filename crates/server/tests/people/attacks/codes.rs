//! Codes and refresh tokens: downgraded, injected, raced, kept after the session is over.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{post_as, set};
use crate::kit::{Answer, TestServer, engines};
use crate::people::{
    Application, Browser, CALLBACK, EMAIL, PASSWORD, VERIFIER, answered, application, authorize, exchange,
    form, parameter, refresh, signed_in, token, user,
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CHALLENGE: [&str; 2] = ["code_challenge", "code_challenge_method"];

/// Exchanges a code with this verifier, or with none.
async fn exchanged(server: &TestServer, app: &Application, code: &str, verifier: &str) -> Answer {
    let grant = [
        ("grant_type", "authorization_code"),
        ("client_id", app.id.as_str()),
        ("client_secret", &app.secret),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ];
    let sent: Vec<_> = grant.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    token(server, &sent).await
}

#[tokio::test]
async fn pkce_cannot_be_taken_off_or_weakened_on_the_way() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let mut codes = vec![parameter(&back, "code")];
        let challenge = authorize(&shop, &[]);
        let challenge =
            challenge.split("code_challenge=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let other = "another-verifier-that-is-long-enough-for-rfc-7636-as-well";
        for verifier in ["", challenge.as_str(), other, &VERIFIER[..42], &format!("{VERIFIER} ")] {
            let code = match codes.pop() {
                Some(code) => code,
                None => parameter(&browser.get(&server, &authorize(&shop, &[])).await, "code"),
            };
            let refused = exchanged(&server, &shop, &code, verifier).await.expect(403);
            assert_eq!(refused["error"], "invalid_grant", "{verifier:?}");
            let lost = exchanged(&server, &shop, &code, VERIFIER).await.expect(403);
            assert_eq!(lost["error_description"], "Invalid authorization code", "it was used up");
        }
        // Somebody took the challenge out of the request: the application's verifier gives it away.
        let bare = CHALLENGE.map(|name| (name, ""));
        let code = parameter(&browser.get(&server, &authorize(&shop, &bare)).await, "code");
        assert_eq!(exchanged(&server, &shop, &code, VERIFIER).await.expect(403)["error"], "invalid_grant");
        // A method that is misspelled is not the weaker one.
        for method in ["s256", "S384", "none", "plain S256"] {
            let asked = authorize(&shop, &[("code_challenge_method", method)]);
            let refused = browser.get(&server, &asked).await;
            assert_eq!(parameter(&refused, "error"), "invalid_request", "{method}");
        }
    }
}

#[tokio::test]
async fn a_public_application_gets_neither_a_code_nor_tokens_without_pkce() {
    for on in engines() {
        let server = TestServer::on(on).await;
        user(&server).await;
        for kind in ["spa", "native"] {
            let body = json!({ "app_type": kind, "token_endpoint_auth_method": "none" });
            let made = application(&server, body).await;
            let bare = CHALLENGE.map(|name| (name, ""));
            let refused = Browser::default().get(&server, &authorize(&made, &bare)).await;
            assert_eq!(parameter(&refused, "error"), "invalid_request", "{kind}");
            let back = signed_in(&server, &mut Browser::default(), &made, &[]).await;
            let code = parameter(&back, "code");
            let public = Application { id: made.id, secret: String::new() };
            assert_eq!(exchanged(&server, &public, &code, "").await.expect(403)["error"], "invalid_grant");
        }
    }
}

#[tokio::test]
async fn answers_name_the_issuer_where_the_tenant_says_so_also_those_that_refuse() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        for named in [true, false] {
            set(&server, json!({ "authorization_response_iss_parameter_supported": named })).await;
            for more in [&[][..], &[("response_type", "magic")], &[("scope", "\"")]] {
                let answer = browser.get(&server, &authorize(&shop, more)).await;
                let issuer = answered(&answer).into_iter().find(|(name, _)| name == "iss");
                let expected = named.then(|| ("iss".to_owned(), crate::kit::ISSUER.to_owned()));
                assert_eq!(issuer, expected, "{more:?}");
            }
        }
    }
}

/// A code is for one application, also where another may use the same address.
#[tokio::test]
async fn a_code_that_was_mixed_up_is_good_for_nobody() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let evil = application(&server, json!({ "name": "Evil" })).await;
        user(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        let code = parameter(&back, "code");
        let swapped = Application { id: shop.id.clone(), secret: evil.secret.clone() };
        assert_eq!(exchange(&server, &swapped, &code).await.expect(401)["error"], "access_denied");
        assert_eq!(exchange(&server, &evil, &code).await.expect(403)["error"], "invalid_grant");
        assert_eq!(exchange(&server, &shop, &code).await.expect(403)["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn a_text_of_one_kind_is_none_of_another() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop =
            application(&server, json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE] }))
                .await;
        user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let code = parameter(&browser.get(&server, &authorize(&shop, &[])).await, "code");
        let device = post_as(&server, &shop, "/oauth/device/code", &[]).await.expect(200);
        let page = browser.visit(&server, &authorize(&shop, &[("prompt", "login")])).await;
        let state = form(&page).hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone();
        let text = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
        let texts = [
            ("code", code.clone()),
            ("refresh_token", text(&tokens, "refresh_token")),
            ("access_token", text(&tokens, "access_token")),
            ("id_token", text(&tokens, "id_token")),
            ("device_code", text(&device, "device_code")),
            ("state", state),
            ("session", browser.cookies["__Host-chancery"].clone()),
        ];
        for (grant, name) in
            [("authorization_code", "code"), ("refresh_token", "refresh_token"), (DEVICE, "device_code")]
        {
            for (kind, text) in texts.iter().filter(|(kind, _)| *kind != name) {
                let more = [
                    ("grant_type", grant),
                    (name, text),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                let refused = post_as(&server, &shop, "/oauth/token", &more).await.expect(403);
                assert_eq!(refused["error"], "invalid_grant", "{kind} as {name}");
            }
        }
        exchange(&server, &shop, &code).await.expect(200);
    }
}

#[tokio::test]
async fn of_two_exchanges_of_a_code_at_two_processes_one_wins_and_loses_it_again() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        for _ in 0..5 {
            let code = parameter(&browser.get(&server, &authorize(&shop, &[])).await, "code");
            let (one, two) = tokio::join!(exchange(&server, &shop, &code), exchange(&sibling, &shop, &code));
            let (won, lost): (Vec<_>, Vec<_>) =
                [one, two].into_iter().partition(|answer| answer.status == 200);
            assert_eq!((won.len(), lost.len()), (1, 1), "{on:?}");
            assert_eq!(lost[0].expect(403)["error"], "invalid_grant");
            let gone = won[0].json()["refresh_token"].as_str().unwrap().to_owned();
            assert_eq!(refresh(&server, &shop, &gone).await.expect(403)["error"], "invalid_grant");
        }
    }
}

#[tokio::test]
async fn a_code_that_was_used_at_another_process_ends_what_it_gave_also_with_a_wrong_verifier() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let code = parameter(&signed_in(&server, &mut Browser::default(), &shop, &[]).await, "code");
        let given = exchange(&sibling, &shop, &code).await.expect(200);
        let wrong = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", "another-verifier-of-forty-three-characters-"),
        ];
        let refused = post_as(&server, &shop, "/oauth/token", &wrong).await.expect(403);
        assert_eq!(refused["error"], "invalid_grant", "{on:?}");
        let gone = given["refresh_token"].as_str().unwrap();
        assert_eq!(refresh(&sibling, &shop, gone).await.expect(403)["error"], "invalid_grant", "{on:?}");
    }
}

#[tokio::test]
async fn of_two_uses_of_a_refresh_token_at_two_processes_one_wins_and_the_family_ends() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        user(&server).await;
        for leeway in [0, 30] {
            let rotating =
                json!({ "rotation_type": "rotating", "expiration_type": "expiring", "leeway": leeway });
            let shop = application(&server, json!({ "refresh_token": rotating })).await;
            let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
            let first = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
            let mut current = first["refresh_token"].as_str().unwrap().to_owned();
            // With a leeway, both may be the same application that tried again.
            for _ in 0..if leeway == 0 { 1 } else { 5 } {
                let (one, two) =
                    tokio::join!(refresh(&server, &shop, &current), refresh(&sibling, &shop, &current));
                let won: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.status == 200).collect();
                if leeway == 0 {
                    assert_eq!(won.len(), 1, "{one:?} {two:?}");
                } else {
                    assert_eq!(one.json()["refresh_token"], two.json()["refresh_token"], "one successor");
                }
                let next = won[0].json()["refresh_token"].as_str().unwrap().to_owned();
                assert_ne!(next, current);
                current = next;
            }
            let expected = if leeway == 0 { 403 } else { 200 };
            assert_eq!(refresh(&server, &shop, &current).await.status, expected, "leeway {leeway}");
        }
    }
}

/// What ends a session, done to it while a code or a device is under way.
async fn end(server: &TestServer, browser: &mut Browser, user_id: &str, how: &str) {
    let sessions = format!("/users/{user_id}/sessions");
    match how {
        "logout" => drop(browser.get(server, "/v2/logout").await),
        "password" => {
            let change = json!({ "password": "Another-Horse-8" });
            server.api_send(Method::PATCH, &format!("/users/{user_id}"), &change).await.expect(200);
            let back = json!({ "password": PASSWORD });
            server.api_send(Method::PATCH, &format!("/users/{user_id}"), &back).await.expect(200);
        }
        "revoked" => {
            let listed = server.api_get(&sessions).await.expect(200);
            let id = listed["sessions"][0]["id"].as_str().unwrap();
            server.api_call(Method::POST, &format!("/sessions/{id}/revoke")).await.expect(202);
        }
        _ => drop(server.api_call(Method::DELETE, &sessions).await.expect(202)),
    }
}

#[tokio::test]
async fn a_code_or_an_approved_device_gives_nothing_once_the_session_is_over() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop =
            application(&server, json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE] }))
                .await;
        let user_id = user(&server).await;
        for how in ["logout", "password", "revoked", "deleted"] {
            let mut browser = Browser::default();
            let back = signed_in(&server, &mut browser, &shop, &[]).await;
            let code = parameter(&back, "code");
            let device = post_as(&server, &shop, "/oauth/device/code", &[("scope", "openid offline_access")])
                .await
                .expect(200);
            let page = browser.get(&server, "/activate").await;
            let typed = [("user_code", device["user_code"].as_str().unwrap())];
            let page = browser.submit(&server, &page, &typed).await;
            browser.submit(&server, &page, &[("action", "accept")]).await.expect_ok();
            end(&server, &mut browser, &user_id, how).await;
            assert_eq!(exchange(&server, &shop, &code).await.expect(403)["error"], "invalid_grant", "{how}");
            let poll = [("grant_type", DEVICE), ("device_code", device["device_code"].as_str().unwrap())];
            let refused = post_as(&server, &shop, "/oauth/token", &poll).await.expect(403);
            assert_eq!(refused["error"], "invalid_grant", "{how}");
            let path = format!("/users/{user_id}/refresh-tokens");
            assert_eq!(server.api_get(&path).await.expect(200)["tokens"], json!([]), "{how}");
            server.clock.advance(SignedDuration::from_secs(1));
        }
        assert_eq!(
            server.api_get(&format!("/users-by-email?email={EMAIL}")).await.expect(200)[0]["user_id"],
            user_id
        );
    }
}
