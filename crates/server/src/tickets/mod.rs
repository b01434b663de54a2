//! Tickets: links in mails that let their reader do one thing once.
//!
//! The link holds a random text, the database its keyed digest. Must never store the text, and never build a link
//! from anything but the domain of the tenant.

pub mod api;
mod sql;

use chancery_crypto::seal::Label;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::db::{Db, DbError, Tx};
use crate::tenants::{Tenant, TenantId};

/// Seconds that a ticket is good for where nothing is said: five days.
pub const LIFETIME: i64 = 432_000;
/// The longest life of a ticket, in seconds: a year.
pub const LONGEST_LIFETIME: i64 = 31_536_000;
/// Characters of the text: some 190 bits.
const LENGTH: usize = 32;

/// What a ticket is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To prove that an address is read.
    EmailVerification,
    /// To set a new password.
    PasswordChange,
    /// To end a block.
    Unblock,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::EmailVerification => "email-verification",
            Self::PasswordChange => "password-change",
            Self::Unblock => "unblock",
        }
    }

    /// The page that its link opens.
    pub fn page(self) -> &'static str {
        match self {
            Self::EmailVerification => "/u/email-verification",
            Self::PasswordChange => "/u/reset-verify",
            Self::Unblock => "/u/unblock",
        }
    }
}

/// What was said when a ticket was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The address that it was made for. A ticket for an address that the user no longer has proves nothing.
    pub email: Option<String>,
    /// The application that is shown and gone back to.
    pub client_id: Option<String>,
    /// The connection whose password is changed.
    pub connection_id: Option<String>,
    /// The identity whose password is changed or whose address is proved; the primary one where none is named.
    pub identity_id: Option<String>,
    /// Where to go afterwards.
    pub result_url: Option<String>,
    /// Whether the address is told there.
    pub include_email: bool,
    /// Whether a new password also proves the address.
    pub mark_email_as_verified: bool,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Whose it is.
    pub user_id: String,
    /// What was said.
    pub terms: Terms,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Ticket {
    /// A ticket for a user that is good for so many seconds from now.
    pub fn new(user_id: &str, terms: Terms, (lifetime, now): (i64, Timestamp)) -> Self {
        let lifetime = if lifetime <= 0 { LIFETIME } else { lifetime.min(LONGEST_LIFETIME) };
        Self { user_id: user_id.to_owned(), terms, expires_at: now + SignedDuration::from_secs(lifetime) }
    }
}

/// The link of a ticket that is not written yet: the mail that brings it is made before the transaction begins.
pub struct Link {
    kind: Kind,
    text: String,
    /// Its address.
    pub url: String,
}

/// A new link.
pub fn link(app: &App, tenant: &Tenant, kind: Kind) -> Link {
    let text = app.entropy.alphanumeric(LENGTH);
    // The empty fragment keeps mail readers from making what follows a part of the ticket.
    let url = format!("{}{}?ticket={text}#", tenant.base, kind.page());
    Link { kind, text, url }
}

/// Writes what a link is good for, in the transaction of what causes it.
pub async fn write(
    app: &App,
    tx: &mut Tx,
    tenant: &Tenant,
    (link, ticket): (&Link, &Ticket),
) -> Result<(), DbError> {
    let Link { kind, text, .. } = link;
    sql::insert(tx, tenant.id(), (digest(app, tenant, *kind, text), *kind), ticket).await
}

/// Makes a ticket in the transaction of what causes it; answers its link.
pub async fn open(
    app: &App,
    tx: &mut Tx,
    tenant: &Tenant,
    (kind, ticket): (Kind, &Ticket),
) -> Result<String, DbError> {
    let link = link(app, tenant, kind);
    write(app, tx, tenant, (&link, ticket)).await?;
    Ok(link.url)
}

/// A ticket that is still good, without using it.
pub async fn look(app: &App, tenant: &Tenant, (kind, text): (Kind, &str)) -> Result<Option<Ticket>, DbError> {
    if !is_ticket(text) {
        return Ok(None);
    }
    sql::look(&app.db, tenant.id(), (digest(app, tenant, kind, text), kind), app.clock.now()).await
}

/// Uses a ticket: none if it is unknown, used, or over. The others of its kind that the user has end with it.
pub async fn redeem(
    app: &App,
    tx: &mut Tx,
    tenant: &Tenant,
    (kind, text): (Kind, &str),
) -> Result<Option<Ticket>, DbError> {
    if !is_ticket(text) {
        return Ok(None);
    }
    let found =
        sql::redeem(tx, tenant.id(), (digest(app, tenant, kind, text), kind), app.clock.now()).await?;
    if let Some(ticket) = &found {
        sql::void(tx, tenant.id(), &ticket.user_id, kind).await?;
    }
    Ok(found)
}

/// Takes back the unused tickets of a kind that a user has, as when the password changed.
pub async fn void(tx: &mut Tx, tenant: &TenantId, user_id: &str, kind: Kind) -> Result<(), DbError> {
    sql::void(tx, tenant, user_id, kind).await
}

/// Deletes tickets that are over.
pub async fn forget_old(db: &Db, now: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql::sweep(&mut tx, now).await?;
    tx.commit().await
}

fn digest(app: &App, tenant: &Tenant, kind: Kind, text: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.id().as_str(), kind: kind.text(), id: text })
}

fn is_ticket(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
