//! The settings of the prompts, and the texts of the pages that a tenant replaced.
//!
//! The texts are stored as they were sent, for every prompt of the published API; [`CustomTexts`] holds those
//! that pages of ours show. Must never know how a page looks.

pub mod api;
mod custom_text;
mod texts;

use serde_json::{Map, Value};

pub use custom_text::{CustomTexts, VARIABLES};
pub use texts::{Screen, Section, sections};

use crate::tenant_documents::{Kind, TenantDocuments};

#[cfg(test)]
mod tests;

/// The settings.
pub const SETTINGS: Kind = Kind("prompts");
/// The texts; the name of a document is `prompt/language`.
pub const TEXTS: Kind = Kind("custom_text");

/// Every prompt that texts can be set for.
pub const NAMES: &[&str] = &[
    "login",
    "login-id",
    "login-password",
    "login-passwordless",
    "login-email-verification",
    "signup",
    "signup-id",
    "signup-password",
    "phone-identifier-enrollment",
    "phone-identifier-challenge",
    "email-identifier-challenge",
    "reset-password",
    "custom-form",
    "consent",
    "customized-consent",
    "logout",
    "mfa-push",
    "mfa-otp",
    "mfa-voice",
    "mfa-phone",
    "mfa-webauthn",
    "mfa-sms",
    "mfa-email",
    "mfa-recovery-code",
    "mfa",
    "status",
    "device-flow",
    "email-verification",
    "email-otp-challenge",
    "organizations",
    "invitation",
    "common",
    "passkeys",
    "captcha",
    "brute-force-protection",
    "async-approval-flow",
    "confirmation",
];

/// The settings as the wire shows them: what was set, over what holds where nothing was.
pub fn view(settings: Option<&Map<String, Value>>) -> Map<String, Value> {
    let defaults: [(&str, Value); 3] = [
        ("universal_login_experience", "new".into()),
        ("identifier_first", true.into()),
        ("webauthn_platform_first_factor", false.into()),
    ];
    defaults
        .into_iter()
        .map(|(name, default)| {
            let set = settings.and_then(|settings| settings.get(name)).cloned();
            (name.to_owned(), set.unwrap_or(default))
        })
        .collect()
}

/// Whether the pages of sign-in ask for the identifier first, and for the password on a page of its own.
pub fn identifier_first(kept: &TenantDocuments) -> bool {
    view(kept.find(SETTINGS, "")).get("identifier_first") == Some(&Value::Bool(true))
}
