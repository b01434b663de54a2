//! What was wrong with what somebody entered: the text, the field that it belongs to, and the status.
//!
//! Must never hold one that tells whether an account exists.

use http::StatusCode;

use super::paths::{CODE, EMAIL, PASSWORD, REPEAT, USERNAME};
use crate::messages::Arguments;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No account has this username with this password.
    WrongCredentials,
    /// No account has this email address with this password.
    WrongEmailCredentials,
    /// No email address.
    NoEmail,
    /// No username.
    NoUsername,
    /// Neither username nor email address.
    NoIdentifier,
    /// No password.
    NoPassword,
    /// The new password was not repeated.
    NoRepeat,
    /// No code of a device.
    NoCode,
    /// Not an email address.
    InvalidEmail,
    /// Not a username: its lengths, and the characters beside letters and digits.
    InvalidUsername {
        /// The shortest.
        min: u32,
        /// The longest.
        max: u32,
        /// Characters beside letters and digits.
        characters: &'static str,
    },
    /// No device waits with this code.
    InvalidCode,
    /// Too many failures for this account, from this address.
    UserBlocked,
    /// An administrator has closed the account.
    AccountClosed,
    /// Too many failures from this address.
    IpBlocked,
    /// Too many attempts.
    TooMany,
    /// Too many new accounts from this address.
    TooManySignups,
    /// The account could not be made.
    SignupRefused,
    /// New accounts are made elsewhere.
    SignupDisabled,
    /// The password does not follow the rules.
    PasswordWeak,
    /// The password is in the dictionary.
    PasswordCommon,
    /// The password was used before.
    PasswordUsed,
    /// The password holds personal details.
    PasswordPersonal,
    /// The password has more characters than this.
    PasswordLong {
        /// The longest.
        max: u32,
    },
    /// The two passwords differ.
    PasswordMismatch,
    /// The form was not ours any more.
    Stale,
    /// A passkey that does not count.
    Passkey,
    /// Too many people log in at the same time.
    Busy,
    /// Something failed.
    Failure,
}

impl Problem {
    /// Its message.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::WrongCredentials => "problem-wrong-credentials",
            Self::WrongEmailCredentials => "problem-wrong-email-credentials",
            Self::NoEmail => "problem-no-email",
            Self::NoUsername => "problem-no-username",
            Self::NoIdentifier => "problem-no-identifier",
            Self::NoPassword => "problem-no-password",
            Self::NoRepeat => "problem-no-repeat",
            Self::NoCode => "problem-no-code",
            Self::InvalidEmail => "problem-invalid-email",
            Self::InvalidUsername { .. } => "problem-invalid-username",
            Self::InvalidCode => "problem-invalid-code",
            Self::UserBlocked => "problem-user-blocked",
            Self::AccountClosed => "problem-account-closed",
            Self::IpBlocked => "problem-ip-blocked",
            Self::TooMany => "problem-too-many",
            Self::TooManySignups => "problem-too-many-signups",
            Self::SignupRefused => "problem-signup-refused",
            Self::SignupDisabled => "problem-signup-disabled",
            Self::PasswordWeak => "problem-password-weak",
            Self::PasswordCommon => "problem-password-common",
            Self::PasswordUsed => "problem-password-used",
            Self::PasswordPersonal => "problem-password-personal",
            Self::PasswordLong { .. } => "problem-password-long",
            Self::PasswordMismatch => "problem-password-mismatch",
            Self::Stale => "problem-stale",
            Self::Passkey => "problem-passkey",
            Self::Busy => "problem-busy",
            Self::Failure => "problem-failure",
        }
    }

    /// What its message is filled with.
    pub(super) fn arguments(self) -> Arguments {
        match self {
            Self::InvalidUsername { min, max, characters } => vec![
                ("min", min.to_string()),
                ("max", max.to_string()),
                ("characters", characters.to_owned()),
            ],
            Self::PasswordLong { max } => vec![("max", max.to_string())],
            Self::WrongCredentials
            | Self::WrongEmailCredentials
            | Self::NoEmail
            | Self::NoUsername
            | Self::NoIdentifier
            | Self::NoPassword
            | Self::NoRepeat
            | Self::NoCode
            | Self::InvalidEmail
            | Self::InvalidCode
            | Self::UserBlocked
            | Self::AccountClosed
            | Self::IpBlocked
            | Self::TooMany
            | Self::TooManySignups
            | Self::SignupRefused
            | Self::SignupDisabled
            | Self::PasswordWeak
            | Self::PasswordCommon
            | Self::PasswordUsed
            | Self::PasswordPersonal
            | Self::PasswordMismatch
            | Self::Stale
            | Self::Passkey
            | Self::Busy
            | Self::Failure => Vec::new(),
        }
    }

    /// The field that it belongs to; none if it is about the whole form.
    pub(super) fn field(self) -> Option<&'static str> {
        match self {
            Self::NoEmail | Self::InvalidEmail => Some(EMAIL),
            Self::NoUsername | Self::NoIdentifier | Self::InvalidUsername { .. } => Some(USERNAME),
            Self::NoPassword
            | Self::PasswordWeak
            | Self::PasswordCommon
            | Self::PasswordUsed
            | Self::PasswordPersonal
            | Self::PasswordLong { .. } => Some(PASSWORD),
            Self::NoRepeat | Self::PasswordMismatch => Some(REPEAT),
            Self::NoCode | Self::InvalidCode => Some(CODE),
            Self::WrongCredentials
            | Self::WrongEmailCredentials
            | Self::UserBlocked
            | Self::AccountClosed
            | Self::IpBlocked
            | Self::TooMany
            | Self::TooManySignups
            | Self::SignupRefused
            | Self::SignupDisabled
            | Self::Stale
            | Self::Passkey
            | Self::Busy
            | Self::Failure => None,
        }
    }

    /// The status of a page that shows it.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::UserBlocked | Self::IpBlocked | Self::TooMany | Self::TooManySignups => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::AccountClosed => StatusCode::FORBIDDEN,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failure => StatusCode::INTERNAL_SERVER_ERROR,
            Self::WrongCredentials
            | Self::WrongEmailCredentials
            | Self::NoEmail
            | Self::NoUsername
            | Self::NoIdentifier
            | Self::NoPassword
            | Self::NoRepeat
            | Self::NoCode
            | Self::InvalidEmail
            | Self::InvalidUsername { .. }
            | Self::InvalidCode
            | Self::SignupRefused
            | Self::SignupDisabled
            | Self::PasswordWeak
            | Self::PasswordCommon
            | Self::PasswordUsed
            | Self::PasswordPersonal
            | Self::PasswordLong { .. }
            | Self::PasswordMismatch
            | Self::Stale
            | Self::Passkey => StatusCode::BAD_REQUEST,
        }
    }
}
