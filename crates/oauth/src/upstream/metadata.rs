//! What another provider says about itself (OpenID Connect Discovery 1.0, RFC 8414).
//!
//! Must never take a document for that of another issuer than was expected.

use chancery_jose::json;
use serde_json::{Map, Value};

/// Which issuer a document, and the tokens, have to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerRule {
    /// Exactly this one.
    Exact(String),
    /// This one, with or without the slash at its end, as the document says: it was found by an address that has no place
    /// for the difference.
    Slash(String),
    /// One of the directories of Microsoft, named by its id.
    Microsoft,
}

/// What a provider says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Its issuer; of Microsoft's common address a template with `{tenantid}`.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where it says more of the user.
    pub userinfo_endpoint: Option<String>,
    /// How clients may authenticate; empty: it does not say.
    pub auth_methods: Vec<String>,
    /// Whether answers always name their issuer (RFC 9207).
    pub names_issuer: bool,
}

/// Why a document is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is none.
    #[error("the discovery document cannot be read")]
    Unreadable,
    /// A member is missing.
    #[error("the discovery document has no {0}")]
    Missing(&'static str),
    /// It names another issuer.
    #[error("the discovery document is of another issuer than expected")]
    Issuer,
}

const MICROSOFT: &str = "https://login.microsoftonline.com/";
/// Where the id of a directory stands in a template.
const TEMPLATE: &str = "{tenantid}";

impl Metadata {
    /// Reads a document.
    pub fn parse(document: &[u8], rule: &IssuerRule) -> Result<Self, MetadataError> {
        let Ok(Value::Object(members)) = json::parse(document) else {
            return Err(MetadataError::Unreadable);
        };
        Self::of(&members, rule)
    }

    /// Reads the members of a document.
    pub fn of(members: &Map<String, Value>, rule: &IssuerRule) -> Result<Self, MetadataError> {
        let text = |name: &str| members.get(name).and_then(Value::as_str).filter(|own| !own.is_empty());
        let demanded = |name| text(name).map(str::to_owned).ok_or(MetadataError::Missing(name));
        let issuer = demanded("issuer")?;
        if !rule.admits(&issuer) {
            return Err(MetadataError::Issuer);
        }
        let methods = members.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let methods = methods.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Self {
            issuer,
            authorization_endpoint: demanded("authorization_endpoint")?,
            token_endpoint: demanded("token_endpoint")?,
            jwks_uri: demanded("jwks_uri")?,
            userinfo_endpoint: text("userinfo_endpoint").map(str::to_owned),
            auth_methods: methods.collect(),
            names_issuer: members.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }

    /// The issuer that a token has to name: of a template the one of the directory that the token says it is from.
    pub fn issuer_for(&self, directory: Option<&str>) -> Option<String> {
        if !self.issuer.contains(TEMPLATE) {
            return Some(self.issuer.clone());
        }
        directory.filter(|id| is_guid(id)).map(|id| self.issuer.replace(TEMPLATE, id))
    }
}

impl IssuerRule {
    fn admits(&self, issuer: &str) -> bool {
        match self {
            Self::Exact(expected) => issuer == expected,
            Self::Slash(expected) => issuer.trim_end_matches('/') == expected.trim_end_matches('/'),
            Self::Microsoft => {
                let directory = issuer.strip_prefix(MICROSOFT).and_then(|rest| rest.strip_suffix("/v2.0"));
                directory.is_some_and(|id| id == TEMPLATE || is_guid(id))
            }
        }
    }
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
