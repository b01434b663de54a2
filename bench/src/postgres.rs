//! Databases on a PostgreSQL server that somebody lends: made for one run, dropped at its end.
//!
//! Must never touch a database that it has not made.

use std::thread;

use tokio_postgres::{Client, NoTls};

use crate::{Outcome, say};

/// A database of this run. It is dropped with this value.
pub(crate) struct Database {
    server: String,
    /// Its name.
    pub(crate) name: String,
    /// Its URL.
    pub(crate) url: String,
}

impl Database {
    /// Makes an empty one beside the database of `server`.
    pub(crate) async fn create(server: &str, purpose: &str) -> Outcome<Self> {
        let purpose = purpose.replace(|byte: char| !byte.is_ascii_alphanumeric(), "_");
        let name = format!("chancery_bench_{}_{purpose}", std::process::id());
        let (address, query) = server.split_once('?').map_or((server, None), |(a, q)| (a, Some(q)));
        let (scheme, rest) = address.split_once("://").ok_or("a PostgreSQL URL begins with postgres://")?;
        let authority = rest.split('/').next().unwrap_or(rest);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{scheme}://{authority}/{name}{query}");
        connect(server).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        Ok(Self { server: server.to_owned(), name, url })
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Outcome<Client> {
        connect(&self.url).await
    }

    fn end(&self) -> Outcome<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            Ok(connect(&self.server).await?.batch_execute(&drop).await?)
        })
    }
}

async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with the client, or tells the client what is wrong.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

impl Drop for Database {
    fn drop(&mut self) {
        // The runtime of the benchmark may not be blocked, and may be at its end.
        let ended =
            thread::scope(|scope| scope.spawn(|| self.end().map_err(|fault| fault.to_string())).join());
        if let Ok(Err(fault)) = ended {
            say::progress(format!("the database {} is left: {fault}", self.name));
        }
    }
}
