//! A tenant as requests see it: everything that is hot, in memory, ready.
//!
//! Loaded when a domain is first called, dropped by the change notice, never changed in place. Must never
//! outlive a change: a loader that was overtaken by one does not get its result into memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chancery_keyring::KeyRing;
use chancery_oauth::authorize;
use chancery_oauth::discovery::Offers;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

use super::{Policy, TenantId, sql};
use crate::app::App;
use crate::branding::Look;
use crate::connection_keys::ConnectionKeys;
use crate::db::DbError;
use crate::management::rate_limit::Bucket;
use crate::oidc;
use crate::signing_keys::documents::{DocumentError, Documents};
use crate::signing_keys::uses::Signed;
use crate::signing_keys::{self, KeyError};
use crate::tenant_documents::{self, TenantDocuments};

/// A tenant, seen from one of its domains.
#[derive(Debug)]
pub struct Tenant {
    /// As it is stored.
    pub stored: sql::Stored,
    /// The origin, without a trailing slash: `https://acme.example.com`.
    pub base: String,
    /// The issuer, with its trailing slash.
    pub issuer: String,
    /// Where its applications get tokens.
    pub token_endpoint: String,
    /// The audience of its Management API.
    pub management_audience: String,
    /// What its authorization requests depend on.
    pub authorize: authorize::Settings,
    /// The address of `/userinfo`, the audience of tokens that open it.
    pub userinfo: String,
    /// Its key ring.
    pub ring: KeyRing,
    /// What its current key signs in this process.
    pub signed: Arc<Signed>,
    /// Its public documents.
    pub documents: Documents,
    /// The keys with which it meets identity providers, once they exist.
    pub connection: Option<Arc<ConnectionKeys>>,
    /// What was set of branding, prompts, mail and protection.
    pub kept: TenantDocuments,
    /// How its pages look.
    pub look: Look,
    /// What limits its Management API.
    pub requests: Arc<Bucket>,
    /// What is left of the registrations that its strangers may make.
    pub registrations: Arc<Bucket>,
    /// What it has opened or closed.
    pub offers: Offers,
}

/// Why a tenant could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The ring failed.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The documents failed.
    #[error(transparent)]
    Documents(#[from] DocumentError),
}

impl Tenant {
    /// Its id.
    pub fn id(&self) -> &TenantId {
        &self.stored.id
    }

    /// What was set of Auth0's tenant settings.
    pub fn settings(&self) -> &Map<String, Value> {
        &self.stored.settings
    }

    /// The API that is meant where none is named.
    pub fn default_audience(&self) -> Option<&str> {
        self.authorize.default_audience.as_deref()
    }

    /// The API that a request means, with what it names; none where it names the user information or nothing.
    pub fn audience<'a>(&'a self, named: Option<&'a str>) -> Option<&'a str> {
        named.or(self.default_audience()).filter(|audience| *audience != self.userinfo)
    }

    /// The operator's settings.
    pub fn policy(&self) -> &Policy {
        &self.stored.policy
    }

    async fn load(app: &Arc<App>, stored: sql::Stored) -> Result<Self, LoadError> {
        let rows = signing_keys::ensure_ring(app, &stored).await?;
        let ring = signing_keys::open_ring(&app.sealer, &stored.id, rows).map_err(KeyError::from)?;
        let base = format!("{}://{}", stored.scheme, stored.domain);
        let offers = offers(&stored.settings);
        let caching = oidc::caching(stored.policy.public_max_age);
        let connection = ConnectionKeys::load(app, &stored, &caching).await?;
        let kept = TenantDocuments::of(tenant_documents::sql::all(&app.db, &stored.id).await?);
        let authorize = authorize_settings(&format!("{base}/"), &stored.settings);
        Ok(Self {
            userinfo: authorize.userinfo(),
            issuer: authorize.issuer.clone(),
            authorize,
            look: Look::of(&stored.name, &stored.settings, &kept),
            kept,
            management_audience: format!("{base}/api/v2/"),
            token_endpoint: format!("{base}/oauth/token"),
            documents: Documents::of(
                &ring,
                (&stored.name, &base),
                (signing_keys::names_algorithm(&stored.settings), offers),
                &caching,
            )?,
            connection,
            offers,
            requests: app.tenants.bucket(&stored.id, "requests"),
            registrations: app.tenants.bucket(&stored.id, "registrations"),
            signed: app.key_uses.of(&stored.id, ring.current().kid()),
            ring,
            base,
            stored,
        })
    }
}

fn authorize_settings(issuer: &str, settings: &Map<String, Value>) -> authorize::Settings {
    let flag = |name: &str| settings.get(name) == Some(&Value::Bool(true));
    let text = |name: &str| settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    authorize::Settings {
        issuer: issuer.to_owned(),
        default_audience: text("default_audience").map(str::to_owned),
        resource_parameter: text("resource_parameter_profile") == Some("compatibility"),
        response_issuer: flag("authorization_response_iss_parameter_supported"),
        skip_callback_confirmation: flag("skip_non_verifiable_callback_uri_confirmation_prompt"),
    }
}

fn offers(settings: &Map<String, Value>) -> Offers {
    let is = |value: Option<&Value>, expected: bool| value == Some(&Value::Bool(expected));
    let within = |group: &str, name: &str| settings.get(group).and_then(|group| group.get(name));
    Offers {
        pushed_requests: !is(settings.get("pushed_authorization_requests_supported"), false),
        registration: is(within("flags", "enable_dynamic_client_registration"), true),
        end_session: !is(within("oidc_logout", "rp_logout_end_session_endpoint_discovery"), false),
        response_issuer: is(settings.get("authorization_response_iss_parameter_supported"), true),
    }
}

/// The tenants in memory.
pub struct Tenants {
    by_domain: Cache<String, Arc<Tenant>>,
    buckets: Mutex<HashMap<(TenantId, &'static str), Arc<Bucket>>>,
}

/// Tenants in memory at most; each costs some twenty kilobytes.
const CAPACITY: usize = 10_000;

impl Default for Tenants {
    fn default() -> Self {
        Self { by_domain: Cache::new(CAPACITY), buckets: Mutex::default() }
    }
}

impl Tenants {
    /// The tenant that is registered for exactly this domain.
    pub async fn find(&self, app: &Arc<App>, domain: &str) -> Result<Option<Arc<Tenant>>, LoadError> {
        if let Some(tenant) = self.by_domain.get(domain) {
            return Ok(Some(tenant));
        }
        match self.by_domain.get_value_or_guard_async(domain).await {
            Ok(tenant) => Ok(Some(tenant)),
            Err(guard) => {
                let Some(stored) = sql::find_by_domain(&app.db, domain).await? else { return Ok(None) };
                let tenant = Arc::new(Tenant::load(app, stored).await?);
                // Refused if a change came in between: then this answer is not kept.
                let _ = guard.insert(Arc::clone(&tenant));
                Ok(Some(tenant))
            }
        }
    }

    /// A rate limiter of a tenant; it survives every reload.
    fn bucket(&self, tenant: &TenantId, what: &'static str) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry((tenant.clone(), what)).or_default())
    }

    /// Forgets a tenant. A load that is under way does not bring it back.
    pub fn forget(&self, canonical: &str) {
        self.by_domain.remove(canonical);
    }

    /// Forgets every tenant.
    pub fn forget_all(&self) {
        self.by_domain.clear();
    }

    /// The tenants that are in memory.
    pub fn loaded(&self) -> Vec<Arc<Tenant>> {
        self.by_domain.iter().map(|(_, tenant)| tenant).collect()
    }
}

/// Makes the key ring of one tenant that was never called, if there is one.
pub async fn make_a_ring(app: &Arc<App>) -> Result<(), LoadError> {
    for domain in sql::without_ring(&app.db, 1).await? {
        if let Some(stored) = sql::find_by_domain(&app.db, &domain).await? {
            signing_keys::ensure_ring(app, &stored).await?;
        }
    }
    Ok(())
}
