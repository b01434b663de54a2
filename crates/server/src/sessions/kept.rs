//! Who is signed in, in memory: sessions and users as they were last read, for as long as they are unchanged.
//!
//! Every look asks whether a commit of this process has touched what the user has since, so nothing outlives its change,
//! not for a moment; that another process wrote to the file is seen within a second (`changes`). On PostgreSQL any
//! server may write at any time, and nobody could answer: there the database is asked each time.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

use super::{Session, sql};
use crate::db::{Db, DbError, Freshness, Moment, Watched};
use crate::tenants::TenantId;
use crate::users::{self, User};

/// Where a session and its user are written. The names of connections, which are read with them, never change.
pub const WATCHED: &[Watched] = &[
    Watched { table: "sessions", owner: "user_id" },
    Watched { table: "users", owner: "user_id" },
    Watched { table: "identities", owner: "user_id" },
];

/// Bytes of users in memory at most, about.
const USERS: u64 = 8 << 20;
/// Bytes of sessions in memory at most, about.
const SESSIONS: u64 = 8 << 20;
/// Bytes that a user or a session takes without what they may have more or less of, about.
const LEAST: u64 = 1024;
/// Bytes that a value takes beside its text, about.
const VALUE: u64 = 64;

/// The memory.
pub struct Kept {
    users: Cache<String, Read<User>, Size>,
    sessions: Cache<[u8; 32], Read<Session>, Size>,
}

/// What was read, and when that began.
#[derive(Clone)]
struct Read<T> {
    at: Moment,
    value: Arc<T>,
}

impl Default for Kept {
    fn default() -> Self {
        // What they hold at most; they grow with what is in them.
        const AT_FIRST: usize = 256;
        Self {
            users: Cache::with_weighter(AT_FIRST, USERS, Size),
            sessions: Cache::with_weighter(AT_FIRST, SESSIONS, Size),
        }
    }
}

impl Kept {
    /// The user with this id, hidden or not.
    pub async fn user(
        &self,
        db: &Db,
        tenant: &TenantId,
        user_id: &str,
    ) -> Result<Option<Arc<User>>, DbError> {
        let Some(freshness) = db.freshness() else {
            return Ok(users::find(db, tenant, user_id).await?.map(Arc::new));
        };
        if let Some(user) = self.fresh_user(freshness, tenant, user_id) {
            return Ok(Some(user));
        }
        let at = freshness.now();
        let Some(user) = users::find(db, tenant, user_id).await? else { return Ok(None) };
        Ok(Some(self.keep_user(tenant, at, user)))
    }

    /// The session with this digest, live or not, and its user.
    pub async fn session_and_user(
        &self,
        db: &Db,
        tenant: &TenantId,
        digest: [u8; 32],
    ) -> Result<Option<(Arc<Session>, Arc<User>)>, DbError> {
        let Some(freshness) = db.freshness() else {
            let found = sql::find_with_user(db, tenant, digest).await?;
            return Ok(found.map(|(session, user)| (Arc::new(session), Arc::new(user))));
        };
        if let Some(Read { at, value: session }) = self.sessions.get(&digest)
            && freshness.unchanged((tenant.as_str(), &session.user_id), at)
            && let Some(user) = self.fresh_user(freshness, tenant, &session.user_id)
        {
            return Ok(Some((session, user)));
        }
        let at = freshness.now();
        let Some((session, user)) = sql::find_with_user(db, tenant, digest).await? else { return Ok(None) };
        let session = Arc::new(session);
        self.sessions.insert(digest, Read { at, value: Arc::clone(&session) });
        Ok(Some((session, self.keep_user(tenant, at, user))))
    }

    /// Forgets everybody.
    pub fn forget_everything(&self) {
        self.users.clear();
        self.sessions.clear();
    }

    fn fresh_user(&self, freshness: &Freshness, tenant: &TenantId, user_id: &str) -> Option<Arc<User>> {
        let Read { at, value } = self.users.get(&tenant.key(user_id))?;
        freshness.unchanged((tenant.as_str(), user_id), at).then_some(value)
    }

    fn keep_user(&self, tenant: &TenantId, at: Moment, user: User) -> Arc<User> {
        let user = Arc::new(user);
        self.users.insert(tenant.key(&user.user_id), Read { at, value: Arc::clone(&user) });
        user
    }
}

/// What somebody takes in memory.
#[derive(Clone)]
struct Size;

impl Weighter<String, Read<User>> for Size {
    fn weight(&self, _: &String, Read { value: user, .. }: &Read<User>) -> u64 {
        let profiles = user.identities.iter().map(|identity| of_members(&identity.profile)).sum::<u64>();
        LEAST + of_members(&user.user_metadata) + of_members(&user.app_metadata) + profiles
    }
}

impl Weighter<[u8; 32], Read<Session>> for Size {
    fn weight(&self, _: &[u8; 32], Read { value: session, .. }: &Read<Session>) -> u64 {
        LEAST + session.details.metadata.as_ref().map_or(0, of_members)
    }
}

fn of_members(members: &Map<String, Value>) -> u64 {
    members.iter().map(|(name, value)| VALUE + length(name) + of(value)).sum()
}

fn of(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        Value::String(text) => VALUE + length(text),
        Value::Array(values) => VALUE + values.iter().map(of).sum::<u64>(),
        Value::Object(members) => VALUE + of_members(members),
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
