//! `chancery mail`: the mailbox of developers, and the mails on their way.
//!
//! Showing a mail shows its links: whoever may read the data may open them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Failure, output, tenant_named};
use crate::app::App;
use crate::clock;
use crate::mail::{self, sql, sql::Stored};

/// What `chancery mail` understands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the youngest mails
    List {
        /// Name of the tenant [default: the first]
        #[arg(long)]
        tenant: Option<String>,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show a mail, with its links
    Show {
        /// Id, as in the list; the youngest mail where there is none
        id: Option<String>,
        /// Name of the tenant [default: the first]
        #[arg(long)]
        tenant: Option<String>,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(app: &Arc<App>, command: &Command) -> Result<(), Failure> {
    match command {
        Command::List { tenant, json } => list(app, tenant.as_deref(), *json).await,
        Command::Show { id, tenant, json } => show(app, tenant.as_deref(), id.as_deref(), *json).await,
    }
}

async fn list(app: &App, tenant: Option<&str>, json: bool) -> Result<(), Failure> {
    let tenant = tenant_named(app, tenant).await?;
    let mails = sql::list(&app.db, &tenant.id).await?;
    if json {
        output::json(&Value::Array(mails.iter().map(brief).collect()));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = mails
        .into_iter()
        .map(|mail| vec![mail.id, clock::wire(mail.created_at), mail.state, mail.to, mail.subject])
        .collect();
    output::table(&["ID", "CREATED AT", "STATE", "TO", "SUBJECT"], &rows);
    Ok(())
}

async fn show(app: &App, tenant: Option<&str>, id: Option<&str>, json: bool) -> Result<(), Failure> {
    let tenant = tenant_named(app, tenant).await?;
    let found = match id {
        Some(id) => sql::find(&app.db, &tenant.id, id).await?,
        None => sql::list(&app.db, &tenant.id).await?.into_iter().next(),
    };
    let stored =
        found.ok_or_else(|| Failure::Said("there is no such mail; see: chancery mail list".to_owned()))?;
    let opened = mail::open(app, &stored)?;
    if json {
        let mut shown = brief(&stored);
        if let Some(mail) = opened {
            shown["from"] = json!(mail.from);
            shown["html"] = json!(mail.html);
            shown["text"] = json!(mail::plain(&mail.html));
        }
        output::json(&shown);
        return Ok(());
    }
    output::line(format!("state    {}", stored.state));
    output::line(format!("to       {}", stored.to));
    match opened {
        Some(mail) => {
            output::line(format!("from     {}", mail.from));
            output::line(format!("subject  {}\n\n{}", mail.subject, mail::plain(&mail.html)));
        }
        None => output::line(format!(
            "subject  {}\n\n(It was sent, so what it said is not kept.)",
            stored.subject
        )),
    }
    Ok(())
}

fn brief(mail: &Stored) -> Value {
    json!({
        "id": mail.id,
        "template": mail.template,
        "to": mail.to,
        "subject": mail.subject,
        "state": mail.state,
        "attempts": mail.attempts,
        "created_at": clock::wire(mail.created_at),
    })
}
