//! What a start costs, and what a server that nobody calls holds in memory.

use std::path::Path;
use std::time::Duration;

use crate::plan::Plan;
use crate::server::{FirstAnswer, Installation};
use crate::stats::Series;
use crate::{Outcome, clock, cpu};

/// Starts that are measured, of each kind.
const RUNS: usize = 5;
/// How long a server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// What the starts took, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// Processor time until the first answer on existing data.
    pub(crate) existing_cpu: Series,
    /// Time on the wall.
    pub(crate) existing_wall: Series,
    /// Processor time until the first answer where nothing is there yet: two keys are made.
    pub(crate) empty_cpu: Series,
    /// Time on the wall.
    pub(crate) empty_wall: Series,
}

/// Starts servers on no data and again on what they made.
pub(crate) async fn measure(plan: &Plan, home: &Path) -> Outcome<Starts> {
    let mut starts = Starts::default();
    for run in 0..RUNS {
        let installation = Installation::empty(&plan.binary, home, &format!("start-{run}"))?;
        let server = installation.serve().await?;
        let FirstAnswer { cpu, wall } = server.first_answer;
        server.stop().await?;
        starts.empty_cpu.push(clock::millis(cpu));
        starts.empty_wall.push(clock::millis(wall));
        let server = installation.serve().await?;
        let FirstAnswer { cpu, wall } = server.first_answer;
        server.stop().await?;
        starts.existing_cpu.push(clock::millis(cpu));
        starts.existing_wall.push(clock::millis(wall));
    }
    Ok(starts)
}

/// Megabytes that are resident after three idle seconds, and how many of them are anonymous memory.
pub(crate) async fn idle_memory(plan: &Plan, home: &Path) -> Outcome<(f64, f64)> {
    let installation = Installation::empty(&plan.binary, home, "idle")?;
    installation.init()?;
    let server = installation.serve().await?;
    tokio::time::sleep(IDLE).await;
    let resident = cpu::megabytes(server.process, "VmRSS")?;
    let anonymous = cpu::megabytes(server.process, "RssAnon")?;
    server.stop().await?;
    Ok((resident, anonymous))
}
