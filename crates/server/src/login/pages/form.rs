//! The forms of the pages: where they go, their hidden fields, and their fields with labels and errors.
//!
//! Must never carry a password back to a page.

use super::paths::{CSRF, EMAIL, STATE, USERNAME, with_state};
use super::problem::Problem;
use super::rules::RuleView;
use super::texts::Texts;

/// Where a form goes, and what it carries unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The address that it is sent to.
    pub action: String,
    /// The hidden fields.
    pub hidden: Vec<(&'static str, String)>,
}

impl Form {
    /// A form of a transaction: `state` in the address and in a hidden field, and the proof that it is ours.
    pub fn new(path: &str, state: &str, csrf: &str) -> Self {
        Self {
            action: with_state(path, state),
            hidden: vec![(STATE, state.to_owned()), (CSRF, csrf.to_owned())],
        }
    }

    /// A form outside of transactions.
    pub fn plain(path: &str, csrf: &str) -> Self {
        Self { action: path.to_owned(), hidden: vec![(CSRF, csrf.to_owned())] }
    }

    /// With another hidden field.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.hidden.push((name, value.to_owned()));
        self
    }
}

/// Whether a text has no character that HTML would read as anything else. The assertions of SAML are such texts, and
/// escaping them one by one costs more than the rest of their page; so many bytes are looked at side by side.
pub(super) fn is_plain(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks::<16>();
    words.iter().all(|word| word.iter().fold(true, |plain, byte| plain & is_plain_byte(*byte)))
        && rest.iter().all(|byte| is_plain_byte(*byte))
}

/// Letters, digits, and what base64 and its kin have beside them. Without a branch, so that it can be asked of many at
/// once: hyphen, full stop, slash and the digits stand in a row.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch it is asked of many bytes side by side")]
fn is_plain_byte(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'-') < 13)
        | (byte == b'+')
        | (byte == b'=')
        | (byte == b'_')
}

/// A form as the template shows it.
#[derive(Debug)]
pub(super) struct FormView {
    pub(super) form: Form,
    pub(super) parts: Vec<FormPart>,
}

/// What a form consists of.
#[derive(Debug)]
pub(super) enum FormPart {
    Field(Box<Field>),
    Rules(String, Vec<RuleView>),
    Scopes(String, Vec<String>),
    Link(String, String),
    Quiet(String),
    Submit(String),
    /// The same where the form leads to somebody else, who gets nothing of ours.
    Go(String),
    /// A button that is not the point of the page.
    Second(String),
    /// The button that agrees, and the one that does not.
    Choice(String, String),
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) value: String,
    pub(super) readonly: bool,
    pub(super) focus: bool,
    pub(super) capitals: bool,
    pub(super) problem: Option<String>,
    /// Ids of what describes it.
    pub(super) described_by: String,
    /// Address and text of the link beside it, and what it is for.
    pub(super) edit: Option<(String, String, String)>,
    /// Texts of the button that shows a password.
    pub(super) reveal: Option<(String, String)>,
}

impl Field {
    /// A field of text.
    pub(super) fn text(name: &'static str, label: String, autocomplete: &'static str, value: &str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            autocomplete,
            value: value.to_owned(),
            readonly: false,
            focus: false,
            capitals: false,
            problem: None,
            described_by: String::new(),
            edit: None,
            reveal: None,
        }
    }

    /// A field for an email address.
    pub(super) fn email(name: &'static str, label: String, autocomplete: &'static str, value: &str) -> Self {
        Self { kind: "email", ..Self::text(name, label, autocomplete, value) }
    }

    /// A field for a password.
    pub(super) fn password(
        name: &'static str,
        label: String,
        autocomplete: &'static str,
        texts: &Texts<'_>,
    ) -> Self {
        let reveal = Some((texts.get("show-password"), texts.get("hide-password")));
        Self { kind: "password", reveal, ..Self::text(name, label, autocomplete, "") }
    }

    /// Shown, and sent, but not changed here.
    pub(super) fn fixed(mut self, edit: Option<(String, String, String)>) -> Self {
        (self.readonly, self.edit) = (true, edit);
        self
    }

    /// With rules that describe it.
    pub(super) fn ruled(mut self) -> Self {
        "rules".clone_into(&mut self.described_by);
        self
    }
}

/// The alerts of a form, and its fields with their problems; the first field that needs something has the focus.
pub(super) fn with_problems(
    mut fields: Vec<Field>,
    problems: &[Problem],
    texts: &Texts<'_>,
) -> (Vec<String>, Vec<Field>) {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let has = |name: &str| names.contains(&name);
    // At login an email address is entered as the username; what no field has is told above all.
    let login = !has(EMAIL) && has(USERNAME);
    let place = |problem: &Problem| match problem.field() {
        Some(EMAIL) if login => Some(USERNAME),
        other => other,
    };
    let text = |problem: &Problem| texts.filled(problem.message(), problem.arguments());
    let homeless = |problem: &&Problem| !place(problem).is_some_and(has);
    let alerts = problems.iter().filter(homeless).map(text).collect();
    for field in &mut fields {
        let own: Vec<String> =
            problems.iter().filter(|problem| place(problem) == Some(field.name)).map(text).collect();
        if !own.is_empty() {
            let error = format!("error-{}", field.name);
            field.described_by =
                if field.described_by.is_empty() { error } else { format!("{error} {}", field.described_by) };
            field.problem = Some(own.join(" "));
        }
    }
    let focus = fields
        .iter()
        .position(|field| field.problem.is_some())
        .or_else(|| fields.iter().position(|field| !field.readonly && field.value.is_empty()))
        .or_else(|| fields.iter().position(|field| !field.readonly));
    if let Some(field) = focus.and_then(|at| fields.get_mut(at)) {
        field.focus = true;
    }
    (alerts, fields)
}
