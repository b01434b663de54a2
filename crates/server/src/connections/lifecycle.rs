//! Making and changing connections, inside a transaction that the caller opened and commits.
//!
//! Bodies come in checked against their shape. Must never write a connection that breaks a rule.

use serde_json::{Map, Value};

use super::{Connection, rules, secrets, sql};
use crate::administrators::hidden::CONNECTION_NAME;
use crate::administrators::is_hidden_client;
use crate::app::App;
use crate::changes::Topic;
use crate::management::ApiError;
use crate::tenants::{self, TenantId};
use crate::write::Write;

/// Makes a connection out of the members of a create request.
pub async fn create(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    body: Map<String, Value>,
) -> Result<Connection, ApiError> {
    // The name is kept, so that a tenant can have administrators at any time.
    if body.get("name").and_then(Value::as_str) == Some(CONNECTION_NAME) {
        return Err(name_taken());
    }
    let id = format!("con_{}", app.entropy.alphanumeric(16));
    create_as(app, write, tenant, (id, body)).await
}

/// Makes a connection with this id, which no other has yet.
pub async fn create_as(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    (id, mut body): (String, Map<String, Value>),
) -> Result<Connection, ApiError> {
    let mut take = |name: &str| match body.shift_remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (name, strategy) = (take("name"), take("strategy"));
    rules::sent(rules::strategy(&strategy)?, &body)?;
    let clients = taken_clients(&mut body);
    let now = app.clock.now();
    let mut connection = Connection {
        id,
        name,
        strategy,
        secrets: None,
        document: Map::new(),
        created_at: now,
        updated_at: now,
    };
    merge(app, tenant, &mut connection, body)?;
    sql::insert(write.tx(), tenant, &connection).await.map_err(taken)?;
    write.notice(Topic::Connections, "");
    set_clients(write, tenant, &connection.id, clients.as_deref().unwrap_or_default()).await?;
    Ok(connection)
}

/// Applies a patch to a connection that this transaction has locked.
pub(super) async fn update(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    mut connection: Connection,
    mut body: Map<String, Value>,
) -> Result<Connection, ApiError> {
    rules::sent(rules::strategy(&connection.strategy)?, &body)?;
    let before = connection.options();
    let clients = taken_clients(&mut body);
    merge(app, tenant, &mut connection, body)?;
    rules::changed(&before, &connection.options())?;
    connection.updated_at = app.clock.now();
    sql::update(write.tx(), tenant, &connection).await?;
    write.notice(Topic::Connections, "");
    if let Some(clients) = clients {
        sql::disable_all(write.tx(), tenant, &connection.id).await?;
        set_clients(write, tenant, &connection.id, &clients).await?;
    }
    Ok(connection)
}

/// The merge patch: null clears, a value replaces its member whole, options included.
fn merge(
    app: &App,
    tenant: &TenantId,
    connection: &mut Connection,
    body: Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in body {
        if name == "options" {
            connection.secrets = None;
        }
        match (name.as_str(), value) {
            (_, Value::Null) => {
                connection.document.shift_remove(&name);
            }
            ("options", Value::Object(mut options)) => {
                connection.secrets = secrets::take(app, (tenant, &connection.id), &mut options)?;
                connection.document.insert(name, Value::Object(options));
            }
            (_, value) => {
                connection.document.insert(name, value);
            }
        }
    }
    Ok(())
}

fn taken_clients(body: &mut Map<String, Value>) -> Option<Vec<String>> {
    let listed = body.shift_remove("enabled_clients")?;
    let texts = listed.as_array().into_iter().flatten().filter_map(Value::as_str);
    Some(texts.map(str::to_owned).collect())
}

/// Enables applications, each of which has to exist.
async fn set_clients(
    write: &mut Write,
    tenant: &TenantId,
    id: &str,
    clients: &[String],
) -> Result<(), ApiError> {
    for client_id in clients {
        if !sql::enable(write.tx(), tenant, id, client_id).await? {
            return Err(no_application(client_id));
        }
    }
    Ok(())
}

/// Enables every connection of the tenant for an application that was just made, unless the tenant does not
/// want that (`flags.enable_client_connections`). The Dashboard never gets any.
pub async fn enable_for_new_application(
    write: &mut Write,
    tenant: &TenantId,
    client_id: &str,
) -> Result<(), ApiError> {
    if is_hidden_client(client_id) {
        return Ok(());
    }
    let settings = tenants::sql::settings_for_update(write.tx(), tenant).await?;
    let wanted = settings.get("flags").and_then(|flags| flags.get("enable_client_connections"));
    if wanted != Some(&Value::Bool(false)) {
        sql::enable_everywhere(write.tx(), tenant, client_id).await?;
        write.notice(Topic::Connections, "");
    }
    Ok(())
}

/// The refusal of an application that does not exist.
pub(super) fn no_application(client_id: &str) -> ApiError {
    let shown: String = client_id.chars().take(100).collect();
    ApiError::Body(format!("There is no application with the client_id {shown}."))
}

fn taken(error: crate::db::DbError) -> ApiError {
    if error.is_unique() { name_taken() } else { error.into() }
}

fn name_taken() -> ApiError {
    let message = "A connection with the same name already exists".to_owned();
    ApiError::Conflict { code: None, message }
}
