//! A passkey is used: the answer to [`request_options`](crate::request_options) is judged with the stored credential
//! (Web Authentication Level 3 section 7.2).
//!
//! It must never take a key, or which key it is, from the answer, and never accept a signature that covers anything but
//! what was checked.

use chancery_crypto::digest;

use crate::Expected;
use crate::authenticator_data::{AuthenticatorData, AuthenticatorDataError};
use crate::client_data::{self, Ceremony, ClientDataError};
use crate::cose::{KeyError, PublicKey};
use crate::response::{Authentication, ResponseError};

/// Why an authentication is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The answer cannot be taken apart.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The answer speaks of another credential than the stored one.
    #[error("the answer is of another credential than the stored one")]
    Credential,
    /// The answer names another user than the credential's.
    #[error("the user handle of the answer is not that of the user whose credential it is")]
    UserHandle,
    /// The browser was asked something else, or somewhere else.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// What the authenticator says is refused.
    #[error(transparent)]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// A credential that could not be backed up now can, or the other way round.
    #[error("the flag BE must stay as it was at registration, which is {0}")]
    BackupEligibility(bool),
    /// What was stored is no public key.
    #[error("the stored public key: {0}")]
    StoredKey(#[from] KeyError),
    /// The signature is not the credential's.
    #[error("the signature does not verify with the stored public key")]
    Signature,
    /// The counter did not grow: somebody may have copied the authenticator.
    #[error(
        "expected a signature counter above {stored}, found {found}: the authenticator may have been cloned"
    )]
    SignCount {
        /// The counter at the last use.
        stored: u32,
        /// The counter now.
        found: u32,
    },
}

/// What is stored of a credential, as far as it is needed to judge an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored<'a> {
    /// Its id.
    pub id: &'a [u8],
    /// Its public key as [`Credential`](crate::Credential) gave it.
    pub public_key: &'a [u8],
    /// The counter at its last use, or at registration.
    pub sign_count: u32,
    /// Whether it may be backed up.
    pub backup_eligible: bool,
    /// The user handle of the user to whom it belongs. An answer that names another is refused.
    pub user_handle: &'a [u8],
}

/// What an answer that counts says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The counter to store in place of the last.
    pub sign_count: u32,
    /// Whether the credential is backed up now.
    pub backed_up: bool,
    /// The user handle, if the authenticator told it; it is the stored one.
    pub user_handle: Option<Vec<u8>>,
}

/// Judges an AuthenticationResponseJSON.
///
/// # Errors
///
/// [`AuthenticateError`] says what did not fit.
pub fn authenticate(
    response: &str,
    expected: &Expected<'_>,
    stored: &Stored<'_>,
) -> Result<Authenticated, AuthenticateError> {
    let response = Authentication::parse(response)?;
    if response.id != stored.id {
        return Err(AuthenticateError::Credential);
    }
    if response.user_handle.as_ref().is_some_and(|handle| handle != stored.user_handle) {
        return Err(AuthenticateError::UserHandle);
    }
    client_data::check(&response.client_data, Ceremony::Get, expected)?;
    let data = AuthenticatorData::parse(&response.authenticator_data)?;
    data.check(expected.rp.id)?;
    // Section 6.1: only a registration brings a credential.
    if data.attested.is_some() {
        return Err(AuthenticatorDataError::UnexpectedCredential.into());
    }
    if data.backup_eligible() != stored.backup_eligible {
        return Err(AuthenticateError::BackupEligibility(stored.backup_eligible));
    }
    let key = PublicKey::parse(stored.public_key)?;
    let hash = digest::sha256(&response.client_data);
    let signed = [response.authenticator_data.as_slice(), &hash].concat();
    if !key.verifies(&signed, &response.signature) {
        return Err(AuthenticateError::Signature);
    }
    let (found, last) = (data.sign_count, stored.sign_count);
    if (found != 0 || last != 0) && found <= last {
        return Err(AuthenticateError::SignCount { stored: last, found });
    }
    Ok(Authenticated { sign_count: found, backed_up: data.backed_up(), user_handle: response.user_handle })
}
