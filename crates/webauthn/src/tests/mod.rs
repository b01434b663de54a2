//! Passkeys that count, and every way in which one was ever made to seem to.

mod authenticate;
mod authenticator;
mod cbor;
mod cose;
mod mutations;
mod options;
mod register;
mod vectors;

use crate::{Credential, Expected, RelyingParty, Stored};

const RP: RelyingParty<'_> =
    RelyingParty { id: "tenant.example", name: "Tenant", origin: "https://tenant.example" };
const CHALLENGE: &[u8] = b"0123456789abcdef0123456789abcdef";
const HANDLE: &[u8] = b"handle";
const EXPECTED: Expected<'_> = Expected { rp: RP, challenge: CHALLENGE };

/// What is stored of a credential of the user [`HANDLE`].
fn stored(credential: &Credential) -> Stored<'_> {
    Stored {
        id: &credential.id,
        public_key: &credential.public_key,
        sign_count: credential.sign_count,
        backup_eligible: credential.backup_eligible,
        user_handle: HANDLE,
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}
