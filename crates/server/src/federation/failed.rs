//! Why somebody could not sign in at another provider: the exact reason for the log, and little for the page.
//!
//! Must never show on a page what a provider wrote, which may be anything, and never a secret in the log.

use axum::response::Response;

use chancery_oauth::upstream::AnswerError;

use crate::connections::Connection;
use crate::db::DbError;
use crate::login::identify;
use crate::login::pages::Failure;
use crate::login::under_way::Step;
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::management::ApiError;
use crate::users::Turned;

/// Why somebody could not sign in. `Display` is the exact reason.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The connection is not set up so that it could work.
    #[error("{0}")]
    Settings(String),
    /// The provider said no.
    #[error("the provider answered {0}")]
    Refused(String),
    /// The provider could not be reached, or failed.
    #[error("{0}")]
    Unreachable(String),
    /// The answer does not prove who somebody is.
    #[error("{0}")]
    Untrusted(String),
    /// The answer belongs to no login of this browser.
    #[error("{0}")]
    Stray(&'static str),
    /// The user may not sign in.
    #[error(transparent)]
    Turned(#[from] Turned),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self::Internal(format!("{error:?}"))
    }
}

impl From<AnswerError> for Failed {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Refused(said) => Self::Refused(said),
            error @ (AnswerError::Issuer | AnswerError::NoIssuer | AnswerError::NoCode) => {
                Self::Untrusted(error.to_string())
            }
        }
    }
}

impl Failed {
    /// The protocol of a connection is not served yet.
    pub(crate) fn not_served(connection: &Connection) -> Self {
        Self::Settings(format!("nobody can sign in with the strategy {} yet", connection.strategy))
    }

    /// Where an administrator has to look.
    pub(crate) fn place(&self) -> &'static str {
        match self {
            Self::Settings(_) => "The settings of the connection",
            Self::Refused(_) => "The identity provider refused",
            Self::Unreachable(_) => "The identity provider could not be reached, or failed",
            Self::Untrusted(_) | Self::Stray(_) => "The answer of the identity provider was not accepted",
            Self::Turned(_) => "The user may not sign in",
            Self::Internal(_) => "Chancery failed",
        }
    }

    /// Writes the entry of the log, and answers the page.
    pub(crate) async fn answer(
        self,
        visit: &Visit,
        step: Option<&Step>,
        connection: Option<&Connection>,
    ) -> Response {
        if matches!(self, Self::Internal(_) | Self::Turned(Turned::Db(_))) {
            return visit.broken(&self);
        }
        let reason: String = self.to_string().chars().filter(|one| !one.is_control()).take(1000).collect();
        let entry = match step {
            Some(step) => identify::of_client(visit, step, Kind::F, &reason),
            None => visit.entry(Kind::F, reason),
        };
        let entry = match connection {
            Some(connection) => entry.through(connection),
            None => entry,
        };
        let entry = if let Self::Turned(Turned::Blocked(user)) = &self {
            Entry {
                user_id: Some(user.user_id.clone()),
                user_name: user.log_name().map(str::to_owned),
                ..entry
            }
        } else {
            entry
        };
        if visit.app.log.append(&visit.app, visit.tenant.id(), entry).await.is_err() {
            return visit.failure(Failure::Busy, None);
        }
        let (failure, details) = self.shown();
        visit.failure(failure, details)
    }

    fn shown(&self) -> (Failure, Option<(&'static str, &'static str)>) {
        match self {
            Self::Settings(_) => (
                Failure::Provider,
                Some(("invalid_request", "The connection is not set up to sign in with.")),
            ),
            Self::Refused(_) => {
                (Failure::Provider, Some(("access_denied", "The identity provider did not sign you in.")))
            }
            Self::Unreachable(_) => (
                Failure::Provider,
                Some(("temporarily_unavailable", "The identity provider did not answer as expected.")),
            ),
            Self::Untrusted(_) => (
                Failure::Provider,
                Some(("access_denied", "The answer of the identity provider could not be accepted.")),
            ),
            Self::Stray(_) => (Failure::Expired, None),
            Self::Turned(_) | Self::Internal(_) => (Failure::Denied, None),
        }
    }
}
