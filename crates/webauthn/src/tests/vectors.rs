//! The examples that the specification prints (Web Authentication Level 3 section 16), which other software made.
//!
//! They draw the flag UV by lot, so that some of them must be refused here; their signatures verify all the same.

use chancery_crypto::digest::sha256;
use chancery_jose::base64url;
use serde_json::{Value, json};

use super::{HANDLE, stored, unhex};
use crate::authenticator_data::AuthenticatorData;
use crate::cbor::{self, Key};
use crate::cose::PublicKey;
use crate::{
    Algorithm, AuthenticateError, AuthenticatorDataError, ClientDataError, Credential, Expected, KeyError,
    RegisterError, RelyingParty, authenticate, register,
};

const RP: RelyingParty<'_> =
    RelyingParty { id: "example.org", name: "Example", origin: "https://example.org" };

/// One example.
struct Example(Value);

impl Example {
    fn named(name: &str) -> Self {
        let all: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
        Self(all[name].clone())
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        unhex(self.0.pointer(path).unwrap().as_str().unwrap())
    }

    /// The answer of one ceremony, with all members of the example in it.
    fn answer(&self, ceremony: &str) -> String {
        let id = base64url::encode(&self.bytes("/id"));
        let mut response = json!({"userHandle": base64url::encode(HANDLE)});
        for name in self.0[ceremony].as_object().unwrap().keys() {
            response[name] = json!(base64url::encode(&self.bytes(&format!("/{ceremony}/{name}"))));
        }
        json!({"id": id, "rawId": id, "type": "public-key", "response": response}).to_string()
    }

    fn register(&self) -> Result<Credential, RegisterError> {
        let challenge = self.bytes("/registration/challenge");
        register(&self.answer("registration"), &Expected { rp: RP, challenge: &challenge })
    }

    fn authenticate(&self, credential: &Credential) -> Result<u32, AuthenticateError> {
        let challenge = self.bytes("/authentication/challenge");
        let expected = Expected { rp: RP, challenge: &challenge };
        let answer = authenticate(&self.answer("authentication"), &expected, &stored(credential))?;
        Ok(answer.sign_count)
    }

    /// Whether the signature is that of the key in the attestation object, whatever the flags say.
    fn verifies(&self) -> bool {
        let object = self.bytes("/registration/attestationObject");
        let cbor::Value::Map(members) = cbor::read(&object).unwrap() else { panic!() };
        let cbor::Value::Bytes(data) = members[&Key::Text("authData")] else { panic!() };
        let attested = AuthenticatorData::parse(data).unwrap().attested.unwrap();
        assert_eq!(attested.credential_id, self.bytes("/id"));
        let hash = sha256(&self.bytes("/authentication/clientDataJSON"));
        let signed = [self.bytes("/authentication/authenticatorData"), hash.to_vec()].concat();
        let key = PublicKey::parse(attested.public_key).ok().unwrap();
        key.verifies(&signed, &self.bytes("/authentication/signature"))
    }
}

#[test]
fn examples_with_user_verification_register_and_authenticate() {
    for name in ["packed-es256", "tpm-es256"] {
        let example = Example::named(name);
        let credential = example.register().unwrap();
        assert_eq!(credential.id, example.bytes("/id"));
        assert_eq!(credential.aaguid.to_vec(), example.bytes("/aaguid"));
        assert_eq!(credential.algorithm, Algorithm::Es256);
        assert!(credential.backup_eligible && !credential.backed_up);
        assert_eq!(example.authenticate(&credential), Ok(0));
    }
}

#[test]
fn an_example_with_rsa_registers_and_fails_only_for_want_of_user_verification() {
    let example = Example::named("packed-rs256");
    let credential = example.register().unwrap();
    assert_eq!(credential.algorithm, Algorithm::Rs256);
    let refused = AuthenticateError::AuthenticatorData(AuthenticatorDataError::UserNotVerified);
    assert_eq!(example.authenticate(&credential), Err(refused));
}

#[test]
fn signatures_of_each_algorithm_verify() {
    for name in ["packed-es256", "tpm-es256", "packed-rs256", "packed-eddsa", "none-es256-long-credential-id"]
    {
        assert!(Example::named(name).verifies(), "{name}");
    }
}

#[test]
fn examples_that_are_not_wanted_here_are_refused_for_the_right_reason() {
    let unverified = RegisterError::AuthenticatorData(AuthenticatorDataError::UserNotVerified);
    for (name, error) in [
        ("packed-es512", RegisterError::Key(KeyError::Algorithm(-36))),
        ("none-es256-crossOrigin", RegisterError::ClientData(ClientDataError::CrossOrigin)),
        ("none-es256-topOrigin", RegisterError::ClientData(ClientDataError::CrossOrigin)),
        ("none-es256-long-credential-id", unverified.clone()),
        ("packed-eddsa", unverified),
    ] {
        assert_eq!(Example::named(name).register(), Err(error), "{name}");
    }
}
