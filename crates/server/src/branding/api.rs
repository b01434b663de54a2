//! The Management API of the branding settings: get and patch.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Method;
use serde_json::{Map, Value};

use super::shape::BRANDING;
use super::{KIND, SETTINGS};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller};
use crate::tenant_documents::sql;
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_branding",
            (Method::GET, "/branding"),
            Required::Any(&["read:branding"]),
            "Get the branding settings",
            get,
        )
        .answers(&BRANDING),
        operation(
            "patch_branding",
            (Method::PATCH, "/branding"),
            Required::Any(&["update:branding"]),
            "Update the branding settings",
            update,
        )
        .takes(&BRANDING, When::Update)
        .answers(&BRANDING),
    ]
}

async fn get(caller: Caller) -> Json<Value> {
    let settings = caller.tenant.kept.find(KIND, SETTINGS).cloned().unwrap_or_default();
    Json(Value::Object(settings))
}

async fn update(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let patch = body.checked(&BRANDING, When::Update)?;
    let tenant = caller.tenant.id();
    let now = app.clock.now();
    let mut write = Write::begin(&app, tenant).await?;
    let mut settings = sql::find_for_update(write.tx(), tenant, (KIND, SETTINGS), now).await?.document;
    merge(&mut settings, patch);
    sql::update(write.tx(), tenant, (KIND, SETTINGS), &settings, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(settings)))
}

/// Members are replaced, null clears; colours and font are patched member by member, a gradient is one value.
pub(super) fn merge(settings: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (value, settings.get_mut(&name)) {
            (Value::Null, _) => drop(settings.remove(&name)),
            (Value::Object(new), Some(Value::Object(old))) => replace(old, new),
            (Value::Object(new), _) => {
                let mut fresh = Map::new();
                replace(&mut fresh, new);
                settings.insert(name, Value::Object(fresh));
            }
            (other, _) => drop(settings.insert(name, other)),
        }
    }
    settings.retain(|_, value| value.as_object().is_none_or(|members| !members.is_empty()));
}

fn replace(old: &mut Map<String, Value>, new: Map<String, Value>) {
    for (name, value) in new {
        if value.is_null() {
            old.remove(&name);
        } else {
            old.insert(name, value);
        }
    }
}
