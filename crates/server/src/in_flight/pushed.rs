//! Pushed authorization requests (RFC 9126): stored for their client, taken out once.
//!
//! Must never give a request out twice: what `/authorize` makes of it lives on as a login under way.

use chancery_oauth::authorize::{Pushed, Raw};
use jiff::SignedDuration;

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::clock;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "pushed request";

/// Stores a request for so many seconds; answers what follows the URN in its `request_uri`.
pub async fn store(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (client_id, raw, seconds): (&str, &Raw, i64),
) -> Result<String, DbError> {
    let text = app.entropy.url_safe(TEXT);
    let now = app.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now).as_millisecond();
    let digest = digest(app, tenant, KIND, &text);
    sql::insert_pushed(tx, tenant, digest, (client_id, &raw.to_document(), expires_at)).await?;
    Ok(text)
}

/// Takes a request of this client out. Whether it is still good is for the caller to decide.
pub async fn take(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (client_id, text): (&str, &str),
) -> Result<Option<Pushed>, DbError> {
    if text.len() != TEXT {
        return Ok(None);
    }
    let taken = sql::take_pushed(tx, tenant, digest(app, tenant, KIND, text), client_id).await?;
    let Some((document, expires_at)) = taken else { return Ok(None) };
    let raw = Raw::from_document(&document)
        .ok_or_else(|| DbError::inconsistent("a pushed request is not what was stored"))?;
    Ok(Some(Pushed { client_id: client_id.to_owned(), raw, expires_at: clock::from_millis(expires_at)? }))
}
