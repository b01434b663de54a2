//! How long the keys take to fetch while tokens or logins saturate the server.
//!
//! The probes run open loop, at a fixed rate whatever the server does: their time counts from the moment at which
//! they were due, so that a stall is not hidden by the probes that it held up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::load::Target;
use crate::{Outcome, clock, http, stats};

/// Probes a second, all threads together.
const RATE: u32 = 150;
/// Threads, each with a connection of its own; blocking reads have no timer of the client in them.
const THREADS: u32 = 6;

/// What one interval showed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    /// Of the load.
    pub(crate) load_p99: Duration,
    /// Of the probes.
    pub(crate) probe_p50: Duration,
    /// Of the probes.
    pub(crate) probe_p99: Duration,
    /// Of the probes at the bare server.
    pub(crate) bare_p50: Duration,
    /// Of the probes at the bare server.
    pub(crate) bare_p99: Duration,
}

/// Runs the load and the probes side by side.
pub(crate) async fn measure(
    load: &Target,
    probe: &Target,
    bare: &Target,
    span: Duration,
) -> Outcome<Interval> {
    let stop = Arc::new(AtomicBool::new(false));
    let (probes, bare_probes) = (start(probe, &stop), start(bare, &stop));
    let sample = load.measure(span).await;
    stop.store(true, Ordering::Relaxed);
    let (latencies, bare) = (finish(probes)?, finish(bare_probes)?);
    Ok(Interval {
        load_p99: sample?.p99,
        probe_p50: stats::percentile(&latencies, 500),
        probe_p99: stats::percentile(&latencies, 990),
        bare_p50: stats::percentile(&bare, 500),
        bare_p99: stats::percentile(&bare, 990),
    })
}

type Prober = JoinHandle<Result<Vec<Duration>, String>>;

fn start(target: &Target, stop: &Arc<AtomicBool>) -> Vec<Prober> {
    (0..THREADS)
        .map(|number| {
            let (target, stop) = (target.clone(), Arc::clone(stop));
            thread::spawn(move || {
                let request = target.first_request().ok_or("nothing to ask for")?;
                run(target.service.address, request, (number, &stop)).map_err(|error| error.to_string())
            })
        })
        .collect()
}

/// The times of all probes, sorted.
fn finish(probers: Vec<Prober>) -> Outcome<Vec<Duration>> {
    let mut latencies = Vec::new();
    for prober in probers {
        latencies.append(&mut prober.join().map_err(|_| "a probing thread panicked")??);
    }
    latencies.sort_unstable();
    Ok(latencies)
}

fn run(address: SocketAddr, request: &[u8], (number, stop): (u32, &AtomicBool)) -> Outcome<Vec<Duration>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut buffer = vec![0; 64 << 10];
    let period = Duration::from_secs(1) * THREADS / RATE;
    let mut due = clock::now() + period * number / THREADS;
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(due.saturating_duration_since(clock::now()));
        stream.write_all(request)?;
        if read(&mut stream, &mut buffer)? != 200 {
            return Err("a probe was refused".into());
        }
        latencies.push(clock::now().saturating_duration_since(due));
        due += period;
    }
    Ok(latencies)
}

/// Reads one answer; answers its status.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> Outcome<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err("the server closed a probe's connection, or said too much".into());
        }
        filled += read;
        if let Some((status, _, end)) = http::head(&buffer[..filled])?
            && filled >= end
        {
            return Ok(status);
        }
    }
}
