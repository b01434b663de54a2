//! Token requests, good and bad, without a server.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client_credentials::{Known, decide};
use super::*;
use crate::api::{Api, Dialect, Granted};
use crate::client::{AssertionKey, Authentication, Client};
use crate::client_auth::{self, Authenticated, Presented};
use crate::kit::{self, ISSUER, NOW, api, assertion_key, now, signed};
use crate::scope::Scopes;

fn form(body: &str) -> Result<Request, Error> {
    let parameters =
        Parameters::from_form(body.as_bytes()).map_err(|e| Error::InvalidRequest(e.to_string()))?;
    Request::parse(None, parameters).map_err(|(_, error)| error)
}

fn basic(header: &str) -> Result<Request, Error> {
    let parameters = Parameters::from_form(b"grant_type=client_credentials").unwrap();
    Request::parse(Some(header), parameters).map_err(|(_, error)| error)
}

#[test]
fn a_form_and_the_same_json_mean_the_same() {
    let text = "grant_type=client_credentials&client_id=a&client_secret=s&audience=api&scope=x+y";
    let json = br#"{"grant_type":"client_credentials","client_id":"a","client_secret":"s","audience":"api","scope":"x y"}"#;
    let of_json = Request::parse(None, Parameters::from_json(json).unwrap()).unwrap();
    assert_eq!(format!("{of_json:?}"), format!("{:?}", form(text).unwrap()));
}

#[test]
fn a_parameter_that_is_there_twice_is_refused_in_both_encodings() {
    let twice = ParametersError::Duplicate("audience".to_owned());
    assert_eq!(Parameters::from_form(b"audience=a&audience=b").err(), Some(twice));
    let json = Parameters::from_json(br#"{"audience":"a","audience":"b"}"#).err().unwrap();
    assert!(json.to_string().contains("audience"), "{json}");
}

/// Comparing each name with each would take minutes here.
#[test]
#[expect(clippy::disallowed_methods, reason = "the point is that it does not take long")]
fn many_parameters_cost_no_more_than_their_number() {
    let body = (0..200_000).map(|number| number.to_string()).collect::<Vec<_>>().join("&");
    let begun = std::time::Instant::now();
    assert!(Parameters::from_form(body.as_bytes()).is_ok());
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn json_that_is_no_object_of_texts_is_refused() {
    for bad in ["[]", "1", "{\"grant_type\":1}", "{\"scope\":[\"a\"]}", "{", "{} {}", ""] {
        assert!(Parameters::from_json(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_form_that_is_not_utf8_is_refused() {
    assert_eq!(Parameters::from_form(b"scope=%ff").err(), Some(ParametersError::NotUtf8));
    assert_eq!(Parameters::from_form(b"scope=\xff").err(), Some(ParametersError::NotUtf8));
}

#[test]
fn two_ways_of_authenticating_at_once_are_refused() {
    let parameters = Parameters::from_form(b"grant_type=client_credentials&client_secret=s").unwrap();
    let (_, error) = Request::parse(Some("Basic YTpz"), parameters).unwrap_err();
    assert_eq!(error.code(), "invalid_request");
    assert!(error.to_string().contains("more than one way"), "{error}");
}

#[test]
fn basic_credentials_are_form_decoded() {
    // client id "a b", secret "s:/%"
    let request = basic("Basic YStiOnMlM0ElMkYlMjU=").unwrap();
    assert_eq!(request.client_id, "a b");
    assert!(request.presented == Presented::Secret("s:/%".to_owned()));
}

#[test]
fn broken_basic_credentials_are_refused() {
    for bad in ["Basic", "Basic ", "Basic ???", "Basic YQ==", "Basic OnM=", "Basic Og==", "Bearer YTpz"] {
        assert_eq!(basic(bad).unwrap_err().code(), "invalid_request", "{bad}");
    }
}

#[test]
fn basic_credentials_with_an_empty_secret_name_a_client_and_prove_nothing() {
    // "a:"
    let request = basic("Basic YTo=").unwrap();
    assert_eq!(request.client_id, "a");
    assert!(request.presented == Presented::Nothing);
}

#[test]
fn credentials_that_name_two_clients_are_refused() {
    let parameters = Parameters::from_form(b"grant_type=client_credentials&client_id=b").unwrap();
    let (_, error) = Request::parse(Some("Basic YTpz"), parameters).unwrap_err();
    assert!(error.to_string().contains("different clients"), "{error}");
}

#[test]
fn an_unknown_grant_type_is_named_in_the_error() {
    let error = form("grant_type=magic&client_id=a").unwrap_err();
    assert_eq!(error, Error::UnsupportedGrantType("magic".to_owned()));
}

#[test]
fn a_missing_grant_type_or_client_id_is_named_in_the_error() {
    assert_eq!(form("client_id=a").unwrap_err().to_string(), "Missing required parameter: grant_type");
    let nobody = form("grant_type=client_credentials").unwrap_err();
    assert_eq!(nobody.to_string(), "Missing required parameter: client_id");
}

#[test]
fn an_organization_is_refused_rather_than_ignored() {
    let error = form("grant_type=client_credentials&client_id=a&organization=org_1").unwrap_err();
    assert!(error.to_string().contains("organization"), "{error}");
}

#[test]
fn scopes_with_characters_that_no_scope_has_are_refused() {
    for bad in ["a\"b", "a\\b", "a\tb", "ü"] {
        assert!(Scopes::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Scopes::parse("a b a").unwrap().to_string(), "a b");
}

fn client(authentication: Authentication) -> Client {
    Client { grant_types: vec!["client_credentials".to_owned()], ..kit::client(authentication) }
}

fn decided(api: &Api, granted: Option<&Granted>, scope: &str) -> Result<Value, Error> {
    let client = client(Authentication::Secret(digest::sha256(b"s")));
    let known = Known { issuer: ISSUER, client: &client, api, granted };
    let issue = decide(&known, &Scopes::parse(scope).unwrap(), "the-jti".to_owned(), now())?;
    Ok(serde_json::from_slice(&issue.claims().unwrap()).unwrap())
}

fn read() -> Granted {
    Granted::Only(Scopes::parse("read").unwrap())
}

#[test]
fn a_token_without_a_requested_scope_carries_all_that_is_granted() {
    let claims = decided(&api(), Some(&read()), "").unwrap();
    let expected = json!({
        "iss": ISSUER, "sub": "app@clients", "aud": "https://api.example", "iat": NOW, "exp": NOW + 3600,
        "scope": "read", "gty": "client-credentials", "azp": "app",
    });
    assert_eq!(claims, expected);
}

#[test]
fn a_token_without_any_scope_has_no_scope_claim() {
    let claims = decided(&api(), Some(&Granted::Only(Scopes::default())), "").unwrap();
    assert_eq!(claims.get("scope"), None);
}

#[test]
fn a_grant_of_everything_follows_the_scopes_of_the_api() {
    let claims = decided(&api(), Some(&Granted::All), "").unwrap();
    assert_eq!(claims["scope"], "read write");
}

#[test]
fn a_scope_that_the_api_no_longer_knows_is_not_granted() {
    let old = Granted::Only(Scopes::parse("read gone").unwrap());
    assert_eq!(decided(&api(), Some(&old), "").unwrap()["scope"], "read");
    assert_eq!(decided(&api(), Some(&old), "gone").unwrap_err().code(), "access_denied");
}

#[test]
fn a_scope_beyond_the_grant_is_refused_by_name() {
    let error = decided(&api(), Some(&read()), "read write").unwrap_err();
    assert_eq!(error.to_string(), "Client has not been granted scopes: write");
}

#[test]
fn no_grant_or_an_api_closed_to_applications_gives_no_token() {
    let closed = Api { clients_allowed: false, ..api() };
    for refused in [decided(&api(), None, ""), decided(&closed, Some(&read()), "")] {
        assert_eq!(refused.unwrap_err(), Error::NoClientGrant("https://api.example".to_owned()));
    }
}

#[test]
fn an_api_whose_tokens_we_cannot_make_gives_none() {
    let bound = Api { unsupported: Some("sender-constrained tokens"), ..api() };
    assert_eq!(decided(&bound, Some(&read()), "").unwrap_err().code(), "access_denied");
}

#[test]
fn rfc9068_tokens_name_the_client_and_themselves() {
    let api = Api { dialect: Dialect::Rfc9068, ..api() };
    let claims = decided(&api, Some(&read()), "").unwrap();
    let expected = json!({
        "iss": ISSUER, "sub": "app@clients", "aud": "https://api.example", "iat": NOW, "exp": NOW + 3600,
        "scope": "read", "jti": "the-jti", "client_id": "app",
    });
    assert_eq!(claims, expected);
}

#[test]
fn permissions_appear_with_an_authz_dialect_and_policies_enforced() {
    for (dialect, enforce_policies, expected) in [
        (Dialect::AccessTokenAuthz, true, Some(json!(["read"]))),
        (Dialect::Rfc9068Authz, true, Some(json!(["read"]))),
        (Dialect::AccessTokenAuthz, false, None),
        (Dialect::AccessToken, true, None),
    ] {
        let api = Api { dialect, enforce_policies, ..api() };
        let claims = decided(&api, Some(&read()), "").unwrap();
        assert_eq!(claims.get("permissions"), expected.as_ref(), "{dialect:?}");
    }
}

#[test]
fn a_grant_type_that_is_not_enabled_is_refused() {
    let client = Client { grant_types: vec![], ..client(Authentication::Secret([0; 32])) };
    let (api, granted) = (api(), read());
    let known = Known { issuer: ISSUER, client: &client, api: &api, granted: Some(&granted) };
    let error = decide(&known, &Scopes::default(), String::new(), now()).unwrap_err();
    assert_eq!(error, Error::GrantNotAllowed("client_credentials"));
}

#[test]
fn a_public_client_gets_no_token_of_its_own() {
    let (client, api, granted) = (client(Authentication::None), api(), read());
    let known = Known { issuer: ISSUER, client: &client, api: &api, granted: Some(&granted) };
    let error = decide(&known, &Scopes::default(), String::new(), now()).unwrap_err();
    assert_eq!(error, Error::GrantNotAllowed("client_credentials"));
}

fn claims() -> Value {
    json!({ "iss": "app", "sub": "app", "aud": ISSUER, "jti": "1", "iat": NOW, "exp": NOW + 60 })
}

fn present(token: String) -> Result<Authenticated, client_auth::Error> {
    let key = assertion_key(Algorithm::Rs256);
    let client = client(Authentication::PrivateKeyJwt(vec![key]));
    client_auth::authenticate(&client, &Presented::Assertion(token), &[ISSUER], now())
}

#[test]
fn a_good_assertion_convinces_once() {
    let proof = present(signed(&json!({ "alg": "RS256" }), &claims())).unwrap();
    let expires_at = Timestamp::from_second(NOW + 60).unwrap();
    assert_eq!(proof, Authenticated::OnceOnly { jti: "1".to_owned(), expires_at });
}

#[test]
fn assertions_with_bad_claims_are_refused() {
    for (what, change) in [
        ("another issuer", json!({ "iss": "other" })),
        ("another subject", json!({ "sub": "other" })),
        ("another audience", json!({ "aud": "https://other.example/" })),
        ("an audience without the slash", json!({ "aud": "https://tenant.example" })),
        ("two audiences", json!({ "aud": [ISSUER, "https://other.example/"] })),
        ("no audience", json!({ "aud": [] })),
        ("no jti", json!({ "jti": null })),
        ("an empty jti", json!({ "jti": "" })),
        ("expired", json!({ "exp": NOW })),
        ("a long life", json!({ "exp": NOW + 311 })),
        ("a long life that began before", json!({ "iat": NOW - 300, "exp": NOW + 60 })),
        ("issued in the future", json!({ "iat": NOW + 60 })),
        ("not yet valid", json!({ "nbf": NOW + 60 })),
        ("exp as text", json!({ "exp": "1900000000" })),
        ("exp as a fraction", json!({ "exp": 1_800_000_060.5 })),
    ] {
        let mut claims = claims();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        assert!(present(signed(&json!({ "alg": "RS256" }), &claims)).is_err(), "{what}");
    }
}

#[test]
fn assertions_with_bad_headers_are_refused() {
    for (what, header) in [
        ("another algorithm than the credential's", json!({ "alg": "PS256" })),
        ("an unknown kid", json!({ "alg": "RS256", "kid": "other" })),
        ("an access token", json!({ "alg": "RS256", "typ": "at+jwt" })),
        ("a logout token", json!({ "alg": "RS256", "typ": "logout+jwt" })),
    ] {
        assert!(present(signed(&header, &claims())).is_err(), "{what}");
    }
    let good = signed(&json!({ "alg": "RS256", "typ": "JWT", "kid": "kid-of-the-app" }), &claims());
    assert!(present(good).is_ok());
}

#[test]
fn a_tampered_or_oversized_assertion_is_refused() {
    let mut token = signed(&json!({ "alg": "RS256" }), &claims());
    let last = token.pop().unwrap();
    token.push(if last == 'A' { 'Q' } else { 'A' });
    assert!(present(token).is_err());
    let mut long = claims();
    long["padding"] = json!("x".repeat(3000));
    assert!(present(signed(&json!({ "alg": "RS256" }), &long)).is_err());
}

#[test]
fn an_expired_credential_no_longer_convinces() {
    let key = AssertionKey { expires_at: Some(now()), ..assertion_key(Algorithm::Rs256) };
    let client = client(Authentication::PrivateKeyJwt(vec![key]));
    let presented = Presented::Assertion(signed(&json!({ "alg": "RS256" }), &claims()));
    assert!(client_auth::authenticate(&client, &presented, &[ISSUER], now()).is_err());
}

#[test]
fn a_secret_convinces_and_another_does_not() {
    let client = client(Authentication::Secret(digest::sha256(b"right")));
    let with =
        |secret: &str| client_auth::authenticate(&client, &Presented::Secret(secret.to_owned()), &[], now());
    assert_eq!(with("right"), Ok(Authenticated::Done));
    assert_eq!(with("wrong"), Err(client_auth::Error::WrongSecret));
}

#[test]
fn the_method_must_be_the_one_that_the_application_uses() {
    let secret = client(Authentication::Secret(digest::sha256(b"s")));
    let keys = client(Authentication::PrivateKeyJwt(vec![]));
    let public = client(Authentication::None);
    let mtls = client(Authentication::Unsupported("mutual TLS"));
    for (client, presented) in [
        (&secret, Presented::Nothing),
        (&secret, Presented::Assertion(String::new())),
        (&keys, Presented::Secret("s".to_owned())),
        (&public, Presented::Secret("s".to_owned())),
        (&mtls, Presented::Nothing),
    ] {
        assert!(client_auth::authenticate(client, &presented, &[], now()).is_err(), "{presented:?}");
    }
}

#[test]
fn secrets_do_not_show_when_a_request_is_printed() {
    let request = form("grant_type=client_credentials&client_id=a&client_secret=hunter2").unwrap();
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[test]
fn not_even_the_digest_of_a_secret_shows_when_a_client_is_printed() {
    let printed = format!("{:?}", client(Authentication::Secret(digest::sha256(b"hunter2"))));
    assert!(printed.contains("authentication: Secret(..)"), "{printed}");
}

#[test]
fn each_grant_is_read_with_its_own_parameters_and_shows_no_secret() {
    for (body, name) in [
        (
            "grant_type=authorization_code&code=SECRET&redirect_uri=u&code_verifier=SECRET",
            "authorization_code",
        ),
        ("grant_type=refresh_token&refresh_token=SECRET&scope=a", "refresh_token"),
        ("grant_type=password&username=u&password=SECRET", "password"),
        (
            "grant_type=http://auth0.com/oauth/grant-type/password-realm&username=u&password=SECRET&realm=r",
            "http://auth0.com/oauth/grant-type/password-realm",
        ),
        (
            "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=SECRET",
            "urn:ietf:params:oauth:grant-type:device_code",
        ),
    ] {
        let request = form(&format!("{body}&client_id=a&client_secret=SECRET")).unwrap();
        assert_eq!(request.grant.name(), name);
        assert!(!format!("{request:?}").contains("SECRET"), "{request:?}");
    }
}

#[test]
fn a_grant_without_its_parameters_is_refused_by_name() {
    for (body, named) in [
        ("grant_type=authorization_code", "code"),
        ("grant_type=refresh_token", "refresh_token"),
        ("grant_type=password&password=p", "username"),
        ("grant_type=password&username=u", "password"),
        ("grant_type=http://auth0.com/oauth/grant-type/password-realm&username=u&password=p", "realm"),
        ("grant_type=urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    ] {
        let error = form(&format!("{body}&client_id=a")).unwrap_err();
        assert_eq!(error, Error::InvalidRequest(format!("Missing required parameter: {named}")));
    }
    let long = format!("grant_type=password&username=u&client_id=a&password={}", "p".repeat(8193));
    let error = form(&long).unwrap_err();
    assert_eq!(error.to_string(), "The parameter password is longer than 8192 bytes.");
}
