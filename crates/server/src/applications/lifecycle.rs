//! Making and changing applications, inside a transaction that the caller opened and commits.
//!
//! Bodies come in checked against their shape. Must never write an application that breaks a rule.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::credentials::{self, attached};
use super::{Application, addons, patch, rules, secrets, sql};
use crate::administrators::is_hidden_client;
use crate::app::App;
use crate::changes::Topic;
use crate::connections;
use crate::management::ApiError;
use crate::resource_servers;
use crate::tenants::TenantId;
use crate::write::Write;

/// A new application, with its secret in the clear for whoever made it.
#[derive(Clone)]
pub struct Created {
    /// Its `client_id`.
    pub client_id: String,
    /// Its client secret; nobody else is told it in passing.
    pub client_secret: Option<String>,
    /// What was stored.
    pub application: Application,
}

impl fmt::Debug for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Created({})", self.client_id)
    }
}

impl From<rules::Broken> for ApiError {
    fn from(broken: rules::Broken) -> Self {
        Self::Body(broken.to_string())
    }
}

/// Makes an application out of the members of a create request.
pub async fn create(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &TenantId,
    body: Map<String, Value>,
) -> Result<Created, ApiError> {
    let client_id = app.entropy.alphanumeric(32);
    create_as(app, write, tenant, (client_id, body)).await
}

/// Makes an application with this `client_id`, which nobody has yet.
pub async fn create_as(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &TenantId,
    (client_id, mut body): (String, Map<String, Value>),
) -> Result<Created, ApiError> {
    rules::sent(&body)?;
    let now = app.clock.now();
    let place = (tenant, client_id.as_str());
    // Every application gets a secret, also one that does not authenticate with it: ID tokens may be signed
    // with it, and its owner may come back to it.
    let client_secret = secrets::generate(app);
    let secret = secrets::seal(app, place, &client_secret)?;
    let add_ons = body.shift_remove("addons");
    let inline = attached::take_inline(&mut body, now, &*app.entropy)?;
    let mut document = Map::new();
    patch::apply(&mut document, body);
    rules::whole(&document)?;
    addons::sent(&document, None, add_ons.as_ref())?;
    let addons = add_ons.map(|add_ons| secrets::seal_addons(app, place, &add_ons)).transpose()?;
    let application = Application {
        client_id: client_id.clone(),
        is_global: false,
        document,
        secret: Some(secret),
        addons,
        created_at: now,
        updated_at: now,
    };
    check_references(write, tenant, &application.document).await?;
    sql::insert(write.tx(), tenant, &application).await?;
    keep_aliases(write, tenant, &application).await?;
    for credential in &inline {
        credentials::insert(write, tenant, &client_id, credential).await?;
    }
    if let Some(identifier) = application.resource_server() {
        resource_servers::link(app, write, tenant, (identifier, &client_id)).await?;
    }
    connections::enable_for_new_application(write, tenant, &client_id).await?;
    write.notice(Topic::Client, client_id.as_str());
    Ok(Created { client_id, client_secret: Some(client_secret), application })
}

/// Makes the application that stands for all applications of a tenant: it holds the page that they share. It
/// has no secret, and nobody gets a token in its name.
pub async fn create_global(app: &App, write: &mut Write, tenant: &TenantId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let members = json!({
        "name": "All Applications",
        "callbacks": [],
        "grant_types": [],
        "oidc_conformant": true,
        "jwt_configuration": { "alg": "RS256" },
    });
    let mut document = Map::new();
    if let Value::Object(members) = members {
        patch::apply(&mut document, members);
    }
    let client_id = app.entropy.alphanumeric(32);
    let application = Application {
        client_id,
        is_global: true,
        document,
        secret: None,
        addons: None,
        created_at: now,
        updated_at: now,
    };
    Ok(sql::insert(write.tx(), tenant, &application).await?)
}

/// Makes sure that the applications which a document names exist.
async fn check_references(
    write: &mut Write,
    tenant: &TenantId,
    document: &Map<String, Value>,
) -> Result<(), ApiError> {
    let landing = document
        .get("my_organization_configuration")
        .and_then(|configuration| configuration.get("invitation_landing_client_id")?.as_str());
    match landing {
        Some(id) if is_hidden_client(id) || sql::find_within(write.tx(), tenant, id).await?.is_none() => {
            Err(ApiError::not_found("The Client ID for Invitations could not be found."))
        }
        _ => Ok(()),
    }
}

/// Keeps the aliases of an application from leading to another one as well.
async fn keep_aliases(
    write: &mut Write,
    tenant: &TenantId,
    application: &Application,
) -> Result<(), ApiError> {
    let aliases = application.document.get("client_aliases").and_then(Value::as_array);
    let aliases: BTreeSet<&str> = aliases.into_iter().flatten().filter_map(Value::as_str).collect();
    let aliases: Vec<&str> = aliases.into_iter().collect();
    match sql::replace_aliases(write.tx(), (tenant, &application.client_id), &aliases).await {
        Err(error) if error.is_unique() => Err(ApiError::Conflict {
            code: None,
            message: "Another client exists with the same alias.".to_owned(),
        }),
        outcome => Ok(outcome?),
    }
}

/// Applies a patch to an application that this transaction has locked.
pub(super) async fn update(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    before: &Application,
    mut body: Map<String, Value>,
) -> Result<Application, ApiError> {
    rules::sent(&body)?;
    let mut after = before.clone();
    let place = (tenant, before.client_id.as_str());
    match body.shift_remove("client_secret") {
        None => {}
        Some(Value::String(secret)) => after.secret = Some(secrets::seal(app, place, &secret)?),
        Some(_) => return Err(rules::Broken::new("client_secret", "Expected type string").into()),
    }
    let sent = body.shift_remove("addons");
    if attached::named_in(&body) {
        let own = credentials::sql::list_in(write.tx(), tenant, &before.client_id).await?;
        attached::check(&mut body, &own)?;
    }
    let named = |name: &str| body.contains_key(name);
    let (aliases, references) = (named("client_aliases"), named("my_organization_configuration"));
    let encryption = body.contains_key("encryption_key");
    patch::apply(&mut after.document, body);
    rules::whole(&after.document)?;
    if sent.is_some() || encryption {
        let stored = secrets::open_addons(app, tenant, before)?;
        addons::sent(&after.document, stored.as_ref(), sent.as_ref())?;
        if before.document.get("encryption_key") != after.document.get("encryption_key") {
            addons::around((&before.document, &after.document), sent.as_ref().or(stored.as_ref()))?;
        }
    }
    match sent {
        None => {}
        Some(Value::Null) => after.addons = None,
        Some(add_ons) => after.addons = Some(secrets::seal_addons(app, place, &add_ons)?),
    }
    rules::turned_third_party(&before.document, &after.document)?;
    if references {
        check_references(write, tenant, &after.document).await?;
    }
    if aliases {
        keep_aliases(write, tenant, &after).await?;
    }
    if before.is_first_party() != after.is_first_party() {
        // Other default grants are its own now.
        write.notice(Topic::Apis, "");
    }
    save(app, write, tenant, after).await
}

/// Gives an application that this transaction has locked a new secret, which is answered in the clear.
pub(super) async fn rotate_secret(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    mut application: Application,
) -> Result<Application, ApiError> {
    let methods = application.document.get("client_authentication_methods");
    if methods.is_some_and(|methods| methods.get("private_key_jwt").is_some()) {
        let message = "This application authenticates with private_key_jwt. Rotate its credentials instead: add \
                       the new one, attach it, and delete the old one.";
        return Err(ApiError::NotSupported(message.to_owned()));
    }
    application.secret = Some(secrets::seal(app, (tenant, &application.client_id), &secrets::generate(app))?);
    save(app, write, tenant, application).await
}

/// Writes a changed application.
pub(super) async fn save(
    app: &App,
    write: &mut Write,
    tenant: &TenantId,
    mut application: Application,
) -> Result<Application, ApiError> {
    application.updated_at = app.clock.now();
    sql::update(write.tx(), tenant, &application).await?;
    write.notice(Topic::Client, application.client_id.as_str());
    Ok(application)
}
