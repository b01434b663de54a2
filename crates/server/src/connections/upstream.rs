//! The options of the strategies that ask another provider: their shapes, and what they say about the pages.
//!
//! Pure. What the protocols read of them is translated in `federation/`. Members beyond these are kept, as the
//! published description says.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::Connection;
use super::strategy::{Family, Strategy};
use crate::management::shape::{
    Format, Kind, Object, Refusal, When, boolean, field, list, map, object, one_of, open, text,
};

const WEB: Format =
    Format { name: "uri", accepts: |text| text.starts_with("https://") || text.starts_with("http://") };
const HTTPS: Format = Format { name: "^https://.*", accepts: |text| text.starts_with("https://") };

/// A domain of email addresses. Auth0 takes addresses of the web too, which are the domain of nobody.
const DOMAIN: Format = Format { name: "domain", accepts: |text| is_domain(text) || (WEB.accepts)(text) };

/// Labels of letters, digits and hyphens with dots between them.
fn is_domain(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_inner)
    };
    text.split('.').all(is_label)
}

/// A parameter for the provider: a value, or the name of the parameter of the application's request that is passed on.
fn parameter() -> Kind {
    let one = object([field("alias", text().at_least(1).at_most(255)), field("value", text())]);
    Object { least: 1, most: 1, ..one }.into()
}

/// From members here to what the provider calls them: one name, or several in the order of preference.
fn fields_map() -> Kind {
    let name = || text().at_most(2048);
    map(Kind::Either(vec![name().into(), list(name())]), 1000)
}

fn address() -> Kind {
    Kind::Either(vec![text().at_most(0).into(), text().at_least(8).at_most(2048).like(WEB).into()])
}

fn key_pair() -> Object {
    open([field("key", text().at_most(10_240)), field("cert", text().at_most(10_240))])
}

/// What every strategy has that asks another provider.
fn common(mut own: Object) -> Object {
    own.fields.extend([
        field("non_persistent_attrs", Kind::List(Box::new(text().at_most(255).into()), 0, 96)),
        field("set_user_root_attributes", one_of(&["on_each_login", "on_first_login", "never_on_login"])),
        field("upstream_params", map(parameter(), 100)).nullable(),
        field(
            "icon_url",
            Kind::Either(vec![text().at_most(0).into(), text().at_most(255).like(HTTPS).into()]),
        ),
    ]);
    own
}

/// What every strategy of organizations has.
fn enterprise(mut own: Object) -> Object {
    own.fields.extend([
        field("tenant_domain", text().at_most(255)),
        field("domain_aliases", Kind::List(Box::new(text().at_most(256).like(DOMAIN).into()), 0, 50_001)),
    ]);
    common(own)
}

fn scopes() -> Kind {
    Kind::Either(vec![text().into(), list(text().at_most(2560))])
}

fn social() -> Object {
    common(open([
        field("client_id", text().at_most(384)).nullable(),
        field("client_secret", text().at_most(2048)).nullable(),
        field("scope", scopes()),
        field("freeform_scopes", list(text().at_most(2560))),
    ]))
}

/// What providers and connections sign with.
const SIGNING_ALGORITHMS: &[&str] = &["ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512"];

fn oidc() -> Object {
    enterprise(open([
        field("client_id", text().at_least(1).at_most(255)).required(),
        field("client_secret", text().at_most(2048)).nullable(),
        field("issuer", address()),
        field("discovery_url", address()),
        field("authorization_endpoint", address()),
        field("token_endpoint", address()).nullable(),
        field("userinfo_endpoint", address()).nullable(),
        field("jwks_uri", address()),
        field("domain", text().at_most(255)),
        field("scope", scopes()),
        field("type", one_of(&["back_channel", "front_channel"])),
        field("oidc_metadata", map(Kind::Any, 1000)).nullable(),
        field("attribute_map", open([])).nullable(),
        field("connection_settings", open([field("pkce", one_of(&["auto", "S256", "plain", "disabled"]))])),
        field(
            "token_endpoint_auth_method",
            one_of(&["client_secret_post", "client_secret_basic", "private_key_jwt"]),
        )
        .nullable(),
        field("token_endpoint_auth_signing_alg", one_of(SIGNING_ALGORITHMS)).nullable(),
        field("token_endpoint_jwtca_aud_format", one_of(&["issuer", "token_endpoint"])),
        field("id_token_signed_response_algs", list(one_of(SIGNING_ALGORITHMS))).nullable(),
    ]))
}

fn waad() -> Object {
    enterprise(open([
        field("client_id", text().at_least(1).at_most(255)).required(),
        field("client_secret", text().at_most(10_000)).nullable(),
        field("tenantId", text().at_most(255)),
        field("useCommonEndpoint", boolean()),
        field("use_wsfed", boolean()),
        field("waad_protocol", one_of(&["openid-connect", "ws-federation"])),
        field("userid_attribute", one_of(&["oid", "sub"])),
        field("identity_api", text().at_most(100)),
        field("fieldsMap", fields_map()),
        trust(),
    ]))
}

fn trust() -> crate::management::shape::Field {
    field(
        "should_trust_email_verified_connection",
        one_of(&["never_set_emails_as_verified", "always_set_emails_as_verified"]),
    )
}

fn apple() -> Object {
    let mut own = social();
    own.fields.extend([
        field("app_secret", text().at_most(5120)).nullable(),
        field("team_id", text().at_most(256)).nullable(),
        field("kid", text().at_most(1536)).nullable(),
        field("email", boolean()),
        field("name", boolean()),
    ]);
    own
}

fn oauth2() -> Object {
    let mut own = social();
    own.fields.extend([
        field("authorizationURL", address()),
        field("tokenURL", address()),
        field("userInfoURL", address()),
        field("authParams", map(Kind::Any, 100)),
        field("authParamsMap", map(Kind::Any, 100)),
        field("customHeaders", map(Kind::Any, 100)),
        field("fieldsMap", fields_map()),
        field("scripts", open([field("fetchUserProfile", text()), field("getLogoutUrl", text())])),
        field("pkce_enabled", boolean()),
        field("useOauthSpecScope", boolean()),
        field("logoutUrl", address()),
    ]);
    own
}

fn samlp() -> Object {
    enterprise(open([
        field("signInEndpoint", address()),
        field("signOutEndpoint", address()),
        field("disableSignout", boolean()),
        // Of several certificates, more than the 10,240 characters that the published description has.
        field("signingCert", text().at_most(65_536)),
        field("cert", text().at_most(65_536)),
        field("thumbprints", list(text().at_most(64))),
        field("metadataUrl", address()),
        field("metadataXml", text().at_most(102_400)),
        field("signSAMLRequest", boolean()),
        field("signatureAlgorithm", one_of(&["rsa-sha1", "rsa-sha256"])),
        field("digestAlgorithm", one_of(&["sha1", "sha256"])),
        field(
            "protocolBinding",
            one_of(&[
                "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
                "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            ]),
        ),
        field("deflate", boolean()),
        field("signing_key", key_pair()).nullable(),
        field("decryptionKey", Kind::Either(vec![text().at_most(10_240).into(), key_pair().into()]))
            .nullable(),
        field(
            "assertion_decryption_settings",
            object([
                field("algorithm_profile", one_of(&["v2026-1"])).required(),
                field("algorithm_exceptions", list(text().at_most(255))),
            ]),
        ),
        field("entityId", text().at_least(1).at_most(128)),
        // The longest that an entity id may be (SAML core, section 8.3.6).
        field("idp_entity_id", text().at_most(1024)),
        field("destinationUrl", address()),
        field("recipientUrl", address()),
        field("user_id_attribute", text().at_most(2396)),
        field("fieldsMap", fields_map()),
        field("requestTemplate", text().at_most(10_240)),
        field(
            "idpinitiated",
            object([
                field("enabled", boolean()),
                field("client_id", text().at_most(255)),
                field("client_protocol", one_of(&["oauth2", "oidc", "saml", "samlp", "wsfed"])),
                field("client_authorizequery", text().at_most(2048)),
            ]),
        ),
        field("debug", boolean()),
        field("global_token_revocation_jwt_iss", text().at_most(1024)),
        field("global_token_revocation_jwt_sub", text().at_most(1024)),
    ]))
}

fn adfs() -> Object {
    enterprise(open([
        field("adfs_server", text().at_most(2048)),
        field("fedMetadataXml", text().at_most(102_400)),
        field("signInEndpoint", address()),
        field("entityId", text().at_least(1).at_most(128)),
        field("thumbprints", list(text().at_most(64))),
        field("prev_thumbprints", list(text().at_most(64))),
        field("user_id_attribute", text().at_most(128)),
        field("fieldsMap", fields_map()),
        trust(),
    ]))
}

fn shape_of(strategy: Strategy) -> Option<&'static Object> {
    /// As the member of the connection that they are, so that messages name the place.
    fn inside(options: Object) -> Object {
        object([field("options", options)])
    }
    static OIDC: LazyLock<Object> = LazyLock::new(|| inside(oidc()));
    static SOCIAL: LazyLock<Object> = LazyLock::new(|| inside(social()));
    static WAAD: LazyLock<Object> = LazyLock::new(|| inside(waad()));
    static APPLE: LazyLock<Object> = LazyLock::new(|| inside(apple()));
    static OAUTH2: LazyLock<Object> = LazyLock::new(|| inside(oauth2()));
    static SAMLP: LazyLock<Object> = LazyLock::new(|| inside(samlp()));
    static ADFS: LazyLock<Object> = LazyLock::new(|| inside(adfs()));
    match strategy {
        Strategy::Database => None,
        Strategy::Oidc | Strategy::Okta => Some(&OIDC),
        Strategy::GoogleOAuth2 | Strategy::GitHub | Strategy::WindowsLive => Some(&SOCIAL),
        Strategy::AzureAd => Some(&WAAD),
        Strategy::Apple => Some(&APPLE),
        Strategy::OAuth2 => Some(&OAUTH2),
        Strategy::Samlp => Some(&SAMLP),
        Strategy::Adfs => Some(&ADFS),
    }
}

/// Checks options that were sent for a strategy of another provider.
pub(super) fn check(strategy: Strategy, options: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(shape) = shape_of(strategy) else { return Ok(()) };
    let mut body = Map::new();
    body.insert("options".to_owned(), Value::Object(options.clone()));
    shape.check(&body, When::Create)
}

/// Whether options of `waad` say that it is asked in WS-Federation.
pub(super) fn wants_wsfed(options: &Map<String, Value>) -> bool {
    options.get("use_wsfed") == Some(&Value::Bool(true))
        || options.get("waad_protocol").and_then(Value::as_str) == Some("ws-federation")
}

impl Connection {
    /// One of its stored options that is a text; without the secret ones.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.document.get("options")?.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether it asks its provider in WS-Federation.
    pub fn speaks_wsfed(&self) -> bool {
        match self.served() {
            Some(Strategy::Adfs) => true,
            Some(Strategy::AzureAd) => {
                let options = self.document.get("options").and_then(Value::as_object);
                options.is_some_and(wants_wsfed)
            }
            _ => false,
        }
    }

    /// Whether its button stands on the pages: always for accounts of persons, for organizations if it is wanted.
    pub fn has_button(&self) -> bool {
        let wanted = self.document.get("show_as_button").and_then(Value::as_bool);
        match self.served().map(Strategy::family) {
            None | Some(Family::Database) => false,
            Some(Family::Social) => wanted != Some(false),
            Some(Family::Enterprise) => wanted == Some(true),
        }
    }

    /// What its button says.
    pub fn label(&self) -> &str {
        let own = self.document.get("display_name").and_then(Value::as_str).filter(|name| !name.is_empty());
        own.unwrap_or(match self.served() {
            Some(Strategy::GoogleOAuth2) => "Google",
            Some(Strategy::GitHub) => "GitHub",
            Some(Strategy::WindowsLive) => "Microsoft",
            Some(Strategy::Apple) => "Apple",
            _ => &self.name,
        })
    }

    /// Whether people with an address of this domain, in lower case, belong to it.
    pub fn is_home_of(&self, domain: &str) -> bool {
        if self.served().map(Strategy::family) != Some(Family::Enterprise) {
            return false;
        }
        let options = self.document.get("options");
        let aliases = options.and_then(|own| own.get("domain_aliases")).and_then(Value::as_array);
        let aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
        self.option("tenant_domain").into_iter().chain(aliases).any(|own| own.eq_ignore_ascii_case(domain))
    }
}
