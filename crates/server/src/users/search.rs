//! What users can be searched and sorted by.

use chancery_search::Node;

use super::listed::leads::{self, Lead};
use super::listed::{Wanted, sql};
use crate::db::Statement;
use crate::management::ApiError;
use crate::management::query::{Query, refused};
use crate::management::search::{Asked, Case, Column, Fields, QUERY};
use crate::tenants::TenantId;

use Case::{Exact, Folded};

/// The fields of `q`.
pub(super) static ASKED: Fields = Fields {
    known: &[
        ("user_id", Column::Text("user_id", Exact)),
        ("email", Column::Text("email", Folded)),
        ("email.domain", Column::Text(DOMAIN, Folded)),
        ("email_verified", Column::Bool("email_verified")),
        ("username", Column::Text("username", Folded)),
        ("phone_number", Column::Text("phone_number", Exact)),
        ("phone_verified", Column::Bool("phone_verified")),
        ("name", Column::Text("name_folded", Folded)),
        ("nickname", Column::Text("nickname_folded", Folded)),
        ("given_name", Column::Text("given_name_folded", Folded)),
        ("family_name", Column::Text("family_name_folded", Folded)),
        ("picture", Column::Text("picture", Exact)),
        ("blocked", Column::Bool("blocked")),
        ("logins_count", Column::Int("logins_count")),
        ("last_ip", Column::Text("last_ip", Exact)),
        ("last_login", Column::Millis("last_login")),
        ("last_password_reset", Column::Millis("last_password_reset")),
        ("created_at", Column::Millis("created_at")),
        ("updated_at", Column::Millis("updated_at")),
        ("user_metadata", Column::document("user_metadata", &[], Folded)),
        ("app_metadata", Column::document("app_metadata", &[], Folded)),
        (
            "identities",
            Column::Related {
                rows: sql::THEIR_IDENTITIES,
                columns: &[
                    ("connection", Column::Text("c.name", Exact)),
                    ("provider", Column::Text("i.provider", Exact)),
                    ("user_id", Column::Text("i.identity_id", Exact)),
                    (
                        "isSocial",
                        Column::Bool(
                            "(i.provider IN ('google-oauth2', 'github', 'windowslive', 'apple', 'oauth2'))",
                        ),
                    ),
                    ("profileData", Column::document("i.profile", &[], Folded)),
                ],
            },
        ),
    ],
    bare: &["email", "name", "nickname", "username"],
};

/// What follows the last @ of an address, put so that both databases understand it.
const DOMAIN: &str = "substr(email, length(rtrim(email, replace(email, '@', ''))) + 1)";

/// What users can be sorted by, and the columns that stand for it.
const SORTED: &[(&str, &str)] = &[
    ("created_at", "created_at"),
    ("email", "email"),
    ("family_name", "family_name_folded"),
    ("given_name", "given_name_folded"),
    ("last_login", "last_login"),
    ("logins_count", "logins_count"),
    ("name", "name_folded"),
    ("nickname", "nickname_folded"),
    ("phone_number", "phone_number"),
    ("updated_at", "updated_at"),
    ("user_id", "user_id"),
    ("username", "username"),
];

/// The column of the order in which users are listed if nothing else is asked for.
pub(super) const BY_AGE: &str = "created_at";

/// What a request asks for, with the condition for its connection; none if it is every user in the order of age.
pub(super) fn wanted(
    query: &Query,
    tenant: &TenantId,
    connection: Option<&str>,
) -> Result<Option<Wanted>, ApiError> {
    // The older engines knew the same fields; their syntax is the same where it still works.
    query.one_of("search_engine", &["v1", "v2", "v3"])?;
    query.flag("primary_order")?;
    let (column, descending) = order(query)?;
    let asked = ASKED.asked(query, "q", QUERY)?;
    let (mut condition, mut choices, mut parts) = (None, Vec::new(), 0);
    if let Some(Asked { tree, condition: own }) = asked {
        choices = leads::choices(&tree, tenant);
        parts = if matches!(tree, Node::Clause(_)) { 1 } else { 2 };
        condition = Some(own);
    }
    if let Some(id) = connection {
        choices.push(vec![Lead::connection(id)]);
        parts += 1;
        let of_connection = sql::of_connection(id);
        condition = Some(match condition {
            Some(own) => own.text(sql::AND).with(of_connection),
            None => of_connection,
        });
    }
    if condition.is_none() && column == BY_AGE && !descending {
        return Ok(None);
    }
    Ok(Some(Wanted { condition, choices, is_one_part: parts == 1, column, descending }))
}

/// What `q` asks for; none if it is not there.
pub fn condition(query: &Query) -> Result<Option<Statement>, ApiError> {
    ASKED.condition(query, "q", QUERY)
}

fn order(query: &Query) -> Result<(&'static str, bool), ApiError> {
    let Some(asked) = query.text("sort") else { return Ok((BY_AGE, false)) };
    let shown = || asked.chars().take(100).collect::<String>();
    let (name, direction) = asked.rsplit_once(':').unwrap_or((asked, ""));
    let descending = match direction {
        "1" => false,
        "-1" => true,
        _ => {
            let reason = format!("{} is no field with :1 or :-1 after it", shown());
            return Err(refused(&reason, "sort"));
        }
    };
    let sorted = SORTED.iter().find(|(own, _)| *own == name).map(|(_, column)| (*column, descending));
    sorted.ok_or_else(|| {
        let names: Vec<_> = SORTED.iter().map(|(name, _)| *name).collect();
        let reason = format!("users are not sorted by {}, only by {}", shown(), names.join(", "));
        refused(&reason, "sort")
    })
}
