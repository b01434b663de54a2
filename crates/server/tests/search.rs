//! Every kind of column that a list can be searched by, and that the indexes serve, on both engines.

use axum::extract::FromRequestParts;
use chancery::db::{Engine, Statement, Value, fold};
use chancery::management::Query;
use chancery::management::search::{Case, Column, Fields, QUERY};
use serde_json::json;

use crate::kit::{DOMAIN, TestServer, engines};

const SQLITE: &[&str] = &[
    "CREATE TABLE people (tenant_id TEXT NOT NULL, id TEXT NOT NULL, email TEXT, name TEXT, logins BIGINT, blocked BOOLEAN, \
     created_at BIGINT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE pets (tenant_id TEXT NOT NULL, person TEXT NOT NULL, kind TEXT NOT NULL, legs BIGINT)",
];
const POSTGRES: &[&str] = &[
    "CREATE TABLE people (tenant_id TEXT NOT NULL, id TEXT COLLATE \"C\" NOT NULL, email TEXT COLLATE \"C\", \
     name TEXT COLLATE \"C\", logins BIGINT, blocked BOOLEAN, created_at BIGINT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (tenant_id, id))",
    "CREATE TABLE pets (tenant_id TEXT NOT NULL, person TEXT NOT NULL, kind TEXT COLLATE \"C\" NOT NULL, legs BIGINT)",
];
const INDEXES: &[&str] = &[
    "CREATE INDEX people_by_email ON people (tenant_id, email)",
    "CREATE INDEX people_by_name ON people (tenant_id, lower(name))",
    "CREATE INDEX people_by_age ON people (tenant_id, created_at)",
    "CREATE INDEX pets_of_person ON pets (tenant_id, person)",
    "ANALYZE people",
];
const PERSON: &str = "INSERT INTO people (tenant_id, id, email, logins, blocked, created_at, document, name) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const PET: &str = "INSERT INTO pets (tenant_id, person, kind, legs) VALUES ($1, $2, $3, $4)";

static PEOPLE: Fields = Fields {
    known: &[
        ("id", Column::Text("id", Case::Exact)),
        ("email", Column::Text("email", Case::Folded)),
        ("logins", Column::Int("logins")),
        ("blocked", Column::Bool("blocked")),
        ("created_at", Column::Millis("created_at")),
        ("name", Column::Text("lower(name)", Case::Ascii)),
        ("nickname", Column::json("document", &["nickname"], Case::Folded)),
        ("app_metadata", Column::document("document", &["meta", "app"], Case::Exact)),
        ("email.domain", Column::json("document", &["domain"], Case::Exact)),
        ("group", Column::Nothing),
        (
            "pets",
            Column::Related {
                rows: "SELECT 1 FROM pets WHERE pets.tenant_id = people.tenant_id AND pets.person = people.id AND ",
                columns: &[
                    ("kind", Column::Text("pets.kind", Case::Exact)),
                    ("legs", Column::Int("pets.legs")),
                ],
            },
        ),
    ],
    bare: &[],
};

/// The columns of the tenant log that its searches go by.
static LOG: Fields = Fields {
    known: &[
        ("date", Column::TimedText("log_id")),
        ("log_id", Column::Text("log_id", Case::Exact)),
        ("user_id", Column::Text("user_id", Case::Exact)),
    ],
    bare: &[],
};

async fn condition(q: &str) -> Result<Statement, String> {
    condition_on(&PEOPLE, q).await
}

async fn condition_on(fields: &Fields, q: &str) -> Result<Statement, String> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
    let request = http::Request::builder().uri(format!("/?{query}")).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    let query = Query::from_request_parts(&mut parts, &()).await.unwrap();
    fields.condition(&query, "q", QUERY).map(Option::unwrap).map_err(|error| error.to_string())
}

fn person(
    id: &str,
    email: Option<&str>,
    (logins, blocked): (Option<i64>, Option<bool>),
    day: i64,
) -> Vec<Value> {
    let document = json!({ "nickname": "Ä-Team", "domain": email.map(|email| email.rsplit('@').next()), "meta": { "app": { "plan": "Gold", "day": day } } });
    vec![
        "t".into(),
        id.into(),
        email.map(fold).into(),
        logins.into(),
        blocked.into(),
        (1_800_000_000_000 + day * 86_400_000).into(),
        document.to_string().into(),
        email.map(|email| format!("The {email}")).into(),
    ]
}

async fn people(server: &TestServer, rows: Vec<Vec<Value>>) {
    let db = &server.app.db;
    let mut tx = db.begin().await.unwrap();
    for sql in if db.engine() == Engine::Sqlite { SQLITE } else { POSTGRES } {
        tx.execute(sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.execute_batch(PERSON, rows).await.unwrap();
    let pets = [("a", "cat", Some(4)), ("a", "bird", Some(2)), ("b", "snake", None), ("x", "Cat", Some(3))];
    let pet = |(person, kind, legs): (&str, &str, Option<i64>)| {
        vec!["t".into(), person.into(), kind.into(), legs.into()]
    };
    db.execute_batch(PET, pets.map(pet).to_vec()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for sql in INDEXES {
        tx.execute(sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_kind_of_column_is_searched_as_what_it_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let rows = vec![
            person("a", Some("Jane@A.example"), (Some(-5), Some(true)), 0),
            person("b", Some("jané@b.example"), (Some(10), Some(false)), 1),
            person("c", Some("ZOË@c.example"), (None, None), 2),
            person("D", None, (Some(200), Some(false)), 3),
        ];
        people(&server, rows).await;
        for (q, expected) in [
            ("id:a", "a"),
            ("id:d", ""),
            ("id:[a TO b]", "a b"),
            ("email:\"JANE@a.EXAMPLE\"", "a"),
            ("email:JAN*", "a b"),
            ("email:zoë*", "c"),
            ("email:*B.EXAMPLE", "b"),
            ("email:JAN*B.EXAMPLE", "b"),
            ("NOT email:jane*", "D b c"),
            ("_missing_:email", "D"),
            ("email.domain:c.example", "c"),
            ("name:\"the JANE@a.example\"", "a"),
            ("name:THE\\ JAN*", "a b"),
            ("name:\"the ZoË@c.example\"", "c"),
            ("name:*A.EXAMPLE", "a"),
            ("name:[the TO \"the k\"]", "a b"),
            ("logins:10", "b"),
            ("logins:-5", "a"),
            ("logins:\"-5\"", "a"),
            ("logins:{-5 TO 200]", "D b"),
            ("logins:<11", "a b"),
            ("logins:(>=10 AND <=10)", "b"),
            ("NOT logins:>0", "a c"),
            ("_exists_:logins", "D a b"),
            ("blocked:true", "a"),
            ("blocked:false", "D b"),
            ("NOT blocked:true", "D b c"),
            ("blocked:*", "D a b"),
            ("created_at:2027-01-16", "b"),
            ("created_at:[2027-01-16 TO 2027-01-17]", "b"),
            ("created_at:>2027-01-17", "D c"),
            ("_exists_:created_at", "D a b c"),
            ("nickname:ä-TEAM", "D a b c"),
            ("nickname:Ä*", "D a b c"),
            ("app_metadata.plan:gold", ""),
            ("app_metadata.plan:Gold", "D a b c"),
            ("app_metadata.day:>=2", "D c"),
            ("pets.kind:cat", "a"),
            ("pets.kind:c* OR pets.legs:2", "a"),
            ("pets.kind:(bird AND cat)", "a"),
            ("NOT pets.kind:cat", "D b c"),
            ("_exists_:pets", "a b"),
            ("_missing_:pets", "D c"),
            ("_exists_:pets.legs", "a"),
            ("pets.legs:{2 TO *]", "a"),
            ("group:x OR id:a", "a"),
            ("NOT group:x", "D a b c"),
        ] {
            let found = Statement::new("SELECT id FROM people WHERE tenant_id = ").value("t").text(" AND ");
            let found = found.with(condition(q).await.unwrap()).text(" ORDER BY id");
            let rows =
                server.app.db.search(&found).await.unwrap_or_else(|error| panic!("{q} on {on:?}: {error}"));
            let ids: Vec<_> = rows.iter().map(|row| row.text("id").unwrap()).collect();
            assert_eq!(ids.join(" "), expected, "{q} on {on:?}");
        }
    }
}

#[tokio::test]
async fn what_a_column_cannot_be_is_told_with_its_place() {
    for (q, told) in [
        ("logins:many", "at character 8: many is not a whole number"),
        ("logins:[1 TO 1.5]", "at character 14: 1.5 is not a whole number"),
        ("logins:99999999999999999999", "at character 8: 99999999999999999999 is not a whole number"),
        ("logins:1*", "at character 8: a field of numbers cannot be searched with wildcards"),
        ("blocked:yes", "at character 9: the field is either true or false"),
        ("blocked:[a TO b]", "at character 9: the field is either true or false"),
        ("pets:cat", "at character 6: the field has to name one of kind, legs"),
        ("pets.name:x", "at character 11: the field has to name one of kind, legs"),
        (
            "x",
            "at character 1: a field has to be named, one of id, email, logins, blocked, created_at, name, nickname, \
             app_metadata, email.domain, group, pets",
        ),
    ] {
        let expected = format!("Query validation error: '{told}' on property q.");
        assert_eq!(condition(q).await.unwrap_err(), expected, "{q}");
    }
}

#[tokio::test]
async fn equality_prefixes_and_ranges_use_the_indexes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let rows =
            (0..5000).map(|n| person(&format!("u{n}"), Some(&format!("User{n}@x.example")), (None, None), n));
        people(&server, rows.collect()).await;
        for (q, index) in [
            ("email:\"USER77@x.example\"", "people_by_email"),
            ("email:USER77*", "people_by_email"),
            ("email:USER77*x", "people_by_email"),
            ("email:[user77 TO user78]", "people_by_email"),
            ("email:\"user1@x.example\" AND app_metadata.plan:Gold", "people_by_email"),
            ("name:\"the USER77@x.example\"", "people_by_name"),
            ("name:THE\\ USER77*", "people_by_name"),
            ("created_at:[2027-02-01 TO 2027-02-03}", "people_by_age"),
            ("id:u77", "people_pkey autoindex_people_1"),
            ("id:u77*", "people_pkey autoindex_people_1"),
        ] {
            let (start, column) = match server.app.db.engine() {
                Engine::Sqlite => ("EXPLAIN QUERY PLAN SELECT id FROM people WHERE tenant_id = ", "detail"),
                Engine::Postgres => ("EXPLAIN SELECT id FROM people WHERE tenant_id = ", "QUERY PLAN"),
            };
            let explained = Statement::new(start).value("t").text(" AND ").with(condition(q).await.unwrap());
            let rows = server.app.db.search(&explained).await.unwrap();
            let plan: Vec<_> = rows.iter().map(|row| row.text(column).unwrap()).collect();
            let plan = plan.join("\n");
            assert!(index.split(' ').any(|index| plan.contains(index)), "{q} on {on:?}: {plan}");
            let bounds = plan.lines().any(|line| line.contains("Index Cond") || line.contains("SEARCH"));
            assert!(bounds, "the condition is the index's, not a filter: {q} on {on:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn searches_of_the_log_by_date_id_and_user_use_its_indexes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant =
            chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap().id;
        let row = |n: i64| {
            let date = jiff::Timestamp::from_second(1_800_000_000 + n * 60).unwrap();
            let user_id = (n % 10 == 0).then(|| format!("auth0|{}", n % 500));
            let log_id = format!("{:013}{n:017}", date.as_millisecond());
            (tenant.clone(), chancery::logs::Row { log_id, kind: "s", date, user_id, entry: "{}".to_owned() })
        };
        let rows: Vec<_> = (0..5000).map(row).collect();
        chancery::logs::sql::append_batch(&server.app.db, &rows).await.unwrap();
        if server.app.db.engine() == Engine::Postgres {
            let mut tx = server.app.db.begin().await.unwrap();
            tx.execute("ANALYZE logs", &[]).await.unwrap();
            tx.commit().await.unwrap();
        }
        for (q, index, count) in [
            ("date:2027-01-16T12", "logs_pkey PRIMARY", 60),
            ("date:[2027-01-16T10:00 TO 2027-01-16T11:00}", "logs_pkey PRIMARY", 60),
            ("log_id:180000006*", "logs_pkey PRIMARY", 1),
            ("user_id:\"auth0|10\"", "logs_of_user", 10),
            ("user_id:auth0|11*", "logs_of_user", 10),
        ] {
            let condition = condition_on(&LOG, q).await.unwrap();
            let (start, column) = match server.app.db.engine() {
                Engine::Sqlite => ("EXPLAIN QUERY PLAN SELECT entry FROM logs WHERE tenant_id = ", "detail"),
                Engine::Postgres => ("EXPLAIN SELECT entry FROM logs WHERE tenant_id = ", "QUERY PLAN"),
            };
            let explained =
                Statement::new(start).value(tenant.as_str()).text(" AND ").with(condition.clone());
            let rows = server.app.db.search(&explained).await.unwrap();
            let plan: Vec<_> = rows.iter().map(|row| row.text(column).unwrap()).collect();
            let plan = plan.join("\n");
            assert!(index.split(' ').any(|index| plan.contains(index)), "{q} on {on:?}: {plan}");
            let bounds =
                plan.lines().find(|line| line.contains("Index Cond") || line.contains("SEARCH")).unwrap();
            let bounded = ["log_id >", "log_id>", "user_id >", "user_id>", "user_id =", "user_id="];
            assert!(bounded.iter().any(|bound| bounds.contains(bound)), "{q} on {on:?}: {plan}");
            let found = chancery::logs::sql::count_found(&server.app.db, &tenant, &condition).await.unwrap();
            assert_eq!(found, count, "{q} on {on:?}");
        }
    }
}
