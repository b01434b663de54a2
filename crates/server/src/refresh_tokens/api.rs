//! The Management API of refresh tokens: one by its id, those of a user, and revocation.
//!
//! Must never answer a token's text: it is told once, to the application.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::sql::{self, Audience, Matching};
use super::view::{SHAPE, view};
use super::{RefreshToken, revoke};
use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Fields, Paging, listing};
use crate::management::shape::{Object, When, boolean, field, list_of_at_least, object, text};
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::tenants::TenantId;
use crate::users;
use crate::write::Write;

/// What a mass revocation names.
static REVOCATION: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("ids", list_of_at_least(1, text().at_least(1).at_most(30))),
        field("user_id", text().at_least(1).at_most(300)),
        field("client_id", text().at_least(1).at_most(64)),
        field("audience", text().at_least(1).at_most(600)),
    ])
});

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_refresh_tokens",
            (Method::GET, "/refresh-tokens"),
            Required::Any(&["read:refresh_tokens"]),
            "List the refresh tokens of a user",
            list,
        )
        .asks([
            query::by_checkpoint(),
            query::projection(),
            vec![field("user_id", text()), field("client_id", text())],
        ])
        .lists(LIST, &SHAPE),
        operation(
            "revoke_refresh_tokens",
            (Method::POST, "/refresh-tokens/revoke"),
            Required::Any(&["delete:refresh_tokens"]),
            "Revoke refresh tokens",
            revoke_many,
        )
        .takes(&REVOCATION, When::Create)
        .succeeds_with(202),
        operation(
            "get_refresh_token",
            (Method::GET, "/refresh-tokens/{id}"),
            Required::Any(&["read:refresh_tokens"]),
            "Get a refresh token",
            get,
        )
        .answers(&SHAPE),
        operation(
            "patch_refresh-tokens_by_id",
            (Method::PATCH, "/refresh-tokens/{id}"),
            Required::Any(&["update:refresh_tokens"]),
            "Update a refresh token",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_refresh_token",
            (Method::DELETE, "/refresh-tokens/{id}"),
            Required::Any(&["delete:refresh_tokens"]),
            "Delete a refresh token",
            delete,
        )
        .succeeds_with(202),
        operation(
            "get_refresh_tokens_for_user",
            (Method::GET, "/users/{user_id}/refresh-tokens"),
            Required::Any(&["read:refresh_tokens"]),
            "List the refresh tokens of a user",
            of_user,
        )
        .asks([query::by_checkpoint(), vec![field("include_totals", boolean())]])
        .lists(OF_USER, &SHAPE),
        operation(
            "delete_refresh_tokens_for_user",
            (Method::DELETE, "/users/{user_id}/refresh-tokens"),
            Required::Any(&["delete:refresh_tokens"]),
            "Delete the refresh tokens of a user",
            delete_of_user,
        )
        .succeeds_with(202),
    ]
}

/// The names of the two lists on the wire.
const LIST: &str = "refresh_tokens";
const OF_USER: &str = "tokens";

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let (from, take) = query.checkpoint()?;
    let fields = query.fields(&SHAPE)?;
    let user_id = query
        .text("user_id")
        .ok_or_else(|| ApiError::Query("Missing required 'user_id' parameter.".to_owned()))?;
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, user_id).await?;
    let of = (user_id, query.text("client_id"));
    let (tokens, next) = page(&app, tenant, of, (from.as_deref(), take)).await?;
    Ok(listing(LIST, views(&tokens, &fields), &Paging::Checkpoint { from, take }, (0, next)))
}

async fn of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user_id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let (from, take) = query.checkpoint()?;
    let totals = query.flag("include_totals")?.unwrap_or(false);
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &user_id).await?;
    let (tokens, next) = page(&app, tenant, (&user_id, None), (from.as_deref(), take)).await?;
    let views = views(&tokens, &Fields::default());
    if totals && from.is_none() {
        let total = sql::count_of_user(&app.db, tenant, (&user_id, app.clock.now())).await?;
        let mut body = json!({ "start": 0, "limit": take, "total": total, OF_USER: views });
        if let Some(next) = next {
            body["next"] = next.into();
        }
        return Ok(Json(body).into_response());
    }
    Ok(listing(OF_USER, views, &Paging::Checkpoint { from, take }, (0, next)))
}

/// The tokens from a checkpoint on, with the checkpoint after them if more follow.
async fn page(
    app: &App,
    tenant: &TenantId,
    (user_id, client_id): (&str, Option<&str>),
    (from, take): (Option<&str>, i64),
) -> Result<(Vec<RefreshToken>, Option<String>), ApiError> {
    let place = from.map_or(Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
    let of = (user_id, client_id, app.clock.now());
    let mut tokens = sql::after(&app.db, tenant, of, &place, take + 1).await?;
    let next = Checkpoint::end_page(&mut tokens, take, LIST, |last| Checkpoint {
        created_at: last.issued_at.as_millisecond(),
        id: last.id.clone(),
    });
    Ok((tokens, next))
}

fn views(tokens: &[RefreshToken], fields: &Fields) -> Vec<Value> {
    tokens.iter().map(|token| Value::Object(fields.trim(view(token)))).collect()
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let token = sql::find(&app.db, caller.tenant.id(), &id).await?;
    let token = token.filter(|token| is_shown(token, app.clock.now())).ok_or_else(unknown)?;
    Ok(Json(Value::Object(view(&token))))
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let mut body = body.checked(&SHAPE, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let token = sql::find_for_update(write.tx(), tenant, &id).await?;
    let mut token = token.filter(|token| is_shown(token, app.clock.now())).ok_or_else(unknown)?;
    if let Some(metadata) = body.remove("refresh_token_metadata") {
        token.details.metadata = metadata.as_object().cloned();
        sql::update_details(write.tx(), tenant, &token).await?;
    }
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(view(&token))))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    if revoke(write.tx(), tenant, &id).await? {
        write.commit(caller.entry(202)).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

async fn delete_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &user_id).await?;
    let mut write = Write::begin(&app, tenant).await?;
    sql::delete_of_user(write.tx(), tenant, &user_id).await?;
    write.commit(caller.entry(202)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn revoke_many(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let body = body.checked(&REVOCATION, When::Create)?;
    let revocation = Revocation::of(&body)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    match revocation {
        Revocation::Ids(ids) => {
            for id in ids {
                revoke(write.tx(), tenant, id).await?;
            }
        }
        Revocation::Matching(matching) => {
            sql::delete_matching(write.tx(), tenant, matching).await?;
        }
    }
    write.commit(caller.entry(202)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A mass revocation: some tokens by name, or all that match.
enum Revocation<'a> {
    Ids(Vec<&'a str>),
    Matching(Matching<'a>),
}

impl<'a> Revocation<'a> {
    fn of(body: &'a Map<String, Value>) -> Result<Self, ApiError> {
        let member = |name: &str| body.get(name).and_then(Value::as_str);
        let audience = member("audience");
        let matching = Matching {
            user_id: member("user_id"),
            client_id: member("client_id"),
            audience: audience.map_or(Audience::Any, Audience::Api),
        };
        let named = matching.user_id.or(matching.client_id).or(audience).is_some();
        match (body.get("ids").and_then(Value::as_array), named) {
            (Some(ids), false) => Ok(Self::Ids(ids.iter().filter_map(Value::as_str).collect())),
            (Some(_), true) => Err(ApiError::Body(
                "ids names the tokens to revoke by itself: leave out user_id, client_id and audience."
                    .to_owned(),
            )),
            (None, true) if audience.is_some() && matching.user_id.or(matching.client_id).is_none() => {
                Err(ApiError::Body("audience needs user_id or client_id beside it.".to_owned()))
            }
            (None, true) => Ok(Self::Matching(matching)),
            (None, false) => Err(ApiError::Body(
                "Say which refresh tokens to revoke: ids, or user_id, client_id, audience.".to_owned(),
            )),
        }
    }
}

/// Whether a token is there for the Management API.
fn is_shown(token: &RefreshToken, now: Timestamp) -> bool {
    token.is_live(now) && !is_hidden_user(&token.user_id)
}

fn unknown() -> ApiError {
    ApiError::not_found("The refresh token does not exist.")
}
