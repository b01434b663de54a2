//! Logouts under way: which applications have been told, which have still to be, and who waits for the end. The text is
//! the `RelayState` that goes from one to the next.
//!
//! Must never be found by the text alone where it is used, as with logins.

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "logout";
/// How long all of them may take together.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// Begins a logout; answers its text.
pub async fn begin<D: Serialize + Sync>(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    document: &D,
) -> Result<String, DbError> {
    let text = app.entropy.url_safe(TEXT);
    let now = app.clock.now();
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(now).as_millisecond();
    sql::insert_login(tx, tenant, digest(app, tenant, KIND, &text), (document, expires_at)).await?;
    Ok(text)
}

/// The logout that a text stands for, while it is under way.
pub async fn find<D: DeserializeOwned>(
    app: &App,
    tenant: &TenantId,
    text: &str,
) -> Result<Option<D>, DbError> {
    if text.len() != TEXT {
        return Ok(None);
    }
    let now = app.clock.now().as_millisecond();
    sql::find_login(&app.db, tenant, digest(app, tenant, KIND, text), now).await
}

/// Takes it out, so that of two answers to one question only one counts; false if it is gone.
pub async fn end(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    sql::delete_login(tx, tenant, digest(app, tenant, KIND, text)).await
}
