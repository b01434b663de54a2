//! Administrators: who may use the Dashboard, what they may do there, and how they are invited.
//!
//! An administrator is a user of a connection that no application but the Dashboard may use, so that passwords,
//! sessions, blocks and the log work as for everybody. Connection, application and users are hidden from the
//! Management API (`hidden.rs`). Must never leave a tenant without somebody who may do everything, once it had one.

pub mod api;
mod furnish;
pub mod hidden;
pub mod invitations;
pub mod page;
mod role;
pub mod sessions;
mod sql;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use hidden::{is_hidden_client, is_hidden_connection, is_hidden_identity, is_hidden_user};
pub use invitations::{
    AcceptError, Accepting, Invitation, InviteError, Invited, NewInvitation, accept, invite, look, set_up,
    setup_url,
};
pub use role::{NAMES, NoRole, Role};

use crate::app::App;
use crate::db::{Db, DbError};
use crate::logs::Entry;
use crate::tenants::{self, TenantId};
use crate::users;
use crate::write::Write;

/// Somebody who may use the Dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Administrator {
    /// The id of the user.
    pub user_id: String,
    /// The e-mail address that they sign in with.
    pub email: String,
    /// The full name.
    pub name: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login: Option<Timestamp>,
    /// Who invited them: the subject of a token, or nobody for the command line.
    pub invited_by: Option<String>,
}

impl Administrator {
    /// The id and the address.
    fn named(&self) -> (Option<&str>, Option<&str>) {
        (Some(&self.user_id), Some(&self.email))
    }
}

/// Why an administrator was not removed or did not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is nobody with this id.
    #[error("there is no such administrator")]
    Unknown,
    /// Nobody could make another one after that.
    #[error("this is the last administrator who may do everything; make somebody else an Admin first")]
    LastAdmin,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The administrator who is this user; none if the user is blocked.
pub async fn find(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Option<Administrator>, DbError> {
    if !is_hidden_user(user_id) || user_id.contains('\0') {
        return Ok(None);
    }
    sql::find(db, tenant, user_id).await
}

/// All administrators of a tenant, the first one first.
pub async fn list(db: &Db, tenant: &TenantId) -> Result<Vec<Administrator>, DbError> {
    sql::list(db, tenant).await
}

/// The `client_id` of the Dashboard; none as long as nobody was ever invited.
pub async fn dashboard_client(db: &Db, tenant: &TenantId) -> Result<Option<String>, DbError> {
    let found = crate::applications::sql::find_any(db, tenant, hidden::CLIENT_ID).await?;
    Ok(found.map(|application| application.client_id))
}

/// Name, scheme and domain of the tenant of an administrator, and of each where somebody with the same address is one
/// too; not as long as the address is a mere word of another administrator, so that nobody learns by an invitation to
/// their own tenant where else a stranger is at home. Whom the operator has let in needs no proof.
pub async fn tenants_of(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
) -> Result<Vec<(String, String, String)>, DbError> {
    sql::tenants_of(db, tenant, user_id).await
}

/// Removes an administrator with everything that is theirs: their sessions end.
pub async fn remove(
    app: &Arc<App>,
    tenant: &TenantId,
    user_id: &str,
    entry: Entry,
) -> Result<(), ChangeError> {
    let mut write = Write::begin(app, tenant).await?;
    let found = locked(&mut write, tenant, user_id, None).await?;
    users::delete(write.tx(), tenant, user_id, app.clock.now()).await?;
    write.commit(about(entry, found.named(), found.role)).await?;
    Ok(())
}

/// Gives an administrator another role.
pub async fn change_role(
    app: &Arc<App>,
    tenant: &TenantId,
    (user_id, role): (&str, Role),
    entry: Entry,
) -> Result<Administrator, ChangeError> {
    let mut write = Write::begin(app, tenant).await?;
    let found = locked(&mut write, tenant, user_id, Some(role)).await?;
    sql::update_role(write.tx(), tenant, user_id, role).await?;
    write.commit(about(entry, found.named(), role)).await?;
    Ok(Administrator { role, ..found })
}

/// Reads an administrator who is about to get another role or to go, if the tenant can spare them.
async fn locked(
    write: &mut Write,
    tenant: &TenantId,
    user_id: &str,
    next: Option<Role>,
) -> Result<Administrator, ChangeError> {
    // Two who take the role from each other at the same time would both see one left: the tenant's row is their lock.
    tenants::sql::settings_for_update(write.tx(), tenant).await?;
    let all = sql::list_in(write.tx(), tenant).await?;
    let admins = all.iter().filter(|one| one.role == Role::Admin).count();
    let found = all.into_iter().find(|one| one.user_id == user_id).ok_or(ChangeError::Unknown)?;
    if found.role == Role::Admin && next != Some(Role::Admin) && admins < 2 {
        return Err(ChangeError::LastAdmin);
    }
    Ok(found)
}

/// The entry of the log, with the member whom it is about in its details. It names who did it; at the command line, where
/// that is nobody, the member too.
fn about(mut entry: Entry, (user_id, email): (Option<&str>, Option<&str>), role: Role) -> Entry {
    if let Some(Value::Object(details)) = &mut entry.details {
        let member = json!({ "user_id": user_id, "email": email, "role": role.name() });
        details.insert("member".to_owned(), member);
    }
    if entry.user_id.is_none() {
        entry.user_id = user_id.map(str::to_owned);
        entry.user_name = email.map(str::to_owned);
    }
    entry
}
