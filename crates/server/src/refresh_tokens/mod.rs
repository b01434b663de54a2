//! Refresh tokens: families of opaque values, of which one at a time is good (RFC 9700 section 4.14.2).
//!
//! A token's text names its family and its generation and carries a keyed proof of both, so that it is recognised as
//! ours before the database is asked, and an old one is told from an invented one. Every exchange of a rotating token
//! is one conditional update: of two at once, one wins. Must never let an old generation live on: using it after the
//! leeway ends the whole family.

pub mod api;
pub mod sql;
mod text;
mod view;

use std::sync::Arc;

use chancery_oauth::refresh::{self, RefreshPolicy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::sessions::Device;
use crate::tenants::TenantId;

/// Living tokens of one user at one application; the oldest make room.
pub const MOST_PER_USER_AND_CLIENT: i64 = 200;
/// Characters of an id: 142 bits, so that nobody finds a family by trying.
const ID: usize = 24;

/// A family of refresh tokens as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its id, also in the Management API.
    pub id: String,
    /// Whose access it prolongs.
    pub user_id: String,
    /// Through which application.
    pub client_id: String,
    /// The session that it came from; it may be over.
    pub session_id: Option<String>,
    /// Whether each exchange replaces it.
    pub rotating: bool,
    /// How often it was replaced.
    pub generation: i64,
    /// When it was last replaced.
    pub rotated_at: Option<Timestamp>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it was last exchanged.
    pub last_exchanged_at: Option<Timestamp>,
    /// When it ends if it is not exchanged.
    pub idle_expires_at: Option<Timestamp>,
    /// When it ends in any case.
    pub expires_at: Option<Timestamp>,
    /// Everything else.
    pub details: Details,
}

/// What is known of a refresh token beyond its times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The API that was asked for; none for user information alone.
    pub audience: Option<String>,
    /// What was granted, as in a token response.
    pub scope: String,
    /// The time of the authentication that it stands on, in seconds since 1970, where the ID token tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Where it was issued and last exchanged.
    pub device: Device,
    /// What administrators wrote on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// A refresh token to be issued.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// Whose.
    pub user_id: &'a str,
    /// Through which application.
    pub client_id: &'a str,
    /// From which session.
    pub session_id: Option<&'a str>,
    /// How it lives.
    pub policy: &'a RefreshPolicy,
    /// Everything else.
    pub details: Details,
}

/// What a presented text turned out to be.
#[derive(Debug)]
pub enum Presented {
    /// Nothing of ours, or over, or revoked.
    Unknown,
    /// An old generation after its leeway: somebody has a token that they should not have. The family has to end.
    Reused(Box<RefreshToken>),
    /// Good. `generation` is the one presented: the current one, or the one before within its leeway.
    Good {
        /// The family.
        token: Box<RefreshToken>,
        /// The generation presented.
        generation: i64,
    },
}

/// Issues a refresh token; answers its id and its text.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    grant: Grant<'_>,
) -> Result<(String, String), DbError> {
    let now = app.clock.now();
    let Grant { user_id, client_id, session_id, policy, details } = grant;
    let ends = policy.at_issue(now);
    let token = RefreshToken {
        id: app.entropy.alphanumeric(ID),
        user_id: user_id.to_owned(),
        client_id: client_id.to_owned(),
        session_id: session_id.map(str::to_owned),
        rotating: policy.rotating,
        generation: 0,
        rotated_at: None,
        issued_at: now,
        last_exchanged_at: None,
        idle_expires_at: ends.idle_expires_at,
        expires_at: ends.expires_at,
        details,
    };
    let text = text::of(&app.sealer, tenant, &token.id, token.generation);
    sql::make_room(tx, tenant, (user_id, client_id), MOST_PER_USER_AND_CLIENT - 1).await?;
    sql::insert(tx, tenant, &token, text::digest(&app.sealer, tenant, &text)).await?;
    Ok((token.id, text))
}

/// Recognises a presented text. Changes nothing.
pub async fn recognise(
    app: &App,
    tenant: &TenantId,
    text: &str,
    policy: &RefreshPolicy,
) -> Result<Presented, DbError> {
    let Some((id, generation)) = text::read(&app.sealer, tenant, text) else { return Ok(Presented::Unknown) };
    let Some(token) = sql::find(&app.db, tenant, &id).await? else { return Ok(Presented::Unknown) };
    let now = app.clock.now();
    if !token.is_live(now) || generation > token.generation {
        return Ok(Presented::Unknown);
    }
    Ok(match policy.judge(token.generation - generation, token.rotated_at, now) {
        refresh::Presented::Current | refresh::Presented::WithinLeeway => {
            Presented::Good { token: Box::new(token), generation }
        }
        refresh::Presented::Reused => Presented::Reused(Box::new(token)),
    })
}

/// Exchanges a good token: a rotating one is replaced; answers its successor. [`DbError::Missed`], at the commit at the
/// latest: somebody was first, or it has ended; see [`successor`].
pub async fn exchange(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (token, generation): (&mut RefreshToken, i64),
    policy: &RefreshPolicy,
) -> Result<String, DbError> {
    let now = app.clock.now();
    token.last_exchanged_at = Some(now);
    token.idle_expires_at = policy.after_exchange(token.expires_at, now).idle_expires_at;
    if !token.rotating {
        sql::exchanged(tx, tenant, token).await?;
        return Ok(text::of(&app.sealer, tenant, &token.id, token.generation));
    }
    token.generation = generation + 1;
    token.rotated_at = Some(now);
    let text = text::of(&app.sealer, tenant, &token.id, token.generation);
    sql::rotate(tx, tenant, token, text::digest(&app.sealer, tenant, &text)).await?;
    Ok(text)
}

/// The successor of a token that somebody else has just replaced, if that is forgiven.
pub async fn successor(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (id, generation): (&str, i64),
    policy: &RefreshPolicy,
) -> Result<Option<String>, DbError> {
    let now = app.clock.now();
    // Reading locks the row, so what it says now is settled.
    let stored = sql::find_for_update(tx, tenant, id).await?;
    let forgiven = |stored: &RefreshToken| {
        policy.judge(stored.generation - generation, stored.rotated_at, now) != refresh::Presented::Reused
    };
    Ok(stored.filter(forgiven).map(|_| text::of(&app.sealer, tenant, id, generation + 1)))
}

impl RefreshToken {
    /// Whether it still counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end) && self.idle_expires_at.is_none_or(|end| now < end)
    }
}

/// Ends a family. Whoever calls this writes the log entry. False: it had ended already.
pub async fn revoke(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<bool, DbError> {
    sql::delete(tx, tenant, id).await
}

/// The id of the family that a text names, if the text is ours; whether it is good is not asked.
pub fn family(app: &Arc<App>, tenant: &TenantId, text: &str) -> Option<String> {
    text::read(&app.sealer, tenant, text).map(|(id, _)| id)
}
