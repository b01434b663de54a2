//! From the options of a connection to what the protocols rely on: the one door, with the addresses of well-known
//! providers.
//!
//! Pure. Must never guess an issuer that an administrator did not choose.

use chancery_crypto::algorithm::Algorithm;
use chancery_oauth::upstream::{IssuerRule, Metadata, id_token};
use serde_json::{Map, Value, json};

use super::{Failed, Outbound, permissions};
use crate::connections::{Strategy, text};

/// The path of discovery documents.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
const MICROSOFT: &str = "https://login.microsoftonline.com/";
/// The directory of persons' accounts.
const CONSUMERS: &str = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0";

/// A provider of OpenID Connect.
#[derive(Debug)]
pub(super) struct OpenId {
    pub(super) client_id: String,
    pub(super) source: Source,
    pub(super) scope: String,
    /// Whether the exchange is bound by PKCE.
    pub(super) pkce: bool,
    /// How the answer travels, where that is not the usual way.
    pub(super) response_mode: Option<&'static str>,
    pub(super) algorithms: Vec<Algorithm>,
    /// The claim that names the user for ever.
    pub(super) subject: &'static str,
    pub(super) mapping: Mapping,
}

/// Where a provider's addresses come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Its discovery document.
    Discovery(String, IssuerRule),
    /// What the options say.
    Options(Box<Metadata>),
}

/// What is taken over of what a provider says.
#[derive(Debug)]
pub(super) enum Mapping {
    /// Everything.
    All,
    /// What belongs to the standard profile.
    Basic,
    /// What the map names.
    Map(Map<String, Value>),
}

/// The id that the provider calls us by.
pub(super) fn client_id(options: &Map<String, Value>) -> Result<String, Failed> {
    let found = text(options, "client_id").map(str::to_owned);
    found.ok_or_else(|| Failed::Settings("the connection has no client_id".to_owned()))
}

/// The scopes of the options, `scope` as a text or a list with `freeform_scopes` and the permissions that are switched
/// on, with those that have to be there.
pub(super) fn scope(
    strategy: Strategy,
    options: &Map<String, Value>,
    (usual, demanded): (&str, &[&str]),
) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        for one in text.split([' ', ',']).filter(|one| !one.is_empty()) {
            if !scopes.iter().any(|own| own == one) {
                scopes.push(one.to_owned());
            }
        }
    };
    for one in demanded {
        add(one);
    }
    match options.get("scope") {
        Some(Value::String(text)) if !text.is_empty() => add(text),
        Some(Value::Array(list)) if !list.is_empty() => {
            list.iter().filter_map(Value::as_str).for_each(&mut add);
        }
        _ => add(usual),
    }
    let more = options.get("freeform_scopes").and_then(Value::as_array);
    more.into_iter().flatten().filter_map(Value::as_str).for_each(&mut add);
    for one in permissions::wanted(strategy, options) {
        add(&one);
    }
    scopes
}

impl OpenId {
    /// Reads the options of a connection with this strategy.
    pub(super) fn of(strategy: Strategy, options: &Map<String, Value>) -> Result<Self, Failed> {
        let usual = "openid profile email";
        let mut scopes = scope(strategy, options, (usual, &["openid"]));
        let mut response_mode = None;
        if strategy == Strategy::Apple {
            for name in ["name", "email"] {
                let wanted = options.get(name) == Some(&Value::Bool(true));
                scopes.retain(|own| own != name && own != "profile");
                if wanted {
                    scopes.push(name.to_owned());
                }
            }
            // Apple sends names in forms alone.
            response_mode = Some("form_post");
        }
        let pkce = options.get("connection_settings").and_then(|own| own.get("pkce"));
        Ok(Self {
            client_id: client_id(options)?,
            source: Source::of(strategy, options)?,
            scope: scopes.join(" "),
            pkce: pkce != Some(&json!("disabled")),
            response_mode,
            algorithms: algorithms(options)?,
            subject: match (strategy, text(options, "userid_attribute")) {
                (Strategy::AzureAd, Some("oid")) => "oid",
                _ => "sub",
            },
            mapping: Mapping::of(strategy, options),
        })
    }
}

fn algorithms(options: &Map<String, Value>) -> Result<Vec<Algorithm>, Failed> {
    let Some(Value::Array(wanted)) = options.get("id_token_signed_response_algs") else {
        return Ok(id_token::ALGORITHMS.to_vec());
    };
    let known = |own: &&Algorithm| wanted.iter().any(|name| name.as_str() == Some(own.name()));
    let found: Vec<Algorithm> = id_token::ALGORITHMS.iter().filter(known).copied().collect();
    if found.is_empty() {
        return Err(Failed::Settings("none of id_token_signed_response_algs is offered".to_owned()));
    }
    Ok(found)
}

impl Source {
    fn of(strategy: Strategy, options: &Map<String, Value>) -> Result<Self, Failed> {
        match strategy {
            Strategy::GoogleOAuth2 => Ok(Self::exact("https://accounts.google.com")),
            Strategy::Apple => Ok(Self::exact("https://appleid.apple.com")),
            Strategy::WindowsLive => Ok(Self::Discovery(
                format!("{MICROSOFT}consumers/v2.0{WELL_KNOWN}"),
                IssuerRule::Exact(CONSUMERS.to_owned()),
            )),
            Strategy::AzureAd => Self::microsoft(options),
            Strategy::Oidc
            | Strategy::Okta
            | Strategy::Database
            | Strategy::GitHub
            | Strategy::OAuth2
            | Strategy::Samlp
            | Strategy::Adfs => Self::named(options),
        }
    }

    fn exact(issuer: &str) -> Self {
        Self::Discovery(format!("{issuer}{WELL_KNOWN}"), IssuerRule::Exact(issuer.to_owned()))
    }

    fn microsoft(options: &Map<String, Value>) -> Result<Self, Failed> {
        let wsfed = options.get("use_wsfed") == Some(&Value::Bool(true))
            || text(options, "waad_protocol") == Some("ws-federation");
        if wsfed {
            return Err(Failed::Settings("waad connections sign in by OpenID Connect alone".to_owned()));
        }
        if options.get("useCommonEndpoint") == Some(&Value::Bool(true)) {
            let url = format!("{MICROSOFT}common/v2.0{WELL_KNOWN}");
            return Ok(Self::Discovery(url, IssuerRule::Microsoft));
        }
        if let Some(directory) = text(options, "tenantId").filter(|own| is_name(own)) {
            return Ok(Self::exact(&format!("{MICROSOFT}{directory}/v2.0")));
        }
        let domain = text(options, "tenant_domain").filter(|own| is_name(own));
        let domain =
            domain.ok_or_else(|| Failed::Settings("the connection has no tenant_domain".to_owned()))?;
        Ok(Self::Discovery(format!("{MICROSOFT}{domain}/v2.0{WELL_KNOWN}"), IssuerRule::Microsoft))
    }

    /// As the options name it: by the address of the document, by every address, by the issuer, or by Okta's domain.
    fn named(options: &Map<String, Value>) -> Result<Self, Failed> {
        let issuer = text(options, "issuer");
        if let Some(url) = text(options, "discovery_url") {
            let place = url.strip_suffix(WELL_KNOWN).unwrap_or(url);
            let url = format!("{}{WELL_KNOWN}", place.trim_end_matches('/'));
            let rule = issuer.map_or_else(
                || IssuerRule::Slash(place.to_owned()),
                |issuer| IssuerRule::Exact(issuer.to_owned()),
            );
            return Ok(Self::Discovery(url, rule));
        }
        let unusable = |error: &dyn std::fmt::Display| Failed::Settings(format!("the options: {error}"));
        if let Some(issuer) = issuer {
            let rule = IssuerRule::Exact(issuer.to_owned());
            let whole = ["authorization_endpoint", "token_endpoint", "jwks_uri"];
            if whole.iter().all(|name| text(options, name).is_some()) {
                let metadata = Metadata::of(options, &rule).map_err(|error| unusable(&error))?;
                return Ok(Self::Options(Box::new(metadata)));
            }
            if let Some(Value::Object(known)) = options.get("oidc_metadata") {
                let metadata = Metadata::of(known, &rule).map_err(|error| unusable(&error))?;
                return Ok(Self::Options(Box::new(metadata)));
            }
            return Ok(Self::Discovery(format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/')), rule));
        }
        if let Some(domain) = text(options, "domain").filter(|own| is_name(own)) {
            return Ok(Self::exact(&format!("https://{domain}")));
        }
        Err(Failed::Settings("the connection has neither discovery_url nor issuer nor domain".to_owned()))
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

impl Mapping {
    fn of(strategy: Strategy, options: &Map<String, Value>) -> Self {
        let map = options.get("attribute_map").and_then(Value::as_object);
        let mode = map.and_then(|own| text(own, "mapping_mode"));
        let attributes = map.and_then(|own| own.get("attributes")).and_then(Value::as_object);
        match (mode, attributes) {
            (Some("use_map"), Some(attributes)) => Self::Map(attributes.clone()),
            (Some("basic_profile"), _) => Self::Basic,
            (None, _) if strategy == Strategy::Okta => Self::Basic,
            _ => Self::All,
        }
    }
}

/// The parameters that the options and the application's request add: `upstream_params`, `connection_scope` apart.
pub(super) fn more(out: &Outbound<'_>) -> Vec<(String, String)> {
    let mut more = Vec::new();
    for (name, source) in out.options.get("upstream_params").and_then(Value::as_object).into_iter().flatten()
    {
        let literal = source.get("value").and_then(Value::as_str).map(str::to_owned);
        let alias = source.get("alias").and_then(Value::as_str);
        if let Some(value) = literal.or_else(|| alias.and_then(|alias| out.parameter(alias))) {
            more.push((name.clone(), value));
        }
    }
    more
}

/// The scopes that the application's request adds (`connection_scope`), each once.
pub(super) fn with_wanted(scope: &str, out: &Outbound<'_>) -> String {
    let mut scopes: Vec<&str> = scope.split(' ').filter(|one| !one.is_empty()).collect();
    let wanted = out.parameter("connection_scope").unwrap_or_default();
    for one in wanted.split([' ', ',']).filter(|one| !one.is_empty()) {
        if !scopes.contains(&one) {
            scopes.push(one);
        }
    }
    scopes.join(" ")
}
