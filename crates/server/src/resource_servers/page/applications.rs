//! The applications that may call an API for themselves. What one of them may do is edited on its own page.
//!
//! Must never change a grant: there is one page that does.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::{PER_PAGE, frame, load, own_path};
use crate::dashboard::ui::{Alert, Badge, Empty, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, escaped, with_query};

/// An application and its access to the API.
struct Row {
    name: String,
    /// Its page; empty for what stands for many applications.
    home: String,
    /// Where its access is edited; empty where it cannot be.
    access: String,
    badge: Badge,
    is_granted: bool,
    may_remove: bool,
}

/// What a grant lets do, of so many permissions.
fn badge(grant: Option<&Value>, api: &Value) -> Badge {
    let Some(grant) = grant else { return Badge::new(Tone::Plain, "Not authorized") };
    if grant.get("allow_all_scopes") == Some(&Value::Bool(true)) {
        return Badge::new(Tone::Good, "All permissions");
    }
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let (given, known) = (list(grant, "scope"), list(api, "scopes"));
    let counted = known
        .iter()
        .filter(|scope| given.iter().any(|own| own.as_str() == Some(text(scope, "value"))))
        .count();
    Badge::new(Tone::Good, format!("{counted} of {} permissions", known.len()))
}

fn row(desk: &Desk, api: &Value, (client, name): (&str, &str), grant: Option<&Value>) -> Row {
    let home = format!("/dashboard/applications/{}", escaped(client));
    let is_system = grant.is_some_and(|grant| grant.get("is_system") == Some(&Value::Bool(true)));
    Row {
        name: if name.is_empty() { client.to_owned() } else { name.to_owned() },
        access: format!("{home}/apis/{}/client", escaped(text(api, "id"))),
        home,
        badge: badge(grant, api),
        is_granted: grant.is_some(),
        may_remove: grant.is_some() && !is_system && desk.may("delete:client_grants"),
    }
}

#[derive(Template)]
#[template(path = "resource_servers/applications.html")]
struct Applications {
    rows: Vec<Row>,
    pager: Pager,
    /// Where others are authorized.
    others: String,
    may: bool,
    /// Whether the API lets no application in, whatever is granted.
    is_closed: bool,
}

fn is_closed(api: &Value) -> bool {
    let policies = api.get("subject_type_authorization");
    policies.and_then(|own| own.get("client")?.get("policy")?.as_str()) == Some("deny_all")
}

/// Those that are authorized.
pub(super) async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let page = desk.page_number();
    let path =
        format!("/client-grants?subject_type=client&include_totals=true&per_page={PER_PAGE}&page={page}");
    let grants = desk.api.get(&with_query(&path, &[("audience", text(&api, "identifier"))])).await?;
    let (list, total) = rows(&grants, "client_grants");
    let mut all = Vec::new();
    for grant in list {
        let client = text(grant, "client_id");
        if client.is_empty() {
            let of_all = row(
                &desk,
                &api,
                ("", "Third-party applications without an authorization of their own"),
                Some(grant),
            );
            all.push(Row { home: String::new(), access: String::new(), may_remove: false, ..of_all });
            continue;
        }
        let found =
            desk.api.look(&format!("/clients/{}?fields=name", escaped(client))).await?.unwrap_or_default();
        all.push(row(&desk, &api, (client, text(&found, "name")), Some(grant)));
    }
    let body = Applications {
        rows: all,
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        others: format!("{}/applications/authorize", own_path(&desk)),
        may: desk.may("create:client_grants"),
        is_closed: is_closed(&api),
    };
    Ok(desk.page(&frame(&desk, &api, "applications"), &body))
}

#[derive(Template)]
#[template(path = "resource_servers/authorize.html")]
struct Others {
    rows: Vec<Row>,
    pager: Pager,
    back: String,
}

/// All applications, each with the way to authorize it.
pub(super) async fn others(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let page = desk.page_number();
    let path = format!(
        "/clients?fields=client_id,name&is_global=false&include_totals=true&per_page={PER_PAGE}&page={page}"
    );
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "clients");
    let mut all = Vec::new();
    for client in list {
        let id = text(client, "client_id");
        let wanted = [("client_id", id), ("audience", text(&api, "identifier"))];
        let grants = desk.api.get(&with_query("/client-grants?subject_type=client", &wanted)).await?;
        all.push(row(&desk, &api, (id, text(client, "name")), rows(&grants, "client_grants").0.first()));
    }
    let body = Others {
        rows: all,
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        back: format!("{}/applications", own_path(&desk)),
    };
    Ok(desk.page(&frame(&desk, &api, "applications"), &body))
}
