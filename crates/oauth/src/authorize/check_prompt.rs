//! `prompt` (OpenID Connect Core section 3.1.2.1): known values, and `none` by itself.

use super::{Error, Raw};

/// What the client wants the user to see, whether or not it is needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the parameter is a set of independent words")]
pub struct Prompts {
    /// Nothing at all; then the others are false.
    pub none: bool,
    /// The login page.
    pub login: bool,
    /// The consent page.
    pub consent: bool,
    /// The choice of an account.
    pub select_account: bool,
}

pub(super) fn check(raw: &Raw) -> Result<Prompts, Error> {
    let mut prompts = Prompts::default();
    let values = raw.text("prompt").unwrap_or_default().split(' ').filter(|value| !value.is_empty());
    for value in values {
        match value {
            "none" => prompts.none = true,
            "login" => prompts.login = true,
            "consent" => prompts.consent = true,
            "select_account" => prompts.select_account = true,
            _ => {
                return Err(Error::invalid(
                    "prompt must be none, or any of login, consent and select_account.",
                ));
            }
        }
    }
    if prompts.none && (prompts.login || prompts.consent || prompts.select_account) {
        return Err(Error::invalid("prompt none cannot be combined with other values."));
    }
    Ok(prompts)
}
