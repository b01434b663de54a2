//! Whose tokens count: of the keys that are configured, or of certificates of which only a thumbprint is.
//!
//! A thumbprint in the configuration pins one certificate, wherever its octets come from; so a certificate beside a
//! signature may be looked at, and nothing else there. Must never let a certificate count that no thumbprint names.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::digest;
use chancery_crypto::rsa::PublicKey;
use chancery_xmldsig::tree::{Element, Node};
use chancery_xmldsig::{DS, beside};

use super::consume::TokenError;

/// Whose tokens count.
#[derive(Debug, Clone, Copy)]
pub enum Trusted<'a> {
    /// Those of these keys.
    Keys(&'a [PublicKey]),
    /// Those whose certificate has one of these thumbprints.
    Thumbprints(&'a [Thumbprint]),
}

/// The digest of a certificate, SHA-1 or SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbprint(Vec<u8>);

impl Thumbprint {
    /// Reads one as administrators paste it: hexadecimal, with or without colons and blanks. None: it is none.
    pub fn read(text: &str) -> Option<Self> {
        // What Windows shows begins with a mark that nobody sees.
        let separates = |one: &char| matches!(one, ':' | ' ' | '-' | '\u{200e}' | '\u{200f}');
        let digits: Option<Vec<u32>> =
            text.trim().chars().filter(|one| !separates(one)).map(|one| one.to_digit(16)).collect();
        let digits = digits.filter(|digits| matches!(digits.len(), 40 | 64))?;
        let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or_default());
        Some(Self(bytes.collect()))
    }

    fn is_of(&self, certificate: &Certificate) -> bool {
        let (short, long) = (certificate.sha1(), certificate.sha256());
        digest::equal(&self.0, if self.0.len() == short.len() { &short } else { &long })
    }

    fn shown(&self) -> String {
        self.0.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl Trusted<'_> {
    /// The keys that may have signed an element.
    pub(super) fn keys(&self, signed: Node<'_, '_>) -> Result<Vec<PublicKey>, TokenError> {
        let thumbprints = match self {
            Self::Keys(keys) => return Ok(keys.to_vec()),
            Self::Thumbprints(thumbprints) => thumbprints,
        };
        let signature = signed.optional(DS, "Signature")?;
        let sent = signature.map(beside::certificates).unwrap_or_default();
        let pinned = |own: &&Certificate| {
            // Every one is compared, whichever it is that fits.
            thumbprints.iter().filter(|thumbprint| thumbprint.is_of(own)).count() > 0
        };
        let found = sent.iter().find(pinned).and_then(|own| own.public_key().ok());
        found.map(|key| vec![key]).ok_or_else(|| TokenError::Thumbprint {
            configured: thumbprints.iter().map(Thumbprint::shown).collect::<Vec<_>>().join(", "),
            calculated: beside::shown(&sent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_read_as_administrators_paste_them() {
        let plain = "0123456789abcdef0123456789abcdef01234567";
        let read = Thumbprint::read(plain).unwrap();
        assert_eq!(read.shown(), plain);
        let pasted = "\u{200e}01 23 45 67:89-AB CD EF 01 23 45 67 89 AB CD EF 01 23 45 67 ";
        assert_eq!(Thumbprint::read(pasted), Some(read));
        assert!(Thumbprint::read(&"ab".repeat(32)).is_some());
        for wrong in ["", "ab", &plain[1..], &plain.replace('0', "x"), &"ab".repeat(21)] {
            assert_eq!(Thumbprint::read(wrong), None, "{wrong}");
        }
    }
}
