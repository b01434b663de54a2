//! Logins, logouts and journeys to other providers: what began one, and how far it has come. The text is the `state` of
//! our pages, or what goes along with the browser (`state`, `RelayState`, `wctx`).
//!
//! Must never be found by the text alone where it is used: it stands in addresses, which people copy to each other.
//! Whoever changes one has checked that the browser is the one that it was begun in.

use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

/// What is under way.
#[derive(Debug)]
pub struct Kind {
    name: &'static str,
    lifetime: SignedDuration,
}

/// The request that began a login, for as long as a user may take.
pub const LOGINS: Kind = Kind { name: "login", lifetime: SignedDuration::from_hours(1) };
/// Which applications have been told of a logout, and which have still to be: how long all of them may take together.
pub const LOGOUTS: Kind = Kind { name: "logout", lifetime: SignedDuration::from_mins(15) };
/// What was sent along with a browser to another provider: how long a user may take there.
pub(super) const JOURNEYS: Kind = Kind { name: "upstream", lifetime: SignedDuration::from_mins(30) };

impl Kind {
    /// Begins one; answers its text.
    pub async fn begin<D: Serialize + Sync>(
        &self,
        app: &App,
        tx: &mut Tx,
        tenant: &TenantId,
        document: &D,
    ) -> Result<String, DbError> {
        let text = app.entropy.url_safe(TEXT);
        self.put(app, tx, tenant, (&text, document)).await?;
        Ok(text)
    }

    /// Begins one under a text that was made before.
    pub(super) async fn put<D: Serialize + Sync>(
        &self,
        app: &App,
        tx: &mut Tx,
        tenant: &TenantId,
        (text, document): (&str, &D),
    ) -> Result<(), DbError> {
        let now = app.clock.now();
        let expires_at = now.saturating_add(self.lifetime).unwrap_or(now).as_millisecond();
        sql::insert_login(tx, tenant, self.digest(app, tenant, text), (document, expires_at)).await
    }

    /// What a text stands for, while it is under way.
    pub async fn find<D: DeserializeOwned>(
        &self,
        app: &App,
        tenant: &TenantId,
        text: &str,
    ) -> Result<Option<D>, DbError> {
        if text.len() != TEXT {
            return Ok(None);
        }
        let now = app.clock.now().as_millisecond();
        sql::find_login(&app.db, tenant, self.digest(app, tenant, text), now).await
    }

    /// Writes how far it has come. [`DbError::Missed`], at the commit at the latest: it is over.
    pub async fn update<D: Serialize + Sync>(
        &self,
        app: &App,
        tx: &mut Tx,
        tenant: &TenantId,
        (text, document): (&str, &D),
    ) -> Result<(), DbError> {
        sql::update_login(tx, tenant, self.digest(app, tenant, text), document).await
    }

    /// Ends it. [`DbError::Missed`], at the commit at the latest: it was over already, so that of two answers to one
    /// question only one counts.
    pub async fn end(&self, app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<(), DbError> {
        sql::delete_login(tx, tenant, self.digest(app, tenant, text)).await
    }

    /// Ends it in a transaction of its own; false if it was over already.
    pub async fn use_up(&self, app: &App, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
        let ended = async {
            let mut tx = app.db.begin().await?;
            self.end(app, &mut tx, tenant, text).await?;
            tx.commit().await
        };
        Ok(DbError::unless_missed(ended.await)?.is_some())
    }

    fn digest(&self, app: &App, tenant: &TenantId, text: &str) -> [u8; 32] {
        digest(app, tenant, self.name, text)
    }
}
