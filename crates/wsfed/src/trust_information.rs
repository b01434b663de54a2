//! What a federation server of the first AD FS is asked for: which certificates to trust, and where browsers are sent.
//!
//! No specification describes the service. The names are those that partners of that time read, as the library `wsfed`
//! of Auth0 writes them. Must never depend on what is asked: it tells everybody the same, and nothing but public facts.

use chancery_crypto::base64;
use chancery_crypto::certificate::{Certificate, CertificateError};
use chancery_crypto::pkcs7;
use chancery_xmldsig::write::Writer;

const SERVICE: &str = "http://schemas.microsoft.com/ActiveDirectory/FederationService/2005/07/";
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const WSDL_SOAP: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
/// The first version of the service, which is the same everywhere.
const VERSION: &str = "26886a27-50ad-9695-3511-8d24a1a3a23b";

/// The answer to `GetFsTrustInformation`: the SHA-1 thumbprint of each certificate, all of them in a PKCS#7 store, and the
/// endpoint of sign-in, which stands for the realm as well.
///
/// # Errors
/// The certificates cannot be put together.
pub fn answer(certificates: &[&Certificate], endpoint: &str) -> Result<String, CertificateError> {
    let store = base64::encode(pkcs7::certs_only(certificates)?);
    let mut out = Writer::new();
    out.open("s:Envelope", &[("xmlns:s", SOAP)])
        .open("s:Body", &[])
        .open("GetFsTrustInformationResponse", &[("xmlns", SERVICE)])
        .leaf("GetFsTrustInformationResult", &[], "true")
        .open("fsVersion", &[])
        .leaf("SoftwareVersion", &[], "1")
        .leaf("Guid", &[], VERSION)
        .leaf("Version", &[], "1")
        .close("fsVersion")
        .open("trustInfo", &[])
        .open("verificationMethod", &[])
        .open("TrustedCertificates", &[]);
    for certificate in certificates {
        out.open("CertInfo", &[]).leaf("X509Thumbprint", &[], &certificate.thumbprint()).close("CertInfo");
    }
    out.close("TrustedCertificates")
        .leaf("RevocationCheckFlags", &[], "None")
        .close("verificationMethod")
        .open("certificates", &[])
        .leaf("SerializedStore", &[], &store)
        .close("certificates")
        .leaf("hostedRealmUri", &[], endpoint)
        .leaf("lsUrl", &[], endpoint)
        .close("trustInfo")
        .close("GetFsTrustInformationResponse")
        .close("s:Body")
        .close("s:Envelope");
    Ok(out.finish())
}

/// The description of the service (WSDL 1.1): where it is.
pub fn description(location: &str) -> String {
    let mut out = Writer::new();
    out.open(
        "wsdl:definitions",
        &[
            ("xmlns:soap", WSDL_SOAP),
            ("xmlns:tns", SERVICE),
            ("xmlns:wsdl", WSDL),
            ("name", "ADFS1TrustInformationService"),
            ("targetNamespace", SERVICE),
        ],
    )
    .empty("wsdl:portType", &[("name", "ITrustInformationContract")])
    .open(
        "wsdl:binding",
        &[("name", "BasicHttpBinding_ITrustInformationContract"), ("type", "tns:ITrustInformationContract")],
    )
    .empty("soap:binding", &[("transport", "http://schemas.xmlsoap.org/soap/http")])
    .close("wsdl:binding")
    .open("wsdl:service", &[("name", "ADFS1TrustInformationService")])
    .open(
        "wsdl:port",
        &[
            ("binding", "tns:BasicHttpBinding_ITrustInformationContract"),
            ("name", "BasicHttpBinding_ITrustInformationContract"),
        ],
    )
    .empty("soap:address", &[("location", location)])
    .close("wsdl:port")
    .close("wsdl:service")
    .close("wsdl:definitions");
    out.finish()
}
