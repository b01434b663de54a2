//! The operations of users.
//!
//! Load, decide, save, answer: rules are in `draft.rs`, `patch.rs` and `links.rs`, lists in `list.rs`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chancery_oauth::client::Client;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::patch::Change;
use super::shape::{IDENTITY, LINK, SENT};
use super::{Draft, SHAPE, User, links, list, sql};
use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::connections;
use crate::login::letters::{Sender, Verification};
use crate::management::query;
use crate::management::shape::{Field, When, boolean, field, one_of, text};
use crate::management::{ApiError, Body, Caller, Operation, Path, Query, Required, operation};
use crate::tenants::TenantId;
use crate::write::Write;

/// The scopes of users who act on themselves, `read:current_user` and its like, are not among these: the Management API
/// is for applications so far (`management::caller`).
const READ: Required = Required::Any(&["read:users"]);
const UPDATE: Required = Required::Any(&["update:users"]);

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("get_users", (Method::GET, "/users"), READ, "List or search users", list::list)
            .asks([query::projection(), query::by_number(), query::by_checkpoint(), searching()])
            .lists(list::LIST, &SHAPE),
        operation(
            "post_users",
            (Method::POST, "/users"),
            Required::Any(&["create:users"]),
            "Create a user",
            create,
        )
        .takes(&SENT, When::Create)
        .answers(&SHAPE),
        operation("get_users_by_id", (Method::GET, "/users/{id}"), READ, "Get a user", get)
            .asks([query::projection()])
            .answers(&SHAPE),
        operation(
            "delete_users_by_id",
            (Method::DELETE, "/users/{id}"),
            Required::Any(&["delete:users"]),
            "Delete a user",
            delete,
        ),
        operation(
            "patch_users_by_id",
            (Method::PATCH, "/users/{id}"),
            Required::Any(&["update:users", "update:users_app_metadata"]),
            "Update a user",
            patch,
        )
        .takes(&SENT, When::Update)
        .answers(&SHAPE),
        operation(
            "get_users-by-email",
            (Method::GET, "/users-by-email"),
            READ,
            "List the users with an e-mail address",
            list::by_email,
        )
        .asks([query::projection(), vec![field("email", text()).required()]])
        .lists(list::LIST, &SHAPE),
        operation(
            "post_identities",
            (Method::POST, "/users/{id}/identities"),
            UPDATE,
            "Link the identity of another user to a user",
            link,
        )
        .takes(&LINK, When::Create)
        .lists("identities", &IDENTITY),
        operation(
            "delete_user_identity_by_user_id",
            (Method::DELETE, "/users/{id}/identities/{provider}/{user_id}"),
            UPDATE,
            "Unlink an identity from a user",
            unlink,
        )
        .lists("identities", &IDENTITY)
        .succeeds_with(200),
        operation(
            "get_logs_by_user",
            (Method::GET, "/users/{id}/logs"),
            Required::Any(&["read:logs", "read:logs_users"]),
            "List the entries of the tenant log about a user",
            list::logs,
        )
        .asks([query::by_number(), vec![field("sort", text())]])
        .lists("logs", &crate::logs::api::SHAPE),
    ]
}

/// What a list is searched by, for the description.
fn searching() -> Vec<Field> {
    vec![
        field("sort", text()),
        field("connection", text()),
        field("q", text()),
        field("search_engine", one_of(&["v1", "v2", "v3"])),
        field("primary_order", boolean()),
    ]
}

/// The refusal of an id that no user has.
pub(super) const NO_SUCH_USER: ApiError =
    ApiError::NotFound { code: Some("inexistent_user"), message: "The user does not exist." };

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let user = super::find_visible(&app.db, caller.tenant.id(), &id).await?.ok_or(NO_SUCH_USER)?;
    Ok(Json(Value::Object(fields.trim(user.view()))))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut body = body.checked(&SENT, When::Create)?;
    let tenant = caller.tenant.id();
    let name = body.shift_remove("connection");
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    let connection = connections::sql::find_by_name(&app.db, tenant, name).await?;
    let connection = connection
        .filter(|found| found.strategy == connections::DATABASE)
        .ok_or_else(|| ApiError::Body("The connection does not exist.".to_owned()))?;
    let draft = Draft::of(&app, &connection, body).await?;
    let verification =
        if draft.verify_email { verification(&app, &caller, None, draft.user()).await } else { None };
    let mut write = Write::begin(&app, tenant).await?;
    let user = super::create(write.tx(), tenant, draft).await?;
    if let Some(verification) = verification {
        verification.write(&app, write.tx(), &caller.tenant).await?;
    }
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(Value::Object(user.view()))))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    if !is_hidden_user(&id) && super::delete(write.tx(), tenant, &id, app.clock.now()).await? {
        write.commit(caller.entry(204)).await?;
    } else {
        write.nothing_to_do().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn patch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let mut body = body.checked(&SENT, When::Update)?;
    allowed(&caller, &body)?;
    let tenant = caller.tenant.id();
    let verify = body.shift_remove("verify_email") == Some(Value::Bool(true));
    let client = shown(&app, tenant, body.shift_remove("client_id")).await?;
    let before = super::find_visible(&app.db, tenant, &id).await?.ok_or(NO_SUCH_USER)?;
    let change = Change::of(&app, tenant, &before, body).await?;
    let verification = match change.unverified(&before).filter(|_| verify) {
        Some(user) => verification(&app, &caller, client.as_deref(), &user).await,
        None => None,
    };
    let mut write = Write::begin(&app, tenant).await?;
    let locked = sql::lock(write.tx(), tenant, &id).await?.ok_or(NO_SUCH_USER)?;
    let user = change.write(write.tx(), tenant, locked, app.clock.now()).await?;
    if let Some(verification) = verification {
        verification.write(&app, write.tx(), &caller.tenant).await?;
    }
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(user.view())))
}

/// The mail that asks a user to prove the address.
async fn verification(
    app: &Arc<App>,
    caller: &Caller,
    client: Option<&Client>,
    user: &User,
) -> Option<Verification> {
    Sender { app, tenant: &caller.tenant, client, language: String::new() }.verification(user).await
}

/// The application that a mail is to show.
async fn shown(
    app: &Arc<App>,
    tenant: &TenantId,
    client_id: Option<Value>,
) -> Result<Option<Arc<Client>>, ApiError> {
    let Some(client_id) = client_id.as_ref().and_then(Value::as_str) else { return Ok(None) };
    let found = app.memory.client(app, tenant, client_id).await?;
    found.map(Some).ok_or_else(|| ApiError::Body("The client_id names no application.".to_owned()))
}

/// Whoever may change `app_metadata` alone changes nothing else.
fn allowed(caller: &Caller, body: &Map<String, Value>) -> Result<(), ApiError> {
    if caller.has("update:users") || body.keys().all(|name| name == "app_metadata") {
        return Ok(());
    }
    Err(ApiError::InsufficientScope("Insufficient scope, expected any of: update:users".to_owned()))
}

async fn link(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&LINK, When::Create)?;
    let other = other(&body)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    // Two requests that link the same users to each other take the locks in the same order.
    let (first, second) = if id <= other { (&id, &other) } else { (&other, &id) };
    let one = sql::lock(write.tx(), tenant, first).await?;
    let two = if first == second { None } else { sql::lock(write.tx(), tenant, second).await? };
    let (user, secondary) = if *first == id { (one, two) } else { (two, one) };
    let user = user.ok_or(NO_SUCH_USER)?;
    if user.identities.iter().any(|own| own.user_id() == other) {
        let message = "Specified identity already exists.".to_owned();
        return Err(ApiError::Conflict { code: None, message });
    }
    let secondary = secondary.ok_or(NO_SUCH_USER)?;
    if let Some(connection_id) = body.get("connection_id").and_then(Value::as_str)
        && !secondary.identities.iter().any(|own| own.position == 0 && own.connection_id == connection_id)
    {
        return Err(NO_SUCH_USER);
    }
    let user = links::link(write.tx(), tenant, (user, secondary), app.clock.now()).await?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(user.identities_view())))
}

/// The id of the user whose identity is to be linked.
fn other(body: &Map<String, Value>) -> Result<String, ApiError> {
    if body.contains_key("link_with") {
        let message = "link_with takes a token of the user, which the Management API does not accept yet. Send \
                       provider and user_id.";
        return Err(ApiError::NotSupported(message.to_owned()));
    }
    let text = |name: &str| match body.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(ApiError::Body(format!("Payload validation error: 'Missing required property: {name}'."))),
    };
    let (provider, id) = (text("provider")?, text("user_id")?);
    if provider.contains('\0') || id.contains('\0') {
        return Err(NO_SUCH_USER);
    }
    // Both ways of naming a user are in use.
    let prefix = format!("{provider}|");
    Ok(if id.starts_with(&prefix) { id } else { format!("{prefix}{id}") })
}

async fn unlink(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, provider, identity_id)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let mut user = sql::lock(write.tx(), tenant, &id).await?.ok_or(NO_SUCH_USER)?;
    let at = user.identities.iter().position(|own| own.provider == provider && own.id == identity_id);
    let at = at.ok_or_else(|| ApiError::not_found("The user does not have this identity."))?;
    if at == 0 {
        return Err(ApiError::NotSupported("Main identity can not be unlinked.".to_owned()));
    }
    let identity = user.identities.remove(at);
    links::unlink(write.tx(), tenant, identity, app.clock.now()).await?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(user.identities_view()))
}
