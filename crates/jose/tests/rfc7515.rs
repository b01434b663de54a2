//! The examples of RFC 7515 appendix A.1 (HS256), A.2 (RS256) and A.3 (ES256), verified and made again.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails should stop at once")]

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_crypto::ecdsa;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_crypto::sign::{Sign, SignError};
use chancery_jose::jws::{Compact, JwsError, VerifyingKey, assemble, sign, signing_input};
use chancery_jose::{base64url, jwt::Claims};

const PAYLOAD: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

const A1_HEADER: &str = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
const A1_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const A1_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const A2_HEADER: &str = r#"{"alg":"RS256"}"#;
/// The private key of the appendix as PKCS#8.
const A2_KEY: &[u8] = include_bytes!("data/rfc7515-a2.der");
const A2_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql\
    L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W\
    TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDT\
    W9gb54h4FRWyuXpoQ";
const A2_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1d\
    nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus\
    C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const A3_HEADER: &str = r#"{"alg":"ES256"}"#;
const A3_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const A3_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const A3_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn a1_key() -> HmacKey {
    HmacKey::new(&base64url::decode(A1_KEY).unwrap())
}

fn a2_key() -> PublicKey {
    PublicKey::from_components(&base64url::decode(A2_N).unwrap(), &base64url::decode("AQAB").unwrap())
        .unwrap()
}

fn a3_key() -> ecdsa::PublicKey {
    let coordinate = |text| base64url::decode(text).unwrap();
    ecdsa::PublicKey::from_coordinates(Curve::P256, &coordinate(A3_X), &coordinate(A3_Y)).unwrap()
}

struct Rs256(PrivateKey);

impl Sign for Rs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(Algorithm::Rs256, message)
    }
}

#[test]
fn the_hs256_example_verifies_and_reads() {
    let token = Compact::parse(A1_TOKEN, 8192).unwrap();
    assert_eq!(token.algorithm(), Algorithm::Hs256);
    assert_eq!((token.typ(), token.kid()), (Some("JWT"), None));
    assert_eq!(token.payload(), PAYLOAD.as_bytes());
    assert_eq!(token.signature().len(), 32);
    assert_eq!(token.verify(&[Algorithm::Hs256], VerifyingKey::Hmac(&a1_key())), Ok(()));
    let claims = Claims::parse(token.payload()).unwrap();
    assert_eq!((claims.iss.as_deref(), claims.exp), (Some("joe"), Some(1_300_819_380)));
    assert_eq!(claims.other["http://example.com/is_root"], true);
}

#[test]
fn the_hs256_example_is_made_again() {
    assert_eq!(sign(A1_HEADER, PAYLOAD.as_bytes(), &a1_key()).unwrap(), A1_TOKEN);
}

#[test]
fn the_rs256_example_verifies() {
    let token = Compact::parse(A2_TOKEN, 8192).unwrap();
    assert_eq!(token.algorithm(), Algorithm::Rs256);
    assert_eq!(token.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(&a2_key())), Ok(()));
    assert_eq!(format!("{}.{}", token.signing_input(), base64url::encode(token.signature())), A2_TOKEN);
}

#[test]
fn the_rs256_example_is_made_again() {
    let key = PrivateKey::from_pkcs8(A2_KEY).unwrap();
    assert_eq!(*key.public(), a2_key());
    assert_eq!(sign(A2_HEADER, PAYLOAD.as_bytes(), &Rs256(key)).unwrap(), A2_TOKEN);
}

#[test]
fn the_es256_example_verifies() {
    let token = Compact::parse(A3_TOKEN, 8192).unwrap();
    assert_eq!(token.algorithm(), Algorithm::Es256);
    assert_eq!(token.payload(), PAYLOAD.as_bytes());
    assert_eq!(token.signature().len(), 64);
    assert_eq!(token.verify(&[Algorithm::Es256], VerifyingKey::Ec(&a3_key())), Ok(()));
    let input = signing_input(A3_HEADER, PAYLOAD.as_bytes());
    assert_eq!(assemble(input, token.signature()), A3_TOKEN);
}

#[test]
fn signing_in_two_steps_gives_the_same_token_without_growing_the_text() {
    let key = PrivateKey::from_pkcs8(A2_KEY).unwrap();
    let input = signing_input(A2_HEADER, PAYLOAD.as_bytes());
    let (place, room) = (input.as_ptr(), input.capacity());
    let signature = key.sign(Algorithm::Rs256, input.as_bytes()).unwrap();
    let token = assemble(input, &signature);
    assert_eq!(token, A2_TOKEN);
    assert_eq!((token.as_ptr(), token.capacity()), (place, room));
    assert_eq!(token.len(), room);
}

#[test]
fn each_example_is_refused_with_the_key_of_the_other() {
    let a1 = Compact::parse(A1_TOKEN, 8192).unwrap();
    let a2 = Compact::parse(A2_TOKEN, 8192).unwrap();
    let a3 = Compact::parse(A3_TOKEN, 8192).unwrap();
    let (rsa, curve) = (a2_key(), a3_key());
    let all = [Algorithm::Es256, Algorithm::Hs256, Algorithm::Rs256];
    assert_eq!(a3.verify(&all, VerifyingKey::Rsa(&rsa)), Err(JwsError::KeyMismatch(Algorithm::Es256)));
    assert_eq!(a3.verify(&all, VerifyingKey::Hmac(&a1_key())), Err(JwsError::KeyMismatch(Algorithm::Es256)));
    assert_eq!(a2.verify(&all, VerifyingKey::Ec(&curve)), Err(JwsError::KeyMismatch(Algorithm::Rs256)));
    assert_eq!(a1.verify(&all, VerifyingKey::Ec(&curve)), Err(JwsError::KeyMismatch(Algorithm::Hs256)));
    let both = [Algorithm::Hs256, Algorithm::Rs256];
    assert_eq!(
        a3.verify(&both, VerifyingKey::Ec(&curve)),
        Err(JwsError::AlgorithmNotAllowed(Algorithm::Es256))
    );
    assert_eq!(a1.verify(&both, VerifyingKey::Rsa(&a2_key())), Err(JwsError::KeyMismatch(Algorithm::Hs256)));
    assert_eq!(a2.verify(&both, VerifyingKey::Hmac(&a1_key())), Err(JwsError::KeyMismatch(Algorithm::Rs256)));
}
