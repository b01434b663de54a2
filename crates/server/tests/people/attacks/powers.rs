//! What nobody gets by signing in: power over the tenant. An application may ask for the Management API on behalf of its
//! users, and gets no more of it than what is a user's own.

use http::Method;
use serde_json::json;

use super::super::{
    Application, Browser, CONNECTION, EMAIL, PASSWORD, REALM, application, authorize, exchange, parameter,
    refresh, signed_in, user,
};
use super::post_as;
use crate::kit::{self, Call, MANAGEMENT, TestServer, engines};

const WANTED: &str =
    "openid offline_access read:current_user read:clients read:client_keys read:users update:users";

/// Holds that a token says no more than `read:current_user` and opens nothing.
async fn is_powerless(server: &TestServer, token: &str, user_id: &str, way: &str) {
    let claims = kit::claims(token);
    assert_eq!(claims["sub"], user_id, "{way}");
    let scopes: Vec<_> = claims["scope"].as_str().unwrap().split(' ').collect();
    let own = |scope: &&str| ["openid", "offline_access", "read:current_user"].contains(scope);
    assert!(scopes.contains(&"read:current_user") && scopes.iter().all(own), "{way}: {scopes:?}");
    assert_eq!(claims.get("permissions"), None, "{way}");
    for path in ["/clients", "/users", &format!("/users/{user_id}")] {
        let call = Call::get(&format!("/api/v2{path}")).bearer(token).build();
        let refused = server.send(call).await.expect(403);
        assert_eq!(refused["errorCode"], "insufficient_scope", "{way}: {path}");
    }
}

#[tokio::test]
async fn no_user_gets_power_over_the_tenant_in_whatever_way_an_application_asks() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(
            &server,
            json!({ "grant_types": ["authorization_code", "implicit", "refresh_token", REALM] }),
        )
        .await;
        let user_id = user(&server).await;
        // Not even one who was given the permissions, at an API that enforces them.
        let given = json!({ "permissions": [
            { "resource_server_identifier": MANAGEMENT, "permission_name": "read:clients" },
            { "resource_server_identifier": MANAGEMENT, "permission_name": "read:current_user" },
        ] });
        server.api_send(Method::POST, &format!("/users/{user_id}/permissions"), &given).await.expect(201);
        let asked = [("audience", MANAGEMENT), ("scope", WANTED)];

        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &asked).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        is_powerless(&server, tokens["access_token"].as_str().unwrap(), &user_id, "code").await;
        if let Some(text) = tokens["refresh_token"].as_str() {
            let tokens = refresh(&server, &shop, text).await.expect(200);
            is_powerless(&server, tokens["access_token"].as_str().unwrap(), &user_id, "refresh").await;
        }

        let through_browser = [&asked[..], &[("response_type", "token")]].concat();
        let back = browser.get(&server, &authorize(&shop, &through_browser)).await;
        is_powerless(&server, &parameter(&back, "access_token"), &user_id, "implicit").await;

        let realm =
            [("grant_type", REALM), ("realm", CONNECTION), ("username", EMAIL), ("password", PASSWORD)];
        let by_password = [&asked[..], &realm].concat();
        let tokens = post_as(&server, &shop, "/oauth/token", &by_password).await.expect(200);
        is_powerless(&server, tokens["access_token"].as_str().unwrap(), &user_id, "password").await;

        let settings = json!({ "default_audience": MANAGEMENT });
        server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
        let back = browser.get(&server, &authorize(&shop, &[("scope", WANTED)])).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        is_powerless(&server, tokens["access_token"].as_str().unwrap(), &user_id, "default audience").await;
    }
}

#[tokio::test]
async fn a_foreign_application_is_not_even_offered_power_over_the_tenant() {
    let server = TestServer::start().await;
    let settings = json!({ "flags": { "enable_dynamic_client_registration": true } });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
    let body = json!({ "client_name": "Notes", "redirect_uris": [super::CALLBACK] });
    let made = server.send(Call::new(Method::POST, "/oidc/register").json(&body).build()).await.expect(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let notes = Application { id: text("client_id"), secret: text("client_secret") };
    let user_id = user(&server).await;
    let mut browser = Browser::default();
    let page = signed_in(&server, &mut browser, &notes, &[("audience", MANAGEMENT), ("scope", WANTED)]).await;
    page.expect_ok();
    assert!(
        !page.text().contains("read:clients") && !page.text().contains("update:users"),
        "{}",
        page.text()
    );
    let back = browser.submit(&server, &page, &[("action", "accept")]).await;
    let tokens = exchange(&server, &notes, &parameter(&back, "code")).await.expect(200);
    is_powerless(&server, tokens["access_token"].as_str().unwrap(), &user_id, "third party").await;
}
