//! The Management API of the prompts: their settings, and the texts of each in each language.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::Method;
use serde_json::{Map, Value};

use super::{NAMES, SETTINGS, TEXTS, view};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Object, When, boolean, field, object, one_of, open};
use crate::management::{ApiError, Body, Caller, Path};
use crate::tenant_documents::sql;
use crate::tenants::settings::locales;
use crate::write::Write;

static PROMPTS: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("universal_login_experience", one_of(&["new", "classic"])).required(),
        field("identifier_first", boolean()).nullable(),
        field("webauthn_platform_first_factor", boolean()).nullable(),
    ])
    .at_least(1)
});

// Screens with texts; those that no page of ours shows are kept for others.
static CUSTOM_TEXT: LazyLock<Object> = LazyLock::new(|| open([]));

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_prompts",
            (Method::GET, "/prompts"),
            Required::Any(&["read:prompts"]),
            "Get the prompt settings",
            get,
        )
        .answers(&PROMPTS),
        operation(
            "patch_prompts",
            (Method::PATCH, "/prompts"),
            Required::Any(&["update:prompts"]),
            "Update the prompt settings",
            update,
        )
        .takes(&PROMPTS, When::Update)
        .answers(&PROMPTS),
        operation(
            "get_custom-text_by_language",
            (Method::GET, "/prompts/{prompt}/custom-text/{language}"),
            Required::Any(&["read:prompts"]),
            "Get the texts of a prompt",
            get_texts,
        )
        .answers(&CUSTOM_TEXT),
        operation(
            "put_custom-text_by_language",
            (Method::PUT, "/prompts/{prompt}/custom-text/{language}"),
            Required::Any(&["update:prompts"]),
            "Set the texts of a prompt",
            put_texts,
        )
        .takes(&CUSTOM_TEXT, When::Create)
        .answers(&CUSTOM_TEXT),
    ]
}

async fn get(caller: Caller) -> Json<Value> {
    Json(Value::Object(view(caller.tenant.kept.find(SETTINGS, ""))))
}

async fn update(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let patch = body.checked(&PROMPTS, When::Update)?;
    let tenant = caller.tenant.id();
    let now = app.clock.now();
    let mut write = Write::begin(&app, tenant).await?;
    let mut settings = sql::find_for_update(write.tx(), tenant, (SETTINGS, ""), now).await?.document;
    for (name, value) in patch {
        if value.is_null() {
            settings.remove(&name);
        } else {
            settings.insert(name, value);
        }
    }
    sql::update(write.tx(), tenant, (SETTINGS, ""), &settings, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(view(Some(&settings)))))
}

async fn get_texts(
    caller: Caller,
    Path((prompt, language)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let name = document_name(&prompt, &language)?;
    let texts = caller.tenant.kept.find(TEXTS, &name).cloned().unwrap_or_default();
    Ok(Json(Value::Object(texts)))
}

async fn put_texts(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((prompt, language)): Path<(String, String)>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let name = document_name(&prompt, &language)?;
    let texts = body.checked(&CUSTOM_TEXT, When::Create)?;
    texts_alone(&texts)?;
    free_of_nul(&texts)?;
    let tenant = caller.tenant.id();
    let now = app.clock.now();
    let mut write = Write::begin(&app, tenant).await?;
    if texts.is_empty() {
        sql::delete(write.tx(), tenant, TEXTS, &name).await?;
    } else {
        sql::find_for_update(write.tx(), tenant, (TEXTS, &name), now).await?;
        sql::update(write.tx(), tenant, (TEXTS, &name), &texts, now).await?;
    }
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.as_str());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(texts)))
}

/// The name of the document, of a prompt and a language that exist.
fn document_name(prompt: &str, language: &str) -> Result<String, ApiError> {
    for (value, values, property) in [(prompt, NAMES, "prompt"), (language, locales::ALL, "language")] {
        if !values.contains(&value) {
            return Err(ApiError::Path(format!(
                "Path validation error: 'No enum match for: {}, expected one of: {}' on property {property}.",
                value.chars().take(100).collect::<String>(),
                values.join(", "),
            )));
        }
    }
    Ok(format!("{prompt}/{language}"))
}

/// A screen has texts, each by its name, and nothing else.
fn texts_alone(screens: &Map<String, Value>) -> Result<(), ApiError> {
    for (screen, texts) in screens {
        let wrong = match texts.as_object() {
            Some(texts) => texts
                .iter()
                .find(|(_, text)| !text.is_string())
                .map(|(name, _)| [screen.as_str(), name].join(".")),
            None => Some(screen.clone()),
        };
        if let Some(property) = wrong {
            return Err(ApiError::Body(format!(
                "Payload validation error: 'Expected screens, each an object of texts' on property {}.",
                property.replace('\0', "")
            )));
        }
    }
    Ok(())
}

/// No text means anything with NUL in it; an open object is not checked for it elsewhere.
fn free_of_nul(texts: &Map<String, Value>) -> Result<(), ApiError> {
    fn has_nul(name: &str, value: &Value) -> bool {
        name.contains('\0')
            || match value {
                Value::String(text) => text.contains('\0'),
                Value::Array(items) => items.iter().any(|item| has_nul("", item)),
                Value::Object(members) => members.iter().any(|(name, value)| has_nul(name, value)),
                Value::Null | Value::Bool(_) | Value::Number(_) => false,
            }
    }
    match texts.iter().find(|(name, value)| has_nul(name, value)) {
        Some((screen, _)) => Err(ApiError::Body(format!(
            "Payload validation error: 'String contains the character NUL' on property {}.",
            screen.replace('\0', "")
        ))),
        None => Ok(()),
    }
}
