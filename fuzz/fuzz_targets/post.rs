//! Messages by form: three lines stand for its fields.
#![no_main]

use chancery_saml::binding::post;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|form: &str| {
    let lines: Vec<&str> = form.splitn(3, '\n').collect();
    let field = |name: &str| {
        let line = match name {
            "SAMLRequest" => 0,
            "SAMLResponse" => 1,
            _ => 2,
        };
        lines.get(line).copied().filter(|text| !text.is_empty())
    };
    let Ok(received) = post::decode(field) else { return };
    assert!(received.xml.len() <= 1024 * 1024 + 64 * 1024);
    if received.xml.trim_start().starts_with('<') {
        let packed = post::encode(&received.xml);
        let again = post::decode(|name| match name {
            "RelayState" => received.relay_state.as_deref(),
            name if name == received.direction.parameter() => Some(&packed),
            _ => None,
        });
        assert_eq!(again, Ok(received));
    }
});
