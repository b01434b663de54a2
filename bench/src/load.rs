//! Closed-loop load: a fixed number of connections, each sending its next request when it has its answer.
//!
//! Bounded in connections and in time. Every answer is looked at: a server that fails fast must not win.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use tokio::task::JoinSet;

use crate::http::Connection;
use crate::{Outcome, clock, cpu, stats};

/// Connections of a load, where nothing else is said.
pub(crate) const CONNECTIONS: usize = 16;
/// What the server does after its answers (batches of log entries, timers) belongs to the operations before.
const SETTLE: Duration = Duration::from_millis(120);
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Something that takes more than one request, or a new one each time.
pub(crate) trait Flow: Debug + Send + Sync {
    /// Does it once on this connection, and checks what comes.
    fn run<'a>(&'a self, connection: &'a mut Connection) -> Running<'a>;
}

/// A flow that runs.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Outcome<()>> + Send + 'a>>;

/// What is done again and again.
#[derive(Debug, Clone)]
enum Work {
    /// These requests in turn; each answer is 200 and holds the text.
    Requests(Arc<[Vec<u8>]>, Arc<str>),
    /// A flow.
    Flow(Arc<dyn Flow>),
}

/// A process that answers, and whose processor time is counted.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The process.
    pub(crate) process: Pid,
    /// The name of its database on PostgreSQL, if it has one: what works there is counted apart.
    pub(crate) database: Option<Arc<str>>,
}

impl Service {
    /// Processor time so far: its own, and that of its database.
    fn spent(&self) -> Outcome<(Duration, Duration)> {
        let database = self.database.as_deref().map(cpu::of_database).transpose()?;
        Ok((cpu::of_process(self.process)?, database.unwrap_or_default()))
    }
}

/// What is done at a service.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name in the results.
    pub(crate) name: String,
    /// Where.
    pub(crate) service: Service,
    work: Work,
    /// How many connections work at the same time.
    connections: usize,
    /// The number of the next request; it goes on from load to load.
    turn: Arc<AtomicUsize>,
}

/// What loads have measured so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    cpu: Duration,
    database: Duration,
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
            database_micros: clock::micros(self.database) / done,
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
    /// The same of PostgreSQL, where it runs on this machine; nothing for others.
    pub(crate) database_micros: f64,
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
    /// Requests to send in turn, and what each answer has to hold.
    pub(crate) fn new(
        name: impl Into<String>,
        service: Service,
        requests: Vec<Vec<u8>>,
        holds: &str,
    ) -> Self {
        Self::of(name.into(), service, Work::Requests(requests.into(), holds.into()), CONNECTIONS)
    }

    /// A flow on so many connections.
    pub(crate) fn flow(
        name: impl Into<String>,
        service: Service,
        flow: Arc<dyn Flow>,
        connections: usize,
    ) -> Self {
        Self::of(name.into(), service, Work::Flow(flow), connections)
    }

    fn of(name: String, service: Service, work: Work, connections: usize) -> Self {
        Self { name, service, work, connections, turn: Arc::default() }
    }

    /// The first of the requests, where it has any.
    pub(crate) fn first_request(&self) -> Option<&[u8]> {
        match &self.work {
            Work::Requests(requests, _) => requests.first().map(Vec::as_slice),
            Work::Flow(_) => None,
        }
    }

    /// Sends every request once, or runs the flow once for each connection, so that what is loaded on demand is loaded.
    pub(crate) async fn call_each_once(&self) -> Outcome<()> {
        let most = match &self.work {
            Work::Requests(requests, _) => requests.len(),
            Work::Flow(_) => self.connections,
        };
        let turn = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..self.connections {
            let (target, turn) = (self.clone(), Arc::clone(&turn));
            workers.spawn(async move {
                let mut connection = Connection::open(target.service.address).await?;
                loop {
                    let number = turn.fetch_add(1, Ordering::Relaxed);
                    if number >= most {
                        return Ok::<_, crate::Fault>(());
                    }
                    target.ask(&mut connection, number).await?;
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        Ok(())
    }

    /// What has to succeed, once.
    async fn ask(&self, connection: &mut Connection, number: usize) -> Outcome<()> {
        let (requests, holds) = match &self.work {
            Work::Requests(requests, holds) => (requests, holds.as_bytes()),
            Work::Flow(flow) => {
                let outcome = flow.run(connection).await;
                return outcome.map_err(|fault| format!("{}: {fault}", self.name).into());
            }
        };
        let answer = connection.call(&requests[number % requests.len()]).await?;
        let held = holds.is_empty() || answer.body.windows(holds.len()).any(|part| part == holds);
        if answer.status == 200 && held {
            return Ok(());
        }
        Err(format!("{} answered {}", self.name, answer.told()).into())
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
        for _ in 0..self.connections {
            connections.push(Connection::open(self.service.address).await?);
        }
        let (connections, _) = self.drive(connections, span / 5).await?;
        tokio::time::sleep(SETTLE).await;
        let (before, started) = (self.service.spent()?, clock::now());
        let (_connections, mut latencies) = self.drive(connections, span).await?;
        tally.wall += started.elapsed();
        tokio::time::sleep(SETTLE).await;
        let after = self.service.spent()?;
        tally.cpu += after.0.saturating_sub(before.0);
        tally.database += after.1.saturating_sub(before.1);
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
            self.ask(&mut connection, self.turn.fetch_add(1, Ordering::Relaxed)).await?;
            let answered = clock::now();
            latencies.push(answered - started);
            started = answered;
        }
        Ok((connection, latencies))
    }
}
