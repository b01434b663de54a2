//! Bad input that belongs to no single operation: the token endpoint's requests, and starting up.

use chancery_jose::base64url;
use http::Method;
use serde_json::json;

use crate::kit::{Call, MANAGEMENT, TestServer, engines};

#[tokio::test]
async fn malformed_token_requests_say_what_was_expected() {
    let server = TestServer::start().await;
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, told) in [
        (form, "", "Missing required parameter: client_id"),
        (form, "client_id=a&client_secret=b", "Missing required parameter: grant_type"),
        (form, "grant_type=client_credentials&client_id=a&client_id=b", "client_id is there more than once"),
        (
            form,
            "grant_type=client_credentials&client_id=a&client_secret=s&client_assertion=x",
            "more than one way",
        ),
        (form, "grant_type=client_credentials&client_assertion=x", "client_assertion_type"),
        (form, "grant_type=client_credentials&client_id=%ff", "UTF-8"),
        (form, "grant_type=client_credentials&client_id=%00", "client_id holds a control character"),
        ("application/json", "{", "not a JSON object"),
        ("application/json", "[]", "not a JSON object"),
        ("application/json", "{\"client_id\":\"a\",\"client_id\":\"b\"}", "client_id"),
        ("application/json", "{\"client_id\":{}}", "client_id must be a string"),
        ("text/plain", "grant_type=client_credentials", "Content-Type"),
        ("", "grant_type=client_credentials", "Content-Type"),
    ] {
        let call = Call::new(Method::POST, "/oauth/token").raw(content_type, body);
        let answer = server.send(call.build()).await.expect(400);
        assert_eq!(answer["error"], "invalid_request", "{body}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(told), "{body}: {description}");
    }
}

/// Basic credentials are form-encoded inside base64 and an assertion is JSON inside base64url, so neither is seen by
/// the check of parameters.
#[tokio::test]
async fn a_client_id_with_a_control_character_is_nobodys_however_it_is_wrapped() {
    use base64::Engine as _;
    for on in engines() {
        let server = TestServer::on(on).await;
        for id in ["nobody%00", "nobody%0A", "%7F"] {
            let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:secret"));
            let call = Call::new(Method::POST, "/oauth/token")
                .header("authorization", &format!("Basic {basic}"))
                .form(&[("grant_type".to_owned(), "client_credentials".to_owned())]);
            assert_eq!(server.send(call.build()).await.expect(400)["error"], "invalid_request", "{id}");
        }
        for claims in ["{\"iss\":\"a\\u0000\",\"sub\":\"a\\u0000\"}", "{\"iss\":\"\\n\",\"sub\":\"\\n\"}"] {
            let (header, claims) =
                (base64url::encode(b"{\"alg\":\"RS256\"}"), base64url::encode(claims.as_bytes()));
            let form = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", &format!("{header}.{claims}.AAAA")),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(server.token_request(&form).await.expect(401)["error"], "access_denied", "{claims}");
        }
    }
}

#[tokio::test]
async fn an_unknown_grant_is_refused_by_name() {
    let server = TestServer::start().await;
    let mut form = server.management_form(MANAGEMENT, "");
    "urn:example:magic".clone_into(&mut form[0].1);
    let expected = json!({ "error": "unsupported_grant_type", "error_description": "Unsupported grant type: urn:example:magic" });
    assert_eq!(server.token_request(&form).await.both(), (400, expected));
}

#[tokio::test]
async fn an_oversized_token_request_is_refused() {
    let server = TestServer::start().await;
    let mut form = server.management_form(MANAGEMENT, "");
    form.push(("padding".to_owned(), "x".repeat(70_000)));
    assert_eq!(server.token_request(&form).await.expect(400)["error"], "invalid_request");
    let mut form = server.management_form(&"a".repeat(9000), "");
    form.pop();
    assert_eq!(server.token_request(&form).await.expect(400)["error"], "invalid_request");
}

#[tokio::test]
async fn the_token_endpoint_answers_post_alone() {
    let server = TestServer::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(server.send(Call::new(method, "/oauth/token").build()).await.status, 405);
    }
}

#[tokio::test]
async fn every_answer_forbids_guessing_its_type() {
    let server = TestServer::start().await;
    for path in ["/.well-known/jwks.json", "/api/v2/keys/signing", "/nothing", "/healthz"] {
        assert_eq!(server.get(path).await.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

#[tokio::test]
async fn a_protocol_endpoint_names_the_methods_that_it_answers_to() {
    let server = TestServer::start().await;
    let documents = [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    let downloads = ["/pem", "/cer", "/rawpem", "/pb7", "/fingerprint", "/healthz", "/readyz"];
    let documents = documents.map(|path| (path, "GET,HEAD,OPTIONS"));
    let downloads = downloads.map(|path| (path, "GET,HEAD"));
    let read_only = documents.into_iter().chain(downloads).flat_map(|(path, allow)| {
        [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].map(|method| (method, path, allow))
    });
    let token = [Method::GET, Method::PUT, Method::PATCH, Method::DELETE]
        .map(|method| (method, "/oauth/token", "POST,OPTIONS"));
    for (method, path, allow) in read_only.chain(token) {
        let answer = server.send(Call::new(method.clone(), path).build()).await;
        let expected = json!({
            "error": "method_not_allowed",
            "error_description": "This path does not answer to this method. The Allow header names those that it answers to.",
        });
        assert_eq!(answer.both(), (405, expected), "{method} {path}");
        assert_eq!((answer.header("allow"), answer.header("cache-control")), (Some(allow), Some("no-store")));
    }
    let head = server.send(Call::new(Method::HEAD, "/oauth/token").build()).await;
    assert_eq!((head.status.as_u16(), head.header("allow")), (405, Some("POST,OPTIONS")));
}

#[tokio::test]
async fn wrong_methods_of_the_management_api_and_unknown_paths_keep_their_own_answers() {
    let server = TestServer::start().await;
    let answer = server.api_call(Method::DELETE, "/tenants/settings").await.expect(405);
    assert_eq!((&answer["statusCode"], answer.get("error_description")), (&json!(405), None));
    for path in ["/", "/oauth", "/oauth/token/", "/oauth/nothing"] {
        let answer = server.send(Call::new(Method::POST, path).build()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text().as_str()),
            (404, "There is nothing at this path.\n")
        );
    }
}
