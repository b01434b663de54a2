//! The Management API of the numbers: active users, and logins and sign-ups by day.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::Method;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::sql;
use crate::app::App;
use crate::clock;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::refused;
use crate::management::shape::{Object, field, integer, object, text};
use crate::management::{ApiError, Caller, Query};

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_active-users",
            (Method::GET, "/stats/active-users"),
            Required::Any(&["read:stats"]),
            "Count the users who signed in within thirty days",
            active_users,
        ),
        operation(
            "get_daily",
            (Method::GET, "/stats/daily"),
            Required::Any(&["read:stats"]),
            "Count logins and sign-ups by day",
            daily,
        )
        .asks([vec![field("from", text()), field("to", text())]])
        .lists("stats", &DAY),
    ]
}

const DAY_MILLIS: i64 = 86_400_000;
/// The days that count as active, and that are answered when no first day is named.
const DAYS: i64 = 30;

/// A day.
static DAY: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("date", text()).read_only(),
        field("logins", integer(0, i64::MAX)).read_only(),
        field("signups", integer(0, i64::MAX)).read_only(),
        field("leaked_passwords", integer(0, i64::MAX)).read_only(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
    ])
});

async fn active_users(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let since = app.clock.now().as_millisecond() - DAYS * DAY_MILLIS;
    let active = sql::active_since(&app.db, caller.tenant.id(), since).await?;
    Ok(Json(json!(active)))
}

async fn daily(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Json<Value>, ApiError> {
    let today = app.clock.now().as_millisecond().div_euclid(DAY_MILLIS);
    let to = day(&query, "to")?.unwrap_or(today);
    let from = day(&query, "from")?.unwrap_or(to - DAYS);
    if from > to {
        return Err(refused("The first day is after the last", "from"));
    }
    let span = (from.max(0) * DAY_MILLIS, (to + 1).max(0) * DAY_MILLIS);
    let mut days: BTreeMap<i64, Value> = BTreeMap::new();
    for counted in sql::daily(&app.db, caller.tenant.id(), span).await? {
        let (first, last) = (wire(counted.first)?, wire(counted.last)?);
        let date = wire(counted.day * DAY_MILLIS)?;
        let day = days.entry(counted.day).or_insert_with(|| {
            json!({
                "date": date, "logins": 0, "signups": 0, "leaked_passwords": 0,
                "created_at": first, "updated_at": last,
            })
        });
        let name = match counted.kind.as_str() {
            "s" => "logins",
            "ss" => "signups",
            _ => "leaked_passwords",
        };
        day[name] = json!(counted.total);
        // Times of one form sort as texts.
        if day["created_at"].as_str() > Some(&first) {
            day["created_at"] = json!(first);
        }
        if day["updated_at"].as_str() < Some(&last) {
            day["updated_at"] = json!(last);
        }
    }
    Ok(Json(days.into_values().collect()))
}

fn wire(millis: i64) -> Result<String, ApiError> {
    Ok(clock::wire(clock::from_millis(millis)?))
}

/// A day of the query, written `YYYYMMDD`, as days since 1970.
fn day(query: &Query, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = query.text(name) else { return Ok(None) };
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = digits.then(|| Date::strptime("%Y%m%d", text).ok()).flatten();
    let start = date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok());
    match start {
        Some(start) => Ok(Some(start.as_millisecond().div_euclid(DAY_MILLIS))),
        None => Err(refused("It is not a day, written YYYYMMDD", name)),
    }
}
