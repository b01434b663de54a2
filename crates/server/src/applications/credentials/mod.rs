//! The credentials of an application: public keys and certificates that it proves itself with.
//!
//! Must never hold a private half, and never accept a key that `chancery_crypto` would not verify with.

pub mod api;
pub mod attached;
pub mod shape;
pub mod sql;

use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PublicKey;
use chancery_jose::{base64url, jwk};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::rules::Broken;
use crate::clock;
use crate::entropy::Entropy;
use crate::management::ApiError;
use crate::tenants::TenantId;
use crate::write::Write;

/// The most credentials of an application: one in use and one to change over to.
pub const MOST: usize = 2;

/// A credential.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// The id of its key, of which an application has each once.
    pub kid: Option<String>,
    /// Its key, as a DER `SubjectPublicKeyInfo`.
    pub public_key: Option<Vec<u8>>,
    /// The rest.
    pub facts: Facts,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// From when on it is no longer accepted.
    pub expires_at: Option<Timestamp>,
}

/// What a credential is, as its JSON column holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What people call it.
    pub name: String,
    /// What kind it is.
    pub credential_type: CredentialType,
    /// The algorithm of its signatures.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alg: Option<String>,
    /// The subject that a certificate has to name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject_dn: Option<String>,
    /// The SHA-256 of the certificate, base64url.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thumbprint_sha256: Option<String>,
    /// The certificate, DER in base64.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<String>,
}

/// What a credential is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialType {
    /// An RSA public key, for assertions and signed requests.
    PublicKey,
    /// The subject of a certificate from a known authority, for mutual TLS.
    CertSubjectDn,
    /// One certificate, for mutual TLS.
    X509Cert,
}

impl CredentialType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::PublicKey => "public_key",
            Self::CertSubjectDn => "cert_subject_dn",
            Self::X509Cert => "x509_cert",
        }
    }

    fn named(name: &str) -> Self {
        let all = [Self::PublicKey, Self::CertSubjectDn, Self::X509Cert];
        all.into_iter().find(|one| one.name() == name).unwrap_or(Self::PublicKey)
    }
}

impl Credential {
    /// Makes a credential out of members that fit the shape.
    pub fn new(members: &Map<String, Value>, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, Broken> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let credential_type = CredentialType::named(text("credential_type").unwrap_or_default());
        let mut credential = Self {
            id: format!("cred_{}", entropy.alphanumeric(22)),
            kid: None,
            public_key: None,
            facts: Facts {
                name: text("name").unwrap_or_default().to_owned(),
                credential_type,
                alg: None,
                subject_dn: None,
                thumbprint_sha256: None,
                certificate: None,
            },
            created_at: now,
            updated_at: now,
            expires_at: expiry(members, now)?,
        };
        match (credential_type, text("pem"), text("subject_dn")) {
            (CredentialType::PublicKey, Some(pem), _) => {
                let key = PublicKey::from_pem(pem).map_err(|error| Broken::new("pem", error.to_string()))?;
                credential.kid =
                    Some(text("kid").map_or_else(|| jwk::thumbprint(&key.clone().into()), str::to_owned));
                credential.public_key = Some(key.to_spki_der());
                credential.facts.alg = Some(text("alg").unwrap_or("RS256").to_owned());
            }
            (CredentialType::X509Cert, Some(pem), _) => {
                let certificate = certificate(pem)?;
                credential.facts.thumbprint_sha256 = Some(base64url::encode(&certificate.sha256()));
                credential.facts.certificate = Some(certificate.base64_der());
            }
            (CredentialType::CertSubjectDn, Some(_), Some(_)) => {
                return Err(Broken::new("subject_dn", "Give subject_dn or pem, not both"));
            }
            (CredentialType::CertSubjectDn, None, Some(subject)) => {
                credential.facts.subject_dn = Some(subject.to_owned());
            }
            (CredentialType::CertSubjectDn, Some(pem), None) => {
                credential.facts.subject_dn = Some(certificate(pem)?.subject_dn());
            }
            (CredentialType::CertSubjectDn, None, None) => {
                return Err(Broken::new("subject_dn", "Missing required property: subject_dn or pem"));
            }
            (CredentialType::PublicKey | CredentialType::X509Cert, None, _) => {
                return Err(Broken::new("pem", "Missing required property: pem"));
            }
        }
        Ok(credential)
    }

    /// The credential as answers show it.
    pub fn view(&self) -> Map<String, Value> {
        let Self { id, kid, public_key: _, facts, created_at, updated_at, expires_at } = self;
        let Facts { name, credential_type, alg, subject_dn, thumbprint_sha256, certificate: _ } = facts;
        let mut shown = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                shown.insert(name.to_owned(), value);
            }
        };
        put("id", Some(json!(id)));
        put("name", Some(name).filter(|name| !name.is_empty()).map(|name| json!(name)));
        put("kid", kid.as_deref().map(Value::from));
        put("alg", alg.as_deref().map(Value::from));
        put("credential_type", Some(credential_type.name().into()));
        put("subject_dn", subject_dn.as_deref().map(Value::from));
        put("thumbprint_sha256", thumbprint_sha256.as_deref().map(Value::from));
        put("created_at", Some(clock::wire(*created_at).into()));
        put("updated_at", Some(clock::wire(*updated_at).into()));
        put("expires_at", expires_at.map(|at| clock::wire(at).into()));
        shown
    }
}

/// Reads `expires_at`, which has to lie in the future.
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Broken> {
    let at = text.parse::<Timestamp>().map_err(|_| Broken::new("expires_at", "Not a time in ISO 8601"))?;
    if at <= now {
        return Err(Broken::new("expires_at", "The time must lie in the future"));
    }
    Ok(clock::truncate(at))
}

/// When a new credential expires: the earlier of what was said and what its certificate says, if that counts.
/// It always counts for a credential that is a certificate.
fn expiry(members: &Map<String, Value>, now: Timestamp) -> Result<Option<Timestamp>, Broken> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let said = text("expires_at").map(|text| moment(text, now)).transpose()?;
    let asked = members.get("parse_expiry_from_cert") == Some(&Value::Bool(true));
    if !asked && text("credential_type") != Some(CredentialType::X509Cert.name()) {
        return Ok(said);
    }
    let certificate = match Certificate::from_pem(text("pem").unwrap_or_default()) {
        Ok(certificate) => certificate,
        Err(_) if asked => {
            let reason = "The pem is no certificate, so it names no expiry";
            return Err(Broken::new("parse_expiry_from_cert", reason));
        }
        // What is wrong with the pem is said where it is read.
        Err(_) => return Ok(said),
    };
    let end = certificate.not_after();
    if end <= now {
        return Err(Broken::new("pem", "The certificate has expired"));
    }
    Ok(Some(said.map_or(end, |said| said.min(end))))
}

fn certificate(pem: &str) -> Result<Certificate, Broken> {
    Certificate::from_pem(pem).map_err(|error| Broken::new("pem", error.to_string()))
}

/// Writes a new credential of an application.
pub async fn insert(
    write: &mut Write,
    tenant: &TenantId,
    client_id: &str,
    credential: &Credential,
) -> Result<(), ApiError> {
    sql::insert(write.tx(), (tenant, client_id), credential).await.map_err(|error| {
        if error.is_unique() {
            let kid = credential.kid.as_deref().unwrap_or_default();
            let message = format!("The application has a credential with the kid {kid} already.");
            ApiError::Conflict { code: None, message }
        } else {
            error.into()
        }
    })
}
