//! The Management API of the mail templates: what a tenant's mails say instead of the texts of the house.
//!
//! Must never store what cannot be filled in: a template is read before it is kept.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::Method;
use serde_json::{Map, Value};

use super::liquid::{self, LONGEST_TEMPLATE};
use super::{TEMPLATE, defaults};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Format, Object, When, boolean, field, integer, object, one_of, text};
use crate::management::{ApiError, Body, Caller, Path};
use crate::tenant_documents::sql;
use crate::write::Write;

const PATH: &str = "/email-templates/{templateName}";
/// Ten years: a link lives no longer.
const LONGEST_LIFETIME: i64 = 315_360_000;
const LINE: Format = Format { name: "one line", accepts: |text| !text.chars().any(char::is_control) };
const URL: Format = Format { name: "url", accepts: is_url };

/// A template.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("template", one_of(defaults::NAMES)).required(),
        field("body", text().at_most(LONGEST_TEMPLATE)).required().nullable(),
        field("from", text().at_most(1000).like(LINE)).required().nullable(),
        field("resultUrl", text().at_most(2048).like(URL)).nullable(),
        field("subject", text().at_most(1000).like(LINE)).required().nullable(),
        field("syntax", one_of(&["liquid"])).required().nullable(),
        field("urlLifetimeInSeconds", integer(0, LONGEST_LIFETIME)).nullable(),
        field("includeEmailInRedirect", boolean()),
        field("enabled", boolean()).required().nullable(),
    ])
    .at_least(1)
});

fn is_url(text: &str) -> bool {
    // A Liquid variable may stand for its beginning, and no scheme before it: a page leads there.
    text.is_empty()
        || (["https://", "http://", "{{"].iter().any(|start| text.starts_with(start))
            && !text.chars().any(char::is_control))
}

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "post_email-templates",
            (Method::POST, "/email-templates"),
            Required::Any(&["create:email_templates"]),
            "Create an email template",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE)
        .succeeds_with(200),
        operation(
            "get_email-templates_by_templateName",
            (Method::GET, PATH),
            Required::Any(&["read:email_templates"]),
            "Get an email template",
            get,
        )
        .answers(&SHAPE),
        operation(
            "put_email-templates_by_templateName",
            (Method::PUT, PATH),
            Required::Any(&["update:email_templates"]),
            "Replace an email template",
            replace,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE),
        operation(
            "patch_email-templates_by_templateName",
            (Method::PATCH, PATH),
            Required::Any(&["update:email_templates"]),
            "Update an email template",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
    ]
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let name = known(&name)?;
    let found = sql::find(&app.db, caller.tenant.id(), TEMPLATE, name).await?.ok_or_else(missing)?;
    Ok(Json(Value::Object(found.document)))
}

async fn create(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let body = checked(body, When::Create)?;
    let name = known(body.get("template").and_then(Value::as_str).unwrap_or_default())?;
    save(&app, &caller, name, |old| {
        if old.is_empty() {
            Ok(body)
        } else {
            Err(ApiError::Conflict { code: None, message: format!("Template {name} already exists.") })
        }
    })
    .await
}

async fn replace(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let name = known(&name)?;
    let body = checked(body, When::Create)?;
    same_name(&body, name)?;
    save(&app, &caller, name, |old| if old.is_empty() { Err(missing()) } else { Ok(body) }).await
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let name = known(&name)?;
    let body = checked(body, When::Update)?;
    same_name(&body, name)?;
    save(&app, &caller, name, |mut old| {
        if old.is_empty() {
            return Err(missing());
        }
        old.extend(body);
        Ok(old)
    })
    .await
}

/// A body whose templates can be filled in.
fn checked(body: Body, when: When) -> Result<Map<String, Value>, ApiError> {
    let body = body.checked(&SHAPE, when)?;
    for name in ["body", "subject", "from"] {
        let template = body.get(name).and_then(Value::as_str).unwrap_or_default();
        liquid::check(template).map_err(|error| {
            ApiError::Body(format!(
                "Payload validation error: 'No Liquid template: {error}' on property {name}."
            ))
        })?;
    }
    Ok(body)
}

async fn save(
    app: &Arc<App>,
    caller: &Caller,
    name: &'static str,
    change: impl FnOnce(Map<String, Value>) -> Result<Map<String, Value>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let (tenant, now) = (caller.tenant.id(), app.clock.now());
    let mut write = Write::begin(app, tenant).await?;
    let old = sql::find_for_update(write.tx(), tenant, (TEMPLATE, name), now).await?;
    let document = change(old.document)?;
    sql::update(write.tx(), tenant, (TEMPLATE, name), &document, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(document)))
}

fn known(name: &str) -> Result<&'static str, ApiError> {
    defaults::NAMES.iter().find(|known| **known == name).copied().ok_or_else(|| {
        ApiError::Path(format!(
            "Path validation error: 'No enum match for: {}, expected one of: {}' on property templateName.",
            name.chars().take(100).collect::<String>(),
            defaults::NAMES.join(",")
        ))
    })
}

fn same_name(body: &Map<String, Value>, name: &str) -> Result<(), ApiError> {
    match body.get("template") {
        Some(other) if other != name => Err(ApiError::Body(format!(
            "template has to be {name}, as in the path: a template keeps its name."
        ))),
        _ => Ok(()),
    }
}

fn missing() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_email_template"), message: "The template does not exist." }
}
