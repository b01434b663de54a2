//! The operations of connections.
//!
//! Load, decide, save, answer: rules are in `rules.rs`, changes in `lifecycle.rs`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::shape::STRATEGIES;
use super::sql::Filter;
use super::{Connection, DATABASE, SHAPE, certificates, clients, identity_provider, lifecycle, secrets, sql};
use crate::app::App;
use crate::applications;
use crate::changes::Topic;
use crate::clock;
use crate::management::checkpoint::Checkpoint;
use crate::management::query::{self, Fields, Paging};
use crate::management::shape::{Field, When, field, list as list_of, one_of, text};
use crate::management::{ApiError, Body, Caller, Operation, Path, Query, Required, operation};
use crate::users;
use crate::write::Write;

/// The operations.
pub fn operations() -> Vec<Operation> {
    let (read, update) = (Required::Any(&["read:connections"]), Required::Any(&["update:connections"]));
    vec![
        operation("get_connections", (Method::GET, "/connections"), read, "List connections", list)
            .asks([
                query::projection(),
                query::by_number(),
                query::by_checkpoint(),
                filters(),
                secrets::shown(),
            ])
            .lists(LIST, &SHAPE),
        operation(
            "post_connections",
            (Method::POST, "/connections"),
            Required::Any(&["create:connections"]),
            "Create a connection",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE),
        operation("get_connections_by_id", (Method::GET, "/connections/{id}"), read, "Get a connection", get)
            .asks([query::projection(), secrets::shown()])
            .answers(&SHAPE),
        operation(
            "patch_connections_by_id",
            (Method::PATCH, "/connections/{id}"),
            update,
            "Update a connection",
            patch,
        )
        .asks([secrets::kept()])
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_connections_by_id",
            (Method::DELETE, "/connections/{id}"),
            Required::Any(&["delete:connections"]),
            "Delete a connection and its users",
            delete,
        )
        .succeeds_with(202),
        operation(
            "get_status",
            (Method::GET, "/connections/{id}/status"),
            read,
            "Check whether an AD/LDAP connection is online",
            status,
        ),
        operation(
            "get_client_connections",
            (Method::GET, "/clients/{id}/connections"),
            Required::FirstAndAny(&["read:connections", "read:clients", "read:client_summary"]),
            "List the connections that an application may use",
            of_client,
        )
        .asks([
            query::projection(),
            query::by_checkpoint(),
            vec![field("strategy", list_of(one_of(STRATEGIES)))],
            secrets::shown(),
        ])
        .lists(LIST, &SHAPE),
        operation(
            "get_connection_clients",
            (Method::GET, "/connections/{id}/clients"),
            read,
            "List the applications that may use a connection",
            clients::list,
        )
        .asks([clients::paging()]),
        operation(
            "patch_clients",
            (Method::PATCH, "/connections/{id}/clients"),
            update,
            "Change which applications may use a connection",
            clients::update,
        )
        .succeeds_with(204),
        operation(
            "delete_users_by_email",
            (Method::DELETE, "/connections/{id}/users"),
            Required::Any(&["delete:users"]),
            "Delete a user of a connection by e-mail address",
            delete_user,
        )
        .asks([vec![field("email", text()).required()]]),
        certificates::operation_of_ours(),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "connections";

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let paging = query.paging()?;
    let filter = filter(&query)?;
    let tenant = caller.tenant.id();
    let (connections, total, next) = match &paging {
        Paging::Offset { page, per_page, totals } => {
            let total = if *totals { sql::count(&app.db, tenant, &filter).await? } else { 0 };
            (sql::page(&app.db, tenant, &filter, (*per_page, page * per_page)).await?, total, None)
        }
        Paging::Checkpoint { from, take } => {
            let from = from
                .as_deref()
                .map_or_else(|| Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
            // One more than asked for tells whether anything comes after.
            let mut found = sql::after(&app.db, tenant, &filter, &from, take + 1).await?;
            let next = Checkpoint::end_page(&mut found, *take, LIST, place_of);
            (found, 0, next)
        }
    };
    let rows = rows(&app, &caller, &connections, (&query, &fields)).await?;
    Ok(query::listing(LIST, rows, &paging, (total, next)))
}

/// Connections as a list shows them; reading their secret options is noted.
async fn rows(
    app: &App,
    caller: &Caller,
    connections: &[Connection],
    (query, fields): (&Query, &Fields),
) -> Result<Vec<Value>, ApiError> {
    let with_secrets = secrets::are_wanted(query, fields)?;
    let mut rows = Vec::with_capacity(connections.len());
    let mut read = false;
    for connection in connections {
        let opened = if with_secrets { secrets::open(app, caller.tenant.id(), connection)? } else { None };
        read |= opened.is_some();
        rows.push(Value::Object(fields.trim(connection.view(opened.as_ref(), None))));
    }
    if read {
        log_secrets_read(app, caller).await?;
    }
    Ok(rows)
}

/// `GET /clients/{id}/connections`
async fn of_client(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(client_id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let (from, take) = query.checkpoint()?;
    let place =
        from.as_deref().map_or_else(|| Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
    let filter = Filter { name: None, ..filter(&query)? };
    let tenant = caller.tenant.id();
    let known = applications::sql::find(&app.db, tenant, &client_id).await?;
    let application = known.ok_or(applications::api::NO_SUCH_CLIENT)?;
    let of = (application.client_id.as_str(), &filter);
    // One more than asked for tells whether anything comes after.
    let mut found = sql::of_client_after(&app.db, tenant, of, (&place, take + 1)).await?;
    let next = Checkpoint::end_page(&mut found, take, LIST, place_of);
    let rows = rows(&app, &caller, &found, (&query, &fields)).await?;
    Ok(query::listing(LIST, rows, &Paging::Checkpoint { from, take }, (0, next)))
}

/// `GET /connections/{id}/status`: a connector of Active Directory or LDAP is online or not, and there is none here.
async fn status(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(unknown)?;
    Err(ApiError::not_found("not connected to any node"))
}

fn place_of(last: &Connection) -> Checkpoint {
    Checkpoint { created_at: last.created_at.as_millisecond(), id: last.id.clone() }
}

/// What a list can be narrowed to, for the description.
fn filters() -> Vec<Field> {
    vec![field("strategy", list_of(one_of(STRATEGIES))), field("name", text())]
}

fn filter(query: &Query) -> Result<Filter, ApiError> {
    let strategies: Vec<String> =
        query.all("strategy").into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = strategies.iter().find(|name| !STRATEGIES.contains(&name.as_str())) {
        let shown: String = unknown.chars().take(100).collect();
        return Err(query::refused(&format!("No enum match for: {shown}"), "strategy"));
    }
    Ok(Filter { strategies, name: query.text("name").map(str::to_owned) })
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut body = body.checked(&SHAPE, When::Create)?;
    let strategy = body.get("strategy").and_then(Value::as_str).unwrap_or_default().to_owned();
    identity_provider::settle(&app, &caller.tenant, (&strategy, None), &mut body).await?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let connection = lifecycle::create(&app, &mut write, tenant, body).await?;
    let shown = shown(&app, &mut write, &caller, (&connection, true)).await?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let tenant = caller.tenant.id();
    let connection = sql::find(&app.db, tenant, &id).await?.ok_or_else(unknown)?;
    let clients = sql::all_clients(&app.db, tenant, &id).await?;
    let with_secrets = secrets::are_wanted(&query, &fields)?;
    let opened = if with_secrets { secrets::open(&app, tenant, &connection)? } else { None };
    if opened.is_some() {
        log_secrets_read(&app, &caller).await?;
    }
    Ok(Json(Value::Object(fields.trim(connection.view(opened.as_ref(), Some(&clients))))))
}

async fn patch(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let mut body = body.checked(&SHAPE, When::Update)?;
    let keep = secrets::are_kept(&query)?;
    let tenant = caller.tenant.id();
    if body.contains_key("options") {
        // Before the transaction: metadata may have to be fetched. The strategy of a connection never changes.
        let known = sql::find(&app.db, tenant, &id).await?.ok_or_else(unknown)?;
        let metadata = known.option("metadataUrl").or_else(|| known.option("adfs_server"));
        let of = (known.strategy.as_str(), metadata);
        identity_provider::settle(&app, &caller.tenant, of, &mut body).await?;
    }
    let mut write = Write::begin(&app, tenant).await?;
    let before = sql::lock(write.tx(), tenant, &id).await?.ok_or_else(unknown)?;
    if keep {
        secrets::keep(&app, tenant, &before, &mut body)?;
    }
    let after = lifecycle::update(&app, &mut write, tenant, before, body).await?;
    let shown = shown(&app, &mut write, &caller, (&after, !keep)).await?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(shown))
}

/// The whole connection, for whoever has just written it; without the secret options if they were not sent.
async fn shown(
    app: &App,
    write: &mut Write,
    caller: &Caller,
    (connection, with_secrets): (&Connection, bool),
) -> Result<Value, ApiError> {
    let tenant = caller.tenant.id();
    let clients = sql::all_clients_in(write.tx(), tenant, &connection.id).await?;
    let opened = if with_secrets { secrets::open(app, tenant, connection)? } else { None };
    Ok(Value::Object(connection.view(opened.as_ref(), Some(&clients))))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let Some(connection) = sql::find(&app.db, caller.tenant.id(), &id).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let deleted_at = clock::wire(app.clock.now());
    // A caller who does not wait until all users are gone does not stop it.
    let work = tokio::spawn(async move { delete_with_users(&app, &caller, &connection.id).await });
    work.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    Ok((StatusCode::ACCEPTED, Json(json!({ "deleted_at": deleted_at }))).into_response())
}

/// Deletes the users in many short transactions, so that a million of them keep nobody waiting, and the
/// connection with the last of them. Cut off in the middle, it can simply be asked for again.
async fn delete_with_users(app: &Arc<App>, caller: &Caller, id: &str) -> Result<(), ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(app, tenant).await?;
    // Nobody signs in or up while it goes.
    sql::disable_all(write.tx(), tenant, id).await?;
    write.notice(Topic::Connections, "");
    write.commit(caller.entry(202)).await?;
    while users::delete_some_of_connection(app, tenant, id).await? {}
    let mut write = Write::begin(app, tenant).await?;
    users::delete_of_connection(write.tx(), tenant, id, app.clock.now()).await?;
    sql::delete(write.tx(), tenant, id).await?;
    write.notice(Topic::Connections, "");
    write.commit(caller.entry(202)).await?;
    Ok(())
}

async fn delete_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<StatusCode, ApiError> {
    let email =
        query.text("email").ok_or_else(|| query::refused("Missing required property: email", "email"))?;
    let tenant = caller.tenant.id();
    let connection = sql::find(&app.db, tenant, &id).await?.ok_or_else(unknown)?;
    if connection.strategy != DATABASE {
        return Err(ApiError::NotSupported("Connection must be a database connection".to_owned()));
    }
    let mut write = Write::begin(&app, tenant).await?;
    let of = (connection.id.as_str(), email);
    if !users::delete_by_email(write.tx(), tenant, of, app.clock.now()).await? {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn log_secrets_read(app: &App, caller: &Caller) -> Result<(), ApiError> {
    let logged = app.log.append(app, caller.tenant.id(), caller.secrets_read()).await;
    logged.map_err(|error| ApiError::Unavailable(error.to_string()))
}

/// The refusal of an id that no connection has.
pub fn unknown() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_connection"), message: "The connection does not exist" }
}
