//! `chancery init`: makes what is missing and says how to reach the first tenant.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::{Failure, output, tenant_named};
use crate::app::App;
use crate::applications;
use crate::bootstrap::{self, Mode};
use crate::config::Config;
use crate::http::tls;

/// The arguments of `chancery init`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print one JSON object for machines; it holds the client secret of the management application
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(config: &Config, args: &Args) -> Result<(), Failure> {
    let running = bootstrap::start(config, Mode::Init).await?;
    let outcome = prepare_and_report(&running.app, config, args, &running.made).await;
    running.stop().await?;
    outcome
}

async fn prepare_and_report(
    app: &Arc<App>,
    config: &Config,
    args: &Args,
    made: &[String],
) -> Result<(), Failure> {
    if let Some(files) = config.dev_files() {
        let hosts = super::certified_hosts(app, config).await?;
        tls::prepare_dev(&files, &hosts).map_err(Failure::said)?;
    }
    report(app, config, args, made).await
}

async fn report(app: &Arc<App>, config: &Config, args: &Args, made: &[String]) -> Result<(), Failure> {
    let tenant = tenant_named(app, None).await?;
    let issuer = format!("{}://{}/", tenant.scheme, tenant.domain);
    if !args.json {
        if made.is_empty() {
            output::line(format!("Everything is there already: tenant {} at {issuer}", tenant.name));
        } else {
            output::line("Made:");
            for thing in made {
                output::line(format!("  {thing}"));
            }
        }
        output::line("Serve it with: chancery serve   Show how to reach it with: chancery init --json");
        return Ok(());
    }
    let secret =
        applications::secret(app, &tenant.id, &tenant.management_client_id).await.map_err(|error| {
            Failure::Said(format!("the secret of the management application cannot be read: {error}"))
        })?;
    let ca_file = config.dev_files().map(|files| absolute(&files.ca));
    output::json(&json!({
        "tenant": tenant.name,
        "domain": tenant.domain,
        "issuer": issuer,
        "management": {
            "audience": format!("{issuer}api/v2/"),
            "client_id": secret.as_ref().map(|_| &tenant.management_client_id),
            "client_secret": secret.as_ref().map(|secret| secret.as_str()),
        },
        "ca_file": ca_file,
    }));
    Ok(())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
