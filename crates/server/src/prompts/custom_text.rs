//! The texts that a tenant replaced, by language, screen and message.
//!
//! Pure. Variables stand in them as `${clientName}`; they are filled in here, and escaped by the page like any
//! other text.

use std::collections::HashMap;

use super::{Screen, TEXTS, sections};
use crate::messages::Arguments;
use crate::tenant_documents::TenantDocuments;

/// The variables of texts, and the arguments of our messages that they stand for.
pub const VARIABLES: &[(&str, &str)] = &[
    ("clientName", "application"),
    ("companyName", "tenant"),
    ("userName", "user"),
    ("email", "email"),
    ("min", "min"),
    ("max", "max"),
    ("characters", "characters"),
    ("connectionName", "provider"),
];

/// The replaced texts of a tenant.
#[derive(Debug, Clone, Default)]
pub struct CustomTexts(HashMap<String, HashMap<(Screen, &'static str), String>>);

impl CustomTexts {
    /// Of the documents of a tenant; what no page of ours shows is left out.
    pub fn of(kept: &TenantDocuments) -> Self {
        let documents: HashMap<_, _> = kept.all(TEXTS).collect();
        let mut texts: HashMap<String, HashMap<_, _>> = HashMap::new();
        for name in documents.keys() {
            let Some((_, language)) = name.split_once('/') else { continue };
            texts.entry(language.to_owned()).or_default();
        }
        for (language, texts) in &mut texts {
            // In the order of the sections, so that the same text set twice always ends the same way.
            for section in sections() {
                let document = documents.get(format!("{}/{language}", section.prompt).as_str());
                let Some(screen) = document.and_then(|document| document.get(section.name)) else { continue };
                for (key, message) in section.keys {
                    if let Some(text) = screen.get(key).and_then(serde_json::Value::as_str) {
                        texts.insert((section.screen, *message), text.to_owned());
                    }
                }
            }
        }
        Self(texts)
    }

    /// Whether the tenant replaced a text in a language.
    pub fn has(&self, language: &str) -> bool {
        self.0.get(language).is_some_and(|texts| !texts.is_empty())
    }

    /// The replaced text, filled in.
    pub fn find(
        &self,
        language: &str,
        screen: Screen,
        message: &'static str,
        arguments: &Arguments,
    ) -> Option<String> {
        Some(filled(self.0.get(language)?.get(&(screen, message))?, arguments))
    }
}

/// A text with its variables filled in; one that is not known here stays as it was written.
fn filled(text: &str, arguments: &Arguments) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        let argument = VARIABLES.iter().find(|(variable, _)| *variable == name.trim()).map(|(_, own)| *own);
        match arguments.iter().find(|(own, _)| Some(*own) == argument) {
            Some((_, value)) => filled.push_str(value),
            None => filled.extend(["${", name, "}"]),
        }
        rest = tail;
    }
    filled + rest
}
