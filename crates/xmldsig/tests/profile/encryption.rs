//! Encryption: what opens, and what stays closed without a word about why.

use crate::kit::{certificate, key};
use chancery_crypto::cipher::Cipher;
use chancery_xmldsig::decrypt::{self, DecryptError};
use chancery_xmldsig::encrypt;
use chancery_xmldsig::tree::Tree;

const PLAIN: &str = "<a:Assertion xmlns:a=\"urn:a\">ü</a:Assertion>";

fn sealed(cipher: Cipher) -> String {
    let data = encrypt::element(PLAIN, &certificate(0), cipher, &[7; 48]).unwrap();
    format!("<around>{data}</around>")
}

fn open(message: &str, number: usize) -> Result<String, DecryptError> {
    let tree = Tree::parse(message)?;
    decrypt::element(tree.root(), &[key(number)], Cipher::is_authenticated).map(|text| text.to_string())
}

#[test]
fn what_was_encrypted_for_a_certificate_opens_with_its_key() {
    for cipher in [Cipher::Aes128Gcm, Cipher::Aes192Gcm, Cipher::Aes256Gcm] {
        assert_eq!(open(&sealed(cipher), 0).as_deref(), Ok(PLAIN), "{cipher:?}");
    }
    let tree = sealed(Cipher::Aes256Cbc);
    let tree = Tree::parse(&tree).unwrap();
    // The old key still opens what was encrypted before a rotation.
    let opened = decrypt::element(tree.root(), &[key(1), key(0)], |_| true).unwrap();
    assert_eq!(opened.as_str(), PLAIN);
}

#[test]
fn ciphers_that_notice_no_change_are_refused_unless_they_are_allowed() {
    let error = open(&sealed(Cipher::Aes256Cbc), 0).unwrap_err();
    assert!(error.to_string().starts_with("the encryption method"), "{error}");
}

#[test]
fn another_key_a_changed_content_and_a_changed_key_are_refused_alike() {
    let message = sealed(Cipher::Aes128Gcm);
    assert_eq!(open(&message, 1), Err(DecryptError::Closed));
    let values: Vec<usize> =
        message.match_indices("<xenc:CipherValue>").map(|(at, tag)| at + tag.len()).collect();
    for at in values {
        for offset in [0, 8, 20] {
            let mut changed = message.clone().into_bytes();
            changed[at + offset] = if changed[at + offset] == b'A' { b'B' } else { b'A' };
            assert_eq!(open(&String::from_utf8(changed).unwrap(), 0), Err(DecryptError::Closed));
        }
    }
}

#[test]
fn pkcs1_padding_and_unknown_transports_are_refused_by_name() {
    for transport in
        ["http://www.w3.org/2001/04/xmlenc#rsa-1_5", "http://www.w3.org/2001/04/xmlenc#kw-aes256", ""]
    {
        let message = sealed(Cipher::Aes128Gcm).replacen(encrypt::OAEP_MGF1P, transport, 1);
        let error = open(&message, 0).unwrap_err().to_string();
        assert!(error.starts_with("the key transport"), "{error}");
    }
}

#[test]
fn a_key_in_two_places_or_in_none_is_refused() {
    let message = sealed(Cipher::Aes128Gcm);
    let start = message.find("<xenc:EncryptedKey>").unwrap();
    let end = message.find("</xenc:EncryptedKey>").unwrap() + "</xenc:EncryptedKey>".len();
    let wrapped = &message[start..end];
    let declared = wrapped.replacen("<xenc:EncryptedKey>", "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">", 1);
    let beside =
        message.replacen(wrapped, "", 1).replacen("</around>", &[&declared, "</around>"].concat(), 1);
    assert_eq!(open(&beside, 0).as_deref(), Ok(PLAIN));
    let twice = message.replacen("</around>", &[&declared, "</around>"].concat(), 1);
    assert_eq!(open(&twice, 0), Err(DecryptError::Closed));
    assert_eq!(open(&message.replacen(wrapped, "", 1), 0), Err(DecryptError::Closed));
}
