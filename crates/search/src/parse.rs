//! The grammar.

use super::error::{Expected, SyntaxError};
use super::scan::{Scanner, Within, Word};
use super::tree::{Bound, Clause, Field, Node, Piece, Test};
use super::{CLAUSES, DEPTH, LENGTH};

/// What clauses mean that stand side by side with no operator between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Any of them, as in Lucene.
    Or,
    /// All of them.
    And,
}

/// Reads a query.
pub fn parse(text: &str, beside: Beside) -> Result<Node, SyntaxError> {
    if text.chars().nth(LENGTH).is_some() {
        return Err(SyntaxError::TooLong);
    }
    let mut parser = Parser { scanner: Scanner::new(text), beside, clauses: 0 };
    let node = parser.any(&Place { field: None, depth: 0 })?;
    match parser.scanner.peek() {
        None => Ok(node),
        Some(_) => Err(parser.scanner.unexpected(Expected::Next)),
    }
}

struct Parser {
    scanner: Scanner,
    beside: Beside,
    clauses: usize,
}

/// What surrounds a part of the query.
struct Place {
    /// The field of the group that it stands in.
    field: Option<Field>,
    depth: usize,
}

/// How a part of a loose list was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain,
    Required,
    Forbidden,
}

/// A part of a list that is joined by OR or by nothing.
struct Part {
    node: Node,
    sign: Sign,
    /// Whether OR is written on either side of it.
    operator: bool,
}

impl Parser {
    /// The loosest level.
    fn any(&mut self, place: &Place) -> Result<Node, SyntaxError> {
        let mut parts = vec![self.all(place)?];
        loop {
            self.scanner.skip_spaces();
            if matches!(self.scanner.peek(), None | Some(')')) {
                break;
            }
            let operator = self.scanner.take("||") || self.scanner.operator("OR", true);
            if operator && let Some(before) = parts.last_mut() {
                before.operator = true;
            }
            let part = self.all(place)?;
            parts.push(Part { operator, ..part });
        }
        Ok(combined(parts))
    }

    /// Clauses that are joined by AND.
    fn all(&mut self, place: &Place) -> Result<Part, SyntaxError> {
        let (first, sign) = self.signed(place)?;
        let mut nodes = vec![(first, sign)];
        loop {
            self.scanner.skip_spaces();
            let operator = self.scanner.take("&&") || self.scanner.operator("AND", true);
            if !operator && !self.goes_on() {
                break;
            }
            nodes.push(self.signed(place)?);
        }
        if nodes.len() == 1 {
            let (node, sign) = nodes.swap_remove(0);
            return Ok(Part { node, sign, operator: false });
        }
        let nodes = nodes.into_iter().map(|(node, sign)| plain(node, sign)).collect();
        Ok(Part { node: Node::And(nodes), sign: Sign::Plain, operator: false })
    }

    /// Whether what comes next belongs to the same list of AND although no operator says so.
    fn goes_on(&mut self) -> bool {
        let ends = matches!(self.scanner.peek(), None | Some(')'));
        let or = self.scanner.operator("OR", false) || self.scanner.starts_with("||");
        self.beside == Beside::And && !ends && !or
    }

    /// A primary with what stands before it.
    fn signed(&mut self, place: &Place) -> Result<(Node, Sign), SyntaxError> {
        self.scanner.skip_spaces();
        let at = self.scanner.at();
        if self.scanner.take("+") {
            let (node, sign) = self.signed(&deeper(place, at)?)?;
            return Ok((plain(node, sign), Sign::Required));
        }
        if self.scanner.take("-") || self.scanner.take("!") || self.scanner.operator("NOT", true) {
            let (node, sign) = self.signed(&deeper(place, at)?)?;
            return Ok((plain(node, sign), Sign::Forbidden));
        }
        Ok((self.primary(place)?, Sign::Plain))
    }

    fn primary(&mut self, place: &Place) -> Result<Node, SyntaxError> {
        let at = self.scanner.at();
        if self.scanner.take("(") {
            return self.group(&deeper(place, at)?, at);
        }
        if self.scanner.take("*:*") {
            return match place.field {
                None => self.end_of(Node::All, at),
                Some(_) => Err(SyntaxError::FieldInGroup { at }),
            };
        }
        if matches!(self.scanner.peek(), Some('"' | '[' | '{' | '<' | '>')) {
            return self.value(place.field.clone());
        }
        let word = self.scanner.word(Within::Start, Expected::Clause)?;
        if ["AND", "OR", "NOT"].iter().any(|operator| word.is(operator)) {
            let first = word.first();
            return Err(SyntaxError::Unexpected { at, expected: Expected::Clause, found: first });
        }
        if self.scanner.peek() == Some(':') {
            return self.named(word, at, place);
        }
        if place.field.is_none() && word.pieces == [Piece::Any] {
            return self.end_of(Node::All, at);
        }
        self.clause(place.field.clone(), test_of(word), at)
    }

    /// What follows a parenthesis.
    fn group(&mut self, place: &Place, at: usize) -> Result<Node, SyntaxError> {
        let node = self.any(place)?;
        if self.scanner.take(")") { Ok(node) } else { Err(SyntaxError::OpenGroup { at }) }
    }

    /// What follows a word before a colon.
    fn named(&mut self, word: Word, at: usize, place: &Place) -> Result<Node, SyntaxError> {
        if place.field.is_some() {
            return Err(SyntaxError::FieldInGroup { at });
        }
        let special = ["_exists_", "_missing_"].iter().position(|name| word.is(name));
        let field = field_of(word, at)?;
        self.scanner.take(":");
        self.scanner.skip_spaces();
        let value_at = self.scanner.at();
        if let Some(special) = special {
            let name = match self.scanner.phrase()? {
                Some(name) => {
                    Field { path: name.split('.').map(str::to_owned).collect(), at: value_at }.checked()?
                }
                None => field_of(self.scanner.word(Within::Value, Expected::Field)?, value_at)?,
            };
            self.scanner.end_of_value()?;
            let exists = self.clause(Some(name), Test::Exists, value_at)?;
            return Ok(if special == 0 { exists } else { Node::Not(Box::new(exists)) });
        }
        if self.scanner.take("(") {
            let inner = deeper(&Place { field: Some(field), depth: place.depth }, value_at)?;
            return self.group(&inner, value_at);
        }
        self.value(Some(field))
    }

    /// A value after a field, or without one.
    fn value(&mut self, field: Option<Field>) -> Result<Node, SyntaxError> {
        let at = self.scanner.at();
        let test = match self.scanner.peek() {
            Some('"') => {
                let phrase = self.scanner.phrase()?.unwrap_or_default();
                self.scanner.end_of_value()?;
                Test::Phrase(phrase)
            }
            Some('[' | '{') => self.range()?,
            Some('<' | '>') => self.comparison()?,
            _ => test_of(self.scanner.word(Within::Value, Expected::Value)?),
        };
        self.clause(field, test, at)
    }

    /// `[low TO high]`
    fn range(&mut self) -> Result<Test, SyntaxError> {
        let from_inclusive = self.scanner.take("[") || !self.scanner.take("{");
        let low = self.bound(Within::Range)?;
        self.scanner.skip_spaces();
        if !self.scanner.operator("TO", true) {
            return Err(self.scanner.unexpected(Expected::To));
        }
        let high = self.bound(Within::Range)?;
        self.scanner.skip_spaces();
        let to_inclusive = self.scanner.take("]");
        if !to_inclusive && !self.scanner.take("}") {
            return Err(self.scanner.unexpected(Expected::RangeEnd));
        }
        self.scanner.end_of_value()?;
        let with = |bound: Option<Bound>, inclusive| bound.map(|bound| Bound { inclusive, ..bound });
        Ok(range(with(low, from_inclusive), with(high, to_inclusive)))
    }

    /// `>=bound` and its like
    fn comparison(&mut self) -> Result<Test, SyntaxError> {
        let above = self.scanner.take(">") || !self.scanner.take("<");
        let inclusive = self.scanner.take("=");
        let bound = self.bound(Within::Value)?.map(|bound| Bound { inclusive, ..bound });
        self.scanner.end_of_value()?;
        Ok(if above { range(bound, None) } else { range(None, bound) })
    }

    /// An end of a range; none if it is open.
    fn bound(&mut self, within: Within) -> Result<Option<Bound>, SyntaxError> {
        self.scanner.skip_spaces();
        let at = self.scanner.at();
        let value = match self.scanner.phrase()? {
            Some(phrase) => phrase,
            None => match self.scanner.word(within, Expected::Bound)?.pieces.as_slice() {
                [Piece::Any] => return Ok(None),
                [Piece::Text(text)] => text.clone(),
                _ => return Err(SyntaxError::Unexpected { at, expected: Expected::Bound, found: Some('*') }),
            },
        };
        Ok(Some(Bound { value, inclusive: true, at }))
    }

    fn clause(&mut self, field: Option<Field>, test: Test, at: usize) -> Result<Node, SyntaxError> {
        self.end_of(Node::Clause(Clause { field, test, at }), at)
    }

    /// Counts a clause.
    fn end_of(&mut self, node: Node, at: usize) -> Result<Node, SyntaxError> {
        self.clauses += 1;
        if self.clauses > CLAUSES { Err(SyntaxError::TooMany { at }) } else { Ok(node) }
    }
}

fn deeper(place: &Place, at: usize) -> Result<Place, SyntaxError> {
    if place.depth == DEPTH {
        return Err(SyntaxError::TooDeep { at });
    }
    Ok(Place { field: place.field.clone(), depth: place.depth + 1 })
}

fn field_of(word: Word, at: usize) -> Result<Field, SyntaxError> {
    match word.path {
        Some(path) => Field { path, at }.checked(),
        None => Err(SyntaxError::Unexpected { at, expected: Expected::Field, found: word.first() }),
    }
}

impl Field {
    fn checked(self) -> Result<Self, SyntaxError> {
        if self.path.iter().any(String::is_empty) {
            let found = self.path.first().and_then(|part| part.chars().next()).unwrap_or('.');
            return Err(SyntaxError::Unexpected {
                at: self.at,
                expected: Expected::Field,
                found: Some(found),
            });
        }
        Ok(self)
    }
}

/// A word as a test: `*` alone asks for any value at all.
fn test_of(word: Word) -> Test {
    if word.pieces == [Piece::Any] { Test::Exists } else { Test::Word(word.pieces) }
}

/// A range that is open on both sides asks for any value at all.
fn range(low: Option<Bound>, high: Option<Bound>) -> Test {
    if low.is_none() && high.is_none() { Test::Exists } else { Test::Range { low, high } }
}

fn negated(node: Node) -> Node {
    Node::Not(Box::new(node))
}

fn plain(node: Node, sign: Sign) -> Node {
    if sign == Sign::Forbidden { negated(node) } else { node }
}

/// Joins the parts of a loose list: those with OR beside them mean what they say; of the others, `+` requires
/// and `-` forbids.
fn combined(mut parts: Vec<Part>) -> Node {
    if parts.len() == 1 {
        let Part { node, sign, .. } = parts.swap_remove(0);
        return plain(node, sign);
    }
    let (mut required, mut optional, mut demanded) = (Vec::new(), Vec::new(), false);
    for Part { node, sign, operator } in parts {
        match sign {
            Sign::Plain => optional.push(node),
            Sign::Required if operator => optional.push(node),
            Sign::Forbidden if operator => optional.push(negated(node)),
            Sign::Required => {
                demanded = true;
                required.push(node);
            }
            Sign::Forbidden => required.push(negated(node)),
        }
    }
    // With a part that has to be there, the optional ones would only change the order of what is found.
    if !optional.is_empty() && !demanded {
        required.insert(0, several(optional, Node::Or));
    }
    several(required, Node::And)
}

fn several(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1 { nodes.swap_remove(0) } else { join(nodes) }
}
