//! `POST /oauth/token`

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;
use chancery_jose::jws::{Compact, VerifyingKey};
use http::Method;
use serde_json::{Value, json};

use crate::kit::{self, Call, MANAGEMENT, START, TestServer, engines};

const AUDIENCE: &str = "https://api.example";

fn refused(code: &str, description: &str) -> Value {
    json!({ "error": code, "error_description": description })
}

/// An API with these settings that the management application may call with `read`.
async fn api(server: &TestServer, settings: Value) -> Value {
    let mut body = json!({ "identifier": AUDIENCE, "name": "API", "scopes": [{ "value": "read" }, { "value": "write" }] });
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let api = server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
    let grant = json!({ "client_id": server.client_id, "audience": AUDIENCE, "scope": ["read"] });
    server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
    api
}

async fn issued(server: &TestServer) -> Value {
    server.token_request(&server.management_form(AUDIENCE, "")).await.expect(200)
}

#[tokio::test]
async fn a_token_carries_auth0s_claims_and_verifies_from_the_jwks() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, json!({})).await;
        let answer = server.token_request(&server.management_form(AUDIENCE, "")).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        let answer = answer.expect(200);
        let token = answer["access_token"].as_str().unwrap();
        let expected =
            json!({ "access_token": token, "scope": "read", "expires_in": 86400, "token_type": "Bearer" });
        assert_eq!(answer, expected);
        let id = &server.client_id;
        assert_eq!(
            kit::claims(token),
            json!({
                "iss": kit::ISSUER, "sub": format!("{id}@clients"), "aud": AUDIENCE, "iat": START,
                "exp": START + 86400, "scope": "read", "gty": "client-credentials", "azp": id,
            })
        );
        let jwks = server.get("/.well-known/jwks.json").await.expect(200);
        let current = &jwks["keys"][0];
        assert_eq!(kit::token_header(token), json!({ "alg": "RS256", "typ": "JWT", "kid": current["kid"] }));
        let part = |name: &str| chancery_jose::base64url::decode(current[name].as_str().unwrap()).unwrap();
        let key = chancery_crypto::rsa::PublicKey::from_components(&part("n"), &part("e")).unwrap();
        let parsed = Compact::parse(token, 4096).unwrap();
        assert_eq!(parsed.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(&key)), Ok(()));
    }
}

#[tokio::test]
async fn every_signing_algorithm_of_an_api_signs() {
    for (name, algorithm) in
        [("RS256", Algorithm::Rs256), ("RS512", Algorithm::Rs512), ("PS256", Algorithm::Ps256)]
    {
        let server = TestServer::start().await;
        api(&server, json!({ "signing_alg": name })).await;
        let answer = issued(&server).await;
        let token = Compact::parse(answer["access_token"].as_str().unwrap(), 4096).unwrap();
        assert_eq!(token.algorithm(), algorithm);
        let pem = server.get("/pem").await.text();
        let key = chancery_crypto::rsa::PublicKey::from_pem(&pem).unwrap();
        assert_eq!(token.verify(&[algorithm], VerifyingKey::Rsa(&key)), Ok(()));
    }
}

#[tokio::test]
async fn hs256_tokens_are_signed_with_the_apis_secret_and_name_no_key() {
    let server = TestServer::start().await;
    let secret = "a secret of the API, long enough";
    api(&server, json!({ "signing_alg": "HS256", "signing_secret": secret })).await;
    let answer = issued(&server).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(kit::token_header(token), json!({ "alg": "HS256", "typ": "JWT" }));
    let parsed = Compact::parse(token, 4096).unwrap();
    let key = HmacKey::new(secret.as_bytes());
    assert_eq!(parsed.verify(&[Algorithm::Hs256], VerifyingKey::Hmac(&key)), Ok(()));
}

#[tokio::test]
async fn the_dialect_of_the_api_shapes_its_tokens() {
    let server = TestServer::start().await;
    let made = api(&server, json!({ "token_lifetime": 1234 })).await;
    let path = format!("/resource-servers/{}", made["id"].as_str().unwrap());
    for (dialect, rfc9068, permissions) in [
        ("access_token", false, false),
        ("access_token_authz", false, true),
        ("rfc9068_profile", true, false),
        ("rfc9068_profile_authz", true, true),
    ] {
        let patch = json!({ "token_dialect": dialect, "enforce_policies": true });
        server.api_send(Method::PATCH, &path, &patch).await.expect(200);
        let answer = issued(&server).await;
        assert_eq!(answer["expires_in"], 1234);
        let token = answer["access_token"].as_str().unwrap();
        assert_eq!(kit::token_header(token)["typ"], if rfc9068 { "at+jwt" } else { "JWT" });
        let claims = kit::claims(token);
        assert_eq!(claims.get("client_id").is_some(), rfc9068, "{dialect}");
        assert_eq!(claims.get("azp").is_some(), !rfc9068, "{dialect}");
        assert_eq!(claims.get("permissions"), permissions.then(|| json!(["read"])).as_ref(), "{dialect}");
    }
}

#[tokio::test]
async fn json_and_basic_authentication_are_accepted_too() {
    let server = TestServer::start().await;
    let (id, secret) = (&server.client_id, &server.client_secret);
    let body = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret, "audience": MANAGEMENT });
    server.send(Call::new(Method::POST, "/oauth/token").json(&body).build()).await.expect(200);
    let credentials = base64(&format!("{id}:{secret}"));
    let form = [("grant_type", "client_credentials"), ("audience", MANAGEMENT)];
    let form: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let call =
        Call::new(Method::POST, "/oauth/token").header("authorization", &format!("Basic {credentials}"));
    server.send(call.form(&form).build()).await.expect(200);
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_client_get_the_same_answer() {
    let server = TestServer::start().await;
    let expected = (401, refused("access_denied", "Unauthorized"));
    for (name, value) in [("client_secret", "wrong"), ("client_id", "nobody")] {
        let mut form = server.management_form(MANAGEMENT, "");
        for pair in form.iter_mut().filter(|pair| pair.0 == name) {
            value.clone_into(&mut pair.1);
        }
        assert_eq!(server.token_request(&form).await.both(), expected);
    }
}

#[tokio::test]
async fn what_cannot_be_granted_is_refused_by_name() {
    let server = TestServer::start().await;
    api(&server, json!({})).await;
    for (audience, scope, status, code, description) in [
        (AUDIENCE, "read write", 403, "access_denied", "Client has not been granted scopes: write"),
        ("https://unknown.example", "", 403, "access_denied", "Service not found: https://unknown.example"),
        (
            "",
            "",
            403,
            "access_denied",
            "Non-global clients are not allowed access to APIv1. Name the API in the audience parameter, or set a default audience in the tenant settings.",
        ),
    ] {
        let answer = server.token_request(&server.management_form(audience, scope)).await;
        assert_eq!(answer.both(), (status, refused(code, description)));
    }
}

#[tokio::test]
async fn an_application_without_a_grant_gets_no_token() {
    let server = TestServer::start().await;
    let body = json!({ "identifier": AUDIENCE });
    server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
    let answer = server.token_request(&server.management_form(AUDIENCE, "")).await;
    let description = "Client is not authorized to access \"https://api.example\". You need to create a \"client-grant\" associated to this API.";
    assert_eq!(answer.both(), (403, refused("access_denied", description)));
}

#[tokio::test]
async fn the_default_audience_of_the_tenant_is_used_where_none_is_named() {
    let server = TestServer::start().await;
    api(&server, json!({})).await;
    let patch = json!({ "default_audience": AUDIENCE });
    server.api_send(Method::PATCH, "/tenants/settings", &patch).await.expect(200);
    let answer = server.token_request(&server.management_form("", "")).await.expect(200);
    assert_eq!(kit::claims(answer["access_token"].as_str().unwrap())["aud"], AUDIENCE);
}

#[tokio::test]
async fn changes_of_application_api_and_grant_work_at_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let made = api(&server, json!({})).await;
        issued(&server).await;
        let form = server.management_form(AUDIENCE, "");
        let grants = server.api_get(&format!("/client-grants?audience={AUDIENCE}")).await.expect(200);
        let grant = format!("/client-grants/{}", grants[0]["id"].as_str().unwrap());
        server.api_send(Method::PATCH, &grant, &json!({ "scope": ["read", "write"] })).await.expect(200);
        assert_eq!(issued(&server).await["scope"], "read write");
        let path = format!("/resource-servers/{}", made["id"].as_str().unwrap());
        server.api_send(Method::PATCH, &path, &json!({ "scopes": [{ "value": "write" }] })).await.expect(200);
        assert_eq!(issued(&server).await["scope"], "write");
        server.api_call(Method::DELETE, &grant).await.expect(204);
        assert_eq!(server.token_request(&form).await.status, 403);
        server.api_call(Method::DELETE, &path).await.expect(204);
        let gone = server.token_request(&form).await.expect(403);
        assert_eq!(gone["error_description"], "Service not found: https://api.example");
    }
}

#[tokio::test]
async fn a_rotated_secret_stops_working_at_once() {
    let server = TestServer::start().await;
    let body = json!({ "name": "App", "app_type": "non_interactive" });
    let made = server.api_send(Method::POST, "/clients", &body).await.expect(201);
    let id = made["client_id"].as_str().unwrap();
    let grant = json!({ "client_id": id, "audience": MANAGEMENT, "scope": ["read:clients"] });
    server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
    let form = |secret: &Value| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret.as_str().unwrap()),
            ("audience", MANAGEMENT),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    server.token_request(&form(&made["client_secret"])).await.expect(200);
    let rotated = server.api_call(Method::POST, &format!("/clients/{id}/rotate-secret")).await.expect(200);
    assert_eq!(server.token_request(&form(&made["client_secret"])).await.status, 401);
    server.token_request(&form(&rotated["client_secret"])).await.expect(200);
    server.api_call(Method::DELETE, &format!("/clients/{id}")).await.expect(204);
    assert_eq!(server.token_request(&form(&rotated["client_secret"])).await.status, 401);
}

/// An API is free to be called what the memory might call another one.
#[tokio::test]
async fn an_api_with_a_number_in_front_of_its_name_is_another_api_also_in_memory() {
    let server = TestServer::start().await;
    for identifier in ["urn:a", "1 urn:a", "urn:gone"] {
        let body = json!({ "identifier": identifier, "scopes": [{ "value": "read" }] });
        server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
        let grant = json!({ "client_id": server.client_id, "audience": identifier, "scope": ["read"] });
        server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
    }
    let audience = async |identifier: &str| {
        let answer = server.token_request(&server.management_form(identifier, "")).await.expect(200);
        kit::claims(answer["access_token"].as_str().unwrap())["aud"].clone()
    };
    assert_eq!(audience("1 urn:a").await, "1 urn:a");
    // Deleting an API makes memory forget all APIs of the tenant.
    server.api_call(Method::DELETE, "/resource-servers/urn%3Agone").await.expect(204);
    assert_eq!(audience("urn:a").await, "urn:a");
}

#[tokio::test]
async fn another_process_forgets_what_changed_when_it_catches_up() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        api(&server, json!({})).await;
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(issued(&sibling).await["scope"], "read");
        let grants = server.api_get(&format!("/client-grants?audience={AUDIENCE}")).await.expect(200);
        let grant = format!("/client-grants/{}", grants[0]["id"].as_str().unwrap());
        server.api_send(Method::PATCH, &grant, &json!({ "scope": ["write"] })).await.expect(200);
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(issued(&sibling).await["scope"], "write");
    }
}

#[tokio::test]
async fn successes_and_failures_stand_in_the_log_without_secrets() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let bearer = server.token(&[]).await;
        let mut form = server.management_form(MANAGEMENT, "");
        "wrong-secret".clone_into(&mut form[2].1);
        server.token_request(&form).await.expect(401);
        let management = server.management_form(MANAGEMENT, "no:such-scope");
        server.token_request(&management).await.expect(403);
        server.flush_log().await;
        let call = Call::get("/api/v2/logs").bearer(&bearer).build();
        let log = server.send(call).await.expect(200);
        let told: Vec<_> = log
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["type"] != "sapi")
            .map(|entry| (entry["type"].as_str().unwrap(), entry["description"].as_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("feccft", "Client has not been granted scopes: no:such-scope"),
                ("feccft", "the client secret is wrong"),
                ("seccft", "Client Credentials for Access Token"),
            ]
        );
        let text = log.to_string();
        assert!(!text.contains("wrong-secret") && !text.contains(&server.client_secret));
    }
}

#[tokio::test]
async fn an_api_that_needs_tokens_we_cannot_make_gets_none() {
    let server = TestServer::start().await;
    api(&server, json!({ "proof_of_possession": { "mechanism": "dpop", "required": true, "required_for": "all_clients" } })).await;
    let answer = server.token_request(&server.management_form(AUDIENCE, "")).await;
    assert_eq!(answer.expect(403)["error"], "access_denied");
}

#[tokio::test]
async fn an_application_that_became_public_gets_no_token_without_a_proof() {
    let server = TestServer::start().await;
    api(&server, json!({})).await;
    let path = format!("/clients/{}", server.client_id);
    let patch = json!({ "token_endpoint_auth_method": "none" });
    server.api_send(Method::PATCH, &path, &patch).await.expect(200);
    let mut form = server.management_form(AUDIENCE, "");
    form.retain(|(name, _)| name != "client_secret");
    let description = "Grant type 'client_credentials' not allowed for the client.";
    assert_eq!(server.token_request(&form).await.both(), (403, refused("unauthorized_client", description)));
}

#[tokio::test]
async fn a_disabled_grant_type_is_refused() {
    let server = TestServer::start().await;
    api(&server, json!({})).await;
    let path = format!("/clients/{}", server.client_id);
    server
        .api_send(Method::PATCH, &path, &json!({ "grant_types": ["authorization_code"] }))
        .await
        .expect(200);
    let answer = server.token_request(&server.management_form(AUDIENCE, "")).await;
    let description = "Grant type 'client_credentials' not allowed for the client.";
    assert_eq!(answer.both(), (403, refused("unauthorized_client", description)));
}
