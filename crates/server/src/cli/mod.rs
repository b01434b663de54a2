//! The command line: what it understands, and how it ends.
//!
//! Commands work on the data itself, also while a server runs on it. Must never print a secret that was not
//! asked for.

mod admins;
mod init;
mod keys;
mod mail;
mod output;
mod serve;
mod tenants;
mod token;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::background;
use crate::bootstrap::{self, Mode, StartError};
use crate::config::{Config, ConfigError, Flags};
use crate::db::DbError;
use crate::tenants::Domain;
use crate::tenants::sql::Stored;

/// A self-hosted identity platform with the public interfaces of Auth0.
///
/// `chancery serve` on an empty folder makes a working tenant. The other commands look at its keys and
/// tenants and change them, also while the server runs.
#[derive(Debug, Parser)]
#[command(name = "chancery", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all tenants; make whatever is missing first
    Serve,
    /// Make the data directory and the first tenant without serving; show how to reach it
    Init(init::Args),
    /// Print a Management API access token and nothing else
    Token(token::Args),
    /// List, show, rotate and revoke the application signing keys of a tenant
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// List and show the mails of a tenant: those on their way, and those that no SMTP server was set for
    Mail {
        #[command(subcommand)]
        command: mail::Command,
    },
    /// Invite, list and remove the administrators of a tenant, who may use its Dashboard
    Admins {
        #[command(subcommand)]
        command: admins::Command,
    },
    /// List, create, show, change and delete tenants
    Tenants {
        #[command(subcommand)]
        command: tenants::Command,
    },
}

/// Why a command failed. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{0}")]
    Said(String),
}

impl Failure {
    fn said(error: impl std::fmt::Display) -> Self {
        Self::Said(error.to_string())
    }
}

/// Understands the arguments, does what they say, answers the exit code: 0, or 1 after an error message, or
/// 2 for arguments that make no sense.
pub fn run() -> ExitCode {
    let Cli { command, flags } = Cli::parse();
    let outcome = Config::load(flags).map_err(Failure::from).and_then(|config| {
        output::start_log(&config, matches!(command, Command::Serve));
        let runtime = runtime().map_err(Failure::said)?;
        runtime.block_on(dispatch(command, &config))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(background::answering_threads())
        .enable_all()
        .build()
}

async fn dispatch(command: Command, config: &Config) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::run(config).await,
        Command::Init(args) => init::run(config, &args).await,
        Command::Token(args) => on_existing(config, async |app| token::run(app, &args).await).await,
        Command::Keys { command } => on_existing(config, async |app| keys::run(app, &command).await).await,
        Command::Mail { command } => on_existing(config, async |app| mail::run(app, &command).await).await,
        Command::Admins { command } => {
            on_existing(config, async |app| admins::run(app, &command).await).await
        }
        Command::Tenants { command } => {
            on_existing(config, async |app| tenants::run(app, config, &command).await).await
        }
    }
}

/// Runs a command on data that exists, and sees to it that its log entries are written.
async fn on_existing(
    config: &Config,
    command: impl AsyncFnOnce(&Arc<App>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let running = bootstrap::start(config, Mode::Existing).await?;
    let outcome = command(&running.app).await;
    running.stop().await?;
    outcome
}

/// The hosts that the ready development certificate is for: that of the public URL, and addresses, which clients do
/// not name when they connect. Hosts with a name get a certificate of their own when they are called.
async fn certified_hosts(app: &App, config: &Config) -> Result<Vec<String>, Failure> {
    let is_address =
        |domain: &Domain| domain.host().starts_with('[') || domain.host().parse::<Ipv4Addr>().is_ok();
    let tenants = crate::tenants::sql::list(&app.db).await?;
    let domains = tenants.into_iter().filter_map(|tenant| tenant.domain.parse::<Domain>().ok());
    let hosts = [config.public_url.domain.clone()].into_iter().chain(domains.filter(is_address));
    Ok(hosts.map(|domain| domain.host().to_owned()).collect())
}

/// The tenant of this name, or the first.
async fn tenant_named(app: &App, name: Option<&str>) -> Result<Stored, Failure> {
    let tenants = crate::tenants::sql::list(&app.db).await?;
    if let Some(name) = name {
        return tenants.into_iter().find(|tenant| tenant.name == name).ok_or_else(|| {
            Failure::Said(format!("there is no tenant \"{name}\"; see: chancery tenants list"))
        });
    }
    let main = tenants.iter().position(|tenant| tenant.name == "main").unwrap_or(0);
    tenants.into_iter().nth(main).ok_or_else(|| {
        Failure::Said(
            "there is no tenant; make one with: chancery tenants create NAME --domain DOMAIN".to_owned(),
        )
    })
}
