//! What a page is about.
//!
//! Must never hold anything secret: whatever is here can be read by whoever sees the page.

use http::StatusCode;

use super::form::Form;
use super::problem::Problem;
use super::rules::RuleLine;
use crate::branding::Address;

/// What people identify themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identifier {
    /// An email address.
    Email,
    /// A username.
    Username,
    /// Either.
    Either,
}

/// The ways that lead away from a page; none where there is no such way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// The address of the page to log in.
    pub login: Option<String>,
    /// The address of the page to sign up.
    pub signup: Option<String>,
    /// The address of the page to ask for a reset.
    pub reset: Option<String>,
    /// The address where another identifier can be entered.
    pub edit: Option<String>,
}

/// Why a link to reset a password is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetFailure {
    /// It is too old.
    Expired,
    /// It was used.
    Used,
    /// It never was one.
    Invalid,
}

/// What a link of a mail did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What it promised.
    Done,
    /// It was done before.
    Already,
    /// It is not valid, or not any more.
    Invalid,
    /// It failed.
    Failed,
}

impl Outcome {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Done | Self::Already => StatusCode::OK,
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Why there is no other page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Something failed.
    Generic,
    /// The transaction is over, or was never there.
    Expired,
    /// The application asked for something wrong.
    Request,
    /// Not for this user.
    Denied,
    /// There is no such page.
    Missing,
    /// Too many people log in at the same time.
    Busy,
    /// Another provider did not vouch for the user.
    Provider,
}

impl Failure {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Generic => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Expired | Self::Request | Self::Provider => StatusCode::BAD_REQUEST,
            Self::Denied => StatusCode::FORBIDDEN,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Which fields the login has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Identifier and password: `username`, `password`.
    Both,
    /// The identifier, first: `username`.
    Identifier,
    /// The password, second: `username` (as it was entered), `password`.
    Password,
    /// None: other providers alone.
    Elsewhere,
}

/// Another provider that people can log in with.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The address that leads there.
    pub address: String,
    /// What it is called.
    pub name: String,
    /// Its picture.
    pub icon: Option<Address>,
}

/// What a browser needs that may have a passkey.
#[derive(Debug, Clone)]
pub struct PasskeyForm {
    /// To `paths::PASSKEY`, with an empty field for the answer.
    pub form: Form,
    /// What the browser is asked for (`PublicKeyCredentialRequestOptionsJSON`).
    pub options: String,
}

/// Login.
#[derive(Debug, Clone)]
pub struct Login<'a> {
    /// To `paths::LOGIN`, `paths::LOGIN_ID` or `paths::LOGIN_PASSWORD`.
    pub form: Form,
    /// Which fields it has.
    pub step: Step,
    /// What people identify themselves with.
    pub identifier: Identifier,
    /// What was entered, or what the application suggests.
    pub username: &'a str,
    /// What was wrong.
    pub problems: &'a [Problem],
    /// Signup, reset, and edit beside a password.
    pub choices: Choices,
    /// The other providers.
    pub providers: &'a [Provider],
    /// A passkey in place of what is typed.
    pub passkey: Option<PasskeyForm>,
}

/// A new account. Fields `email`, `username` where one is needed, `password`.
#[derive(Debug, Clone)]
pub struct Signup<'a> {
    /// To `paths::SIGNUP`.
    pub form: Form,
    /// What was entered.
    pub email: &'a str,
    /// What was entered; none where there are no usernames.
    pub username: Option<&'a str>,
    /// The rules of the password.
    pub rules: &'a [RuleLine],
    /// What was wrong.
    pub problems: &'a [Problem],
    /// Login.
    pub choices: Choices,
}

/// Asking for a mail to reset a password. Field `email`.
#[derive(Debug, Clone)]
pub struct ResetRequest<'a> {
    /// To `paths::RESET_REQUEST`.
    pub form: Form,
    /// What was entered.
    pub email: &'a str,
    /// What was wrong.
    pub problems: &'a [Problem],
    /// Login.
    pub choices: Choices,
}

/// The mail is on its way, if there is such an account.
#[derive(Debug, Clone)]
pub struct ResetSent<'a> {
    /// To `paths::RESET_REQUEST`, with the email address in a hidden field: sends it again.
    pub form: Form,
    /// What was entered.
    pub email: &'a str,
    /// Login.
    pub choices: Choices,
}

/// Setting the new password. Fields `password`, `password_repeat`.
#[derive(Debug, Clone)]
pub struct Reset<'a> {
    /// To `paths::RESET`.
    pub form: Form,
    /// The account, known from the ticket.
    pub email: &'a str,
    /// The rules of the password.
    pub rules: &'a [RuleLine],
    /// What was wrong.
    pub problems: &'a [Problem],
}

/// May the application? Field `action`: `accept` or `deny`.
#[derive(Debug, Clone)]
pub struct Consent<'a> {
    /// To `paths::CONSENT`.
    pub form: Form,
    /// Who is logged in.
    pub user: &'a str,
    /// Scopes, with the descriptions that APIs give them.
    pub scopes: &'a [(String, Option<String>)],
    /// The host that the browser returns to.
    pub host: &'a str,
}

/// The code of a device. Field `user_code`.
#[derive(Debug, Clone)]
pub struct DeviceCode<'a> {
    /// To `paths::DEVICE`.
    pub form: Form,
    /// What was entered.
    pub code: &'a str,
    /// What was wrong.
    pub problems: &'a [Problem],
}

/// There is no other page.
#[derive(Debug, Clone)]
pub struct Error<'a> {
    /// Why.
    pub failure: Failure,
    /// Code and description for those who run the application.
    pub details: Option<(&'a str, &'a str)>,
    /// The id of the request, to be found in the log.
    pub reference: Option<&'a str>,
    /// The application.
    pub back: Option<&'a str>,
}

/// A page.
#[derive(Debug, Clone)]
pub enum Page<'a> {
    /// Login.
    Login(Login<'a>),
    /// A new account.
    Signup(Signup<'a>),
    /// Asking for a mail to reset a password.
    ResetRequest(ResetRequest<'a>),
    /// The mail is on its way, if there is such an account.
    ResetSent(ResetSent<'a>),
    /// Setting the new password.
    Reset(Reset<'a>),
    /// The password was changed.
    ResetDone {
        /// The application.
        back: Option<&'a str>,
    },
    /// The link of the mail is of no use.
    ResetFailed {
        /// Why.
        why: ResetFailure,
        /// Where to ask for another.
        again: Option<&'a str>,
    },
    /// What became of the verification of an email address.
    Verification {
        /// What the link did.
        outcome: Outcome,
        /// The application.
        back: Option<&'a str>,
    },
    /// What became of the unblocking of an account.
    Unblock {
        /// What the link did.
        outcome: Outcome,
    },
    /// May the application?
    Consent(Consent<'a>),
    /// The code of a device.
    DeviceCode(DeviceCode<'a>),
    /// Is it the right device? Field `action`: `accept` or `deny`.
    DeviceConfirm {
        /// To `paths::DEVICE_CONFIRM`.
        form: Form,
        /// The code, as the device shows it.
        code: &'a str,
        /// What the application asks for, with descriptions, where the user has to be asked.
        scopes: &'a [(String, Option<String>)],
    },
    /// The device is connected, or not.
    DeviceDone {
        /// Whether it is.
        allowed: bool,
    },
    /// Really log out? Field `action`: `accept` or `deny`.
    Logout {
        /// To `paths::LOGOUT`.
        form: Form,
        /// Who is logged in.
        user: &'a str,
    },
    /// Logged out, or not after all.
    LoggedOut {
        /// The application.
        back: Option<&'a str>,
        /// Whether the user wanted to stay logged in.
        kept: bool,
    },
    /// Logged out here, while applications are told at addresses that the page loads.
    Leaving {
        /// Where the browser goes on to by itself; none: this is the end.
        then: Option<&'a str>,
        /// The addresses.
        told: &'a [Address],
    },
    /// Carries parameters to another site by a form that sends itself.
    Relay {
        /// The address; [`super::Scene::leads_to`] has to be the same.
        action: &'a str,
        /// The parameters.
        parameters: &'a [(&'static str, String)],
    },
    /// There is no other page.
    Error(Error<'a>),
}
