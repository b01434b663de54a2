//! An application as the token endpoint needs it.
//!
//! Must never let an application fall back to its secret because its credentials are gone: an application
//! set up for credentials without any valid one authenticates with nothing at all.

use std::sync::Arc;

use chancery_crypto::digest;
use chancery_crypto::rsa::PublicKey;
use chancery_oauth::client::{AssertionKey, Authentication, Client};
use serde_json::Value;

use super::credentials::{self, Credential, attached};
use super::{Application, secrets, sql};
use crate::app::App;
use crate::management::ApiError;
use crate::tenants::TenantId;

/// The application with this `client_id`, as OAuth sees it.
pub async fn load(app: &Arc<App>, tenant: &TenantId, client_id: &str) -> Result<Option<Client>, ApiError> {
    let Some(application) = sql::find(&app.db, tenant, client_id).await? else { return Ok(None) };
    // The application that stands for all others is none of them: nobody acts in its name.
    if application.is_global {
        return Ok(None);
    }
    let authentication = match application.document.get("client_authentication_methods") {
        Some(methods) if methods.get("private_key_jwt").is_some() => {
            let own = credentials::sql::list(&app.db, tenant, client_id).await?;
            Authentication::PrivateKeyJwt(assertion_keys(methods, &own)?)
        }
        Some(_) => Authentication::Unsupported("mutual TLS client authentication"),
        None => without_credentials(app, tenant, &application)?,
    };
    Ok(Some(Client {
        name: application.name().to_owned(),
        grant_types: texts(application.document.get("grant_types")),
        id: application.client_id,
        authentication,
    }))
}

/// `client_secret_post` and `client_secret_basic` are one: a secret is accepted where it is presented.
fn without_credentials(
    app: &App,
    tenant: &TenantId,
    application: &Application,
) -> Result<Authentication, ApiError> {
    if application.document.get("token_endpoint_auth_method").is_some_and(|method| method == "none") {
        return Ok(Authentication::None);
    }
    Ok(match secrets::open(app, tenant, application)? {
        Some(secret) => Authentication::Secret(digest::sha256(secret.as_bytes())),
        None => Authentication::Unsupported("a client secret without having one"),
    })
}

/// The keys of the attached credentials that are public keys.
pub(super) fn assertion_keys(methods: &Value, own: &[Credential]) -> Result<Vec<AssertionKey>, ApiError> {
    attached::ids(methods.get("private_key_jwt"))
        .filter_map(|id| own.iter().find(|credential| credential.id == id))
        .filter_map(|credential| assertion_key(credential).transpose())
        .collect()
}

fn assertion_key(credential: &Credential) -> Result<Option<AssertionKey>, ApiError> {
    let Credential { id, kid, public_key, facts, expires_at, .. } = credential;
    let (Some(kid), Some(spki), Some(alg)) = (kid, public_key, &facts.alg) else { return Ok(None) };
    let unreadable =
        |why: &dyn std::fmt::Display| ApiError::Internal(format!("credential {id} cannot be read: {why}"));
    Ok(Some(AssertionKey {
        kid: kid.clone(),
        algorithm: alg.parse().map_err(|error| unreadable(&error))?,
        key: PublicKey::from_spki_der(spki).map_err(|error| unreadable(&error))?,
        expires_at: *expires_at,
    }))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
