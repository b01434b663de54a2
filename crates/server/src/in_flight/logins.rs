//! Logins under way: the request that began one, and how far its user has come. The text is the `state` of our pages.
//!
//! Must never be found by the text alone where it is used: it stands in addresses, which people copy to each other.
//! Whoever changes one has checked that the browser is the one that it was begun in.

use serde::Serialize;
use serde::de::DeserializeOwned;

use jiff::SignedDuration;

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "login";
/// How long a user may take.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Begins a login; answers its text.
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

/// The login that a text stands for, while it is under way.
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

/// Writes how far a login has come; false if it is over.
pub async fn update<D: Serialize + Sync>(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (text, document): (&str, &D),
) -> Result<bool, DbError> {
    sql::update_login(tx, tenant, digest(app, tenant, KIND, text), document).await
}

/// Ends a login; false if it was over already, so that of two answers to one request only one is given.
pub async fn end(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    sql::delete_login(tx, tenant, digest(app, tenant, KIND, text)).await
}
