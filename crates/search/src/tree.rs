//! What a query says, once it is read.

/// A query or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// `*:*` or `*`: everything.
    All,
    /// A single condition.
    Clause(Clause),
    /// All of at least two.
    And(Vec<Node>),
    /// Any of at least two.
    Or(Vec<Node>),
    /// The opposite.
    Not(Box<Node>),
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The field; none for a bare term.
    pub field: Option<Field>,
    /// What its value has to be.
    pub test: Test,
    /// Where the value stands, in characters from 1.
    pub at: usize,
}

/// The name of a field, taken apart at its dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The parts; at least one, none of them empty.
    pub path: Vec<String>,
    /// Where the name stands, in characters from 1.
    pub at: usize,
}

/// What a value has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// There is one. `_missing_` is the opposite.
    Exists,
    /// It matches a word, which may hold wildcards. At least one piece; neither two texts nor two `*` in a row.
    Word(Vec<Piece>),
    /// It is exactly this.
    Phrase(String),
    /// It lies between these; none is open, and not both are.
    Range {
        /// The lower end.
        low: Option<Bound>,
        /// The upper end.
        high: Option<Bound>,
    },
}

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Text(String),
    /// `*`: any characters or none.
    Any,
    /// `?`: one character.
    One,
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The value.
    pub value: String,
    /// Whether the value itself belongs to the range.
    pub inclusive: bool,
    /// Where it stands, in characters from 1.
    pub at: usize,
}

impl Field {
    /// The name as it would be written without escapes.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}
