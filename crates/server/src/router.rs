//! Every mount point on one screen.
//!
//! Must never hold a rule: it says which room a path leads to, and what stands around all of them.

use std::sync::Arc;

use ::http::StatusCode;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;

use crate::app::App;
use crate::http::observe::{self, Front};
use crate::{dashboard, federation, login, management, oidc, probes, samlp, wsfed};

/// The public listener.
pub fn front(app: &Arc<App>) -> Arc<Front> {
    let router = router(app);
    let router = if probes::measuring() { router.layer(from_fn(observe::measure)) } else { router };
    Front::new(Arc::clone(app), router)
}

fn router(app: &Arc<App>) -> Router {
    Router::new()
        // Relying parties: keys, discovery, certificates.
        .merge(oidc::documents_router())
        // Applications: tokens.
        .merge(oidc::application_router())
        // People: sign in, and the way back to the application.
        .merge(oidc::authorize::router())
        .merge(oidc::logout_router())
        .merge(oidc::device_router())
        .merge(login::router())
        // Applications that speak SAML.
        .merge(samlp::router())
        // Applications that speak WS-Federation.
        .merge(wsfed::router())
        .merge(federation::router())
        // People: stylesheet, script and icon of the pages.
        .merge(login::pages::assets::router())
        // Administrators and their tools.
        .nest("/api/v2", management::router(app))
        .merge(dashboard::router())
        // Load balancers, whatever host they ask for.
        .route("/healthz", get(probes::healthy))
        .route("/readyz", get(probes::ready))
        .method_not_allowed_fallback(oidc::wrong_method)
        .fallback(not_found)
        .with_state(Arc::clone(app))
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is nothing at this path.\n")
}
