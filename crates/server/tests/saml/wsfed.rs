//! Signing on at an application that speaks WS-Federation.

use base64::prelude::{BASE64_STANDARD, Engine};
use chancery_crypto::certificate::Certificate;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ACS, NOW, attribute, made, posted, sign_in, text, verified};
use crate::kit::{Answer, Call, DOMAIN, TestServer, engines};
use crate::people::{Browser, EMAIL, user};

const BYE: &str = "https://sp.example/bye";

async fn application(server: &TestServer, add_on: Value) -> String {
    let more = json!({
        "client_aliases": ["urn:alias", "https://alias.example/"],
        "callbacks": [ACS, "https://sp.example/second"],
        "allowed_logout_urls": [BYE],
    });
    made(server, json!({ "wsfed": add_on }), more).await
}

/// The assertion of an answer, the context that came back, and all of the result.
#[track_caller]
fn result(answer: &Answer, action: &str) -> (String, Vec<(String, String)>) {
    let (value, rest) = posted(answer, action, "wresult");
    let value = value.replace("&lt;", "<").replace("&#60;", "<").replace("&gt;", ">").replace("&#62;", ">");
    (value.replace("&quot;", "\"").replace("&#34;", "\""), rest)
}

/// The assertion in a result.
fn assertion(result: &str) -> String {
    let start = result.find("<saml:Assertion").unwrap();
    let end = result.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    result[start..end].to_owned()
}

#[tokio::test]
async fn a_user_who_signs_in_comes_back_with_a_signed_token() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = user(&server).await;
        let client_id = application(&server, json!({})).await;
        let mut browser = Browser::default();
        let path = format!("/wsfed/{client_id}?wa=wsignin1.0&wtrealm=urn:{client_id}&wctx=c%20%26");
        let page = browser.visit(&server, &path).await;
        let (token, rest) = result(&sign_in(&server, &mut browser, &page).await, ACS);
        let expected = [("wa", "wsignin1.0"), ("wctx", "c &")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(rest, expected);
        assert_eq!(attribute(&token, "RequestSecurityTokenResponse", "Context").as_deref(), Some("c &"));
        assert_eq!(text(&token, "Address"), format!("urn:{client_id}"));
        assert_eq!(text(&token, "Expires"), "2027-01-15T16:00:00.000Z");
        let octets = verified(&server, &assertion(&token), "Assertion").await;
        assert_eq!(text(&octets, "Audience"), format!("urn:{client_id}"));
        assert_eq!(text(&octets, "NameIdentifier"), user_id);
        assert_eq!(attribute(&octets, "Assertion", "Issuer"), Some(format!("urn:{DOMAIN}")));
        assert_eq!(attribute(&octets, "Assertion", "IssueInstant").as_deref(), Some(NOW));
        assert_eq!(attribute(&octets, "Assertion", "MinorVersion").as_deref(), Some("1"));
        let email = format!(
            r#"<saml:Attribute AttributeName="emailaddress" AttributeNamespace="http://schemas.xmlsoap.org/ws/2005/05/identity/claims"><saml:AttributeValue>{EMAIL}</saml:AttributeValue></saml:Attribute>"#
        );
        assert!(octets.contains(&email), "{octets}");
        // Who is signed in sees no page.
        let (_, rest) = result(&browser.get(&server, &path).await, ACS);
        assert_eq!(rest, expected);
    }
}

#[tokio::test]
async fn an_application_is_found_by_its_realm_or_an_alias_of_it() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed?wtrealm=urn:{client_id}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    for realm in ["urn:alias", "https://alias.example/"] {
        let (token, _) = result(&browser.get(&server, &format!("/wsfed?wtrealm={realm}")).await, ACS);
        assert_eq!(text(&token, "Audience"), realm);
    }
    for path in [
        "/wsfed?wtrealm=urn:nobody".to_owned(),
        "/wsfed?wtrealm=nobody".to_owned(),
        "/wsfed?wtrealm=urn:%00".to_owned(),
        "/wsfed".to_owned(),
        format!("/wsfed/{client_id}?wtrealm=urn:other"),
        format!("/wsfed/{client_id}?wa=wattr1.0"),
        format!("/wsfed/{client_id}?wfresh=soon"),
    ] {
        let answer = browser.get(&server, &path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(!answer.text().contains("wresult"));
    }
}

#[tokio::test]
async fn a_token_goes_to_a_callback_whatever_the_request_says() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    for (reply, goes_to) in [
        ("https://sp.example/second", "https://sp.example/second"),
        ("https://evil.example/", ACS),
        ("https://sp.example/acs/../evil", ACS),
        ("https://sp.example.evil.example/acs", ACS),
        ("https://sp.example/acs@evil.example", ACS),
        ("javascript:alert(1)", ACS),
        ("//evil.example", ACS),
    ] {
        let answer = browser.get(&server, &format!("/wsfed/{client_id}?wreply={reply}")).await;
        result(&answer, goes_to);
    }
}

#[tokio::test]
async fn a_login_that_is_too_old_for_the_request_is_asked_for_again() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    server.clock.advance(SignedDuration::from_mins(5));
    result(&browser.get(&server, &format!("/wsfed/{client_id}?wfresh=5")).await, ACS);
    for fresh in [4, 0] {
        let page = browser.visit(&server, &format!("/wsfed/{client_id}?wfresh={fresh}")).await;
        result(&sign_in(&server, &mut browser, &page).await, ACS);
        server.clock.advance(SignedDuration::from_mins(5));
    }
}

#[tokio::test]
async fn a_token_is_an_assertion_of_saml_2_where_the_application_wants_that() {
    let server = TestServer::start().await;
    user(&server).await;
    let add_on = json!({ "tokenType": "urn:oasis:names:tc:SAML:2.0:assertion" });
    let client_id = application(&server, add_on).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    let (token, _) = result(&sign_in(&server, &mut browser, &page).await, ACS);
    assert_eq!(text(&token, "TokenType"), "urn:oasis:names:tc:SAML:2.0:assertion");
    let octets = verified(&server, &assertion(&token), "Assertion").await;
    assert_eq!(attribute(&octets, "Assertion", "Version").as_deref(), Some("2.0"));
    assert_eq!(text(&octets, "Audience"), format!("urn:{client_id}"));
}

#[tokio::test]
async fn the_add_on_says_how_long_a_token_lives_and_who_issues_it_for_whom() {
    let server = TestServer::start().await;
    user(&server).await;
    let format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let add_on = |token_type: &str| {
        json!({
            "tokenType": token_type, "lifetimeInSeconds": 600, "issuer": "urn:us", "audience": "urn:them",
            "nameIdentifierFormat": format, "nameIdentifierProbes": ["http://schemas.auth0.com/nickname"],
        })
    };
    for (token_type, name) in [("", "NameIdentifier"), ("urn:oasis:names:tc:SAML:2.0:assertion", "NameID")] {
        let client_id =
            made(&server, json!({ "wsfed": add_on(token_type) }), json!({ "callbacks": [ACS] })).await;
        let mut browser = Browser::default();
        let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
        let (token, _) = result(&sign_in(&server, &mut browser, &page).await, ACS);
        assert_eq!(text(&token, "Expires"), "2027-01-15T08:10:00.000Z");
        let said = |element: &str, name: &str| attribute(&token, element, name);
        assert_eq!(said("Conditions", "NotOnOrAfter").as_deref(), Some("2027-01-15T08:10:00.000Z"));
        assert_eq!(text(&token, "Audience"), "urn:them");
        assert_eq!(text(&token, "Address"), format!("urn:{client_id}"));
        assert_eq!(said(name, "Format").as_deref(), Some(format));
        let issuer = said("Assertion", "Issuer").unwrap_or_else(|| text(&token, "Issuer"));
        assert_eq!(issuer, "urn:us");
    }
}

#[tokio::test]
async fn a_change_of_the_add_on_counts_from_the_next_token_on() {
    for on in engines() {
        let server = TestServer::on(on).await;
        user(&server).await;
        let client_id = application(&server, json!({})).await;
        let path = format!("/wsfed/{client_id}");
        let mut browser = Browser::default();
        let page = browser.visit(&server, &path).await;
        let (token, _) = result(&sign_in(&server, &mut browser, &page).await, ACS);
        assert_eq!(attribute(&assertion(&token), "Assertion", "MajorVersion").as_deref(), Some("1"));
        let other =
            json!({ "addons": { "wsfed": { "tokenType": "urn:oasis:names:tc:SAML:2.0:assertion" } } });
        server.api_send(Method::PATCH, &format!("/clients/{client_id}"), &other).await.expect(200);
        let (token, _) = result(&browser.get(&server, &path).await, ACS);
        assert_eq!(attribute(&assertion(&token), "Assertion", "Version").as_deref(), Some("2.0"));
        // Without the add-on there is nothing to be remembered.
        let none = json!({ "addons": {} });
        server.api_send(Method::PATCH, &format!("/clients/{client_id}"), &none).await.expect(200);
        assert_eq!(browser.get(&server, &path).await.status, 400);
    }
}

#[tokio::test]
async fn a_token_is_encrypted_for_the_certificate_of_the_application() {
    let server = TestServer::start().await;
    user(&server).await;
    let certificate = super::certificate(4).to_pem();
    let client_id = application(&server, json!({ "encryptionCert": certificate })).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    let (token, _) = result(&sign_in(&server, &mut browser, &page).await, ACS);
    assert!(!token.contains("saml:Assertion") && token.contains("xenc:EncryptedData"));
}

#[tokio::test]
async fn signing_out_leads_to_where_the_application_said_and_nowhere_else() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    // An image on another page asks for this and gets a question.
    let asked = browser.get(&server, &format!("/wsfed/{client_id}?wa=wsignoutcleanup1.0")).await;
    asked.expect_ok();
    assert!(asked.text().contains("<form"), "{}", asked.text());
    result(&browser.get(&server, &format!("/wsfed/{client_id}")).await, ACS);
    let evil = format!("/wsfed/{client_id}?wa=wsignout1.0&wreply=https://evil.example/");
    assert_eq!(browser.get(&server, &evil).await.status, 400);
    let out = format!("/wsfed/{client_id}?wa=wsignout1.0&wreply={BYE}");
    assert_eq!(browser.get(&server, &out).await.header("location"), Some(BYE));
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    assert!(!page.text().contains("wresult"));
    browser.get(&server, "/wsfed?wa=wsignout1.0").await.expect_ok();
    browser.get(&server, "/wsfed?wa=wsignoutcleanup1.0").await.expect_ok();
    // A callback will do: many applications of this protocol know one address alone.
    sign_in(&server, &mut browser, &page).await.expect_ok();
    let out = format!("/wsfed/{client_id}?wa=wsignout1.0&wreply={ACS}");
    assert_eq!(browser.get(&server, &out).await.header("location"), Some(ACS));
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    assert!(!page.text().contains("wresult"));
}

#[tokio::test]
async fn signing_out_without_a_realm_leads_back_to_an_application_that_was_told_of_the_session() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let out = format!("/wsfed?wa=wsignout1.0&wreply={ACS}");
    let mut browser = Browser::default();
    assert_eq!(browser.get(&server, &out).await.status, 400, "nobody was told of anything");
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    let evil = "/wsfed?wa=wsignout1.0&wreply=https://evil.example/";
    assert_eq!(browser.get(&server, evil).await.status, 400);
    result(&browser.get(&server, &format!("/wsfed/{client_id}")).await, ACS);
    let left = browser.get(&server, &out).await;
    left.expect_ok();
    assert!(left.text().contains(&format!("content=\"2;url={ACS}\"")), "{}", left.text());
    let page = browser.visit(&server, &format!("/wsfed/{client_id}")).await;
    assert!(!page.text().contains("wresult"));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_not_asked_whether_to_sign_out() {
    let server = TestServer::start().await;
    let answer = Browser::default().get(&server, "/wsfed?wa=wsignoutcleanup1.0").await;
    answer.expect_ok();
    assert!(!answer.text().contains("<form"), "{}", answer.text());
}

#[tokio::test]
async fn applications_without_the_add_on_are_told_so() {
    let server = TestServer::start().await;
    let plain = made(&server, json!({}), json!({})).await;
    let answer = server.get(&format!("/wsfed/{plain}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("The application has no WS-Federation add-on"));
}

#[tokio::test]
async fn metadata_is_signed_and_names_the_certificates_of_now_and_next() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let file = "FederationMetadata/2007-06/FederationMetadata.xml";
    for (path, endpoint) in [
        (format!("/wsfed/{file}"), "https://tenant.example/wsfed".to_owned()),
        (format!("/wsfed/{client_id}/{file}"), format!("https://tenant.example/wsfed/{client_id}")),
    ] {
        let xml = server.get(&path).await.text();
        let octets = verified(&server, &xml, "EntityDescriptor").await;
        assert_eq!(octets.matches("<ds:X509Certificate>").count(), 2);
        assert_eq!(attribute(&octets, "EntityDescriptor", "entityID").as_deref(), Some("urn:tenant.example"));
        let (_, passive) = octets.split_once("<fed:PassiveRequestorEndpoint>").unwrap();
        assert!(passive.contains(&format!(">{endpoint}<")));
    }
    let before = server.get(&format!("/wsfed/{file}")).await.text();
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
    let after = server.get(&format!("/wsfed/{file}")).await.text();
    assert!(before.contains(&text(&after, "X509Certificate")));
}

#[tokio::test]
async fn partners_of_the_first_ad_fs_learn_the_certificates_of_now_and_next() {
    let server = TestServer::start().await;
    let path = "/wsfed/adfs/fs/federationserverservice.asmx";
    let description = server.get(&format!("{path}?wsdl")).await;
    assert_eq!(
        attribute(&description.text(), "address", "location"),
        Some(format!("https://tenant.example{path}"))
    );
    let asked = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"/>";
    let asked = Call::new(Method::POST, path).raw("text/xml; charset=utf-8", asked);
    let answer = server.send(asked.build()).await;
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    let xml = answer.text();
    let keys = server.api_get("/keys/signing").await.json();
    let of = |state: &str| keys.as_array().unwrap().iter().find(|key| key[state] == true).unwrap().clone();
    let thumbprints = [of("current"), of("next")].map(|key| key["thumbprint"].as_str().unwrap().to_owned());
    let told: Vec<&str> =
        xml.split("<X509Thumbprint>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(told, thumbprints);
    let store = BASE64_STANDARD.decode(text(&xml, "SerializedStore")).unwrap();
    for key in [of("current"), of("next")] {
        let certificate = Certificate::from_pem(key["cert"].as_str().unwrap()).unwrap();
        assert!(store.windows(certificate.der().len()).any(|part| part == certificate.der()));
    }
    assert_eq!(text(&xml, "lsUrl"), "https://tenant.example/wsfed");
}

/// What the page of a logout loads, and where it goes on to.
#[track_caller]
fn leaving(answer: &Answer) -> (Vec<String>, Option<String>) {
    answer.expect_ok();
    let page = answer.text();
    let told = page.split("<img class=\"unseen\" src=\"").skip(1);
    let told: Vec<String> = told.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    let policy = answer.header("content-security-policy").unwrap();
    let images = policy.split("; ").find(|one| one.starts_with("img-src")).unwrap();
    for address in &told {
        let origin: Vec<&str> = address.splitn(4, '/').take(3).collect();
        assert!(images.split(' ').any(|own| own == origin.join("/")), "{images}");
    }
    let then = page.split_once("http-equiv=\"refresh\" content=\"2;url=");
    (told, then.map(|(_, rest)| rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")))
}

/// Two applications that were told of one session.
async fn two(server: &TestServer, browser: &mut Browser) -> [String; 2] {
    user(server).await;
    let first = application(server, json!({})).await;
    let more = json!({ "callbacks": ["https://two.example/cb?x=1"], "allowed_logout_urls": [BYE] });
    let second = made(server, json!({ "wsfed": {} }), more).await;
    let page = browser.visit(server, &format!("/wsfed/{first}")).await;
    sign_in(server, browser, &page).await.expect_ok();
    browser.get(server, &format!("/wsfed/{second}")).await.expect_ok();
    [first, second]
}

const CLEAN: [&str; 2] =
    ["https://sp.example/acs?wa=wsignoutcleanup1.0", "https://two.example/cb?x=1&wa=wsignoutcleanup1.0"];

fn sorted((mut told, then): (Vec<String>, Option<String>)) -> (Vec<String>, Option<String>) {
    told = told.iter().map(|one| one.replace("&#38;", "&").replace("&amp;", "&")).collect();
    told.sort();
    (told, then)
}

#[tokio::test]
async fn applications_hear_of_a_logout_wherever_it_began() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut browser = Browser::default();
        let [first, second] = two(&server, &mut browser).await;
        let both = || CLEAN.map(str::to_owned).to_vec();
        let page = browser.get(&server, "/v2/logout").await;
        assert_eq!(sorted(leaving(&page)), (both(), None));
        assert!(page.text().contains("logged out"), "{}", page.text());
        let again = |path: String| {
            let (mut browser, server, ids) = (Browser::default(), &server, [&first, &second]);
            async move {
                let page = browser.visit(server, &format!("/wsfed/{}", ids[0])).await;
                sign_in(server, &mut browser, &page).await.expect_ok();
                browser.get(server, &format!("/wsfed/{}", ids[1])).await.expect_ok();
                let page = browser.get(server, &path).await;
                let after = browser.visit(server, &format!("/wsfed/{}", ids[0])).await;
                assert!(!after.text().contains("wresult"), "still signed in");
                page
            }
        };
        // On to where the application wants, after a moment.
        let page = again(format!("/v2/logout?client_id={first}&returnTo={BYE}")).await;
        assert_eq!(sorted(leaving(&page)), (vec![CLEAN[1].to_owned()], Some(BYE.to_owned())));
        // Whoever asks in WS-Federation knows it.
        let page = again(format!("/wsfed/{second}?wa=wsignout1.0&wreply={BYE}")).await;
        assert_eq!(sorted(leaving(&page)), (vec![CLEAN[0].to_owned()], Some(BYE.to_owned())));
        let page = again("/wsfed?wa=wsignout1.0".to_owned()).await;
        assert_eq!(sorted(leaving(&page)), (both(), None));
        // A callback that was taken away is nobody's.
        let none = json!({ "callbacks": ["https://two.example/other"] });
        server.api_send(Method::PATCH, &format!("/clients/{second}"), &none).await.expect(200);
        let mut late = Browser::default();
        let page = late.visit(&server, &format!("/wsfed/{first}")).await;
        sign_in(&server, &mut late, &page).await.expect_ok();
        late.get(&server, &format!("/wsfed/{second}")).await.expect_ok();
        let back = json!({ "callbacks": ["https://two.example/cb?x=1"] });
        server.api_send(Method::PATCH, &format!("/clients/{second}"), &back).await.expect(200);
        assert_eq!(leaving(&late.get(&server, "/v2/logout").await).0, [CLEAN[0]]);
    }
}

#[tokio::test]
async fn a_logout_goes_on_from_the_page_to_the_applications_of_saml() {
    let server = TestServer::start().await;
    user(&server).await;
    let old = application(&server, json!({})).await;
    let saml = super::application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &format!("/wsfed/{old}")).await;
    sign_in(&server, &mut browser, &page).await.expect_ok();
    super::response(&browser.get(&server, &super::asking(&saml)).await);
    let (told, then) = leaving(&browser.get(&server, "/v2/logout").await);
    assert_eq!(told, [CLEAN[0]]);
    let then = then.unwrap();
    assert!(then.starts_with("/u/logout/next?state="), "{then}");
    // Nobody else can go on with it, and this browser once.
    let mut other = Browser::default();
    assert_eq!(other.get(&server, &then).await.status, 400);
    let next = browser.get(&server, &then).await;
    let to = next.header("location").map_or_else(|| next.text(), str::to_owned);
    assert!(to.contains(super::SLO), "{to}");
    assert_eq!(browser.get(&server, &then).await.status, 400);
    assert_eq!(browser.get(&server, "/u/logout/next").await.status, 400);
}
