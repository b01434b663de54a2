//! What was sent along with a browser to another provider, until its answer comes. The text is the `state` of OAuth,
//! or the `RelayState` of SAML.
//!
//! Must never be found by the text alone where it is used, and never count twice: whoever ends one has checked that the
//! browser is the one that was sent. What is stored is sealed, since it holds what proves the exchange to be ours.

use chancery_crypto::seal::Label;
use chancery_jose::base64url;
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "upstream";
/// How long a user may take at the other provider.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

/// A new text, before it stands for anything: some protocols need it in what is stored.
pub fn fresh(app: &App) -> String {
    app.entropy.url_safe(TEXT)
}

/// Stores what a text stands for.
pub async fn begin<D: Serialize + Sync>(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (text, document): (&str, &D),
) -> Result<(), DbError> {
    let plain = serde_json::to_vec(document).map_err(|error| DbError::inconsistent(error.to_string()))?;
    let sealed = app.sealer.seal(label(tenant, text), app.entropy.bytes(), &plain);
    let sealed = sealed.map_err(|error| DbError::inconsistent(error.to_string()))?;
    let now = app.clock.now();
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(now).as_millisecond();
    let document = base64url::encode(&sealed);
    sql::insert_login(tx, tenant, digest(app, tenant, KIND, text), (&document, expires_at)).await
}

/// What a text stands for, while the answer is awaited.
pub async fn find<D: DeserializeOwned>(
    app: &App,
    tenant: &TenantId,
    text: &str,
) -> Result<Option<D>, DbError> {
    if text.len() != TEXT {
        return Ok(None);
    }
    let now = app.clock.now().as_millisecond();
    let found = sql::find_login::<String>(&app.db, tenant, digest(app, tenant, KIND, text), now).await?;
    let Some(stored) = found else { return Ok(None) };
    let damaged = || DbError::inconsistent("what was sent along to another provider is damaged");
    let sealed = base64url::decode(&stored).map_err(|_| damaged())?;
    let plain = app.sealer.open(label(tenant, text), &sealed).map_err(|_| damaged())?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| damaged())
}

/// Uses a text up; false if it was already.
pub async fn end(app: &App, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    let mut tx = app.db.begin().await?;
    let ended = sql::delete_login(&mut tx, tenant, digest(app, tenant, KIND, text)).await?;
    tx.commit().await?;
    Ok(ended)
}

fn label<'a>(tenant: &'a TenantId, text: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind: KIND, id: text }
}
