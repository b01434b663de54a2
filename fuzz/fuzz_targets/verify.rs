//! The verifier: what it accepts is what was signed, to the octet, whatever stands around it.
#![no_main]

use std::sync::LazyLock;

use chancery_fuzz::{TRUSTED, elements};
use chancery_xmldsig::tree::{Node, Tree};
use chancery_xmldsig::verify::{self, Sha1, Trust};
use libfuzzer_sys::fuzz_target;

static SIGNED: LazyLock<Vec<String>> =
    LazyLock::new(|| elements().into_iter().map(|halves| halves.head + &halves.tail).collect());

fuzz_target!(|text: &str| {
    let Ok(tree) = Tree::parse(text) else { return };
    let trust = Trust { keys: &*TRUSTED, sha1: Sha1::Allowed };
    for element in tree.root().descendants().filter(Node::is_element).take(16) {
        for id in ["ID", "AssertionID"] {
            let Ok(Some(verified)) = verify::enveloped(&tree, element, id, trust) else { continue };
            assert!(Tree::parse(&verified.octets).is_ok(), "what was verified cannot be read");
            assert!(SIGNED.contains(&verified.octets), "{:?} was never signed", verified.octets);
            assert!(!verified.weak && verified.key == 0);
        }
    }
});
