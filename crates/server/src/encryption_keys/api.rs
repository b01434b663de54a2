//! The Management API of the encryption keys: the keys that there are, and what is sealed under them.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::Method;
use serde_json::{Value, json};

use super::{RootKey, is_uuid, root_key};
use crate::app::App;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{Paging, by_number, listing};
use crate::management::shape::{Object, boolean, field, integer, list, object, one_of, text};
use crate::management::{ApiError, Caller, Path, Query};
use crate::tenants::TenantId;
use crate::{
    applications, clock, connection_keys, connections, mail, resource_servers, signing_keys, tenant_documents,
};

/// What is counted of each kind at most: more is only said to be more.
const MOST: i64 = 10_000;

/// A key.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let types =
        &["customer-provided-root-key", "environment-root-key", "tenant-master-key", "tenant-encryption-key"];
    object([
        field("kid", text()).read_only(),
        field("type", one_of(types)).read_only(),
        field("state", one_of(&["pre-activation", "active", "deactivated", "destroyed"])).read_only(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
        field("parent_kid", text()).nullable().read_only(),
        field("public_key", text()).nullable().read_only(),
    ])
});

/// What is sealed.
static SEALED: LazyLock<Object> = LazyLock::new(|| {
    object([
        field(
            "key",
            object([
                field("kid", text()),
                field("version", integer(1, u32::MAX.into())),
                field("algorithm", text()),
                field("created_at", text()),
            ]),
        ),
        field(
            "sealed",
            list(object([field("kind", text()), field("count", integer(0, MOST)), field("more", boolean())])),
        ),
    ])
});

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    const READ: Required = Required::Any(&["read:encryption_keys"]);
    vec![
        operation(
            "get_encryption_keys",
            (Method::GET, "/keys/encryption"),
            READ,
            "List the encryption keys",
            all,
        )
        .asks([by_number()])
        .lists("keys", &SHAPE),
        operation(
            "get_encryption_key",
            (Method::GET, "/keys/encryption/{kid}"),
            READ,
            "Get an encryption key",
            get,
        )
        .answers(&SHAPE),
        operation("get_sealed", (Method::GET, "/keys/sealed"), READ, "Count what is sealed", sealed)
            .answers(&SEALED)
            .ours(),
    ]
}

async fn all(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let keys = [view(&root_key(&app, &caller.tenant).await?)];
    let total = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let page = match &paging {
        Paging::Offset { page: 0, per_page: 1.., .. } => keys.to_vec(),
        Paging::Offset { .. } | Paging::Checkpoint { .. } => Vec::new(),
    };
    Ok(listing("keys", page, &paging, (total, None)))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if !is_uuid(&kid) {
        return Err(ApiError::Path(
            "Path validation error: 'String does not match format uuid' on property kid.".to_owned(),
        ));
    }
    let key = root_key(&app, &caller.tenant).await?;
    if !key.kid.eq_ignore_ascii_case(&kid) {
        return Err(ApiError::not_found("Encryption key not found."));
    }
    Ok(Json(view(&key)))
}

fn view(key: &RootKey) -> Value {
    let since = clock::wire(key.created_at);
    json!({
        "kid": key.kid,
        "type": "environment-root-key",
        "state": "active",
        "created_at": since,
        "updated_at": since,
        "parent_kid": null,
        "public_key": null,
    })
}

async fn sealed(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let RootKey { kid, version, created_at } = root_key(&app, &caller.tenant).await?;
    let sealed: Vec<_> = counts(&app, caller.tenant.id())
        .await?
        .into_iter()
        .map(|(kind, count)| json!({ "kind": kind, "count": count.min(MOST), "more": count > MOST }))
        .collect();
    Ok(Json(json!({
        "key": {
            "kid": kid, "version": version, "algorithm": "AES-256-GCM", "created_at": clock::wire(created_at),
        },
        "sealed": sealed,
    })))
}

/// How much there is of each kind, up to one more than is shown. The master key has never been replaced, so all of it
/// is sealed under the one that there is.
async fn counts(app: &App, tenant: &TenantId) -> Result<Vec<(&'static str, i64)>, ApiError> {
    let (db, most) = (&app.db, MOST + 1);
    let provider = tenant_documents::sql::secrets(db, tenant, mail::PROVIDER, "").await?;
    Ok(vec![
        ("signing_keys", signing_keys::sql::count_sealed(db, tenant, most).await?),
        ("connection_keys", connection_keys::sql::count_sealed(db, tenant, most).await?),
        ("client_secrets", applications::sql::count_secrets(db, tenant, most).await?),
        ("client_addons", applications::sql::count_addons(db, tenant, most).await?),
        ("api_signing_secrets", resource_servers::sql::count_secrets(db, tenant, most).await?),
        ("connection_options", connections::sql::count_secrets(db, tenant, most).await?),
        ("email_provider_credentials", provider.is_some().into()),
        ("mails", mail::sql::count_sealed(db, tenant, most).await?),
    ])
}
