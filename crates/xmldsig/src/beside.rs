//! The certificates that stand beside a signature (`KeyInfo`).
//!
//! Nobody vouches for them: they are shown to a person who compares them with what is configured, and a thumbprint in
//! a configuration may pin one of them. Must never be asked by what verifies, nor fail: what cannot be read is left out.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;

use crate::DS;
use crate::tree::{Element, Node};

/// The most certificates that are looked at.
const MOST: usize = 8;
/// The most that are shown; a chain of authorities is rarely longer.
const SHOWN: usize = 3;

/// The certificates beside a signature, in their order.
pub fn certificates(signature: Node<'_, '_>) -> Vec<Certificate> {
    let infos = signature.all(DS, "KeyInfo");
    let data = infos.iter().flat_map(|info| info.all(DS, "X509Data"));
    let texts = data.flat_map(|data| data.all(DS, "X509Certificate"));
    let read = |node: Node<'_, '_>| {
        let text: String = node.whole_text().ok()?.split_ascii_whitespace().collect();
        Certificate::from_der(STANDARD.decode(text).ok()?).ok()
    };
    texts.take(MOST).filter_map(read).collect()
}

/// A signature that nobody who is trusted has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// How many keys are trusted.
    pub known: usize,
    /// The certificates that were sent along, of which nothing follows.
    pub sent: Vec<Certificate>,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { known, sent } = self;
        write!(f, "the signature was made by none of the {known} certificates that are configured; ")?;
        if sent.is_empty() {
            return f.write_str("no certificate was sent with it");
        }
        write!(f, "sent with it: {}", shown(sent))
    }
}

/// Certificates as a person compares them: the digests of each. Many are cut short, for a log.
pub fn shown(certificates: &[Certificate]) -> String {
    let all: Vec<String> = certificates.iter().take(SHOWN).map(Certificate::digests).collect();
    match certificates.len().saturating_sub(SHOWN) {
        0 => all.join("; "),
        more => format!("{}; and {more} more", all.join("; ")),
    }
}
