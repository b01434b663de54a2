//! What administrators paste: certificates and private keys, in the forms that they have at hand.
//!
//! Pure. Must never repeat a private key in an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PrivateKey;

/// How a PEM block begins.
const BEGIN: &str = "-----BEGIN ";
/// How the last line of a block with a certificate begins.
const END: &str = "-----END CERTIFICATE-----";
/// The most certificates that are taken.
const MOST: usize = 20;

/// One certificate: PEM, its base64, or the base64 of the DER.
pub fn certificate(text: &str) -> Result<Certificate, String> {
    let mut found = certificates(text)?;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err("expected one certificate, found several".to_owned()),
    }
}

/// One certificate or several, each once: PEM blocks one after the other, their base64, or the base64 of one DER.
pub fn certificates(text: &str) -> Result<Vec<Certificate>, String> {
    let text = text.trim();
    if text.starts_with(BEGIN) {
        return blocks(text);
    }
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(compact).map_err(|_| "it is neither PEM nor base64".to_owned())?;
    match std::str::from_utf8(&bytes) {
        Ok(pem) if pem.trim_start().starts_with(BEGIN) => blocks(pem.trim()),
        _ => Certificate::from_der(bytes).map(|one| vec![one]).map_err(|error| error.to_string()),
    }
}

fn blocks(text: &str) -> Result<Vec<Certificate>, String> {
    let mut found: Vec<Certificate> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(END).map_or(rest.len(), |at| at + END.len());
        let (block, after) = rest.split_at(end);
        let certificate = Certificate::from_pem(block).map_err(|error| error.to_string())?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
        rest = after.trim_start();
    }
    if found.len() > MOST {
        return Err(format!("there are {}, at most {MOST} are taken", found.len()));
    }
    Ok(found)
}

/// A private RSA key: PEM, or its base64.
pub fn private_key(text: &str) -> Result<PrivateKey, String> {
    let text = text.trim();
    if text.starts_with(BEGIN) {
        return PrivateKey::from_pem(text).map_err(|error| error.to_string());
    }
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(compact).map(zeroize::Zeroizing::new);
    let bytes = bytes.map_err(|_| "it is neither PEM nor base64".to_owned())?;
    let pem = std::str::from_utf8(&bytes).map_err(|_| "it is no PEM".to_owned())?;
    PrivateKey::from_pem(pem).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chancery_crypto::certificate::SelfSigned;

    fn key() -> PrivateKey {
        PrivateKey::from_pkcs8(include_bytes!("../tests/kit/keys/1.der")).unwrap()
    }

    fn made(name: &str) -> Certificate {
        let not_before = "2026-01-01T00:00:00Z".parse().unwrap();
        let request = SelfSigned { common_name: name, serial: [1; 8], not_before, days: 365 };
        Certificate::self_signed(request, &key()).unwrap()
    }

    #[test]
    fn certificates_are_taken_in_each_form_and_each_once() {
        let (one, two) = (made("one"), made("two"));
        let both = format!("{}\n\n{}\n{}", one.to_pem(), two.to_pem(), one.to_pem());
        assert_eq!(certificates(&both), Ok(vec![one.clone(), two.clone()]));
        assert_eq!(certificates(&STANDARD.encode(&both)), Ok(vec![one.clone(), two]));
        for text in [one.to_pem(), STANDARD.encode(one.to_pem()), one.base64_der()] {
            assert_eq!(certificate(&text), Ok(one.clone()), "{text}");
        }
        assert!(certificate(&both).unwrap_err().contains("several"));
        for wrong in ["", "x", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
            assert!(certificates(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn private_keys_are_taken_in_each_form_and_never_repeated() {
        use chancery_crypto::pem::{LineEnd, encode};
        let pem = encode("PRIVATE KEY", &key().to_pkcs8().unwrap(), LineEnd::Lf);
        for text in [pem.clone(), STANDARD.encode(&pem)] {
            assert_eq!(private_key(&text).unwrap().public(), key().public());
        }
        for wrong in ["", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"] {
            let error = private_key(wrong).unwrap_err();
            assert!(!error.contains("secret") && !error.contains("c2Vj"), "{error}");
        }
    }
}
