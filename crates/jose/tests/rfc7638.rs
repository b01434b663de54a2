//! The thumbprint examples of RFC 7638 section 3.1 and RFC 9449 section 6.1, and the shape of the keys Auth0 publishes.

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::ecdsa;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_jose::base64url;
use chancery_jose::jwk::{Jwk, JwkSet, RsaJwk, thumbprint};

const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
    tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr\
    n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
const KEY: &[u8] = include_bytes!("data/rfc7515-a2.der");

#[test]
fn the_thumbprint_of_the_example_is_the_one_in_the_rfc() {
    let key = PublicKey::from_components(&base64url::decode(N).unwrap(), &base64url::decode("AQAB").unwrap())
        .unwrap();
    assert_eq!(thumbprint(&key.into()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn the_thumbprint_of_a_curve_is_the_one_in_the_rfc() {
    let x = base64url::decode("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs").unwrap();
    let y = base64url::decode("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA").unwrap();
    let key = ecdsa::PublicKey::from_coordinates(Curve::P256, &x, &y).unwrap();
    assert_eq!(thumbprint(&key.into()), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn a_key_on_a_curve_has_its_members_and_nothing_of_a_private_half() {
    for curve in Curve::ALL {
        let key = ecdsa::PrivateKey::generate(curve).unwrap();
        let not_before = "2026-01-15T12:00:00Z".parse().unwrap();
        let request = SelfSigned { common_name: "corp", serial: [1; 8], not_before, days: 365 };
        let certificate = Certificate::self_signed(request, &key).unwrap();
        let (x, y) = (base64url::encode(key.public().x()), base64url::encode(key.public().y()));
        let (crv, alg) = (curve.name(), curve.algorithm().name());
        let (x5t, x5c) = (base64url::encode(&certificate.sha1()), certificate.base64_der());
        // What an RSA key would be fixed to does not count.
        let jwk =
            Jwk::of_certificate("k", &certificate, &key.public().clone().into(), Some(Algorithm::Rs256));
        let expected = format!(
            r#"{{"keys":[{{"kty":"EC","use":"sig","crv":"{crv}","x":"{x}","y":"{y}","kid":"k","x5t":"{x5t}","x5c":["{x5c}"],"alg":"{alg}"}}]}}"#
        );
        assert_eq!(serde_json::to_string(&JwkSet { keys: vec![jwk] }).unwrap(), expected);
    }
}

#[test]
fn a_jwk_has_auth0s_members_in_auth0s_order() {
    let key = PrivateKey::from_pkcs8(KEY).unwrap();
    let request = SelfSigned {
        common_name: "acme.eu.example.com",
        serial: [1; 8],
        not_before: "2026-01-15T12:00:00Z".parse().unwrap(),
        days: 5000,
    };
    let certificate = Certificate::self_signed(request, &key).unwrap();
    let of = |alg| RsaJwk::of_certificate("Zr4mB0uYk2T9sQeWvXa1c", &certificate, key.public(), alg);
    let n = base64url::encode(key.public().modulus());
    let x5t = base64url::encode(&certificate.sha1());
    let x5c = certificate.base64_der();
    let without_alg = format!(
        r#"{{"kty":"RSA","use":"sig","n":"{n}","e":"AQAB","kid":"Zr4mB0uYk2T9sQeWvXa1c","x5t":"{x5t}","x5c":["{x5c}"]}}"#
    );
    let with_alg = without_alg.replace(r#""]}"#, r#""],"alg":"RS256"}"#);
    assert_eq!(serde_json::to_string(&of(None)).unwrap(), without_alg);
    assert_eq!(serde_json::to_string(&of(Some(Algorithm::Rs256))).unwrap(), with_alg);
    let set = JwkSet { keys: vec![of(Some(Algorithm::Rs256)), of(None)] };
    assert_eq!(serde_json::to_string(&set).unwrap(), format!(r#"{{"keys":[{with_alg},{without_alg}]}}"#));
}
