//! `chancery token`: an access token for the Management API, on standard output and nothing else.

use std::sync::Arc;

use chancery_oauth::scope::Scopes;

use super::{Failure, output, tenant_named};
use crate::app::App;
use crate::oidc;

/// The arguments of `chancery token`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scope that the token grants; name it again for more [default: all that are granted]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Tenant [default: main]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Application that the token is issued to [default: the one that was made with the tenant]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Print {"access_token": …} for machines
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(app: &Arc<App>, args: &Args) -> Result<(), Failure> {
    let stored = tenant_named(app, args.tenant.as_deref()).await?;
    let tenant = app.tenants.find(app, &stored.canonical).await.map_err(Failure::said)?;
    let tenant = tenant.ok_or_else(|| Failure::Said("the tenant has just been deleted".to_owned()))?;
    let scopes = Scopes::parse(&args.scopes.join(" ")).map_err(Failure::said)?;
    let client_id = args.client_id.as_ref().unwrap_or(&stored.management_client_id);
    let token = oidc::issue_for_cli(app, &tenant, client_id, &scopes).await.map_err(Failure::said)?;
    if args.json {
        output::json(&serde_json::json!({ "access_token": token }));
    } else {
        output::line(token);
    }
    Ok(())
}
