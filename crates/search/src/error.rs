//! Why a text is no query, and where.
//!
//! Positions count characters from 1, as people do. Messages quote single characters of the text at most.

/// A text that is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// Something else was expected.
    #[error("at character {at}: expected {expected}, found {}", shown(*found))]
    Unexpected {
        /// Where.
        at: usize,
        /// What could have stood there.
        expected: Expected,
        /// What stands there; none at the end of the query.
        found: Option<char>,
    },
    /// Lucene has it, this language has not.
    #[error("at character {at}: {what}")]
    Unsupported {
        /// Where.
        at: usize,
        /// What.
        what: Unsupported,
    },
    /// A quotation mark without its partner.
    #[error("at character {at}: the quotation mark is not closed")]
    OpenPhrase {
        /// Where it opens.
        at: usize,
    },
    /// A parenthesis without its partner.
    #[error("at character {at}: the parenthesis is not closed")]
    OpenGroup {
        /// Where it opens.
        at: usize,
    },
    /// A field inside of a group that belongs to a field already.
    #[error("at character {at}: the group belongs to a field already, so no other field may be named in it")]
    FieldInGroup {
        /// Where.
        at: usize,
    },
    /// Too many characters.
    #[error("the query is longer than {} characters", crate::LENGTH)]
    TooLong,
    /// Too deeply nested.
    #[error("at character {at}: the query is nested more than {} levels deep", crate::DEPTH)]
    TooDeep {
        /// Where the limit is passed.
        at: usize,
    },
    /// Too many clauses.
    #[error("at character {at}: the query has more than {} clauses", crate::CLAUSES)]
    TooMany {
        /// Where the limit is passed.
        at: usize,
    },
}

/// What could have stood at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The start of a clause.
    Clause,
    /// A value after a field or a comparison.
    Value,
    /// The name of a field.
    Field,
    /// The start or end of a range.
    Bound,
    /// The word between the bounds.
    To,
    /// The end of a range.
    RangeEnd,
    /// A character that is taken as it is, after a backslash.
    Escaped,
    /// Something that can follow a clause.
    Next,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Clause => "a field, a word, a phrase in quotation marks or (",
            Self::Value => "a value",
            Self::Field => "the name of a field",
            Self::Bound => "a value or *",
            Self::To => "TO between the two ends of the range",
            Self::RangeEnd => "] or } at the end of the range",
            Self::Escaped => "a character after the backslash",
            Self::Next => "a space, an operator or the end",
        })
    }
}

/// Parts of Lucene's language that this one leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `word~1`, `"some words"~3`
    Fuzzy,
    /// `word^2`
    Boost,
    /// `/expression/`
    Regex,
}

impl std::fmt::Display for Unsupported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fuzzy => {
                "fuzzy and proximity searches with ~ are not supported; put the value into quotation marks if ~ is meant"
            }
            Self::Boost => {
                "boosting with ^ is not supported; put the value into quotation marks if ^ is meant"
            }
            Self::Regex => {
                "regular expressions between / are not supported; put the value into quotation marks if / is meant"
            }
        })
    }
}

fn shown(character: Option<char>) -> String {
    match character {
        None => "the end of the query".to_owned(),
        Some(' ') => "a space".to_owned(),
        Some(other) if other.is_control() => format!("U+{:04X}", u32::from(other)),
        Some(other) => other.to_string(),
    }
}

impl SyntaxError {
    /// The place, counted in characters from 1; none where the whole query is meant.
    pub fn at(&self) -> Option<usize> {
        match self {
            Self::Unexpected { at, .. }
            | Self::Unsupported { at, .. }
            | Self::OpenPhrase { at }
            | Self::OpenGroup { at }
            | Self::FieldInGroup { at }
            | Self::TooDeep { at }
            | Self::TooMany { at } => Some(*at),
            Self::TooLong => None,
        }
    }
}
