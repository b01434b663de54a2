//! Threads: how many answer, and how those that work for hours of processor time stand back.
//!
//! Must never take the processor from an answer that is ready: threads that work long yield to all others.

use std::num::NonZeroUsize;

/// One thread that answers for every two cores. Signing, hashing and the database have threads of their own, and each
/// thread more makes an answer dearer: work is handed from one to the other, and threads are woken for little.
pub fn answering_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).div_ceil(2)
}

/// Makes the calling thread yield to the others of the machine, by this much (1 to 19, Linux niceness).
pub fn yield_to_others(niceness: i32) {
    // On Linux a priority belongs to a thread; a refusal costs speed, nothing else.
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), niceness) {
        tracing::debug!(%error, "a thread could not be given a lower priority");
    }
}
