//! `/api/v2/prompts` and the texts of each prompt.

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, misfit, needs_scopes, other_tenant};
use super::logs::{entry_of, writes};
use crate::kit::{DOMAIN, TestServer, engines};

const PATH: &str = "/prompts";
const TEXTS: &str = "/prompts/login/custom-text/en";

fn settings(experience: &str, identifier_first: bool, webauthn: bool) -> Value {
    json!({
        "universal_login_experience": experience,
        "identifier_first": identifier_first,
        "webauthn_platform_first_factor": webauthn,
    })
}

async fn patched(server: &TestServer, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, PATH, &body).await.both()
}

#[tokio::test]
async fn settings_have_defaults_and_are_merged() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(server.api_get(PATH).await.both(), (200, settings("new", true, false)));
        for (body, expected) in [
            (json!({ "identifier_first": false }), settings("new", false, false)),
            (json!({ "universal_login_experience": "classic" }), settings("classic", false, false)),
            (json!({ "webauthn_platform_first_factor": true }), settings("classic", false, true)),
            (json!({ "identifier_first": null }), settings("classic", true, true)),
        ] {
            assert_eq!(patched(&server, body).await, (200, expected.clone()));
            assert_eq!(server.api_get(PATH).await.both(), (200, expected));
        }
        for (body, reason, property) in [
            (json!({ "x": 1 }), "Additional properties not allowed: x", ""),
            (
                json!({ "identifier_first": "yes" }),
                "Expected type boolean but found type string",
                "identifier_first",
            ),
            (
                json!({ "universal_login_experience": "old" }),
                "No enum match for: old, expected one of: new, classic",
                "universal_login_experience",
            ),
        ] {
            assert_eq!(patched(&server, body).await, misfit(reason, property));
        }
        assert_eq!(patched(&server, json!({})).await.0, 400);
        assert_eq!(server.api_get(PATH).await.both(), (200, settings("classic", true, true)));
    }
}

#[tokio::test]
async fn texts_are_replaced_whole_and_reach_the_pages_at_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(server.api_get(TEXTS).await.both(), (200, json!({})));
        let texts = json!({ "login": { "title": "Hello ü", "of-tomorrow": "x" }, "of-nobody": { "a": "b" } });
        let put = server.api_send(Method::PUT, TEXTS, &texts).await;
        assert_eq!(put.both(), (200, texts.clone()));
        assert_eq!(server.api_get(TEXTS).await.both(), (200, texts));
        assert_eq!(server.api_get("/prompts/login/custom-text/de").await.both(), (200, json!({})));
        let tenant = server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap();
        assert!(tenant.look.texts.has("en") && !tenant.look.texts.has("de"));
        let token = other_tenant(&server).await;
        assert_eq!(at_other(&server, &token, (Method::GET, TEXTS), None).await.both(), (200, json!({})));

        let shorter = json!({ "login": { "title": "Hi" } });
        server.api_send(Method::PUT, TEXTS, &shorter).await.expect(200);
        assert_eq!(server.api_get(TEXTS).await.both(), (200, shorter));
        server.api_send(Method::PUT, TEXTS, &json!({})).await.expect(200);
        assert_eq!(server.api_get(TEXTS).await.both(), (200, json!({})));
        let entry = writes(&server).await.pop().unwrap();
        let what = ("sapi", "Set the texts of a prompt");
        assert_eq!(entry, entry_of(&server, &entry, what, ("put", TEXTS, 200)));
    }
}

#[tokio::test]
async fn texts_belong_to_a_prompt_and_a_language_that_exist_and_hold_no_nul() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (path, value, property) in [
            ("/prompts/nothing/custom-text/en", "nothing", "prompt"),
            ("/prompts/login/custom-text/xx", "xx", "language"),
        ] {
            for answer in [server.api_get(path).await, server.api_send(Method::PUT, path, &json!({})).await] {
                let (status, body) = answer.both();
                assert_eq!((status, &body["errorCode"]), (400, &json!("invalid_uri")));
                let message = body["message"].as_str().unwrap();
                let start = format!("Path validation error: 'No enum match for: {value}, expected one of: ");
                assert!(message.starts_with(&start), "{message}");
                assert!(message.ends_with(&format!("on property {property}.")), "{message}");
            }
        }
        let nul = server.api_send(Method::PUT, TEXTS, &json!({ "login": { "title": "a\u{0}" } })).await;
        assert_eq!(nul.both(), misfit("String contains the character NUL", "login"));
        for body in [json!([]), json!("x")] {
            assert_eq!(server.api_send(Method::PUT, TEXTS, &body).await.status.as_u16(), 400);
        }
        assert_eq!(server.api_get(TEXTS).await.both(), (200, json!({})));
    }
}

#[tokio::test]
async fn a_text_that_is_none_is_refused_with_its_place_and_nothing_is_saved() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let good = json!({ "login": { "title": "Hello" }, "signup": { "title": "" } });
        server.api_send(Method::PUT, TEXTS, &good).await.expect(200);
        for (body, place) in [
            (json!({ "login": { "title": 5 } }), "login.title"),
            (json!({ "login": { "title": "Hi", "description": null } }), "login.description"),
            (json!({ "login": { "title": ["Hi"] } }), "login.title"),
            (json!({ "login": { "title": { "en": "Hi" } } }), "login.title"),
            (json!({ "login": { "title": true } }), "login.title"),
            (json!({ "login": { "title": "Hi" }, "signup": { "button": 1.5 } }), "signup.button"),
            (json!({ "login": "Hi" }), "login"),
            (json!({ "login": null }), "login"),
            (json!({ "login": [] }), "login"),
        ] {
            let answer = server.api_send(Method::PUT, TEXTS, &body).await;
            assert_eq!(answer.both(), misfit("Expected screens, each an object of texts", place), "{body}");
            assert_eq!(server.api_get(TEXTS).await.both(), (200, good.clone()), "{body}");
        }
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, PATH, &["read:prompts"]),
            (Method::PATCH, PATH, &["update:prompts"]),
            (Method::GET, TEXTS, &["read:prompts"]),
            (Method::PUT, TEXTS, &["update:prompts"]),
        ],
    )
    .await;
}
