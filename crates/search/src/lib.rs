//! Queries in the Lucene syntax of the Management API, read into a tree.
//!
//! A query is text that a client wrote: `type:f* AND date:[2027-01-01 TO *]`. [`parse`] reads it into a [`Node`]
//! or says at which character it stops making sense, and what was expected there. It knows neither fields nor
//! databases: whoever has them walks the tree. Must never panic and never recurse deeper than [`DEPTH`].
//!
//! The grammar, loosest first. Operators are written in capitals.
//!
//! ```text
//! or      = loose { ("OR" | "||") loose }
//! loose   = and { and }                       side by side means OR, or AND where the caller says so
//! and     = unary { ("AND" | "&&") unary }
//! unary   = { "+" | "-" | "!" | "NOT" } primary
//! primary = "(" or ")" | [field ":"] value | field ":" "(" or ")"
//! value   = word | "phrase" | "[" low "TO" high "]" | ">" bound | ">=" bound | "<" bound | "<=" bound
//! ```
//!
//! Side by side under OR, as in `a b +c -d`, `+` makes a part required and `-`, `!` and `NOT` forbid it; parts
//! without a sign then only matter if none is required. Next to a written operator they mean what they say.

mod error;
mod parse;
mod print;
mod scan;
mod tree;

#[cfg(test)]
mod tests;

pub use error::{Expected, SyntaxError, Unsupported};
pub use parse::{Beside, parse};
pub use tree::{Bound, Clause, Field, Node, Piece, Test};

/// The longest query, in characters.
pub const LENGTH: usize = 8192;
/// The deepest nesting of parentheses and negations.
pub const DEPTH: usize = 32;
/// The most clauses.
pub const CLAUSES: usize = 100;
