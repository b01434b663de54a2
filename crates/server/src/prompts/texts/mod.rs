//! The texts that can be replaced: prompts, screens and keys as they are published, and the messages of ours
//! that they replace.
//!
//! One line a text. A key may name a message that another key of its screen names too; the later one wins.

mod login;
mod others;
mod reset;
mod signup;

/// A page, as far as texts are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Identifier and password on one page.
    Login,
    /// The identifier, first.
    LoginId,
    /// The password, second.
    LoginPassword,
    /// A new account.
    Signup,
    /// Asking for a mail to reset a password.
    ResetRequest,
    /// The mail is on its way.
    ResetEmail,
    /// Setting the new password.
    Reset,
    /// The password was changed.
    ResetSuccess,
    /// The link of the mail is good for nothing any more.
    ResetError,
    /// What became of the verification of an address.
    Verification,
    /// May the application?
    Consent,
    /// The code of a device.
    DeviceCode,
    /// Is it the right device?
    DeviceConfirm,
    /// The device is connected.
    DeviceAllowed,
    /// The device was refused.
    DeviceDenied,
    /// Really log out?
    Logout,
    /// Logged out.
    LoggedOut,
    /// The account is unblocked.
    Unblocked,
    /// The account could not be unblocked.
    UnblockFailed,
    /// A page that sends the browser on.
    Relay,
    /// Something went wrong; it has no texts that can be replaced.
    Error,
}

/// The texts of one published screen.
#[derive(Debug)]
pub struct Section {
    /// The prompt.
    pub prompt: &'static str,
    /// The screen, as it is published.
    pub name: &'static str,
    /// The page of ours.
    pub screen: Screen,
    /// Its keys and our messages.
    pub keys: &'static [(&'static str, &'static str)],
}

/// Every text of every page that can be replaced.
pub fn sections() -> impl Iterator<Item = &'static Section> {
    [login::SECTIONS, signup::SECTIONS, reset::SECTIONS, others::SECTIONS].into_iter().flatten()
}
