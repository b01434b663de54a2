//! The certificates that a provider has to know of a connection: what its metadata lists. An operation of our own.
//!
//! A connection that was given keys of its own (`signing_key`, `decryptionKey`) has their certificates in the place of those
//! of the tenant's connection keys. Must never answer, nor look at, anything of a private half.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::pkcs7;
use http::Method;
use serde_json::{Map, Value, json};

use super::{Connection, Strategy, api, secrets, sql};
use crate::app::App;
use crate::clock;
use crate::connection_keys;
use crate::management::shape::{Object, boolean, field, list as list_of, object, one_of, text};
use crate::management::{ApiError, Caller, Operation, Path, Required, operation};
use crate::pasted;
use crate::signing_keys;

/// A certificate on the wire. One that a connection was given without its certificate has no `cert`.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("use", list_of(one_of(&[SIGNING, ENCRYPTION]))).read_only(),
        field("owner", one_of(&["tenant", "connection"])).read_only(),
        field("kid", text()).read_only(),
        field("current", boolean()).read_only(),
        field("next", boolean()).read_only(),
        field("subject", text()).read_only(),
        field("cert", text()).read_only(),
        field("pkcs7", text()).read_only(),
        field("fingerprint", text()).read_only(),
        field("thumbprint", text()).read_only(),
        field("expires_at", text()).read_only(),
    ])
});

/// Requests are signed with its key.
const SIGNING: &str = "signing";
/// Answers may be encrypted for it.
const ENCRYPTION: &str = "encryption";

/// The operation.
pub(super) fn operation_of_ours() -> Operation {
    operation(
        "get_connection_certificates",
        (Method::GET, "/connections/{id}/certificates"),
        Required::Any(&["read:connections"]),
        "List the certificates that a provider has to know of a connection",
        list,
    )
    .lists("certificates", &SHAPE)
    .ours()
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let tenant = caller.tenant.id();
    let connection = sql::find(&app.db, tenant, &id).await?.ok_or_else(api::unknown)?;
    let uses = uses(&connection);
    if uses.is_empty() {
        return Ok(Json(Vec::new()));
    }
    let options = secrets::whole_options(&app, tenant, &connection)?;
    let ring = connection_keys::of(&app, &caller.tenant).await?;
    let mut found: Vec<Map<String, Value>> = Vec::new();
    for (name, option) in uses {
        match options.get(*option).filter(|own| !own.is_null()) {
            Some(own) => add(&mut found, of_connection(own)?, name),
            None => {
                for own in of_tenant(&ring) {
                    add(&mut found, own, name);
                }
            }
        }
    }
    Ok(Json(found.into_iter().map(Value::Object).collect()))
}

/// What a connection needs keys for, and the option with which it brings its own along.
fn uses(connection: &Connection) -> &'static [(&'static str, &'static str)] {
    const ALL: &[(&str, &str)] = &[(SIGNING, "signing_key"), (ENCRYPTION, "decryptionKey")];
    match connection.served() {
        Some(Strategy::Samlp) => ALL,
        // Requests of this protocol are not signed.
        _ if connection.speaks_wsfed() => ALL.get(1..).unwrap_or_default(),
        _ => &[],
    }
}

/// Adds a certificate, or another use to the same one.
fn add(found: &mut Vec<Map<String, Value>>, own: Map<String, Value>, name: &str) {
    let same =
        |other: &&mut Map<String, Value>| own.contains_key("cert") && other.get("cert") == own.get("cert");
    if let Some(Value::Array(names)) = found.iter_mut().find(same).and_then(|other| other.get_mut("use")) {
        names.push(json!(name));
        return;
    }
    let mut members = Map::from_iter([("use".to_owned(), json!([name]))]);
    members.extend(own);
    found.push(members);
}

/// The certificates of the tenant's connection keys, the current first.
fn of_tenant(ring: &connection_keys::ConnectionKeys) -> Vec<Map<String, Value>> {
    let mut found = Vec::new();
    for key in signing_keys::of_ring(ring.ring().life()) {
        let is = |name: &str| key.get(name) == Some(&Value::Bool(true));
        let Value::Object(key) = &key else { continue };
        if !is("current") && !is("next") {
            continue;
        }
        let mut members = Map::from_iter([("owner".to_owned(), json!("tenant"))]);
        let told = |name: &str| SHAPE.field(name).is_some();
        members
            .extend(key.iter().filter(|(name, _)| told(name)).map(|(name, own)| (name.clone(), own.clone())));
        if let Some(Ok(certificate)) = key.get("cert").and_then(Value::as_str).map(Certificate::from_pem) {
            members.extend(read(&certificate));
        }
        found.push(members);
    }
    found.sort_by_key(|own| own.contains_key("next"));
    found
}

/// The certificate that goes with a key that a connection brings along, if one does.
fn of_connection(own: &Value) -> Result<Map<String, Value>, ApiError> {
    let mut members = Map::from_iter([("owner".to_owned(), json!("connection"))]);
    let pem = own.get("cert").and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(Ok(certificate)) = pem.map(pasted::certificate) else { return Ok(members) };
    let bundle = pkcs7::certs_only(&[&certificate]).map_err(|error| ApiError::Internal(error.to_string()))?;
    members.extend(read(&certificate));
    for (name, value) in [
        ("cert", certificate.to_pem()),
        ("pkcs7", pkcs7::to_pem(&bundle)),
        ("fingerprint", certificate.fingerprint()),
        ("thumbprint", certificate.thumbprint()),
    ] {
        members.insert(name.to_owned(), json!(value));
    }
    Ok(members)
}

/// What is told of every certificate beyond those of keys.
fn read(certificate: &Certificate) -> [(String, Value); 2] {
    let subject = certificate.common_name().unwrap_or_else(|| certificate.subject_dn());
    [
        ("subject".to_owned(), json!(subject)),
        ("expires_at".to_owned(), json!(clock::wire(certificate.not_after()))),
    ]
}
