//! Invitations: links that make somebody an administrator, once.
//!
//! The link holds a random text, the database its keyed digest. Must never store the text, and never let a link be
//! used twice or after its end.

use std::fmt;
use std::sync::Arc;

use chancery_crypto::seal::Label;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::hidden::{CONNECTION_ID, IDENTITY_PREFIX};
use super::{Administrator, Role, furnish, sql};
use crate::app::App;
use crate::connections;
use crate::db::DbError;
use crate::http::Origin;
use crate::logs::{Entry, Kind};
use crate::management::ApiError;
use crate::passwords::policy::Weak;
use crate::passwords::{NoPassword, PoolError};
use crate::tenants::{self, Tenant, TenantId};
use crate::users::{self, Draft, UserError};
use crate::write::Write;

/// How long an invitation is good.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Characters of the text: 256 bits.
const LENGTH: usize = 43;

/// An invitation that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Who may accept it; without a word, whoever has the link.
    pub email: Option<String>,
    /// What they will be allowed to do.
    pub role: Role,
    /// The subject of the token of whoever invites; none for the command line.
    pub invited_by: Option<String>,
}

/// An invitation that was made, with the text of its link for this once.
#[derive(Clone, PartialEq, Eq)]
pub struct Invited {
    /// Its id.
    pub id: String,
    /// The text of the link: whoever has it can accept.
    pub text: String,
    /// When it ends; none for the link of the first start, which is good until it is used or there is an Admin.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for Invited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invited").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An invitation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// Who may accept it; none: whoever has the link.
    pub email: Option<String>,
    /// What they will be allowed to do.
    pub role: Role,
    /// Who invited.
    pub invited_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The text is no address.
    #[error("\"{0}\" is no e-mail address")]
    NoEmail(String),
    /// An administrator has this address.
    #[error("{0} is an administrator already")]
    Taken(String),
    /// There is no such tenant any more.
    #[error("the tenant was deleted")]
    NoTenant,
    /// What a tenant with administrators needs could not be made.
    #[error("the Dashboard could not be set up: {0}")]
    Part(ApiError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What somebody sends who accepts an invitation.
#[derive(Clone, Copy)]
pub struct Accepting<'a> {
    /// The text of the link.
    pub text: &'a str,
    /// The address that they want to sign in with.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// Where the request comes from.
    pub origin: &'a Origin,
}

impl fmt::Debug for Accepting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is unknown, used, withdrawn, or too old.
    #[error("This invitation is no longer good. Ask for a new one.")]
    Over,
    /// The text is no address.
    #[error("This is no e-mail address.")]
    NoEmail,
    /// The invitation is for another address.
    #[error("This invitation is for another e-mail address.")]
    OtherEmail,
    /// An administrator has this address.
    #[error("There is an administrator with this e-mail address already. Log in instead.")]
    Taken,
    /// The password is not good enough; [`Weak::body`] says why.
    #[error("{0}")]
    Weak(Weak),
    /// The text cannot be a password.
    #[error(transparent)]
    NoPassword(#[from] NoPassword),
    /// Too many passwords are being hashed, or hashing failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<UserError> for AcceptError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Exists => Self::Taken,
            UserError::Weak(weak) => Self::Weak(weak),
            UserError::NoPassword(error) => Self::NoPassword(error),
            UserError::Pool(error) => Self::Pool(error),
            UserError::Db(error) => Self::Db(error),
            // Address and password were all that was sent.
            UserError::SignupDisabled | UserError::Refused(_) => Self::Db(DbError::Other(error.to_string())),
        }
    }
}

fn digest(app: &App, tenant: &TenantId, text: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.as_str(), kind: "administrator-invitation", id: text })
}

fn is_text(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The address that the text of an invitation opens; `base` is the address of the tenant, without a slash at its end.
pub fn setup_url(base: &str, text: &str) -> String {
    format!("{base}/dashboard/setup?ticket={text}")
}

/// Invites somebody. `entry` says so in the log.
pub async fn invite(
    app: &Arc<App>,
    tenant: &TenantId,
    new: NewInvitation,
    entry: Entry,
) -> Result<Invited, InviteError> {
    let (invitation, text) = make(app, tenant, (new, Some(LIFETIME)), entry).await?;
    Ok(Invited { id: invitation.id, text, expires_at: invitation.expires_at })
}

/// Makes the link of the first start: whoever opens it becomes the first Admin. It has no end of its own, and is gone
/// once the tenant has an Admin.
pub async fn set_up(app: &Arc<App>, tenant: &TenantId, entry: Entry) -> Result<Invited, InviteError> {
    let new = NewInvitation { email: None, role: Role::Admin, invited_by: None };
    let (invitation, text) = make(app, tenant, (new, None), entry).await?;
    Ok(Invited { id: invitation.id, text, expires_at: invitation.expires_at })
}

/// Makes an invitation; answers the text of its link beside it.
pub(super) async fn make(
    app: &Arc<App>,
    tenant: &TenantId,
    (new, lifetime): (NewInvitation, Option<SignedDuration>),
    entry: Entry,
) -> Result<(Invitation, String), InviteError> {
    let NewInvitation { email, role, invited_by } = new;
    let no_email = |text: &str| InviteError::NoEmail(text.chars().take(320).collect());
    let email = email.map(|text| users::email(text.trim()).ok_or_else(|| no_email(&text))).transpose()?;
    let stored = tenants::sql::find(&app.db, tenant).await?.ok_or(InviteError::NoTenant)?;
    let now = app.clock.now();
    let invitation = Invitation {
        id: format!("inv_{}", app.entropy.alphanumeric(16)),
        email,
        role,
        invited_by,
        created_at: now,
        expires_at: lifetime.map(|span| now + span),
    };
    let text = app.entropy.alphanumeric(LENGTH);
    let mut write = Write::begin(app, tenant).await?;
    let base = format!("{}://{}", stored.scheme, stored.domain);
    furnish::ensure(app, &mut write, tenant, &base).await.map_err(InviteError::Part)?;
    if let Some(email) = &invitation.email {
        let taken = users::accounts::sql::user_by_email(write.tx(), tenant, CONNECTION_ID, email);
        if taken.await?.is_some() {
            return Err(InviteError::Taken(email.clone()));
        }
    }
    sql::insert_invitation(write.tx(), tenant, digest(app, tenant, &text), &invitation).await?;
    write.commit(super::about(entry, (None, invitation.email.as_deref()), role)).await?;
    Ok((invitation, text))
}

/// The invitation of a link, if it is still good.
pub async fn look(app: &App, tenant: &TenantId, text: &str) -> Result<Option<Invitation>, DbError> {
    if !is_text(text) {
        return Ok(None);
    }
    sql::find_invitation(&app.db, tenant, digest(app, tenant, text), app.clock.now()).await
}

/// The invitations of a tenant that are still good, the oldest first.
pub async fn open(app: &App, tenant: &TenantId) -> Result<Vec<Invitation>, DbError> {
    sql::invitations(&app.db, tenant, app.clock.now()).await
}

/// Takes an invitation back. False: there is none with this id.
pub async fn withdraw(app: &Arc<App>, tenant: &TenantId, id: &str, entry: Entry) -> Result<bool, DbError> {
    if id.contains('\0') {
        return Ok(false);
    }
    let mut write = Write::begin(app, tenant).await?;
    if !sql::delete_invitation(write.tx(), tenant, id).await? {
        write.nothing_to_do().await?;
        return Ok(false);
    }
    write.commit(entry).await?;
    Ok(true)
}

/// Makes an administrator of whoever accepts an invitation.
pub async fn accept(
    app: &Arc<App>,
    tenant: &Tenant,
    accepted: Accepting<'_>,
) -> Result<Administrator, AcceptError> {
    let Accepting { text, email, password, origin } = accepted;
    let id = tenant.id();
    let invitation = look(app, id, text).await?.ok_or(AcceptError::Over)?;
    let email = users::email(email.trim()).ok_or(AcceptError::NoEmail)?;
    if invitation.email.as_ref().is_some_and(|own| *own != email) {
        return Err(AcceptError::OtherEmail);
    }
    let connection =
        connections::sql::find_any(&app.db, id, CONNECTION_ID).await?.ok_or(AcceptError::Over)?;
    let identity = format!("{IDENTITY_PREFIX}{}", app.entropy.hex(24));
    let sent = json!({ "user_id": identity, "email": email, "password": password });
    let draft = Draft::of(app, &connection, members(sent)).await?;
    let mut write = Write::begin(app, id).await?;
    // Of two who accept at once, one finds it gone.
    let found = sql::use_invitation(write.tx(), id, digest(app, id, text), app.clock.now()).await?;
    let Invitation { role, invited_by, .. } = found.ok_or(AcceptError::Over)?;
    let user = users::create(write.tx(), id, draft).await?;
    let administrator = Administrator {
        user_id: user.user_id.clone(),
        email,
        name: user.name.clone(),
        role,
        created_at: user.created_at,
        last_login: None,
        invited_by,
    };
    sql::insert(write.tx(), id, &administrator).await?;
    if role == Role::Admin {
        // A link without an end must not lie around once nobody needs it.
        sql::delete_endless_invitations(write.tx(), id).await?;
    }
    let entry = Entry {
        ip: Some(origin.ip.to_string()),
        user_agent: origin.user_agent.clone(),
        details: Some(json!({ "role": role.name(), "invited_by": administrator.invited_by })),
        ..Entry::new(Kind::Sapi, "Accept an invitation to the Dashboard")
    };
    write.commit(user.named_in(entry, &connection)).await?;
    Ok(administrator)
}

fn members(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}
