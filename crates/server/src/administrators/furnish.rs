//! What a tenant needs before it can have administrators: their connection, and the Dashboard's application.
//!
//! Made with the first invitation, so that tenants without a Dashboard have neither.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::hidden::{CLIENT_ID, CLIENT_NAME, CONNECTION_ID, CONNECTION_NAME};
use crate::app::App;
use crate::changes::Topic;
use crate::management::ApiError;
use crate::tenants::{self, TenantId};
use crate::write::Write;
use crate::{applications, connections};

/// Makes what is missing, in the change of an invitation. `base` is the address of the tenant.
pub(super) async fn ensure(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &TenantId,
    base: &str,
) -> Result<(), ApiError> {
    // Two first invitations at once would both make everything: the tenant's row is their lock.
    tenants::sql::settings_for_update(write.tx(), tenant).await?;
    if applications::sql::find_within(write.tx(), tenant, CLIENT_ID).await?.is_some() {
        return Ok(());
    }
    let connection = json!({
        "name": CONNECTION_NAME,
        "strategy": connections::DATABASE,
        "options": { "disable_signup": true, "passwordPolicy": "good", "brute_force_protection": true },
    });
    let connection = (CONNECTION_ID.to_owned(), members(connection));
    connections::create_as(app, write, tenant, connection).await?;
    let dashboard = json!({
        "name": CLIENT_NAME,
        "app_type": "regular_web",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code"],
        "oidc_conformant": true,
        "jwt_configuration": { "alg": "RS256" },
        "callbacks": [format!("{base}/dashboard/callback")],
        "allowed_logout_urls": [format!("{base}/dashboard"), format!("{base}/dashboard/")],
        // It is part of this server: there is nobody to be warned of, also at a developer's localhost.
        "skip_non_verifiable_callback_uri_confirmation_prompt": true,
    });
    let dashboard = (CLIENT_ID.to_owned(), members(dashboard));
    applications::create_as(app, write, tenant, dashboard).await?;
    connections::sql::enable_dashboard(write.tx(), tenant).await?;
    write.notice(Topic::Connections, "");
    Ok(())
}

fn members(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}
