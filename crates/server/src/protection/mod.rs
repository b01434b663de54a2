//! Attack protection: who is kept from signing in after too many failures, and for how long.
//!
//! Two limits. Brute-force protection counts failures of an account, by address or over all of them, and blocks
//! until somebody lifts the block or thirty days pass without a failure. Throttling counts failures of an address
//! over all accounts and gives tries back at a steady rate. Both count in the database, so every process sees the
//! same and no restart forgets. Must never tell whether an account exists: unknown identifiers count like known.

pub mod api;
mod blocks;
pub mod settings;
pub mod sql;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::Ipv6Net;

use crate::administrators::{is_hidden_connection, is_hidden_user};
use crate::app::App;
use crate::connections::Connection;
use crate::db::{DbError, Tx};
use crate::logs::{Entry, Kind};
use crate::tenants::{Tenant, TenantId};
use crate::users::User;
use crate::write::Write;
use settings::{BruteForce, Stage, Throttling};

/// How long failures and blocks are remembered after the last failure, in milliseconds.
const REMEMBERED: i64 = 30 * 86_400_000;
/// Characters of an identifier that are counted apart; nobody signs in with longer ones.
const LONGEST_IDENTIFIER: usize = 320;
/// How long [`evenly`] takes at least: many times what it takes to write a mail.
const EVEN: Duration = Duration::from_millis(100);

/// Does something whose duration would tell whether an account exists: whoever waits for it waits a fixed time.
pub async fn evenly<T>(work: impl Future<Output = T>) -> T {
    tokio::join!(work, tokio::time::sleep(EVEN)).0
}

/// Somebody who tries to sign in.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The account, as it is counted.
    identifier: String,
    /// The address that it comes from.
    ip: IpAddr,
    /// Whether the connection wants its accounts protected.
    guarded: bool,
}

/// Whether somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// This account is blocked for this address, or for all.
    Blocked,
    /// This address tried too often; it may again after so many seconds.
    Throttled(i64),
}

/// What a failure led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing yet.
    None,
    /// The account has just failed once too often.
    LimitReached {
        /// Whether it is blocked now.
        blocked: bool,
        /// Whether the tenant wants the user told by mail.
        notify: bool,
    },
}

impl Attempt {
    /// An attempt to sign in at a connection, with what was typed as e-mail address, username or phone number.
    pub fn at(connection: &Connection, typed: &str, ip: IpAddr) -> Self {
        let attempt = Self::new(typed, ip, connection.options().brute_force_protection());
        Self { identifier: of_realm(is_hidden_connection(&connection.id), attempt.identifier), ..attempt }
    }

    /// The same at any connection that the Management API shows. `guarded` is the connection's own wish for
    /// brute-force protection.
    pub fn new(typed: &str, ip: IpAddr, guarded: bool) -> Self {
        Self { identifier: counted(typed), ip: ip.to_canonical(), guarded }
    }

    /// The address under which failures of the account are counted; none in the mode that counts all together.
    fn counted_ip(&self, settings: &BruteForce) -> String {
        if settings.by_ip { self.ip.to_string() } else { String::new() }
    }
}

/// An identifier as it is counted: without regard to case, and never too long for an index.
fn counted(typed: &str) -> String {
    // No identifier has such characters, and PostgreSQL does not know NUL.
    let known = typed.trim().chars().filter(|character| !character.is_control());
    known.take(LONGEST_IDENTIFIER).collect::<String>().to_lowercase()
}

/// The accounts of administrators are counted apart from those of the same names. Whoever may lift the blocks of
/// users could guess the passwords of administrators without an end; nothing that is typed begins like this.
fn of_realm(hidden: bool, counted: String) -> String {
    if hidden { format!("administrators\n{counted}") } else { counted }
}

/// The address as throttling counts it: of IPv6 the network, as each site has more addresses than it could try.
fn network(ip: IpAddr) -> String {
    const SITE: u8 = 64;
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => Ipv6Net::new(ip, SITE).map_or(ip, |net| net.network()).to_string(),
    }
}

/// Before a password is checked. Reads at most two rows.
pub async fn before_login(app: &App, tenant: &Tenant, attempt: &Attempt) -> Result<Verdict, DbError> {
    let brute_force = BruteForce::of(tenant);
    if attempt.guarded && brute_force.keeps_out(attempt.ip) {
        let place = (attempt.identifier.as_str(), attempt.counted_ip(&brute_force));
        let since = app.clock.now().as_millisecond() - REMEMBERED;
        if sql::is_blocked(&app.db, tenant.id(), (place.0, &place.1), since).await? {
            return Ok(Verdict::Blocked);
        }
    }
    before_guess(app, tenant, attempt.ip).await
}

/// Before anything is looked up that an address might guess, such as the code of a device: it has as many tries as
/// there are for passwords.
pub async fn before_guess(app: &App, tenant: &Tenant, ip: IpAddr) -> Result<Verdict, DbError> {
    let throttling = Throttling::of(tenant);
    if throttling.keeps_out(ip) {
        let wait = throttle(app, tenant, (Stage::Login, ip), &throttling).await?;
        return Ok(wait.map_or(Verdict::Allowed, Verdict::Throttled));
    }
    Ok(Verdict::Allowed)
}

/// How many seconds an address has to wait for its next try; none if it has tries left.
async fn throttle(
    app: &App,
    tenant: &Tenant,
    (stage, ip): (Stage, IpAddr),
    settings: &Throttling,
) -> Result<Option<i64>, DbError> {
    let bucket = sql::bucket(&app.db, tenant.id(), (stage, &network(ip))).await?;
    Ok(bucket.and_then(|bucket| settings.limits(stage).wait(bucket, app.clock.now().as_millisecond())))
}

/// After a wrong password or an unknown account: counts it, in one change with its log entry.
pub async fn after_failure(
    app: &Arc<App>,
    tenant: &Tenant,
    attempt: &Attempt,
    entry: Entry,
) -> Result<Consequence, DbError> {
    let now = app.clock.now().as_millisecond();
    let brute_force = BruteForce::of(tenant);
    let mut write = Write::begin(app, tenant.id()).await?;
    let mut limits = Vec::new();
    let mut consequence = Consequence::None;
    if attempt.guarded && brute_force.counts(attempt.ip) {
        let place = (attempt.identifier.as_str(), &*attempt.counted_ip(&brute_force));
        let times = (now, now - REMEMBERED);
        let failures = sql::count_failure(write.tx(), tenant.id(), place, times).await?;
        let blocked = brute_force.keeps_out(attempt.ip)
            && failures >= brute_force.max_attempts
            && sql::block(write.tx(), tenant.id(), place, times).await?;
        let told = !brute_force.keeps_out(attempt.ip) && failures == brute_force.max_attempts;
        if blocked || told {
            consequence = Consequence::LimitReached { blocked, notify: brute_force.notifies };
            limits.push(limit(Kind::LimitWc, "Too many wrong passwords for an account", &entry));
        }
    }
    limits.extend(take_try(&mut write, tenant, (attempt.ip, now), &entry).await?);
    write.commit(entry).await?;
    tell(app, tenant, limits).await;
    Ok(consequence)
}

/// After a guess that was wrong: takes a try of the address, in one change with its log entry.
pub async fn after_guess(app: &Arc<App>, tenant: &Tenant, ip: IpAddr, entry: Entry) -> Result<(), DbError> {
    let mut write = Write::begin(app, tenant.id()).await?;
    let now = app.clock.now().as_millisecond();
    let limit = take_try(&mut write, tenant, (ip, now), &entry).await?;
    write.commit(entry).await?;
    tell(app, tenant, limit).await;
    Ok(())
}

/// Takes a try of an address; answers the entry that is due if it was the last.
async fn take_try(
    write: &mut Write,
    tenant: &Tenant,
    (ip, now): (IpAddr, i64),
    failure: &Entry,
) -> Result<Option<Entry>, DbError> {
    let throttling = Throttling::of(tenant);
    if !throttling.counts(ip) {
        return Ok(None);
    }
    let place = (Stage::Login, &*network(ip));
    let emptied = sql::take(write.tx(), tenant.id(), place, (throttling.limits(Stage::Login), now)).await?;
    let text = "An address is throttled after too many failures on any accounts";
    Ok(emptied.then(|| limit(Kind::LimitMu, text, failure)))
}

async fn tell(app: &Arc<App>, tenant: &Tenant, limits: impl IntoIterator<Item = Entry>) {
    for entry in limits {
        if let Err(busy) = app.log.append(app, tenant.id(), entry).await {
            tracing::warn!(error = %busy, "a limit that was reached could not be logged");
        }
    }
}

/// The entry of a limit, about the same attempt as the entry of the failure that reached it.
fn limit(kind: Kind, description: &str, failure: &Entry) -> Entry {
    Entry { kind, description: description.to_owned(), ..failure.clone() }
}

/// After a login, in its transaction: the account starts anew.
pub async fn after_success(tx: &mut Tx, tenant: &Tenant, attempt: &Attempt) -> Result<(), DbError> {
    let place = (attempt.identifier.as_str(), &*attempt.counted_ip(&BruteForce::of(tenant)));
    sql::forget_failures(tx, tenant.id(), place).await
}

/// Before somebody signs up: takes one try of the address. Counts every sign-up, not only those that fail.
pub async fn before_signup(app: &Arc<App>, tenant: &Tenant, ip: IpAddr) -> Result<Verdict, DbError> {
    let told = (Kind::LimitSul, "An address is throttled after too many sign-ups");
    take_each(app, tenant, (Stage::Signup, ip), told).await
}

/// Before a mail for a new password is sent to whoever was named: takes one try of the address, as a wrong password
/// does, so that nobody floods the mailboxes of others.
pub async fn before_reset(app: &Arc<App>, tenant: &Tenant, ip: IpAddr) -> Result<Verdict, DbError> {
    let told = (Kind::LimitMu, "An address is throttled after too many requests for new passwords");
    take_each(app, tenant, (Stage::Login, ip), told).await
}

/// Takes a try of an address, whether or not what follows succeeds.
async fn take_each(
    app: &Arc<App>,
    tenant: &Tenant,
    (stage, ip): (Stage, IpAddr),
    (kind, text): (Kind, &str),
) -> Result<Verdict, DbError> {
    let throttling = Throttling::of(tenant);
    if !throttling.counts(ip) {
        return Ok(Verdict::Allowed);
    }
    let wait = throttle(app, tenant, (stage, ip), &throttling).await?;
    if let (Some(wait), true) = (wait, throttling.keeps_out(ip)) {
        return Ok(Verdict::Throttled(wait));
    }
    let now = app.clock.now().as_millisecond();
    let mut tx = app.db.begin().await?;
    let place = (stage, &*network(ip));
    let emptied = sql::take(&mut tx, tenant.id(), place, (throttling.limits(stage), now)).await?;
    tx.commit().await?;
    if emptied {
        tell(app, tenant, [Entry { ip: Some(ip.to_string()), ..Entry::new(kind, text) }]).await;
    }
    Ok(Verdict::Allowed)
}

/// Lifts the blocks of a user, as after a mailed link was followed.
pub async fn unblock(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), DbError> {
    let hidden = is_hidden_user(&user.user_id);
    for identifier in user.identifiers() {
        sql::unblock(tx, tenant, &of_realm(hidden, counted(identifier))).await?;
    }
    Ok(())
}

/// Forgets what is too old to matter.
pub async fn forget_old(app: &App) -> Result<(), DbError> {
    let now = app.clock.now().as_millisecond();
    let mut tx = app.db.begin().await?;
    sql::sweep(&mut tx, (now - REMEMBERED, now - settings::LONGEST_REFILL)).await?;
    tx.commit().await
}
