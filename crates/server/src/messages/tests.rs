//! The catalogues say the same in every language, and the language is chosen by rule.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::{Catalogue, Language, Wishes};

/// Each message of a catalogue with the arguments that it uses.
fn keys(catalogue: Catalogue) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(catalogue.source()).unwrap();
    let mut keys = BTreeMap::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let arguments = arguments(&message.value.unwrap());
        let before = keys.insert(message.id.name.to_owned(), arguments);
        assert!(before.is_none(), "{} is there twice in {catalogue:?}", message.id.name);
    }
    keys
}

fn arguments(pattern: &Pattern<&str>) -> BTreeSet<String> {
    pattern
        .elements
        .iter()
        .filter_map(|element| match element {
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => Some(id.name.to_owned()),
            PatternElement::TextElement { .. } => None,
            other @ PatternElement::Placeable { .. } => panic!("unknown element {other:?}"),
        })
        .collect()
}

#[test]
fn all_catalogues_have_the_same_messages_with_the_same_arguments() {
    let english = keys(Catalogue::English);
    assert!(english.len() > 100);
    for catalogue in Catalogue::ALL {
        assert_eq!(keys(catalogue), english, "{catalogue:?}");
    }
}

#[test]
fn only_names_are_the_same_in_two_languages() {
    // What German shares with English by its nature.
    const SHARED: &[&str] = &["logo-alt", "label-code", "problem"];
    let arguments: Vec<_> =
        ["application", "tenant", "user", "email", "host", "count", "min", "max", "characters", "provider"]
            .map(|name| (name, "X".to_owned()))
            .into();
    for id in keys(Catalogue::English).keys() {
        let english = Catalogue::English.text(id, &arguments);
        assert!(!english.contains("{$") && english != *id, "{id}");
        for other in [Catalogue::German, Catalogue::Spanish, Catalogue::Japanese] {
            let same = other.text(id, &arguments) == english;
            let expected =
                SHARED.contains(&id.as_str()) || (id == "error-code" && other == Catalogue::Spanish);
            assert!(!same || expected, "{id} was not translated to {other:?}");
        }
    }
}

#[test]
fn a_text_is_filled_in() {
    let names = vec![("application", "Shop".to_owned()), ("tenant", "Acme & Co".to_owned())];
    let texts = Catalogue::ALL.map(|catalogue| catalogue.text("login-description", &names));
    assert_eq!(
        texts,
        [
            "Log in to Acme & Co to continue to Shop.",
            "Melden Sie sich bei Acme & Co an, um mit Shop fortzufahren.",
            "Inicie sesión en Acme & Co para continuar a Shop.",
            "Acme & CoにログインしてShopに進んでください。",
        ]
    );
}

#[test]
fn what_no_catalogue_has_shows_its_name() {
    assert_eq!(Catalogue::German.text("no-such-text", &vec![]), "no-such-text");
}

fn chosen(enabled: &[&str], ui_locales: &str, accept_language: &str) -> (String, Catalogue) {
    let offered = Language::offered(enabled.iter().copied(), |tag| tag == "fr");
    let wishes = Wishes { ui_locales: Some(ui_locales), accept_language: Some(accept_language) };
    let Language { tag, catalogue } = Language::choose(&offered, wishes);
    (tag, catalogue)
}

#[test]
fn a_language_is_chosen_by_wish_and_offer() {
    use Catalogue::{English, German, Japanese, Spanish};
    let all = ["en", "de", "es", "ja"];
    for (enabled, ui_locales, accept, tag, catalogue) in [
        (&all[..], "", "", "en", English),
        (&all, "de", "ja", "de", German),
        (&all, "de-AT", "", "de", German),
        (&all, "DE-at en", "", "de", German),
        (&all, "xx ja", "de", "ja", Japanese),
        (&all, "xx", "es-MX", "es", Spanish),
        (&all, "", "en-US,en;q=0.9", "en", English),
        (&all, "", "en;q=0.5, ja;q=0.8 , de;q=0.8", "ja", Japanese),
        (&all, "", "de;q=0, es;q=0.001", "es", Spanish),
        (&all, "", "de;q=2, *;q=0.1, es;q=nonsense", "en", English),
        (&["de", "en"], "ja", "ja", "de", German),
        (&["es-MX", "en"], "es", "", "es-MX", Spanish),
        (&["es-MX", "es"], "es-AR", "", "es", Spanish),
        (&["de", "fr"], "fr", "", "fr", English),
        (&["de", "it"], "it", "", "de", German),
        (&["it"], "it", "it", "en", English),
        (&[], "de", "", "en", English),
    ] {
        let expected = (tag.to_owned(), catalogue);
        assert_eq!(chosen(enabled, ui_locales, accept), expected, "{enabled:?} {ui_locales} {accept}");
    }
}

#[test]
fn a_language_knows_its_direction() {
    let direction = |tag: &str| Language { tag: tag.to_owned(), ..Language::default() }.direction();
    assert_eq!([direction("en"), direction("ar-EG"), direction("he")], ["ltr", "rtl", "rtl"]);
}
