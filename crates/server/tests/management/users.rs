//! `/api/v2/users` and `/api/v2/users-by-email`

mod bodies;
mod links;

use chancery::connections::DEFAULT;
use chancery::logs::{Entry, Kind};
use chancery::tenants::TenantId;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use super::logs::{entry_of, writes};
use crate::kit::{Answer, DOMAIN, TestServer, engines, error};

const PATH: &str = "/users";

/// A password that every policy accepts.
pub(super) const PASSWORD: &str = "correct Horse 7 battery";

/// The id of the first tenant.
pub(crate) async fn tenant_of(server: &TestServer) -> TenantId {
    chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap().id
}

pub(super) async fn created(server: &TestServer, body: &Value) -> Answer {
    server.api_send(Method::POST, PATH, body).await
}

/// Makes a user.
pub(super) async fn made(server: &TestServer, body: Value) -> Value {
    created(server, &body).await.expect(201)
}

/// Makes a user of the default connection with an e-mail address.
pub(super) async fn person(server: &TestServer, email: &str) -> Value {
    made(server, json!({ "connection": DEFAULT, "email": email, "password": PASSWORD })).await
}

/// The path of a user.
pub(super) fn path_of(user: &Value) -> String {
    format!("{PATH}/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"))
}

/// Changes a user.
pub(super) async fn patched(server: &TestServer, user: &Value, body: Value) -> Answer {
    server.api_send(Method::PATCH, &path_of(user), &body).await
}

async fn listed(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("{PATH}?{query}")).await.expect(200)
}

pub(super) fn unknown() -> (u16, Value) {
    (404, error(404, "Not Found", Some("inexistent_user"), "The user does not exist."))
}

/// Makes a connection whose users have usernames.
pub(super) async fn connection_with_usernames(server: &TestServer, name: &str) {
    let body = json!({ "name": name, "strategy": "auth0", "options": { "requires_username": true } });
    server.api_send(Method::POST, "/connections", &body).await.expect(201);
}

#[tokio::test]
async fn a_new_user_is_answered_whole_and_the_change_is_logged() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let body = json!({ "connection": DEFAULT, "email": "Jane.Doe@X.example", "password": PASSWORD });
        let (status, user) = created(&server, &body).await.both();
        let user_id = user["user_id"].as_str().unwrap();
        let id = user_id.strip_prefix("auth0|").unwrap();
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        let expected = json!({
            "created_at": "2027-01-15T08:00:00.000Z",
            "email": "jane.doe@x.example",
            "email_verified": false,
            "identities": [{ "connection": DEFAULT, "user_id": id, "provider": "auth0", "isSocial": false }],
            "name": "jane.doe@x.example",
            "nickname": "jane.doe",
            "updated_at": "2027-01-15T08:00:00.000Z",
            "user_id": user_id,
        });
        assert_eq!((status, &user), (201, &expected));
        assert_eq!(server.api_get(&path_of(&user)).await.both(), (200, expected.clone()));
        assert_eq!(listed(&server, "").await, json!([expected]));
        let all = json!({ "start": 0, "limit": 50, "length": 1, "total": 1, "users": [expected] });
        assert_eq!(listed(&server, "include_totals=true").await, all);
        let entries = writes(&server).await;
        let entry = entry_of(&server, &entries[0], ("sapi", "Create a user"), ("post", "/users", 201));
        assert_eq!(entries, [entry]);
        assert!(!format!("{entries:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn every_member_is_stored_and_shown() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "c").await;
        let body = json!({
            "email": "a@x.example", "email_verified": true, "username": "anna", "name": "Änna \"漢\"",
            "nickname": "ann", "given_name": "Anna", "family_name": "O'Neil", "picture": "https://x.example/p.png",
            "blocked": false, "user_metadata": { "color": "red", "n": [1, 2.5, null] },
            "app_metadata": { "plan": "gold", "deep": { "er": true } }, "user_id": "chosen-1",
        });
        let mut sent = body.clone();
        sent["connection"] = json!("c");
        sent["password"] = json!(PASSWORD);
        sent["verify_email"] = json!(false);
        let user = made(&server, sent).await;
        assert_eq!(user["user_id"], "auth0|chosen-1");
        for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| *name != "user_id") {
            assert_eq!(user[name], *value, "{name}");
        }
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), user);
    }
}

#[tokio::test]
async fn an_address_is_there_once_in_a_connection_and_may_come_again_in_another() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "c").await;
        let body = |email: &str, username: &str| json!({ "connection": "c", "email": email, "username": username, "password": PASSWORD });
        let one = person(&server, "a@x.example").await;
        let two = made(&server, body("A@X.example", "anna")).await;
        for (email, username) in [("a@x.example", "other"), ("b@x.example", "ANNA")] {
            assert_eq!(created(&server, &body(email, username)).await.status, 409, "{email} {username}");
        }
        let found = server.api_get("/users-by-email?email=A%40x.example").await.expect(200);
        let mut expected = vec![one, two];
        expected.sort_by_key(|user| user["user_id"].as_str().unwrap().to_owned());
        assert_eq!(found, Value::from(expected));
        assert_eq!(server.api_get("/users-by-email?email=b%40x.example").await.expect(200), json!([]));
        let ids = server.api_get("/users-by-email?email=a@x.example&fields=email").await.expect(200);
        assert_eq!(ids, json!([{ "email": "a@x.example" }, { "email": "a@x.example" }]));
        for query in ["", "?email=", "?email=nothing"] {
            assert_eq!(server.api_get(&format!("/users-by-email{query}")).await.status, 400, "{query}");
        }
    }
}

#[tokio::test]
async fn of_two_who_take_the_same_address_at_once_one_gets_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let body = json!({ "connection": DEFAULT, "email": "a@x.example", "password": PASSWORD });
        let (one, two, three) =
            tokio::join!(created(&server, &body), created(&server, &body), created(&server, &body));
        let mut statuses = [one.status.as_u16(), two.status.as_u16(), three.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409]);
        let all = listed(&server, "include_totals=true").await;
        assert_eq!((&all["total"], &all["length"]), (&json!(1), &json!(1)));
    }
}

#[tokio::test]
async fn a_patch_merges_metadata_clears_what_is_null_and_sets_the_rest() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = made(
            &server,
            json!({
                "connection": DEFAULT, "email": "a@x.example", "password": PASSWORD, "given_name": "A",
                "user_metadata": { "keep": 1, "drop": 2, "change": { "a": 1 } }, "app_metadata": { "x": 1 },
            }),
        )
        .await;
        server.clock.advance(SignedDuration::from_secs(60));
        let change = json!({
            "given_name": null, "nickname": "n", "blocked": true,
            "user_metadata": { "drop": null, "change": { "b": 2 }, "new": [] }, "app_metadata": {},
        });
        let mut expected = user.clone();
        expected.as_object_mut().unwrap().remove("given_name");
        expected.as_object_mut().unwrap().remove("app_metadata");
        expected["nickname"] = json!("n");
        expected["blocked"] = json!(true);
        expected["user_metadata"] = json!({ "keep": 1, "change": { "b": 2 }, "new": [] });
        expected["updated_at"] = json!("2027-01-15T08:01:00.000Z");
        assert_eq!(patched(&server, &user, change).await.both(), (200, expected.clone()));
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), expected);
        assert_eq!(
            patched(&server, &json!({ "user_id": "auth0|nobody" }), json!({ "name": "x" })).await.both(),
            unknown()
        );
    }
}

#[tokio::test]
async fn another_address_is_not_verified_unless_it_is_said_to_be() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        person(&server, "taken@x.example").await;
        let verified = patched(&server, &user, json!({ "email_verified": true })).await.expect(200);
        assert_eq!(verified["email_verified"], true);
        let same = patched(&server, &user, json!({ "email": "A@x.example" })).await.expect(200);
        assert_eq!((&same["email"], &same["email_verified"]), (&json!("a@x.example"), &json!(true)));
        let other = patched(&server, &user, json!({ "email": "B@x.example" })).await.expect(200);
        assert_eq!((&other["email"], &other["email_verified"]), (&json!("b@x.example"), &json!(false)));
        let both = json!({ "email": "c@x.example", "email_verified": true });
        let both = patched(&server, &user, both).await.expect(200);
        assert_eq!(both["email_verified"], true);
        assert_eq!(patched(&server, &user, json!({ "email": "taken@x.example" })).await.status, 409);
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), both);
        // The old address is free again, and the new one is not.
        person(&server, "a@x.example").await;
        let taken = json!({ "connection": DEFAULT, "email": "c@x.example", "password": PASSWORD });
        assert_eq!(created(&server, &taken).await.status, 409);
    }
}

#[tokio::test]
async fn the_scope_of_app_metadata_changes_nothing_else() {
    let server = TestServer::start().await;
    let user = person(&server, "a@x.example").await;
    let token = server.token(&["update:users_app_metadata"]).await;
    let call = async |body: Value| {
        let call = crate::kit::Call::new(Method::PATCH, &format!("/api/v2{}", path_of(&user))).bearer(&token);
        server.send(call.json(&body).build()).await
    };
    call(json!({ "app_metadata": { "a": 1 } })).await.expect(200);
    for body in [json!({ "blocked": true }), json!({ "app_metadata": { "a": 2 }, "user_metadata": {} })] {
        assert_eq!(call(body).await.status, 403);
    }
    let after = server.api_get(&path_of(&user)).await.expect(200);
    assert_eq!((&after["app_metadata"], after.get("blocked")), (&json!({ "a": 1 }), None));
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_address_is_free() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        person(&server, "b@x.example").await;
        for _ in 0..2 {
            server.api_call(Method::DELETE, &path_of(&user)).await.expect(204);
        }
        assert_eq!(server.api_get(&path_of(&user)).await.both(), unknown());
        let all = listed(&server, "include_totals=true").await;
        assert_eq!((&all["total"], &all["length"]), (&json!(1), &json!(1)));
        let again = person(&server, "a@x.example").await;
        assert_ne!(again["user_id"], user["user_id"]);
    }
}

#[tokio::test]
async fn lists_are_paged_both_ways_and_see_each_user_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut ids = Vec::new();
        for number in 0..7 {
            let user = person(&server, &format!("u{number}@x.example")).await;
            ids.push(user["user_id"].as_str().unwrap().to_owned());
            if number % 2 == 1 {
                server.clock.advance(SignedDuration::from_secs(1));
            }
        }
        ids.sort();
        let of = |users: &Value| -> Vec<String> {
            let users = users.as_array().unwrap().iter();
            users.map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
        };
        for (take, query) in [(2, ""), (3, "&q=email:*x.example"), (7, ""), (100, "")] {
            let (mut walked, mut from) = (Vec::new(), String::new());
            loop {
                let page = listed(&server, &format!("take={take}{query}{from}")).await;
                walked.extend(of(&page["users"]));
                let Some(next) = page["next"].as_str() else { break };
                from = format!("&from={next}");
            }
            walked.sort();
            assert_eq!(walked, ids, "{take}{query}");
        }
        let mut numbered = Vec::new();
        for page in 0..3 {
            let page = listed(&server, &format!("per_page=3&page={page}&include_totals=true")).await;
            assert_eq!((&page["total"], &page["limit"]), (&json!(7), &json!(3)));
            numbered.extend(of(&page["users"]));
        }
        numbered.sort();
        assert_eq!(numbered, ids);
        let too_far = "Pages by number reach the first 1000 users alone. Ask with take, and go on with from.";
        let refused = server.api_get(&format!("{PATH}?page=10&per_page=100")).await.both();
        assert_eq!(refused, bad("invalid_paging", too_far));
        assert_eq!(listed(&server, "page=9&per_page=100").await, json!([]));
        let next = listed(&server, "take=2").await["next"].as_str().unwrap().to_owned();
        for forged in ["x".to_owned(), format!("{next}A"), next.to_lowercase()] {
            let refused = server.api_get(&format!("{PATH}?from={forged}")).await.both();
            let message =
                "Query validation error: 'It is not the next of an earlier answer' on property from.";
            assert_eq!(refused, bad("invalid_query_string", message), "{forged}");
        }
    }
}

#[tokio::test]
async fn the_log_of_a_user_holds_what_is_about_the_user() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant_of(&server).await;
        for (kind, user_id) in [(Kind::S, "auth0|1"), (Kind::Fp, "auth0|1"), (Kind::S, "auth0|2")] {
            let entry = Entry { user_id: Some(user_id.to_owned()), ..Entry::new(kind, "x") };
            let row = entry.into_row(server.app.log_ids.next(server.app.clock.now()));
            chancery::logs::sql::append_batch(&server.app.db, &[(tenant.clone(), row)]).await.unwrap();
            server.clock.advance(SignedDuration::from_secs(1));
        }
        let kinds = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
        };
        let path = "/users/auth0%7C1/logs";
        let list = server.api_get(path).await.expect(200);
        assert_eq!(kinds(&list), ["fp", "s"]);
        assert!(list.as_array().unwrap().iter().all(|entry| entry["user_id"] == "auth0|1"));
        assert_eq!(kinds(&server.api_get(&format!("{path}?sort=date:1")).await.expect(200)), ["s", "fp"]);
        let page = server.api_get(&format!("{path}?include_totals=true&per_page=1")).await.expect(200);
        assert_eq!(
            (&page["total"], &page["length"], &page["logs"][0]["type"]),
            (&json!(2), &json!(1), &json!("fp"))
        );
        assert_eq!(server.api_get("/users/auth0%7C3/logs").await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn users_of_another_tenant_do_not_exist() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let theirs = other_tenant(&server).await;
        let user = person(&server, "a@x.example").await;
        let body = json!({ "connection": DEFAULT, "email": "a@x.example", "password": PASSWORD });
        let own = at_other(&server, &theirs, (Method::POST, PATH), Some(&body)).await.expect(201);
        let path = path_of(&user);
        let (change, link) =
            (json!({ "name": "x" }), json!({ "provider": "auth0", "user_id": user["user_id"] }));
        for (method, path, body) in [
            (Method::GET, path.clone(), None),
            (Method::PATCH, path.clone(), Some(&change)),
            (Method::POST, format!("{path}/identities"), Some(&link)),
            (Method::POST, format!("{}/identities", path_of(&own)), Some(&link)),
            (Method::DELETE, format!("{path}/identities/auth0/x"), None),
        ] {
            let answer = at_other(&server, &theirs, (method.clone(), &path), body).await;
            assert_eq!(answer.both(), unknown(), "{method} {path}");
        }
        at_other(&server, &theirs, (Method::DELETE, &path), None).await.expect(204);
        let list = at_other(&server, &theirs, (Method::GET, "/users?q=email:*+OR+name:*"), None).await;
        assert_eq!(list.expect(200), json!([own]));
        let logs = at_other(&server, &theirs, (Method::GET, &format!("{path}/logs")), None).await;
        assert_eq!(logs.expect(200), json!([]));
        assert_eq!(listed(&server, "include_totals=true").await["users"], json!([user]));
    }
}

#[tokio::test]
async fn an_id_that_no_user_can_have_is_nobody() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant_of(&server).await;
        let user = person(&server, "a@x.example").await;
        let exists = async |id: &str| chancery::users::must_exist(&server.app, &tenant, id).await.is_ok();
        assert!(exists(user["user_id"].as_str().unwrap()).await);
        for id in ["", "auth0|", "auth0|\0", "' OR 1=1 --"] {
            assert!(!exists(id).await, "{id}");
        }
        assert_eq!(server.api_get("/users/auth0%7C%00").await.status, 400);
        assert_eq!(server.api_get("/users/' OR 1=1 --".replace(' ', "%20").as_str()).await.both(), unknown());
    }
}

#[tokio::test]
async fn each_operation_needs_its_scopes() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, PATH, &["read:users"]),
            (Method::POST, PATH, &["create:users"]),
            (Method::GET, "/users/x", &["read:users"]),
            (Method::PATCH, "/users/x", &["update:users", "update:users_app_metadata"]),
            (Method::DELETE, "/users/x", &["delete:users"]),
            (Method::GET, "/users-by-email?email=a@x.example", &["read:users"]),
            (Method::POST, "/users/x/identities", &["update:users"]),
            (Method::DELETE, "/users/x/identities/auth0/y", &["update:users"]),
            (Method::GET, "/users/x/logs", &["read:logs", "read:logs_users"]),
        ],
    )
    .await;
}

/// Uses everything of users and their connections once, so that all statements run.
pub(crate) async fn exercise(server: &TestServer) {
    let tenant = tenant_of(server).await;
    connection_with_usernames(server, "exercise").await;
    let attributes = json!({ "attributes": { "phone_number": { "identifier": { "active": true } } } });
    let phones = json!({ "name": "phones", "strategy": "auth0", "options": attributes });
    server.api_send(Method::POST, "/connections", &phones).await.expect(201);
    let connections = server.api_get("/connections?take=1").await.expect(200);
    for path in [
        format!("/connections?take=1&from={}", connections["next"].as_str().unwrap()),
        "/connections?include_totals=true".to_owned(),
    ] {
        server.api_get(&path).await.expect(200);
    }
    let connection = format!("/connections/{}", connections["connections"][0]["id"].as_str().unwrap());
    server.api_get(&connection).await.expect(200);
    server
        .api_send(Method::PATCH, &connection, &json!({ "enabled_clients": [server.client_id] }))
        .await
        .expect(200);
    server.api_get(&format!("{connection}/clients")).await.expect(200);
    let out = json!([{ "client_id": server.client_id, "status": false }]);
    server.api_send(Method::PATCH, &format!("{connection}/clients"), &out).await.expect(204);
    let already = json!([{ "client_id": server.client_id, "status": true }]);
    for _ in 0..2 {
        server.api_send(Method::PATCH, &format!("{connection}/clients"), &already).await.expect(204);
    }
    chancery::connections::usable_by(&server.app, &tenant, &server.client_id).await.unwrap();

    let (one, two) = (person(server, "one@x.example").await, person(server, "two@x.example").await);
    server.api_get(&path_of(&one)).await.expect(200);
    patched(server, &one, json!({ "password": "another Horse 9 battery" })).await.expect(200);
    let link = json!({ "provider": "auth0", "user_id": two["user_id"] });
    let identities = format!("{}/identities", path_of(&one));
    server.api_send(Method::POST, &identities, &link).await.expect(201);
    let id = two["user_id"].as_str().unwrap().replace("auth0|", "");
    server.api_call(Method::DELETE, &format!("{identities}/auth0/{id}")).await.expect(200);
    for query in [
        "",
        "?include_totals=true",
        "?take=1",
        "?sort=email:1",
        "?sort=email:-1",
        "?q=name:*&include_totals=true",
        "?q=identities.connection:x&take=1",
        "?q=identities.isSocial:false&take=1",
        "?connection=exercise",
    ] {
        server.api_get(&format!("/users{query}")).await.expect(200);
    }
    for query in ["", "&q=name:*"] {
        let page = server.api_get(&format!("/users?take=1{query}")).await.expect(200);
        let from = page["next"].as_str().unwrap();
        server.api_get(&format!("/users?take=1&from={from}{query}")).await.expect(200);
    }
    super::user_search::many(server, 2100).await;
    for query in [
        format!("connection={DEFAULT}"),
        format!("connection={DEFAULT}&include_totals=true"),
        format!("connection={DEFAULT}&sort=created_at:-1&q=email:u*+AND+NOT+_exists_:family_name"),
        "q=email_verified:true&take=1".to_owned(),
        "q=app_metadata.plan:[1+TO+*]+OR+username:nobody&sort=email:1".to_owned(),
    ] {
        server.api_get(&format!("/users?{query}")).await.expect(200);
    }
    let page = server.api_get("/users?take=1&q=email_verified:true").await.expect(200);
    let from = page["next"].as_str().unwrap();
    server.api_get(&format!("/users?take=1&from={from}&q=email_verified:true")).await.expect(200);
    server.api_get("/users-by-email?email=one@x.example").await.expect(200);
    server.api_get(&format!("{}/logs?include_totals=true", path_of(&one))).await.expect(200);
    let user_id = one["user_id"].as_str().unwrap();
    chancery::users::must_exist(&server.app, &tenant, user_id).await.unwrap();
    for (name, identifier) in [("exercise", "somebody"), ("phones", "+4912345"), (DEFAULT, "one@x.example")] {
        let connection =
            chancery::connections::sql::find_by_name(&server.app.db, &tenant, name).await.unwrap();
        let connection = connection.unwrap();
        let found = chancery::users::by_identifier(&server.app.db, &tenant, &connection, identifier).await;
        assert_eq!(found.unwrap().is_some(), name == DEFAULT);
    }
    let mut tx = server.app.db.begin().await.unwrap();
    let now = server.app.clock.now();
    chancery::users::record_login(&mut tx, &tenant, user_id, ("192.0.2.1", now)).await.unwrap();
    let place = (user_id, None, "one@x.example");
    assert!(chancery::users::mark_email_verified(&mut tx, &tenant, place, now).await.unwrap());
    let identity = (&tenant, user_id.strip_prefix("auth0|").unwrap());
    chancery::users::accounts::sql::replace_hash(&mut tx, identity, ("a", "b")).await.unwrap();
    tx.commit().await.unwrap();
    server.api_call(Method::DELETE, &path_of(&two)).await.expect(204);
    server.api_call(Method::DELETE, &format!("{connection}/users?email=one@x.example")).await.expect(204);
    server.api_call(Method::DELETE, &connection).await.expect(202);
}
