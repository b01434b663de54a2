//! Where the pages lead to other providers: buttons, homes of addresses, and the single way.

use http::Method;
use serde_json::json;

use super::{World, asked, connection};
use crate::kit::{Call, On};
use crate::people::{Browser, CONNECTION, authorize, form};

async fn without_database(world: &World) {
    let list = world.server.api_get(&format!("/connections?name={CONNECTION}")).await.expect(200);
    let path = format!("/connections/{}", list[0]["id"].as_str().unwrap());
    let body = json!({ "enabled_clients": [world.server.client_id] });
    world.server.api_send(Method::PATCH, &path, &body).await.expect(200);
}

/// Where a page's button with this text leads.
fn button(html: &str, text: &str) -> Option<String> {
    let link = html
        .split("<a class=\"button second\" href=\"")
        .skip(1)
        .find(|rest| rest.split_once("</a>").is_some_and(|(inside, _)| inside.ends_with(text)))?;
    Some(link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn the_login_page_has_buttons_for_persons_accounts_and_for_organizations_that_want_one() {
    let world = World::on(On::Sqlite).await;
    let google = json!({ "name": "google", "strategy": "google-oauth2", "options": { "client_id": "g" } });
    connection(&world.server, &world.shop, google).await;
    let page = Browser::default().visit(&world.server, &authorize(&world.shop, &[])).await;
    assert!(button(&page.text(), "Continue with Google").is_some(), "{}", page.text());
    assert!(button(&page.text(), "Continue with corp").is_none(), "{}", page.text());
    let shown = json!({
        "show_as_button": true, "display_name": "Corp <Inc>",
        "options": world.provider.options(&json!({ "icon_url": "https://corp.example/icon.png" })),
    });
    world.server.api_send(Method::PATCH, &format!("/connections/{}", world.corp), &shown).await.expect(200);
    let mut browser = Browser::default();
    let page = browser.visit(&world.server, &authorize(&world.shop, &[])).await;
    let html = page.text();
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("img-src 'self' https://corp.example;"), "{policy}");
    assert!(html.contains("<img src=\"https://corp.example/icon.png\" alt=\"\">"), "{html}");
    let way = button(&html, "Continue with Corp &#60;Inc&#62;").unwrap_or_else(|| panic!("{html}"));
    let away = browser.get(&world.server, &way).await;
    let asked = asked(&world.provider, &away);
    assert_eq!(world.back(&mut browser, &asked).await.status, 302);
    assert_eq!(Browser::default().get(&world.server, &way).await.status, 400, "of another browser");
}

#[tokio::test]
async fn an_address_leads_to_the_organization_that_it_belongs_to() {
    let domains =
        json!({ "domain_aliases": ["corp.example", "Corp.Test"], "tenant_domain": "corp.example.org" });
    let world = World::with(On::Sqlite, &domains).await;
    for (typed, home) in [
        ("ada@corp.example", true),
        ("ada@CORP.example ", true),
        ("ada@corp.test", true),
        ("ada@corp.example.org", true),
        ("ada@sub.corp.example", false),
        ("ada@notcorp.example", false),
        ("corp.example", false),
    ] {
        let mut browser = Browser::default();
        let page = browser.visit(&world.server, &authorize(&world.shop, &[])).await;
        let away = browser.submit(&world.server, &page, &[("username", typed)]).await;
        if home {
            assert_eq!(away.status, 303);
            assert_eq!(asked(&world.provider, &away)["login_hint"], typed.trim());
        } else {
            assert_eq!(away.status, 200, "{typed}: {}", away.text());
        }
    }
}

#[tokio::test]
async fn the_single_organization_of_an_application_without_a_database_is_gone_to_at_once() {
    let world = World::on(On::Sqlite).await;
    without_database(&world).await;
    let mut browser = Browser::default();
    let away = browser.get(&world.server, &authorize(&world.shop, &[])).await;
    let asked = asked(&world.provider, &away);
    assert_eq!(world.back(&mut browser, &asked).await.status, 302);
    // With a second one people choose.
    let other = json!({ "name": "other", "strategy": "samlp", "show_as_button": true, "options": {} });
    connection(&world.server, &world.shop, other).await;
    let page = Browser::default().visit(&world.server, &authorize(&world.shop, &[])).await;
    page.expect_ok();
    assert!(page.text().contains("Continue with other") && !page.text().contains("type=\"password\""));
    assert_eq!(form(&page).action.split('?').next(), Some("/u/login/identifier"));
    let signup =
        Browser::default().visit(&world.server, &authorize(&world.shop, &[("screen_hint", "signup")])).await;
    assert!(signup.text().contains("Continue with other"), "{}", signup.text());
}

#[tokio::test]
async fn a_connection_without_the_address_of_its_provider_says_so() {
    let world = World::on(On::Sqlite).await;
    let adfs = json!({ "name": "adfs", "strategy": "adfs", "options": {} });
    connection(&world.server, &world.shop, adfs).await;
    let page =
        Browser::default().get(&world.server, &authorize(&world.shop, &[("connection", "adfs")])).await;
    assert_eq!(page.status, 400);
    let failure = world.failures(1).await;
    assert_eq!(
        failure[0]["description"],
        "the connection has no signInEndpoint; set it, or give the federation metadata of the service (adfs_server or fedMetadataXml)"
    );
}

#[tokio::test]
async fn an_answer_may_come_by_a_form_of_the_providers_page() {
    let world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    let asked = world.begin(&mut browser, &[]).await;
    let code = world.provider.code_for(&asked);
    let pairs = [("code", code.as_str()), ("state", asked["state"].as_str())];
    let pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let call = Call::new(Method::POST, "/login/callback").header("cookie", &cookies.join("; "));
    let back = world.server.send(call.form(&pairs).build()).await;
    assert_eq!(back.status, 303, "{}", back.text());
    let set = back.header("set-cookie").unwrap();
    assert!(set.contains("SameSite=None"), "{set}");
}
