//! A change of a user: checked and hashed first, written in one step after.
//!
//! What a user signs in with belongs to an identity. The one that is meant is the one of the named connection, or
//! the primary one. Must never change two identifiers at once, nor a password together with one.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::accounts::{self, Account, NewPassword};
use super::draft::own_email;
use super::{Identity, PROVIDER, User, UserError, end_sign_ins, identifiers, metadata, sql};
use crate::app::App;
use crate::connections::{self, Connection, Options};
use crate::db::Tx;
use crate::sessions::Cause;
use crate::tenants::TenantId;

/// The members that change what somebody signs in with, each of which has to come alone.
const ALONE: &[&str] = &["username", "email", "phone_number", "password"];
/// The members that belong to an identity.
const OF_IDENTITY: &[&str] =
    &["email", "email_verified", "password", "phone_number", "phone_verified", "username"];

/// A change that can be written.
#[derive(Debug)]
pub(super) struct Change {
    sent: Map<String, Value>,
    /// The id of the identity that is changed, and the options of its connection.
    identity: Option<(String, Options)>,
    password: Option<NewPassword>,
}

impl Change {
    /// Makes a change out of the members of a request to update a user.
    pub(super) async fn of(
        app: &App,
        tenant: &TenantId,
        user: &User,
        mut sent: Map<String, Value>,
    ) -> Result<Self, UserError> {
        let named = sent.shift_remove("connection");
        for (at, name) in ALONE.iter().enumerate() {
            let also = ALONE.get(at + 1..).unwrap_or_default().iter();
            let also = also.chain(["email_verified"].iter().filter(|_| *name == "password"));
            if let Some(other) = also.into_iter().find(|other| sent.contains_key(**other))
                && sent.contains_key(*name)
            {
                return Err(UserError::refused(format!("Cannot update {name} and {other} simultaneously")));
            }
        }
        for (name, value) in &sent {
            if let (true, Some(members)) = (name.ends_with("_metadata"), value.as_object()) {
                metadata::check(name, members)?;
            }
        }
        let identity = if OF_IDENTITY.iter().any(|name| sent.contains_key(*name)) {
            let (identity, connection) =
                meant(app, tenant, user, named.as_ref().and_then(Value::as_str)).await?;
            Some((identity.id.clone(), connection.options()))
        } else {
            None
        };
        let password = match (sent.shift_remove("password"), &identity) {
            (None, _) | (Some(_), None) => None,
            (Some(Value::String(text)), Some((id, options))) => {
                let account = accounts::account(&app.db, tenant, id).await?;
                let person = user.person();
                Some(accounts::prepare_password(app, options, (&person, account.as_ref()), &text).await?)
            }
            (Some(_), Some(_)) => return Err(UserError::refused("A password can be replaced, not removed.")),
        };
        Ok(Self { sent, identity, password })
    }

    /// The user as the mail to an unproved address shows them; none if the address is proved or there is none.
    pub(super) fn unverified(&self, user: &User) -> Option<User> {
        let mut user = user.clone();
        match self.sent.get("email") {
            None => {}
            Some(email) => {
                let email = email.as_str().and_then(identifiers::email);
                user.email_verified &= email == user.email;
                user.email = email;
            }
        }
        if let Some(verified) = self.sent.get("email_verified").and_then(Value::as_bool) {
            user.email_verified = verified;
        }
        (user.email.is_some() && !user.email_verified).then_some(user)
    }

    /// Writes the change of a user that this transaction has locked.
    pub(super) async fn write(
        self,
        tx: &mut Tx,
        tenant: &TenantId,
        mut user: User,
        now: Timestamp,
    ) -> Result<User, UserError> {
        let Self { mut sent, identity, password } = self;
        if let Some((id, options)) = identity {
            // Unlinked meanwhile, it is somebody else's.
            let Some(at) = user.identities.iter().position(|own| own.provider == PROVIDER && own.id == id)
            else {
                return Err(UserError::refused(NO_IDENTITY));
            };
            if let Some(password) = password {
                accounts::set_password(tx, tenant, (&user.user_id, &id), password, now).await?;
                user.last_password_reset = Some(now);
            }
            if let Some(mut account) = accounts::sql::find_in(tx, (tenant, &id)).await? {
                identify(&mut account, &mut sent, &options, user.identities.get(at))?;
                let written = accounts::sql::update(tx, tenant, &account).await;
                written.map_err(UserError::of_write)?;
            }
            if let Some(linked) = user.identities.get_mut(at).filter(|linked| linked.position > 0) {
                for name in OF_IDENTITY {
                    match sent.shift_remove(*name) {
                        None => {}
                        Some(Value::Null) => drop(linked.profile.shift_remove(*name)),
                        Some(value) => drop(linked.profile.insert((*name).to_owned(), value)),
                    }
                }
                sql::update_identity(tx, tenant, &user.user_id, linked).await?;
            }
        }
        let was_blocked = user.is_blocked();
        apply(&mut user, sent);
        user.updated_at = now;
        sql::update(tx, tenant, &user).await?;
        if user.is_blocked() && !was_blocked {
            end_sign_ins(tx, tenant, &user.user_id, (Cause::AccountDeactivated, now)).await?;
        }
        Ok(user)
    }
}

const NO_IDENTITY: &str =
    "The user does not have an identity at a database connection that could be changed.";

/// The identity that is meant, and its connection.
async fn meant<'a>(
    app: &App,
    tenant: &TenantId,
    user: &'a User,
    named: Option<&str>,
) -> Result<(&'a Identity, Connection), UserError> {
    let mut own = user.identities.iter().filter(|own| named.is_none_or(|name| own.connection == name));
    let identity = match (own.next(), named) {
        (Some(identity), _) if identity.provider == PROVIDER => identity,
        (None, Some(name)) => {
            let shown: String = name.chars().take(100).collect();
            return Err(UserError::refused(format!("The user does not belong to connection {shown}.")));
        }
        _ => return Err(UserError::refused(NO_IDENTITY)),
    };
    let connection = connections::sql::find(&app.db, tenant, &identity.connection_id).await?;
    Ok((identity, connection.ok_or_else(|| UserError::refused(NO_IDENTITY))?))
}

/// Brings the identifiers that were sent into the form in which they are stored, and into the account. Another
/// address or number is not verified, unless the same request says so.
fn identify(
    account: &mut Account,
    sent: &mut Map<String, Value>,
    options: &Options,
    identity: Option<&Identity>,
) -> Result<(), UserError> {
    let connection = identity.map_or("", |own| own.connection.as_str());
    let demanded = |name, given, attribute| {
        identifiers::demanded(name, given, attribute, connection).map_err(UserError::refused)
    };
    if let Some(email) = sent.get("email").cloned() {
        let email = email.as_str().map(own_email).transpose()?;
        demanded("email", email.is_some(), options.email())?;
        if account.email != email {
            sent.entry("email_verified").or_insert(Value::Bool(false));
        }
        sent.insert("email".to_owned(), email.clone().into());
        account.email = email.filter(|_| !options.email_is_shared());
    }
    if let Some(phone_number) = sent.get("phone_number").cloned() {
        let phone_number = phone_number.as_str().map(str::to_owned);
        demanded("phone_number", phone_number.is_some(), options.phone_number())?;
        if account.phone_number != phone_number {
            sent.entry("phone_verified").or_insert(Value::Bool(false));
        }
        account.phone_number = phone_number;
    }
    if let Some(username) = sent.get("username").cloned() {
        let fits = |text: &str| identifiers::username(text, options).map_err(UserError::refused);
        let username = username.as_str().map(fits).transpose()?;
        demanded("username", username.is_some(), options.username())?;
        sent.insert("username".to_owned(), username.clone().into());
        account.username = username;
    }
    if account.email.is_none() && account.username.is_none() && account.phone_number.is_none() {
        let shared = options.email_is_shared() && sent.get("email").is_none_or(|email| !email.is_null());
        if !shared {
            return Err(UserError::refused("A user needs an email, a username or a phone_number."));
        }
    }
    Ok(())
}

/// What is left belongs to the user.
fn apply(user: &mut User, sent: Map<String, Value>) {
    for (name, value) in sent {
        let truth = value.as_bool();
        let text = value.as_str().map(str::to_owned);
        match (name.as_str(), value) {
            ("blocked", _) => user.blocked = truth,
            ("email", _) => user.email = text,
            ("email_verified", _) => user.email_verified = truth.unwrap_or(false) && user.email.is_some(),
            ("family_name", _) => user.family_name = text,
            ("given_name", _) => user.given_name = text,
            ("name", _) => user.name = text,
            ("nickname", _) => user.nickname = text,
            ("phone_number", _) => user.phone_number = text,
            ("phone_verified", _) => {
                user.phone_verified = truth.unwrap_or(false) && user.phone_number.is_some();
            }
            ("picture", _) => user.picture = text,
            ("username", _) => user.username = text,
            ("user_metadata", Value::Object(members)) => metadata::merge(&mut user.user_metadata, members),
            ("app_metadata", Value::Object(members)) => metadata::merge(&mut user.app_metadata, members),
            ("user_metadata", _) => user.user_metadata.clear(),
            ("app_metadata", _) => user.app_metadata.clear(),
            _ => {}
        }
    }
    // Both may have come in any order.
    user.email_verified &= user.email.is_some();
    user.phone_verified &= user.phone_number.is_some();
}
