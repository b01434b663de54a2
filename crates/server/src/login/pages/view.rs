//! A page as the template shows it.

use askama::Template;

use super::Scene;
use super::assets;
use super::form::{self, Form, FormPart, FormView};
use super::paths;
use super::rules::RuleList;
use super::texts::Texts;
use crate::branding::Address;

/// A page.
#[derive(Template)]
#[template(path = "page.html")]
pub(super) struct View<'a> {
    lang: &'a str,
    dir: &'static str,
    pub(super) nonce: &'a str,
    css: &'a str,
    stylesheet: &'a str,
    icon: &'a str,
    script: &'a str,
    logo: Option<&'a str>,
    logo_alt: String,
    initial: String,
    support: Option<&'a str>,
    help: String,
    problem: String,
    title: String,
    pub(super) symbol: Option<Symbol>,
    pub(super) heading: String,
    pub(super) lead: Option<String>,
    pub(super) alerts: Vec<String>,
    pub(super) parts: Vec<Part>,
    /// Sends the first form by itself.
    pub(super) sends_itself: bool,
    /// Goes on to this address after a moment, with or without a script.
    pub(super) onward: Option<String>,
    /// Addresses that are loaded so that they hear of it.
    pub(super) told: Vec<Address>,
}

/// The picture of an outcome.
#[derive(Debug, Clone, Copy)]
pub(super) enum Symbol {
    Done,
    Failed,
    Mail,
}

/// What stands below the heading.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Quiet(String),
    Code(String),
    Details(Vec<(String, String)>),
    Form(FormView),
    /// Question, address, text.
    Way(Option<String>, String, String),
    /// Address, text: looks like a button.
    Button(String, String),
    /// Address, picture, text: looks like a button that is not the point of the page.
    Provider(String, Option<Address>, String),
    /// A form that a script fills in with what the browser says of a passkey: what it is asked for, and the button.
    Passkey(Form, String, String),
    /// What stands between two ways to go on.
    Divider(String),
}

impl<'a> View<'a> {
    pub(super) fn new(texts: &Texts<'a>, title: &'static str, heading: &'static str) -> Self {
        let Scene { look, language, nonce, .. } = texts.scene;
        let icon = look.favicon.as_ref().map_or(assets::ICON.path.as_str(), Address::as_str);
        let (title_text, support) = (texts.get(title), look.support.as_deref());
        Self {
            lang: &language.tag,
            dir: language.direction(),
            nonce,
            css: &look.css,
            stylesheet: &assets::STYLE.path,
            icon,
            script: &assets::SCRIPT.path,
            logo: look.logo.as_ref().map(Address::as_str),
            logo_alt: texts.get("logo-alt"),
            initial: look.name.chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_default(),
            support,
            help: support.map(|_| texts.get("help")).unwrap_or_default(),
            problem: String::new(),
            symbol: None,
            heading: if heading == title { title_text.clone() } else { texts.get(heading) },
            title: title_text,
            lead: None,
            alerts: Vec::new(),
            parts: Vec::new(),
            sends_itself: false,
            onward: None,
            told: Vec::new(),
        }
    }

    pub(super) fn lead(mut self, text: String) -> Self {
        self.lead = Some(text);
        self
    }

    pub(super) fn symbol(mut self, symbol: Symbol) -> Self {
        self.symbol = Some(symbol);
        self
    }

    pub(super) fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// A way to another page, with the question that it answers; nothing if there is no such way.
    pub(super) fn way(
        self,
        address: Option<&str>,
        (question, text): (Option<&'static str>, &'static str),
        texts: &Texts<'_>,
    ) -> Self {
        let Some(address) = address else { return self };
        let question = question.map(|question| texts.get(question));
        self.part(Part::Way(question, address.to_owned(), texts.get(text)))
    }

    /// A way that looks like a button; nothing if there is no such way.
    pub(super) fn button(self, address: Option<&str>, text: &'static str, texts: &Texts<'_>) -> Self {
        let Some(address) = address else { return self };
        self.part(Part::Button(address.to_owned(), texts.get(text)))
    }

    pub(super) fn alerts(mut self, alerts: Vec<String>, texts: &Texts<'_>) -> Self {
        if !alerts.is_empty() {
            self.problem = texts.get("problem");
        }
        self.alerts = alerts;
        self
    }

    /// Whether the script has something to do.
    pub(super) fn scripted(&self) -> bool {
        let reveals = |part: &FormPart| matches!(part, FormPart::Field(field) if field.reveal.is_some());
        self.sends_itself
            || self.parts.iter().any(|part| matches!(part, Part::Passkey(..)))
            || self
                .parts
                .iter()
                .any(|part| matches!(part, Part::Form(view) if view.parts.iter().any(reveals)))
    }
}
