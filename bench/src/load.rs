//! Closed-loop load: a fixed number of connections, each sending its next request when it has its answer.
//!
//! Bounded in connections and in time. Every answer is looked at: a server that fails fast must not win.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use tokio::task::JoinSet;

use crate::http::Connection;
use crate::{Outcome, clock, cpu, stats};

/// Connections of every load.
pub(crate) const CONNECTIONS: usize = 16;
/// What the server does after its answers (batches of log entries, timers) belongs to the operations before.
const SETTLE: Duration = Duration::from_millis(120);
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is called, and whose processor time is counted.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name in the results.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The process.
    pub(crate) process: Pid,
    /// The requests, used in turn.
    pub(crate) requests: Arc<[Vec<u8>]>,
    /// The number of the next request; it goes on from load to load.
    turn: Arc<AtomicUsize>,
}

/// What loads have measured so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    cpu: Duration,
    wall: Duration,
    latencies: Vec<Duration>,
}

impl Tally {
    /// What it comes to.
    pub(crate) fn sample(mut self) -> Outcome<Sample> {
        self.latencies.sort_unstable();
        let done = f64::from(u32::try_from(self.latencies.len())?);
        Ok(Sample {
            cpu_micros: clock::micros(self.cpu) / done,
            rate: done / self.wall.as_secs_f64(),
            p50: stats::percentile(&self.latencies, 500),
            p99: stats::percentile(&self.latencies, 990),
        })
    }
}

/// What a target costs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Processor time of the server for one operation, in microseconds.
    pub(crate) cpu_micros: f64,
    /// Operations a second as the clock on the wall sees it.
    pub(crate) rate: f64,
    /// Half of the answers came within this time.
    pub(crate) p50: Duration,
    /// All but one in a hundred came within this time.
    pub(crate) p99: Duration,
}

impl Sample {
    /// Operations that one core can do in a second.
    pub(crate) fn capacity(&self) -> f64 {
        1e6 / self.cpu_micros
    }
}

impl Target {
    /// A target.
    pub(crate) fn new(
        name: impl Into<String>,
        (address, process): (SocketAddr, Pid),
        requests: Vec<Vec<u8>>,
    ) -> Self {
        Self { name: name.into(), address, process, requests: requests.into(), turn: Arc::default() }
    }

    /// Sends every request once, so that what is loaded on demand is loaded.
    pub(crate) async fn call_each_once(&self) -> Outcome<()> {
        let turn = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (target, turn) = (self.clone(), Arc::clone(&turn));
            workers.spawn(async move {
                let mut connection = Connection::open(target.address).await?;
                while let Some(request) = target.requests.get(turn.fetch_add(1, Ordering::Relaxed)) {
                    target.ask(&mut connection, request).await?;
                }
                Ok::<_, crate::Fault>(())
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        Ok(())
    }

    /// One request that has to succeed.
    async fn ask(&self, connection: &mut Connection, request: &[u8]) -> Outcome<()> {
        let answer = connection.call(request).await?;
        if answer.status == 200 {
            return Ok(());
        }
        let body = String::from_utf8_lossy(answer.body);
        Err(format!(
            "{} answered {}: {}",
            self.name,
            answer.status,
            body.chars().take(300).collect::<String>()
        )
        .into())
    }

    /// Measures once.
    pub(crate) async fn measure(&self, span: Duration) -> Outcome<Sample> {
        let mut tally = Tally::default();
        self.add_to(&mut tally, span).await?;
        tally.sample()
    }

    /// Warms up for a fifth of the time, then measures.
    pub(crate) async fn add_to(&self, tally: &mut Tally, span: Duration) -> Outcome<()> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(self.address).await?);
        }
        let (connections, _) = self.drive(connections, span / 5).await?;
        tokio::time::sleep(SETTLE).await;
        let (before, started) = (cpu::of_process(self.process)?, clock::now());
        let (_connections, mut latencies) = self.drive(connections, span).await?;
        tally.wall += started.elapsed();
        tokio::time::sleep(SETTLE).await;
        tally.cpu += cpu::of_process(self.process)?.saturating_sub(before);
        tally.latencies.append(&mut latencies);
        Ok(())
    }

    /// Drives all connections for the time; answers them back, with the time that every answer took.
    async fn drive(
        &self,
        connections: Vec<Connection>,
        span: Duration,
    ) -> Outcome<(Vec<Connection>, Vec<Duration>)> {
        let until = clock::now() + span;
        let mut workers = JoinSet::new();
        for connection in connections {
            workers.spawn(self.clone().work(connection, until));
        }
        let mut idle = Vec::new();
        let mut latencies = Vec::new();
        let all = async {
            while let Some(worker) = workers.join_next().await {
                let (connection, mut own) = worker??;
                idle.push(connection);
                latencies.append(&mut own);
            }
            Ok::<_, crate::Fault>(())
        };
        tokio::time::timeout(span + PATIENCE, all).await??;
        Ok((idle, latencies))
    }

    async fn work(self, mut connection: Connection, until: Instant) -> Outcome<(Connection, Vec<Duration>)> {
        let mut latencies = Vec::with_capacity(1 << 14);
        let mut started = clock::now();
        while started < until {
            let request = &self.requests[self.turn.fetch_add(1, Ordering::Relaxed) % self.requests.len()];
            self.ask(&mut connection, request).await?;
            let answered = clock::now();
            latencies.push(answered - started);
            started = answered;
        }
        Ok((connection, latencies))
    }
}
