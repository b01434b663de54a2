//! Dynamic client registration (RFC 7591): what somebody says of an application of their own, read and judged.
//!
//! Whoever registers is unknown, so the application gets what a third party gets and no more. Must never take a
//! redirect URI with a wildcard, nor a plain one that leads to another machine.

use serde_json::{Map, Value};

use crate::uri::Uri;

#[cfg(test)]
mod tests;

/// The grants that an application of somebody else may have.
const GRANT_TYPES: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];
/// The ways of authentication that need nothing but a secret, and the one without.
const METHODS: [&str; 3] = ["client_secret_post", "client_secret_basic", NONE];
const NONE: &str = "none";
/// Redirect URIs at most.
const MOST_REDIRECT_URIS: usize = 20;
/// Characters of a name at most.
const LONGEST_NAME: usize = 150;

/// An application that may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its name.
    pub client_name: String,
    /// Where answers go.
    pub redirect_uris: Vec<String>,
    /// What it may ask for tokens with.
    pub grant_types: Vec<String>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: String,
    /// Its logo, an address.
    pub logo_uri: Option<String>,
}

/// Why nothing is registered (RFC 7591 section 3.2.2). `Display` is the description for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A redirect URI is not acceptable.
    #[error("{0}")]
    RedirectUri(String),
    /// Something else is not acceptable.
    #[error("{0}")]
    Metadata(String),
}

impl Error {
    /// The `error` member.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RedirectUri(_) => "invalid_redirect_uri",
            Self::Metadata(_) => "invalid_client_metadata",
        }
    }
}

impl Registration {
    /// Reads the members of a request. Those that are not known here are passed over, as RFC 7591 section 2 asks.
    pub fn read(sent: &Map<String, Value>) -> Result<Self, Error> {
        let wrong = |text: String| Error::Metadata(text);
        let redirect_uris = texts(sent, "redirect_uris")?.unwrap_or_default();
        if redirect_uris.is_empty() || redirect_uris.len() > MOST_REDIRECT_URIS {
            let text =
                format!("redirect_uris must name at least one address and at most {MOST_REDIRECT_URIS}.");
            return Err(Error::RedirectUri(text));
        }
        redirect_uris.iter().try_for_each(|uri| redirect_uri(uri))?;
        let client_name = text(sent, "client_name")?.unwrap_or_else(|| "Unnamed application".to_owned());
        let breaks = |one: char| matches!(one, '<' | '>') || one.is_control();
        if client_name.chars().count() > LONGEST_NAME || client_name.contains(breaks) {
            return Err(wrong(format!(
                "client_name must have at most {LONGEST_NAME} characters, no < or >, and no control character."
            )));
        }
        let method = text(sent, "token_endpoint_auth_method")?.unwrap_or_else(|| METHODS[0].to_owned());
        if !METHODS.contains(&method.as_str()) {
            return Err(wrong(format!("token_endpoint_auth_method must be one of {}.", METHODS.join(", "))));
        }
        let grant_types = match texts(sent, "grant_types")? {
            Some(grants) if !grants.is_empty() => grants,
            _ => vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        };
        if grant_types.iter().any(|grant| !GRANT_TYPES.contains(&grant.as_str())) {
            return Err(wrong(format!("grant_types may hold {}.", GRANT_TYPES.join(", "))));
        }
        if method == NONE && grant_types.iter().any(|grant| grant == "client_credentials") {
            return Err(wrong(
                "client_credentials needs a way of authentication other than none.".to_owned(),
            ));
        }
        if texts(sent, "response_types")?.is_some_and(|types| types.iter().any(|kind| kind != "code")) {
            return Err(wrong("response_types may hold code.".to_owned()));
        }
        let logo_uri = text(sent, "logo_uri")?;
        let secure = |uri: &str| Uri::parse(uri).is_ok_and(|uri| uri.scheme == "https");
        if logo_uri.as_deref().is_some_and(|uri| !secure(uri)) {
            return Err(wrong("logo_uri must be an https address.".to_owned()));
        }
        Ok(Self { client_name, redirect_uris, grant_types, token_endpoint_auth_method: method, logo_uri })
    }

    /// Whether it proves who it is with a secret.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != NONE
    }
}

/// RFC 8252 sections 7 and 8.4: the web with TLS, the user's own machine, or a scheme that somebody owns.
fn redirect_uri(text: &str) -> Result<(), Error> {
    let refused = |why: &str| {
        let shown: String = text.chars().take(100).collect();
        Err(Error::RedirectUri(format!("The redirect URI {shown} cannot be registered: {why}.")))
    };
    let uri = match Uri::parse(text) {
        Ok(uri) => uri,
        Err(error) => return refused(&error.to_string()),
    };
    if text.contains('*') {
        return refused("it holds a wildcard");
    }
    if uri.scheme == "http" && !uri.is_local() {
        return refused("it is an http address of another machine; use https");
    }
    if !uri.is_web() && !uri.scheme.contains('.') {
        return refused("its scheme is no domain name in reverse, such as com.example.app");
    }
    Ok(())
}

fn text(sent: &Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match sent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(Error::Metadata(format!("{name} must be a text."))),
    }
}

fn texts(sent: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, Error> {
    let wrong = || Error::Metadata(format!("{name} must be a list of texts."));
    match sent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let items = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
            items.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}
