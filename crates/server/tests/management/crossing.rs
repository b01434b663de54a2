//! Tenants and each other's ids: every operation that takes one, and every body and query that names one.
//!
//! The first tenant has one of everything. The second asks for it by its id, and is answered as if nobody had it.

use std::collections::BTreeMap;

use chancery::management::{Operation, operations};
use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::branding::theme;
use super::common::{OTHER, at_other, other_tenant};
use super::custom_domains::registered;
use super::own_connection_keys;
use crate::administrators::{member_and_invitation, token_of_admin};
use crate::kit::{Answer, DOMAIN, TestServer, engines, key};
use crate::people::{
    self, Browser, CALLBACK, CONNECTION, EMAIL, PASSWORD, authorize, exchange, form, parameter, signed_in,
};

/// What a tenant has, by the name that stands before its id in a path.
pub(super) type Everything = BTreeMap<&'static str, String>;

/// Gives the first tenant one of everything.
pub(super) async fn everything(server: &TestServer) -> Everything {
    let post = async |path: &str, body: Value| server.api_send(Method::POST, path, &body).await;
    let made = async |path: &str, body: Value, id: &str| id_of(&post(path, body).await, id);
    let shop = people::application(server, json!({ "is_first_party": false, "name": "Theirs" })).await;
    let user = people::user(server).await;
    let body = json!({ "connection": CONNECTION, "email": "second@x.example", "password": PASSWORD });
    let linked = made("/users", body, "user_id").await;
    let linked = linked.split_once('|').unwrap().1.to_owned();
    post(&format!("/users/{user}/identities"), json!({ "provider": "auth0", "user_id": linked }))
        .await
        .expect(201);
    let mut browser = Browser::default();
    let asked = signed_in(server, &mut browser, &shop, &[]).await;
    browser.post(server, &form(&asked), &[("action", "accept")]).await;
    let silent = browser.get(server, &authorize(&shop, &[])).await;
    exchange(server, &shop, &parameter(&silent, "code")).await.expect(200);
    let api = json!({ "identifier": "urn:first", "scopes": [{ "value": "read" }] });
    let api = made("/resource-servers", api, "id").await;
    let grant = json!({ "client_id": shop.id, "audience": "urn:first", "scope": ["read"] });
    let grant = made("/client-grants", grant, "id").await;
    let role = made("/roles", json!({ "name": "First" }), "id").await;
    let permissions = json!({ "permissions": [
        { "resource_server_identifier": "urn:first", "permission_name": "read" },
    ] });
    post(&format!("/roles/{role}/permissions"), permissions.clone()).await.expect(201);
    post(&format!("/users/{user}/permissions"), permissions).await.expect(201);
    server
        .api_send(Method::POST, &format!("/roles/{role}/users"), &json!({ "users": [user] }))
        .await
        .expect(200);
    let pem = pem::encode("PUBLIC KEY", &key(5).public().to_spki_der(), LineEnd::Lf);
    let credential = json!({ "credential_type": "public_key", "pem": pem, "name": "k" });
    let credential = made(&format!("/clients/{}/credentials", shop.id), credential, "id").await;
    registered(server, &["second-name.example"]).await;
    let first = async |path: &str, list: &str, id: &str| {
        let answer = server.api_get(path).await.expect(200);
        let list = if list.is_empty() { &answer } else { &answer[list] };
        list[0][id].as_str().unwrap_or_else(|| panic!("{path}: {answer}")).to_owned()
    };
    let (member, invitation) = member_and_invitation(server).await;
    BTreeMap::from([
        ("members", member),
        ("invitations", invitation),
        ("themes", made("/branding/themes", theme(), "themeId").await),
        ("sessions", first(&format!("/users/{user}/sessions"), "sessions", "id").await),
        ("refresh-tokens", first(&format!("/users/{user}/refresh-tokens"), "tokens", "id").await),
        ("grants", first("/grants", "", "id").await),
        ("connections", first("/connections", "", "id").await),
        (WITH_KEYS, own_connection_keys::exercise(server).await.to_owned()),
        ("connection", first("/keys/connection", "", "kid").await),
        ("encryption", first("/keys/encryption", "", "kid").await),
        ("custom-domains", first("/custom-domains", "", "custom_domain_id").await),
        ("signing", first("/keys/signing", "", "kid").await),
        ("logs", first("/logs", "", "log_id").await),
        ("clients", shop.id),
        ("users", user.clone()),
        ("user-blocks", user),
        ("identities", linked),
        ("resource-servers", api),
        ("client-grants", grant),
        ("roles", role),
        // One's own, which nobody else can name.
        ("passkeys", "pky_0123456789abcdef".to_owned()),
        ("credentials", credential),
    ])
}

/// The id of what was made.
fn id_of(answer: &Answer, name: &str) -> String {
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()[name].as_str().unwrap().to_owned()
}

/// Where the ids are names that each tenant has anew.
const OF_EVERY_TENANT: [&str; 3] = ["/email-templates/", "/prompts/", "/anomaly/"];

/// The name of the id of a connection that has keys: those with users have none.
const WITH_KEYS: &str = "connections with keys";

/// The path of an operation with ids, if it takes any.
pub(super) fn with_ids(operation: &Operation, ids: &Everything) -> Option<String> {
    let path = operation.path;
    if !path.contains('{') || OF_EVERY_TENANT.iter().any(|start| path.starts_with(start)) {
        return None;
    }
    let mut before = "";
    let mut found = String::new();
    for part in path[1..].split('/') {
        let id = match part {
            "{provider}" => "auth0",
            "{id}" if path.starts_with("/connections/{id}/keys") => &ids[WITH_KEYS],
            part if part.starts_with('{') => {
                ids.get(before).unwrap_or_else(|| panic!("{path}: give the test an id of {before}"))
            }
            literal => {
                before = literal;
                literal
            }
        };
        found.push('/');
        found.push_str(&utf8_percent_encode(id, NON_ALPHANUMERIC).to_string().replace("%2D", "-"));
    }
    Some(found)
}

/// Ids of the same kinds that nobody has.
fn of_nobody(ids: &Everything) -> Everything {
    let changed = |id: &String| {
        let (kept, end) = id.split_at(id.len() - 8);
        let end = end.chars().map(|one| match one {
            '9' => '0',
            'f' => 'a',
            '0'..='8' | 'a'..='e' => char::from(u8::try_from(one).unwrap() + 1),
            other => other,
        });
        let changed = format!("{kept}{}", end.collect::<String>());
        assert_ne!(changed, *id);
        changed
    };
    ids.iter().map(|(name, id)| (*name, changed(id))).collect()
}

/// What an operation takes, so that nothing but the id is wrong with a request; `own` is the second tenant's.
fn body(operation: &Operation, own: &Own) -> Option<Value> {
    let permissions = || json!({ "permissions": [{ "resource_server_identifier": "urn:second", "permission_name": "read" }] });
    let pem = || pem::encode("PUBLIC KEY", &key(4).public().to_spki_der(), LineEnd::Lf);
    Some(match operation.line.id {
        "patch_clients_by_id" | "patch_roles_by_id" | "patch_users_by_id" => json!({ "name": "x" }),
        "post_credentials" => json!({ "credential_type": "public_key", "pem": pem() }),
        "patch_credentials_by_credential_id" => json!({ "expires_at": "2030-01-01T00:00:00.000Z" }),
        "patch_branding_theme" => theme(),
        "patch_tenant_members_by_id" => json!({ "role": "viewer" }),
        "patch_client-grants_by_id" => json!({ "scope": [] }),
        "post_keys" | "post_rotate" => json!({ "signing_alg": "PS256" }),
        "patch_connections_by_id" => json!({ "options": {} }),
        "patch_clients" => json!([{ "client_id": own.client, "status": false }]),
        "patch_refresh-tokens_by_id" => json!({ "refresh_token_metadata": { "a": "b" } }),
        "patch_sessions_by_id" => json!({ "session_metadata": { "a": "b" } }),
        "patch_resource-servers_by_id" => json!({ "token_lifetime": 60 }),
        "post_role_users" => json!({ "users": [own.user] }),
        "post_role_groups" | "delete_role_groups" => json!({ "groups": ["grp_2Zx8Kp4QmR7tYw"] }),
        "post_user_roles" | "delete_user_roles" => json!({ "roles": [own.role] }),
        "post_identities" => json!({ "provider": "auth0", "user_id": own.user }),
        "post_role_permission_assignment"
        | "delete_role_permission_assignment"
        | "post_permissions"
        | "delete_permissions" => permissions(),
        id => {
            assert!(operation.body.is_none(), "{id}: give the test a body");
            return None;
        }
    })
}

/// What an operation has to be asked beside its ids.
fn query(operation: &Operation) -> String {
    match operation.line.id {
        "delete_users_by_email" => format!("?email={EMAIL}"),
        _ => String::new(),
    }
}

/// What the second tenant has of its own.
struct Own {
    token: String,
    client: String,
    user: String,
    role: String,
    connection: String,
}

async fn second(server: &TestServer) -> Own {
    other_tenant(server).await;
    let token = token_of_admin(server, OTHER).await;
    let made = async |path: &str, body: Value, id: &str| {
        id_of(&at_other(server, &token, (Method::POST, path), Some(&body)).await, id)
    };
    let client = made("/clients", json!({ "name": "Mine", "callbacks": [CALLBACK] }), "client_id").await;
    let body = json!({ "connection": CONNECTION, "email": "eve@x.example", "password": PASSWORD });
    let user = made("/users", body, "user_id").await;
    let role = made("/roles", json!({ "name": "Second" }), "id").await;
    made("/resource-servers", json!({ "identifier": "urn:second", "scopes": [{ "value": "read" }] }), "id")
        .await;
    let connections = at_other(server, &token, (Method::GET, "/connections"), None).await.expect(200);
    let connection = connections[0]["id"].as_str().unwrap().to_owned();
    Own { token, client, user, role, connection }
}

/// All that the first tenant can read of what it has.
async fn snapshot(server: &TestServer, ids: &Everything) -> BTreeMap<String, Value> {
    let token = token_of_admin(server, DOMAIN).await;
    let mut found = BTreeMap::new();
    for operation in operations() {
        // The log grows with every look, and so do the tokens that keys have signed; nobody is blocked; there is no
        // template and no mail server, and no connector that could be online; nobody in the database has the token.
        let passing = operation.path.ends_with("/logs")
            || ["get_ips_by_id", "get_key_ring", "get_universal-login", "get_provider", "get_status"]
                .contains(&operation.line.id)
            || operation.path.starts_with("/tenants/members/me/");
        if operation.method != Method::GET || passing {
            continue;
        }
        let path = match operation.path {
            path if OF_EVERY_TENANT.iter().any(|start| path.starts_with(start)) => continue,
            "/refresh-tokens" => format!("/refresh-tokens?user_id={}", ids["users"].replace('|', "%7C")),
            "/users-by-email" => format!("/users-by-email?email={EMAIL}"),
            "/user-blocks" => format!("/user-blocks?identifier={EMAIL}"),
            path => with_ids(&operation, ids).unwrap_or_else(|| path.to_owned()),
        };
        let call = crate::kit::Call::get(&format!("/api/v2{path}")).bearer(&token);
        let answer = server.send(call.build()).await;
        assert_eq!(answer.status, 200, "the first tenant has {path}: {}", answer.text());
        found.insert(path, answer.json());
    }
    found
}

/// An answer without the ids that were asked for.
fn told(answer: &Answer, ids: &Everything) -> (u16, String) {
    let text = ids.values().fold(answer.text(), |text, id| text.replace(id.as_str(), "…"));
    (answer.status.as_u16(), text)
}

#[tokio::test]
async fn an_id_of_another_tenant_is_an_id_that_nobody_has_for_every_operation() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let ids = everything(&server).await;
        let absent = of_nobody(&ids);
        let own = second(&server).await;
        let before = snapshot(&server, &ids).await;
        let mut crossed = 0;
        for operation in operations() {
            let Some(path) = with_ids(&operation, &ids) else { continue };
            let nobody = with_ids(&operation, &absent).unwrap();
            let body = body(&operation, &own);
            let query = query(&operation);
            let ask = async |path: &str| {
                let place = (operation.method.clone(), format!("{path}{query}"));
                at_other(&server, &own.token, (place.0, &place.1), body.as_ref()).await
            };
            let (theirs, nobodys) = (ask(&path).await, ask(&nobody).await);
            let id = operation.line.id;
            assert_eq!(told(&theirs, &ids), told(&nobodys, &absent), "{id}");
            // Deleting twice is no error; nor is it to list what belongs to nobody.
            let harmless = match theirs.status.as_u16() {
                404 => true,
                202 | 204 => operation.method != Method::GET,
                200 => theirs.json().as_array().is_some_and(Vec::is_empty),
                _ => false,
            };
            assert!(harmless, "{id}: {} {}", theirs.status, theirs.text());
            crossed += 1;
        }
        assert!(crossed > 50, "{crossed} operations take ids");
        assert_eq!(snapshot(&server, &ids).await, before);
    }
}

/// Requests of the second tenant that name something of the first in their body or query.
fn naming(ids: &Everything, own: &Own) -> Vec<(Method, String, Option<Value>)> {
    let Own { client, user, role, connection, .. } = own;
    let (their_user, their_client) = (&ids["users"], &ids["clients"]);
    let identity = their_user.split_once('|').unwrap().1;
    let encoded = their_user.replace('|', "%7C");
    let (post, patch, delete, get) = (Method::POST, Method::PATCH, Method::DELETE, Method::GET);
    let roles = json!({ "roles": [ids["roles"]] });
    let grant = json!({ "client_id": their_client, "audience": "urn:second", "scope": [] });
    let ticket = json!({ "user_id": their_user });
    let for_client = json!({ "user_id": user, "client_id": their_client });
    let by_connection = json!({ "connection_id": ids["connections"], "email": EMAIL });
    let status = json!([{ "client_id": their_client, "status": true }]);
    let credential = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": ids["credentials"] }] } },
                "token_endpoint_auth_method": null });
    let new = json!({ "name": "Both", "strategy": "auth0", "enabled_clients": [their_client] });
    vec![
        (post.clone(), format!("/users/{user}/roles"), Some(roles.clone())),
        (delete.clone(), format!("/users/{user}/roles"), Some(roles)),
        (post.clone(), format!("/roles/{role}/users"), Some(json!({ "users": [their_user] }))),
        (
            post.clone(),
            format!("/users/{user}/identities"),
            Some(json!({ "provider": "auth0", "user_id": identity })),
        ),
        (post.clone(), "/client-grants".to_owned(), Some(grant)),
        (post.clone(), "/tickets/email-verification".to_owned(), Some(ticket.clone())),
        (post.clone(), "/tickets/password-change".to_owned(), Some(ticket)),
        (post.clone(), "/tickets/password-change".to_owned(), Some(for_client)),
        (post.clone(), "/tickets/password-change".to_owned(), Some(by_connection)),
        (
            patch.clone(),
            format!("/users/{user}"),
            Some(json!({ "client_id": their_client, "email": "new@x.example" })),
        ),
        (patch.clone(), format!("/clients/{client}"), Some(credential)),
        (patch, format!("/connections/{connection}/clients"), Some(status)),
        (post.clone(), "/refresh-tokens/revoke".to_owned(), Some(json!({ "ids": [ids["refresh-tokens"]] }))),
        (post.clone(), "/refresh-tokens/revoke".to_owned(), Some(json!({ "user_id": their_user }))),
        (post.clone(), "/refresh-tokens/revoke".to_owned(), Some(json!({ "client_id": their_client }))),
        (post, "/connections".to_owned(), Some(new)),
        (get.clone(), format!("/refresh-tokens?user_id={encoded}"), None),
        (get.clone(), format!("/grants?user_id={encoded}"), None),
        (get.clone(), format!("/grants?client_id={their_client}"), None),
        (delete, format!("/grants?user_id={encoded}"), None),
        (get.clone(), format!("/client-grants?client_id={their_client}"), None),
        (get.clone(), format!("/users?q=user_id:%22{encoded}%22"), None),
        (get.clone(), format!("/logs?q=user_id:%22{encoded}%22"), None),
        (get.clone(), format!("/logs?q=client_id:{their_client}"), None),
        (get, format!("/logs?from={}", ids["logs"]), None),
    ]
}

#[tokio::test]
async fn an_id_of_another_tenant_in_a_body_or_a_query_is_an_id_that_nobody_has() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let ids = everything(&server).await;
        let absent = of_nobody(&ids);
        let own = second(&server).await;
        let before = snapshot(&server, &ids).await;
        let pairs = naming(&ids, &own).into_iter().zip(naming(&absent, &own));
        for ((method, path, body), (_, nobody, other)) in pairs {
            let ask = async |path: &str, body: &Option<Value>| {
                at_other(&server, &own.token, (method.clone(), path), body.as_ref()).await
            };
            let theirs = ask(&path, &body).await;
            let text = theirs.text();
            // The second of two connections would bear the same name.
            if path == "/connections" && theirs.status == 201 {
                assert_eq!(theirs.json()["enabled_clients"], json!([]), "{text}");
                continue;
            }
            let answered = told(&ask(&nobody, &other).await, &absent);
            assert_eq!(told(&theirs, &ids), answered, "{method} {path} {body:?}");
            assert!(!text.contains(EMAIL), "{method} {path}: {text}");
        }
        assert_eq!(snapshot(&server, &ids).await, before);
        for path in [format!("/users/{}", own.user), format!("/users/{}/roles", own.user)] {
            let answer = at_other(&server, &own.token, (Method::GET, &path), None).await;
            assert!(!ids.values().any(|id| answer.text().contains(id.as_str())), "{}", answer.text());
        }
    }
}

/// A token that is good for one tenant, and nothing else about it wrong, at the other.
#[tokio::test]
async fn a_token_of_another_tenant_opens_no_operation() {
    let server = TestServer::start().await;
    let ids = everything(&server).await;
    let own = second(&server).await;
    let before = snapshot(&server, &ids).await;
    for operation in operations() {
        let path = with_ids(&operation, &ids).unwrap_or_else(|| operation.path.to_owned());
        let call =
            crate::kit::Call::new(operation.method.clone(), &format!("/api/v2{path}")).bearer(&own.token);
        let answer = server.send(call.build()).await;
        assert_eq!(answer.status, 401, "{} {path}", operation.method);
    }
    assert_eq!(snapshot(&server, &ids).await, before);
}
