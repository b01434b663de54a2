//! What the browser is asked for, in the form that `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON`
//! read (Web Authentication Level 3 sections 5.1.8 and 5.1.9).
//!
//! The choices of the house live here: passkeys that the authenticator can find by itself, with user verification, and
//! no attestation. It must never make a challenge.

use chancery_jose::base64url;
use serde_json::{Value, json};

use crate::RelyingParty;
use crate::cose::Algorithm;

/// How long the browser may take, in milliseconds. The caller keeps challenges at least as long.
pub const TIMEOUT: u32 = 300_000;

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User<'a> {
    /// The user handle: 1 to 64 bytes that name the account and tell nothing about the person (section 5.4.3). It comes
    /// back with each authentication.
    pub id: &'a [u8],
    /// What tells accounts of one person apart, such as an address.
    pub name: &'a str,
    /// How the person likes to be called.
    pub display_name: &'a str,
}

/// The PublicKeyCredentialCreationOptionsJSON for a new passkey. Authenticators that hold one of the credentials in
/// `exclude` refuse to make a second.
pub fn creation_options(
    rp: &RelyingParty<'_>,
    user: &User<'_>,
    challenge: &[u8],
    exclude: &[Vec<u8>],
) -> Value {
    let algorithms: Vec<_> =
        Algorithm::ALL.iter().map(|one| json!({"type": "public-key", "alg": one.identifier()})).collect();
    json!({
        "rp": {"id": rp.id, "name": rp.name},
        "user": {
            "id": base64url::encode(user.id),
            "name": user.name,
            "displayName": user.display_name,
        },
        "challenge": base64url::encode(challenge),
        "pubKeyCredParams": algorithms,
        "timeout": TIMEOUT,
        "excludeCredentials": descriptors(exclude),
        "authenticatorSelection": {
            "residentKey": "required",
            // For browsers of Level 1, which do not know residentKey.
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    })
}

/// The PublicKeyCredentialRequestOptionsJSON for a sign-in. With no credentials in `allow`, the browser offers all
/// passkeys of this relying party.
pub fn request_options(rp: &RelyingParty<'_>, challenge: &[u8], allow: &[Vec<u8>]) -> Value {
    json!({
        "challenge": base64url::encode(challenge),
        "timeout": TIMEOUT,
        "rpId": rp.id,
        "allowCredentials": descriptors(allow),
        "userVerification": "required",
    })
}

/// Credentials as PublicKeyCredentialDescriptorJSON (section 5.8.3).
fn descriptors(ids: &[Vec<u8>]) -> Vec<Value> {
    ids.iter().map(|id| json!({"type": "public-key", "id": base64url::encode(id)})).collect()
}
