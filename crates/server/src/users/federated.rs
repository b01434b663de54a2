//! Users who sign in at another provider: found by what that provider calls them, or made when they first come.
//!
//! Must never take somebody for a user by an e-mail address: any provider can say any. What a provider says of a user
//! never reaches what only administrators may write.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::draft::blank;
use super::{Identity, SHAPE, User, identifiers, sql};
use crate::connections::Connection;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

/// Members of a profile beyond those that users have of their own: at most so many bytes of JSON are kept.
const MOST_EXTRAS: usize = 32 * 1024;

/// Somebody whom another provider has vouched for.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The connection that leads to the provider.
    pub connection: &'a Connection,
    /// What the provider calls the user.
    pub subject: &'a str,
    /// What it says of the user, under the names that users have here.
    pub members: &'a Map<String, Value>,
}

/// Why somebody may not sign in although the provider vouches for them.
#[derive(Debug, thiserror::Error)]
pub enum Turned {
    /// An administrator keeps the user out.
    #[error("user is blocked")]
    Blocked(Box<User>),
    /// The account is known, and came by another connection.
    #[error("the user belongs to the connection {0}")]
    Elsewhere(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// When what the provider says replaces what is known (`set_user_root_attributes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    EachTime,
    FirstTime,
    Never,
}

/// Finds the user, or makes one, and notes what the provider says.
pub async fn arrive(
    tx: &mut Tx,
    tenant: &TenantId,
    arrival: Arrival<'_>,
    now: Timestamp,
) -> Result<User, Turned> {
    let Arrival { connection, subject, .. } = arrival;
    let id = connection.identity_id(subject);
    let provider = connection.strategy.as_str();
    match sql::owner(tx, tenant, (provider, &id)).await? {
        Some(user_id) => known(tx, tenant, (&user_id, &id), (arrival, now)).await,
        None => first(tx, tenant, id, (arrival, now)).await,
    }
}

async fn first(
    tx: &mut Tx,
    tenant: &TenantId,
    id: String,
    (arrival, now): (Arrival<'_>, Timestamp),
) -> Result<User, Turned> {
    let Arrival { connection, .. } = arrival;
    let identity = Identity {
        provider: connection.strategy.clone(),
        id,
        connection_id: connection.id.clone(),
        connection: connection.name.clone(),
        position: 0,
        profile: extras(arrival),
        created_at: now,
    };
    let mut user = User { user_id: identity.user_id(), ..blank(now) };
    if taking(connection) != Taking::Never {
        take(&mut user, &kept(arrival));
    }
    sql::insert(tx, tenant, &user).await?;
    sql::insert_identity(tx, tenant, &user.user_id, &identity).await?;
    sql::add_to_total(tx, tenant, 1).await?;
    user.identities = vec![identity];
    Ok(user)
}

async fn known(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, id): (&str, &str),
    (arrival, now): (Arrival<'_>, Timestamp),
) -> Result<User, Turned> {
    let Arrival { connection, .. } = arrival;
    let gone = || DbError::inconsistent("an identity has no user");
    let mut user = sql::lock(tx, tenant, user_id).await?.ok_or_else(gone)?;
    let place = user.identities.iter_mut().find(|own| own.provider == connection.strategy && own.id == id);
    let identity = place.ok_or_else(gone)?;
    if identity.connection_id != connection.id {
        return Err(Turned::Elsewhere(identity.connection.clone()));
    }
    if user.blocked == Some(true) {
        return Err(Turned::Blocked(Box::new(user)));
    }
    if taking(connection) != Taking::EachTime {
        return Ok(user);
    }
    let profile = if identity.position == 0 {
        extras(arrival)
    } else {
        let mut own = kept(arrival);
        own.retain(|name, _| !SHAPE.names().any(|known| known == name) || PROFILE.contains(&name.as_str()));
        own
    };
    let primary = identity.position == 0;
    if identity.profile != profile {
        identity.profile = profile;
        sql::update_identity(tx, tenant, user_id, identity).await?;
    }
    if primary {
        let before = user.clone();
        take(&mut user, &kept(arrival));
        if user != before {
            user.updated_at = now;
            sql::update(tx, tenant, &user).await?;
        }
    }
    Ok(user)
}

/// What providers may say of a user that has a place of its own: the members of a standard profile, as users have them.
pub const PROFILE: &[&str] = &[
    "email",
    "email_verified",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
    "phone_number",
    "phone_verified",
];

fn taking(connection: &Connection) -> Taking {
    match connection.option("set_user_root_attributes") {
        Some("on_first_login") => Taking::FirstTime,
        Some("never_on_login") => Taking::Never,
        _ => Taking::EachTime,
    }
}

/// What the provider says, without what the connection does not want to be kept.
fn kept(Arrival { connection, members, .. }: Arrival<'_>) -> Map<String, Value> {
    let options = connection.document.get("options");
    let unwanted = options.and_then(|own| own.get("non_persistent_attrs")).and_then(Value::as_array);
    let unwanted: Vec<&str> = unwanted.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut members = members.clone();
    members.retain(|name, _| !unwanted.contains(&name.as_str()));
    members
}

/// What is kept of it that users have no place of their own for.
fn extras(arrival: Arrival<'_>) -> Map<String, Value> {
    let mut extras = kept(arrival);
    extras.retain(|name, _| !SHAPE.names().any(|known| known == name));
    if Value::Object(extras.clone()).to_string().len() > MOST_EXTRAS {
        tracing::warn!(connection = arrival.connection.name, "a profile is too long to be kept whole");
        extras.clear();
    }
    extras
}

/// Notes what a provider says in the user's own members.
fn take(user: &mut User, members: &Map<String, Value>) {
    let text = |name: &str, most: usize| {
        let text = members.get(name).and_then(Value::as_str)?;
        let plain: String = text.chars().filter(|one| !one.is_control()).take(most).collect();
        (!plain.is_empty()).then_some(plain)
    };
    let truth = |name: &str| match members.get(name) {
        Some(Value::Bool(truth)) => *truth,
        // Apple says it in a text.
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    if let Some(email) = text("email", 320).as_deref().and_then(identifiers::email) {
        user.email_verified = truth("email_verified");
        user.email = Some(email);
    }
    if let Some(number) = text("phone_number", 20).filter(|own| identifiers::is_phone_number(own)) {
        user.phone_verified = truth("phone_verified");
        user.phone_number = Some(number);
    }
    let local = user.email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
    let or_kept = |own: Option<String>, before: &mut Option<String>| {
        if own.is_some() {
            *before = own;
        }
    };
    or_kept(text("given_name", 150), &mut user.given_name);
    or_kept(text("family_name", 150), &mut user.family_name);
    // It is passed on to applications, which show it.
    let is_of_the_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    or_kept(text("picture", 2048).filter(is_of_the_web), &mut user.picture);
    or_kept(text("name", 300), &mut user.name);
    or_kept(text("nickname", 300), &mut user.nickname);
    user.name = user.name.take().or_else(|| user.log_name().map(str::to_owned));
    user.nickname = user.nickname.take().or(local);
}
