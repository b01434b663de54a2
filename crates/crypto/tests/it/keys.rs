//! RSA keys in every form they come in, and the keys that are refused.

use chancery_crypto::pem::PemError;
use chancery_crypto::rsa::{KeyError, PrivateKey, PublicKey};

use crate::kit::{Bench, data, key, pkcs8};

/// 65537.
const F4: [u8; 3] = [1, 0, 1];

fn public_pem(name: &str, arguments: &str) -> String {
    let bench = Bench::new();
    bench.put("key.pem", data(name));
    bench.openssl(&format!("{arguments} -in key.pem")).text()
}

#[test]
fn a_generated_key_has_2048_bits_and_exponent_65537_and_survives_pkcs8() {
    let made = PrivateKey::generate().unwrap();
    assert_eq!(made.public().modulus().len(), 256);
    assert!(made.public().modulus()[0] >= 0x80);
    assert_eq!(made.public().exponent(), F4);
    let read = PrivateKey::from_pkcs8(&made.to_pkcs8().unwrap()).unwrap();
    assert_eq!(read.public(), made.public());
}

#[test]
fn openssl_reads_the_pkcs8_and_the_spki_we_write() {
    let bench = Bench::new();
    bench.put("key.der", key("a").to_pkcs8().unwrap());
    bench.put("public.der", key("a").public().to_spki_der());
    assert!(bench.openssl("pkey -inform DER -in key.der -check -noout").text().contains("Key is valid"));
    let from_private = bench.openssl("pkey -inform DER -in key.der -pubout -outform DER").bytes();
    assert_eq!(from_private, key("a").public().to_spki_der());
    assert!(
        bench.openssl("pkey -pubin -inform DER -in public.der -noout -text").text().contains("(2048 bit)")
    );
}

#[test]
fn a_public_key_is_the_same_from_every_form() {
    let expected = key("a").public().clone();
    let spki = public_pem("rsa-a.pem", "pkey -pubout");
    let pkcs1 = public_pem("rsa-a.pem", "rsa -RSAPublicKey_out");
    let bench = Bench::new();
    bench.put("key.pem", data("rsa-a.pem"));
    let certificate = bench.openssl("req -new -x509 -subj /CN=x -days 1 -key key.pem").text();
    for (name, text, label) in [
        ("SPKI", &spki, "-----BEGIN PUBLIC KEY"),
        ("PKCS#1", &pkcs1, "-----BEGIN RSA PUBLIC KEY"),
        ("a certificate", &certificate, "-----BEGIN CERTIFICATE"),
        ("SPKI with CRLF", &spki.replace('\n', "\r\n"), "-----BEGIN PUBLIC KEY"),
    ] {
        assert!(text.starts_with(label), "{name}");
        assert_eq!(PublicKey::from_pem(text).as_ref(), Ok(&expected), "{name}");
    }
    assert_eq!(PublicKey::from_spki_der(&expected.to_spki_der()).as_ref(), Ok(&expected));
    let mut padded = vec![0, 0];
    padded.extend_from_slice(expected.modulus());
    let from_components = PublicKey::from_components(&padded, &[0, 1, 0, 1]).unwrap();
    assert_eq!(from_components, expected);
    assert_eq!(from_components.modulus().len(), 256);
    assert_eq!(from_components.exponent(), F4);
    assert_ne!(from_components, *key("b").public());
}

#[test]
fn a_private_key_pasted_for_a_public_one_is_refused_by_name() {
    let bench = Bench::new();
    bench.put("key.pem", data("rsa-a.pem"));
    let traditional = bench.openssl("rsa -in key.pem -traditional").text();
    let encrypted = bench.openssl("pkcs8 -topk8 -in key.pem -passout pass:test -v2 aes-256-cbc").text();
    let headers = bench.openssl("rsa -in key.pem -traditional -aes256 -passout pass:test").text();
    assert!(traditional.contains("BEGIN RSA PRIVATE KEY") && headers.contains("Proc-Type"));
    for text in [data("rsa-a.pem"), data("ec.pem"), traditional, encrypted, headers] {
        let error = PublicKey::from_pem(&text).unwrap_err();
        assert_eq!(error, KeyError::Private);
        assert!(error.to_string().contains("expected a PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE"));
    }
}

#[test]
fn pem_of_another_kind_is_refused_with_what_was_expected() {
    let bench = Bench::new();
    bench.put("key.pem", data("rsa-a.pem"));
    let request = bench.openssl("req -new -subj /CN=x -key key.pem").text();
    let cases = [
        ("a certificate request", request, KeyError::UnexpectedLabel("CERTIFICATE REQUEST".to_owned())),
        ("no PEM", "hello".to_owned(), KeyError::Pem(PemError::NoBegin)),
        ("an EC key", public_pem("ec.pem", "pkey -pubout"), KeyError::NotRsa),
        ("an RSA-PSS key", public_pem("rsa-pss.pem", "pkey -pubout"), KeyError::NotRsa),
        (
            "an EC key called RSA",
            public_pem("ec.pem", "pkey -pubout").replace("PUBLIC", "RSA PUBLIC"),
            KeyError::Malformed,
        ),
        ("1024 bits", public_pem("rsa-1024.pem", "pkey -pubout"), KeyError::TooShort(1024)),
        ("exponent 3", public_pem("rsa-e3.pem", "pkey -pubout"), KeyError::SmallExponent),
    ];
    for (name, text, error) in cases {
        assert_eq!(PublicKey::from_pem(&text), Err(error), "{name}");
    }
    let error = PublicKey::from_pem("hello").unwrap_err().to_string();
    assert!(error.starts_with("expected a PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE"), "{error}");
}

#[test]
fn numbers_outside_the_rules_are_refused() {
    let n = key("a").public().modulus().to_vec();
    let mut half = n.clone();
    half[0] = 0x7f;
    let mut even = n.clone();
    even[255] &= 0xfe;
    let mut long = vec![0xff; 1025];
    long[0] = 1;
    let cases: [(&str, &[u8], &[u8], KeyError); 12] = [
        ("2047 bits", &half, &F4, KeyError::TooShort(2047)),
        ("8193 bits", &long, &F4, KeyError::TooLong(8193)),
        ("modulus 0", &[0], &F4, KeyError::TooShort(0)),
        ("no modulus", &[], &F4, KeyError::TooShort(0)),
        ("an even modulus", &even, &F4, KeyError::Rejected),
        ("exponent 0", &n, &[0], KeyError::EvenExponent),
        ("no exponent", &n, &[], KeyError::EvenExponent),
        ("exponent 1", &n, &[1], KeyError::SmallExponent),
        ("exponent 3", &n, &[3], KeyError::SmallExponent),
        ("exponent 65535", &n, &[0xff, 0xff], KeyError::SmallExponent),
        ("exponent 65538", &n, &[1, 0, 2], KeyError::EvenExponent),
        ("an exponent as long as the modulus", &n, &n, KeyError::Rejected),
    ];
    for (name, n, e, error) in cases {
        assert_eq!(PublicKey::from_components(n, e), Err(error), "{name}");
    }
    assert!(PublicKey::from_components(&n, &[1, 0, 3]).is_ok());
    assert!(PublicKey::from_components(&[0xff; 1024], &F4).is_ok());
}

#[test]
fn a_public_key_with_anything_after_it_is_refused() {
    let mut spki = key("a").public().to_spki_der();
    spki.push(0);
    assert_eq!(PublicKey::from_spki_der(&spki), Err(KeyError::Malformed));
    spki.truncate(spki.len() - 2);
    assert_eq!(PublicKey::from_spki_der(&spki), Err(KeyError::Malformed));
    assert_eq!(PublicKey::from_spki_der(b""), Err(KeyError::Malformed));
}

#[test]
fn private_keys_outside_the_rules_are_refused() {
    for (name, error) in [
        ("rsa-1024.pem", KeyError::Rejected),
        ("rsa-e3.pem", KeyError::SmallExponent),
        ("ec.pem", KeyError::Rejected),
        ("rsa-pss.pem", KeyError::Rejected),
    ] {
        assert_eq!(PrivateKey::from_pkcs8(&pkcs8(name)).err(), Some(error), "{name}");
    }
    let mut long = pkcs8("rsa-a.pem");
    long.push(0);
    for bytes in [&b""[..], b"not DER", &long[..100], &long] {
        assert_eq!(PrivateKey::from_pkcs8(bytes).err(), Some(KeyError::Malformed));
    }
    let public = key("a").public().to_spki_der();
    assert_eq!(PrivateKey::from_pkcs8(&public).err(), Some(KeyError::Rejected));
}

#[test]
fn a_private_key_whose_numbers_do_not_belong_together_is_refused() {
    let mut der = pkcs8("rsa-a.pem");
    let modulus = key("a").public().modulus().to_vec();
    let at = der.windows(256).position(|window| window == modulus).unwrap();
    der[at + 100] ^= 1;
    assert_eq!(PrivateKey::from_pkcs8(&der).err(), Some(KeyError::Rejected));
}

#[test]
fn debug_prints_nothing_of_a_private_key() {
    assert_eq!(format!("{:?}", key("a")), "PrivateKey(..)");
    assert_eq!(format!("{:?}", key("a").public()), "PublicKey(2048 bits)");
}
