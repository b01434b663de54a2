//! How often a tenant may rotate in 24 hours: what is left of it, and the refusal. Each ring counts its own rotations.
//!
//! Must never count anywhere but in the database, which all servers share.

use jiff::{SignedDuration, Timestamp};

use super::KeyError;
use super::sql::{self, Rotations, Window};
use crate::app::App;
use crate::db::{Db, DbError, Tx};
use crate::tenants::sql::Stored;

/// The time over which rotations are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The moment after which rotations count.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.saturating_sub(DAY).unwrap_or(Timestamp::MIN)
}

fn window(tenant: &Stored, now: Timestamp) -> Window {
    Window { since: since(now), limit: i64::from(tenant.policy.rotations_per_day) }
}

/// Refuses a rotation that the limit leaves no room for.
pub async fn room(db: &Db, tenant: &Stored, rotations: &Rotations, now: Timestamp) -> Result<(), KeyError> {
    let in_the_way = rotations.in_the_way(db, &tenant.id, window(tenant, now)).await?;
    refuse_beyond(tenant, in_the_way, now)
}

/// The same within the transaction that rotates, where nobody can be faster.
pub async fn room_within(
    tx: &mut Tx,
    tenant: &Stored,
    rotations: &Rotations,
    now: Timestamp,
) -> Result<(), KeyError> {
    let in_the_way = rotations.in_the_way_within(tx, &tenant.id, window(tenant, now)).await?;
    refuse_beyond(tenant, in_the_way, now)
}

fn refuse_beyond(tenant: &Stored, in_the_way: Option<Timestamp>, now: Timestamp) -> Result<(), KeyError> {
    let limit = tenant.policy.rotations_per_day;
    let Some(in_the_way) = in_the_way.filter(|_| limit > 0) else { return Ok(()) };
    let again = in_the_way.saturating_add(DAY).unwrap_or(now);
    let millis = again.as_millisecond() - now.as_millisecond();
    // A second too late is a success; a second too early would be the next refusal.
    Err(KeyError::TooManyRotations {
        limit,
        wait: millis.div_euclid(1000) + i64::from(millis % 1000 > 0),
        again,
    })
}

/// What a tenant has left of its rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many; none: there is no limit.
    pub left: Option<i64>,
    /// From when there is room for one, where there is none now.
    pub again: Option<Timestamp>,
}

/// What is left of the rotations of the application signing keys.
pub async fn allowance(app: &App, tenant: &Stored) -> Result<Allowance, DbError> {
    let window = window(tenant, app.clock.now());
    if window.limit == 0 {
        return Ok(Allowance { left: None, again: None });
    }
    let made = sql::rotations_after(&app.db, &tenant.id, window.since).await?;
    let in_the_way = sql::ROTATIONS.in_the_way(&app.db, &tenant.id, window).await?;
    Ok(Allowance {
        left: Some((window.limit - made).max(0)),
        again: in_the_way.and_then(|rotated_at| rotated_at.saturating_add(DAY).ok()),
    })
}
