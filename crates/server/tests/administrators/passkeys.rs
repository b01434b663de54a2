//! Passkeys of administrators, with an authenticator of the tests: one RSA key, a counter, and a finger on the sensor.

use std::sync::Arc;

use chancery::administrators::Role;
use chancery::management::caller::Insider;
use chancery::passkeys::{Passkey, Stored, sql};
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest::sha256;
use chancery_jose::base64url;
use http::Method;
use serde_json::{Value, json};

use super::{administrator, tenant, token_of_admin};
use crate::kit::{Answer, Call, DOMAIN, TestServer, engines, error, key};
use crate::people::{Browser, EMAIL, Form, form};

const PATH: &str = "/tenants/members/me/passkeys";
const ORIGIN: &str = "https://tenant.example";
const CREDENTIAL: &[u8] = b"a credential";
/// User present, user verified.
const FLAGS: u8 = 0x05;

/// Runs every statement once.
pub(super) async fn exercise(server: &TestServer, user_id: &str) {
    let tenant = tenant(server).await;
    let (db, id) = (&server.app.db, tenant.id());
    let stored = Stored {
        name: "Key".to_owned(),
        public_key: "pA".to_owned(),
        backup_eligible: false,
        backed_up: false,
        transports: Vec::new(),
    };
    let passkey = Passkey {
        id: "pky_1".to_owned(),
        credential_id: "Y3Jl".to_owned(),
        user_id: user_id.to_owned(),
        sign_count: 1,
        stored,
        created_at: server.app.clock.now(),
        last_used_at: None,
    };
    let mut tx = db.begin().await.unwrap();
    sql::insert(&mut tx, id, &passkey).await.unwrap();
    let used = Passkey { sign_count: 2, ..passkey };
    assert!(sql::note_use(&mut tx, id, (&used, 1), server.app.clock.now()).await.unwrap());
    assert!(!sql::note_use(&mut tx, id, (&used, 1), server.app.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(sql::find(db, id, "Y3Jl").await.unwrap().unwrap().sign_count, 2);
    assert_eq!(sql::of_user(db, id, user_id).await.unwrap().len(), 1);
    let mut tx = db.begin().await.unwrap();
    assert!(sql::delete(&mut tx, id, user_id, "pky_1").await.unwrap());
    tx.commit().await.unwrap();
}

fn client_data(kind: &str, challenge: &str) -> String {
    base64url::encode(
        json!({ "type": kind, "challenge": challenge, "origin": ORIGIN }).to_string().as_bytes(),
    )
}

/// What the authenticator says before a credential: host, flags, counter.
fn authenticator_data(flags: u8, count: u8) -> Vec<u8> {
    let mut data = sha256(DOMAIN.as_bytes()).to_vec();
    data.extend([flags, 0, 0, 0, count]);
    data
}

/// The answer of a browser that was asked for a new passkey.
fn made(options: &Value) -> String {
    let mut data = authenticator_data(FLAGS | 0x40, 0);
    data.extend([0; 16]);
    data.extend([0, u8::try_from(CREDENTIAL.len()).unwrap()]);
    data.extend(CREDENTIAL);
    // A COSE_Key in CBOR: kty RSA, alg RS256, n, e.
    data.extend([0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00]);
    data.extend(key(6).public().modulus());
    data.extend([0x21, 0x43, 0x01, 0x00, 0x01]);
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
    object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    object.extend(data);
    let id = base64url::encode(CREDENTIAL);
    let challenge = options["challenge"].as_str().unwrap();
    json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": client_data("webauthn.create", challenge),
            "attestationObject": base64url::encode(&object),
        },
    })
    .to_string()
}

/// The answer of a browser that was asked to sign in, as the user with this handle.
fn proof(options: &Value, handle: &str, count: u8) -> String {
    let data = authenticator_data(FLAGS, count);
    let client = client_data("webauthn.get", options["challenge"].as_str().unwrap());
    let hash = sha256(&base64url::decode(&client).unwrap());
    let signature = key(6).sign(Algorithm::Rs256, &[data.as_slice(), &hash].concat()).unwrap();
    let id = base64url::encode(CREDENTIAL);
    json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": client,
            "authenticatorData": base64url::encode(&data),
            "signature": base64url::encode(&signature),
            "userHandle": handle,
        },
    })
    .to_string()
}

/// Asks for the operations of passkeys as one administrator.
struct Own<'a> {
    server: &'a TestServer,
    insider: Arc<Insider>,
}

impl<'a> Own<'a> {
    fn of(server: &'a TestServer, user_id: &str) -> Self {
        let insider = Insider {
            user_id: user_id.to_owned(),
            email: EMAIL.to_owned(),
            client_id: "chancery-dashboard".to_owned(),
            scopes: Role::Viewer.scopes(),
            ip: "203.0.113.9".parse().unwrap(),
            user_agent: None,
        };
        Self { server, insider: Arc::new(insider) }
    }

    async fn ask(&self, method: Method, more: &str, body: Option<Value>) -> Answer {
        let call = Call::new(method, &format!("/api/v2{PATH}{more}"));
        let call = if let Some(body) = body { call.json(&body) } else { call };
        let mut request = call.build();
        request.extensions_mut().insert(Arc::clone(&self.insider));
        self.server.send(request).await
    }

    async fn options(&self) -> Value {
        self.ask(Method::GET, "/options", None).await.expect(200)
    }

    async fn add(&self, credential: &str) -> Answer {
        self.ask(Method::POST, "", Some(json!({ "name": "Desk", "credential": credential }))).await
    }
}

/// The login page of the Dashboard in a browser: the form for passkeys, and what the browser is asked.
async fn asked(server: &TestServer, browser: &mut Browser) -> (Form, Value) {
    let page = browser.visit(server, "/dashboard").await;
    page.expect_ok();
    let html = page.text();
    let (_, rest) = html.split_once("data-passkey=\"").unwrap();
    let options = rest.split('"').next().unwrap().replace("&#34;", "\"").replace("&quot;", "\"");
    let start = html[..html.len() - rest.len()].rfind("<form").unwrap();
    let page = Answer { bytes: html.as_bytes()[start..].to_vec(), ..page };
    (form(&page), serde_json::from_str(&options).unwrap())
}

async fn shown(server: &TestServer, browser: &mut Browser, form: &Form, credential: &str) -> Answer {
    let hidden = form.hidden.iter().filter(|(name, _)| name != "credential").cloned().collect();
    let form = Form { action: form.action.clone(), hidden };
    browser.post(server, &form, &[("credential", credential)]).await
}

/// Where a login leads that succeeds.
fn is_in(answer: &Answer) -> bool {
    answer
        .header("location")
        .is_some_and(|to| to.starts_with("https://tenant.example/dashboard/callback?code="))
}

#[tokio::test]
async fn an_administrator_signs_in_with_a_passkey_once_for_each_login() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = administrator(&server, "ada@x.example", Role::Viewer).await.user_id;
        let own = Own::of(&server, &user_id);
        let options = own.options().await;
        let handle = options["user"]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            (&options["rp"]["id"], &options["user"]["name"]),
            (&json!(DOMAIN), &json!("ada@x.example"))
        );
        let added = own.add(&made(&options)).await.expect(201);
        let id = added["id"].as_str().unwrap();
        let created_at = "2027-01-15T08:00:00.000Z";
        assert_eq!(added, json!({ "id": id, "name": "Desk", "synced": false, "created_at": created_at }));
        assert_eq!(own.ask(Method::GET, "", None).await.expect(200), json!({ "passkeys": [added] }));
        assert_eq!(own.options().await["excludeCredentials"][0]["id"], base64url::encode(CREDENTIAL));

        let mut browser = Browser::default();
        let (form, options) = asked(&server, &mut browser).await;
        assert_eq!((&options["rpId"], &options["userVerification"]), (&json!(DOMAIN), &json!("required")));
        let first = proof(&options, &handle, 1);
        assert!(is_in(&shown(&server, &mut browser, &form, &first).await));
        let used = own.ask(Method::GET, "", None).await.expect(200);
        assert_eq!(used["passkeys"][0]["last_used_at"], created_at);

        // Another login asks for another challenge; a counter that stands still may be a copy's.
        let mut browser = Browser::default();
        let (form, options) = asked(&server, &mut browser).await;
        for bad in [&first, &proof(&options, &handle, 1), &proof(&options, "b3RoZXI", 2), "{}", ""] {
            let answer = shown(&server, &mut browser, &form, bad).await;
            assert_eq!(answer.status, 400, "{bad}");
            assert!(answer.text().contains("The passkey was not accepted."), "{bad}");
        }
        let (form, options) = asked(&server, &mut browser).await;
        assert!(is_in(&shown(&server, &mut browser, &form, &proof(&options, &handle, 2)).await));

        assert_eq!(own.ask(Method::DELETE, &format!("/{id}"), None).await.status, 204);
        assert_eq!(own.ask(Method::DELETE, &format!("/{id}"), None).await.status, 404);
        let mut browser = Browser::default();
        let (form, options) = asked(&server, &mut browser).await;
        let removed = shown(&server, &mut browser, &form, &proof(&options, &handle, 3)).await;
        assert_eq!(removed.status, 400);
    }
}

#[tokio::test]
async fn a_new_passkey_counts_for_its_administrator_and_for_minutes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let ada = administrator(&server, "ada@x.example", Role::Admin).await.user_id;
        let bob = administrator(&server, "bob@x.example", Role::Viewer).await.user_id;
        let (ada, bob) = (Own::of(&server, &ada), Own::of(&server, &bob));
        let options = ada.options().await;
        for bad in ["{}", "nonsense", &made(&bob.options().await)] {
            let refused = ada.add(bad).await;
            assert_eq!(refused.status, 400, "{bad}");
            assert!(refused.text().contains("The passkey was refused: "), "{}", refused.text());
        }
        server.clock.advance(jiff::SignedDuration::from_mins(10));
        let added = ada.add(&made(&options)).await.expect(201);
        assert_eq!(ada.add(&made(&ada.options().await)).await.status, 409);
        server.clock.advance(jiff::SignedDuration::from_mins(10));
        assert_eq!(ada.add(&made(&options)).await.status, 400);
        // Nobody sees or removes another one's.
        let id = added["id"].as_str().unwrap();
        assert_eq!(bob.ask(Method::GET, "", None).await.expect(200), json!({ "passkeys": [] }));
        assert_eq!(bob.ask(Method::DELETE, &format!("/{id}"), None).await.status, 404);
        assert_eq!(ada.ask(Method::GET, "", None).await.expect(200)["passkeys"][0]["id"], id);
    }
}

#[tokio::test]
async fn passkeys_are_for_administrators_alone() {
    let server = TestServer::start().await;
    let gone = error(404, "Not Found", None, "You are no administrator of this tenant.");
    let token = token_of_admin(&server, DOMAIN).await;
    let call = Call::get(&format!("/api/v2{PATH}")).bearer(&token);
    assert_eq!(server.send(call.build()).await.both(), (404, gone));
    assert_eq!(server.api_get(PATH).await.status, 403);
    let shop = crate::people::application(&server, json!({})).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &crate::people::authorize(&shop, &[])).await;
    page.expect_ok();
    assert!(!page.text().contains("data-passkey"));
}
