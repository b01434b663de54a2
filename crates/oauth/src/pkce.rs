//! Proof Key for Code Exchange (RFC 7636): the challenge of a request and the verifier that answers it.
//!
//! Must never let one of the two come without the other: whoever drops the challenge from a request that he
//! forges, or the verifier from an exchange, would otherwise get rid of the proof (RFC 9700 section 4.8.2).

use chancery_crypto::digest;
use chancery_jose::base64url;
use serde::{Deserialize, Serialize};

/// How a challenge was made from its verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The base64url of its SHA-256.
    S256,
    /// The verifier itself.
    #[serde(rename = "plain")]
    Plain,
}

/// A well-formed challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    method: Method,
    value: String,
}

/// Why there is no challenge, or why it is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// The method is not offered.
    #[error("code_challenge_method must be S256 or plain.")]
    Method,
    /// A method without a challenge.
    #[error("code_challenge_method needs a code_challenge.")]
    NoChallenge,
    /// The challenge has the wrong form.
    #[error(
        "code_challenge must have 43 to 128 characters of A-Z, a-z, 0-9, -, ., _ and ~; for S256 it is the base64url, without padding, of a SHA-256 digest."
    )]
    Malformed,
    /// The verifier is missing, has the wrong form, or answers another challenge.
    #[error("Failed to verify code verifier")]
    Verifier,
    /// A verifier for a request that had no challenge.
    #[error("Failed to verify code verifier")]
    Unexpected,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`. Without a method it is plain (RFC 7636 section 4.3).
    pub fn parse(value: Option<&str>, method: Option<&str>) -> Result<Option<Self>, PkceError> {
        let method = match method {
            Some("S256") => Some(Method::S256),
            Some("plain") => Some(Method::Plain),
            Some(_) => return Err(PkceError::Method),
            None => None,
        };
        let Some(value) = value else {
            return if method.is_some() { Err(PkceError::NoChallenge) } else { Ok(None) };
        };
        let method = method.unwrap_or(Method::Plain);
        let well_formed = match method {
            Method::S256 => base64url::decode(value).is_ok_and(|digest| digest.len() == 32),
            Method::Plain => is_verifier(value),
        };
        if well_formed {
            Ok(Some(Self { method, value: value.to_owned() }))
        } else {
            Err(PkceError::Malformed)
        }
    }

    /// How it was made.
    pub fn method(&self) -> Method {
        self.method
    }

    fn answered_by(&self, verifier: &str) -> bool {
        let expected = match self.method {
            Method::S256 => base64url::encode(&digest::sha256(verifier.as_bytes())),
            Method::Plain => verifier.to_owned(),
        };
        is_verifier(verifier) && digest::equal(expected.as_bytes(), self.value.as_bytes())
    }
}

/// Whether the verifier of an exchange answers the challenge of its request; neither may stand alone.
pub fn verify(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), PkceError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.answered_by(verifier) => Ok(()),
        (Some(_), _) => Err(PkceError::Verifier),
        (None, Some(_)) => Err(PkceError::Unexpected),
    }
}

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn s256() -> Challenge {
        Challenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap()
    }

    fn plain() -> Challenge {
        Challenge::parse(Some(VERIFIER), None).unwrap().unwrap()
    }

    #[test]
    fn the_verifier_of_rfc_7636_answers_its_challenge() {
        assert_eq!(verify(Some(&s256()), Some(VERIFIER)), Ok(()));
        assert_eq!(verify(Some(&plain()), Some(VERIFIER)), Ok(()));
    }

    #[test]
    fn a_challenge_without_a_verifier_and_a_verifier_without_a_challenge_are_refused() {
        assert_eq!(verify(Some(&s256()), None), Err(PkceError::Verifier));
        assert_eq!(verify(None, Some(VERIFIER)), Err(PkceError::Unexpected));
        assert_eq!(verify(None, None), Ok(()));
    }

    #[test]
    fn an_s256_challenge_is_not_answered_by_itself_as_if_it_were_plain() {
        assert_eq!(verify(Some(&s256()), Some(CHALLENGE)), Err(PkceError::Verifier));
    }

    #[test]
    fn another_verifier_and_malformed_ones_are_refused() {
        let long = "a".repeat(129);
        let spaced = format!("{} ", &VERIFIER[..42]);
        for bad in ["", "short", &VERIFIER[..42], &long, &spaced, &VERIFIER.to_lowercase()] {
            assert_eq!(verify(Some(&s256()), Some(bad)), Err(PkceError::Verifier), "{bad:?}");
            assert_eq!(verify(Some(&plain()), Some(bad)), Err(PkceError::Verifier), "{bad:?}");
        }
    }

    #[test]
    fn malformed_challenges_and_unknown_methods_are_refused() {
        for (value, method, error) in [
            (Some(CHALLENGE), Some("s256"), PkceError::Method),
            (Some(CHALLENGE), Some("none"), PkceError::Method),
            (None, Some("S256"), PkceError::NoChallenge),
            (Some("short"), None, PkceError::Malformed),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some("S256"), PkceError::Malformed),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256"), PkceError::Malformed),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMAAAA"), Some("S256"), PkceError::Malformed),
        ] {
            assert_eq!(Challenge::parse(value, method), Err(error), "{value:?} {method:?}");
        }
        assert_eq!(Challenge::parse(None, None), Ok(None));
    }
}
