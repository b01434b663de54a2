//! The Management API of the mail provider: one for each tenant.
//!
//! Credentials are sealed. Must never show a password or a key, nor hold one in memory.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_crypto::seal::Label;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{PROVIDER, smtp};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::projection;
use crate::management::shape::{
    Field, Format, Object, When, boolean, field, integer, object, one_of, open, text,
};
use crate::management::{ApiError, Body, Caller, Query};
use crate::tenant_documents::sql;
use crate::tenants::TenantId;
use crate::write::Write;

const NAMES: &[&str] =
    &["mailgun", "mandrill", "sendgrid", "resend", "ses", "sparkpost", "smtp", "azure_cs", "ms365", "custom"];
/// Credentials that anybody may see.
const SHOWN: &[&str] = &["api_user", "region", "smtp_host", "smtp_port", "smtp_user"];

const HOST: Format = Format { name: "hostname or IP address", accepts: is_host };
pub(super) const MAILBOX: Format = Format { name: "email", accepts: |text| smtp::is_mailbox(text) };

/// The provider.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("name", one_of(NAMES)).required(),
        field("enabled", boolean()),
        field("default_from_address", text().at_most(320).like(MAILBOX)),
        field("credentials", credentials_shape()).required(),
        field("settings", open([]).at_most(100)).nullable(),
    ])
    .at_least(1)
});

fn credentials_shape() -> Object {
    let secret = |name: &'static str| -> Field { field(name, text().at_least(1).at_most(8192)) };
    object([
        secret("api_user"),
        secret("api_key"),
        secret("accessKeyId"),
        secret("secretAccessKey"),
        field("region", text().at_least(1).at_most(64)).nullable(),
        field("smtp_host", text().at_least(1).at_most(253).like(HOST)),
        field("smtp_port", integer(1, 65_535)),
        secret("smtp_user"),
        secret("smtp_pass"),
        secret("domain"),
        secret("connectionString"),
        secret("tenantId"),
        secret("clientId"),
        secret("clientSecret"),
    ])
}

fn is_host(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
}

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    const PATH: &str = "/emails/provider";
    vec![
        operation(
            "get_provider",
            (Method::GET, PATH),
            Required::Any(&["read:email_provider"]),
            "Get the email provider",
            get,
        )
        .asks([projection()])
        .answers(&SHAPE),
        operation(
            "post_provider",
            (Method::POST, PATH),
            Required::Any(&["create:email_provider"]),
            "Configure the email provider",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE),
        operation(
            "patch_provider",
            (Method::PATCH, PATH),
            Required::Any(&["update:email_provider"]),
            "Update the email provider",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_provider",
            (Method::DELETE, PATH),
            Required::Any(&["delete:email_provider"]),
            "Delete the email provider",
            delete,
        ),
    ]
}

/// The credentials of a tenant's provider, opened to be used.
pub(super) async fn credentials(app: &App, tenant: &TenantId) -> Result<Map<String, Value>, ApiError> {
    let Some(sealed) = sql::secrets(&app.db, tenant, PROVIDER, "").await? else { return Ok(Map::new()) };
    let unreadable = || ApiError::Internal("the credentials of the email provider cannot be read".to_owned());
    let opened = app.sealer.open(label(tenant), &sealed).map_err(|_| unreadable())?;
    serde_json::from_slice(&opened).map_err(|_| unreadable())
}

async fn get(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let found = sql::find(&app.db, caller.tenant.id(), PROVIDER, "").await?.ok_or_else(missing)?;
    Ok(Json(Value::Object(fields.trim(found.document))))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut body = body.checked(&SHAPE, When::Create)?;
    let credentials = take_credentials(&mut body);
    let now = app.clock.now();
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    if !sql::find_for_update(write.tx(), tenant, (PROVIDER, ""), now).await?.document.is_empty() {
        return Err(ApiError::Conflict {
            code: Some("email_provider_conflict"),
            message: "The email provider is already configured.".to_owned(),
        });
    }
    let mut document = Map::new();
    document.insert("enabled".to_owned(), json!(true));
    merge(&mut document, body, credentials.as_ref());
    save(&app, write, &caller, (&document, credentials, 201)).await?;
    Ok((StatusCode::CREATED, Json(Value::Object(document))))
}

async fn update(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let mut body = body.checked(&SHAPE, When::Update)?;
    let credentials = take_credentials(&mut body);
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let mut document =
        sql::find_for_update(write.tx(), tenant, (PROVIDER, ""), app.clock.now()).await?.document;
    if document.is_empty() {
        return Err(missing());
    }
    if credentials.is_none() && body.get("name").is_some_and(|name| Some(name) != document.get("name")) {
        return Err(ApiError::Body(
            "Another provider needs credentials of its own: send them too.".to_owned(),
        ));
    }
    merge(&mut document, body, credentials.as_ref());
    save(&app, write, &caller, (&document, credentials, 200)).await?;
    Ok(Json(Value::Object(document)))
}

async fn delete(State(app): State<Arc<App>>, caller: Caller) -> Result<StatusCode, ApiError> {
    let mut write = Write::begin(&app, caller.tenant.id()).await?;
    if !sql::delete(write.tx(), caller.tenant.id(), PROVIDER, "").await? {
        return Err(missing());
    }
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn take_credentials(body: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    match body.remove("credentials") {
        Some(Value::Object(credentials)) => Some(credentials),
        _ => None,
    }
}

/// Credentials are replaced whole: a password is never sent to another host than the one it was given for.
fn merge(
    document: &mut Map<String, Value>,
    body: Map<String, Value>,
    credentials: Option<&Map<String, Value>>,
) {
    for (name, value) in body {
        if value.is_null() {
            document.remove(&name);
        } else {
            document.insert(name, value);
        }
    }
    if let Some(credentials) = credentials {
        let shown = SHOWN.iter().filter_map(|name| {
            let value = credentials.get(*name).filter(|value| !value.is_null())?;
            Some(((*name).to_owned(), value.clone()))
        });
        document.insert("credentials".to_owned(), Value::Object(shown.collect()));
    }
}

async fn save(
    app: &App,
    mut write: Write,
    caller: &Caller,
    (document, credentials, status): (&Map<String, Value>, Option<Map<String, Value>>, u16),
) -> Result<(), ApiError> {
    let tenant = caller.tenant.id();
    if document.get("name").is_some_and(|name| name == "smtp")
        && document.get("credentials").and_then(|shown| shown.get("smtp_host")).is_none()
    {
        return Err(ApiError::Body(
            "Payload validation error: 'Missing required property: smtp_host' on property credentials."
                .to_owned(),
        ));
    }
    sql::update(write.tx(), tenant, (PROVIDER, ""), document, app.clock.now()).await?;
    if let Some(credentials) = credentials {
        let plain = Value::Object(credentials).to_string();
        let sealed = app.sealer.seal(label(tenant), app.entropy.bytes(), plain.as_bytes());
        let sealed = sealed.map_err(|error| ApiError::Internal(error.to_string()))?;
        sql::update_secrets(write.tx(), tenant, (PROVIDER, ""), Some(sealed)).await?;
    }
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(status)).await?;
    Ok(())
}

fn label(tenant: &TenantId) -> Label<'_> {
    Label { tenant: tenant.as_str(), kind: "email-provider", id: "" }
}

fn missing() -> ApiError {
    ApiError::NotFound {
        code: Some("inexistent_email_provider"),
        message: "There is not a configured email provider",
    }
}
