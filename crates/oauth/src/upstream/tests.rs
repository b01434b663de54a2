//! What is believed of another provider, and what is not.

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_crypto::ecdsa;
use chancery_crypto::hmac::HmacKey;
use chancery_jose::{base64url, jws};
use serde_json::{Map, Value, json};

use super::id_token::{ALGORITHMS, Expected, IdTokenError, check};
use super::*;
use crate::kit::{NOW, now, signed, test_key};
use crate::parameters::Parameters;

const ISSUER: &str = "https://idp.example/";

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value}") };
    members
}

fn document(different: &Value) -> Vec<u8> {
    let mut document = object(json!({
        "issuer": ISSUER, "authorization_endpoint": "https://idp.example/a", "token_endpoint": "https://idp.example/t",
        "jwks_uri": "https://idp.example/k",
    }));
    for (name, value) in different.as_object().unwrap() {
        if value.is_null() {
            document.remove(name);
        } else {
            document.insert(name.clone(), value.clone());
        }
    }
    Value::Object(document).to_string().into_bytes()
}

fn metadata(different: &Value, rule: &IssuerRule) -> Result<Metadata, MetadataError> {
    Metadata::parse(&document(different), rule)
}

fn exact() -> IssuerRule {
    IssuerRule::Exact(ISSUER.to_owned())
}

fn jwk(different: &Value) -> Value {
    let key = test_key();
    let mut jwk = json!({
        "kty": "RSA", "kid": "k", "use": "sig",
        "n": base64url::encode(key.public().modulus()), "e": base64url::encode(key.public().exponent()),
    });
    jwk.as_object_mut().unwrap().extend(object(different.clone()));
    jwk
}

fn curve(curve: Curve) -> ecdsa::PrivateKey {
    ecdsa::PrivateKey::generate(curve).unwrap()
}

fn curve_jwk(key: &ecdsa::PrivateKey, different: &Value) -> Value {
    let public = key.public();
    let mut jwk = json!({
        "kty": "EC", "kid": "k", "use": "sig", "crv": public.curve().name(),
        "x": base64url::encode(public.x()), "y": base64url::encode(public.y()),
    });
    jwk.as_object_mut().unwrap().extend(object(different.clone()));
    jwk
}

/// A good token, signed by whatever the header says, with this key.
fn curve_token(header: &Value, key: &ecdsa::PrivateKey) -> String {
    let input = jws::signing_input(&header.to_string(), claims(&json!({})).to_string().as_bytes());
    let signature = key.sign(input.as_bytes()).unwrap();
    jws::assemble(input, &signature)
}

fn keys(list: &[Value]) -> Keys {
    Keys::parse(json!({ "keys": list }).to_string().as_bytes()).unwrap()
}

fn claims(different: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "us", "sub": "u", "iat": NOW, "exp": NOW + 60, "nonce": "n", "email": "a@b.example",
    });
    claims.as_object_mut().unwrap().extend(object(different.clone()));
    claims
}

fn checked(
    token: &str,
    keys: &Keys,
    metadata: &Metadata,
) -> Result<chancery_jose::jwt::Claims, IdTokenError> {
    let expected = Expected { metadata, client_id: "us", nonce: "n", algorithms: ALGORITHMS, now: now() };
    check(token, keys, &expected)
}

#[test]
fn a_request_says_what_it_has_to_and_nothing_that_is_added_replaces_it() {
    let asking = Asking {
        endpoint: "https://idp.example/a?tenant=1#x",
        client_id: "us",
        redirect_uri: "https://t.example/login/callback",
        scope: "openid email",
        state: "s",
        nonce: Some("n"),
        challenge: Some("c"),
        response_mode: None,
        more: [
            ("state", "evil"),
            ("redirect_uri", "evil"),
            ("response_type", "token"),
            ("acr", "a&b"),
            ("acr", "2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
    };
    assert_eq!(
        asking.url(),
        "https://idp.example/a?tenant=1&response_type=code&client_id=us&\
         redirect_uri=https%3A%2F%2Ft.example%2Flogin%2Fcallback&scope=openid+email&state=s&nonce=n&\
         code_challenge=c&code_challenge_method=S256&acr=a%26b"
    );
}

#[test]
fn a_document_is_of_the_issuer_that_was_expected() {
    assert_eq!(metadata(&json!({}), &exact()).unwrap().issuer, ISSUER);
    for issuer in
        ["https://idp.example", "https://IDP.example/", "http://idp.example/", "https://idp.example/x"]
    {
        let refused = metadata(&json!({ "issuer": issuer }), &exact());
        assert_eq!(refused, Err(MetadataError::Issuer), "{issuer}");
    }
    let found = IssuerRule::Slash("https://idp.example".to_owned());
    assert_eq!(metadata(&json!({}), &found).unwrap().issuer, ISSUER, "with its slash, as it says");
    assert!(metadata(&json!({ "issuer": "https://idp.example/x" }), &found).is_err());
    for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let refused = metadata(&json!({ name: null }), &exact());
        assert_eq!(refused, Err(MetadataError::Missing(name)));
    }
    for broken in [&b"[]"[..], b"", b"{\"issuer\":\"a\",\"issuer\":\"b\"}"] {
        assert_eq!(Metadata::parse(broken, &exact()), Err(MetadataError::Unreadable));
    }
}

#[test]
fn a_directory_of_microsoft_is_named_by_the_token_and_by_nothing_else() {
    const DIRECTORY: &str = "11111111-2222-3333-4444-555555555555";
    let of = |issuer: &str| metadata(&json!({ "issuer": issuer }), &IssuerRule::Microsoft);
    let template = of("https://login.microsoftonline.com/{tenantid}/v2.0").unwrap();
    let named = format!("https://login.microsoftonline.com/{DIRECTORY}/v2.0");
    assert_eq!(template.issuer_for(Some(DIRECTORY)), Some(named.clone()));
    for directory in [None, Some("evil.example/x"), Some("")] {
        assert_eq!(template.issuer_for(directory), None);
    }
    assert_eq!(of(&named).unwrap().issuer_for(Some("x")), Some(named));
    for other in
        ["https://login.microsoftonline.com.evil.example/{tenantid}/v2.0", "https://evil.example/v2.0"]
    {
        assert_eq!(of(other), Err(MetadataError::Issuer));
    }
}

#[test]
fn a_token_of_any_good_algorithm_is_believed() {
    let (keys, metadata) = (keys(&[jwk(&json!({}))]), metadata(&json!({}), &exact()).unwrap());
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384"] {
        for header in [json!({ "alg": algorithm, "kid": "k" }), json!({ "alg": algorithm })] {
            let claims = checked(&signed(&header, &claims(&json!({}))), &keys, &metadata).unwrap();
            assert_eq!(claims.sub.as_deref(), Some("u"));
            assert_eq!(claims_of(&claims), object(json!({ "email": "a@b.example" })));
        }
    }
    let both = claims(&json!({ "aud": ["other", "us"], "azp": "us" }));
    assert!(checked(&signed(&json!({ "alg": "RS256" }), &both), &keys, &metadata).is_ok());
}

#[test]
fn clocks_may_differ_by_a_minute() {
    let (keys, metadata) = (keys(&[jwk(&json!({}))]), metadata(&json!({}), &exact()).unwrap());
    for (different, good) in [
        (json!({ "exp": NOW - 59 }), true),
        (json!({ "exp": NOW - 60 }), false),
        (json!({ "iat": NOW + 60 }), true),
        (json!({ "iat": NOW + 61 }), false),
        (json!({ "nbf": NOW + 61 }), false),
    ] {
        let token = signed(&json!({ "alg": "RS256" }), &claims(&different));
        assert_eq!(checked(&token, &keys, &metadata).is_ok(), good, "{different}");
    }
}

#[test]
fn a_key_is_the_one_that_the_token_names_and_only_for_its_algorithm() {
    let metadata = metadata(&json!({}), &exact()).unwrap();
    let token = signed(&json!({ "alg": "RS256", "kid": "k" }), &claims(&json!({})));
    for (list, expected) in [
        (vec![], KeysError::Unknown),
        (vec![jwk(&json!({ "kid": "K" }))], KeysError::Unknown),
        (vec![jwk(&json!({})), jwk(&json!({}))], KeysError::Ambiguous),
        (vec![jwk(&json!({ "alg": "PS256" }))], KeysError::Algorithm),
        (vec![jwk(&json!({ "use": "enc" }))], KeysError::Unknown),
        (vec![jwk(&json!({ "d": "AQAB" }))], KeysError::Unknown),
        (vec![json!({ "kty": "oct", "kid": "k", "k": "AAAA" })], KeysError::Unknown),
        (vec![jwk(&json!({ "e": "Aw" }))], KeysError::Unknown),
    ] {
        let refused = checked(&token, &keys(&list), &metadata).unwrap_err();
        assert_eq!(refused, IdTokenError::Key(expected));
    }
    let two = keys(&[jwk(&json!({})), jwk(&json!({ "kid": "other" }))]);
    assert!(checked(&token, &two, &metadata).is_ok());
    let nameless = signed(&json!({ "alg": "RS256" }), &claims(&json!({})));
    assert_eq!(checked(&nameless, &two, &metadata).unwrap_err(), IdTokenError::Key(KeysError::Ambiguous));
    let many = json!({ "keys": vec![jwk(&json!({})); 101] }).to_string();
    assert_eq!(Keys::parse(many.as_bytes()).unwrap_err(), KeysError::TooMany);
}

#[test]
fn a_token_signed_on_a_curve_is_believed() {
    let metadata = metadata(&json!({}), &exact()).unwrap();
    for own in Curve::ALL {
        let (key, alg) = (curve(own), own.algorithm().name());
        let token = curve_token(&json!({ "alg": alg, "kid": "k" }), &key);
        for different in [json!({}), json!({ "alg": alg }), json!({ "use": "sig", "x5c": [] })] {
            let claims = checked(&token, &keys(&[curve_jwk(&key, &different)]), &metadata).unwrap();
            assert_eq!(claims.sub.as_deref(), Some("u"));
        }
        // A key of another kind beside it does not make it doubtful, not even one of the same id.
        let both = keys(&[jwk(&json!({})), curve_jwk(&key, &json!({}))]);
        assert!(checked(&token, &both, &metadata).is_ok());
        for (token, keys) in [
            (curve_token(&json!({ "alg": alg }), &key), &both),
            (signed(&json!({ "alg": "RS256" }), &claims(&json!({}))), &both),
        ] {
            assert!(checked(&token, keys, &metadata).is_ok());
        }
    }
}

#[test]
fn a_key_on_a_curve_is_read_strictly_or_not_at_all() {
    let metadata = metadata(&json!({}), &exact()).unwrap();
    let (key, long) = (curve(Curve::P256), curve(Curve::P384));
    let token = curve_token(&json!({ "alg": "ES256", "kid": "k" }), &key);
    let x = key.public().x();
    let padded = base64url::encode(&[&[0], x].concat());
    for (different, expected) in [
        (json!({ "x": padded }), KeysError::Unknown),
        (json!({ "x": base64url::encode(&x[1..]) }), KeysError::Unknown),
        (json!({ "y": base64url::encode(x) }), KeysError::Unknown),
        (json!({ "y": "" }), KeysError::Unknown),
        (json!({ "y": true }), KeysError::Unknown),
        (json!({ "x": format!("{}=", base64url::encode(x)) }), KeysError::Unknown),
        (json!({ "crv": "P-384" }), KeysError::Unknown),
        (json!({ "crv": "P-521" }), KeysError::Unknown),
        (json!({ "crv": "p-256" }), KeysError::Unknown),
        (json!({ "crv": null }), KeysError::Unknown),
        (json!({ "kty": "ec" }), KeysError::Unknown),
        (json!({ "kty": "RSA" }), KeysError::Unknown),
        (json!({ "d": "AQAB" }), KeysError::Unknown),
        (json!({ "use": "enc" }), KeysError::Unknown),
        (json!({ "alg": "ES384" }), KeysError::Algorithm),
        (json!({ "alg": "RS256" }), KeysError::Algorithm),
        (json!({ "alg": "ECDH-ES" }), KeysError::Algorithm),
    ] {
        let refused = checked(&token, &keys(&[curve_jwk(&key, &different)]), &metadata).unwrap_err();
        assert_eq!(refused, IdTokenError::Key(expected), "{different}");
    }
    // The kind of the key has to be the algorithm's, whatever the key says of itself.
    let of = |alg: &str, key: &ecdsa::PrivateKey| curve_token(&json!({ "alg": alg, "kid": "k" }), key);
    let rsa = signed(&json!({ "alg": "RS256", "kid": "k" }), &claims(&json!({})));
    for (token, jwk) in [
        (of("ES256", &long), curve_jwk(&long, &json!({}))),
        (of("ES256", &long), curve_jwk(&long, &json!({ "alg": "ES256" }))),
        (of("ES384", &key), curve_jwk(&key, &json!({}))),
        (of("RS256", &key), curve_jwk(&key, &json!({}))),
        (of("ES256", &key), jwk(&json!({}))),
        (of("ES256", &key), jwk(&json!({ "alg": "ES256" }))),
        (rsa, curve_jwk(&key, &json!({}))),
    ] {
        let refused = checked(&token, &keys(std::slice::from_ref(&jwk)), &metadata).unwrap_err();
        assert_eq!(refused, IdTokenError::Key(KeysError::Algorithm), "{jwk}");
    }
    let two = keys(&[curve_jwk(&key, &json!({})), curve_jwk(&curve(Curve::P256), &json!({}))]);
    assert_eq!(checked(&token, &two, &metadata).unwrap_err(), IdTokenError::Key(KeysError::Ambiguous));
}

#[test]
fn a_signature_on_a_curve_that_is_not_the_keys_is_not_believed() {
    let metadata = metadata(&json!({}), &exact()).unwrap();
    let key = curve(Curve::P256);
    let set = keys(&[curve_jwk(&key, &json!({}))]);
    let good = curve_token(&json!({ "alg": "ES256", "kid": "k" }), &key);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let der = [&[0x30, 0x44, 2, 0x20], r, &[2, 0x20], s].concat();
    for (why, bad) in [
        ("63 bytes", signature[..63].to_vec()),
        ("65 bytes", [&signature[..], &[0]].concat()),
        ("DER", der),
        ("r is zero", [&[0; 32], s].concat()),
        ("s is zero", [r, &[0; 32]].concat()),
        ("nothing but zeros", vec![0; 64]),
        ("another key", curve(Curve::P256).sign(input.as_bytes()).unwrap()),
    ] {
        let token = jws::assemble(input.to_owned(), &bad);
        let refused = checked(&token, &set, &metadata).unwrap_err();
        assert_eq!(refused, IdTokenError::Jws(jws::JwsError::BadSignature), "{why}");
    }
    // Whoever knows the public key alone signs nothing.
    let header = json!({ "alg": "HS256", "kid": "k" }).to_string();
    let input = jws::signing_input(&header, claims(&json!({})).to_string().as_bytes());
    let secret = HmacKey::new(&[&[4], key.public().x(), key.public().y()].concat());
    let tag = secret.sign(input.as_bytes());
    let refused = checked(&jws::assemble(input, &tag), &set, &metadata).unwrap_err();
    assert_eq!(refused, IdTokenError::Jws(jws::JwsError::AlgorithmNotAllowed(Algorithm::Hs256)));
}

#[test]
fn a_connection_may_want_fewer_algorithms() {
    let (keys, metadata) = (keys(&[jwk(&json!({}))]), metadata(&json!({}), &exact()).unwrap());
    let token = signed(&json!({ "alg": "RS256" }), &claims(&json!({})));
    let algorithms = [Algorithm::Ps256];
    let expected =
        Expected { metadata: &metadata, client_id: "us", nonce: "n", algorithms: &algorithms, now: now() };
    assert!(matches!(check(&token, &keys, &expected), Err(IdTokenError::Jws(_))));
}

#[test]
fn an_answer_is_a_code_or_the_reason_why_there_is_none() {
    let read = |form: &str, names: bool| {
        Answer::read(Parameters::from_form(form.as_bytes()).unwrap(), Some(ISSUER), names)
    };
    let iss = "iss=https%3A%2F%2Fidp.example%2F";
    assert_eq!(read("code=c", false).unwrap().code, "c");
    assert_eq!(read(&format!("code=c&{iss}"), true).unwrap().code, "c");
    assert_eq!(read("code=c", true), Err(AnswerError::NoIssuer));
    assert_eq!(read("code=c&iss=https%3A%2F%2Fidp.example", false), Err(AnswerError::Issuer));
    assert_eq!(read("error=x&code=c", false), Err(AnswerError::Refused("x".to_owned())));
    assert_eq!(read("error=x&error_description=y", false), Err(AnswerError::Refused("x: y".to_owned())));
    assert_eq!(read("error=x&iss=evil", false), Err(AnswerError::Issuer), "not even its refusal");
    assert_eq!(read("state=s", false), Err(AnswerError::NoCode));
}

#[test]
fn the_secret_stands_where_it_was_wanted_and_is_encoded_as_in_a_form() {
    let exchange = |authentication| Exchange {
        client_id: "a b",
        authentication,
        code: "c",
        redirect_uri: "https://t.example/cb",
        verifier: Some("v"),
    };
    let start =
        "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Ft.example%2Fcb&code_verifier=v";
    let post = Authentication::Post("s&t".to_owned());
    assert_eq!(exchange(&post).form(), format!("{start}&client_id=a+b&client_secret=s%26t"));
    assert_eq!(exchange(&post).authorization(), None);
    let basic = Authentication::Basic("s:t".to_owned());
    assert_eq!(exchange(&basic).form(), start);
    // base64 of `a+b:s%3At`
    assert_eq!(exchange(&basic).authorization().as_deref(), Some("Basic YStiOnMlM0F0"));
    assert_eq!(exchange(&Authentication::None).form(), format!("{start}&client_id=a+b"));
    assert!(!format!("{basic:?}{post:?}").contains('s'.to_string().repeat(2).as_str()));
}

#[test]
fn tokens_are_read_from_the_body_whatever_its_status_says() {
    let read = |status, body: Value| Tokens::read(status, body.to_string().as_bytes());
    let tokens = read(200, json!({ "access_token": "a", "id_token": "i", "token_type": "bearer" })).unwrap();
    assert_eq!((tokens.access_token.as_deref(), tokens.id_token.as_deref()), (Some("a"), Some("i")));
    for status in [200, 400] {
        let refused = read(status, json!({ "error": "bad_verification_code" }));
        assert_eq!(refused, Err(ExchangeError::Refused("bad_verification_code".to_owned())));
    }
    assert_eq!(read(500, json!({ "access_token": "a" })), Err(ExchangeError::Unreadable(500)));
    assert_eq!(read(200, json!(["a"])), Err(ExchangeError::Unreadable(200)));
    assert_eq!(read(200, json!({ "access_token": "a", "token_type": "DPoP" })), Err(ExchangeError::Type));
}

#[test]
fn a_map_names_members_by_places_in_both_answers() {
    let map = object(json!({
        "email": "${context.tokenset.email}", "name": "${context.userinfo.first} ${context.userinfo.last}",
        "groups": "${context.userinfo.groups}", "fixed": "x", "nothing": "${context.tokenset.none}", "odd": 1,
        "open": "a ${context.tokenset.email",
    }));
    let token = object(json!({ "email": "a@b.example" }));
    let said = object(json!({ "first": "Ada", "last": "L", "groups": ["x"] }));
    assert_eq!(
        mapped(&map, (&token, &said)),
        object(json!({
            "email": "a@b.example", "name": "Ada L", "groups": ["x"], "fixed": "x",
            "open": "a ${context.tokenset.email",
        }))
    );
}

#[test]
fn a_profile_of_another_user_is_not_taken() {
    let body = |sub: Value| json!({ "sub": sub, "email": "a@b.example" }).to_string().into_bytes();
    assert_eq!(userinfo(&body(json!("u")), Some("u")).unwrap(), object(json!({ "email": "a@b.example" })));
    for other in [json!("U"), json!(null), json!(["u"])] {
        assert_eq!(userinfo(&body(other), Some("u")), Err(ProfileError::Subject));
    }
    assert_eq!(userinfo(b"x", None), Err(ProfileError::Unreadable));
}
