//! By which way a search comes to its users.
//!
//! A database that guesses how many users a part of a query holds for is wrong by orders of magnitude now and then, and
//! reads a million of them for ten. So they are counted first, as far as it matters.

pub(super) mod leads;
pub(super) mod sql;

use leads::{Choice, Lead, Term, likely};

use super::User;
use super::search::BY_AGE;
use crate::db::{Db, DbError, Statement};
use crate::management::checkpoint::Checkpoint;
use crate::tenants::TenantId;

/// So many are read and sorted at once. Where there are more, they are met often enough in the order of the list.
pub(super) const FEW: i64 = 2000;
/// So few that counting what else leads to them is not worth it.
const A_HANDFUL: i64 = 50;
/// How many parts of a query are counted at most.
const COUNTED: usize = 8;

/// Which users a list holds and in which order.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What has to hold for them.
    pub(super) condition: Option<Statement>,
    /// What leads to them: each choice alone is enough.
    pub(super) choices: Vec<Choice>,
    /// Whether the condition is a single part, so that its lead may say all of it.
    pub(super) is_one_part: bool,
    /// The column that they are sorted by.
    pub(super) column: &'static str,
    /// Whether the greatest comes first.
    pub(super) descending: bool,
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// So many after so many.
    Page(i64, i64),
    /// So many after a place, in the order of age.
    After(&'a Checkpoint, i64),
}

/// A way to those who are wanted.
#[derive(Debug)]
pub(super) enum Way {
    /// All that a choice leads to, who are few.
    Few(Choice),
    /// Those who have a term, in the order of age.
    Term(Term),
    /// In the order of the list, or as the database sees fit.
    InOrder,
}

impl Way {
    /// The only term that there is to have, if the search asks for nothing else and everybody who has it is meant.
    fn says_all(&self, wanted: &Wanted) -> Option<&Term> {
        let term = match self {
            Self::Term(term) => term,
            Self::Few(choice) => match choice.as_slice() {
                [Lead::Term(term)] => term,
                _ => return None,
            },
            Self::InOrder => return None,
        };
        (wanted.is_one_part && term.is_exact).then_some(term)
    }
}

/// The users who are wanted; their number too, if it is asked for.
pub(super) async fn listed(
    db: &Db,
    tenant: &TenantId,
    wanted: &Wanted,
    (part, is_counted): (Part<'_>, bool),
) -> Result<(Vec<User>, Option<i64>), DbError> {
    let way = way(db, tenant, wanted).await?;
    let users = sql::wanted(db, tenant, (wanted, &way), part).await?;
    let total = if is_counted { Some(sql::count(db, tenant, wanted, &way).await?) } else { None };
    Ok((users, total))
}

async fn way(db: &Db, tenant: &TenantId, wanted: &Wanted) -> Result<Way, DbError> {
    let is_plain = |choice: &Choice| choice.iter().all(|lead| matches!(lead, Lead::Value(_)));
    // One value in an index is what no database misjudges.
    if wanted.choices.iter().any(is_plain) {
        return Ok(Way::InOrder);
    }
    let mut choices: Vec<&Choice> = wanted.choices.iter().collect();
    choices.sort_by_key(|choice| likely(choice));
    let mut fewest: Option<(i64, &Choice)> = None;
    for choice in choices.iter().copied().take(COUNTED) {
        let led = sql::led(db, tenant, choice).await?;
        if led < fewest.map_or(FEW, |(least, _)| least) {
            fewest = Some((led, choice));
        }
        if led <= A_HANDFUL {
            break;
        }
    }
    let by_term = |choice: &Choice| match choice.as_slice() {
        [Lead::Term(term)] if wanted.column == BY_AGE => Some(Way::Term(term.clone())),
        _ => None,
    };
    Ok(match fewest {
        // Those who come in the order of the list need not all be read.
        Some((_, choice)) => by_term(choice).unwrap_or_else(|| Way::Few(choice.clone())),
        None => choices.into_iter().find_map(by_term).unwrap_or(Way::InOrder),
    })
}
