//! The texts of the pages: one catalogue for each language, and the choice of a language.
//!
//! The catalogues stand in `crates/server/messages`; tests hold them to the same keys and arguments. Must never
//! know which page says what.

mod language;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

pub use language::{Language, Wishes};

#[cfg(test)]
mod tests;

/// What a text is filled with: names and values.
pub type Arguments = Vec<(&'static str, String)>;

/// A language that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Catalogue {
    /// English
    English,
    /// German
    German,
    /// Spanish
    Spanish,
    /// Japanese
    Japanese,
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 4]> = LazyLock::new(|| Catalogue::ALL.map(Catalogue::bundle));

impl Catalogue {
    /// Every catalogue, English first.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::Spanish, Self::Japanese];

    /// The tag of the language.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Japanese => "ja",
        }
    }

    /// The file, as it is in the program.
    pub fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../messages/en/login.ftl"),
            Self::German => include_str!("../../messages/de/login.ftl"),
            Self::Spanish => include_str!("../../messages/es/login.ftl"),
            Self::Japanese => include_str!("../../messages/ja/login.ftl"),
        }
    }

    /// The text of this name; the name itself where there is none.
    pub fn text(self, id: &str, arguments: &Arguments) -> String {
        let [english, german, spanish, japanese] = &*BUNDLES;
        let bundle = match self {
            Self::English => english,
            Self::German => german,
            Self::Spanish => spanish,
            Self::Japanese => japanese,
        };
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let values: FluentArgs<'_> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }

    // What is broken in a file shows as a missing text, and in the tests.
    fn bundle(self) -> Bundle {
        let resource =
            FluentResource::try_new(self.source().to_owned()).unwrap_or_else(|(resource, _)| resource);
        let language: LanguageIdentifier = self.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Names stand in running text of the same direction, and marks around them would be copied with them.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        bundle
    }
}
