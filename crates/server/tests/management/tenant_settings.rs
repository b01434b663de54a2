//! `/api/v2/tenants/settings`

mod bodies;

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use super::logs::{entry_of, writes};
use crate::kit::{Call, MANAGEMENT, TestServer, engines, error};

const PATH: &str = "/tenants/settings";

/// The settings of a tenant that was never told anything.
fn untouched(name: &str) -> Value {
    json!({
        "flags": {
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
        },
        "friendly_name": name,
        "session_lifetime": 168,
        "idle_session_lifetime": 72,
        "ephemeral_session_lifetime": 72,
        "idle_ephemeral_session_lifetime": 24,
        "enabled_locales": ["en", "de", "es", "ja"],
        "allow_organization_name_in_authentication_api": false,
        "customize_mfa_in_postlogin_action": false,
        "pushed_authorization_requests_supported": true,
        "authorization_response_iss_parameter_supported": false,
        "resource_parameter_profile": "audience",
        "client_id_metadata_document_supported": false,
        "phone_consolidated_experience": false,
        "include_session_metadata_in_tenant_logs": false,
    })
}

/// The untouched settings with other values for some of them.
fn with(changes: &Value) -> Value {
    let mut settings = untouched("main");
    settings.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    settings
}

async fn settings(server: &TestServer) -> (u16, Value) {
    server.api_get(PATH).await.both()
}

async fn patched(server: &TestServer, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, PATH, &body).await.both()
}

/// Insists that a change is answered with these settings, and that they are what is read from then on.
async fn becomes(server: &TestServer, body: Value, expected: &Value) {
    assert_eq!(patched(server, body.clone()).await, (200, expected.clone()), "{body}");
    assert_eq!(settings(server).await, (200, expected.clone()), "{body}");
}

#[tokio::test]
async fn a_new_tenant_shows_its_defaults_and_nothing_else() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(settings(&server).await, (200, untouched("main")));
        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, PATH), None).await;
        assert_eq!(other.both(), (200, untouched("other")));
    }
}

/// A value for every setting but the flags and those in minutes.
fn everything() -> Value {
    let mut all = json!({
        "change_password": { "enabled": true, "html": "<p>ü 漢字</p>" },
        "guardian_mfa_page": { "enabled": false, "html": "" },
        "default_audience": MANAGEMENT,
        "default_directory": "users",
        "error_page": { "html": "<h1>", "show_log_link": true, "url": "https://e.example/x" },
        "device_flow": { "charset": "digits", "mask": "***-***" },
        "default_token_quota": { "clients": { "client_credentials": { "enforce": true, "per_day": 5, "per_hour": 1 } } },
        "friendly_name": "Acme \"& Co\"",
        "picture_url": "https://a.example/logo.png",
        "support_email": "help@a.example",
        "support_url": "https://a.example/help",
        "allowed_logout_urls": ["https://a.example/out", "com.acme:/out"],
        "session_lifetime": 1,
        "idle_session_lifetime": 2,
        "ephemeral_session_lifetime": 3,
        "idle_ephemeral_session_lifetime": 4,
        "sandbox_version": "22",
        "legacy_sandbox_version": "8",
        "default_redirection_uri": "https://a.example/",
        "enabled_locales": ["de", "en", "pt-BR"],
        "security_headers": {
            "content_security_policy": {
                "enabled": true,
                "policies": [{ "mode": "reporting", "directives": { "default-src": ["'self'"] } }],
            },
            "x_xss_protection": { "enabled": true, "mode": "block" },
        },
        "session_cookie": { "mode": "non-persistent" },
        "sessions": { "oidc_logout_prompt_enabled": true },
        "oidc_logout": { "rp_logout_end_session_endpoint_discovery": true },
        "allow_organization_name_in_authentication_api": true,
        "customize_mfa_in_postlogin_action": true,
        "acr_values_supported": ["urn:mace:incommon:iap:silver"],
        "mtls": { "enable_endpoint_aliases": true },
        "pushed_authorization_requests_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "skip_non_verifiable_callback_uri_confirmation_prompt": true,
        "resource_parameter_profile": "compatibility",
        "client_id_metadata_document_supported": true,
        "phone_consolidated_experience": true,
        "enable_ai_guide": true,
        "include_session_metadata_in_tenant_logs": true,
        "dynamic_client_registration_security_mode": "strict",
        "country_codes": { "list": ["DE", "FR"], "mode": "allow" },
    });
    all["universal_login"] =
        json!({ "colors": { "primary": "#F8F8F2", "page_background": { "type": "linear" } }, "x": 1 });
    all
}

#[tokio::test]
async fn every_setting_is_stored_shown_and_cleared_by_null() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let all = everything();
        becomes(&server, all.clone(), &with(&all)).await;
        // What is shown can be sent back as it is.
        becomes(&server, with(&all), &with(&all)).await;
        let mut nulls = all.clone();
        nulls["flags"] = Value::Null;
        for value in nulls.as_object_mut().unwrap().values_mut() {
            *value = Value::Null;
        }
        becomes(&server, nulls, &untouched("main")).await;
    }
}

#[tokio::test]
async fn no_setting_of_the_published_api_is_missing() {
    let mut known: Vec<_> = everything().as_object().unwrap().keys().cloned().collect();
    known.push("flags".to_owned());
    let shape = &chancery::tenants::settings::SHAPE;
    let names =
        shape.names().filter(|name| !name.ends_with("_in_minutes") && *name != "sandbox_versions_available");
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    known.sort();
    assert_eq!(names, known);
}

#[tokio::test]
async fn pages_keep_what_a_patch_does_not_name() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for name in ["change_password", "guardian_mfa_page"] {
            let page = json!({ name: { "enabled": true, "html": "<p>" } });
            becomes(&server, page.clone(), &with(&page)).await;
            let closed = json!({ name: { "enabled": false, "html": "<p>" } });
            becomes(&server, json!({ name: { "enabled": false } }), &with(&closed)).await;
            becomes(&server, json!({ name: null }), &untouched("main")).await;
        }
        let colors = json!({ "universal_login": { "colors": { "primary": "#000000" } } });
        becomes(&server, colors.clone(), &with(&colors)).await;
        becomes(&server, json!({ "universal_login": {} }), &with(&colors)).await;
        becomes(&server, json!({ "universal_login": null }), &untouched("main")).await;
    }
}

#[tokio::test]
async fn the_empty_redirection_address_is_none() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let address = json!({ "default_redirection_uri": "https://a.example/" });
        becomes(&server, address.clone(), &with(&address)).await;
        becomes(&server, json!({ "default_redirection_uri": "" }), &untouched("main")).await;
    }
}

#[tokio::test]
async fn a_patch_keeps_what_is_absent_and_replaces_objects_whole() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let page = json!({ "html": "<h1>", "show_log_link": true });
        let first = json!({ "friendly_name": "Acme", "error_page": page, "support_url": "" });
        becomes(&server, first.clone(), &with(&first)).await;
        let second = json!({ "friendly_name": "Acme", "error_page": { "url": "" }, "support_url": "" });
        becomes(&server, json!({ "error_page": { "url": "" } }), &with(&second)).await;
        let third = json!({ "friendly_name": "Acme", "support_url": "" });
        becomes(&server, json!({ "error_page": null }), &with(&third)).await;
        becomes(&server, json!({ "friendly_name": null, "support_url": null }), &untouched("main")).await;
        becomes(&server, json!({ "friendly_name": "" }), &with(&json!({ "friendly_name": "" }))).await;
    }
}

#[tokio::test]
async fn each_flag_stands_for_itself() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut expected = untouched("main");
        for (name, value) in [
            ("enable_sso", false),
            ("genai_trial", true),
            ("use_scope_descriptions_for_consent", true),
            ("enable_sso", true),
        ] {
            expected["flags"][name] = json!(value);
            becomes(&server, json!({ "flags": { name: value } }), &expected).await;
        }
        becomes(&server, json!({ "flags": {} }), &expected).await;
        becomes(&server, json!({ "flags": null }), &untouched("main")).await;
    }
}

#[tokio::test]
async fn lifetimes_can_be_set_in_hours_or_in_minutes_and_are_shown_in_hours() {
    let server = TestServer::start().await;
    for name in [
        "session_lifetime",
        "idle_session_lifetime",
        "ephemeral_session_lifetime",
        "idle_ephemeral_session_lifetime",
    ] {
        let minutes = format!("{name}_in_minutes");
        becomes(&server, json!({ name: 5 }), &with(&json!({ name: 5 }))).await;
        becomes(&server, json!({ &minutes: 90 }), &with(&json!({ name: 1.5 }))).await;
        becomes(&server, json!({ &minutes: 120 }), &with(&json!({ name: 2 }))).await;
        let message = format!("{name} and {minutes} set the same thing: give one of them.");
        let both = json!({ name: 1, &minutes: 60 });
        assert_eq!(patched(&server, both).await, bad("invalid_body", &message));
        assert_eq!(settings(&server).await, (200, with(&json!({ name: 2 }))));
        becomes(&server, json!({ &minutes: null }), &untouched("main")).await;
    }
}

#[tokio::test]
async fn fields_choose_what_is_shown() {
    let server = TestServer::start().await;
    let two = json!({ "friendly_name": "main", "session_lifetime": 168 });
    let mut others = untouched("main");
    for name in ["friendly_name", "session_lifetime"] {
        others.as_object_mut().unwrap().shift_remove(name);
    }
    for (query, expected) in [
        ("fields=friendly_name,session_lifetime", &two),
        ("fields=session_lifetime,friendly_name&include_fields=true", &two),
        ("fields=friendly_name,session_lifetime&include_fields=false", &others),
        ("fields=error_page", &json!({})),
        ("include_fields=false", &untouched("main")),
        ("fields=", &untouched("main")),
    ] {
        let answer = server.api_get(&format!("{PATH}?{query}")).await;
        assert_eq!(answer.both(), (200, expected.clone()), "{query}");
    }
    for (query, reason, property) in [
        ("fields=friendly_name,nonsense", "Unknown field: nonsense", "fields"),
        ("fields=log_days", "Unknown field: log_days", "fields"),
        ("fields=flags.enable_sso", "Unknown field: flags.enable_sso", "fields"),
        (
            "fields=friendly_name&include_fields=maybe",
            "Expected type boolean but found: maybe",
            "include_fields",
        ),
        ("fields=flags&fields=flags", "The parameter is there more than once", "fields"),
    ] {
        let message = format!("Query validation error: '{reason}' on property {property}.");
        let answer = server.api_get(&format!("{PATH}?{query}")).await;
        assert_eq!(answer.both(), bad("invalid_query_string", &message), "{query}");
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[(Method::GET, PATH, &["read:tenant_settings"]), (Method::PATCH, PATH, &["update:tenant_settings"])],
    )
    .await;
}

#[tokio::test]
async fn settings_can_be_neither_made_nor_deleted() {
    let server = TestServer::start().await;
    let expected = error(405, "Method Not Allowed", None, "This path does not answer to this method.");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = server.api_send(method, PATH, &json!({ "friendly_name": "x" })).await;
        assert_eq!(answer.both(), (405, expected.clone()));
    }
    assert_eq!(settings(&server).await, (200, untouched("main")));
}

#[tokio::test]
async fn each_tenant_has_settings_of_its_own() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        let patch = json!({ "friendly_name": "Theirs", "flags": { "enable_sso": false } });
        at_other(&server, &token, (Method::PATCH, PATH), Some(&patch)).await.expect(200);
        assert_eq!(settings(&server).await, (200, untouched("main")));
        let ours = server.token(&[]).await;
        let foreign = at_other(&server, &ours, (Method::PATCH, PATH), Some(&patch)).await;
        assert_eq!(foreign.status, 401, "a token of ours is good for nothing there");
    }
}

#[tokio::test]
async fn another_process_sees_a_change_when_it_catches_up() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        assert_eq!(settings(&sibling).await, (200, untouched("main")));
        patched(&server, json!({ "friendly_name": "Acme" })).await;
        chancery::changes::catch_up(&sibling.app).await.unwrap();
        assert_eq!(settings(&sibling).await, (200, with(&json!({ "friendly_name": "Acme" }))));
    }
}

#[tokio::test]
async fn parallel_patches_lose_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        for process in [&server, &sibling] {
            assert_eq!(settings(process).await, (200, untouched("main")));
        }
        let (a, b, c, d) = tokio::join!(
            patched(&server, json!({ "friendly_name": "Acme" })),
            patched(&sibling, json!({ "flags": { "genai_trial": true } })),
            patched(&server, json!({ "flags": { "enable_sso": false } })),
            patched(&sibling, json!({ "support_url": "" })),
        );
        assert_eq!([a.0, b.0, c.0, d.0], [200; 4]);
        chancery::changes::catch_up(&server.app).await.unwrap();
        let mut expected = with(&json!({ "friendly_name": "Acme", "support_url": "" }));
        expected["flags"]["genai_trial"] = json!(true);
        expected["flags"]["enable_sso"] = json!(false);
        assert_eq!(settings(&server).await, (200, expected));
    }
}

#[tokio::test]
async fn each_change_stands_in_the_log_once_without_its_values() {
    for on in engines() {
        let server = TestServer::on(on).await;
        patched(&server, json!({ "error_page": { "html": "hunter2" } })).await;
        assert_eq!(patched(&server, json!({ "colour": "hunter2" })).await.0, 400);
        assert_eq!(patched(&server, json!({ "default_audience": "hunter2" })).await.0, 400);
        settings(&server).await;
        let entries = writes(&server).await;
        let entry = entries[0].clone();
        let kind = ("sapi", "Update the tenant settings");
        assert_eq!(entries, [entry_of(&server, &entry, kind, ("patch", PATH, 200))]);
        assert!(!entry.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn a_token_request_without_an_audience_uses_the_new_default_at_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut form = server.management_form("", "read:logs");
        form.retain(|(name, _)| name != "audience");
        let ask = async || server.send(Call::new(Method::POST, "/oauth/token").form(&form).build()).await;
        assert_eq!(ask().await.status, 403);
        patched(&server, json!({ "default_audience": MANAGEMENT })).await;
        assert_eq!(ask().await.expect(200)["scope"], "read:logs");
        patched(&server, json!({ "default_audience": null })).await;
        assert_eq!(ask().await.status, 403);
    }
}
