//! A new tenant: its domain, its system API, its database of users, and an application that may manage it. And
//! its end.
//!
//! Everything in one transaction. Must never wait for a key: the ring is made when it is first needed, or
//! in the background.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Domain, Policy, TenantId, TenantName, sql};
use crate::app::App;
use crate::changes::Topic;
use crate::db::DbError;
use crate::logs::Entry;
use crate::management::{ApiError, scopes};
use crate::write::Write;
use crate::{applications, client_grants, connections, resource_servers};

/// The name of the application that every tenant starts with.
pub const MANAGEMENT_APPLICATION: &str = "Chancery Management";

/// What a new tenant is made of.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its name.
    pub name: TenantName,
    /// Its canonical domain.
    pub domain: Domain,
    /// `http` or `https`.
    pub scheme: &'static str,
}

/// A tenant that was made.
pub struct Created {
    /// As it is stored.
    pub tenant: sql::Stored,
    /// The secret of its application.
    pub client_secret: String,
}

impl fmt::Debug for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Why a tenant was not made or not deleted.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The name or the domain is taken.
    #[error(
        "there is a tenant with the name {name} or the domain {domain} already; see: chancery tenants list"
    )]
    Taken {
        /// The name.
        name: String,
        /// The domain.
        domain: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A part of it could not be made.
    #[error("{0}")]
    Part(String),
}

/// Makes a tenant.
pub async fn create(app: &Arc<App>, new: NewTenant) -> Result<Created, CreateError> {
    let NewTenant { name, domain, scheme } = new;
    let mut tenant = sql::Stored {
        id: TenantId::new(&*app.entropy),
        name: name.to_string(),
        domain: domain.to_string(),
        canonical: domain.to_string(),
        scheme: scheme.to_owned(),
        settings: Map::new(),
        policy: Policy::default(),
        management_client_id: String::new(),
        created_at: app.clock.now(),
    };
    let mut write = Write::begin(app, &tenant.id).await?;
    sql::insert(write.tx(), &tenant).await.map_err(|error| {
        if error.is_unique() {
            CreateError::Taken { name: name.to_string(), domain: domain.to_string() }
        } else {
            error.into()
        }
    })?;
    let client_secret = furnish(app, &mut write, &mut tenant).await.map_err(|error| part(&error))?;
    write.notice(Topic::Tenant, tenant.canonical.as_str());
    write.commit(Entry::by_cli("Create the tenant")).await?;
    Ok(Created { tenant, client_secret })
}

/// Makes the system API, the database, the application and its grant; answers the application's secret.
async fn furnish(app: &Arc<App>, write: &mut Write, tenant: &mut sql::Stored) -> Result<String, ApiError> {
    let audience = format!("{}://{}/api/v2/", tenant.scheme, tenant.domain);
    let described = scopes::ALL.iter().map(|scope| json!({ "value": scope })).collect::<Vec<_>>();
    let api = json!({
        "name": "Chancery Management API",
        "identifier": audience,
        "scopes": described,
        "signing_alg": "RS256",
        "token_lifetime": 86_400,
    });
    resource_servers::create(app, write, &tenant.id, object(api), true).await?;
    let connection = json!({ "name": connections::DEFAULT, "strategy": connections::DATABASE });
    connections::create(app, write, &tenant.id, object(connection)).await?;
    let application = json!({
        "name": MANAGEMENT_APPLICATION,
        "app_type": "non_interactive",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "jwt_configuration": { "alg": "RS256" },
        "oidc_conformant": true,
    });
    let made = applications::create(app, write, &tenant.id, object(application)).await?;
    let grant = json!({ "client_id": made.client_id, "audience": audience, "scope": scopes::ALL });
    client_grants::create(app, write, &tenant.id, object(grant), false).await?;
    applications::create_global(app, write, &tenant.id).await?;
    sql::update_management_client(write.tx(), &tenant.id, &made.client_id).await?;
    tenant.management_client_id = made.client_id;
    made.client_secret
        .ok_or_else(|| ApiError::Internal("the application was made without a secret".to_owned()))
}

/// Gives the application that stands for all others to tenants from before there was one.
pub async fn complete_all(app: &Arc<App>) -> Result<(), CreateError> {
    for tenant in applications::sql::tenants_without_global(&app.db).await? {
        let mut write = Write::begin(app, &tenant).await?;
        match applications::create_global(app, &mut write, &tenant).await {
            Ok(()) => {
                write.commit(Entry::by_cli("Create the application that stands for all others")).await?;
            }
            // Another process that starts just now, or the tenant was deleted meanwhile: the next start knows.
            Err(error) => tracing::debug!(%error, "a tenant was not completed"),
        }
    }
    Ok(())
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

fn part(error: &ApiError) -> CreateError {
    CreateError::Part(format!("the tenant could not be furnished: {error}"))
}

/// Deletes a tenant with all that it has, its log included; the entry of the deletion and the process log remain.
pub async fn delete(app: &Arc<App>, tenant: &sql::Stored) -> Result<(), CreateError> {
    let mut write = Write::begin(app, &tenant.id).await?;
    write.notice(Topic::Tenant, tenant.canonical.as_str());
    write.notice(Topic::Apis, "");
    sql::delete(write.tx(), &tenant.id).await?;
    write.commit(Entry::by_cli("Delete the tenant")).await?;
    tracing::warn!(tenant = tenant.name, domain = tenant.canonical, "the tenant was deleted");
    Ok(())
}
