//! The statements of lists of users: all of them in the order of age, or those who are searched, in any order.
//!
//! Searches are put together from the pieces below; every text of a client is a parameter of them.

use super::super::User;
use super::super::sql::fold_rows;
use super::leads::{Choice, Lead, Term};
use super::{FEW, Part, Wanted, Way};
use crate::db::{Db, DbError, Statement, Value};
use crate::tenants::TenantId;

const PAGE: &str = "SELECT u.*, i.provider, i.identity_id, i.position, i.connection_id, i.profile, \
     i.created_at AS linked_at, c.name AS connection FROM \
     (SELECT * FROM users WHERE tenant_id = $1 AND substr(user_id, 1, 21) <> 'auth0|chancery_admin_' \
     ORDER BY created_at, user_id LIMIT $2 OFFSET $3) u \
     LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     ORDER BY u.created_at, u.user_id, i.position";
const AFTER: &str = "SELECT u.*, i.provider, i.identity_id, i.position, i.connection_id, i.profile, \
     i.created_at AS linked_at, c.name AS connection FROM \
     (SELECT * FROM users WHERE tenant_id = $1 AND (created_at, user_id) > ($2, $3) \
     AND substr(user_id, 1, 21) <> 'auth0|chancery_admin_' \
     ORDER BY created_at, user_id LIMIT $4) u \
     LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     ORDER BY u.created_at, u.user_id, i.position";

// The list around those who are searched, and their number.
const LIST: &str = "SELECT u.*, i.provider, i.identity_id, i.position, i.connection_id, i.profile, \
     i.created_at AS linked_at, c.name AS connection FROM (SELECT users.*, ";
const SORT_KEY: &str = " AS sort_key FROM ";
const COUNT: &str = "SELECT COUNT(*) AS total FROM ";
const WITH_IDENTITIES: &str = ") u LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id ORDER BY u.sort_key";
const ALL_UPWARDS: &str = " NULLS LAST, u.user_id, i.position";
const ALL_DOWNWARDS: &str = " DESC NULLS FIRST, u.user_id DESC, i.position";

// The ways to them.
const IN_ORDER: &str = "users WHERE users.tenant_id = ";
/// Whoever has a term, in the order of age. Both databases begin with the terms: SQLite because of the kind of join.
const BY_TERM: &str = "user_terms CROSS JOIN users WHERE user_terms.tenant_id = ";
const TERM_IS: &str = " AND term = ";
const HOLDER: &str = " AND users.tenant_id = user_terms.tenant_id AND users.user_id = holder_id";
/// A limit that nobody reaches keeps databases from looking for the few in the order of the list.
const OF_FEW: &str = "(SELECT users.* FROM (SELECT DISTINCT led_id FROM (";
const EACH: &str = ") leads LIMIT 10000) led CROSS JOIN users WHERE users.tenant_id = ";
const LED: &str = " AND users.user_id = led_id";
const ALL_OF_THEM: &str = " LIMIT 10000) users WHERE TRUE";

// The leads.
const IN_COLUMN: &str = "SELECT user_id AS led_id FROM users WHERE tenant_id = ";
const WITH_TERM: &str = "SELECT holder_id AS led_id FROM user_terms WHERE tenant_id = ";
const TERM_AT_LEAST: &str = " AND term >= ";
const TERM_BELOW: &str = " AND term < ";
const UNION: &str = " UNION ALL ";
const HOW_MANY: &str = "SELECT COUNT(*) AS total FROM (";
const UP_TO: &str = " LIMIT ";
const LEADS: &str = ") leads";
const HOLDERS: &str = "SELECT COUNT(*) AS total FROM user_terms \
     WHERE substr(holder_id, 1, 21) <> 'auth0|chancery_admin_' AND tenant_id = ";
const CONNECTION_TERM: &str = "(SELECT ";
const AND_ID_OF: &str = " || id FROM connections WHERE tenant_id = ";
const AND_NAME: &str = " AND name = ";

/// Between conditions.
pub(in crate::users) const AND: &str = " AND ";
/// That a user is no administrator of the Dashboard. An expression is no range of an index, so that plans stay as
/// they are: it is asked of the rows that they find.
const VISIBLE: &str = " AND substr(user_id, 1, 21) <> 'auth0|chancery_admin_'";
/// The identities of a user, for conditions on them.
pub(in crate::users) const THEIR_IDENTITIES: &str = "SELECT 1 FROM identities i \
     JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     WHERE i.tenant_id = users.tenant_id AND i.user_id = users.user_id AND ";
const OF_CONNECTION: &str = "EXISTS (SELECT 1 FROM identities i \
     WHERE i.tenant_id = users.tenant_id AND i.user_id = users.user_id AND i.connection_id = ";
const AFTER_PLACE: &str = " AND (created_at, user_id) > (";
const AFTER_HOLDER: &str = " AND (user_created_at, holder_id) > (";
const AT_LEAST: &str = " >= ";
const COMMA: &str = ", ";
const CLOSE: &str = ")";
const ORDER: &str = " ORDER BY ";
// What PostgreSQL does by itself, so that its indexes serve; SQLite would begin with what is not there.
const UPWARDS: &str = " NULLS LAST, user_id LIMIT ";
const DOWNWARDS: &str = " DESC NULLS FIRST, user_id DESC LIMIT ";
const OLDEST: &str = "user_created_at, holder_id LIMIT ";
const YOUNGEST: &str = "user_created_at DESC, holder_id DESC LIMIT ";
const OFFSET: &str = " OFFSET ";

/// Users in the order of age.
pub(in crate::users) async fn in_order(
    db: &Db,
    tenant: &TenantId,
    part: Part<'_>,
) -> Result<Vec<User>, DbError> {
    let tenant = tenant.as_str();
    let rows = match part {
        Part::Page(limit, offset) => db.query(PAGE, &[tenant.into(), limit.into(), offset.into()]).await?,
        Part::After(place, limit) => {
            let values = [tenant.into(), place.created_at.into(), place.id.as_str().into(), limit.into()];
            db.query(AFTER, &values).await?
        }
    };
    fold_rows(&rows)
}

/// Users as they are wanted, by a way that leads to them.
pub(in crate::users) async fn wanted(
    db: &Db,
    tenant: &TenantId,
    (wanted, way): (&Wanted, &Way),
    part: Part<'_>,
) -> Result<Vec<User>, DbError> {
    let Wanted { column, descending, .. } = wanted;
    let is_by_term = matches!(way, Way::Term(_));
    let mut list = Statement::new(LIST).text(column).text(SORT_KEY).with(among(tenant, wanted, way));
    if let Part::After(place, _) = part {
        list = list.text(if is_by_term { AFTER_HOLDER } else { AFTER_PLACE }).value(place.created_at);
        list = list.text(COMMA).value(place.id.as_str()).text(CLOSE);
    }
    list = list.text(ORDER);
    list = match (is_by_term, *descending) {
        (true, false) => list.text(OLDEST),
        (true, true) => list.text(YOUNGEST),
        (false, false) => list.text(column).text(UPWARDS),
        (false, true) => list.text(column).text(DOWNWARDS),
    };
    list = match part {
        Part::Page(limit, offset) => list.value(limit).text(OFFSET).value(offset),
        Part::After(_, limit) => list.value(limit),
    };
    let outer = if *descending { ALL_DOWNWARDS } else { ALL_UPWARDS };
    fold_rows(&db.search(&list.text(WITH_IDENTITIES).text(outer)).await?)
}

/// How many users are wanted.
pub(in crate::users) async fn count(
    db: &Db,
    tenant: &TenantId,
    wanted: &Wanted,
    way: &Way,
) -> Result<i64, DbError> {
    let count = match way.says_all(wanted) {
        Some(Term { term, .. }) => {
            Statement::new(HOLDERS).value(tenant.as_str()).text(TERM_IS).with(term.clone())
        }
        None => Statement::new(COUNT).with(among(tenant, wanted, way)),
    };
    total(db, &count).await
}

/// How many users a choice leads to, counted as far as it matters; whoever is led to twice counts twice.
pub(in crate::users) async fn led(db: &Db, tenant: &TenantId, choice: &Choice) -> Result<i64, DbError> {
    let count = Statement::new(HOW_MANY).with(leads(tenant, choice)).text(UP_TO).value(FEW).text(LEADS);
    total(db, &count).await
}

async fn total(db: &Db, count: &Statement) -> Result<i64, DbError> {
    db.search_opt(count).await?.map_or(Ok(0), |row| row.int("total"))
}

/// The table of those who are wanted, up to the end of its conditions.
fn among(tenant: &TenantId, wanted: &Wanted, way: &Way) -> Statement {
    let tenant_id = tenant.as_str();
    let start = match way {
        Way::InOrder => Statement::new(IN_ORDER).value(tenant_id),
        Way::Term(Term { term, .. }) => {
            Statement::new(BY_TERM).value(tenant_id).text(TERM_IS).with(term.clone()).text(HOLDER)
        }
        Way::Few(choice) => {
            Statement::new(OF_FEW).with(leads(tenant, choice)).text(EACH).value(tenant_id).text(LED)
        }
    };
    let visible = start.text(VISIBLE);
    // To ask for what a term says already would cost more than everything else together.
    let asked = match &wanted.condition {
        Some(condition) if way.says_all(wanted).is_none() => visible.text(AND).with(condition.clone()),
        Some(_) | None => visible,
    };
    if matches!(way, Way::Few(_)) { asked.text(ALL_OF_THEM) } else { asked }
}

fn leads(tenant: &TenantId, choice: &Choice) -> Statement {
    let mut all = Statement::default();
    for (index, lead) in choice.iter().enumerate() {
        all = if index > 0 { all.text(UNION) } else { all }.with(lead_of(tenant.as_str(), lead));
    }
    all
}

fn lead_of(tenant: &str, lead: &Lead) -> Statement {
    match lead {
        Lead::Value(condition) | Lead::Range(condition) => {
            Statement::new(IN_COLUMN).value(tenant).text(AND).with(condition.clone())
        }
        Lead::Term(Term { term, .. }) => {
            Statement::new(WITH_TERM).value(tenant).text(TERM_IS).with(term.clone())
        }
        Lead::Terms(from, to) => {
            let lead = Statement::new(WITH_TERM).value(tenant).text(TERM_AT_LEAST).value(from);
            match to {
                Some(to) => lead.text(TERM_BELOW).value(to),
                None => lead,
            }
        }
    }
}

/// A term that is known.
pub(in crate::users) fn term(term: String) -> Statement {
    Statement::default().value(term)
}

/// The term of a connection that is named; none if there is no such connection.
pub(in crate::users) fn term_of_connection(tenant: &TenantId, texts: String, name: &str) -> Statement {
    let term = Statement::new(CONNECTION_TERM).value(texts).text(AND_ID_OF).value(tenant.as_str());
    term.text(AND_NAME).value(name).text(CLOSE)
}

/// The condition that there is something in a column whose least value this is.
pub(in crate::users) fn at_least(column: &'static str, least: impl Into<Value>) -> Statement {
    Statement::new(column).text(AT_LEAST).value(least)
}

/// The condition that users have an identity at a connection.
pub(in crate::users) fn of_connection(id: &str) -> Statement {
    Statement::new(OF_CONNECTION).value(id).text(CLOSE)
}
