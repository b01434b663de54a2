//! The key that everything sealed is sealed under, as people may see it: an id, an age, what it protects.
//!
//! There is one: the master key of the installation, for all tenants. What belongs to a tenant is bound to it by the
//! seal itself, not by a key of the tenant's own. Must never show anything from which the key could be guessed.

pub mod api;
pub mod page;

use std::fmt::Write;

use chancery_crypto::seal::{Label, Sealer};
use jiff::Timestamp;

use crate::app::App;
use crate::bootstrap;
use crate::db::DbError;
use crate::tenants::Tenant;

/// The master key, without the key.
#[derive(Debug, Clone)]
pub struct RootKey {
    /// Its id in the tenant: the same in every process that has the key.
    pub kid: String,
    /// The number by which sealed values name it.
    pub version: u32,
    /// Since when it seals in this database.
    pub created_at: Timestamp,
}

/// The key that seals for a tenant.
async fn root_key(app: &App, tenant: &Tenant) -> Result<RootKey, DbError> {
    // A tenant cannot be older than what its secrets are sealed under.
    let created_at = bootstrap::sealed_since(&app.db).await?.unwrap_or(tenant.stored.created_at);
    Ok(RootKey { kid: kid(&app.sealer, tenant.id().as_str()), version: app.sealer.version(), created_at })
}

/// A digest under the key, written as a UUID (RFC 9562 section 5.8): whoever does not have the key learns nothing of
/// it. Each tenant calls the key by another id, since tenants share nothing that they can see.
fn kid(sealer: &Sealer, tenant: &str) -> String {
    let digest = sealer.digest(Label { tenant, kind: "master-key", id: "" });
    let mut text = String::with_capacity(36);
    for (place, byte) in digest.into_iter().take(16).enumerate() {
        let byte = match place {
            6 => 0x80 | (byte & 0x0f),
            8 => 0x80 | (byte & 0x3f),
            _ => byte,
        };
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Whether a text is a UUID in its usual form.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use chancery_crypto::seal::{MasterKey, Sealer};

    use super::{is_uuid, kid};

    #[test]
    fn a_master_key_has_an_id_of_its_own_that_is_a_uuid() {
        let of = |byte, tenant| kid(&Sealer::new(&MasterKey::from_bytes([byte; 32]), 1), tenant);
        assert_eq!(of(7, "ten_a"), of(7, "ten_a"));
        assert_ne!(of(7, "ten_a"), of(8, "ten_a"));
        assert_ne!(of(7, "ten_a"), of(7, "ten_b"));
        let id = of(7, "ten_a");
        assert!(is_uuid(&id), "{id}");
        assert_eq!(&id[14..15], "8", "a version of our own: {id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }

    #[test]
    fn what_is_no_uuid_is_known() {
        for text in ["", "x", "6f0d4c0e8f5a4a0c9a9e4b1f1a1d0c11", "6f0d4c0e-8f5a-4a0c-9a9e-4b1f1a1d0c1g"] {
            assert!(!is_uuid(text), "{text}");
        }
        assert!(is_uuid("6F0d4c0e-8f5a-4a0c-9a9e-4b1f1a1d0c11"));
    }
}
