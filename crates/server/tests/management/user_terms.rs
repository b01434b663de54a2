//! The index of what users are searched by: it holds what users are now, and every way through it finds the same.

use chancery::connections::{self, DEFAULT};
use chancery::db::{Db, Engine, Value as Bound};
use http::Method;
use serde_json::{Value, json};

use super::users::{PASSWORD, connection_with_usernames, made, patched, path_of, person, tenant_of};
use crate::kit::{TestServer, engines};

/// Terms that are there and ought not to be, and those that ought to be and are not.
const SUPERFLUOUS: &str = "SELECT COUNT(*) AS total FROM (SELECT tenant_id, term, user_created_at, holder_id FROM user_terms \
     EXCEPT SELECT tenant_id, term, created_at, user_id FROM terms_of_users \
     EXCEPT SELECT tenant_id, term, created_at, user_id FROM terms_of_identities) t";
const MISSING: &str = "SELECT COUNT(*) AS total FROM (SELECT tenant_id, term, created_at, user_id FROM \
     (SELECT tenant_id, term, created_at, user_id FROM terms_of_users \
     UNION ALL SELECT tenant_id, term, created_at, user_id FROM terms_of_identities) own \
     EXCEPT SELECT tenant_id, term, user_created_at, holder_id FROM user_terms) t";
const ALL: &str = "SELECT COUNT(*) AS total FROM user_terms";

async fn total(db: &Db, sql: &'static str) -> i64 {
    db.query_opt(sql, &[]).await.unwrap().unwrap().int("total").unwrap()
}

async fn fits(server: &TestServer, after: &str) {
    let db = &server.app.db;
    assert_eq!((total(db, SUPERFLUOUS).await, total(db, MISSING).await), (0, 0), "after {after}");
}

#[tokio::test]
async fn the_terms_of_a_user_are_those_of_what_the_user_is_whatever_changes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "staff").await;
        let one = person(&server, "one@x.example").await;
        let two = made(
            &server,
            json!({ "connection": "staff", "email": "two@x.example", "username": "two", "password": PASSWORD,
                "app_metadata": { "plan": "gold", "seats": [1, 2.5] } }),
        )
        .await;
        fits(&server, "making two users").await;
        for body in [
            json!({ "app_metadata": { "plan": "silver", "seats": null }, "user_metadata": { "a": { "b": true } } }),
            json!({ "blocked": true }),
            json!({ "blocked": false, "name": "Another" }),
            json!({ "email": "other@y.example", "connection": "staff" }),
            json!({ "email_verified": true, "connection": "staff" }),
        ] {
            patched(&server, &two, body.clone()).await.expect(200);
            fits(&server, &body.to_string()).await;
        }
        let identities = format!("{}/identities", path_of(&one));
        let link = json!({ "provider": "auth0", "user_id": two["user_id"] });
        server.api_send(Method::POST, &identities, &link).await.expect(201);
        fits(&server, "linking").await;
        let id = two["user_id"].as_str().unwrap().strip_prefix("auth0|").unwrap();
        assert_eq!(server.api_call(Method::DELETE, &format!("{identities}/auth0/{id}")).await.status, 200);
        fits(&server, "unlinking").await;
        server.api_send(Method::POST, &identities, &link).await.expect(201);
        let staff = server.api_get("/connections?name=staff").await.expect(200)[0]["id"].clone();
        let staff = format!("/connections/{}", staff.as_str().unwrap());
        assert_eq!(server.api_call(Method::DELETE, &staff).await.status, 202);
        fits(&server, "deleting the connection of a linked identity").await;
        assert!(total(&server.app.db, ALL).await > 0);
        assert_eq!(server.api_call(Method::DELETE, &path_of(&one)).await.status, 204);
        assert_eq!(total(&server.app.db, ALL).await, 0, "of nobody nothing is left on {on:?}");
    }
}

/// So many users, more than are read at once, each with a number `n` from 0 on, an hour younger than the one before.
const MANY: i64 = 6000;

async fn crowd(server: &TestServer) {
    let tenant = tenant_of(server).await;
    let connection = connections::sql::find_by_name(&server.app.db, &tenant, DEFAULT).await.unwrap().unwrap();
    let insert = "INSERT INTO users (tenant_id, user_id, email, email_verified, phone_verified, blocked, name, name_folded, \
         nickname, nickname_folded, user_metadata, app_metadata, logins_count, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, FALSE, $5, $3, $3, $3, $3, '{}', $6, $7, $8, $8)";
    let rows = (0..MANY).map(|n| {
        let plan = if n % 2 == 0 { "Gold" } else { "silver" };
        vec![
            tenant.as_str().into(),
            Bound::from(format!("auth0|{n:024x}")),
            format!("u{n}@{}.example", if n % 100 == 0 { "rare" } else { "often" }).into(),
            (n % 3 > 0).into(),
            if n % 500 == 0 { Bound::from(n % 1000 == 0) } else { Bound::Null },
            json!({ "plan": plan, "n": n, "half": 0.5 * f64::from(i32::try_from(n).unwrap()), "id": format!("x-{n}") })
                .to_string()
                .into(),
            (MANY - n).into(),
            (1_700_000_000_000 + n * 3_600_000).into(),
        ]
    });
    server.app.db.execute_batch(insert, rows.collect()).await.unwrap();
    let insert = "INSERT INTO identities (tenant_id, provider, identity_id, user_id, position, connection_id, profile, created_at) \
         VALUES ($1, 'auth0', $2, $3, 0, $4, '{}', 0)";
    let rows = (0..MANY).map(|n| {
        let id = format!("{n:024x}");
        let user = format!("auth0|{id}");
        vec![tenant.as_str().into(), Bound::from(id), user.into(), connection.id.as_str().into()]
    });
    server.app.db.execute_batch(insert, rows.collect()).await.unwrap();
    if server.app.db.engine() == Engine::Postgres {
        let mut tx = server.app.db.begin().await.unwrap();
        for table in ["ANALYZE users", "ANALYZE identities", "ANALYZE user_terms"] {
            tx.execute(table, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

fn numbers(users: &Value) -> Vec<i64> {
    users.as_array().unwrap().iter().map(|user| user["app_metadata"]["n"].as_i64().unwrap()).collect()
}

/// Whether somebody with this number is meant.
type Holds = fn(i64) -> bool;

#[tokio::test]
async fn every_way_finds_the_same_users_in_the_same_order() {
    for on in engines() {
        let server = TestServer::on(on).await;
        crowd(&server).await;
        fits(&server, "filling").await;
        let asked = |q: &str, rest: &str| {
            let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
            format!("/users?q={q}&include_totals=true&per_page=5{rest}")
        };
        let queries: &[(&str, Holds)] = &[
            ("app_metadata.plan:gold", |n| n % 2 == 0),
            ("app_metadata.plan:GOLD AND email.domain:rare.example", |n| n % 100 == 0),
            ("app_metadata.plan:silver AND email.domain:rare.example", |_| false),
            ("email_verified:true", |n| n % 3 > 0),
            ("email_verified:false AND app_metadata.plan:silver", |n| n % 3 == 0 && n % 2 == 1),
            ("email_verified:true OR app_metadata.id:x-3", |n| n % 3 > 0 || n == 3),
            ("app_metadata.id:x-3 OR blocked:true OR app_metadata.n:4", |n| {
                n == 3 || n % 1000 == 0 || n == 4
            }),
            ("blocked:false", |n| n % 1000 == 500),
            ("NOT blocked:true", |n| n % 1000 != 0),
            ("_exists_:blocked", |n| n % 500 == 0),
            ("app_metadata.n:17", |n| n == 17),
            ("app_metadata.n:17.0", |n| n == 17),
            ("app_metadata.n:1.7e1", |n| n == 17),
            ("app_metadata.half:1.5", |n| n == 3),
            ("app_metadata.half:2", |n| n == 4),
            ("app_metadata.n:[5990 TO *]", |n| n >= 5990),
            ("app_metadata.n:{5990 TO 5995}", |n| n > 5990 && n < 5995),
            ("app_metadata.n:[* TO 3]", |n| n <= 3),
            ("app_metadata.n:>100", |n| n > 100),
            ("app_metadata.id:x-599*", |n| n == 599 || (5990..6000).contains(&n)),
            ("app_metadata.id:[x-5998 TO x-5999]", |n| n >= 5998),
            ("app_metadata.id:*-77", |n| n == 77),
            ("app_metadata.nothing:x", |_| false),
            ("_exists_:app_metadata.nothing", |_| false),
            ("_exists_:app_metadata.id", |_| true),
            ("email.domain:RARE.example", |n| n % 100 == 0),
            ("email.domain:[1 TO 9]", |_| false),
            ("email.domain:[r TO s]", |n| n % 100 == 0),
            ("email.domain:rare*", |n| n % 100 == 0),
            ("identities.connection:\"Username-Password-Authentication\"", |_| true),
            ("identities.connection:nowhere", |_| false),
            ("identities.provider:auth0 AND app_metadata.n:9", |n| n == 9),
            ("identities.user_id:000000000000000000000007", |n| n == 7),
            ("logins_count:[1 TO 3]", |n| n >= MANY - 3),
            ("name:u59* AND app_metadata.plan:gold", |n| n.to_string().starts_with("59") && n % 2 == 0),
        ];
        for (q, holds) in queries {
            let expected: Vec<i64> = (0..MANY).filter(|n| holds(*n)).collect();
            let first = |order: &mut dyn Iterator<Item = &i64>| order.take(5).copied().collect::<Vec<_>>();
            for (sort, first) in [
                ("", first(&mut expected.iter())),
                ("&sort=created_at:-1", first(&mut expected.iter().rev())),
                ("&sort=logins_count:1", first(&mut expected.iter().rev())),
            ] {
                let found = server.api_get(&asked(q, sort)).await.expect(200);
                assert_eq!(numbers(&found["users"]), first, "{q}{sort} on {on:?}");
                assert_eq!(found["total"], expected.len(), "{q} on {on:?}");
            }
            let second = server.api_get(&asked(q, "&page=1")).await.expect(200);
            let after: Vec<i64> = expected.iter().skip(5).take(5).copied().collect();
            assert_eq!(numbers(&second["users"]), after, "the second page of {q} on {on:?}");
            let (mut walked, mut from) = (Vec::new(), String::new());
            while walked.len() < 15 {
                let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
                let part = server.api_get(&format!("/users?q={q}&take=5{from}")).await.expect(200);
                walked.extend(numbers(&part["users"]));
                let Some(next) = part.get("next") else { break };
                from = format!("&from={}", next.as_str().unwrap());
            }
            let expected: Vec<i64> = expected.into_iter().take(15).collect();
            assert_eq!(walked, expected, "walking through {q} on {on:?}");
        }
        let connection = format!("/users?connection={DEFAULT}&per_page=3&include_totals=true");
        let all = server.api_get(&connection).await.expect(200);
        assert_eq!((numbers(&all["users"]), &all["total"]), (vec![0, 1, 2], &json!(MANY)));
    }
}
