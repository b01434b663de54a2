//! What an identity of a database connection signs in with: identifiers and a password.
//!
//! Must never tell by its time whether somebody exists, and never hash while a transaction is open.

pub mod sql;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Draft, Identity, User, UserError, identifiers};
use crate::app::App;
use crate::connections::{Connection, Options};
use crate::db::{Db, DbError, Tx, fold};
use crate::logs::Entry;
use crate::passwords::policy::{Person, Weak};
use crate::passwords::{Password, PoolError, Verdict};
use crate::sessions::Cause;
use crate::tenants::TenantId;
use crate::tickets;
use crate::write::Write;

/// The account of an identity.
#[derive(Clone)]
pub struct Account {
    /// The id of the identity.
    pub identity_id: String,
    /// The id of its connection.
    pub connection_id: String,
    /// The e-mail address, if it identifies.
    pub email: Option<String>,
    /// The username.
    pub username: Option<String>,
    /// The phone number.
    pub phone_number: Option<String>,
    /// The hash of the password.
    pub(super) password: Option<String>,
    /// The hashes of former passwords, the latest first.
    pub(super) history: Vec<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.identity_id)
    }
}

impl Account {
    /// The account of a new user.
    pub(super) fn of(user: &User, identity: &Identity, options: &Options, password: Option<String>) -> Self {
        Self {
            identity_id: identity.id.clone(),
            connection_id: identity.connection_id.clone(),
            // An address that several users may have identifies none of them.
            email: user.email.clone().filter(|_| !options.email_is_shared()),
            username: user.username.clone(),
            phone_number: user.phone_number.clone(),
            password,
            history: Vec::new(),
        }
    }
}

/// A password that was found good and hashed, ready to be written.
pub struct NewPassword {
    hash: String,
    /// How many former ones are kept.
    history: usize,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword")
    }
}

impl NewPassword {
    pub(super) fn into_stored(self) -> String {
        self.hash
    }
}

/// Somebody who proved to be a user.
#[derive(Debug)]
pub struct Authenticated {
    /// The user.
    pub user: User,
    /// The id of the identity that was signed in with.
    pub identity_id: String,
}

/// Why somebody did not prove to be a user.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody has this identifier. Must be answered exactly as [`Refused::Wrong`].
    #[error("nobody has this identifier")]
    Unknown,
    /// It is not the password of this user.
    #[error("the password is wrong")]
    Wrong {
        /// Whose password it is not.
        user_id: String,
    },
    /// The password is right, and an administrator keeps the user out.
    #[error("the user is blocked")]
    Blocked(Box<User>),
    /// Too many passwords are being checked (503 with `Retry-After`), or checking failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Who has an identifier at a connection.
#[derive(Clone)]
pub struct Found {
    /// The user.
    pub user_id: String,
    /// The identity.
    pub identity_id: String,
    /// The hash of the password.
    password: Option<String>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({})", self.user_id)
    }
}

/// Who has this e-mail address, phone number or username at a connection, as far as people sign in with it there.
pub async fn by_identifier(
    db: &Db,
    tenant: &TenantId,
    connection: &Connection,
    identifier: &str,
) -> Result<Option<Found>, DbError> {
    let options = connection.options();
    let place = (tenant, connection.id.as_str());
    let identifier = identifier.trim();
    if options.email().identifier
        && let Some(email) = identifiers::email(identifier)
        && let Some(found) = sql::by_email(db, place, &email).await?
    {
        return Ok(Some(found));
    }
    if options.phone_number().identifier
        && identifiers::is_phone_number(identifier)
        && let Some(found) = sql::by_phone_number(db, place, identifier).await?
    {
        return Ok(Some(found));
    }
    if options.username().identifier && identifiers::username(identifier, &options).is_ok() {
        return sql::by_username(db, place, &fold(identifier)).await;
    }
    Ok(None)
}

/// Checks a password. Whether somebody exists shows neither in the answer's time nor, if the caller answers
/// [`Refused::Unknown`] and [`Refused::Wrong`] alike, in its text. Attempts are not counted here.
pub async fn authenticate(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    identifier: &str,
    password: &str,
) -> Result<Authenticated, Refused> {
    // Nobody has such a password, so there is nothing to find out.
    let Ok(password) = Password::new(password) else { return Err(Refused::Unknown) };
    let found = if connection.options().password_enabled() {
        by_identifier(&app.db, tenant, connection, identifier).await?
    } else {
        None
    };
    let Some(Found { user_id, identity_id, password: stored }) = found else {
        app.passwords.verify_nobody(&password).await?;
        return Err(Refused::Unknown);
    };
    let Some(stored) = stored else {
        app.passwords.verify_nobody(&password).await?;
        return Err(Refused::Wrong { user_id });
    };
    let Verdict::Match { outdated } = app.passwords.verify(&password, &stored).await? else {
        return Err(Refused::Wrong { user_id });
    };
    // Deleted meanwhile: then nobody has the identifier any more.
    let user = super::find(&app.db, tenant, &user_id).await?.ok_or(Refused::Unknown)?;
    if user.is_blocked() {
        return Err(Refused::Blocked(Box::new(user)));
    }
    if outdated && let Err(error) = rehash(app, (tenant, &identity_id), &password, &stored).await {
        // The login is good all the same, and the next one tries again.
        tracing::warn!(%error, "a password could not be hashed anew");
    }
    Ok(Authenticated { user, identity_id })
}

/// Makes the user who signs up, out of what was sent: an identifier, a password, names, a picture, and
/// `user_metadata`, each checked by the caller as far as its kind goes. Whatever else was sent is nothing that
/// people may say of themselves. `entry` is the login page's or endpoint's entry of the log; the user is named in it.
pub async fn sign_up(
    app: &Arc<App>,
    tenant: &TenantId,
    connection: &Connection,
    mut sent: Map<String, Value>,
    entry: Entry,
) -> Result<User, UserError> {
    /// What people may say of themselves.
    const THEIRS: &[&str] = &[
        "email",
        "username",
        "phone_number",
        "password",
        "name",
        "nickname",
        "given_name",
        "family_name",
        "picture",
        "user_metadata",
    ];
    if connection.options().signup_disabled() {
        return Err(UserError::SignupDisabled);
    }
    sent.retain(|name, _| THEIRS.contains(&name.as_str()));
    let draft = Draft::of(app, connection, sent).await?;
    let mut write = Write::begin(app, tenant).await?;
    let user = super::create(write.tx(), tenant, draft).await?;
    write.commit(user.named_in(entry, connection)).await?;
    Ok(user)
}

/// Hashes a password with today's parameters, unless it was changed meanwhile.
async fn rehash(
    app: &App,
    place: (&TenantId, &str),
    password: &Password,
    stored: &str,
) -> Result<(), Refused> {
    let hash = app.passwords.hash(&*app.entropy, password).await?;
    let mut tx = app.db.begin().await?;
    sql::replace_hash(&mut tx, place, (stored, &hash)).await?;
    tx.commit().await?;
    Ok(())
}

/// Checks a new password against the policy of a connection, and hashes it. `account` is there when it replaces
/// a password, for the history. Not to be called while a transaction is open: it takes its time.
pub async fn prepare_password(
    app: &App,
    options: &Options,
    (person, account): (&Person<'_>, Option<&Account>),
    text: &str,
) -> Result<NewPassword, UserError> {
    let password = Password::new(text)?;
    let policy = options.policy();
    policy.check(password.text(), person).map_err(UserError::Weak)?;
    if let Some(Account { password: current, history, .. }) = account.filter(|_| policy.history > 0) {
        for former in current.iter().chain(history).take(policy.history) {
            if let Verdict::Match { .. } = app.passwords.verify(&password, former).await? {
                return Err(UserError::Weak(Weak::Reused));
            }
        }
    }
    let hash = app.passwords.hash(&*app.entropy, &password).await?;
    Ok(NewPassword { hash, history: policy.history })
}

/// Sets the password of an identity, ends every sign-in of its user and takes back the links to a new one. False: there is no such account.
pub async fn set_password(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, identity_id): (&str, &str),
    new: NewPassword,
    now: Timestamp,
) -> Result<bool, DbError> {
    let Some(account) = sql::find_in(tx, (tenant, identity_id)).await? else { return Ok(false) };
    let NewPassword { hash, history } = new;
    // The current one counts as the first of those that may not come back.
    let kept = account.password.iter().chain(&account.history).take(history.saturating_sub(1));
    let kept: Vec<&String> = kept.collect();
    sql::set_password(tx, (tenant, identity_id), (&hash, &json!(kept)), now).await?;
    super::sql::note_password_reset(tx, tenant, user_id, now).await?;
    super::end_sign_ins(tx, tenant, user_id, (Cause::PasswordChanged, now)).await?;
    // Whoever had one mailed before has it in vain.
    tickets::void(tx, tenant, user_id, tickets::Kind::PasswordChange).await?;
    Ok(true)
}

/// The account of an identity.
pub async fn account(db: &Db, tenant: &TenantId, identity_id: &str) -> Result<Option<Account>, DbError> {
    sql::find(db, (tenant, identity_id)).await
}

/// A list of hashes as it is stored.
fn hashes(stored: &Value) -> Vec<String> {
    stored.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
