//! What somebody wants to see of the log, from the address of the page to a query of the API.
//!
//! Must never let what was typed into the search change what the other filters mean.

use jiff::ToSpan;
use jiff::civil::Date;

use super::names::GROUPS;
use crate::dashboard::{Desk, Failure, with_query};

/// Milliseconds that an entry may be written later than a younger one, and some more.
const LOOK_BACK: i64 = 4000;
/// The digits of an id that are its time in milliseconds.
const TIME: usize = 13;
/// The digits of an id.
const ID: usize = 30;

/// The filters of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// A group of kinds; empty for all.
    pub(super) group: &'static str,
    /// What was typed into the search.
    pub(super) q: String,
    /// The user whom the entries are about.
    pub(super) user_id: String,
    /// The application that acted.
    pub(super) client_id: String,
    /// The first day.
    pub(super) since: Option<Date>,
    /// The last day.
    pub(super) until: Option<Date>,
}

impl Wish {
    /// What the address of the page says.
    pub(super) fn of(desk: &Desk) -> Self {
        let wanted = desk.query.get("group");
        let day = |name: &str| desk.query.get(name).parse().ok();
        Self {
            group: GROUPS.iter().map(|(id, ..)| *id).find(|id| *id == wanted).unwrap_or(""),
            q: desk.query.get("q").to_owned(),
            user_id: desk.query.get("user_id").to_owned(),
            client_id: desk.query.get("client_id").to_owned(),
            since: day("since"),
            until: day("until"),
        }
    }

    /// A page with these filters.
    pub(super) fn address(&self, path: &str) -> String {
        let filters = [
            ("group", self.group),
            ("q", &self.q),
            ("user_id", &self.user_id),
            ("client_id", &self.client_id),
            ("since", &self.first_day()),
            ("until", &self.last_day()),
        ];
        with_query(path, &filters)
    }

    /// The first day, as a field shows it.
    pub(super) fn first_day(&self) -> String {
        self.since.map(|day| day.to_string()).unwrap_or_default()
    }

    /// The last day, as a field shows it.
    pub(super) fn last_day(&self) -> String {
        self.until.map(|day| day.to_string()).unwrap_or_default()
    }

    /// What is wrong with the search, if it is asked for alone: the place that the API names is then the one that was
    /// typed, and a text with parentheses that do not match cannot reach beyond its own.
    pub(super) async fn problem(&self, desk: &Desk) -> Result<Option<String>, Failure> {
        if self.q.is_empty() {
            return Ok(None);
        }
        match desk.api.get(&with_query("/logs", &[("per_page", "0"), ("q", &self.q)])).await {
            Ok(_) => Ok(None),
            Err(failure) if failure.is_mendable() => Ok(Some(failure.reason())),
            Err(failure) => Err(failure),
        }
    }

    /// The query; `more` has to hold as well.
    pub(super) fn query(&self, more: Option<String>) -> String {
        let kinds = GROUPS.iter().find(|(id, ..)| *id == self.group).map_or(&[][..], |(_, _, kinds)| *kinds);
        let mut parts = Vec::new();
        if !kinds.is_empty() {
            parts.push(format!("type:({})", kinds.join(" OR ")));
        }
        for (name, value) in [("user_id", &self.user_id), ("client_id", &self.client_id)] {
            if !value.is_empty() {
                parts.push(format!("{name}:{}", phrase(value)));
            }
        }
        if let Some(day) = self.since {
            parts.push(format!("date:[{day} TO *]"));
        }
        // In a range a date stands for its beginning.
        if let Some(day) = self.until.and_then(|day| day.checked_add(1.day()).ok()) {
            parts.push(format!("date:[* TO {day}}}"));
        }
        if !self.q.is_empty() {
            parts.push(format!("({})", self.q));
        }
        parts.extend(more);
        parts.join(" AND ")
    }
}

fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The condition for entries from shortly before one with this id on; none if it is no id.
pub(super) fn shortly_before(id: &str) -> Option<String> {
    let digits = id.len() == ID && id.bytes().all(|byte| byte.is_ascii_digit());
    let time = id.get(..TIME).filter(|_| digits)?.parse::<i64>().ok()?;
    Some(format!("log_id:[{:013} TO *]", time.saturating_sub(LOOK_BACK).max(0)))
}

#[cfg(test)]
mod tests {
    use chancery_search::{Beside, parse};

    use super::{Wish, shortly_before};

    #[test]
    fn filters_become_one_query() {
        let wish = Wish {
            group: "changes",
            q: "anna OR bruno".to_owned(),
            user_id: "auth0|a\"b\\c".to_owned(),
            client_id: String::new(),
            since: Some(jiff::civil::date(2027, 1, 30)),
            until: Some(jiff::civil::date(2027, 1, 31)),
        };
        let query = wish.query(shortly_before(&format!("1798761600000{}", "0".repeat(17))));
        assert_eq!(
            query,
            "type:(sapi OR fapi) AND user_id:\"auth0|a\\\"b\\\\c\" AND date:[2027-01-30 TO *] AND \
             date:[* TO 2027-02-01} AND (anna OR bruno) AND log_id:[1798761596000 TO *]"
        );
        parse(&query, Beside::Or).unwrap();
    }

    #[test]
    fn only_an_id_says_where_to_go_on() {
        for text in ["", "1", "*", "17987616000000000000000000000x", "1 TO *] OR type:[* "] {
            assert_eq!(shortly_before(text), None, "{text}");
        }
    }
}
