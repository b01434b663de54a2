//! How the client is answered: where, in which way, with what beside the answer itself. All of it is data;
//! headers and HTML are made elsewhere.
//!
//! Must never be made for a redirect URI that was not checked.

use serde_json::{Map, Value, json};

use super::{Error, ResponseMode};
use crate::uri::Uri;

/// The way back to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Where the answer goes: one of the client's own addresses.
    pub redirect_uri: String,
    /// How it travels.
    pub mode: ResponseMode,
    /// What the client sent to recognise its own request.
    pub state: Option<String>,
    /// The issuer, where the tenant says who it is (RFC 9207).
    pub issuer: Option<String>,
}

/// An answer to the client, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// 302 (or 303 after a form) to this address.
    Redirect(String),
    /// A page that posts these fields to this address by itself.
    FormPost {
        /// The address.
        action: String,
        /// The fields.
        fields: Vec<(&'static str, String)>,
    },
    /// A page that sends these members to the page that holds it, if that page is of this origin.
    WebMessage {
        /// The only origin that may receive the message.
        origin: String,
        /// The members of `response`.
        members: Vec<(&'static str, String)>,
    },
}

/// The parameters of a successful answer. What is not there is left out.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Success {
    /// The code.
    pub code: Option<String>,
    /// The access token, with the seconds that it lives.
    pub access_token: Option<(String, i64)>,
    /// What was granted, where it goes with an access token.
    pub scope: Option<String>,
    /// The ID token.
    pub id_token: Option<String>,
}

impl Channel {
    /// The answer that grants.
    pub fn grant(&self, success: Success) -> Answer {
        let Success { code, access_token, scope, id_token } = success;
        let mut parameters = Vec::new();
        let mut add = |name, value: Option<String>| parameters.extend(value.map(|value| (name, value)));
        add("code", code);
        if let Some((token, seconds)) = access_token {
            add("access_token", Some(token));
            add("expires_in", Some(seconds.to_string()));
            add("token_type", Some("Bearer".to_owned()));
            add("scope", scope.filter(|scope| !scope.is_empty()));
        }
        add("id_token", id_token);
        self.answer(parameters)
    }

    /// The answer that refuses.
    pub fn refuse(&self, error: &Error) -> Answer {
        self.answer(vec![("error", error.code().to_owned()), ("error_description", error.to_string())])
    }

    fn answer(&self, mut parameters: Vec<(&'static str, String)>) -> Answer {
        let Self { redirect_uri, mode, state, issuer } = self;
        parameters.extend(state.clone().map(|state| ("state", state)));
        parameters.extend(issuer.clone().map(|issuer| ("iss", issuer)));
        let encoded = || form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        match mode {
            ResponseMode::Query => {
                let glue = match redirect_uri.split_once('?') {
                    None => "?",
                    Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                    Some(_) => "&",
                };
                Answer::Redirect([redirect_uri.as_str(), glue, &encoded()].concat())
            }
            ResponseMode::Fragment => Answer::Redirect([redirect_uri.as_str(), "#", &encoded()].concat()),
            ResponseMode::FormPost => Answer::FormPost { action: redirect_uri.clone(), fields: parameters },
            ResponseMode::WebMessage => Answer::WebMessage {
                // The check of the response mode has seen that there is an origin.
                origin: Uri::parse(redirect_uri).ok().and_then(|uri| uri.origin()).unwrap_or_default(),
                members: parameters,
            },
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Codes and tokens belong in no log.
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(..)",
            Self::FormPost { .. } => "FormPost(..)",
            Self::WebMessage { .. } => "WebMessage(..)",
        })
    }
}

impl Answer {
    /// The members of a message as the object that Auth0's browser SDKs read; numbers stay numbers there.
    pub fn message(members: &[(&'static str, String)]) -> Value {
        let response: Map<String, Value> = members
            .iter()
            .map(|(name, value)| {
                let number = value.parse::<i64>().ok().filter(|_| *name == "expires_in");
                ((*name).to_owned(), number.map_or_else(|| Value::from(value.as_str()), Value::from))
            })
            .collect();
        json!({ "type": "authorization_response", "response": response })
    }
}
