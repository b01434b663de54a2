//! `/api/v2/client-grants`

mod lists;
mod refusals;

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, other_tenant};
use super::logs::{entry_of, writes};
use crate::kit::{Answer, MANAGEMENT, TestServer, engines, error};

const PATH: &str = "/client-grants";

/// The API that the grants of these tests are for.
const AUDIENCE: &str = "urn:api";

/// Makes an API with the scopes `a`, `b` and `c`.
async fn api(server: &TestServer, identifier: &str) -> String {
    let scopes = json!([{ "value": "a" }, { "value": "b" }, { "value": "c" }]);
    let body = json!({ "identifier": identifier, "scopes": scopes });
    let made = server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Makes an application, and answers its id.
async fn client(server: &TestServer) -> String {
    let made = server.api_send(Method::POST, "/clients", &json!({ "name": "x" })).await.expect(201);
    made["client_id"].as_str().unwrap().to_owned()
}

async fn created(server: &TestServer, body: &Value) -> Answer {
    server.api_send(Method::POST, PATH, body).await
}

/// Makes a grant.
async fn made(server: &TestServer, body: Value) -> Value {
    created(server, &body).await.expect(201)
}

fn path_of(grant: &Value) -> String {
    format!("{PATH}/{}", grant["id"].as_str().unwrap())
}

async fn patched(server: &TestServer, grant: &Value, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, &path_of(grant), &body).await.both()
}

async fn listed(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("{PATH}?{query}")).await.expect(200)
}

fn unknown() -> (u16, Value) {
    (404, error(404, "Not Found", None, "The client grant does not exist"))
}

fn taken() -> (u16, Value) {
    let message = "There is already a grant for this application, API and subject type. Update that one.";
    (409, error(409, "Conflict", None, message))
}

#[tokio::test]
async fn a_new_grant_is_answered_whole_with_its_defaults() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let answer = created(&server, &body).await.both();
        let id = answer.1["id"].as_str().unwrap();
        let random = id.strip_prefix("cgr_").unwrap();
        assert!(random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        let expected = json!({
            "id": id, "client_id": client, "audience": AUDIENCE, "scope": [], "is_system": false, "subject_type": "client",
        });
        assert_eq!(answer, (201, expected.clone()));
        assert_eq!(server.api_get(&path_of(&answer.1)).await.both(), (200, expected.clone()));
        assert_eq!(listed(&server, "audience=urn:api").await, json!([expected]));
    }
}

#[tokio::test]
async fn every_setting_is_stored_and_shown() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        for mut body in [
            json!({
                "client_id": client, "audience": AUDIENCE, "scope": ["c", "a"], "subject_type": "user",
                "organization_usage": "require", "allow_any_organization": true,
                "authorization_details_types": ["payment", "\"ü\" 漢字"], "allow_all_scopes": false,
            }),
            json!({ "client_id": client, "audience": AUDIENCE, "allow_all_scopes": true, "subject_type": "client" }),
            json!({
                "default_for": "third_party_clients", "audience": AUDIENCE, "scope": ["b"], "subject_type": "client",
                "allow_any_organization": false, "organization_usage": "deny",
            }),
        ] {
            let grant = made(&server, body.clone()).await;
            body["id"] = grant["id"].clone();
            body["is_system"] = json!(false);
            assert_eq!(grant, body);
            assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, body));
        }
    }
}

#[tokio::test]
async fn the_grant_of_the_management_application_is_one_like_any_other() {
    let server = TestServer::start().await;
    let list = listed(&server, "").await;
    let scopes: Vec<_> = chancery::management::scopes::ALL.to_vec();
    let expected = json!([{
        "id": list[0]["id"], "client_id": server.client_id, "audience": MANAGEMENT, "scope": scopes,
        "is_system": false, "subject_type": "client",
    }]);
    assert_eq!(list, expected);
}

#[tokio::test]
async fn a_patch_keeps_what_is_absent_clears_what_is_null_and_sets_the_rest() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let grant = made(
            &server,
            json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"], "organization_usage": "allow",
                "allow_any_organization": true, "authorization_details_types": ["payment"] }),
        )
        .await;
        let mut expected = grant.clone();
        expected["scope"] = json!(["c", "b"]);
        let scopes = json!({ "scope": ["c", "b", "c"] });
        assert_eq!(patched(&server, &grant, scopes).await, (200, expected.clone()));
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, expected.clone()));
        expected["organization_usage"] = json!("deny");
        expected.as_object_mut().unwrap().shift_remove("allow_any_organization");
        let mixed = json!({ "organization_usage": "deny", "allow_any_organization": null });
        assert_eq!(patched(&server, &grant, mixed).await, (200, expected));
        let nulls = json!({ "scope": null, "organization_usage": null, "authorization_details_types": null, "allow_all_scopes": null });
        let cleared = json!({
            "id": grant["id"], "client_id": client, "audience": AUDIENCE, "scope": [], "is_system": false, "subject_type": "client",
        });
        assert_eq!(patched(&server, &grant, nulls).await, (200, cleared.clone()));
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, cleared));
    }
}

#[tokio::test]
async fn all_scopes_take_the_place_of_single_ones_and_the_other_way_round() {
    let server = TestServer::start().await;
    api(&server, AUDIENCE).await;
    let client = client(&server).await;
    let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
    let (status, all) = patched(&server, &grant, json!({ "allow_all_scopes": true })).await;
    assert_eq!((status, all.get("scope"), &all["allow_all_scopes"]), (200, None, &json!(true)));
    let message =
        "This grant allows all scopes. To grant single ones, set allow_all_scopes to false with them.";
    let single = json!({ "scope": ["a"] });
    assert_eq!(patched(&server, &grant, single).await, bad("invalid_body", message));
    let both = json!({ "default_for": "third_party_clients", "audience": AUDIENCE, "scope": ["a"], "allow_all_scopes": true });
    assert_eq!(created(&server, &both).await.both(), bad("invalid_body", message));
    assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, all));
    let single = json!({ "scope": ["b"], "allow_all_scopes": false });
    let (status, after) = patched(&server, &grant, single).await;
    assert_eq!((status, &after["scope"], &after["allow_all_scopes"]), (200, &json!(["b"]), &json!(false)));
}

#[tokio::test]
async fn a_scope_stands_in_tokens_from_when_the_api_has_it_until_it_has_it_no_more() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let machine = json!({ "name": "m", "app_type": "non_interactive" });
        let client = server.api_send(Method::POST, "/clients", &machine).await.expect(201);
        let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
        let body = json!({ "client_id": id, "audience": AUDIENCE, "scope": ["a", "later"] });
        let grant = made(&server, body).await;
        assert_eq!(grant["scope"], json!(["a", "later"]));
        let granted = || async {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", AUDIENCE),
            ];
            let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            server.token_request(&form).await.expect(200)["scope"].clone()
        };
        assert_eq!(granted().await, "a");
        for (scopes, expected) in [(["a", "later"], "a later"), (["a", "b"], "a")] {
            let scopes = json!({ "scopes": scopes.map(|scope| json!({ "value": scope })) });
            let path = format!("/resource-servers/{AUDIENCE}");
            server.api_send(Method::PATCH, &path, &scopes).await.expect(200);
            assert_eq!(granted().await, expected);
        }
    }
}

#[tokio::test]
async fn there_is_one_grant_for_each_application_api_and_subject_type() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let first = made(&server, body.clone()).await;
        assert_eq!(created(&server, &body).await.both(), taken());
        let same =
            json!({ "client_id": client, "audience": AUDIENCE, "subject_type": "client", "scope": ["a"] });
        assert_eq!(created(&server, &same).await.both(), taken());
        let user = json!({ "client_id": client, "audience": AUDIENCE, "subject_type": "user" });
        made(&server, user.clone()).await;
        assert_eq!(created(&server, &user).await.both(), taken());
        let default = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        made(&server, default.clone()).await;
        assert_eq!(created(&server, &default).await.both(), taken());
        assert_eq!(listed(&server, "audience=urn:api&include_totals=true").await["total"], 3);
        assert_eq!(server.api_call(Method::DELETE, &path_of(&first)).await.status, 204);
        made(&server, body).await;
    }
}

#[tokio::test]
async fn of_many_who_make_one_grant_at_once_one_succeeds() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        api(&server, AUDIENCE).await;
        let body = json!({ "client_id": client(&server).await, "audience": AUDIENCE });
        let (a, b, c, d) = tokio::join!(
            created(&server, &body),
            created(&sibling, &body),
            created(&server, &body),
            created(&sibling, &body),
        );
        let mut statuses = [a, b, c, d].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    }
}

#[tokio::test]
async fn a_grant_of_the_platform_itself_stays_as_it_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let mut tx = server.app.db.begin().await.unwrap();
        let sql = "UPDATE client_grants SET is_system = TRUE WHERE audience = 'urn:api'";
        assert_eq!(tx.execute(sql, &[]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let grant = listed(&server, "audience=urn:api").await[0].clone();
        assert_eq!(grant["is_system"], true);
        let message = "This grant belongs to the platform itself. It cannot be changed or deleted.";
        let refused = bad("operation_not_supported", message);
        assert_eq!(patched(&server, &grant, json!({ "scope": ["a"] })).await, refused);
        assert_eq!(server.api_call(Method::DELETE, &path_of(&grant)).await.both(), refused);
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn a_grant_goes_with_its_application_and_with_its_api() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, "urn:a").await;
        api(&server, "urn:b").await;
        let (one, two) = (client(&server).await, client(&server).await);
        let grant = async |client: &str, audience: &str| {
            made(&server, json!({ "client_id": client, "audience": audience })).await
        };
        let (_, one_b, _, two_b) = (
            grant(&one, "urn:a").await,
            grant(&one, "urn:b").await,
            grant(&two, "urn:a").await,
            grant(&two, "urn:b").await,
        );
        made(&server, json!({ "default_for": "third_party_clients", "audience": "urn:a" })).await;
        assert_eq!(server.api_call(Method::DELETE, &format!("/resource-servers/{api_id}")).await.status, 204);
        assert_eq!(listed(&server, "audience=urn:a").await, json!([]));
        assert_eq!(listed(&server, &format!("client_id={one}")).await, json!([one_b]));
        assert_eq!(server.api_call(Method::DELETE, &format!("/clients/{one}")).await.status, 204);
        assert_eq!(server.api_get(&path_of(&one_b)).await.both(), unknown());
        assert_eq!(listed(&server, "audience=urn:b").await, json!([two_b]));
        // What is made anew under the old identifier has no grants of old.
        api(&server, "urn:a").await;
        assert_eq!(listed(&server, "audience=urn:a").await, json!([]));
    }
}

#[tokio::test]
async fn another_tenant_neither_sees_nor_touches_a_grant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
        let path = path_of(&grant);
        assert_eq!(at_other(&server, &token, (Method::GET, &path), None).await.both(), unknown());
        let patch = json!({ "scope": [] });
        assert_eq!(at_other(&server, &token, (Method::PATCH, &path), Some(&patch)).await.both(), unknown());
        assert_eq!(at_other(&server, &token, (Method::DELETE, &path), None).await.status, 204);
        let by_client = format!("{PATH}?client_id={client}");
        assert_eq!(at_other(&server, &token, (Method::GET, &by_client), None).await.both(), (200, json!([])));
        // Neither our application nor our API is good for a grant of theirs.
        let body = json!({ "client_id": client, "audience": "https://other.example/api/v2/" });
        let foreign = at_other(&server, &token, (Method::POST, PATH), Some(&body)).await.expect(404);
        assert_eq!(foreign["errorCode"], "inexistent_client");
        let body = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        let foreign = at_other(&server, &token, (Method::POST, PATH), Some(&body)).await.expect(404);
        assert_eq!(foreign["errorCode"], "inexistent_resource_server");
        assert_eq!(server.api_get(&path).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn parallel_patches_lose_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        api(&server, AUDIENCE).await;
        let mut grant =
            made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let (a, b, c, d) = tokio::join!(
            patched(&server, &grant, json!({ "scope": ["a"] })),
            patched(&sibling, &grant, json!({ "organization_usage": "deny" })),
            patched(&server, &grant, json!({ "allow_any_organization": true })),
            patched(&sibling, &grant, json!({ "authorization_details_types": ["t"] })),
        );
        assert_eq!([a.0, b.0, c.0, d.0], [200; 4]);
        grant["scope"] = json!(["a"]);
        grant["organization_usage"] = json!("deny");
        grant["allow_any_organization"] = json!(true);
        grant["authorization_details_types"] = json!(["t"]);
        assert_eq!(server.api_get(&path_of(&grant)).await.both(), (200, grant));
    }
}

#[tokio::test]
async fn each_write_stands_in_the_log_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let before = writes(&server).await.len();
        let body = json!({ "client_id": client, "audience": AUDIENCE });
        let grant = made(&server, body.clone()).await;
        let path = path_of(&grant);
        patched(&server, &grant, json!({ "scope": ["a"] })).await;
        server.api_call(Method::DELETE, &path).await.expect(204);

        // None of these changes anything.
        server.api_call(Method::DELETE, &path).await.expect(204);
        assert_eq!(patched(&server, &grant, json!({ "scope": [] })).await, unknown());
        created(&server, &json!({ "client_id": "nobody", "audience": AUDIENCE })).await.expect(404);
        created(&server, &json!({ "client_id": server.client_id, "audience": MANAGEMENT })).await.expect(409);
        created(&server, &json!({ "client_id": client, "audience": AUDIENCE, "scope": [1] }))
            .await
            .expect(400);

        let entries = writes(&server).await.split_off(before);
        let expected = [
            ("Create a client grant", ("post", PATH, 201)),
            ("Update a client grant", ("patch", path.as_str(), 200)),
            ("Delete a client grant", ("delete", path.as_str(), 204)),
        ];
        assert_eq!(entries.len(), expected.len());
        for (entry, (description, request)) in entries.iter().zip(expected) {
            assert_eq!(*entry, entry_of(&server, entry, ("sapi", description), request));
        }

        // The grants that go with an API leave no entries of their own.
        made(&server, body).await;
        server.api_call(Method::DELETE, &format!("/resource-servers/{api_id}")).await.expect(204);
        assert_eq!(writes(&server).await.len(), before + 3 + 2);
    }
}

#[tokio::test]
async fn a_default_is_the_grant_of_applications_of_others_that_have_none() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = json!({ "identifier": "urn:a", "scopes": [{ "value": "a" }, { "value": "b" }] });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let machine = json!({ "name": "other", "is_first_party": false });
        let client = server.api_send(Method::POST, "/clients", &machine).await.expect(201);
        let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
        let granted = || async {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("audience", "urn:a"),
            ];
            let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let answer = server.token_request(&form).await;
            (answer.status.as_u16(), answer.json()["scope"].as_str().map(str::to_owned))
        };
        let change = |path: String, body: Value| {
            let server = &server;
            async move { server.api_send(Method::PATCH, &path, &body).await.expect(200) }
        };
        assert_eq!(granted().await, (403, None), "without any grant");
        let default = json!({ "default_for": "third_party_clients", "audience": "urn:a", "scope": ["a"] });
        let default = server.api_send(Method::POST, PATH, &default).await.expect(201);
        assert_eq!(granted().await, (200, Some("a".to_owned())), "by the default");
        let default = format!("{PATH}/{}", default["id"].as_str().unwrap());
        change(default.clone(), json!({ "scope": ["a", "b"] })).await;
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "by the changed default");
        let own = json!({ "client_id": id, "audience": "urn:a", "scope": ["b"] });
        let own = server.api_send(Method::POST, PATH, &own).await.expect(201);
        assert_eq!(granted().await, (200, Some("b".to_owned())), "by its own");
        server.api_call(Method::DELETE, &format!("{PATH}/{}", own["id"].as_str().unwrap())).await.expect(204);
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "by the default again");
        change(format!("/clients/{id}"), json!({ "is_first_party": true })).await;
        assert_eq!(granted().await, (403, None), "as an application of the owner");
        change(format!("/clients/{id}"), json!({ "is_first_party": false })).await;
        assert_eq!(granted().await, (200, Some("a b".to_owned())), "as one of somebody else");
        server.api_call(Method::DELETE, &default).await.expect(204);
        assert_eq!(granted().await, (403, None), "after the default is gone");
    }
}
