//! People sign in at a service that speaks WS-Federation.

pub(crate) mod service;

use std::collections::HashMap;

use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::Cipher;
use chancery_saml::idp::Encryption;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::{Application, Browser, answered, application, authorize, exchange, parameter};
use super::saml::idp::Published;
use crate::kit::{Answer, Call, DOMAIN, On, TestServer, claims, engines};
use crate::people::{EMAIL, Form};
use crate::saml::{ACS, attribute, certificate, made, posted, sign_in};
use service::{LS, REPLY, STS, Said, US, metadata};

/// A tenant whose people sign in by the connection `corp`.
struct World {
    server: TestServer,
    shop: Application,
    corp: String,
    /// How many failed logins the log had at the last look.
    told: usize,
}

impl World {
    /// With these options, and this strategy.
    async fn of(on: On, strategy: &str, options: Value) -> Self {
        let server = TestServer::on_with(on, Some(true)).await;
        let shop = application(&server, json!({})).await;
        let body = json!({ "name": "corp", "strategy": strategy, "options": options });
        let corp = super::connection(&server, &shop, body).await;
        Self { server, shop, corp, told: 0 }
    }

    /// With metadata that was pasted.
    async fn on(on: On) -> Self {
        Self::of(on, "adfs", json!({ "fedMetadataXml": metadata(&[4]) })).await
    }

    async fn away(&self, browser: &mut Browser, more: &[(&str, &str)]) -> Answer {
        let parameters = [&[("connection", "corp")], more].concat();
        browser.get(&self.server, &authorize(&self.shop, &parameters)).await
    }

    /// Begins a login; answers what the service is asked.
    async fn begin(&self, browser: &mut Browser) -> HashMap<String, String> {
        asked(&self.away(browser, &[]).await)
    }

    /// The service's page sends the browser back.
    async fn back(&self, browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
        let form = Form { action: "/login/callback".to_owned(), hidden: Vec::new() };
        browser.post(&self.server, &form, fields).await
    }

    async fn says(&self, browser: &mut Browser, said: &Said) -> Answer {
        let state = self.begin(browser).await["wctx"].clone();
        self.back(browser, &[("wa", "wsignin1.0"), ("wresult", &said.xml()), ("wctx", &state)]).await
    }

    /// The user whom this answer signs in.
    async fn user(&self, back: &Answer) -> Value {
        assert_eq!(back.status, 303, "{}", back.text());
        let tokens = exchange(&self.server, &self.shop, &parameter(back, "code")).await.expect(200);
        let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned();
        self.server.api_get(&format!("/users/{}", sub.replace('|', "%7C"))).await.expect(200)
    }

    async fn is_signed_in(&self, browser: &Browser) -> bool {
        let silent = authorize(&self.shop, &[("prompt", "none")]);
        let answer = browser.clone().get(&self.server, &silent).await;
        answered(&answer).iter().any(|(name, _)| name == "code")
    }

    /// What the log says of the failed logins, the newest first, once there is one more than at the last look. Entries
    /// are written a moment later.
    async fn reasons(&mut self) -> Vec<String> {
        for _ in 0..200 {
            let path = "/logs?q=type:f&sort=date:-1&per_page=100";
            let entries = self.server.api_get(path).await.expect(200);
            let all = entries.as_array().unwrap().iter();
            let all: Vec<_> = all.map(|entry| entry["description"].as_str().unwrap().to_owned()).collect();
            if all.len() > self.told {
                self.told = all.len();
                return all;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no failed login was added to the log");
    }

    async fn options(&self) -> Value {
        self.server.api_get(&format!("/connections/{}", self.corp)).await.expect(200)["options"].clone()
    }
}

/// What a redirection to the service asks.
#[track_caller]
fn asked(answer: &Answer) -> HashMap<String, String> {
    let location = answer.header("location").unwrap_or_else(|| panic!("no redirection: {}", answer.text()));
    let query = location.strip_prefix(&format!("{LS}?")).unwrap_or_else(|| panic!("elsewhere: {location}"));
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn thumbprint(number: usize) -> String {
    certificate(number).thumbprint().to_ascii_lowercase()
}

#[tokio::test]
async fn somebody_signs_in_at_a_service_and_is_a_user_from_then_on() {
    for on in engines() {
        let world = World::on(on).await;
        let mut browser = Browser::default();
        let mut sent = asked(&world.away(&mut browser, &[("prompt", "login")]).await);
        let state = sent.remove("wctx").unwrap();
        let expected = [("wa", "wsignin1.0"), ("wtrealm", US), ("wreply", REPLY), ("wfresh", "0")];
        assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let said = Said::new("_1").xml();
        let fields = [("wa", "wsignin1.0"), ("wresult", said.as_str()), ("wctx", &state)];
        let back = world.back(&mut browser, &fields).await;
        let user = world.user(&back).await;
        for (name, value) in [
            ("user_id", json!("adfs|corp|ada")),
            ("email", json!("ada@corp.example")),
            ("email_verified", json!(false)),
            ("name", json!("Ada Lovelace")),
            ("family_name", json!("Lovelace")),
            ("groups", json!(["a", "b"])),
        ] {
            assert_eq!(user[name], value, "{name}: {user}");
        }
        // The second time it is the same user; the answer may name the connection in its address.
        let mut again = Browser::default();
        let state = world.begin(&mut again).await["wctx"].clone();
        let form = Form { action: "/login/callback?connection=corp".to_owned(), hidden: Vec::new() };
        let said = Said::new("_2").xml();
        let fields = [("wa", "wsignin1.0"), ("wresult", said.as_str()), ("wctx", &state)];
        let back = again.post(&world.server, &form, &fields).await;
        assert_eq!(world.user(&back).await["logins_count"], 2);
    }
}

#[tokio::test]
async fn the_service_may_be_another_chancery() {
    let server = TestServer::on_with(On::Sqlite, Some(true)).await;
    crate::people::user(&server).await;
    for (number, token_type) in [None, Some("urn:oasis:names:tc:SAML:2.0:assertion")].iter().enumerate() {
        let name = format!("corp{number}");
        let add_on = token_type.map_or_else(|| json!({}), |kind| json!({ "tokenType": kind }));
        let more = json!({ "callbacks": [REPLY], "client_aliases": [format!("urn:auth0:main:{name}")] });
        let provider = made(&server, json!({ "wsfed": add_on }), more).await;
        let path = format!("/wsfed/{provider}/FederationMetadata/2007-06/FederationMetadata.xml");
        let shop = application(&server, json!({})).await;
        let options = json!({ "fedMetadataXml": server.get(&path).await.text() });
        super::connection(&server, &shop, json!({ "name": name, "strategy": "adfs", "options": options }))
            .await;
        let mut browser = Browser::default();
        let away = browser.get(&server, &authorize(&shop, &[("connection", name.as_str())])).await;
        let to = away.header("location").unwrap().strip_prefix("https://tenant.example").unwrap().to_owned();
        // Who signs in there has another browser here, so that the sessions do not mix.
        let mut there = Browser::default();
        let page = there.visit(&server, &to).await;
        let answer = sign_in(&server, &mut there, &page).await;
        let form = crate::people::form(&answer);
        assert_eq!(form.action, REPLY);
        let form = Form { action: "/login/callback".to_owned(), ..form };
        let (_, rest) = posted(&answer, REPLY, "wresult");
        assert_eq!(rest.len(), 2);
        let hidden = form.hidden.iter().map(|(name, value)| (name.clone(), unescaped(value))).collect();
        let back = browser.post(&server, &Form { hidden, ..form }, &[]).await;
        assert_eq!(back.status, 303, "{}", back.text());
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let told = claims(tokens["id_token"].as_str().unwrap());
        assert!(told["sub"].as_str().unwrap().starts_with(&format!("adfs|{name}|auth0|")), "{told}");
        assert_eq!(told["email"], EMAIL);
    }
}

#[tokio::test]
async fn a_token_for_an_application_speaks_of_a_password_where_one_was_typed_here_and_nowhere_else() {
    for on in engines() {
        let world = World::on(on).await;
        crate::people::user(&world.server).await;
        let archive = made(&world.server, json!({ "wsfed": {} }), json!({})).await;
        let body = json!([{ "client_id": archive, "status": true }]);
        let path = format!("/connections/{}/clients", world.corp);
        world.server.api_send(Method::PATCH, &path, &body).await;
        let method = |answer: &Answer| {
            let token = unescaped(&posted(answer, ACS, "wresult").0);
            attribute(&token, "AuthenticationStatement", "AuthenticationMethod").unwrap()
        };
        let mut browser = Browser::default();
        let path = format!("/wsfed/{archive}?wa=wsignin1.0");
        let page = browser.visit(&world.server, &path).await;
        let answer = sign_in(&world.server, &mut browser, &page).await;
        assert_eq!(method(&answer), "urn:oasis:names:tc:SAML:1.0:am:password");
        let mut browser = Browser::default();
        let away = browser.get(&world.server, &format!("{path}&whr=urn:corp")).await;
        let state = asked(&away)["wctx"].clone();
        let said = Said::new("_1").xml();
        let fields = [("wa", "wsignin1.0"), ("wresult", said.as_str()), ("wctx", &state)];
        let answer = world.back(&mut browser, &fields).await;
        assert_eq!(method(&answer), "urn:oasis:names:tc:SAML:1.0:am:unspecified");
        // The session says the same again.
        assert_eq!(
            method(&browser.get(&world.server, &path).await),
            "urn:oasis:names:tc:SAML:1.0:am:unspecified"
        );
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&#60;", "<").replace("&gt;", ">").replace("&#62;", ">");
    text.replace("&quot;", "\"").replace("&#34;", "\"")
}

#[tokio::test]
async fn tokens_that_do_not_prove_who_somebody_is_sign_nobody_in() {
    let bend = |change: fn(&mut Said)| {
        let mut said = Said::new("_bent");
        change(&mut said);
        said.xml()
    };
    let encrypted = |number, cipher| {
        let encryption = Some(Encryption { certificate: certificate(number), cipher });
        Said { encryption, ..Said::new("_bent") }.xml()
    };
    let good = Said::new("_bent").xml();
    let foreign = format!(
        "Signature check errors: the signature was made by none of the 1 certificates that are configured; sent \
         with it: {}. Configured: {}",
        certificate(5).digests(),
        certificate(4).digests()
    );
    let cases = [
        (
            "Audience is invalid. Configured: urn:auth0:main:corp; the assertion is for urn:other",
            bend(|said| said.realm = "urn:other".to_owned()),
        ),
        (
            "the issuer is \"urn:other\", expected \"http://adfs.example/adfs/services/trust\"",
            bend(|said| said.issuer = "urn:other".to_owned()),
        ),
        (
            "assertion has expired. It counts until 2027-01-15T07:00:00Z, and it is 2027-01-15T08:00:00Z here.",
            bend(|said| said.at = -9),
        ),
        (
            "assertion is not valid yet. It counts from 2027-01-15T08:59:00Z on, and it is 2027-01-15T08:00:00Z here.",
            bend(|said| said.at = 1),
        ),
        (foreign.as_str(), bend(|said| said.signer = 5)),
        (
            "Signature check errors: the content does not match the digest that was signed",
            good.replace(">ada<", ">root<"),
        ),
        ("the token is not signed", unsigned(&good)),
        (
            "the document has a document type declaration, which is never accepted",
            format!("<!DOCTYPE x>{good}"),
        ),
        ("expected a RequestSecurityTokenResponse with one token, found x", "<x/>".to_owned()),
        (
            "the encrypted content cannot be opened with the keys of this connection",
            encrypted(5, Cipher::Aes256Gcm),
        ),
        (
            "the encryption method http://www.w3.org/2001/04/xmlenc#aes256-cbc is not accepted",
            encrypted(5, Cipher::Aes256Cbc),
        ),
    ];
    for on in engines() {
        let mut world = World::on(on).await;
        for (reason, xml) in &cases {
            let mut browser = Browser::default();
            let state = world.begin(&mut browser).await["wctx"].clone();
            let fields = [("wa", "wsignin1.0"), ("wresult", xml.as_str()), ("wctx", &state)];
            let page = world.back(&mut browser, &fields).await;
            assert_eq!(page.status, 400, "{reason}");
            assert!(page.text().contains("The answer of the identity provider could not be accepted."));
            assert!(!page.text().contains("urn:other"), "{}", page.text());
            assert!(!world.is_signed_in(&browser).await);
            assert_eq!(world.reasons().await[0], *reason);
        }
        let users = world.server.api_get("/users?q=identities.connection:corp").await.expect(200);
        assert_eq!(users, json!([]));
    }
}

/// The answer without the signature of its token.
fn unsigned(xml: &str) -> String {
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    [&xml[..from], &xml[to..]].concat()
}

#[tokio::test]
async fn a_token_counts_once_and_for_whoever_asked() {
    for on in engines() {
        let mut world = World::on(on).await;
        let said = Said::new("_once");
        let mut browser = Browser::default();
        assert_eq!(world.says(&mut browser, &said).await.status, 303);
        let mut thief = Browser::default();
        assert_eq!(world.says(&mut thief, &said).await.status, 400);
        assert_eq!(world.reasons().await[0], "the token was used before");
        assert!(!world.is_signed_in(&thief).await);
        let fresh = Said::new("_fresh").xml();
        let of_another = world.begin(&mut Browser::default()).await["wctx"].clone();
        let mut at_another_address = Browser::default();
        let own = world.begin(&mut at_another_address).await["wctx"].clone();
        let elsewhere = Form { action: "/login/callback?connection=other".to_owned(), hidden: Vec::new() };
        let fields = [("wa", "wsignin1.0"), ("wresult", fresh.as_str()), ("wctx", &own)];
        let refused = at_another_address.post(&world.server, &elsewhere, &fields).await;
        assert_eq!(refused.status, 400);
        assert_eq!(world.reasons().await[0], "the answer came to the address of another connection");
        // Nobody asked, somebody else asked, or it was answered before.
        for (context, reason) in [
            (None, "an answer of a provider came without a state"),
            (Some(of_another.as_str()), "the state belongs to another browser"),
            (Some(own.as_str()), "the state is unknown, expired or was used before"),
            (Some("https://evil.example/"), "the state is unknown, expired or was used before"),
        ] {
            let mut fields = vec![("wa", "wsignin1.0"), ("wresult", fresh.as_str())];
            fields.extend(context.map(|context| ("wctx", context)));
            let page = world.back(&mut thief, &fields).await;
            assert_eq!(page.status, 400, "{reason}");
            assert_eq!(world.reasons().await[0], reason);
            assert!(!world.is_signed_in(&thief).await);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_refused_with_the_reason() {
    let mut world = World::on(On::Sqlite).await;
    let good = Said::new("_1").xml();
    for (fields, reason) in [
        (vec![("wresult", good.as_str())], "the parameter wa of the answer is not wsignin1.0"),
        (
            vec![("wa", "wsignoutcleanup1.0"), ("wresult", good.as_str())],
            "the parameter wa of the answer is not wsignin1.0",
        ),
        (vec![("wa", "wsignin1.0")], "the answer has no wresult"),
    ] {
        let mut browser = Browser::default();
        let state = world.begin(&mut browser).await["wctx"].clone();
        let fields = [fields, vec![("wctx", state.as_str())]].concat();
        assert_eq!(world.back(&mut browser, &fields).await.status, 400);
        assert_eq!(world.reasons().await[0], reason);
    }
    // In the address it would be in the logs of everybody on the way.
    let mut browser = Browser::default();
    let state = world.begin(&mut browser).await["wctx"].clone();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("wa", "wsignin1.0").append_pair("wresult", &good).append_pair("wctx", &state);
    let page = browser.get(&world.server, &format!("/login/callback?{}", query.finish())).await;
    assert_eq!(page.status, 400);
    assert_eq!(world.reasons().await[0], "an answer of WS-Federation came by another way than a form");
    // The service's own image ends nothing here.
    let mut browser = Browser::default();
    assert_eq!(world.says(&mut browser, &Said::new("_2")).await.status, 303);
    browser.get(&world.server, "/login/callback?wa=wsignoutcleanup1.0").await;
    assert!(world.is_signed_in(&browser).await);
}

#[tokio::test]
async fn metadata_is_fetched_when_somebody_first_signs_in_and_followed_through_a_rollover() {
    for on in engines() {
        let published = Published::start(&[4]).await;
        published.says(metadata(&[4]));
        let mut world = World::of(on, "adfs", json!({ "adfs_server": published.url })).await;
        assert_eq!(published.asked(), 0);
        let mut browser = Browser::default();
        assert_eq!(world.says(&mut browser, &Said::new("_1")).await.status, 303);
        assert_eq!(published.asked(), 1);
        let options = world.options().await;
        assert_eq!(options["signInEndpoint"], LS);
        assert_eq!(options["idp_entity_id"], STS);
        assert_eq!(options["thumbprints"], json!([thumbprint(4)]));
        // A new key that is listed counts at once, whenever it was that we looked.
        published.says(metadata(&[5, 4]));
        world.server.clock.advance(SignedDuration::from_mins(2));
        for (id, signer) in [("_2", 5), ("_3", 4)] {
            let said = Said { signer, ..Said::new(id) };
            assert_eq!(world.says(&mut Browser::default(), &said).await.status, 303, "{id}");
        }
        assert_eq!(world.options().await["thumbprints"], json!([thumbprint(5), thumbprint(4)]));
        // One that is not listed does not, and does not make us ask each time.
        let asked = published.asked();
        for id in ["_4", "_5"] {
            let said = Said { signer: 6, ..Said::new(id) };
            assert_eq!(world.says(&mut Browser::default(), &said).await.status, 400);
        }
        assert!(published.asked() <= asked + 1, "once a minute at most");
        assert!(world.reasons().await[0].contains("none of the 2 certificates"));
    }
}

#[tokio::test]
async fn another_server_means_other_keys_and_a_server_that_is_silent_lets_nobody_in() {
    let published = Published::start(&[4]).await;
    published.says(metadata(&[4]));
    let mut world = World::of(On::Sqlite, "adfs", json!({ "adfs_server": published.url })).await;
    assert_eq!(world.says(&mut Browser::default(), &Said::new("_1")).await.status, 303);
    let mut options = world.options().await;
    options["adfs_server"] = json!(format!("{}/other", published.url));
    let path = format!("/connections/{}", world.corp);
    let after = world.server.api_send(Method::PATCH, &path, &json!({ "options": options })).await.expect(200);
    assert_eq!(after["options"], json!({ "adfs_server": options["adfs_server"] }));
    assert_eq!(world.away(&mut Browser::default(), &[]).await.status, 400);
    let reason = "the metadata of the identity provider: it answered 404, expected 200";
    assert_eq!(world.reasons().await[0], reason);
}

#[tokio::test]
async fn thumbprints_stand_for_certificates_where_there_are_none() {
    let options = |thumbprints: Value| json!({ "signInEndpoint": LS, "thumbprints": thumbprints });
    let mut both = options(json!([certificate(5).fingerprint()]));
    both["prev_thumbprints"] = json!([thumbprint(4)]);
    let mut world = World::of(On::Sqlite, "adfs", both).await;
    for (id, signer) in [("_1", 4), ("_2", 5)] {
        let said = Said { signer, ..Said::new(id) };
        assert_eq!(world.says(&mut Browser::default(), &said).await.status, 303, "{id}");
    }
    let said = Said { signer: 6, ..Said::new("_3") };
    assert_eq!(world.says(&mut Browser::default(), &said).await.status, 400);
    let (known, former, sent) = (thumbprint(5), thumbprint(4), certificate(6).digests());
    let reason = format!("Invalid thumbprint (configured: {known}, {former}. calculated: {sent})");
    assert_eq!(world.reasons().await[0], reason);
    // The certificate that is pinned, beside a signature of another key.
    let said = Said { signer: 6, ..Said::new("_5") };
    let borrowed = said.xml().replace(&certificate(6).base64_der(), &certificate(4).base64_der());
    let mut browser = Browser::default();
    let state = world.begin(&mut browser).await["wctx"].clone();
    let fields = [("wa", "wsignin1.0"), ("wresult", borrowed.as_str()), ("wctx", &state)];
    assert_eq!(world.back(&mut browser, &fields).await.status, 400);
    let reason = format!(
        "Signature check errors: the signature was made by none of the 1 certificates that are configured; sent \
         with it: {}. What was sent is configured, but another key has signed",
        certificate(4).digests()
    );
    assert_eq!(world.reasons().await[0], reason);
    // Whoever has the certificates needs no thumbprints, and the former of them count no more.
    let certain = json!({
        "signInEndpoint": LS, "signingCert": certificate(5).to_pem(), "prev_thumbprints": [thumbprint(4)],
    });
    let world = World::of(On::Sqlite, "adfs", certain).await;
    assert_eq!(world.options().await["thumbprints"], json!([thumbprint(5)]));
    assert_eq!(world.says(&mut Browser::default(), &Said::new("_4")).await.status, 400);
    let body = json!({ "name": "broken", "strategy": "adfs", "options": options(json!(["abc"])) });
    let refused = world.server.api_send(Method::POST, "/connections", &body).await.expect(400);
    let why =
        "options.thumbprints cannot be used: \"abc\" is no SHA-1 or SHA-256 of a certificate in hexadecimal.";
    assert_eq!(refused["message"], why);
}

#[tokio::test]
async fn metadata_that_cannot_be_used_is_refused_with_the_reason() {
    let world = World::on(On::Sqlite).await;
    let kind = "options.fedMetadataXml cannot be used: expected the federation metadata of one service (an EntityDescriptor with a RoleDescriptor of type SecurityTokenServiceType), found 0.";
    for (options, reason) in [
        (json!({ "fedMetadataXml": "<x/>" }), kind),
        (
            json!({ "fedMetadataXml": metadata(&[4]), "adfs_server": "adfs.example" }),
            "Send options.adfs_server or options.fedMetadataXml, not both.",
        ),
    ] {
        let body = json!({ "name": "broken", "strategy": "adfs", "options": options });
        let refused = world.server.api_send(Method::POST, "/connections", &body).await.expect(400);
        assert_eq!(refused["message"], reason);
    }
}

#[tokio::test]
async fn a_token_that_is_encrypted_for_the_connection_key_opens() {
    let world = World::on(On::Sqlite).await;
    let own = world.server.send(Call::to(DOMAIN, Method::GET, "/cer?cert=connection").build()).await;
    let own = Certificate::from_der(own.bytes).unwrap();
    let encryption = Some(Encryption { certificate: own, cipher: Cipher::Aes256Gcm });
    let said = Said { encryption, ..Said::new("_1") };
    let back = world.says(&mut Browser::default(), &said).await;
    assert_eq!(world.user(&back).await["user_id"], "adfs|corp|ada");
}

#[tokio::test]
async fn a_directory_of_microsoft_is_asked_in_ws_federation_where_the_connection_says_so() {
    for choice in [json!({ "use_wsfed": true }), json!({ "waad_protocol": "ws-federation" })] {
        let mut options = json!({
            "client_id": "0000-app", "tenant_domain": "corp.example", "signInEndpoint": LS,
            "signingCert": certificate(4).to_pem(), "idp_entity_id": STS,
            "should_trust_email_verified_connection": "always_set_emails_as_verified",
        });
        options.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
        let mut world = World::of(On::Sqlite, "waad", options).await;
        let mut browser = Browser::default();
        let sent = world.begin(&mut browser).await;
        assert_eq!(sent["wtrealm"], "spn:0000-app");
        let said = Said { realm: "spn:0000-app".to_owned(), ..Said::new("_1") }.xml();
        let fields = [("wa", "wsignin1.0"), ("wresult", said.as_str()), ("wctx", &sent["wctx"])];
        let back = world.back(&mut browser, &fields).await;
        assert_eq!(back.status, 303, "{:?}", world.reasons().await);
        let user = world.user(&back).await;
        assert_eq!(user["user_id"], "waad|corp|ada");
        assert_eq!(user["email_verified"], true);
    }
}

#[tokio::test]
async fn a_federated_logout_ends_at_the_service() {
    for on in engines() {
        let world = World::on(on).await;
        let bye = json!({ "allowed_logout_urls": ["https://shop.example/bye"] });
        world.server.api_send(Method::PATCH, &format!("/clients/{}", world.shop.id), &bye).await.expect(200);
        let back = "wa=wsignout1.0&wreply=https%3A%2F%2Fshop.example%2Fbye";
        let path = format!("client_id={}&returnTo=https://shop.example/bye", world.shop.id);
        for (id, query, to) in [
            ("_1", String::new(), None),
            ("_2", "federated".to_owned(), Some(format!("{LS}?wa=wsignout1.0"))),
            ("_3", format!("federated&{path}"), Some(format!("{LS}?{back}"))),
            ("_4", path.clone(), Some("https://shop.example/bye".to_owned())),
        ] {
            let mut browser = Browser::default();
            assert_eq!(world.says(&mut browser, &Said::new(id)).await.status, 303);
            let out = browser.get(&world.server, &format!("/v2/logout?{query}")).await;
            assert_eq!(out.header("location").map(str::to_owned), to);
            assert!(!world.is_signed_in(&browser).await);
        }
    }
}
