//! What we sign with towards identity providers, and what opens what they encrypt: the tenant's connection keys, or those
//! that a connection brings along (`signing_key`, `decryptionKey`).
//!
//! Must never use an application signing key.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PrivateKey;
use chancery_xmldsig::sign::{Halves, Unsigned};
use serde_json::{Map, Value};

use crate::connection_keys;
use crate::connections::identity_provider;
use crate::federation::Failed;
use crate::login::visit::Visit;

/// The algorithm of our signatures.
const SIGNED_WITH: Algorithm = Algorithm::Rs256;

/// Our keys.
pub(in crate::federation) struct OwnKeys {
    signing: PrivateKey,
    /// The certificates of the keys that sign, the current first.
    pub(in crate::federation) signing_certificates: Vec<Certificate>,
    /// The keys that may open an assertion, the current first.
    pub(in crate::federation) decryptors: Vec<PrivateKey>,
    /// The certificates that assertions may be encrypted for, the current first.
    pub(in crate::federation) encryption_certificates: Vec<Certificate>,
}

impl OwnKeys {
    /// The keys of a connection with these options.
    pub(in crate::federation) async fn of(
        visit: &Visit,
        options: &Map<String, Value>,
    ) -> Result<Self, Failed> {
        let ring = connection_keys::of(&visit.app, &visit.tenant).await;
        let ring = ring.map_err(|error| Failed::Internal(error.to_string()))?;
        let certificates: Vec<Certificate> = ring.certificates().into_iter().cloned().collect();
        let mut own = Self {
            signing: ring.signing().0.clone(),
            signing_certificates: certificates.clone(),
            decryptors: ring.decryption_keys().cloned().collect(),
            encryption_certificates: certificates,
        };
        if let Some((key, certificate)) = brought(options, "signing_key")? {
            own.signing = key;
            own.signing_certificates = certificate.into_iter().collect();
        }
        if let Some((key, certificate)) = brought(options, "decryptionKey")? {
            // What was encrypted before it was set still opens.
            own.decryptors.insert(0, key);
            own.encryption_certificates = certificate.into_iter().collect();
        }
        Ok(own)
    }

    /// The signature of a text.
    pub(in crate::federation) async fn signature(&self, text: String) -> Result<Vec<u8>, Failed> {
        let key = self.signing.clone();
        // A signature takes too long for a thread that answers requests.
        let signed = tokio::task::spawn_blocking(move || key.sign(SIGNED_WITH, text.as_bytes()));
        let signed = signed.await.map_err(|error| Failed::Internal(error.to_string()))?;
        signed.map_err(|error| Failed::Internal(error.to_string()))
    }

    /// A message with its signature inside.
    pub(in crate::federation) async fn enveloped(&self, halves: Halves, id: &str) -> Result<String, Failed> {
        let certificate = self.signing_certificates.first().ok_or_else(|| {
            Failed::Settings("the signing_key of the connection has no cert, which a form carries".to_owned())
        })?;
        let unsigned = Unsigned::new(halves, id, "", SIGNED_WITH);
        let unsigned = unsigned.map_err(|error| Failed::Internal(error.to_string()))?;
        let signature = self.signature(unsigned.message().to_owned()).await?;
        Ok(unsigned.finish(&signature, certificate))
    }
}

/// A key that the options bring along.
fn brought(
    options: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<(PrivateKey, Option<Certificate>)>, Failed> {
    let own = options.get(name).filter(|own| !own.is_null());
    let read = own.map(identity_provider::private).transpose();
    read.map_err(|why| Failed::Settings(format!("the {name} of the connection: {why}")))
}
