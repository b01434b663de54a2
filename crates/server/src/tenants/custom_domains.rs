//! The Management API of custom domains: the domains that a tenant is reached under beside its canonical one.
//!
//! Read only: who is reached where is what the operator registers.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chancery_crypto::digest;
use http::Method;
use serde_json::{Map, Value, json};

use super::{TenantId, sql};
use crate::app::App;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{by_checkpoint, projection, refused};
use crate::management::shape::{Object, boolean, field, object, one_of, text};
use crate::management::{ApiError, Caller, Path, Query};

/// The name of the list.
const LIST: &str = "custom_domains";

/// A custom domain.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("custom_domain_id", text()).read_only(),
        field("domain", text()).read_only(),
        field("primary", boolean()).read_only(),
        field("is_default", boolean()).read_only(),
        field("status", one_of(&["pending_verification", "ready", "failed"])).read_only(),
        field("type", one_of(&["auth0_managed_certs", "self_managed_certs"])).read_only(),
    ])
});

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    const READ: Required = Required::Any(&["read:custom_domains"]);
    vec![
        operation(
            "get_custom-domains",
            (Method::GET, "/custom-domains"),
            READ,
            "List the custom domains",
            list,
        )
        .asks([by_checkpoint(), projection(), vec![field("sort", text())]])
        .lists(LIST, &SHAPE),
        operation(
            "get_custom-domains_by_id",
            (Method::GET, "/custom-domains/{id}"),
            READ,
            "Get a custom domain",
            get,
        )
        .answers(&SHAPE),
    ]
}

/// A domain with its id.
struct CustomDomain {
    id: String,
    domain: String,
}

impl CustomDomain {
    /// The id follows from the domain, which is registered once.
    fn of(tenant: &TenantId, domain: String) -> Self {
        let digest = digest::sha256(format!("{} {domain}", tenant.as_str()).as_bytes());
        let id = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Self { id: format!("cd_{id:016x}"), domain }
    }

    fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("custom_domain_id", json!(self.id));
        put("domain", json!(self.domain));
        // Issuer and certificates go by the canonical domain.
        put("primary", json!(false));
        put("is_default", json!(false));
        put("status", json!("ready"));
        put("type", json!("self_managed_certs"));
        view
    }
}

async fn domains(app: &App, tenant: &TenantId) -> Result<Vec<CustomDomain>, ApiError> {
    let domains = sql::other_domains(&app.db, tenant).await?;
    Ok(domains.into_iter().map(|domain| CustomDomain::of(tenant, domain)).collect())
}

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let fields = query.fields(&SHAPE)?;
    query.one_of("sort", &["domain:1"])?;
    if query.text("q").is_some() {
        return Err(refused("Custom domains cannot be searched yet", "q"));
    }
    let (from, take) = query.checkpoint()?;
    let paged = from.is_some() || query.text("take").is_some();
    let mut found = domains(&app, caller.tenant.id()).await?;
    let mut next = None;
    if paged {
        if let Some(from) = from {
            let after = Checkpoint::parse(LIST, &from)?.id;
            let place = found.iter().position(|one| one.id == after);
            // The domain is gone that the page before ended with.
            let place = place.ok_or_else(|| refused("It is not the next of an earlier answer", "from"))?;
            found.drain(..=place);
        }
        next = Checkpoint::end_page(&mut found, take, LIST, |last| Checkpoint {
            created_at: 0,
            id: last.id.clone(),
        });
    }
    let rows: Vec<_> = found.iter().map(|one| Value::Object(fields.trim(one.view()))).collect();
    let body = match (paged, next) {
        (false, _) => Value::Array(rows),
        (true, None) => json!({ LIST: rows }),
        (true, Some(next)) => json!({ LIST: rows, "next": next }),
    };
    Ok(Json(body).into_response())
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = domains(&app, caller.tenant.id()).await?.into_iter().find(|one| one.id == id);
    let found = found.ok_or_else(|| ApiError::not_found("Custom domain not found."))?;
    Ok(Json(Value::Object(found.view())))
}
