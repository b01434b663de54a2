//! The Management API of blocks that stand: those of an account, and throttled addresses.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::settings::{BruteForce, Stage, Throttling};
use super::{REMEMBERED, counted, network, sql, throttle};
use crate::app::App;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::refused;
use crate::management::shape::{Object, boolean, field, list, object, text};
use crate::management::{ApiError, Caller, Path, Query};
use crate::users;
use crate::write::Write;

/// The lines of this file.
pub(super) fn operations() -> Vec<Operation> {
    let (all, of_user, address) = ("/user-blocks", "/user-blocks/{id}", "/anomaly/blocks/ips/{id}");
    let whether = || field("consider_brute_force_enablement", boolean());
    let identifier = || field("identifier", text()).required();
    vec![
        operation(
            "get_user-blocks",
            (Method::GET, all),
            Required::Any(&["read:users"]),
            "List the blocks of an account",
            get,
        )
        .asks([vec![identifier(), whether()]])
        .answers(&SHAPE),
        operation(
            "delete_user-blocks",
            (Method::DELETE, all),
            Required::Any(&["update:users"]),
            "Lift the blocks of an account",
            delete,
        )
        .asks([vec![identifier()]]),
        operation(
            "get_user-blocks_by_id",
            (Method::GET, of_user),
            Required::Any(&["read:users"]),
            "List the blocks of a user",
            get_of_user,
        )
        .asks([vec![whether()]])
        .answers(&SHAPE),
        operation(
            "delete_user-blocks_by_id",
            (Method::DELETE, of_user),
            Required::Any(&["update:users"]),
            "Lift the blocks of a user",
            delete_of_user,
        ),
        operation(
            "get_ips_by_id",
            (Method::GET, address),
            Required::Any(&["read:anomaly_blocks"]),
            "Look whether an address is throttled",
            check_address,
        ),
        operation(
            "delete_ips_by_id",
            (Method::DELETE, address),
            Required::Any(&["delete:anomaly_blocks"]),
            "Give an address its tries back",
            release_address,
        ),
    ]
}

static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let block = object([field("identifier", text()), field("ip", text()), field("connection", text())]);
    object([field("blocked_for", list(block)).read_only()])
});

fn identifier(query: &Query) -> Result<&str, ApiError> {
    let missing = || refused("Missing required property: identifier", "identifier");
    query.text("identifier").ok_or_else(missing)
}

/// The blocks of accounts. A tenant that has protection switched off has none, if the query cares.
async fn blocked(
    app: &App,
    caller: &Caller,
    query: &Query,
    identifiers: &[&str],
) -> Result<Json<Value>, ApiError> {
    let cares = query.flag("consider_brute_force_enablement")?.unwrap_or(false);
    let since = app.clock.now().as_millisecond() - REMEMBERED;
    let mut shown = Vec::new();
    if !cares || BruteForce::of(&caller.tenant).is_enabled() {
        for identifier in identifiers {
            for ip in sql::blocks(&app.db, caller.tenant.id(), &counted(identifier), since).await? {
                let mut block = json!({ "identifier": identifier });
                if !ip.is_empty() {
                    block["ip"] = json!(ip);
                }
                shown.push(block);
            }
        }
    }
    Ok(Json(json!({ "blocked_for": shown })))
}

async fn get(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Json<Value>, ApiError> {
    let identifier = identifier(&query)?;
    blocked(&app, &caller, &query, &[identifier]).await
}

async fn get_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let user = users::find_visible(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_user)?;
    blocked(&app, &caller, &query, &user.identifiers().collect::<Vec<_>>()).await
}

async fn lift(app: &Arc<App>, caller: &Caller, identifiers: &[&str]) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(app, tenant).await?;
    for identifier in identifiers {
        sql::unblock(write.tx(), tenant, &counted(identifier)).await?;
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<StatusCode, ApiError> {
    lift(&app, &caller, &[identifier(&query)?]).await
}

async fn delete_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let user = users::find_visible(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_user)?;
    lift(&app, &caller, &user.identifiers().collect::<Vec<_>>()).await
}

fn no_user() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_user"), message: "The user does not exist." }
}

fn address(id: &str) -> Result<IpAddr, ApiError> {
    let refused =
        || ApiError::Path("Path validation error: 'String is not an IP address' on property id.".to_owned());
    id.parse().map_err(|_| refused())
}

async fn check_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let ip = address(&id)?;
    let throttling = Throttling::of(&caller.tenant);
    if throttling.keeps_out(ip) {
        for stage in [Stage::Login, Stage::Signup] {
            if throttle(&app, &caller.tenant, (stage, ip), &throttling).await?.is_some() {
                return Ok(StatusCode::OK);
            }
        }
    }
    Err(ApiError::not_found("IP address specified is not currently blocked."))
}

async fn release_address(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let ip = address(&id)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    sql::refill(write.tx(), tenant, &network(ip)).await?;
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}
