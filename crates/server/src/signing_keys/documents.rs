//! The documents of a tenant as ready bytes: JWKS, discovery, certificate downloads, the list of its keys.
//!
//! Made once for each state of the ring and served from memory. Must never hold anything that is not public.

use bytes::Bytes;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::{digest, pkcs7};
use chancery_jose::base64url;
use chancery_jose::jwk::{JwkSet, RsaJwk};
use chancery_keyring::KeyRing;
use chancery_oauth::discovery::{Discovery, Offers};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};

use super::view;
use crate::http::observe;

/// A document with its headers, complete: an answer copies them and looks nothing up.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The bytes.
    pub body: Bytes,
    /// The strong validator (RFC 9110 section 8.8.3): a digest of the bytes.
    pub etag: HeaderValue,
    /// The headers of the answer that brings the bytes.
    pub headers: HeaderMap,
    /// The headers of the answer to somebody who has them.
    pub unchanged: HeaderMap,
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
    /// What `GET /api/v2/keys/signing` answers.
    pub keys: Bytes,
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

/// The media type of documents in JSON.
pub const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Whether the documents of a tenant with these settings name RS256 with each key.
pub fn names_algorithm(settings: &Map<String, Value>) -> bool {
    settings.get("flags").and_then(|flags| flags.get("remove_alg_from_jwks")) != Some(&Value::Bool(true))
}

impl Documents {
    /// Makes the documents of `ring` at `base`, the tenant's origin. `with_alg` names RS256 in the JWKS.
    pub fn of(
        ring: &KeyRing,
        (name, base): (&str, &str),
        (with_alg, offers): (bool, Offers),
        caching: &HeaderValue,
    ) -> Result<Self, DocumentError> {
        let alg = with_alg.then_some(Algorithm::Rs256);
        let keys = ring
            .published()
            .map(|key| RsaJwk::of_certificate(key.kid.as_str(), &key.certificate, &key.key, alg))
            .collect();
        Ok(Self {
            jwks: ready(serde_json::to_vec(&JwkSet { keys })?, (JSON, None), caching)?,
            discovery: ready(serde_json::to_vec(&Discovery::of(base, offers))?, (JSON, None), caching)?,
            certificate: CertificateDocuments::of(&ring.current().public().certificate, name, caching)?,
            keys: serde_json::to_vec(&view::of_ring(ring))?.into(),
        })
    }
}

impl CertificateDocuments {
    /// Makes the five forms; `name` is the file name without its ending.
    pub fn of(certificate: &Certificate, name: &str, caching: &HeaderValue) -> Result<Self, DocumentError> {
        let pkcs7 = pkcs7::certs_only(&[certificate]).map_err(|error| DocumentError(error.to_string()))?;
        let file = |bytes: Vec<u8>, content_type: &'static str, ending: &str| {
            let disposition = format!("attachment; filename=\"{name}.{ending}\"");
            ready(bytes, (content_type, Some(&disposition)), caching)
        };
        let text = |text: String| ready(text.into_bytes(), (TEXT, None), caching);
        let pem = format!("{}\r\n", certificate.to_pem());
        Ok(Self {
            pem: file(pem.into_bytes(), "application/x-pem-file", "pem")?,
            cer: file(certificate.der().to_vec(), "application/pkix-cert", "cer")?,
            rawpem: text(certificate.base64_der())?,
            pb7: file(pkcs7, "application/x-pkcs7-certificates", "p7b")?,
            fingerprint: text(certificate.fingerprint())?,
        })
    }
}

/// A document with its headers.
pub fn ready(
    body: Vec<u8>,
    (content_type, disposition): (&'static str, Option<&str>),
    caching: &HeaderValue,
) -> Result<Ready, DocumentError> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|error| DocumentError(error.to_string()));
    let etag = value(&format!("\"{}\"", base64url::encode(&digest::sha256(&body)[..16])))?;
    let mut unchanged = HeaderMap::new();
    unchanged.insert(header::ETAG, etag.clone());
    unchanged.insert(header::CACHE_CONTROL, caching.clone());
    unchanged.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let mut headers = unchanged.clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    if let Some(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, value(disposition)?);
    }
    observe::prepare(&mut unchanged);
    observe::prepare(&mut headers);
    Ok(Ready { body: body.into(), etag, headers, unchanged })
}
