//! Listing APIs, and the queries that make no sense.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PATH, listed, made, path_of};
use crate::kit::{MANAGEMENT, TestServer, engines};
use crate::management::common::bad;

fn ids(list: &Value) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|api| api["id"].clone()).collect()
}

#[tokio::test]
async fn the_list_pages_by_number_oldest_first_with_and_without_totals() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut all =
            vec![server.api_get(&format!("{PATH}/{}", MANAGEMENT.replace('/', "%2F"))).await.expect(200)];
        for number in 0..5 {
            server.clock.advance(SignedDuration::from_secs(1));
            all.push(made(&server, json!({ "identifier": format!("urn:{number}") })).await);
        }
        assert_eq!(listed(&server, "").await, json!(all));
        let mut walked = Vec::new();
        for page in 0..4 {
            let bare = listed(&server, &format!("per_page=2&page={page}")).await;
            walked.extend(bare.as_array().unwrap().clone());
            let counted = listed(&server, &format!("per_page=2&page={page}&include_totals=true")).await;
            let length = bare.as_array().unwrap().len();
            assert_eq!(length, if page < 3 { 2 } else { 0 });
            assert_eq!(
                counted,
                json!({ "start": page * 2, "limit": 2, "total": 6, "resource_servers": bare })
            );
        }
        assert_eq!(walked, all);
        let none = json!({ "start": 0, "limit": 0, "total": 6, "resource_servers": [] });
        assert_eq!(listed(&server, "per_page=0&include_totals=true").await, none);
        assert_eq!(listed(&server, "page=1000000&per_page=100&include_totals=false").await, json!([]));
    }
}

#[tokio::test]
async fn a_page_has_fifty_apis_where_nothing_is_said_and_a_hundred_at_most() {
    let server = TestServer::start().await;
    for number in 0..100 {
        made(&server, json!({ "identifier": format!("urn:{number}") })).await;
    }
    assert_eq!(listed(&server, "").await.as_array().unwrap().len(), 50);
    let hundred = listed(&server, "per_page=100").await;
    assert_eq!(hundred.as_array().unwrap().len(), 100);
    let rest = listed(&server, "per_page=100&page=1").await;
    let distinct: BTreeSet<_> =
        ids(&hundred).into_iter().chain(ids(&rest)).map(|id| id.to_string()).collect();
    assert_eq!(distinct.len(), 101, "made in one instant, and still each is there once");
}

#[tokio::test]
async fn the_list_knows_no_checkpoints_and_ignores_them() {
    let server = TestServer::start().await;
    server.clock.advance(SignedDuration::from_secs(1));
    let api = made(&server, json!({ "identifier": "urn:a" })).await;
    let list = listed(&server, "take=1&from=forged").await;
    assert_eq!((list.as_array().unwrap().len(), &list[1]), (2, &api));
}

#[tokio::test]
async fn identifiers_narrow_the_list() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut made_apis = Vec::new();
        for name in ["c", "a", "b"] {
            server.clock.advance(SignedDuration::from_secs(1));
            made_apis.push(made(&server, json!({ "identifier": format!("urn:{name}") })).await);
        }
        let [c, a, b] = made_apis.as_slice() else { unreachable!() };
        let ask = async |query: &str| listed(&server, query).await;
        assert_eq!(ask("identifiers=urn:a").await, json!([a]));
        assert_eq!(ask("identifiers=urn:a&identifiers=urn:c&identifiers=urn:no").await, json!([c, a]));
        assert_eq!(ask("identifiers=urn:b&identifiers=urn:b").await, json!([b]));
        assert_eq!(ask("identifiers=URN:A").await, json!([]));
        let by_id = format!("identifiers={}", a["id"].as_str().unwrap());
        assert_eq!(ask(&by_id).await, json!([]), "an id is no identifier");
        assert_eq!(
            ask(
                "identifiers=urn:a&identifiers=urn:b&identifiers=urn:c&per_page=2&page=1&include_totals=true"
            )
            .await,
            json!({ "start": 2, "limit": 2, "total": 3, "resource_servers": [b] })
        );
        let many = "identifiers=urn:a&".repeat(100);
        assert_eq!(ask(&many).await, json!([a]));
        let refused = |reason: &str| {
            let message = format!("Query validation error: '{reason}' on property identifiers.");
            bad("invalid_query_string", &message)
        };
        for (query, reason) in [
            (format!("{many}identifiers=urn:a"), "At most 100 identifiers can be asked for at once"),
            ("identifiers=".to_owned(), "Each of them needs at least one character, and none NUL"),
            ("identifiers=a%00".to_owned(), "String contains the character NUL"),
        ] {
            assert_eq!(server.api_get(&format!("{PATH}?{query}")).await.both(), refused(reason));
        }
    }
}

#[tokio::test]
async fn fields_choose_what_is_shown() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a", "name": "a" })).await;
    let two = json!({ "identifier": "urn:a", "name": "a" });
    let mut others = api.clone();
    for name in ["identifier", "name"] {
        others.as_object_mut().unwrap().shift_remove(name);
    }
    for (query, expected) in [
        ("fields=identifier,name", &two),
        ("fields=name,identifier&include_fields=true", &two),
        ("fields=identifier,name&include_fields=false", &others),
        ("include_fields=false", &api),
        ("include_fields=true", &api),
        ("fields=", &api),
        ("fields=client_id", &json!({})),
    ] {
        let one = server.api_get(&format!("{}?{query}", path_of(&api))).await.both();
        assert_eq!(one, (200, expected.clone()), "{query}");
        let list = listed(&server, &format!("identifiers=urn:a&{query}")).await;
        assert_eq!(list, json!([expected]), "{query}");
    }
    let counted = listed(&server, "identifiers=urn:a&fields=name&include_totals=true").await;
    let expected = json!({ "start": 0, "limit": 50, "total": 1, "resource_servers": [{ "name": "a" }] });
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a" })).await;
    for (query, reason, property) in [
        ("page=-1", "Value -1 is less than minimum 0", "page"),
        ("page=1000001", "Value 1000001 is greater than maximum 1000000", "page"),
        ("page=x", "Expected type integer but found: x", "page"),
        ("per_page=101", "Value 101 is greater than maximum 100", "per_page"),
        ("per_page=1.5", "Expected type integer but found: 1.5", "per_page"),
        ("include_totals=yes", "Expected type boolean but found: yes", "include_totals"),
        ("per_page=1&per_page=2", "The parameter is there more than once", "per_page"),
        ("fields=name,nonsense", "Unknown field: nonsense", "fields"),
        ("fields=name&include_fields=0", "Expected type boolean but found: 0", "include_fields"),
        ("fields=sealed_secret", "Unknown field: sealed_secret", "fields"),
    ] {
        let message = format!("Query validation error: '{reason}' on property {property}.");
        let expected = bad("invalid_query_string", &message);
        assert_eq!(server.api_get(&format!("{PATH}?{query}")).await.both(), expected, "{query}");
        if property.ends_with("fields") {
            let one = format!("{}?{query}", path_of(&api));
            assert_eq!(server.api_get(&one).await.both(), expected, "{query}");
        }
    }
}
