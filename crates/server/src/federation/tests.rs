//! Where the well-known providers are, and what their options ask for.

use chancery_oauth::upstream::IssuerRule;
use serde_json::{Map, Value, json};

use super::settings::{OpenId, Source};
use crate::connections::Strategy;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value}") };
    members
}

fn read(strategy: Strategy, options: Value) -> OpenId {
    OpenId::of(strategy, &object(options)).unwrap()
}

#[track_caller]
fn found(own: &OpenId) -> (&str, &IssuerRule) {
    match &own.source {
        Source::Discovery(url, rule) => (url, rule),
        Source::Options(metadata) => panic!("{metadata:?}"),
    }
}

#[test]
fn well_known_providers_are_where_they_are_whatever_the_options_say() {
    const CONSUMERS: &str = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    let exact = |issuer: &str| IssuerRule::Exact(issuer.to_owned());
    let evil = json!({ "client_id": "c", "issuer": "https://evil.example", "discovery_url": "https://evil.example" });
    for (strategy, url, rule) in [
        (
            Strategy::GoogleOAuth2,
            "https://accounts.google.com/.well-known/openid-configuration",
            exact("https://accounts.google.com"),
        ),
        (
            Strategy::Apple,
            "https://appleid.apple.com/.well-known/openid-configuration",
            exact("https://appleid.apple.com"),
        ),
        (
            Strategy::WindowsLive,
            "https://login.microsoftonline.com/consumers/v2.0/.well-known/openid-configuration",
            exact(CONSUMERS),
        ),
    ] {
        assert_eq!(found(&read(strategy, evil.clone())), (url, &rule));
    }
}

#[test]
fn directories_of_microsoft_are_named_by_id_by_domain_or_not_at_all() {
    let base = "https://login.microsoftonline.com";
    for (options, place, rule) in [
        (json!({ "tenantId": "1-2" }), "1-2", IssuerRule::Exact(format!("{base}/1-2/v2.0"))),
        (json!({ "tenant_domain": "corp.example" }), "corp.example", IssuerRule::Microsoft),
        (json!({ "useCommonEndpoint": true, "tenant_domain": "x" }), "common", IssuerRule::Microsoft),
    ] {
        let mut options = options;
        options["client_id"] = json!("c");
        let own = read(Strategy::AzureAd, options);
        let url = format!("{base}/{place}/v2.0/.well-known/openid-configuration");
        assert_eq!(found(&own), (url.as_str(), &rule));
    }
    for options in [
        json!({ "client_id": "c" }),
        json!({ "client_id": "c", "tenant_domain": "evil.example/x#" }),
        json!({ "client_id": "c", "tenant_domain": "a.example", "use_wsfed": true }),
    ] {
        assert!(OpenId::of(Strategy::AzureAd, &object(options)).is_err());
    }
}

#[test]
fn a_provider_is_found_by_its_document_its_issuer_or_its_domain() {
    for (options, url, rule) in [
        (
            json!({ "discovery_url": "https://i.example/x/.well-known/openid-configuration" }),
            "https://i.example/x/.well-known/openid-configuration",
            IssuerRule::Slash("https://i.example/x".to_owned()),
        ),
        (
            json!({ "discovery_url": "https://i.example/", "issuer": "https://j.example" }),
            "https://i.example/.well-known/openid-configuration",
            IssuerRule::Exact("https://j.example".to_owned()),
        ),
        (
            json!({ "issuer": "https://i.example/" }),
            "https://i.example/.well-known/openid-configuration",
            IssuerRule::Exact("https://i.example/".to_owned()),
        ),
        (
            json!({ "domain": "corp.okta.com" }),
            "https://corp.okta.com/.well-known/openid-configuration",
            IssuerRule::Exact("https://corp.okta.com".to_owned()),
        ),
    ] {
        let mut options = options;
        options["client_id"] = json!("c");
        let own = read(Strategy::Okta, options);
        assert_eq!(found(&own), (url, &rule));
    }
    let whole = json!({
        "client_id": "c", "issuer": "https://i.example", "authorization_endpoint": "https://i.example/a",
        "token_endpoint": "https://i.example/t", "jwks_uri": "https://i.example/k",
    });
    match read(Strategy::Oidc, whole).source {
        Source::Options(metadata) => assert_eq!(metadata.jwks_uri, "https://i.example/k"),
        Source::Discovery(url, _) => panic!("{url}"),
    }
}

#[test]
fn scopes_are_those_of_the_options_and_what_has_to_be_there() {
    for (strategy, options, scope) in [
        (Strategy::Oidc, json!({}), "openid profile email"),
        (Strategy::Oidc, json!({ "scope": "email groups" }), "openid email groups"),
        (
            Strategy::GoogleOAuth2,
            json!({ "scope": ["email", "profile"], "freeform_scopes": ["https://g.example/x"] }),
            "openid email profile https://g.example/x",
        ),
        (
            Strategy::GoogleOAuth2,
            json!({ "scope": ["email"], "gmail": true, "calendar": true, "drive": false }),
            "openid email https://www.googleapis.com/auth/calendar https://mail.google.com/",
        ),
        (
            Strategy::WindowsLive,
            json!({ "graph_user": true, "offline_access": true }),
            "openid profile email User.Read offline_access",
        ),
        (Strategy::Apple, json!({ "name": true }), "openid name"),
        (Strategy::Apple, json!({ "name": true, "email": true, "scope": "" }), "openid name email"),
    ] {
        let mut options = options;
        options["client_id"] = json!("c");
        options["issuer"] = json!("https://i.example");
        let own = read(strategy, options.clone());
        assert_eq!(own.scope, scope, "{options}");
        assert_eq!(own.response_mode.is_some(), strategy == Strategy::Apple);
    }
    assert!(
        OpenId::of(Strategy::Oidc, &object(json!({ "issuer": "https://i.example" }))).is_err(),
        "no client_id"
    );
    let algorithms = json!({ "client_id": "c", "issuer": "https://i.example", "id_token_signed_response_algs": ["HS256", "none"] });
    assert!(OpenId::of(Strategy::Oidc, &object(algorithms)).is_err());
}
