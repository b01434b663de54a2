//! Scope values and lists of them (RFC 6749 section 3.3).
//!
//! Must never reorder what a caller asked for: the order is what people see in their tokens.

use std::collections::HashSet;

/// Scope values in the order they were named, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

/// A scope parameter with characters that RFC 6749 section 3.3 does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the scope parameter is a list of scopes with single spaces between them, without quotes, backslashes or control characters"
)]
pub struct ScopeError;

impl Scopes {
    /// Parses a scope parameter. Values named twice count once; an empty text has no scopes.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let allowed = |byte| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(ScopeError);
        }
        Ok(text.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect())
    }

    /// Whether the list names this value.
    pub fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|own| own == value)
    }

    /// The values that `other` does not name.
    pub fn missing_from(&self, other: &Self) -> Self {
        let others = other.set();
        Self(self.0.iter().filter(|value| !others.contains(value.as_str())).cloned().collect())
    }

    /// The values that `other` names too.
    pub fn common_with(&self, other: &Self) -> Self {
        let others = other.set();
        Self(self.0.iter().filter(|value| others.contains(value.as_str())).cloned().collect())
    }

    /// These values and those of `other` that are not among them.
    pub fn and(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).map(str::to_owned).collect()
    }

    /// Whether `other` names every value.
    pub fn within(&self, other: &Self) -> bool {
        self.missing_from(other).is_empty()
    }

    /// The values that `keep` wants.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|value| keep(value)).cloned().collect())
    }

    /// The values for looking up: lists may be thousands long, and comparing each with each would let one
    /// request occupy a core.
    fn set(&self) -> HashSet<&str> {
        self.iter().collect()
    }

    /// Whether no scope is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromIterator<String> for Scopes {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        let mut seen = HashSet::new();
        Self(values.into_iter().filter(|value| seen.insert(value.clone())).collect())
    }
}

impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
