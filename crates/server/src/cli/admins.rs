//! `chancery admins`: who may use the Dashboard, at the command line.
//!
//! Prints the link of an invitation once, to whoever asked for it: nobody can show it again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Failure, output, tenant_named};
use crate::administrators::{self, Administrator, NewInvitation, Role, invitations};
use crate::app::App;
use crate::clock;
use crate::logs::Entry;
use crate::tenants::sql::Stored;
use crate::users;

/// What `chancery admins` understands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print a link that makes somebody an administrator, once, within seven days
    Invite {
        /// E-mail address of whoever may use the link [default: whoever opens it chooses]
        email: Option<String>,
        /// What they may do: admin, viewer, editor_applications, editor_users or editor_keys
        #[arg(long, value_name = "ROLE", default_value = "admin")]
        role: Role,
        #[command(flatten)]
        common: Common,
    },
    /// List the administrators of a tenant
    List(Common),
    /// Remove an administrator; whoever is signed in is signed out
    Remove {
        /// E-mail address
        email: String,
        /// The address once more, so that nobody is removed by accident
        #[arg(long, value_name = "EMAIL")]
        confirm: String,
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
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(app: &Arc<App>, command: &Command) -> Result<(), Failure> {
    let (Command::Invite { common, .. } | Command::List(common) | Command::Remove { common, .. }) = command;
    let tenant = tenant_named(app, common.tenant.as_deref()).await?;
    match command {
        Command::Invite { email, role, .. } => {
            invite(app, &tenant, (email.as_deref(), *role), common.json).await
        }
        Command::List(_) => list(app, &tenant, common.json).await,
        Command::Remove { email, confirm, .. } => {
            if email != confirm {
                return Err(Failure::Said(format!(
                    "nobody was removed; to remove this administrator say: --confirm {email}"
                )));
            }
            remove(app, &tenant, email, common.json).await
        }
    }
}

async fn invite(
    app: &Arc<App>,
    tenant: &Stored,
    (email, role): (Option<&str>, Role),
    json: bool,
) -> Result<(), Failure> {
    let new = NewInvitation { email: email.map(str::to_owned), role, invited_by: None };
    let entry = Entry::by_cli("Invite an administrator");
    let invited = administrators::invite(app, &tenant.id, new, entry).await.map_err(Failure::said)?;
    let url = link(tenant, &invited.text);
    let end = invited.expires_at.map(clock::wire);
    if json {
        output::json(&json!({
            "id": invited.id,
            "email": email.map(str::trim).and_then(users::email),
            "role": role.name(),
            "expires_at": end,
            "invitation_url": url,
        }));
        return Ok(());
    }
    output::line(&url);
    output::line(format!(
        "\nWhoever opens this link becomes {} of {}. It works once, until {}.",
        role.label(),
        tenant.name,
        end.unwrap_or_default()
    ));
    Ok(())
}

/// The address of an invitation.
pub(super) fn link(tenant: &Stored, text: &str) -> String {
    invitations::setup_url(&format!("{}://{}", tenant.scheme, tenant.domain), text)
}

async fn list(app: &Arc<App>, tenant: &Stored, json: bool) -> Result<(), Failure> {
    let all = administrators::list(&app.db, &tenant.id).await?;
    if json {
        output::json(&Value::Array(all.iter().map(Administrator::view).collect()));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = all
        .into_iter()
        .map(|one| {
            let last = one.last_login.map(clock::wire).unwrap_or_default();
            vec![one.email, one.role.name().to_owned(), clock::wire(one.created_at), last]
        })
        .collect();
    output::table(&["EMAIL", "ROLE", "SINCE", "LAST LOGIN"], &rows);
    Ok(())
}

async fn remove(app: &Arc<App>, tenant: &Stored, email: &str, json: bool) -> Result<(), Failure> {
    let wanted = users::email(email.trim());
    let all = administrators::list(&app.db, &tenant.id).await?;
    let found = all.into_iter().find(|one| wanted.as_ref() == Some(&one.email)).ok_or_else(|| {
        Failure::Said(format!("there is no administrator \"{email}\"; see: chancery admins list"))
    })?;
    let entry = Entry::by_cli("Remove an administrator");
    let removed = administrators::remove(app, &tenant.id, &found.user_id, entry).await;
    removed.map_err(Failure::said)?;
    if json {
        output::json(&json!({ "removed": found.email }));
    } else {
        output::line(format!("Removed {}.", found.email));
    }
    Ok(())
}
