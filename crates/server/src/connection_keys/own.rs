//! The keys of one connection: with them it proves who it is to an OpenID provider (`private_key_jwt`).
//!
//! The provider reads the public halves from an address of the connection, so current and next key stand there. Only
//! connections to OpenID providers have such keys. Must never answer anything of a private half.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_crypto::algorithm::{Algorithm, KeyKind};
use chancery_crypto::certificate::Certificate;
use chancery_crypto::key::{self, PrivateKey};
use chancery_crypto::{ecdsa, pkcs7};
use chancery_jose::jwk::{self, Jwk, JwkSet};
use chancery_keyring::{Kid, PublicHalf, RevokeError, StoredKey, StoredPlace};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::lifecycle::{self, SEAL_KIND};
use super::{Order, Owner, sql};
use crate::app::App;
use crate::clock;
use crate::connections::{self, Connection};
use crate::management::body::OptionalBody;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Object, When, boolean, field, object, one_of, text};
use crate::management::{ApiError, Caller, Path};
use crate::oidc;
use crate::signing_keys::documents::{JSON, Ready, ready};
use crate::signing_keys::sql::NewKey;
use crate::signing_keys::{self, KeyError};
use crate::tenants::{LoadError, Tenant, TenantId};

/// The strategies whose connections have keys.
const STRATEGIES: &[&str] = &["oidc", "okta"];
/// What the keys may be for.
pub const ALGORITHMS: &[&str] = &["RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384"];
/// How long a certificate is good.
const DAYS: u32 = 365;
/// The characters of a common name (RFC 5280, ub-common-name).
const LONGEST_NAME: usize = 64;

/// A key on the wire.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("kid", text()).read_only(),
        field("algorithm", text()).read_only(),
        field("key_use", text()).read_only(),
        field("subject_dn", text()).read_only(),
        field("cert", text()).read_only(),
        field("pkcs", text()).read_only(),
        field("fingerprint", text()).read_only(),
        field("thumbprint", text()).read_only(),
        field("current", boolean()).read_only(),
        field("next", boolean()).read_only(),
        field("previous", boolean()).read_only(),
        field("current_since", text()).read_only(),
    ])
});

/// What may be asked of new keys.
static WISHES: LazyLock<Object> = LazyLock::new(|| object([field("signing_alg", one_of(ALGORITHMS))]));

/// The operations.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_keys",
            (Method::GET, "/connections/{id}/keys"),
            Required::Any(&["read:connections_keys"]),
            "List the keys of a connection",
            list,
        )
        .lists("keys", &SHAPE),
        operation(
            "post_keys",
            (Method::POST, "/connections/{id}/keys"),
            Required::Any(&["create:connections_keys"]),
            "Create the keys of a connection",
            create,
        )
        .takes(&WISHES, When::Create)
        .or_nothing()
        .lists("keys", &SHAPE),
        operation(
            "post_rotate",
            (Method::POST, "/connections/{id}/keys/rotate"),
            Required::All(&["create:connections_keys", "update:connections_keys"]),
            "Rotate the keys of a connection",
            rotate,
        )
        .takes(&WISHES, When::Create)
        .or_nothing()
        .answers(&SHAPE),
    ]
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let connection = with_keys(&app, &caller, &id).await?;
    Ok(Json(views(&app, &caller, &connection).await?))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: OptionalBody,
) -> Result<(StatusCode, Json<Vec<Value>>), ApiError> {
    let wish = wish(&body.checked(&WISHES, When::Create)?);
    let connection = with_keys(&app, &caller, &id).await?;
    let algorithm = wish.or_else(|| registered(&connection)).unwrap_or(Algorithm::Rs256);
    let exist = || ApiError::Conflict {
        code: None,
        message: "Keys have already been created for this connection. Rotate them instead.".to_owned(),
    };
    let owner = Owner::Connection(&connection);
    // Whoever gets no keys takes none from those who may; the transaction looks again.
    if sql::current(&app.db, caller.tenant.id(), owner).await?.is_some() {
        return Err(exist());
    }
    let (tenant, entry) = (&caller.tenant.stored, caller.entry(201));
    if !lifecycle::make(&app, tenant, Order::Connection(&connection, algorithm), entry).await? {
        return Err(exist());
    }
    Ok((StatusCode::CREATED, Json(views(&app, &caller, &connection).await?)))
}

async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: OptionalBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wish = wish(&body.checked(&WISHES, When::Create)?);
    let connection = with_keys(&app, &caller, &id).await?;
    let none = || {
        let message = "The connection has no keys yet. Create them with POST /api/v2/connections/{id}/keys.";
        ApiError::NotSupported(message.to_owned())
    };
    // A key is made before the transaction that puts it in its place, so its kind is chosen by what stands here now.
    let rows = sql::load(&app.db, caller.tenant.id(), Owner::Connection(&connection)).await?;
    let next = rows.iter().find(|(key, _)| matches!(key.place, StoredPlace::Next { .. }));
    let before = next.and_then(|(_, algorithm)| *algorithm).ok_or_else(none)?;
    let order = Order::Connection(&connection, wish.unwrap_or(before));
    let rotated = lifecycle::rotate(&app, &caller.tenant.stored, order, caller.entry(201)).await;
    let (next, algorithm) = rotated.map_err(|error| {
        if matches!(error, KeyError::Revoke(RevokeError::Unknown)) { none() } else { error.into() }
    })?;
    Ok((StatusCode::CREATED, Json(view(&next, algorithm))))
}

/// The connection, if it is one that has keys.
async fn with_keys(app: &App, caller: &Caller, id: &str) -> Result<Connection, ApiError> {
    let found = connections::sql::find(&app.db, caller.tenant.id(), id).await?;
    let connection = found.ok_or_else(connections::api::unknown)?;
    if STRATEGIES.contains(&connection.strategy.as_str()) {
        return Ok(connection);
    }
    Err(ApiError::NotSupported(format!(
        "Keys are not available for this connection: its strategy is {}. Connections of the strategies oidc and okta have keys.",
        connection.strategy
    )))
}

/// The algorithm that was asked for.
fn wish(body: &Map<String, Value>) -> Option<Algorithm> {
    body.get("signing_alg").and_then(Value::as_str)?.parse().ok()
}

/// The algorithm that the connection is registered with at its provider, if the options name one.
fn registered(connection: &Connection) -> Option<Algorithm> {
    let options = connection.document.get("options").and_then(Value::as_object)?;
    let name = connections::text(options, "token_endpoint_auth_signing_alg")?;
    Some(name).filter(|name| ALGORITHMS.contains(name))?.parse().ok()
}

/// The keys in the order of the wire: current, previous, next.
async fn views(app: &App, caller: &Caller, connection: &Connection) -> Result<Vec<Value>, ApiError> {
    let mut rows = sql::load(&app.db, caller.tenant.id(), Owner::Connection(connection)).await?;
    rows.sort_by_key(|(key, _)| match key.place {
        StoredPlace::Current { .. } => 0,
        StoredPlace::Previous { .. } => 1,
        StoredPlace::Next { .. } | StoredPlace::Revoked { .. } => 2,
    });
    Ok(rows.iter().map(|(key, algorithm)| view(key, *algorithm)).collect())
}

fn view(StoredKey { kid, certificate, place }: &StoredKey, algorithm: Option<Algorithm>) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("kid", kid.as_str().into());
    put("algorithm", algorithm.map(Algorithm::name).into());
    put("key_use", "signing".into());
    put("subject_dn", certificate.subject_dn().into());
    put("cert", certificate.to_pem().into());
    if let Ok(der) = pkcs7::certs_only(&[certificate]) {
        put("pkcs", pkcs7::to_pem(&der).into());
    }
    put("fingerprint", certificate.fingerprint().into());
    put("thumbprint", certificate.thumbprint().into());
    // What is false is left out.
    let (place, since) = match place {
        StoredPlace::Current { since, .. } => ("current", Some(*since)),
        StoredPlace::Previous { since, .. } => ("previous", Some(*since)),
        StoredPlace::Next { .. } => ("next", None),
        StoredPlace::Revoked { since, .. } => ("revoked", *since),
    };
    put(place, json!(true));
    if let Some(since) = since {
        put("current_since", clock::wire(since).into());
    }
    Value::Object(view)
}

/// Makes a key for an algorithm: its id is its thumbprint, its certificate is made out to the connection.
pub(super) async fn prepare(
    app: &App,
    tenant: &TenantId,
    (connection, algorithm): (&Connection, Algorithm),
    not_before: Timestamp,
) -> Result<NewKey, KeyError> {
    let private: PrivateKey = match algorithm.kind() {
        KeyKind::Rsa => app.forge.take().await?.into(),
        // Such a key costs less than a signature with an RSA key does; it needs no stock.
        KeyKind::Ec(curve) => {
            ecdsa::PrivateKey::generate(curve).map_err(|error| KeyError::Prepare(error.to_string()))?.into()
        }
        KeyKind::Secret => return Err(KeyError::Prepare(format!("{algorithm} is for shared secrets"))),
    };
    let kid: Kid = jwk::thumbprint(&private.public())
        .parse()
        .map_err(|error: chancery_keyring::KidError| KeyError::Prepare(error.to_string()))?;
    let name: String = connection.name.chars().take(LONGEST_NAME).collect();
    signing_keys::finish(app, tenant, SEAL_KIND, (kid, &private), (&name, not_before, DAYS))
}

/// What a connection signs its client assertions with.
#[derive(Debug)]
pub struct AssertionKey {
    /// For the header.
    pub kid: Kid,
    /// The algorithm that the key is for.
    pub algorithm: Algorithm,
    /// The private half.
    pub private: PrivateKey,
    /// For providers that want the thumbprint of a certificate in the header.
    pub certificate: Certificate,
}

/// The current key of a connection; none if it has no keys.
pub async fn assertion_key(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
) -> Result<Option<AssertionKey>, KeyError> {
    let rows = sql::load(&app.db, tenant, Owner::Connection(connection)).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let (ring, algorithms) = lifecycle::open::<PrivateKey>(&app.sealer, tenant, rows)?;
    let pair = ring.signing();
    Ok(Some(AssertionKey {
        kid: pair.public.kid.clone(),
        algorithm: algorithms.get(&pair.public.kid).copied().unwrap_or(Algorithm::Rs256),
        private: pair.private.clone(),
        certificate: pair.public.certificate.clone(),
    }))
}

/// How the public address of a key set names the connection.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// By its id: our address.
    Id(&'a str),
    /// By its name: Auth0's address.
    Name(&'a str),
}

/// The public key set of a connection: current and next. None if there is no such connection, or it has no keys.
pub async fn key_set(app: &App, tenant: &Tenant, named: Named<'_>) -> Result<Option<Ready>, LoadError> {
    let found = match named {
        Named::Id(id) => connections::sql::find(&app.db, tenant.id(), id).await?,
        Named::Name(name) => connections::sql::find_by_name(&app.db, tenant.id(), name).await?,
    };
    let Some(connection) = found else { return Ok(None) };
    let rows = sql::load(&app.db, tenant.id(), Owner::Connection(&connection)).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let opened = lifecycle::open::<PrivateKey>(&app.sealer, tenant.id(), rows);
    let (ring, algorithms) = opened.map_err(KeyError::from)?;
    let jwk = |public: &PublicHalf<key::PublicKey>| {
        let algorithm = algorithms.get(&public.kid).copied();
        Jwk::of_certificate(public.kid.as_str(), &public.certificate, &public.key, algorithm)
    };
    let keys = ring.announced().map(jwk).into();
    let body = serde_json::to_vec(&JwkSet { keys })
        .map_err(|error| KeyError::Prepare(format!("the key set cannot be written: {error}")))?;
    let caching = oidc::caching(tenant.policy().public_max_age);
    Ok(Some(ready(body, (JSON, None), &caching)?))
}
