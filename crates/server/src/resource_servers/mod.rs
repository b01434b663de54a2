//! APIs (resource servers): what tokens can be issued for.
//!
//! A signing secret is sealed before it is stored. Must never show or log one but in an answer to whoever may
//! read APIs, and must never let the system API be changed so that nobody can call it any more.

pub mod api;
pub mod oauth_api;
pub mod page;
mod rules;
mod shape;
pub mod sql;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use chancery_crypto::seal::Label;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

pub use shape::SHAPE;

use crate::app::App;
use crate::changes::Topic;
use crate::db::DbError;
use crate::management::ApiError;
use crate::tenants::TenantId;
use crate::write::Write;

/// The kind in the label of a sealed signing secret.
const SEAL_KIND: &str = "signing-secret";
/// Characters of a generated signing secret: 288 bits, more than HS256 can use.
const SECRET_LENGTH: usize = 48;

/// An API.
#[derive(Clone)]
pub struct ResourceServer {
    /// Its id.
    pub id: String,
    /// Its identifier: the audience of its tokens.
    pub identifier: String,
    /// Whether it is ours: the Management API.
    pub is_system: bool,
    /// Its secret for HS256, sealed.
    pub sealed_secret: Option<Vec<u8>>,
    /// Everything else that was set, under its names on the wire.
    pub document: Map<String, Value>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceServer({} {:?})", self.id, self.identifier)
    }
}

impl ResourceServer {
    /// The algorithm of its access tokens, by its JOSE name.
    pub fn signing_alg(&self) -> &str {
        self.document.get("signing_alg").and_then(Value::as_str).unwrap_or("RS256")
    }

    /// Whether its access tokens are signed with its own secret.
    pub fn signs_with_secret(&self) -> bool {
        self.signing_alg() == "HS256"
    }

    /// The values of its scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.document.get("scopes").and_then(Value::as_array);
        scopes.into_iter().flatten().filter_map(rules::scope_value)
    }

    /// Seconds that an access token lives.
    pub fn token_lifetime(&self) -> i64 {
        rules::lifetime(&self.document)
    }

    /// Seconds that an access token lives which a browser got without a code.
    pub fn token_lifetime_for_web(&self) -> i64 {
        rules::lifetime_for_web(&self.document)
    }

    /// What was set, or what holds where nothing was.
    fn setting(&self, name: &str) -> Option<Value> {
        match (self.document.get(name), rules::default_of(name)) {
            // Each half of an object with a default stands for itself.
            (Some(Value::Object(set)), Some(Value::Object(mut default))) => {
                default.extend(set.clone());
                Some(Value::Object(default))
            }
            (set, default) => set.cloned().or(default),
        }
    }

    /// The API as the wire shows it; the secret only if it is handed in.
    fn view(&self, secret: Option<&str>) -> Map<String, Value> {
        let mut view = Map::new();
        for name in SHAPE.names() {
            let value = match name {
                "id" => Some(json!(self.id)),
                "identifier" => Some(json!(self.identifier)),
                "is_system" => Some(json!(self.is_system)),
                "signing_secret" => secret.map(|secret| json!(secret)),
                "token_lifetime_for_web" => Some(json!(self.token_lifetime_for_web())),
                "token_encryption" => self.setting(name).map(without_pem),
                name => self.setting(name),
            };
            if let Some(value) = value {
                view.insert(name.to_owned(), value);
            }
        }
        view
    }

    /// Seals the secret that a body brought, or a new one if the algorithm needs one that is not there.
    fn keep_secret(&mut self, app: &App, tenant: &TenantId, secret: Option<&Value>) -> Result<(), ApiError> {
        match secret {
            Some(Value::String(secret)) => self.seal_secret(app, tenant, secret)?,
            Some(_) => self.sealed_secret = None,
            None => {}
        }
        if self.signs_with_secret() && self.sealed_secret.is_none() {
            let secret = Zeroizing::new(app.entropy.url_safe(SECRET_LENGTH));
            self.seal_secret(app, tenant, &secret)?;
        }
        Ok(())
    }

    fn seal_secret(&mut self, app: &App, tenant: &TenantId, secret: &str) -> Result<(), ApiError> {
        let label = Label { tenant: tenant.as_str(), kind: SEAL_KIND, id: &self.id };
        let sealed = app.sealer.seal(label, app.entropy.bytes(), secret.as_bytes());
        self.sealed_secret = Some(sealed.map_err(|error| ApiError::Internal(error.to_string()))?);
        Ok(())
    }

    /// The secret in the clear, if the tokens of this API are signed with it.
    fn open_secret(&self, app: &App, tenant: &TenantId) -> Result<Option<Zeroizing<Vec<u8>>>, DbError> {
        let Some(sealed) = self.sealed_secret.as_deref().filter(|_| self.signs_with_secret()) else {
            return Ok(None);
        };
        let label = Label { tenant: tenant.as_str(), kind: SEAL_KIND, id: &self.id };
        let opened = app.sealer.open(label, sealed);
        opened.map(Some).map_err(|error| {
            DbError::inconsistent(format!("the signing secret of the API {} does not open: {error}", self.id))
        })
    }
}

/// Answers name the key that encrypts tokens by its thumbprint.
fn without_pem(mut token_encryption: Value) -> Value {
    if let Some(Value::Object(key)) = token_encryption.get_mut("encryption_key") {
        key.remove("pem");
    }
    token_encryption
}

/// Adds an API to a change. `body` has been checked against [`SHAPE`].
pub async fn create(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &TenantId,
    mut body: Map<String, Value>,
    is_system: bool,
) -> Result<ResourceServer, ApiError> {
    let secret = body.remove("signing_secret");
    let Some(Value::String(identifier)) = body.remove("identifier") else {
        return Err(ApiError::Body(
            "Payload validation error: 'Missing required property: identifier'.".to_owned(),
        ));
    };
    rules::prepare(&mut body)?;
    let mut document = Map::new();
    rules::merge(&mut document, body.clone());
    rules::check(&document, &body)?;
    let now = app.clock.now();
    let mut server = ResourceServer {
        id: app.entropy.hex(24),
        identifier,
        is_system,
        sealed_secret: None,
        document,
        created_at: now,
        updated_at: now,
    };
    server.keep_secret(app, tenant, secret.as_ref())?;
    match sql::insert(write.tx(), tenant, &server).await {
        Err(error) if error.is_unique() => return Err(taken()),
        outcome => outcome?,
    }
    write.notice(Topic::Api, server.identifier.as_str());
    Ok(server)
}

/// Notes the application that an API acts as. One that has an application already keeps it.
pub async fn link(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    (identifier, client_id): (&str, &str),
) -> Result<(), ApiError> {
    let server = sql::find_for_update(write.tx(), tenant, identifier).await?;
    let mut server = server.filter(|server| server.identifier == identifier).ok_or_else(unknown)?;
    if let Some(other) = server.document.get("client_id").and_then(Value::as_str) {
        let message = format!("The API {identifier} has an application already: {other}.");
        return Err(ApiError::Conflict { code: None, message });
    }
    server.document.insert("client_id".to_owned(), client_id.into());
    server.updated_at = app.clock.now();
    Ok(sql::update(write.tx(), tenant, &server).await?)
}

/// Forgets the application that an API acts as, if it is this one.
pub async fn unlink(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    (identifier, client_id): (&str, &str),
) -> Result<(), ApiError> {
    let Some(mut server) = sql::find_for_update(write.tx(), tenant, identifier).await? else {
        return Ok(());
    };
    if server.document.get("client_id").and_then(Value::as_str) == Some(client_id) {
        server.document.remove("client_id");
        server.updated_at = app.clock.now();
        sql::update(write.tx(), tenant, &server).await?;
    }
    Ok(())
}

/// Changes an API by a checked body, without saving it.
fn update(
    app: &App,
    tenant: &TenantId,
    server: &mut ResourceServer,
    mut body: Map<String, Value>,
) -> Result<(), ApiError> {
    if server.is_system {
        rules::check_system(server, &body)?;
    }
    let secret = body.remove("signing_secret");
    rules::prepare(&mut body)?;
    rules::merge(&mut server.document, body.clone());
    rules::check(&server.document, &body)?;
    server.keep_secret(app, tenant, secret.as_ref())?;
    server.updated_at = app.clock.now();
    Ok(())
}

/// 404: there is no such API.
fn unknown() -> ApiError {
    ApiError::NotFound {
        code: Some("inexistent_resource_server"),
        message: "The resource server does not exist",
    }
}

/// 409: the identifier belongs to another API.
fn taken() -> ApiError {
    ApiError::Conflict { code: None, message: "There is already an API with this identifier.".to_owned() }
}
