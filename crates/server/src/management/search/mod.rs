//! Searching: from the query of a client to a condition of a statement.
//!
//! `chancery-search` reads the text; this module knows which fields a list can be searched by and what they are
//! in the database. A slice declares its fields once, as a table of names and columns:
//!
//! ```text
//! static SEARCHED: Fields = Fields {
//!     known: &[
//!         ("user_id", Column::Text("user_id", Case::Exact)),
//!         ("email", Column::Text("email_folded", Case::Folded)),
//!         ("name", Column::Text("lower(name)", Case::Ascii)),
//!         ("logins_count", Column::Int("logins_count")),
//!         ("created_at", Column::Millis("created_at")),
//!         ("app_metadata", Column::document("document", &["app_metadata"], Case::Exact)),
//!         ("identities", Column::Related { rows: IDENTITIES_OF_USER, columns: &[("connection", …)] }),
//!     ],
//!     bare: &["email", "name"],
//! };
//! ```
//!
//! takes the condition from the request with [`Fields::condition`], and puts it into its statement with
//! [`Statement::with`]. The condition is in parentheses and holds one text for both databases; every value and
//! every path into a document is a parameter. It says nothing about the tenant: that is for the statement
//! around it. A slice that knows better than the database where parts of a query lead takes the tree as well
//! ([`Fields::asked`]) and asks for the column of a name, or for the condition of one clause alone.
//!
//! Columns of text are compared byte by byte, which is what makes equality, ranges and prefixes use an index.
//! In a migration for PostgreSQL they are therefore `TEXT COLLATE "C"`, and a column for searches without case
//! holds [`crate::db::fold`] of what it stands for, or an index is of `lower(…)` of a column.

mod dates;
mod sql;
mod translate;

pub use translate::{after_all, number, whole};

use chancery_search::{Beside, Clause, Field, Node, parse};

use super::error::ApiError;
use super::query::{Query, refused};
use crate::db::{Statement, fold};

/// What a list can be searched by.
#[derive(Debug)]
pub struct Fields {
    /// The fields by their names on the wire, which may hold dots.
    pub known: &'static [(&'static str, Column)],
    /// The names of those that a word without a field is looked for in.
    pub bare: &'static [&'static str],
}

/// What a field is in the database. Names of columns are pieces of SQL and stand in the program.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// Text that compares byte by byte.
    Text(&'static str, Case),
    /// A `BIGINT`.
    Int(&'static str),
    /// A `BOOLEAN`.
    Bool(&'static str),
    /// A time in milliseconds.
    Millis(&'static str),
    /// A text that begins with a time in milliseconds, in 13 digits.
    TimedText(&'static str),
    /// A member of a JSON document, kept as text.
    Json {
        /// The column that holds the document.
        column: &'static str,
        /// The names on the way to the member.
        path: &'static [&'static str],
        /// Whether case counts.
        case: Case,
        /// Whether members of the member may be named after it.
        deeper: bool,
    },
    /// Members of rows in another table; one row that fits is enough.
    Related {
        /// `SELECT 1 FROM … WHERE … AND `, with the rows that belong to the one that is asked.
        rows: &'static str,
        /// What can be named of them.
        columns: &'static [(&'static str, Column)],
    },
    /// Something that nothing has yet.
    Nothing,
}

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// It does.
    Exact,
    /// It does not: the column holds folded text, or the document's values are folded as they are compared.
    Folded,
    /// It does not where the letters are ASCII: the column is `lower(…)` of one that compares byte by byte, which
    /// both databases understand like this.
    Ascii,
}

impl Case {
    /// A text of a client as it is compared.
    fn own(self, text: &str) -> String {
        match self {
            Self::Exact => text.to_owned(),
            Self::Folded => fold(text),
            Self::Ascii => text.to_ascii_lowercase(),
        }
    }
}

impl Column {
    /// A value in a document.
    pub const fn json(column: &'static str, path: &'static [&'static str], case: Case) -> Self {
        Self::Json { column, path, case, deeper: false }
    }

    /// An object in a document, whose members can be named.
    pub const fn document(column: &'static str, path: &'static [&'static str], case: Case) -> Self {
        Self::Json { column, path, case, deeper: true }
    }
}

/// How a query is to be understood.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// What clauses side by side mean.
    beside: Beside,
    /// Whether a word without quotation marks matches what begins with it.
    begins: bool,
}

/// Lucene's way, of `q`.
pub const QUERY: Manner = Manner { beside: Beside::Or, begins: false };
/// The way of `search`: every clause has to hold, and words match beginnings.
pub const BEGINNINGS: Manner = Manner { beside: Beside::And, begins: true };

/// A query that was understood.
#[derive(Debug)]
pub struct Asked {
    /// What it says. Every field in it is one that is known.
    pub tree: Node,
    /// The condition that it states.
    pub condition: Statement,
}

impl Fields {
    /// The condition that a parameter of a request states; none if the parameter is absent or blank.
    pub fn condition(
        &self,
        query: &Query,
        name: &str,
        manner: Manner,
    ) -> Result<Option<Statement>, ApiError> {
        Ok(self.asked(query, name, manner)?.map(|asked| asked.condition))
    }

    /// The same, with the tree.
    pub fn asked(&self, query: &Query, name: &str, manner: Manner) -> Result<Option<Asked>, ApiError> {
        let Some(text) = query.text(name).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let tree = parse(text, manner.beside).map_err(|error| refused(&error.to_string(), name))?;
        let condition = translate::condition(&tree, self, manner);
        let condition = condition.map_err(|refusal| refused(&refusal.to_string(), name))?;
        Ok(Some(Asked { tree, condition }))
    }

    /// The known field that a name means, with its column, and what of the name is left to go into it.
    pub fn resolve<'f>(&self, field: &'f Field) -> Option<(&'static str, Column, &'f [String])> {
        (1..=field.path.len()).rev().find_map(|length| {
            let (name, rest) = field.path.split_at(length);
            let name = name.join(".");
            let (own, column) = self.known.iter().find(|(own, _)| *own == name)?;
            (rest.is_empty() || column.has_members()).then_some((*own, *column, rest))
        })
    }

    /// The condition of one clause of a query that was understood.
    pub fn holds(&self, clause: &Clause, manner: Manner) -> Option<Statement> {
        translate::condition(&Node::Clause(clause.clone()), self, manner).ok()
    }
}
