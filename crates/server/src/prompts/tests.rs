//! The texts that can be replaced are those that pages show.

use std::collections::HashSet;

use super::{NAMES, sections};
use crate::messages::{Arguments, Catalogue};

#[test]
fn every_key_replaces_a_message_that_exists_in_a_prompt_that_exists() {
    let mut seen = HashSet::new();
    for section in sections() {
        assert!(NAMES.contains(&section.prompt), "{}", section.prompt);
        assert!(seen.insert((section.prompt, section.name)), "{} twice", section.name);
        for (key, message) in section.keys {
            let text = Catalogue::English.text(message, &Arguments::new());
            assert_ne!(text, *message, "{key} of {} replaces nothing", section.name);
        }
    }
}
