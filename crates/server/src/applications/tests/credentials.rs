//! The rules of credentials.

use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::pem::{self, LineEnd};
use chancery_crypto::rsa::PrivateKey;

use super::*;

fn private() -> PrivateKey {
    PrivateKey::from_pkcs8(include_bytes!("../../../tests/kit/keys/5.der")).unwrap()
}

/// A public key.
fn key() -> String {
    pem::encode("PUBLIC KEY", &private().public().to_spki_der(), LineEnd::CrLf)
}

/// A certificate of that key, valid from 2026-01-01 for 90 days.
fn certificate() -> String {
    let not_before = "2026-01-01T00:00:00Z".parse().unwrap();
    let request = SelfSigned { common_name: "client.example", serial: [7; 8], not_before, days: 90 };
    Certificate::self_signed(request, &private()).unwrap().to_pem()
}

fn new(value: Value) -> Result<Credential, rules::Broken> {
    Credential::new(&object(value), now(), &counting())
}

#[test]
fn a_public_key_gets_its_thumbprint_as_kid_unless_it_brings_one() {
    let plain = new(json!({ "credential_type": "public_key", "pem": key() })).unwrap();
    assert_eq!(plain.kid.as_deref().map(str::len), Some(43));
    assert_eq!(plain.facts.alg.as_deref(), Some("RS256"));
    assert!(plain.id.starts_with("cred_") && plain.id.len() == 27, "{}", plain.id);
    let named =
        json!({ "credential_type": "public_key", "pem": key(), "kid": "my-key-0001", "alg": "PS256" });
    let view = new(named).unwrap().view();
    assert_eq!((&view["kid"], &view["alg"]), (&json!("my-key-0001"), &json!("PS256")));
    assert!(!view.contains_key("pem") && !view.contains_key("expires_at"));
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    for (members, reason) in [
        (json!({ "credential_type": "public_key" }), "Missing required property: pem"),
        (json!({ "credential_type": "public_key", "pem": "x" }), "on property pem"),
        (json!({ "credential_type": "x509_cert", "pem": key() }), "not PUBLIC KEY"),
        (json!({ "credential_type": "cert_subject_dn" }), "subject_dn or pem"),
        (
            json!({ "credential_type": "public_key", "pem": key(), "expires_at": "2026-03-01T00:00:00Z" }),
            "must lie in the future",
        ),
        (
            json!({ "credential_type": "public_key", "pem": key(), "parse_expiry_from_cert": true }),
            "no certificate",
        ),
    ] {
        let message = new(members.clone()).unwrap_err().to_string();
        assert!(message.contains(reason), "{members}: {message}");
    }
}

#[test]
fn inline_credentials_become_ids_and_there_are_at_most_two() {
    let item = |kid: &str| json!({ "credential_type": "public_key", "pem": key(), "kid": kid });
    let mut body = object(json!({
        "client_authentication_methods": { "private_key_jwt": { "credentials": [item("first-key-1")] } },
        "signed_request_object": { "credentials": [item("second-key-2")] },
    }));
    let taken = attached::take_inline(&mut body, now(), &counting()).unwrap();
    assert_eq!(taken.len(), 2);
    let methods = &body["client_authentication_methods"]["private_key_jwt"];
    assert_eq!(methods, &json!({ "credentials": [{ "id": taken[0].id }] }));
    let three: Vec<_> = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"].into_iter().map(item).collect();
    let mut body = object(json!({ "signed_request_object": { "credentials": three } }));
    assert!(attached::take_inline(&mut body, now(), &counting()).is_err());
}

#[test]
fn only_own_credentials_of_the_right_kind_can_be_attached_and_they_can_be_detached() {
    let own = [new(json!({ "credential_type": "public_key", "pem": key() })).unwrap()];
    let id = own[0].id.clone();
    let body = |method: &str, id: &str| {
        object(json!({ "client_authentication_methods": { method: { "credentials": [{ "id": id }] } } }))
    };
    let mut good = body("private_key_jwt", &id);
    assert_eq!(attached::check(&mut good, &own), Ok(()));
    assert!(attached::check(&mut body("private_key_jwt", "cred_other"), &own).is_err());
    assert!(attached::check(&mut body("tls_client_auth", &id), &own).is_err());
    let keys =
        oauth_client::keys(good["client_authentication_methods"].get("private_key_jwt"), &own).unwrap();
    assert_eq!(keys.len(), 1);
    assert!(attached::detach(&mut good, &id));
    assert!(!attached::detach(&mut good, &id));
    // Set up for keys without any: it can authenticate with nothing, least of all with its old secret.
    let left = json!({ "private_key_jwt": { "credentials": [] } });
    assert_eq!(good["client_authentication_methods"], left);
}

#[test]
fn a_certificate_gives_its_key_its_end_its_subject_or_its_thumbprint() {
    let with = |members: Value| {
        let mut members = object(members);
        members.insert("pem".to_owned(), certificate().into());
        new(Value::Object(members)).unwrap().view()
    };
    let key = with(json!({ "credential_type": "public_key", "parse_expiry_from_cert": true }));
    assert_eq!(key["expires_at"], "2026-04-01T00:00:00.000Z");
    let sooner = with(json!({
        "credential_type": "public_key", "parse_expiry_from_cert": true, "expires_at": "2026-03-02T00:00:00+01:00",
    }));
    assert_eq!(sooner["expires_at"], "2026-03-01T23:00:00.000Z");
    let subject = with(json!({ "credential_type": "cert_subject_dn" }));
    assert_eq!(subject["subject_dn"], "CN=client.example");
    let whole = with(json!({ "credential_type": "x509_cert", "name": "ci" }));
    assert_eq!(whole["thumbprint_sha256"].as_str().map(str::len), Some(43));
    assert!(!whole.contains_key("certificate") && !whole.contains_key("kid"));
}
