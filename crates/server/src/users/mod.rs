//! Users: people, what is known of them, and how they prove who they are.
//!
//! A user has a primary identity and perhaps others linked to it; each belongs to a connection. Passwords belong
//! to identities of database connections (`accounts/`). Must never show or log a password or its hash.

pub mod accounts;
pub mod api;
mod draft;
mod error;
mod federated;
mod identifiers;
mod links;
mod list;
mod listed;
mod metadata;
pub mod page;
mod patch;
mod search;
mod shape;
pub mod sql;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use accounts::{
    Authenticated, NewPassword, Refused, authenticate, by_identifier, prepare_password, set_password, sign_up,
};
pub use draft::{Draft, create};
pub use error::UserError;
pub use federated::{Arrival, PROFILE, Turned, arrive};
pub use identifiers::{email, is_email};
pub use search::condition;
pub use shape::SHAPE;

use crate::administrators::{self, is_hidden_user};
use crate::app::App;
use crate::clock;
use crate::connections::{Connection, Family, Strategy};
use crate::db::{Db, DbError, Tx};
use crate::logs::Entry;
use crate::management::ApiError;
use crate::passwords::policy::Person;
use crate::refresh_tokens;
use crate::sessions::{self, Cause};
use crate::tenants::TenantId;

/// The provider of identities in databases of ours.
pub const PROVIDER: &str = "auth0";

/// A user.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The id: the provider, `|`, and the id of the primary identity there.
    pub user_id: String,
    /// The e-mail address, in lower case.
    pub email: Option<String>,
    /// Whether the user was seen to read what is sent there.
    pub email_verified: bool,
    /// The username, in lower case.
    pub username: Option<String>,
    /// The phone number (E.164).
    pub phone_number: Option<String>,
    /// Whether the user was seen to read what is sent there.
    pub phone_verified: bool,
    /// The full name.
    pub name: Option<String>,
    /// The nickname.
    pub nickname: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The address of a picture.
    pub picture: Option<String>,
    /// Whether an administrator keeps the user out; none: nobody ever said.
    pub blocked: Option<bool>,
    /// What the user may change.
    pub user_metadata: Map<String, Value>,
    /// What only applications may change.
    pub app_metadata: Map<String, Value>,
    /// The address of the last login.
    pub last_ip: Option<String>,
    /// The last login.
    pub last_login: Option<Timestamp>,
    /// How often the user signed in.
    pub logins_count: i64,
    /// When the password was last set anew.
    pub last_password_reset: Option<Timestamp>,
    /// Since when the user exists.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// The identities, the primary one first.
    pub identities: Vec<Identity>,
}

/// What a user is known as at a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The kind of identity provider.
    pub provider: String,
    /// The id there.
    pub id: String,
    /// The id of the connection.
    pub connection_id: String,
    /// Its name.
    pub connection: String,
    /// Its place among the identities of the user; the primary one has 0.
    pub position: i64,
    /// What was known of the user when the identity was linked; of the primary one, what its provider says that has
    /// no place of its own.
    pub profile: Map<String, Value>,
    /// Since when it exists.
    pub created_at: Timestamp,
}

impl User {
    /// Whether an administrator keeps the user out.
    pub fn is_blocked(&self) -> bool {
        self.blocked == Some(true)
    }

    /// The e-mail address of an identity of the user: that of the primary one is the user's.
    pub fn email_of<'a>(&'a self, identity: &'a Identity) -> Option<&'a str> {
        match identity.position {
            0 => self.email.as_deref(),
            _ => identity.profile.get("email").and_then(Value::as_str),
        }
    }

    /// Where mails about an identity go: to its own address, or else to the user's.
    pub fn address_for<'a>(&'a self, identity: &'a Identity) -> Option<&'a str> {
        self.email_of(identity).or(self.email.as_deref())
    }

    /// All that signs the user in with a password, at every identity.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        let own = [&self.email, &self.username, &self.phone_number];
        // What another provider calls the user may be what somebody else signs in with here.
        let linked = self.identities.iter().filter(|own| own.position > 0 && own.provider == PROVIDER);
        let linked = linked.flat_map(|linked| {
            ["email", "username", "phone_number"].map(|name| linked.profile.get(name).and_then(Value::as_str))
        });
        own.into_iter().map(Option::as_deref).chain(linked).flatten()
    }

    /// What the user is called in logs: what signs them in.
    pub fn log_name(&self) -> Option<&str> {
        self.email.as_deref().or(self.username.as_deref()).or(self.phone_number.as_deref())
    }

    /// An entry of the log that is about this user, who came from a connection.
    pub fn named_in(&self, entry: Entry, connection: &Connection) -> Entry {
        Entry {
            user_id: Some(self.user_id.clone()),
            user_name: self.log_name().map(str::to_owned),
            connection: Some(connection.name.clone()),
            connection_id: Some(connection.id.clone()),
            strategy: Some(connection.strategy.clone()),
            strategy_type: Some(connection.strategy_type().to_owned()),
            ..entry
        }
    }

    /// The user as somebody whose data a password may not be made of.
    pub fn person(&self) -> Person<'_> {
        Person {
            email: self.email.as_deref(),
            username: self.username.as_deref(),
            phone_number: self.phone_number.as_deref(),
            name: self.name.as_deref(),
            nickname: self.nickname.as_deref(),
            given_name: self.given_name.as_deref(),
            family_name: self.family_name.as_deref(),
            user_metadata: Some(&self.user_metadata),
        }
    }

    /// The user as the wire shows it.
    pub fn view(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let time = |time: Option<Timestamp>| time.map(|time| json!(clock::wire(time)));
        let metadata = |own: &Map<String, Value>| (!own.is_empty()).then(|| Value::Object(own.clone()));
        let mut view = Map::with_capacity(32);
        for name in SHAPE.names() {
            let value = match name {
                "user_id" => Some(json!(self.user_id)),
                "email" => text(&self.email),
                "email_verified" => Some(json!(self.email_verified)),
                "username" => text(&self.username),
                "phone_number" => text(&self.phone_number),
                "phone_verified" => self.phone_number.as_ref().map(|_| json!(self.phone_verified)),
                "name" => text(&self.name),
                "nickname" => text(&self.nickname),
                "given_name" => text(&self.given_name),
                "family_name" => text(&self.family_name),
                "picture" => text(&self.picture),
                "blocked" => self.blocked.map(Value::Bool),
                "user_metadata" => metadata(&self.user_metadata),
                "app_metadata" => metadata(&self.app_metadata),
                "identities" => Some(self.identities_view()),
                "last_ip" => text(&self.last_ip),
                "last_login" => time(self.last_login),
                "logins_count" => (self.logins_count > 0).then(|| json!(self.logins_count)),
                "last_password_reset" => time(self.last_password_reset),
                "created_at" => time(Some(self.created_at)),
                "updated_at" => time(Some(self.updated_at)),
                _ => None,
            };
            if let Some(value) = value {
                view.insert(name.to_owned(), value);
            }
        }
        for (name, value) in self.identities.first().into_iter().flat_map(|primary| &primary.profile) {
            view.entry(name.clone()).or_insert_with(|| value.clone());
        }
        view
    }

    /// The identities as the wire shows them.
    fn identities_view(&self) -> Value {
        self.identities.iter().map(Identity::view).collect()
    }
}

impl Identity {
    fn view(&self) -> Value {
        let mut view = json!({
            "connection": self.connection,
            "user_id": self.id,
            "provider": self.provider,
            "isSocial": Strategy::named(&self.provider).is_some_and(|own| own.family() == Family::Social),
        });
        if self.position > 0 {
            view["profileData"] = Value::Object(self.profile.clone());
        }
        view
    }

    /// The id of a user whose primary identity this is.
    fn user_id(&self) -> String {
        format!("{}|{}", self.provider, self.id)
    }
}

/// The user with this id, hidden or not: for those who sign in, never for the Management API.
pub async fn find(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Option<User>, DbError> {
    if user_id.contains('\0') {
        return Ok(None);
    }
    sql::find(db, tenant, user_id).await
}

/// The user with this id, unless the Management API must not see them.
pub async fn find_visible(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Option<User>, DbError> {
    if is_hidden_user(user_id) { Ok(None) } else { find(db, tenant, user_id).await }
}

/// Refuses an id that no user has whom the Management API may see, in its words.
pub async fn must_exist(app: &App, tenant: &TenantId, user_id: &str) -> Result<(), ApiError> {
    let may_exist = !user_id.contains('\0') && !is_hidden_user(user_id);
    let exists = may_exist && sql::exists(&app.db, tenant, user_id).await?;
    if exists { Ok(()) } else { Err(api::NO_SUCH_USER) }
}

/// Counts a login, in the transaction that opens the session.
pub async fn record_login(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    (ip, now): (&str, Timestamp),
) -> Result<(), DbError> {
    sql::record_login(tx, tenant, user_id, (ip, now)).await
}

/// Notes that the user reads what is sent to `email`, the address of the identity that is named, or the user's where none
/// is. False: it is that no longer.
pub async fn mark_email_verified(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, identity_id, email): (&str, Option<&str>, &str),
    now: Timestamp,
) -> Result<bool, DbError> {
    if let Some(id) = identity_id
        && let Some(mut user) = sql::lock(tx, tenant, user_id).await?
        && let Some(linked) = user.identities.iter_mut().find(|own| own.position > 0 && own.id == id)
        && let Some(own) = linked.profile.get("email")
    {
        if own.as_str() != Some(email) {
            return Ok(false);
        }
        linked.profile.insert("email_verified".to_owned(), Value::Bool(true));
        sql::update_identity(tx, tenant, user_id, linked).await?;
        return Ok(true);
    }
    sql::verify_email(tx, tenant, (user_id, email), now).await
}

/// Ends every session and takes back every refresh token of a user.
pub async fn end_sign_ins(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    of: (Cause, Timestamp),
) -> Result<(), DbError> {
    sessions::end_all_of_user(tx, tenant, user_id, of).await?;
    refresh_tokens::sql::delete_of_user(tx, tenant, user_id).await?;
    if is_hidden_user(user_id) {
        administrators::sessions::end_all(tx, tenant, user_id).await?;
    }
    Ok(())
}

/// Deletes a user with everything that belongs to it. False: there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, user_id: &str, now: Timestamp) -> Result<bool, DbError> {
    sessions::end_all_of_user(tx, tenant, user_id, (Cause::AccountDeleted, now)).await?;
    let deleted = sql::delete(tx, tenant, user_id).await?;
    if deleted && !is_hidden_user(user_id) {
        sql::add_to_total(tx, tenant, -1).await?;
    }
    Ok(deleted)
}

/// Deletes the user of a database connection who has this e-mail address. False: there was none.
pub async fn delete_by_email(
    tx: &mut Tx,
    tenant: &TenantId,
    (connection_id, email): (&str, &str),
    now: Timestamp,
) -> Result<bool, DbError> {
    let Some(email) = identifiers::email(email) else { return Ok(false) };
    match accounts::sql::user_by_email(tx, tenant, connection_id, &email).await? {
        Some(user_id) => delete(tx, tenant, &user_id, now).await,
        None => Ok(false),
    }
}

/// Deletes some of the users that come from a connection, in a transaction of its own. False: none are left.
pub async fn delete_some_of_connection(
    app: &App,
    tenant: &TenantId,
    connection_id: &str,
) -> Result<bool, DbError> {
    /// Few enough that others who want to write do not wait long.
    const AT_ONCE: i64 = 500;
    let mut tx = app.db.begin().await?;
    let deleted = delete_of(&mut tx, tenant, (connection_id, AT_ONCE), app.clock.now()).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Deletes all users that come from a connection.
pub async fn delete_of_connection(
    tx: &mut Tx,
    tenant: &TenantId,
    connection_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    delete_of(tx, tenant, (connection_id, i64::MAX), now).await.map(drop)
}

async fn delete_of(
    tx: &mut Tx,
    tenant: &TenantId,
    (connection_id, most): (&str, i64),
    now: Timestamp,
) -> Result<bool, DbError> {
    let users = sql::of_connection_within(tx, tenant, connection_id, most).await?;
    let Some(last) = users.last() else { return Ok(false) };
    for user_id in &users {
        sessions::end_all_of_user(tx, tenant, user_id, (Cause::AccountDeleted, now)).await?;
    }
    let deleted = sql::delete_of_connection(tx, tenant, connection_id, last).await?;
    sql::add_to_total(tx, tenant, -deleted).await?;
    Ok(true)
}
