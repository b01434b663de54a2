//! What users allowed applications to do at APIs: consents, which the wire calls grants.
//!
//! One for each user, application and API; allowing more adds to it. Must never be widened by anything but the
//! user's own yes.

pub mod api;
pub mod sql;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::App;
use crate::db::{Db, DbError, Tx};
use crate::tenants::TenantId;

/// A consent.
#[derive(Debug, Clone)]
pub struct UserGrant {
    /// Its id.
    pub id: String,
    /// Who allowed it.
    pub user_id: String,
    /// To which application.
    pub client_id: String,
    /// At which API.
    pub audience: String,
    /// What.
    pub scopes: BTreeSet<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// Whom a consent binds: a user, an application, an API.
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    /// Who allows.
    pub user_id: &'a str,
    /// To which application.
    pub client_id: &'a str,
    /// At which API.
    pub audience: &'a str,
}

impl UserGrant {
    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "clientID": self.client_id,
            "user_id": self.user_id,
            "audience": self.audience,
            "scope": self.scopes,
        })
    }
}

/// What a user has allowed an application at an API; nothing if the user was never asked.
pub async fn granted(db: &Db, tenant: &TenantId, between: Between<'_>) -> Result<BTreeSet<String>, DbError> {
    let Between { user_id, client_id, audience } = between;
    if [user_id, client_id, audience].iter().any(|text| text.contains('\0')) {
        return Ok(BTreeSet::new());
    }
    let grant = sql::find_between(db, tenant, between).await?;
    Ok(grant.map(|grant| grant.scopes).unwrap_or_default())
}

/// Adds what a user allows now to what was allowed before, in the transaction of the login.
pub async fn record(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    between: Between<'_>,
    scopes: impl IntoIterator<Item = String>,
) -> Result<(), DbError> {
    let Between { user_id, client_id, audience } = between;
    let new = UserGrant {
        id: app.entropy.hex(24),
        user_id: user_id.to_owned(),
        client_id: client_id.to_owned(),
        audience: audience.to_owned(),
        scopes: BTreeSet::new(),
        created_at: app.clock.now(),
    };
    let mut grant = sql::lock(tx, tenant, &new).await?;
    grant.scopes.extend(scopes);
    sql::update(tx, tenant, &grant).await
}
