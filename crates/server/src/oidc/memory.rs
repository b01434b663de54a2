//! What sign-ins and token requests need, in memory: applications with their connections, APIs, grants, codes that
//! were issued a moment ago, and which application was told of which session.
//!
//! Filled on demand, emptied by change notices. Must never keep what a change has overtaken: a removal also
//! refuses the result of a load that was under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use chancery_oauth::api::{Api, Granted};
use chancery_oauth::client::Client;
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::app::App;
use crate::applications::saml_party::SamlParty;
use crate::applications::wsfed_party::WsfedParty;
use crate::connections::Connection;
use crate::db::DbError;
use crate::in_flight::codes::Issued;
use crate::management::ApiError;
use crate::partners::Participant;
use crate::tenants::TenantId;
use crate::{applications, client_grants, connections, resource_servers};

/// The memories, each keyed by tenant and name. The keys of APIs, grants and connections always hold an epoch of the
/// tenant too: raising it makes all of them unreachable at once, those that are being loaded included.
pub struct Memory {
    clients: Cache<String, Arc<Client>>,
    saml_parties: Cache<String, Arc<SamlParty>>,
    wsfed_parties: Cache<String, Result<Arc<WsfedParty>, String>>,
    apis: Cache<String, Arc<Api>>,
    grants: Cache<String, Arc<Granted>>,
    api_epochs: Epochs,
    connections: Cache<String, Arc<[Connection]>>,
    connection_epochs: Epochs,
    told: Cache<String, Told>,
    codes: Cache<[u8; 32], Issued>,
}

/// What an application was told in a session, and as of which change of the user.
type Told = (Timestamp, Arc<Participant>);

/// Applications and grants in memory at most, some hundred bytes each.
const MANY: usize = 500_000;
/// APIs in memory at most.
const FEWER: usize = 50_000;
/// Codes in memory at most: what comes within the moment in which most are redeemed.
const CODES: usize = 5_000;

impl Default for Memory {
    fn default() -> Self {
        // Capacities are limits; the caches grow with what is in them.
        Self {
            clients: small_at_first(MANY),
            saml_parties: small_at_first(FEWER),
            wsfed_parties: small_at_first(FEWER),
            apis: small_at_first(FEWER),
            grants: small_at_first(MANY),
            api_epochs: Epochs::default(),
            connections: small_at_first(FEWER),
            connection_epochs: Epochs::default(),
            told: small_at_first(FEWER),
            codes: small_at_first(CODES),
        }
    }
}

fn small_at_first<K: Eq + Hash, V: Clone>(capacity: usize) -> Cache<K, V> {
    Cache::with_weighter(1024, capacity as u64, quick_cache::UnitWeighter)
}

/// A number for each tenant, which is part of keys.
#[derive(Default)]
struct Epochs(Mutex<HashMap<TenantId, u64>>);

impl Epochs {
    fn key(&self, tenant: &TenantId, name: &str) -> String {
        let epochs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match epochs.get(tenant) {
            // Most tenants never raise theirs, and formatting a number costs more than all the rest.
            None => [tenant.as_str(), " 0 ", name].concat(),
            Some(epoch) => format!("{} {epoch} {name}", tenant.as_str()),
        }
    }

    fn raise(&self, tenant: &TenantId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant.clone()).or_default() += 1;
    }
}

impl Memory {
    /// An application.
    pub async fn client(
        &self,
        app: &Arc<App>,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Option<Arc<Client>>, ApiError> {
        let key = tenant.key(client_id);
        match self.clients.get_value_or_guard_async(&key).await {
            Ok(client) => Ok(Some(client)),
            Err(guard) => {
                let Some(client) = applications::oauth_client::load(app, tenant, client_id).await? else {
                    return Ok(None);
                };
                let client = Arc::new(client);
                let _ = guard.insert(Arc::clone(&client));
                Ok(Some(client))
            }
        }
    }

    /// An application as SAML sees it; none if it does not exist or does not speak SAML.
    pub async fn saml_party(
        &self,
        app: &Arc<App>,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Option<Arc<SamlParty>>, ApiError> {
        let key = tenant.key(client_id);
        match self.saml_parties.get_value_or_guard_async(&key).await {
            Ok(party) => Ok(Some(party)),
            Err(guard) => {
                let Some(party) = applications::saml_party::load(app, tenant, client_id).await? else {
                    return Ok(None);
                };
                let party = Arc::new(party);
                let _ = guard.insert(Arc::clone(&party));
                Ok(Some(party))
            }
        }
    }

    /// An application as WS-Federation sees it; none if it does not exist or does not speak it, a text if its settings
    /// cannot be used.
    pub async fn wsfed_party(
        &self,
        app: &Arc<App>,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Option<Result<Arc<WsfedParty>, String>>, ApiError> {
        let key = tenant.key(client_id);
        match self.wsfed_parties.get_value_or_guard_async(&key).await {
            Ok(party) => Ok(Some(party)),
            Err(guard) => {
                let Some(party) = applications::wsfed_party::load(app, tenant, client_id).await? else {
                    return Ok(None);
                };
                let party = party.map(Arc::new);
                let _ = guard.insert(party.clone());
                Ok(Some(party))
            }
        }
    }

    /// An API.
    pub async fn api(
        &self,
        app: &Arc<App>,
        tenant: &TenantId,
        identifier: &str,
    ) -> Result<Option<Arc<Api>>, DbError> {
        let key = self.api_epochs.key(tenant, identifier);
        match self.apis.get_value_or_guard_async(&key).await {
            Ok(api) => Ok(Some(api)),
            Err(guard) => {
                let Some(api) = resource_servers::oauth_api::load(app, tenant, identifier).await? else {
                    return Ok(None);
                };
                let api = Arc::new(api);
                let _ = guard.insert(Arc::clone(&api));
                Ok(Some(api))
            }
        }
    }

    /// What an application may ask for at an API.
    pub async fn grant(
        &self,
        app: &Arc<App>,
        tenant: &TenantId,
        (client_id, audience): (&str, &str),
    ) -> Result<Option<Arc<Granted>>, DbError> {
        let key = self.api_epochs.key(tenant, &[client_id, " ", audience].concat());
        match self.grants.get_value_or_guard_async(&key).await {
            Ok(granted) => Ok(Some(granted)),
            Err(guard) => {
                let Some(granted) = client_grants::granted(app, tenant, client_id, audience).await? else {
                    return Ok(None);
                };
                let granted = Arc::new(granted);
                let _ = guard.insert(Arc::clone(&granted));
                Ok(Some(granted))
            }
        }
    }

    /// The connections that an application may use, oldest first.
    pub async fn connections(
        &self,
        app: &App,
        tenant: &TenantId,
        client_id: &str,
    ) -> Result<Arc<[Connection]>, DbError> {
        let key = self.connection_epochs.key(tenant, client_id);
        match self.connections.get_value_or_guard_async(&key).await {
            Ok(connections) => Ok(connections),
            Err(guard) => {
                let mut found = connections::sql::of_client(&app.db, tenant, client_id).await?;
                found.retain(Connection::is_active);
                let found: Arc<[Connection]> = found.into();
                // An application that does not exist has none, and whoever makes names up fills no memory.
                if !found.is_empty() {
                    let _ = guard.insert(Arc::clone(&found));
                }
                Ok(found)
            }
        }
    }

    /// Whether it is known to be written down that an application was told exactly this in a session, by what the user
    /// was at that time.
    pub fn was_told(
        &self,
        (tenant, session_id, client_id): (&TenantId, &str, &str),
        (user_of, participant): (Timestamp, &Participant),
    ) -> bool {
        let found = self.told.get(&tenant.key(&[session_id, " ", client_id].concat()));
        found.is_some_and(|(of, told)| of == user_of && *told == *participant)
    }

    /// Remembers what is written down: a session never comes back once it has ended.
    pub fn note_told(
        &self,
        (tenant, session_id, client_id): (&TenantId, &str, &str),
        (user_of, participant): (Timestamp, Participant),
    ) {
        let key = tenant.key(&[session_id, " ", client_id].concat());
        self.told.insert(key, (user_of, Arc::new(participant)));
    }

    /// Remembers what a code stands for, by its digest.
    pub fn note_code(&self, digest: [u8; 32], issued: Issued) {
        self.codes.insert(digest, issued);
    }

    /// What a code stands for, if it was issued here; told once.
    pub fn take_code(&self, digest: [u8; 32]) -> Option<Issued> {
        self.codes.remove(&digest).map(|(_, issued)| issued)
    }

    /// Forgets an application. What it was told may differ from now on, on other nodes too.
    pub fn forget_client(&self, tenant: &TenantId, client_id: &str) {
        self.told.clear();
        self.clients.remove(&tenant.key(client_id));
        self.saml_parties.remove(&tenant.key(client_id));
        self.wsfed_parties.remove(&tenant.key(client_id));
    }

    /// Forgets an API.
    pub fn forget_api(&self, tenant: &TenantId, identifier: &str) {
        self.apis.remove(&self.api_epochs.key(tenant, identifier));
    }

    /// Forgets a grant, named by client id, a space, and audience.
    pub fn forget_grant(&self, tenant: &TenantId, subject: &str) {
        self.grants.remove(&self.api_epochs.key(tenant, subject));
    }

    /// Forgets the APIs and grants of a tenant; applications have notices of their own.
    pub fn forget_apis(&self, tenant: &TenantId) {
        self.api_epochs.raise(tenant);
    }

    /// Forgets which connections the applications of a tenant may use, and how these are set up.
    pub fn forget_connections(&self, tenant: &TenantId) {
        self.connection_epochs.raise(tenant);
    }

    /// Forgets everything.
    pub fn forget_everything(&self) {
        self.clients.clear();
        self.saml_parties.clear();
        self.wsfed_parties.clear();
        self.apis.clear();
        self.grants.clear();
        self.connections.clear();
        self.told.clear();
    }
}
