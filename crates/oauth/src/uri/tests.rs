//! Which addresses are admitted, and above all which are not.

use proptest::prelude::*;

use super::*;

fn allowed(texts: &[&str]) -> Allowed {
    texts.iter().collect()
}

#[test]
fn only_the_registered_text_is_admitted() {
    let list = allowed(&["https://app.example/callback", "https://app.example/cb?x=1"]);
    assert!(list.admits("https://app.example/callback", false));
    assert!(list.admits("https://app.example/cb?x=1", false));
    for (what, text) in [
        ("a prefix", "https://app.example/callback/more"),
        ("a shorter path", "https://app.example/"),
        ("a suffix", "https://app.example/callbackx"),
        ("a subdomain", "https://evil.app.example/callback"),
        ("a longer host", "https://app.example.evil/callback"),
        ("a dot that is another character", "https://appxexample/callback"),
        ("another scheme", "http://app.example/callback"),
        ("the scheme in capitals", "HTTPS://app.example/callback"),
        ("the host in capitals", "https://APP.example/callback"),
        ("another path by case", "https://app.example/Callback"),
        ("a port", "https://app.example:8443/callback"),
        ("the usual port", "https://app.example:443/callback"),
        ("user information", "https://evil@app.example/callback"),
        ("the host as user information", "https://app.example@evil.example/callback"),
        ("the host as user and password", "https://app.example:x@evil.example/callback"),
        ("a backslash", "https://evil.example\\.app.example/callback"),
        ("a backslash in the path", "https://app.example\\callback"),
        ("a tab", "https://app.example/call\tback"),
        ("a line end", "https://app.example/callback\r\nX: y"),
        ("a space at the end", "https://app.example/callback "),
        ("a NUL", "https://app.example/callback\0"),
        ("a fragment", "https://app.example/callback#x"),
        ("an empty fragment", "https://app.example/callback#"),
        ("dots", "https://app.example/x/../callback"),
        ("encoded dots", "https://app.example/%2e%2e/callback"),
        ("dots behind an encoded slash", "https://app.example/x%2f..%2fcallback"),
        ("doubly encoded dots", "https://app.example/%252e%252e/callback"),
        ("a doubly encoded slash", "https://app.example/callback%252f..%252f"),
        ("dots with a parameter", "https://app.example/..;/callback"),
        ("another query", "https://app.example/callback?x=1"),
        ("a changed query", "https://app.example/cb?x=2"),
        ("an added query", "https://app.example/cb?x=1&y=2"),
        ("another alphabet", "https://\u{430}pp.example/callback"),
        ("an encoded letter", "https://app.example/%63allback"),
        ("IPv6", "https://[::1]/callback"),
        ("no scheme", "//app.example/callback"),
        ("a script", "javascript:alert(1)"),
        ("a document", "data:text/html,x"),
        ("nothing", ""),
    ] {
        assert!(!list.admits(text, false), "{what}: {text:?}");
        assert!(!list.admits(text, true), "{what}: {text:?}");
    }
}

#[test]
fn dangerous_addresses_are_refused_even_if_registered() {
    for text in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "about:blank",
        "filesystem:https://app.example/x",
        "view-source:https://app.example/",
        "JavaScript:alert(1)",
        "https://user@app.example/",
        "https://app.example/../",
        "https://app.example/a#b",
        "https://app.example/..;/a",
        "https:app.example",
        "https:///callback",
        "https://app.example:0/",
        "https://app.example:99999/",
        "https://app.example:/",
    ] {
        assert!(!allowed(&[text]).admits(text, true), "{text}");
    }
}

#[test]
fn a_scheme_of_an_applications_own_is_admitted_if_registered() {
    let list = allowed(&["com.example.app://callback", "com.example.app:/other", "app:///x", "myapp://"]);
    for text in ["com.example.app://callback", "com.example.app:/other", "app:///x", "myapp://"] {
        assert!(list.admits(text, true), "{text}");
    }
    for text in ["com.example.app://evil", "com.example.app2://callback", "app://x", "other:/x"] {
        assert!(!list.admits(text, true), "{text}");
    }
}

#[test]
fn a_native_application_chooses_the_port_of_a_loopback_address() {
    let list = allowed(&[
        "http://127.0.0.1/cb",
        "http://[::1]:1/cb?a=b",
        "http://localhost/cb",
        "https://127.0.0.1/s",
    ]);
    for text in ["http://127.0.0.1/cb", "http://127.0.0.1:50123/cb", "http://[::1]:50123/cb?a=b"] {
        assert!(list.admits(text, true), "{text}");
    }
    for text in [
        "http://127.0.0.1:50123/other",
        "http://127.0.0.1:50123/cb?a=b",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:50123@evil.example/cb",
        "http://127.0.0.1.evil.example:50123/cb",
        "http://localhost:50123/cb",
        "https://127.0.0.1:50123/s",
        "http://[::1]:50123/cb",
    ] {
        assert!(!list.admits(text, true), "{text}");
    }
    assert!(!list.admits("http://127.0.0.1:50123/cb", false), "only native applications");
}

#[test]
fn a_wildcard_stands_for_part_of_the_first_label() {
    let list = allowed(&["https://*.app.example/cb", "https://pre-*-post.app.example:8443/cb?x=1"]);
    for text in [
        "https://a.app.example/cb",
        "https://a-1.app.example/cb",
        "https://pre-x-post.app.example:8443/cb?x=1",
    ] {
        assert!(list.admits(text, false), "{text}");
    }
    for (what, text) in [
        ("no label", "https://app.example/cb"),
        ("an empty label", "https://.app.example/cb"),
        ("two labels", "https://a.b.app.example/cb"),
        ("another domain", "https://a.app.example.evil/cb"),
        ("a slash in the label", "https://evil.example/.app.example/cb"),
        ("a question mark in the label", "https://evil.example?.app.example/cb"),
        ("a fragment in the label", "https://evil.example#.app.example/cb"),
        ("user information in the label", "https://evil.example@a.app.example/cb"),
        ("a backslash in the label", "https://evil.example\\.app.example/cb"),
        ("another path", "https://a.app.example/cb/x"),
        ("a query", "https://a.app.example/cb?x=1"),
        ("a port", "https://a.app.example:8443/cb"),
        ("another scheme", "http://a.app.example/cb"),
        ("the star itself", "https://*.app.example/cb"),
        ("nothing for the star", "https://pre--post.app.example:8443/cb?x=1"),
        ("an overlap of both ends", "https://pre-post.app.example:8443/cb?x=1"),
    ] {
        assert!(!list.admits(text, false), "{what}: {text}");
    }
}

#[test]
fn wildcards_elsewhere_match_nothing_but_themselves() {
    for (registered, text) in [
        ("https://*.com/cb", "https://evil.com/cb"),
        ("https://sub.*.app.example/cb", "https://sub.evil.app.example/cb"),
        ("https://*.*.app.example/cb", "https://a.b.app.example/cb"),
        ("https://**.app.example/cb", "https://ab.app.example/cb"),
        ("com.example.app://*.app.example/cb", "com.example.app://a.app.example/cb"),
        ("https://*/cb", "https://evil.example/cb"),
        ("https://app.example/*", "https://app.example/x"),
        ("https://app.example:*/cb", "https://app.example:1/cb"),
        ("*", "https://app.example/"),
        ("https://{organization_name}.app.example/cb", "https://acme.app.example/cb"),
    ] {
        assert!(!allowed(&[registered]).admits(text, true), "{registered}");
    }
    assert!(allowed(&["https://app.example/*"]).admits("https://app.example/*", false));
    let placeholder = "https://{organization_name}.app.example/cb";
    assert!(!allowed(&[placeholder]).admits(placeholder, false));
}

#[test]
fn origins_are_compared_without_paths() {
    let list = allowed(&["https://app.example/some/path", "https://*.wild.example", "http://localhost:3000"]);
    for origin in
        ["https://app.example", "https://app.example:443", "https://a.wild.example", "http://localhost:3000"]
    {
        assert!(list.admits_origin(origin), "{origin}");
    }
    for origin in [
        "https://app.example.evil",
        "http://app.example",
        "https://app.example:444",
        "http://localhost",
        "http://localhost:30001",
        "https://app.example@evil.example",
        "https://app.example/path",
        "null",
        "",
    ] {
        assert!(!list.admits_origin(origin), "{origin}");
    }
}

#[test]
fn a_place_to_go_after_logout_may_bring_its_own_query() {
    let list = allowed(&["https://app.example/bye", "https://*.wild.example/bye"]);
    for text in [
        "https://app.example/bye",
        "https://app.example/bye?x=1",
        "https://app.example/bye#x",
        "https://a.wild.example/bye?x",
    ] {
        assert!(list.admits_without_query(text), "{text}");
    }
    for text in [
        "https://app.example/bye/x",
        "https://app.example.evil/bye",
        "https://evil.example/?https://app.example/bye",
        "https://evil.example#https://app.example/bye",
        "https://app.example@evil.example/bye",
        "https://app.example\\@evil.example/bye",
        "//evil.example/bye",
        "/bye",
        "javascript:alert(1)//https://app.example/bye",
    ] {
        assert!(!list.admits_without_query(text), "{text}");
    }
}

#[test]
fn local_addresses_are_told_from_others() {
    for (text, local) in [
        ("http://localhost:3000/cb", true),
        ("http://a.localhost/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://[::1]/cb", true),
        ("https://localhost.example/cb", false),
        ("app://localhost/cb", false),
    ] {
        assert_eq!(Uri::parse(text).unwrap().is_local(), local, "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_but_the_exact_text_is_ever_admitted(text in "\\PC{0,60}") {
        let list = allowed(&["https://app.example/callback"]);
        prop_assert_eq!(list.admits(&text, true), text == "https://app.example/callback");
    }

    #[test]
    fn a_change_of_any_one_byte_is_refused(at in 0usize..28, byte in 0u8..=127) {
        let own = "https://app.example/callback";
        let mut bytes = own.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(allowed(&[own]).admits(&text, true), text == own);
    }

    #[test]
    fn whatever_stands_for_a_star_stays_below_its_domain(star in "[ -~]{0,20}") {
        let text = format!("https://{star}.app.example/cb");
        let admitted = allowed(&["https://*.app.example/cb"]).admits(&text, true);
        let label = !star.is_empty()
            && star.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        prop_assert_eq!(admitted, label, "{}", text);
    }

    #[test]
    fn reading_never_panics_and_parts_make_up_the_whole(text in "\\PC{0,80}") {
        if let Ok(uri) = Uri::parse(&text) {
            prop_assert!(text.starts_with(uri.scheme));
            let tail = [uri.path, uri.query].concat();
            prop_assert!(text.ends_with(&tail));
        }
    }
}
