//! The forms of randomness, on bytes that are known.

use std::sync::atomic::{AtomicU8, Ordering};

use super::Entropy;

/// Counts through all bytes.
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn every_letter_is_equally_likely() {
    let entropy: &dyn Entropy = &Counting(AtomicU8::new(0));
    // 248 of 256 bytes are used for 62 letters: four of each, and none of the first eight comes more often.
    let text = entropy.alphanumeric(248);
    for letter in "AHIZaz09".chars() {
        assert_eq!(text.matches(letter).count(), 4, "{letter}");
    }
}

#[test]
fn texts_have_the_length_and_the_letters_that_were_asked_for() {
    let entropy: &dyn Entropy = &Counting(AtomicU8::new(0));
    assert_eq!(entropy.hex(24).len(), 24);
    assert!(entropy.hex(100).bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
    assert_eq!(entropy.url_safe(64).len(), 64);
    assert_eq!(entropy.kid().as_str().len(), 21);
}
