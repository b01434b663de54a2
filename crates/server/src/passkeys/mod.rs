//! Passkeys of administrators (WebAuthn): made at the Dashboard, and good for a login there in place of a password.
//!
//! Challenges are derived of what they belong to, so that nothing is kept for those who never answer. Must never accept
//! a proof that was made for another host, another login, or with a key that its user has removed.

pub mod api;
pub mod page;
pub mod sql;

use chancery_crypto::digest;
use chancery_crypto::seal::Label;
use chancery_jose::base64url;
use chancery_webauthn::{
    AuthenticateError, Authenticated, Credential, Expected, RelyingParty, User, authenticate, claimed,
    creation_options, register, request_options,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::db::DbError;
use crate::tenants::{Tenant, TenantId};
use crate::users;

/// The way of a passkey, as Auth0 calls it.
pub const METHOD: &str = "passkey";
/// The most passkeys of one administrator.
pub const MOST: usize = 20;
/// For how many seconds a challenge for a new passkey is given out; it counts as long again.
const SPELL: i64 = 600;

/// A passkey.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// Its id at this tenant.
    pub id: String,
    /// Its id everywhere, in base64url.
    pub credential_id: String,
    /// Whose.
    pub user_id: String,
    /// How often it was used, where it counts.
    pub sign_count: u32,
    /// Everything else.
    pub stored: Stored,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What is stored of a passkey as one document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stored {
    /// What its owner calls it.
    pub name: String,
    /// What verifies its proofs: a COSE_Key, in base64url.
    pub public_key: String,
    /// Whether it may be kept in more places than one.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// How its authenticator is reached, by the browser's account.
    pub transports: Vec<String>,
}

/// Why a proof does not count.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Nobody's.
    #[error("the passkey is unknown: it may have been removed")]
    Unknown,
    /// It is not in order.
    #[error("the passkey does not verify: {0}")]
    Refused(#[from] AuthenticateError),
    /// The user is blocked, or no administrator any more.
    #[error("the account of the passkey is closed")]
    Closed,
    /// Passkeys do not work at the address of the tenant.
    #[error("passkeys need a host name; the address of the tenant has none")]
    NoHost,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The tenant as passkeys know it; none where the host is an address, which they do not work with.
pub fn relying_party(tenant: &Tenant) -> Option<RelyingParty<'_>> {
    let origin = tenant.base.as_str();
    let (_, authority) = origin.split_once("://")?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    (!is_address && !host.is_empty()).then_some(RelyingParty { id: host, name: &tenant.stored.name, origin })
}

fn challenge(app: &App, tenant: &TenantId, kind: &str, id: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.as_str(), kind, id })
}

/// As what authenticators know a user: it tells nothing about them, is the same for all their passkeys, and outlives
/// every key of the installation.
fn handle(tenant: &TenantId, user_id: &str) -> [u8; 32] {
    digest::sha256([tenant.as_str(), " ", user_id].concat().as_bytes())
}

fn login_challenge(app: &App, tenant: &TenantId, login: &str) -> [u8; 32] {
    challenge(app, tenant, "passkey-login", login)
}

/// The challenge for a new passkey of a user, `back` spells ago.
fn creation_challenge(app: &App, tenant: &TenantId, user_id: &str, back: i64) -> [u8; 32] {
    let spell = app.clock.now().as_second().div_euclid(SPELL) - back;
    challenge(app, tenant, "passkey-creation", &format!("{user_id} {spell}"))
}

/// What a browser is asked for a login, which has this text; none where passkeys do not work.
pub fn login_options(app: &App, tenant: &Tenant, login: &str) -> Option<Value> {
    let party = relying_party(tenant)?;
    Some(request_options(&party, &login_challenge(app, tenant.id(), login), &[]))
}

/// What a browser is asked for a new passkey of a user; none where passkeys do not work.
pub fn new_options(
    app: &App,
    tenant: &Tenant,
    (user_id, email): (&str, &str),
    own: &[Passkey],
) -> Option<Value> {
    let party = relying_party(tenant)?;
    let handle = handle(tenant.id(), user_id);
    let user = User { id: &handle, name: email, display_name: email };
    let taken: Vec<Vec<u8>> =
        own.iter().filter_map(|one| base64url::decode(&one.credential_id).ok()).collect();
    Some(creation_options(&party, &user, &creation_challenge(app, tenant.id(), user_id, 0), &taken))
}

/// Judges the answer of a browser that has made a new one for a user.
///
/// # Errors
/// It is not in order, or passkeys do not work at the address of the tenant; the text says why.
pub fn made(app: &App, tenant: &Tenant, user_id: &str, response: &str) -> Result<Credential, String> {
    let party = relying_party(tenant).ok_or_else(|| ProofError::NoHost.to_string())?;
    let judge = |back| {
        let challenge = creation_challenge(app, tenant.id(), user_id, back);
        register(response, &Expected { rp: party, challenge: &challenge })
    };
    // What is wrong apart from an older challenge is wrong with both.
    judge(0).or_else(|first| judge(1).map_err(|_| first)).map_err(|error| error.to_string())
}

/// Who proves to be whom with a passkey, for the login that has this text. The passkey is as it has to be stored now;
/// beside it is its count before.
///
/// # Errors
/// Nobody does.
pub async fn recognise(
    app: &App,
    tenant: &Tenant,
    (login, response): (&str, &str),
) -> Result<(users::User, Passkey, u32), ProofError> {
    let party = relying_party(tenant).ok_or(ProofError::NoHost)?;
    let id = claimed(response).map_err(AuthenticateError::from)?.credential_id;
    let found = sql::find(&app.db, tenant.id(), &base64url::encode(&id)).await?;
    let mut passkey = found.ok_or(ProofError::Unknown)?;
    let challenge = login_challenge(app, tenant.id(), login);
    let before = passkey.sign_count;
    let public_key = base64url::decode(&passkey.stored.public_key).map_err(|_| ProofError::Unknown)?;
    let stored = chancery_webauthn::Stored {
        id: &id,
        public_key: &public_key,
        sign_count: before,
        backup_eligible: passkey.stored.backup_eligible,
        user_handle: &handle(tenant.id(), &passkey.user_id),
    };
    let Authenticated { sign_count, backed_up, user_handle } =
        authenticate(response, &Expected { rp: party, challenge: &challenge }, &stored)?;
    // Nobody has said before who they are, so the authenticator has to (section 7.2 step 6).
    if user_handle.is_none() {
        return Err(ProofError::Unknown);
    }
    passkey.sign_count = sign_count;
    passkey.stored.backed_up = backed_up;
    let user = users::find(&app.db, tenant.id(), &passkey.user_id).await?;
    let user = user.filter(|user| !user.is_blocked() && is_hidden_user(&user.user_id));
    Ok((user.ok_or(ProofError::Closed)?, passkey, before))
}
