//! What is under way for a short time: codes, logins, logouts, journeys to other providers, pushed requests, device
//! codes.
//!
//! Each is a random text for somebody to bring back, of which only a keyed digest is stored, and a document that it
//! stands for. Must never let one of them count twice: what ends it is one conditional statement.

pub mod codes;
pub mod devices;
mod logins;
pub mod pushed;
pub mod sql;
pub mod upstream;
pub mod used_assertions;

use std::sync::Arc;

use chancery_crypto::seal::Label;
use jiff::SignedDuration;

pub use logins::{LOGINS, LOGOUTS};

use crate::app::App;
use crate::db::DbError;
use crate::tenants::TenantId;

/// Characters of each text: 256 bits.
const TEXT: usize = 43;
/// How long what has expired is kept, so that a late use is recognised as one.
const KEPT: SignedDuration = SignedDuration::from_mins(10);

/// What is stored of a text. Each kind has digests of its own, so that no text counts as one of another kind.
fn digest(app: &App, tenant: &TenantId, kind: &'static str, text: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.as_str(), kind, id: text })
}

/// Deletes what expired a while ago, of all tenants.
pub async fn sweep(app: &Arc<App>) -> Result<(), DbError> {
    let now = app.clock.now();
    let before = now.saturating_sub(KEPT).unwrap_or(now);
    let mut tx = app.db.begin().await?;
    sql::sweep(&mut tx, before.as_millisecond()).await?;
    tx.commit().await
}
