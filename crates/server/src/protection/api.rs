//! The Management API of the settings of attack protection.
//!
//! Blocks that stand are in the file beside this one.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use http::Method;
use serde_json::{Map, Value};

use super::blocks;
use super::settings::{BRUTE_FORCE, KIND, THROTTLING, merge, network, view};
use crate::app::App;
use crate::changes::Topic;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Format, Object, When, boolean, field, integer, list, object, one_of, text};
use crate::management::{ApiError, Body, Caller};
use crate::tenant_documents;
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    let (brute_force, throttling) =
        ("/attack-protection/brute-force-protection", "/attack-protection/suspicious-ip-throttling");
    let mut operations = vec![
        operation(
            "get_brute-force-protection",
            (Method::GET, brute_force),
            Required::Any(&["read:attack_protection"]),
            "Get the settings of brute-force protection",
            get_brute_force,
        )
        .answers(&BRUTE_FORCE_SHAPE),
        operation(
            "patch_brute-force-protection",
            (Method::PATCH, brute_force),
            Required::Any(&["update:attack_protection"]),
            "Update the settings of brute-force protection",
            update_brute_force,
        )
        .takes(&BRUTE_FORCE_SHAPE, When::Update)
        .answers(&BRUTE_FORCE_SHAPE),
        operation(
            "get_suspicious-ip-throttling",
            (Method::GET, throttling),
            Required::Any(&["read:attack_protection"]),
            "Get the settings of the throttling of addresses",
            get_throttling,
        )
        .answers(&THROTTLING_SHAPE),
        operation(
            "patch_suspicious-ip-throttling",
            (Method::PATCH, throttling),
            Required::Any(&["update:attack_protection"]),
            "Update the settings of the throttling of addresses",
            update_throttling,
        )
        .takes(&THROTTLING_SHAPE, When::Update)
        .answers(&THROTTLING_SHAPE),
    ];
    operations.extend(blocks::operations());
    operations
}

/// An address or a network in CIDR notation.
const NETWORK: Format = Format { name: "ip-or-cidr", accepts: |text| network(text).is_some() };

static BRUTE_FORCE_SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("enabled", boolean()),
        field("shields", list(one_of(&["block", "user_notification"]))),
        field("allowlist", list(text().like(NETWORK))),
        field("mode", one_of(&["count_per_identifier_and_ip", "count_per_identifier"])),
        field("max_attempts", integer(1, 100)),
    ])
});

static THROTTLING_SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let login = object([field("max_attempts", integer(1, 2500)), field("rate", integer(34_560, 86_400_000))]);
    let signup =
        object([field("max_attempts", integer(1, 72_000)), field("rate", integer(1200, 86_400_000))]);
    object([
        field("enabled", boolean()),
        field("shields", list(one_of(&["block", "admin_notification"]))),
        field("allowlist", list(text().like(NETWORK))),
        field("stage", object([field("pre-login", login), field("pre-user-registration", signup)])),
    ])
});

async fn get_brute_force(caller: Caller) -> Json<Value> {
    Json(Value::Object(view(BRUTE_FORCE, caller.tenant.kept.find(KIND, BRUTE_FORCE))))
}

async fn get_throttling(caller: Caller) -> Json<Value> {
    Json(Value::Object(view(THROTTLING, caller.tenant.kept.find(KIND, THROTTLING))))
}

async fn update_brute_force(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = body.checked(&BRUTE_FORCE_SHAPE, When::Update)?;
    update(&app, &caller, BRUTE_FORCE, body).await
}

async fn update_throttling(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = body.checked(&THROTTLING_SHAPE, When::Update)?;
    update(&app, &caller, THROTTLING, body).await
}

async fn update(
    app: &Arc<App>,
    caller: &Caller,
    name: &'static str,
    body: Map<String, Value>,
) -> Result<Json<Value>, ApiError> {
    let tenant = caller.tenant.id();
    let now = app.clock.now();
    let mut write = Write::begin(app, tenant).await?;
    let stored = tenant_documents::sql::find_for_update(write.tx(), tenant, (KIND, name), now).await?;
    let mut settings = stored.document;
    merge(&mut settings, body);
    tenant_documents::sql::update(write.tx(), tenant, (KIND, name), &settings, now).await?;
    write.notice(Topic::Tenant, caller.tenant.stored.canonical.clone());
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(view(name, Some(&settings)))))
}
