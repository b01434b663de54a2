//! Sign-on at an application that speaks SAML, in browsers in which somebody is signed in already.
//!
//! The requests are made ahead, each with an id of its own; the first answer to each browser is judged as a service
//! provider would.

use chancery_crypto::certificate::Certificate;
use chancery_saml::binding::{Direction, post, redirect};
use chancery_saml::sp::consume::{Expected, WeakCiphers, consume};
use chancery_saml::sp::request::Request;
use chancery_xmldsig::verify::Sha1;
use serde_json::json;

use crate::admin::{Admin, text};
use crate::browser::{Browser, Place, attribute};
use crate::http::{self, Connection};
use crate::people::Person;
use crate::server::{Management, Server};
use crate::{Outcome, clock};

/// Where the application takes its answers.
const ACS: &str = "https://app.bench.example/acs";
/// What the application calls itself.
const ISSUER: &str = "https://app.bench.example/metadata";
/// Requests of each browser, sent in turn.
const EACH: usize = 32;

/// What every answer holds.
pub(crate) const HOLDS: &str = "name=\"SAMLResponse\" value=\"";

/// The requests for assertions about those who are signed in.
pub(crate) async fn requests(
    server: &Server,
    management: &Management,
    signed_in: impl Iterator<Item = (&Browser, &Person)>,
) -> Outcome<Vec<Vec<u8>>> {
    let mut admin = Admin::enter(server.address, management).await?;
    let application = json!({
        "name": "SAML application",
        "app_type": "regular_web",
        "callbacks": [ACS],
        "addons": { "samlp": {} },
    });
    let client_id = text(&admin.send("POST", "clients", Some(&application)).await?, "client_id")?;
    let mut connection = Connection::open(server.address).await?;
    let pem = connection.call(&http::get(&management.host, "/pem", None)).await?.body.to_vec();
    let keys = [Certificate::from_pem(&String::from_utf8(pem)?)?.public_key()?];
    let destination = format!("http://{}/samlp/{client_id}", management.host);
    let mut requests = Vec::new();
    for (browser, person) in signed_in {
        for number in 0..EACH {
            let id = format!("_bench{}of{}", requests.len(), person.id.replace('|', "-"));
            let request = Request {
                id: &id,
                issued_at: clock::today()?,
                destination: &destination,
                issuer: ISSUER,
                acs_url: ACS,
                force_authn: false,
            };
            let halves = request.write();
            let query =
                redirect::encode(Direction::Request, &(halves.head + &halves.tail), Some("state"), None);
            let path = format!("/samlp/{client_id}?{query}");
            requests.push(http::visit(&management.host, &path, &browser.cookies()));
            if number == 0 {
                let Place::Page(page) = browser.clone().open(&mut connection, &path).await? else {
                    return Err("a sign-on did not lead to a page".into());
                };
                let expected = Expected {
                    keys: &keys,
                    sha1: Sha1::Refused,
                    decryptors: &[],
                    weak_ciphers: WeakCiphers::Refused,
                    issuer: None,
                    audience: ISSUER,
                    destinations: &[ACS],
                    in_response_to: Some(&id),
                    now: clock::today()?,
                };
                judge(&page, person, &expected)?;
            }
        }
    }
    Ok(requests)
}

/// Whether a page carries an assertion about this person.
fn judge(page: &str, person: &Person, expected: &Expected<'_>) -> Outcome<()> {
    let field = page.split("<input ").find(|input| input.contains(" name=\"SAMLResponse\""));
    let value = field.and_then(|input| attribute(input, "value"));
    let value = value.ok_or_else(|| format!("no SAMLResponse on a page: {page}"))?;
    let received = post::decode(|name| (name == "SAMLResponse").then_some(&*value))?;
    let accepted = consume(&received.xml, expected)?;
    if accepted.name.value != person.id {
        return Err(format!("an assertion about {} instead of {}", accepted.name.value, person.id).into());
    }
    Ok(())
}
