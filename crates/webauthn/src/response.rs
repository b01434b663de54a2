//! What `PublicKeyCredential.toJSON()` makes of an answer: RegistrationResponseJSON and AuthenticationResponseJSON (Web
//! Authentication Level 3 section 5.1).
//!
//! It takes the envelope apart and nothing more: nothing in here is signed, and nothing that it yields is to be believed
//! before it was judged. It must never accept an answer without a limit to its size.

use crate::members::{MemberError, Members};

/// The longest answer that is read, in bytes.
pub const MAX_RESPONSE: usize = 65_536;

/// The longest credential id (section 7.1).
const MAX_ID: usize = 1023;
/// The longest user handle (section 5.4.3).
const MAX_HANDLE: usize = 64;
/// How many transports are kept, and how long each may be. There are seven, none longer than ten letters.
const MAX_TRANSPORTS: usize = 16;
const MAX_TRANSPORT: usize = 32;

/// Why an answer cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The answer is too long.
    #[error("expected an answer of at most 65536 bytes, this one has {0}")]
    TooLong(usize),
    /// The JSON or one of its members cannot be read.
    #[error("the answer cannot be read: {0}")]
    Member(#[from] MemberError),
    /// The credential is no public key.
    #[error("expected a credential of the type public-key")]
    Type,
    /// `id` and `rawId` differ.
    #[error("the members id and rawId must be the same")]
    IdMismatch,
    /// The credential id is empty or too long.
    #[error("a credential id must have 1 to 1023 bytes, this one has {0}")]
    IdLength(usize),
    /// The user handle is too long.
    #[error("a user handle must have at most 64 bytes, this one has {0}")]
    HandleLength(usize),
    /// The transports are too many or too long.
    #[error("expected at most 16 transports of at most 32 bytes each")]
    Transports,
}

/// What an answer to [`request_options`](crate::request_options) says of itself. Nothing of it is proved: it serves to
/// find the stored credential, with which [`authenticate`](crate::authenticate) then judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The id of the credential.
    pub credential_id: Vec<u8>,
    /// The user handle that the credential was made with, if the authenticator tells it.
    pub user_handle: Option<Vec<u8>>,
}

/// Says which credential an AuthenticationResponseJSON speaks of.
///
/// # Errors
///
/// [`ResponseError`] when it is none.
pub fn claimed(response: &str) -> Result<Claimed, ResponseError> {
    let response = Authentication::parse(response)?;
    Ok(Claimed { credential_id: response.id, user_handle: response.user_handle })
}

/// RegistrationResponseJSON.
pub(crate) struct Registration {
    pub(crate) id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) attestation_object: Vec<u8>,
    pub(crate) transports: Vec<String>,
}

impl Registration {
    pub(crate) fn parse(text: &str) -> Result<Self, ResponseError> {
        let (id, response) = open(text)?;
        let transports = response.texts("transports")?;
        if transports.len() > MAX_TRANSPORTS || transports.iter().any(|one| one.len() > MAX_TRANSPORT) {
            return Err(ResponseError::Transports);
        }
        Ok(Self {
            id,
            client_data: response.bytes("clientDataJSON")?,
            attestation_object: response.bytes("attestationObject")?,
            transports,
        })
    }
}

/// AuthenticationResponseJSON.
pub(crate) struct Authentication {
    pub(crate) id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

impl Authentication {
    pub(crate) fn parse(text: &str) -> Result<Self, ResponseError> {
        let (id, response) = open(text)?;
        // A handle is never empty; some clients send an empty one where the authenticator tells none.
        let user_handle = response.optional_bytes("userHandle")?.filter(|handle| !handle.is_empty());
        if let Some(handle) = user_handle.as_ref().filter(|handle| handle.len() > MAX_HANDLE) {
            return Err(ResponseError::HandleLength(handle.len()));
        }
        Ok(Self {
            id,
            client_data: response.bytes("clientDataJSON")?,
            authenticator_data: response.bytes("authenticatorData")?,
            signature: response.bytes("signature")?,
            user_handle,
        })
    }
}

/// The id of the credential, and the members of the authenticator's response.
fn open(text: &str) -> Result<(Vec<u8>, Members), ResponseError> {
    if text.len() > MAX_RESPONSE {
        return Err(ResponseError::TooLong(text.len()));
    }
    let mut members = Members::parse(text.as_bytes())?;
    if members.text("type")? != "public-key" {
        return Err(ResponseError::Type);
    }
    let id = members.bytes("rawId")?;
    if members.bytes("id")? != id {
        return Err(ResponseError::IdMismatch);
    }
    if id.is_empty() || id.len() > MAX_ID {
        return Err(ResponseError::IdLength(id.len()));
    }
    let response = members.take_object("response")?;
    Ok((id, response))
}
