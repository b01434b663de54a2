//! What memory may believe: the tables of an owner are watched by the one process that writes.

use super::sqlite_only::at_with;
use super::{Db, Migration, PATIENCE, Target, databases};
use crate::db::{Moment, Value, Watched};

const TABLES: &str = "CREATE TABLE people (tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT, PRIMARY KEY (tenant_id, user_id));
    CREATE TABLE doors (tenant_id TEXT NOT NULL, id BIGINT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES people (tenant_id, user_id) ON DELETE CASCADE);";
static SCHEMA: &[Migration] = &[Migration { version: 1, name: "people", sqlite: TABLES, postgres: TABLES }];
const WATCHED: &[Watched] =
    &[Watched { table: "people", owner: "user_id" }, Watched { table: "doors", owner: "user_id" }];
const NAME: &str = "UPDATE people SET name = name WHERE tenant_id = 't' AND user_id = $1";

async fn open(path: &std::path::Path) -> Db {
    let db = at_with(path, PATIENCE, SCHEMA).await;
    db.watch(WATCHED).await.unwrap();
    db
}

async fn run(db: &Db, sql: &'static str, params: &[Value]) {
    let mut tx = db.begin().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}

fn now(db: &Db) -> Moment {
    db.freshness().unwrap().now()
}

/// Of whom what was read at a moment is still so.
fn unchanged(db: &Db, since: Moment) -> Vec<&'static str> {
    let fresh = |owner: &&str| db.freshness().unwrap().unchanged(("t", owner), since);
    ["ann", "bob", "cy"].into_iter().filter(fresh).collect()
}

#[tokio::test]
async fn what_was_read_of_somebody_is_fresh_until_a_row_of_theirs_changes() {
    let directory = tempfile::tempdir().unwrap();
    let db = open(&directory.path().join("chancery.db")).await;
    for (sql, fresh) in [
        ("INSERT INTO people VALUES ('t', 'ann', 'Ann'), ('t', 'bob', 'Bob')", &["cy"][..]),
        ("INSERT INTO doors VALUES ('t', 1, 'ann'), ('t', 2, 'bob')", &["cy"]),
        ("UPDATE people SET name = 'Anna' WHERE user_id = 'ann'", &["bob", "cy"]),
        ("UPDATE doors SET user_id = 'bob' WHERE id = 1", &["cy"]),
        ("DELETE FROM doors WHERE id = 1", &["ann", "cy"]),
        (
            "INSERT INTO doors VALUES ('t', 2, 'ann') ON CONFLICT (tenant_id, id) DO UPDATE SET id = 3",
            &["ann", "cy"],
        ),
        // Also rows that go with another one.
        ("DELETE FROM people WHERE user_id = 'bob'", &["ann", "cy"]),
        ("UPDATE people SET name = 'nobody' WHERE user_id = 'cy'", &["ann", "bob", "cy"]),
        ("INSERT INTO people VALUES ('another', 'cy', 'Cy')", &["ann", "bob", "cy"]),
    ] {
        let before = now(&db);
        run(&db, sql, &[]).await;
        assert_eq!(unchanged(&db, before), fresh, "{sql}");
        assert_eq!(unchanged(&db, now(&db)), ["ann", "bob", "cy"], "what is read after it: {sql}");
    }
}

#[tokio::test]
async fn a_change_that_is_not_committed_is_no_change_yet() {
    let directory = tempfile::tempdir().unwrap();
    let db = open(&directory.path().join("chancery.db")).await;
    run(&db, "INSERT INTO people VALUES ('t', 'ann', 'Ann')", &[]).await;
    let before = now(&db);
    let mut tx = db.begin().await.unwrap();
    tx.execute(NAME, &["ann".into()]).await.unwrap();
    assert_eq!(unchanged(&db, before), ["ann", "bob", "cy"]);
    tx.commit().await.unwrap();
    assert_eq!(unchanged(&db, before), ["bob", "cy"]);
}

#[tokio::test]
async fn what_another_process_writes_makes_everything_stale_once_it_is_looked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chancery.db");
    let db = open(&path).await;
    run(&db, "INSERT INTO people VALUES ('t', 'ann', 'Ann')", &[]).await;
    let before = now(&db);
    db.look_at_others().await.unwrap();
    assert_eq!(unchanged(&db, before), ["ann", "bob", "cy"], "its own writes are known");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE people SET name = 'Anna'").unwrap();
    db.look_at_others().await.unwrap();
    assert_eq!(unchanged(&db, before), [""; 0]);
    assert_eq!(unchanged(&db, now(&db)), ["ann", "bob", "cy"]);
}

#[tokio::test]
async fn nobody_knows_what_is_fresh_who_does_not_watch_or_shares_the_database() {
    for db in databases().await {
        assert!(db.freshness().is_none());
        db.look_at_others().await.unwrap();
    }
    for target in super::empty_targets().await {
        if matches!(target, Target::Postgres(_)) {
            let db = Db::open(&target).await.unwrap();
            db.migrate_with(SCHEMA, 1).await.unwrap();
            db.watch(WATCHED).await.unwrap();
            assert!(db.freshness().is_none());
        }
    }
}
