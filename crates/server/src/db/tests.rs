//! Both engines are held to the same sentences: SQLite always, PostgreSQL when `DATABASE_URL` names one.
//!
//! Each test has a database or schema of its own. Statements of the slices are tested elsewhere.

mod freshness;
mod sqlite_only;
mod user_terms;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Db, DbError, Engine, Migration, PATIENCE, Patience, Statement, Target, Trace, Value};

const PARENTS: &str = "CREATE TABLE things (id BIGINT PRIMARY KEY, label TEXT NOT NULL UNIQUE, \
    secret BYTEA, big BOOLEAN NOT NULL, amount BIGINT CHECK (amount > 0), parent BIGINT \
    REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED);";
static SCHEMA: &[Migration] = &[Migration { version: 1, name: "things", sqlite: PARENTS, postgres: PARENTS }];
const MORE: &str = "CREATE TABLE more (id BIGINT PRIMARY KEY);";
static LARGER_SCHEMA: &[Migration] =
    &[SCHEMA[0], Migration { version: 2, name: "more", sqlite: MORE, postgres: MORE }];

const INSERT: &str =
    "INSERT INTO things (id, label, secret, big, amount, parent) VALUES ($1, $2, $3, $4, $5, $6)";
const ALL: &str = "SELECT id, label, secret, big, amount, parent FROM things ORDER BY id";
const COUNT: &str = "SELECT COUNT(*) AS total FROM things";

fn thing(id: i64) -> Vec<Value> {
    vec![id.into(), format!("thing {id}").into(), Value::Null, false.into(), Value::Null, Value::Null]
}

fn child(id: i64, parent: i64) -> Vec<Value> {
    let mut values = thing(id);
    values[5] = parent.into();
    values
}

async fn total(db: &Db) -> i64 {
    db.query_opt(COUNT, &[]).await.unwrap().unwrap().int("total").unwrap()
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests names the database")]
async fn empty_targets() -> Vec<Target> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut targets = vec![Target::SqliteMemory];
    if let Ok(url) = std::env::var("DATABASE_URL") {
        let schema = format!("db_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let make = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        client.batch_execute(&make).await.unwrap();
        let sign = if url.contains('?') { '&' } else { '?' };
        targets.push(Target::Postgres(format!("{url}{sign}options=-c%20search_path%3D{schema}")));
    }
    targets
}

async fn databases() -> Vec<Db> {
    let mut databases = Vec::new();
    for target in empty_targets().await {
        let db = Db::open_traced(&target).await.unwrap();
        db.migrate_with(SCHEMA, 1).await.unwrap();
        databases.push(db);
    }
    databases
}

#[tokio::test]
async fn each_kind_of_value_comes_back_as_it_went() {
    for db in databases().await {
        let mut tx = db.begin().await.unwrap();
        let full: [Value; 6] = [
            i64::MAX.into(),
            "Zoë's “thing” 🗝".into(),
            vec![0_u8, 255, 39].into(),
            true.into(),
            Some(7_i64).into(),
            Value::Null,
        ];
        assert_eq!(tx.execute(INSERT, &full).await, Ok(1));
        tx.execute(
            INSERT,
            &[1.into(), "".into(), Some(vec![]).into(), false.into(), Value::Null, Value::Null],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();

        let rows = db.query(ALL, &[]).await.unwrap();
        assert_eq!(rows[0].text("label").unwrap(), "");
        assert_eq!(rows[0].bytes("secret").unwrap(), b"");
        assert!(!rows[0].bool("big").unwrap());
        assert_eq!(rows[0].opt_int("amount").unwrap(), None);
        assert_eq!(rows[1].int("id").unwrap(), i64::MAX);
        assert_eq!(rows[1].opt_text("label").unwrap().unwrap(), "Zoë's “thing” 🗝");
        assert_eq!(rows[1].opt_bytes("secret").unwrap().unwrap(), [0, 255, 39]);
        assert!(rows[1].bool("big").unwrap());
        assert_eq!(rows[1].opt_int("amount").unwrap(), Some(7));

        let wrong = rows[1].int("label").unwrap_err().to_string();
        assert!(wrong.contains("label") && !wrong.contains("Zoë"), "{wrong}");
        assert!(rows[0].int("amount").is_err(), "null is no integer");
        assert!(rows[1].text("absent").unwrap_err().to_string().contains("absent"));
    }
}

#[tokio::test]
async fn parameters_are_found_by_their_number_wherever_they_stand() {
    const SWAPPED: &str =
        "SELECT label FROM things WHERE label = $2 AND id = $1 AND (id = $1 OR label <> $2) LIMIT $3";
    for db in databases().await {
        db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
        let row = db.query_opt(SWAPPED, &[1.into(), "thing 1".into(), 5.into()]).await.unwrap();
        assert!(row.is_some());
        let missing = db.query(SWAPPED, &[1.into(), "thing 1".into()]).await.unwrap_err();
        assert!(matches!(missing, DbError::Inconsistent { .. }), "{missing}");
        assert_eq!(db.executed(), [INSERT, SWAPPED]);
    }
}

#[tokio::test]
async fn refusals_say_what_kind_they_are() {
    for db in databases().await {
        db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();

        let mut twice = thing(2);
        twice[1] = "thing 1".into();
        let mut tx = db.begin().await.unwrap();
        let error = tx.execute(INSERT, &twice).await.unwrap_err();
        let DbError::Unique { constraint } = &error else { panic!("{error}") };
        assert!(constraint.contains("label") && error.is_unique(), "{constraint}");
        drop(tx);

        let mut negative = thing(2);
        negative[4] = (-1).into();
        let error = db.execute_batch(INSERT, vec![negative]).await.unwrap_err();
        assert!(matches!(error, DbError::Constraint(_)), "{error}");

        let error = db.execute_batch(INSERT, vec![child(2, 99)]).await.unwrap_err();
        assert!(matches!(error, DbError::Constraint(_)), "a deferred foreign key: {error}");

        let mut zero = thing(2);
        zero[1] = "a\0b".into();
        let error = db.execute_batch(INSERT, vec![zero]).await.unwrap_err();
        assert!(matches!(error, DbError::Constraint(_)), "{error}");

        let error = db.query("SELECT nothing FROM nowhere", &[]).await.unwrap_err();
        assert!(matches!(error, DbError::Other(_)), "{error}");
        assert_eq!(total(&db).await, 1);
    }
}

#[tokio::test]
async fn a_deferred_foreign_key_may_be_met_later_in_the_transaction() {
    for db in databases().await {
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, &child(2, 1)).await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(total(&db).await, 2);
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    for db in databases().await {
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap();
        drop(tx);
        // Also one whose future is cancelled while a statement runs.
        let work = async {
            let mut tx = db.begin().await.unwrap();
            for id in 1.. {
                tx.execute(INSERT, &thing(id)).await.unwrap();
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(30), work).await.is_err());
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(total(&db).await, 1);
    }
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_never_seems_to_commit() {
    for db in databases().await {
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap_err();
        assert!(tx.query(ALL, &[]).await.is_err());
        assert!(tx.commit().await.is_err());
        assert_eq!(total(&db).await, 0);
    }
}

#[tokio::test]
async fn a_change_that_misses_its_row_takes_its_transaction_with_it() {
    const CHANGE: &str = "UPDATE things SET amount = 5 WHERE id = $1";
    for db in databases().await {
        db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
        let change = async |id: i64, new: i64| {
            let mut tx = db.begin().await?;
            tx.put(INSERT, &thing(new)).await?;
            tx.put_one(CHANGE, &[id.into()]).await?;
            tx.commit().await
        };
        assert_eq!(DbError::unless_missed(change(9, 2).await), Ok(None));
        assert_eq!(total(&db).await, 1);
        assert_eq!(DbError::unless_missed(change(1, 2).await), Ok(Some(())));
        assert_eq!(total(&db).await, 2);
        // Whichever statement is waited for first says so.
        let missed = async {
            let mut tx = db.begin().await?;
            tx.put_one(CHANGE, &[9.into()]).await?;
            tx.query(ALL, &[]).await
        };
        assert_eq!(missed.await.unwrap_err(), DbError::Missed);
    }
}

#[tokio::test]
async fn a_row_that_is_held_is_there_until_the_transaction_ends() {
    const ONE: &str = "SELECT 1 AS one FROM things WHERE id = $1";
    const DELETE: &str = "DELETE FROM things WHERE id = $1";
    for db in databases().await {
        db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
        let mut holding = db.begin().await.unwrap();
        holding.hold(ONE, &[1.into()]).await.unwrap();
        // A transaction on SQLite takes its turn with the first statement that it waits for.
        holding.execute(INSERT, &thing(2)).await.unwrap();
        let deleting = tokio::spawn({
            let db = db.clone();
            async move { db.execute_batch(DELETE, vec![vec![1.into()]]).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!deleting.is_finished());
        holding.commit().await.unwrap();
        deleting.await.unwrap().unwrap();

        let hold_again = async {
            let mut tx = db.begin().await?;
            tx.hold(ONE, &[1.into()]).await?;
            tx.commit().await
        };
        assert_eq!(DbError::unless_missed(hold_again.await), Ok(None));
    }
}

#[tokio::test]
async fn a_transaction_reads_its_own_writes_and_others_do_not() {
    for db in databases().await {
        let mut tx = db.begin().await.unwrap();
        tx.execute(INSERT, &thing(1)).await.unwrap();
        let row = tx.query_opt(COUNT, &[]).await.unwrap().unwrap();
        assert_eq!((row.int("total").unwrap(), total(&db).await), (1, 0));
        let returned = tx
            .query_opt("UPDATE things SET amount = $1 WHERE id = $2 RETURNING amount", &[5.into(), 1.into()])
            .await
            .unwrap();
        assert_eq!(returned.unwrap().int("amount"), Ok(5));
        tx.commit().await.unwrap();
        assert_eq!(total(&db).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_transactions_at_once_all_commit() {
    for db in databases().await {
        let tasks: Vec<_> = (0..200)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.begin().await?;
                    tx.query(ALL, &[]).await?;
                    tx.execute(INSERT, &thing(id)).await?;
                    tx.commit().await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(total(&db).await, 200);
        if let Some(commits) = db.group_commits() {
            assert!(commits < 200, "{commits} commits for 200 transactions");
        }
    }
}

#[tokio::test]
async fn a_batch_is_written_whole_or_not_at_all() {
    for db in databases().await {
        db.execute_batch(INSERT, (0..1000).map(thing).collect()).await.unwrap();
        assert_eq!(total(&db).await, 1000);
        let error = db.execute_batch(INSERT, (1000..2000).rev().chain([5]).map(thing).collect()).await;
        assert!(error.unwrap_err().is_unique());
        assert_eq!(total(&db).await, 1000);
        db.execute_batch(INSERT, Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    for target in empty_targets().await {
        let db = Db::open(&target).await.unwrap();
        db.migrate_with(LARGER_SCHEMA, 1).await.unwrap();
        let error = db.migrate_with(SCHEMA, 2).await.unwrap_err();
        assert_eq!(error, DbError::NewerDatabase { found: 2, known: 1 });
        let versions = db.query("SELECT version, applied_at FROM schema_version", &[]).await.unwrap();
        assert!(versions.iter().all(|row| row.int("applied_at").unwrap() == 1));
    }
}

#[tokio::test]
async fn a_schema_that_is_not_up_to_date_is_told_apart_and_left_alone() {
    for target in empty_targets().await {
        let db = Db::open(&target).await.unwrap();
        let older = |found, known| Err(DbError::OlderDatabase { found, known });
        assert_eq!(db.expect_schema_with(SCHEMA).await, older(0, 1));
        assert!(!db.has_table("schema_version").await.unwrap(), "looking makes nothing");
        db.migrate_with(SCHEMA, 1).await.unwrap();
        assert_eq!(db.expect_schema_with(SCHEMA).await, Ok(()));
        assert_eq!(db.expect_schema_with(LARGER_SCHEMA).await, older(1, 2));
        assert!(!db.has_table("more").await.unwrap());
        db.migrate_with(LARGER_SCHEMA, 2).await.unwrap();
        assert_eq!(db.expect_schema_with(LARGER_SCHEMA).await, Ok(()));
        let newer = DbError::NewerDatabase { found: 2, known: 1 };
        assert_eq!(db.expect_schema_with(SCHEMA).await, Err(newer));
    }
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing() {
    const HALF: &str = "CREATE TABLE half (id BIGINT PRIMARY KEY); CREATE TABLE things (id BIGINT);";
    static BROKEN: &[Migration] =
        &[SCHEMA[0], Migration { version: 2, name: "broken", sqlite: HALF, postgres: HALF }];
    for db in databases().await {
        assert!(db.migrate_with(BROKEN, 2).await.is_err());
        assert!(db.query("SELECT id FROM half", &[]).await.is_err());
        db.migrate_with(LARGER_SCHEMA, 2).await.unwrap();
        assert!(db.query("SELECT id FROM more", &[]).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_migrate_at_once_all_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let mut targets = empty_targets().await;
    targets[0] = Target::Sqlite(directory.path().join("chancery.db"));
    for target in targets {
        let open = |_| {
            let target = target.clone();
            tokio::spawn(async move {
                let db = Db::open(&target).await?;
                db.migrate_with(LARGER_SCHEMA, 1).await.map(|()| db)
            })
        };
        for task in (0..6).map(open).collect::<Vec<_>>() {
            let db = task.await.unwrap().unwrap();
            db.query("SELECT id FROM more", &[]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_real_migrations_run_and_count_up() {
    assert!(super::MIGRATIONS.iter().zip(1..).all(|(migration, number)| migration.version == number));
    for target in empty_targets().await {
        let db = Db::open(&target).await.unwrap();
        db.migrate(1).await.unwrap();
        db.migrate(2).await.unwrap();
    }
}

#[tokio::test]
async fn a_search_without_end_is_given_up_while_others_read() {
    let patience = Patience { search: Duration::from_millis(200), ..PATIENCE };
    let endless = Statement::new(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS total FROM n WHERE i < 0",
    );
    for target in empty_targets().await {
        let db = Db::open_with(&target, patience, Trace::off()).await.unwrap();
        db.migrate_with(SCHEMA, 1).await.unwrap();
        let searches = async { tokio::join!(db.search(&endless), db.search(&endless), db.search(&endless)) };
        let reads = async {
            for _ in 0..20 {
                assert_eq!(total(&db).await, 0);
            }
        };
        let (searches, ()) = tokio::join!(searches, reads);
        for outcome in [searches.0, searches.1, searches.2] {
            assert_eq!(outcome.unwrap_err(), DbError::TooSlow, "{:?}", db.engine());
        }
        // The reader is free again, and searches that end still do.
        let found = db.search(&Statement::new("SELECT COUNT(*) AS total FROM things")).await.unwrap();
        assert_eq!(found[0].int("total").unwrap(), 0);
    }
}

#[tokio::test]
async fn a_row_that_stays_locked_is_busy_on_postgres() {
    const TOUCH: &str = "UPDATE things SET amount = 1 WHERE id = 1";
    let patience = Patience { lock: Duration::from_millis(50), ..PATIENCE };
    for target in empty_targets().await.into_iter().skip(1) {
        let db = Db::open_with(&target, patience, Trace::off()).await.unwrap();
        assert_eq!(db.engine(), Engine::Postgres);
        db.migrate_with(SCHEMA, 1).await.unwrap();
        db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
        let mut first = db.begin().await.unwrap();
        first.execute(TOUCH, &[]).await.unwrap();
        assert_eq!(db.execute_batch(TOUCH, vec![vec![]]).await, Err(DbError::Busy));
        first.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_named_without_its_password() {
    let urls = [
        "postgres://user:hunter2@127.0.0.1:1/name",
        "postgres://user:hunter2@127.0.0.1:1/name?sslmode=verify-full",
        "postgres://user:x?hunter2=1@127.0.0.1:1/name",
        "mysql://user:hunter2@127.0.0.1:1/name",
        "postgres://user:hunter2@127.0.0.1:hunter2/name",
        "postgres://user:hunter2@127.0.0.1:1/name?sslmode=hunter2",
        "postgres://user:hunter2@127.0.0.1:1/name?sslmode=require&sslrootcert=/no/such.pem",
    ];
    for (index, url) in urls.into_iter().enumerate() {
        let Err(error) = Db::open(&Target::Postgres(url.to_owned())).await else { panic!("{url}") };
        assert!(matches!(error, DbError::Unavailable(_)), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(index > 0 || text.contains("127.0.0.1:1 (user user, database name)"), "{text}");
    }
}

#[test]
fn values_do_not_print_what_they_hold() {
    let printed =
        format!("{:?}", [Value::from("secret"), vec![83_u8; 9].into(), 5.into(), None::<bool>.into()]);
    assert_eq!(printed, "[Text(6 bytes), Bytes(9 bytes), Int(5), Null]");
}

#[test]
fn futures_may_move_between_threads() {
    fn send<T: Send>(_: T) {}
    let check = |db: Db| {
        send(async move {
            let mut tx = db.begin().await?;
            tx.query_opt(ALL, &[]).await?;
            tx.execute(INSERT, &[]).await?;
            tx.commit().await?;
            db.execute_batch(INSERT, vec![]).await?;
            db.migrate(0).await?;
            db.close().await
        });
    };
    let _ = check;
}
