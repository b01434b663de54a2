//! What the Management API and other applications must not see of administrators, at every door.

use chancery::administrators::{self, Role};
use http::Method;
use serde_json::{Value, json};

use super::{administrator, tenant};
use crate::kit::{Answer, Call, ISSUER, TestServer, engines};
use crate::people::{
    Application, Browser, CONNECTION, EMAIL, PASSWORD, VERIFIER, application, authorize, mails, token, user,
};

const CONNECTION_ID: &str = "con_00Administrators";
const CLIENT_ID: &str = "chancery-dashboard";
/// Ids of the same kinds that nobody has.
const NOBODY: &str = "auth0|nobody";
const NO_CONNECTION: &str = "con_0000000000000000";
const NO_CLIENT: &str = "nothing";

/// The requests about one user, connection or application; `{}` stands for its id.
fn doors() -> Vec<(Method, &'static str, &'static str, Option<Value>)> {
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    let user = "user";
    let mut doors = Vec::new();
    for path in [
        "/users/{}",
        "/users/{}/roles",
        "/users/{}/permissions",
        "/users/{}/effective-permissions",
        "/users/{}/sessions",
        "/users/{}/refresh-tokens",
        "/users/{}/logs",
        "/user-blocks/{}",
        "/refresh-tokens?user_id={}",
        "/grants?user_id={}",
    ] {
        doors.push((get.clone(), user, path, None));
    }
    for path in [
        "/users/{}/sessions",
        "/users/{}/refresh-tokens",
        "/users/{}/identities/auth0/x",
        "/user-blocks/{}",
        "/grants?user_id={}",
        "/users/{}",
    ] {
        doors.push((delete.clone(), user, path, None));
    }
    for change in [
        json!({ "password": "Another-Horse-9" }),
        json!({ "email": "eve@x.example" }),
        json!({ "blocked": true }),
        json!({ "app_metadata": { "a": 1 } }),
    ] {
        doors.push((patch.clone(), user, "/users/{}", Some(change)));
    }
    let permissions =
        json!({ "permissions": [{ "resource_server_identifier": "urn:x", "permission_name": "a" }] });
    for method in [&post, &delete] {
        doors.push((method.clone(), user, "/users/{}/roles", Some(json!({ "roles": ["rol_0"] }))));
        doors.push((method.clone(), user, "/users/{}/permissions", Some(permissions.clone())));
    }
    let link = json!({ "provider": "auth0", "user_id": "other" });
    doors.push((post.clone(), user, "/users/{}/identities", Some(link)));
    doors.push((post.clone(), user, "/tickets/password-change", Some(json!({ "user_id": "{}" }))));
    doors.push((post.clone(), user, "/tickets/email-verification", Some(json!({ "user_id": "{}" }))));
    doors.push((post.clone(), user, "/refresh-tokens/revoke", Some(json!({ "user_id": "{}" }))));

    let connection = "connection";
    doors.push((get.clone(), connection, "/connections/{}", None));
    doors.push((get.clone(), connection, "/connections/{}/clients", None));
    doors.push((get.clone(), connection, "/connections/{}/status", None));
    doors.push((get.clone(), connection, "/connections/{}/keys", None));
    doors.push((get.clone(), connection, "/connections/{}/certificates", None));
    doors.push((post.clone(), connection, "/connections/{}/keys", None));
    doors.push((post.clone(), connection, "/connections/{}/keys/rotate", None));
    doors.push((delete.clone(), connection, "/connections/{}/users?email=ada%40x.example", None));
    doors.push((delete.clone(), connection, "/connections/{}", None));
    let signup = json!({ "options": { "disable_signup": false } });
    doors.push((patch.clone(), connection, "/connections/{}", Some(signup)));
    doors.push((patch.clone(), connection, "/connections/{}", Some(json!({ "enabled_clients": [] }))));
    let clients = json!([{ "client_id": NO_CLIENT, "status": false }]);
    doors.push((patch.clone(), connection, "/connections/{}/clients", Some(clients)));
    let ticket = json!({ "connection_id": "{}", "email": EMAIL });
    doors.push((post.clone(), connection, "/tickets/password-change", Some(ticket)));

    let client = "client";
    doors.push((get.clone(), client, "/clients/{}", None));
    doors.push((get.clone(), client, "/clients/{}/connections", None));
    doors.push((get.clone(), client, "/clients/{}/credentials", None));
    doors.push((get.clone(), client, "/clients/{}/credentials/cred_0", None));
    doors.push((delete.clone(), client, "/clients/{}/credentials/cred_0", None));
    doors.push((delete.clone(), client, "/clients/{}", None));
    doors.push((post.clone(), client, "/clients/{}/rotate-secret", None));
    let secret =
        json!({ "token_endpoint_auth_method": "client_secret_post", "callbacks": ["https://evil.example"] });
    doors.push((patch.clone(), client, "/clients/{}", Some(secret)));
    let pem = crate::kit::key(6).public().to_spki_der();
    let pem = chancery_crypto::pem::encode("PUBLIC KEY", &pem, chancery_crypto::pem::LineEnd::Lf);
    let credential = json!({ "credential_type": "public_key", "pem": pem });
    doors.push((post.clone(), client, "/clients/{}/credentials", Some(credential)));
    doors.push((patch, client, "/clients/{}/credentials/cred_0", Some(json!({ "expires_at": null }))));
    let grant = json!({ "client_id": "{}", "audience": crate::kit::MANAGEMENT, "scope": ["read:users"] });
    doors.push((post, client, "/client-grants", Some(grant)));
    doors.push((get, client, "/grants?client_id={}", None));
    doors
}

/// The answer to a request about this id, with the id taken out of it.
async fn ask(server: &TestServer, door: &(Method, &str, &str, Option<Value>), id: &str) -> (u16, String) {
    let (method, _, path, body) = door;
    let path = path.replace("{}", &id.replace('|', "%7C"));
    let answer = match body {
        None => server.api_call(method.clone(), &path).await,
        Some(body) => {
            let body = serde_json::from_str(&body.to_string().replace("{}", id)).unwrap();
            server.api_send(method.clone(), &path, &body).await
        }
    };
    (answer.status.as_u16(), answer.text().replace(id, "ID"))
}

/// What lists show.
async fn lists(server: &TestServer) -> Vec<String> {
    let mut shown = Vec::new();
    for path in [
        "/users",
        "/users?include_totals=true",
        "/users?take=50",
        "/users?sort=email:1",
        "/users?q=*",
        "/users?q=email:ada*&include_totals=true",
        "/users?q=user_id:auth0*&sort=user_id:-1",
        "/users?q=identities.connection:%22Chancery-Administrators%22",
        "/users?connection=Chancery-Administrators&include_totals=true",
        "/users-by-email?email=ada%40x.example",
        "/connections?include_totals=true",
        "/connections?take=50",
        "/connections?name=Chancery-Administrators",
        "/connections?strategy=auth0&include_totals=true",
        "/clients?include_totals=true",
        "/clients?take=50",
        "/clients?app_type=regular_web",
        "/clients?is_first_party=true&include_totals=true",
        "/clients?take=50&q=NOT%20client_grant.allow_any_organization:true",
        "/client-grants",
        "/grants",
        "/user-blocks?identifier=ada%40x.example",
    ] {
        let answer = server.api_get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        shown.push(format!("{path}: {}", answer.text()));
    }
    shown
}

#[tokio::test]
async fn lists_are_the_same_with_administrators_and_without() {
    for on in engines() {
        let server = TestServer::on(on).await;
        user(&server).await;
        let before = lists(&server).await;
        // The same address: administrators are apart from users.
        administrator(&server, EMAIL, Role::Admin).await;
        administrator(&server, "adam@x.example", Role::Viewer).await;
        assert_eq!(lists(&server).await, before, "{on:?}");
    }
}

#[tokio::test]
async fn at_every_door_they_are_as_if_they_were_not_there() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let admin = administrator(&server, EMAIL, Role::Admin).await;
        for door in doors() {
            let (hidden, unknown) = match door.1 {
                "user" => (admin.user_id.as_str(), NOBODY),
                "connection" => (CONNECTION_ID, NO_CONNECTION),
                _ => (CLIENT_ID, NO_CLIENT),
            };
            let expected = ask(&server, &door, unknown).await;
            assert!(expected.0 != 500 && expected.0 != 403, "{door:?}: {expected:?}");
            assert_eq!(ask(&server, &door, hidden).await, expected, "{door:?} on {on:?}");
        }
        let tenant = tenant(&server).await;
        assert_eq!(administrators::list(&server.app.db, tenant.id()).await.unwrap(), [admin]);
        dashboard_code(&server, &mut Browser::default()).await;
    }
}

#[tokio::test]
async fn every_operation_about_one_user_connection_or_application_is_among_the_doors() {
    let doors = doors();
    for operation in chancery::management::operations() {
        let path = operation.path;
        let about = ["/users/{", "/user-blocks/{", "/connections/{", "/clients/{"];
        if !about.iter().any(|start| path.starts_with(start)) {
            continue;
        }
        let mut parts: Vec<&str> = path.split('/').collect();
        parts[2] = "{}";
        let fits = |own: &str| {
            let own: Vec<&str> = own.split('?').next().unwrap().split('/').collect();
            own.len() == parts.len()
                && own.iter().zip(&parts).all(|(a, b)| a == b || (b.starts_with('{') && *b != "{}"))
        };
        let known = doors.iter().any(|(method, _, own, _)| *method == operation.method && fits(own));
        assert!(known, "{} {path}", operation.method);
    }
}

#[tokio::test]
async fn they_are_not_reached_through_others_either() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let ordinary = user(&server).await;
        let admin = administrator(&server, EMAIL, Role::Admin).await;
        let role = server.api_send(Method::POST, "/roles", &json!({ "name": "r" })).await.expect(200);
        let role = format!("/roles/{}/users", role["id"].as_str().unwrap());
        let identity = admin.user_id.split('|').nth(1).unwrap();
        let connections = server.api_get("/connections").await.expect(200);
        let shown = format!("/connections/{}", connections[0]["id"].as_str().unwrap());
        let links = format!("/users/{}/identities", ordinary.replace('|', "%7C"));
        let made = |id: &str| json!({ "connection": CONNECTION, "email": "n@x.example", "password": PASSWORD, "user_id": id });
        for (method, path, body, status) in [
            (Method::POST, role.as_str(), json!({ "users": [admin.user_id] }), 404),
            (Method::POST, &links, json!({ "provider": "auth0", "user_id": identity }), 404),
            (Method::POST, &links, json!({ "provider": "auth0", "user_id": admin.user_id }), 404),
            (Method::POST, "/users", made(identity), 400),
            (Method::POST, "/users", made("chancery_admin_"), 400),
            (
                Method::POST,
                "/users",
                json!({ "connection": "Chancery-Administrators", "email": "n@x.example", "password": PASSWORD }),
                400,
            ),
            (
                Method::PATCH,
                &format!("/users/{}", ordinary.replace('|', "%7C")),
                json!({ "connection": "Chancery-Administrators", "password": "Another-Horse-9" }),
                400,
            ),
            (
                Method::POST,
                "/connections",
                json!({ "name": "Chancery-Administrators", "strategy": "auth0" }),
                409,
            ),
            (
                Method::POST,
                "/connections",
                json!({ "name": "own", "strategy": "auth0", "enabled_clients": [CLIENT_ID] }),
                400,
            ),
            (Method::PATCH, &shown, json!({ "enabled_clients": [CLIENT_ID] }), 400),
            (
                Method::PATCH,
                &format!("{shown}/clients"),
                json!([{ "client_id": CLIENT_ID, "status": true }]),
                400,
            ),
        ] {
            let answer = server.api_send(method.clone(), path, &body).await;
            assert_eq!(answer.status, status, "{method} {path} {body} on {on:?}: {}", answer.text());
        }
        assert_eq!(server.api_get(&role).await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn the_name_of_the_connection_is_kept_before_there_are_administrators() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Chancery-Administrators", "strategy": "auth0" });
    assert_eq!(server.api_send(Method::POST, "/connections", &body).await.status, 409);
}

/// The parameters of the Dashboard's own sign-in.
fn dashboard() -> (Application, [(&'static str, &'static str); 2]) {
    let callback = "https://tenant.example/dashboard/callback";
    let dashboard = Application { id: CLIENT_ID.to_owned(), secret: String::new() };
    (dashboard, [("redirect_uri", callback), ("scope", "openid profile email")])
}

/// Fills in the login pages of an application.
async fn sign_in(server: &TestServer, browser: &mut Browser, path: &str) -> Answer {
    let page = browser.visit(server, path).await;
    page.expect_ok();
    let page = browser.submit(server, &page, &[("username", EMAIL)]).await;
    page.expect_ok();
    browser.submit(server, &page, &[("password", PASSWORD)]).await
}

/// Signs the usual administrator in; answers the code.
async fn dashboard_code(server: &TestServer, browser: &mut Browser) -> String {
    let (application, more) = dashboard();
    let back = sign_in(server, browser, &authorize(&application, &more)).await;
    let to = back.header("location").unwrap_or_else(|| panic!("{}", back.text())).to_owned();
    let query = to.strip_prefix(&format!("{ISSUER}dashboard/callback?")).unwrap_or_else(|| panic!("{to}"));
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{to}")).1.into_owned()
}

#[tokio::test]
async fn an_administrator_signs_in_to_the_dashboard_and_their_session_is_hidden_too() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let admin = administrator(&server, EMAIL, Role::Admin).await;
        let mut browser = Browser::default();
        let code = dashboard_code(&server, &mut browser).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("code", &code),
            ("redirect_uri", "https://tenant.example/dashboard/callback"),
            ("code_verifier", VERIFIER),
        ];
        let tokens = token(&server, &form).await.expect(200);
        let claims = crate::kit::claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["sub"], admin.user_id);
        assert_eq!(tokens["refresh_token"], Value::Null);
        let sid = claims["sid"].as_str().unwrap();
        let metadata = Some(json!({ "session_metadata": { "a": "b" } }));
        for (method, path, body) in [
            (Method::GET, "/sessions/{}", None),
            (Method::PATCH, "/sessions/{}", metadata),
            (Method::DELETE, "/sessions/{}", None),
            (Method::POST, "/sessions/{}/revoke", None),
        ] {
            let door = (method, "session", path, body);
            let expected = ask(&server, &door, "unknown").await;
            assert_eq!(ask(&server, &door, sid).await, expected, "{door:?} on {on:?}");
        }
        let tenant = tenant(&server).await;
        let found = administrators::find(&server.app.db, tenant.id(), &admin.user_id).await.unwrap();
        assert!(found.unwrap().last_login.is_some());
        // The session at the login pages still stands, and opens no other application.
        let shop = application(&server, json!({})).await;
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert!(silent.header("location").unwrap().contains("error=login_required"), "{on:?}");
    }
}

#[tokio::test]
async fn no_other_application_signs_administrators_in_and_nobody_signs_up_as_one() {
    let server = TestServer::start().await;
    administrator(&server, EMAIL, Role::Admin).await;
    let shop = application(&server, json!({ "grant_types": ["authorization_code", "password", "http://auth0.com/oauth/grant-type/password-realm"] })).await;
    let page = sign_in(&server, &mut Browser::default(), &authorize(&shop, &[])).await;
    assert!(page.header("location").is_none(), "{page:?}");
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    for (client, secret) in [(shop.id.as_str(), shop.secret.as_str()), (CLIENT_ID, "")] {
        for grant in ["password", realm] {
            let form = [
                ("grant_type", grant),
                ("client_id", client),
                ("client_secret", secret),
                ("username", EMAIL),
                ("password", PASSWORD),
                ("realm", "Chancery-Administrators"),
            ];
            let answer = token(&server, &form).await;
            assert!(!answer.status.is_success(), "{client} {grant}: {}", answer.text());
        }
        for path in ["/dbconnections/signup", "/dbconnections/change_password"] {
            let body = json!({
                "client_id": client, "connection": "Chancery-Administrators", "email": "eve@x.example",
                "password": PASSWORD,
            });
            let answer = server.send(Call::new(Method::POST, path).json(&body).build()).await;
            let allowed = client == CLIENT_ID && path.ends_with("change_password");
            assert_eq!(answer.status == 200, allowed, "{client} {path}: {}", answer.text());
        }
    }
    assert_eq!(mails(&server).await.len(), 0);
}

#[tokio::test]
async fn an_administrator_who_forgot_the_password_gets_a_link_and_is_signed_out_everywhere() {
    let server = TestServer::start().await;
    let admin = administrator(&server, EMAIL, Role::Admin).await;
    let value = super::sessions::opened(&server, &admin.user_id).await;
    let body = json!({ "client_id": CLIENT_ID, "connection": "Chancery-Administrators", "email": EMAIL });
    server
        .send(Call::new(Method::POST, "/dbconnections/change_password").json(&body).build())
        .await
        .expect_ok();
    let mut browser = Browser::default();
    let page = browser.visit(&server, &crate::people::mailed(&server).await).await;
    page.expect_ok();
    let new = "Another-Horse-9";
    browser.submit(&server, &page, &[("password", new), ("password_repeat", new)]).await.expect_ok();
    let tenant = tenant(&server).await;
    assert_eq!(administrators::sessions::find(&server.app, tenant.id(), &value).await.unwrap(), None);
}

#[tokio::test]
async fn blocks_of_administrators_are_apart_from_those_of_users_with_the_same_address() {
    let server = TestServer::start().await;
    user(&server).await;
    administrator(&server, EMAIL, Role::Admin).await;
    // The mail about the block is to be the youngest.
    server.clock.advance(jiff::SignedDuration::from_secs(1));
    let (application, more) = dashboard();
    let mut browser = Browser::default();
    let page = browser.visit(&server, &authorize(&application, &more)).await;
    let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
    for _ in 0..10 {
        browser.submit(&server, &page, &[("password", "Wrong-Horse-9")]).await;
    }
    let blocks = server.api_get("/user-blocks?identifier=ada%40x.example").await.expect(200);
    assert_eq!(blocks, json!({ "blocked_for": [] }));
    for typed in ["ada%40x.example", "administrators%0Aada%40x.example"] {
        server.api_call(Method::DELETE, &format!("/user-blocks?identifier={typed}")).await.expect(204);
    }
    let still = browser.submit(&server, &page, &[("password", PASSWORD)]).await;
    assert!(still.header("location").is_none(), "the block stands");
    let shop = crate::people::application(&server, json!({})).await;
    let back = sign_in(&server, &mut Browser::default(), &authorize(&shop, &[])).await;
    assert!(back.header("location").is_some(), "the user is not blocked");
    // The mail about the block frees the administrator.
    let page = browser.visit(&server, &crate::people::mailed(&server).await).await;
    page.expect_ok();
    dashboard_code(&server, &mut Browser::default()).await;
}
