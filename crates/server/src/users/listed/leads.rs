//! Where the parts of a query lead: to sets of users that an index holds together.
//!
//! A lead holds everybody for whom its part of the query holds, and perhaps others: whoever follows one still asks the
//! whole condition of each. Must never leave anybody out; a part that no index serves has no lead.

use chancery_search::{Bound, Clause, Field, Node, Piece, Test};

use super::super::search::ASKED;
use super::sql;
use crate::db::{Member, Statement, TERM_LENGTH, fold, is_whole_number};
use crate::management::search::{Column, QUERY, after_all, number, whole};
use crate::tenants::TenantId;

/// The columns that an index of users begins with.
const INDEXED: &[&str] = &[
    "user_id",
    "email",
    "username",
    "phone_number",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "logins_count",
    "last_ip",
    "last_login",
    "last_password_reset",
    "created_at",
    "updated_at",
];

/// Where the terms of connections begin. They hold ids: connections know nobody by name.
const CONNECTION: &str = "identities.connection";

/// A set of users that an index holds together.
#[derive(Debug, Clone)]
pub(in crate::users) enum Lead {
    /// Those who have exactly this in a column of an index; this is the condition.
    Value(Statement),
    /// Those in a range of an index of a column; this is the condition.
    Range(Statement),
    /// Those who have a term. They can be had in the order of age.
    Term(Term),
    /// Those who have a term at least as great as the first text, and less than the second if there is one.
    Terms(String, Option<String>),
}

/// A term that users have.
#[derive(Debug, Clone)]
pub(in crate::users) struct Term {
    /// The term, as an expression.
    pub(in crate::users) term: Statement,
    /// Whether the part of the query holds for everybody who has it.
    pub(in crate::users) is_exact: bool,
}

impl Lead {
    fn term(member: &Member, text: &str) -> Self {
        let term = member.text(text);
        let is_exact = term.chars().count() < TERM_LENGTH;
        Self::Term(Term { term: sql::term(term), is_exact })
    }

    fn beginning(start: String) -> Self {
        let end = after_all(&start);
        Self::Terms(start, end)
    }

    /// The users of a connection.
    pub(in crate::users) fn connection(id: &str) -> Self {
        Self::term(&Member::root(CONNECTION), id)
    }
}

/// Leads that hold everybody together for whom a part of a query holds.
pub(in crate::users) type Choice = Vec<Lead>;

/// The choices that a query offers: each alone is enough.
pub(in crate::users) fn choices(node: &Node, tenant: &TenantId) -> Vec<Choice> {
    match node {
        Node::All | Node::Not(_) => Vec::new(),
        Node::Clause(clause) => of_clause(clause, tenant).into_iter().collect(),
        Node::And(nodes) => nodes.iter().flat_map(|node| choices(node, tenant)).collect(),
        Node::Or(nodes) => {
            let each: Option<Vec<Choice>> = nodes.iter().map(|node| best(choices(node, tenant))).collect();
            each.map(|choices| choices.concat()).into_iter().collect()
        }
    }
}

/// The choice that most likely holds the fewest.
fn best(choices: Vec<Choice>) -> Option<Choice> {
    choices.into_iter().min_by_key(likely)
}

/// The order in which choices are worth a look: the smaller, the fewer they most likely hold.
pub(in crate::users) fn likely(choice: &Choice) -> u8 {
    let rank = |lead: &Lead| match lead {
        Lead::Value(_) => 0,
        Lead::Term(_) => 1,
        Lead::Range(_) | Lead::Terms(..) => 2,
    };
    choice.iter().map(rank).max().unwrap_or(0)
}

fn of_clause(clause: &Clause, tenant: &TenantId) -> Option<Choice> {
    if let Some(field) = &clause.field {
        return of_field(field, clause, tenant);
    }
    let named = |name: &&str| {
        let field = Field { path: vec![(*name).to_owned()], at: clause.at };
        of_field(&field, clause, tenant)
    };
    let each: Option<Vec<Choice>> = ASKED.bare.iter().map(named).collect();
    each.map(|choices| choices.concat())
}

fn of_field(field: &Field, clause: &Clause, tenant: &TenantId) -> Option<Choice> {
    let (name, column, rest) = ASKED.resolve(field)?;
    let exactly = whole(&clause.test);
    let one = |lead| Some(vec![lead]);
    match (name, exactly) {
        _ if INDEXED.contains(&name) => {
            of_column(&column, &Clause { field: Some(field.clone()), ..clause.clone() })
        }
        ("email_verified" | "blocked", Some(text)) => one(Lead::term(&Member::root(name), text)),
        // Nearly nobody has a phone, so that only those who have are worth a term.
        ("phone_verified", Some("true")) => one(Lead::term(&Member::root(name), "true")),
        // Between two numbers lie texts here, and in documents numbers.
        ("email.domain", _) if matches!(clause.test, Test::Range { .. }) => None,
        ("email.domain", _) => of_member(&Member::root(name), &clause.test),
        ("identities", _) => of_identity(rest, &clause.test, tenant),
        ("user_metadata" | "app_metadata", _) => {
            let member = rest.iter().fold(Member::root(name), |member, name| member.named(name));
            of_member(&member, &clause.test)
        }
        _ => None,
    }
}

/// What an index of a column serves: a value, a beginning, a range, or that there is one.
fn of_column(column: &Column, clause: &Clause) -> Option<Choice> {
    let lead = match (&clause.test, column) {
        // Whatever there is, is at least the least; that something is there is no range of an index.
        (Test::Exists, Column::Text(column, _)) => Lead::Range(sql::at_least(column, "")),
        (Test::Exists, Column::Int(column) | Column::Millis(column)) => {
            Lead::Range(sql::at_least(column, i64::MIN))
        }
        (Test::Word(pieces), Column::Text(..)) => match pieces.as_slice() {
            [Piece::Text(_)] => Lead::Value(ASKED.holds(clause, QUERY)?),
            // What begins with the text before the first wildcard, whatever comes after it.
            [Piece::Text(text), ..] => {
                let test = Test::Word(vec![Piece::Text(text.clone()), Piece::Any]);
                Lead::Range(ASKED.holds(&Clause { test, ..clause.clone() }, QUERY)?)
            }
            _ => return None,
        },
        (Test::Phrase(_), Column::Text(..) | Column::Int(_)) | (Test::Word(_), Column::Int(_)) => {
            Lead::Value(ASKED.holds(clause, QUERY)?)
        }
        (Test::Range { .. } | Test::Phrase(_) | Test::Word(_), _) => Lead::Range(ASKED.holds(clause, QUERY)?),
        (Test::Exists, _) => return None,
    };
    Some(vec![lead])
}

fn of_identity(rest: &[String], test: &Test, tenant: &TenantId) -> Option<Choice> {
    let exactly = whole(test)?;
    let lead = match rest.first().map(String::as_str)? {
        "connection" => {
            let texts = Member::root(CONNECTION).texts();
            Lead::Term(Term { term: sql::term_of_connection(tenant, texts, exactly), is_exact: true })
        }
        "provider" => Lead::term(&Member::root("identities.provider"), exactly),
        "user_id" => Lead::term(&Member::root("identities.user_id"), exactly),
        _ => return None,
    };
    Some(vec![lead])
}

/// The terms of a member of a document, or of what is kept like one: in small letters.
fn of_member(member: &Member, test: &Test) -> Option<Choice> {
    if let Some(text) = whole(test) {
        let mut leads = vec![Lead::term(member, &fold(text))];
        // Numbers are equal however they are written, and whole ones have a term in the one spelling.
        if !is_whole_number(text)
            && let Some(number) = number(text).and_then(|number| number.parse().ok())
        {
            leads.push(Lead::Term(Term { term: sql::term(member.number(number)), is_exact: false }));
        }
        return Some(leads);
    }
    let lead = match test {
        Test::Exists => Lead::beginning(member.texts()),
        Test::Word(pieces) => match pieces.first() {
            Some(Piece::Text(text)) => Lead::beginning(member.text(&fold(text))),
            _ => return None,
        },
        Test::Range { low, high } => between(member, low.as_ref(), high.as_ref())?,
        Test::Phrase(_) => return None,
    };
    Some(vec![lead])
}

fn between(member: &Member, low: Option<&Bound>, high: Option<&Bound>) -> Option<Lead> {
    let is_numeric = low.into_iter().chain(high).all(|end| number(&end.value).is_some());
    let term = |text: &str| {
        if is_numeric {
            number(text)?.parse().ok().map(|number| member.number(number))
        } else {
            Some(member.text(&fold(text)))
        }
    };
    let all = if is_numeric { member.numbers() } else { member.texts() };
    let from = low.map_or(Some(all.clone()), |low| term(&low.value))?;
    // The end itself and what was cut off it belong to the set, whether they belong to the range or not.
    let to = high.map_or(Some(all), |high| term(&high.value))?;
    Some(Lead::Terms(from, after_all(&to)))
}
