//! The text of a refresh token: `v1.` family `.` generation `.` proof.
//!
//! The proof is a keyed digest of tenant, family and generation, so the text can be made again for a client whose
//! answer was lost, and read by nobody but us. The database holds a second digest, of the text. Must never accept two
//! spellings of one token.

use chancery_crypto::digest;
use chancery_crypto::seal::{Label, Sealer};
use chancery_jose::base64url;

use super::ID;
use crate::tenants::TenantId;

const PREFIX: &str = "v1.";
/// Characters of the longest text: 2^63 has 19 digits, the proof 43 characters.
const LONGEST: usize = PREFIX.len() + ID + 1 + 19 + 1 + 43;

/// The text of a generation of a family.
pub(super) fn of(sealer: &Sealer, tenant: &TenantId, id: &str, generation: i64) -> String {
    let named = format!("{id}.{generation}");
    let proof = base64url::encode(&proof(sealer, tenant, &named));
    format!("{PREFIX}{named}.{proof}")
}

/// What the database knows a text by.
pub(super) fn digest(sealer: &Sealer, tenant: &TenantId, text: &str) -> [u8; 32] {
    sealer.digest(Label { tenant: tenant.as_str(), kind: "refresh-token", id: text })
}

/// Family and generation of a text that [`of`] made for this tenant.
pub(super) fn read(sealer: &Sealer, tenant: &TenantId, text: &str) -> Option<(String, i64)> {
    let (named, shown) = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST)?.rsplit_once('.')?;
    let shown = base64url::decode(shown).ok()?;
    if !digest::equal(&proof(sealer, tenant, named), &shown) {
        return None;
    }
    let (id, generation) = named.split_once('.')?;
    Some((id.to_owned(), generation.parse().ok()?))
}

fn proof(sealer: &Sealer, tenant: &TenantId, named: &str) -> [u8; 32] {
    sealer.digest(Label { tenant: tenant.as_str(), kind: "refresh-token-proof", id: named })
}

#[cfg(test)]
mod tests {
    use chancery_crypto::seal::MasterKey;

    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&MasterKey::from_bytes([byte; 32]), 1)
    }

    fn tenant(id: &str) -> TenantId {
        TenantId::from_stored(id.to_owned())
    }

    const FAMILY: &str = "abcdefghijklmnopqrstuvwx";

    #[test]
    fn what_was_written_is_read_by_the_same_tenant_and_installation_alone() {
        let (own, other) = (tenant("ten_a"), tenant("ten_b"));
        let text = of(&sealer(1), &own, FAMILY, 7);
        assert!(text.starts_with("v1.abcdefghijklmnopqrstuvwx.7."));
        assert_eq!(read(&sealer(1), &own, &text), Some((FAMILY.to_owned(), 7)));
        assert_eq!(read(&sealer(1), &other, &text), None);
        assert_eq!(read(&sealer(2), &own, &text), None);
    }

    #[test]
    fn a_changed_text_is_nothing() {
        let (sealer, own) = (sealer(1), tenant("ten_a"));
        let text = of(&sealer, &own, FAMILY, 0);
        let older = text.replacen(".0.", ".1.", 1);
        let longer = format!("{text}A");
        let padded = format!("{text}=");
        let spaced = format!(" {text}");
        let proofless = text[..text.len() - 43].to_owned();
        let long = format!("v1.{}", "a".repeat(1_000_000));
        for changed in [older, longer, padded, spaced, proofless, long, String::new(), "v1.".to_owned()] {
            assert_eq!(read(&sealer, &own, &changed), None, "{}", &changed[..changed.len().min(80)]);
        }
    }

    #[test]
    fn the_digest_for_the_database_is_not_the_proof_in_the_text() {
        let (sealer, own) = (sealer(1), tenant("ten_a"));
        let text = of(&sealer, &own, FAMILY, 0);
        assert!(!text.contains(&base64url::encode(&digest(&sealer, &own, &text))));
    }
}
