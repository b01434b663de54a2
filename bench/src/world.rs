//! The stage: servers with their tenants, applications and APIs, and what is measured on each.
//!
//! Every size of the scale curves is a server of its own, all alive at the same time, so that the sizes can be
//! measured in turn within one round.

use std::path::Path;
use std::sync::Arc;

use crate::admin::{self, Admin, Application};
use crate::flows::Refreshing;
use crate::http;
use crate::load::Target;
use crate::people::People;
use crate::plan::{Plan, Scenario};
use crate::postgres::Database;
use crate::server::{Installation, Management, Server};
use crate::{Outcome, clock, cpu, say};

mod signing_in;

/// Applications whose requests are sent in turn where there are many.
const IN_TURN: usize = 2000;
/// The scope of management tokens that the benchmark itself uses: a token with all 253 would be another test.
const SCOPE: &str = "read:signing_keys";
/// Where the keys are published.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";

/// A size of a scale curve: its targets beside those of one application or one tenant.
pub(crate) struct Pair {
    /// Index of the larger one among the targets.
    pub(crate) many: usize,
    /// Index of the smaller one.
    pub(crate) one: usize,
    /// How much more the larger one may cost.
    pub(crate) most: f64,
}

/// The servers and what is measured on them.
pub(crate) struct World {
    /// The first one: one tenant, one application.
    pub(crate) base: Server,
    /// How to manage it.
    pub(crate) management: Management,
    /// The others.
    others: Vec<Server>,
    /// What they have on PostgreSQL: dropped after they have ended.
    databases: Vec<Database>,
    /// Who signs in at the first server, where that is planned.
    pub(crate) people: Option<Arc<People>>,
    /// The refresh tokens that are exchanged, and where.
    pub(crate) refreshing: Vec<(Target, Arc<Refreshing>)>,
    /// What every round measures.
    pub(crate) targets: Vec<Target>,
    /// What is compared.
    pub(crate) pairs: Vec<Pair>,
    /// The request for an RS256 token.
    pub(crate) token: Vec<u8>,
    /// Bytes of the published set of keys.
    pub(crate) keys_length: usize,
}

/// Makes the tenant `main` without limits, and serves it; on PostgreSQL, if a database is given.
pub(crate) async fn stand(
    plan: &Plan,
    home: &Path,
    name: &str,
    database: Option<&Database>,
) -> Outcome<(Installation, Server, Management)> {
    let mut installation = Installation::empty(&plan.binary, home, name)?;
    if let Some(database) = database {
        installation = installation.on(database);
    }
    let management = installation.init()?;
    installation.call(&["tenants", "set", "main", "requests_per_second=0", "rotations_per_day=0"])?;
    let server = installation.serve().await?;
    Ok((installation, server, management))
}

impl World {
    /// Makes all that the plan needs.
    pub(crate) async fn build(plan: &Plan, home: &Path) -> Outcome<Self> {
        let (_, base, management) = stand(plan, home, "base", None).await?;
        let mut admin = Admin::enter(base.address, &management).await?;
        let audiences = (admin.api("RS256").await?, admin.api("PS256").await?, admin.api("HS256").await?);
        let (rs256, ps256, hs256) = (audiences.0.as_str(), audiences.1.as_str(), audiences.2.as_str());
        let application = admin.application("Bench", &[rs256, ps256, hs256]).await?;
        let host = management.host.clone();
        let token = application.request(&host, rs256, "");
        let keys_length =
            http::Connection::open(base.address).await?.call(&http::get(&host, JWKS, None)).await?.body.len();
        let mut world = Self {
            base,
            management,
            others: vec![],
            databases: vec![],
            people: None,
            refreshing: vec![],
            targets: vec![],
            pairs: vec![],
            token,
            keys_length,
        };
        let document = |path: &str| http::get(&host, path, None);
        let (applications, tenants) =
            (plan.has(Scenario::ScaleApplications), plan.has(Scenario::ScaleTenants));
        let mut rs256_at = None;
        if plan.has(Scenario::TokenRs256) || applications {
            rs256_at = Some(world.add("token_rs256", world.token.clone()));
        }
        if plan.has(Scenario::TokenPs256) {
            world.add("token_ps256", application.request(&host, ps256, ""));
        }
        if plan.has(Scenario::TokenHs256) {
            world.add("token_hs256", application.request(&host, hs256, ""));
        }
        let mut jwks_at = None;
        if plan.has(Scenario::Jwks) || applications || tenants {
            jwks_at = Some(world.add("jwks", document(JWKS)));
        }
        if plan.has(Scenario::Discovery) {
            world.add("discovery", document("/.well-known/openid-configuration"));
        }
        if plan.has(Scenario::KeysSigning) {
            let mut connection = http::Connection::open(world.base.address).await?;
            let manager = Application::of(&world.management);
            let request = manager.request(&host, &world.management.audience, SCOPE);
            let bearer = admin::token(&mut connection, &request).await?;
            world.add("keys_signing", http::get(&host, "/api/v2/keys/signing", Some(&bearer)));
        }
        if plan.has_people() {
            world.with_people(plan, home).await?;
        }
        if plan.has(Scenario::Users) {
            world.with_users(plan, home).await?;
        }
        if let (true, Some(token), Some(jwks)) = (applications, rs256_at, jwks_at) {
            for count in &plan.applications {
                world.with_applications(plan, home, (*count, token, jwks)).await?;
            }
        }
        if let (true, Some(jwks)) = (tenants, jwks_at) {
            let manager = Application::of(&world.management);
            let request = manager.request(&host, &world.management.audience, SCOPE);
            let token = world.add("token_rs256, 1 tenant", request);
            for count in &plan.tenants {
                world.with_tenants(plan, home, (*count, token, jwks)).await?;
            }
        }
        for target in &world.targets {
            target.call_each_once().await?;
        }
        world.rest().await?;
        Ok(world)
    }

    fn add(&mut self, name: &str, request: Vec<u8>) -> usize {
        self.targets.push(self.base.target(name, vec![request]));
        self.targets.len() - 1
    }

    fn compare(&mut self, many: Target, one: usize) {
        self.targets.push(many);
        self.pairs.push(Pair { many: self.targets.len() - 1, one, most: 1.1 });
    }

    async fn with_applications(
        &mut self,
        plan: &Plan,
        home: &Path,
        (count, token, jwks): (usize, usize, usize),
    ) -> Outcome<()> {
        let (_, server, management) = stand(plan, home, &format!("{count}-applications"), None).await?;
        let mut admin = Admin::enter(server.address, &management).await?;
        let audience = admin.api("RS256").await?;
        let (started, before) = (clock::now(), cpu::of_process(server.process)?);
        let applications = admin::seed(&server, &management, &audience, (count, IN_TURN)).await?;
        let spent = cpu::of_process(server.process)?.saturating_sub(before);
        let wall = started.elapsed();
        say::progress(format!(
            "{count} applications with a grant each, through the Management API: {:.1} s, {:.1} s of processor time",
            wall.as_secs_f64(),
            spent.as_secs_f64()
        ));
        let host = &management.host;
        let requests =
            applications.iter().map(|application| application.request(host, &audience, "")).collect();
        self.compare(server.target(format!("token_rs256, {count} applications"), requests), token);
        let request = http::get(host, JWKS, None);
        self.compare(server.target(format!("jwks, {count} applications"), vec![request]), jwks);
        self.others.push(server);
        Ok(())
    }

    async fn with_tenants(
        &mut self,
        plan: &Plan,
        home: &Path,
        (count, token, jwks): (usize, usize, usize),
    ) -> Outcome<()> {
        let (installation, server, management) = stand(plan, home, &format!("{count}-tenants"), None).await?;
        let started = clock::now();
        let mut tenants = vec![management];
        for number in 1..count {
            tenants.push(installation.create_tenant(&format!("t{number}"))?);
        }
        say::progress(format!(
            "{count} tenants at the command line: {:.1} s",
            started.elapsed().as_secs_f64()
        ));
        let tokens = tenants
            .iter()
            .map(|tenant| Application::of(tenant).request(&tenant.host, &tenant.audience, SCOPE));
        let tokens = server.target(format!("token_rs256, {count} tenants"), tokens.collect());
        let keys = tenants.iter().map(|tenant| http::get(&tenant.host, JWKS, None));
        let keys = server.target(format!("jwks, {count} tenants"), keys.collect());
        let started = clock::now();
        keys.call_each_once().await?;
        say::progress(format!("their {count} key rings: {:.1} s", started.elapsed().as_secs_f64()));
        self.compare(tokens, token);
        self.compare(keys, jwks);
        self.others.push(server);
        Ok(())
    }

    /// Waits until every server has nothing to do, nor plans to: keys are made ahead five seconds after the start.
    async fn rest(&self) -> Outcome<()> {
        say::progress("waiting for the servers to rest");
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        for server in self.others.iter().chain([&self.base]) {
            server.quiet().await?;
        }
        for server in self.others.iter().chain([&self.base]) {
            let memory = cpu::megabytes(server.process, "VmRSS")?;
            say::progress(format!("server on port {}: {memory:.1} MB resident", server.address.port()));
        }
        Ok(())
    }
}
