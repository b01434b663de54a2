//! Requests that are refused, and what is said about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::sign::{Sign, SignError};
use chancery_saml::binding::{Direction, redirect};
use chancery_xmldsig::sign::{Halves, Unsigned};
use http::Method;
use serde_json::json;

use super::{
    ACS, NOW, SP, addressed, all_logged, application, asking, authn_request, certificate, logged, made,
    redirected, redirected_as_it_is, response, sign_in, stored_before,
};
use crate::kit::{Answer, Call, TestServer, engines, key};
use crate::people::{Browser, user};

/// Signs with one of the fixed keys.
struct Signer(usize);

impl Sign for Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        key(self.0).sign(Algorithm::Rs256, message)
    }
}

/// A request to this path of the tenant that carries its signature; none names no place.
fn enveloped(number: usize, path: Option<&str>) -> String {
    let destination = path.map(|path| format!(r#" Destination="https://tenant.example{path}""#));
    let destination = destination.unwrap_or_default();
    let head = format!(
        r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="{ACS}"{destination} ID="_request" IssueInstant="{NOW}" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{SP}</saml:Issuer>"#
    );
    let halves = Halves { head, tail: "</samlp:AuthnRequest>".to_owned() };
    let unsigned = Unsigned::new(halves, "_request", "", Algorithm::Rs256).unwrap();
    unsigned.sign(&Signer(number), &certificate(number)).unwrap()
}

async fn post(server: &TestServer, client_id: &str, xml: &str) -> Answer {
    let fields = [("SAMLRequest".to_owned(), STANDARD.encode(xml))];
    server.send(Call::new(Method::POST, &format!("/samlp/{client_id}")).form(&fields).build()).await
}

/// Whether an answer leads to the login page.
fn is_admitted(answer: &Answer) -> bool {
    answer.header("location").is_some_and(|to| to.starts_with("/u/login"))
}

#[track_caller]
fn refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    let page = answer.text();
    let page =
        page.replace("&#x27;", "'").replace("&#39;", "'").replace("&quot;", "\"").replace("&#34;", "\"");
    assert!(page.contains(why), "no {why:?} in {page}");
    assert!(answer.header("location").is_none());
}

#[tokio::test]
async fn with_a_certificate_only_requests_count_that_its_key_has_signed() {
    let mut server = TestServer::start().await;
    let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
    let path = format!("/samlp/{client_id}");
    let request = authn_request("", "");
    let by = |signer| redirected(&path, Direction::Request, (&request, Some("state")), signer);
    assert!(is_admitted(&server.get(&by(Some(4))).await));
    assert!(is_admitted(&post(&server, &client_id, &enveloped(4, Some(&path))).await));
    let unsigned = "SAMLRequest message MUST be signed when using an asynchronous binding (POST or Redirect)";
    refused(&server.get(&by(None)).await, unsigned);
    refused(&post(&server, &client_id, &request).await, unsigned);
    let foreign = "Signature check errors: the signature was made by none of the 1 certificates";
    refused(&server.get(&by(Some(5))).await, foreign);
    refused(&post(&server, &client_id, &enveloped(5, Some(&path))).await, foreign);
    // The certificate of another application is no better than any other.
    let changed = enveloped(4, Some(&path)).replace(ACS, "https://evil.example/");
    refused(&post(&server, &client_id, &changed).await, "Signature check errors: the content does not match");
    assert!(logged(&mut server, "f").await.starts_with("Signature check errors: the content"));
}

#[tokio::test]
async fn a_signed_request_has_to_say_where_it_goes() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
        let trusting = application(&server, json!({})).await;
        let path = format!("/samlp/{client_id}");
        let why = format!(
            "Invalid SAML Request: it is signed, so it has to name its Destination, expected \
             https://tenant.example{path}"
        );
        for attributes in ["", r#"Destination="""#] {
            let request = authn_request(attributes, "");
            let away = |path: &str| {
                redirected_as_it_is(path, Direction::Request, (&request, Some("state")), Some(4))
            };
            refused(&server.get(&away(&path)).await, &why);
            // Where no signature is looked at, none counts.
            assert!(is_admitted(&server.get(&away(&format!("/samlp/{trusting}"))).await));
        }
        refused(&post(&server, &client_id, &enveloped(4, None)).await, &why);
        let elsewhere = enveloped(4, Some(&format!("/samlp/{trusting}")));
        refused(
            &post(&server, &client_id, &elsewhere).await,
            "its Destination is https://tenant.example/samlp/",
        );
        assert!(is_admitted(&post(&server, &client_id, &enveloped(4, Some(&path))).await));
        assert_eq!(all_logged(&mut server, "f").await[..3], [&why, &why, &why].map(Clone::clone));
    }
}

#[tokio::test]
async fn a_signature_covers_the_octets_of_the_query_in_their_order() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
    let path = format!("/samlp/{client_id}");
    let good = redirected(&path, Direction::Request, (&authn_request("", ""), Some("a b")), Some(4));
    assert!(is_admitted(&server.get(&good).await));
    let (_, query) = good.split_once('?').unwrap();
    let parts: Vec<&str> = query.split('&').collect();
    // The order in which they come does not matter: the signed octets have an order of their own.
    let shuffled = format!("{path}?{}&{}&{}&{}", parts[3], parts[1], parts[2], parts[0]);
    assert!(is_admitted(&server.get(&shuffled).await));
    let foreign = "Signature check errors: the signature was made by none";
    // The same text in another encoding is other octets.
    refused(&server.get(&good.replace("RelayState=a%20b", "RelayState=a+b")).await, foreign);
    refused(&server.get(&good.replace("RelayState=a%20b", "RelayState=a%20c")).await, foreign);
    refused(&server.get(&good.replace("&RelayState=a%20b", "")).await, foreign);
    for (doubled, name) in [(0, "SAMLRequest"), (1, "RelayState"), (2, "SigAlg"), (3, "Signature")] {
        let twice = format!("{good}&{}", parts[doubled]);
        refused(&server.get(&twice).await, &format!("The parameter {name} is there more than once"));
    }
    let half = "a signed redirection has both SigAlg and Signature";
    refused(&server.get(&format!("{path}?{}&{}", parts[0], parts[2])).await, half);
    refused(&server.get(&format!("{path}?{}&{}", parts[0], parts[3])).await, half);
}

#[tokio::test]
async fn sha1_and_algorithms_of_other_kinds_are_refused_in_the_query() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
    for method in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "none",
    ] {
        let request = addressed(&authn_request("", ""), &format!("/samlp/{client_id}"));
        let query = redirect::encode(Direction::Request, &request, None, Some(method));
        let signature = key(4).sign(Algorithm::Rs256, query.as_bytes()).unwrap();
        let address = redirect::address(&format!("/samlp/{client_id}"), &query, Some(&signature));
        refused(
            &server.get(&address).await,
            &format!("Signature check errors: the signature method {method}"),
        );
    }
}

#[tokio::test]
async fn an_answer_goes_to_a_callback_of_the_application_and_nowhere_else() {
    let server = TestServer::start().await;
    user(&server).await;
    let more = json!({ "callbacks": [ACS, "https://sp.example/second", "https://*.example/any"] });
    let client_id = made(&server, json!({ "samlp": {} }), more).await;
    let path = format!("/samlp/{client_id}");
    let to = |attributes: String| {
        redirected(&path, Direction::Request, (&authn_request(&attributes, ""), None), None)
    };
    for url in [
        "https://evil.example/acs",
        "https://sp.example/acs/",
        "https://sp.example/acs?x=1",
        "https://sp.example/acs#x",
        "https://SP.example/acs",
        "https://sp.example/x/../acs",
        "https://sp.example:443/acs",
        "https://x@sp.example/acs",
        "https://sp.example/acs ",
        "https://x.example/any",
        "https://*.example/any",
        "javascript:alert(1)",
        "",
    ] {
        let answer = server.get(&to(format!(r#"AssertionConsumerServiceURL="{url}""#))).await;
        refused(&answer, "is not among the callbacks of the application");
    }
    let clash = format!(r#"AssertionConsumerServiceURL="{ACS}" AssertionConsumerServiceIndex="1""#);
    refused(&server.get(&to(clash)).await, "AssertionConsumerServiceIndex is not supported");
    let artifact = r#"ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact""#;
    refused(&server.get(&to(artifact.to_owned())).await, "is not supported, expected");

    let mut browser = Browser::default();
    let second = r#"AssertionConsumerServiceURL="https://sp.example/second""#;
    let page = browser.visit(&server, &to(second.to_owned())).await;
    let answer = sign_in(&server, &mut browser, &page).await;
    super::posted(&answer, "https://sp.example/second", "SAMLResponse");
}

#[tokio::test]
async fn a_callback_that_is_taken_away_while_somebody_signs_in_gets_no_assertion() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &asking(&client_id)).await;
    let other = json!({ "callbacks": ["https://new.example/acs"] });
    server.api_send(Method::PATCH, &format!("/clients/{client_id}"), &other).await.expect(200);
    let answer = sign_in(&server, &mut browser, &page).await;
    refused(&answer, "is not among the callbacks of the application");
}

#[tokio::test]
async fn requests_of_another_time_or_for_another_place_are_refused() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let path = format!("/samlp/{client_id}");
    let send = async |xml: &str| server.get(&redirected(&path, Direction::Request, (xml, None), None)).await;
    let at = |moment: &str| authn_request("", "").replace(NOW, moment);
    assert!(is_admitted(&send(&at("2027-01-15T07:01:00Z")).await));
    assert!(is_admitted(&send(&at("2027-01-15T08:02:59Z")).await));
    for moment in ["2027-01-15T06:59:59Z", "2027-01-15T08:03:01Z"] {
        refused(&send(&at(moment)).await, "is not of this time");
    }
    for moment in ["", "now", "2027-01-15T08:00:00", "2027-01-15T08:00:00+00:00"] {
        refused(&send(&at(moment)).await, "IssueInstant is no moment in UTC");
    }
    let here = format!(r#"Destination="https://tenant.example{path}""#);
    assert!(is_admitted(&send(&authn_request(&here, "")).await));
    assert!(is_admitted(
        &send(&authn_request(&here.replace("\"https", " \"https").replacen(' ', "", 1), "")).await
    ));
    for place in
        ["https://tenant.example/samlp/other", "https://other.example/samlp/x", "http://tenant.example/"]
    {
        let answer = send(&authn_request(&format!(r#"Destination="{place}""#), "")).await;
        refused(&answer, &format!("its Destination is {place}"));
    }
}

#[tokio::test]
async fn messages_that_are_no_request_are_refused_before_anything_else() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let path = format!("/samlp/{client_id}");
    let send = async |xml: &str| server.get(&redirected(&path, Direction::Request, (xml, None), None)).await;
    let request = authn_request("", "");
    for (xml, why) in [
        (format!("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{request}"), "document type"),
        (request.replace("Version=\"2.0\"", "Version=\"1.1\""), "expected an AuthnRequest of version 2.0"),
        (request.replace("samlp:AuthnRequest", "samlp:LogoutRequest"), "expected an AuthnRequest"),
        (request.replace(" ID=\"_request\"", ""), "has no attribute ID"),
        (request.replace("_request", &"x".repeat(257)), "its ID is longer than 256 bytes"),
        (request.replace("</samlp:AuthnRequest>", ""), "no well-formed XML"),
        (request.replace("urn:sp", "urn:sp</saml:Issuer><saml:Issuer>urn:other"), "found 2"),
        (authn_request(r#"ForceAuthn="yes""#, ""), "is neither true nor false"),
        ("<a/>".to_owned(), "expected an AuthnRequest"),
        (String::new(), "no well-formed XML"),
    ] {
        refused(&send(&xml).await, why);
    }
    let answer = server.get(&redirected(&path, Direction::Response, (&request, None), None)).await;
    refused(&answer, "expected SAMLRequest, not SAMLResponse");
    for (value, why) in
        [("%%%", "is no base64"), ("AAAA", "cannot be inflated"), ("%FF", "are not a form in UTF-8")]
    {
        refused(&server.get(&format!("{path}?SAMLRequest={value}")).await, why);
    }
    // Base64 of base64, as some proxies make it.
    let twice = STANDARD.encode(STANDARD.encode(&request));
    let fields = [("SAMLRequest".to_owned(), twice)];
    let answer = server.send(Call::new(Method::POST, &path).form(&fields).build()).await;
    refused(&answer, "cannot be inflated");
}

#[tokio::test]
async fn a_message_that_inflates_to_more_than_it_may_is_given_up() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let bomb = format!("<a>{}</a>", "x".repeat(20 * 1024 * 1024));
    let path = redirected(&format!("/samlp/{client_id}"), Direction::Request, (&bomb, None), None);
    assert!(path.len() < 40_000, "{}", path.len());
    refused(&server.get(&path).await, "cannot be inflated to at most 1 MiB");
}

#[tokio::test]
async fn applications_that_do_not_exist_or_do_not_speak_saml_are_told_apart_on_the_page() {
    let server = TestServer::start().await;
    refused(&server.get(&asking("nobody")).await, "nobody");
    let plain = made(&server, json!({}), json!({})).await;
    refused(&server.get(&asking(&plain)).await, "The application has no SAML add-on");
    let broken = application(&server, json!({})).await;
    stored_before(&server, &broken, json!({ "samlp": { "signingCert": "nonsense" } })).await;
    refused(&server.get(&asking(&broken)).await, "The setting signingCert of the add-on cannot be used");
    let nowhere = made(&server, json!({ "samlp": {} }), json!({ "callbacks": [] })).await;
    refused(&server.get(&asking(&nowhere)).await, "the application has no callback");
}

#[tokio::test]
async fn a_connection_that_nobody_can_sign_in_by_is_named_on_the_page_and_in_the_log() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let payroll = application(&server, json!({})).await;
        let archive = made(&server, json!({ "wsfed": {} }), json!({})).await;
        let body = json!({ "name": "other", "strategy": "auth0", "enabled_clients": [] });
        server.api_send(Method::POST, "/connections", &body).await.expect(201);
        let mut expected = Vec::new();
        for (asked, what) in [
            ("nope", "not found"),
            ("other", "disabled"),
            ("Chancery-Administrators", "not found"),
            ("<b>x</b> & 'y'", "not found"),
        ] {
            let query = |name: &str, value: &str| {
                form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
            };
            let why = format!("the connection \"{asked}\" was {what}");
            for path in [
                format!("{}&{}", asking(&payroll), query("connection", asked)),
                format!("/samlp/{payroll}?{}", query("connection", asked)),
                format!("/wsfed/{archive}?wa=wsignin1.0&{}", query("whr", &format!("urn:{asked}"))),
                format!("/wsfed?wtrealm=urn:{archive}&{}", query("whr", asked)),
            ] {
                let page = server.get(&path).await;
                assert_eq!(page.status, 400, "{path}");
                assert!(page.header("location").is_none());
                let text = page.text();
                assert!(!text.contains("<b>"), "{text}");
                let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
                let shown = marks.iter().fold(text, |text, (mark, sign)| text.replace(mark, sign));
                assert!(shown.contains(&why), "no {why} in {shown}");
                expected.push(why.clone());
            }
        }
        assert_eq!(all_logged(&mut server, "f").await, expected);
    }
}

#[tokio::test]
async fn a_certificate_may_be_set_in_each_of_the_forms_that_people_have() {
    let server = TestServer::start().await;
    let pem = certificate(4).to_pem();
    let der = certificate(4).base64_der();
    for form in [pem.clone(), STANDARD.encode(&pem), der.clone(), format!("  {der}\n")] {
        let client_id = application(&server, json!({ "signingCert": form })).await;
        let path = format!("/samlp/{client_id}");
        let good = redirected(&path, Direction::Request, (&authn_request("", ""), None), Some(4));
        assert!(is_admitted(&server.get(&good).await), "{form}");
    }
}

#[tokio::test]
async fn a_login_that_began_in_one_browser_is_not_finished_in_another() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let page = Browser::default().visit(&server, &asking(&client_id)).await;
    let mut other = Browser::default();
    let own = other.visit(&server, &asking(&client_id)).await;
    let stolen = crate::people::form(&page);
    let answer = other.post(&server, &stolen, &[("username", "x"), ("password", "y")]).await;
    assert!(!answer.text().contains("SAMLResponse"));
    response(&sign_in(&server, &mut other, &own).await);
}
