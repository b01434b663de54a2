//! The statements of refresh tokens.

use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::management::checkpoint::Checkpoint;
use crate::refresh_tokens::RefreshToken;
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};
use serde_json::Value as Json;

const INSERT: &str = "INSERT INTO refresh_tokens (tenant_id, id, user_id, client_id, session_id, rotating, generation, \
     digest, rotated_at, issued_at, last_exchanged_at, idle_expires_at, expires_at, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, $9, NULL, $10, $11, $12)";
// The law of rotation: whoever presents the generation that the row has, and nobody else, moves it on.
const ROTATE: &str = "UPDATE refresh_tokens SET generation = $3, digest = $4, rotated_at = $5, last_exchanged_at = $5, \
     idle_expires_at = $6, document = $7 WHERE tenant_id = $1 AND id = $2 AND generation = $3 - 1";
const EXCHANGED: &str = "UPDATE refresh_tokens SET last_exchanged_at = $3, idle_expires_at = $4, document = $5 \
     WHERE tenant_id = $1 AND id = $2";
const UPDATE_DOCUMENT: &str = "UPDATE refresh_tokens SET document = $3 WHERE tenant_id = $1 AND id = $2";
const FIND: &str = "SELECT id, user_id, client_id, session_id, rotating, generation, rotated_at, issued_at, \
     last_exchanged_at, idle_expires_at, expires_at, document FROM refresh_tokens WHERE tenant_id = $1 AND id = $2";
const FIND_FOR_UPDATE: &str = "UPDATE refresh_tokens SET generation = generation WHERE tenant_id = $1 AND id = $2 \
     RETURNING id, user_id, client_id, session_id, rotating, generation, rotated_at, issued_at, last_exchanged_at, \
     idle_expires_at, expires_at, document";
const AFTER: &str = "SELECT id, user_id, client_id, session_id, rotating, generation, rotated_at, issued_at, \
     last_exchanged_at, idle_expires_at, expires_at, document FROM refresh_tokens \
     WHERE tenant_id = $1 AND user_id = $2 AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) \
     AND (expires_at IS NULL OR expires_at > $4) AND (idle_expires_at IS NULL OR idle_expires_at > $4) \
     AND (issued_at, id) > ($5, $6) ORDER BY issued_at, id LIMIT $7";
const COUNT_OF_USER: &str = "SELECT COUNT(*) AS total FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2 \
     AND (expires_at IS NULL OR expires_at > $3) AND (idle_expires_at IS NULL OR idle_expires_at > $3)";
const MAKE_ROOM: &str = "DELETE FROM refresh_tokens WHERE tenant_id = $1 AND id IN (SELECT id FROM refresh_tokens \
     WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 ORDER BY issued_at DESC, id DESC LIMIT 1000 OFFSET $4)";
const DELETE: &str = "DELETE FROM refresh_tokens WHERE tenant_id = $1 AND id = $2";
const DELETE_OF_USER: &str = "DELETE FROM refresh_tokens WHERE tenant_id = $1 AND user_id = $2";
const DELETE_OF_SESSION: &str = "DELETE FROM refresh_tokens WHERE tenant_id = $1 AND session_id = $2";
const DELETE_MATCHING: &str = "DELETE FROM refresh_tokens WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR user_id = $2) AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR document LIKE $4 ESCAPE '!')";
const SWEEP: &str = "DELETE FROM refresh_tokens WHERE expires_at < $1 OR idle_expires_at < $1";

fn from_row(row: &Row) -> Result<RefreshToken, DbError> {
    let moment = |name: &str| row.opt_int(name)?.map(clock::from_millis).transpose();
    Ok(RefreshToken {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        client_id: row.text("client_id")?,
        session_id: row.opt_text("session_id")?,
        rotating: row.bool("rotating")?,
        generation: row.int("generation")?,
        rotated_at: moment("rotated_at")?,
        issued_at: clock::from_millis(row.int("issued_at")?)?,
        last_exchanged_at: moment("last_exchanged_at")?,
        idle_expires_at: moment("idle_expires_at")?,
        expires_at: moment("expires_at")?,
        details: parse(&row.text("document")?)?,
    })
}

fn millis(moment: Option<jiff::Timestamp>) -> Value {
    moment.map(jiff::Timestamp::as_millisecond).into()
}

/// Writes a new token.
pub async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    token: &RefreshToken,
    digest: [u8; 32],
) -> Result<(), DbError> {
    let RefreshToken {
        id,
        user_id,
        client_id,
        session_id,
        rotating,
        generation,
        rotated_at: _,
        issued_at,
        last_exchanged_at: _,
        idle_expires_at,
        expires_at,
        details,
    } = token;
    let values = [
        tenant.as_str().into(),
        id.as_str().into(),
        user_id.as_str().into(),
        client_id.as_str().into(),
        session_id.as_deref().into(),
        Value::Bool(*rotating),
        Value::Int(*generation),
        digest.as_slice().into(),
        Value::Int(issued_at.as_millisecond()),
        millis(*idle_expires_at),
        millis(*expires_at),
        json(details)?,
    ];
    tx.put(INSERT, &values).await
}

/// Moves a family on to the generation that `token` has now. [`DbError::Missed`], at the commit at the latest: somebody
/// else was first, or it is gone.
pub async fn rotate(
    tx: &mut Tx,
    tenant: &TenantId,
    token: &RefreshToken,
    digest: [u8; 32],
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        token.id.as_str().into(),
        Value::Int(token.generation),
        digest.as_slice().into(),
        millis(token.rotated_at),
        millis(token.idle_expires_at),
        json(&token.details)?,
    ];
    tx.put_one(ROTATE, &values).await
}

/// Notes the exchange of a token that stays the same. [`DbError::Missed`], at the commit at the latest: it is gone.
pub async fn exchanged(tx: &mut Tx, tenant: &TenantId, token: &RefreshToken) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        token.id.as_str().into(),
        millis(token.last_exchanged_at),
        millis(token.idle_expires_at),
        json(&token.details)?,
    ];
    tx.put_one(EXCHANGED, &values).await
}

/// Writes what is known of a token beyond its times.
pub async fn update_details(tx: &mut Tx, tenant: &TenantId, token: &RefreshToken) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), token.id.as_str().into(), json(&token.details)?];
    tx.put(UPDATE_DOCUMENT, &values).await
}

/// The family with this id, live or not.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<RefreshToken>, DbError> {
    db.look_up_opt(FIND, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The family with this id; others who want to change it wait until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<RefreshToken>, DbError> {
    let row = tx.query_opt(FIND_FOR_UPDATE, &[tenant.as_str().into(), id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The live tokens of a user after a place, at all applications or at one, the oldest first.
pub async fn after(
    db: &Db,
    tenant: &TenantId,
    (user_id, client_id, now): (&str, Option<&str>, jiff::Timestamp),
    after: &Checkpoint,
    limit: i64,
) -> Result<Vec<RefreshToken>, DbError> {
    let values = [
        tenant.as_str().into(),
        user_id.into(),
        client_id.into(),
        Value::Int(now.as_millisecond()),
        Value::Int(after.created_at),
        after.id.as_str().into(),
        Value::Int(limit),
    ];
    db.query(AFTER, &values).await?.iter().map(from_row).collect()
}

/// How many live tokens a user has.
pub async fn count_of_user(
    db: &Db,
    tenant: &TenantId,
    (user_id, now): (&str, jiff::Timestamp),
) -> Result<i64, DbError> {
    let values = [tenant.as_str().into(), user_id.into(), Value::Int(now.as_millisecond())];
    db.query_opt(COUNT_OF_USER, &values).await?.map_or(Ok(0), |row| row.int("total"))
}

/// Deletes the oldest tokens of a user at an application, so that at most `keep` remain.
pub async fn make_room(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, client_id): (&str, &str),
    keep: i64,
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), user_id.into(), client_id.into(), Value::Int(keep)];
    tx.put(MAKE_ROOM, &values).await
}

/// Ends a family; false if there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), id.into()]).await? == 1)
}

/// Ends every family of a user.
pub async fn delete_of_user(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<u64, DbError> {
    tx.execute(DELETE_OF_USER, &[tenant.as_str().into(), user_id.into()]).await
}

/// Ends every family that came from a session.
pub async fn delete_of_session(tx: &mut Tx, tenant: &TenantId, session_id: &str) -> Result<u64, DbError> {
    tx.execute(DELETE_OF_SESSION, &[tenant.as_str().into(), session_id.into()]).await
}

/// What a mass revocation names; none of a member means all of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Matching<'a> {
    /// A user.
    pub user_id: Option<&'a str>,
    /// An application.
    pub client_id: Option<&'a str>,
    /// What they are for.
    pub audience: Audience<'a>,
}

/// What refresh tokens are for.
#[derive(Debug, Clone, Copy, Default)]
pub enum Audience<'a> {
    /// Whatever it is.
    #[default]
    Any,
    /// User information alone.
    UserInfo,
    /// An API.
    Api(&'a str),
}

/// Ends every family that matches.
pub async fn delete_matching(tx: &mut Tx, tenant: &TenantId, matching: Matching<'_>) -> Result<u64, DbError> {
    let Matching { user_id, client_id, audience } = matching;
    // The audience is the first member of our own compact JSON, in which quotation marks inside a value are escaped.
    let audience = match audience {
        Audience::Any => None,
        Audience::UserInfo => Some(Json::Null),
        Audience::Api(identifier) => Some(Json::from(identifier)),
    };
    let pattern = audience.map(|audience| {
        let text = audience.to_string();
        let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        format!("{{\"audience\":{escaped},%")
    });
    let values = [tenant.as_str().into(), user_id.into(), client_id.into(), pattern.into()];
    tx.execute(DELETE_MATCHING, &values).await
}

/// Deletes the tokens of all tenants that were over before this moment.
pub async fn sweep(tx: &mut Tx, before: jiff::Timestamp) -> Result<u64, DbError> {
    tx.execute(SWEEP, &[Value::Int(before.as_millisecond())]).await
}
