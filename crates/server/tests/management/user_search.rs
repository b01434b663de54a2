//! Searching and sorting `/api/v2/users`

use chancery::connections::{self, DEFAULT};
use chancery::db::{Engine, Statement, Value as Bound};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::bad;
use super::users::{PASSWORD, connection_with_usernames, made, patched, tenant_of};
use crate::kit::{On, TestServer, engines};

fn encoded(query: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

/// Four users, `a` to `d` by their nicknames, an hour apart.
async fn filled(on: On) -> TestServer {
    let server = TestServer::on(on).await;
    connection_with_usernames(&server, "staff").await;
    for mut body in [
        json!({
            "connection": DEFAULT, "email": "Jane.Doe@Contoso.com", "nickname": "a", "name": "Jane Doe",
            "given_name": "Jane", "family_name": "Doe", "email_verified": true,
            "user_metadata": { "colour": "Red", "langs": ["de", "en"] },
            "app_metadata": { "plan": "gold", "seats": 5, "org": { "id": "x-1" } },
        }),
        json!({
            "connection": DEFAULT, "email": "john@contoso.com", "nickname": "b", "name": "John Smith",
            "family_name": "Smith", "app_metadata": { "plan": "silver", "seats": 12 }, "blocked": true,
        }),
        json!({ "connection": "staff", "email": "staff@other.example", "username": "Boss_1", "nickname": "c", "name": "ÄNNE 100%" }),
        json!({ "connection": DEFAULT, "email": "zoe@x.example", "nickname": "d", "user_metadata": { "we.ird k\"ey'": "v" } }),
    ] {
        body["password"] = json!(PASSWORD);
        made(&server, body).await;
        server.clock.advance(SignedDuration::from_hours(1));
    }
    server
}

fn nicknames(users: &Value) -> String {
    let users = users.as_array().unwrap().iter();
    users.map(|user| user["nickname"].as_str().unwrap()).collect::<Vec<_>>().join("")
}

async fn found(server: &TestServer, query: &[(&str, &str)]) -> String {
    let (status, users) = server.api_get(&format!("/users?{}", encoded(query))).await.both();
    assert_eq!(status, 200, "{query:?}: {users}");
    nicknames(&users)
}

#[tokio::test]
async fn every_field_finds_what_it_says() {
    for on in engines() {
        let server = filled(on).await;
        for (q, expected) in [
            ("email:\"jane.doe@contoso.com\"", "a"),
            ("email:JANE.DOE@contoso.com", "a"),
            ("email:*contoso.com", "ab"),
            ("email.domain:\"CONTOSO.com\"", "ab"),
            ("email.domain:contoso", ""),
            ("email:j*", "ab"),
            ("email_verified:true", "a"),
            ("username:BOSS_1", "c"),
            ("username:boss*", "c"),
            ("_exists_:username", "c"),
            ("NOT _exists_:username", "abd"),
            ("name:\"jane doe\"", "a"),
            ("name:j*", "ab"),
            ("name:änne*", "c"),
            ("name:*100%", "c"),
            ("name:jane", ""),
            ("nickname:[a TO c}", "ab"),
            ("given_name:jane AND family_name:doe", "a"),
            ("family_name:(doe OR smith)", "ab"),
            ("blocked:true", "b"),
            ("-blocked:true", "acd"),
            ("NOT blocked:true AND email:*contoso.com", "a"),
            ("logins_count:0", "abcd"),
            ("logins_count:[1 TO *]", ""),
            ("_exists_:last_login", ""),
            ("created_at:[2027-01-15T09:00 TO *]", "bcd"),
            ("created_at:{* TO 2027-01-15T09:00:00Z}", "a"),
            ("identities.connection:\"Username-Password-Authentication\"", "abd"),
            ("identities.connection:staff", "c"),
            ("identities.provider:auth0 AND identities.connection:staff", "c"),
            ("identities.isSocial:true", ""),
            ("identities.isSocial:false", "abcd"),
            ("app_metadata.plan:gold", "a"),
            ("app_metadata.plan:GOLD OR app_metadata.plan:silver", "ab"),
            ("app_metadata.seats:[5 TO 11]", "a"),
            ("app_metadata.seats:>5", "b"),
            ("app_metadata.org.id:x-1", "a"),
            ("_exists_:app_metadata.org.id", "a"),
            ("user_metadata.colour:red", "a"),
            ("user_metadata.langs:en", "a"),
            ("user_metadata.we\\.ird\\ k\\\"ey':v", "d"),
            ("jane.doe@contoso.com", "a"),
            ("zoe*", "d"),
            ("user_id:auth0*", "abcd"),
            ("*:*", "abcd"),
            ("email:x OR name:\"'; DROP TABLE users; --\"", ""),
        ] {
            if expected == "refused" {
                assert_eq!(
                    server.api_get(&format!("/users?{}", encoded(&[("q", q)]))).await.status,
                    400,
                    "{q}"
                );
                continue;
            }
            assert_eq!(found(&server, &[("q", q)]).await, expected, "{q} on {on:?}");
            // The other engines understand the same.
            let totals =
                encoded(&[("q", q), ("include_totals", "true"), ("per_page", "0"), ("search_engine", "v3")]);
            let totals = server.api_get(&format!("/users?{totals}")).await.expect(200);
            assert_eq!((&totals["total"], &totals["length"]), (&json!(expected.len()), &json!(0)), "{q}");
        }
        assert_eq!(found(&server, &[("connection", "staff")]).await, "c");
        assert_eq!(found(&server, &[("connection", DEFAULT), ("q", "name:j*")]).await, "ab");
        assert_eq!(found(&server, &[("connection", "nowhere")]).await, "");
    }
}

#[tokio::test]
async fn users_are_sorted_by_any_field_that_has_an_order() {
    for on in engines() {
        let server = filled(on).await;
        for (sort, expected) in [
            ("created_at:1", "abcd"),
            ("created_at:-1", "dcba"),
            ("email:1", "abcd"),
            ("email:-1", "dcba"),
            ("name:1", "abdc"),
            ("name:-1", "cdba"),
            ("nickname:-1", "dcba"),
            // Who has none comes last, and first the other way round.
            ("family_name:1", "ab"),
            ("username:1", "c"),
        ] {
            let sorted = found(&server, &[("sort", sort)]).await;
            assert!(sorted.starts_with(expected) && sorted.len() == 4, "{sort} on {on:?}: {sorted}");
        }
        let page = [("sort", "email:-1"), ("per_page", "2"), ("page", "1")];
        assert_eq!(found(&server, &page).await, "ba");
        assert_eq!(found(&server, &[("sort", "email:-1"), ("q", "name:j*")]).await, "ba");
        for sort in
            ["email", "email:2", "password:1", "app_metadata.plan:1", "email:1; DROP TABLE users", ":1"]
        {
            let refused = server.api_get(&format!("/users?{}", encoded(&[("sort", sort)]))).await;
            assert_eq!(refused.expect(400)["errorCode"], "invalid_query_string", "{sort}");
        }
        let both = server.api_get("/users?sort=email:1&take=2").await;
        assert_eq!(both.expect(400)["errorCode"], "invalid_query_string");
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_at_its_place() {
    let server = TestServer::start().await;
    for (q, told) in [
        ("logins_count:many", "at character 14: many is not a whole number"),
        ("blocked:maybe", "at character 9: the field is either true or false"),
        ("email:a AND", ""),
        ("(email:a", ""),
        ("email:[a TO", ""),
        ("password:x", ""),
        ("name:\"open", ""),
        ("identities.secret:x", ""),
    ] {
        let (status, refused) = server.api_get(&format!("/users?{}", encoded(&[("q", q)]))).await.both();
        let message = refused["message"].as_str().unwrap();
        assert_eq!(status, 400, "{q}");
        assert!(message.contains("at character ") && message.ends_with("on property q."), "{q}: {message}");
        if !told.is_empty() {
            let expected = format!("Query validation error: '{told}' on property q.");
            assert_eq!((status, refused), bad("invalid_query_string", &expected));
        }
    }
}

/// What would change a statement, a pattern or a path if it ever became part of one.
#[tokio::test]
async fn a_search_for_the_language_of_a_database_finds_what_is_called_so_and_nothing_else() {
    for on in engines() {
        let server = filled(on).await;
        let everybody = found(&server, &[("q", "*:*")]).await;
        for text in [
            "' OR '1'='1",
            "'; DROP TABLE users; --",
            "\\\\' OR 1=1 --",
            "x') OR ('1'='1",
            "$1",
            "?1",
            "%",
            "_%",
            "{}",
            "$.a",
            "a') FROM users --",
            "/**/OR/**/1=1",
        ] {
            for field in [
                "email",
                "name",
                "user_id",
                "nickname",
                "app_metadata.a",
                "user_metadata.a",
                "identities.connection",
            ] {
                let q = format!("{field}:\"{text}\"");
                assert_eq!(found(&server, &[("q", q.as_str())]).await, "", "{q}");
            }
            // As the name of a field, as an order, and as a connection.
            for (name, value) in [
                ("q", format!("app_metadata.{text}:1")),
                ("q", format!("{text}:1")),
                ("sort", format!("{text}:1")),
                ("sort", format!("app_metadata.{text}:1")),
                ("connection", text.to_owned()),
                ("fields", text.to_owned()),
            ] {
                let answer = server.api_get(&format!("/users?{}", encoded(&[(name, value.as_str())]))).await;
                let none = answer.status == 200 && answer.json() == json!([]);
                let sorted = name == "sort" && answer.status == 200;
                assert!(answer.status == 400 || none || sorted, "{name}={value}: {}", answer.text());
            }
            for path in [
                format!("/users-by-email?{}", encoded(&[("email", text)])),
                format!("/logs?{}", encoded(&[("q", &format!("user_name:\"{text}\""))])),
            ] {
                let answer = server.api_get(&path).await;
                assert!(answer.status == 400 || answer.json() == json!([]), "{path}: {}", answer.text());
            }
        }
        assert_eq!(found(&server, &[("q", "*:*")]).await, everybody);
    }
}

#[tokio::test]
async fn a_search_walks_from_place_to_place() {
    for on in engines() {
        let server = filled(on).await;
        let first = server.api_get("/users?take=1&q=name:j*").await.expect(200);
        assert_eq!(nicknames(&first["users"]), "a");
        let from = first["next"].as_str().unwrap();
        let second = server.api_get(&format!("/users?take=1&q=name:j*&from={from}")).await.expect(200);
        assert_eq!((nicknames(&second["users"]).as_str(), second.get("next")), ("b", None));
    }
}

#[tokio::test]
async fn what_was_changed_is_found_under_what_it_is_now() {
    for on in engines() {
        let server = filled(on).await;
        let user = server.api_get("/users?q=nickname:a").await.expect(200)[0].clone();
        patched(&server, &user, json!({ "name": "NEW Name", "app_metadata": { "plan": "iron" } }))
            .await
            .expect(200);
        for (q, expected) in [
            ("name:\"new name\"", "a"),
            ("name:\"jane doe\"", ""),
            ("app_metadata.plan:iron", "a"),
            ("app_metadata.plan:gold", ""),
        ] {
            assert_eq!(found(&server, &[("q", q)]).await, expected, "{q}");
        }
    }
}

/// Many users of the default connection, straight into the tables.
pub(super) async fn many(server: &TestServer, count: i64) {
    let tenant = tenant_of(server).await;
    let insert = "INSERT INTO users (tenant_id, user_id, email, email_verified, username, phone_verified, name, name_folded, \
         nickname, nickname_folded, user_metadata, app_metadata, logins_count, created_at, updated_at) \
         VALUES ($1, $2, $3, TRUE, $4, FALSE, $3, $3, $4, $4, '{}', $5, $6, $7, $7)";
    let rows = (0..count).map(|n| {
        vec![
            tenant.as_str().into(),
            Bound::from(format!("auth0|{n:024x}")),
            format!("user{n}@x.example").into(),
            format!("u{n}").into(),
            json!({ "plan": n % 3 }).to_string().into(),
            n.into(),
            (1_700_000_000_000 + n * 1000).into(),
        ]
    });
    server.app.db.execute_batch(insert, rows.collect()).await.unwrap();
    let connection = connections::sql::find_by_name(&server.app.db, &tenant, DEFAULT).await.unwrap().unwrap();
    let insert = "INSERT INTO identities (tenant_id, provider, identity_id, user_id, position, connection_id, profile, created_at) \
         VALUES ($1, 'auth0', $2, $3, 0, $4, '{}', 0)";
    let rows = (0..count).map(|n| {
        let id = format!("{n:024x}");
        vec![
            tenant.as_str().into(),
            Bound::from(id.as_str()),
            format!("auth0|{id}").into(),
            connection.id.as_str().into(),
        ]
    });
    server.app.db.execute_batch(insert, rows.collect()).await.unwrap();
    let mut tx = server.app.db.begin().await.unwrap();
    chancery::users::sql::add_to_total(&mut tx, &tenant, count).await.unwrap();
    // PostgreSQL measures by itself; SQLite is told once and for all.
    if server.app.db.engine() == Engine::Postgres {
        tx.execute("ANALYZE users", &[]).await.unwrap();
        tx.execute("ANALYZE identities", &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn plan(server: &TestServer, start: (&'static str, &'static str), rest: Statement) -> String {
    let tenant = tenant_of(server).await;
    let (start, column) = match server.app.db.engine() {
        Engine::Sqlite => (start.0, "detail"),
        Engine::Postgres => (start.1, "QUERY PLAN"),
    };
    let rows = server.app.db.search(&Statement::new(start).value(tenant.as_str()).with(rest)).await.unwrap();
    rows.iter().map(|row| row.text(column).unwrap()).collect::<Vec<_>>().join("\n")
}

const LISTED: (&str, &str) = (
    "EXPLAIN QUERY PLAN SELECT * FROM users WHERE tenant_id = ",
    "EXPLAIN SELECT * FROM users WHERE tenant_id = ",
);

#[tokio::test]
async fn lists_and_searches_go_by_indexes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        many(&server, 5000).await;
        for (rest, index) in [
            (Statement::new(" ORDER BY created_at, user_id LIMIT 50"), "users_in_order"),
            (
                Statement::new(" AND (created_at, user_id) > (")
                    .value(1_700_000_100_000_i64)
                    .text(", ")
                    .value("")
                    .text(") ORDER BY created_at, user_id LIMIT 50"),
                "users_in_order",
            ),
            (Statement::new(" ORDER BY email NULLS LAST, user_id LIMIT 50"), "users_by_email"),
            (Statement::new(" ORDER BY email DESC NULLS FIRST, user_id DESC LIMIT 50"), "users_by_email"),
            (Statement::new(" ORDER BY logins_count NULLS LAST, user_id LIMIT 50"), "users_by_logins_count"),
            (
                Statement::new(" ORDER BY name_folded DESC NULLS FIRST, user_id DESC LIMIT 50"),
                "users_by_name",
            ),
        ] {
            let plan = plan(&server, LISTED, rest).await;
            assert!(plan.contains(index), "{index} on {on:?}: {plan}");
            let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort Key");
            assert!(!sorts, "in the order of the index: {on:?}: {plan}");
        }
        for (q, index) in [
            ("email:\"USER77@x.example\"", "users_by_email"),
            ("email:user77*", "users_by_email"),
            ("email:[user77 TO user78]", "users_by_email"),
            ("username:u77", "users_by_username"),
            ("name:user77*", "users_by_name"),
            ("nickname:u77 AND app_metadata.plan:2", "users_by_nickname"),
            ("created_at:[2023-11-14T22:13:20 TO 2023-11-14T22:13:30]", "users_in_order"),
            ("logins_count:77", "users_by_logins_count"),
            ("user_id:\"auth0|00000000000000000000004d\"", "users_pkey autoindex_users_1"),
        ] {
            let condition = chancery::users::condition(&encoded_query(q).await).unwrap().unwrap();
            let plan = plan(&server, LISTED, Statement::new(" AND ").with(condition)).await;
            assert!(index.split(' ').any(|index| plan.contains(index)), "{q} on {on:?}: {plan}");
            let bounds = plan.lines().any(|line| line.contains("Index Cond") || line.contains("SEARCH"));
            assert!(bounds, "the condition is the index's, not a filter: {q} on {on:?}: {plan}");
        }
        let all = server.api_get("/users?include_totals=true&per_page=1").await.expect(200);
        assert_eq!(all["total"], 5000);
        let one = server.api_get("/users?q=email:user77@x.example&include_totals=true").await.expect(200);
        assert_eq!((&one["total"], &one["users"][0]["username"]), (&json!(1), &json!("u77")));
        assert_eq!(
            server.api_call(Method::DELETE, "/users/auth0%7C00000000000000000000004d").await.status,
            204
        );
        assert_eq!(server.api_get("/users?include_totals=true&per_page=1").await.expect(200)["total"], 4999);
    }
}

async fn encoded_query(q: &str) -> chancery::management::Query {
    use axum::extract::FromRequestParts;
    let request = http::Request::builder().uri(format!("/?{}", encoded(&[("q", q)]))).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    chancery::management::Query::from_request_parts(&mut parts, &()).await.unwrap()
}

#[tokio::test]
async fn the_users_of_a_connection_are_found_whether_they_are_few_or_many() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "staff").await;
        let body =
            json!({ "connection": "staff", "email": "a@x.example", "username": "a", "password": PASSWORD });
        made(&server, body).await;
        for many_more in [0, 1200] {
            if many_more > 0 {
                many(&server, many_more).await;
            }
            let staff = server.api_get("/users?connection=staff&include_totals=true").await.expect(200);
            assert_eq!((&staff["total"], &staff["users"][0]["username"]), (&json!(1), &json!("a")));
            let others = format!("/users?connection={DEFAULT}&include_totals=true&per_page=7&sort=email:1");
            let others = server.api_get(&others).await.expect(200);
            assert_eq!(others["total"], many_more);
            assert_eq!(others["length"], if many_more > 0 { 7 } else { 0 });
            let both =
                server.api_get(&format!("/users?connection={DEFAULT}&q=email:a@x.example")).await.expect(200);
            assert_eq!(both, json!([]));
        }
    }
}
