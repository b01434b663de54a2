//! `chancery tenants`: tenants at the command line.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Failure, output, tenant_named};
use crate::app::App;
use crate::applications;
use crate::clock;
use crate::config::{Config, PublicUrl};
use crate::tenants::{self, Domain, NewTenant, TenantName, sql, sql::Stored};

/// What `chancery tenants` understands.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List all tenants
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Make a tenant; it shares nothing with the others
    Create {
        /// Name: 1 to 63 lower-case letters, digits and hyphens
        name: TenantName,
        /// Domain under which it is reached, with its port where that is not the default
        #[arg(long)]
        domain: Domain,
        /// Print a JSON object; it holds the client secret of the management application
        #[arg(long)]
        json: bool,
    },
    /// Show a tenant and its settings
    Show {
        /// Name
        name: String,
        /// Print a JSON object; it holds the client secret of the management application
        #[arg(long)]
        json: bool,
    },
    /// Change settings of a tenant, such as rotations_per_day=0 or public_max_age=60
    Set {
        /// Name
        name: String,
        /// SETTING=VALUE, as often as needed; `tenants show` lists them
        #[arg(required = true, value_name = "SETTING=VALUE")]
        settings: Vec<String>,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Delete a tenant with its keys, applications and log, for good
    Delete {
        /// Name
        name: String,
        /// The name once more, so that nothing is deleted by accident
        #[arg(long, value_name = "NAME")]
        confirm: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(app: &Arc<App>, config: &Config, command: &Command) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(app, *json).await,
        Command::Create { name, domain, json } => {
            // All tenants are reached through the same listener, so they share the scheme of the first.
            let first = sql::list(&app.db).await?.into_iter().next().map(|tenant| tenant.scheme);
            let scheme = first.as_deref().unwrap_or(config.public_url.scheme);
            let url: PublicUrl = format!("{scheme}://{domain}").parse().map_err(Failure::said)?;
            let new = NewTenant { name: name.clone(), domain: url.domain, scheme: url.scheme };
            let created = tenants::create(app, new).await.map_err(Failure::said)?;
            show(app, &created.tenant, *json).await
        }
        Command::Show { name, json } => show(app, &tenant_named(app, Some(name)).await?, *json).await,
        Command::Set { name, settings, json } => {
            let mut tenant = tenant_named(app, Some(name)).await?;
            set(app, &mut tenant, settings).await?;
            show(app, &tenant, *json).await
        }
        Command::Delete { name, confirm, json } => {
            let tenant = tenant_named(app, Some(name)).await?;
            if name != confirm {
                return Err(Failure::Said(format!(
                    "nothing was deleted; to delete it say: --confirm {name}"
                )));
            }
            tenants::delete(app, &tenant).await.map_err(Failure::said)?;
            if *json {
                output::json(&json!({ "deleted": name }));
            } else {
                output::line(format!("Deleted {name}."));
            }
            Ok(())
        }
    }
}

async fn list(app: &Arc<App>, json: bool) -> Result<(), Failure> {
    let tenants = sql::list(&app.db).await?;
    if json {
        let views = tenants.iter().map(|tenant| {
            json!({ "tenant": tenant.name, "domain": tenant.domain, "issuer": issuer(tenant), "created_at": clock::wire(tenant.created_at) })
        });
        output::json(&Value::Array(views.collect()));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = tenants
        .iter()
        .map(|tenant| vec![tenant.name.clone(), issuer(tenant), clock::wire(tenant.created_at)])
        .collect();
    output::table(&["TENANT", "ISSUER", "CREATED AT"], &rows);
    Ok(())
}

async fn show(app: &Arc<App>, tenant: &Stored, json: bool) -> Result<(), Failure> {
    let issuer = issuer(tenant);
    let policy = serde_json::to_value(&tenant.policy).map_err(Failure::said)?;
    if json {
        let secret =
            applications::secret(app, &tenant.id, &tenant.management_client_id).await.map_err(|error| {
                Failure::Said(format!("the secret of the management application cannot be read: {error}"))
            })?;
        output::json(&json!({
            "tenant": tenant.name,
            "domain": tenant.domain,
            "issuer": issuer,
            "management": {
                "audience": format!("{issuer}api/v2/"),
                "client_id": tenant.management_client_id,
                "client_secret": secret.as_ref().map(|secret| secret.as_str()),
            },
            "settings": policy,
            "created_at": clock::wire(tenant.created_at),
        }));
        return Ok(());
    }
    output::line(format!("tenant               {}", tenant.name));
    output::line(format!("issuer               {issuer}"));
    output::line(format!("management client    {}", tenant.management_client_id));
    output::line(format!("created at           {}", clock::wire(tenant.created_at)));
    for (name, value) in policy.as_object().into_iter().flatten() {
        output::line(format!("{name:<20} {value}"));
    }
    Ok(())
}

async fn set(app: &Arc<App>, tenant: &mut Stored, settings: &[String]) -> Result<(), Failure> {
    let pairs = settings.iter().map(|setting| {
        let malformed = || Failure::Said(format!("\"{setting}\" must be SETTING=VALUE"));
        setting.split_once('=').ok_or_else(malformed)
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    tenant.policy = tenants::change_policy(app, tenant, &pairs).await.map_err(Failure::said)?;
    Ok(())
}

fn issuer(tenant: &Stored) -> String {
    format!("{}://{}/", tenant.scheme, tenant.domain)
}
