//! Why a user was not made or changed.
//!
//! Knows HTTP nowhere; the Management API's words for it are at the end.

use crate::db::DbError;
use crate::management::ApiError;
use crate::passwords::policy::Weak;
use crate::passwords::{NoPassword, PoolError};

/// Why a user was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// Somebody has this e-mail address, username, phone number or id at the connection.
    #[error("The user already exists.")]
    Exists,
    /// The password is not good enough; the error's body for pages is [`Weak::body`].
    #[error("{0}")]
    Weak(Weak),
    /// The text cannot be a password.
    #[error(transparent)]
    NoPassword(#[from] NoPassword),
    /// Nobody can sign up at the connection.
    #[error("Public signup is disabled")]
    SignupDisabled,
    /// A member does not fit the connection.
    #[error("{0}")]
    Refused(String),
    /// Too many passwords are being hashed, or hashing failed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl UserError {
    /// A refusal with a sentence.
    pub(super) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    /// What a failed write of a user or an account means: every unique value of these tables is somebody's.
    pub(super) fn of_write(error: DbError) -> Self {
        if error.is_unique() { Self::Exists } else { error.into() }
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Full => Self::Unavailable(error.to_string()),
            PoolError::Failed(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Exists => Self::Conflict { code: Some("auth0_idp_error"), message: error.to_string() },
            UserError::Weak(_) => Self::Directory(error.to_string()),
            UserError::NoPassword(_) | UserError::SignupDisabled | UserError::Refused(_) => {
                Self::Body(error.to_string())
            }
            UserError::Pool(error) => error.into(),
            UserError::Db(error) => error.into(),
        }
    }
}
