//! Searching `/api/v2/logs`

use chancery::logs::Row;
use chancery::tenants::TenantId;
use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, other_tenant};
use crate::kit::{Call, DOMAIN, On, TestServer, engines};

/// Puts numbered entries into the log of a tenant, the first on 2027-02-01 and each a month after the one before.
async fn fill(server: &TestServer, tenant: &TenantId, entries: Vec<Value>) {
    let mut rows = Vec::new();
    for (mut entry, number) in entries.into_iter().zip(1..) {
        let date: jiff::Timestamp = format!("2027-{:02}-01T00:00:00Z", number + 1).parse().unwrap();
        let log_id = format!("{:013}{number:017}", date.as_millisecond());
        entry["details"]["n"] = json!(number);
        entry["date"] = json!(format!("2027-{:02}-01T00:00:00.000Z", number + 1));
        entry["log_id"] = json!(log_id);
        let kind = match entry["type"].as_str().unwrap() {
            "fp" => "fp",
            "seccft" => "seccft",
            "sapi" => "sapi",
            _ => "s",
        };
        let user_id = entry["user_id"].as_str().map(str::to_owned);
        let row = Row { log_id, kind, date, user_id, entry: entry.to_string() };
        rows.push((tenant.clone(), row));
    }
    chancery::logs::sql::append_batch(&server.app.db, &rows).await.unwrap();
}

fn entries() -> Vec<Value> {
    vec![
        json!({
            "type": "s", "description": "Success Login", "client_id": "AbC123", "client_name": "Node App",
            "user_id": "auth0|1", "user_name": "john@contoso.com", "ip": "192.0.2.1", "strategy": "auth0",
            "connection": "Username-Password-Authentication", "connection_id": "con_1", "hostname": "login.example",
            "details": { "request": { "path": "/u/login", "tags": ["x", "Y"] }, "level": 5, "ok": true },
        }),
        json!({
            "type": "fp", "description": "Wrong password", "client_id": "AbC124", "client_name": "Shop",
            "user_id": "google-oauth2|2", "user_name": "Fred Smith", "ip": "2001:db8::1",
            "strategy": "google-oauth2", "strategy_type": "social", "connection": "google-oauth2",
            "details": { "level": 7.5, "ok": false, "list": [{ "c": "z" }, { "c": ["w", 1] }] },
        }),
        json!({
            "type": "sapi", "description": "100% \"sure\" a_b c\\d; DROP TABLE logs; --'", "user_agent": "tool/1.0",
            "details": { "we.ird k\"ey'": "v", "level": 12, "date": "2027-05-05", "null": null, "empty": {} },
        }),
        json!({
            "type": "seccft", "client_name": "node", "audience": "https://api.example/", "scope": "read:x write:y",
            "details": { "level": "high" },
        }),
    ]
}

fn encoded(query: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

/// The numbers of the entries that are found; those that the server wrote by itself have none.
fn numbers(found: &Value) -> Vec<i64> {
    found.as_array().unwrap().iter().filter_map(|entry| entry["details"]["n"].as_i64()).collect()
}

async fn filled(on: On) -> (TestServer, String) {
    let mut server = TestServer::on(on).await;
    let token = server.token(&[]).await;
    server.flush_log().await;
    let tenant = chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap();
    fill(&server, &tenant.id, entries()).await;
    (server, token)
}

async fn asked(server: &TestServer, token: &str, query: &[(&str, &str)]) -> (u16, Value) {
    let call = Call::get(&format!("/api/v2/logs?{}", encoded(query))).bearer(token);
    server.send(call.build()).await.both()
}

/// Searches by `q` or `search`, oldest first.
async fn found(server: &TestServer, token: &str, name: &str, text: &str) -> Vec<i64> {
    let (status, found) = asked(server, token, &[(name, text), ("sort", "date:1")]).await;
    assert_eq!(status, 200, "{text}: {found}");
    numbers(&found)
}

#[tokio::test]
async fn every_element_of_the_language_finds_what_it_says() {
    for on in engines() {
        let (server, token) = filled(on).await;
        let all = [1, 2, 3, 4].as_slice();
        for (text, expected) in [
            // Whole values, with case where it is an id.
            ("type:s", [1].as_slice()),
            ("type:S", &[]),
            ("client_id:AbC123", &[1]),
            ("client_id:abc123", &[]),
            ("user_id:\"auth0|1\"", &[1]),
            ("user_id:auth0|1", &[1]),
            ("user_name:\"fred smith\"", &[2]),
            ("user_name:FRED\\ SMITH", &[2]),
            ("user_name:fred", &[]),
            ("description:\"Success login\"", &[1]),
            ("connection:google-oauth2", &[2]),
            ("connection_id:con_1", &[1]),
            ("hostname:login.example", &[1]),
            ("strategy:auth0", &[1]),
            ("strategy_type:social", &[2]),
            ("ip:\"2001:DB8::1\"", &[2]),
            ("ip:2001:db8::1", &[2]),
            ("audience:https://api.example/", &[4]),
            ("scope:\"read:x write:y\"", &[4]),
            ("user_agent:tool/1.0", &[3]),
            ("application:shop", &[2]),
            // Wildcards.
            ("type:s*", &[1, 3, 4]),
            ("type:s?pi", &[3]),
            ("type:*p", &[2]),
            ("type:s*i", &[3]),
            ("type:??", &[2]),
            ("user_name:*SMITH", &[2]),
            ("user_name:j*com", &[1]),
            ("user_name:f*", &[2]),
            ("connection:*pass*", &[1]),
            ("client_id:abc*", &[]),
            ("client_id:AbC12?", &[1, 2]),
            ("user_id:google*", &[2]),
            ("user_id:*2", &[2]),
            ("log_id:*0002", &[2]),
            // Existence.
            ("_exists_:user_id", &[1, 2]),
            ("user_id:*", &[1, 2]),
            ("_exists_:strategy_type", &[2]),
            ("_missing_:client_name AND _exists_:details.n", &[3]),
            ("_exists_:details.null OR _exists_:details.empty", &[]),
            // Ranges.
            ("date:[2027-02 TO 2027-03-01]", &[1, 2]),
            ("date:[2027-02 TO 2027-03-01}", &[1]),
            ("date:{2027-02 TO *]", &[2, 3, 4]),
            ("date:{2027-02-01T00:00:00Z TO 2027-04-30T23:59:59.999Z]", &[2, 3]),
            ("date:>2027-04-01", &[4]),
            ("date:>=2027-04-01", &[3, 4]),
            ("date:[2027-01-31T19:00:00-05:00 TO 2027-02-01T01:00:00+01:00]", &[1]),
            ("date:[2027-02 TO 9999-12-31] AND date:<=\"2027-03-01T00:00:00.000Z\"", &[1, 2]),
            ("date:2027-03", &[2]),
            ("date:2027-03-01T00", &[2]),
            ("date:2027-03-01T01", &[]),
            ("date:(>2027-02-01 AND <2027-04-01)", &[2]),
            ("type:[fp TO sapi]", &[1, 2, 3]),
            ("type:{fp TO sapi}", &[1]),
            ("client_id:{AbC123 TO *]", &[2]),
            ("user_name:[A TO g]", &[2]),
            ("user_name:<G", &[2]),
            // Operators, grouping and grouped values.
            ("type:s OR type:fp", &[1, 2]),
            ("type:s || type:fp", &[1, 2]),
            ("type:s type:fp", &[1, 2]),
            ("type:(s OR fp OR \"sapi\")", &[1, 2, 3]),
            ("type:s* AND client_name:node*", &[1, 4]),
            ("type:s* && client_name:node", &[4]),
            ("client_name:(node* NOT node)", &[1]),
            ("client_name:node* -type:s", &[4]),
            ("client_name:node* !type:s", &[4]),
            ("client_name:node* AND NOT type:s", &[4]),
            ("+client_name:node* type:fp", &[1, 4]),
            ("NOT client_name:node* AND _exists_:details.n", &[2, 3]),
            ("NOT (client_name:node* OR user_id:google*) AND _exists_:details.n", &[3]),
            ("NOT NOT user_id:google*", &[2]),
            ("type:fp OR type:s AND client_name:shop", &[2]),
            ("(type:fp OR type:s) AND client_name:node*", &[1]),
            // Members of details: numbers, truths, arrays, strange names.
            ("details.level:5", &[1]),
            ("details.level:5.0", &[1]),
            ("details.level:\"7.5\"", &[2]),
            ("details.level:[5 TO 8]", &[1, 2]),
            ("details.level:>7.5", &[3]),
            ("details.level:>=7.5", &[2, 3]),
            ("details.level:[a TO z]", &[4]),
            ("details.level:[* TO z]", &[4]),
            ("details.ok:true", &[1]),
            ("details.ok:false", &[2]),
            ("details.request.path:\"/u/login\"", &[1]),
            ("details.request.path:\\/u*", &[1]),
            ("details.request.tags:x", &[1]),
            ("details.request.tags:y", &[]),
            ("details.request.tags:Y", &[1]),
            ("details.list.c:z", &[2]),
            ("details.list.c:w", &[2]),
            ("details.list.c:1", &[2]),
            ("details.list:z", &[]),
            ("details.date:[2027-05-01 TO 2027-06-01}", &[3]),
            ("details.we\\.ird\\ k\\\"ey':v", &[3]),
            ("details.nothing.at.all:x", &[]),
            // Bare terms.
            ("fp", &[2]),
            ("john*", &[1]),
            ("\"wrong password\"", &[2]),
            ("node", &[4]),
            ("192.0.2.1", &[1]),
            ("*pass*", &[1, 2]),
            ("wrong", &[]),
            ("*", all),
            ("*:*", all),
            ("NOT *:*", &[]),
            ("*:* AND NOT fp AND _exists_:details.n", &[1, 3, 4]),
        ] {
            assert_eq!(found(&server, &token, "q", text).await, expected, "{text} on {on:?}");
        }
    }
}

#[tokio::test]
async fn what_looks_like_sql_or_a_pattern_or_a_path_is_only_text() {
    for on in engines() {
        let (server, token) = filled(on).await;
        for (text, expected) in [
            ("description:\"100% \\\"sure\\\" a_b c\\\\d; DROP TABLE logs; --'\"", [3].as_slice()),
            ("description:100%*", &[3]),
            ("description:100_*", &[]),
            ("description:*a_b*", &[3]),
            ("description:*a%b*", &[]),
            ("description:*aXb*", &[]),
            ("description:*c\\\\d*", &[3]),
            ("description:*c\\\\\\\\d*", &[]),
            ("description:%", &[]),
            ("description:_*", &[]),
            ("type:%", &[]),
            ("type:s%", &[]),
            ("type:\"s' OR '1'='1\"", &[]),
            ("type:s';DROP\\ TABLE\\ logs;--", &[]),
            ("type:*'*", &[]),
            ("type:$1", &[]),
            ("client_id:\"') OR TRUE --\"", &[]),
            ("user_id:\"\\\\\"", &[]),
            ("user_id:\u{10ffff}*", &[]),
            ("type:\u{d7ff}*", &[]),
            ("details.\\\":x", &[]),
            ("details.$:5", &[]),
            ("details.\\*:5", &[]),
            ("details.\\*\\*:5", &[]),
            ("details.level'\\)\\ OR\\ TRUE\\ --:5", &[]),
            ("details.\\\"\\]\\.level\\[\\*\\]:5", &[]),
            ("details.level\\ \\?\\ \\(@\\ >\\ 1\\):5", &[]),
            ("details.\\\\u006cevel:5", &[]),
            ("details.lax\\ $:5", &[]),
            ("details.\u{1}:5", &[]),
            ("details.level:1e999", &[]),
            ("details.level:nan", &[]),
            ("details.level:inf", &[]),
            ("details.level:[-inf TO inf]", &[4]),
            ("details.level:[-1e308 TO 1e308]", &[1, 2, 3]),
        ] {
            assert_eq!(found(&server, &token, "q", text).await, expected, "{text} on {on:?}");
        }
        for refused in
            ["details.level[0]:5", "details.*:5", "details.level)\\ OR\\ TRUE:5", "details..level:5"]
        {
            assert_eq!(asked(&server, &token, &[("q", refused)]).await.0, 400, "{refused}");
        }
        for name in ["q", "search"] {
            let nul = "Query validation error: 'String contains the character NUL' on property";
            let expected = bad("invalid_query_string", &format!("{nul} {name}."));
            assert_eq!(asked(&server, &token, &[(name, "type:s\0")]).await, expected);
        }
        let left = asked(&server, &token, &[("q", "*:*"), ("include_totals", "true")]).await.1;
        assert_eq!(left["total"], 7, "everything is still there");
    }
}

#[tokio::test]
async fn a_wrong_query_is_told_where_it_is_wrong() {
    let (server, token) = filled(On::Sqlite).await;
    let fields = "the fields are audience, client_id, client_name, connection, connection_id, date, description, \
        details, hostname, ip, isMobile, location_info, log_id, organization_id, scope, security_context, strategy, \
        strategy_type, type, user_agent, user_id, user_name, _id, application, user";
    for (text, reason) in [
        ("type:", "at character 6: expected a value, found the end of the query".to_owned()),
        ("type:s AND", "at character 11: expected a field, a word, a phrase in quotation marks or (, found the end of the query".to_owned()),
        ("(type:s", "at character 1: the parenthesis is not closed".to_owned()),
        ("type:s)", "at character 7: expected a space, an operator or the end, found )".to_owned()),
        ("type:\"s", "at character 6: the quotation mark is not closed".to_owned()),
        ("date:[2027 2028]", "at character 12: expected TO between the two ends of the range, found 2".to_owned()),
        ("type:s~", "at character 7: fuzzy and proximity searches with ~ are not supported; put the value into quotation marks if ~ is meant".to_owned()),
        ("type:s^2", "at character 7: boosting with ^ is not supported; put the value into quotation marks if ^ is meant".to_owned()),
        ("type:/s/", "at character 6: regular expressions between / are not supported; put the value into quotation marks if / is meant".to_owned()),
        ("type:s AND typ:x", format!("at character 12: typ is not searchable; {fields}")),
        ("entry:x", format!("at character 1: entry is not searchable; {fields}")),
        ("tenant_id:x", format!("at character 1: tenant_id is not searchable; {fields}")),
        ("type.x:y", format!("at character 1: type.x is not searchable; {fields}")),
        ("_exists_:a\\'b", format!("at character 10: a'b is not searchable; {fields}")),
        ("date:yesterday", "at character 6: yesterday is not a date such as 2027-01-31 or 2027-01-31T09:30:00Z".to_owned()),
        ("date:[2027-01 TO now]", "at character 18: now is not a date such as 2027-01-31 or 2027-01-31T09:30:00Z".to_owned()),
        ("date:2027-*", "at character 6: a date cannot be searched with wildcards; use a range, as in [2027-01 TO 2027-02}".to_owned()),
    ] {
        for name in ["q", "search"] {
            let message = format!("Query validation error: '{reason}' on property {name}.");
            let answer = asked(&server, &token, &[(name, text)]).await;
            assert_eq!(answer, bad("invalid_query_string", &message), "{text}");
        }
    }
    let long = "x".repeat(8193);
    let message = "Query validation error: 'the query is longer than 8192 characters' on property q.";
    assert_eq!(asked(&server, &token, &[("q", &long)]).await, bad("invalid_query_string", message));
    let deep = "(".repeat(5000);
    let message = "Query validation error: 'at character 33: the query is nested more than 32 levels deep' on property q.";
    assert_eq!(asked(&server, &token, &[("q", &deep)]).await, bad("invalid_query_string", message));
    let many = "type:s ".repeat(200);
    let message =
        "Query validation error: 'at character 706: the query has more than 100 clauses' on property q.";
    assert_eq!(asked(&server, &token, &[("q", &many)]).await, bad("invalid_query_string", message));
    let message = "Query validation error: 'A search is paged by page and per_page' on property take.";
    let answer = asked(&server, &token, &[("q", "type:s"), ("take", "5")]).await;
    assert_eq!(answer, bad("invalid_query_string", message));
}

#[tokio::test]
async fn the_largest_queries_are_answered() {
    for on in engines() {
        let (server, token) = filled(on).await;
        let many = "type:s ".repeat(100);
        assert_eq!(found(&server, &token, "q", &many).await, [1]);
        let many = vec!["client_name:*o*"; 100].join(" AND ");
        assert_eq!(found(&server, &token, "q", &many).await, [1, 2, 4]);
        let deep = format!("{}type:s{}", "NOT (".repeat(16), ")".repeat(16));
        assert_eq!(found(&server, &token, "q", &deep).await, [1]);
        let stars = format!("description:{}!", "*a".repeat(500));
        assert_eq!(found(&server, &token, "q", &stars).await, [0; 0]);
    }
}

#[tokio::test]
async fn search_takes_beginnings_and_joins_with_and() {
    for on in engines() {
        let (server, token) = filled(on).await;
        for (text, expected) in [
            ("node", [1, 4].as_slice()),
            ("NODE", &[1, 4]),
            ("\"node\"", &[4]),
            ("google", &[2]),
            ("john", &[1]),
            ("contoso", &[]),
            ("wrong", &[]),
            ("application:node user:\"John@contoso.com\"", &[1]),
            ("client_name:node type:sec", &[4]),
            ("client_name:node type:\"sec\"", &[]),
            ("node john", &[1]),
            ("node -type:\"s\"", &[4]),
            ("details.request.path:\"/u/login\"", &[1]),
            ("details.level:hi", &[4]),
            ("date:2027-03", &[2]),
        ] {
            assert_eq!(found(&server, &token, "search", text).await, expected, "{text} on {on:?}");
        }
        let both = [("q", "type:s OR type:seccft"), ("search", "node app")];
        let (_, answer) = asked(&server, &token, &both).await;
        assert_eq!(numbers(&answer), [0; 0], "node and app both begin a name");
        let both = [("q", "type:s OR type:seccft"), ("search", "\"node app\"")];
        assert_eq!(numbers(&asked(&server, &token, &both).await.1), [1]);
    }
}

#[tokio::test]
async fn what_is_found_is_paged_counted_sorted_and_trimmed() {
    for on in engines() {
        let (server, token) = filled(on).await;
        let q = ("q", "_exists_:details.n");
        assert_eq!(numbers(&asked(&server, &token, &[q]).await.1), [4, 3, 2, 1]);
        for (sort, expected) in [
            ("date:1", [1, 2, 3, 4]),
            ("date:-1", [4, 3, 2, 1]),
            ("type:1", [2, 1, 3, 4]),
            ("type:-1", [4, 3, 1, 2]),
            // What has none comes first; by bytes, capitals come before small letters.
            ("client_name:1", [3, 1, 2, 4]),
            ("client_name:-1", [4, 2, 1, 3]),
            ("user_id:1", [3, 4, 1, 2]),
        ] {
            let answer = asked(&server, &token, &[q, ("sort", sort)]).await.1;
            assert_eq!(numbers(&answer), expected, "{sort} on {on:?}");
        }
        let page = [q, ("sort", "type:1"), ("per_page", "3"), ("page", "1"), ("include_totals", "true")];
        let (status, answer) = asked(&server, &token, &page).await;
        assert_eq!((status, numbers(&answer["logs"])), (200, vec![4]));
        let counts = ["start", "limit", "length", "total"].map(|name| answer[name].as_i64().unwrap());
        assert_eq!(counts, [3, 3, 1, 4]);
        let trimmed = [("q", "type:fp"), ("fields", "type,ip")];
        let expected = (200, json!([{ "type": "fp", "ip": "2001:db8::1" }]));
        assert_eq!(asked(&server, &token, &trimmed).await, expected);
        let unsorted = [("sort", "type:1"), ("include_totals", "true")];
        let (_, answer) = asked(&server, &token, &unsorted).await;
        assert_eq!(
            (answer["total"].as_i64(), answer["length"].as_i64()),
            (Some(7), Some(7)),
            "sorted, not searched"
        );
        let start = "0".repeat(30);
        server.clock.advance(jiff::SignedDuration::from_secs(3));
        let followed = asked(&server, &token, &[("from", &start)]).await;
        assert_eq!(followed.1.as_array().unwrap().len(), 3);
        let both = asked(&server, &token, &[("from", &start), ("q", "type:fp AND (")]).await;
        assert_eq!(both, followed, "who follows the log is shown all of it");
    }
}

#[tokio::test]
async fn no_query_sees_the_log_of_another_tenant() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let (ours, theirs) = (server.token(&[]).await, other_tenant(&server).await);
        server.flush_log().await;
        let own = chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap();
        fill(&server, &own.id, entries()).await;
        let other =
            chancery::tenants::sql::find_by_domain(&server.app.db, "other.example").await.unwrap().unwrap();
        fill(&server, &other.id, vec![json!({ "type": "s", "user_id": "auth0|1", "user_name": "theirs" })])
            .await;
        for text in [
            "user_name:theirs",
            "type:s OR user_name:theirs",
            "user_name:theirs OR NOT user_name:theirs",
            "*:* OR *:*",
            "NOT type:nothing",
            "user_id:\"auth0|1\" OR type:*",
            "x) OR (type:*",
        ] {
            let query = encoded(&[("q", text), ("per_page", "100"), ("include_totals", "true")]);
            let own = Call::get(&format!("/api/v2/logs?{query}")).bearer(&ours);
            let own = server.send(own.build()).await;
            let foreign = at_other(&server, &theirs, (Method::GET, &format!("/logs?{query}")), None).await;
            if text.contains(") OR (") {
                assert_eq!(
                    (own.status, foreign.status),
                    (http::StatusCode::BAD_REQUEST, http::StatusCode::BAD_REQUEST)
                );
                continue;
            }
            let (own, foreign) = (own.expect(200), foreign.expect(200));
            assert!(!own.to_string().contains("theirs"), "{text}");
            let of_theirs = numbers(&foreign["logs"]);
            assert_eq!(of_theirs, [1], "{text}");
            assert!(!foreign.to_string().contains("john@contoso.com"), "{text}");
            assert_eq!(foreign["total"], foreign["length"]);
        }
    }
}
