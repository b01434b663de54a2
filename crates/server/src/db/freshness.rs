//! Whether what memory holds of somebody is still what the database says.
//!
//! Commits are numbered, and for each owner of rows the number of the last one that changed any of them is kept; what was
//! read before that is stale. A process knows this only of its own commits; those of others make everything stale once they
//! are looked for. That does where one process writes nearly everything, so only SQLite has it. Must never call fresh what
//! a commit of this process has changed that was answered; the other way round costs no more than a look.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Owners who share a place are stale together, so there are more than sign in at the same time.
const PLACES: usize = 1 << 14;

/// A table of which every change is told of, whoever makes it: a statement, a trigger, a foreign key.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its name. It has a column `tenant_id`.
    pub table: &'static str,
    /// The column that says whose a row is.
    pub owner: &'static str,
}

/// A point among the commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// What was changed when.
#[derive(Debug)]
pub struct Freshness {
    commits: AtomicU64,
    /// The commit after which nothing that was read before is believed.
    everything: AtomicU64,
    /// For each place the last commit that changed something of an owner there.
    last: Box<[AtomicU64]>,
    /// The places that the transactions have touched that are not committed yet.
    pending: Mutex<HashSet<usize>>,
    /// What SQLite calls the state in which other processes left the database.
    others: AtomicI64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            commits: AtomicU64::default(),
            everything: AtomicU64::default(),
            last: (0..PLACES).map(|_| AtomicU64::default()).collect(),
            pending: Mutex::default(),
            others: AtomicI64::default(),
        }
    }
}

impl Freshness {
    /// The present. What is read from now on holds everything that was committed so far.
    pub fn now(&self) -> Moment {
        Moment(self.commits.load(Ordering::Acquire))
    }

    /// Whether nothing that an owner has was changed since a moment.
    pub fn unchanged(&self, (tenant, owner): (&str, &str), since: Moment) -> bool {
        let last = self.last.get(place(tenant, owner)).map_or(u64::MAX, |last| last.load(Ordering::Acquire));
        last.max(self.everything.load(Ordering::Acquire)) <= since.0
    }

    /// Rows of this owner change in an open transaction.
    pub(super) fn touch(&self, tenant: &str, owner: &str) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(place(tenant, owner));
    }

    /// What was touched is committed, or undone. To be called before anybody is told that it is committed.
    pub(super) fn settle(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.is_empty() {
            return;
        }
        // First the number: whoever reads from here on reads what was committed.
        let commit = self.commits.fetch_add(1, Ordering::AcqRel) + 1;
        for place in pending.drain() {
            if let Some(last) = self.last.get(place) {
                last.store(commit, Ordering::Release);
            }
        }
    }

    /// Compares the state in which other processes left the database with the last that was seen.
    pub(super) fn compare(&self, others: i64) {
        if self.others.swap(others, Ordering::AcqRel) != others {
            let commit = self.commits.fetch_add(1, Ordering::AcqRel) + 1;
            self.everything.store(commit, Ordering::Release);
        }
    }
}

fn place(tenant: &str, owner: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    (tenant, owner).hash(&mut hasher);
    // The remainder fits whatever size an index has.
    usize::try_from(hasher.finish() % PLACES as u64).unwrap_or_default()
}
