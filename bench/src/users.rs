//! Users, few and many of them: what reading them costs, and whether their number matters.

use std::path::Path;

use serde_json::Value;

use crate::admin::{self, Admin, Application, text};
use crate::http::{self, Connection, escape};
use crate::load::Target;
use crate::plan::Plan;
use crate::postgres::Database;
use crate::server::{Installation, Server};
use crate::{Outcome, clock, people, say, sql};

/// The scope of the tokens.
const SCOPE: &str = "read:users";
/// Users and places that requests name in turn, where there are so many.
const IN_TURN: usize = 2000;
/// A page that the smallest number of users fills, so that all sizes answer as much.
const SMALL_PAGE: usize = 10;
/// What follows a place, for the same reason.
const SMALL_TAKE: usize = 5;

/// A server with so many users.
pub(crate) struct Crowd {
    /// The server.
    pub(crate) server: Server,
    /// What is measured on it; each size has the same in the same order, but small ones lack those at the end.
    pub(crate) targets: Vec<Target>,
}

/// What the walk through all users has found.
#[derive(Default)]
struct Found {
    count: usize,
    users: Vec<(String, String)>,
    places: Vec<String>,
}

/// Makes the users and the requests, on PostgreSQL if a database is given.
pub(crate) async fn gather(
    plan: &Plan,
    home: &Path,
    database: Option<&Database>,
    count: usize,
) -> Outcome<Crowd> {
    let engine = if database.is_some() { "PostgreSQL" } else { "SQLite" };
    let mut installation = Installation::empty(&plan.binary, home, &format!("{count}-users-{engine}"))?;
    if let Some(database) = database {
        installation = installation.on(database);
    }
    let management = installation.init()?;
    installation.call(&["tenants", "set", "main", "requests_per_second=0"])?;
    let server = installation.serve().await?;
    people::create(&mut Admin::enter(server.address, &management).await?, 1).await?;
    server.stop().await?;
    let started = clock::now();
    match database {
        Some(database) => sql::multiply_in_postgres(database, count).await?,
        None => sql::multiply_in_sqlite(&installation.sqlite_file(), count)?,
    }
    say::progress(format!("{count} users on {engine}: {:.1} s", started.elapsed().as_secs_f64()));
    let server = installation.serve().await?;
    let mut connection = Connection::open(server.address).await?;
    let request = Application::of(&management).request(&management.host, &management.audience, SCOPE);
    let bearer = admin::token(&mut connection, &request).await?;
    let get = |path: String| http::get(&management.host, &format!("/api/v2/{path}"), Some(&bearer));
    let found = walk(&mut connection, count, &get).await?;
    let name = |what: &str| format!("users: {what}, {count}, {engine}");
    let of_each =
        |path: &dyn Fn(&(String, String)) -> String| found.users.iter().map(path).map(&get).collect();
    let one = "\"user_id\":\"auth0|";
    let mut targets = Vec::new();
    let mut add = |what: &str, requests: Vec<Vec<u8>>, holds: &str| {
        targets.push(Target::new(name(what), server.service(), requests, holds));
    };
    add("get", of_each(&|(id, _)| format!("users/{}", escape(id))), one);
    add("by email", of_each(&|(_, email)| format!("users-by-email?email={}", escape(email))), one);
    let query = |email: &str| escape(&format!("email:\"{email}\""));
    add("search by email", of_each(&|(_, email)| format!("users?search_engine=v3&q={}", query(email))), one);
    // The user who was made through the API is no customer.
    let copies = found.users.iter().filter(|(_, email)| email != "person1@bench.example");
    let customers = copies.filter_map(|(_, email)| {
        let number = email.strip_prefix("person")?.strip_suffix("@bench.example")?;
        Some(get(format!("users?search_engine=v3&q=app_metadata.customer:c-{number}")))
    });
    add("search by metadata, one", customers.collect(), one);
    let plan = "users?search_engine=v3&q=app_metadata.plan:plan-3&per_page=1";
    add("search by metadata, every seventh", vec![get(plan.to_owned())], one);
    add("the same by name", vec![get(format!("{plan}&sort=name:-1"))], one);
    add("search by connection", vec![get("users?q=identities.provider:auth0&per_page=10".to_owned())], one);
    add("first 10", vec![get(format!("users?per_page={SMALL_PAGE}"))], one);
    let total = format!("\"total\":{count}");
    add("first 10 and total", vec![get(format!("users?per_page={SMALL_PAGE}&include_totals=true"))], &total);
    let places =
        found.places.iter().map(|place| get(format!("users?take={SMALL_TAKE}&from={}", escape(place))));
    add("5 after a place", places.collect(), one);
    if count > 50 {
        add("first 50", vec![get("users?per_page=50".to_owned())], one);
    }
    Ok(Crowd { server, targets })
}

/// Reads all users page by page, as an export would; there have to be as many as were made.
async fn walk(connection: &mut Connection, count: usize, get: &impl Fn(String) -> Vec<u8>) -> Outcome<Found> {
    let take = if count < 200 { SMALL_TAKE } else { 100 };
    let step = count.div_ceil(IN_TURN);
    let mut found = Found::default();
    let mut from = String::new();
    loop {
        let request = get(format!("users?take={take}{from}&fields=user_id,email"));
        let answer = connection.call(&request).await?;
        let body: Value = serde_json::from_slice(answer.body)?;
        let users = body.get("users").and_then(Value::as_array);
        let users = users.ok_or_else(|| format!("no users but {}", answer.told()))?;
        for user in users {
            if found.count.is_multiple_of(step) {
                found.users.push((text(user, "user_id")?, text(user, "email")?));
            }
            found.count += 1;
        }
        let Some(next) = body.get("next").and_then(Value::as_str) else { break };
        // The places are as far apart as the users, and followed by a whole page.
        if found.count + SMALL_TAKE <= count && found.places.len() < IN_TURN * found.count / count + 1 {
            found.places.push(next.to_owned());
        }
        from = format!("&from={}", escape(next));
    }
    if found.count == count {
        return Ok(found);
    }
    Err(format!("the pages hold {} users, not {count}", found.count).into())
}
