//! New passkeys: which are taken, and why all others are not.

use chancery_jose::base64url;
use chancery_jose::json::JsonError;
use serde_json::{Value, json};

use super::authenticator::{AT, BE, BS, ED, Key, Registration, UP, UV, bytes, client_data, int, map, text};
use super::{CHALLENGE, EXPECTED, RP};
use crate::{
    Algorithm, AuthenticatorDataError, CborError, ClientDataError, Credential, Expected, KeyError,
    MAX_RESPONSE, MemberError, RegisterError, RelyingParty, ResponseError, register,
};

fn registration() -> Registration {
    Registration::new(&Key::new(Algorithm::Es256))
}

fn refusal(registration: &Registration) -> RegisterError {
    register(&registration.json(), &EXPECTED).unwrap_err()
}

fn response_refusal(value: &Value) -> ResponseError {
    let refused = register(&value.to_string(), &EXPECTED).unwrap_err();
    let RegisterError::Response(error) = refused else { panic!("{refused}") };
    error
}

/// What is said to client data in which a text is replaced by another.
fn client_data_refusal(from: &str, to: &str) -> ClientDataError {
    let good = client_data("webauthn.create");
    let changed = good.replace(from, to);
    assert_ne!(changed, good);
    let refused = refusal(&Registration { client_data: changed.into_bytes(), ..registration() });
    let RegisterError::ClientData(error) = refused else { panic!("{refused}") };
    error
}

fn data_refusal(registration: &Registration) -> AuthenticatorDataError {
    let refused = refusal(registration);
    let RegisterError::AuthenticatorData(error) = refused else { panic!("{refused}") };
    error
}

#[test]
fn a_passkey_of_each_algorithm_is_taken_with_all_that_is_to_be_stored() {
    for algorithm in Algorithm::ALL {
        let key = Key::new(algorithm);
        let given = Registration { flags: UP | UV | AT | BE | BS, sign_count: 7, ..Registration::new(&key) };
        let credential = Credential {
            id: b"credential".to_vec(),
            public_key: key.cose(),
            algorithm,
            sign_count: 7,
            backup_eligible: true,
            backed_up: true,
            aaguid: [0xaa; 16],
            transports: vec!["internal".to_owned(), "hybrid".to_owned()],
        };
        assert_eq!(register(&given.json(), &EXPECTED), Ok(credential));
    }
}

#[test]
fn a_passkey_that_stays_in_its_authenticator_is_taken() {
    let credential = register(&registration().json(), &EXPECTED).unwrap();
    assert!(!credential.backup_eligible && !credential.backed_up);
    let given = Registration { flags: UP | UV | AT | BE, ..registration() };
    let credential = register(&given.json(), &EXPECTED).unwrap();
    assert!(credential.backup_eligible && !credential.backed_up);
}

#[test]
fn transports_may_be_missing_or_unknown() {
    let mut value = registration().value();
    value["response"]["transports"] = json!(["pigeon"]);
    assert_eq!(register(&value.to_string(), &EXPECTED).unwrap().transports, ["pigeon"]);
    value["response"].as_object_mut().unwrap().remove("transports");
    assert_eq!(register(&value.to_string(), &EXPECTED).unwrap().transports, [""; 0]);
}

#[test]
fn a_relying_party_on_localhost_has_its_port_in_the_origin() {
    let rp = RelyingParty { id: "localhost", name: "Local", origin: "http://localhost:3000" };
    let given = Registration {
        rp_id: "localhost".to_owned(),
        client_data: client_data("webauthn.create").replace(RP.origin, rp.origin).into_bytes(),
        ..registration()
    };
    assert!(register(&given.json(), &Expected { rp, challenge: CHALLENGE }).is_ok());
}

#[test]
fn client_data_without_cross_origin_and_with_more_members_is_taken() {
    let data = client_data("webauthn.create").replace(r#","crossOrigin":false"#, r#","future":{"a":[1]}"#);
    assert!(register(&Registration { client_data: data.into(), ..registration() }.json(), &EXPECTED).is_ok());
}

#[test]
fn an_answer_to_another_ceremony_is_refused() {
    assert_eq!(
        client_data_refusal("webauthn.create", "webauthn.get"),
        ClientDataError::Type { found: "webauthn.get".to_owned(), expected: "webauthn.create" }
    );
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let sent = base64url::encode(CHALLENGE);
    for other in [b"0123456789abcdef0123456789abcdeg".as_slice(), &CHALLENGE[..31], b""] {
        assert_eq!(client_data_refusal(&sent, &base64url::encode(other)), ClientDataError::Challenge);
    }
    let wrong = ClientDataError::Member(MemberError::Base64("challenge"));
    assert_eq!(client_data_refusal(&sent, &format!("{sent}=")), wrong);
}

#[test]
fn a_challenge_that_could_be_guessed_never_counts() {
    let data = client_data("webauthn.create").replace(&base64url::encode(CHALLENGE), "");
    let given = Registration { client_data: data.into_bytes(), ..registration() };
    let refused = register(&given.json(), &Expected { rp: RP, challenge: b"" }).unwrap_err();
    assert_eq!(refused, RegisterError::ClientData(ClientDataError::ShortChallenge(0)));
}

#[test]
fn an_answer_from_any_other_origin_is_refused() {
    for found in [
        "https://tenant.example/",
        "https://tenant.example:443",
        "http://tenant.example",
        "https://Tenant.example",
        "https://login.tenant.example",
        "https://tenant.example.evil.example",
        "null",
        "",
    ] {
        let refused = client_data_refusal("https://tenant.example", found);
        let expected = "https://tenant.example".to_owned();
        assert_eq!(refused, ClientDataError::Origin { found: found.to_owned(), expected });
    }
    let ClientDataError::Origin { found, .. } =
        client_data_refusal("https://tenant.example", &"x".repeat(9000))
    else {
        panic!()
    };
    assert_eq!(found, "x".repeat(100));
}

#[test]
fn an_answer_from_inside_a_frame_is_refused() {
    let kind = MemberError::Kind { member: "crossOrigin", expected: "true or false" };
    for (to, error) in [
        (r#""crossOrigin":true"#, ClientDataError::CrossOrigin),
        (r#""crossOrigin":"false""#, ClientDataError::Member(kind.clone())),
        (r#""crossOrigin":null"#, ClientDataError::Member(kind)),
        (r#""crossOrigin":false,"topOrigin":"https://tenant.example""#, ClientDataError::TopOrigin),
        (r#""topOrigin":null"#, ClientDataError::TopOrigin),
    ] {
        assert_eq!(client_data_refusal(r#""crossOrigin":false"#, to), error);
    }
}

#[test]
fn client_data_with_a_member_twice_is_refused() {
    for (member, value) in
        [("type", "webauthn.create"), ("challenge", "AAAA"), ("origin", "https://tenant.example")]
    {
        let refused = client_data_refusal("{", &format!(r#"{{"{member}":"{value}","#));
        let twice = JsonError::DuplicateMember(member.to_owned());
        assert_eq!(refused, ClientDataError::Member(MemberError::Json(twice)));
    }
}

#[test]
fn client_data_with_a_member_missing_or_of_another_kind_is_refused() {
    for member in ["type", "challenge", "origin"] {
        let quoted = format!(r#""{member}":"#);
        let missing = client_data_refusal(&quoted, r#""other":"#);
        assert_eq!(missing, ClientDataError::Member(MemberError::Missing(member)));
        let kind = MemberError::Kind { member, expected: "a string" };
        let listed = client_data_refusal(&quoted, &format!(r#"{quoted}[],"x":"#));
        assert_eq!(listed, ClientDataError::Member(kind));
    }
}

#[test]
fn client_data_that_is_no_json_object_in_utf_8_is_refused() {
    for (data, syntax) in [
        (b"\"text\"".to_vec(), false),
        (b"[]".to_vec(), false),
        (b"".to_vec(), true),
        ([b"\xef\xbb\xbf", client_data("webauthn.create").as_bytes()].concat(), true),
        ([client_data("webauthn.create").as_bytes(), b"x"].concat(), true),
        (b"{\"type\":\"webauthn.create\xff\"}".to_vec(), true),
    ] {
        let refused = refusal(&Registration { client_data: data, ..registration() });
        let RegisterError::ClientData(ClientDataError::Member(error)) = refused else { panic!("{refused}") };
        assert_eq!(matches!(error, MemberError::Json(JsonError::Syntax { .. })), syntax, "{error}");
        assert_eq!(error == MemberError::NotObject, !syntax);
    }
}

#[test]
fn a_credential_for_another_relying_party_is_refused() {
    for rp_id in ["example", "login.tenant.example", "TENANT.example", ""] {
        let refused = data_refusal(&Registration { rp_id: rp_id.to_owned(), ..registration() });
        assert_eq!(refused, AuthenticatorDataError::RpId { expected: "tenant.example".to_owned() });
    }
}

#[test]
fn flags_that_must_be_set_or_fit_each_other_are_looked_at() {
    for (flags, error) in [
        (UV | AT, AuthenticatorDataError::UserAbsent),
        (UP | AT, AuthenticatorDataError::UserNotVerified),
        (UP | UV | AT | BS, AuthenticatorDataError::BackupState),
        (UP | UV, AuthenticatorDataError::NoCredential),
    ] {
        assert_eq!(data_refusal(&Registration { flags, ..registration() }), error);
    }
}

#[test]
fn credential_ids_have_1_to_1023_bytes() {
    assert!(register(&Registration { id: vec![1; 1023], ..registration() }.json(), &EXPECTED).is_ok());
    for length in [0, 1024] {
        let given = Registration { id: vec![1; length], ..registration() };
        assert_eq!(refusal(&given), RegisterError::Response(ResponseError::IdLength(length)));
        // The same where only the authenticator says so.
        let value = registration().value_with(&given.attestation_object());
        let refused = register(&value.to_string(), &EXPECTED).unwrap_err();
        assert_eq!(refused, RegisterError::AuthenticatorData(AuthenticatorDataError::IdLength(length)));
    }
}

#[test]
fn the_credential_id_is_the_same_everywhere() {
    let other = Registration { id: b"credentiak".to_vec(), ..registration() };
    let value = other.value_with(&registration().attestation_object());
    assert_eq!(register(&value.to_string(), &EXPECTED).unwrap_err(), RegisterError::CredentialId);
    let mut value = registration().value();
    value["id"] = json!(base64url::encode(b"credentiak"));
    assert_eq!(response_refusal(&value), ResponseError::IdMismatch);
}

#[test]
fn a_public_key_that_is_refused_makes_no_passkey() {
    let es384 = map(&[(int(1), int(2)), (int(3), int(-35))]);
    let given = Registration { public_key: es384, ..registration() };
    assert_eq!(refusal(&given), RegisterError::Key(KeyError::Algorithm(-35)));
    let given = Registration { public_key: int(1), ..registration() };
    assert_eq!(refusal(&given), RegisterError::Key(KeyError::NotMap));
    let given = Registration { public_key: vec![0xbf, 0xff], ..registration() };
    assert_eq!(data_refusal(&given), AuthenticatorDataError::Key(CborError::Indefinite(0)));
}

#[test]
fn extensions_that_nobody_asked_for_are_passed_over_if_they_are_well_formed() {
    let flags = UP | UV | AT | ED;
    let rest = map(&[(text("credProtect"), int(2)), (text("hmac-secret"), vec![0xf5])]);
    assert!(register(&Registration { flags, rest, ..registration() }.json(), &EXPECTED).is_ok());
    for (rest, error) in [
        (vec![], AuthenticatorDataError::Extensions(CborError::Malformed(0))),
        (vec![0xbf, 0xff], AuthenticatorDataError::Extensions(CborError::Indefinite(0))),
        (int(1), AuthenticatorDataError::ExtensionsKind),
        (map(&[(int(1), int(1))]), AuthenticatorDataError::ExtensionsKind),
        ([map(&[]), vec![0, 0]].concat(), AuthenticatorDataError::Trailing(2)),
    ] {
        assert_eq!(data_refusal(&Registration { flags, rest, ..registration() }), error);
    }
}

#[test]
fn bytes_that_no_flag_announces_are_refused() {
    let given = Registration { rest: map(&[]), ..registration() };
    assert_eq!(data_refusal(&given), AuthenticatorDataError::Trailing(1));
    let object = [registration().attestation_object(), vec![0]].concat();
    let refused = register(&registration().value_with(&object).to_string(), &EXPECTED).unwrap_err();
    assert_eq!(refused, RegisterError::Attestation(CborError::Trailing(1)));
}

#[test]
fn authenticator_data_that_ends_early_is_refused() {
    for length in [0, 36, 37, 52, 54, 60] {
        let data = &registration().authenticator_data()[..length];
        let object =
            map(&[(text("fmt"), text("none")), (text("attStmt"), map(&[])), (text("authData"), bytes(data))]);
        let refused = register(&registration().value_with(&object).to_string(), &EXPECTED).unwrap_err();
        let short = AuthenticatorDataError::Short(length);
        assert_eq!(refused, RegisterError::AuthenticatorData(short), "{length}");
    }
}

#[test]
fn an_attestation_is_passed_over_if_it_is_well_formed() {
    let x5c = [vec![0x81], bytes(b"certificate")].concat();
    let statement = map(&[(text("alg"), int(-7)), (text("sig"), bytes(b"no")), (text("x5c"), x5c)]);
    let given = Registration { format: text("packed"), statement, ..registration() };
    assert!(register(&given.json(), &EXPECTED).is_ok());
}

#[test]
fn an_attestation_object_that_is_not_well_formed_is_refused() {
    let good = registration();
    let wrong = |member, expected| RegisterError::AttestationMember { member, expected };
    for (given, error) in [
        (Registration { format: int(1), ..registration() }, wrong("fmt", "a text")),
        (Registration { statement: int(1), ..registration() }, wrong("attStmt", "a map")),
        (
            Registration { statement: map(&[(text("alg"), int(-7))]), ..registration() },
            wrong("attStmt", "empty, as fmt is none"),
        ),
    ] {
        assert_eq!(refusal(&given), error);
    }
    let data = bytes(&good.authenticator_data());
    let twice = map(&[(text("fmt"), text("none")), (text("fmt"), text("none"))]);
    for (object, error) in [
        (int(1), wrong("fmt", "a text")),
        (map(&[(text("attStmt"), map(&[])), (text("authData"), data.clone())]), wrong("fmt", "a text")),
        (map(&[(text("fmt"), text("none")), (text("authData"), data)]), wrong("attStmt", "a map")),
        (
            map(&[(text("fmt"), text("none")), (text("attStmt"), map(&[]))]),
            wrong("authData", "a byte string"),
        ),
        (twice, RegisterError::Attestation(CborError::DuplicateKey(10))),
    ] {
        assert_eq!(register(&good.value_with(&object).to_string(), &EXPECTED).unwrap_err(), error);
    }
}

#[test]
fn an_envelope_that_cannot_be_read_is_refused() {
    let member = ResponseError::Member;
    let missing = |name| member(MemberError::Missing(name));
    assert_eq!(response_refusal(&json!([])), member(MemberError::NotObject));
    for name in ["id", "rawId", "type", "response"] {
        let mut value = registration().value();
        value.as_object_mut().unwrap().remove(name);
        assert_eq!(response_refusal(&value), missing(name));
    }
    for name in ["clientDataJSON", "attestationObject"] {
        let mut value = registration().value();
        value["response"].as_object_mut().unwrap().remove(name);
        assert_eq!(response_refusal(&value), missing(name));
        value["response"][name] = json!("a+b/");
        assert_eq!(response_refusal(&value), member(MemberError::Base64(name)));
        value["response"][name] = json!(1);
        let kind = MemberError::Kind { member: name, expected: "a string" };
        assert_eq!(response_refusal(&value), member(kind));
    }
    let mut value = registration().value();
    value["response"] = json!("text");
    let kind = MemberError::Kind { member: "response", expected: "an object" };
    assert_eq!(response_refusal(&value), member(kind));
    let mut value = registration().value();
    value["type"] = json!("password");
    assert_eq!(response_refusal(&value), ResponseError::Type);
    let twice = registration().json().replacen('{', r#"{"id":"AAAA","#, 1);
    let error = JsonError::DuplicateMember("id".to_owned());
    let refused = RegisterError::Response(member(MemberError::Json(error)));
    assert_eq!(register(&twice, &EXPECTED).unwrap_err(), refused);
}

#[test]
fn transports_are_limited() {
    let kind = MemberError::Kind { member: "transports", expected: "a list of strings" };
    for (transports, error) in [
        (json!("usb"), ResponseError::Member(kind.clone())),
        (json!([1]), ResponseError::Member(kind)),
        (json!(vec!["usb"; 17]), ResponseError::Transports),
        (json!(["u".repeat(33)]), ResponseError::Transports),
    ] {
        let mut value = registration().value();
        value["response"]["transports"] = transports;
        assert_eq!(response_refusal(&value), error);
    }
}

#[test]
fn an_answer_may_have_65536_bytes_and_no_more() {
    let mut text = registration().json();
    text.push_str(&" ".repeat(MAX_RESPONSE - text.len()));
    assert!(register(&text, &EXPECTED).is_ok());
    text.push(' ');
    let refused = RegisterError::Response(ResponseError::TooLong(65_537));
    assert_eq!(register(&text, &EXPECTED).unwrap_err(), refused);
}
