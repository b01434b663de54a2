//! The Management API of the theme: create, get the default, get, update, delete.
//!
//! A tenant has one theme at most, and it is the default.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::{KIND, THEME, shape};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Path};
use crate::tenant_documents::sql;
use crate::write::Write;

/// The member that names the theme.
const ID: &str = "themeId";
/// What a theme without a name is called.
const UNNAMED: &str = "Unnamed Theme";

/// The lines of the theme.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "post_branding_theme",
            (Method::POST, "/branding/themes"),
            Required::Any(&["update:branding"]),
            "Create the branding theme",
            create,
        )
        .takes(&shape::THEME, When::Create)
        .answers(&shape::THEME)
        .succeeds_with(200),
        operation(
            "get_default_branding_theme",
            (Method::GET, "/branding/themes/default"),
            Required::Any(&["read:branding"]),
            "Get the default branding theme",
            get_default,
        )
        .answers(&shape::THEME),
        operation(
            "get_branding_theme",
            (Method::GET, "/branding/themes/{themeId}"),
            Required::Any(&["read:branding"]),
            "Get a branding theme",
            get,
        )
        .answers(&shape::THEME),
        operation(
            "delete_branding_theme",
            (Method::DELETE, "/branding/themes/{themeId}"),
            Required::Any(&["delete:branding"]),
            "Delete a branding theme",
            delete,
        ),
        operation(
            "patch_branding_theme",
            (Method::PATCH, "/branding/themes/{themeId}"),
            Required::Any(&["update:branding"]),
            "Update a branding theme",
            update,
        )
        // Every member is required here too: a theme is always sent whole.
        .takes(&shape::THEME, When::Create)
        .answers(&shape::THEME),
    ]
}

async fn create(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let theme = body.checked(&shape::THEME, When::Create)?;
    let tenant = caller.tenant.id();
    let id = app.entropy.alphanumeric(32);
    let mut write = Write::begin(&app, tenant).await?;
    let now = app.clock.now();
    if !sql::find_for_update(write.tx(), tenant, (KIND, THEME), now).await?.document.is_empty() {
        return Err(ApiError::Conflict {
            code: None,
            message: "There was an error updating branding settings: The theme already exists".to_owned(),
        });
    }
    save(&app, write, &caller, named(&id, theme)).await
}

async fn get_default(caller: Caller) -> Result<Json<Value>, ApiError> {
    caller.tenant.kept.find(KIND, THEME).map(|theme| Json(Value::Object(theme.clone()))).ok_or_else(unknown)
}

async fn get(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let theme = caller.tenant.kept.find(KIND, THEME).filter(|theme| is(theme, &id));
    theme.map(|theme| Json(Value::Object(theme.clone()))).ok_or_else(unknown)
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let theme = body.checked(&shape::THEME, When::Create)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let stored = sql::find_for_update(write.tx(), tenant, (KIND, THEME), app.clock.now()).await?;
    if !is(&stored.document, &id) {
        return Err(unknown());
    }
    save(&app, write, &caller, named(&id, theme)).await
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let stored = sql::find_for_update(write.tx(), tenant, (KIND, THEME), app.clock.now()).await?;
    if !is(&stored.document, &id) {
        return Err(unknown());
    }
    sql::delete(write.tx(), tenant, KIND, THEME).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn save(
    app: &App,
    mut write: Write,
    caller: &Caller,
    theme: Map<String, Value>,
) -> Result<Json<Value>, ApiError> {
    let now = app.clock.now();
    sql::update(write.tx(), caller.tenant.id(), (KIND, THEME), &theme, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(theme)))
}

/// The theme with its id and a name, its members in the order of its shape.
fn named(id: &str, mut theme: Map<String, Value>) -> Map<String, Value> {
    theme.insert(ID.to_owned(), id.into());
    theme.entry("displayName").or_insert_with(|| UNNAMED.into());
    shape::THEME.names().filter_map(|name| theme.remove_entry(name)).collect()
}

fn is(theme: &Map<String, Value>, id: &str) -> bool {
    theme.get(ID).and_then(Value::as_str) == Some(id)
}

fn unknown() -> ApiError {
    ApiError::NotFound {
        code: Some("theme_not_found"),
        message: "There was an error retrieving branding settings: invalid theme ID",
    }
}
