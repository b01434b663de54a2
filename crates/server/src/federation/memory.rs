//! What other providers publish, in memory for some minutes: discovery documents and keys.
//!
//! Must never hold anything longer than it may be believed, and never ask a provider again for each token that names
//! an unknown key.

use std::sync::Arc;

use chancery_oauth::upstream::{Keys, Metadata};
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;

use super::Failed;
use super::settings::Source;
use crate::http::outgoing::{Ask, Reply, SendError};
use crate::login::visit::Visit;

/// How long a document counts.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// How long keys count before an unknown one is looked for anew.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// Providers in memory at most.
const MANY: usize = 10_000;

/// The memory.
pub struct Memory {
    documents: Cache<String, (Timestamp, Arc<Metadata>)>,
    keys: Cache<String, (Timestamp, Arc<Keys>)>,
    /// When this process last looked at the metadata of a connection.
    looked: Cache<String, Timestamp>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { documents: Cache::new(MANY), keys: Cache::new(MANY), looked: Cache::new(MANY) }
    }
}

impl Memory {
    /// Whether it is somebody's turn to look at something again that was looked at `age` ago or earlier; it is nobody
    /// else's then.
    pub(super) fn takes_turn(&self, key: String, age: SignedDuration, now: Timestamp) -> bool {
        if self.looked.get(&key).is_some_and(|at| is_fresh(at, age, now)) {
            return false;
        }
        self.looked.insert(key, now);
        true
    }
}

/// The addresses of a provider.
pub(super) async fn metadata(visit: &Visit, source: Source) -> Result<Arc<Metadata>, Failed> {
    let (url, rule) = match source {
        Source::Options(metadata) => return Ok(Arc::from(metadata)),
        Source::Discovery(url, rule) => (url, rule),
    };
    // What one tenant may reach is nobody else's business, and the same address may be bound to another issuer.
    let key = format!("{} {url} {rule:?}", visit.tenant.id().as_str());
    let now = visit.app.clock.now();
    let memory = &visit.app.federation.documents;
    if let Some((at, known)) = memory.get(&key)
        && is_fresh(at, KEPT, now)
    {
        return Ok(known);
    }
    let body = get(visit, &url).await?;
    let found = Metadata::parse(&body, &rule).map_err(|error| Failed::Unreachable(error.to_string()))?;
    let found = Arc::new(found);
    memory.insert(key, (now, Arc::clone(&found)));
    Ok(found)
}

/// The keys of a provider. `anew`: those that are known have not the one that is looked for.
pub(super) async fn keys(visit: &Visit, url: &str, anew: bool) -> Result<Arc<Keys>, Failed> {
    let key = format!("{} {url}", visit.tenant.id().as_str());
    let now = visit.app.clock.now();
    let memory = &visit.app.federation.keys;
    if let Some((at, known)) = memory.get(&key)
        && is_fresh(at, if anew { ASKED_AGAIN } else { KEPT }, now)
    {
        return Ok(known);
    }
    let body = get(visit, url).await?;
    let found = Keys::parse(&body).map_err(|error| Failed::Unreachable(error.to_string()))?;
    let found = Arc::new(found);
    memory.insert(key, (now, Arc::clone(&found)));
    Ok(found)
}

fn is_fresh(at: Timestamp, kept: SignedDuration, now: Timestamp) -> bool {
    at <= now && now.duration_since(at) < kept
}

async fn get(visit: &Visit, url: &str) -> Result<Vec<u8>, Failed> {
    let reply = fetch(visit, &Ask { url: url.to_owned(), form: None, headers: Vec::new() }).await?;
    if reply.status.as_u16() != 200 {
        return Err(Failed::Unreachable(format!("{} answered {}", shown(url), reply.status.as_u16())));
    }
    Ok(reply.body.to_vec())
}

/// Asks a provider; the reason of a failure names the address.
pub(super) async fn fetch(visit: &Visit, ask: &Ask) -> Result<Reply, Failed> {
    let outgoing = &visit.app.outgoing;
    let private = outgoing.may_be_private(&visit.tenant.stored.canonical);
    let named = |why: &str| format!("{}: {why}", shown(&ask.url));
    outgoing.fetch(ask, private).await.map_err(|error| match error {
        SendError::Refused(why) => Failed::Settings(named(&why)),
        SendError::Failed(why) => Failed::Unreachable(named(&why)),
    })
}

/// An address without its query, which may hold anything.
fn shown(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
