//! Good answers with a byte changed or an end missing: nothing panics, and nothing that was changed is believed.

use chancery_jose::base64url;
use serde_json::Value;

use super::authenticator::{Authentication, Key, Registration};
use super::{CHALLENGE, EXPECTED, RP, stored};
use crate::{Algorithm, Authenticated, Credential, authenticate, register};

/// Every change of one bit, of one byte to its opposite or to zero, and every beginning.
fn mutations(good: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..good.len() {
        all.push(good[..at].to_vec());
        for change in [1, 2, 4, 8, 16, 32, 64, 128, 255, good[at]] {
            if change != 0 {
                let mut bad = good.to_vec();
                bad[at] ^= change;
                all.push(bad);
            }
        }
    }
    all
}

/// The same for a text, where the outcome is one.
fn text_mutations(good: &str) -> Vec<String> {
    mutations(good.as_bytes()).into_iter().filter_map(|bytes| String::from_utf8(bytes).ok()).collect()
}

/// Whether client data still says what it has to, by another reader.
fn still_says(client_data: &[u8], kind: &str) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(client_data) else { return false };
    value["type"] == kind
        && value["challenge"] == base64url::encode(CHALLENGE)
        && value["origin"] == RP.origin
        && value.get("crossOrigin").is_none_or(|value| value == false)
        && value.get("topOrigin").is_none()
}

struct Good {
    key: Key,
    registration: Registration,
    credential: Credential,
    authentication: Authentication,
    accepted: Authenticated,
}

fn good(algorithm: Algorithm) -> Good {
    let key = Key::new(algorithm);
    let registration = Registration::new(&key);
    let credential = register(&registration.json(), &EXPECTED).unwrap();
    let authentication = Authentication { sign_count: 1, ..Authentication::new() };
    let accepted = authenticate(&authentication.json(&key), &EXPECTED, &stored(&credential)).unwrap();
    Good { key, registration, credential, authentication, accepted }
}

#[test]
fn a_changed_attestation_object_never_makes_another_credential_id_or_a_shorter_object() {
    let mut tried = 0;
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let Good { registration, credential, .. } = good(algorithm);
        let object = registration.attestation_object();
        let data = registration.authenticator_data();
        let start = object.windows(data.len()).position(|window| window == data).unwrap();
        for bad in mutations(&object) {
            tried += 1;
            let Ok(taken) = register(&registration.value_with(&bad).to_string(), &EXPECTED) else { continue };
            assert_eq!(bad.len(), object.len());
            assert_eq!(bad[start..start + 32], object[start..start + 32], "the hash of the RP ID");
            assert_eq!(bad[start + 32] & 0x45, 0x45, "UP, UV and AT");
            assert_eq!(taken.id, credential.id);
            assert_eq!(taken.algorithm, credential.algorithm);
            // A changed point of P-256 is none; of Ed25519 about every second is one.
            assert!(taken.public_key == credential.public_key || algorithm == Algorithm::EdDsa);
        }
    }
    assert!(tried > 3_000, "{tried}");
}

#[test]
fn changed_client_data_never_registers_what_was_not_asked_for() {
    let Good { registration, credential, .. } = good(Algorithm::Es256);
    for bad in mutations(&registration.client_data) {
        let given = Registration { client_data: bad, ..Registration::new(&Key::new(Algorithm::Es256)) };
        if let Ok(taken) = register(&given.json(), &EXPECTED) {
            assert!(still_says(&given.client_data, "webauthn.create"));
            assert_eq!(taken, credential);
        }
    }
}

#[test]
fn a_changed_registration_never_panics_and_keeps_its_credential_id() {
    let Good { registration, credential, .. } = good(Algorithm::Es256);
    for bad in text_mutations(&registration.json()) {
        let Ok(taken) = register(&bad, &EXPECTED) else { continue };
        let value: Value = serde_json::from_str(&bad).unwrap();
        let said = value["response"]["clientDataJSON"].as_str().unwrap();
        assert!(still_says(&base64url::decode(said).unwrap(), "webauthn.create"));
        assert_eq!((taken.id, taken.algorithm), (credential.id.clone(), credential.algorithm));
    }
}

#[test]
fn nothing_that_is_signed_can_be_changed() {
    let mut tried = 0;
    for algorithm in Algorithm::ALL {
        let Good { key, credential, authentication, .. } = good(algorithm);
        let stored = stored(&credential);
        let (data, signature) = (authentication.authenticator_data(), authentication.signature(&key));
        let mut refuse = |value: Value| {
            tried += 1;
            assert!(authenticate(&value.to_string(), &EXPECTED, &stored).is_err(), "{value}");
        };
        for bad in mutations(&data) {
            refuse(authentication.value_with(&bad, &signature));
        }
        for bad in mutations(&signature) {
            refuse(authentication.value_with(&data, &bad));
        }
        for bad in mutations(&authentication.client_data) {
            let changed = Authentication { client_data: bad, ..Authentication::new() };
            refuse(changed.value_with(&data, &signature));
        }
    }
    assert!(tried > 8_000, "{tried}");
}

#[test]
fn a_changed_authentication_is_refused_or_means_the_same() {
    let Good { key, credential, authentication, accepted, .. } = good(Algorithm::EdDsa);
    let mut tried = 0;
    for bad in text_mutations(&authentication.json(&key)) {
        tried += 1;
        if let Ok(answer) = authenticate(&bad, &EXPECTED, &stored(&credential)) {
            assert_eq!(answer.sign_count, accepted.sign_count);
            assert_eq!(answer.backed_up, accepted.backed_up);
            // Without the member, as when its name is changed, there is no handle.
            assert!(answer.user_handle.is_none() || answer.user_handle == accepted.user_handle);
        }
    }
    assert!(tried > 4_000, "{tried}");
}
