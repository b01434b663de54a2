//! ECDSA held against OpenSSL: signatures, keys and certificates, and everything that is none.

use chancery_crypto::algorithm::{Algorithm, Curve, KeyKind};
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::ecdsa::{KeyError, PrivateKey, PublicKey};
use chancery_crypto::key::{self, KeyPair as _};
use chancery_crypto::pem::{self, LineEnd};
use chancery_crypto::sign::{BadSignature, SignError};
use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};

use crate::kit::{self, Bench, data};

const MESSAGE: &[u8] = b"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9";
/// Each curve with OpenSSL's name and the digest of its algorithm.
const CURVES: [(Curve, &str, &str); 2] =
    [(Curve::P256, "prime256v1", "-sha256"), (Curve::P384, "secp384r1", "-sha384")];

#[derive(Sequence)]
struct Numbers<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

fn to_der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    Numbers { r: UintRef::new(r).unwrap(), s: UintRef::new(s).unwrap() }.to_der().unwrap()
}

fn of_der(der: &[u8], width: usize) -> Vec<u8> {
    let Numbers { r, s } = Numbers::from_der(der).unwrap();
    let padded = |number: UintRef<'_>| {
        let bytes = number.as_bytes();
        [&vec![0; width - bytes.len()], bytes].concat()
    };
    [padded(r), padded(s)].concat()
}

fn pem_of(key: &PrivateKey) -> String {
    pem::encode("PRIVATE KEY", &key.to_pkcs8().unwrap(), LineEnd::Lf)
}

#[test]
fn openssl_verifies_what_we_sign_and_the_reverse() {
    let bench = Bench::new();
    bench.put("message", MESSAGE);
    for (curve, name, digest) in CURVES {
        let key = PrivateKey::generate(curve).unwrap();
        bench.put("public.der", key.public().to_spki_der());
        let signature = key.sign(MESSAGE).unwrap();
        assert_eq!(signature.len(), 2 * curve.width());
        bench.put("signature", to_der(&signature));
        let verify = format!("dgst {digest} -verify public.der -keyform DER -signature signature message");
        assert_eq!(bench.openssl(&verify).text().trim(), "Verified OK", "{curve}");

        let make = format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{name} -out key.pem");
        bench.openssl(&make).bytes();
        let spki = bench.openssl("pkey -in key.pem -pubout -outform DER").bytes();
        let public = PublicKey::from_spki_der(&spki).unwrap();
        assert_eq!((public.curve(), public.to_spki_der()), (curve, spki));
        let theirs = bench.openssl(&format!("dgst {digest} -sign key.pem -binary message")).bytes();
        assert_eq!(public.verify(MESSAGE, &of_der(&theirs, curve.width())), Ok(()), "{curve}");
        let pkcs8 = bench.openssl("pkcs8 -topk8 -nocrypt -in key.pem -outform DER").bytes();
        assert_eq!(*PrivateKey::from_pkcs8(curve, &pkcs8).unwrap().public(), public);
    }
}

#[test]
fn a_signature_is_two_numbers_of_equal_width_and_nothing_else() {
    for (curve, _, _) in CURVES {
        let key = PrivateKey::generate(curve).unwrap();
        let (public, width) = (key.public(), curve.width());
        let good = key.sign(MESSAGE).unwrap();
        assert_eq!(public.verify(MESSAGE, &good), Ok(()));
        assert_eq!(public.verify(b"another message", &good), Err(BadSignature));
        let (r, s) = good.split_at(width);
        let zero = vec![0; width];
        let (shorter, longer) = (&good[..2 * width - 1], [&good[..], &[0]].concat());
        let wide = [&[0], r, &[0], s].concat();
        for (why, bad) in [
            ("empty", vec![]),
            ("a byte too short", shorter.to_vec()),
            ("a byte too long", longer),
            ("each number a byte wider", wide),
            ("in DER", to_der(&good)),
            ("r is zero", [&zero, s].concat()),
            ("s is zero", [r, &zero].concat()),
            ("both are zero", [&zero[..], &zero].concat()),
            ("both are as large as can be", vec![0xff; 2 * width]),
            ("swapped", [s, r].concat()),
        ] {
            assert_eq!(public.verify(MESSAGE, &bad), Err(BadSignature), "{curve}: {why}");
        }
        let other = PrivateKey::generate(curve).unwrap();
        assert_eq!(other.public().verify(MESSAGE, &good), Err(BadSignature));
    }
}

#[test]
fn coordinates_are_as_wide_as_the_curve_and_a_point_on_it() {
    for (curve, _, _) in CURVES {
        let key = PrivateKey::generate(curve).unwrap();
        let (x, y) = (key.public().x(), key.public().y());
        assert_eq!(PublicKey::from_coordinates(curve, x, y).as_ref(), Ok(key.public()));
        let off = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            bytes
        };
        let zero = vec![0; curve.width()];
        let padded = [&[0], x].concat();
        for (why, x, y) in [
            ("x is longer", &padded[..], y),
            ("x is shorter", &x[1..], y),
            ("y is shorter", x, &y[1..]),
            ("x is nothing", &[], y),
            ("another x", &off(x), y),
            ("another y", x, &off(y)),
            ("the origin", &zero, &zero),
            ("as large as can be", &vec![0xff; curve.width()], &vec![0xff; curve.width()]),
        ] {
            assert_eq!(PublicKey::from_coordinates(curve, x, y), Err(KeyError::Point(curve)), "{why}");
        }
        let other = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        assert_eq!(PublicKey::from_coordinates(other, x, y), Err(KeyError::Point(other)));
    }
}

#[test]
fn a_key_info_has_an_uncompressed_point_on_a_named_curve() {
    let bench = Bench::new();
    let made = |arguments: &str| {
        bench.openssl(&format!("genpkey -algorithm EC {arguments} -out other.pem")).bytes();
    };
    made("-pkeyopt ec_paramgen_curve:prime256v1");
    let read = |arguments: &str| {
        let spki = bench.openssl(&format!("pkey -in other.pem -pubout -outform DER {arguments}")).bytes();
        PublicKey::from_spki_der(&spki)
    };
    assert!(read("").is_ok());
    assert_eq!(read("-ec_conv_form compressed"), Err(KeyError::Point(Curve::P256)));
    assert_eq!(read("-ec_param_enc explicit"), Err(KeyError::Curve));
    made("-pkeyopt ec_paramgen_curve:secp521r1");
    assert_eq!(read(""), Err(KeyError::Curve));
    made("-pkeyopt ec_paramgen_curve:secp256k1");
    assert_eq!(read(""), Err(KeyError::Curve));
    assert_eq!(PublicKey::from_spki_der(&kit::key("a").public().to_spki_der()), Err(KeyError::NotEc));
    assert_eq!(PublicKey::from_spki_der(b"0"), Err(KeyError::Malformed));
}

#[test]
fn a_private_key_is_read_on_its_own_curve_alone_and_never_printed() {
    for (curve, _, _) in CURVES {
        let key = PrivateKey::generate(curve).unwrap();
        let other = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        let text = pem_of(&key);
        assert_eq!(PrivateKey::from_pem(curve, &text).unwrap().public(), key.public());
        assert_eq!(PrivateKey::from_pem(other, &text).unwrap_err(), KeyError::Private(other));
        for bad in ["", "PRIVATE KEY", &text.replace("PRIVATE", "EC PRIVATE"), &text[..text.len() - 40]] {
            assert_eq!(PrivateKey::from_pem(curve, bad).unwrap_err(), KeyError::Private(curve));
        }
        let mut der = key.to_pkcs8().unwrap().to_vec();
        der.push(0);
        assert_eq!(PrivateKey::from_pkcs8(curve, &der).unwrap_err(), KeyError::Private(curve));
        let rsa = kit::pkcs8("rsa-a.pem");
        assert_eq!(PrivateKey::from_pkcs8(curve, &rsa).unwrap_err(), KeyError::Private(curve));
        assert_eq!(format!("{key:?} {:?}", key.public()), format!("PrivateKey(..) PublicKey({curve})"));
    }
    assert!(PrivateKey::from_pem(Curve::P256, &data("ec.pem")).is_ok());
}

#[test]
fn a_key_of_either_kind_signs_with_the_algorithms_of_its_kind_alone() {
    let keys: [key::PrivateKey; 3] = [
        kit::key("a").into(),
        PrivateKey::generate(Curve::P256).unwrap().into(),
        PrivateKey::generate(Curve::P384).unwrap().into(),
    ];
    for key in &keys {
        let public = key.public();
        let again = key::PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        assert!(again.belongs_to(&public));
        assert_eq!(key::PublicKey::from_spki_der(&public.to_spki_der()).as_ref(), Ok(&public));
        for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384", "HS256"] {
            let algorithm: Algorithm = name.parse().unwrap();
            if algorithm.kind() == public.kind() {
                let signature = key.sign(algorithm, MESSAGE).unwrap();
                assert_eq!(public.verify(algorithm, MESSAGE, &signature), Ok(()), "{name}");
                continue;
            }
            assert_eq!(key.sign(algorithm, MESSAGE), Err(SignError::WrongAlgorithm(algorithm)));
            let KeyKind::Ec(curve) = algorithm.kind() else { continue };
            let signature = PrivateKey::generate(curve).unwrap().sign(MESSAGE).unwrap();
            assert_eq!(public.verify(algorithm, MESSAGE, &signature), Err(BadSignature), "{name}");
        }
    }
    assert!(key::PrivateKey::from_pkcs8(b"nothing").is_err());
}

#[test]
fn openssl_reads_the_certificate_of_a_curve() {
    for (curve, name, digest) in CURVES {
        let bench = Bench::new();
        let key = PrivateKey::generate(curve).unwrap();
        let not_before = "2026-01-15T12:00:00Z".parse().unwrap();
        let request = SelfSigned { common_name: "corp", serial: [0x7a; 8], not_before, days: 365 };
        let certificate = Certificate::self_signed(request, &key).unwrap();
        bench.put("cert.pem", certificate.to_pem());
        let text = bench.openssl("x509 -in cert.pem -noout -text -nameopt RFC2253").text();
        let signed = format!("Signature Algorithm: ecdsa-with-SHA{}", &digest[4..]);
        for expected in [
            signed.as_str(),
            &format!("ASN1 OID: {name}"),
            "Subject: CN=corp",
            "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
            "X509v3 Key Usage: critical\n                Digital Signature, Certificate Sign\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is missing from\n{text}");
        }
        let verified = bench.openssl("verify -x509_strict -attime 1780000000 -CAfile cert.pem cert.pem");
        assert_eq!(verified.text().trim(), "cert.pem: OK");
        let public = key::PrivateKey::certified(&certificate).unwrap();
        assert_eq!(public, key.public().clone().into());
        assert_eq!(certificate.public_key(), Err(chancery_crypto::rsa::KeyError::NotRsa));
    }
}
