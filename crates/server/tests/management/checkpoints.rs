//! `from`, the place in a list: forged, of another list, of another tenant.

use std::collections::BTreeMap;

use chancery::management::operations;
use chancery_jose::base64url;
use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, other_tenant};
use super::crossing::{everything, with_ids};
use crate::kit::{START, TestServer, engines};
use crate::people::{CONNECTION, PASSWORD, user};

/// The paths of all lists that go on from a place, with their names on the wire; the log has its own.
async fn lists(server: &TestServer) -> Vec<(String, String)> {
    let ids = everything(server).await;
    let mut found = Vec::new();
    for operation in operations() {
        let has_place = operation.query.iter().any(|field| field.name == "take");
        if operation.method != Method::GET || !has_place || operation.path == "/logs" {
            continue;
        }
        let path = match operation.path {
            "/refresh-tokens" => format!("/refresh-tokens?user_id={}&", ids["users"].replace('|', "%7C")),
            path => format!("{}?", with_ids(&operation, &ids).unwrap_or_else(|| path.to_owned())),
        };
        let answer = server.api_get(&format!("{path}take=1")).await.expect(200);
        let list = answer.as_object().unwrap().iter().find(|(_, value)| value.is_array());
        found.push((path, list.unwrap_or_else(|| panic!("{answer}")).0.clone()));
    }
    assert!(found.len() >= 9, "{found:?}");
    found
}

/// A place as it is written.
fn place(list: &str, created_at: &str, id: &str) -> String {
    base64url::encode(format!("{list}:{created_at}:{id}").as_bytes())
}

#[tokio::test]
async fn a_place_that_no_answer_named_is_refused_by_every_list() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (path, list) in lists(&server).await {
            let list = list.as_str();
            let forged = [
                "1".to_owned(),
                "AAAA".to_owned(),
                "x".repeat(4000),
                "%27%20OR%201=1%20--".to_owned(),
                "%ff%fe".to_owned(),
                place("another list", &START.to_string(), "con_1"),
                place(list, "1", "' OR '1'='1"),
                place(list, "1", "a;DROP TABLE users"),
                place(list, "1) OR (1=1", "a"),
                place(list, "99999999999999999999", "a"),
                place(list, "1.5", "a"),
                place(list, "+1", "a"),
                place(list, "1", ""),
                place(list, "1", "a\0b"),
                format!("{}=", place(list, "1", "ab")),
            ];
            for from in forged {
                let answer = server.api_get(&format!("{path}take=1&from={from}")).await;
                let short: String = from.chars().take(60).collect();
                assert_eq!(answer.expect(400)["errorCode"], "invalid_query_string", "{path} {short}");
            }
        }
        // The log goes on from the id of an entry.
        for from in ["x", "' OR 1=1 --", "%00", "9223372036854775808", "..%2f.."] {
            let from = from.replace(' ', "%20").replace('\'', "%27");
            let answer = server.api_get(&format!("/logs?from={from}&take=1")).await;
            let empty = answer.status == 200 && answer.json() == json!([]);
            assert!(answer.status == 400 || empty, "{from}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_place_of_one_list_is_none_in_another() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let all = lists(&server).await;
        for (path, list) in &all {
            for (_, other) in all.iter().filter(|(_, other)| other != list) {
                // Lists of the same kind of objects share their places.
                if list.ends_with("tokens") && other.ends_with("tokens") {
                    continue;
                }
                let from = place(other, "1", "abc");
                let answer = server.api_get(&format!("{path}take=1&from={from}")).await;
                assert_eq!(answer.status, 400, "a place of {other} at {path}: {}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn a_place_of_another_tenant_goes_on_in_ones_own_list_alone() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        user(&server).await;
        for number in 0..3 {
            let body = json!({ "connection": CONNECTION, "email": format!("{number}@x.example"), "password": PASSWORD });
            server.api_send(Method::POST, "/users", &body).await.expect(201);
            let body = json!({ "connection": CONNECTION, "email": format!("{number}@y.example"), "password": PASSWORD });
            at_other(&server, &token, (Method::POST, "/users"), Some(&body)).await.expect(201);
        }
        let theirs = server.api_get("/users?take=1").await.expect(200);
        let from = theirs["next"].as_str().unwrap();
        let path = format!("/users?take=100&from={from}");
        let own = at_other(&server, &token, (Method::GET, &path), None).await.expect(200);
        let addresses: BTreeMap<&str, &Value> = own["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| (user["email"].as_str().unwrap(), user))
            .collect();
        assert!(addresses.keys().all(|email| email.ends_with("@y.example")), "{addresses:?}");
    }
}
