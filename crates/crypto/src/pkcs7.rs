//! Certificates wrapped as PKCS#7, the "certs-only" form of CMS SignedData (RFC 5652 section 5.1), which some tools
//! import instead of PEM.
//!
//! The certificates are embedded byte for byte. Nothing is signed here, and nothing must ever be.

use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode, Sequence};

use crate::certificate::{Certificate, CertificateError};
use crate::pem::{self, LineEnd};

/// `id-data`, 1.2.840.113549.1.7.1.
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// `id-signedData`, 1.2.840.113549.1.7.2.
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// `ContentInfo` (RFC 5652 section 3).
#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData,
}

/// `SignedData` without signers: the sets that name signers and digests are empty, revocations are left out.
#[derive(Sequence)]
struct SignedData {
    version: u8,
    digest_algorithms: SetOfVec<Any>,
    content: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    certificates: SetOfVec<Any>,
    signers: SetOfVec<Any>,
}

/// `EncapsulatedContentInfo` without content.
#[derive(Sequence)]
struct EncapsulatedContentInfo {
    content_type: ObjectIdentifier,
}

/// Wraps certificates; one given twice is written once, because they form a set.
///
/// # Errors
///
/// [`CertificateError::Encoding`] when the whole would exceed what DER lengths express.
pub fn certs_only(certificates: &[&Certificate]) -> Result<Vec<u8>, CertificateError> {
    let mut set = Vec::with_capacity(certificates.len());
    for certificate in certificates {
        let any = Any::from_der(certificate.der()).map_err(encoding)?;
        if !set.contains(&any) {
            set.push(any);
        }
    }
    let content = SignedData {
        version: 1,
        digest_algorithms: SetOfVec::new(),
        content: EncapsulatedContentInfo { content_type: ID_DATA },
        certificates: SetOfVec::try_from(set).map_err(encoding)?,
        signers: SetOfVec::new(),
    };
    ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der().map_err(encoding)
}

/// PEM as Auth0 answers it: label `PKCS7`, CRLF line ends, also after the `END` line.
pub fn to_pem(der: &[u8]) -> String {
    let mut text = pem::encode("PKCS7", der, LineEnd::CrLf);
    text.push_str(LineEnd::CrLf.as_str());
    text
}

fn encoding(error: der::Error) -> CertificateError {
    CertificateError::Encoding(error.to_string())
}
