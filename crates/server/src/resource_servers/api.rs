//! The Management API of APIs: list, create, get, update, delete.
//!
//! Must never show a signing secret to a token that may not read APIs, nor without a log entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::{ResourceServer, SHAPE, sql, taken, unknown};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::{self, When, field, text};
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::tenants;
use crate::write::Write;

/// The name of the list on the wire.
const LIST: &str = "resource_servers";
/// Identifiers that a list can be asked for at once.
const MOST_IDENTIFIERS: usize = 100;
/// The scope that shows signing secrets, beside the answer to whoever made an API.
const READ: &str = "read:resource_servers";

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_resource-servers",
            (Method::GET, "/resource-servers"),
            Required::Any(&[READ]),
            "List the APIs",
            list,
        )
        .asks([
            vec![field("identifiers", shape::list(text().at_least(1)))],
            query::by_number(),
            query::projection(),
        ])
        .lists(LIST, &SHAPE),
        operation(
            "post_resource-servers",
            (Method::POST, "/resource-servers"),
            Required::Any(&["create:resource_servers"]),
            "Create an API",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE),
        operation(
            "get_resource-servers_by_id",
            (Method::GET, "/resource-servers/{id}"),
            Required::Any(&[READ]),
            "Get an API",
            get,
        )
        .asks([query::projection()])
        .answers(&SHAPE),
        operation(
            "patch_resource-servers_by_id",
            (Method::PATCH, "/resource-servers/{id}"),
            Required::Any(&["update:resource_servers"]),
            "Update an API",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_resource-servers_by_id",
            (Method::DELETE, "/resource-servers/{id}"),
            Required::Any(&["delete:resource_servers"]),
            "Delete an API",
            delete,
        ),
    ]
}

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let (limit, offset, totals) = match paging {
        Paging::Offset { page, per_page, totals } => (per_page, page * per_page, totals),
        Paging::Checkpoint { take, .. } => (take, 0, false),
    };
    let fields = query.fields(&SHAPE)?;
    let tenant = caller.tenant.id();
    let identifiers = identifiers(&query)?;
    let (servers, total) = if identifiers.is_empty() {
        let servers = sql::page(&app.db, tenant, (limit, offset)).await?;
        (servers, if totals { sql::count(&app.db, tenant).await? } else { 0 })
    } else {
        let mut found = BTreeMap::new();
        for identifier in identifiers {
            if let Some(server) = sql::find_by_identifier(&app.db, tenant, identifier).await? {
                found.insert((server.created_at, server.id.clone()), server);
            }
        }
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let (skip, take) =
            (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(0));
        (found.into_values().skip(skip).take(take).collect(), total)
    };
    let views = servers.iter().map(|server| Ok(fields.trim(shown(&app, &caller, server)?)));
    let views: Vec<_> = views.collect::<Result<_, ApiError>>()?;
    log_secrets(&app, &caller, &views).await?;
    Ok(listing(LIST, views.into_iter().map(Value::Object).collect(), &paging, (total, None)))
}

/// The identifiers that a list is narrowed to; none means all.
fn identifiers(query: &Query) -> Result<Vec<&str>, ApiError> {
    let identifiers = query.all("identifiers");
    if identifiers.len() > MOST_IDENTIFIERS {
        return Err(query::refused("At most 100 identifiers can be asked for at once", "identifiers"));
    }
    match identifiers.iter().find(|identifier| identifier.is_empty()) {
        Some(_) => {
            Err(query::refused("Each of them needs at least one character, and none NUL", "identifiers"))
        }
        None => Ok(identifiers),
    }
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&SHAPE, When::Create)?;
    let tenant = caller.tenant.id();
    if let Some(domain) = body.get("identifier").and_then(Value::as_str).and_then(management_domain)
        && tenants::sql::find_by_domain(&app.db, domain).await?.is_some()
    {
        // A token for such an API would be one for the Management API under that domain.
        return Err(taken());
    }
    let mut write = Write::begin(&app, tenant).await?;
    let server = super::create(&app, &mut write, tenant, body, false).await?;
    write.commit(caller.entry(201)).await?;
    // Whoever makes an API is told its secret, or nobody would know a generated one.
    let secret = secret(&app, &caller, &server)?;
    Ok((StatusCode::CREATED, Json(Value::Object(server.view(secret.as_deref())))))
}

/// The domain of which this would be the Management API.
pub(super) fn management_domain(identifier: &str) -> Option<&str> {
    let rest = identifier.strip_prefix("https://").or_else(|| identifier.strip_prefix("http://"))?;
    rest.strip_suffix("/api/v2/")
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let tenant = caller.tenant.id();
    let server = match sql::find(&app.db, tenant, &id).await? {
        // Terraform's provider escapes identifiers twice.
        None if id.contains('%') => match percent_encoding::percent_decode_str(&id).decode_utf8() {
            Ok(plain) if !plain.contains('\0') => sql::find(&app.db, tenant, &plain).await?,
            _ => None,
        },
        found => found,
    };
    let view = [fields.trim(shown(&app, &caller, &server.ok_or_else(unknown)?)?)];
    log_secrets(&app, &caller, &view).await?;
    let [view] = view;
    Ok(Json(Value::Object(view)))
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = body.checked(&SHAPE, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let mut server = sql::find_for_update(write.tx(), tenant, &id).await?.ok_or_else(unknown)?;
    super::update(&app, tenant, &mut server, body)?;
    sql::update(write.tx(), tenant, &server).await?;
    write.notice(Topic::Api, server.identifier.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(shown(&app, &caller, &server)?)))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let Some(server) = sql::find_for_update(write.tx(), tenant, &id).await? else {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    };
    if server.is_system {
        return Err(ApiError::NotSupported("The system API cannot be deleted.".to_owned()));
    }
    sql::delete(write.tx(), tenant, &server.id).await?;
    // The grants to it are gone too, also one that was being made just now: forget all of them.
    write.notice(Topic::Apis, "");
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The API as this caller may see it.
fn shown(app: &App, caller: &Caller, server: &ResourceServer) -> Result<Map<String, Value>, ApiError> {
    let secret = if caller.has(READ) { secret(app, caller, server)? } else { None };
    Ok(server.view(secret.as_deref()))
}

fn secret(app: &App, caller: &Caller, server: &ResourceServer) -> Result<Option<String>, ApiError> {
    let Some(secret) = server.open_secret(app, caller.tenant.id())? else { return Ok(None) };
    let text = std::str::from_utf8(&secret);
    text.map(|text| Some(text.to_owned()))
        .map_err(|_| ApiError::Internal(format!("the signing secret of the API {} is no text", server.id)))
}

/// Leaves an entry if the answer to a read holds a secret.
async fn log_secrets(app: &App, caller: &Caller, views: &[Map<String, Value>]) -> Result<(), ApiError> {
    if views.iter().any(|view| view.contains_key("signing_secret")) {
        let logged = app.log.append(app, caller.tenant.id(), caller.secrets_read()).await;
        logged.map_err(|busy| ApiError::Unavailable(busy.to_string()))?;
    }
    Ok(())
}
