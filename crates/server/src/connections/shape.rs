//! What a connection looks like on the wire, for create, update and read.
//!
//! The options are those of the strategy `auth0`; members beyond them are kept, as the published description
//! says. What other strategies demand of theirs is in `upstream.rs`.

use std::sync::LazyLock;

use crate::management::shape::{
    Format, Kind, Object, boolean, field, integer, list, map, object, one_of, open, text,
};

/// The published strategies.
pub(super) const STRATEGIES: &[&str] = &[
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
];

const NAME: Format = Format {
    name: "^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$",
    accepts: |text| {
        text.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
};
const CLIENT_ID: Format = Format {
    name: "client-id",
    accepts: |text| (1..=120).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()),
};
const REALM: Format = Format {
    name: "connection-realm",
    accepts: |text| !text.is_empty() && !text.chars().any(|one| one.is_control() || one.is_whitespace()),
};

/// A connection.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("options", options()),
        field("strategy", one_of(STRATEGIES)).required().on_create(),
        field("name", text().at_least(1).at_most(128).like(NAME)).required().on_create(),
        field("display_name", text().at_most(128)),
        field("is_domain_connection", boolean()),
        field("show_as_button", boolean()),
        field("realms", list(text().at_most(255).like(REALM))),
        field("enabled_clients", list(text().like(CLIENT_ID))),
        field("metadata", map(Kind::Any, 10)),
        field("authentication", object([field("active", boolean()).required()])),
        field(
            "connected_accounts",
            object([field("active", boolean()).required(), field("cross_app_access", boolean())]),
        ),
        field("cross_app_access_requesting_app", object([field("active", boolean()).required()])),
    ])
    .at_least(1)
});

/// Whether an application may use a connection.
pub(super) static CLIENT_STATUS: LazyLock<Object> = LazyLock::new(|| {
    object([field("client_id", text().like(CLIENT_ID)).required(), field("status", boolean()).required()])
});

/// A text in a list of words.
fn word() -> Kind {
    text().at_most(50).into()
}

fn options() -> Object {
    let flag = |name| field(name, boolean());
    open([
        field(
            "validation",
            object([field(
                "username",
                object([field("min", integer(1, 128)).required(), field("max", integer(1, 128)).required()]),
            )
            .nullable()]),
        )
        .nullable(),
        field("non_persistent_attrs", Kind::List(Box::new(text().at_most(255).into()), 0, 96)),
        field("precedence", Kind::List(Box::new(one_of(&["email", "phone_number", "username"])), 3, 3)),
        field("attributes", attributes()).nullable(),
        flag("enable_script_context"),
        flag("enabledDatabaseCustomization"),
        flag("import_mode"),
        field("configuration", map(text(), 1000)).nullable(),
        field(
            "customScripts",
            open([
                field("login", text().at_least(1)),
                field("get_user", text().at_least(1)),
                field("delete", text().at_least(1)),
                field("change_password", text().at_least(1)),
                field("verify", text().at_least(1)),
                field("create", text().at_least(1)),
                field("change_username", text().at_least(1)),
                field("change_email", text().at_least(1)),
                field("change_phone_number", text().at_least(1)),
            ]),
        ),
        field("authentication_methods", authentication_methods()).nullable(),
        field(
            "passkey_options",
            object([
                field("challenge_ui", one_of(&["both", "autofill", "button"])),
                field("progressive_enrollment_enabled", boolean()),
                field("local_enrollment_enabled", boolean()),
            ]),
        )
        .nullable(),
        field("passwordPolicy", one_of(&["none", "low", "fair", "good", "excellent"])).nullable(),
        field("password_complexity_options", object([field("min_length", integer(1, 128))])).nullable(),
        field(
            "password_history",
            object([field("enable", boolean()).required(), field("size", integer(0, 24))]),
        )
        .nullable(),
        field("password_no_personal_info", object([field("enable", boolean()).required()])).nullable(),
        field(
            "password_dictionary",
            object([
                field("enable", boolean()).required(),
                field("dictionary", Kind::List(Box::new(word()), 0, 2000)),
            ]),
        )
        .nullable(),
        field("password_options", password_options()),
        flag("disable_self_service_change_password"),
        flag("disable_signup"),
        flag("requires_username"),
        flag("brute_force_protection"),
        flag("realm_fallback"),
        field("mfa", open([field("active", boolean()), field("return_enroll_settings", boolean())])),
        field(
            "gateway_authentication",
            open([
                field("method", text()).required(),
                field("subject", text()),
                field("audience", text()).required(),
                field("secret", text()).required(),
                field("secret_base64_encoded", boolean()),
            ]),
        )
        .nullable(),
    ])
}

fn attributes() -> Object {
    let signup = || {
        object([
            field("status", one_of(&["required", "optional", "inactive"])),
            field("verification", object([field("active", boolean())])),
        ])
    };
    let identifier = |methods: &'static [&'static str]| {
        object([field("active", boolean()), field("default_method", one_of(methods))])
    };
    object([
        field(
            "email",
            object([
                field("identifier", identifier(&["password", "email_otp"])),
                field("unique", boolean()),
                field("profile_required", boolean()),
                field("verification_method", one_of(&["link", "otp"])),
                field("signup", signup()),
            ]),
        ),
        field(
            "phone_number",
            object([
                field("identifier", identifier(&["password", "phone_otp"])),
                field("profile_required", boolean()),
                field("signup", signup()),
            ]),
        ),
        field(
            "username",
            object([
                field("identifier", object([field("active", boolean())])),
                field("profile_required", boolean()),
                field("signup", object([field("status", one_of(&["required", "optional", "inactive"]))])),
                field(
                    "validation",
                    object([
                        field("min_length", integer(1, 128)),
                        field("max_length", integer(1, 128)),
                        field(
                            "allowed_types",
                            object([field("email", boolean()), field("phone_number", boolean())]),
                        ),
                    ]),
                ),
            ]),
        ),
    ])
    .at_least(1)
}

fn authentication_methods() -> Object {
    let switch = || object([field("enabled", boolean())]);
    object([
        field(
            "password",
            object([
                field("enabled", boolean()),
                field("api_behavior", one_of(&["required", "optional"])),
                field("signup_behavior", one_of(&["allow", "block"])),
            ]),
        ),
        field("passkey", switch()),
        field("email_otp", switch()),
        field("phone_otp", switch()),
    ])
}

fn password_options() -> Object {
    object([
        field(
            "complexity",
            object([
                field("min_length", integer(1, 72)),
                field("character_types", list(one_of(&["uppercase", "lowercase", "number", "special"]))),
                field("character_type_rule", one_of(&["all", "three_of_four"])),
                field("identical_characters", one_of(&["allow", "block"])),
                field("sequential_characters", one_of(&["allow", "block"])),
                field("max_length_exceeded", one_of(&["truncate", "error"])),
            ]),
        ),
        field(
            "dictionary",
            object([
                field("active", boolean()),
                field("custom", Kind::List(Box::new(word()), 0, 2000)),
                field("default", one_of(&["en_10k", "en_100k"])),
            ]),
        ),
        field("history", object([field("active", boolean()), field("size", integer(1, 24))])),
        field(
            "profile_data",
            object([field("active", boolean()), field("blocked_fields", list(text().at_most(100)))]),
        ),
    ])
}
