//! What the authenticator says and signs: authenticator data (Web Authentication Level 3 section 6.1).
//!
//! It must never accept data for another relying party, data without a person who was there and was verified, or bytes
//! that nothing accounts for.

use chancery_crypto::digest;

use crate::cbor::{self, CborError, Key, Value};

/// The longest credential id (section 7.1).
const MAX_ID: usize = 1023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKUP_STATE: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Why authenticator data is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticatorDataError {
    /// The end came too early.
    #[error("the authenticator data ends too early, after {0} bytes")]
    Short(usize),
    /// The credential id is empty or too long.
    #[error("a credential id must have 1 to 1023 bytes, this one has {0}")]
    IdLength(usize),
    /// The public key is not CBOR.
    #[error("the public key of the credential: {0}")]
    Key(CborError),
    /// The extensions are not CBOR.
    #[error("the extensions of the authenticator data: {0}")]
    Extensions(CborError),
    /// The extensions are not a map from texts.
    #[error("the extensions of the authenticator data must be a map whose keys are texts")]
    ExtensionsKind,
    /// Something follows that no flag announces.
    #[error("{0} bytes follow the authenticator data, expected none")]
    Trailing(usize),
    /// The data is for another relying party.
    #[error("the authenticator answered another relying party than {expected:?} (rpIdHash)")]
    RpId {
        /// The RP ID whose hash should have been there.
        expected: String,
    },
    /// Nobody was there.
    #[error("nobody confirmed to be present (the flag UP is not set)")]
    UserAbsent,
    /// Who was there was not verified.
    #[error("the authenticator did not verify the user, by a PIN or otherwise (the flag UV is not set)")]
    UserNotVerified,
    /// Backed up although it cannot be.
    #[error("the credential is said to be backed up and not to be eligible for it (BS without BE)")]
    BackupState,
    /// A registration without a credential.
    #[error("expected a new credential in the authenticator data (the flag AT is not set)")]
    NoCredential,
    /// An authentication with a new credential.
    #[error("expected no new credential in the authenticator data (the flag AT is set)")]
    UnexpectedCredential,
}

/// Authenticator data, taken apart.
#[derive(Debug)]
pub(crate) struct AuthenticatorData<'b> {
    rp_id_hash: &'b [u8],
    flags: u8,
    pub(crate) sign_count: u32,
    /// The new credential, when there is one.
    pub(crate) attested: Option<Attested<'b>>,
}

/// A new credential (section 6.5.1).
#[derive(Debug)]
pub(crate) struct Attested<'b> {
    pub(crate) aaguid: [u8; 16],
    pub(crate) credential_id: &'b [u8],
    /// CBOR, and not yet judged.
    pub(crate) public_key: &'b [u8],
}

impl<'b> AuthenticatorData<'b> {
    /// Takes the data apart; nothing may be left over. Flags that are reserved are ignored, as section 6.1 wants it.
    pub(crate) fn parse(bytes: &'b [u8]) -> Result<Self, AuthenticatorDataError> {
        let mut rest = Rest { bytes, whole: bytes.len() };
        let rp_id_hash = rest.take(32)?;
        let [flags] = rest.array()?;
        let sign_count = u32::from_be_bytes(rest.array()?);
        let attested = if flags & ATTESTED == 0 { None } else { Some(Attested::parse(&mut rest)?) };
        if flags & EXTENSIONS != 0 {
            rest.skip_extensions()?;
        }
        match rest.bytes.len() {
            0 => Ok(Self { rp_id_hash, flags, sign_count, attested }),
            more => Err(AuthenticatorDataError::Trailing(more)),
        }
    }

    /// Checks what both ceremonies have in common (sections 7.1 and 7.2).
    pub(crate) fn check(&self, rp_id: &str) -> Result<(), AuthenticatorDataError> {
        if !digest::equal(self.rp_id_hash, &digest::sha256(rp_id.as_bytes())) {
            return Err(AuthenticatorDataError::RpId { expected: rp_id.to_owned() });
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(AuthenticatorDataError::UserAbsent);
        }
        if self.flags & USER_VERIFIED == 0 {
            return Err(AuthenticatorDataError::UserNotVerified);
        }
        if self.backed_up() && !self.backup_eligible() {
            return Err(AuthenticatorDataError::BackupState);
        }
        Ok(())
    }

    /// Whether the credential may be kept in more places than one (BE).
    pub(crate) fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// Whether it is (BS).
    pub(crate) fn backed_up(&self) -> bool {
        self.flags & BACKUP_STATE != 0
    }
}

impl<'b> Attested<'b> {
    fn parse(rest: &mut Rest<'b>) -> Result<Self, AuthenticatorDataError> {
        let aaguid = rest.array()?;
        let length = usize::from(u16::from_be_bytes(rest.array()?));
        if length == 0 || length > MAX_ID {
            return Err(AuthenticatorDataError::IdLength(length));
        }
        let credential_id = rest.take(length)?;
        let (_, length) = cbor::read_first(rest.bytes).map_err(AuthenticatorDataError::Key)?;
        Ok(Self { aaguid, credential_id, public_key: rest.take(length)? })
    }
}

/// What has not been read yet.
struct Rest<'b> {
    bytes: &'b [u8],
    /// The length of all, for errors.
    whole: usize,
}

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], AuthenticatorDataError> {
        let (taken, rest) =
            self.bytes.split_at_checked(length).ok_or(AuthenticatorDataError::Short(self.whole))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AuthenticatorDataError> {
        let (taken, rest) =
            self.bytes.split_first_chunk().ok_or(AuthenticatorDataError::Short(self.whole))?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// Passes over the extensions, of which none was asked for (section 7.1 allows that).
    fn skip_extensions(&mut self) -> Result<(), AuthenticatorDataError> {
        let (value, length) = cbor::read_first(self.bytes).map_err(AuthenticatorDataError::Extensions)?;
        let Value::Map(entries) = value else { return Err(AuthenticatorDataError::ExtensionsKind) };
        if !entries.keys().all(|key| matches!(key, Key::Text(_))) {
            return Err(AuthenticatorDataError::ExtensionsKind);
        }
        self.take(length)?;
        Ok(())
    }
}
