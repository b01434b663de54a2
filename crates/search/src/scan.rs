//! Reading a query character by character: words, phrases and escapes.
//!
//! Knows where it is, so that every complaint can point. Must never look at what a word means.

use super::error::{Expected, SyntaxError, Unsupported};
use super::tree::Piece;

/// A place in a query.
#[derive(Debug)]
pub(crate) struct Scanner {
    text: Vec<char>,
    next: usize,
}

/// A word, before it is known whether it names a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// What it says, with its wildcards.
    pub(crate) pieces: Vec<Piece>,
    /// Its parts between the dots that were not escaped; none if it holds wildcards.
    pub(crate) path: Option<Vec<String>>,
    /// Whether a backslash stood in it: `\AND` is a word.
    pub(crate) escaped: bool,
}

impl Word {
    /// The first character that it matches by.
    pub(crate) fn first(&self) -> Option<char> {
        self.pieces.first().and_then(|piece| match piece {
            Piece::Text(text) => text.chars().next(),
            Piece::Any => Some('*'),
            Piece::One => Some('?'),
        })
    }

    /// Whether it is this operator.
    pub(crate) fn is(&self, operator: &str) -> bool {
        !self.escaped && matches!(self.pieces.as_slice(), [Piece::Text(text)] if text == operator)
    }
}

/// Where a word ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// It may turn out to be the name of a field, so a colon ends it.
    Start,
    /// A value: colons belong to it.
    Value,
    /// An end of a range: closing brackets end it.
    Range,
}

impl Scanner {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), next: 0 }
    }

    /// The place of the next character, from 1.
    pub(crate) fn at(&self) -> usize {
        self.next + 1
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.text.get(self.next).copied()
    }

    fn peek_second(&self) -> Option<char> {
        self.text.get(self.next + 1).copied()
    }

    pub(crate) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
    }

    /// Goes past this text, if it comes next.
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        let found = self.starts_with(expected);
        if found {
            self.next += expected.chars().count();
        }
        found
    }

    /// Whether an operator of letters comes next; it is gone past only if `take`.
    pub(crate) fn operator(&mut self, name: &str, take: bool) -> bool {
        let start = self.next;
        let found =
            self.take(name) && self.peek().is_none_or(|next| next.is_whitespace() || "()\"".contains(next));
        if !(found && take) {
            self.next = start;
        }
        found
    }

    /// Whether this text comes next.
    pub(crate) fn starts_with(&self, expected: &str) -> bool {
        self.text.get(self.next..).is_some_and(|rest| {
            rest.len() >= expected.chars().count()
                && expected.chars().zip(rest).all(|(one, other)| one == *other)
        })
    }

    pub(crate) fn unexpected(&self, expected: Expected) -> SyntaxError {
        SyntaxError::Unexpected { at: self.at(), expected, found: self.peek() }
    }

    /// Reads a word. It has at least one piece.
    pub(crate) fn word(&mut self, within: Within, expected: Expected) -> Result<Word, SyntaxError> {
        if self.peek() == Some('/') && within != Within::Range {
            return Err(SyntaxError::Unsupported { at: self.at(), what: Unsupported::Regex });
        }
        let mut word = Word { pieces: Vec::new(), path: Some(vec![String::new()]), escaped: false };
        while let Some(character) = self.peek() {
            match character {
                _ if character.is_whitespace() => break,
                '(' | ')' => break,
                ':' if within == Within::Start => break,
                ']' | '}' if within == Within::Range => break,
                '~' => return Err(SyntaxError::Unsupported { at: self.at(), what: Unsupported::Fuzzy }),
                '^' => return Err(SyntaxError::Unsupported { at: self.at(), what: Unsupported::Boost }),
                '"' | '[' | ']' | '{' | '}' => return Err(self.unexpected(Self::instead(&word, expected))),
                '*' => word.wildcard(Piece::Any),
                '?' => word.wildcard(Piece::One),
                '\\' => {
                    let Some(escaped) = self.peek_second() else {
                        self.next += 1;
                        return Err(self.unexpected(Expected::Escaped));
                    };
                    self.next += 1;
                    word.escaped = true;
                    word.push(escaped, false);
                }
                other => word.push(other, other == '.'),
            }
            self.next += 1;
        }
        if word.pieces.is_empty() { Err(self.unexpected(expected)) } else { Ok(word) }
    }

    /// What is expected where a word stops.
    fn instead(word: &Word, at_the_start: Expected) -> Expected {
        if word.pieces.is_empty() { at_the_start } else { Expected::Next }
    }

    /// Reads a phrase, if one starts here.
    pub(crate) fn phrase(&mut self) -> Result<Option<String>, SyntaxError> {
        let at = self.at();
        if !self.take("\"") {
            return Ok(None);
        }
        let mut phrase = String::new();
        loop {
            let Some(character) = self.peek() else { return Err(SyntaxError::OpenPhrase { at }) };
            self.next += 1;
            match character {
                '"' => return Ok(Some(phrase)),
                '\\' => {
                    let Some(escaped) = self.peek() else { return Err(self.unexpected(Expected::Escaped)) };
                    self.next += 1;
                    phrase.push(escaped);
                }
                other => phrase.push(other),
            }
        }
    }

    /// Refuses what Lucene lets follow a phrase, and whatever else touches it.
    pub(crate) fn end_of_value(&self) -> Result<(), SyntaxError> {
        match self.peek() {
            None | Some('(' | ')') => Ok(()),
            Some('~') => Err(SyntaxError::Unsupported { at: self.at(), what: Unsupported::Fuzzy }),
            Some('^') => Err(SyntaxError::Unsupported { at: self.at(), what: Unsupported::Boost }),
            Some(next) if next.is_whitespace() => Ok(()),
            Some(_) => Err(self.unexpected(Expected::Next)),
        }
    }
}

impl Word {
    fn push(&mut self, character: char, splits: bool) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(character);
        } else {
            self.pieces.push(Piece::Text(character.to_string()));
        }
        if let Some(path) = &mut self.path {
            if splits {
                path.push(String::new());
            } else if let Some(part) = path.last_mut() {
                part.push(character);
            }
        }
    }

    fn wildcard(&mut self, piece: Piece) {
        self.path = None;
        if !(piece == Piece::Any && self.pieces.last() == Some(&Piece::Any)) {
            self.pieces.push(piece);
        }
    }
}
