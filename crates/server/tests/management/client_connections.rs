//! `/api/v2/clients/{id}/connections`, what shows and keeps secret options, and the status of connectors.

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, other_tenant};
use crate::kit::{Call, TestServer, engines, error};

const SECRET: &str = "s3cr3t-of-the-provider";

async fn made(server: &TestServer, (name, strategy): (&str, &str), clients: &[&str]) -> Value {
    let options = match strategy {
        "auth0" => json!({}),
        _ => json!({ "client_id": "c", "client_secret": SECRET, "discovery_url": "https://i.example/" }),
    };
    let body = json!({ "name": name, "strategy": strategy, "enabled_clients": clients, "options": options });
    server.api_send(Method::POST, "/connections", &body).await.expect(201)
}

async fn application(server: &TestServer) -> String {
    let flags = json!({ "flags": { "enable_client_connections": false } });
    server.api_send(Method::PATCH, "/tenants/settings", &flags).await.expect(200);
    let made = server.api_send(Method::POST, "/clients", &json!({ "name": "x" })).await.expect(201);
    made["client_id"].as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list["connections"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

fn path_of(connection: &Value) -> String {
    format!("/connections/{}", connection["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_connections_of_an_application_are_listed_in_parts() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = application(&server).await;
        let path = format!("/clients/{client}/connections");
        assert_eq!(server.api_get(&path).await.expect(200), json!({ "connections": [] }));
        for (name, strategy) in [("a", "auth0"), ("b", "oidc"), ("c", "google-oauth2"), ("d", "oidc")] {
            made(&server, (name, strategy), &[&client]).await;
        }
        made(&server, ("e", "oidc"), &[]).await;
        let mut walked = Vec::new();
        let mut from = String::new();
        loop {
            let page = server.api_get(&format!("{path}?take=3{from}")).await.expect(200);
            walked.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            from = format!("&from={next}");
        }
        walked.sort();
        assert_eq!(walked, ["a", "b", "c", "d"]);
        let some = server.api_get(&format!("{path}?strategy=auth0&strategy=google-oauth2")).await.expect(200);
        assert_eq!(names(&some).len(), 2, "{some}");
        let one = server.api_get(&format!("{path}?strategy=auth0&fields=name,strategy")).await.expect(200);
        assert_eq!(one, json!({ "connections": [{ "name": "a", "strategy": "auth0" }] }));
        let whole = server.api_get(&format!("{path}?strategy=google-oauth2")).await.expect(200);
        assert_eq!(whole["connections"][0]["options"]["client_secret"], SECRET);
        assert_eq!(whole["connections"][0].get("enabled_clients"), None);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = application(&server).await;
        let unknown = (404, error(404, "Not Found", Some("inexistent_client"), "The client does not exist"));
        assert_eq!(server.api_get("/clients/nobody/connections").await.both(), unknown);
        let theirs = other_tenant(&server).await;
        let path = format!("/clients/{client}/connections");
        let answer = at_other(&server, &theirs, (Method::GET, &path), None).await;
        assert_eq!(answer.both(), unknown);
        for (query, reason, name) in [
            ("strategy=nonsense", "No enum match for: nonsense", "strategy"),
            ("take=0", "Value 0 is less than minimum 1", "take"),
            ("take=101", "Value 101 is greater than maximum 100", "take"),
            ("from=x", "It is not the next of an earlier answer", "from"),
            ("fields=nonsense", "Unknown field: nonsense", "fields"),
            ("include_secrets=1", "Expected type boolean but found: 1", "include_secrets"),
        ] {
            let message = format!("Query validation error: '{reason}' on property {name}.");
            let answer = server.api_get(&format!("{path}?{query}")).await;
            assert_eq!(answer.both(), bad("invalid_query_string", &message), "{query}");
        }
    }
}

#[tokio::test]
async fn reading_them_needs_a_scope_for_connections_and_one_for_applications() {
    let server = TestServer::start().await;
    let path = format!("/api/v2/clients/{}/connections", server.client_id);
    let call = async |scopes: &[&str]| {
        let token = server.token(scopes).await;
        server.send(Call::new(Method::GET, &path).bearer(&token).build()).await
    };
    let message =
        "Insufficient scope, expected: read:connections and any of: read:clients,read:client_summary";
    let refused = (403, error(403, "Forbidden", Some("insufficient_scope"), message));
    for scopes in [&["read:connections"][..], &["read:clients", "read:client_summary"], &["read:users"]] {
        assert_eq!(call(scopes).await.both(), refused, "{scopes:?}");
    }
    for other in ["read:clients", "read:client_summary"] {
        call(&["read:connections", other]).await.expect(200);
    }
}

#[tokio::test]
async fn secret_options_are_left_out_and_kept_for_whoever_says_so() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let connection = made(&server, ("b", "oidc"), &[]).await;
        let (path, whole) = (path_of(&connection), connection["options"].clone());
        let mut shown = connection.clone();
        shown["options"].as_object_mut().unwrap().remove("client_secret");
        let quiet = server.api_get(&format!("{path}?include_secrets=false")).await.expect(200);
        assert_eq!(quiet, shown);
        let list = server.api_get("/connections?strategy=oidc&include_secrets=false").await.expect(200);
        assert_eq!(list[0]["options"], shown["options"]);
        server.api_get(&format!("{path}?fields=id,name")).await.expect(200);
        server.api_get("/connections?fields=id,name").await.expect(200);
        // A change of what was shown loses nothing of what was not.
        let mut options = shown["options"].clone();
        options["scope"] = json!("openid");
        let change = json!({ "options": options });
        let answer =
            server.api_send(Method::PATCH, &format!("{path}?keep_secrets=true"), &change).await.expect(200);
        assert_eq!(answer["options"], options);
        let mut expected = whole.clone();
        expected["scope"] = json!("openid");
        assert_eq!(server.api_get(&path).await.expect(200)["options"], expected);
        // What is named is put in its place; without the parameter options are replaced whole.
        options["client_secret"] = json!("another");
        let change = json!({ "options": options });
        server.api_send(Method::PATCH, &format!("{path}?keep_secrets=true"), &change).await.expect(200);
        assert_eq!(server.api_get(&path).await.expect(200)["options"]["client_secret"], "another");
        server.api_send(Method::PATCH, &path, &json!({ "options": shown["options"] })).await.expect(200);
        assert_eq!(server.api_get(&path).await.expect(200)["options"], shown["options"]);
        let token = server.token(&[]).await;
        server.flush_log().await;
        let reads = super::logs::reads_of_secrets(&server, &token).await;
        assert_eq!(reads.len(), 2, "those of the whole options while there were secret ones: {reads:?}");
    }
}

#[tokio::test]
async fn no_connection_has_a_connector_that_could_be_online() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = made(&server, ("b", "oidc"), &[]).await;
        let status = |path: String| format!("{path}/status");
        let offline = (404, error(404, "Not Found", None, "not connected to any node"));
        assert_eq!(server.api_get(&status(path_of(&connection))).await.both(), offline);
        let message = "The connection does not exist";
        let unknown = (404, error(404, "Not Found", Some("inexistent_connection"), message));
        assert_eq!(server.api_get("/connections/con_0123456789abcdef/status").await.both(), unknown);
    }
}
