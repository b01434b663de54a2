//! The Management API of the tenant settings: get and patch.
//!
//! Must never show or change what an operator decides (`Policy`): that is the command line's.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Method;
use serde_json::Value;

use super::{settings, sql};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query;
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Query};
use crate::resource_servers;
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "tenant_settings_route",
            (Method::GET, "/tenants/settings"),
            Required::Any(&["read:tenant_settings"]),
            "Get the tenant settings",
            get,
        )
        .asks([query::projection()])
        .answers(&settings::SHAPE),
        operation(
            "patch_settings",
            (Method::PATCH, "/tenants/settings"),
            Required::Any(&["update:tenant_settings"]),
            "Update the tenant settings",
            update,
        )
        .takes(&settings::SHAPE, When::Update)
        .answers(&settings::SHAPE),
    ]
}

async fn get(caller: Caller, query: Query) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&settings::SHAPE)?;
    let view = settings::view(&caller.tenant.stored.name, caller.tenant.settings());
    Ok(Json(Value::Object(fields.trim(view))))
}

async fn update(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let patch = body.checked(&settings::SHAPE, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let mut current = sql::settings_for_update(write.tx(), tenant).await?;
    if let Some(audience) = settings::default_audience(&patch)
        && resource_servers::sql::find_within(write.tx(), tenant, audience).await?.is_none()
    {
        return Err(ApiError::Body(format!(
            "default_audience has to be the identifier of an API, and there is none with the identifier {}.",
            audience.chars().take(100).collect::<String>()
        )));
    }
    settings::apply(&mut current, patch)?;
    sql::update_settings(write.tx(), tenant, &current).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(settings::view(&caller.tenant.stored.name, &current))))
}
