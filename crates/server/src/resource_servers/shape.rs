//! What an API (resource server) looks like on the wire, for create, update and read.
//!
//! Must never offer a field that [`super::rules`] does not understand.

use std::sync::LazyLock;

use crate::management::shape::{
    Format, Kind, Object, boolean, field, integer, list, object, one_of, open, text,
};

/// The algorithms that can sign the access tokens of an API.
pub(super) const SIGNING_ALGS: &[&str] = &["HS256", "RS256", "RS512", "PS256"];
/// The forms of an access token.
const DIALECTS: &[&str] = &["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"];
/// The longest life of an access token: thirty days, in seconds.
const LONGEST_LIFE: i64 = 2_592_000;

const NAME: Format = Format {
    name: "name (at least one character, none of < and >)",
    accepts: |text| !text.is_empty() && !text.contains(['<', '>']),
};
const SCOPE: Format = Format {
    name: "scope (no spaces, no control characters)",
    accepts: |text| !text.chars().any(|character| character.is_whitespace() || character.is_control()),
};

/// An API.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("name", text().at_most(200).like(NAME)),
        field("is_system", boolean()).read_only(),
        field("identifier", text().at_least(1).at_most(600)).required().on_create(),
        field("scopes", list(scope())),
        field("signing_alg", one_of(SIGNING_ALGS)),
        field("signing_secret", text().at_least(16)),
        field("allow_offline_access", boolean()),
        field("allow_online_access", boolean()),
        field("allow_online_access_with_ephemeral_sessions", boolean()),
        field("skip_consent_for_verifiable_first_party_clients", boolean()),
        field("token_lifetime", integer(0, LONGEST_LIFE)),
        // The published schema shows it in answers alone, but tools send it and the wire accepts it.
        field("token_lifetime_for_web", integer(0, LONGEST_LIFE)),
        field("enforce_policies", boolean()),
        field("token_dialect", one_of(DIALECTS)),
        field("token_encryption", token_encryption()).nullable(),
        field("consent_policy", one_of(&["transactional-authorization-with-mfa"])).nullable(),
        field("authorization_details", list(Kind::Any)).nullable(),
        field(
            "proof_of_possession",
            object([
                field("mechanism", one_of(&["mtls", "dpop"])).required(),
                field("required", boolean()).required(),
                field("required_for", one_of(&["public_clients", "all_clients"])),
            ]),
        )
        .nullable(),
        field(
            "subject_type_authorization",
            object([
                field(
                    "user",
                    open([field("policy", one_of(&["allow_all", "deny_all", "require_client_grant"]))]),
                ),
                field("client", open([field("policy", one_of(&["deny_all", "require_client_grant"]))])),
            ]),
        ),
        field(
            "authorization_policy",
            object([field("policy_id", text().at_least(1).at_most(1024)).required()]),
        )
        .nullable(),
        field("client_id", text()).read_only(),
    ])
});

fn scope() -> Object {
    object([
        field("value", text().at_least(1).at_most(280).like(SCOPE)).required(),
        field("description", text().at_most(500)),
    ])
}

fn token_encryption() -> Object {
    object([
        field("format", one_of(&["compact-nested-jwe"])).required(),
        field(
            "encryption_key",
            object([
                field("name", text().at_least(1).at_most(128)),
                field("alg", one_of(&["RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"])).required(),
                field("kid", text().at_least(1).at_most(128)),
                field("pem", text().at_least(1).at_most(4096)).required(),
                // What answers show in the place of the key.
                field("thumbprint_sha256", text()).read_only(),
            ]),
        )
        .required(),
    ])
}
