//! What load balancers and monitoring ask: alive, ready, metrics.
//!
//! Must never tell anything of a tenant on the public listener.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{StatusCode, header};
use jiff::Timestamp;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::changes;
use crate::signing_keys;
use crate::signing_keys::sql::Tally;

/// Alive: the process answers.
pub async fn healthy() -> &'static str {
    "ok\n"
}

/// Ready: the database answers too.
pub async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match changes::sql::last(&app.db).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database does not answer\n")
        }
    }
}

/// The bounds of the histograms, in seconds: from an answer out of memory to one that nobody waits for.
const SECONDS: &[f64] = &[0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Tenants whose rings are reported at most, the oldest first: five lines of text each.
const TENANTS: i64 = 10_000;

static MEASURING: AtomicBool = AtomicBool::new(false);

/// Starts to count and measure.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let metrics = PrometheusBuilder::new().set_buckets(SECONDS)?.install_recorder()?;
    metrics::describe_counter!("chancery_requests_total", "Requests on the public listener.");
    metrics::describe_histogram!("chancery_request_seconds", "Time until a request was answered.");
    metrics::describe_counter!("chancery_tokens_total", "Access tokens that were issued.");
    metrics::describe_counter!(
        "chancery_logout_deliveries_total",
        "Attempts to tell applications of logouts, by what came of them."
    );
    metrics::describe_histogram!("chancery_signing_seconds", "Time of one signature with a ring key.");
    MEASURING.store(true, Ordering::Relaxed);
    Ok(metrics)
}

/// Whether anything is counted and measured: labels cost more than they are worth where nobody looks.
pub fn measuring() -> bool {
    MEASURING.load(Ordering::Relaxed)
}

/// Puts measurements away while nobody looks at them, or they would pile up.
pub async fn metrics_upkeep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        metrics.run_upkeep();
    }
}

/// The router of the separate listener for operators.
pub fn admin_router(app: Arc<App>, metrics: PrometheusHandle) -> Router {
    let page = move |State(app): State<Arc<App>>| async move {
        let mut text = metrics.render();
        match signing_keys::sql::tally(&app.db, TENANTS).await {
            Ok(rings) => ring_metrics(&mut text, &rings, app.clock.now()),
            // The rest is worth having all the same, most of all now.
            Err(error) => tracing::error!(%error, "the key rings could not be counted for the metrics"),
        }
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
    };
    Router::new()
        .route("/metrics", get(page))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .with_state(app)
}

/// Writes the state of every tenant's ring as Prometheus text. Counted in the database when somebody looks, so that it
/// is true of tenants that were never called and of changes by other processes, and says nothing of deleted ones.
/// Tenant names need no escaping: they are letters, digits and hyphens.
fn ring_metrics(text: &mut String, rings: &[Tally], now: Timestamp) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "# HELP chancery_ring_keys Signing keys of a tenant by their place in the ring.");
    let _ = writeln!(text, "# TYPE chancery_ring_keys gauge");
    for Tally { tenant, next, current, previous, revoked, .. } in rings {
        let places = [("current", current), ("next", next), ("previous", previous), ("revoked", revoked)];
        for (place, count) in places {
            let _ = writeln!(text, "chancery_ring_keys{{tenant=\"{tenant}\",place=\"{place}\"}} {count}");
        }
    }
    let _ = writeln!(text, "\n# HELP chancery_current_key_age_seconds Time since the current key became it.");
    let _ = writeln!(text, "# TYPE chancery_current_key_age_seconds gauge");
    for Tally { tenant, current_since, .. } in rings {
        if let Some(since) = current_since {
            let age = now.duration_since(*since).as_secs_f64();
            let _ = writeln!(text, "chancery_current_key_age_seconds{{tenant=\"{tenant}\"}} {age}");
        }
    }
}
