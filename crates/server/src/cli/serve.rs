//! `chancery serve`: listeners, background tasks, an orderly end.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower::Service;

use super::{Failure, output};
use crate::app::App;
use crate::bootstrap::{self, Mode};
use crate::config::{Config, Tls, quoted};
use crate::http::serve::serve;
use crate::http::tls::{self, Offer};
use crate::logs::Entry;
use crate::tenants::sql::Stored;
use crate::{
    administrators, changes, in_flight, logout_deliveries, logs, mail, probes, protection, refresh_tokens,
    router, sessions, signing_keys, tenants, tickets,
};

/// How often the server looks for work that can wait.
const HOUSEKEEPING: Duration = Duration::from_secs(2);
/// Rounds of housekeeping between two sweeps of old log entries: one hour.
const SWEEP_EVERY: u32 = 1800;

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let listener = bind("listen", config.listen).await?;
    let admin = match config.admin_listen {
        Some(address) => Some(bind("admin-listen", address).await?),
        None => None,
    };
    let offer = match &config.tls {
        // The local authority lives in the data directory, which does not exist yet.
        Tls::Off | Tls::Dev => None,
        Tls::Files { certificate, key } => Some(Offer::of_files(certificate, key).map_err(Failure::said)?),
    };
    let metrics = match &admin {
        Some(_) => Some(probes::install_metrics().map_err(Failure::said)?),
        None => None,
    };
    let running = bootstrap::start(config, Mode::Serve).await?;
    let app = Arc::clone(&running.app);
    let offer = match config.dev_files() {
        Some(files) => {
            let hosts = super::certified_hosts(&app, config).await?;
            let dev = tls::Dev::open(Arc::clone(&app), &files, &hosts).map_err(Failure::said)?;
            Some(Offer::Dev(Arc::new(dev)))
        }
        None => offer,
    };
    greet(config, &running.made, &app).await?;
    let mut tasks = vec![
        tokio::spawn(changes::follow(Arc::clone(&app))),
        tokio::spawn(housekeeping(Arc::clone(&app))),
        tokio::spawn(mail::sender::run(Arc::clone(&app))),
        tokio::spawn(logout_deliveries::sender::run(Arc::clone(&app))),
    ];
    if let (Some(listener), Some(metrics)) = (admin, metrics) {
        let router = probes::admin_router(Arc::clone(&app), metrics.clone());
        tasks.push(tokio::spawn(probes::metrics_upkeep(metrics)));
        let answer = move |request| {
            let mut router = router.clone();
            async move {
                let Ok(response) = router.call(request).await;
                response
            }
        };
        tasks.push(tokio::spawn(serve(listener, None, answer, std::future::pending())));
    }
    tracing::info!(listen = %config.listen, public_url = %config.public_url, "serving");
    let front = router::front(&app);
    serve(listener, offer, move |request| Arc::clone(&front).answer(request), stopped()).await;
    for task in tasks {
        task.abort();
        let _ = task.await;
    }
    drop(app);
    running.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

async fn bind(setting: &str, address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = if error.kind() == std::io::ErrorKind::AddrInUse {
            format!("another program has that port: stop it, or choose another with --{setting}")
        } else {
            format!("choose another address with --{setting}")
        };
        Failure::Said(format!("cannot listen on {address}: {error}; {remedy}"))
    })
}

/// Says what the start made and what to do next.
async fn greet(config: &Config, made: &[String], app: &Arc<App>) -> Result<(), Failure> {
    if made.is_empty() {
        return Ok(());
    }
    let tenant = super::tenant_named(app, None).await?;
    let base = format!("{}://{}", tenant.scheme, tenant.domain);
    let program = program();
    let data: String = config.finding_flags.iter().flat_map(|flag| [" ", flag]).collect();
    let trust = config
        .dev_files()
        .map_or(String::new(), |files| format!(" --cacert {}", quoted(&files.ca.display().to_string())));
    if config.finding_flags.iter().any(|flag| flag.starts_with("--database-url")) {
        output::line("The commands below need the database URL in the variable CHANCERY_DATABASE_URL.\n");
    }
    output::line("Chancery made:");
    for thing in made {
        output::line(format!("  {thing}"));
    }
    if let Some(link) = first_administrator(app, &tenant).await? {
        output::line(format!("\nOpen the Dashboard and make the first administrator:\n\n  {link}"));
    }
    output::line(format!(
        "\nTry it in another terminal, in this folder:\n\n  curl{trust} --request GET --url {base}/api/v2/keys/signing --header \"authorization: Bearer $({program} token{data})\"\n\n  {program} keys rotate{data}\n  {program} init --json{data}     (client id and secret for SDKs)\n\nBack up {} apart from the database: without it nothing that is sealed can be opened.\n",
        config.master_key_file.display()
    ));
    Ok(())
}

/// The link that makes the first administrator, if the tenant has none and nobody was given such a link. Only its
/// digest is kept, so a later start cannot print it again; `chancery admins invite` makes another.
async fn first_administrator(app: &Arc<App>, tenant: &Stored) -> Result<Option<String>, Failure> {
    let open = administrators::invitations::open(app, &tenant.id).await?;
    if !open.is_empty() || !administrators::list(&app.db, &tenant.id).await?.is_empty() {
        return Ok(None);
    }
    let entry = Entry::by_cli("Make the link for the first administrator");
    let made = administrators::set_up(app, &tenant.id, entry).await.map_err(Failure::said)?;
    Ok(Some(super::admins::link(tenant, &made.text)))
}

/// How the person at the terminal can call this program again.
fn program() -> String {
    let Ok(path) = std::env::current_exe() else { return "chancery".to_owned() };
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(below) => quoted(&format!("./{}", below.display())),
        Err(_) => quoted(&path.display().to_string()),
    }
}

/// Resolves when the server is told to stop. Being told again ends it at once.
async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; stop the server with kill -9");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("told to stop twice: stopping without finishing requests");
        std::process::exit(1);
    });
}

/// Makes rings for tenants that were never called, when keys are idle; forgets old log entries.
async fn housekeeping(app: Arc<App>) {
    for round in 0_u32.. {
        tokio::time::sleep(HOUSEKEEPING).await;
        if app.forge.is_idle()
            && let Err(error) = tenants::make_a_ring(&app).await
        {
            tracing::warn!(%error, "the key ring of a new tenant could not be made");
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = logs::forget_old(&app).await
        {
            tracing::warn!(%error, "old log entries could not be deleted");
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = signing_keys::uses::forget_old(&app).await
        {
            tracing::warn!(%error, "old counts of tokens could not be deleted");
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = protection::forget_old(&app).await
        {
            tracing::warn!(%error, "old failures of logins could not be deleted");
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = forget_letters(&app).await
        {
            tracing::warn!(%error, "old mails and tickets could not be deleted");
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = forget_sign_ins(&app).await
        {
            tracing::warn!(%error, "sessions and tokens that are over could not be deleted");
        }
    }
}

/// Sessions and refresh tokens that are over, and what was under way and never ended.
async fn forget_sign_ins(app: &Arc<App>) -> Result<(), crate::db::DbError> {
    sessions::sweep(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    refresh_tokens::sql::sweep(&mut tx, now).await?;
    tx.commit().await?;
    administrators::sessions::sweep(app).await?;
    in_flight::sweep(app).await
}

async fn forget_letters(app: &App) -> Result<(), crate::db::DbError> {
    mail::sender::forget_old(app).await?;
    tickets::forget_old(&app.db, app.clock.now()).await
}
