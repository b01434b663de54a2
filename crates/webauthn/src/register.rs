//! A new passkey: the answer to [`creation_options`](crate::creation_options) is judged (Web Authentication Level 3
//! section 7.1).
//!
//! It must never judge the attestation statement: none is asked for, and what comes of one has to be well-formed and
//! proves nothing. Nor does it know which credential ids are taken.

use crate::Expected;
use crate::authenticator_data::{AuthenticatorData, AuthenticatorDataError};
use crate::cbor::{self, CborError, Key, Value};
use crate::client_data::{self, Ceremony, ClientDataError};
use crate::cose::{Algorithm, KeyError, PublicKey};
use crate::response::{Registration, ResponseError};

/// Why a registration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The answer cannot be taken apart.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The browser was asked something else, or somewhere else.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// The attestation object is not CBOR.
    #[error("the attestation object cannot be read: {0}")]
    Attestation(#[from] CborError),
    /// The attestation object is no map with the members that it needs.
    #[error("an attestation object must be a map in which {member} is {expected}")]
    AttestationMember {
        /// The member.
        member: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// What the authenticator says is refused.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// The authenticator made another credential than the browser speaks of.
    #[error("the credential id of the authenticator data is not that of the answer (rawId)")]
    CredentialId,
    /// The public key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A passkey as it is stored (the credential record of section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id, which the authenticator chose: 1 to 1023 bytes.
    pub id: Vec<u8>,
    /// The public key, a COSE_Key as the authenticator wrote it.
    pub public_key: Vec<u8>,
    /// What the key signs with.
    pub algorithm: Algorithm,
    /// The counter of signatures; 0 for authenticators that do not count.
    pub sign_count: u32,
    /// Whether the passkey may be kept in more places than one. This never changes.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// The model of the authenticator, by its own account; zeros when it does not tell.
    pub aaguid: [u8; 16],
    /// How the authenticator can be reached, by the browser's account: `internal`, `hybrid`, `usb`, …
    pub transports: Vec<String>,
}

/// Judges a RegistrationResponseJSON.
///
/// # Errors
///
/// [`RegisterError`] says what did not fit.
pub fn register(response: &str, expected: &Expected<'_>) -> Result<Credential, RegisterError> {
    let response = Registration::parse(response)?;
    client_data::check(&response.client_data, Ceremony::Create, expected)?;
    let data = AuthenticatorData::parse(authenticator_data(&response.attestation_object)?)?;
    data.check(expected.rp.id)?;
    let (backup_eligible, backed_up) = (data.backup_eligible(), data.backed_up());
    let attested = data.attested.ok_or(AuthenticatorDataError::NoCredential)?;
    if attested.credential_id != response.id {
        return Err(RegisterError::CredentialId);
    }
    let algorithm = PublicKey::parse(attested.public_key)?.algorithm;
    Ok(Credential {
        id: response.id,
        public_key: attested.public_key.to_vec(),
        algorithm,
        sign_count: data.sign_count,
        backup_eligible,
        backed_up,
        aaguid: attested.aaguid,
        transports: response.transports,
    })
}

/// The authenticator data of an attestation object (section 6.5.4).
fn authenticator_data(object: &[u8]) -> Result<&[u8], RegisterError> {
    let wrong = |member, expected| RegisterError::AttestationMember { member, expected };
    let mut members = match cbor::read(object)? {
        Value::Map(members) => members,
        Value::Int(_) | Value::Bytes(_) | Value::Text(_) | Value::Array(_) | Value::Other => {
            return Err(wrong("fmt", "a text"));
        }
    };
    let Some(Value::Text(format)) = members.remove(&Key::Text("fmt")) else {
        return Err(wrong("fmt", "a text"));
    };
    // Browsers may hand on more than was asked for, so every format is let pass.
    match members.remove(&Key::Text("attStmt")) {
        Some(Value::Map(statement)) if format != "none" || statement.is_empty() => {}
        Some(Value::Map(_)) => return Err(wrong("attStmt", "empty, as fmt is none")),
        _ => return Err(wrong("attStmt", "a map")),
    }
    match members.remove(&Key::Text("authData")) {
        Some(Value::Bytes(data)) => Ok(data),
        _ => Err(wrong("authData", "a byte string")),
    }
}
