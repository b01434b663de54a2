//! The statements of the change notices.

use jiff::Timestamp;

use super::{Notice, Topic};
use crate::db::{Db, DbError, Tx, Value};
use crate::tenants::TenantId;

const TAKE_NUMBERS: &str = "UPDATE change_counter SET last = last + $1 WHERE id = 1 RETURNING last";
const INSERT: &str =
    "INSERT INTO change_notices (seq, tenant_id, topic, subject, noticed_at) VALUES ($1, $2, $3, $4, $5)";
const LAST: &str = "SELECT last FROM change_counter WHERE id = 1";
const SINCE: &str =
    "SELECT seq, tenant_id, topic, subject FROM change_notices WHERE seq > $1 AND seq <= $2 ORDER BY seq";
const SWEEP: &str = "DELETE FROM change_notices WHERE noticed_at < $1";

/// Writes the notices as the last statements of a transaction; answers the number of the last one.
pub async fn record(tx: &mut Tx, notices: &[Notice], now: Timestamp) -> Result<i64, DbError> {
    if notices.is_empty() {
        return Ok(0);
    }
    let count = i64::try_from(notices.len()).unwrap_or(i64::MAX);
    let row = tx.query_opt(TAKE_NUMBERS, &[Value::Int(count)]).await?.ok_or_else(no_counter)?;
    let last = row.int("last")?;
    for (number, notice) in (last - count + 1..).zip(notices) {
        tx.execute(
            INSERT,
            &[
                Value::Int(number),
                notice.tenant.as_str().into(),
                notice.topic.name().into(),
                notice.subject.as_str().into(),
                Value::Int(now.as_millisecond()),
            ],
        )
        .await?;
    }
    Ok(last)
}

/// The number of the newest notice.
pub async fn last(db: &Db) -> Result<i64, DbError> {
    db.query_opt(LAST, &[]).await?.ok_or_else(no_counter)?.int("last")
}

/// The newest number and the notices after `seen`, as far as they are still kept and understood.
pub async fn since(db: &Db, seen: i64) -> Result<(i64, Vec<(i64, Notice)>), DbError> {
    let last = last(db).await?;
    if last == seen {
        return Ok((last, Vec::new()));
    }
    let rows = db.query(SINCE, &[Value::Int(seen), Value::Int(last)]).await?;
    let mut notices = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(topic) = Topic::from_name(&row.text("topic")?) {
            let tenant = TenantId::from_stored(row.text("tenant_id")?);
            notices.push((row.int("seq")?, Notice { tenant, topic, subject: row.text("subject")? }));
        }
    }
    Ok((last, notices))
}

/// Deletes notices from before `cutoff` (milliseconds).
pub async fn sweep(db: &Db, cutoff: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.execute(SWEEP, &[Value::Int(cutoff)]).await?;
    tx.commit().await
}

fn no_counter() -> DbError {
    DbError::Other("the change counter is missing from the database".to_owned())
}
