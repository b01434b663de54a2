//! What both sides publish, and requests that an administrator has written.

use chancery_crypto::certificate::Certificate;
use chancery_xmldsig::sign::Unsigned;

use super::{ACS, IDP, NOW, US, certificate, key, now};
use crate::TYPED;
use crate::sp::idp_metadata::{IdpMetadata, MetadataError, SignOut};
use crate::sp::metadata::SpMetadata;
use crate::sp::request::Request;
use crate::sp::template::{TemplateError, fill};
use chancery_crypto::algorithm::Algorithm;

/// A key as metadata has it.
fn described(purpose: &str, certificate: &Certificate) -> String {
    format!(
        r"<KeyDescriptor{purpose}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
{}
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>",
        certificate.base64_der()
    )
}

fn entity(attributes: &str, inside: &str) -> String {
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{IDP}"{attributes}><IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">{inside}</IDPSSODescriptor></EntityDescriptor>"#
    )
}

fn service(name: &str, binding: &str, to: &str) -> String {
    format!(r#"<{name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{to}"/>"#)
}

fn inside() -> String {
    [
        described(" use=\"signing\"", &certificate(0)),
        described("", &certificate(1)),
        described(" use=\"encryption\"", &certificate(2)),
        // A key that is there twice counts once.
        described(" use=\"signing\"", &certificate(0)),
        service("SingleLogoutService", "SOAP", "https://idp.example/soap"),
        service(
            "SingleLogoutService",
            "HTTP-POST",
            "https://idp.example/slo\" ResponseLocation=\"https://idp.example/done",
        ),
        service("SingleSignOnService", "HTTP-POST", "https://idp.example/post"),
        service("SingleSignOnService", "HTTP-Redirect", "https://idp.example/redirect"),
    ]
    .concat()
}

fn idp() -> IdpMetadata {
    IdpMetadata {
        entity_id: IDP.to_owned(),
        sign_in_redirect: Some("https://idp.example/redirect".to_owned()),
        sign_in_post: Some("https://idp.example/post".to_owned()),
        sign_out_redirect: None,
        sign_out_post: Some(SignOut {
            location: "https://idp.example/slo".to_owned(),
            responses: Some("https://idp.example/done".to_owned()),
        }),
        certificates: vec![certificate(0), certificate(1)],
        wants_signed_requests: true,
        valid_until: None,
    }
}

#[test]
fn metadata_tells_the_addresses_and_every_certificate_that_signs() {
    assert_eq!(IdpMetadata::read(&entity("", &inside()), now()), Ok(idp()));
    // In a group, beside somebody who is no identity provider.
    let sp = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:sp"><SPSSODescriptor/></EntityDescriptor>"#;
    let group = |inside: &str, attributes: &str| {
        format!(
            r#"<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"{attributes}>{sp}{inside}</EntitiesDescriptor>"#
        )
    };
    let one = entity(" validUntil=\"2027-01-01T00:00:00Z\"", &inside());
    let until = |text: &str| IdpMetadata { valid_until: Some(text.parse().unwrap()), ..idp() };
    assert_eq!(IdpMetadata::read(&group(&one, ""), now()), Ok(until("2027-01-01T00:00:00Z")));
    let sooner = group(&one, " validUntil=\"2026-12-01T00:00:00Z\"");
    assert_eq!(IdpMetadata::read(&sooner, now()), Ok(until("2026-12-01T00:00:00Z")));
    let two = group(&[one.as_str(), &one].concat(), "");
    assert_eq!(IdpMetadata::read(&two, now()), Err(MetadataError::Kind(2)));
}

#[test]
fn metadata_that_is_over_or_lacks_what_is_needed_is_refused() {
    let over: MetadataError = MetadataError::Expired(now());
    let read = |xml: &str| IdpMetadata::read(xml, now());
    assert_eq!(read(&entity(&format!(" validUntil=\"{NOW}\""), &inside())), Err(over));
    assert_eq!(read(&entity(" validUntil=\"soon\"", &inside())), Err(MetadataError::Moment));
    let place = service("SingleSignOnService", "HTTP-POST", "https://idp.example/post");
    assert_eq!(read(&entity("", &place)), Err(MetadataError::NoCertificate));
    let only_encryption = [described(" use=\"encryption\"", &certificate(0)), place].concat();
    assert_eq!(read(&entity("", &only_encryption)), Err(MetadataError::NoCertificate));
    let keyed = |place: &str| entity("", &[described("", &certificate(0)).as_str(), place].concat());
    for place in [
        String::new(),
        service("SingleSignOnService", "SOAP", "https://idp.example/soap"),
        service("SingleSignOnService", "HTTP-Redirect", "javascript:alert(1)"),
    ] {
        assert_eq!(read(&keyed(&place)), Err(MetadataError::NoEndpoint), "{place}");
    }
    let broken = entity("", &inside()).replace(&certificate(1).base64_der(), "AAAA");
    assert!(matches!(read(&broken), Err(MetadataError::Certificate(_))));
    for wrong in [
        "<x/>".to_owned(),
        entity("", &inside()).replace("IDPSSODescriptor", "SPSSODescriptor"),
        entity("", &inside()).replace(" urn:oasis:names:tc:SAML:2.0:protocol\"", "\""),
    ] {
        assert_eq!(read(&wrong), Err(MetadataError::Kind(0)), "{wrong}");
    }
    let bomb = format!("<!DOCTYPE x [<!ENTITY e \"e\">]>{}", entity("", &inside()));
    assert!(matches!(read(&bomb), Err(MetadataError::Xml(_))));
}

#[test]
fn our_metadata_lists_the_current_certificate_and_the_next_for_both_uses() {
    let (current, next) = (certificate(0), certificate(1));
    let both = [&current, &next];
    let written = SpMetadata {
        entity_id: US,
        signing: &both,
        encryption: &both,
        signed_requests: true,
        acs_url: ACS,
        logout: "https://us.example/logout",
    }
    .write();
    let key = |purpose: &str, certificate: &Certificate| {
        format!(
            r#"<md:KeyDescriptor use="{purpose}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#,
            certificate.base64_der()
        )
    };
    let keys: String =
        ["signing", "encryption"].iter().flat_map(|own| both.map(|one| key(own, one))).collect();
    let expected = format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{US}"><md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://us.example/logout"></md:SingleLogoutService><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://us.example/logout"></md:SingleLogoutService><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat><md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat><md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}" index="0" isDefault="true"></md:AssertionConsumerService></md:SPSSODescriptor></md:EntityDescriptor>"#
    );
    assert_eq!(written, expected);
}

fn request() -> Request<'static> {
    Request {
        id: "_asked",
        issued_at: now(),
        destination: "https://idp.example/sso?a=1&b=2",
        issuer: US,
        acs_url: ACS,
        force_authn: false,
    }
}

const TEMPLATE: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" @@AssertServiceURLAndDestination@@ ID="@@ID@@" IssueInstant="@@IssueInstant@@" ProtocolBinding="@@ProtocolBinding@@" ProviderName="@@ProviderName@@" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@@Issuer@@</saml:Issuer><saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>@@LoginHint@@</saml:NameID></saml:Subject></samlp:AuthnRequest>"#;

#[test]
fn a_template_is_filled_in_and_can_be_signed() {
    let named = |name: &str| match name {
        "LoginHint" => Some("ada</saml:NameID><evil/>\"&"),
        "ProviderName" => Some("us \"and\" them"),
        _ => None,
    };
    let halves = fill(TEMPLATE, &request(), named).unwrap();
    let expected = (
        format!(
            r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="{ACS}" Destination="https://idp.example/sso?a=1&amp;b=2" ID="_asked" IssueInstant="2026-11-26T18:00:00.000Z" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" ProviderName="us &quot;and&quot; them" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{US}</saml:Issuer>"#
        ),
        r#"<saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>ada&lt;/saml:NameID&gt;&lt;evil/&gt;"&amp;</saml:NameID></saml:Subject></samlp:AuthnRequest>"#.to_owned(),
    );
    assert_eq!((halves.head.clone(), halves.tail.clone()), expected);
    let unsigned = Unsigned::new(halves, "_asked", TYPED, Algorithm::Rs256).unwrap();
    let signature = key(0).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    let signed = unsigned.finish(&signature, &certificate(0));
    let trust = crate::idp::SignatureTrust {
        keys: vec![key(0).public().clone()],
        sha1: chancery_xmldsig::verify::Sha1::Refused,
    };
    let received = crate::binding::Received {
        direction: crate::binding::Direction::Request,
        xml: signed,
        relay_state: None,
        detached: None,
    };
    assert!(trust.signed_octets(&received).unwrap().unwrap().contains("ID=\"_asked\""));
}

#[test]
fn a_template_asks_for_a_login_whatever_it_says_itself_where_the_application_does() {
    let force = |template: &str, force_authn: bool| {
        let halves = fill(template, &Request { force_authn, ..request() }, |_| None).unwrap();
        [halves.head, halves.tail].concat()
    };
    let plain = force(TEMPLATE, false);
    assert!(!plain.contains("ForceAuthn"), "{plain}");
    let expected = plain.replace(" ID=", " ForceAuthn=\"true\" ID=");
    let says = |text: &str| TEMPLATE.replace(" Version=", &format!("\n{text} Version="));
    for template in [
        TEMPLATE.to_owned(),
        TEMPLATE.replacen(" xmlns:samlp", "\n\txmlns:samlp", 1),
        says("ForceAuthn=\"true\""),
        says("ForceAuthn = 'false'"),
        says("ForceAuthn=\"\""),
        format!("<?xml version=\"1.0\"?>\n<!-- <samlp:AuthnRequest> -->{TEMPLATE}"),
    ] {
        assert_eq!(force(&template, true), expected, "{template}");
    }
    // What a template says holds where the application leaves the choice open.
    assert_eq!(force(&says("ForceAuthn=\"true\""), false), expected);
    let qualified = says("samlp:ForceAuthn=\"false\"");
    assert!(force(&qualified, true).contains(" ForceAuthn=\"true\" ID="));
    assert!(matches!(
        fill("no xml", &Request { force_authn: true, ..request() }, |_| None),
        Err(TemplateError::Xml(_))
    ));
}

#[test]
fn a_template_that_gives_another_message_is_refused() {
    let filled = |template: &str| fill(template, &request(), |_| None);
    assert_eq!(filled(&TEMPLATE.replace("samlp:AuthnRequest", "samlp:Other")), Err(TemplateError::Kind));
    assert_eq!(filled(&TEMPLATE.replace("@@ID@@", "_always")), Err(TemplateError::Id));
    assert_eq!(filled(&TEMPLATE.replace("saml:Issuer", "saml:Other")), Err(TemplateError::Issuer));
    assert!(matches!(filled("no xml @@ID@@"), Err(TemplateError::Xml(_))));
    assert!(matches!(filled("@@ID"), Err(TemplateError::Xml(_))));
}
