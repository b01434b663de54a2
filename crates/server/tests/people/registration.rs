//! `/oidc/register`: applications that strangers make.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Application, Browser, CALLBACK, exchange, parameter, signed_in, user};
use crate::kit::{Answer, Call, START, TestServer, engines};

async fn register(server: &TestServer, body: &Value) -> Answer {
    server.send(Call::new(Method::POST, "/oidc/register").json(body).build()).await
}

async fn open(server: &TestServer) {
    let settings = json!({ "flags": { "enable_dynamic_client_registration": true } });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
}

#[tokio::test]
async fn a_stranger_registers_an_application_where_the_tenant_allows_it_and_its_users_are_asked() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let body = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK], "software_version": "1" });
        assert_eq!(register(&server, &body).await.expect(404)["error"], "endpoint_disabled");
        open(&server).await;
        let answer = register(&server, &body).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let mut made = answer.expect(201);
        let app = Application { id: text(&made, "client_id"), secret: text(&made, "client_secret") };
        assert!(app.id.starts_with("tpc_") && app.id.len() == 26, "{made}");
        made.as_object_mut().unwrap().retain(|name, _| name != "client_id" && name != "client_secret");
        let expected = json!({
            "client_name": "Notes",
            "client_id_issued_at": START,
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_post",
            "client_secret_expires_at": 0,
        });
        assert_eq!(made, expected);
        let stored = server.api_get(&format!("/clients/{}", app.id)).await.expect(200);
        assert_eq!((&stored["is_first_party"], &stored["name"]), (&json!(false), &json!("Notes")));

        user(&server).await;
        let mut browser = Browser::default();
        let page = signed_in(&server, &mut browser, &app, &[]).await;
        page.expect_ok();
        let back = browser.submit(&server, &page, &[("action", "accept")]).await;
        exchange(&server, &app, &parameter(&back, "code")).await.expect(200);
    }
}

#[tokio::test]
async fn a_registration_that_is_refused_makes_nothing_and_a_flood_is_slowed_down() {
    for on in engines() {
        let server = TestServer::on(on).await;
        open(&server).await;
        let count =
            async || server.api_get("/clients?include_totals=true").await.expect(200)["total"].clone();
        let before = count().await;
        let evil = json!({ "redirect_uris": ["http://evil.example/"] });
        assert_eq!(register(&server, &evil).await.expect(400)["error"], "invalid_redirect_uri");
        for body in ["{", "[]", r#"{"redirect_uris":["https://a.example/"],"redirect_uris":[]}"#] {
            let call = Call::new(Method::POST, "/oidc/register").raw("application/json", body);
            let refused = server.send(call.build()).await;
            assert_eq!(refused.expect(400)["error"], "invalid_client_metadata", "{body}");
        }
        assert_eq!(count().await, before);
        let mut said = Vec::new();
        for _ in 0..2 {
            said.push(register(&server, &evil).await.status.as_u16());
        }
        assert_eq!(said, [400, 429], "five a second, whatever they ask for");
        server.clock.advance(SignedDuration::from_secs(1));
        let native =
            json!({ "redirect_uris": ["com.example.notes:/cb"], "token_endpoint_auth_method": "none" });
        let made = register(&server, &native).await.expect(201);
        assert!(made.get("client_secret").is_none(), "{made}");
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}
