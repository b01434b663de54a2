//! The tenant settings: their fields, what holds where nothing is set, and what a patch does.
//!
//! Pure. Stores only what was set, so that a better default reaches every tenant that did not choose. Must
//! never claim a default for something that this server does not do.

use std::sync::LazyLock;

use chancery_oauth::{device, uri};
use serde_json::{Map, Value, json};

use crate::management::ApiError;
use crate::management::shape::{
    Field, Format, Object, Presence, boolean, field, integer, list, list_of_at_least, map, object, one_of,
    open, text,
};
use crate::messages::Catalogue;

pub mod locales;

/// Hours in the fields that can also be set in minutes.
const LIFETIMES: [(&str, &str); 4] = [
    ("session_lifetime", "session_lifetime_in_minutes"),
    ("idle_session_lifetime", "idle_session_lifetime_in_minutes"),
    ("ephemeral_session_lifetime", "ephemeral_session_lifetime_in_minutes"),
    ("idle_ephemeral_session_lifetime", "idle_ephemeral_session_lifetime_in_minutes"),
];
/// The objects of which a patch keeps what it does not name.
const MERGED: [&str; 4] = ["flags", "change_password", "guardian_mfa_page", "universal_login"];
/// More hours or minutes than a session of anybody lasts.
const FOREVER: i64 = i32::MAX as i64;
/// Entries of a free-form object at most.
const MANY: usize = 100;

const URI: Format = Format { name: "absolute-uri-or-empty", accepts: |text| text.is_empty() || is_uri(text) };
const HTTPS: Format = Format {
    name: "absolute-https-uri-or-empty",
    accepts: |text| text.is_empty() || (text.starts_with("https://") && is_uri(text) && !text.contains('#')),
};
const MASK: Format = Format { name: "mask-with-at-least-six-asterisks", accepts: device::is_mask };
const EMAIL: Format = Format { name: "email-or-empty", accepts: |text| text.is_empty() || is_email(text) };
const URL: Format = Format { name: "url-with-placeholders", accepts: is_uri };
const ACR: Format = Format { name: "acr", accepts: |text| !text.is_empty() && is_plain(text) };
const COUNTRY: Format = Format {
    name: "country code (two upper-case letters)",
    accepts: |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
};

/// The tenant settings.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("change_password", page()).nullable(),
        field("guardian_mfa_page", page()).nullable(),
        field("default_audience", text()),
        field("default_directory", text()),
        field(
            "error_page",
            object([
                field("html", text()),
                field("show_log_link", boolean()),
                field("url", text().like(URI)),
            ]),
        )
        .nullable(),
        field(
            "device_flow",
            object([
                field("charset", one_of(&["base20", "digits"])),
                field("mask", text().at_most(20).like(MASK)),
            ]),
        )
        .nullable(),
        field(
            "default_token_quota",
            object([field("clients", quota()), field("organizations", quota())]).at_least(1),
        )
        .nullable(),
        field("flags", flags()),
        // Not in the published description, but sent by deployment tools and shown on the wire.
        field("universal_login", open([field("colors", open([]))])),
        field("friendly_name", text()),
        field("picture_url", text().like(URI)),
        field("support_email", text().like(EMAIL)),
        field("support_url", text().like(URI)),
        field("allowed_logout_urls", list(text().like(URL))),
        hours("session_lifetime"),
        hours("session_lifetime_in_minutes").on_update(),
        hours("idle_session_lifetime"),
        hours("idle_session_lifetime_in_minutes").on_update(),
        hours("ephemeral_session_lifetime"),
        hours("ephemeral_session_lifetime_in_minutes").on_update(),
        hours("idle_ephemeral_session_lifetime"),
        hours("idle_ephemeral_session_lifetime_in_minutes").on_update(),
        field("sandbox_version", text().at_most(8)),
        field("legacy_sandbox_version", text().at_most(8)),
        field("sandbox_versions_available", list(text())).read_only(),
        field("default_redirection_uri", text().like(HTTPS)),
        field("enabled_locales", list_of_at_least(1, one_of(locales::ALL))),
        field("security_headers", security_headers()).nullable(),
        field(
            "session_cookie",
            object([field("mode", one_of(&["persistent", "non-persistent"])).required()]),
        )
        .nullable(),
        field("sessions", object([field("oidc_logout_prompt_enabled", boolean())])).nullable(),
        field("oidc_logout", object([field("rp_logout_end_session_endpoint_discovery", boolean())])),
        field("allow_organization_name_in_authentication_api", boolean()).nullable(),
        field("customize_mfa_in_postlogin_action", boolean()).nullable(),
        field("acr_values_supported", list(text().like(ACR))).nullable(),
        field("mtls", object([field("enable_endpoint_aliases", boolean())])).nullable(),
        field("pushed_authorization_requests_supported", boolean()).nullable(),
        field("authorization_response_iss_parameter_supported", boolean()).nullable(),
        field("skip_non_verifiable_callback_uri_confirmation_prompt", boolean()).nullable(),
        field("resource_parameter_profile", one_of(&["audience", "compatibility"])),
        field("client_id_metadata_document_supported", boolean()),
        field("phone_consolidated_experience", boolean()),
        field("enable_ai_guide", boolean()),
        field("include_session_metadata_in_tenant_logs", boolean()),
        field("dynamic_client_registration_security_mode", one_of(&["strict", "permissive"])),
        field(
            "country_codes",
            object([field("list", list(text().like(COUNTRY))), field("mode", one_of(&["allow", "deny"]))]),
        )
        .nullable(),
    ])
    .at_least(1)
});

fn page() -> Object {
    object([field("enabled", boolean()), field("html", text())])
}

fn hours(name: &'static str) -> Field {
    field(name, integer(1, FOREVER))
}

fn quota() -> Object {
    let number = || integer(1, i64::from(i32::MAX));
    let limits =
        object([field("enforce", boolean()), field("per_day", number()), field("per_hour", number())]);
    open([field("client_credentials", limits.at_least(1)).required()])
}

fn flags() -> Object {
    object(
        [
            "change_pwd_flow_v1",
            "enable_apis_section",
            "disable_impersonation",
            "enable_client_connections",
            "enable_pipeline2",
            "allow_legacy_delegation_grant_types",
            "allow_legacy_ro_grant_types",
            "allow_legacy_tokeninfo_endpoint",
            "enable_legacy_profile",
            "enable_idtoken_api2",
            "enable_public_signup_user_exists_error",
            "enable_sso",
            "allow_changing_enable_sso",
            "disable_clickjack_protection_headers",
            "no_disclose_enterprise_connections",
            "enforce_client_authentication_on_passwordless_start",
            "enable_adfs_waad_email_verification",
            "revoke_refresh_token_grant",
            "dashboard_log_streams_next",
            "dashboard_insights_view",
            "disable_fields_map_fix",
            "mfa_show_factor_list_on_enrollment",
            "remove_alg_from_jwks",
            "improved_signup_bot_detection_in_classic",
            "genai_trial",
            "enable_dynamic_client_registration",
            "disable_management_api_sms_obfuscation",
            "trust_azure_adfs_email_verified_connection_property",
            "custom_domains_provisioning",
            // Not in the published description, but sent by the Terraform provider.
            "use_scope_descriptions_for_consent",
            "enable_custom_domain_in_emails",
            "enable_legacy_logs_search_v2",
        ]
        .map(|name| field(name, boolean())),
    )
}

fn security_headers() -> Object {
    let reporting = object([field("report_uri", text()), field("report_to_group", text())]);
    let policy = object([
        field("mode", one_of(&["enforcing", "reporting"])),
        field("directives", map(list(text().at_most(2048)), 30)),
        field("flags", list(one_of(&["upgrade-insecure-requests", "block-all-mixed-content"]))),
        field("reporting", reporting).nullable(),
    ]);
    let report_to = object([
        field("group", text()),
        field("max_age", integer(0, FOREVER)),
        field("endpoints", list(object([field("url", text())]))),
    ]);
    let infrastructure =
        object([field("report_to", report_to).nullable(), field("reporting_endpoints", map(text(), MANY))]);
    object([
        field(
            "content_security_policy",
            object([
                field("enabled", boolean()),
                field("policies", list(policy)),
                field("reporting_infrastructure", infrastructure).nullable(),
            ]),
        )
        .nullable(),
        field(
            "x_xss_protection",
            object([
                field("enabled", boolean()),
                field("mode", one_of(&["block"])),
                field("report_uri", text()),
            ]),
        )
        .nullable(),
    ])
}

/// What is true of a tenant that was never told otherwise.
fn default_of(field: &str, tenant_name: &str) -> Option<Value> {
    match field {
        "friendly_name" => Some(json!(tenant_name)),
        "enabled_locales" => Some(json!(Catalogue::ALL.map(Catalogue::tag))),
        "session_lifetime" => Some(json!(168)),
        "idle_session_lifetime" | "ephemeral_session_lifetime" => Some(json!(72)),
        "idle_ephemeral_session_lifetime" => Some(json!(24)),
        "pushed_authorization_requests_supported" => Some(json!(true)),
        "resource_parameter_profile" => Some(json!("audience")),
        "allow_organization_name_in_authentication_api"
        | "customize_mfa_in_postlogin_action"
        | "authorization_response_iss_parameter_supported"
        | "client_id_metadata_document_supported"
        | "phone_consolidated_experience"
        | "include_session_metadata_in_tenant_logs" => Some(json!(false)),
        "flags" => Some(json!({
            "disable_impersonation": true,
            "allow_legacy_delegation_grant_types": false,
            "allow_legacy_ro_grant_types": false,
            "allow_legacy_tokeninfo_endpoint": false,
            "enable_sso": true,
            "allow_changing_enable_sso": false,
            "disable_clickjack_protection_headers": false,
            "revoke_refresh_token_grant": false,
            "remove_alg_from_jwks": false,
            "enable_dynamic_client_registration": false,
        })),
        _ => None,
    }
}

/// The settings as the wire shows them: what was set, over what holds where nothing was.
pub fn view(tenant_name: &str, settings: &Map<String, Value>) -> Map<String, Value> {
    let mut view = Map::new();
    for Field { name, .. } in SHAPE.fields.iter().filter(|field| field.when != Presence::Update) {
        let value = match (settings.get(*name), default_of(name, tenant_name)) {
            (Some(Value::Object(set)), Some(Value::Object(mut default))) => {
                default.extend(set.clone());
                Some(Value::Object(default))
            }
            (set, default) => set.cloned().or(default),
        };
        if let Some(value) = value {
            view.insert((*name).to_owned(), value);
        }
    }
    view
}

/// Applies a checked body: members are replaced, null clears, and some objects keep what is not named.
pub fn apply(settings: &mut Map<String, Value>, mut patch: Map<String, Value>) -> Result<(), ApiError> {
    for (hours, minutes) in LIFETIMES {
        let Some(value) = patch.remove(minutes) else { continue };
        if patch.contains_key(hours) {
            return Err(ApiError::Body(format!(
                "{hours} and {minutes} set the same thing: give one of them."
            )));
        }
        patch.insert(hours.to_owned(), in_hours(&value));
    }
    for (name, value) in patch {
        // The empty address is how tools take this one away.
        if value.is_null() || (name == "default_redirection_uri" && value == "") {
            settings.remove(&name);
        } else if MERGED.contains(&name.as_str())
            && let Some(Value::Object(old)) = settings.get_mut(&name)
            && let Value::Object(new) = value
        {
            old.extend(new);
        } else {
            settings.insert(name, value);
        }
    }
    Ok(())
}

/// The API that a body makes the default; it has to be looked up.
pub fn default_audience(patch: &Map<String, Value>) -> Option<&str> {
    patch.get("default_audience").and_then(Value::as_str).filter(|audience| !audience.is_empty())
}

/// Minutes as the wire shows them: a whole number of hours where it is one.
fn in_hours(minutes: &Value) -> Value {
    match minutes.as_f64() {
        Some(minutes) if minutes % 60.0 == 0.0 => json!(whole(minutes / 60.0)),
        Some(minutes) => json!(minutes / 60.0),
        None => Value::Null,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the shape lets small whole numbers through alone")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// An absolute URI, loosely: a scheme and something after it, nothing that a browser would run, nothing that breaks a
/// line or a header.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !uri::is_dangerous(scheme)
        && !rest.trim_start_matches('/').is_empty()
        && is_plain(text)
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    is_plain(text)
        && parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.starts_with('.')
        })
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(|character| character.is_whitespace() || character.is_control())
}

#[cfg(test)]
mod tests;
