//! An authenticator with a browser around it: it writes CBOR, authenticator data and JSON by itself, so that the crate is
//! not tested with its own readers. Every part can be changed before it answers.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use chancery_crypto::digest::sha256;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::{algorithm, rsa};
use chancery_jose::base64url;
use serde_json::{Value, json};

use super::{CHALLENGE, HANDLE, RP, unhex};
use crate::Algorithm;

pub(super) const UP: u8 = 0x01;
pub(super) const UV: u8 = 0x04;
pub(super) const BE: u8 = 0x08;
pub(super) const BS: u8 = 0x10;
pub(super) const AT: u8 = 0x40;
pub(super) const ED: u8 = 0x80;

/// The coordinates of the key of the first example in Web Authentication Level 3 section 16.2.
pub(super) const X: &str = "afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61";
pub(super) const Y: &str = "930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220";
const SECRET: &str = "6e68e7a58484a3264f66b77f5d6dc5bc36a47085b615c9727ab334e8c369c2ee";

/// The beginning of a CBOR value: major type and number.
pub(super) fn head(major: u8, number: u64) -> Vec<u8> {
    let major = major << 5;
    let bytes = number.to_be_bytes();
    match number {
        0..=23 => vec![major | bytes[7]],
        24..=0xff => vec![major | 0x18, bytes[7]],
        0x100..=0xffff => [&[major | 0x19], &bytes[6..]].concat(),
        _ => [&[major | 0x1b], &bytes[..]].concat(),
    }
}

pub(super) fn int(number: i64) -> Vec<u8> {
    match u64::try_from(number) {
        Ok(number) => head(0, number),
        Err(_) => head(1, u64::try_from(-1 - number).unwrap()),
    }
}

pub(super) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len() as u64), bytes.to_vec()].concat()
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [head(3, text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub(super) fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let entries = entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]);
    [vec![head(5, entries.clone().count() as u64 / 2)], entries.collect()].concat().concat()
}

/// A key pair that is always the same.
pub(super) enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(PrivateKey),
}

impl Key {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => {
                let public = [vec![4], unhex(X), unhex(Y)].concat();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_ASN1_SIGNING,
                    &unhex(SECRET),
                    &public,
                );
                Self::Es256(pair.unwrap())
            }
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()),
            Algorithm::Rs256 => {
                let der = include_bytes!("../../../server/tests/kit/keys/1.der");
                Self::Rs256(rsa::PrivateKey::from_pkcs8(der).unwrap())
            }
        }
    }

    pub(super) fn cose(&self) -> Vec<u8> {
        match self {
            Self::Es256(_) => map(&[
                (int(1), int(2)),
                (int(3), int(-7)),
                (int(-1), int(1)),
                (int(-2), bytes(&unhex(X))),
                (int(-3), bytes(&unhex(Y))),
            ]),
            Self::EdDsa(pair) => map(&[
                (int(1), int(1)),
                (int(3), int(-8)),
                (int(-1), int(6)),
                (int(-2), bytes(pair.public_key().as_ref())),
            ]),
            Self::Rs256(key) => map(&[
                (int(1), int(3)),
                (int(3), int(-257)),
                (int(-1), bytes(key.public().modulus())),
                (int(-2), bytes(key.public().exponent())),
            ]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => key.sign(algorithm::Algorithm::Rs256, message).unwrap(),
        }
    }
}

/// What a browser writes; the tests replace parts of it.
pub(super) fn client_data(kind: &str) -> String {
    let challenge = base64url::encode(CHALLENGE);
    let origin = RP.origin;
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#)
}

/// An answer to creation options, before it is written.
pub(super) struct Registration {
    pub(super) client_data: Vec<u8>,
    pub(super) rp_id: String,
    pub(super) flags: u8,
    pub(super) sign_count: u32,
    pub(super) id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    /// What follows the credential: extensions, or what should not be there.
    pub(super) rest: Vec<u8>,
    pub(super) format: Vec<u8>,
    pub(super) statement: Vec<u8>,
}

impl Registration {
    pub(super) fn new(key: &Key) -> Self {
        Self {
            client_data: client_data("webauthn.create").into_bytes(),
            rp_id: RP.id.to_owned(),
            flags: UP | UV | AT,
            sign_count: 0,
            id: b"credential".to_vec(),
            public_key: key.cose(),
            rest: Vec::new(),
            format: text("none"),
            statement: map(&[]),
        }
    }

    pub(super) fn authenticator_data(&self) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend(self.sign_count.to_be_bytes());
        if self.flags & AT != 0 {
            data.extend([0xaa; 16]);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(&self.public_key);
        }
        data.extend(&self.rest);
        data
    }

    pub(super) fn attestation_object(&self) -> Vec<u8> {
        map(&[
            (text("fmt"), self.format.clone()),
            (text("attStmt"), self.statement.clone()),
            (text("authData"), bytes(&self.authenticator_data())),
        ])
    }

    pub(super) fn value(&self) -> Value {
        self.value_with(&self.attestation_object())
    }

    pub(super) fn value_with(&self, attestation_object: &[u8]) -> Value {
        let id = base64url::encode(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(&self.client_data),
                "attestationObject": base64url::encode(attestation_object),
                "transports": ["internal", "hybrid"],
                "publicKeyAlgorithm": -7,
            },
        })
    }

    pub(super) fn json(&self) -> String {
        self.value().to_string()
    }
}

/// An answer to request options, before it is signed.
pub(super) struct Authentication {
    pub(super) client_data: Vec<u8>,
    pub(super) rp_id: String,
    pub(super) flags: u8,
    pub(super) sign_count: u32,
    pub(super) id: Vec<u8>,
    pub(super) handle: Value,
    pub(super) rest: Vec<u8>,
}

impl Authentication {
    pub(super) fn new() -> Self {
        Self {
            client_data: client_data("webauthn.get").into_bytes(),
            rp_id: RP.id.to_owned(),
            flags: UP | UV,
            sign_count: 0,
            id: b"credential".to_vec(),
            handle: json!(base64url::encode(HANDLE)),
            rest: Vec::new(),
        }
    }

    pub(super) fn authenticator_data(&self) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags);
        data.extend(self.sign_count.to_be_bytes());
        data.extend(&self.rest);
        data
    }

    pub(super) fn signature(&self, key: &Key) -> Vec<u8> {
        key.sign(&[self.authenticator_data(), sha256(&self.client_data).to_vec()].concat())
    }

    pub(super) fn value_with(&self, authenticator_data: &[u8], signature: &[u8]) -> Value {
        let id = base64url::encode(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url::encode(&self.client_data),
                "authenticatorData": base64url::encode(authenticator_data),
                "signature": base64url::encode(signature),
                "userHandle": self.handle,
            },
        })
    }

    pub(super) fn value(&self, key: &Key) -> Value {
        self.value_with(&self.authenticator_data(), &self.signature(key))
    }

    pub(super) fn json(&self, key: &Key) -> String {
        self.value(key).to_string()
    }
}
