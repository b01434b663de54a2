//! `/api/v2/logs`

use std::collections::BTreeSet;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, no_id, other_tenant};
use crate::kit::{Call, MANAGEMENT, TestServer, engines, error};

const PATH: &str = "/logs";
/// Longer than entries need to settle.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

/// The entries of successful writes through the Management API, in the order in which they happened.
pub(super) async fn writes(server: &TestServer) -> Vec<Value> {
    let log = server.api_get("/logs?sort=date:1&per_page=100").await.expect(200);
    let mut entries = log.as_array().unwrap().clone();
    entries.retain(|entry| entry["type"] == "sapi" && entry["details"]["request"]["channel"] == "api");
    entries
}

/// The entries of reads that returned secrets, in the order in which they happened.
pub(super) async fn reads_of_secrets(server: &TestServer, token: &str) -> Vec<Value> {
    let call = Call::get("/api/v2/logs?sort=date:1&per_page=100").bearer(token);
    let mut entries = server.send(call.build()).await.expect(200).as_array().unwrap().clone();
    entries.retain(|entry| entry["type"] == "mgmt_api_read");
    entries
}

/// What an entry has to be that the management application caused; its ids are those of `entry`.
pub(super) fn entry_of(
    server: &TestServer,
    entry: &Value,
    (kind, description): (&str, &str),
    (method, path, status): (&str, &str, u16),
) -> Value {
    let id = entry["log_id"].as_str().unwrap();
    assert!(id.len() == 30 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let subject = format!("{}@clients", server.client_id);
    json!({
        "date": "2027-01-15T08:00:00.000Z",
        "type": kind,
        "description": description,
        "client_id": server.client_id,
        "ip": "0.0.0.0",
        "details": {
            "request": {
                "method": method,
                "path": format!("/api/v2{path}"),
                "channel": "api",
                "auth": { "strategy": "jwt", "subject": subject, "client_id": server.client_id },
                "correlation_id": entry["details"]["request"]["correlation_id"],
            },
            "response": { "statusCode": status },
        },
        "log_id": id,
        "_id": id,
        "isMobile": false,
    })
}

/// Fetches a token with all scopes, makes a change a second for `count` seconds, and then keeps the log as it is
/// but for changes. It holds the making of the tenant, of its keys and of the token, and the changes.
async fn quiet(server: &mut TestServer, count: usize) -> String {
    let token = server.token(&[]).await;
    for number in 0..count {
        server.clock.advance(SignedDuration::from_secs(1));
        change(server, &token, &format!("{number}")).await;
    }
    server.flush_log().await;
    token
}

async fn change(server: &TestServer, token: &str, name: &str) {
    let call = Call::new(Method::PATCH, "/api/v2/tenants/settings").bearer(token);
    server.send(call.json(&json!({ "friendly_name": name })).build()).await.expect(200);
}

async fn asked(server: &TestServer, token: &str, query: &str) -> (u16, Value) {
    let call = Call::get(&format!("/api/v2/logs{query}")).bearer(token);
    server.send(call.build()).await.both()
}

async fn listed(server: &TestServer, token: &str, query: &str) -> Vec<Value> {
    let (status, list) = asked(server, token, query).await;
    assert_eq!(status, 200, "{query}: {list}");
    list.as_array().unwrap().clone()
}

fn newest_first(mut entries: Vec<Value>) -> Vec<Value> {
    entries.reverse();
    entries
}

#[tokio::test]
async fn an_entry_says_who_did_what_from_where() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = quiet(&mut server, 0).await;
        let call = Call::new(Method::PATCH, "/api/v2/tenants/settings?unknown=s3cret")
            .bearer(&token)
            .header("x-correlation-id", "deploy-42")
            .header("user-agent", "terraform/1.2")
            .header("x-forwarded-for", "192.0.2.1")
            .json(&json!({ "friendly_name": "s3cret" }));
        server.send(call.build()).await.expect(200);
        let newest = listed(&server, &token, "").await.remove(0);
        let mut expected = entry_of(
            &server,
            &newest,
            ("sapi", "Update the tenant settings"),
            ("patch", "/tenants/settings", 200),
        );
        expected["user_agent"] = json!("terraform/1.2");
        expected["details"]["request"]["correlation_id"] = json!("deploy-42");
        assert_eq!(newest, expected);
        let one = format!("/{}", newest["log_id"].as_str().unwrap());
        assert_eq!(asked(&server, &token, &one).await, (200, newest));
    }
}

#[tokio::test]
async fn the_first_entry_is_the_making_of_the_tenant() {
    let mut server = TestServer::start().await;
    let token = quiet(&mut server, 0).await;
    let first = listed(&server, &token, "?sort=date:1").await.remove(0);
    let expected = json!({
        "date": "2027-01-15T08:00:00.000Z",
        "type": "sapi",
        "description": "Create the tenant",
        "details": { "channel": "cli" },
        "log_id": first["log_id"],
        "_id": first["log_id"],
        "isMobile": false,
    });
    assert_eq!(first, expected);
}

#[tokio::test]
async fn tokens_stand_in_the_log_whether_issued_or_refused_and_without_secrets() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = server.token(&["read:logs"]).await;
        let mut wrong = server.management_form(MANAGEMENT, "");
        "a-wrong-secret".clone_into(&mut wrong[2].1);
        server.token_request(&wrong).await.expect(401);
        server.flush_log().await;
        let entries = listed(&server, &token, "?sort=date:1").await;
        let kinds: Vec<_> = entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["sapi", "sapi", "seccft", "feccft"], "the tenant, its keys, the tokens");
        let issued = &entries[2];
        for (name, value) in [
            ("client_id", json!(server.client_id)),
            ("audience", json!(MANAGEMENT)),
            ("scope", json!("read:logs")),
            ("ip", json!("0.0.0.0")),
        ] {
            assert_eq!(issued[name], value, "{name}");
        }
        assert_eq!(entries[3]["client_id"], server.client_id.as_str());
        let text = json!(entries).to_string();
        for secret in [server.client_secret.as_str(), "a-wrong-secret", token.split('.').nth(2).unwrap()] {
            assert!(!text.contains(secret));
        }
    }
}

#[tokio::test]
async fn the_list_shows_the_newest_entries_first_unless_told_otherwise() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = quiet(&mut server, 5).await;
        let oldest = listed(&server, &token, "?sort=date:1").await;
        assert_eq!(oldest.len(), 8);
        let ids: Vec<_> = oldest.iter().map(|entry| entry["log_id"].as_str().unwrap().to_owned()).collect();
        assert!(ids.is_sorted());
        let dates: Vec<_> = oldest.iter().map(|entry| entry["date"].as_str().unwrap()).collect();
        assert!(dates.is_sorted());
        assert_eq!((dates[0], dates[7]), ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:05.000Z"));
        let newest = newest_first(oldest);
        for query in ["", "?sort=date:-1", "?sort=", "?page=0", "?q=&search="] {
            assert_eq!(listed(&server, &token, query).await, newest, "{query}");
        }
    }
}

#[tokio::test]
async fn the_list_pages_by_number_with_and_without_totals() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = quiet(&mut server, 5).await;
        for sort in ["sort=date:1", "sort=date:-1"] {
            let all = listed(&server, &token, &format!("?{sort}")).await;
            assert_eq!(all.len(), 8);
            let mut walked = Vec::new();
            for page in 0..4 {
                let query = format!("?{sort}&per_page=3&page={page}");
                let bare = listed(&server, &token, &query).await;
                let counted = asked(&server, &token, &format!("{query}&include_totals=true")).await;
                let length = bare.len();
                let expected =
                    json!({ "start": page * 3, "limit": 3, "length": length, "total": 8, "logs": bare });
                assert_eq!(counted, (200, expected));
                walked.extend(bare);
            }
            assert_eq!(walked, all);
        }
        let none = json!({ "start": 0, "limit": 0, "length": 0, "total": 8, "logs": [] });
        assert_eq!(asked(&server, &token, "?per_page=0&include_totals=true").await, (200, none));
        assert_eq!(asked(&server, &token, "?page=1000000&per_page=100").await, (200, json!([])));
    }
}

#[tokio::test]
async fn a_page_has_fifty_entries_where_nothing_is_said_and_a_hundred_at_most() {
    let mut server = TestServer::start().await;
    let token = quiet(&mut server, 98).await;
    server.clock.advance(SETTLED);
    assert_eq!(listed(&server, &token, "").await.len(), 50);
    assert_eq!(listed(&server, &token, "?per_page=100").await.len(), 100);
    let from = format!("?from={}", "0".repeat(30));
    assert_eq!(listed(&server, &token, &from).await.len(), 50);
    assert_eq!(listed(&server, &token, "?take=100").await.len(), 100);
}

#[tokio::test]
async fn following_the_log_by_its_ids_meets_every_entry_once_oldest_first() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = quiet(&mut server, 7).await;
        server.clock.advance(SETTLED);
        let all = listed(&server, &token, "?sort=date:1").await;
        assert_eq!(all.len(), 10);
        for take in [1, 3, 10, 100] {
            let mut walked: Vec<Value> = Vec::new();
            loop {
                let from = walked.last().map(|entry| format!("&from={}", entry["log_id"].as_str().unwrap()));
                let query = format!("?take={take}{}", from.unwrap_or_default());
                let next = listed(&server, &token, &query).await;
                assert!(next.len() <= take);
                if next.is_empty() {
                    break;
                }
                walked.extend(next);
            }
            assert_eq!(walked, all, "{take} at a time");
        }
        let last = all[9]["log_id"].as_str().unwrap();
        let from_last = format!("?from={last}");
        assert_eq!(asked(&server, &token, &from_last).await, (200, json!([])));
        change(&server, &token, "later").await;
        let unsettled = asked(&server, &token, &from_last).await;
        assert_eq!(unsettled, (200, json!([])), "an older entry may still be on its way");
        server.clock.advance(SETTLED);
        let later = listed(&server, &token, &from_last).await;
        assert_eq!(later, listed(&server, &token, "?per_page=1").await, "what came since");
    }
}

#[tokio::test]
async fn an_entry_that_is_written_late_is_not_missed_by_who_follows_the_log() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        // The entry of the token waits for its batch, and that of the change, which is younger, is written.
        let token = server.token(&[]).await;
        change(&server, &token, "x").await;
        let mut followed = listed(&server, &token, "?take=100").await;
        server.flush_log().await;
        server.clock.advance(SETTLED);
        let from =
            followed.last().map_or("0".repeat(30), |entry| entry["log_id"].as_str().unwrap().to_owned());
        followed.extend(listed(&server, &token, &format!("?take=100&from={from}")).await);
        let kinds: Vec<_> = followed.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["sapi", "sapi", "seccft", "sapi"]);
        assert_eq!(followed, listed(&server, &token, "?sort=date:1").await);
    }
}

#[tokio::test]
async fn a_checkpoint_may_lie_between_two_entries() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let token = quiet(&mut server, 2).await;
        server.clock.advance(SETTLED);
        let all = listed(&server, &token, "?sort=date:1").await;
        for (from, left) in
            [("0".repeat(30), 5), (format!("1800000001500{}", "0".repeat(17)), 1), ("9".repeat(30), 0)]
        {
            let expected = &all[all.len() - left..];
            assert_eq!(listed(&server, &token, &format!("?from={from}&take=100")).await, expected);
        }
        let with_totals = listed(&server, &token, "?take=2&include_totals=true&sort=date:-1").await;
        assert_eq!(with_totals, all[..2], "a bare list, oldest first, whatever else is asked");
    }
}

#[tokio::test]
async fn fields_choose_what_is_shown() {
    let mut server = TestServer::start().await;
    let token = quiet(&mut server, 1).await;
    server.clock.advance(SETTLED);
    let all = listed(&server, &token, "").await;
    let pick = |keep: &dyn Fn(&str) -> bool| -> Vec<Value> {
        let trim = |entry: &Value| {
            let mut entry = entry.as_object().unwrap().clone();
            entry.retain(|name, _| keep(name));
            Value::Object(entry)
        };
        all.iter().map(trim).collect()
    };
    let two = pick(&|name| ["type", "log_id"].contains(&name));
    assert_eq!(two[0].as_object().unwrap().len(), 2);
    assert_eq!(listed(&server, &token, "?fields=type,log_id").await, two);
    assert_eq!(listed(&server, &token, "?fields=log_id,type&include_fields=true").await, two);
    let others = pick(&|name| !["details", "_id"].contains(&name));
    assert_eq!(listed(&server, &token, "?fields=details,_id&include_fields=false").await, others);
    assert_eq!(listed(&server, &token, "?include_fields=false").await, all);
    let followed = listed(&server, &token, "?take=100&fields=type,log_id").await;
    assert_eq!(followed, newest_first(two.clone()));
    let expected = json!({ "start": 0, "limit": 1, "length": 1, "total": 4, "logs": [two[0]] });
    let counted = asked(&server, &token, "?fields=type,log_id&include_totals=true&per_page=1").await;
    assert_eq!(counted, (200, expected));
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    let token = server.token(&["read:logs"]).await;
    let thirty = "The id of a log event has 30 digits";
    let orders = "expected one of: date:1, date:-1, client_id:1, client_id:-1, client_name:1, client_name:-1, \
        connection:1, connection:-1, description:1, description:-1, ip:1, ip:-1, strategy:1, strategy:-1, \
        strategy_type:1, strategy_type:-1, type:1, type:-1, user_agent:1, user_agent:-1, user_id:1, user_id:-1, \
        user_name:1, user_name:-1";
    for (query, reason, property) in [
        ("from=forged".to_owned(), thirty, "from"),
        (format!("from={}", "1".repeat(29)), thirty, "from"),
        (format!("from={}", "1".repeat(31)), thirty, "from"),
        (format!("from={}x&take=2", "1".repeat(29)), thirty, "from"),
        // Thirty bytes, and digits of another script.
        (format!("from={}", "%D9%A1".repeat(15)), thirty, "from"),
        (format!("from=-{}", "1".repeat(29)), thirty, "from"),
        ("from=%00".to_owned(), "String contains the character NUL", "from"),
        ("take=0".to_owned(), "Value 0 is less than minimum 1", "take"),
        ("take=101".to_owned(), "Value 101 is greater than maximum 100", "take"),
        ("take=x".to_owned(), "Expected type integer but found: x", "take"),
        ("take=1&page=x".to_owned(), "Expected type integer but found: x", "page"),
        (
            format!("from={}&per_page=101", "1".repeat(30)),
            "Value 101 is greater than maximum 100",
            "per_page",
        ),
        ("per_page=101".to_owned(), "Value 101 is greater than maximum 100", "per_page"),
        ("page=-1".to_owned(), "Value -1 is less than minimum 0", "page"),
        ("include_totals=1".to_owned(), "Expected type boolean but found: 1", "include_totals"),
        ("sort=details:1".to_owned(), &format!("No enum match for: details:1, {orders}"), "sort"),
        ("sort=date".to_owned(), &format!("No enum match for: date, {orders}"), "sort"),
        ("fields=type,entry".to_owned(), "Unknown field: entry", "fields"),
        ("sort=date:1&sort=date:1".to_owned(), "The parameter is there more than once", "sort"),
    ] {
        let message = format!("Query validation error: '{reason}' on property {property}.");
        let expected = bad("invalid_query_string", &message);
        assert_eq!(asked(&server, &token, &format!("?{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_no_id_of_an_entry_is_refused_and_an_unknown_one_not_found() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = server.token(&["read:logs"]).await;
        let digits = "Path validation error: 'The id of a log event has 30 digits' on property id.";
        for id in [
            "x".to_owned(),
            "1".repeat(29),
            "1".repeat(31),
            format!("{}x", "1".repeat(29)),
            "%D9%A1".repeat(15),
            format!("{}%20", "1".repeat(29)),
            "9".repeat(3000),
            "'%20OR%201=1--".to_owned(),
        ] {
            assert_eq!(asked(&server, &token, &format!("/{id}")).await, bad("invalid_uri", digits), "{id}");
        }
        for id in ["%00", "%ff", "%0a", "1%00"] {
            assert_eq!(asked(&server, &token, &format!("/{id}")).await, no_id(), "{id}");
        }
        let expected = (404, error(404, "Not Found", None, "The log event does not exist"));
        for id in ["0".repeat(30), "9".repeat(30)] {
            assert_eq!(asked(&server, &token, &format!("/{id}")).await, expected, "{id}");
        }
    }
}

#[tokio::test]
async fn either_scope_opens_the_log_and_no_other() {
    let server = TestServer::start().await;
    let either: &[&str] = &["read:logs", "read:logs_users"];
    let one = format!("/logs/{}", "1".repeat(30));
    needs_scopes(&server, &[(Method::GET, PATH, either), (Method::GET, &one, either)]).await;
}

#[tokio::test]
async fn entries_can_be_neither_made_nor_changed_nor_deleted() {
    let mut server = TestServer::start().await;
    let token = quiet(&mut server, 0).await;
    let before = listed(&server, &token, "").await;
    let one = format!("/logs/{}", before[0]["log_id"].as_str().unwrap());
    let expected = error(405, "Method Not Allowed", None, "This path does not answer to this method.");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for path in [PATH, &one] {
            let call = Call::new(method.clone(), &format!("/api/v2{path}")).bearer(&token).json(&json!({}));
            assert_eq!(server.send(call.build()).await.both(), (405, expected.clone()), "{method} {path}");
        }
    }
    assert_eq!(listed(&server, &token, "").await, before);
}

#[tokio::test]
async fn another_tenant_reads_its_own_log_alone() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let theirs = other_tenant(&server).await;
        let ours = quiet(&mut server, 1).await;
        server.clock.advance(SETTLED);
        let log = listed(&server, &ours, "").await;
        let other = at_other(&server, &theirs, (Method::GET, PATH), None).await.expect(200);
        let id = |entry: &Value| entry["log_id"].as_str().unwrap().to_owned();
        let own_ids: BTreeSet<_> = log.iter().map(id).collect();
        let other_ids: BTreeSet<_> = other.as_array().unwrap().iter().map(id).collect();
        assert_eq!((own_ids.len(), other_ids.len()), (4, 3));
        assert!(own_ids.is_disjoint(&other_ids));
        let not_found = (404, error(404, "Not Found", None, "The log event does not exist"));
        for foreign in &own_ids {
            let path = format!("/logs/{foreign}");
            assert_eq!(at_other(&server, &theirs, (Method::GET, &path), None).await.both(), not_found);
        }
        let from = format!("/logs?take=100&from={}", "0".repeat(30));
        let followed = at_other(&server, &theirs, (Method::GET, &from), None).await.expect(200);
        assert_eq!(followed.as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn entries_are_forgotten_after_thirty_days_and_not_before() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        quiet(&mut server, 2).await;
        let read = async |server: &TestServer| {
            let sql = "SELECT entry FROM logs ORDER BY log_id";
            server.app.db.query(sql, &[]).await.unwrap().len()
        };
        server.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
        chancery::logs::forget_old(&server.app).await.unwrap();
        assert_eq!(read(&server).await, 5);
        // What came before the two changes is older than the first of them by a second.
        server.clock.advance(SignedDuration::from_secs(3599));
        chancery::logs::forget_old(&server.app).await.unwrap();
        assert_eq!(read(&server).await, 2);
        server.clock.advance(SignedDuration::from_secs(2));
        chancery::logs::forget_old(&server.app).await.unwrap();
        assert_eq!(read(&server).await, 0);
    }
}
