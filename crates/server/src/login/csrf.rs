//! Proofs that a form is one of ours and was shown in this browser.
//!
//! Derived from the browser's own cookie and from what the form belongs to, so nothing is stored. Must never be the
//! same for two browsers, nor good for another form's business.

use chancery_crypto::digest;
use chancery_crypto::seal::Label;
use chancery_jose::base64url;

use crate::app::App;
use crate::tenants::Tenant;

/// The proof for forms of `matter` in a browser.
pub fn token(app: &App, tenant: &Tenant, (browser, matter): (&str, &str)) -> String {
    base64url::encode(&proof(app, tenant, (browser, matter)))
}

/// Whether a form brought the proof.
pub fn check(app: &App, tenant: &Tenant, (browser, matter): (&str, &str), shown: &str) -> bool {
    let shown = base64url::decode(shown).unwrap_or_default();
    digest::equal(&proof(app, tenant, (browser, matter)), &shown)
}

fn proof(app: &App, tenant: &Tenant, (browser, matter): (&str, &str)) -> [u8; 32] {
    // The value of a browser holds no space.
    let id = [browser, " ", matter].concat();
    app.sealer.digest(Label { tenant: tenant.id().as_str(), kind: "form", id: &id })
}
