//! What load balancers and monitoring ask: alive, ready, metrics.
//!
//! Must never tell anything of a tenant on the public listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::changes;

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

static MEASURING: AtomicBool = AtomicBool::new(false);

/// Starts to count and measure.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let metrics = PrometheusBuilder::new().set_buckets(SECONDS)?.install_recorder()?;
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
        ring_metrics(&app);
        metrics.render()
    };
    Router::new()
        .route("/metrics", get(page))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .with_state(app)
}

/// The state of the rings in memory, measured when somebody looks.
fn ring_metrics(app: &App) {
    let now = app.clock.now();
    for tenant in app.tenants.loaded() {
        let name = tenant.stored.name.clone();
        let ring = &tenant.ring;
        for (place, count) in [
            ("current", 1),
            ("next", 1),
            ("previous", ring.previous().len()),
            ("revoked", ring.revoked().len()),
        ] {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            metrics::gauge!("chancery_ring_keys", "tenant" => name.clone(), "place" => place).set(count);
        }
        let age = now.duration_since(ring.current().since()).as_secs_f64();
        metrics::gauge!("chancery_current_key_age_seconds", "tenant" => name).set(age);
    }
}
