//! What services publish.

use chancery_crypto::algorithm::Algorithm;
use chancery_saml::sp::idp_metadata::MetadataError;
use chancery_xmldsig::sign::Unsigned;

use super::{NOW, STS, certificate, key, now};
use crate::metadata::{INCLUSIVE, Metadata};
use crate::rp::metadata::{StsMetadata, StsMetadataError};

const LS: &str = "https://adfs.example/adfs/ls/";

/// As AD FS writes it: beside other roles, with its own prefixes.
fn federation(attributes: &str, keys: &str, endpoint: &str) -> String {
    format!(
        r#"<EntityDescriptor ID="_1" entityID="{STS}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{attributes}><RoleDescriptor xsi:type="f:ApplicationServiceType" protocolSupportEnumeration="x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:f="http://docs.oasis-open.org/wsfed/federation/200706"><f:PassiveRequestorEndpoint><EndpointReference xmlns="http://www.w3.org/2005/08/addressing"><Address>https://other.example/</Address></EndpointReference></f:PassiveRequestorEndpoint></RoleDescriptor><RoleDescriptor xsi:type="f:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:f="http://docs.oasis-open.org/wsfed/federation/200706">{keys}{endpoint}</RoleDescriptor><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>"#
    )
}

fn described(purpose: &str, number: usize) -> String {
    format!(
        r#"<KeyDescriptor use="{purpose}"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"#,
        certificate(number).base64_der()
    )
}

fn keys() -> String {
    [described("encryption", 2), described("signing", 0), described("signing", 1)].concat()
}

fn place(address: &str) -> String {
    format!(
        r#"<f:PassiveRequestorEndpoint><EndpointReference xmlns="http://www.w3.org/2005/08/addressing"><Address>{address}</Address></EndpointReference></f:PassiveRequestorEndpoint>"#
    )
}

fn read(xml: &str) -> Result<StsMetadata, StsMetadataError> {
    StsMetadata::read(xml, now())
}

#[test]
fn metadata_tells_the_address_and_every_certificate_that_signs() {
    let sts = StsMetadata {
        entity_id: STS.to_owned(),
        endpoint: LS.to_owned(),
        certificates: vec![certificate(0), certificate(1)],
        valid_until: None,
    };
    assert_eq!(read(&federation("", &keys(), &place(LS))), Ok(sts.clone()));
    let until = federation(" validUntil=\"2026-12-01T00:00:00Z\"", &keys(), &place(LS));
    let until = read(&until);
    assert_eq!(until, Ok(StsMetadata { valid_until: "2026-12-01T00:00:00Z".parse().ok(), ..sts.clone() }));
    // Our own says the same.
    let own = Metadata {
        id: "_1",
        entity_id: STS,
        certificates: &[&certificate(0), &certificate(1)],
        endpoint: LS,
    };
    let unsigned = Unsigned::new(own.write(), "_1", INCLUSIVE, Algorithm::Rs256).unwrap();
    let signature = key(0).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    assert_eq!(read(&unsigned.finish(&signature, &certificate(0))), Ok(sts));
}

#[test]
fn metadata_that_is_over_or_lacks_what_is_needed_is_refused() {
    let shared = |error: MetadataError| Err(StsMetadataError::Shared(error));
    let over = federation(&format!(" validUntil=\"{NOW}\""), &keys(), &place(LS));
    assert_eq!(read(&over), shared(MetadataError::Expired(now())));
    let keyless = federation("", &described("encryption", 0), &place(LS));
    assert_eq!(read(&keyless), shared(MetadataError::NoCertificate));
    for address in ["", "javascript:alert(1)", "ftp://x.example/"] {
        assert_eq!(read(&federation("", &keys(), &place(address))), Err(StsMetadataError::NoEndpoint));
    }
    assert_eq!(read(&federation("", &keys(), "")), Err(StsMetadataError::NoEndpoint));
    let good = federation("", &keys(), &place(LS));
    for wrong in [
        "<x/>".to_owned(),
        good.replace("SecurityTokenServiceType", "AttributeServiceType"),
        // The name of the type with the prefix of something else.
        good.replace("xmlns:f=\"http://docs.oasis-open.org/wsfed/federation/200706\"", "xmlns:f=\"urn:x\""),
    ] {
        assert_eq!(read(&wrong), Err(StsMetadataError::Kind(0)), "{wrong}");
    }
    let twice = good.replace("ApplicationServiceType", "SecurityTokenServiceType");
    assert_eq!(read(&twice), Err(StsMetadataError::Kind(2)));
    let bomb = format!("<!DOCTYPE x [<!ENTITY e \"e\">]>{good}");
    assert!(matches!(read(&bomb), Err(StsMetadataError::Shared(MetadataError::Xml(_)))));
}
