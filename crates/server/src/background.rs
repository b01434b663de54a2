//! Threads that work for hours of processor time beside those that answer.
//!
//! Must never take the processor from an answer that is ready: such threads yield to all others.

/// Makes the calling thread yield to the others of the machine, by this much (1 to 19, Linux niceness).
pub fn yield_to_others(niceness: i32) {
    // On Linux a priority belongs to a thread; a refusal costs speed, nothing else.
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), niceness) {
        tracing::debug!(%error, "a thread could not be given a lower priority");
    }
}
