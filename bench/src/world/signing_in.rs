//! The part of the stage on which people sign in, and that on which there are many of them.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Pair, World, stand};
use crate::admin::text;
use crate::flows::{REFRESHING, Refreshing, WithPassword, WithSession};
use crate::http::{self, Connection};
use crate::load::{CONNECTIONS, Flow, Service, Target};
use crate::people::People;
use crate::plan::{Plan, Scenario};
use crate::postgres::Database;
use crate::server::Server;
use crate::{Outcome, saml, say, users};

/// People with an account.
const PEOPLE: usize = 64;
/// Those of them who are signed in already.
const SIGNED_IN: usize = 16;
/// How much more an operation on users may cost where there are more of them.
const FLAT: f64 = 1.3;

impl World {
    /// People who sign in, and what is measured of it.
    pub(super) async fn with_people(&mut self, plan: &Plan, home: &Path) -> Outcome<()> {
        let people = Arc::new(People::settle(&self.base, &self.management, PEOPLE).await?);
        let sessions = Arc::new(WithSession::open(&self.base, &people, SIGNED_IN).await?);
        let service = self.base.service();
        if plan.has(Scenario::CodePkce) {
            let flow: Arc<dyn Flow> = Arc::<WithSession>::clone(&sessions);
            self.targets.push(Target::flow("code_pkce", service.clone(), flow, CONNECTIONS));
        }
        if plan.has(Scenario::LoginPassword) {
            let flow = Arc::new(WithPassword::new(&people));
            self.targets.push(Target::flow("login_password", service.clone(), flow, CONNECTIONS));
        }
        if plan.has(Scenario::Userinfo) {
            let requests = user_information(&self.base, &sessions, &people.host).await?;
            self.targets.push(Target::new("userinfo", service.clone(), requests, "\"sub\":\"auth0|"));
        }
        if plan.has(Scenario::Saml) {
            let requests = saml::requests(&self.base, &self.management, sessions.browsers()).await?;
            self.targets.push(Target::new("saml", service.clone(), requests, saml::HOLDS));
        }
        if plan.has(Scenario::Refresh) {
            let refreshing = Refreshing::begin(&self.base, &sessions).await?;
            self.refresh("refresh_sqlite", refreshing, service);
            match &plan.postgres {
                Some(server) => self.refresh_on_postgres(plan, home, server).await?,
                None => say::progress("refresh on PostgreSQL is left out: no --postgres and no DATABASE_URL"),
            }
        }
        self.people = Some(people);
        Ok(())
    }

    fn refresh(&mut self, name: &str, refreshing: Refreshing, service: Service) {
        let refreshing = Arc::new(refreshing);
        let flow: Arc<dyn Flow> = Arc::<Refreshing>::clone(&refreshing);
        let target = Target::flow(name, service, flow, REFRESHING);
        self.targets.push(target.clone());
        self.refreshing.push((target, refreshing));
    }

    async fn refresh_on_postgres(&mut self, plan: &Plan, home: &Path, server: &str) -> Outcome<()> {
        let database = Database::create(server, "refresh").await?;
        let (_, server, management) = stand(plan, home, "postgres", Some(&database)).await?;
        self.databases.push(database);
        let people = Arc::new(People::settle(&server, &management, SIGNED_IN).await?);
        let sessions = WithSession::open(&server, &people, SIGNED_IN).await?;
        let refreshing = Refreshing::begin(&server, &sessions).await?;
        self.refresh("refresh_postgres", refreshing, server.service());
        self.others.push(server);
        Ok(())
    }

    /// Few users and many, on each engine that there is.
    pub(super) async fn with_users(&mut self, plan: &Plan, home: &Path) -> Outcome<()> {
        if plan.postgres.is_none() {
            say::progress("users on PostgreSQL are left out: no --postgres and no DATABASE_URL");
        }
        for server in [None].into_iter().chain(plan.postgres.as_deref().map(Some)) {
            let mut before: Option<usize> = None;
            for &count in &plan.users {
                let database = match server {
                    Some(server) => Some(Database::create(server, &format!("users_{count}")).await?),
                    None => None,
                };
                let crowd = users::gather(plan, home, database.as_ref(), count).await?;
                self.databases.extend(database);
                self.others.push(crowd.server);
                let first = self.targets.len();
                for (index, target) in crowd.targets.into_iter().enumerate() {
                    let smaller = before.map(|before| before + index).filter(|&smaller| {
                        // What the smaller size lacks stands at the end, where the next size begins.
                        smaller < first
                    });
                    self.pairs.extend(smaller.map(|one| Pair { many: first + index, one, most: FLAT }));
                    self.targets.push(target);
                }
                before = Some(first);
            }
        }
        Ok(())
    }
}

/// A request for each of those who are signed in; each answer is about the right one.
async fn user_information(server: &Server, sessions: &WithSession, host: &str) -> Outcome<Vec<Vec<u8>>> {
    let mut connection = Connection::open(server.address).await?;
    let mut requests = Vec::new();
    for (token, user_id) in sessions.access_tokens(server).await? {
        let request = http::get(host, "/userinfo", Some(&token));
        let answer = connection.call(&request).await?;
        let claims: Value = serde_json::from_slice(answer.body)?;
        if text(&claims, "sub")? != user_id || text(&claims, "email")?.is_empty() {
            return Err(format!("/userinfo of {user_id} answered {}", answer.told()).into());
        }
        requests.push(request);
    }
    Ok(requests)
}
