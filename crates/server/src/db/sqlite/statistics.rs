//! What SQLite's planner is told about the indexes, so that its plans are the same for every database.
//!
//! Without statistics SQLite takes a tenant for ten rows, and reads all of one rather than use a second index of a
//! table that it has sorted by tenant. Measured statistics would reach a connection only when it next reads the
//! schema, and differ between two servers. So each migration writes fixed ones: many rows in a tenant, few of the
//! same value. Must never be measured (`ANALYZE`): plans would change with the day.

use rusqlite::Connection;

/// The rows of any table.
const ROWS: i64 = 1_000_000;
/// The rows of one tenant in any table.
const ROWS_OF_TENANT: i64 = 100_000;
/// The rows that agree in the first columns of an index beside the tenant.
const ROWS_OF_VALUE: [i64; 3] = [20, 5, 2];

/// SQLite lets nobody make this table but its own `ANALYZE`, which here measures nothing.
const MAKE_AND_LOAD: &str = "ANALYZE sqlite_schema";
const FORGET: &str = "DELETE FROM sqlite_stat1";
/// The primary key of a table that is stored in its order goes by the name of the table.
const INDEXES: &str = "SELECT t.name, CASE WHEN t.wr AND i.origin = 'pk' THEN t.name ELSE i.name END, \
     i.\"unique\", (SELECT COUNT(*) FROM pragma_index_info(i.name)), \
     (SELECT COALESCE(c.name = 'tenant_id', 0) FROM pragma_index_info(i.name) c WHERE c.seqno = 0) \
     FROM pragma_table_list t JOIN pragma_index_list(t.name) i \
     WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
const TELL: &str = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)";

/// Tells the planner about every index that there is.
pub(in crate::db) fn tell(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(MAKE_AND_LOAD)?;
    connection.execute_batch(FORGET)?;
    let mut indexes = connection.prepare(INDEXES)?;
    let mut tell = connection.prepare(TELL)?;
    let mut rows = indexes.query([])?;
    while let Some(row) = rows.next()? {
        let (table, index): (String, String) = (row.get(0)?, row.get(1)?);
        let shape = Index { unique: row.get(2)?, columns: row.get(3)?, by_tenant: row.get(4)? };
        tell.execute([table, index, shape.statistics()])?;
    }
    Ok(())
}

/// Makes this connection use what was told; others do when they next read the schema.
pub(in crate::db) fn load(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(MAKE_AND_LOAD)
}

struct Index {
    unique: bool,
    columns: u16,
    by_tenant: bool,
}

impl Index {
    /// The rows of the table, then how many of them agree in the first column, in the first two, and so on.
    fn statistics(&self) -> String {
        let tenant = self.by_tenant.then_some(ROWS_OF_TENANT);
        let values = ROWS_OF_VALUE.into_iter().chain(std::iter::repeat(1));
        let mut agreeing: Vec<i64> =
            tenant.into_iter().chain(values).take(usize::from(self.columns)).collect();
        if let Some(last) = agreeing.last_mut().filter(|_| self.unique) {
            *last = 1;
        }
        std::iter::once(ROWS).chain(agreeing).map(|rows| rows.to_string()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_large_a_value_is_rare_and_a_key_is_unique() {
        let index = |unique, columns, by_tenant| Index { unique, columns, by_tenant }.statistics();
        assert_eq!(index(true, 1, true), "1000000 1");
        assert_eq!(index(true, 2, true), "1000000 100000 1");
        assert_eq!(index(false, 3, true), "1000000 100000 20 5");
        assert_eq!(index(false, 1, false), "1000000 20");
        assert_eq!(index(false, 5, true), "1000000 100000 20 5 2 1");
    }

    #[test]
    fn every_index_is_told_and_primary_keys_go_by_their_table() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE people (tenant_id TEXT, id TEXT, email TEXT, PRIMARY KEY (tenant_id, id)) WITHOUT ROWID;
                 CREATE INDEX by_email ON people (tenant_id, lower(email), id) WHERE email IS NOT NULL;
                 CREATE TABLE plain (id TEXT PRIMARY KEY);",
            )
            .unwrap();
        tell(&connection).unwrap();
        tell(&connection).unwrap();
        let mut told = connection.prepare("SELECT idx, stat FROM sqlite_stat1 ORDER BY idx").unwrap();
        let told: Vec<(String, String)> =
            told.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
        let expected = [
            ("by_email", "1000000 100000 20 5"),
            ("people", "1000000 100000 1"),
            ("sqlite_autoindex_plain_1", "1000000 1"),
        ];
        assert_eq!(told, expected.map(|(index, told)| (index.to_owned(), told.to_owned())));
    }

    #[test]
    fn a_second_index_is_preferred_to_reading_a_whole_tenant() {
        let connection = Connection::open_in_memory().unwrap();
        let plan = || -> String {
            connection
                .query_row(
                    "EXPLAIN QUERY PLAN SELECT name FROM people WHERE tenant_id = ?1 AND email = ?2",
                    ["t", "e"],
                    |row| row.get(3),
                )
                .unwrap()
        };
        connection
            .execute_batch(
                "CREATE TABLE people (tenant_id TEXT, id TEXT, email TEXT, name TEXT, PRIMARY KEY (tenant_id, id)) WITHOUT ROWID;
                 CREATE INDEX by_email ON people (tenant_id, email, id);",
            )
            .unwrap();
        tell(&connection).unwrap();
        load(&connection).unwrap();
        assert!(plan().contains("by_email"), "{}", plan());
    }
}
