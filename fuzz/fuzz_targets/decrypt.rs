//! Opening what is encrypted: an authenticated cipher gives what was encrypted or nothing.
#![no_main]

use chancery_fuzz::{OURS, SECRET};
use chancery_xmldsig::decrypt;
use chancery_xmldsig::tree::Tree;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(tree) = Tree::parse(text) else { return };
    if let Ok(opened) = decrypt::element(tree.root(), &*OURS, |cipher| cipher.is_authenticated()) {
        assert_eq!(*opened, SECRET);
    }
    // The others notice no change; what they give may be anything.
    let _ = decrypt::element(tree.root(), &*OURS, |_| true);
});
