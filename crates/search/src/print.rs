//! Trees as text: what is printed reads back as the same tree.

use std::fmt::{Display, Formatter, Result, Write};

use super::tree::{Bound, Clause, Field, Node, Piece, Test};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let joined = |f: &mut Formatter<'_>, nodes: &[Self], operator: &str| {
            for (index, node) in nodes.iter().enumerate() {
                if index > 0 {
                    f.write_str(operator)?;
                }
                node.as_part(f)?;
            }
            Ok(())
        };
        match self {
            Self::All => f.write_str("*:*"),
            Self::Clause(clause) => clause.fmt(f),
            Self::And(nodes) => joined(f, nodes, " AND "),
            Self::Or(nodes) => joined(f, nodes, " OR "),
            Self::Not(node) => {
                // Alone and at the start of a query it would forbid rather than negate, which is the same.
                f.write_str("NOT ")?;
                node.as_part(f)
            }
        }
    }
}

impl Node {
    fn as_part(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::All | Self::Clause(_) | Self::Not(_) => self.fmt(f),
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
        }
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (&self.field, &self.test) {
            (Some(field), Test::Exists) => write!(f, "_exists_:{field}"),
            (Some(field), test) => write!(f, "{field}:{test}"),
            (None, test) => test.fmt(f),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, part) in self.path.iter().enumerate() {
            if index > 0 {
                f.write_char('.')?;
            }
            escaped(f, part)?;
        }
        Ok(())
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Exists => f.write_char('*'),
            Self::Word(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => escaped(f, text),
                Piece::Any => f.write_char('*'),
                Piece::One => f.write_char('?'),
            }),
            Self::Phrase(text) => quoted(f, text),
            Self::Range { low, high } => {
                f.write_char(if low.as_ref().is_none_or(|low| low.inclusive) { '[' } else { '{' })?;
                bound(f, low.as_ref())?;
                f.write_str(" TO ")?;
                bound(f, high.as_ref())?;
                f.write_char(if high.as_ref().is_none_or(|high| high.inclusive) { ']' } else { '}' })
            }
        }
    }
}

fn bound(f: &mut Formatter<'_>, bound: Option<&Bound>) -> Result {
    match bound {
        Some(bound) => quoted(f, &bound.value),
        None => f.write_char('*'),
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> Result {
    f.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}

/// Everything but letters, digits and underscores is escaped, and so is the first letter, which might make an
/// operator of a word.
fn escaped(f: &mut Formatter<'_>, text: &str) -> Result {
    for (index, character) in text.chars().enumerate() {
        if index == 0 || !(character.is_alphanumeric() || character == '_') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    Ok(())
}
