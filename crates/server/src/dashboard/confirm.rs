//! The page before something that cannot be taken back: what will happen, in plain words, and the name to be typed.
//!
//! Must never let a destructive action through whose name was not typed.

use askama::Template;
use http::StatusCode;

use super::desk::Desk;
use super::posted::Posted;
use super::shell::Frame;
use super::ui::{Alert, Csrf, Tone};

/// A question.
#[derive(Template, Debug, Clone)]
#[template(path = "dashboard/confirm.html")]
pub struct Confirm {
    csrf: Csrf,
    action: String,
    back: String,
    button: &'static str,
    /// What will happen.
    consequences: Vec<String>,
    /// What has to be typed, and what it is.
    typed: Option<(String, &'static str)>,
    problem: Option<String>,
    hidden: Vec<(&'static str, String)>,
    choice: Option<Choice>,
    danger: bool,
}

/// One of several values that has to be chosen.
#[derive(Debug, Clone)]
struct Choice {
    name: &'static str,
    label: &'static str,
    values: &'static [&'static str],
    chosen: String,
}

impl Confirm {
    /// A question at the page's own address.
    pub fn new(desk: &Desk, button: &'static str, back: impl Into<String>) -> Self {
        Self {
            csrf: desk.csrf(),
            action: desk.path.clone(),
            back: back.into(),
            button,
            consequences: Vec::new(),
            typed: None,
            problem: None,
            hidden: Vec::new(),
            choice: None,
            danger: true,
        }
    }

    /// Says one thing that will happen.
    pub fn that(mut self, text: impl Into<String>) -> Self {
        self.consequences.push(text.into());
        self
    }

    /// Has `name` typed, which is the name of a `what`.
    pub fn name(self, name: &str, what: &'static str) -> Self {
        Self { typed: Some((name.to_owned(), what)), ..self }
    }

    /// It can be taken back: the button need not warn.
    pub fn harmless(self) -> Self {
        Self { danger: false, ..self }
    }

    /// Carries something along.
    pub fn carrying(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// Has one of `values` chosen; `chosen` is meanwhile.
    pub fn choosing(
        self,
        (name, label): (&'static str, &'static str),
        values: &'static [&'static str],
        chosen: &str,
    ) -> Self {
        Self { choice: Some(Choice { name, label, values, chosen: chosen.to_owned() }), ..self }
    }

    /// Says what is wrong.
    pub fn problem(self, text: impl Into<String>) -> Self {
        Self { problem: Some(text.into()), ..self }
    }

    /// The answer if the name was not typed; none if it was.
    pub fn missing(&self, desk: &Desk, frame: &Frame, posted: &Posted) -> Option<axum::response::Response> {
        let (name, what) = self.typed.as_ref()?;
        if posted.get("confirm") == name.trim() {
            return None;
        }
        let text = format!("Nothing was done: type the {what} exactly as it stands here, {name}.");
        Some(desk.page_with(StatusCode::BAD_REQUEST, frame, &self.clone().problem(text)))
    }
}
