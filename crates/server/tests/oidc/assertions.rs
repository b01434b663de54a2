//! `private_key_jwt` at the token endpoint.

use http::Method;
use serde_json::{Value, json};

use crate::kit::{self, ISSUER, MANAGEMENT, START, TestServer, engines};

fn pem(number: usize) -> String {
    let der = kit::key(number).public().to_spki_der();
    chancery_crypto::pem::encode("PUBLIC KEY", &der, chancery_crypto::pem::LineEnd::Lf)
}

/// An application that signs its assertions with `alg` and may read keys; answers its id.
async fn application(server: &TestServer, alg: &str) -> String {
    let credential = json!({ "credential_type": "public_key", "name": "ci", "pem": pem(6), "alg": alg });
    let body = json!({
        "name": "Signer", "app_type": "non_interactive",
        "client_authentication_methods": { "private_key_jwt": { "credentials": [credential] } },
    });
    let made = server.api_send(Method::POST, "/clients", &body).await.expect(201);
    let id = made["client_id"].as_str().unwrap().to_owned();
    let grant = json!({ "client_id": id, "audience": MANAGEMENT, "scope": ["read:signing_keys"] });
    server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
    id
}

fn assertion(client_id: &str, number: usize, alg: &str, change: &Value) -> String {
    let mut claims = json!({
        "iss": client_id, "sub": client_id, "aud": ISSUER, "jti": "once", "iat": START, "exp": START + 60,
    });
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    kit::sign(&json!({ "alg": alg, "typ": "JWT" }), &claims, number)
}

async fn present(server: &TestServer, assertion: &str) -> kit::Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("audience", MANAGEMENT),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    server.token_request(&form).await
}

/// One successful use, for the test that executes every statement.
pub(crate) async fn use_an_assertion(server: &TestServer) {
    let id = application(server, "RS256").await;
    present(server, &assertion(&id, 6, "RS256", &json!({}))).await.expect(200);
}

#[tokio::test]
async fn an_assertion_with_each_algorithm_gets_a_token() {
    for on in engines() {
        for alg in ["RS256", "RS384", "PS256"] {
            let server = TestServer::on(on).await;
            let id = application(&server, alg).await;
            let answer = present(&server, &assertion(&id, 6, alg, &json!({}))).await.expect(200);
            assert_eq!(answer["scope"], "read:signing_keys", "{alg}");
        }
    }
}

#[tokio::test]
async fn an_assertion_counts_once_on_all_processes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let id = application(&server, "RS256").await;
        let token = assertion(&id, 6, "RS256", &json!({}));
        present(&server, &token).await.expect(200);
        present(&server, &token).await.expect(401);
        present(&sibling, &token).await.expect(401);
        let other = assertion(&id, 6, "RS256", &json!({ "jti": "another" }));
        present(&sibling, &other).await.expect(200);
    }
}

#[tokio::test]
async fn an_assertion_may_name_the_endpoint_that_it_is_sent_to_and_no_other() {
    let server = TestServer::start().await;
    let id = application(&server, "RS256").await;
    let callback = "https://signer.example/back";
    let change =
        json!({ "callbacks": [callback], "grant_types": ["client_credentials", "authorization_code"] });
    server.api_send(Method::PATCH, &format!("/clients/{id}"), &change).await.expect(200);
    let pushed = format!("{ISSUER}oauth/par");
    let push = async |audience: &str| {
        let text = assertion(&id, 6, "RS256", &json!({ "aud": audience, "jti": audience }));
        let form = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &text),
            ("response_type", "code"),
            ("redirect_uri", callback),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        server.send(kit::Call::new(Method::POST, "/oauth/par").form(&form).build()).await.status
    };
    assert_eq!(push(&pushed).await, 201);
    assert_eq!(push(&format!("{ISSUER}oauth/token")).await, 201);
    assert_eq!(push(&format!("{ISSUER}oauth/device/code")).await, 401);
    let elsewhere = assertion(&id, 6, "RS256", &json!({ "aud": pushed, "jti": "to the token endpoint" }));
    present(&server, &elsewhere).await.expect(401);
}

#[tokio::test]
async fn assertions_that_do_not_convince_are_refused_alike() {
    let server = TestServer::start().await;
    let id = application(&server, "RS256").await;
    let expected = json!({ "error": "access_denied", "error_description": "Unauthorized" });
    for (what, token) in [
        ("another key", assertion(&id, 5, "RS256", &json!({}))),
        ("another algorithm", assertion(&id, 6, "PS256", &json!({}))),
        ("the audience of another endpoint", assertion(&id, 6, "RS256", &json!({ "aud": MANAGEMENT }))),
        ("another tenant", assertion(&id, 6, "RS256", &json!({ "aud": "https://other.example/" }))),
        ("expired", assertion(&id, 6, "RS256", &json!({ "exp": START - 1 }))),
        ("too long a life", assertion(&id, 6, "RS256", &json!({ "exp": START + 3600 }))),
        ("an unknown application", assertion("nobody", 6, "RS256", &json!({}))),
        ("nonsense", "a.b.c".to_owned()),
        ("an access token of ours", server.token(&[]).await),
    ] {
        assert_eq!(present(&server, &token).await.both(), (401, expected.clone()), "{what}");
    }
}

#[tokio::test]
async fn a_deleted_credential_no_longer_convinces() {
    let server = TestServer::start().await;
    let id = application(&server, "RS256").await;
    present(&server, &assertion(&id, 6, "RS256", &json!({}))).await.expect(200);
    let path = format!("/clients/{id}/credentials");
    let list = server.api_get(&path).await.expect(200);
    let credential = list[0]["id"].as_str().unwrap();
    server.api_call(Method::DELETE, &format!("{path}/{credential}")).await.expect(204);
    let again = assertion(&id, 6, "RS256", &json!({ "jti": "two" }));
    present(&server, &again).await.expect(401);
}

#[tokio::test]
async fn an_application_with_keys_cannot_fall_back_to_a_secret() {
    let server = TestServer::start().await;
    let id = application(&server, "RS256").await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", "anything"),
        ("audience", MANAGEMENT),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    server.token_request(&form).await.expect(401);
}
