//! The operations on the applications that may use a connection.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::api::unknown;
use super::shape::CLIENT_STATUS;
use super::{lifecycle, sql};
use crate::app::App;
use crate::changes::Topic;
use crate::management::body::ListBody;
use crate::management::checkpoint::Checkpoint;
use crate::management::shape::{Field, When, field, integer, text};
use crate::management::{ApiError, Caller, Path, Query};
use crate::write::Write;

/// The name of the list on the wire.
const LIST: &str = "clients";
/// Applications in one answer, and in one where none is asked for.
const TAKE: (i64, i64) = (1000, 50);
/// Changes in one request.
const MOST_CHANGES: usize = 50;

/// What the list is paged by, for the description.
pub(super) fn paging() -> Vec<Field> {
    vec![field("from", text()), field("take", integer(1, TAKE.0))]
}

/// `GET /connections/{id}/clients`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let take = query.integer("take", (1, TAKE.0))?.unwrap_or(TAKE.1);
    let from = query.text("from").map(|from| Checkpoint::parse(LIST, from)).transpose()?;
    let tenant = caller.tenant.id();
    sql::find(&app.db, tenant, &id).await?.ok_or_else(unknown)?;
    let after = from.map(|place| place.id).unwrap_or_default();
    // One more than asked for tells whether anything comes after.
    let mut found = sql::clients(&app.db, tenant, &id, (&after, take + 1)).await?;
    let next =
        Checkpoint::end_page(&mut found, take, LIST, |last| Checkpoint { created_at: 0, id: last.clone() });
    let clients: Vec<Value> = found.iter().map(|client_id| json!({ "client_id": client_id })).collect();
    let mut answer = Map::new();
    answer.insert(LIST.to_owned(), clients.into());
    if let Some(next) = next {
        answer.insert("next".to_owned(), next.into());
    }
    Ok(Json(Value::Object(answer)))
}

/// `PATCH /connections/{id}/clients`
pub(super) async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: ListBody,
) -> Result<StatusCode, ApiError> {
    let changes = body.checked(&CLIENT_STATUS, When::Create, (1, MOST_CHANGES))?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    sql::lock(write.tx(), tenant, &id).await?.ok_or_else(unknown)?;
    for change in changes {
        let client_id = change.get("client_id").and_then(Value::as_str).unwrap_or_default();
        if change.get("status") == Some(&Value::Bool(true)) {
            if !sql::enable(write.tx(), tenant, &id, client_id).await? {
                return Err(lifecycle::no_application(client_id));
            }
        } else {
            sql::disable(write.tx(), tenant, &id, client_id).await?;
        }
    }
    write.notice(Topic::Connections, "");
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}
