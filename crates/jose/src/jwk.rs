//! Public keys as JSON (RFC 7517, RFC 7518 sections 6.2.1 and 6.3.1), in the shape Auth0 publishes them.
//!
//! Only public keys can be expressed: there is no type here for a private or symmetric key, so none can ever be
//! published by mistake.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::key::PublicKey;
use chancery_crypto::{digest, ecdsa, rsa};
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

/// A public signing key on an elliptic curve. The members that every key has stand as in [`RsaJwk`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EcJwk {
    kty: &'static str,
    #[serde(rename = "use")]
    public_key_use: &'static str,
    crv: &'static str,
    x: String,
    y: String,
    kid: String,
    x5t: String,
    x5c: [String; 1],
    alg: &'static str,
}

/// A public signing key of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Jwk {
    /// An RSA key.
    Rsa(RsaJwk),
    /// A key on an elliptic curve.
    Ec(EcJwk),
}

/// A key set document (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet<K = RsaJwk> {
    /// The keys, in the order in which they are published.
    pub keys: Vec<K>,
}

impl RsaJwk {
    /// The key of a certificate. `public` is the key inside it, which the caller has parsed already; `alg` is left
    /// out of the document when it is `None`.
    pub fn of_certificate(
        kid: &str,
        certificate: &Certificate,
        public: &rsa::PublicKey,
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

impl EcJwk {
    /// The key of a certificate. `public` is the key inside it, which the caller has parsed already.
    pub fn of_certificate(kid: &str, certificate: &Certificate, public: &ecdsa::PublicKey) -> Self {
        Self {
            kty: "EC",
            public_key_use: "sig",
            crv: public.curve().name(),
            x: base64url::encode(public.x()),
            y: base64url::encode(public.y()),
            kid: kid.to_owned(),
            x5t: base64url::encode(&certificate.sha1()),
            x5c: [certificate.base64_der()],
            alg: public.algorithm().name(),
        }
    }
}

impl Jwk {
    /// The key of a certificate. `public` is the key inside it, which the caller has parsed already; `alg` is what an
    /// RSA key signs with, if that is fixed.
    pub fn of_certificate(
        kid: &str,
        certificate: &Certificate,
        public: &PublicKey,
        alg: Option<Algorithm>,
    ) -> Self {
        match public {
            PublicKey::Rsa(public) => Self::Rsa(RsaJwk::of_certificate(kid, certificate, public, alg)),
            PublicKey::Ec(public) => Self::Ec(EcJwk::of_certificate(kid, certificate, public)),
        }
    }
}

/// The SHA-256 thumbprint of a key (RFC 7638 section 3), as base64url.
pub fn thumbprint(public: &PublicKey) -> String {
    // The members in lexicographic order, without white space; base64url needs no escaping.
    let canonical = match public {
        PublicKey::Rsa(public) => format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            base64url::encode(public.exponent()),
            base64url::encode(public.modulus())
        ),
        PublicKey::Ec(public) => format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            public.curve(),
            base64url::encode(public.x()),
            base64url::encode(public.y())
        ),
    };
    base64url::encode(&digest::sha256(canonical.as_bytes()))
}
