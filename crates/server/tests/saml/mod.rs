//! SAML and WS-Federation towards applications, through the real router.

mod encryption;
mod logout;
mod metadata;
mod requests;
mod settings;
mod sign_on;
mod wsfed;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery::applications;
use chancery::changes::Topic;
use chancery::logs::Entry;
use chancery::write::Write;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::rsa::PublicKey;
use chancery_crypto::seal::Label;
use chancery_saml::binding::{Direction, redirect};
use chancery_xmldsig::tree::{Element as _, Tree};
use chancery_xmldsig::verify::{self, Sha1, Trust};
use http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Call, DOMAIN, START, TestServer, key};
use crate::people::{Browser, EMAIL, PASSWORD, form};

/// Where the service provider takes assertions.
pub(crate) const ACS: &str = "https://sp.example/acs";
/// Where it takes logouts.
pub(crate) const SLO: &str = "https://sp.example/slo";
/// What it calls itself.
pub(crate) const SP: &str = "urn:sp";
/// When every test begins, as SAML writes it.
pub(crate) const NOW: &str = "2027-01-15T08:00:00.000Z";

/// An application with the add-on, and whatever differs from the usual.
pub(crate) async fn application(server: &TestServer, add_on: Value) -> String {
    let mut samlp = json!({ "logout": { "callback": SLO, "slo_enabled": true } });
    samlp.as_object_mut().unwrap().extend(add_on.as_object().unwrap().clone());
    made(server, json!({ "samlp": samlp }), json!({})).await
}

/// An application with these add-ons, and with these other members.
pub(crate) async fn made(server: &TestServer, add_ons: Value, more: Value) -> String {
    let mut body =
        json!({ "name": "Payroll", "app_type": "regular_web", "callbacks": [ACS], "addons": add_ons });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = server.api_send(Method::POST, "/clients", &body).await.expect(201);
    made["client_id"].as_str().unwrap().to_owned()
}

/// Stores add-ons of an application as they could be stored before they were judged.
pub(crate) async fn stored_before(server: &TestServer, client_id: &str, add_ons: Value) {
    let app = &server.app;
    let tenant = app.tenants.find(app, DOMAIN).await.unwrap().unwrap();
    let label = Label { tenant: tenant.id().as_str(), kind: "client-addons", id: client_id };
    let sealed = app.sealer.seal(label, app.entropy.bytes(), add_ons.to_string().as_bytes()).unwrap();
    let mut write = Write::begin(app, tenant.id()).await.unwrap();
    let mut own = applications::sql::lock(write.tx(), tenant.id(), client_id).await.unwrap().unwrap();
    own.addons = Some(applications::Sealed(sealed));
    applications::sql::update(write.tx(), tenant.id(), &own).await.unwrap();
    write.notice(Topic::Client, client_id);
    write.commit(Entry::by_cli("Store add-ons")).await.unwrap();
}

/// The certificate of one of the fixed keys, as a partner has it.
pub(crate) fn certificate(number: usize) -> Certificate {
    let not_before = jiff::Timestamp::from_second(START).unwrap();
    let request = SelfSigned { common_name: "sp.example", serial: [1; 8], not_before, days: 365 };
    Certificate::self_signed(request, &key(number)).unwrap()
}

/// A request to sign somebody in, with these attributes and these elements.
pub(crate) fn authn_request(attributes: &str, elements: &str) -> String {
    format!(
        r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_request" Version="2.0" IssueInstant="{NOW}" {attributes}><saml:Issuer>{SP}</saml:Issuer>{elements}</samlp:AuthnRequest>"#
    )
}

/// The path of a message by redirection, signed if a key is given: then it says where it goes, unless it says another
/// place.
pub(crate) fn redirected(
    path: &str,
    direction: Direction,
    (xml, relay_state): (&str, Option<&str>),
    signer: Option<usize>,
) -> String {
    let addressed = match signer {
        Some(_) if !xml.contains(" Destination=") => addressed(xml, path),
        Some(_) | None => xml.to_owned(),
    };
    redirected_as_it_is(path, direction, (&addressed, relay_state), signer)
}

/// A message that says that it goes to this path of the tenant.
pub(crate) fn addressed(xml: &str, path: &str) -> String {
    xml.replacen(" Version=", &format!(" Destination=\"https://{DOMAIN}{path}\" Version="), 1)
}

/// Like [`redirected`], and nothing is added to the message.
pub(crate) fn redirected_as_it_is(
    path: &str,
    direction: Direction,
    (xml, relay_state): (&str, Option<&str>),
    signer: Option<usize>,
) -> String {
    let method = signer.map(|_| "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    let query = redirect::encode(direction, xml, relay_state, method);
    let signature = signer.map(|number| key(number).sign(Algorithm::Rs256, query.as_bytes()).unwrap());
    redirect::address(path, &query, signature.as_deref())
}

/// Where a usual request leads.
pub(crate) fn asking(client_id: &str) -> String {
    let request = authn_request("", "");
    redirected(&format!("/samlp/{client_id}"), Direction::Request, (&request, Some("relay & state")), None)
}

/// Signs in on the login pages that begin with this answer.
pub(crate) async fn sign_in(server: &TestServer, browser: &mut Browser, page: &Answer) -> Answer {
    page.expect_ok();
    let page = browser.submit(server, page, &[("username", EMAIL)]).await;
    browser.submit(server, &page, &[("password", PASSWORD)]).await
}

/// The message of a form that sends itself, and what goes with it.
#[track_caller]
pub(crate) fn posted(answer: &Answer, action: &str, field: &str) -> (String, Vec<(String, String)>) {
    answer.expect_ok();
    let form = form(answer);
    assert_eq!(form.action, action);
    let mut fields = form.hidden;
    let place = fields.iter().position(|(name, _)| name == field);
    let (_, value) = fields.remove(place.unwrap_or_else(|| panic!("no {field}: {fields:?}")));
    (value, fields)
}

/// The response of a form that sends itself.
#[track_caller]
pub(crate) fn response(answer: &Answer) -> (String, Vec<(String, String)>) {
    let (value, rest) = posted(answer, ACS, "SAMLResponse");
    (String::from_utf8(STANDARD.decode(value).unwrap()).unwrap(), rest)
}

/// The tenant's current key, as its certificate tells it.
pub(crate) async fn trusted(server: &TestServer) -> PublicKey {
    let answer = server.send(Call::to(DOMAIN, Method::GET, "/cer").build()).await;
    Certificate::from_der(answer.bytes).unwrap().public_key().unwrap()
}

/// The octets of the signed child of this name, or of the whole message if that is its name.
pub(crate) async fn verified(server: &TestServer, message: &str, name: &str) -> String {
    let keys = [trusted(server).await];
    let tree = Tree::parse(message).unwrap();
    let root = tree.root();
    let mut candidates = std::iter::once(root).chain(root.children());
    let element = candidates.find(|node| node.tag_name().name() == name).unwrap();
    let id = if element.attribute("AssertionID").is_some() { "AssertionID" } else { "ID" };
    let verified = verify::enveloped(&tree, element, id, Trust { keys: &keys, sha1: Sha1::Refused });
    verified.unwrap().unwrap().octets
}

/// The text of the first element of this name.
pub(crate) fn text(xml: &str, name: &str) -> String {
    let tree = Tree::parse(xml).unwrap();
    let found = tree.root().descendants().find(|node| node.tag_name().name() == name);
    found.unwrap_or_else(|| panic!("no {name}: {xml}")).whole_text().unwrap()
}

/// An attribute of the first element of this name.
pub(crate) fn attribute(xml: &str, name: &str, attribute: &str) -> Option<String> {
    let tree = Tree::parse(xml).unwrap();
    let found = tree.root().descendants().find(|node| node.tag_name().name() == name);
    found.unwrap_or_else(|| panic!("no {name}: {xml}")).attribute(attribute).map(str::to_owned)
}

/// The description of the newest entry of the tenant log of this type.
pub(crate) async fn logged(server: &mut TestServer, kind: &str) -> String {
    server.flush_log().await;
    let reader = server.sibling().await;
    let entries = reader.api_get(&format!("/logs?q=type:{kind}&sort=date:-1")).await.expect(200);
    let newest = &entries.as_array().unwrap().first().unwrap_or_else(|| panic!("no entry {kind}"));
    newest["description"].as_str().unwrap().to_owned()
}

/// The descriptions of all entries of the tenant log of this type, the oldest first. Nothing is logged afterwards.
pub(crate) async fn all_logged(server: &mut TestServer, kind: &str) -> Vec<String> {
    server.flush_log().await;
    let reader = server.sibling().await;
    let entries = reader.api_get(&format!("/logs?q=type:{kind}&sort=date:1&per_page=100")).await.expect(200);
    let all = entries.as_array().unwrap().iter();
    all.map(|entry| entry["description"].as_str().unwrap().to_owned()).collect()
}

/// Runs every statement of the applications that speak other protocols.
pub(crate) async fn exercise(server: &TestServer) {
    let add_ons = json!({ "samlp": {}, "wsfed": {} });
    let client_id = made(server, add_ons, json!({ "client_aliases": ["urn:exercise"] })).await;
    let email = "exercise@partner.example";
    let body = json!({ "connection": crate::people::CONNECTION, "email": email, "password": PASSWORD });
    server.api_send(Method::POST, "/users", &body).await.expect(201);
    let mut browser = Browser::default();
    let page = browser.visit(server, "/wsfed?wtrealm=urn:exercise").await;
    let page = browser.submit(server, &page, &[("username", email)]).await;
    let answer = browser.submit(server, &page, &[("password", PASSWORD)]).await;
    posted(&answer, ACS, "wresult");
    response(&browser.get(server, &asking(&client_id)).await);
    browser.get(server, "/v2/logout").await.expect_ok();
}
