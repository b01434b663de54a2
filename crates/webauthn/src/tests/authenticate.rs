//! Passkeys that are used: which answers count, and why all others do not.

use chancery_jose::base64url;
use serde_json::{Value, json};

use super::authenticator::{AT, Authentication, BE, BS, ED, Key, Registration, UP, UV, client_data, map};
use super::{CHALLENGE, EXPECTED, HANDLE, stored};
use crate::{
    Algorithm, AuthenticateError, Authenticated, AuthenticatorDataError, Claimed, ClientDataError,
    Credential, Expected, KeyError, MemberError, RelyingParty, ResponseError, Stored, authenticate, claimed,
    register,
};

fn key() -> Key {
    Key::new(Algorithm::Es256)
}

fn credential(key: &Key) -> Credential {
    register(&Registration::new(key).json(), &EXPECTED).unwrap()
}

fn refusal(given: &Authentication) -> AuthenticateError {
    authenticate(&given.json(&key()), &EXPECTED, &stored(&credential(&key()))).unwrap_err()
}

/// What is said to an answer whose JSON was changed.
fn value_refusal(change: impl Fn(&mut Value)) -> AuthenticateError {
    let mut value = Authentication::new().value(&key());
    change(&mut value);
    authenticate(&value.to_string(), &EXPECTED, &stored(&credential(&key()))).unwrap_err()
}

#[test]
fn a_passkey_of_each_algorithm_signs_in_again_and_again_while_its_counter_rises() {
    for algorithm in Algorithm::ALL {
        let key = Key::new(algorithm);
        let mut credential = credential(&key);
        for sign_count in [1, 2, 9, u32::MAX] {
            let given = Authentication { sign_count, ..Authentication::new() };
            let answer = authenticate(&given.json(&key), &EXPECTED, &stored(&credential));
            let user_handle = Some(HANDLE.to_vec());
            assert_eq!(answer, Ok(Authenticated { sign_count, backed_up: false, user_handle }));
            credential.sign_count = sign_count;
        }
    }
}

#[test]
fn an_authenticator_that_does_not_count_signs_in_for_ever() {
    let credential = credential(&key());
    for _ in 0..3 {
        let answer = authenticate(&Authentication::new().json(&key()), &EXPECTED, &stored(&credential));
        assert_eq!(answer.unwrap().sign_count, 0);
    }
}

#[test]
fn a_counter_that_does_not_rise_is_refused() {
    let credential = credential(&key());
    for (last, found) in [(1, 0), (1, 1), (7, 6), (u32::MAX, 0)] {
        let given = Authentication { sign_count: found, ..Authentication::new() };
        let stored = Stored { sign_count: last, ..stored(&credential) };
        let refused = authenticate(&given.json(&key()), &EXPECTED, &stored).unwrap_err();
        assert_eq!(refused, AuthenticateError::SignCount { stored: last, found });
    }
}

#[test]
fn a_counter_is_not_believed_before_the_signature() {
    let other = Key::new(Algorithm::EdDsa);
    let stored_credential = credential(&key());
    let stored = Stored { sign_count: 7, ..stored(&stored_credential) };
    let refused = authenticate(&Authentication::new().json(&other), &EXPECTED, &stored).unwrap_err();
    assert_eq!(refused, AuthenticateError::Signature);
}

#[test]
fn a_backup_may_come_and_go() {
    let given = Registration { flags: UP | UV | AT | BE, ..Registration::new(&key()) };
    let credential = register(&given.json(), &EXPECTED).unwrap();
    for (flags, backed_up) in [(UP | UV | BE | BS, true), (UP | UV | BE, false)] {
        let given = Authentication { flags, ..Authentication::new() };
        let answer = authenticate(&given.json(&key()), &EXPECTED, &stored(&credential)).unwrap();
        assert_eq!(answer.backed_up, backed_up);
    }
    let refused = authenticate(&Authentication::new().json(&key()), &EXPECTED, &stored(&credential));
    assert_eq!(refused, Err(AuthenticateError::BackupEligibility(true)));
}

#[test]
fn a_credential_that_could_not_be_backed_up_never_can() {
    let given = Authentication { flags: UP | UV | BE, ..Authentication::new() };
    assert_eq!(refusal(&given), AuthenticateError::BackupEligibility(false));
}

#[test]
fn an_answer_tells_which_credential_it_claims_to_be_of() {
    let answer = Authentication::new().json(&key());
    let told = Claimed { credential_id: b"credential".to_vec(), user_handle: Some(HANDLE.to_vec()) };
    assert_eq!(claimed(&answer), Ok(told));
    // Some clients say that there is no handle by null or by nothing.
    for handle in [json!(null), json!("")] {
        let answer = Authentication { handle, ..Authentication::new() }.json(&key());
        assert_eq!(claimed(&answer).unwrap().user_handle, None);
        let answer = authenticate(&answer, &EXPECTED, &stored(&credential(&key()))).unwrap();
        assert_eq!(answer.user_handle, None);
    }
    let registration = Registration::new(&key()).json();
    let missing = ResponseError::Member(MemberError::Missing("authenticatorData"));
    assert_eq!(claimed(&registration), Err(missing));
}

#[test]
fn a_user_handle_has_at_most_64_bytes() {
    let handle = |length| json!(base64url::encode(&vec![1; length]));
    let given = Authentication { handle: handle(64), ..Authentication::new() };
    assert_eq!(claimed(&given.json(&key())).unwrap().user_handle, Some(vec![1; 64]));
    let given = Authentication { handle: handle(65), ..Authentication::new() };
    assert_eq!(claimed(&given.json(&key())), Err(ResponseError::HandleLength(65)));
}

#[test]
fn an_answer_of_another_credential_or_user_is_refused() {
    let given = Authentication { id: b"credentiak".to_vec(), ..Authentication::new() };
    assert_eq!(refusal(&given), AuthenticateError::Credential);
    let given = Authentication { handle: json!(base64url::encode(b"handel")), ..Authentication::new() };
    assert_eq!(refusal(&given), AuthenticateError::UserHandle);
}

#[test]
fn client_data_that_does_not_fit_is_refused_although_it_is_signed() {
    let sent = base64url::encode(CHALLENGE);
    let other = base64url::encode(&[0; 32]);
    let origin = |found: &str| ClientDataError::Origin {
        found: found.to_owned(),
        expected: "https://tenant.example".to_owned(),
    };
    let kind = ClientDataError::Type { found: "webauthn.create".to_owned(), expected: "webauthn.get" };
    for (from, to, error) in [
        ("webauthn.get", "webauthn.create", kind),
        (&sent, &other, ClientDataError::Challenge),
        ("https://tenant.example", "https://evil.example", origin("https://evil.example")),
        (r#""crossOrigin":false"#, r#""crossOrigin":true"#, ClientDataError::CrossOrigin),
        (r#""crossOrigin":false"#, r#""topOrigin":"https://evil.example""#, ClientDataError::TopOrigin),
    ] {
        let data = client_data("webauthn.get").replace(from, to);
        let given = Authentication { client_data: data.into_bytes(), ..Authentication::new() };
        assert_eq!(refusal(&given), AuthenticateError::ClientData(error));
    }
}

#[test]
fn authenticator_data_that_does_not_fit_is_refused_although_it_is_signed() {
    for (flags, error) in [
        (UV, AuthenticatorDataError::UserAbsent),
        (UP, AuthenticatorDataError::UserNotVerified),
        (UP | UV | BS, AuthenticatorDataError::BackupState),
        (UP | UV | ED, AuthenticatorDataError::Extensions(crate::CborError::Malformed(0))),
    ] {
        let given = Authentication { flags, ..Authentication::new() };
        assert_eq!(refusal(&given), AuthenticateError::AuthenticatorData(error));
    }
    let expected = "tenant.example".to_owned();
    let given = Authentication { rp_id: "evil.example".to_owned(), ..Authentication::new() };
    let error = AuthenticatorDataError::RpId { expected };
    assert_eq!(refusal(&given), AuthenticateError::AuthenticatorData(error));
    let given = Authentication { rest: vec![0], ..Authentication::new() };
    let error = AuthenticatorDataError::Trailing(1);
    assert_eq!(refusal(&given), AuthenticateError::AuthenticatorData(error));
    let attested = Registration::new(&key()).authenticator_data()[37..].to_vec();
    let given = Authentication { flags: UP | UV | AT, rest: attested, ..Authentication::new() };
    let error = AuthenticatorDataError::UnexpectedCredential;
    assert_eq!(refusal(&given), AuthenticateError::AuthenticatorData(error));
}

#[test]
fn extensions_that_nobody_asked_for_are_passed_over() {
    let given = Authentication { flags: UP | UV | ED, rest: map(&[]), ..Authentication::new() };
    assert!(authenticate(&given.json(&key()), &EXPECTED, &stored(&credential(&key()))).is_ok());
}

#[test]
fn another_relying_party_refuses_what_this_one_accepts() {
    let answer = Authentication::new().json(&key());
    let rp = RelyingParty { id: "other.example", ..EXPECTED.rp };
    let expected = Expected { rp, challenge: CHALLENGE };
    let refused = authenticate(&answer, &expected, &stored(&credential(&key())));
    let error = AuthenticatorDataError::RpId { expected: "other.example".to_owned() };
    assert_eq!(refused, Err(AuthenticateError::AuthenticatorData(error)));
}

#[test]
fn a_signature_of_another_key_or_of_other_data_is_refused() {
    for algorithm in Algorithm::ALL {
        let key = Key::new(algorithm);
        let credential = credential(&key);
        let given = Authentication { sign_count: 1, ..Authentication::new() };
        let elsewhere = Authentication { sign_count: 2, ..Authentication::new() };
        let data = given.authenticator_data();
        for signature in [
            elsewhere.signature(&key),
            key.sign(&data),
            key.sign(&[data.as_slice(), &given.client_data].concat()),
            vec![0; 64],
            vec![],
        ] {
            let answer = given.value_with(&data, &signature).to_string();
            let refused = authenticate(&answer, &EXPECTED, &stored(&credential));
            assert_eq!(refused, Err(AuthenticateError::Signature));
        }
    }
}

#[test]
fn a_stored_key_that_is_none_is_refused() {
    let credential = credential(&key());
    let stored = Stored { public_key: &[0x01], ..stored(&credential) };
    let refused = authenticate(&Authentication::new().json(&key()), &EXPECTED, &stored);
    assert_eq!(refused, Err(AuthenticateError::StoredKey(KeyError::NotMap)));
}

#[test]
fn an_envelope_that_cannot_be_read_is_refused() {
    for name in ["clientDataJSON", "authenticatorData", "signature"] {
        let refused = value_refusal(|value| {
            value["response"].as_object_mut().unwrap().remove(name);
        });
        let missing = ResponseError::Member(MemberError::Missing(name));
        assert_eq!(refused, AuthenticateError::Response(missing));
    }
    let refused = value_refusal(|value| value["response"]["userHandle"] = json!(7));
    let kind = MemberError::Kind { member: "userHandle", expected: "a string" };
    assert_eq!(refused, AuthenticateError::Response(ResponseError::Member(kind)));
    let refused = value_refusal(|value| value["type"] = json!("federated"));
    assert_eq!(refused, AuthenticateError::Response(ResponseError::Type));
    let refused = value_refusal(|value| value["id"] = json!("AAAA"));
    assert_eq!(refused, AuthenticateError::Response(ResponseError::IdMismatch));
    let refused = value_refusal(|value| value["padding"] = json!("x".repeat(65_536)));
    assert!(matches!(refused, AuthenticateError::Response(ResponseError::TooLong(_))));
}
