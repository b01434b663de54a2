//! Branding > Texts: the texts of the login pages, in each language.
//!
//! Offers what pages of ours show. Must never drop a text that it does not offer.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};

use super::frame;
use crate::app::App;
use crate::dashboard::form::stamp;
use crate::dashboard::ui::{Alert, Csrf, Tone};
use crate::dashboard::{Desk, Failure, Posted, action, escaped, screen, with_query};
use crate::messages::{Arguments, Catalogue};
use crate::prompts::{Section, VARIABLES, sections};
use crate::tenants::settings::locales;

const HOME: &str = "/dashboard/branding/texts";

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(HOME, screen(show).merge(action(save)))
}

/// A text as it is offered.
struct Field {
    /// `screen.key`, the name of its input.
    name: String,
    id: String,
    key: &'static str,
    text: String,
    /// What stands there without it.
    default: String,
}

/// The texts of a page.
struct Screen {
    title: String,
    fields: Vec<Field>,
}

/// Something to choose.
struct Choice {
    value: &'static str,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "branding/texts.html")]
struct Texts {
    prompts: Vec<Choice>,
    languages: Vec<Choice>,
    screens: Vec<Screen>,
    /// The address of the form.
    here: String,
    /// The digest of what is stored.
    seen: String,
    csrf: Csrf,
    problem: Option<String>,
    may: bool,
}

/// Which texts are meant.
#[derive(Clone, Copy)]
struct Chosen {
    prompt: &'static str,
    language: &'static str,
}

impl Chosen {
    /// Of the query; what it does not name, or names wrong, is the login in English.
    fn of(desk: &Desk) -> Self {
        let asked = desk.query.get("prompt");
        let prompt = sections().map(|section| section.prompt).find(|prompt| *prompt == asked);
        let asked = desk.query.get("language");
        let language = locales::ALL.iter().copied().find(|language| *language == asked);
        Self { prompt: prompt.unwrap_or("login"), language: language.unwrap_or("en") }
    }

    fn sections(self) -> impl Iterator<Item = &'static Section> {
        sections().filter(move |section| section.prompt == self.prompt)
    }

    fn api(self) -> String {
        format!("/prompts/{}/custom-text/{}", escaped(self.prompt), escaped(self.language))
    }

    fn here(self) -> String {
        with_query(HOME, &[("prompt", self.prompt), ("language", self.language)])
    }

    /// The texts of the house: in the language if there are any, else in English, as the pages do.
    fn catalogue(self) -> Catalogue {
        let primary = self.language.split('-').next().unwrap_or_default();
        let found = Catalogue::ALL.into_iter().find(|catalogue| catalogue.tag() == primary);
        found.unwrap_or(Catalogue::English)
    }
}

/// A published name in words: `reset-password-request` is “Reset password request”.
fn in_words(name: &str) -> String {
    let mut words = name.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn prompts(chosen: &str) -> Vec<Choice> {
    let mut prompts: Vec<Choice> = Vec::new();
    for prompt in sections().map(|section| section.prompt) {
        if prompts.iter().all(|other| other.value != prompt) {
            prompts.push(Choice { value: prompt, label: in_words(prompt), chosen: prompt == chosen });
        }
    }
    prompts
}

/// Those that Chancery speaks come first.
fn languages(chosen: &str) -> Vec<Choice> {
    let name = |tag: &str| match tag {
        "en" => Some("English"),
        "de" => Some("German"),
        "es" => Some("Spanish"),
        "ja" => Some("Japanese"),
        _ => None,
    };
    let choice = |tag: &&'static str| Choice {
        value: tag,
        label: name(tag).map_or_else(|| (*tag).to_owned(), |name| format!("{name} ({tag})")),
        chosen: *tag == chosen,
    };
    let (ours, others): (Vec<_>, Vec<_>) = locales::ALL.iter().partition(|tag| name(tag).is_some());
    ours.into_iter().chain(others).map(choice).collect()
}

/// The page; `text` says what stands in a field, by screen and key.
fn page(desk: &Desk, chosen: Chosen, seen: String, text: impl Fn(&str, &str) -> String) -> Texts {
    let arguments: Arguments =
        VARIABLES.iter().map(|(variable, own)| (*own, format!("${{{variable}}}"))).collect();
    let catalogue = chosen.catalogue();
    let screen = |section: &'static Section| Screen {
        title: in_words(section.name),
        fields: section
            .keys
            .iter()
            .map(|(key, message)| Field {
                name: format!("{}.{key}", section.name),
                id: format!("t-{}-{key}", section.name),
                key,
                text: text(section.name, key),
                default: catalogue.text(message, &arguments),
            })
            .collect(),
    };
    Texts {
        prompts: prompts(chosen.prompt),
        languages: languages(chosen.language),
        screens: chosen.sections().map(screen).collect(),
        here: chosen.here(),
        seen,
        csrf: desk.csrf(),
        problem: None,
        may: desk.may("update:prompts"),
    }
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let chosen = Chosen::of(&desk);
    let stored = desk.api.get(&chosen.api()).await?;
    let own = |screen: &str, key: &str| {
        let text = stored.get(screen).and_then(|texts| texts.get(key)).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let body = page(&desk, chosen, stamp(&stored), own);
    let lead = "What stands on the pages in place of Chancery's texts.";
    Ok(desk.page(&frame("Texts", "texts").lead(lead), &body))
}

/// The document with the texts that were sent in it; whatever is not offered stays as it is.
fn with_sent(stored: &Value, chosen: Chosen, posted: &Posted) -> Value {
    let mut document = stored.as_object().cloned().unwrap_or_default();
    for section in chosen.sections() {
        let mut texts = document.get(section.name).and_then(Value::as_object).cloned().unwrap_or_default();
        for (key, _) in section.keys {
            let sent = posted.get(&format!("{}.{key}", section.name));
            if sent.is_empty() {
                texts.shift_remove(*key);
            } else {
                texts.insert((*key).to_owned(), sent.into());
            }
        }
        put(&mut document, section.name, texts);
    }
    Value::Object(document)
}

fn put(document: &mut Map<String, Value>, screen: &str, texts: Map<String, Value>) {
    if texts.is_empty() {
        document.shift_remove(screen);
    } else {
        document.insert(screen.to_owned(), Value::Object(texts));
    }
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let chosen = Chosen::of(&desk);
    let stored = desk.api.get(&chosen.api()).await?;
    let again = |status: StatusCode, problem: String| {
        let sent = |screen: &str, key: &str| posted.get(&format!("{screen}.{key}")).to_owned();
        let mut body = page(&desk, chosen, stamp(&stored), sent);
        body.problem = Some(problem);
        Ok(desk.page_with(status, &frame("Texts", "texts"), &body))
    };
    if posted.get("seen") != stamp(&stored) {
        let text = "Somebody changed these texts while you were editing them, and nothing of yours was saved yet. \
            What you typed stands below; save again to put it in the place of theirs.";
        return again(StatusCode::CONFLICT, text.to_owned());
    }
    match desk.api.put(&chosen.api(), Some(&with_sent(&stored, chosen, &posted))).await {
        Ok(_) => Ok(desk.done(&chosen.here(), "The texts were saved.")),
        Err(failure) if failure.is_mendable() => again(failure.status, failure.message),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Chosen, in_words, with_sent};
    use crate::dashboard::Posted;

    #[test]
    fn texts_that_are_not_offered_stay() {
        let stored =
            json!({ "login": { "title": "Hi", "buttonText": "Go", "ours": "x" }, "other": { "a": "b" } });
        let chosen = Chosen { prompt: "login", language: "en" };
        let sent = with_sent(&stored, chosen, &Posted::read(b"login.title=Hello&login.buttonText="));
        assert_eq!(sent, json!({ "login": { "title": "Hello", "ours": "x" }, "other": { "a": "b" } }));
        let nothing = with_sent(&json!({ "login": { "title": "Hi" } }), chosen, &Posted::default());
        assert_eq!(nothing, json!({}));
    }

    #[test]
    fn names_are_told_in_words() {
        assert_eq!(in_words("reset-password-request"), "Reset password request");
        assert_eq!(in_words(""), "");
    }
}
