//! The rules of passwords, as a page lists them.
//!
//! Must never judge a password: `passwords` does, and says here what it found.

use askama::Template;

use super::texts::Texts;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// At least so many characters.
    Length(u32),
    /// A lower-case letter.
    Lower,
    /// An upper-case letter.
    Upper,
    /// A number.
    Digit,
    /// A special character.
    Special,
    /// At least so many of the rules below it.
    Among(u32),
    /// At most so many identical characters in a row.
    Repeats(u32),
    /// No personal details.
    Personal,
    /// No common password.
    Common,
    /// No earlier password.
    History,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// The rule.
    pub rule: Rule,
    /// Whether the password that was entered follows it; none before one was entered.
    pub met: Option<bool>,
    /// The rules that [`Rule::Among`] is about.
    pub among: Vec<RuleLine>,
}

impl RuleLine {
    /// A rule before anything was entered.
    pub fn new(rule: Rule) -> Self {
        Self { rule, met: None, among: Vec::new() }
    }
}

/// A line as the template shows it.
#[derive(Debug)]
pub(super) struct RuleView {
    pub(super) text: String,
    pub(super) mark: Mark,
    pub(super) among: Vec<RuleView>,
}

/// The list as HTML, lists within it as well.
#[derive(Template)]
#[template(path = "rules.html")]
pub(super) struct RuleList<'a> {
    lines: &'a [RuleView],
}

impl<'a> RuleList<'a> {
    pub(super) fn new(lines: &'a [RuleView]) -> Self {
        Self { lines }
    }
}

/// What stands before a line: a class, and a text for those who do not see it.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) class: &'static str,
    pub(super) text: Option<String>,
}

pub(super) fn views(lines: &[RuleLine], texts: &Texts<'_>) -> Vec<RuleView> {
    lines
        .iter()
        .map(|line| {
            let (message, count) = match line.rule {
                Rule::Length(count) => ("rule-length", Some(count)),
                Rule::Lower => ("rule-lower", None),
                Rule::Upper => ("rule-upper", None),
                Rule::Digit => ("rule-digit", None),
                Rule::Special => ("rule-special", None),
                Rule::Among(count) => ("rule-three-of-four", Some(count)),
                Rule::Repeats(count) => ("rule-repeats", Some(count)),
                Rule::Personal => ("rule-personal", None),
                Rule::Common => ("rule-common", None),
                Rule::History => ("rule-history", None),
            };
            let arguments = count.map(|count| ("count", count.to_string())).into_iter().collect();
            let mark = match line.met {
                None => Mark { class: "open", text: None },
                Some(true) => Mark { class: "met", text: Some(texts.get("rule-met")) },
                Some(false) => Mark { class: "missed", text: Some(texts.get("rule-missed")) },
            };
            RuleView { text: texts.filled(message, arguments), mark, among: views(&line.among, texts) }
        })
        .collect()
}
