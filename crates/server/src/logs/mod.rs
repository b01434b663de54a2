//! The tenant log: what happened in a tenant, for its administrators.
//!
//! Must never hold a secret: entries are made of ids, names, addresses and reasons.

pub mod api;
mod ids;
pub mod page;
pub mod search;
pub mod sql;
mod writer;

use chancery_oauth::client::Client;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

pub use ids::LogIds;
pub use writer::{LogWriter, WriterTask};

use crate::clock;
use crate::connections::Connection;
use crate::tenants::Policy;

/// What kind of event an entry records, with Auth0's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A successful write through the Management API, the CLI or the server itself.
    Sapi,
    /// A failed write that changed nothing.
    Fapi,
    /// A read that returned secrets.
    MgmtApiRead,
    /// A token for an application itself.
    Seccft,
    /// No token for an application itself.
    Feccft,
    /// A limit was reached.
    ApiLimit,
    /// Somebody signed in.
    S,
    /// Somebody failed to sign in.
    F,
    /// A wrong password.
    Fp,
    /// An unknown e-mail address or username.
    Fu,
    /// Somebody signed up.
    Ss,
    /// Somebody failed to sign up.
    Fs,
    /// Somebody signed out.
    Slo,
    /// Somebody failed to sign out.
    Flo,
    /// An application was told that a session is over.
    BackchannelLogoutSucceeded,
    /// An application could not be told that a session is over.
    BackchannelLogoutFailed,
    /// A login without interaction.
    Ssa,
    /// No login without interaction.
    Fsa,
    /// Tokens for an authorization code.
    Seacft,
    /// No tokens for an authorization code.
    Feacft,
    /// Tokens for a refresh token.
    Sertft,
    /// No tokens for a refresh token.
    Fertft,
    /// A refresh token was used again after its rotation.
    Ferrt,
    /// A refresh token was revoked.
    Srrt,
    /// Tokens for a password.
    Sepft,
    /// No tokens for a password.
    Fepft,
    /// Tokens for a device code.
    Sede,
    /// No tokens for a device code.
    Fede,
    /// A password was changed.
    Scp,
    /// A password was not changed.
    Fcp,
    /// A change of password was asked for.
    Scpr,
    /// A change of password was asked for and not begun.
    Fcpr,
    /// An e-mail address was verified.
    Sv,
    /// An e-mail address was not verified.
    Fv,
    /// An e-mail address was changed.
    Sce,
    /// An e-mail address was not changed.
    Fce,
    /// A user was deleted.
    Sdu,
    /// A user was not deleted.
    Fdu,
    /// An account was blocked after too many wrong passwords.
    LimitWc,
    /// An address was blocked after too many attempts on many accounts.
    LimitMu,
    /// A user signed in too often.
    LimitSul,
    /// A password that is publicly known was used.
    PwdLeak,
    /// Something that an administrator should look into happened during a login.
    W,
}

impl Kind {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sapi => "sapi",
            Self::Fapi => "fapi",
            Self::MgmtApiRead => "mgmt_api_read",
            Self::Seccft => "seccft",
            Self::Feccft => "feccft",
            Self::ApiLimit => "api_limit",
            Self::S => "s",
            Self::F => "f",
            Self::Fp => "fp",
            Self::Fu => "fu",
            Self::Ss => "ss",
            Self::Fs => "fs",
            Self::Slo => "slo",
            Self::Flo => "flo",
            Self::BackchannelLogoutSucceeded => "oidc_backchannel_logout_succeeded",
            Self::BackchannelLogoutFailed => "oidc_backchannel_logout_failed",
            Self::Ssa => "ssa",
            Self::Fsa => "fsa",
            Self::Seacft => "seacft",
            Self::Feacft => "feacft",
            Self::Sertft => "sertft",
            Self::Fertft => "fertft",
            Self::Ferrt => "ferrt",
            Self::Srrt => "srrt",
            Self::Sepft => "sepft",
            Self::Fepft => "fepft",
            Self::Sede => "sede",
            Self::Fede => "fede",
            Self::Scp => "scp",
            Self::Fcp => "fcp",
            Self::Scpr => "scpr",
            Self::Fcpr => "fcpr",
            Self::Sv => "sv",
            Self::Fv => "fv",
            Self::Sce => "sce",
            Self::Fce => "fce",
            Self::Sdu => "sdu",
            Self::Fdu => "fdu",
            Self::LimitWc => "limit_wc",
            Self::LimitMu => "limit_mu",
            Self::LimitSul => "limit_sul",
            Self::PwdLeak => "pwd_leak",
            Self::W => "w",
        }
    }
}

/// An entry before it has an id.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What kind of event.
    pub kind: Kind,
    /// One sentence.
    pub description: String,
    /// The application that acted.
    pub client_id: Option<String>,
    /// Its name.
    pub client_name: Option<String>,
    /// The address that the request came from; none for the CLI.
    pub ip: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// The user that it is about.
    pub user_id: Option<String>,
    /// What that user signs in with.
    pub user_name: Option<String>,
    /// The connection that the user came from.
    pub connection: Option<String>,
    /// Its id.
    pub connection_id: Option<String>,
    /// Its strategy.
    pub strategy: Option<String>,
    /// Its kind of strategy: `database`, `social`, `enterprise`.
    pub strategy_type: Option<String>,
    /// The API that a token is for.
    pub audience: Option<String>,
    /// What a token grants.
    pub scope: Option<String>,
    /// Everything else.
    pub details: Option<Value>,
}

impl Entry {
    /// An entry of this kind that says `description`.
    pub fn new(kind: Kind, description: impl Into<String>) -> Self {
        Self {
            kind,
            description: description.into(),
            client_id: None,
            client_name: None,
            ip: None,
            user_agent: None,
            user_id: None,
            user_name: None,
            connection: None,
            connection_id: None,
            strategy: None,
            strategy_type: None,
            audience: None,
            scope: None,
            details: None,
        }
    }

    /// The same, of an application.
    pub fn by_client(self, client: &Client) -> Self {
        Self { client_id: Some(client.id.clone()), client_name: Some(client.name.clone()), ..self }
    }

    /// The same, of a connection.
    pub fn through(self, connection: &Connection) -> Self {
        Self {
            connection: Some(connection.name.clone()),
            connection_id: Some(connection.id.clone()),
            strategy: Some(connection.strategy.clone()),
            strategy_type: Some(connection.strategy_type().to_owned()),
            ..self
        }
    }

    /// An entry for something that the command line did.
    pub fn by_cli(description: impl Into<String>) -> Self {
        Self { details: Some(json!({ "channel": "cli" })), ..Self::new(Kind::Sapi, description) }
    }

    /// Gives the entry its id and its form in storage.
    pub fn into_row(self, (log_id, date): (String, Timestamp)) -> Row {
        let wire = WireEntry {
            date: clock::wire(date),
            kind: self.kind.code(),
            description: &self.description,
            client_id: self.client_id.as_deref(),
            client_name: self.client_name.as_deref(),
            ip: self.ip.as_deref(),
            user_agent: self.user_agent.as_deref(),
            user_id: self.user_id.as_deref(),
            user_name: self.user_name.as_deref(),
            connection: self.connection.as_deref(),
            connection_id: self.connection_id.as_deref(),
            strategy: self.strategy.as_deref(),
            strategy_type: self.strategy_type.as_deref(),
            audience: self.audience.as_deref(),
            scope: self.scope.as_deref(),
            details: self.details.as_ref(),
            log_id: &log_id,
            id: &log_id,
            is_mobile: false,
        };
        // Texts and JSON values always serialize.
        let entry = serde_json::to_string(&wire).unwrap_or_default();
        Row { kind: self.kind.code(), date, user_id: self.user_id, entry, log_id }
    }
}

/// An entry as the wire shows it. Each token writes one, so nothing is copied on the way.
#[derive(Serialize)]
struct WireEntry<'a> {
    date: String,
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
    log_id: &'a str,
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(rename = "isMobile")]
    is_mobile: bool,
}

/// An entry as storage keeps it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id; ids sort by time.
    pub log_id: String,
    /// Its code.
    pub kind: &'static str,
    /// When.
    pub date: Timestamp,
    /// The user whom it is about.
    pub user_id: Option<String>,
    /// The entry as the wire shows it, in JSON.
    pub entry: String,
}

/// The start of the ids of entries that may still be on their way.
///
/// Entries are written in batches and by several processes, so one may appear a moment after a younger one.
/// Whoever follows the log by checkpoints is shown none of the last two seconds, and so misses none.
pub fn settled(now: Timestamp) -> String {
    const SETTLING_MILLIS: i64 = 2000;
    format!("{:013}", now.as_millisecond() - SETTLING_MILLIS)
}

/// Deletes the entries that are older than their tenant keeps them. Those of tenants that no longer exist, such as
/// the entry of their deletion, are kept as long as those of a tenant without settings of its own.
pub async fn forget_old(app: &crate::app::App) -> Result<(), crate::db::DbError> {
    const DAY_MILLIS: i64 = 86_400_000;
    let living = crate::tenants::sql::list(&app.db).await?;
    let living = living.into_iter().map(|tenant| (tenant.id, tenant.policy.log_days));
    let gone = sql::without_tenant(&app.db).await?;
    let gone = gone.into_iter().map(|id| (id, Policy::default().log_days));
    for (tenant, days) in living.chain(gone).filter(|(_, days)| *days > 0) {
        let kept = i64::from(days) * DAY_MILLIS;
        let cutoff = app.clock.now().as_millisecond().saturating_sub(kept).max(0);
        sql::sweep(&app.db, &tenant, &format!("{cutoff:013}")).await?;
    }
    Ok(())
}
