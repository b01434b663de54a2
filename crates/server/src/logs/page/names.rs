//! What people call the kinds of entries, and which belong together.
//!
//! Must never hide a kind that it does not know: its code is its name then.

use crate::dashboard::ui::Tone;

/// Groups to filter by: id, label, codes.
pub(super) const GROUPS: &[(&str, &str, &[&str])] = &[
    ("logins", "Logins", &["s", "ssa"]),
    ("failed", "Failed logins", &["f", "fp", "fu", "fsa", "limit_wc", "limit_mu", "limit_sul", "pwd_leak"]),
    (
        "logouts",
        "Logouts",
        &["slo", "flo", "oidc_backchannel_logout_succeeded", "oidc_backchannel_logout_failed"],
    ),
    (
        "tokens",
        "Tokens",
        &[
            "seccft", "feccft", "seacft", "feacft", "sertft", "fertft", "ferrt", "sepft", "fepft", "sede",
            "fede",
        ],
    ),
    (
        "accounts",
        "Accounts",
        &["ss", "fs", "scp", "fcp", "scpr", "fcpr", "sv", "fv", "sce", "fce", "sdu", "fdu"],
    ),
    ("changes", "Changes by administrators and tools", &["sapi", "fapi"]),
    ("limits", "Limits and blocks", &["api_limit", "limit_wc", "limit_mu", "limit_sul", "pwd_leak", "ferrt"]),
    ("warnings", "Warnings and messages of SAML", &["w"]),
    ("secrets", "Secrets that were read", &["mgmt_api_read"]),
];

/// The name and the tone of a code.
pub(super) fn named(code: &str) -> (&str, Tone) {
    match code {
        "s" => ("Login", Tone::Good),
        "ssa" => ("Silent login", Tone::Good),
        "slo" => ("Logout", Tone::Plain),
        "flo" => ("Failed logout", Tone::Bad),
        "f" => ("Failed login", Tone::Bad),
        "fp" => ("Wrong password", Tone::Bad),
        "fu" => ("Unknown user", Tone::Bad),
        "fsa" => ("No silent login", Tone::Warn),
        "ss" => ("Signup", Tone::Good),
        "fs" => ("Failed signup", Tone::Bad),
        "seccft" => ("Token: client credentials", Tone::Good),
        "feccft" => ("No token: client credentials", Tone::Bad),
        "seacft" => ("Tokens: code", Tone::Good),
        "feacft" => ("No tokens: code", Tone::Bad),
        "sertft" => ("Tokens: refresh", Tone::Good),
        "fertft" => ("No tokens: refresh", Tone::Bad),
        "ferrt" => ("Refresh token used again", Tone::Bad),
        "sepft" => ("Tokens: password", Tone::Good),
        "fepft" => ("No tokens: password", Tone::Bad),
        "sede" => ("Tokens: device", Tone::Good),
        "fede" => ("No tokens: device", Tone::Bad),
        "sapi" => ("Change", Tone::Accent),
        "fapi" => ("Refused change", Tone::Bad),
        "w" => ("Warning during a login", Tone::Warn),
        "mgmt_api_read" => ("Secret read", Tone::Warn),
        "api_limit" => ("Too many requests", Tone::Warn),
        "scp" => ("Password changed", Tone::Good),
        "fcp" => ("Password not changed", Tone::Bad),
        "scpr" => ("Password reset asked for", Tone::Plain),
        "fcpr" => ("Password reset failed", Tone::Bad),
        "sv" => ("Email verified", Tone::Good),
        "fv" => ("Email not verified", Tone::Bad),
        "sce" => ("Email changed", Tone::Good),
        "fce" => ("Email not changed", Tone::Bad),
        "sdu" => ("User deleted", Tone::Plain),
        "fdu" => ("User not deleted", Tone::Bad),
        "limit_wc" => ("Account blocked", Tone::Bad),
        "limit_mu" => ("Address blocked", Tone::Bad),
        "limit_sul" => ("Too many logins", Tone::Warn),
        "pwd_leak" => ("Leaked password", Tone::Warn),
        "oidc_backchannel_logout_succeeded" => ("Application told of logout", Tone::Plain),
        "oidc_backchannel_logout_failed" => ("Application not told of logout", Tone::Bad),
        other => (other, Tone::Plain),
    }
}
