//! Opaque access tokens: for `/userinfo` alone, readable by nobody but us.
//!
//! Sealed like secrets at rest, so nothing is stored and none is ever forgotten in a table. Must never open for
//! another tenant.

use chancery_crypto::seal::Label;
use chancery_jose::base64url;
use chancery_oauth::token::Error;
use chancery_oauth::user_access::Opaque;

use crate::app::App;
use crate::tenants::TenantId;

/// The longest token that is read, in characters.
const LONGEST: usize = 16 * 1024;

fn label(tenant: &TenantId) -> Label<'_> {
    Label { tenant: tenant.as_str(), kind: "opaque access token", id: "" }
}

/// The text of a token.
pub(super) fn seal(app: &App, tenant: &TenantId, token: &Opaque) -> Result<String, Error> {
    let fault = |reason: String| Error::Internal { reason };
    let plain = serde_json::to_vec(token).map_err(|error| fault(error.to_string()))?;
    let sealed = app.sealer.seal(label(tenant), app.entropy.bytes(), &plain);
    Ok(base64url::encode(&sealed.map_err(|error| fault(error.to_string()))?))
}

/// What a text stands for, if it is good.
pub(super) fn open(app: &App, tenant: &TenantId, text: &str) -> Option<Opaque> {
    if text.len() > LONGEST {
        return None;
    }
    let plain = app.sealer.open(label(tenant), &base64url::decode(text).ok()?).ok()?;
    let token: Opaque = serde_json::from_slice(&plain).ok()?;
    token.is_good(app.clock.now()).then_some(token)
}
