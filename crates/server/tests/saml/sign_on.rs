//! Signing on at an application that speaks SAML.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    ACS, NOW, SP, application, asking, attribute, authn_request, made, redirected, response, sign_in, text,
    verified,
};
use crate::kit::{DOMAIN, TestServer, engines};
use crate::people::{Browser, EMAIL, user};
use chancery_saml::binding::Direction;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

#[tokio::test]
async fn a_user_who_signs_in_comes_back_with_a_signed_assertion() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = user(&server).await;
        let client_id = application(&server, json!({})).await;
        let mut browser = Browser::default();
        let page = browser.visit(&server, &asking(&client_id)).await;
        let (xml, rest) = response(&sign_in(&server, &mut browser, &page).await);
        assert_eq!(rest, [("RelayState".to_owned(), "relay & state".to_owned())]);
        assert_eq!(attribute(&xml, "Response", "Destination").as_deref(), Some(ACS));
        assert_eq!(attribute(&xml, "Response", "InResponseTo").as_deref(), Some("_request"));
        assert_eq!(attribute(&xml, "StatusCode", "Value").as_deref(), Some(SUCCESS));

        let octets = verified(&server, &xml, "Assertion").await;
        let id = attribute(&octets, "Assertion", "ID").unwrap();
        let index = attribute(&octets, "AuthnStatement", "SessionIndex").unwrap();
        let claim = |name: &str, value: &str| {
            format!(
                r#"<saml:Attribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue xsi:type="{}">{value}</saml:AttributeValue></saml:Attribute>"#,
                match value {
                    "false" => "xs:boolean",
                    "1" => "xs:double",
                    _ => "xs:string",
                }
            )
        };
        let soap = |name: &str| format!("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/{name}");
        let own = |name: &str| format!("http://schemas.auth0.com/{name}");
        let attributes = [
            claim(&soap("nameidentifier"), &user_id),
            claim(&soap("emailaddress"), EMAIL),
            claim(&soap("name"), EMAIL),
            claim(&soap("upn"), EMAIL),
            claim(&own("identities/default/provider"), "auth0"),
            claim(&own("identities/default/connection"), "Username-Password-Authentication"),
            claim(&own("identities/default/isSocial"), "false"),
            claim(&own("created_at"), NOW),
            claim(&own("email_verified"), "false"),
            claim(&own("nickname"), "ada"),
            claim(&own("updated_at"), NOW),
            claim(&own("clientID"), &client_id),
        ]
        .concat();
        let expected = format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{id}" IssueInstant="{NOW}" Version="2.0"><saml:Issuer>urn:{DOMAIN}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">{user_id}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="_request" NotOnOrAfter="2027-01-15T09:00:00.000Z" Recipient="{ACS}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2027-01-15T07:59:00.000Z" NotOnOrAfter="2027-01-15T09:00:00.000Z"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{NOW}" SessionIndex="{index}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"#
        );
        assert_eq!(octets, expected);
    }
}

#[tokio::test]
async fn who_is_signed_in_already_sees_no_page() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&client_id)).await;
    let (first, _) = response(&sign_in(&server, &mut browser, &page).await);
    for _ in 0..2 {
        let (again, _) = response(&browser.get(&server, &asking(&client_id)).await);
        let index = |xml: &str| attribute(xml, "AuthnStatement", "SessionIndex");
        assert_eq!(index(&again), index(&first));
        assert_ne!(attribute(&again, "Assertion", "ID"), attribute(&first, "Assertion", "ID"));
    }
}

#[tokio::test]
async fn a_request_may_insist_on_a_login_and_may_forbid_one() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let path = format!("/samlp/{client_id}");
    let with = |attributes: &str| {
        let request = authn_request(attributes, "");
        redirected(&path, Direction::Request, (&request, None), None)
    };
    let mut browser = Browser::default();
    let (refused, _) = response(&browser.visit(&server, &with(r#"IsPassive="true""#)).await);
    assert!(refused.contains("urn:oasis:names:tc:SAML:2.0:status:NoPassive"));
    assert!(!refused.contains("Assertion>"), "{refused}");
    verified(&server, &refused, "Response").await;

    let page = browser.visit(&server, &asking(&client_id)).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    let (_, rest) = response(&browser.visit(&server, &with(r#"IsPassive="true""#)).await);
    assert_eq!(rest, []);
    server.clock.advance(SignedDuration::from_secs(30));
    let page = browser.visit(&server, &with(r#"ForceAuthn="true""#)).await;
    let (again, _) = response(&sign_in(&server, &mut browser, &page).await);
    assert_eq!(
        attribute(&again, "AuthnStatement", "AuthnInstant").as_deref(),
        Some("2027-01-15T08:00:30.000Z")
    );
}

#[tokio::test]
async fn a_user_who_comes_without_a_request_is_answered_at_the_first_callback() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({ "audience": "urn:named" })).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/samlp/{client_id}?RelayState=start")).await;
    let (xml, rest) = response(&sign_in(&server, &mut browser, &page).await);
    assert_eq!(rest, [("RelayState".to_owned(), "start".to_owned())]);
    assert_eq!(attribute(&xml, "Response", "InResponseTo"), None);
    assert_eq!(attribute(&xml, "SubjectConfirmationData", "InResponseTo"), None);
    assert_eq!(text(&xml, "Audience"), "urn:named");
}

#[tokio::test]
async fn the_settings_of_the_add_on_say_what_an_assertion_says() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(
        &server,
        json!({
            "audience": "urn:aud", "recipient": "https://sp.example/rcpt", "destination": "https://sp.example/dest",
            "issuer": "urn:me", "lifetimeInSeconds": 600, "signResponse": true, "typedAttributes": false,
            "includeAttributeNameFormat": false, "createUpnClaim": false, "passthroughClaimsWithNoMapping": false,
            "mapIdentities": false, "mappings": { "email": ["mail", "urn:oid:0.9.2342.19200300.100.1.3"], "nickname": "nick" },
            "nameIdentifierFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            "nameIdentifierProbes": ["nothing", "mail"],
            "authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        }),
    )
    .await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&client_id)).await;
    let (xml, _) = response(&sign_in(&server, &mut browser, &page).await);
    assert_eq!(xml.matches("<ds:Signature ").count(), 1);
    let octets = verified(&server, &xml, "Response").await;
    assert_eq!(text(&octets, "Issuer"), "urn:me");
    assert_eq!(text(&octets, "Audience"), "urn:aud");
    assert_eq!(text(&octets, "NameID"), EMAIL);
    assert_eq!(
        attribute(&octets, "NameID", "Format").as_deref(),
        Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
    );
    assert_eq!(attribute(&octets, "Response", "Destination").as_deref(), Some("https://sp.example/dest"));
    assert_eq!(
        attribute(&octets, "SubjectConfirmationData", "Recipient").as_deref(),
        Some("https://sp.example/rcpt")
    );
    assert_eq!(attribute(&octets, "Conditions", "NotOnOrAfter").as_deref(), Some("2027-01-15T08:10:00.000Z"));
    assert_eq!(text(&octets, "AuthnContextClassRef"), "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
    let (_, statement) = octets.split_once("<saml:AttributeStatement>").unwrap();
    let (statement, _) = statement.split_once("</saml:AttributeStatement>").unwrap();
    let value = |name: &str, value: &str| {
        format!(
            "<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        )
    };
    let expected =
        [value("mail", EMAIL), value("urn:oid:0.9.2342.19200300.100.1.3", EMAIL), value("nick", "ada")];
    assert_eq!(statement, expected.concat());
}

#[tokio::test]
async fn a_user_without_any_of_the_attributes_of_a_name_is_told_which_were_tried() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({ "nameIdentifierProbes": ["employee", "badge"] })).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&client_id)).await;
    let refused = sign_in(&server, &mut browser, &page).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("We tried with: employee, badge"), "{}", refused.text());
}

#[tokio::test]
async fn a_key_that_was_revoked_signs_no_more_and_the_next_one_does() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&client_id)).await;
    let (before, _) = response(&sign_in(&server, &mut browser, &page).await);
    verified(&server, &before, "Assertion").await;
    server.api_call(http::Method::POST, "/keys/signing/rotate").await.expect(201);
    let (after, _) = response(&browser.get(&server, &asking(&client_id)).await);
    verified(&server, &after, "Assertion").await;
    assert_ne!(text(&before, "X509Certificate"), text(&after, "X509Certificate"));
}

#[tokio::test]
async fn an_application_whose_connections_do_not_admit_the_user_gets_no_assertion() {
    let server = TestServer::start().await;
    user(&server).await;
    let first = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&first)).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    let flags = json!({ "flags": { "enable_client_connections": false } });
    server.api_send(http::Method::PATCH, "/tenants/settings", &flags).await.expect(200);
    let other = made(&server, json!({ "samlp": {} }), json!({})).await;
    let answer = browser.visit(&server, &asking(&other)).await;
    assert!(!answer.text().contains("SAMLResponse"), "{}", answer.text());
}

#[tokio::test]
async fn responses_are_kept_for_a_look_where_the_add_on_says_so() {
    for (debug, kept) in [(json!(true), 1), (json!(false), 0)] {
        let mut server = TestServer::start().await;
        user(&server).await;
        let client_id = application(&server, json!({ "debug": debug })).await;
        let mut browser = Browser::default();
        let page = browser.visit(&server, &asking(&client_id)).await;
        let (xml, _) = response(&sign_in(&server, &mut browser, &page).await);
        server.flush_log().await;
        let reader = server.sibling().await;
        let entries =
            reader.api_get(&format!("/logs?q=type:w%20AND%20client_id:{client_id}")).await.expect(200);
        let entries = entries.as_array().unwrap();
        assert_eq!(entries.len(), kept);
        if let Some(entry) = entries.first() {
            assert_eq!(entry["details"], json!({ "SAMLResponse": xml }));
        }
    }
}
