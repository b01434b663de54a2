//! Applications as answers show them, by what the caller may see.
//!
//! The only maker of these answers. Must never open a secret for a caller without `read:client_keys`, unless
//! the caller has just made it.

use chancery_crypto::pkcs7;
use serde_json::{Map, Value, json};

use super::shape::APPLICATION;
use super::{Application, secrets};
use crate::app::App;
use crate::management::{ApiError, Caller};
use crate::tenants::Tenant;

/// What a caller may see beyond what every reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    /// How the application is set up.
    pub settings: bool,
    /// Which credentials it uses.
    pub credentials: bool,
    /// Its secret and its keys.
    pub keys: bool,
}

impl Sight {
    /// Everything: for whoever made the application or its secret.
    pub(super) const FULL: Self = Self { settings: true, credentials: true, keys: true };

    /// What the scopes of a reading caller open.
    pub(super) fn of_reader(has: impl Fn(&str) -> bool) -> Self {
        let keys = has("read:client_keys");
        Self {
            settings: keys || has("read:clients"),
            credentials: keys || has("read:client_credentials"),
            keys,
        }
    }

    /// What a caller sees of an application that it has changed: secrets it must be able to read.
    pub(super) fn of_writer(caller: &Caller) -> Self {
        Self { keys: caller.has("read:client_keys"), ..Self::FULL }
    }

    /// Whether this member is shown.
    pub(super) fn shows(self, name: &str) -> bool {
        match name {
            // What tells applications apart and appears on every login page: no harm in any hands that got
            // one of the reading scopes.
            "client_id" | "name" | "description" | "app_type" | "logo_uri" | "is_first_party" => true,
            "client_secret" | "signing_keys" | "encryption_key" => self.keys,
            "client_authentication_methods" => self.credentials,
            "signed_request_object" | "token_vault_privileged_access" => self.settings || self.credentials,
            _ => self.settings,
        }
    }
}

/// The view of one caller on the applications of one tenant.
pub(super) struct Window<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    sight: Sight,
    signing_keys: Value,
}

impl<'a> Window<'a> {
    /// Opens it.
    pub(super) fn new(app: &'a App, tenant: &'a Tenant, sight: Sight) -> Result<Self, ApiError> {
        let signing_keys = if sight.keys { signing_keys(tenant)? } else { Value::Null };
        Ok(Self { app, tenant, sight, signing_keys })
    }

    /// Shows an application.
    pub(super) fn show(&self, application: &Application) -> Result<Map<String, Value>, ApiError> {
        let mut shown = Map::new();
        for field in APPLICATION.fields.iter().filter(|field| self.sight.shows(field.name)) {
            if let Some(value) = self.member(field.name, application)? {
                shown.insert(field.name.to_owned(), value);
            }
        }
        Ok(shown)
    }

    fn member(&self, name: &str, application: &Application) -> Result<Option<Value>, ApiError> {
        let tenant = self.tenant.id();
        Ok(match name {
            "client_id" => Some(application.client_id.as_str().into()),
            "tenant" => Some(self.tenant.stored.name.as_str().into()),
            "global" => Some(application.is_global.into()),
            // It is kept, but it does not count as long as the application authenticates with keys.
            "client_secret" if application.document.contains_key("client_authentication_methods") => None,
            "client_secret" => {
                secrets::open(self.app, tenant, application)?.map(|secret| secret.as_str().into())
            }
            "addons" => secrets::open_addons(self.app, tenant, application)?,
            "signing_keys" => Some(self.signing_keys.clone()),
            "oidc_backchannel_logout" => application.document.get("oidc_logout").and_then(old_logout),
            stored => application.document.get(stored).cloned(),
        })
    }
}

/// The addresses of `oidc_logout` under their older name.
fn old_logout(logout: &Value) -> Option<Value> {
    let name = "backchannel_logout_urls";
    logout.get(name).map(|urls| json!({ name: urls }))
}

/// The certificate of the key that signs for every application of the tenant. Its `subject` is a word that
/// tools have seen there for years.
fn signing_keys(tenant: &Tenant) -> Result<Value, ApiError> {
    let certificate = &tenant.ring.current().public().certificate;
    let pkcs7 = pkcs7::certs_only(&[certificate]).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(json!([{
        "cert": certificate.to_pem(),
        "pkcs7": pkcs7::to_pem(&pkcs7),
        "subject": "deprecated",
    }]))
}
