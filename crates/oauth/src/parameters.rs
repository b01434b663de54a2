//! The parameters of a request, from a form or from JSON, each named once.
//!
//! Must never let a duplicate choose its meaning (RFC 6749 section 3.2), in either encoding.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

/// Parameters that carry whole messages of other protocols, which may be broken into lines.
const MESSAGES: [&str; 3] = ["SAMLRequest", "SAMLResponse", "wresult"];

/// Parameters by name. A map, because anybody may send thousands of them and each has to be looked for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

/// A body that holds no parameters. `Display` is the description for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// A parameter stands there twice.
    #[error("The parameter {0} is there more than once. Send it once.")]
    Duplicate(String),
    /// The JSON cannot be read.
    #[error("The body is not a JSON object: {0}.")]
    Json(String),
    /// A JSON member that is no text.
    #[error("The parameter {0} must be a string.")]
    NotText(String),
    /// A value holds a character that no parameter holds.
    #[error("The parameter {0} holds a control character.")]
    Control(String),
    /// The form is not UTF-8.
    #[error("The parameters are not a form in UTF-8.")]
    NotUtf8,
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn from_form(body: &[u8]) -> Result<Self, ParametersError> {
        let text = std::str::from_utf8(body).map_err(|_| ParametersError::NotUtf8)?;
        // The decoder replaces broken UTF-8; such a parameter must not pass as another one.
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                return Err(ParametersError::NotUtf8);
            }
            parameters.add(name.into_owned(), value.into_owned())?;
        }
        Ok(parameters)
    }

    /// Reads a JSON object. Members that are null count as absent, as SDKs send them for unset options.
    pub fn from_json(body: &[u8]) -> Result<Self, ParametersError> {
        let value =
            chancery_jose::json::parse(body).map_err(|error| ParametersError::Json(error.to_string()))?;
        let Value::Object(members) = value else {
            return Err(ParametersError::Json("it is another kind of value".to_owned()));
        };
        let mut parameters = Self::default();
        for (name, value) in members {
            match value {
                Value::String(text) => parameters.add(name, text)?,
                Value::Null => {}
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(ParametersError::NotText(name));
                }
            }
        }
        Ok(parameters)
    }

    /// Adds a parameter that is not there yet.
    pub fn add(&mut self, name: String, value: String) -> Result<(), ParametersError> {
        let may_break = MESSAGES.contains(&name.as_str());
        let is_bad = |one: char| one.is_control() && !(may_break && matches!(one, '\r' | '\n' | '\t'));
        if value.chars().any(is_bad) {
            return Err(ParametersError::Control(name));
        }
        match self.0.entry(name) {
            Entry::Occupied(twice) => Err(ParametersError::Duplicate(twice.key().clone())),
            Entry::Vacant(free) => {
                free.insert(value);
                Ok(())
            }
        }
    }

    /// Takes a parameter out. An empty value counts as absent (RFC 6749 section 3.2).
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Looks at a parameter. An empty value counts as absent.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        f.debug_list().entries(self.0.keys()).finish()
    }
}
