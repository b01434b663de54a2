//! An API as OAuth sees it.
//!
//! Must never let a token be issued in another form than the API was set to: what we cannot do yet is named,
//! and then no token is issued.

use std::sync::Arc;

use chancery_crypto::hmac::HmacKey;
use chancery_oauth::api::{Api, ApiSigning, Dialect, UserAccess};
use serde_json::{Value, json};

use super::{ResourceServer, sql};
use crate::app::App;
use crate::db::DbError;
use crate::management::scopes;
use crate::tenants::TenantId;

/// Loads the API with this identifier.
pub async fn load(app: &Arc<App>, tenant: &TenantId, identifier: &str) -> Result<Option<Api>, DbError> {
    // PostgreSQL has no text with NUL in it, so no API has such a name.
    if identifier.contains('\0') {
        return Ok(None);
    }
    let Some(server) = sql::find_by_identifier(&app.db, tenant, identifier).await? else { return Ok(None) };
    let secret = server.open_secret(app, tenant)?;
    translate(&server, secret.as_ref().map(|secret| HmacKey::new(secret))).map(Some)
}

/// Translates an API; `secret` is there if its tokens are signed with one.
pub(super) fn translate(server: &ResourceServer, secret: Option<HmacKey>) -> Result<Api, DbError> {
    let broken = |what: &str| DbError::inconsistent(format!("the API {} has {what}", server.id));
    let signing = if server.signs_with_secret() {
        ApiSigning::Secret(secret.ok_or_else(|| broken("no signing secret"))?)
    } else {
        let algorithm = server.signing_alg().parse();
        ApiSigning::Ring(algorithm.map_err(|_| broken("an unknown signing_alg"))?)
    };
    let dialect = server.setting("token_dialect");
    let dialect = dialect.as_ref().and_then(Value::as_str).and_then(Dialect::from_name);
    Ok(Api {
        identifier: server.identifier.clone(),
        scopes: server.scopes().map(str::to_owned).collect(),
        signing,
        token_lifetime: server.token_lifetime(),
        token_lifetime_for_web: server.token_lifetime_for_web(),
        dialect: dialect.ok_or_else(|| broken("an unknown token_dialect"))?,
        enforce_policies: server.setting("enforce_policies") == Some(json!(true)),
        clients_allowed: policy(server, "client").as_deref() != Some("deny_all"),
        user_access: policy(server, "user")
            .as_deref()
            .map_or(Some(UserAccess::AllowAll), UserAccess::from_name)
            .ok_or_else(|| broken("an unknown policy for users"))?,
        user_scopes: server.is_system.then(|| scopes::of_users().map(str::to_owned).collect()),
        allow_offline_access: server.setting("allow_offline_access") == Some(json!(true)),
        skip_consent_for_first_party: server.setting("skip_consent_for_verifiable_first_party_clients")
            == Some(json!(true)),
        unsupported: unsupported(server),
        unsupported_for_public: demands_proof(server).then_some("sender-constrained tokens"),
    })
}

fn policy(server: &ResourceServer, subject: &str) -> Option<String> {
    let authorization = server.setting("subject_type_authorization")?;
    authorization.get(subject)?.get("policy")?.as_str().map(str::to_owned)
}

fn unsupported(server: &ResourceServer) -> Option<&'static str> {
    if server.document.get("token_encryption").is_some_and(Value::is_object) {
        return Some("encrypted tokens");
    }
    // What public clients alone must prove is told apart: an application that gets a token for itself is none.
    let of_public = server.document.get("proof_of_possession").and_then(|proof| proof.get("required_for"));
    (demands_proof(server) && of_public != Some(&json!("public_clients")))
        .then_some("sender-constrained tokens")
}

fn demands_proof(server: &ResourceServer) -> bool {
    let proof = server.document.get("proof_of_possession");
    proof.and_then(|proof| proof.get("required")) == Some(&json!(true))
}
