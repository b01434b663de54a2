//! What the Dashboard does for partners that speak SAML or WS-Federation: add-ons of applications, setup of connections.

use chancery_crypto::pem::{LineEnd, encode};
use serde_json::{Map, Value, json};

use super::{at_keys, form_in_content, location};
use crate::kit::{Answer, TestServer, engines, key};
use crate::people::browser::Browser;
use crate::saml::{application, certificate, made, stored_before};
use chancery::administrators::Role;
use http::Method;

/// What a field of several lines holds.
pub(super) fn typed(page: &Answer, name: &str) -> String {
    let text = page.text();
    let tag = format!("<textarea id=\"f-{}\"", name.replace(['.', '_'], "-"));
    let rest = text.split_once(&tag).unwrap_or_else(|| panic!("no {name}: {text}")).1;
    let inner = rest.split_once('>').unwrap().1.split_once("</textarea>").unwrap().0;
    unescaped(inner)
}

pub(super) fn unescaped(text: &str) -> String {
    let marks = [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#38;", "&"),
    ];
    marks.iter().fold(text.to_owned(), |text, (mark, sign)| text.replace(mark, sign))
}

/// What is said to be wrong with a field.
pub(super) fn wrong(page: &Answer, name: &str) -> String {
    let (text, id) = (page.text(), format!("id=\"f-{}-wrong\">", name.replace(['.', '_'], "-")));
    let rest = text.split_once(&id).unwrap_or_else(|| panic!("nothing is wrong with {name}: {text}")).1;
    unescaped(rest.split_once('<').unwrap().0)
}

async fn add_on(server: &TestServer, client_id: &str, name: &str) -> Value {
    let application = server.api_get(&format!("/clients/{client_id}")).await.expect(200);
    application["addons"][name].clone()
}

/// Types settings over those of a page, and sends them.
async fn save(
    browser: &mut Browser,
    server: &TestServer,
    page: &Answer,
    (name, text): (&str, &str),
) -> Answer {
    let callbacks = typed(page, "callbacks");
    let mut fields = vec![("callbacks", callbacks.as_str()), (name, text)];
    let realms = if name == "addons.wsfed" { typed(page, "client_aliases") } else { String::new() };
    if name == "addons.wsfed" {
        fields.push(("client_aliases", &realms));
    }
    browser.post(server, &form_in_content(page), &fields).await
}

#[tokio::test]
async fn every_setting_of_an_add_on_can_be_seen_and_changed_as_json() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let more = json!({ "slack": { "team": "blue" }, "samlp": { "audience": "urn:sp", "beyond": [1] } });
        let id = made(&server, more, json!({})).await;
        let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
        let path = format!("/dashboard/applications/{id}/addons/samlp/json");
        let page = ada.get(&server, &path).await;
        let shown: Map<String, Value> = serde_json::from_str(&typed(&page, "addons.samlp")).unwrap();
        for (name, value) in [
            ("audience", json!("urn:sp")),
            ("beyond", json!([1])),
            ("recipient", json!("")),
            ("lifetimeInSeconds", json!(3600)),
            ("typedAttributes", json!(true)),
            ("signatureAlgorithm", json!("rsa-sha256")),
            ("logout", json!({ "callback": "", "slo_enabled": false })),
        ] {
            assert_eq!(shown.get(name), Some(&value), "{name}");
        }
        assert_eq!(
            shown["mappings"]["email"],
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
        );

        // As it is shown it stores nothing.
        let done = save(&mut ada, &server, &page, ("addons.samlp", &typed(&page, "addons.samlp"))).await;
        assert_eq!(location(&done), path);
        assert_eq!(add_on(&server, &id, "samlp").await, json!({ "audience": "urn:sp", "beyond": [1] }));

        let mut changed = shown;
        for (name, value) in [
            ("destination", json!("https://sp.example/acs?x=1&y=2")),
            ("createUpnClaim", json!(false)),
            ("issuer", json!("urn:us")),
            ("audience", json!(null)),
        ] {
            changed.insert(name.to_owned(), value);
        }
        let text = serde_json::to_string_pretty(&changed).unwrap();
        let page = ada.get(&server, &path).await;
        let done = save(&mut ada, &server, &page, ("addons.samlp", &text)).await;
        assert_eq!((done.status.as_u16(), location(&done)), (303, path.clone()));
        let expected = json!({
            "destination": "https://sp.example/acs?x=1&y=2", "createUpnClaim": false, "issuer": "urn:us", "beyond": [1],
        });
        assert_eq!(add_on(&server, &id, "samlp").await, expected);
        assert_eq!(add_on(&server, &id, "slack").await, json!({ "team": "blue" }));
        let usage = ada.get(&server, &format!("/dashboard/applications/{id}/addons/samlp")).await.text();
        assert!(usage.contains("value=\"urn:us\" readonly"), "{usage}");
        let metadata = server.get(&format!("/samlp/metadata/{id}")).await.text();
        assert!(metadata.contains("entityID=\"urn:us\""), "{metadata}");
    }
}

#[tokio::test]
async fn json_that_cannot_be_meant_is_refused_with_the_place() {
    let server = TestServer::start().await;
    let id = made(&server, json!({ "samlp": {}, "wsfed": {} }), json!({})).await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    for (name, text, said) in [
        ("samlp", "{\n  \"audience\": \"urn:sp\",\n  \"issuer\": urn\n}", "(line 3, column"),
        ("samlp", "{\n  \"audience\": \"a\",\n  \"audience\": \"b\"\n}", "“audience” is there twice (line 3"),
        ("samlp", "[]", "Expected type object but found type array"),
        (
            "samlp",
            r#"{ "audeince": "urn:sp" }"#,
            "There is no setting “audeince”. Those that there are: audience, ",
        ),
        ("samlp", r#"{ "logout": { "url": "x" } }"#, "There is no setting “logout.url”"),
        ("samlp", r#"{ "typedAttributes": "yes" }"#, "typedAttributes: Expected type boolean"),
        ("samlp", r#"{ "lifetimeInSeconds": "1h" }"#, "lifetimeInSeconds: Expected type integer"),
        (
            "samlp",
            r#"{ "signingCert": "garbage" }"#,
            "signingCert: Expected the certificate of the partner in PEM",
        ),
        (
            "samlp",
            r#"{ "encryptionAlgorithm": "aes128-gcm" }"#,
            "encryptionAlgorithm: There is no certificate",
        ),
        ("wsfed", r#"{ "recipient": "x" }"#, "There is no setting “recipient”"),
        (
            "wsfed",
            r#"{ "encryptionCert": "x" }"#,
            "encryptionCert: Expected the certificate of the partner in PEM",
        ),
    ] {
        let path = format!("/dashboard/applications/{id}/addons/{name}/json");
        let field = format!("addons.{name}");
        let page = ada.get(&server, &path).await;
        let again = save(&mut ada, &server, &page, (&field, text)).await;
        assert_eq!(again.status.as_u16(), 400, "{text}");
        assert!(wrong(&again, &field).contains(said), "{}", wrong(&again, &field));
        assert_eq!(typed(&again, &field), text, "what was typed is there to be mended");
        assert_eq!(add_on(&server, &id, name).await, json!({}));
    }
}

#[tokio::test]
async fn settings_as_json_are_for_those_who_may_change_them_and_for_what_was_seen() {
    let server = TestServer::start().await;
    let id = application(&server, json!({})).await;
    let path = format!("/dashboard/applications/{id}/addons/samlp/json");
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let (mut bob, _) = at_keys(&server, "bob@example.com", Role::EditorApplications).await;
    let (mut vera, keys) = at_keys(&server, "vera@example.com", Role::Viewer).await;
    let shown = vera.get(&server, &path).await;
    assert!(shown.text().contains("Your role lets you read this") && shown.text().contains("readonly"));
    let mut forged = crate::people::browser::form(&keys);
    forged.action.clone_from(&path);
    forged
        .hidden
        .push(("seen".to_owned(), form_in_content(&ada.get(&server, &path).await).hidden[1].1.clone()));
    let callbacks = typed(&shown, "callbacks");
    let refused = vera.post(&server, &forged, &[("callbacks", &callbacks), ("addons.samlp", "{}")]).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.text());

    let page = ada.get(&server, &path).await;
    let mut unproved = form_in_content(&page);
    unproved.hidden.retain(|(name, _)| name != "csrf");
    assert_eq!(ada.post(&server, &unproved, &[("addons.samlp", "{}")]).await.status.as_u16(), 403);

    let theirs = bob.get(&server, &path).await;
    let first = save(&mut ada, &server, &page, ("addons.samlp", r#"{ "audience": "urn:ada" }"#)).await;
    assert_eq!(first.status.as_u16(), 303);
    let late = save(&mut bob, &server, &theirs, ("addons.samlp", r#"{ "audience": "urn:bob" }"#)).await;
    assert_eq!(late.status.as_u16(), 409);
    assert!(late.text().contains("Somebody changed this while you were editing it"), "{}", late.text());
    assert!(late.text().contains("urn:ada") && typed(&late, "addons.samlp").contains("urn:bob"));
    assert_eq!(add_on(&server, &id, "samlp").await, json!({ "audience": "urn:ada" }));
    let anyway = save(&mut bob, &server, &late, ("addons.samlp", r#"{ "audience": "urn:bob" }"#)).await;
    assert_eq!(anyway.status.as_u16(), 303);
    assert_eq!(add_on(&server, &id, "samlp").await, json!({ "audience": "urn:bob" }));

    // Whoever turned it off meanwhile is not undone.
    let page = bob.get(&server, &path).await;
    server.api_send(Method::PATCH, &format!("/clients/{id}"), &json!({ "addons": null })).await.expect(200);
    let late = save(&mut bob, &server, &page, ("addons.samlp", "{}")).await;
    assert_eq!(late.status.as_u16(), 409);
    assert_eq!(add_on(&server, &id, "samlp").await, Value::Null);
    assert_eq!(
        location(&bob.get(&server, &path).await),
        format!("/dashboard/applications/{id}/addons/samlp")
    );
}

#[tokio::test]
async fn a_field_says_that_its_certificate_is_none_also_of_one_that_was_stored_before() {
    let server = TestServer::start().await;
    let id = application(&server, json!({})).await;
    stored_before(&server, &id, json!({ "samlp": { "signingCert": "garbage" } })).await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let path = format!("/dashboard/applications/{id}/addons/samlp");
    let page = ada.get(&server, &path).await;
    let sent = form_in_content(&page);
    let fields = [
        ("callbacks", typed(&page, "callbacks")),
        ("addons.samlp.audience", "urn:new".to_owned()),
        ("addons.samlp.signingCert", typed(&page, "addons.samlp.signingCert")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let again = ada.post(&server, &sent, &fields).await;
    assert_eq!(again.status.as_u16(), 400);
    assert!(
        wrong(&again, "addons.samlp.signingCert").contains("Expected the certificate of the partner in PEM")
    );
    let fields = [fields[0], fields[1], ("addons.samlp.signingCert", "")];
    assert_eq!(ada.post(&server, &form_in_content(&again), &fields).await.status.as_u16(), 303);
    assert_eq!(add_on(&server, &id, "samlp").await, json!({ "audience": "urn:new" }));
}

/// A pair of a connection's own.
fn pair(number: usize) -> Value {
    let key = encode("PRIVATE KEY", &key(number).to_pkcs8().unwrap(), LineEnd::Lf);
    json!({ "key": key, "cert": certificate(number).to_pem() })
}

async fn connection(server: &TestServer, strategy: &str, options: Value) -> (String, String) {
    let name = format!("a-{strategy}-{}", options.as_object().unwrap().len());
    let body = json!({ "name": name, "strategy": strategy, "options": options });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    (made["id"].as_str().unwrap().to_owned(), name)
}

/// The certificates of each use: in the metadata, and among those that the API lists.
async fn listed(
    server: &TestServer,
    (id, name): &(String, String),
    usage: &str,
) -> (Vec<String>, Vec<String>) {
    let xml = server.get(&format!("/samlp/metadata?connection={name}")).await.text();
    let parts =
        xml.split("<md:KeyDescriptor").skip(1).filter(|part| part.starts_with(&format!(" use=\"{usage}\"")));
    let in_metadata = parts.map(|part| {
        let rest = part.split_once("<ds:X509Certificate>").unwrap().1;
        rest.split('<').next().unwrap().to_owned()
    });
    let all = server.api_get(&format!("/connections/{id}/certificates")).await.expect(200);
    let named =
        all.as_array().unwrap().iter().filter(|own| own["use"].as_array().unwrap().contains(&json!(usage)));
    let bare =
        |own: &Value| own["cert"].as_str().unwrap().lines().filter(|line| !line.contains("-----")).collect();
    (in_metadata.collect(), named.map(bare).collect())
}

#[tokio::test]
async fn the_setup_lists_the_certificates_that_the_metadata_lists() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
        let own = certificate(4).thumbprint();
        for (options, of_tenant, of_connection) in [
            (json!({}), 2, 0),
            (json!({ "signing_key": pair(4) }), 2, 1),
            (json!({ "decryptionKey": pair(4), "debug": false }), 2, 1),
            (json!({ "signing_key": pair(4), "decryptionKey": pair(4), "deflate": true }), 0, 1),
            (
                json!({ "signing_key": pair(4), "decryptionKey": pair(5), "debug": false, "deflate": true }),
                0,
                2,
            ),
        ] {
            let mut all = json!({ "signInEndpoint": "https://idp.example/sso" });
            all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
            let made = connection(&server, "samlp", all).await;
            for usage in ["signing", "encryption"] {
                let (in_metadata, told) = listed(&server, &made, usage).await;
                assert!(!told.is_empty());
                assert_eq!(in_metadata, told, "{usage} {options}");
            }
            let setup = ada.get(&server, &format!("/dashboard/connections/{}/setup", made.0)).await.text();
            let rows = |badge: &str| setup.matches(&format!(">{badge}</span>")).count();
            assert_eq!(rows("Currently used") + rows("Next in queue"), of_tenant, "{options}: {setup}");
            assert_eq!(rows("Of the connection"), of_connection, "{options}");
            assert_eq!(setup.matches("15 Jan 2028").count(), of_connection, "the end of each: {setup}");
            for path in ["pem", "cer", "pb7", "rawpem", "fingerprint"] {
                let there = setup.contains(&format!("href=\"/{path}?cert=connection\""));
                assert_eq!(there, of_tenant > 0, "{path} {options}");
                server.get(&format!("/{path}?cert=connection")).await.expect_ok();
            }
            if of_connection == 1 {
                let file = format!("/dashboard/connections/{}/certificate/{own}", made.0);
                assert!(setup.contains(&format!("href=\"{file}/pem\"")), "{setup}");
                assert_eq!(ada.get(&server, &format!("{file}/cer")).await.bytes, certificate(4).der());
                ada.get(&server, &format!("{file}/p7b")).await.expect_ok();
            }
            let settings = ada.get(&server, &format!("/dashboard/connections/{}", made.0)).await.text();
            assert!(!settings.contains("connection key of the tenant"), "{settings}");
            for page in [&setup, &settings] {
                assert!(!page.contains("PRIVATE KEY"));
            }
        }
    }
}

#[tokio::test]
async fn a_connection_of_ad_fs_shows_what_tokens_are_encrypted_for() {
    let server = TestServer::start().await;
    let (mut vera, _) = at_keys(&server, "vera@example.com", Role::Viewer).await;
    let base = json!({ "signInEndpoint": "https://idp.example/fs", "thumbprints": ["00".repeat(20)] });
    for (option, of_tenant, of_connection) in [
        (Value::Null, 2, 0),
        (json!({ "decryptionKey": pair(4) }), 0, 1),
        (json!({ "signing_key": pair(4) }), 2, 0),
    ] {
        let mut options = base.clone();
        options.as_object_mut().unwrap().extend(option.as_object().cloned().unwrap_or_default());
        let body = json!({ "name": format!("adfs-{of_tenant}-{}", option.is_null()), "strategy": "adfs", "options": options });
        let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
        let page = vera
            .get(&server, &format!("/dashboard/connections/{}/setup", made["id"].as_str().unwrap()))
            .await
            .text();
        let rows = |badge: &str| page.matches(&format!(">{badge}</span>")).count();
        assert_eq!(rows("Currently used") + rows("Next in queue"), of_tenant, "{option}: {page}");
        assert_eq!(rows("Of the connection"), of_connection, "{option}");
        assert!(page.contains(">Encryption</td>") && !page.contains(">Signatures"), "{page}");
    }
    let unserved = server.api_get("/connections?strategy=auth0").await.expect(200);
    let path = format!("/connections/{}/certificates", unserved[0]["id"].as_str().unwrap());
    assert_eq!(server.api_get(&path).await.expect(200), json!([]), "a database needs none");
}
