//! Trees as conditions.
//!
//! Every text that a client wrote ends up as a parameter; a name decides only which of the columns in the
//! table of fields is meant. Must never build SQL in any other way.

use chancery_search::{Bound, Clause, Field, Node, Piece, Test};

use super::{Case, Column, Fields, Manner, dates, sql};
use crate::db::{Statement, Value, fold, json_path};

/// What makes no sense for the fields that there are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub(super) struct Refusal {
    at: usize,
    what: String,
}

fn refuse<T>(at: usize, what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { at, what: what.into() })
}

/// The condition that a query states, in parentheses.
pub(super) fn condition(node: &Node, fields: &Fields, manner: Manner) -> Result<Statement, Refusal> {
    let translator = Translator { fields, begins: manner.begins };
    Ok(enclosed(translator.node(node, false)?))
}

struct Translator<'a> {
    fields: &'a Fields,
    /// Whether words match beginnings.
    begins: bool,
}

impl Translator<'_> {
    fn node(&self, node: &Node, negated: bool) -> Result<Statement, Refusal> {
        let all = |nodes: &[Node], operator| {
            let parts: Vec<_> =
                nodes.iter().map(|node| self.node(node, negated)).collect::<Result<_, _>>()?;
            Ok(joined(parts, operator))
        };
        match node {
            Node::All => Ok(Statement::new(sql::TRUE)),
            Node::And(nodes) => all(nodes, sql::AND),
            Node::Or(nodes) => all(nodes, sql::OR),
            Node::Not(node) => Ok(Statement::new(sql::NOT).with(enclosed(self.node(node, true)?))),
            Node::Clause(clause) => {
                let holds = self.clause(clause)?;
                Ok(if negated {
                    Statement::new(sql::KNOWN).with(holds).text(sql::OR_ELSE_FALSE)
                } else {
                    holds
                })
            }
        }
    }

    fn clause(&self, clause: &Clause) -> Result<Statement, Refusal> {
        if let Some(field) = &clause.field {
            let (column, rest) = self.resolve(field)?;
            return self.holds(&column, rest, (&clause.test, clause.at));
        }
        if self.fields.bare.is_empty() {
            return refuse(clause.at, format!("a field has to be named, one of {}", self.names()));
        }
        let known = |name: &&str| self.fields.known.iter().find(|(own, _)| own == name);
        let columns = self.fields.bare.iter().filter_map(known);
        let parts: Vec<_> = columns
            .map(|(_, column)| self.holds(column, &[], (&clause.test, clause.at)))
            .collect::<Result<_, _>>()?;
        Ok(joined(parts, sql::OR))
    }

    /// Which column a name means, and what of the name is left to go into it.
    fn resolve<'f>(&self, field: &'f Field) -> Result<(Column, &'f [String]), Refusal> {
        match self.fields.resolve(field) {
            Some((_, column, rest)) => Ok((column, rest)),
            None => refuse(
                field.at,
                format!("{} is not searchable; the fields are {}", shown(&field.name()), self.names()),
            ),
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.fields.known.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The condition that a column, or what `rest` names in it, passes a test.
    fn holds(
        &self,
        column: &Column,
        rest: &[String],
        (test, at): (&Test, usize),
    ) -> Result<Statement, Refusal> {
        match *column {
            Column::Text(column, case) => Ok(self.text(column, case, test)),
            Column::Int(column) => int(column, test, at),
            Column::Bool(column) => truth(column, test, at),
            Column::Millis(column) => time(column, (test, at), Value::Int),
            Column::TimedText(column) => time(column, (test, at), |millis| {
                Value::from(format!("{:013}", millis.clamp(0, 9_999_999_999_999)))
            }),
            Column::Json { column, path, case, .. } => {
                let path = json_path(path.iter().copied().chain(rest.iter().map(String::as_str)));
                Ok(self.json((column, path), case, test))
            }
            Column::Related { rows, columns } => {
                let inner = match rest.split_first() {
                    None if *test == Test::Exists => Statement::new(sql::TRUE),
                    first => {
                        let named = first.and_then(|(name, rest)| {
                            let (_, column) = columns.iter().find(|(own, _)| own == name)?;
                            (rest.is_empty() || column.has_members()).then_some((column, rest))
                        });
                        let Some((column, rest)) = named else {
                            let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
                            return refuse(at, format!("the field has to name one of {}", names.join(", ")));
                        };
                        self.holds(column, rest, (test, at))?
                    }
                };
                Ok(Statement::new(sql::ANY_ROW).text(rows).with(inner).text(sql::CLOSE))
            }
            Column::Nothing => Ok(Statement::new(sql::FALSE)),
        }
    }

    fn text(&self, column: &'static str, case: Case, test: &Test) -> Statement {
        let own = |text: &str| case.own(text);
        match test {
            Test::Exists => exists(column),
            Test::Phrase(text) => compared(column, sql::EQUALS, own(text)),
            Test::Range { low, high } => {
                between(column, low.as_ref(), high.as_ref(), |bound| own(&bound.value))
            }
            Test::Word(pieces) => match pieces.as_slice() {
                [Piece::Text(text)] if !self.begins => compared(column, sql::EQUALS, own(text)),
                [Piece::Text(text)] | [Piece::Text(text), Piece::Any] => beginning(column, &own(text)),
                [Piece::Text(text), ..] => {
                    joined(vec![beginning(column, &own(text)), self.like(column, pieces, own)], sql::AND)
                }
                _ => self.like(column, pieces, own),
            },
        }
    }

    fn like(&self, column: &'static str, pieces: &[Piece], own: impl Fn(&str) -> String) -> Statement {
        let pattern = own(&self.pattern(pieces));
        Statement::new(sql::LIKE).text(column).text(sql::COMMA).value(pattern).text(sql::CLOSE)
    }

    fn json(&self, (column, path): (&'static str, String), case: Case, test: &Test) -> Statement {
        let folded = case != Case::Exact;
        let own = |text: &str| if folded { fold(text) } else { text.to_owned() };
        let begin = |function| Statement::new(function).text(column).text(sql::COMMA).value(path.clone());
        let equals = |text: &str| {
            let number = number(text).map_or(Value::Null, Value::from);
            let arguments = [folded.into(), own(text).into(), number];
            called(begin(sql::JSON_EQUALS), arguments)
        };
        match test {
            Test::Exists => called(begin(sql::JSON_EXISTS), []),
            Test::Phrase(text) => equals(text),
            Test::Word(pieces) => match pieces.as_slice() {
                [Piece::Text(text)] if !self.begins => equals(text),
                _ => called(begin(sql::JSON_LIKE), [folded.into(), own(&self.pattern(pieces)).into()]),
            },
            Test::Range { low, high } => {
                let ends = [low.as_ref(), high.as_ref()];
                let numeric = ends.iter().flatten().all(|end| number(&end.value).is_some());
                let mut arguments: Vec<Value> = vec![folded.into()];
                for end in ends {
                    arguments.push(end.map(|end| own(&end.value)).into());
                    arguments.push(end.is_some_and(|end| end.inclusive).into());
                }
                arguments.push(numeric.into());
                called(begin(sql::JSON_BETWEEN), arguments)
            }
        }
    }

    /// A pattern for `LIKE`.
    fn pattern(&self, pieces: &[Piece]) -> String {
        let mut pattern = String::new();
        for piece in pieces {
            match piece {
                Piece::Any => pattern.push('%'),
                Piece::One => pattern.push('_'),
                Piece::Text(text) => {
                    for character in text.chars() {
                        if matches!(character, '%' | '_' | '\\') {
                            pattern.push('\\');
                        }
                        pattern.push(character);
                    }
                }
            }
        }
        if self.begins && matches!(pieces, [Piece::Text(_)]) {
            pattern.push('%');
        }
        pattern
    }
}

impl Column {
    pub(super) fn has_members(&self) -> bool {
        matches!(self, Self::Json { deeper: true, .. } | Self::Related { .. })
    }
}

fn int(column: &'static str, test: &Test, at: usize) -> Result<Statement, Refusal> {
    let read = |text: &str, at| match text.parse::<i64>() {
        Ok(number) => Ok(number),
        Err(_) => refuse(at, format!("{} is not a whole number", shown(text))),
    };
    match test {
        Test::Exists => Ok(exists(column)),
        Test::Range { low, high } => {
            let bound = |bound: Option<&Bound>| bound.map(|bound| read(&bound.value, bound.at)).transpose();
            let (from, to) = (bound(low.as_ref())?, bound(high.as_ref())?);
            let mut parts = Vec::new();
            if let (Some(number), Some(low)) = (from, low) {
                parts.push(compared(column, above(low), number));
            }
            if let (Some(number), Some(high)) = (to, high) {
                parts.push(compared(column, below(high), number));
            }
            Ok(joined(parts, sql::AND))
        }
        Test::Word(_) | Test::Phrase(_) => {
            let Some(text) = whole(test) else {
                return refuse(at, "a field of numbers cannot be searched with wildcards");
            };
            Ok(compared(column, sql::EQUALS, read(text, at)?))
        }
    }
}

fn truth(column: &'static str, test: &Test, at: usize) -> Result<Statement, Refusal> {
    match (test, whole(test)) {
        (Test::Exists, _) => Ok(exists(column)),
        (_, Some("true")) => Ok(compared(column, sql::EQUALS, true)),
        (_, Some("false")) => Ok(compared(column, sql::EQUALS, false)),
        _ => refuse(at, "the field is either true or false"),
    }
}

/// `own` makes of a time what the column holds.
fn time(
    column: &'static str,
    (test, at): (&Test, usize),
    own: impl Fn(i64) -> Value,
) -> Result<Statement, Refusal> {
    let read = |text: &str, at| match dates::span(text) {
        Some(span) => Ok(span),
        None => {
            refuse(at, format!("{} is not a date such as 2027-01-31 or 2027-01-31T09:30:00Z", shown(text)))
        }
    };
    let within = |from: Option<i64>, to: Option<i64>| {
        let from = from.map(|from| compared(column, sql::AT_LEAST, own(from)));
        let to = to.map(|to| compared(column, sql::BELOW, own(to)));
        joined(from.into_iter().chain(to).collect(), sql::AND)
    };
    match test {
        Test::Exists => Ok(exists(column)),
        // In a range a date stands for its first millisecond, however coarse it is.
        Test::Range { low, high } => {
            let after = |bound: &Bound, included: bool| {
                let (start, _) = read(&bound.value, bound.at)?;
                Ok(if bound.inclusive == included { start } else { start + 1 })
            };
            let from = low.as_ref().map(|bound| after(bound, true)).transpose()?;
            let to = high.as_ref().map(|bound| after(bound, false)).transpose()?;
            Ok(within(from, to))
        }
        Test::Word(_) | Test::Phrase(_) => {
            let Some(text) = whole(test) else {
                return refuse(
                    at,
                    "a date cannot be searched with wildcards; use a range, as in [2027-01 TO 2027-02}",
                );
            };
            let (start, end) = read(text, at)?;
            Ok(within(Some(start), Some(end)))
        }
    }
}

/// What a test demands the whole value to be, if it does.
pub fn whole(test: &Test) -> Option<&str> {
    match test {
        Test::Phrase(text) => Some(text),
        Test::Word(pieces) => match pieces.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        },
        Test::Exists | Test::Range { .. } => None,
    }
}

/// A text as a number, in the spelling that both databases read; none if it is no number.
pub fn number(text: &str) -> Option<String> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    text.parse::<f64>().ok().filter(|number| digits && number.is_finite()).map(|number| number.to_string())
}

fn exists(column: &'static str) -> Statement {
    Statement::new(column).text(sql::IS_THERE)
}

fn compared(column: &'static str, operator: &'static str, value: impl Into<Value>) -> Statement {
    Statement::new(column).text(operator).value(value)
}

fn above(bound: &Bound) -> &'static str {
    if bound.inclusive { sql::AT_LEAST } else { sql::ABOVE }
}

fn below(bound: &Bound) -> &'static str {
    if bound.inclusive { sql::AT_MOST } else { sql::BELOW }
}

fn between(
    column: &'static str,
    low: Option<&Bound>,
    high: Option<&Bound>,
    own: impl Fn(&Bound) -> String,
) -> Statement {
    let low = low.map(|low| compared(column, above(low), own(low)));
    let high = high.map(|high| compared(column, below(high), own(high)));
    joined(low.into_iter().chain(high).collect(), sql::AND)
}

/// Everything that begins with a text, as a range, which an index can serve.
fn beginning(column: &'static str, text: &str) -> Statement {
    let from = compared(column, sql::AT_LEAST, text);
    let Some(after) = after_all(text) else { return from };
    joined(vec![from, compared(column, sql::BELOW, after)], sql::AND)
}

/// The least text that is greater than all that begin with this one, byte by byte; none if there is none.
pub fn after_all(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        // Between U+D7FF and U+E000 there are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

fn called(begun: Statement, arguments: impl IntoIterator<Item = Value>) -> Statement {
    arguments.into_iter().fold(begun, |call, argument| call.text(sql::COMMA).value(argument)).text(sql::CLOSE)
}

fn joined(mut parts: Vec<Statement>, operator: &'static str) -> Statement {
    if parts.len() == 1 {
        return parts.swap_remove(0);
    }
    let mut whole = Statement::new(sql::OPEN);
    for (index, part) in parts.into_iter().enumerate() {
        whole = if index > 0 { whole.text(operator) } else { whole }.with(part);
    }
    whole.text(sql::CLOSE)
}

fn enclosed(inner: Statement) -> Statement {
    Statement::new(sql::OPEN).with(inner).text(sql::CLOSE)
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
