//! Linking: an identity of one user becomes another user's, and goes back to a user of its own.
//!
//! Must never leave a user without a primary identity, nor an identity with two users.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::draft::blank;
use super::{Identity, User, sql};
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

/// What a linked identity keeps of the user that it was.
const KEPT: &[&str] = &[
    "email",
    "email_verified",
    "username",
    "phone_number",
    "phone_verified",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
];

/// Gives all identities of `other` to `user`; `other` is deleted with its metadata. Both are locked.
pub(super) async fn link(
    tx: &mut Tx,
    tenant: &TenantId,
    (mut user, other): (User, User),
    now: Timestamp,
) -> Result<User, DbError> {
    let mut profile = other.view();
    profile.retain(|name, _| KEPT.contains(&name.as_str()));
    let next = user.identities.iter().map(|own| own.position + 1).max().unwrap_or(0);
    for (mut identity, position) in other.identities.into_iter().zip(next..) {
        if identity.position == 0 {
            identity.profile.extend(std::mem::take(&mut profile));
        }
        identity.position = position;
        sql::update_identity(tx, tenant, &user.user_id, &identity).await?;
        user.identities.push(identity);
    }
    super::delete(tx, tenant, &other.user_id, now).await?;
    Ok(user)
}

/// Takes a linked identity from a user that is locked and makes a user of its own of it.
pub(super) async fn unlink(
    tx: &mut Tx,
    tenant: &TenantId,
    mut identity: Identity,
    now: Timestamp,
) -> Result<(), DbError> {
    let user = alone(identity.user_id(), &identity.profile, now);
    identity.profile.retain(|name, _| !KEPT.contains(&name.as_str()));
    identity.position = 0;
    sql::insert(tx, tenant, &user).await?;
    sql::update_identity(tx, tenant, &user.user_id, &identity).await?;
    sql::add_to_total(tx, tenant, 1).await
}

/// A user as a linked identity remembers it.
fn alone(user_id: String, profile: &Map<String, Value>, now: Timestamp) -> User {
    let text = |name: &str| profile.get(name).and_then(Value::as_str).map(str::to_owned);
    let truth = |name: &str| profile.get(name).and_then(Value::as_bool).unwrap_or(false);
    User {
        user_id,
        email: text("email"),
        email_verified: truth("email_verified"),
        username: text("username"),
        phone_number: text("phone_number"),
        phone_verified: truth("phone_verified"),
        name: text("name"),
        nickname: text("nickname"),
        given_name: text("given_name"),
        family_name: text("family_name"),
        picture: text("picture"),
        ..blank(now)
    }
}
