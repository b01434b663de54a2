//! The session that a login opens in a browser.
//!
//! Must never leave another user's session alive in the browser.

use std::sync::Arc;

use crate::app::App;
use crate::db::DbError;
use crate::sessions::{self, Cause, Login, Opened, Session};
use crate::tenants::Tenant;
use crate::write::Write;

/// Opens a session in place of the one before, or renews that one if it is the same user's.
pub(super) async fn open(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &Tenant,
    (before, login): (Option<Session>, Login<'_>),
) -> Result<Opened, DbError> {
    match before {
        Some(session) if session.user_id == login.user_id => {
            sessions::reauthenticate(app, write.tx(), tenant, (session, login)).await
        }
        before => {
            let ended: Vec<Session> = before.into_iter().collect();
            let of = (Cause::Replaced, app.clock.now());
            sessions::end(write.tx(), tenant.id(), &ended, of).await?;
            sessions::open(app, write.tx(), tenant, login).await
        }
    }
}
