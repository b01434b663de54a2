//! `/api/v2/clients` and `/api/v2/clients/{client_id}/credentials`

use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use serde_json::{Value, json};

use crate::kit::{Call, On, TestServer, engines, error, key};

fn public_key(number: usize) -> String {
    pem::encode("PUBLIC KEY", &key(number).public().to_spki_der(), LineEnd::Lf)
}

async fn made(server: &TestServer, body: Value) -> Value {
    server.api_send(Method::POST, "/clients", &body).await.expect(201)
}

async fn patched(server: &TestServer, id: &str, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, &format!("/clients/{id}"), &body).await.both()
}

async fn with_scope(
    server: &TestServer,
    scope: &str,
    (method, path): (Method, &str),
    body: Option<Value>,
) -> (u16, Value) {
    let token = server.token(&[scope]).await;
    let call = Call::new(method, &format!("/api/v2{path}")).bearer(&token);
    let call = if let Some(body) = body { call.json(&body) } else { call };
    server.send(call.build()).await.both()
}

async fn everything_of(on: On) {
    let server = TestServer::on(on).await;
    let client = made(
        &server,
        json!({ "name": "shop", "client_metadata": { "a": "1", "b": "2" }, "addons": { "wams": { "masterkey": "m" } } }),
    )
    .await;
    let id = client["client_id"].as_str().unwrap().to_owned();
    let secret = client["client_secret"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), secret.len()), (32, 64));
    assert_eq!(client["tenant"], "main");
    assert_eq!(client["global"], false);
    assert_eq!(client["addons"]["wams"]["masterkey"], "m");
    assert!(
        client["signing_keys"][0]["cert"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\r\n")
    );
    assert_eq!(client["signing_keys"][0]["subject"], "deprecated");

    let path = format!("/clients/{id}");
    assert_eq!(server.api_get(&path).await.expect(200), client);
    let only = server.api_get(&format!("{path}?fields=client_id,name")).await.expect(200);
    assert_eq!(only, json!({ "client_id": id, "name": "shop" }));
    let (_, basic) = with_scope(&server, "read:clients", (Method::GET, &path), None).await;
    assert!(basic.get("client_secret").is_none() && basic.get("signing_keys").is_none());
    let (_, summary) = with_scope(&server, "read:client_summary", (Method::GET, &path), None).await;
    assert_eq!(summary, json!({ "client_id": id, "name": "shop", "is_first_party": true }));

    let (status, after) = patched(
        &server,
        &id,
        json!({ "client_metadata": { "a": null, "c": "3" }, "addons": null, "description": "d" }),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(after["client_metadata"], json!({ "b": "2", "c": "3" }));
    assert!(after.get("addons").is_none());
    let (status, error) =
        with_scope(&server, "update:client_keys", (Method::PATCH, &path), Some(json!({ "name": "y" }))).await;
    assert_eq!(
        (status, &error["message"]),
        (403, &json!("Insufficient scope, expected any of: update:clients"))
    );
    assert_eq!(error["errorCode"], "insufficient_scope");

    let (_, own) = patched(&server, &id, json!({ "client_secret": "my own secret" })).await;
    assert_eq!(own["client_secret"], "my own secret");
    let rotated = server.api_call(Method::POST, &format!("{path}/rotate-secret")).await.expect(200);
    assert_eq!(rotated["client_secret"].as_str().unwrap().len(), 64);
    assert_ne!(rotated["client_secret"], secret.as_str());

    assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204);
    assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204);
    let gone = json!({ "statusCode": 404, "error": "Not Found", "message": "The client does not exist",
        "errorCode": "inexistent_client" });
    assert_eq!(server.api_get(&path).await.both(), (404, gone.clone()));
    assert_eq!(patched(&server, &id, json!({ "name": "x" })).await, (404, gone.clone()));
    assert_eq!(server.api_call(Method::POST, &format!("{path}/rotate-secret")).await.both(), (404, gone));
    assert_eq!(server.api_get("/clients/%00").await.expect(400)["errorCode"], "invalid_uri");
    assert_eq!(server.api_get("/clients/%ff").await.expect(400)["errorCode"], "invalid_uri");
}

#[tokio::test]
async fn an_application_is_made_read_changed_and_deleted() {
    for on in engines() {
        everything_of(on).await;
    }
}

#[tokio::test]
async fn lists_page_filter_and_count() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (name, kind) in [("a", "spa"), ("b", "native"), ("c", "regular_web")] {
            made(&server, json!({ "name": name, "app_type": kind })).await;
        }
        made(&server, json!({ "name": "d", "is_first_party": false })).await;
        let names = |rows: &Value| {
            let mut names: Vec<String> =
                rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        let all = server.api_get("/clients").await.expect(200);
        assert_eq!(names(&all), ["All Applications", "Chancery Management", "a", "b", "c", "d"]);
        let some = server.api_get("/clients?app_type=spa,regular_web&fields=name").await.expect(200);
        assert_eq!(names(&some), ["a", "c"]);
        assert_eq!(names(&server.api_get("/clients?is_first_party=false").await.expect(200)), ["d"]);
        let page = server
            .api_get("/clients?per_page=2&page=1&include_totals=true&is_global=false")
            .await
            .expect(200);
        assert_eq!((&page["start"], &page["limit"], &page["total"]), (&json!(2), &json!(2), &json!(5)));

        let mut walked = Vec::new();
        let mut from = String::new();
        loop {
            let next = server.api_get(&format!("/clients?take=2{from}")).await.expect(200);
            walked.extend(names(&next["clients"]));
            match next["next"].as_str() {
                Some(place) => from = format!("&from={place}"),
                None => break,
            }
        }
        walked.sort();
        assert_eq!(walked, ["All Applications", "Chancery Management", "a", "b", "c", "d"]);
        for bad in [
            "from=x&take=2",
            "app_type=nothing",
            "is_global=yes",
            "fields=nonsense",
            "take=0",
            "per_page=101",
        ] {
            let error = server.api_get(&format!("/clients?{bad}")).await.expect(400);
            assert_eq!(error["errorCode"], "invalid_query_string", "{bad}");
        }
    }
}

#[tokio::test]
async fn credentials_are_added_attached_changed_and_detached() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = made(&server, json!({ "name": "x" })).await;
        let id = client["client_id"].as_str().unwrap();
        let path = format!("/clients/{id}/credentials");
        let add = |number: usize, kid: &'static str| {
            let body = json!({ "credential_type": "public_key", "name": "ci", "pem": public_key(number), "kid": kid });
            let (server, path) = (&server, &path);
            async move { server.api_send(Method::POST, path, &body).await }
        };
        let first = add(1, "first-key-1").await.expect(201);
        assert_eq!(first["alg"], "RS256");
        assert_eq!(add(2, "first-key-1").await.expect(409)["statusCode"], 409);
        let second = add(2, "second-key-2").await.expect(201);
        assert_eq!(add(3, "third-key-33").await.expect(400)["errorCode"], "operation_not_supported");
        assert_eq!(server.api_get(&path).await.expect(200).as_array().unwrap().len(), 2);

        let methods = json!({ "private_key_jwt": { "credentials": [{ "id": first["id"] }] } });
        let own = json!({ "token_endpoint_auth_method": "client_secret_post" });
        assert_eq!(patched(&server, id, own).await.0, 200);
        let (status, _) = patched(&server, id, json!({ "client_authentication_methods": methods })).await;
        assert_eq!(status, 400);
        let attach = json!({ "client_authentication_methods": methods, "token_endpoint_auth_method": null });
        let (status, after) = patched(&server, id, attach).await;
        assert_eq!((status, &after["client_authentication_methods"]), (200, &methods));
        assert!(after.get("token_endpoint_auth_method").is_none());
        let strange = json!({ "signed_request_object": { "credentials": [{ "id": "cred_strange" }] } });
        assert_eq!(patched(&server, id, strange).await.0, 400);
        assert_eq!(server.api_call(Method::POST, &format!("/clients/{id}/rotate-secret")).await.status, 400);

        let one = format!("{path}/{}", second["id"].as_str().unwrap());
        let until = json!({ "expires_at": "2040-01-01T00:00:00Z" });
        let changed = server.api_send(Method::PATCH, &one, &until).await.expect(200);
        assert_eq!(changed["expires_at"], "2040-01-01T00:00:00.000Z");
        assert_eq!(server.api_get(&one).await.expect(200), changed);
        let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
        assert_eq!(
            server.api_send(Method::PATCH, &one, &past).await.expect(400)["errorCode"],
            "invalid_body"
        );
        let never = server.api_send(Method::PATCH, &one, &json!({ "expires_at": null })).await.expect(200);
        assert!(never.get("expires_at").is_none());

        let one = format!("{path}/{}", first["id"].as_str().unwrap());
        assert_eq!(server.api_call(Method::DELETE, &one).await.status, 204);
        assert_eq!(server.api_call(Method::DELETE, &one).await.status, 204);
        assert_eq!(server.api_get(&one).await.status, 404);
        let client = server.api_get(&format!("/clients/{id}")).await.expect(200);
        assert_eq!(
            client["client_authentication_methods"],
            json!({ "private_key_jwt": { "credentials": [] } })
        );
        assert_eq!(
            server.api_get("/clients/nobody/credentials").await.expect(404)["errorCode"],
            "inexistent_client"
        );
    }
}

#[tokio::test]
async fn inline_credentials_are_made_with_the_application() {
    let server = TestServer::start().await;
    let item = json!({ "credential_type": "public_key", "pem": public_key(1) });
    let body = json!({ "name": "x", "client_authentication_methods": { "private_key_jwt": { "credentials": [item] } } });
    let client = made(&server, body.clone()).await;
    let id = client["client_id"].as_str().unwrap();
    let listed = server.api_get(&format!("/clients/{id}/credentials")).await.expect(200);
    let named = &client["client_authentication_methods"]["private_key_jwt"]["credentials"];
    assert_eq!(named, &json!([{ "id": listed[0]["id"] }]));
    let (status, error) = with_scope(&server, "create:clients", (Method::POST, "/clients"), Some(body)).await;
    assert_eq!(status, 403);
    assert!(error["message"].as_str().unwrap().ends_with("create:client_credentials"));
}

#[tokio::test]
async fn parallel_patches_lose_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = made(&server, json!({ "name": "x" })).await;
        let id = client["client_id"].as_str().unwrap();
        let set = |key: &'static str| patched(&server, id, json!({ "client_metadata": { key: "1" } }));
        let (a, b, c, d) = tokio::join!(set("a"), set("b"), set("c"), set("d"));
        assert_eq!([a.0, b.0, c.0, d.0], [200; 4]);
        let client = server.api_get(&format!("/clients/{id}")).await.expect(200);
        assert_eq!(client["client_metadata"].as_object().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused() {
    let server = TestServer::start().await;
    for bad in [
        json!({}),
        json!({ "name": 1 }),
        json!({ "name": "x", "callbacks": ["javascript:x"] }),
        json!({ "name": "x", "nonsense": 1 }),
        json!({ "name": "x", "client_metadata": { "a": 1 } }),
    ] {
        let error = server.api_send(Method::POST, "/clients", &bad).await.expect(400);
        assert_eq!(error["errorCode"], "invalid_body", "{bad}");
    }
}

#[tokio::test]
async fn applications_are_found_by_their_grants() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = json!({ "identifier": "urn:api", "scopes": [] });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let mut ids = Vec::new();
        for name in ["open", "shut", "plain"] {
            let made = server.api_send(Method::POST, "/clients", &json!({ "name": name })).await.expect(201);
            ids.push(made["client_id"].as_str().unwrap().to_owned());
        }
        for (id, allow) in [(&ids[0], true), (&ids[1], false)] {
            let grant = json!({
                "client_id": id, "audience": "urn:api", "scope": [], "organization_usage": "allow",
                "allow_any_organization": allow,
            });
            server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
        }
        let found = async |q: &str| {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
            let list = server.api_get(&format!("/clients?{query}&take=10&fields=name")).await.expect(200);
            assert_eq!(list.get("next"), None, "{q}");
            let names = list["clients"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("client_grant.allow_any_organization:true").await, ["open"]);
        assert_eq!(found("client_grant.allow_any_organization:\"true\"").await, ["open"]);
        assert_eq!(found("client_grant.organization_id:org_1").await, [""; 0]);
        let either = "client_grant.organization_id:org_1 OR client_grant.allow_any_organization:true";
        assert_eq!(found(either).await, ["open"]);
        let without = found("NOT client_grant.allow_any_organization:true").await;
        assert!(without.contains(&"shut".to_owned()) && without.contains(&"plain".to_owned()));
        assert!(!without.contains(&"open".to_owned()));

        let not = "NOT+client_grant.allow_any_organization:true";
        let first = server.api_get(&format!("/clients?q={not}&take=1&fields=name")).await.expect(200);
        let next = first["next"].as_str().unwrap();
        let rest =
            server.api_get(&format!("/clients?q={not}&take=10&from={next}&fields=name")).await.expect(200);
        let walked =
            [&first["clients"], &rest["clients"]].map(|page| page.as_array().unwrap().clone()).concat();
        let names: Vec<_> = walked.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, without, "walked page by page");

        let grants = "at character 1: name is not searchable; the fields are client_grant";
        let clause = "at character 6: a field has to be named, one of client_grant";
        let member = "at character 14: the field has to name one of allow_any_organization, organization_id";
        for (query, reason) in [
            ("q=name:x&take=1", grants),
            ("q=%20%20%20%20%20x&take=1", clause),
            ("q=client_grant:x&take=1", member),
            ("q=client_grant.organization_id:x", "A search is paged by from and take"),
            ("q=client_grant.organization_id:x&page=0", "A search is paged by from and take"),
            ("q=client_grant.organization_id:x&take=1&is_global=false", "q and is_global exclude each other"),
            ("q=client_grant.organization_id:x&take=1&app_type=spa", "q and app_type exclude each other"),
        ] {
            let message = format!("Query validation error: '{reason}' on property q.");
            let expected = (400, error(400, "Bad Request", Some("invalid_query_string"), &message));
            assert_eq!(server.api_get(&format!("/clients?{query}")).await.both(), expected, "{query}");
        }
    }
}
