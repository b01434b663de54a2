//! Answers of identity providers: what is accepted says what was signed, and nothing else.
#![no_main]

use chancery_fuzz::{ada, expected};
use chancery_saml::sp::consume::consume;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|xml: &str| {
    if let Ok(accepted) = consume(xml, &expected()) {
        assert_eq!(accepted, ada());
    }
});
