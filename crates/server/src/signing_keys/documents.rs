//! The public documents of a tenant as ready bytes: JWKS, discovery, certificate downloads.
//!
//! Made once for each state of the ring and served from memory. Must never hold anything that is not public.

use bytes::Bytes;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::{digest, pkcs7};
use chancery_jose::base64url;
use chancery_jose::jwk::{JwkSet, RsaJwk};
use chancery_keyring::KeyRing;
use chancery_oauth::discovery::Discovery;
use http::HeaderValue;

/// A document with the headers that depend on its bytes.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The bytes.
    pub body: Bytes,
    /// The strong validator (RFC 9110 section 8.8.3): a digest of the bytes.
    pub etag: HeaderValue,
    /// How many bytes there are.
    pub length: HeaderValue,
    /// What it is.
    pub content_type: HeaderValue,
    /// The file name that a browser is to save it under.
    pub disposition: Option<HeaderValue>,
}

/// The documents of a ring.
#[derive(Debug)]
pub struct Documents {
    /// `/.well-known/jwks.json`
    pub jwks: Ready,
    /// `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`
    pub discovery: Ready,
    /// The downloads of the current key's certificate.
    pub certificate: CertificateDocuments,
}

/// One certificate in its five forms.
#[derive(Debug)]
pub struct CertificateDocuments {
    /// PEM.
    pub pem: Ready,
    /// DER.
    pub cer: Ready,
    /// The base64 of the DER, without armour.
    pub rawpem: Ready,
    /// Certs-only PKCS#7, DER.
    pub pb7: Ready,
    /// The SHA-1 fingerprint, as text.
    pub fingerprint: Ready,
}

/// The documents could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the public documents of the tenant cannot be made: {0}")]
pub struct DocumentError(String);

impl From<serde_json::Error> for DocumentError {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl Documents {
    /// Makes the documents of `ring` at `base`, the tenant's origin. `with_alg` names RS256 in the JWKS.
    pub fn of(ring: &KeyRing, name: &str, base: &str, with_alg: bool) -> Result<Self, DocumentError> {
        let alg = with_alg.then_some(Algorithm::Rs256);
        let keys = ring
            .published()
            .map(|key| RsaJwk::of_certificate(key.kid.as_str(), &key.certificate, &key.key, alg))
            .collect();
        Ok(Self {
            jwks: ready(serde_json::to_vec(&JwkSet { keys })?, "application/json; charset=utf-8", None)?,
            discovery: ready(
                serde_json::to_vec(&Discovery::of(base))?,
                "application/json; charset=utf-8",
                None,
            )?,
            certificate: CertificateDocuments::of(&ring.current().public().certificate, name)?,
        })
    }
}

impl CertificateDocuments {
    /// Makes the five forms; `name` is the file name without its ending.
    pub fn of(certificate: &Certificate, name: &str) -> Result<Self, DocumentError> {
        let pkcs7 = pkcs7::certs_only(&[certificate]).map_err(|error| DocumentError(error.to_string()))?;
        let file = |ending: &str| Some(format!("attachment; filename=\"{name}.{ending}\""));
        let pem = format!("{}\r\n", certificate.to_pem());
        Ok(Self {
            pem: ready(pem.into_bytes(), "application/x-pem-file", file("pem").as_deref())?,
            cer: ready(certificate.der().to_vec(), "application/pkix-cert", file("cer").as_deref())?,
            rawpem: ready(certificate.base64_der().into_bytes(), "text/plain; charset=utf-8", None)?,
            pb7: ready(pkcs7, "application/x-pkcs7-certificates", file("p7b").as_deref())?,
            fingerprint: ready(certificate.fingerprint().into_bytes(), "text/plain; charset=utf-8", None)?,
        })
    }
}

fn ready(
    body: Vec<u8>,
    content_type: &'static str,
    disposition: Option<&str>,
) -> Result<Ready, DocumentError> {
    let etag = format!("\"{}\"", base64url::encode(&digest::sha256(&body)[..16]));
    let header = |text: &str| HeaderValue::from_str(text).map_err(|error| DocumentError(error.to_string()));
    Ok(Ready {
        length: HeaderValue::from(body.len()),
        body: body.into(),
        etag: header(&etag)?,
        content_type: HeaderValue::from_static(content_type),
        disposition: disposition.map(header).transpose()?,
    })
}
