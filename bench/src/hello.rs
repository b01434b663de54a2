//! H, the limit of HTTP: a bare axum server that answers a constant, in a process of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::get;
use nix::unistd::Pid;

use crate::load::{Service, Target};
use crate::{Outcome, clock, http, server};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

const TYPE: (&str, &str) = ("content-type", "application/json");

/// Serves for ever; what `chancery-bench hello-server PORT LENGTH` does.
pub(crate) fn serve(port: u16, length: usize) -> Outcome<()> {
    let body = Bytes::from(vec![b' '; length]);
    // What everybody's server has: one thread a core.
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let router =
            Router::new().route("/", get(hello)).route("/long", get(async move || ([TYPE], body.clone())));
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn hello() -> impl IntoResponse {
    ([TYPE], r#"{"hello":"world"}"#)
}

/// The running child; it ends when this is dropped.
pub(crate) struct Hello {
    child: Child,
    address: SocketAddr,
}

impl Hello {
    /// Starts it; its long answer has this many bytes.
    pub(crate) async fn start(length: usize) -> Outcome<Self> {
        let port = server::free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        let child = command
            .arg("hello-server")
            .args([port.to_string(), length.to_string()])
            .stdin(Stdio::null())
            .spawn()?;
        let hello = Self { child, address: (Ipv4Addr::LOCALHOST, port).into() };
        let deadline = clock::now() + PATIENCE;
        while tokio::net::TcpStream::connect(hello.address).await.is_err() {
            if clock::now() > deadline {
                return Err("the hello server does not start".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(hello)
    }

    /// What to measure: the short answer and the long one.
    pub(crate) fn targets(&self) -> Outcome<(Target, Target)> {
        let process = Pid::from_raw(i32::try_from(self.child.id())?);
        let service = Service { address: self.address, process, database: None };
        let request = |path| vec![http::get("localhost", path, None)];
        let target = |name, path| Target::new(name, service.clone(), request(path), "");
        Ok((target("hello", "/"), target("long hello", "/long")))
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
