//! The server under test: data directories, command-line calls, starting and stopping.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::http::{self, Connection};
use crate::load::{Service, Target};
use crate::postgres::Database;
use crate::{Outcome, clock, cpu, say};

/// How long a start and an end may take.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often the start is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// A data directory and how to serve it.
#[derive(Clone)]
pub(crate) struct Installation {
    binary: PathBuf,
    home: PathBuf,
    port: u16,
    /// The URL and the name of a PostgreSQL database; none for SQLite.
    database: Option<(String, Arc<str>)>,
}

/// How to reach the Management API of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Management {
    /// The host with its port, as requests name it.
    pub(crate) host: String,
    /// The audience.
    pub(crate) audience: String,
    /// The application that may do everything.
    pub(crate) client_id: String,
    /// Its secret.
    pub(crate) client_secret: String,
}

impl Installation {
    /// A directory below `parent` in which nothing has been made yet.
    pub(crate) fn empty(binary: &Path, parent: &Path, name: &str) -> Outcome<Self> {
        let home = parent.join(name);
        fs::create_dir(&home)?;
        Ok(Self { binary: binary.to_owned(), home, port: free_port()?, database: None })
    }

    /// The same on PostgreSQL.
    pub(crate) fn on(mut self, database: &Database) -> Self {
        self.database = Some((database.url.clone(), database.name.as_str().into()));
        self
    }

    /// The SQLite file, which nobody but the server may touch while it runs.
    pub(crate) fn sqlite_file(&self) -> PathBuf {
        self.home.join("data").join("chancery.sqlite")
    }

    /// The host of its first tenant.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The host of another tenant.
    pub(crate) fn host_of(&self, tenant: &str) -> String {
        format!("{tenant}.localhost:{}", self.port)
    }

    /// Makes the first tenant.
    pub(crate) fn init(&self) -> Outcome<Management> {
        management(&self.host(), &self.call(&["init", "--json"])?)
    }

    /// Makes another tenant.
    pub(crate) fn create_tenant(&self, name: &str) -> Outcome<Management> {
        let host = self.host_of(name);
        management(&host, &self.call(&["tenants", "create", name, "--domain", &host, "--json"])?)
    }

    /// Calls the command line; answers what it prints.
    pub(crate) fn call(&self, arguments: &[&str]) -> Outcome<String> {
        let output = self.command(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("chancery {}: {said}", arguments.join(" ")).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // Neither the settings of who runs this nor a chancery.toml may change what is measured.
        command.env_clear().current_dir(&self.home).args(arguments);
        if let Some((url, _)) = &self.database {
            // Not an argument: it holds a password.
            command.env("CHANCERY_DATABASE_URL", url);
        }
        command.arg("--data-dir").arg(self.home.join("data"));
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        command.arg("--public-url").arg(format!("http://{}", self.host()));
        command
    }

    /// Starts the server; answers when it has answered.
    pub(crate) async fn serve(&self) -> Outcome<Server> {
        let log = File::options().create(true).append(true).open(self.home.join("log"))?;
        let started = clock::now();
        let mut command = self.command(&["serve"]);
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let process = Pid::from_raw(i32::try_from(child.id())?);
        let address = (Ipv4Addr::LOCALHOST, self.port).into();
        let database = self.database.as_ref().map(|(_, name)| Arc::clone(name));
        let mut server = Server { child, process, address, database, first_answer: FirstAnswer::default() };
        let request = http::get(&self.host(), "/.well-known/jwks.json", None);
        loop {
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok(answer) = connection.call(&request).await
                && answer.status == 200
            {
                server.first_answer = FirstAnswer { cpu: cpu::of_process(process)?, wall: started.elapsed() };
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.home.join("log")).unwrap_or_default();
                return Err(format!("the server does not start: {log}").into());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

fn management(host: &str, json: &str) -> Outcome<Management> {
    let made: Value = serde_json::from_str(json)?;
    let text = |name: &str| -> Outcome<String> {
        let value = made.get("management").and_then(|management| management.get(name)?.as_str());
        Ok(value.ok_or_else(|| format!("the command line did not print management.{name}"))?.to_owned())
    };
    Ok(Management {
        host: host.to_owned(),
        audience: text("audience")?,
        client_id: text("client_id")?,
        client_secret: text("client_secret")?,
    })
}

/// What it took until the first answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FirstAnswer {
    /// Processor time.
    pub(crate) cpu: Duration,
    /// Time on the wall.
    pub(crate) wall: Duration,
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// The process.
    pub(crate) process: Pid,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The name of its database on PostgreSQL.
    database: Option<Arc<str>>,
    /// What its start took.
    pub(crate) first_answer: FirstAnswer,
}

impl Server {
    /// Where it is, and what it consists of.
    pub(crate) fn service(&self) -> Service {
        Service { address: self.address, process: self.process, database: self.database.clone() }
    }

    /// Something to measure on it.
    pub(crate) fn target(&self, name: impl Into<String>, requests: Vec<Vec<u8>>) -> Target {
        Target::new(name, self.service(), requests, "")
    }

    /// Waits until it has nothing to do: no key is made ahead, no log entry is left to write.
    pub(crate) async fn quiet(&self) -> Outcome<()> {
        const LOOK: Duration = Duration::from_millis(400);
        let deadline = clock::now() + Duration::from_mins(3);
        let mut calm = 0;
        while calm < 3 {
            let before = cpu::of_process(self.process)?;
            tokio::time::sleep(LOOK).await;
            let spent = cpu::of_process(self.process)?.saturating_sub(before);
            calm = if spent < LOOK / 40 { calm + 1 } else { 0 };
            if clock::now() > deadline {
                say::progress("a server never rests; measuring all the same");
                return Ok(());
            }
        }
        Ok(())
    }

    /// Stops it in good order.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        kill(self.process, Signal::SIGTERM)?;
        let deadline = clock::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if clock::now() > deadline {
                return Err("the server does not stop".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on the loopback that was free a moment ago.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
