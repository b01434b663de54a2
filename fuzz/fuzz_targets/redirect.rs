//! Messages by redirection: what was unpacked can be packed again.
#![no_main]

use chancery_fuzz::TRUSTED;
use chancery_saml::binding::redirect;
use chancery_xmldsig::verify::Sha1;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let Ok(received) = redirect::decode(query) else { return };
    assert!(received.xml.len() <= 1024 * 1024);
    if let Some(detached) = &received.detached {
        assert!(detached.verify(&*TRUSTED, Sha1::Allowed).is_err(), "nobody signed this");
    }
    let packed = redirect::encode(received.direction, &received.xml, received.relay_state.as_deref(), None);
    let mut plain = received;
    plain.detached = None;
    assert_eq!(redirect::decode(&packed), Ok(plain));
});
