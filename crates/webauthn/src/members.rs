//! The members of a JSON object that a browser sent: there, of the right kind, decoded.
//!
//! It must never accept an object with two members of one name: two readers could see different values.

use chancery_jose::base64url;
use chancery_jose::json::{self, JsonError};
use serde_json::{Map, Value};

/// Why an object cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Not JSON, not UTF-8, or a member that is there twice.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON, but no object.
    #[error("expected a JSON object")]
    NotObject,
    /// A member is not there.
    #[error("the member {0} is missing")]
    Missing(&'static str),
    /// A member is of another kind.
    #[error("the member {member} must be {expected}")]
    Kind {
        /// The member.
        member: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A member is not base64url without padding.
    #[error("the member {0} must be base64url without padding")]
    Base64(&'static str),
}

/// The members of one object.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads a JSON text that is an object.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, MemberError> {
        match json::parse(bytes)? {
            Value::Object(members) => Ok(Self(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(MemberError::NotObject)
            }
        }
    }

    /// A member of any kind.
    pub(crate) fn any(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    /// A member that is an object, taken out.
    pub(crate) fn take_object(&mut self, member: &'static str) -> Result<Self, MemberError> {
        match self.0.remove(member) {
            Some(Value::Object(members)) => Ok(Self(members)),
            Some(_) => Err(MemberError::Kind { member, expected: "an object" }),
            None => Err(MemberError::Missing(member)),
        }
    }

    /// A member that is a string.
    pub(crate) fn text(&self, member: &'static str) -> Result<&str, MemberError> {
        let value = self.0.get(member).ok_or(MemberError::Missing(member))?;
        value.as_str().ok_or(MemberError::Kind { member, expected: "a string" })
    }

    /// A member that is base64url.
    pub(crate) fn bytes(&self, member: &'static str) -> Result<Vec<u8>, MemberError> {
        base64url::decode(self.text(member)?).map_err(|_| MemberError::Base64(member))
    }

    /// A member that is base64url, unless it is missing or null.
    pub(crate) fn optional_bytes(&self, member: &'static str) -> Result<Option<Vec<u8>>, MemberError> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.bytes(member).map(Some),
        }
    }

    /// A member that is a list of strings; missing or null is the empty list.
    pub(crate) fn texts(&self, member: &'static str) -> Result<Vec<String>, MemberError> {
        let wrong = MemberError::Kind { member, expected: "a list of strings" };
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) => {
                let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().ok_or(wrong)
            }
            Some(_) => Err(wrong),
        }
    }
}
