//! What all operations of the Management API share: tokens, errors, bodies, paging, limits.

use chancery::clock::Clock;
use chancery_crypto::hmac::HmacKey;
use chancery_jose::{base64url, jws};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::kit::{self, Call, ISSUER, MANAGEMENT, START, TestServer, engines, error};

fn unauthorized(message: &str) -> (u16, Value) {
    let mut body = error(401, "Unauthorized", None, message);
    body["attributes"] = json!({ "error": message });
    (401, body)
}

const INVALID: &str = "Invalid token";
const SIGNATURE: &str = "Invalid signature received for JSON Web Token validation";

async fn with_token(server: &TestServer, token: &str) -> (u16, Value) {
    server.send(Call::get("/api/v2/keys/signing").bearer(token).build()).await.both()
}

/// Claims that the Management API accepts.
fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "x@clients", "aud": MANAGEMENT, "iat": START, "exp": START + 60,
        "scope": "read:signing_keys", "azp": "x",
    })
}

async fn kids(server: &TestServer) -> (String, String) {
    let jwks = server.get("/.well-known/jwks.json").await.expect(200);
    let kid = |at: usize| jwks["keys"][at]["kid"].as_str().unwrap().to_owned();
    (kid(0), kid(1))
}

#[tokio::test]
async fn a_request_without_a_token_is_told_so() {
    let server = TestServer::start().await;
    let answer = server.send(Call::get("/api/v2/keys/signing").build()).await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert_eq!(answer.both(), unauthorized("Missing authentication"));
}

#[tokio::test]
async fn an_authorization_header_that_is_no_bearer_token_is_refused() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", &format!("Token {token}"), &token] {
        let call = Call::get("/api/v2/keys/signing").header("authorization", header).build();
        assert_eq!(server.send(call).await.both(), unauthorized(INVALID), "{header:?}");
    }
    let twice = Call::get("/api/v2/keys/signing").bearer(&token).bearer(&token).build();
    assert_eq!(server.send(twice).await.both(), unauthorized(INVALID));
}

#[tokio::test]
async fn a_token_signed_by_the_current_key_is_accepted() {
    let server = TestServer::start().await;
    let (current, _) = kids(&server).await;
    let token = kit::sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": current }), &good_claims(), 0);
    assert_eq!(with_token(&server, &token).await.0, 200, "or the forgeries below would prove nothing");
}

#[tokio::test]
async fn a_token_that_speaks_for_a_user_is_worth_nothing_whatever_it_grants() {
    let server = TestServer::start().await;
    let (current, _) = kids(&server).await;
    for subject in ["auth0|1", "y@clients", "x", "auth0|x@clients"] {
        let mut claims = good_claims();
        claims["sub"] = subject.into();
        let token = kit::sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": current }), &claims, 0);
        let (status, body) = with_token(&server, &token).await;
        assert_eq!((status, &body["errorCode"]), (403, &json!("insufficient_scope")), "{subject}");
    }
}

#[tokio::test]
async fn tokens_with_forged_headers_are_refused() {
    let server = TestServer::start().await;
    let (current, next) = kids(&server).await;
    for (what, header, key, message) in [
        ("signed by the next key", json!({ "alg": "RS256", "typ": "JWT", "kid": next }), 1, SIGNATURE),
        ("signed by a stranger's key", json!({ "alg": "RS256", "typ": "JWT", "kid": current }), 5, SIGNATURE),
        ("an unknown kid", json!({ "alg": "RS256", "typ": "JWT", "kid": "unknown" }), 0, SIGNATURE),
        (
            "a kid that is a path",
            json!({ "alg": "RS256", "typ": "JWT", "kid": "../../etc/passwd" }),
            0,
            SIGNATURE,
        ),
        ("a kid that is SQL", json!({ "alg": "RS256", "typ": "JWT", "kid": "' OR 1=1 --" }), 0, SIGNATURE),
        ("a kid of 1 MB", json!({ "alg": "RS256", "typ": "JWT", "kid": "k".repeat(1_000_000) }), 0, INVALID),
        ("a kid that is a number", json!({ "alg": "RS256", "typ": "JWT", "kid": 1 }), 0, INVALID),
        ("no kid", json!({ "alg": "RS256", "typ": "JWT" }), 0, INVALID),
        (
            "another algorithm of the same key",
            json!({ "alg": "RS512", "typ": "JWT", "kid": current }),
            0,
            INVALID,
        ),
        ("PSS with the same key", json!({ "alg": "PS256", "typ": "JWT", "kid": current }), 0, INVALID),
        ("crit", json!({ "alg": "RS256", "typ": "JWT", "kid": current, "crit": ["exp"] }), 0, INVALID),
        ("an empty crit", json!({ "alg": "RS256", "typ": "JWT", "kid": current, "crit": [] }), 0, INVALID),
        ("b64", json!({ "alg": "RS256", "typ": "JWT", "kid": current, "b64": false }), 0, INVALID),
        ("a logout token", json!({ "alg": "RS256", "typ": "logout+jwt", "kid": current }), 0, INVALID),
        ("a DPoP proof", json!({ "alg": "RS256", "typ": "dpop+jwt", "kid": current }), 0, INVALID),
        ("no typ", json!({ "alg": "RS256", "kid": current }), 0, INVALID),
        ("alg none", json!({ "alg": "none", "typ": "JWT", "kid": current }), 0, INVALID),
        ("alg nOnE", json!({ "alg": "nOnE", "typ": "JWT", "kid": current }), 0, INVALID),
        ("no alg", json!({ "typ": "JWT", "kid": current }), 0, INVALID),
        ("alg as a list", json!({ "alg": ["RS256"], "typ": "JWT", "kid": current }), 0, INVALID),
    ] {
        let token = kit::sign(&header, &good_claims(), key);
        assert_eq!(with_token(&server, &token).await, unauthorized(message), "{what}");
    }
}

#[tokio::test]
async fn a_key_in_the_header_is_never_obeyed() {
    let server = TestServer::start().await;
    let (current, _) = kids(&server).await;
    let public = kit::key(5).public().clone();
    let jwk = json!({ "kty": "RSA", "n": base64url::encode(public.modulus()), "e": "AQAB" });
    for extra in [
        json!({ "jwk": jwk }),
        json!({ "jku": "https://evil.example/jwks" }),
        json!({ "x5u": "https://evil.example/c" }),
        json!({ "x5c": ["AAAA"] }),
    ] {
        let mut header = json!({ "alg": "RS256", "typ": "JWT", "kid": current });
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert_eq!(
            with_token(&server, &kit::sign(&header, &good_claims(), 5)).await,
            unauthorized(SIGNATURE)
        );
    }
}

#[tokio::test]
async fn the_public_key_is_no_hmac_secret() {
    let server = TestServer::start().await;
    let (current, _) = kids(&server).await;
    let pem = server.get("/pem").await.text();
    let der = kit::key(0).public().to_spki_der();
    let jwks = server.get("/.well-known/jwks.json").await.text();
    for secret in [pem.as_bytes(), pem.trim().as_bytes(), &der, jwks.as_bytes()] {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": current }).to_string();
        let token = jws::sign(&header, good_claims().to_string().as_bytes(), &HmacKey::new(secret)).unwrap();
        assert_eq!(with_token(&server, &token).await, unauthorized(INVALID));
    }
}

#[tokio::test]
async fn tokens_with_forged_claims_are_refused_even_if_our_key_signed_them() {
    let server = TestServer::start().await;
    let (current, _) = kids(&server).await;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": current });
    let audience = "Bad audience: the token is not for the Management API of this tenant";
    let expired = "Expired token received for JSON Web Token validation";
    for (what, change, message) in [
        ("another audience", json!({ "aud": "https://api.example" }), audience),
        ("a prefix of the audience", json!({ "aud": "https://tenant.example/api/v2" }), audience),
        ("the issuer without its slash", json!({ "iss": "https://tenant.example" }), INVALID),
        ("the issuer in capitals", json!({ "iss": "https://TENANT.example/" }), INVALID),
        ("no issuer", json!({ "iss": null }), INVALID),
        ("expired", json!({ "exp": START }), expired),
        ("exp as text", json!({ "exp": "1900000000" }), INVALID),
        ("exp as a fraction", json!({ "exp": 1_900_000_000.5 }), INVALID),
        ("exp as a list", json!({ "exp": [1_900_000_000] }), INVALID),
        ("a negative exp", json!({ "exp": -1 }), INVALID),
        ("no exp", json!({ "exp": null }), INVALID),
        ("not yet valid", json!({ "nbf": START + 60 }), INVALID),
        ("issued in the future", json!({ "iat": START + 3600 }), INVALID),
        ("an ID token", json!({ "nonce": "n" }), INVALID),
        ("a logout token", json!({ "events": {} }), INVALID),
        ("no subject", json!({ "sub": null }), INVALID),
        ("no application", json!({ "azp": null }), INVALID),
    ] {
        let mut claims = good_claims();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        assert_eq!(
            with_token(&server, &kit::sign(&header, &claims, 0)).await,
            unauthorized(message),
            "{what}"
        );
    }
}

#[tokio::test]
async fn tokens_that_are_no_compact_jws_are_refused() {
    let server = TestServer::start().await;
    let good = server.token(&["read:signing_keys"]).await;
    let parts: Vec<_> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let doubled = base64url::encode(br#"{"alg":"RS256","alg":"none","typ":"JWT","kid":"x"}"#);
    for token in [
        "garbage".to_owned(),
        "a.b".to_owned(),
        "..".to_owned(),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.x"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims} .{signature}"),
        format!("{doubled}.{claims}.{signature}"),
        format!("{}.{claims}.{signature}", "a".repeat(20_000)),
        json!({ "payload": claims, "signatures": [{ "protected": header, "signature": signature }] })
            .to_string(),
        format!("{header}.e.{claims}.{signature}.x"),
    ] {
        assert_eq!(with_token(&server, &token).await, unauthorized(INVALID), "{token:.60}");
    }
}

#[tokio::test]
async fn a_tampered_token_is_refused() {
    let server = TestServer::start().await;
    let good = server.token(&["read:signing_keys"]).await;
    let parts: Vec<_> = good.split('.').collect();
    let mut claims = kit::claims(&good);
    claims["scope"] = json!("read:signing_keys delete:clients");
    let claims = base64url::encode(claims.to_string().as_bytes());
    let tampered = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert_eq!(with_token(&server, &tampered).await, unauthorized(SIGNATURE));
}

#[tokio::test]
async fn a_token_expires() {
    let server = TestServer::start().await;
    let token = server.token(&["read:signing_keys"]).await;
    server.clock.advance(SignedDuration::from_secs(86_399));
    assert_eq!(with_token(&server, &token).await.0, 200);
    server.clock.advance(SignedDuration::from_secs(1));
    let message = "Expired token received for JSON Web Token validation";
    assert_eq!(with_token(&server, &token).await, unauthorized(message));
}

#[tokio::test]
async fn bodies_that_are_no_strict_json_object_are_refused() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    let post = |content_type: &str, body: String| {
        Call::new(Method::POST, "/api/v2/clients").bearer(&token).raw(content_type, body).build()
    };
    for body in [
        "",
        "{",
        "[]",
        "1",
        "\"x\"",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"a\"} x",
        "{\"name\":1e400}",
        "{'name':'a'}",
        "\u{feff}{}",
    ] {
        let answer = server.send(post("application/json", body.to_owned())).await.expect(400);
        assert_eq!(answer["errorCode"], "invalid_body", "{body}");
    }
    let deep = format!("{{\"name\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    server.send(post("application/json", deep)).await.expect(400);
    server.send(post("text/plain", "{}".to_owned())).await.expect(415);
    let large = format!("{{\"name\":\"{}\"}}", "a".repeat(1024 * 1024));
    server.send(post("application/json", large)).await.expect(413);
    assert_eq!(server.api_get("/clients").await.expect(200).as_array().unwrap().len(), 2, "nothing was made");
}

#[tokio::test]
async fn a_duplicate_member_is_named() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    let body = "{\"name\":\"a\",\"jwt_configuration\":{\"alg\":\"RS256\",\"alg\":\"HS256\"}}";
    let call = Call::new(Method::POST, "/api/v2/clients").bearer(&token).raw("application/json", body);
    let message = server.send(call.build()).await.expect(400)["message"].as_str().unwrap().to_owned();
    assert!(message.contains("alg"), "{message}");
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_with_their_property() {
    let server = TestServer::start().await;
    for (body, message) in [
        (json!({}), "'Missing required property: name'"),
        (json!({ "name": 1 }), "'Expected type string but found type integer' on property name"),
        (json!({ "name": null }), "'Expected type string but found type null' on property name"),
        (json!({ "name": "a", "colour": "red" }), "'Additional properties not allowed: colour'"),
        (json!({ "name": "<a>" }), "on property name"),
        (
            json!({ "name": "a", "description": "d".repeat(141) }),
            "'String is too long (141 chars), maximum 140' on property description",
        ),
        (json!({ "name": "a", "app_type": "toaster" }), "on property app_type"),
        (
            json!({ "name": "a", "callbacks": "https://x.example" }),
            "'Expected type array but found type string' on property callbacks",
        ),
        (json!({ "name": "a", "callbacks": [1] }), "on property callbacks.0"),
        (
            json!({ "name": "a", "jwt_configuration": { "alg": "ES256" } }),
            "on property jwt_configuration.alg",
        ),
        (json!({ "name": "a\u{0}b" }), "'String contains the character NUL' on property name"),
    ] {
        let answer = server.api_send(Method::POST, "/clients", &body).await.expect(400);
        assert_eq!(answer["errorCode"], "invalid_body");
        let told = answer["message"].as_str().unwrap();
        assert!(told.starts_with("Payload validation error: ") && told.contains(message), "{told}");
    }
}

#[tokio::test]
async fn a_checkpoint_counts_where_a_tool_sends_both_ways_of_paging() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (path, name) in [("/clients", "clients"), ("/client-grants", "client_grants")] {
            let both = format!("{path}?include_totals=true&per_page=50&page=3&take=100");
            let answer = server.api_get(&both).await.expect(200);
            assert_eq!(answer, server.api_get(&format!("{path}?take=100")).await.expect(200));
            assert!(!answer[name].as_array().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn the_description_names_every_parameter_and_form_of_a_list() {
    let server = TestServer::start().await;
    let document = server.get("/api/v2/openapi.json").await.expect(200);
    let list = &document["paths"]["/client-grants"]["get"];
    let parameters: Vec<&str> =
        list["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let expected = [
        "page",
        "per_page",
        "include_totals",
        "from",
        "take",
        "audience",
        "client_id",
        "allow_any_organization",
        "subject_type",
        "default_for",
    ];
    assert_eq!(parameters, expected);
    let take = json!({ "name": "take", "in": "query", "required": false,
        "schema": { "type": "integer", "minimum": 1, "maximum": 100 } });
    assert_eq!(list["parameters"][4], take);
    let forms = &list["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"];
    assert_eq!(forms[0]["type"], "array");
    assert_eq!(forms[1]["required"], json!(["start", "limit", "total", "client_grants"]));
    assert_eq!(forms[2]["required"], json!(["client_grants"]));
    assert_eq!(forms[2]["properties"]["client_grants"], forms[0]);
}

#[tokio::test]
async fn a_patch_is_described_as_one_at_its_top_and_as_whole_objects_below() {
    let server = TestServer::start().await;
    let document = server.get("/api/v2/openapi.json").await.expect(200);
    let body =
        &document["paths"]["/clients/{id}"]["patch"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!((&body["minProperties"], body.get("required")), (&json!(1), None));
    assert_eq!(body["properties"]["name"]["pattern"], "^[^<>]+$", "a name cannot be taken away");
    let organization = &body["properties"]["default_organization"]["anyOf"];
    assert_eq!(organization[1], json!({ "type": "null" }));
    assert_eq!(organization[0]["required"], json!(["organization_id", "flows"]));
    assert_eq!(organization[0]["properties"]["flows"]["type"], "array");
}

#[tokio::test]
async fn paging_values_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    for query in [
        "page=-1",
        "page=x",
        "page=1.5",
        "page=",
        "page=99999999999999999999",
        "per_page=101",
        "per_page=-1",
        "take=0",
        "take=101",
        "take=x",
        "include_totals=yes",
        "include_totals=1",
        "take=1&page=x",
        "from=x&per_page=1",
        "from=forged",
        "from=AAAA&take=1",
        "page=0&page=1",
        "fields=nonsense",
        "fields=name,,x",
        "fields=name&include_fields=maybe",
        "fields='%20OR%201=1",
    ] {
        let answer = server.api_get(&format!("/clients?{query}")).await.expect(400);
        assert_eq!(answer["errorCode"], "invalid_query_string", "{query}");
    }
}

#[tokio::test]
async fn parameters_that_nobody_asks_for_are_ignored() {
    let server = TestServer::start().await;
    server.api_get("/keys/signing?per_page=100&include_totals=true&unknown=1").await.expect(200);
}

#[tokio::test]
async fn a_flood_is_slowed_down_and_told_when_to_come_back() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    server.set_policy("requests_per_second", "1").await;
    server.set_policy("request_burst", "2").await;
    let call = || Call::get("/api/v2/keys/signing").bearer(&token).build();
    for remaining in ["1", "0"] {
        let answer = server.send(call()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining));
    }
    let refused = server.send(call()).await;
    assert_eq!(refused.expect(429)["errorCode"], "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    let reset: i64 = refused.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert_eq!(reset, server.clock.now().as_second() + 2);
    server.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(server.send(call()).await.status, 200);
    assert_eq!(server.send(call()).await.status, 429);
}

#[tokio::test]
async fn the_correlation_id_of_the_client_comes_back_and_stands_in_the_log() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    let call = Call::new(Method::POST, "/api/v2/keys/signing/rotate")
        .bearer(&token)
        .header("x-correlation-id", "deploy-42");
    let answer = server.send(call.build()).await;
    assert_eq!(answer.header("x-request-id"), Some("deploy-42"));
    let log = server.api_get("/logs").await.expect(200);
    assert_eq!(log[0]["details"]["request"]["correlation_id"], "deploy-42");
    for bad in ["x".repeat(65), "a b".to_owned(), "<script>".to_owned()] {
        let answer = server.send(Call::get("/healthz").header("x-correlation-id", &bad).build()).await;
        assert_ne!(answer.header("x-request-id"), Some(bad.as_str()));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_the_error_body() {
    let server = TestServer::start().await;
    let expected = error(404, "Not Found", None, "There is no such operation of the Management API.");
    assert_eq!(server.get("/api/v2/nonsense").await.both(), (404, expected));
    let expected = error(405, "Method Not Allowed", None, "This path does not answer to this method.");
    assert_eq!(
        server.send(Call::new(Method::DELETE, "/api/v2/keys/signing").build()).await.both(),
        (405, expected)
    );
}

#[tokio::test]
async fn the_description_lists_every_operation_with_its_scopes() {
    let server = TestServer::start().await;
    let document = server.get("/api/v2/openapi.json").await.expect(200);
    let mut described = 0;
    for operation in chancery::management::operations() {
        let method = operation.method.as_str().to_ascii_lowercase();
        let found = &document["paths"][operation.path][method.as_str()];
        assert_eq!(found["operationId"], operation.line.id);
        for scope in operation.line.required.scopes() {
            assert!(found["security"].to_string().contains(scope), "{scope}");
        }
        assert_eq!(found["x-chancery"] == true, operation.ours, "{}", operation.line.id);
        described += usize::from(!operation.ours);
    }
    assert_eq!(described, 126);
}
