//! The rules of applications that need no database.

mod credentials;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::credentials::{Credential, attached};
use super::shape::APPLICATION;
use super::view::Sight;
use super::{oauth_client, patch, rules};
use crate::entropy::Entropy;
use crate::management::shape::When;

const NOW: &str = "2026-03-01T00:00:00Z";

/// Counts instead of throwing dice.
struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let step = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(index % 62).unwrap().wrapping_add(step) % 62;
        }
    }
}

fn counting() -> Counting {
    Counting(0.into())
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn refusal(value: Value, when: When) -> String {
    APPLICATION.check(&object(value), when).err().map(|error| error.to_string()).unwrap_or_default()
}

fn made(value: Value) -> Map<String, Value> {
    let mut document = Map::new();
    patch::apply(&mut document, object(value));
    document
}

fn patched(mut document: Map<String, Value>, value: Value) -> Map<String, Value> {
    patch::apply(&mut document, object(value));
    document
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

mod shape {
    use super::*;

    #[test]
    fn a_new_application_needs_a_name_and_nothing_else() {
        assert_eq!(refusal(json!({ "name": "x" }), When::Create), "");
        assert!(
            refusal(json!({ "description": "x" }), When::Create).contains("Missing required property: name")
        );
        for name in ["", "<b>", "a>b"] {
            assert!(refusal(json!({ "name": name }), When::Create).contains("on property name"), "{name}");
        }
    }

    #[test]
    fn a_patch_needs_a_member_and_cannot_take_the_name_away() {
        assert!(refusal(json!({}), When::Update).contains("Too few properties"));
        assert!(refusal(json!({ "name": null }), When::Update).contains("on property name"));
        assert_eq!(refusal(json!({ "description": null, "addons": null }), When::Update), "");
    }

    #[test]
    fn what_only_we_say_cannot_be_sent() {
        for name in
            ["client_id", "tenant", "global", "signing_keys", "jwks_uri", "external_client_id", "is_global"]
        {
            for when in [When::Create, When::Update] {
                let message = refusal(json!({ "name": "x", name: "y" }), when);
                assert!(message.contains(&format!("Additional properties not allowed: {name}")), "{name}");
            }
        }
        assert!(
            refusal(json!({ "name": "x", "client_secret": "s" }), When::Create).contains("client_secret")
        );
        assert_eq!(refusal(json!({ "client_secret": "s" }), When::Update), "");
        assert!(refusal(json!({ "resource_server_identifier": "a" }), When::Update).contains("not allowed"));
    }

    #[test]
    fn a_callback_may_have_any_scheme_but_those_that_run_something() {
        for good in [
            "https://app.example.com/callback",
            "http://localhost:3000",
            "http://127.0.0.1:8080/cb?x=1",
            "https://*.example.com/cb",
            "https://{organization_name}.example.com/cb",
            "com.example.app://login/callback",
            "com.example.app:/oauth",
            "urn:ietf:wg:oauth:2.0:oob",
            "https://[::1]:8080/cb",
        ] {
            assert_eq!(refusal(json!({ "name": "x", "callbacks": [good] }), When::Create), "", "{good}");
        }
        for bad in [
            "",
            "app.example.com",
            "//app.example.com",
            "https://",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "https://app.example.com/#token",
            "https://app.example.com\\@evil.example",
            "https://app.example.com/a b",
            "https://app.example.com/\ta",
            "https://app.example.com/\n",
            " https://app.example.com",
            "1http://app.example.com",
        ] {
            let message = refusal(json!({ "name": "x", "callbacks": ["https://a.b", bad] }), When::Create);
            assert!(message.contains("on property callbacks.1"), "{bad:?}: {message}");
        }
    }

    #[test]
    fn logout_addresses_may_have_fragments_and_login_addresses_must_be_https() {
        let body =
            json!({ "name": "x", "allowed_logout_urls": ["http://localhost:3000/#/bye", "app://out"] });
        assert_eq!(refusal(body, When::Create), "");
        for (uri, good) in [
            ("https://a.example/login", true),
            ("HTTPS://{organization.metadata.host}/login", true),
            ("", true),
            ("http://a.example/login", false),
            ("httpx://a.example", false),
        ] {
            let message = refusal(json!({ "name": "x", "initiate_login_uri": uri }), When::Create);
            assert_eq!(message.is_empty(), good, "{uri}: {message}");
        }
    }

    #[test]
    fn credentials_are_full_on_create_and_ids_on_update() {
        let full = json!({ "credential_type": "public_key", "pem": "x" });
        let id = json!({ "id": "cred_1m7sfABoNTTKYwTQ8qt6tX" });
        let body = |item: &Value| {
            json!({
                "name": "x",
                "client_authentication_methods": { "private_key_jwt": { "credentials": [item] } },
                "signed_request_object": { "required": true, "credentials": [item] },
                "token_vault_privileged_access": { "credentials": [item], "ip_allowlist": ["10.0.0.0/8", "::1"] },
            })
        };
        assert_eq!(refusal(body(&full), When::Create), "");
        assert_eq!(refusal(body(&id), When::Update), "");
        assert!(refusal(body(&id), When::Create).contains("credentials.0"));
        assert!(refusal(body(&full), When::Update).contains("credentials.0"));
        let two = json!({ "client_authentication_methods": {
            "private_key_jwt": { "credentials": [] }, "tls_client_auth": { "credentials": [] } } });
        assert!(refusal(two, When::Update).contains("Too many properties"));
    }

    #[test]
    fn every_addon_keeps_what_it_does_not_know_but_there_is_no_other_addon() {
        let known =
            json!({ "name": "x", "addons": { "samlp": { "x": 1 }, "wsfed": { "y": 2 }, "oag": null } });
        assert_eq!(refusal(known, When::Create), "");
        let unknown = json!({ "name": "x", "addons": { "mine": {} } });
        assert!(refusal(unknown, When::Create).contains("Additional properties not allowed: mine"));
    }
}

mod defaults {
    use super::*;

    #[test]
    fn an_application_of_no_kind_gets_what_auth0_gives() {
        let document = made(json!({ "name": "x" }));
        let mut expected = object(json!({
            "name": "x",
            "is_first_party": true,
            "oidc_conformant": false,
            "is_token_endpoint_ip_header_trusted": false,
            "sso_disabled": false,
            "cross_origin_authentication": false,
            "custom_login_page_on": true,
            "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
            "jwt_configuration": { "lifetime_in_seconds": 36000, "secret_encoded": false },
            "refresh_token": {
                "rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
                "token_lifetime": 31_557_600, "infinite_token_lifetime": true,
                "idle_token_lifetime": 2_592_000, "infinite_idle_token_lifetime": true,
            },
        }));
        expected.sort_keys();
        let mut document = document;
        document.sort_keys();
        assert_eq!(document, expected);
    }

    #[test]
    fn the_kind_decides_grants_and_authentication() {
        let public = vec!["authorization_code", "implicit", "refresh_token"];
        let all = vec!["authorization_code", "implicit", "refresh_token", "client_credentials"];
        let strict = json!({ "is_first_party": false, "third_party_security_mode": "strict" });
        for (members, method, grants) in [
            (json!({ "app_type": "spa" }), Some("none"), public.clone()),
            (json!({ "app_type": "native" }), Some("none"), public.clone()),
            (json!({ "token_endpoint_auth_method": "none" }), Some("none"), public.clone()),
            (json!({ "app_type": "spa", "is_first_party": false }), Some("none"), public),
            (json!({ "app_type": "non_interactive" }), None, all.clone()),
            (json!({ "app_type": "regular_web" }), None, all),
            (json!({ "app_type": "resource_server" }), None, vec![]),
            (
                json!({ "is_first_party": false }),
                None,
                vec!["authorization_code", "refresh_token", "client_credentials"],
            ),
            (strict, None, vec!["authorization_code"]),
        ] {
            let document = made(members.clone());
            let own = document.get("token_endpoint_auth_method").and_then(Value::as_str);
            assert_eq!(own, method, "{members}");
            assert_eq!(names(&document["grant_types"]), grants, "{members}");
        }
    }

    #[test]
    fn refresh_tokens_of_browsers_and_of_others_end_and_rotate_where_a_thief_could_reach_them() {
        for (members, kind) in [
            (json!({ "app_type": "native" }), ["non-rotating", "non-expiring"]),
            (json!({ "app_type": "spa" }), ["rotating", "expiring"]),
            (json!({ "app_type": "spa", "is_first_party": false }), ["rotating", "expiring"]),
            (json!({ "is_first_party": false }), ["non-rotating", "expiring"]),
        ] {
            let document = made(members.clone());
            let own = &document["refresh_token"];
            assert_eq!([&own["rotation_type"], &own["expiration_type"]], kind, "{members}");
            assert_eq!(rules::whole(&document), Ok(()));
        }
    }

    #[test]
    fn what_is_said_is_kept_and_the_rest_of_its_object_filled_in() {
        let document = made(json!({
            "grant_types": ["password"],
            "jwt_configuration": { "alg": "RS256" },
            "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring", "token_lifetime": 1000 },
        }));
        assert_eq!(document["grant_types"], json!(["password"]));
        let jwt = json!({ "alg": "RS256", "secret_encoded": false });
        assert_eq!(document["jwt_configuration"], jwt);
        assert_eq!(document["refresh_token"]["infinite_token_lifetime"], json!(false));
        assert_eq!(document["refresh_token"]["idle_token_lifetime"], json!(1000));
        assert_eq!(rules::whole(&document), Ok(()));
    }

    #[test]
    fn with_credentials_there_is_no_other_method() {
        let methods = json!({ "private_key_jwt": { "credentials": [] } });
        let document = made(json!({ "client_authentication_methods": methods }));
        assert_eq!(document.get("token_endpoint_auth_method"), None);
    }
}

mod merge {
    use super::*;

    #[test]
    fn absent_keeps_null_clears_and_a_value_replaces() {
        let before = made(json!({
            "name": "x", "description": "d", "callbacks": ["https://a.b"], "app_type": "spa",
            "mobile": { "ios": { "team_id": "t" }, "android": { "app_package_name": "p" } },
        }));
        let after = patched(
            before,
            json!({ "description": null, "callbacks": [], "mobile": { "ios": { "team_id": "u" } } }),
        );
        assert_eq!(after["name"], "x");
        assert_eq!(after.get("description"), None);
        assert_eq!(after["callbacks"], json!([]));
        let mobile = json!({ "ios": { "team_id": "u" }, "android": { "app_package_name": "p" } });
        assert_eq!(after["mobile"], mobile);
    }

    #[test]
    fn null_brings_a_default_back() {
        let before = made(json!({ "grant_types": ["password"], "custom_login_page_on": false }));
        let after = patched(before, json!({ "grant_types": null, "custom_login_page_on": null }));
        assert_eq!(after["custom_login_page_on"], true);
        assert_eq!(after["grant_types"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn metadata_merges_by_key_and_null_takes_a_key_away() {
        let before = made(json!({ "client_metadata": { "a": "1", "b": "2" } }));
        let after = patched(before, json!({ "client_metadata": { "a": null, "c": "3" } }));
        assert_eq!(after["client_metadata"], json!({ "b": "2", "c": "3" }));
        assert_eq!(patched(after, json!({ "client_metadata": null })).get("client_metadata"), None);
    }

    #[test]
    fn metadata_holds_ten_short_texts() {
        let sent = |value: Value| rules::sent(&object(json!({ "client_metadata": value })));
        assert_eq!(sent(json!({ "a": "x", "b": null })), Ok(()));
        assert_eq!(sent(json!({ "a".repeat(255): "é".repeat(255) })), Ok(()));
        for wrong in [json!({ "a": 1 }), json!({ "a": "x".repeat(256) }), json!({ "a".repeat(256): "x" })] {
            assert!(sent(wrong).is_err());
        }
        let eight: Map<String, Value> = (0..8).map(|n| (format!("old{n}"), json!("x"))).collect();
        let before = made(json!({ "client_metadata": eight }));
        let three = patched(before.clone(), json!({ "client_metadata": { "a": "1", "b": "2", "c": "3" } }));
        assert!(rules::whole(&three).unwrap_err().to_string().contains("Too many properties defined (11)"));
        let two = patched(before, json!({ "client_metadata": { "a": "1", "b": "2", "old0": null } }));
        assert_eq!(rules::whole(&two), Ok(()));
    }

    #[test]
    fn methods_and_credentials_exclude_each_other() {
        let before = made(json!({ "name": "x", "token_endpoint_auth_method": "client_secret_post" }));
        let methods = json!({ "private_key_jwt": { "credentials": [] } });
        let both = patched(before.clone(), json!({ "client_authentication_methods": methods }));
        assert!(rules::whole(&both).is_err());
        let attach = json!({ "client_authentication_methods": methods, "token_endpoint_auth_method": null });
        let attached = patched(before, attach);
        assert_eq!(rules::whole(&attached), Ok(()));
        let back = patched(attached, json!({ "client_authentication_methods": null }));
        assert_eq!(back.get("token_endpoint_auth_method"), None);
    }

    #[test]
    fn rotating_tokens_must_expire_and_idle_ends_before_the_whole() {
        let wrong = made(
            json!({ "refresh_token": { "rotation_type": "rotating", "expiration_type": "non-expiring" } }),
        );
        assert!(rules::whole(&wrong).unwrap_err().to_string().contains("refresh_token.expiration_type"));
        let idle = object(json!({ "refresh_token": { "token_lifetime": 10, "idle_token_lifetime": 20 } }));
        assert!(rules::sent(&idle).unwrap_err().to_string().contains("idle_token_lifetime"));
    }

    #[test]
    fn a_third_party_keeps_no_agreement_with_organizations() {
        let before = made(json!({ "organization_usage": "allow" }));
        let after = patched(before.clone(), json!({ "is_first_party": false }));
        assert!(rules::turned_third_party(&before, &after).is_err());
        let unset = patched(after, json!({ "organization_usage": null }));
        assert_eq!(rules::turned_third_party(&before, &unset), Ok(()));
    }
}

mod scopes {
    use super::*;

    #[test]
    fn each_scope_changes_its_own_members() {
        let document = made(json!({ "name": "x" }));
        let missing = |body: Value, scopes: &[&str]| {
            patch::missing_scope(&document, &object(body), |scope| scopes.contains(&scope)).map(<[_]>::to_vec)
        };
        assert_eq!(missing(json!({ "name": "y" }), &["update:clients"]), None);
        assert_eq!(missing(json!({ "name": "y" }), &["update:client_keys"]), Some(vec!["update:clients"]));
        assert_eq!(
            missing(json!({ "client_secret": "s" }), &["update:clients"]),
            Some(vec!["update:client_keys"])
        );
        assert_eq!(missing(json!({ "addons": null }), &["update:client_keys"]), Some(vec!["update:clients"]));
        let attach = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [] } },
            "token_endpoint_auth_method": null });
        assert_eq!(missing(attach.clone(), &["update:client_credentials"]), None);
        assert_eq!(missing(attach, &["update:clients"]), Some(vec!["update:client_credentials"]));
        let open = json!({ "token_endpoint_auth_method": "none" });
        assert_eq!(missing(open, &["update:client_credentials"]), Some(vec!["update:clients"]));
    }

    #[test]
    fn what_is_sent_as_it_is_needs_no_scope() {
        let document = made(json!({ "name": "x" }));
        let body = object(json!({ "name": "x", "signed_request_object": null }));
        assert_eq!(patch::missing_scope(&document, &body, |_| false), None);
    }

    #[test]
    fn secrets_are_for_readers_of_keys() {
        let sight = |scope: &'static str| Sight::of_reader(move |asked| asked == scope);
        for name in ["client_secret", "signing_keys", "encryption_key"] {
            assert!(sight("read:client_keys").shows(name));
            for scope in ["read:clients", "read:client_credentials", "read:client_summary"] {
                assert!(!sight(scope).shows(name), "{scope} {name}");
            }
        }
        assert!(sight("read:clients").shows("callbacks") && sight("read:clients").shows("addons"));
        assert!(!sight("read:clients").shows("client_authentication_methods"));
        assert!(sight("read:client_credentials").shows("client_authentication_methods"));
        let summary: Vec<_> =
            APPLICATION.names().filter(|name| sight("read:client_summary").shows(name)).collect();
        let harmless = ["client_id", "name", "description", "app_type", "logo_uri", "is_first_party"];
        assert_eq!(summary, harmless);
    }
}
