//! Signatures made here verify with OpenSSL, and the reverse; everything else is refused.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::BadSignature;
use chancery_crypto::sign::SignError;

use crate::kit::{Bench, data, key};

const MESSAGE: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9";
const PSS: &str = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest";

/// Each RSA algorithm with the `openssl dgst` arguments that mean the same.
const ALGORITHMS: [(Algorithm, &str, &str); 5] = [
    (Algorithm::Rs256, "-sha256", ""),
    (Algorithm::Rs384, "-sha384", ""),
    (Algorithm::Rs512, "-sha512", ""),
    (Algorithm::Ps256, "-sha256", PSS),
    (Algorithm::Ps384, "-sha384", PSS),
];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.put("key.pem", data("rsa-a.pem"));
    bench.put("message", MESSAGE);
    bench.put("public.der", key("a").public().to_spki_der());
    bench
}

#[test]
fn openssl_verifies_what_we_sign_with_every_algorithm() {
    let bench = bench();
    for (algorithm, digest, options) in ALGORITHMS {
        bench.put("signature", key("a").sign(algorithm, MESSAGE).unwrap());
        let verify =
            format!("dgst {digest} -verify public.der -keyform DER {options} -signature signature message");
        assert_eq!(bench.openssl(&verify).text().trim(), "Verified OK", "{algorithm}");
    }
}

#[test]
fn we_verify_what_openssl_signs_with_every_algorithm() {
    let bench = bench();
    let public = key("a").public().clone();
    for (algorithm, digest, options) in ALGORITHMS {
        let signature =
            bench.openssl(&format!("dgst {digest} -sign key.pem {options} -binary message")).bytes();
        // Twice: the first use of an algorithm other than RS256 parses the key, the second finds it parsed.
        assert_eq!(public.verify(algorithm, MESSAGE, &signature), Ok(()), "{algorithm}");
        assert_eq!(public.verify(algorithm, MESSAGE, &signature), Ok(()), "{algorithm}");
    }
}

#[test]
fn a_signature_verifies_only_with_its_own_algorithm_key_and_message() {
    let (a, b) = (key("a"), key("b"));
    for (algorithm, _, _) in ALGORITHMS {
        let signature = a.sign(algorithm, MESSAGE).unwrap();
        for (other, _, _) in ALGORITHMS {
            let verified = a.public().verify(other, MESSAGE, &signature).is_ok();
            assert_eq!(verified, other == algorithm, "{algorithm} as {other}");
        }
        assert_eq!(b.public().verify(algorithm, MESSAGE, &signature), Err(BadSignature), "{algorithm}");
        assert_eq!(a.public().verify(algorithm, b"other", &signature), Err(BadSignature), "{algorithm}");
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    let key = key("a");
    let signature = key.sign(Algorithm::Rs256, MESSAGE).unwrap();
    assert_eq!(signature.len(), 256);
    let mut longer = signature.clone();
    longer.push(0);
    let mut padded = vec![0];
    padded.extend_from_slice(&signature);
    for wrong in [&[][..], &signature[..255], &longer, &padded, &[0; 256], &[0xff; 256]] {
        assert_eq!(key.public().verify(Algorithm::Rs256, MESSAGE, wrong), Err(BadSignature));
    }
}

#[test]
fn a_pss_salt_that_is_not_as_long_as_the_digest_is_refused() {
    let bench = bench();
    for salt in ["0", "20", "48", "max"] {
        let sign = format!(
            "dgst -sha256 -sign key.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt} -binary message"
        );
        let signature = bench.openssl(&sign).bytes();
        let verified = key("a").public().verify(Algorithm::Ps256, MESSAGE, &signature);
        assert_eq!(verified, Err(BadSignature), "salt of {salt}");
    }
}

#[test]
fn an_rsa_key_neither_signs_nor_verifies_hs256() {
    let key = key("a");
    assert_eq!(key.sign(Algorithm::Hs256, MESSAGE), Err(SignError::WrongAlgorithm(Algorithm::Hs256)));
    assert_eq!(key.public().verify(Algorithm::Hs256, MESSAGE, &[0; 32]), Err(BadSignature));
}

#[test]
fn clones_of_a_key_sign_and_verify_on_several_threads() {
    let key = key("a");
    std::thread::scope(|scope| {
        for (algorithm, _, _) in ALGORITHMS {
            let key = key.clone();
            scope.spawn(move || {
                let signature = key.sign(algorithm, MESSAGE).unwrap();
                assert_eq!(key.public().verify(algorithm, MESSAGE, &signature), Ok(()));
            });
        }
    });
}
