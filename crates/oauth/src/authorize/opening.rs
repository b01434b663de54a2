//! Who speaks, and where the parameters of the request are.
//!
//! Must never mix two sources: a signed or pushed request is taken whole, and what stands beside it counts
//! for nothing (RFC 9101 section 6.3, RFC 9126 section 4).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{PageError, Settings, request_object};
use crate::client::Client;
use crate::parameters::Parameters;

/// What the `request_uri` of a pushed request begins with (RFC 9126 section 2.2).
pub const REQUEST_URN: &str = "urn:ietf:params:oauth:request_uri:";

/// The most bytes of each parameter; those that are not named may have 2048.
const LIMITS: [(&str, usize); 6] = [
    ("request", request_object::MAX_LENGTH),
    ("id_token_hint", crate::id_token::MAX_HINT),
    ("state", 8192),
    ("scope", 8192),
    ("login_hint", 320),
    ("client_id", 255),
];
const USUAL_LIMIT: usize = 2048;

/// A request whose client is known by name, and nothing else yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    client_id: String,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Plain(Parameters),
    Signed(String),
    Pushed(String),
}

/// A pushed request as it was stored; it works once, and the storage sees to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The client that pushed it.
    pub client_id: String,
    /// What it pushed.
    pub raw: Raw,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The parameters of a request, from one source, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    parameters: Parameters,
    /// Whether the client signed them.
    pub signed: bool,
    /// Whether they were pushed by the authenticated client.
    pub pushed: bool,
}

impl Opening {
    /// Reads a request from query or form.
    pub fn parse(mut parameters: Parameters) -> Result<Self, PageError> {
        check_lengths(&parameters)?;
        let client_id = parameters.take("client_id");
        let source = match (parameters.take("request"), parameters.take("request_uri")) {
            (Some(_), Some(_)) => {
                return Err(PageError::RequestUri("A request has either request or request_uri, not both."));
            }
            (Some(request), None) => Source::Signed(request),
            (None, Some(uri)) => Source::Pushed(
                uri.strip_prefix(REQUEST_URN)
                    .filter(|rest| !rest.is_empty())
                    .ok_or(PageError::RequestUri(
                        "A request_uri is only accepted from the pushed authorization request endpoint.",
                    ))?
                    .to_owned(),
            ),
            (None, None) => Source::Plain(parameters),
        };
        Ok(Self { client_id: client_id.ok_or(PageError::Missing("client_id"))?, source })
    }

    /// The client that the request names.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What follows [`REQUEST_URN`] in the `request_uri`: the server takes the pushed request out of storage.
    pub fn pushed(&self) -> Option<&str> {
        match &self.source {
            Source::Pushed(id) => Some(id),
            Source::Plain(_) | Source::Signed(_) => None,
        }
    }

    /// Brings the parameters together. `pushed` is what the storage had for [`Opening::pushed`].
    pub fn resolve(
        self,
        client: &Client,
        pushed: Option<Pushed>,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Raw, PageError> {
        match self.source {
            Source::Plain(parameters) => Ok(Raw { parameters, signed: false, pushed: false }),
            Source::Signed(token) => {
                let parameters = request_object::read(&token, client, &settings.issuer, now)?;
                check_lengths(&parameters)?;
                Ok(Raw { parameters, signed: true, pushed: false })
            }
            Source::Pushed(_) => {
                let fits = |pushed: &Pushed| pushed.client_id == self.client_id && now < pushed.expires_at;
                Ok(pushed.filter(fits).ok_or(PageError::UnknownRequestUri)?.raw)
            }
        }
    }

    /// The same for a request that is being pushed by the authenticated `client` (RFC 9126 section 2.1).
    pub fn push(self, client: &Client, settings: &Settings, now: Timestamp) -> Result<Raw, PageError> {
        if self.client_id != client.id {
            return Err(PageError::UnknownClient(self.client_id));
        }
        if self.pushed().is_some() {
            return Err(PageError::RequestUri("A pushed request cannot have a request_uri."));
        }
        Ok(Raw { pushed: true, ..self.resolve(client, None, settings, now)? })
    }
}

impl Raw {
    /// A parameter, if it is there and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.parameters.value(name)
    }

    /// What the answer repeats, also if it is empty nothing.
    pub(super) fn state(&self) -> Option<String> {
        self.text("state").map(str::to_owned)
    }

    /// The API that is asked for, or the tenant's default one. `/userinfo` is not an API.
    pub fn audience(&self, settings: &Settings) -> Option<String> {
        let resource = || self.text("resource").filter(|_| settings.resource_parameter);
        let default = || settings.default_audience.as_deref().filter(|default| !default.is_empty());
        let audience = self.text("audience").or_else(resource).or_else(default)?;
        (audience != settings.userinfo()).then(|| audience.to_owned())
    }

    /// For the storage of pushed requests and of logins under way.
    pub fn to_document(&self) -> Value {
        let parameters: Map<String, Value> =
            self.parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        serde_json::json!({ "parameters": parameters, "signed": self.signed, "pushed": self.pushed })
    }

    /// What [`Raw::to_document`] gave; nothing if it is something else.
    pub fn from_document(document: &Value) -> Option<Self> {
        let mut parameters = Parameters::default();
        for (name, value) in document.get("parameters")?.as_object()? {
            parameters.add(name.clone(), value.as_str()?.to_owned()).ok()?;
        }
        let flag = |name: &str| document.get(name)?.as_bool();
        Some(Self { parameters, signed: flag("signed")?, pushed: flag("pushed")? })
    }
}

fn check_lengths(parameters: &Parameters) -> Result<(), PageError> {
    for (name, limit) in LIMITS {
        if parameters.value(name).is_some_and(|value| value.len() > limit) {
            return Err(PageError::TooLong(name));
        }
    }
    let others = parameters.iter().filter(|(name, _)| !LIMITS.iter().any(|(own, _)| own == name));
    for (name, value) in others {
        if value.len() > USUAL_LIMIT || name.len() > USUAL_LIMIT {
            let named = [
                "redirect_uri",
                "nonce",
                "audience",
                "code_challenge",
                "connection",
                "prompt",
                "ui_locales",
                "resource",
                "response_type",
                "response_mode",
                "display",
                "max_age",
                "claims",
                "code_challenge_method",
                "screen_hint",
            ];
            let known = named.into_iter().find(|own| *own == name);
            return Err(PageError::TooLong(known.unwrap_or("of an unknown name")));
        }
    }
    Ok(())
}
