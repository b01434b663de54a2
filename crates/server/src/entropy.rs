//! Randomness: the only file that asks the system for it, and the forms in which the house needs it.
//!
//! Must never be used for anything that can be derived; must never be seeded outside tests.

use chancery_keyring::Kid;

#[cfg(test)]
mod tests;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        use rand::Rng;
        rand::rng().fill_bytes(bytes);
    }
}

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8; 16] = b"0123456789abcdef";

impl dyn Entropy + '_ {
    /// `N` bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// The id of a new signing key.
    pub fn kid(&self) -> Kid {
        Kid::from_random(self.bytes())
    }

    /// `length` letters and digits, each equally likely.
    pub fn alphanumeric(&self, length: usize) -> String {
        self.drawn(ALPHANUMERIC, length)
    }

    /// `length` characters of the base64url alphabet.
    pub fn url_safe(&self, length: usize) -> String {
        self.drawn(URL_SAFE, length)
    }

    /// `length` lower-case hexadecimal digits.
    pub fn hex(&self, length: usize) -> String {
        self.drawn(HEX, length)
    }

    fn drawn(&self, alphabet: &[u8], length: usize) -> String {
        // Bytes beyond the last whole multiple of the alphabet are drawn again, or some letters would come
        // more often than others.
        let limit = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<64>() {
                if usize::from(byte) < limit && text.len() < length {
                    text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        text
    }
}
