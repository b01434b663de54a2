//! The canonicaliser: its output can be read again, says the same, and is its own canonical form.
#![no_main]

use chancery_xmldsig::canonical::{exclusive, inclusive};
use chancery_xmldsig::tree::{Node, Tree};
use libfuzzer_sys::fuzz_target;

/// What an element says, whatever its prefixes and comments.
fn said(node: Node<'_, '_>, out: &mut Vec<String>) {
    let name = node.tag_name();
    out.push(format!("<{:?} {}", name.namespace().unwrap_or_default(), name.name()));
    let attributes = node.attributes();
    let mut attributes: Vec<_> =
        attributes.map(|own| format!("@{:?} {} {:?}", own.namespace(), own.name(), own.value())).collect();
    attributes.sort_unstable();
    out.append(&mut attributes);
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() {
            out.push(format!("{text:?}"));
            text.clear();
            said(child, out);
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    out.push(format!("{text:?}>"));
}

fuzz_target!(|text: &str| {
    let Ok(tree) = Tree::parse(text) else { return };
    let mut first = Vec::new();
    said(tree.root(), &mut first);
    for prefixes in [&[] as &[&str], &["a", "n0", "#default"]] {
        let form = exclusive(tree.root(), None, prefixes);
        let again = match Tree::parse(&form) {
            Ok(again) => again,
            Err(error) => panic!("{form:?} cannot be read: {error}"),
        };
        assert_eq!(exclusive(again.root(), None, prefixes), form, "it is not its own canonical form");
        let mut second = Vec::new();
        said(again.root(), &mut second);
        assert_eq!(first, second, "{form:?} says something else");
        let canonical = Tree::parse(&form).map(|tree| exclusive(tree.root(), None, &[]));
        assert_eq!(canonical.as_deref(), Ok(&*exclusive(tree.root(), None, &[])));
    }
    // Every part of it is canonical by itself too.
    for part in tree.root().descendants().filter(Node::is_element).take(32) {
        let form = exclusive(part, None, &[]);
        let again = Tree::parse(&form).map(|tree| exclusive(tree.root(), None, &[]));
        assert_eq!(again.as_deref(), Ok(&*form));
        // With everything that holds around it, it may be more than is read.
        let whole = inclusive(part);
        let Ok(again) = Tree::parse(&whole) else { continue };
        assert_eq!(inclusive(again.root()), whole);
        assert_eq!(exclusive(again.root(), None, &[]), form);
    }
});
