//! The benchmark of Chancery: what the release server costs, beside what the machine can do in the same minute.
//!
//! Wall-clock rates swing with everything else that runs on a machine. What holds is the processor time of the
//! server for each operation, and its ratio to limits that every round measures anew: S, bare RSA-2048 signatures,
//! P, bare password hashes, and H, a bare axum server. The goals stand beside the figures.

mod admin;
mod browser;
mod clock;
mod cpu;
mod floods;
mod flows;
mod hello;
mod http;
mod judging;
mod limits;
mod load;
mod mixed;
mod people;
mod plan;
mod postgres;
mod report;
mod rotate;
mod rounds;
mod saml;
mod say;
mod server;
mod sql;
mod start;
mod stats;
mod users;
mod world;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::{Arguments, Mode};

/// Whatever stops the benchmark; it is read by a person and nothing else.
type Fault = Box<dyn std::error::Error + Send + Sync>;
/// What comes of anything that can go wrong here.
type Outcome<T> = Result<T, Fault>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.mode {
        Some(Mode::HelloServer { port, length }) => hello::serve(port, length),
        None => run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say::progress(fault);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let plan = arguments.plan()?;
    let home = tempfile::Builder::new().prefix("chancery-bench-").tempdir_in(&plan.directory)?;
    // One thread for the client: the cores belong to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Told to stop, the benchmark ends like this, so that its servers end with it.
    let outcome = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            outcome = report::all(&plan, home.path()) => outcome,
            _ = terminate.recv() => Err("told to stop".into()),
            _ = tokio::signal::ctrl_c() => Err("told to stop".into()),
        }
    });
    if arguments.keep {
        say::progress(format!("the data is kept in {}", home.keep().display()));
    }
    outcome
}
