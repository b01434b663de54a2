//! Settings of the add-ons, judged when they are saved.

use http::Method;
use serde_json::{Value, json};

use super::{asking, certificate, made, stored_before};
use crate::kit::{TestServer, engines};

async fn patched(server: &TestServer, id: &str, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, &format!("/clients/{id}"), &body).await.both()
}

/// Settings that cannot be used: the add-on, what is in it, and the property that is named.
fn unusable() -> Vec<(&'static str, Value, &'static str)> {
    let pem = certificate(4).to_pem();
    let mut all = Vec::new();
    for name in ["samlp", "wsfed"] {
        all.extend([
            (name, json!({ "signingCert": "garbage" }), "signingCert"),
            (name, json!({ "signingCert": 5 }), "signingCert"),
            (name, json!({ "encryptionCert": "garbage" }), "encryptionCert"),
            (name, json!({ "encryptionCert": true }), "encryptionCert"),
            (name, json!({ "encryptionCert": pem, "encryptionAlgorithm": "rot13" }), "encryptionAlgorithm"),
            (name, json!({ "encryptionAlgorithm": "aes256-gcm" }), "encryptionAlgorithm"),
            (name, json!({ "typedAttributes": "yes" }), "typedAttributes"),
        ]);
    }
    all.push(("samlp", json!({ "logout": "https://sp.example/slo" }), "logout"));
    all.push(("samlp", json!({ "logout": { "callback": 1 } }), "logout.callback"));
    all.push(("wsfed", json!({ "mappings": [] }), "mappings"));
    all
}

#[tokio::test]
async fn a_setting_that_no_login_could_use_is_refused_when_it_is_saved() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let id = made(&server, json!({ "samlp": {}, "wsfed": {} }), json!({})).await;
        for (name, settings, property) in unusable() {
            let add_ons = json!({ "samlp": {}, "wsfed": {}, name: settings });
            let (status, error) = patched(&server, &id, json!({ "addons": add_ons })).await;
            let message = error["message"].as_str().unwrap();
            assert_eq!((status, &error["errorCode"]), (400, &json!("invalid_body")), "{settings}");
            assert!(message.ends_with(&format!("on property addons.{name}.{property}.")), "{message}");
            let body = json!({ "name": "New", "addons": { name: settings } });
            assert_eq!(server.api_send(Method::POST, "/clients", &body).await.expect(400), error);
        }
        let stored = server.api_get(&format!("/clients/{id}")).await.expect(200);
        assert_eq!(stored["addons"], json!({ "samlp": {}, "wsfed": {} }));
    }
}

#[tokio::test]
async fn settings_that_tools_send_empty_or_in_another_form_are_taken() {
    let server = TestServer::start().await;
    let id = made(&server, json!({}), json!({})).await;
    let certificate = certificate(4);
    for settings in [
        json!({ "signingCert": certificate.to_pem(), "signatureAlgorithm": "rsa-sha1", "binding": null }),
        json!({ "signingCert": certificate.base64_der(), "encryptionCert": certificate.to_pem() }),
        json!({ "encryptionCert": certificate.to_pem(), "encryptionAlgorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc" }),
        json!({ "signingCert": "", "encryptionCert": "", "encryptionAlgorithm": "", "logout": { "callback": "", "slo_enabled": false } }),
        json!({ "signingCert": null, "logout": null, "somethingElse": { "a": 1 } }),
    ] {
        let (status, after) = patched(&server, &id, json!({ "addons": { "samlp": settings } })).await;
        assert_eq!((status, &after["addons"]["samlp"]), (200, &settings));
    }
}

#[tokio::test]
async fn what_was_stored_before_is_loaded_listed_and_kept_while_the_rest_changes() {
    let server = TestServer::start().await;
    let id = made(&server, json!({}), json!({})).await;
    let bad = json!({ "signingCert": "garbage", "typedAttributes": "yes" });
    stored_before(&server, &id, json!({ "samlp": bad })).await;
    let listed = server.api_get("/clients").await.expect(200);
    assert!(listed.as_array().unwrap().iter().any(|one| one["addons"]["samlp"] == bad));
    assert_eq!(patched(&server, &id, json!({ "description": "new" })).await.0, 200);
    // Tools send all add-ons back when they change one of them.
    let add_ons = json!({ "samlp": bad, "slack": { "team": "blue" } });
    let (status, after) = patched(&server, &id, json!({ "addons": add_ons })).await;
    assert_eq!((status, &after["addons"]), (200, &add_ons));
    let refused = patched(&server, &id, json!({ "addons": { "samlp": { "signingCert": "rubbish" } } })).await;
    assert_eq!(refused.0, 400);
    let page = server.get(&asking(&id)).await;
    assert_eq!(page.status.as_u16(), 400);
    assert!(page.text().contains("signingCert"), "{}", page.text());
}

#[tokio::test]
async fn a_certificate_beside_the_add_ons_is_judged_with_them() {
    let server = TestServer::start().await;
    let pem = certificate(4).to_pem();
    let with =
        |cert: &str| json!({ "encryption_key": { "cert": cert, "pub": "unused", "subject": "/CN=sp" } });
    let message = |answer: (u16, Value)| {
        assert_eq!(answer.0, 400, "{}", answer.1);
        answer.1["message"].as_str().unwrap().to_owned()
    };
    // Without such an add-on nothing reads it.
    let id = made(&server, json!({}), with("garbage")).await;
    let said = message(patched(&server, &id, json!({ "addons": { "samlp": {} } })).await);
    assert!(said.ends_with("on property encryption_key.cert."), "{said}");
    assert_eq!(patched(&server, &id, with(&pem)).await.0, 200);
    let encrypts = json!({ "addons": { "samlp": { "encryptionAlgorithm": "aes128-gcm" } } });
    assert_eq!(patched(&server, &id, encrypts).await.0, 200);
    let said = message(patched(&server, &id, with("garbage")).await);
    assert!(said.ends_with("on property encryption_key.cert."), "{said}");
    // It would go on, in the clear.
    let said = message(patched(&server, &id, json!({ "encryption_key": null })).await);
    assert!(said.contains("encryptionAlgorithm") && said.ends_with("on property encryption_key."), "{said}");
    let both = json!({ "encryption_key": null, "addons": { "samlp": {} } });
    assert_eq!(patched(&server, &id, both).await.0, 200);
}
