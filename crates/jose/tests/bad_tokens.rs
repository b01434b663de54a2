//! Tokens that must be refused: the JWT lines of the team's record of bad input that belong to this layer.
//!
//! What needs a ring, a tenant or a client (unknown, revoked and foreign key ids; issuer; type confusion between
//! kinds of token) is refused, and tested, where those are known.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails should stop at once")]

use chancery_crypto::algorithm::{Algorithm, Curve, KeyKind};
use chancery_crypto::ecdsa;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::pem::{self, LineEnd};
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_jose::base64url::encode;
use chancery_jose::json::JsonError;
use chancery_jose::jws::{Compact, JwsError, VerifyingKey, assemble, sign, signing_input};
use chancery_jose::jwt::{Claims, ClaimsError, TimeError};

const KEY: &[u8] = include_bytes!("data/rfc7515-a2.der");
const MAX: usize = 8192;
const EVERY: [Algorithm; 8] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Hs256,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
];

fn key() -> PrivateKey {
    PrivateKey::from_pkcs8(KEY).unwrap()
}

/// A token with this header and a signature that is never reached.
fn with_header(header: &str) -> String {
    format!("{}.e30.AAAA", encode(header.as_bytes()))
}

fn refusal(token: &str) -> JwsError {
    Compact::parse(token, MAX).unwrap_err()
}

fn rs256(payload: &str) -> String {
    let input = signing_input(r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#, payload.as_bytes());
    let signature = key().sign(Algorithm::Rs256, input.as_bytes()).unwrap();
    assemble(input, &signature)
}

#[test]
fn a_token_that_names_no_known_algorithm_is_refused() {
    for (name, header) in [
        ("none", r#"{"alg":"none"}"#),
        ("None", r#"{"alg":"None"}"#),
        ("nOnE", r#"{"alg":"nOnE"}"#),
        ("empty", r#"{"alg":""}"#),
        ("missing", r#"{"typ":"JWT"}"#),
        ("an array", r#"{"alg":["RS256"]}"#),
        ("an object", r#"{"alg":{"RS256":true}}"#),
        ("null", r#"{"alg":null}"#),
        ("a number", r#"{"alg":256}"#),
        ("another case", r#"{"alg":"rs256"}"#),
        ("a trailing space", r#"{"alg":"RS256 "}"#),
        ("a trailing NUL", r#"{"alg":"RS256\u0000"}"#),
        ("another curve", r#"{"alg":"ES512"}"#),
        ("a curve of coins", r#"{"alg":"ES256K"}"#),
        ("a member in another case", r#"{"ALG":"RS256"}"#),
        ("JWE direct encryption", r#"{"alg":"dir"}"#),
        ("JWE RSA1_5", r#"{"alg":"RSA1_5"}"#),
    ] {
        assert_eq!(refusal(&with_header(header)), JwsError::UnknownAlgorithm, "{name}");
    }
}

#[test]
fn an_unsigned_token_is_refused_even_with_an_empty_signature() {
    let header = encode(br#"{"alg":"none"}"#);
    assert_eq!(refusal(&format!("{header}.e30.")), JwsError::NotThreeParts);
}

#[test]
fn a_signature_that_was_cut_off_is_refused() {
    let token = rs256("{}");
    let (input, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{input}.")), JwsError::NotThreeParts);
    assert_eq!(refusal(input), JwsError::NotThreeParts);
}

#[test]
fn a_critical_header_is_refused_in_any_form() {
    for (name, header) in [
        ("unknown", r#"{"alg":"RS256","crit":["x"],"x":1}"#),
        ("empty", r#"{"alg":"RS256","crit":[]}"#),
        ("with a duplicate entry", r#"{"alg":"RS256","crit":["exp","exp"],"exp":1}"#),
        ("listing a registered header", r#"{"alg":"RS256","crit":["alg"]}"#),
        ("listing a header that is absent", r#"{"alg":"RS256","crit":["b64"]}"#),
        ("with b64", r#"{"alg":"RS256","crit":["b64"],"b64":false}"#),
        ("null", r#"{"alg":"RS256","crit":null}"#),
        ("a string", r#"{"alg":"RS256","crit":"exp"}"#),
    ] {
        assert_eq!(refusal(&with_header(header)), JwsError::CriticalHeader, "{name}");
    }
}

#[test]
fn header_members_that_change_the_reading_are_refused() {
    for (name, header) in [
        ("b64", r#"{"alg":"RS256","b64":false}"#),
        ("b64", r#"{"alg":"RS256","b64":true}"#),
        ("zip", r#"{"alg":"RS256","zip":"DEF"}"#),
        ("enc", r#"{"alg":"RS256","enc":"A128GCM"}"#),
    ] {
        assert_eq!(refusal(&with_header(header)), JwsError::UnsupportedHeader(name), "{header}");
    }
}

#[test]
fn key_ids_and_types_that_are_not_short_strings_are_refused() {
    for value in ["1", "null", "[]", r#"["k1"]"#, "{}", "true"] {
        for name in ["kid", "typ", "cty"] {
            let header = format!(r#"{{"alg":"RS256","{name}":{value}}}"#);
            assert_eq!(refusal(&with_header(&header)), JwsError::HeaderType(name), "{header}");
        }
    }
    let of_length = |length| with_header(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(length)));
    assert!(Compact::parse(&of_length(128), MAX).is_ok());
    assert_eq!(refusal(&of_length(129)), JwsError::KidTooLong);
    let huge = of_length(1 << 20);
    assert_eq!(refusal(&huge), JwsError::TooLong(MAX));
    assert_eq!(Compact::parse(&huge, usize::MAX).unwrap_err(), JwsError::KidTooLong);
}

#[test]
fn a_hostile_key_id_is_handed_on_as_plain_text() {
    for kid in ["../../etc/passwd", "' OR 1=1 --", "", "k\u{0}"] {
        let header = serde_json::json!({ "alg": "RS256", "kid": kid }).to_string();
        assert_eq!(Compact::parse(&with_header(&header), MAX).unwrap().kid(), Some(kid));
    }
}

#[test]
fn keys_a_token_brings_along_are_not_used() {
    let payload = br#"{"sub":"alice"}"#;
    let input = signing_input(
        r#"{"alg":"RS256","kid":"k1","jku":"https://evil.test/jwks","x5u":"https://evil.test/c","x5c":["AA=="],"jwk":{"kty":"RSA"}}"#,
        payload,
    );
    let signature = PrivateKey::generate().unwrap().sign(Algorithm::Rs256, input.as_bytes()).unwrap();
    let token = assemble(input, &signature);
    let token = Compact::parse(&token, MAX).unwrap();
    assert_eq!(
        token.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(key().public())),
        Err(JwsError::BadSignature)
    );
    let printed = format!("{token:?}");
    assert!(!printed.contains("evil.test") && !printed.contains("jwk"), "{printed}");
}

#[test]
fn an_hs256_token_made_from_the_public_key_is_refused() {
    let key = key();
    let spki = key.public().to_spki_der();
    let text = pem::encode("PUBLIC KEY", &spki, LineEnd::Lf);
    let jwk = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, encode(key.public().modulus()));
    for (name, secret) in [
        ("PEM", text.clone().into_bytes()),
        ("PEM with a line end", format!("{text}\n").into_bytes()),
        ("PEM with a leading space", format!(" {text}").into_bytes()),
        ("PEM with CRLF", text.replace('\n', "\r\n").into_bytes()),
        ("DER", spki.clone()),
        ("JWK", jwk.into_bytes()),
        ("modulus", key.public().modulus().to_vec()),
    ] {
        let token = sign(r#"{"alg":"HS256"}"#, b"{}", &HmacKey::new(&secret)).unwrap();
        let token = Compact::parse(&token, MAX).unwrap();
        let refused = token.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(key.public()));
        assert_eq!(refused, Err(JwsError::AlgorithmNotAllowed(Algorithm::Hs256)), "{name}");
        // Even a caller that carelessly allows both gets no further.
        let refused = token.verify(&EVERY, VerifyingKey::Rsa(key.public()));
        assert_eq!(refused, Err(JwsError::KeyMismatch(Algorithm::Hs256)), "{name}");
    }
}

#[test]
fn an_hs256_token_made_from_a_public_key_on_a_curve_is_refused() {
    let key = ecdsa::PrivateKey::generate(Curve::P256).unwrap();
    let public = key.public();
    let spki = public.to_spki_der();
    let point = [&[4], public.x(), public.y()].concat();
    for (name, secret) in [
        ("PEM", pem::encode("PUBLIC KEY", &spki, LineEnd::Lf).into_bytes()),
        ("DER", spki),
        ("the point", point.clone()),
        ("both coordinates", point[1..].to_vec()),
        ("x", public.x().to_vec()),
    ] {
        let token = sign(r#"{"alg":"HS256"}"#, b"{}", &HmacKey::new(&secret)).unwrap();
        let token = Compact::parse(&token, MAX).unwrap();
        let refused = token.verify(&[Algorithm::Es256], VerifyingKey::Ec(public));
        assert_eq!(refused, Err(JwsError::AlgorithmNotAllowed(Algorithm::Hs256)), "{name}");
        let refused = token.verify(&EVERY, VerifyingKey::Ec(public));
        assert_eq!(refused, Err(JwsError::KeyMismatch(Algorithm::Hs256)), "{name}");
    }
}

#[test]
fn an_algorithm_that_does_not_belong_to_the_kind_of_key_is_refused() {
    let secret = HmacKey::new(b"secret");
    for algorithm in EVERY {
        let token = with_header(&format!(r#"{{"alg":"{algorithm}"}}"#));
        let token = Compact::parse(&token, MAX).unwrap();
        let mismatch = Err(JwsError::KeyMismatch(algorithm));
        assert_eq!(
            token.verify(&EVERY, VerifyingKey::Hmac(&secret)) == mismatch,
            algorithm != Algorithm::Hs256
        );
        assert_eq!(
            token.verify(&EVERY, VerifyingKey::Rsa(key().public())) == mismatch,
            algorithm.kind() != KeyKind::Rsa
        );
        for curve in Curve::ALL {
            let key = ecdsa::PrivateKey::generate(curve).unwrap();
            let verified = token.verify(&EVERY, VerifyingKey::Ec(key.public()));
            assert_eq!(verified == mismatch, algorithm != curve.algorithm(), "{algorithm} on {curve}");
        }
    }
}

#[test]
fn an_algorithm_outside_the_allowed_ones_is_refused_although_the_signature_is_good() {
    let token = rs256("{}");
    let token = Compact::parse(&token, MAX).unwrap();
    let rsa = key();
    let rsa = VerifyingKey::Rsa(rsa.public());
    assert_eq!(token.verify(&[Algorithm::Rs256], rsa), Ok(()));
    assert_eq!(
        token.verify(&[Algorithm::Ps256, Algorithm::Rs512], rsa),
        Err(JwsError::AlgorithmNotAllowed(Algorithm::Rs256))
    );
    assert_eq!(token.verify(&[], rsa), Err(JwsError::AlgorithmNotAllowed(Algorithm::Rs256)));
}

#[test]
fn a_changed_header_payload_or_signature_is_refused() {
    let token = rs256(r#"{"sub":"alice"}"#);
    let parts: Vec<&str> = token.split('.').collect();
    let header = encode(br#"{"alg":"RS256","typ":"JWT","kid":"k2"}"#);
    let payload = encode(br#"{"sub":"admin"}"#);
    let signature = encode(&[0; 256]);
    for (name, changed) in [
        ("header", format!("{header}.{}.{}", parts[1], parts[2])),
        ("payload", format!("{}.{payload}.{}", parts[0], parts[2])),
        ("empty payload", format!("{}..{}", parts[0], parts[2])),
        ("signature", format!("{}.{}.{signature}", parts[0], parts[1])),
        ("short signature", format!("{}.{}.AAAA", parts[0], parts[1])),
    ] {
        let changed = Compact::parse(&changed, MAX).unwrap();
        let refused = changed.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(key().public()));
        assert_eq!(refused, Err(JwsError::BadSignature), "{name}");
    }
}

#[test]
fn a_key_with_a_small_exponent_or_modulus_cannot_be_made() {
    let n = key().public().modulus().to_vec();
    for (name, n, e) in [("e=1", &n[..], &[1][..]), ("e=3", &n, &[3]), ("512 bits", &n[..64], &[1, 0, 1])] {
        assert!(PublicKey::from_components(n, e).is_err(), "{name}");
    }
}

#[test]
fn text_that_is_not_three_parts_is_refused() {
    let token = rs256("{}");
    for (name, text) in [
        ("nothing", String::new()),
        ("one part", "e30".to_owned()),
        ("two parts", "e30.e30".to_owned()),
        ("four parts", format!("{token}.AAAA")),
        ("the five parts of a JWE", format!("{}.AA.AA.AA.AA", encode(br#"{"alg":"dir","enc":"A128GCM"}"#))),
        ("dots only", "..".to_owned()),
        ("no header", ".e30.AAAA".to_owned()),
    ] {
        assert_eq!(refusal(&text), JwsError::NotThreeParts, "{name}");
    }
}

#[test]
fn the_json_serialisation_is_refused() {
    let token = rs256("{}");
    let parts: Vec<&str> = token.split('.').collect();
    let flattened =
        format!(r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#, parts[0], parts[1], parts[2]);
    let general = format!(
        r#"{{"payload":"{}","signatures":[{{"protected":"{}","signature":"{}"}},{{"protected":"e30","signature":"AA"}}]}}"#,
        parts[1], parts[0], parts[2]
    );
    assert_eq!(refusal(&flattened), JwsError::NotThreeParts);
    assert_eq!(refusal(&general), JwsError::NotThreeParts);
}

#[test]
fn a_second_spelling_of_base64url_is_refused_in_every_part() {
    let header = encode(br#"{"alg":"RS256"}"#);
    for (name, bad) in [
        ("padding", "e30="),
        ("a space", "e30 "),
        ("a line end", "e30\n"),
        ("plus", "+A"),
        ("slash", "/w"),
        ("percent encoding", "e30%3D"),
        ("left-over bits", "AB"),
        ("a lonely character", "A"),
    ] {
        assert_eq!(refusal(&format!("{bad}.e30.AAAA")), JwsError::NotBase64Url("header"), "{name}");
        assert_eq!(refusal(&format!("{header}.{bad}.AAAA")), JwsError::NotBase64Url("payload"), "{name}");
        assert_eq!(refusal(&format!("{header}.e30.{bad}")), JwsError::NotBase64Url("signature"), "{name}");
    }
}

#[test]
fn a_token_with_white_space_or_a_scheme_around_it_is_refused() {
    let token = rs256("{}");
    for text in [format!(" {token}"), format!("{token}\n"), format!("Bearer {token}")] {
        assert!(Compact::parse(&text, MAX).is_err(), "{text:?}");
    }
}

#[test]
fn a_token_longer_than_the_limit_is_refused_before_it_is_read() {
    let token = rs256("{}");
    assert!(Compact::parse(&token, token.len()).is_ok());
    assert_eq!(Compact::parse(&token, token.len() - 1).unwrap_err(), JwsError::TooLong(token.len() - 1));
    assert_eq!(refusal(&"*".repeat(MAX + 1)), JwsError::TooLong(MAX));
}

#[test]
fn a_header_that_is_not_one_strict_json_object_is_refused() {
    let duplicate = with_header(r#"{"alg":"RS256","alg":"HS256"}"#);
    let expected = JwsError::Header(JsonError::DuplicateMember("alg".to_owned()));
    assert_eq!(refusal(&duplicate), expected);
    let escaped = with_header(r#"{"alg":"RS256","\u0061lg":"HS256"}"#);
    assert_eq!(refusal(&escaped), expected);
    let nested = with_header(r#"{"alg":"RS256","x":{"y":1,"y":2}}"#);
    assert_eq!(refusal(&nested), JwsError::Header(JsonError::DuplicateMember("y".to_owned())));
    for header in ["[]", "null", "1", r#""RS256""#] {
        assert_eq!(refusal(&with_header(header)), JwsError::HeaderNotObject, "{header}");
    }
    for header in ["{", "alg=RS256", r#"{"alg":"RS256"}{}"#, r#"{"alg":"RS256",}"#] {
        assert!(
            matches!(refusal(&with_header(header)), JwsError::Header(JsonError::Syntax { .. })),
            "{header}"
        );
    }
    let deep = with_header(&format!(r#"{{"alg":"RS256","x":{}{}}}"#, "[".repeat(64), "]".repeat(64)));
    assert_eq!(refusal(&deep), JwsError::Header(JsonError::TooDeep));
}

#[test]
fn a_token_whose_dates_are_not_integers_is_refused() {
    for name in ["exp", "nbf", "iat"] {
        for value in [
            r#""1300819380""#,
            "1300819380.0",
            "1300819380.5",
            "1.3e9",
            "-1",
            "-0",
            "253402300800",
            "9223372036854775808",
            "18446744073709551616",
            "[1300819380]",
            "{}",
            "null",
            "true",
        ] {
            let payload = format!(r#"{{"{name}":{value}}}"#);
            assert_eq!(Claims::parse(payload.as_bytes()), Err(ClaimsError::NotADate(name)), "{payload}");
        }
        let infinite = format!(r#"{{"{name}":1e400}}"#);
        let refused = Claims::parse(infinite.as_bytes());
        assert!(matches!(refused, Err(ClaimsError::Json(JsonError::Syntax { .. }))), "{infinite}");
    }
    let claims = Claims::parse(br#"{"exp":253402300799,"nbf":0,"iat":1}"#).unwrap();
    assert_eq!((claims.exp, claims.nbf, claims.iat), (Some(253_402_300_799), Some(0), Some(1)));
}

#[test]
fn a_token_whose_text_claims_are_not_strings_is_refused() {
    for name in ["iss", "sub", "jti", "azp", "client_id", "scope"] {
        for value in ["1", "null", "[]", r#"["x"]"#, "{}", "false"] {
            let payload = format!(r#"{{"{name}":{value}}}"#);
            assert_eq!(Claims::parse(payload.as_bytes()), Err(ClaimsError::NotAString(name)), "{payload}");
        }
    }
}

#[test]
fn an_audience_is_a_string_or_an_array_of_strings() {
    let aud =
        |value: &str| Claims::parse(format!(r#"{{"aud":{value}}}"#).as_bytes()).map(|claims| claims.aud);
    assert_eq!(aud(r#""a""#).unwrap(), ["a"]);
    assert_eq!(aud(r#"["a","b"]"#).unwrap(), ["a", "b"]);
    assert!(aud("[]").unwrap().is_empty());
    // One string is one audience, whatever is in it: nothing is split, so no part of it can match.
    assert_eq!(aud(r#""a b,c""#).unwrap(), ["a b,c"]);
    for value in ["1", "null", "{}", r#"{"a":"b"}"#, "[1]", r#"["a",null]"#, r#"["a",["b"]]"#, "true"] {
        assert_eq!(aud(value), Err(ClaimsError::Audience), "{value}");
    }
}

#[test]
fn claims_that_are_not_one_strict_json_object_are_refused() {
    for payload in [r#"{"exp":1,"exp":2}"#, r#"{"\u0065xp":1,"exp":2}"#, r#"{"x":{"exp":1,"exp":1}}"#] {
        let refused = Claims::parse(payload.as_bytes());
        assert_eq!(
            refused,
            Err(ClaimsError::Json(JsonError::DuplicateMember("exp".to_owned()))),
            "{payload}"
        );
    }
    for payload in ["[]", "null", "\"x\"", "1"] {
        assert_eq!(Claims::parse(payload.as_bytes()), Err(ClaimsError::NotAnObject), "{payload}");
    }
    for payload in [&b""[..], b"{}x", b"{\"sub\":\"\xff\"}", b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA"] {
        assert!(matches!(Claims::parse(payload), Err(ClaimsError::Json(JsonError::Syntax { .. }))));
    }
}

#[test]
fn claims_nobody_registered_are_kept_in_order() {
    let payload = br#"{"z":1,"sub":"alice","a":{"x":[1]},"Exp":"x","https://ns.test/roles":["r"],"m":null}"#;
    let claims = Claims::parse(payload).unwrap();
    assert_eq!(claims.sub.as_deref(), Some("alice"));
    assert_eq!(
        serde_json::to_string(&claims.other).unwrap(),
        r#"{"z":1,"a":{"x":[1]},"Exp":"x","https://ns.test/roles":["r"],"m":null}"#
    );
}

#[test]
fn a_token_is_valid_from_nbf_to_just_before_exp() {
    let claims = Claims { exp: Some(100), nbf: Some(50), iat: Some(40), ..Claims::default() };
    for (name, now, leeway, expected) in [
        ("the first second", 50, 0, Ok(())),
        ("the last second", 99, 0, Ok(())),
        ("the second of exp", 100, 0, Err(TimeError::Expired)),
        ("the last second with leeway", 109, 10, Ok(())),
        ("after exp and leeway", 110, 10, Err(TimeError::Expired)),
        ("before nbf", 49, 0, Err(TimeError::NotYetValid)),
        ("before nbf, within leeway", 40, 10, Ok(())),
        ("before nbf and leeway", 39, 10, Err(TimeError::NotYetValid)),
        ("the end of time", i64::MAX, 10, Err(TimeError::Expired)),
        ("endless leeway", 0, i64::MAX, Ok(())),
    ] {
        assert_eq!(claims.check_times(now, leeway), expected, "{name}");
    }
}

#[test]
fn a_token_without_exp_or_from_the_future_is_refused() {
    assert_eq!(Claims::default().check_times(0, 0), Err(TimeError::MissingExp));
    let claims = Claims { exp: Some(100), iat: Some(50), ..Claims::default() };
    assert_eq!(claims.check_times(49, 0), Err(TimeError::IssuedInFuture));
    assert_eq!(claims.check_times(49, 1), Ok(()));
    assert_eq!(Claims { exp: Some(100), ..Claims::default() }.check_times(0, 0), Ok(()));
}

#[test]
fn a_token_with_any_character_changed_or_cut_off_never_verifies() {
    let token = rs256(r#"{"sub":"alice","exp":1900000000}"#);
    let key = key();
    let good = |text: &str| {
        Compact::parse(text, MAX)
            .is_ok_and(|token| token.verify(&EVERY, VerifyingKey::Rsa(key.public())).is_ok())
    };
    assert!(good(&token));
    for at in 0..token.len() {
        assert!(!good(&token[..at]), "cut off at {at}");
        for other in ["A", "_", ".", "=", "\0", "é"] {
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert!(changed == token || !good(&changed), "{other:?} at {at}");
        }
    }
}

#[test]
fn debug_prints_nothing_a_thief_could_use() {
    let token = rs256(r#"{"sub":"alice"}"#);
    let token = Compact::parse(&token, MAX).unwrap();
    assert_eq!(
        format!("{token:?}"),
        r#"Compact { algorithm: Rs256, kid: Some("k1"), typ: Some("JWT"), .. }"#
    );
}
