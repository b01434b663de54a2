//! Public keys as JSON (RFC 7517, RFC 7518 section 6.3.1), in the shape Auth0 publishes them.
//!
//! Only public RSA keys can be expressed: there is no type here for a private or symmetric key, so none can ever be
//! published by mistake.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::digest;
use chancery_crypto::rsa::PublicKey;
use serde::Serialize;

use crate::base64url;

/// A public RSA signing key. The order of the members is Auth0's and is part of the wire format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RsaJwk {
    kty: &'static str,
    #[serde(rename = "use")]
    public_key_use: &'static str,
    n: String,
    e: String,
    kid: String,
    x5t: String,
    x5c: [String; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<&'static str>,
}

/// A key set document (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys, in the order in which they are published.
    pub keys: Vec<RsaJwk>,
}

impl RsaJwk {
    /// The key of a certificate. `public` is the key inside it, which the caller has parsed already; `alg` is left
    /// out of the document when it is `None`.
    pub fn of_certificate(
        kid: &str,
        certificate: &Certificate,
        public: &PublicKey,
        alg: Option<Algorithm>,
    ) -> Self {
        Self {
            kty: "RSA",
            public_key_use: "sig",
            n: base64url::encode(public.modulus()),
            e: base64url::encode(public.exponent()),
            kid: kid.to_owned(),
            x5t: base64url::encode(&certificate.sha1()),
            x5c: [certificate.base64_der()],
            alg: alg.map(Algorithm::name),
        }
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638 section 3), as base64url.
pub fn thumbprint(public: &PublicKey) -> String {
    // The members in lexicographic order, without white space; base64url needs no escaping.
    let canonical = format!(
        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
        base64url::encode(public.exponent()),
        base64url::encode(public.modulus())
    );
    base64url::encode(&digest::sha256(canonical.as_bytes()))
}
