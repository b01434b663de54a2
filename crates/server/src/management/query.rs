//! The query of a Management API request: paging, `fields`, filters.
//!
//! Parsed once, each parameter at most once; what a handler asks for is checked as it asks. Parameters that
//! no handler asks for are ignored, as tools send more than they need.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::shape::{Field, Object, boolean, field, integer, text};

/// The parameters of a query.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// By number: `page`, `per_page`, `include_totals`.
    Offset {
        /// Which page, from 0.
        page: i64,
        /// How many on it.
        per_page: i64,
        /// Whether the answer counts everything.
        totals: bool,
    },
    /// From a place on: `from`, `take`.
    Checkpoint {
        /// The place, as an earlier answer named it.
        from: Option<String>,
        /// How many.
        take: i64,
    },
}

/// Which members of an object are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    names: Vec<String>,
    exclude: bool,
}

const DEFAULT_PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 100;
/// The farthest page: beyond it the multiplication with the page size would lose meaning.
const LAST_PAGE: i64 = 1_000_000;

/// What [`Query::offset`] reads, for the description.
pub fn by_number() -> Vec<Field> {
    vec![
        field("page", integer(0, LAST_PAGE)),
        field("per_page", integer(0, LARGEST_PAGE)),
        field("include_totals", boolean()),
    ]
}

/// What [`Query::paging`] reads beside page numbers, for the description.
pub fn by_checkpoint() -> Vec<Field> {
    vec![field("from", text()), field("take", integer(1, LARGEST_PAGE))]
}

/// What [`Query::fields`] reads, for the description.
pub fn projection() -> Vec<Field> {
    vec![field("fields", text()), field("include_fields", boolean())]
}

impl Query {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(refused(&format!("Expected type boolean but found: {}", shown(other)), name)),
        }
    }

    /// A whole number within bounds.
    pub fn integer(&self, name: &str, (least, most): (i64, i64)) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match text.parse::<i64>().ok().filter(|_| digits) {
            Some(number) if number < least => {
                Err(refused(&format!("Value {number} is less than minimum {least}"), name))
            }
            Some(number) if number > most => {
                Err(refused(&format!("Value {number} is greater than maximum {most}"), name))
            }
            Some(number) => Ok(Some(number)),
            None => Err(refused(&format!("Expected type integer but found: {}", shown(text)), name)),
        }
    }

    /// One of these texts.
    pub fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(text) if !values.contains(&text) => Err(refused(
                &format!("No enum match for: {}, expected one of: {}", shown(text), values.join(", ")),
                name,
            )),
            text => Ok(text),
        }
    }

    /// Offset paging alone, for lists that know no other.
    pub fn offset(&self) -> Result<Paging, ApiError> {
        Ok(Paging::Offset {
            page: self.integer("page", (0, LAST_PAGE))?.unwrap_or(0),
            per_page: self.integer("per_page", (0, LARGEST_PAGE))?.unwrap_or(DEFAULT_PAGE),
            totals: self.flag("include_totals")?.unwrap_or(false),
        })
    }

    /// Either way of paging: `take` or `from` chooses checkpoints.
    pub fn paging(&self) -> Result<Paging, ApiError> {
        let take = self.integer("take", (1, LARGEST_PAGE))?;
        let from = self.text("from").map(str::to_owned);
        // Tools send both and mean the checkpoint; what they say beside it has to make sense still.
        let by_number = self.offset()?;
        Ok(match (take, from) {
            (None, None) => by_number,
            (take, from) => Paging::Checkpoint { from, take: take.unwrap_or(DEFAULT_PAGE) },
        })
    }

    /// Checkpoints alone, for lists that know no other: `from` and `take`.
    pub fn checkpoint(&self) -> Result<(Option<String>, i64), ApiError> {
        let take = self.integer("take", (1, LARGEST_PAGE))?.unwrap_or(DEFAULT_PAGE);
        Ok((self.text("from").map(str::to_owned), take))
    }

    /// `fields` and `include_fields`; every name has to be a member of `shape`.
    pub fn fields(&self, shape: &Object) -> Result<Fields, ApiError> {
        let exclude = self.flag("include_fields")? == Some(false);
        let Some(list) = self.text("fields") else { return Ok(Fields::default()) };
        let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
        match names.iter().find(|name| shape.field(name).is_none()) {
            Some(unknown) => Err(refused(&format!("Unknown field: {}", shown(unknown)), "fields")),
            None => Ok(Fields { names, exclude }),
        }
    }
}

impl Fields {
    /// Whether an answer keeps this member.
    pub fn keep(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|own| own == name) != self.exclude
    }

    /// Keeps what was asked for.
    pub fn trim(&self, mut object: Map<String, Value>) -> Map<String, Value> {
        if !self.names.is_empty() {
            object.retain(|name, _| self.names.contains(name) != self.exclude);
        }
        object
    }
}

/// The answer to a list request: a bare array, an object with totals, or an object with the next checkpoint.
pub fn listing(
    name: &str,
    rows: Vec<Value>,
    paging: &Paging,
    (total, next): (i64, Option<String>),
) -> Response {
    let body = match paging {
        Paging::Offset { totals: false, .. } => Value::Array(rows),
        Paging::Offset { page, per_page, totals: true } => {
            let length = rows.len();
            let mut body = json!({ "start": page * per_page, "limit": per_page, "total": total, name: rows });
            if tells_length(name) {
                body["length"] = length.into();
            }
            body
        }
        Paging::Checkpoint { .. } => match next {
            Some(next) => json!({ name: rows, "next": next }),
            None => json!({ name: rows }),
        },
    };
    axum::Json(body).into_response()
}

/// Whether a list with totals also counts what it holds: as published, only these do.
pub(super) fn tells_length(name: &str) -> bool {
    matches!(name, "users" | "logs")
}

/// A query parameter that cannot be meant.
pub fn refused(reason: &str, name: &str) -> ApiError {
    ApiError::Query(format!("Query validation error: '{reason}' on property {name}."))
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            // A list is named again for each of its members; everything else once.
            if !matches!(&*name, "identifiers" | "strategy") && parameters.iter().any(|(own, _)| *own == name)
            {
                return Err(refused("The parameter is there more than once", &shown(&name)));
            }
            // No filter means anything with NUL in it, and PostgreSQL does not know the character.
            if value.contains('\0') {
                return Err(refused("String contains the character NUL", &shown(&name)));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }
}

impl Query {
    /// Every value of a parameter that may be named more than once.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }
}
