//! The members of an application that set up tokens, sessions and logout.
//!
//! Must never hold rules between members; those are in `rules.rs`.

use crate::management::shape::{
    Object, boolean, field, integer, list, list_of_at_least, object, one_of, open, text,
};

use super::formats;

/// The largest number that JSON readers of every language keep as a 32-bit integer.
pub(super) const LARGE: i64 = i32::MAX as i64;

/// Who may be told of a logout.
const INITIATORS: &[&str] = &[
    "rp-logout",
    "idp-logout",
    "password-changed",
    "session-expired",
    "session-revoked",
    "account-deleted",
    "email-identifier-changed",
    "mfa-phone-unenrolled",
    "account-deactivated",
];

pub(super) fn session_transfer() -> Object {
    object([
        field("can_create_session_transfer_token", boolean()),
        field("enforce_cascade_revocation", boolean()),
        field("allowed_authentication_methods", list(one_of(&["cookie", "query"]))).nullable(),
        field("enforce_device_binding", one_of(&["ip", "asn", "none"])),
        field("allow_refresh_token", boolean()),
        field("enforce_online_refresh_tokens", boolean()),
        field(
            "delegation",
            object([
                field("allow_delegated_access", boolean()),
                field("enforce_device_binding", one_of(&["ip", "asn"])),
            ]),
        )
        .nullable(),
    ])
}

pub(super) fn oidc_logout() -> Object {
    open([
        field("backchannel_logout_urls", list(text().like(formats::LISTENER_OR_EMPTY))),
        field(
            "backchannel_logout_initiators",
            open([
                field("mode", one_of(&["custom", "all"])),
                field("selected_initiators", list(one_of(INITIATORS))),
            ]),
        ),
        field("backchannel_logout_session_metadata", open([field("include", boolean())])).nullable(),
    ])
}

pub(super) fn jwt_configuration() -> Object {
    open([
        field("lifetime_in_seconds", integer(0, LARGE)),
        field("secret_encoded", boolean()),
        field("scopes", open([])),
        field("alg", one_of(&["HS256", "RS256", "RS512", "PS256"])),
    ])
}

pub(super) fn refresh_token() -> Object {
    let policy = object([
        field("audience", text().at_least(1).at_most(600)).required(),
        field("scope", list(text().at_least(1).at_most(280))).required(),
    ]);
    object([
        field("rotation_type", one_of(&["rotating", "non-rotating"])).required(),
        field("expiration_type", one_of(&["expiring", "non-expiring"])).required(),
        field("leeway", integer(0, LARGE)),
        field("token_lifetime", integer(1, 157_788_000)),
        field("infinite_token_lifetime", boolean()),
        field("idle_token_lifetime", integer(1, LARGE)),
        field("infinite_idle_token_lifetime", boolean()),
        field("policies", list_of_at_least(1, policy)).nullable(),
    ])
}

pub(super) fn token_quota() -> Object {
    let quota = object([
        field("enforce", boolean()),
        field("per_day", integer(1, LARGE)),
        field("per_hour", integer(1, LARGE)),
    ]);
    object([field("client_credentials", quota.at_least(1)).required()])
}
