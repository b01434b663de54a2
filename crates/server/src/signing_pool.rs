//! The threads that sign: as many as cores, with a bounded queue.
//!
//! A signature takes most of a millisecond; it must never run on a thread that answers requests, or every
//! other answer waits behind it.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use chancery_crypto::sign::{Sign, SignError};
use chancery_keyring::Signer;
use tokio::sync::oneshot;

use crate::background;
use crate::clock::Stopwatch;

/// Signs with ring keys on threads of its own.
pub struct SigningPool {
    queue: SyncSender<Job>,
}

struct Job {
    signer: Signer,
    message: String,
    answer: oneshot::Sender<Outcome>,
}

/// The message and its signature.
type Outcome = Result<(String, Vec<u8>), SignError>;
/// What was signed, and where that is waited for.
type Signed = (oneshot::Sender<Outcome>, Outcome);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// More work is waiting than can be done soon.
    #[error("the signing queue is full")]
    Full,
    /// The pool is gone or the key failed.
    #[error("{0}")]
    Failed(String),
}

/// Signatures that may wait: about a third of a second of work on two cores.
const QUEUE: usize = 1024;

/// Answers that a thread keeps back at most while more work waits. Each wakes a thread that answers requests, and one
/// that is woken for several has less to do for each.
const TOGETHER: usize = 4;

/// How much signing yields to answering: when tokens saturate the machine, everything else stays quick.
const NICENESS: i32 = 10;

impl SigningPool {
    /// Starts one thread a core.
    pub fn start() -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for number in 0..threads {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new().name(format!("sign-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Signs `message`; answers it together with the signature.
    pub async fn sign(&self, signer: Signer, message: String) -> Result<(String, Vec<u8>), PoolError> {
        let (answer, signed) = oneshot::channel();
        self.queue.try_send(Job { signer, message, answer }).map_err(|error| match error {
            TrySendError::Full(_) => PoolError::Full,
            TrySendError::Disconnected(_) => PoolError::Failed("the signing threads are gone".to_owned()),
        })?;
        match signed.await {
            Ok(Ok(signed)) => Ok(signed),
            Ok(Err(error)) => Err(PoolError::Failed(error.to_string())),
            Err(_) => Err(PoolError::Failed("a signing thread stopped".to_owned())),
        }
    }
}

/// Waits for work; none when there will be no more.
fn wait(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Work that is there already. A thread that waits holds the lock, and then there is none.
fn more(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.try_lock().ok()?.try_recv().ok()
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    background::yield_to_others(NICENESS);
    let mut kept = Vec::with_capacity(TOGETHER);
    loop {
        match if kept.is_empty() { wait(jobs) } else { more(jobs) } {
            Some(job) => kept.extend(sign(job)),
            None if kept.is_empty() => return,
            None => deliver(&mut kept),
        }
        if kept.len() == TOGETHER {
            deliver(&mut kept);
        }
    }
}

/// Signs, unless nobody waits for it any more.
fn sign(Job { signer, message, answer }: Job) -> Option<Signed> {
    if answer.is_closed() {
        return None;
    }
    let watch = Stopwatch::start();
    let signature = signer.sign(message.as_bytes());
    metrics::histogram!("chancery_signing_seconds", "algorithm" => signer.algorithm().name())
        .record(watch.elapsed());
    Some((answer, signature.map(|signature| (message, signature))))
}

fn deliver(kept: &mut Vec<Signed>) {
    for (answer, outcome) in kept.drain(..) {
        // The asker may have gone away meanwhile; that is no fault.
        let _ = answer.send(outcome);
    }
}
