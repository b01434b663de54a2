//! The Management API of the tenant log: list and get.
//!
//! Must never change an entry: the log is written by those whose doings it records.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::Method;
use serde_json::{Map, Value};

use super::search;
use super::sql::{self, Order};
use crate::app::App;
use crate::db::Statement;
use crate::logs;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Fields, Paging, listing};
use crate::management::shape::{Kind, Object, boolean, field, open, text};
use crate::management::{ApiError, Caller, Path, Query};
use crate::tenants::TenantId;
use crate::tenants::sql::parse;

/// An entry on the wire. It may hold more: what an event knows depends on its kind.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    open([
        field("date", text()),
        field("type", text()),
        field("description", text()).nullable(),
        field("connection", text()),
        field("connection_id", text()),
        field("client_id", text()),
        field("client_name", text()),
        field("ip", text()),
        field("hostname", text()),
        field("user_id", text()),
        field("user_name", text()),
        field("audience", text()),
        field("scope", text()),
        field("strategy", text()),
        field("strategy_type", text()),
        field("log_id", text()),
        // Not in the published schema, but in every entry on the wire, and asked for by `fields`.
        field("_id", text()),
        field("isMobile", boolean()),
        field("details", open([])),
        field("user_agent", text()),
        field("security_context", open([field("ja3", text()), field("ja4", text())])),
        field(
            "location_info",
            open([
                field("country_code", text().at_least(2).at_most(2)),
                field("country_code3", text().at_least(3).at_most(3)),
                field("country_name", text()),
                field("city_name", text()),
                field("latitude", Kind::Any),
                field("longitude", Kind::Any),
                field("time_zone", text()),
                field("continent_code", text()),
            ]),
        ),
    ])
});

/// The two ways to be allowed to read the log.
const READ: Required = Required::Any(&["read:logs", "read:logs_users"]);

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("get_logs", (Method::GET, "/logs"), READ, "List the entries of the tenant log", list)
            .asks([
                query::by_number(),
                query::by_checkpoint(),
                query::projection(),
                vec![field("sort", text()), field("q", text()), field("search", text())],
            ])
            .lists("logs", &SHAPE),
        operation("get_logs_by_id", (Method::GET, "/logs/{id}"), READ, "Get an entry of the tenant log", get)
            .answers(&SHAPE),
    ]
}

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let Asked { paging, order, condition, fields } = Asked::of(&query)?;
    let tenant = caller.tenant.id();
    let (rows, total) = match &paging {
        Paging::Offset { page, per_page, totals } => (
            match (&condition, order.member) {
                (None, None) => {
                    sql::page(&app.db, tenant, order.descending, (*per_page, page * per_page)).await?
                }
                (condition, _) => {
                    let part = (*per_page, page * per_page);
                    sql::search(&app.db, tenant, condition.as_ref(), order, part).await?
                }
            },
            match &condition {
                _ if !totals => 0,
                None => sql::count(&app.db, tenant).await?,
                Some(condition) => sql::count_found(&app.db, tenant, condition).await?,
            },
        ),
        // Whoever means to follow the log without a place begins where it begins.
        Paging::Checkpoint { from, take } => {
            let settled = logs::settled(app.clock.now());
            let place = (from.as_deref().unwrap_or_default(), settled.as_str());
            (sql::after(&app.db, tenant, place, *take).await?, 0)
        }
    };
    let entries: Vec<Value> = rows.iter().map(|row| shown(row, &fields)).collect::<Result<_, ApiError>>()?;
    // The log is the one list whose checkpoint answer is a bare array: its ids are the checkpoints.
    let paging = match paging {
        Paging::Checkpoint { take, .. } => Paging::Offset { page: 0, per_page: take, totals: false },
        by_number @ Paging::Offset { .. } => by_number,
    };
    Ok(listing("logs", entries, &paging, (total, None)))
}

/// The entries about a user, in pages by number.
pub async fn of_user(
    app: &App,
    tenant: &TenantId,
    user_id: &str,
    query: &Query,
) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let order = search::order(query)?;
    let condition = search::about(user_id);
    let (rows, total) = match &paging {
        Paging::Offset { page, per_page, totals } => {
            let part = (*per_page, page * per_page);
            let rows = sql::search(&app.db, tenant, Some(&condition), order, part).await?;
            (rows, if *totals { sql::count_found(&app.db, tenant, &condition).await? } else { 0 })
        }
        Paging::Checkpoint { .. } => (Vec::new(), 0),
    };
    let fields = Fields::default();
    let entries: Vec<Value> = rows.iter().map(|row| shown(row, &fields)).collect::<Result<_, ApiError>>()?;
    Ok(listing("logs", entries, &paging, (total, None)))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !is_log_id(&id) {
        return Err(ApiError::Path(
            "Path validation error: 'The id of a log event has 30 digits' on property id.".to_owned(),
        ));
    }
    let entry = sql::find(&app.db, caller.tenant.id(), &id).await?;
    let entry = entry.ok_or_else(|| ApiError::not_found("The log event does not exist"))?;
    Ok(Json(shown(&entry, &Fields::default())?))
}

/// What a list request asks for.
#[derive(Debug)]
struct Asked {
    paging: Paging,
    order: Order,
    condition: Option<Statement>,
    fields: Fields,
}

impl Asked {
    fn of(query: &Query) -> Result<Self, ApiError> {
        let paging = query.paging()?;
        let condition = match &paging {
            // Whoever follows the log gets all of it.
            Paging::Checkpoint { from: Some(from), .. } if is_log_id(from) => None,
            Paging::Checkpoint { from: Some(_), .. } => {
                return Err(query::refused("The id of a log event has 30 digits", "from"));
            }
            Paging::Checkpoint { from: None, .. } | Paging::Offset { .. } => search::condition(query)?,
        };
        if condition.is_some() && matches!(paging, Paging::Checkpoint { .. }) {
            return Err(query::refused("A search is paged by page and per_page", "take"));
        }
        Ok(Self { paging, order: search::order(query)?, condition, fields: query.fields(&SHAPE)? })
    }
}

fn is_log_id(text: &str) -> bool {
    text.len() == 30 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn shown(entry: &str, fields: &Fields) -> Result<Value, ApiError> {
    Ok(Value::Object(fields.trim(parse::<Map<String, Value>>(entry)?)))
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;

    use super::*;

    async fn asked(query: &str) -> Result<Asked, ApiError> {
        let request = http::Request::builder().uri(format!("/logs?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Asked::of(&Query::from_request_parts(&mut parts, &()).await?)
    }

    #[tokio::test]
    async fn a_plain_list_has_the_newest_entries_first() {
        let asked = asked("").await.unwrap();
        assert_eq!(asked.order, Order { member: None, descending: true });
        assert!(asked.condition.is_none());
        assert_eq!(asked.paging, Paging::Offset { page: 0, per_page: 50, totals: false });
    }

    #[tokio::test]
    async fn the_order_can_be_chosen() {
        for (sort, member, descending) in
            [("date:1", None, false), ("date:-1", None, true), ("type:1", Some("type"), false)]
        {
            let order = asked(&format!("sort={sort}")).await.unwrap().order;
            assert_eq!(order, Order { member, descending }, "{sort}");
        }
        assert!(matches!(asked("sort=details:1").await, Err(ApiError::Query(_))));
    }

    #[tokio::test]
    async fn a_checkpoint_is_the_id_of_an_entry() {
        let id = "123456789012345678901234567890";
        let asked_from = asked(&format!("from={id}&take=10")).await.unwrap();
        assert_eq!(asked_from.paging, Paging::Checkpoint { from: Some(id.to_owned()), take: 10 });
        for from in ["1", "12345678901234567890123456789x", "%00", &id.repeat(2)] {
            assert!(matches!(asked(&format!("from={from}")).await, Err(ApiError::Query(_))), "{from}");
        }
    }

    #[tokio::test]
    async fn an_empty_search_is_none_and_following_the_log_ignores_searches() {
        let from = format!("from={}&q=:", "1".repeat(30));
        for query in ["q=", "q=%20", "search=", from.as_str()] {
            assert!(asked(query).await.unwrap().condition.is_none(), "{query}");
        }
        assert!(asked("q=type:f").await.unwrap().condition.is_some());
        assert!(matches!(asked("q=type:f&take=1").await, Err(ApiError::Query(_))));
    }

    #[tokio::test]
    async fn fields_trim_an_entry() {
        let asked = asked("fields=type,log_id").await.unwrap();
        let entry = shown(r#"{"date":"2026","type":"sapi","log_id":"1"}"#, &asked.fields).unwrap();
        assert_eq!(entry, serde_json::json!({ "type": "sapi", "log_id": "1" }));
    }
}
