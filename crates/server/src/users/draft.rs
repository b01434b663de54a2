//! A new user: checked and hashed first, written in one step after.
//!
//! Hashing takes long, so a draft is made before a transaction begins. Both the Management API and signing up
//! come this way.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::accounts::{self, Account, NewPassword};
use super::{Identity, PROVIDER, User, UserError, identifiers, metadata, sql};
use crate::administrators::hidden::{
    IDENTITY_PREFIX, is_hidden_connection, is_hidden_identity, is_hidden_user,
};
use crate::app::App;
use crate::connections::Connection;
use crate::db::Tx;
use crate::tenants::TenantId;

/// A user who can be written.
#[derive(Debug)]
pub struct Draft {
    user: User,
    identity: Identity,
    account: Account,
    /// Whether a mail should be sent that asks the user to prove the address.
    pub verify_email: bool,
}

impl Draft {
    /// Makes a user out of the members of a request to create one: `email`, `username`, `phone_number`,
    /// `password`, names, metadata and so on, each of the kind that the published description gives it.
    pub async fn of(
        app: &App,
        connection: &Connection,
        mut sent: Map<String, Value>,
    ) -> Result<Self, UserError> {
        let options = connection.options();
        let now = app.clock.now();
        let mut user = blank(now);
        let id = take(&mut sent, "user_id").filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| app.entropy.hex(24));
        if is_hidden_identity(&id) != is_hidden_connection(&connection.id) {
            return Err(UserError::refused(format!(
                "The user_id must not begin with {IDENTITY_PREFIX}: such ids are kept for administrators."
            )));
        }
        user.user_id = format!("{PROVIDER}|{id}");
        user.email = take(&mut sent, "email").map(|text| own_email(&text)).transpose()?;
        user.username = take(&mut sent, "username")
            .map(|text| identifiers::username(&text, &options).map_err(UserError::refused))
            .transpose()?;
        user.phone_number = take(&mut sent, "phone_number");
        let name = connection.name.as_str();
        let demanded = |what, given, attribute| {
            identifiers::demanded(what, given, attribute, name).map_err(UserError::refused)
        };
        demanded("email", user.email.is_some(), options.email())?;
        // Without requires_username it has to be absent, whoever sends it.
        demanded("username", user.username.is_some(), options.username())?;
        demanded("phone_number", user.phone_number.is_some(), options.phone_number())?;
        if user.log_name().is_none() {
            return Err(UserError::refused("A user needs an email, a username or a phone_number."));
        }
        let flag = |sent: &Map<String, Value>, name: &str| sent.get(name).and_then(Value::as_bool);
        user.email_verified = flag(&sent, "email_verified").unwrap_or(false) && user.email.is_some();
        user.phone_verified = flag(&sent, "phone_verified").unwrap_or(false) && user.phone_number.is_some();
        user.blocked = flag(&sent, "blocked");
        user.given_name = take(&mut sent, "given_name");
        user.family_name = take(&mut sent, "family_name");
        user.picture = take(&mut sent, "picture");
        user.name = take(&mut sent, "name").or_else(|| user.log_name().map(str::to_owned));
        let local = user.email.as_deref().and_then(|email| email.split('@').next());
        user.nickname =
            take(&mut sent, "nickname").or_else(|| local.or(user.username.as_deref()).map(str::to_owned));
        for (name, own) in
            [("user_metadata", &mut user.user_metadata), ("app_metadata", &mut user.app_metadata)]
        {
            if let Some(Value::Object(members)) = sent.shift_remove(name) {
                metadata::check(name, &members)?;
                metadata::merge(own, members);
            }
        }
        let verify = flag(&sent, "verify_email").unwrap_or(!user.email_verified) && user.email.is_some();
        let password = match take(&mut sent, "password") {
            Some(text) => {
                Some(accounts::prepare_password(app, &options, (&user.person(), None), &text).await?)
            }
            None if options.password_is_optional() || !options.password_enabled() => None,
            None => return Err(UserError::refused("Missing password: the connection requires it.")),
        };
        let identity = Identity {
            provider: PROVIDER.to_owned(),
            id,
            connection_id: connection.id.clone(),
            connection: connection.name.clone(),
            position: 0,
            profile: Map::new(),
            created_at: now,
        };
        let account = Account::of(&user, &identity, &options, password.map(NewPassword::into_stored));
        Ok(Self { user, identity, account, verify_email: verify })
    }

    /// The user that it will be.
    pub fn user(&self) -> &User {
        &self.user
    }
}

/// Writes a new user.
pub async fn create(tx: &mut Tx, tenant: &TenantId, draft: Draft) -> Result<User, UserError> {
    let Draft { mut user, identity, account, verify_email: _ } = draft;
    let now = user.created_at;
    sql::insert(tx, tenant, &user).await.map_err(UserError::of_write)?;
    sql::insert_identity(tx, tenant, &user.user_id, &identity).await.map_err(UserError::of_write)?;
    accounts::sql::insert(tx, tenant, (&account, now)).await.map_err(UserError::of_write)?;
    if !is_hidden_user(&user.user_id) {
        sql::add_to_total(tx, tenant, 1).await?;
    }
    user.identities = vec![identity];
    Ok(user)
}

/// An e-mail address of a request as it is stored.
pub(super) fn own_email(text: &str) -> Result<String, UserError> {
    identifiers::email(text).ok_or_else(|| UserError::refused("The email is no e-mail address."))
}

fn take(sent: &mut Map<String, Value>, name: &str) -> Option<String> {
    match sent.shift_remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

pub(super) fn blank(now: Timestamp) -> User {
    User {
        user_id: String::new(),
        email: None,
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: false,
        name: None,
        nickname: None,
        given_name: None,
        family_name: None,
        picture: None,
        blocked: None,
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        last_ip: None,
        last_login: None,
        logins_count: 0,
        last_password_reset: None,
        created_at: now,
        updated_at: now,
        identities: Vec::new(),
    }
}
