//! The threads that hash passwords: as many as cores, with a bounded queue.
//!
//! Hashing takes tens of milliseconds on purpose. It must never run on a thread that answers requests or signs
//! tokens: a flood of logins fills this queue, and everything else goes on. The threads start with the first
//! password, so that nothing else pays for their memory.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::Password;
use super::hash::{self, HashError, Memory, Parameters, SALT, Verdict};
use crate::background;
use crate::clock::Stopwatch;
use crate::entropy::Entropy;

/// Hashes passwords on threads of its own.
pub struct PasswordPool {
    parameters: Parameters,
    queue: Mutex<Option<SyncSender<Job>>>,
}

/// Why nothing was hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// More passwords are waiting than can be hashed soon: 503 with `Retry-After`.
    #[error("too many passwords are being checked at the moment; try again in a few seconds")]
    Full,
    /// The threads or a stored hash failed.
    #[error("{0}")]
    Failed(String),
}

impl PoolError {
    /// Seconds after which it makes sense to try again.
    pub const RETRY_AFTER: i64 = 3;
}

struct Job {
    password: Password,
    work: Work,
    answer: oneshot::Sender<Result<Done, HashError>>,
}

enum Work {
    Make([u8; SALT]),
    Verify(String),
    VerifyNobody,
}

enum Done {
    Made(String),
    Compared(Verdict),
}

/// Passwords that may wait: two to three seconds of work on two cores.
const QUEUE: usize = 256;

/// How much hashing yields, also to signing.
const NICENESS: i32 = 15;

impl PasswordPool {
    /// A pool that has not started yet.
    pub fn new(parameters: Parameters) -> Self {
        Self { parameters, queue: Mutex::new(None) }
    }

    /// Hashes a password; answers the text to store.
    pub async fn hash(&self, entropy: &dyn Entropy, password: &Password) -> Result<String, PoolError> {
        match self.run(password, Work::Make(entropy.bytes())).await? {
            Done::Made(stored) => Ok(stored),
            Done::Compared(_) => Err(confused()),
        }
    }

    /// Compares a password with a stored hash.
    pub async fn verify(&self, password: &Password, stored: &str) -> Result<Verdict, PoolError> {
        self.compare(password, Work::Verify(stored.to_owned())).await
    }

    /// Takes as long as [`Self::verify`] and never matches: for people who do not exist or have no password, so
    /// that nobody can tell them from others.
    pub async fn verify_nobody(&self, password: &Password) -> Result<Verdict, PoolError> {
        self.compare(password, Work::VerifyNobody).await
    }

    async fn compare(&self, password: &Password, work: Work) -> Result<Verdict, PoolError> {
        match self.run(password, work).await? {
            Done::Compared(verdict) => Ok(verdict),
            Done::Made(_) => Err(confused()),
        }
    }

    async fn run(&self, password: &Password, work: Work) -> Result<Done, PoolError> {
        let (answer, done) = oneshot::channel();
        let job = Job { password: password.clone(), work, answer };
        self.queue()?.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => PoolError::Full,
            TrySendError::Disconnected(_) => gone(),
        })?;
        done.await.map_err(|_| gone())?.map_err(|error| PoolError::Failed(error.to_string()))
    }

    /// The queue; its threads are started by the first who asks, once a hash has come out as it does elsewhere.
    fn queue(&self) -> Result<SyncSender<Job>, PoolError> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = &*queue {
            return Ok(queue.clone());
        }
        hash::prove(hash::KNOWN).map_err(|error| PoolError::Failed(error.to_string()))?;
        let (sender, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for number in 0..threads {
            let (jobs, parameters) = (Arc::clone(&jobs), self.parameters);
            std::thread::Builder::new()
                .name(format!("passwords-{number}"))
                .spawn(move || work(&jobs, parameters))
                .map_err(|error| PoolError::Failed(format!("a thread could not be started: {error}")))?;
        }
        *queue = Some(sender.clone());
        Ok(sender)
    }
}

fn gone() -> PoolError {
    PoolError::Failed("the threads that hash passwords are gone".to_owned())
}

fn confused() -> PoolError {
    PoolError::Failed("a thread did other work than it was given".to_owned())
}

fn work(jobs: &Mutex<Receiver<Job>>, parameters: Parameters) {
    background::yield_to_others(NICENESS);
    let mut memory = Memory::default();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { password, work, answer }) = job else { return };
        // Nobody waits for an answer whose request was dropped.
        if answer.is_closed() {
            continue;
        }
        let watch = Stopwatch::start();
        let done = match work {
            Work::Make(salt) => hash::make(&mut memory, parameters, &password, salt).map(Done::Made),
            Work::Verify(stored) => {
                hash::verify(&mut memory, parameters, &password, &stored).map(Done::Compared)
            }
            Work::VerifyNobody => hash::verify_nobody(&mut memory, parameters, &password).map(Done::Compared),
        };
        memory.shrink(parameters);
        metrics::histogram!("chancery_password_hash_seconds").record(watch.elapsed());
        // The asker may have gone away meanwhile; that is no fault.
        let _ = answer.send(done);
    }
}
