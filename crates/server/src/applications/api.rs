//! The operations of applications.
//!
//! Load, decide, save, answer: rules are in `rules.rs`, changes in `lifecycle.rs`, answers in `view.rs`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::Value;

use super::shape::{APP_TYPES, APPLICATION};
use super::sql::Filter;
use super::view::{Sight, Window};
use super::{Application, credentials::attached, lifecycle, patch, search, sql};
use crate::app::App;
use crate::changes::Topic;
use crate::management::checkpoint::Checkpoint;
use crate::management::query::{self, Paging};
use crate::management::shape::{Field, When, boolean, field, text};
use crate::management::{ApiError, Body, Caller, Operation, Path, Query, Required, operation};
use crate::resource_servers;
use crate::write::Write;

/// The scopes that open an application to a reader, each another part of it.
const READ: Required =
    Required::Any(&["read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"]);
/// The scopes that change an application, each another part of it.
const UPDATE: Required = Required::Any(&[
    "update:clients",
    "update:client_keys",
    "update:client_credentials",
    "update:client_token_vault_privileged_access",
]);

/// The operations.
pub fn operations() -> Vec<Operation> {
    let keys = Required::Any(&["update:client_keys"]);
    vec![
        operation("get_clients", (Method::GET, "/clients"), READ, "List applications", list)
            .asks([query::projection(), query::by_number(), query::by_checkpoint(), filters()])
            .lists(LIST, &APPLICATION),
        operation(
            "post_clients",
            (Method::POST, "/clients"),
            Required::Any(&["create:clients"]),
            "Create an application",
            create,
        )
        .takes(&APPLICATION, When::Create)
        .answers(&APPLICATION),
        operation("get_clients_by_id", (Method::GET, "/clients/{id}"), READ, "Read an application", read)
            .asks([query::projection()])
            .answers(&APPLICATION),
        operation(
            "delete_clients_by_id",
            (Method::DELETE, "/clients/{id}"),
            Required::Any(&["delete:clients"]),
            "Delete an application",
            delete,
        ),
        operation(
            "patch_clients_by_id",
            (Method::PATCH, "/clients/{id}"),
            UPDATE,
            "Change an application",
            update,
        )
        .takes(&APPLICATION, When::Update)
        .answers(&APPLICATION),
        operation(
            "post_rotate-secret",
            (Method::POST, "/clients/{id}/rotate-secret"),
            keys,
            "Give an application a new client secret",
            rotate_secret,
        )
        .answers(&APPLICATION)
        .succeeds_with(200),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "clients";

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let fields = query.fields(&APPLICATION)?;
    let paging = query.paging()?;
    let condition = search::condition(&query, &paging)?;
    let tenant = caller.tenant.id();
    let (applications, total, next) = match (filter(&query)?, &paging) {
        (None, _) => (Vec::new(), 0, None),
        (Some(filter), Paging::Offset { page, per_page, totals }) => {
            let total = if *totals { sql::count(&app.db, tenant, &filter).await? } else { 0 };
            (sql::page(&app.db, tenant, &filter, (*per_page, page * per_page)).await?, total, None)
        }
        (Some(filter), Paging::Checkpoint { from, take }) => {
            let from = from
                .as_deref()
                .map_or_else(|| Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
            let place = (from.created_at, from.id.as_str());
            // One more than asked for tells whether anything comes after.
            let mut found = match condition {
                Some(condition) => sql::search(&app.db, tenant, condition, (place, take + 1)).await?,
                None => sql::page_after(&app.db, tenant, &filter, (place, take + 1)).await?,
            };
            let next = Checkpoint::end_page(&mut found, *take, LIST, |last| Checkpoint {
                created_at: last.created_at.as_millisecond(),
                id: last.client_id.clone(),
            });
            (found, 0, next)
        }
    };
    let window = Window::new(&app, &caller.tenant, Sight::of_reader(|scope| caller.has(scope)))?;
    let mut rows = Vec::with_capacity(applications.len());
    let mut secrets = false;
    for application in &applications {
        let shown = fields.trim(window.show(application)?);
        secrets |= shown.contains_key("client_secret");
        rows.push(Value::Object(shown));
    }
    if secrets {
        log_secrets_read(&app, &caller).await?;
    }
    Ok(query::listing(LIST, rows, &paging, (total, next)))
}

/// What a list can be filtered by, for the description.
fn filters() -> Vec<Field> {
    vec![
        field("is_global", boolean()),
        field("is_first_party", boolean()),
        field("app_type", text()),
        field("external_client_id", text().at_least(1).at_most(120)),
    ]
}

/// What a list is filtered by; none when nothing can match.
fn filter(query: &Query) -> Result<Option<Filter>, ApiError> {
    let kinds = query.text("app_type").unwrap_or_default();
    let app_types: Vec<String> =
        kinds.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = app_types.iter().find(|kind| !APP_TYPES.contains(&kind.as_str())) {
        let shown: String = unknown.chars().take(100).collect();
        let reason = format!("No enum match for: {shown}, expected one of: {}", APP_TYPES.join(", "));
        return Err(query::refused(&reason, "app_type"));
    }
    let filter = Filter {
        is_global: query.flag("is_global")?,
        is_first_party: query.flag("is_first_party")?,
        app_types,
    };
    // No application is registered by a metadata document, so none has an id elsewhere.
    Ok(query.text("external_client_id").is_none().then_some(filter))
}

async fn create(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Response, ApiError> {
    let body = body.checked(&APPLICATION, When::Create)?;
    if attached::named_in(&body) && !caller.has("create:client_credentials") {
        return Err(missing(&["create:client_credentials"]));
    }
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let created = lifecycle::create(&app, &mut write, tenant, body).await?;
    let shown = Window::new(&app, &caller.tenant, Sight::FULL)?.show(&created.application)?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let fields = query.fields(&APPLICATION)?;
    let application = sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or(NO_SUCH_CLIENT)?;
    let window = Window::new(&app, &caller.tenant, Sight::of_reader(|scope| caller.has(scope)))?;
    let shown = fields.trim(window.show(&application)?);
    if shown.contains_key("client_secret") {
        log_secrets_read(&app, &caller).await?;
    }
    Ok(Json(shown).into_response())
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    // An application that is gone already is what the caller wants.
    let Some(application) = sql::lock(write.tx(), tenant, &id).await? else {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    };
    if application.is_global {
        let message = "This application stands for all applications of the tenant and cannot be deleted.";
        return Err(ApiError::NotSupported(message.to_owned()));
    }
    sql::delete(write.tx(), tenant, &id).await?;
    if let Some(identifier) = application.resource_server() {
        resource_servers::unlink(&app, &mut write, tenant, (identifier, &id)).await?;
    }
    write.notice(Topic::Client, id);
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Response, ApiError> {
    let body = body.checked(&APPLICATION, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let before = locked(&mut write, &caller, &id).await?;
    if let Some(scopes) = patch::missing_scope(&before.document, &body, |scope| caller.has(scope)) {
        return Err(missing(scopes));
    }
    let after = lifecycle::update(&app, &mut write, tenant, &before, body).await?;
    let shown = Window::new(&app, &caller.tenant, Sight::of_writer(&caller))?.show(&after)?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(shown).into_response())
}

async fn rotate_secret(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let before = locked(&mut write, &caller, &id).await?;
    let after = lifecycle::rotate_secret(&app, &mut write, tenant, before).await?;
    let shown = Window::new(&app, &caller.tenant, Sight::FULL)?.show(&after)?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(shown).into_response())
}

/// The answer for a `client_id` that the tenant does not know.
pub const NO_SUCH_CLIENT: ApiError =
    ApiError::NotFound { code: Some("inexistent_client"), message: "The client does not exist" };

/// Locks the application that a request changes.
pub(super) async fn locked(write: &mut Write, caller: &Caller, id: &str) -> Result<Application, ApiError> {
    sql::lock(write.tx(), caller.tenant.id(), id).await?.ok_or(NO_SUCH_CLIENT)
}

fn missing(scopes: &[&str]) -> ApiError {
    ApiError::InsufficientScope(format!("Insufficient scope, expected any of: {}", scopes.join(",")))
}

async fn log_secrets_read(app: &App, caller: &Caller) -> Result<(), ApiError> {
    let logged = app.log.append(app, caller.tenant.id(), caller.secrets_read()).await;
    logged.map_err(|error| ApiError::Unavailable(error.to_string()))
}
