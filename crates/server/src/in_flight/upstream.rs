//! What was sent along with a browser to another provider, until its answer comes. The text is the `state` of OAuth,
//! or the `RelayState` of SAML.
//!
//! Must never be found by the text alone where it is used, and never count twice: whoever ends one has checked that the
//! browser is the one that was sent. What is stored is sealed, since it holds what proves the exchange to be ours.

use chancery_crypto::seal::Label;
use chancery_jose::base64url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TEXT;
use super::logins::JOURNEYS;
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

/// A new text, before it stands for anything: some protocols need it in what is stored.
pub fn fresh(app: &App) -> String {
    app.entropy.url_safe(TEXT)
}

/// Whether a text looks as if it had been one of ours.
pub fn looks_ours(text: &str) -> bool {
    text.len() == TEXT && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
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
    JOURNEYS.put(app, tx, tenant, (text, &base64url::encode(&sealed))).await
}

/// What a text stands for, while the answer is awaited.
pub async fn find<D: DeserializeOwned>(
    app: &App,
    tenant: &TenantId,
    text: &str,
) -> Result<Option<D>, DbError> {
    let Some(stored) = JOURNEYS.find::<String>(app, tenant, text).await? else { return Ok(None) };
    let damaged = || DbError::inconsistent("what was sent along to another provider is damaged");
    let sealed = base64url::decode(&stored).map_err(|_| damaged())?;
    let plain = app.sealer.open(label(tenant, text), &sealed).map_err(|_| damaged())?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| damaged())
}

/// Uses a text up; false if it was already.
pub async fn end(app: &App, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    JOURNEYS.use_up(app, tenant, text).await
}

fn label<'a>(tenant: &'a TenantId, text: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind: "upstream", id: text }
}
