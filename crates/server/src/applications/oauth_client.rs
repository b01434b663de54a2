//! An application as the token endpoint needs it.
//!
//! Must never let an application fall back to its secret because its credentials are gone: an application
//! set up for credentials without any valid one authenticates with nothing at all.

use std::sync::Arc;

use chancery_crypto::digest;
use chancery_crypto::rsa::PublicKey;
use chancery_oauth::client::{
    AppType, AssertionKey, Authentication, BackchannelLogout, Client, IdTokenSigning, SignedRequests, UsersAt,
};
use chancery_oauth::refresh::{AudiencePolicy, RefreshPolicy};
use serde_json::{Map, Value};

use super::credentials::{self, Credential, attached};
use super::{Application, secrets, sql};
use crate::app::App;
use crate::management::ApiError;
use crate::tenants::TenantId;

/// The application with this `client_id`, as OAuth sees it.
pub async fn load(app: &Arc<App>, tenant: &TenantId, client_id: &str) -> Result<Option<Client>, ApiError> {
    let Some(application) = sql::find_any(&app.db, tenant, client_id).await? else { return Ok(None) };
    // The application that stands for all others is none of them: nobody acts in its name.
    if application.is_global {
        return Ok(None);
    }
    let own = if has_credentials(&application.document) {
        credentials::sql::list(&app.db, tenant, client_id).await?
    } else {
        Vec::new()
    };
    let secret = secrets::open(app, tenant, &application)?;
    translate(application, secret.as_ref().map(|secret| secret.as_bytes()), &own).map(Some)
}

fn has_credentials(document: &Map<String, Value>) -> bool {
    document.contains_key("client_authentication_methods") || document.contains_key("signed_request_object")
}

/// Translates an application; `secret` is its client secret and `own` are its credentials.
pub(super) fn translate(
    application: Application,
    secret: Option<&[u8]>,
    own: &[Credential],
) -> Result<Client, ApiError> {
    let document = &application.document;
    let authentication = match document.get("client_authentication_methods") {
        Some(methods) if methods.get("private_key_jwt").is_some() => {
            Authentication::PrivateKeyJwt(keys(methods.get("private_key_jwt"), own)?)
        }
        Some(_) => Authentication::Unsupported("mutual TLS client authentication"),
        None => without_credentials(document, secret),
    };
    let requests = document.get("signed_request_object");
    let flag = |name: &str| document.get(name).and_then(Value::as_bool);
    let number = |value: Option<&Value>, otherwise| value.and_then(Value::as_i64).unwrap_or(otherwise);
    let jwt = document.get("jwt_configuration");
    Ok(Client {
        name: application.name().to_owned(),
        authentication,
        grant_types: texts(document.get("grant_types")),
        app_type: AppType::from_name(document.get("app_type").and_then(Value::as_str)),
        is_first_party: flag("is_first_party").unwrap_or(true),
        oidc_conformant: flag("oidc_conformant").unwrap_or(false),
        users_at: match flag("is_token_endpoint_ip_header_trusted") {
            Some(true) => UsersAt::Header,
            Some(false) | None => UsersAt::Sender,
        },
        callbacks: texts(document.get("callbacks")).iter().collect(),
        logout_urls: texts(document.get("allowed_logout_urls")).iter().collect(),
        web_origins: texts(document.get("web_origins")).iter().collect(),
        id_token_signing: id_token_signing(jwt, secret),
        id_token_lifetime: number(jwt.and_then(|jwt| jwt.get("lifetime_in_seconds")), 36_000),
        refresh: refresh_policy(document.get("refresh_token").unwrap_or(&Value::Null)),
        require_pushed_requests: flag("require_pushed_authorization_requests").unwrap_or(false),
        pushed_request_lifetime: number(document.get("par_request_expiry"), 30),
        signed_requests: SignedRequests {
            required: requests.and_then(|requests| requests.get("required")) == Some(&Value::Bool(true)),
            keys: keys(requests, own)?,
        },
        skip_callback_confirmation: flag("skip_non_verifiable_callback_uri_confirmation_prompt"),
        backchannel_logout: backchannel_logout(document),
        unsupported: flag("require_proof_of_possession")
            .unwrap_or(false)
            .then_some("sender-constrained tokens"),
        id: application.client_id,
    })
}

fn id_token_signing(configuration: Option<&Value>, secret: Option<&[u8]>) -> IdTokenSigning {
    let alg = configuration.and_then(|configuration| configuration.get("alg")).and_then(Value::as_str);
    // Without a choice it is HS256, as for every application that the API made at Auth0.
    match (alg.and_then(|alg| alg.parse().ok()), secret) {
        (Some(algorithm), _) => IdTokenSigning::Ring(algorithm),
        (_, Some(secret)) => IdTokenSigning::of_secret(secret),
        (_, None) => IdTokenSigning::Unusable("it has no client secret, which HS256 needs"),
    }
}

fn refresh_policy(setting: &Value) -> RefreshPolicy {
    let is = |name: &str, value: &str| setting.get(name).is_some_and(|own| own == value);
    let lifetime = |infinite: &str, seconds: &str| {
        let endless = setting.get(infinite) != Some(&Value::Bool(false));
        setting.get(seconds).and_then(Value::as_i64).filter(|_| !endless)
    };
    let policies = setting.get("policies").and_then(Value::as_array).into_iter().flatten();
    RefreshPolicy {
        rotating: is("rotation_type", "rotating"),
        leeway: setting.get("leeway").and_then(Value::as_i64).unwrap_or(0),
        lifetime: lifetime("infinite_token_lifetime", "token_lifetime"),
        idle_lifetime: lifetime("infinite_idle_token_lifetime", "idle_token_lifetime"),
        policies: policies
            .filter_map(|policy| {
                Some(AudiencePolicy {
                    audience: policy.get("audience")?.as_str()?.to_owned(),
                    scopes: texts(policy.get("scope")).into_iter().collect(),
                })
            })
            .collect(),
    }
}

/// Whom the application wants to be told of logouts. The setting has an older name too.
pub fn backchannel_logout(document: &Map<String, Value>) -> BackchannelLogout {
    let Some(setting) = document.get("oidc_logout").or_else(|| document.get("oidc_backchannel_logout"))
    else {
        return BackchannelLogout::default();
    };
    let initiators = setting.get("backchannel_logout_initiators");
    let chosen = initiators.filter(|one| one.get("mode").is_some_and(|mode| mode == "custom"));
    BackchannelLogout {
        urls: texts(setting.get("backchannel_logout_urls"))
            .into_iter()
            .filter(|url| !url.is_empty())
            .collect(),
        initiators: match (initiators, chosen) {
            // Nobody chose: logouts alone, which are always told.
            (None, _) => Some(Vec::new()),
            (Some(_), Some(chosen)) => Some(texts(chosen.get("selected_initiators"))),
            (Some(_), None) => None,
        },
        session_metadata: setting
            .get("backchannel_logout_session_metadata")
            .is_some_and(|setting| setting.get("include") == Some(&Value::Bool(true))),
    }
}

/// `client_secret_post` and `client_secret_basic` are one: a secret is accepted where it is presented.
fn without_credentials(document: &Map<String, Value>, secret: Option<&[u8]>) -> Authentication {
    if document.get("token_endpoint_auth_method").is_some_and(|method| method == "none") {
        return Authentication::None;
    }
    match secret {
        Some(secret) => Authentication::Secret(digest::sha256(secret)),
        None => Authentication::Unsupported("a client secret without having one"),
    }
}

/// The keys of the credentials that are attached here and are public keys.
pub(super) fn keys(place: Option<&Value>, own: &[Credential]) -> Result<Vec<AssertionKey>, ApiError> {
    attached::ids(place)
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
