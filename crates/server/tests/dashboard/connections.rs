//! What the pages of connections to other providers show and save.

use http::Method;
use serde_json::{Value, json};

use super::partners::{typed, unescaped, wrong};
use super::{at_keys, form_from, location};
use crate::kit::{Answer, TestServer, engines};
use crate::people::browser::Browser;
use crate::saml::certificate;
use chancery::administrators::Role;

async fn made(server: &TestServer, strategy: &str, options: Value) -> String {
    let body = json!({ "name": format!("a-{strategy}"), "strategy": strategy, "options": options });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn options(server: &TestServer, id: &str) -> Value {
    server.api_get(&format!("/connections/{id}")).await.expect(200)["options"].clone()
}

/// What a browser would send of the fields of a page: what they show.
fn filled(page: &Answer) -> Vec<(String, String)> {
    let html = page.text();
    let content = html.split_once("<main").unwrap().1;
    let attribute = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!(" {name}=\"")).map(|(_, rest)| rest);
        rest.map(|rest| unescaped(rest.split('"').next().unwrap()))
    };
    let mut fields = Vec::new();
    for part in content.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap();
        let name = attribute(tag, "name").filter(|name| name.contains('.'));
        match (tag.split([' ', '\n']).next(), name) {
            (Some("input"), Some(name)) => {
                let is_off = tag.contains("type=\"checkbox\"") && !tag.contains(" checked");
                let value = attribute(tag, "value").unwrap_or_default();
                fields.extend((!is_off).then_some((name, value)));
            }
            (Some("textarea"), Some(name)) => fields.push((name, unescaped(rest))),
            (Some("select"), Some(name)) => fields.push((name, String::new())),
            (Some("option"), _) if tag.contains(" selected") => {
                fields.last_mut().unwrap().1 = attribute(tag, "value").unwrap();
            }
            _ => {}
        }
    }
    fields
}

/// Types something into a field of a page, and saves all of them.
async fn save(
    browser: &mut Browser,
    server: &TestServer,
    page: &Answer,
    (name, text): (&str, &str),
) -> Answer {
    let mut fields = filled(page);
    let found = fields.iter_mut().find(|(own, _)| own == name);
    text.clone_into(&mut found.unwrap_or_else(|| panic!("no {name}: {}", page.text())).1);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    // A button of the heading has a form of its own before it.
    browser.post(server, &form_from(page, "<ul class=\"tabs\">"), &fields).await
}

#[tokio::test]
async fn what_a_saml_identity_provider_calls_itself_is_set_on_the_page_of_its_connection() {
    for engine in engines() {
        let server = TestServer::on(engine).await;
        let more = json!({
            "signInEndpoint": "https://idp.example/sso", "signingCert": certificate(4).to_pem(), "deflate": false,
        });
        let id = made(&server, "samlp", more).await;
        let before = options(&server, &id).await;
        let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
        let path = format!("/dashboard/connections/{id}");
        let page = ada.get(&server, &path).await;
        let shown = |page: &Answer| {
            let found = filled(page).into_iter().find(|(name, _)| name == "options.idp_entity_id");
            found.unwrap_or_else(|| panic!("no field: {}", page.text())).1
        };
        assert_eq!(shown(&page), "");
        let done = save(&mut ada, &server, &page, ("options.idp_entity_id", "urn:idp")).await;
        assert_eq!((done.status.as_u16(), location(&done)), (303, path.clone()));
        let now = options(&server, &id).await;
        assert_eq!(now["idp_entity_id"], "urn:idp");
        for name in ["signInEndpoint", "cert", "thumbprints", "expires", "subject", "deflate"] {
            assert_eq!(now[name], before[name], "{name}");
        }
        let page = ada.get(&server, &path).await;
        assert_eq!(shown(&page), "urn:idp");
        let long = "u".repeat(1025);
        let again = save(&mut ada, &server, &page, ("options.idp_entity_id", &long)).await;
        assert_eq!(again.status.as_u16(), 400);
        assert!(wrong(&again, "options.idp_entity_id").contains("1024"), "{}", again.text());
        assert_eq!(options(&server, &id).await, now);
        save(&mut ada, &server, &page, ("options.idp_entity_id", "")).await;
        assert_eq!(options(&server, &id).await.get("idp_entity_id"), None);
    }
}

#[tokio::test]
async fn a_connection_of_oauth_without_an_address_for_profiles_says_that_nobody_can_sign_in_with_it() {
    let server = TestServer::start().await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let warning = "Nobody can sign in with this connection: it has no Profile URL";
    let id = made(
        &server,
        "oauth2",
        json!({
            "client_id": "c", "authorizationURL": "https://p.example/a", "tokenURL": "https://p.example/t",
            "scripts": { "fetchUserProfile": "function (accessToken, context, callback) {}" },
        }),
    )
    .await;
    let path = format!("/dashboard/connections/{id}");
    let page = ada.get(&server, &path).await;
    assert!(page.text().contains(warning), "{}", page.text());
    // On the tab where it can be mended, and on no other.
    for tab in ["/setup", "/mapping", "/login-experience"] {
        assert!(!ada.get(&server, &format!("{path}{tab}")).await.text().contains(warning), "{tab}");
    }
    let done = save(&mut ada, &server, &page, ("options.userInfoURL", "https://p.example/me")).await;
    assert_eq!((done.status.as_u16(), location(&done)), (303, path.clone()));
    assert!(!ada.get(&server, &path).await.text().contains(warning));
    assert_eq!(options(&server, &id).await["userInfoURL"], "https://p.example/me");
    for (strategy, more) in [("github", json!({})), ("oidc", json!({ "client_id": "c" }))] {
        let id = made(&server, strategy, more).await;
        assert!(!ada.get(&server, &format!("/dashboard/connections/{id}")).await.text().contains(warning));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_domain_or_a_parameter_is_said_at_its_field() {
    let server = TestServer::start().await;
    let (mut ada, _) = at_keys(&server, "ada@example.com", Role::Admin).await;
    let id = made(&server, "samlp", json!({ "signInEndpoint": "https://idp.example/sso" })).await;
    let path = format!("/dashboard/connections/{id}");
    let before = options(&server, &id).await;
    for (tab, name, text, said) in [
        ("", "options.domain_aliases", "corp.example\n@corp.test", "@corp.test"),
        ("", "options.upstream_params", r#"{ "acr": "high" }"#, "acr: "),
        ("", "options.upstream_params", r#"{ "acr": { "value": 1 } }"#, "acr.value: "),
        ("/mapping", "options.fieldsMap", r#"{ "email": ["mail", 5] }"#, "email.1: "),
    ] {
        let page = ada.get(&server, &format!("{path}{tab}")).await;
        let again = save(&mut ada, &server, &page, (name, text)).await;
        assert_eq!(again.status.as_u16(), 400, "{text}");
        assert!(wrong(&again, name).contains(said), "{}", wrong(&again, name));
        assert_eq!(typed(&again, name), text, "what was typed is there to be mended");
        assert_eq!(options(&server, &id).await, before);
    }
}
