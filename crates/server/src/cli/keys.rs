//! `chancery keys`: the application signing keys at the command line.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Failure, output, tenant_named};
use crate::app::App;
use crate::logs::Entry;
use crate::signing_keys::{self, Actor};
use crate::tenants::sql::Stored;

/// What `chancery keys` understands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the next, current and previous keys and the last three revoked ones
    List(Common),
    /// Show one key, whatever its state
    Show {
        /// Id of the key
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        common: Common,
    },
    /// Make the next key the current one; the current one becomes a previous key and still verifies
    Rotate(Common),
    /// Revoke a previous key for good: its private half is erased and its tokens are refused
    Revoke {
        /// Id of the key
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        common: Common,
    },
}

/// The arguments of all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// Tenant [default: main]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Print JSON as the Management API does
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(app: &Arc<App>, command: &Command) -> Result<(), Failure> {
    let (Command::List(common)
    | Command::Show { common, .. }
    | Command::Rotate(common)
    | Command::Revoke { common, .. }) = command;
    let tenant = tenant_named(app, common.tenant.as_deref()).await?;
    match command {
        Command::List(_) => list(app, &tenant, common.json).await,
        Command::Show { kid, .. } => show(app, &tenant, kid, common.json).await,
        Command::Rotate(_) => {
            let entry = Entry::by_cli("Rotate the application signing key");
            let by = (Actor::command_line(), entry);
            let next = signing_keys::rotate(app, &tenant, by).await.map_err(Failure::said)?;
            let text = format!(
                "Rotated. The next key became the current one; the new next key is {}. Tokens of the previous key stay valid until it is revoked.",
                next.kid
            );
            said(common.json, &json!({ "kid": next.kid.as_str(), "cert": next.certificate.to_pem() }), &text);
            Ok(())
        }
        Command::Revoke { kid, .. } => {
            let entry = Entry::by_cli("Revoke an application signing key");
            let by = (Actor::command_line(), entry);
            let key = signing_keys::revoke(app, &tenant, kid, None, by).await.map_err(Failure::said)?;
            let text =
                format!("Revoked {kid}. Its private half is erased and its tokens are refused from now on.");
            said(common.json, &json!({ "kid": key.kid.as_str(), "cert": key.certificate.to_pem() }), &text);
            Ok(())
        }
    }
}

fn said(json: bool, value: &Value, text: &str) {
    if json { output::json(value) } else { output::line(text) }
}

async fn list(app: &Arc<App>, tenant: &Stored, json: bool) -> Result<(), Failure> {
    let live = app.tenants.find(app, &tenant.canonical).await.map_err(Failure::said)?;
    let views = live.map(|live| signing_keys::of_ring(&live.ring)).unwrap_or_default();
    if json {
        output::json(&Value::Array(views));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = views
        .iter()
        .map(|view| {
            let text = |name: &str| view.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
            vec![
                text("kid"),
                place(view).to_owned(),
                text("current_since"),
                text("current_until"),
                text("revoked_at"),
                text("fingerprint"),
            ]
        })
        .collect();
    output::table(&["KID", "STATE", "CURRENT SINCE", "CURRENT UNTIL", "REVOKED AT", "FINGERPRINT"], &rows);
    Ok(())
}

async fn show(app: &Arc<App>, tenant: &Stored, kid: &str, json: bool) -> Result<(), Failure> {
    let key = signing_keys::sql::find(&app.db, &tenant.id, kid).await?;
    let key = key.ok_or_else(|| {
        Failure::Said(format!("there is no signing key \"{kid}\"; see: chancery keys list"))
    })?;
    let view = signing_keys::of_stored(&key);
    if json {
        output::json(&view);
        return Ok(());
    }
    output::line(format!("kid            {kid}"));
    output::line(format!("state          {}", place(&view)));
    for name in ["current_since", "current_until", "revoked_at", "fingerprint"] {
        if let Some(text) = view.get(name).and_then(Value::as_str) {
            output::line(format!("{name:<14} {text}"));
        }
    }
    output::line(format!(
        "valid          {} to {}",
        key.certificate.not_before(),
        key.certificate.not_after()
    ));
    output::line(format!("subject        {}", key.certificate.subject_dn()));
    output::line(key.certificate.to_pem().replace("\r\n", "\n"));
    Ok(())
}

fn place(view: &Value) -> &'static str {
    let is = |name: &str| view.get(name) == Some(&Value::Bool(true));
    ["next", "current", "previous", "revoked"].into_iter().find(|name| is(name)).unwrap_or("?")
}
