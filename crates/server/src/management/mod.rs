//! The Management API: what its several hundred operations share, and the list of them.
//!
//! The unit is the operation. Every line of the list names its scopes, and nothing is served without the
//! check that follows from it. Knows no aggregate but by the list below.

pub mod body;
pub mod caller;
pub mod checkpoint;
pub mod error;
pub mod openapi;
pub mod operation;
pub mod path;
pub mod query;
pub mod rate_limit;
pub mod scopes;
pub mod search;
pub mod shape;

use std::sync::Arc;

use axum::Router;

pub use body::Body;
pub use caller::Caller;
pub use error::ApiError;
pub use operation::{Operation, Required, operation};
pub use path::Path;
pub use query::Query;

use crate::app::App;

/// Every operation that is served, in the order of the description.
pub fn operations() -> Vec<Operation> {
    [
        crate::administrators::api::operations(),
        crate::passkeys::api::operations(),
        crate::applications::api::operations(),
        crate::applications::credentials::api::operations(),
        crate::branding::api::operations(),
        crate::branding::template::operations(),
        crate::branding::themes::operations(),
        crate::client_grants::api::operations(),
        crate::connection_keys::api::operations(),
        crate::connections::api::operations(),
        crate::encryption_keys::api::operations(),
        crate::logs::api::operations(),
        crate::mail::provider::operations(),
        crate::mail::templates::operations(),
        crate::prompts::api::operations(),
        crate::protection::api::operations(),
        crate::refresh_tokens::api::operations(),
        crate::resource_servers::api::operations(),
        crate::roles::api::operations(),
        crate::sessions::api::operations(),
        crate::signing_keys::api::operations(),
        crate::stats::api::operations(),
        crate::tenants::api::operations(),
        crate::tenants::custom_domains::operations(),
        crate::tickets::api::operations(),
        crate::user_grants::api::operations(),
        crate::users::api::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The router of `/api/v2`, each operation behind its guard.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let mut router = Router::new().route("/openapi.json", openapi::route());
    for operation in operations() {
        router = router.route(operation.path, operation.guarded(app));
    }
    router.fallback(caller::unknown_path).method_not_allowed_fallback(caller::wrong_method)
}
