//! The reader: whatever comes, it answers or refuses, and never reads what it must not.
#![no_main]

use chancery_xmldsig::tree::{Element, Tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(tree) = Tree::parse(text) else { return };
    let mut depth = 0;
    for node in tree.root().descendants() {
        assert!(!node.is_pi(), "a processing instruction was read");
        depth = depth.max(node.ancestors().count());
        let _ = (node.whole_text(), node.required("ID").is_ok(), node.optional("urn:1", "a").is_ok());
    }
    // The document and the text count as well.
    assert!(depth <= 64 + 2, "{depth} levels were read");
    assert!(
        !text.contains("<!DOCTYPE") || text.contains("<!--") || text.contains("<![CDATA["),
        "a document type was read"
    );
});
