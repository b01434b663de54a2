//! What sealing must refuse, and what must still open.

use super::*;

const HERE: Label<'_> = Label { tenant: "acme", kind: "signing-key", id: "k1" };
const NONCE: [u8; 12] = [9; 12];

fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes([byte; 32])
}

fn sealed() -> (Sealer, Vec<u8>) {
    let sealer = Sealer::new(&master(1), 1);
    let stored = sealer.seal(HERE, NONCE, b"the secret").unwrap();
    (sealer, stored)
}

#[test]
fn what_was_sealed_opens_at_the_same_place() {
    let (sealer, stored) = sealed();
    assert_eq!(sealer.open(HERE, &stored).unwrap().as_slice(), b"the secret");
    assert_eq!(stored[..4], [0, 0, 0, 1]);
    assert_eq!(stored[4..16], NONCE);
    assert_eq!(stored.len(), 4 + 12 + 10 + 16);
}

#[test]
fn an_empty_secret_can_be_sealed() {
    let sealer = Sealer::new(&master(1), 1);
    let stored = sealer.seal(HERE, NONCE, b"").unwrap();
    assert!(sealer.open(HERE, &stored).unwrap().is_empty());
}

#[test]
fn every_flipped_bit_is_refused() {
    let (sealer, stored) = sealed();
    for index in 0..stored.len() {
        for bit in 0..8 {
            let mut changed = stored.clone();
            changed[index] ^= 1 << bit;
            let error = sealer.open(HERE, &changed).unwrap_err();
            if index < 4 {
                assert!(matches!(error, OpenError::UnknownVersion(_)), "byte {index}");
            } else {
                assert_eq!(error, OpenError::Refused, "byte {index}");
            }
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let (sealer, mut stored) = sealed();
    for length in 0..stored.len() {
        let expected = if length < 32 { OpenError::Truncated } else { OpenError::Refused };
        assert_eq!(sealer.open(HERE, &stored[..length]), Err(expected), "{length} bytes");
    }
    stored.push(0);
    assert_eq!(sealer.open(HERE, &stored), Err(OpenError::Refused));
}

#[test]
fn another_tenant_kind_or_id_is_refused() {
    let (sealer, stored) = sealed();
    for label in [
        Label { tenant: "other", ..HERE },
        Label { kind: "client-secret", ..HERE },
        Label { id: "k2", ..HERE },
        Label { tenant: "", ..HERE },
    ] {
        assert_eq!(sealer.open(label, &stored), Err(OpenError::Refused), "{label:?}");
    }
}

#[test]
fn moving_the_boundary_between_label_parts_is_refused() {
    let sealer = Sealer::new(&master(1), 1);
    let stored = sealer.seal(Label { tenant: "ab", kind: "c", id: "d" }, NONCE, b"x").unwrap();
    for label in [
        Label { tenant: "a", kind: "bc", id: "d" },
        Label { tenant: "ab", kind: "", id: "cd" },
        Label { tenant: "abc", kind: "d", id: "" },
    ] {
        assert_eq!(sealer.open(label, &stored), Err(OpenError::Refused), "{label:?}");
    }
}

#[test]
fn an_older_version_still_opens_and_new_secrets_use_the_new_one() {
    let (_, old) = sealed();
    let sealer = Sealer::new(&master(2), 2).with_older(&master(1), 1);
    assert_eq!(sealer.open(HERE, &old).unwrap().as_slice(), b"the secret");
    assert_eq!(sealer.seal(HERE, NONCE, b"x").unwrap()[..4], [0, 0, 0, 2]);
}

#[test]
fn a_version_that_was_not_given_is_named() {
    let (_, old) = sealed();
    assert_eq!(Sealer::new(&master(2), 2).open(HERE, &old), Err(OpenError::UnknownVersion(1)));
}

#[test]
fn another_master_key_under_the_same_version_is_refused() {
    let (_, old) = sealed();
    assert_eq!(Sealer::new(&master(2), 1).open(HERE, &old), Err(OpenError::Refused));
}

/// Computed with another implementation (Python's cryptography), and held so that no later change makes stored secrets
/// unreadable.
#[test]
fn the_sealed_form_is_the_documented_one_and_does_not_change() {
    let (_, stored) = sealed();
    let hex = stored.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_eq!(hex, "0000000109090909090909090909090992dae9d3ba2668f374631106166494c88dd66425df3a3b0da61f");
}

#[test]
fn a_master_key_reads_back_from_its_text() {
    let text = master(0xfb).to_text();
    assert_eq!(text.as_str(), "chancery-master-key:v1:-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
    for form in [text.to_string(), format!("{}\n", *text), format!("{}\r\n", *text)] {
        assert_eq!(MasterKey::from_text(&form).unwrap().0.as_slice(), [0xfb; 32]);
    }
}

#[test]
fn a_damaged_master_key_text_is_refused_with_the_reason() {
    let good = "chancery-master-key:v1:-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
    let cases = [
        (String::new(), MasterKeyError::Prefix),
        (good.replace("v1", "v2"), MasterKeyError::Prefix),
        (format!(" {good}"), MasterKeyError::Prefix),
        (format!("{good}\n\n"), MasterKeyError::WhiteSpace),
        (format!("{good} "), MasterKeyError::WhiteSpace),
        (format!("{good}="), MasterKeyError::NotBase64Url),
        (good.replace("-_s", "-_t"), MasterKeyError::NotBase64Url),
        (good.replace('_', "/"), MasterKeyError::NotBase64Url),
        (good.replace("-_v7-_s", "-_s"), MasterKeyError::Length(29)),
        ("chancery-master-key:v1:".to_owned(), MasterKeyError::Length(0)),
    ];
    for (text, error) in cases {
        assert_eq!(MasterKey::from_text(&text).err(), Some(error), "{text:?}");
    }
}

#[test]
fn debug_prints_no_key() {
    assert_eq!(format!("{:?}", master(1)), "MasterKey(..)");
    assert_eq!(format!("{:?}", Sealer::new(&master(1), 7)), "Sealer(version 7, ..)");
}

#[test]
fn a_digest_depends_on_the_key_and_on_every_word_of_its_label() {
    let sealer = Sealer::new(&MasterKey::from_bytes([1; 32]), 1);
    let label = Label { tenant: "t", kind: "session", id: "value" };
    let digest = sealer.digest(label);
    assert_eq!(digest, Sealer::new(&MasterKey::from_bytes([1; 32]), 1).digest(label));
    for other in [
        Label { tenant: "u", ..label },
        Label { kind: "code", ..label },
        Label { id: "other", ..label },
        Label { tenant: "ts", kind: "ession", ..label },
    ] {
        assert_ne!(digest, sealer.digest(other), "{other:?}");
    }
    assert_ne!(digest, Sealer::new(&MasterKey::from_bytes([2; 32]), 1).digest(label));
}
