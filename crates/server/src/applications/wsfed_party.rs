//! An application as WS-Federation needs it: its callbacks, the names of its realm, and its add-on `wsfed`.
//!
//! Auth0's add-on has no settings; ours may have those of the SAML add-on that say what a token says, and `tokenType`.

use std::sync::Arc;

use chancery_saml::ASSERTION;
use chancery_saml::idp::Party;
use chancery_wsfed::respond::LIFETIME;
use serde_json::{Map, Value};

use super::{saml_party, secrets, sql};
use crate::app::App;
use crate::db::DbError;
use crate::management::ApiError;
use crate::tenants::TenantId;

/// An application that has the add-on.
#[derive(Debug)]
pub struct WsfedParty {
    /// What tokens say, and where they go.
    pub party: Party,
    /// Other names of its realm.
    pub aliases: Vec<String>,
    /// Whether tokens are assertions of SAML 2.0.
    pub saml2: bool,
    /// Whether the add-on says which format names have: those of SAML 1.1 say none otherwise.
    pub says_name_format: bool,
}

/// The application with this `client_id`; none if it does not exist or has no such add-on, a text if its settings
/// cannot be used.
pub async fn load(
    app: &Arc<App>,
    tenant: &TenantId,
    client_id: &str,
) -> Result<Option<Result<WsfedParty, String>>, ApiError> {
    let found = sql::find_any(&app.db, tenant, client_id).await?;
    let Some(application) = found.filter(|application| !application.is_global) else { return Ok(None) };
    let addons = secrets::open_addons(app, tenant, &application)?;
    let Some(addon) = addons.as_ref().and_then(|addons| addons.get("wsfed")).and_then(Value::as_object)
    else {
        return Ok(None);
    };
    let aliases = application.document.get("client_aliases").and_then(Value::as_array);
    let aliases = aliases.into_iter().flatten().filter_map(|alias| alias.as_str().map(str::to_owned));
    let aliases = aliases.collect();
    let says = |name: &str| addon.contains_key(name);
    let (saml2, says_name_format) = (wants_saml2(addon), says("nameIdentifierFormat"));
    let party = saml_party::translate(&application, addon).map(|party| {
        let lifetime = if says("lifetimeInSeconds") { party.lifetime } else { LIFETIME };
        WsfedParty { party: Party { lifetime, ..party }, aliases, saml2, says_name_format }
    });
    Ok(Some(party))
}

fn wants_saml2(addon: &Map<String, Value>) -> bool {
    addon.get("tokenType").and_then(Value::as_str) == Some(ASSERTION)
}

/// The application that a realm names: by its client id after `urn:`, or by one of its aliases.
pub async fn client_of_realm(
    app: &Arc<App>,
    tenant: &TenantId,
    realm: &str,
) -> Result<Option<String>, DbError> {
    if realm.contains('\0') {
        return Ok(None);
    }
    if let Some(client_id) = chancery_wsfed::request::client_of_realm(realm)
        && sql::find_any(&app.db, tenant, client_id).await?.is_some()
    {
        return Ok(Some(client_id.to_owned()));
    }
    sql::find_by_alias(&app.db, tenant, realm).await
}
