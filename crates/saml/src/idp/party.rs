//! An application as SAML sees it: its callbacks and the fields of its add-on.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::PublicKey;
use chancery_xmldsig::tree::{Tree, XmlError};
use chancery_xmldsig::verify::{self, Sha1, Trust, VerifyError};

use super::claims::{self, Mapping};
use crate::binding::Received;
use crate::name_id::UNSPECIFIED;

/// An application that speaks SAML.
#[derive(Debug, Clone)]
pub struct Party {
    /// Where answers may go; the first where a request does not say.
    pub callbacks: Vec<String>,
    /// Whom assertions are for; without it whoever asked.
    pub audience: Option<String>,
    /// What assertions call their receiver; without it the address of the answer.
    pub recipient: Option<String>,
    /// What responses call their destination; without it the address of the answer.
    pub destination: Option<String>,
    /// What issues; without it the name of the tenant.
    pub issuer: Option<String>,
    /// From the profile to attributes.
    pub mapping: Mapping,
    /// Seconds that an assertion lives.
    pub lifetime: i64,
    /// Whether the response is signed instead of the assertion.
    pub sign_response: bool,
    /// The format of names.
    pub name_id_format: String,
    /// The attributes that a name is taken from, the first that has a value.
    pub name_id_probes: Vec<String>,
    /// How the user signed in, as answers say it.
    pub authn_context: String,
    /// Whether values say their type.
    pub typed_attributes: bool,
    /// Whether attributes say the format of their name.
    pub attribute_name_formats: bool,
    /// What ends its sessions.
    pub logout: Logout,
    /// Whose signature requests must have; none takes them unsigned.
    pub requests: Option<SignatureTrust>,
    /// For whom assertions are encrypted.
    pub encryption: Option<Encryption>,
}

/// What the add-on says where it is silent.
impl Default for Party {
    fn default() -> Self {
        Self {
            callbacks: Vec::new(),
            audience: None,
            recipient: None,
            destination: None,
            issuer: None,
            mapping: Mapping::default(),
            lifetime: 3600,
            sign_response: false,
            name_id_format: UNSPECIFIED.to_owned(),
            name_id_probes: claims::PROBES.map(claims::claim).to_vec(),
            authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified".to_owned(),
            typed_attributes: true,
            attribute_name_formats: true,
            logout: Logout::default(),
            requests: None,
            encryption: None,
        }
    }
}

/// How an application is told of logouts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logout {
    /// Where it is told, and answered.
    pub callback: Option<String>,
    /// Whether it takes part in single logout.
    pub enabled: bool,
    /// Whether it is told by form; otherwise by redirection.
    pub by_form: bool,
}

/// Whose signature counts.
#[derive(Debug, Clone)]
pub struct SignatureTrust {
    /// The keys: several during a rollover.
    pub keys: Vec<PublicKey>,
    /// What SHA-1 may be used for.
    pub sha1: Sha1,
}

/// Why a message does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It has to be signed and is not.
    #[error("the message is not signed")]
    Unsigned,
    /// Its signature does not count.
    #[error("Signature check errors: {0}")]
    Signature(String),
}

impl SignatureTrust {
    /// The octets of a message that one of the keys has signed; none where the signature stands beside the message and covers
    /// all of it.
    pub fn signed_octets(&self, received: &Received) -> Result<Option<String>, TrustError> {
        let keys = self.keys.as_slice();
        if let Some(detached) = &received.detached {
            let verified = detached.verify(keys, self.sha1);
            return verified.map(|_| None).map_err(|error| TrustError::Signature(error.to_string()));
        }
        let tree = Tree::parse(&received.xml)?;
        match verify::enveloped(&tree, tree.root(), "ID", Trust { keys, sha1: self.sha1 }) {
            Ok(Some(verified)) => Ok(Some(verified.octets)),
            Ok(None) => Err(TrustError::Unsigned),
            Err(VerifyError::Xml(error)) => Err(error.into()),
            Err(error) => Err(TrustError::Signature(error.to_string())),
        }
    }
}

/// For whom assertions are encrypted, and how.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// The certificate of the partner.
    pub certificate: Certificate,
    /// The cipher of the content.
    pub cipher: Cipher,
}
