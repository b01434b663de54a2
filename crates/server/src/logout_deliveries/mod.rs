//! Telling applications that a session is over (OpenID Connect Back-Channel Logout): written together with the end
//! of the session, sent later by whoever is free.
//!
//! Must never keep a token: one is made for each attempt. Must never tell an application that did not take part in
//! the session, or that does not want to hear of this kind of end.

pub mod sender;
pub mod sql;

use std::collections::BTreeMap;

use chancery_oauth::client::BackchannelLogout;
use jiff::Timestamp;

use crate::applications;
use crate::applications::oauth_client::backchannel_logout;
use crate::db::{DbError, Tx};
use crate::sessions::{Cause, Session};
use crate::tenants::TenantId;

/// What is known of applications while sessions of one tenant end.
#[derive(Debug, Default)]
pub struct Listeners(BTreeMap<String, BackchannelLogout>);

impl Listeners {
    /// Writes what has to be told of a session that ends here.
    pub async fn tell(
        &mut self,
        tx: &mut Tx,
        tenant: &TenantId,
        (session, participants): (&Session, &[String]),
        (cause, now): (Cause, Timestamp),
    ) -> Result<(), DbError> {
        for client_id in participants {
            let listener = self.find(tx, tenant, client_id).await?;
            if !listener.wants(cause.initiator()) {
                continue;
            }
            for (address, _) in (0_i64..).zip(&listener.urls) {
                let delivery = sql::Delivery {
                    tenant: tenant.clone(),
                    session_id: session.id.clone(),
                    client_id: client_id.clone(),
                    address,
                    user_id: session.user_id.clone(),
                    initiator: cause.initiator().to_owned(),
                    session_metadata: session.details.metadata.clone().filter(|_| listener.session_metadata),
                    attempts: 0,
                    next_attempt_at: now.as_millisecond(),
                };
                sql::insert(tx, &delivery, now).await?;
            }
        }
        Ok(())
    }

    async fn find(
        &mut self,
        tx: &mut Tx,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<&BackchannelLogout, DbError> {
        if !self.0.contains_key(client_id) {
            let found = applications::sql::find_within(tx, tenant, client_id).await?;
            let found = found.map(|application| backchannel_logout(&application.document));
            self.0.insert(client_id.to_owned(), found.unwrap_or_default());
        }
        Ok(&self.0[client_id])
    }
}
