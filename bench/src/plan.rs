//! What is asked for: scenarios, sizes, times.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::Outcome;

/// Measures the release build of Chancery beside the limits of this machine.
///
/// The server is started on fresh data and free ports of the loopback. Build it first:
/// cargo build --release
#[derive(Debug, Parser)]
#[command(name = "chancery-bench", args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags of a command line")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) mode: Option<Mode>,
    /// What to measure [default: everything]
    scenarios: Vec<Scenario>,
    /// Rounds at least; the median of all is what counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Three short rounds and small numbers of applications and tenants: to see whether it runs
    #[arg(long)]
    quick: bool,
    /// The server [default: chancery beside this program]
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Folder for the data of the servers [default: that for temporary files]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// A PostgreSQL server to measure on as well, in databases that are dropped at the end
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    postgres: Option<String>,
    /// Measure `users` with a million of them too: some minutes and two gigabytes for each engine
    #[arg(long)]
    users_scale: bool,
    /// Keep the data of the servers, and say where
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print the results as Markdown, for docs/performance.md
    #[arg(long)]
    markdown: bool,
}

/// What this program does when it is not the benchmark itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// Serve a constant: the limit H. The benchmark starts this by itself
    #[command(hide = true)]
    HelloServer {
        /// Where to listen
        port: u16,
        /// How long the longer answer is
        length: usize,
    },
}

/// A thing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Scenario {
    /// S and H, and what else the library does, alone
    Limits,
    /// Client-credentials tokens, RS256
    TokenRs256,
    /// Client-credentials tokens, PS256
    TokenPs256,
    /// Client-credentials tokens, HS256
    TokenHs256,
    /// The published keys
    Jwks,
    /// The discovery document
    Discovery,
    /// GET /api/v2/keys/signing with a bearer token
    KeysSigning,
    /// Code + PKCE in a browser with a session: code, access token and ID token
    CodePkce,
    /// The whole login with a password, and the memory that a flood of them takes
    LoginPassword,
    /// Refresh with rotation: access token and ID token, on SQLite and on PostgreSQL
    Refresh,
    /// User information for an RS256 access token
    Userinfo,
    /// Sign-on at an application that speaks SAML, in a browser with a session: a response with a signed assertion
    Saml,
    /// Judging the answer of an identity provider, beside bare verifications
    SamlVerify,
    /// Reading and verifying documents that grow
    SamlSize,
    /// Users: get, pages, searches, totals, with few and with many of them
    Users,
    /// The published keys during a flood of password logins
    JwksDuringLogins,
    /// Tokens and keys with many applications
    ScaleApplications,
    /// Tokens and keys with many tenants
    ScaleTenants,
    /// The published keys while tokens saturate the server
    Mixed,
    /// Rotations and revocations under load, every token verified
    Rotate,
    /// What the start costs, on existing data and on none
    Startup,
    /// Resident memory, idle and after load
    Memory,
}

/// What is measured, and how.
pub(crate) struct Plan {
    /// The scenarios.
    scenarios: Vec<Scenario>,
    /// Rounds at least.
    pub(crate) rounds: u32,
    /// How long each load runs within a round, all its slices together.
    pub(crate) span: Duration,
    /// Slices of a round: limits and targets take turns so often, so that they share the machine's moods.
    pub(crate) slices: u32,
    /// How long the intervals of `mixed` and the load of `rotate` run.
    pub(crate) long_span: Duration,
    /// Numbers of applications beside 1.
    pub(crate) applications: Vec<usize>,
    /// Numbers of tenants beside 1.
    pub(crate) tenants: Vec<usize>,
    /// Numbers of users.
    pub(crate) users: Vec<usize>,
    /// A PostgreSQL server, if one is lent.
    pub(crate) postgres: Option<String>,
    /// The server.
    pub(crate) binary: PathBuf,
    /// Where the data goes.
    pub(crate) directory: PathBuf,
    /// Whether the results are printed as Markdown.
    pub(crate) markdown: bool,
}

impl Plan {
    /// Whether this is to be measured.
    pub(crate) fn has(&self, scenario: Scenario) -> bool {
        self.scenarios.is_empty() || self.scenarios.contains(&scenario)
    }

    /// Whether people have to be there who sign in.
    pub(crate) fn has_people(&self) -> bool {
        let scenarios = [
            Scenario::CodePkce,
            Scenario::LoginPassword,
            Scenario::Refresh,
            Scenario::Userinfo,
            Scenario::Saml,
            Scenario::JwksDuringLogins,
        ];
        scenarios.into_iter().any(|scenario| self.has(scenario))
    }
}

impl Arguments {
    /// The plan that the arguments make.
    pub(crate) fn plan(&self) -> Outcome<Plan> {
        let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("chancery"));
        let binary = match &self.server {
            Some(path) => path.clone(),
            None => beside()?,
        };
        let binary = std::path::absolute(binary)?;
        if !binary.is_file() {
            let missing = binary.display();
            return Err(format!("there is no {missing}; build it: cargo build --release").into());
        }
        let sizes =
            |full: [usize; 2], quick: [usize; 2]| if self.quick { quick.to_vec() } else { full.to_vec() };
        let mut users = vec![10, if self.quick { 1000 } else { 10_000 }];
        if self.users_scale {
            users.push(1_000_000);
        }
        let span = |full: u64, quick: u64| Duration::from_millis(if self.quick { quick } else { full });
        Ok(Plan {
            scenarios: self.scenarios.clone(),
            rounds: if self.quick { self.rounds.min(3) } else { self.rounds },
            span: span(2000, 800),
            slices: if self.quick { 2 } else { 4 },
            long_span: span(10_000, 3000),
            applications: sizes([1000, 100_000], [100, 2000]),
            tenants: sizes([100, 1000], [5, 20]),
            users,
            postgres: self.postgres.clone(),
            binary,
            directory: self.directory.clone().unwrap_or_else(std::env::temp_dir),
            markdown: self.markdown,
        })
    }
}
