//! The Management API of the page template: get, put, delete.
//!
//! It is kept as it was sent. Pages are made of their own templates alone: a template may hold scripts, and the
//! policy of the pages allows none.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::{Request, State};
use http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::KIND;
use crate::app::App;
use crate::changes::Topic;
use crate::http::body::{Unread, read};
use crate::management::body::MAX_BODY;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Object, When, field, object, text};
use crate::management::{ApiError, Caller};
use crate::tenant_documents::sql;
use crate::write::Write;

/// The document.
const TEMPLATE: &str = "template";
/// The longest template, in bytes.
const LONGEST: usize = 102_400;
/// What a template has to hold, or nobody could log in with it.
const TAGS: [&str; 2] = ["auth0:head", "auth0:widget"];

static SENT: LazyLock<Object> =
    LazyLock::new(|| object([field("template", text().at_most(LONGEST)).required()]));
static SHOWN: LazyLock<Object> = LazyLock::new(|| object([field("body", text()).required()]));

/// The lines of the template.
pub fn operations() -> Vec<Operation> {
    const PATH: &str = "/branding/templates/universal-login";
    vec![
        operation(
            "get_universal-login",
            (Method::GET, PATH),
            Required::Any(&["read:branding"]),
            "Get the template of the login pages",
            get,
        )
        .answers(&SHOWN),
        operation(
            "put_universal-login",
            (Method::PUT, PATH),
            Required::Any(&["update:branding"]),
            "Set the template of the login pages",
            put,
        )
        .takes(&SENT, When::Create)
        .or_html()
        .succeeds_with(201),
        operation(
            "delete_universal-login",
            (Method::DELETE, PATH),
            Required::Any(&["delete:branding"]),
            "Delete the template of the login pages",
            delete,
        ),
    ]
}

async fn get(caller: Caller) -> Result<Json<Value>, ApiError> {
    let body = caller.tenant.kept.find(KIND, TEMPLATE).and_then(|document| document.get("body"));
    body.map(|body| Json(json!({ "body": body }))).ok_or(ApiError::NotFound {
        code: Some("inexistent_templates_universal_login"),
        message: "Template does not exist.",
    })
}

async fn put(State(app): State<Arc<App>>, caller: Caller, request: Request) -> Result<StatusCode, ApiError> {
    let template = sent(request).await?;
    let tenant = caller.tenant.id();
    let now = app.clock.now();
    let mut write = Write::begin(&app, tenant).await?;
    let before = sql::find_for_update(write.tx(), tenant, (KIND, TEMPLATE), now).await?;
    let status = if before.document.is_empty() { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    let document = Map::from_iter([("body".to_owned(), Value::String(template))]);
    sql::update(write.tx(), tenant, (KIND, TEMPLATE), &document, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(status.as_u16())).await?;
    Ok(status)
}

async fn delete(State(app): State<Arc<App>>, caller: Caller) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    sql::delete(write.tx(), tenant, KIND, TEMPLATE).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The template: HTML as it is, or JSON that is a text or an object with it.
async fn sent(request: Request) -> Result<String, ApiError> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_owned();
    let bytes = read(request.into_body(), MAX_BODY).await.map_err(|unread| match unread {
        Unread::TooLarge => ApiError::TooLarge,
        Unread::TooSlow => ApiError::TooSlow,
    })?;
    let template = if essence.eq_ignore_ascii_case("text/html") {
        String::from_utf8(bytes.into())
            .map_err(|_| ApiError::Body("The template is not UTF-8.".to_owned()))?
    } else if essence.eq_ignore_ascii_case("application/json") {
        let body = chancery_jose::json::parse(&bytes)
            .map_err(|error| ApiError::Body(format!("Invalid request payload JSON format: {error}")))?;
        let members = match body {
            Value::Object(members) => members,
            text @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Map::from_iter([("template".to_owned(), text)])
            }
        };
        if matches!(members.get("template"), Some(Value::String(text)) if text.len() > LONGEST) {
            return Err(too_long());
        }
        SENT.check(&members, When::Create).map_err(|error| ApiError::Body(error.to_string()))?;
        members.get("template").and_then(Value::as_str).unwrap_or_default().to_owned()
    } else {
        return Err(ApiError::MediaType(
            "The template must be HTML or JSON: send the header Content-Type: text/html or application/json."
                .to_owned(),
        ));
    };
    checked(template)
}

fn checked(template: String) -> Result<String, ApiError> {
    if template.len() > LONGEST {
        return Err(too_long());
    }
    if template.contains('\0') {
        return Err(ApiError::Body("The template contains the character NUL.".to_owned()));
    }
    let has = |tag: &&str| {
        template.split("{%").skip(1).any(|rest| {
            let inner = rest.split("%}").next().unwrap_or_default();
            inner.trim_matches('-').trim() == *tag
        })
    };
    match TAGS.iter().find(|tag| !has(tag)) {
        Some(tag) => Err(ApiError::Body(format!("The template must contain the tag {{%- {tag} -%}}."))),
        None => Ok(template),
    }
}

fn too_long() -> ApiError {
    ApiError::Body(format!("Payload content length greater than maximum allowed: {LONGEST}."))
}
