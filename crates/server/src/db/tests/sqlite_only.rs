//! What only SQLite has: one writer, commits in groups, a file that others may lock.
//!
//! The same promises as for PostgreSQL, kept by our own code instead of the server's.

use std::time::Duration;

use super::{INSERT, SCHEMA, child, thing, total};
use crate::db::{Db, DbError, Migration, PATIENCE, Patience, Target, Trace};

async fn at(path: &std::path::Path, patience: Patience) -> Db {
    at_with(path, patience, SCHEMA).await
}

pub(super) async fn at_with(path: &std::path::Path, patience: Patience, schema: &'static [Migration]) -> Db {
    let db = Db::open_with(&Target::Sqlite(path.to_owned()), patience, Trace::off()).await.unwrap();
    db.migrate_with(schema, 1).await.unwrap();
    db
}

async fn fleeting(patience: Patience) -> Db {
    let db = Db::open_with(&Target::SqliteMemory, patience, Trace::off()).await.unwrap();
    db.migrate_with(SCHEMA, 1).await.unwrap();
    db
}

/// Groups grow until the queue is empty, however slow the machine is.
const LARGE_GROUPS: Patience = Patience { group: Duration::from_mins(1), ..PATIENCE };

/// Transactions that stand in the queue while another one is open and then given up, so that they become one group.
async fn in_one_group(db: &Db, rows: Vec<Vec<crate::db::Value>>) -> Vec<Result<(), DbError>> {
    let mut first = db.begin().await.unwrap();
    first.execute(INSERT, &thing(1000)).await.unwrap();
    let tasks: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let db = db.clone();
            tokio::spawn(async move { db.execute_batch(INSERT, vec![row]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(first);
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn a_failing_transaction_in_a_group_does_not_harm_the_others() {
    let db = fleeting(LARGE_GROUPS).await;
    let rows = (0..20).map(|id| thing(if id == 7 { 3 } else { id })).collect();
    let outcomes = in_one_group(&db, rows).await;
    for (id, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), id != 7, "{id}: {outcome:?}");
    }
    assert!(outcomes[7].clone().unwrap_err().is_unique());
    assert_eq!(total(&db).await, 19);
    assert!(db.group_commits() < Some(20));
}

#[tokio::test]
async fn in_a_crowd_those_who_come_in_a_moment_share_the_commit_and_nobody_waits_for_more() {
    // A moment that lasts longer than the test.
    let crowd = Duration::from_mins(1);
    let db = fleeting(Patience { crowd, ..LARGE_GROUPS }).await;
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    db.execute_batch(INSERT, vec![thing(2)]).await.unwrap();
    let outcomes = in_one_group(&db, (3..6).map(thing).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let before = db.group_commits().unwrap();
    let late = async |id, millis| {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        db.execute_batch(INSERT, vec![thing(id)]).await
    };
    let outcomes = tokio::join!(late(6, 0), late(7, 30), late(8, 60));
    assert_eq!(outcomes, (Ok(()), Ok(()), Ok(())));
    assert_eq!(db.group_commits().unwrap(), before + 1);
    assert_eq!(total(&db).await, 8);
}

#[tokio::test]
async fn whoever_is_left_of_a_crowd_waits_no_longer_than_a_moment() {
    let db = fleeting(LARGE_GROUPS).await;
    let outcomes = in_one_group(&db, (1..9).map(thing).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    db.execute_batch(INSERT, vec![thing(9)]).await.unwrap();
    assert_eq!(total(&db).await, 9);
}

/// Writes a thing that is not worth a sync.
async fn in_passing(db: &Db, id: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?.passing();
    tx.put(INSERT, &thing(id)).await?;
    tx.commit().await
}

/// Whether each commit is synced at present.
async fn is_synced(db: &Db) -> bool {
    let super::super::Backend::Sqlite(sqlite) = &db.backend else { panic!("not SQLite") };
    let (tell, told) = std::sync::mpsc::channel();
    let look = move |connection: &rusqlite::Connection| {
        let level: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        tell.send(level).unwrap();
        Ok(())
    };
    sqlite.alone(look).await.unwrap();
    // 1 is NORMAL, 2 is FULL.
    told.recv().unwrap() == 2
}

#[tokio::test]
async fn what_is_written_in_passing_costs_no_sync_and_the_next_that_lasts_has_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let db = at(&directory.path().join("chancery.db"), PATIENCE).await;
    assert!(is_synced(&db).await);
    in_passing(&db, 1).await.unwrap();
    assert_eq!((total(&db).await, db.group_commits(), is_synced(&db).await), (1, Some(0), false));
    db.execute_batch(INSERT, vec![thing(2)]).await.unwrap();
    assert_eq!((total(&db).await, db.group_commits(), is_synced(&db).await), (2, Some(1), true));
    assert!(in_passing(&db, 2).await.unwrap_err().is_unique());
    in_passing(&db, 3).await.unwrap();
    db.close().await.unwrap();
    assert_eq!(total(&at(&directory.path().join("chancery.db"), PATIENCE).await).await, 3);
}

#[tokio::test]
async fn whoever_needs_no_sync_shares_the_commit_of_those_who_wait_for_one() {
    let db = fleeting(LARGE_GROUPS).await;
    let before = db.group_commits().unwrap();
    let mut first = db.begin().await.unwrap();
    first.execute(INSERT, &thing(1000)).await.unwrap();
    let outcomes = async {
        tokio::join!(
            in_passing(&db, 1),
            db.execute_batch(INSERT, vec![thing(2)]),
            in_passing(&db, 3),
            async {
                tokio::task::yield_now().await;
                drop(first);
            }
        )
    };
    assert!(matches!(outcomes.await, (Ok(()), Ok(()), Ok(()), ())));
    assert_eq!(db.group_commits(), Some(before + 1));
    assert_eq!(total(&db).await, 3);
}

#[tokio::test]
async fn after_a_deferred_foreign_key_undid_a_group_only_the_guilty_one_fails_again() {
    let db = fleeting(LARGE_GROUPS).await;
    let rows = || (0..8).map(|id| if id == 3 { child(3, 99) } else { thing(id) }).collect();
    let outcomes = in_one_group(&db, rows()).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(DbError::Retry)), "{outcomes:?}");
    assert_eq!(total(&db).await, 0);
    let outcomes = in_one_group(&db, rows()).await;
    for (id, outcome) in outcomes.iter().enumerate() {
        let expected = if id == 3 { matches!(outcome, Err(DbError::Constraint(_))) } else { outcome.is_ok() };
        assert!(expected, "{id}: {outcome:?}");
    }
    assert_eq!(total(&db).await, 7);
}

#[tokio::test]
async fn a_database_locked_by_another_process_is_busy_and_then_works_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chancery.db");
    // Long enough for a busy machine to come back to a thread that waits for the lock.
    let db = at(&path, Patience { lock: Duration::from_millis(500), ..PATIENCE }).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(db.execute_batch(INSERT, vec![thing(1)]).await, Err(DbError::Busy));
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.execute(INSERT, &thing(1)).await, Err(DbError::Busy));
    assert_eq!(total(&db).await, 0, "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    assert_eq!(total(&db).await, 1);
}

#[tokio::test]
async fn with_a_locked_database_everybody_who_waits_is_turned_away_at_once_also_behind_looks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chancery.db");
    let db = at(&path, Patience { lock: Duration::from_millis(500), ..PATIENCE }).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outcomes = tokio::join!(
        async {
            let first = db.execute_batch(INSERT, vec![thing(1)]).await;
            // Whoever still waited would get through from here on.
            other.execute_batch("ROLLBACK").unwrap();
            first
        },
        db.look_at_others(),
        db.execute_batch(INSERT, vec![thing(2)]),
        db.look_at_others(),
        db.execute_batch(INSERT, vec![thing(3)]),
    );
    let busy = || Err(DbError::Busy);
    assert_eq!(outcomes, (busy(), Ok(()), busy(), Ok(()), busy()));
    assert_eq!(total(&db).await, 0);
}

#[tokio::test]
async fn a_transaction_that_is_left_idle_does_not_block_the_others() {
    let db = fleeting(Patience { idle: Duration::from_millis(50), ..PATIENCE }).await;
    let mut stuck = db.begin().await.unwrap();
    stuck.execute(INSERT, &thing(1)).await.unwrap();
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    assert!(stuck.execute(INSERT, &thing(2)).await.is_err());
    assert!(stuck.commit().await.is_err());
    assert_eq!(total(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_gets_its_turn_while_the_first_writes_without_a_pause() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chancery.db");
    let (busy, other) = (at(&path, PATIENCE).await, at(&path, PATIENCE).await);
    let writers: Vec<_> = (0..8_i64)
        .map(|writer| {
            let db = busy.clone();
            tokio::spawn(async move {
                for id in 0.. {
                    db.execute_batch(INSERT, vec![thing(writer * 1_000_000 + id)]).await.unwrap();
                }
            })
        })
        .collect();
    for id in 1..=5 {
        other.execute_batch(INSERT, vec![thing(-id)]).await.unwrap();
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chancery.db");
    let db = at(&path, PATIENCE).await;
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    db.checkpoint().await.unwrap();
    assert_eq!(std::fs::metadata(directory.path().join("chancery.db-wal")).unwrap().len(), 0);
    db.close().await.unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no side files are left");
    assert_eq!(total(&at(&path, PATIENCE).await).await, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let db = at(&directory.path().join("chancery.db"), PATIENCE).await;
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let rubbish = directory.path().join("rubbish.db");
    std::fs::write(&rubbish, "this is no database, it only looks like a long text ".repeat(50)).unwrap();
    for path in [directory.path().join("missing/chancery.db"), rubbish] {
        let Err(error) = Db::open(&Target::Sqlite(path.clone())).await else { panic!("{path:?}") };
        assert!(matches!(error, DbError::Unavailable(_)), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn reading_connections_refuse_to_write() {
    let db = fleeting(PATIENCE).await;
    assert_eq!(db.query("DELETE FROM things", &[]).await.unwrap_err(), DbError::ReadOnly);
}

#[tokio::test]
async fn a_database_that_is_full_says_so_and_goes_on_when_there_is_room() {
    let db = fleeting(PATIENCE).await;
    let super::super::Backend::Sqlite(sqlite) = &db.backend else { panic!("not SQLite") };
    let limit = |pages: &'static str| {
        sqlite.alone(move |connection| {
            connection.query_row(pages, [], |_| Ok(())).map_err(super::super::sqlite::failure)
        })
    };
    limit("PRAGMA max_page_count = 8").await.unwrap();
    let mut large = thing(1);
    large[2] = vec![1_u8; 100_000].into();
    assert_eq!(db.execute_batch(INSERT, vec![large]).await, Err(DbError::Full));
    limit("PRAGMA max_page_count = 1000000").await.unwrap();
    db.execute_batch(INSERT, vec![thing(1)]).await.unwrap();
    assert_eq!(total(&db).await, 1);
}

#[tokio::test]
async fn a_fleeting_database_leaves_no_files() {
    let db = fleeting(PATIENCE).await;
    let files = db.query_opt("SELECT file FROM pragma_database_list", &[]).await.unwrap().unwrap();
    let file = files.text("file").unwrap();
    assert!(std::path::Path::new(&file).exists());
    drop(db);
    assert!(!std::path::Path::new(&file).parent().unwrap().exists());
}

#[test]
fn sqlite_is_built_as_the_settings_of_the_repository_say() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut options = connection.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> = options.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let has = |wanted: &str| options.iter().any(|option| option == wanted);
    assert!(has("DEFAULT_MEMSTATUS=0") && !has("ENABLE_API_ARMOR"), "{options:?}");
}
