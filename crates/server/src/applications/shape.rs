//! What an application may hold: one shape for create, update and read.
//!
//! The order of the fields is the order in which answers show them. Must only say what a member looks like;
//! rules between members are in `rules.rs`.

mod addons;
mod formats;
mod organizations;
mod protocol;

use std::sync::LazyLock;

use crate::management::shape::{
    Kind, Object, boolean, field, integer, list, list_of_at_least, map, object, one_of, open, text,
};

pub use addons::BEYOND;
pub use formats::{CREDENTIAL_ID, DATE_TIME, IP_OR_NETWORK, KEY_ID};

/// An application.
pub static APPLICATION: LazyLock<Object> = LazyLock::new(application);

/// The kinds of application. The first four are what people make; the rest stand for products and for parts
/// of the platform.
pub const APP_TYPES: &[&str] = &[
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
];

/// The most entries of `client_metadata`.
pub const METADATA_ENTRIES: usize = 10;

fn application() -> Object {
    object([
        field("client_id", text()).read_only(),
        field("tenant", text()).read_only(),
        field("name", text().at_least(1).like(formats::NAME)).required(),
        field("description", text().at_most(140)),
        field("global", boolean()).read_only(),
        field("client_secret", text().at_least(1)).on_update(),
        field("app_type", one_of(APP_TYPES)),
        field("logo_uri", text().like(formats::URI_OR_EMPTY)),
        field("is_first_party", boolean()),
        field("oidc_conformant", boolean()),
        field("callbacks", list(text().like(formats::CALLBACK_URL))),
        field("allowed_origins", list(text().like(formats::URL_WITH_PLACEHOLDERS))),
        field("web_origins", list(text().like(formats::URL_WITH_PLACEHOLDERS))),
        field("client_aliases", list(text().at_least(1))),
        field("allowed_clients", list(text().at_least(1))),
        field("allowed_logout_urls", list(text().like(formats::URL_WITH_PLACEHOLDERS))),
        field("session_transfer", protocol::session_transfer()).nullable(),
        field("oidc_logout", protocol::oidc_logout()),
        field("oidc_backchannel_logout", protocol::oidc_logout()),
        field("grant_types", list(text().at_least(1))),
        field("jwt_configuration", protocol::jwt_configuration()),
        field(
            "signing_keys",
            list(open([field("pkcs7", text()), field("cert", text()), field("subject", text())])),
        )
        .read_only(),
        field(
            "encryption_key",
            open([field("pub", text()), field("cert", text()), field("subject", text())]),
        )
        .nullable(),
        field("sso", boolean()),
        field("sso_disabled", boolean()),
        field("cross_origin_authentication", boolean()),
        field("cross_origin_loc", text().like(formats::URL)),
        field("custom_login_page_on", boolean()),
        // The empty text is how tools take a page away, and some send it for a new application as well.
        field("custom_login_page", text()),
        field("custom_login_page_preview", text()),
        field("form_template", text()),
        field("addons", addons::addons()),
        field("token_endpoint_auth_method", one_of(&["none", "client_secret_post", "client_secret_basic"])),
        field("is_token_endpoint_ip_header_trusted", boolean()),
        field("client_metadata", map(Kind::Any, METADATA_ENTRIES)),
        field("mobile", mobile()),
        field("initiate_login_uri", text().like(formats::HTTPS_OR_EMPTY)),
        field("native_social_login", social_login(["apple", "facebook", "google"], "enabled")).nullable(),
        field("fedcm_login", social_login(["google"], "is_enabled")).nullable(),
        field("refresh_token", protocol::refresh_token()).nullable(),
        field("default_organization", organizations::default_organization()).nullable(),
        field("organization_usage", one_of(&["deny", "allow", "require"])),
        field(
            "organization_require_behavior",
            one_of(&["no_prompt", "pre_login_prompt", "post_login_prompt"]),
        ),
        field("organization_discovery_methods", list_of_at_least(1, one_of(&["email", "organization_name"]))),
        field("client_authentication_methods", super::credentials::shape::authentication_methods()),
        field("require_pushed_authorization_requests", boolean()),
        field("require_proof_of_possession", boolean()),
        field("signed_request_object", super::credentials::shape::signed_request_object()),
        field("token_vault_privileged_access", super::credentials::shape::token_vault_access()),
        field(
            "compliance_level",
            one_of(&[
                "none",
                "fapi1_adv_pkj_par",
                "fapi1_adv_mtls_par",
                "fapi2_sp_pkj_mtls",
                "fapi2_sp_mtls_mtls",
            ]),
        )
        .nullable(),
        field("skip_non_verifiable_callback_uri_confirmation_prompt", boolean()),
        field(
            "token_exchange",
            object([field(
                "allow_any_profile_of_type",
                list(one_of(&["custom_authentication", "on_behalf_of_token_exchange"])),
            )]),
        ),
        field("par_request_expiry", integer(10, 600)).nullable(),
        field("token_quota", protocol::token_quota()),
        field("express_configuration", organizations::express_configuration()),
        field("my_organization_configuration", organizations::my_organization_configuration()),
        field("third_party_security_mode", one_of(&["strict", "permissive"])),
        field("redirection_policy", one_of(&["allow_always", "open_redirect_protection"])),
        field("resource_server_identifier", text().at_least(1).at_most(600)).on_create(),
        field(
            "async_approval_notification_channels",
            list_of_at_least(1, one_of(&["guardian-push", "email"])),
        ),
        // Younger than the published description, as its clients send it.
        field("identity_assertion_authorization_grant", object([field("active", boolean()).required()])),
        field("external_metadata_type", one_of(&["cimd", "dcr"])).read_only(),
        field("external_metadata_created_by", one_of(&["admin", "client"])).read_only(),
        field("external_client_id", text()).read_only(),
        field("jwks_uri", text()).read_only(),
    ])
    // Of a new application only the name is required; a patch that patches nothing is refused like at Auth0.
    .at_least(1)
}

fn mobile() -> Object {
    open([
        field(
            "android",
            open([
                field("app_package_name", text()),
                field("sha256_cert_fingerprints", list_of_at_least(1, text().at_least(1))),
            ]),
        ),
        field("ios", open([field("team_id", text()), field("app_bundle_identifier", text())])),
    ])
}

fn social_login<const N: usize>(providers: [&'static str; N], switch: &'static str) -> Object {
    let provider = |name| field(name, object([field(switch, boolean())]).at_least(1)).nullable();
    object(providers.map(provider)).at_least(1)
}
