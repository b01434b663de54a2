//! The public documents: JWKS, discovery, certificate downloads.

use chancery_crypto::certificate::Certificate;
use http::Method;
use serde_json::{Value, json};

use crate::kit::{self, Call, TestServer, engines};

fn kids(jwks: &Value) -> Vec<String> {
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn jwks(server: &TestServer) -> Value {
    server.get("/.well-known/jwks.json").await.expect(200)
}

#[tokio::test]
async fn the_jwks_lists_current_and_next_with_the_members_in_order() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let set = jwks(&server).await;
        assert_eq!(kids(&set).len(), 2);
        for key in set["keys"].as_array().unwrap() {
            let members: Vec<_> = key.as_object().unwrap().keys().collect();
            assert_eq!(members, ["kty", "use", "n", "e", "kid", "x5t", "x5c", "alg"]);
            assert_eq!(
                (&key["kty"], &key["use"], &key["e"], &key["alg"]),
                (&json!("RSA"), &json!("sig"), &json!("AQAB"), &json!("RS256"))
            );
        }
    }
}

#[tokio::test]
async fn the_very_next_jwks_after_a_rotation_and_a_revocation_is_the_new_one() {
    let server = TestServer::start().await;
    let before = kids(&jwks(&server).await);
    let fresh = server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201)["kid"].clone();
    let after = kids(&jwks(&server).await);
    assert_eq!(after, [before[1].clone(), fresh.as_str().unwrap().to_owned(), before[0].clone()]);
    let path = format!("/keys/signing/{}/revoke", before[0]);
    server.api_call(Method::PUT, &path).await.expect(200);
    assert_eq!(kids(&jwks(&server).await), after[..2]);
}

#[tokio::test]
async fn the_tenant_flag_removes_alg_from_the_jwks() {
    let server = TestServer::start().await;
    let patch = json!({ "flags": { "remove_alg_from_jwks": true } });
    server.api_send(Method::PATCH, "/tenants/settings", &patch).await.expect(200);
    let set = jwks(&server).await;
    assert!(set["keys"].as_array().unwrap().iter().all(|key| key.get("alg").is_none()), "{set}");
}

#[tokio::test]
async fn discovery_lists_only_what_works() {
    let server = TestServer::start().await;
    let expected = json!({
        "issuer": "https://tenant.example/",
        "authorization_endpoint": "https://tenant.example/authorize",
        "token_endpoint": "https://tenant.example/oauth/token",
        "device_authorization_endpoint": "https://tenant.example/oauth/device/code",
        "pushed_authorization_request_endpoint": "https://tenant.example/oauth/par",
        "userinfo_endpoint": "https://tenant.example/userinfo",
        "revocation_endpoint": "https://tenant.example/oauth/revoke",
        "end_session_endpoint": "https://tenant.example/oidc/logout",
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "jwks_uri": "https://tenant.example/.well-known/jwks.json",
        "scopes_supported": [
            "openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
            "email_verified", "picture", "created_at", "phone", "phone_number", "address",
        ],
        "response_types_supported": [
            "code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token",
        ],
        "response_modes_supported": ["query", "fragment", "form_post", "web_message"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "claims_supported": [
            "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
            "iss", "name", "nickname", "phone_number", "picture", "sub",
        ],
        "request_object_signing_alg_values_supported": ["RS256", "RS384", "PS256"],
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "PS256"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256", "RS512", "PS256"],
        "authorization_response_iss_parameter_supported": false,
    });
    let paths = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    for path in paths {
        assert_eq!(server.get(path).await.expect(200), expected);
    }
    let opened = json!({
        "pushed_authorization_requests_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "oidc_logout": { "rp_logout_end_session_endpoint_discovery": false },
        "flags": { "enable_dynamic_client_registration": true },
    });
    server.api_send(Method::PATCH, "/tenants/settings", &opened).await.expect(200);
    let mut expected = expected;
    expected["registration_endpoint"] = json!("https://tenant.example/oidc/register");
    expected["authorization_response_iss_parameter_supported"] = json!(true);
    for closed in ["end_session_endpoint", "pushed_authorization_request_endpoint"] {
        expected.as_object_mut().unwrap().remove(closed);
    }
    for path in paths {
        assert_eq!(server.get(path).await.expect(200), expected);
    }
}

#[tokio::test]
async fn documents_can_be_cached_and_validated() {
    let server = TestServer::start().await;
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/pem",
        "/cer",
        "/pb7",
        "/rawpem",
        "/fingerprint",
    ] {
        let first = server.get(path).await;
        assert_eq!(first.status, 200);
        assert_eq!(first.header("cache-control"), Some("public, max-age=300, stale-while-revalidate=60"));
        assert_eq!(first.header("access-control-allow-origin"), Some("*"));
        let etag = first.header("etag").unwrap();
        for validator in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()]
        {
            let again = server.send(Call::get(path).header("if-none-match", &validator).build()).await;
            assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{path} {validator}");
            assert_eq!(again.header("etag"), Some(etag));
        }
        let other = server.send(Call::get(path).header("if-none-match", "\"other\"").build()).await;
        assert_eq!(other.bytes, first.bytes);
        let head = server.send(Call::new(Method::HEAD, path).build()).await;
        assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
        assert_eq!(head.header("etag"), Some(etag));
        assert_eq!(head.header("content-type"), first.header("content-type"));
    }
}

#[tokio::test]
async fn an_etag_changes_with_the_document() {
    let server = TestServer::start().await;
    let before = server.get("/pem").await;
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
    let after = server.get("/pem").await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_ne!(before.bytes, after.bytes);
}

#[tokio::test]
async fn the_five_downloads_are_forms_of_one_certificate() {
    let server = TestServer::start().await;
    for query in ["", "?cert=connection", "?cert=anything", "?x=1"] {
        let pem = server.get(&format!("/pem{query}")).await;
        let certificate = Certificate::from_pem(&pem.text()).unwrap();
        assert_eq!(server.get(&format!("/cer{query}")).await.bytes, certificate.der());
        assert_eq!(server.get(&format!("/rawpem{query}")).await.text(), certificate.base64_der());
        assert_eq!(server.get(&format!("/fingerprint{query}")).await.text(), certificate.fingerprint());
        let pkcs7 = chancery_crypto::pkcs7::certs_only(&[&certificate]).unwrap();
        assert_eq!(server.get(&format!("/pb7{query}")).await.bytes, pkcs7);
        assert_eq!(certificate.common_name().as_deref(), Some(kit::DOMAIN));
    }
}

#[tokio::test]
async fn the_connection_key_is_another_key_and_stays_through_a_rotation() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let of_connection = server.get("/pem?cert=connection").await.text();
        assert_ne!(of_connection, server.get("/pem").await.text());
        assert_eq!(server.get("/pem?cert=anything").await.text(), server.get("/pem").await.text());
        server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
        assert_eq!(server.get("/pem?cert=connection").await.text(), of_connection);
        let published = jwks(&server).await.to_string();
        let certificate = Certificate::from_pem(&of_connection).unwrap();
        assert!(!published.contains(&certificate.base64_der()), "the connection key is not in the JWKS");
    }
}

#[tokio::test]
async fn first_calls_for_the_connection_keys_that_come_at_once_make_one_ring() {
    for on in engines() {
        let server = TestServer::on(on).await;
        server.get("/pem").await.expect_ok();
        let call = || server.get("/pem?cert=connection");
        let (one, two, three, four) = tokio::join!(call(), call(), call(), call());
        for answer in [&one, &two, &three, &four] {
            answer.expect_ok();
            assert_eq!(answer.bytes, one.bytes);
        }
        // Two keys made each ring: the next one is number 4.
        let next = server.app.forge.take().await.unwrap();
        assert_eq!(next.public().to_spki_der(), kit::key(4).public().to_spki_der());
    }
}

#[tokio::test]
async fn another_process_finds_the_connection_key_before_it_reads_the_notice() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        sibling.get("/pem").await.expect_ok();
        let made = server.get("/pem?cert=connection").await.text();
        assert_eq!(sibling.get("/pem?cert=connection").await.text(), made);
    }
}

#[tokio::test]
async fn the_downloads_name_a_file() {
    let server = TestServer::start().await;
    assert_eq!(
        server.get("/pem").await.header("content-disposition"),
        Some("attachment; filename=\"main.pem\"")
    );
    assert_eq!(
        server.get("/cer?cert=connection").await.header("content-disposition"),
        Some("attachment; filename=\"main-connection.cer\"")
    );
}
