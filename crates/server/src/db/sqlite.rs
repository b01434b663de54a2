//! SQLite: one thread that writes, two that read, and the async side of talking to them.
//!
//! Owns the threads and their channels. Must never run a statement on an async thread, but for those that look a few
//! rows up, and must never answer a commit that is to last before it is on the disk.

mod connection;
mod functions;
mod statement;
pub(super) mod statistics;
mod watch;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Patience;
use super::error::DbError;
use super::freshness::{Freshness, Watched};
use super::value::Value;
use connection::Fleeting;
pub(super) use connection::patiently;
pub(super) use statement::{Outcome, Sql, Step, Wants, failure};
use writer::{Job, Request, Writer};

/// Reads are short and mostly for the Management API; two threads use two cores and little memory.
const READERS: usize = 2;
/// Instructions of SQLite between two looks whether a search was given up: a fraction of a millisecond.
const BETWEEN_LOOKS: i32 = 10_000;
/// SQLite and our own code need a fraction of it; untouched pages cost nothing.
const STACK: usize = 1 << 20;

type Answer<T> = oneshot::Sender<Result<T, DbError>>;

/// An open SQLite database.
#[derive(Clone)]
pub(super) struct Sqlite(Arc<Handle>);

/// Dropped in this order: the threads end when their channels close, and then the files may go.
struct Handle {
    /// Connections for looking up, one for each thread that answers.
    desks: Vec<Mutex<Connection>>,
    jobs: Sender<Job>,
    reads: Sender<Read>,
    /// Searches may use all readers but one, so that other reads never wait for them.
    searches: Arc<Semaphore>,
    patience: Patience,
    commits: Arc<AtomicU64>,
    freshness: Arc<Freshness>,
    /// Set once the changes that it has to know of are told to it.
    watched: AtomicBool,
    closing: Closing,
}

struct Read {
    step: Step,
    answer: Answer<Outcome>,
    search: Option<Search>,
}

/// What a search has beside other reads.
struct Search {
    given_up: Arc<AtomicBool>,
    /// Held until the reader is free again, however long the client waits.
    _turn: OwnedSemaphorePermit,
}

/// Gives the search up when nobody waits for it any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Sqlite {
    /// Opens the file, or makes it.
    pub(super) async fn open(path: &Path, patience: Patience) -> Result<Self, DbError> {
        Self::start(path.to_owned(), patience, None).await
    }

    /// Makes a database that goes away when it is closed.
    pub(super) async fn fleeting(patience: Patience) -> Result<Self, DbError> {
        let fleeting = Fleeting::make()?;
        Self::start(fleeting.database(), patience, Some(fleeting)).await
    }

    async fn start(path: PathBuf, patience: Patience, fleeting: Option<Fleeting>) -> Result<Self, DbError> {
        let durable = fleeting.is_none();
        let mut closing = Closing { threads: Vec::new(), fleeting };
        let commits = Arc::new(AtomicU64::new(0));
        let freshness = Arc::<Freshness>::default();

        let (jobs, queue) = channel();
        let (file, told) = (path.clone(), (Arc::clone(&commits), Arc::clone(&freshness)));
        let writer = spawn("db-writer", move |ready| {
            if let Some(connection) = report(connection::writing(&file, durable, patience), ready) {
                Writer::new(connection, queue, (patience, durable), told).run();
            }
        });
        closing.threads.push(writer.await?);

        let (reads, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..READERS {
            let (file, queue) = (path.clone(), Arc::clone(&queue));
            let reader = spawn("db-reader", move |ready| {
                if let Some(mut connection) = report(connection::reading(&file, patience), ready) {
                    serve_reads(&mut connection, &queue);
                }
            });
            closing.threads.push(reader.await?);
        }
        let searches = Arc::new(Semaphore::new(READERS - 1));
        let desks = (0..crate::background::answering_threads())
            .map(|_| connection::looking_up(&path, patience).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        let watched = AtomicBool::new(false);
        let handle = Handle { desks, jobs, reads, searches, patience, commits, freshness, watched, closing };
        Ok(Self(Arc::new(handle)))
    }

    /// Runs a statement on a reading connection.
    pub(super) async fn read(&self, step: Step) -> Result<Outcome, DbError> {
        self.send(step, None)?.await.map_err(|_| stopped())?
    }

    /// Runs a statement that an index leads to a few rows: at once, because to wake another thread costs more than that.
    /// Where all desks are taken or the database is locked, a reader does it.
    pub(super) async fn look_up(&self, sql: &'static str, params: &[Value]) -> Result<Outcome, DbError> {
        let mut free = self.0.desks.iter().filter_map(|desk| desk.try_lock().ok());
        match free.next().map(|desk| statement::run_fixed(&desk, sql, (params, Wants::Rows))) {
            None | Some(Err(DbError::Busy)) => {
                self.read(Step { sql: Sql::Fixed(sql), params: params.to_vec(), wants: Wants::Rows }).await
            }
            Some(outcome) => outcome,
        }
    }

    /// Runs a statement that may take long, and gives it up when it does.
    pub(super) async fn search(&self, step: Step) -> Result<Outcome, DbError> {
        let search = async {
            let turn = Arc::clone(&self.0.searches).acquire_owned().await.map_err(|_| stopped())?;
            let waiting = Waiting(Arc::default());
            let given_up = Arc::clone(&waiting.0);
            self.send(step, Some(Search { given_up, _turn: turn }))?.await.map_err(|_| stopped())?
        };
        tokio::time::timeout(self.0.patience.search, search).await.unwrap_or(Err(DbError::TooSlow))
    }

    fn send(
        &self,
        step: Step,
        search: Option<Search>,
    ) -> Result<oneshot::Receiver<Result<Outcome, DbError>>, DbError> {
        let (answer, outcome) = oneshot::channel();
        self.0.reads.send(Read { step, answer, search }).map_err(|_| stopped())?;
        Ok(outcome)
    }

    /// A transaction that takes its turn with its first statement.
    pub(super) fn session(&self) -> Session {
        Session { database: self.clone(), requests: None, before: Vec::new(), lasting: true }
    }

    /// Runs one statement for many rows as a transaction.
    pub(super) async fn batch(&self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        let (answer, outcome) = oneshot::channel();
        self.submit(Job::Batch { sql, rows, answer })?;
        outcome.await.map_err(|_| stopped())?
    }

    /// Runs work on the writing connection with no transaction open.
    pub(super) async fn alone<F>(&self, work: F) -> Result<(), DbError>
    where
        F: FnOnce(&Connection) -> Result<(), DbError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.submit(Job::Alone { work: Box::new(work), answer })?;
        outcome.await.map_err(|_| stopped())?
    }

    /// Empties the write-ahead log into the database file.
    pub(super) async fn checkpoint(&self) -> Result<(), DbError> {
        let patience = self.0.patience;
        self.alone(move |connection| connection::checkpoint(connection, patience)).await
    }

    /// Has changes to rows of these tables told to [`Sqlite::freshness`] from now on.
    pub(super) async fn watch(&self, watched: &'static [Watched]) -> Result<(), DbError> {
        let freshness = Arc::clone(&self.0.freshness);
        self.alone(move |connection| watch::watch(connection, watched, &freshness)).await?;
        self.0.watched.store(true, Ordering::Release);
        Ok(())
    }

    /// What was changed when, if it is watched.
    pub(super) fn freshness(&self) -> Option<&Freshness> {
        self.0.watched.load(Ordering::Acquire).then_some(&*self.0.freshness)
    }

    /// Looks whether another process has written.
    pub(super) async fn look_at_others(&self) -> Result<(), DbError> {
        let freshness = Arc::clone(&self.0.freshness);
        self.alone(move |connection| watch::look_at_others(connection, &freshness)).await
    }

    /// Waits for the threads to end, if this is the last handle.
    pub(super) async fn close(self) {
        if let Some(Handle { desks, jobs, reads, mut closing, .. }) = Arc::into_inner(self.0) {
            drop((desks, reads));
            let end = move || {
                // The last connection clears the side files away, and of two that close at once neither may be the last.
                closing.join_readers();
                drop(jobs);
                closing.join();
            };
            // A failed join means that a thread panicked, and it has told so itself.
            let _ = tokio::task::spawn_blocking(end).await;
        }
    }

    /// How many commits of SQLite itself were synced to the disk.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Relaxed)
    }

    fn submit(&self, job: Job) -> Result<(), DbError> {
        self.0.jobs.send(job).map_err(|_| stopped())
    }
}

/// A transaction in conversation with the writer.
pub(super) struct Session {
    database: Sqlite,
    /// The line to the writer, from the first statement on. Dropping it rolls back.
    requests: Option<Sender<Request>>,
    /// Statements that go along with the next one that is waited for.
    before: Vec<Step>,
    /// Whether the commit has to be on the disk before it is answered.
    lasting: bool,
}

impl Session {
    /// The commit may reach the disk later.
    pub(super) fn need_not_last(&mut self) {
        self.lasting = false;
    }

    /// Runs a statement later: with the next one or with the commit, and fails there. Nobody is woken for it.
    pub(super) fn put(&mut self, step: Step) {
        self.before.push(step);
    }

    /// Runs the next statement.
    pub(super) async fn run(&mut self, step: Step) -> Result<Outcome, DbError> {
        let (answer, outcome) = oneshot::channel();
        let before = std::mem::take(&mut self.before);
        self.ask(Request::Run { before, step, answer })?;
        outcome.await.map_err(|_| given_up())?
    }

    fn ask(&mut self, request: Request) -> Result<(), DbError> {
        if let Some(requests) = &self.requests {
            requests.send(request).map_err(|_| given_up())?;
        } else {
            // The first statement travels with the session, so that the writer need not wait for it.
            let (requests, line) = channel();
            requests.send(request).map_err(|_| given_up())?;
            self.database.submit(Job::Session { requests: line, lasting: self.lasting })?;
            self.requests = Some(requests);
        }
        Ok(())
    }

    /// Commits, together with the group.
    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        if self.requests.is_none() && self.before.is_empty() {
            return Ok(());
        }
        let (answer, outcome) = oneshot::channel();
        let before = std::mem::take(&mut self.before);
        self.ask(Request::Commit { before, answer })?;
        outcome.await.map_err(|_| given_up())?
    }
}

/// What is left to do when the channels are closed.
struct Closing {
    /// The writer, then the readers.
    threads: Vec<JoinHandle<()>>,
    fleeting: Option<Fleeting>,
}

impl Closing {
    fn join_readers(&mut self) {
        for thread in self.threads.drain(1..) {
            let _ = thread.join();
        }
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        // Only a test's database is worth waiting for: its files may go when nobody has them open.
        if self.fleeting.is_some() {
            self.join();
        }
    }
}

fn serve_reads(connection: &mut Connection, queue: &Mutex<Receiver<Read>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Read { step, answer, search }) = next else {
            return;
        };
        if !answer.is_closed() {
            let outcome = match &search {
                None => statement::run(connection, &step),
                Some(search) => run_search(connection, &step, &search.given_up),
            };
            let _ = answer.send(outcome);
        }
    }
}

fn run_search(
    connection: &mut Connection,
    step: &Step,
    given_up: &Arc<AtomicBool>,
) -> Result<Outcome, DbError> {
    let given_up = Arc::clone(given_up);
    let stop = move || given_up.load(Ordering::Relaxed);
    connection.progress_handler(BETWEEN_LOOKS, Some(stop)).map_err(failure)?;
    let outcome = statement::run(connection, step);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(failure)?;
    outcome
}

/// Starts a thread and waits until it says that its connection is open.
async fn spawn<F>(name: &str, body: F) -> Result<JoinHandle<()>, DbError>
where
    F: FnOnce(Answer<()>) + Send + 'static,
{
    let (ready, opened) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(move || body(ready))
        .map_err(|error| DbError::Unavailable(format!("cannot start a thread for the database: {error}")))?;
    opened.await.map_err(|_| stopped())??;
    Ok(thread)
}

fn report(opened: Result<Connection, DbError>, ready: Answer<()>) -> Option<Connection> {
    match opened {
        Ok(connection) => ready.send(Ok(())).is_ok().then_some(connection),
        Err(error) => {
            let _ = ready.send(Err(error));
            None
        }
    }
}

fn stopped() -> DbError {
    DbError::Unavailable("the database thread has stopped; restart the server".to_owned())
}

fn given_up() -> DbError {
    DbError::Other("the transaction was rolled back because it was idle for too long, or was lost".to_owned())
}
