//! The one thread that writes: it serves transactions one after the other and commits them in groups.
//!
//! A sync of the disk costs a thousand times as much as a transaction, so those that come within a few
//! milliseconds share one. Each runs inside a savepoint of its own, so one that fails takes nothing else with
//! it; and none is answered before the sync, so what was acknowledged lasts. Must never answer earlier, but for those
//! that said that they need no sync.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use rusqlite::Connection;

use super::super::{Patience, error::DbError, freshness::Freshness, value::Value};
use super::statement::{self, Outcome, Step, failure};
use super::{Answer, connection, patiently};

/// The most transactions that share a commit.
const GROUP: u32 = 128;

/// What the writer is asked to do.
pub(super) enum Job {
    /// Serve a transaction until it commits or hangs up.
    Session { requests: Receiver<Request>, lasting: bool },
    /// Run one statement for many rows, as a transaction.
    Batch { sql: &'static str, rows: Vec<Vec<Value>>, answer: Answer<()> },
    /// Run this while no transaction is open.
    Alone { work: Work, answer: Answer<()> },
}

type Work = Box<dyn FnOnce(&Connection) -> Result<(), DbError> + Send>;

/// What a transaction asks of the writer.
pub(super) enum Request {
    /// Run a statement, and before it those whose outcome nobody waited for.
    Run { before: Vec<Step>, step: Step, answer: Answer<Outcome> },
    /// Commit, once these are run; the answer comes with the group's.
    Commit { before: Vec<Step>, answer: Answer<()> },
}

/// The state of the thread.
pub(super) struct Writer {
    connection: Connection,
    jobs: Receiver<Job>,
    /// What came and has to wait for the next group.
    queue: VecDeque<Job>,
    patience: Patience,
    /// Whether commits are synced at present; none if they never are.
    synced: Option<bool>,
    commits: Arc<AtomicU64>,
    freshness: Arc<Freshness>,
    /// How many of the next transactions get a commit of their own.
    solo: u32,
    /// How many shared the last sync.
    together: usize,
}

/// The whole group was undone, for this reason.
struct Lost(DbError);

impl Writer {
    pub(super) fn new(
        connection: Connection,
        jobs: Receiver<Job>,
        (patience, durable): (Patience, bool),
        (commits, freshness): (Arc<AtomicU64>, Arc<Freshness>),
    ) -> Self {
        let (queue, synced) = (VecDeque::new(), durable.then_some(true));
        Self { connection, jobs, queue, patience, synced, commits, freshness, solo: 0, together: 0 }
    }

    /// Works until every handle is gone.
    pub(super) fn run(mut self) {
        while let Some(job) = self.queue.pop_front().or_else(|| self.jobs.recv().ok()) {
            match job {
                Job::Alone { work, answer } => drop(answer.send(work(&self.connection))),
                Job::Session { .. } | Job::Batch { .. } => self.group(job),
            }
        }
    }

    /// Serves a first job and those that are waiting behind it, and commits them together.
    fn group(&mut self, first: Job) {
        let most = if self.solo > 0 { 1 } else { GROUP };
        let lasting = first.is_lasting() || (most > 1 && self.is_anybody_lasting());
        if let Err(error) = patiently(self.patience.lock, || self.begin(lasting)) {
            return self.refuse(first, &error);
        }
        self.solo = self.solo.saturating_sub(1);
        let started = tick();
        let (mut job, mut served, mut waiting) = (first, 0, Vec::new());
        loop {
            let outcome = match job {
                Job::Session { requests, .. } => self.session(&requests, &mut waiting),
                Job::Batch { sql, rows, answer } => self.batch(sql, &rows, answer, &mut waiting),
                Job::Alone { .. } => {
                    self.queue.push_front(job);
                    break;
                }
            };
            if let Err(Lost(error)) = outcome {
                return answer_all(waiting, &Err(error));
            }
            served += 1;
            if served == most || started.elapsed() >= self.patience.group {
                break;
            }
            match self.next((waiting.len(), lasting), started) {
                Some(next) => job = next,
                None => break,
            }
        }
        self.finish(waiting, lasting);
    }

    /// Whether the commit of those who wait has to be synced. How it is done is settled before a group begins.
    fn is_anybody_lasting(&mut self) -> bool {
        self.queue.extend(self.jobs.try_iter());
        self.queue.iter().any(Job::is_lasting)
    }

    /// Another job for the group: one that waits, or one that comes in a moment. For a moment only as many are expected as
    /// shared the last sync: in a crowd most of them write again soon, and whoever writes alone waits for nobody.
    fn next(&mut self, (ready, lasting): (usize, bool), started: Instant) -> Option<Job> {
        let waiting = self.queue.pop_front().or_else(|| self.jobs.try_recv().ok());
        if !lasting {
            // Whoever needs a sync begins a group that has one.
            return match waiting {
                Some(job) if job.is_lasting() => {
                    self.queue.push_front(job);
                    None
                }
                other => other,
            };
        }
        if waiting.is_some() || ready == 0 || ready >= self.together {
            return waiting;
        }
        let left = self.patience.crowd.checked_sub(started.elapsed())?;
        self.jobs.recv_timeout(left).ok()
    }

    fn session(&self, requests: &Receiver<Request>, waiting: &mut Vec<Answer<()>>) -> Result<(), Lost> {
        self.control("SAVEPOINT one").map_err(|error| self.abandon(error))?;
        loop {
            match requests.recv_timeout(self.patience.idle) {
                Ok(Request::Run { before, step, answer }) => {
                    let outcome = self.all(&before).and_then(|()| statement::run(&self.connection, &step));
                    let lost = outcome.as_ref().err().filter(|_| self.connection.is_autocommit()).cloned();
                    let _ = answer.send(outcome);
                    if let Some(error) = lost {
                        return Err(Lost(error));
                    }
                }
                Ok(Request::Commit { before, answer }) => {
                    return match self.all(&before) {
                        Ok(()) => self.keep(answer, waiting),
                        Err(error) => self.give_up(answer, error),
                    };
                }
                // Hung up, or idle while everybody else waits.
                Err(_) => return self.undo(),
            }
        }
    }

    fn batch(
        &self,
        sql: &'static str,
        rows: &[Vec<Value>],
        answer: Answer<()>,
        waiting: &mut Vec<Answer<()>>,
    ) -> Result<(), Lost> {
        if let Err(error) = self.control("SAVEPOINT one") {
            let _ = answer.send(Err(error.clone()));
            return Err(self.abandon(error));
        }
        match statement::run_each(&self.connection, sql, rows) {
            Ok(()) => self.keep(answer, waiting),
            Err(error) => self.give_up(answer, error),
        }
    }

    fn all(&self, steps: &[Step]) -> Result<(), DbError> {
        steps.iter().try_for_each(|step| statement::run(&self.connection, step).map(drop))
    }

    /// Ends a transaction of the group that failed.
    fn give_up(&self, answer: Answer<()>, error: DbError) -> Result<(), Lost> {
        let _ = answer.send(Err(error.clone()));
        if self.connection.is_autocommit() { Err(Lost(error)) } else { self.undo() }
    }

    /// Ends a transaction of the group whose work is to last.
    fn keep(&self, answer: Answer<()>, waiting: &mut Vec<Answer<()>>) -> Result<(), Lost> {
        waiting.push(answer);
        self.control("RELEASE one").map_err(|error| self.abandon(error))
    }

    /// Ends a transaction of the group and takes its work back.
    fn undo(&self) -> Result<(), Lost> {
        self.control("ROLLBACK TO one")
            .and_then(|()| self.control("RELEASE one"))
            .map_err(|error| self.abandon(error))
    }

    /// Commits the group and answers its members.
    fn finish(&mut self, waiting: Vec<Answer<()>>, lasting: bool) {
        if lasting {
            self.together = waiting.len();
        }
        let mut outcome = self.control("COMMIT");
        if let Err(error) = outcome {
            let Lost(error) = self.abandon(error);
            // Deferred foreign keys are checked only now, and nothing tells whose they were. All of them may
            // try again, each for itself, and then it is the guilty one that fails.
            if matches!(error, DbError::Constraint(_)) && waiting.len() > 1 {
                self.solo = GROUP;
                outcome = Err(DbError::Retry);
            } else {
                outcome = Err(error);
            }
        } else if lasting && !waiting.is_empty() {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        self.freshness.settle();
        answer_all(waiting, &outcome);
    }

    fn begin(&mut self, lasting: bool) -> rusqlite::Result<()> {
        if !self.connection.is_autocommit() {
            // An earlier rollback failed. Without this nothing would ever work again.
            self.connection.execute_batch("ROLLBACK")?;
        }
        if self.synced.is_some_and(|synced| synced != lasting) {
            connection::sync(&self.connection, lasting)?;
            self.synced = Some(lasting);
        }
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    fn control(&self, sql: &'static str) -> Result<(), DbError> {
        let run = || self.connection.prepare_cached(sql)?.execute([]).map(drop);
        run().map_err(failure)
    }

    /// Gives up the group's transaction, if SQLite has not done so itself.
    fn abandon(&self, error: DbError) -> Lost {
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction could not be rolled back");
        }
        Lost(error)
    }

    /// Turns a job away, and with a locked database also everybody who has been waiting behind it, but for jobs that run
    /// alone: those need not write. Who waits is found out before anybody is answered: a job that comes after an answer may
    /// find the database free.
    fn refuse(&mut self, first: Job, error: &DbError) {
        let mut refused = vec![first];
        if *error == DbError::Busy {
            self.queue.extend(self.jobs.try_iter());
            let is_alone = |job: &Job| matches!(job, Job::Alone { .. });
            let (alone, others): (VecDeque<_>, VecDeque<_>) = self.queue.drain(..).partition(is_alone);
            self.queue = alone;
            refused.extend(others);
        }
        for job in refused {
            turn_away(job, error);
        }
    }
}

impl Job {
    /// Whether its commit has to be on the disk before it is answered.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Session { lasting, .. } => *lasting,
            Self::Batch { .. } => true,
            // It waits for a group of its own.
            Self::Alone { .. } => false,
        }
    }
}

fn turn_away(job: Job, error: &DbError) {
    match job {
        Job::Session { requests, .. } => {
            while let Ok(request) = requests.try_recv() {
                match request {
                    Request::Run { answer, .. } => drop(answer.send(Err(error.clone()))),
                    Request::Commit { answer, .. } => drop(answer.send(Err(error.clone()))),
                }
            }
        }
        Job::Batch { answer, .. } => drop(answer.send(Err(error.clone()))),
        // Only groups are refused; whoever waits for this sees its line end.
        Job::Alone { .. } => {}
    }
}

fn answer_all(waiting: Vec<Answer<()>>, outcome: &Result<(), DbError>) {
    for answer in waiting {
        // A caller that went away has lost its interest, not its commit.
        let _ = answer.send(outcome.clone());
    }
}

#[expect(clippy::disallowed_methods, reason = "it only bounds how long a group may grow")]
fn tick() -> Instant {
    Instant::now()
}
