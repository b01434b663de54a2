//! `/api/v2/roles`, `/users/{id}/roles`, `/users/{id}/permissions`

use chancery::roles::permissions_of;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, misfit, needs_scopes, other_tenant};
use super::logs::writes;
use super::users::{path_of, person, tenant_of};
use crate::kit::{Call, TestServer, engines, error};

const PATH: &str = "/roles";

async fn made(server: &TestServer, body: Value) -> Value {
    server.api_send(Method::POST, PATH, &body).await.expect(200)
}

async fn named(server: &TestServer, name: &str) -> String {
    made(server, json!({ "name": name })).await["id"].as_str().unwrap().to_owned()
}

async fn api(server: &TestServer) -> Value {
    let scopes = json!([{ "value": "read", "description": "Read it" }, { "value": "write" }]);
    let body = json!({ "identifier": "urn:api", "name": "An API", "scopes": scopes });
    server.api_send(Method::POST, "/resource-servers", &body).await.expect(201)
}

fn permissions(names: &[&str]) -> Value {
    let one = |name: &&str| json!({ "resource_server_identifier": "urn:api", "permission_name": name });
    json!({ "permissions": names.iter().map(one).collect::<Vec<_>>() })
}

fn shown(name: &str, description: &str) -> Value {
    json!({
        "permission_name": name, "description": description,
        "resource_server_name": "An API", "resource_server_identifier": "urn:api",
    })
}

fn no_role() -> (u16, Value) {
    (404, error(404, "Not Found", Some("inexistent_role"), "The role does not exist."))
}

fn no_user() -> (u16, Value) {
    (404, error(404, "Not Found", Some("inexistent_user"), "The user does not exist."))
}

#[tokio::test]
async fn a_role_lives_from_its_creation_to_its_deletion() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let role = made(&server, json!({ "name": "Editor", "description": "edits" })).await;
        let id = role["id"].as_str().unwrap();
        assert_eq!(role, json!({ "id": id, "name": "Editor", "description": "edits" }));
        assert!(id.starts_with("rol_") && id.len() == 20, "{id}");
        let path = format!("{PATH}/{id}");
        assert_eq!(server.api_get(&path).await.expect(200), role);
        let changed = json!({ "id": id, "name": "Writer" });
        let body = json!({ "name": "Writer", "description": null });
        assert_eq!(server.api_send(Method::PATCH, &path, &body).await.both(), (200, changed.clone()));
        assert_eq!(server.api_get(&path).await.expect(200), changed);
        assert_eq!(server.api_call(Method::DELETE, &path).await.both(), (200, json!({})));
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(server.api_call(method, &path).await.both(), no_role());
        }
        assert_eq!(server.api_send(Method::PATCH, &path, &body).await.both(), no_role());
    }
}

#[tokio::test]
async fn roles_are_listed_by_age_and_found_by_a_part_of_their_names() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut roles = Vec::new();
        for name in ["Admin", "Übung 100%", "Sub_admin"] {
            roles.push(made(&server, json!({ "name": name })).await);
            server.clock.advance(SignedDuration::from_secs(1));
        }
        assert_eq!(server.api_get(PATH).await.expect(200), json!(roles));
        let page = server.api_get("/roles?include_totals=true&per_page=1&page=1").await.expect(200);
        let expected = json!({ "start": 1, "limit": 1, "total": 3, "roles": [roles[1]] });
        assert_eq!(page, expected);
        for (filter, expected) in [
            ("ADMIN", vec![0, 2]),
            ("%C3%BCb", vec![1]),
            ("%25", vec![1]),
            ("b_a", vec![2]),
            ("a_m", vec![]),
            ("%5C", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|index: usize| roles[index].clone()).collect();
            let found =
                server.api_get(&format!("/roles?include_totals=true&name_filter={filter}")).await.expect(200);
            assert_eq!(
                (&found["roles"], &found["total"]),
                (&json!(expected), &json!(expected.len())),
                "{filter}"
            );
        }
    }
}

#[tokio::test]
async fn a_bad_or_taken_role_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let role = named(&server, "one").await;
        named(&server, "two").await;
        let before = (server.api_get(PATH).await.expect(200), writes(&server).await);
        let taken = "There is already a role with this name. Choose another name, or update that role.";
        let taken = (409, error(409, "Conflict", None, taken));
        let path = format!("{PATH}/{role}");
        assert_eq!(server.api_send(Method::POST, PATH, &json!({ "name": "one" })).await.both(), taken);
        assert_eq!(server.api_send(Method::PATCH, &path, &json!({ "name": "two" })).await.both(), taken);
        for (method, path, body, reason, property) in [
            (Method::POST, PATH, json!({}), "Missing required property: name", ""),
            (Method::POST, PATH, json!({ "name": "" }), "String is too short (0 chars), minimum 1", "name"),
            (
                Method::POST,
                PATH,
                json!({ "name": "x", "id": "rol_x" }),
                "Additional properties not allowed: id",
                "",
            ),
            (
                Method::PATCH,
                &path,
                json!({ "name": null }),
                "Expected type string but found type null",
                "name",
            ),
        ] {
            let answer = server.api_send(method, path, &body).await.both();
            assert_eq!(answer, misfit(reason, property), "{body}");
        }
        assert_eq!((server.api_get(PATH).await.expect(200), writes(&server).await), before);
    }
}

#[tokio::test]
async fn a_user_may_what_its_roles_and_it_itself_were_given() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant_of(&server).await;
        let api = api(&server).await;
        let role = named(&server, "Reader").await;
        let user = person(&server, "a@x.example").await;
        let user_id = user["user_id"].as_str().unwrap();
        let (of_role, of_user) =
            (format!("/roles/{role}/permissions"), format!("{}/permissions", path_of(&user)));
        let roles = format!("{}/roles", path_of(&user));

        let gave = server.api_send(Method::POST, &of_role, &permissions(&["read"])).await;
        assert_eq!(gave.both(), (201, json!({})));
        assert_eq!(server.api_get(&of_role).await.expect(200), json!([shown("read", "Read it")]));
        let totals = server.api_get(&format!("{of_role}?include_totals=true")).await.expect(200);
        let expected =
            json!({ "start": 0, "limit": 50, "total": 1, "permissions": [shown("read", "Read it")] });
        assert_eq!(totals, expected);
        server.api_send(Method::POST, &roles, &json!({ "roles": [role] })).await.expect(204);
        // Given twice is given once.
        for _ in 0..2 {
            server.api_send(Method::POST, &of_user, &permissions(&["write", "read"])).await.expect(201);
        }
        let direct = json!({ "source_id": "", "source_name": "", "source_type": "DIRECT" });
        let by_role = json!({ "source_id": role, "source_name": "Reader", "source_type": "ROLE" });
        let (mut read, mut write) = (shown("read", "Read it"), shown("write", ""));
        read["sources"] = json!([direct, by_role]);
        write["sources"] = json!([direct]);
        assert_eq!(server.api_get(&of_user).await.expect(200), json!([read, write]));
        let page =
            server.api_get(&format!("{of_user}?per_page=1&page=1&include_totals=true")).await.expect(200);
        assert_eq!((&page["permissions"], &page["total"]), (&json!([write]), &json!(2)));
        let may = async || permissions_of(&server.app.db, &tenant, user_id, "urn:api").await.unwrap();
        assert_eq!(may().await, ["read", "write"]);

        server.api_send(Method::DELETE, &of_user, &permissions(&["read", "other"])).await.expect(204);
        assert_eq!(may().await, ["read", "write"], "the role still gives it");
        server.api_send(Method::DELETE, &of_role, &permissions(&["read"])).await.expect(204);
        assert_eq!(may().await, ["write"]);
        // A scope that the API lost is no permission any more.
        let path = format!("/resource-servers/{}", api["id"].as_str().unwrap());
        server.api_send(Method::PATCH, &path, &json!({ "scopes": [{ "value": "read" }] })).await.expect(200);
        assert!(may().await.is_empty());
        let other = permissions_of(&server.app.db, &tenant, user_id, "urn:other\0").await.unwrap();
        assert!(other.is_empty());
    }
}

#[tokio::test]
async fn users_get_and_lose_roles_from_either_side() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (one, two) = (named(&server, "one").await, named(&server, "two").await);
        let (ann, bob) = (person(&server, "ann@x.example").await, person(&server, "bob@x.example").await);
        let members = format!("/roles/{one}/users");
        let gave = server.api_send(Method::POST, &members, &json!({ "users": [ann["user_id"]] })).await;
        assert_eq!(gave.both(), (200, json!({})));
        server.clock.advance(SignedDuration::from_secs(1));
        let roles = format!("{}/roles", path_of(&bob));
        server.api_send(Method::POST, &roles, &json!({ "roles": [one] })).await.expect(204);
        server.clock.advance(SignedDuration::from_secs(1));
        server.api_send(Method::POST, &roles, &json!({ "roles": [two, one] })).await.expect(204);

        let ids = |list: &Value, name: &str| -> Vec<String> {
            list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
        };
        let id = |user: &Value| user["user_id"].as_str().unwrap().to_owned();
        let list = server.api_get(&members).await.expect(200);
        assert_eq!(ids(&list, "user_id"), [id(&ann), id(&bob)]);
        assert_eq!((&list[0]["email"], &list[0]["name"]), (&json!("ann@x.example"), &ann["name"]));
        let counted = server.api_get(&format!("{members}?include_totals=true")).await.expect(200);
        assert_eq!((&counted["total"], &counted["users"]), (&json!(2), &list));
        let first = server.api_get(&format!("{members}?take=1")).await.expect(200);
        assert_eq!(first["users"], json!([list[0]]));
        let next = first["next"].as_str().unwrap();
        let last = server.api_get(&format!("{members}?take=1&from={next}")).await.expect(200);
        assert_eq!(last, json!({ "users": [list[1]] }));
        let of_bob = server.api_get(&format!("{roles}?include_totals=true")).await.expect(200);
        assert_eq!(
            (ids(&of_bob["roles"], "id"), &of_bob["total"]),
            (vec![one.clone(), two.clone()], &json!(2))
        );

        server.api_send(Method::DELETE, &roles, &json!({ "roles": [one, "rol_nothing"] })).await.expect(204);
        assert_eq!(ids(&server.api_get(&roles).await.expect(200), "id"), [two.as_str()]);
        // Who is gone has no roles, and a role that is gone nobody.
        server.api_call(Method::DELETE, &path_of(&ann)).await.expect(204);
        assert_eq!(server.api_get(&members).await.expect(200), json!([]));
        server.api_call(Method::DELETE, &format!("/roles/{two}")).await.expect(200);
        assert_eq!(server.api_get(&roles).await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn what_names_something_that_is_not_there_is_refused_whole() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server).await;
        let role = named(&server, "one").await;
        let user = person(&server, "a@x.example").await;
        let (roles, rights) =
            (format!("{}/roles", path_of(&user)), format!("{}/permissions", path_of(&user)));
        let (members, of_role) = (format!("/roles/{role}/users"), format!("/roles/{role}/permissions"));
        let before = writes(&server).await;
        let gave = async |path: &str, body: Value| server.api_send(Method::POST, path, &body).await.both();
        for nobody in ["auth0|nobody", "x"] {
            assert_eq!(gave(&members, json!({ "users": [user["user_id"], nobody] })).await, no_user());
        }
        for nothing in ["rol_nothing", "x"] {
            assert_eq!(gave(&roles, json!({ "roles": [role, nothing] })).await, no_role());
        }
        let no_api =
            error(404, "Not Found", Some("inexistent_resource_server"), "The resource server does not exist");
        let unknown = json!({ "permissions": [{ "resource_server_identifier": "urn:none", "permission_name": "read" }] });
        let no_scope = "The API urn:api has no permission delete. Add it to the scopes of the API first.";
        for path in [&of_role, &rights] {
            assert_eq!(gave(path, unknown.clone()).await, (404, no_api.clone()));
            let refused = (400, error(400, "Bad Request", Some("invalid_body"), no_scope));
            assert_eq!(gave(path, permissions(&["read", "delete"])).await, refused);
            let empty = misfit("Array is too short (0), minimum 1", "permissions");
            assert_eq!(gave(path, json!({ "permissions": [] })).await, empty);
            assert_eq!(server.api_get(path).await.expect(200), json!([]));
        }
        for path in [&members, &roles] {
            assert_eq!(server.api_get(path).await.expect(200), json!([]));
        }
        for (path, expected) in [("/roles/rol_x", no_role()), ("/users/auth0%7Cx", no_user())] {
            for part in ["permissions", if path.starts_with("/roles") { "users" } else { "roles" }] {
                assert_eq!(server.api_get(&format!("{path}/{part}")).await.both(), expected, "{path}/{part}");
            }
            let rights = permissions(&["read"]);
            for method in [Method::POST, Method::DELETE] {
                let answer = server.api_send(method, &format!("{path}/permissions"), &rights).await;
                assert_eq!(answer.both(), expected, "{path}");
            }
        }
        assert_eq!(writes(&server).await, before);
    }
}

#[tokio::test]
async fn a_role_of_another_tenant_is_no_role() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let role = named(&server, "one").await;
        let user = person(&server, "a@x.example").await;
        let token = other_tenant(&server).await;
        let path = format!("/roles/{role}");
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(at_other(&server, &token, (method, &path), None).await.both(), no_role());
        }
        let body = json!({ "users": [user["user_id"]] });
        let answer = at_other(&server, &token, (Method::POST, &format!("{path}/users")), Some(&body)).await;
        assert_eq!(answer.both(), no_role());
        // With a role of its own, the user is the stranger.
        let own = json!({ "name": "own" });
        let own = at_other(&server, &token, (Method::POST, PATH), Some(&own)).await.expect(200);
        let users = format!("/roles/{}/users", own["id"].as_str().unwrap());
        assert_eq!(at_other(&server, &token, (Method::POST, &users), Some(&body)).await.both(), no_user());
        server.api_get(&path).await.expect(200);
        assert_eq!(server.api_get(&format!("{path}/users")).await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn each_operation_on_roles_needs_a_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, "/roles", &["read:roles"]),
            (Method::POST, "/roles", &["create:roles"]),
            (Method::GET, "/roles/x", &["read:roles"]),
            (Method::PATCH, "/roles/x", &["update:roles"]),
            (Method::DELETE, "/roles/x", &["delete:roles"]),
            (Method::GET, "/roles/x/permissions", &["read:roles"]),
            (Method::POST, "/roles/x/permissions", &["update:roles"]),
            (Method::DELETE, "/roles/x/permissions", &["update:roles"]),
            (Method::POST, "/roles/x/users", &["update:roles", "create:role_members"]),
            (Method::GET, "/roles/x/groups", &["read:group_roles"]),
            (Method::POST, "/roles/x/groups", &["create:group_roles"]),
            (Method::DELETE, "/roles/x/groups", &["delete:group_roles"]),
            (Method::POST, "/users/x/roles", &["update:users", "create:role_members"]),
            (Method::DELETE, "/users/x/roles", &["update:users", "delete:role_members"]),
            (Method::GET, "/users/x/permissions", &["read:users"]),
            (Method::POST, "/users/x/permissions", &["update:users"]),
            (Method::DELETE, "/users/x/permissions", &["update:users"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_tenant_without_groups_gives_no_role_to_any() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let path = format!("{PATH}/{}/groups", named(&server, "Editor").await);
        assert_eq!(server.api_get(&path).await.both(), (200, json!({ "groups": [] })));
        let body = json!({ "groups": ["grp_2Zx8Kp4QmR7tYw"] });
        let no_group = error(404, "Not Found", Some("inexistent_group"), "The group does not exist.");
        for method in [Method::POST, Method::DELETE] {
            assert_eq!(server.api_send(method.clone(), &path, &body).await.both(), (404, no_group.clone()));
            let gone = format!("{PATH}/rol_0000000000000000/groups");
            assert_eq!(server.api_send(method, &gone, &body).await.both(), no_role());
        }
        assert_eq!(server.api_get(&format!("{PATH}/rol_0000000000000000/groups")).await.both(), no_role());
        server.api_send(Method::POST, &path, &json!({ "groups": [] })).await.expect(400);
        let token = other_tenant(&server).await;
        assert_eq!(at_other(&server, &token, (Method::GET, &path), None).await.both(), no_role());
    }
}

#[tokio::test]
async fn who_has_which_role_is_seen_with_both_scopes_or_the_one_for_it() {
    let server = TestServer::start().await;
    let message = "Insufficient scope, expected all of: read:users,read:roles";
    let refused = (403, error(403, "Forbidden", Some("insufficient_scope"), message));
    for path in ["/roles/x/users", "/users/x/roles"] {
        let called = async |scopes: &[&str]| {
            let token = server.token(scopes).await;
            server.send(Call::get(&format!("/api/v2{path}")).bearer(&token).build()).await
        };
        for one in ["read:users", "read:roles"] {
            assert_eq!(called(&[one]).await.both(), refused, "{path} {one}");
        }
        assert_eq!(called(&["create:roles"]).await.status, 403);
        for enough in [&["read:users", "read:roles"][..], &["read:role_members"]] {
            assert_eq!(called(enough).await.status, 404, "{path} {enough:?}");
        }
    }
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    let tenant = tenant_of(server).await;
    api(server).await;
    let role = named(server, "exercise").await;
    let user = person(server, "roles@x.example").await;
    let user_id = user["user_id"].as_str().unwrap();
    let (role, roles) = (format!("/roles/{role}"), format!("{}/roles", path_of(&user)));
    server.api_send(Method::PATCH, &role, &json!({ "description": "d" })).await.expect(200);
    server.api_send(Method::POST, &format!("{role}/users"), &json!({ "users": [user_id] })).await.expect(200);
    for (method, status) in [(Method::POST, 201), (Method::DELETE, 204)] {
        for owner in [role.clone(), path_of(&user)] {
            let path = format!("{owner}/permissions");
            server.api_send(method.clone(), &path, &permissions(&["read"])).await.expect(status);
            server.api_get(&path).await.expect(200);
        }
        permissions_of(&server.app.db, &tenant, user_id, "urn:api").await.unwrap();
    }
    for path in [
        "/roles?include_totals=true".to_owned(),
        format!("{role}/users?include_totals=true"),
        format!("{role}/users?take=1"),
        roles.clone(),
    ] {
        server.api_get(&path).await.expect(200);
    }
    let taken = json!({ "roles": [role.replace("/roles/", "")] });
    server.api_send(Method::DELETE, &roles, &taken).await.expect(204);
    server.api_call(Method::DELETE, &role).await.expect(200);
}
