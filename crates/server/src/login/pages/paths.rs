//! Where the pages are, and what the fields of their forms are called.
//!
//! Templates and handlers share these names. Must never be written out a second time.

use form_urlencoded::byte_serialize;

/// Identifier and password on one page.
pub const LOGIN: &str = "/u/login";
/// The identifier, first.
pub const LOGIN_ID: &str = "/u/login/identifier";
/// The password, second.
pub const LOGIN_PASSWORD: &str = "/u/login/password";
/// What a browser answers with that has a passkey.
pub const PASSKEY: &str = "/u/login/passkey";
/// On to another provider.
pub const PROVIDER: &str = "/u/login/provider";
/// Where answers of other providers come in.
pub const CALLBACK: &str = "/login/callback";
/// A trial of another provider, which an administrator has begun.
pub const TRY: &str = "/u/login/try";
/// A new account.
pub const SIGNUP: &str = "/u/signup";
/// Asking for a mail to reset a password.
pub const RESET_REQUEST: &str = "/u/reset-password/request";
/// Setting the new password.
pub const RESET: &str = "/u/reset-password/change";
/// May the application?
pub const CONSENT: &str = "/u/consent";
/// The code of a device.
pub const DEVICE: &str = "/activate";
/// Is it the right device?
pub const DEVICE_CONFIRM: &str = "/u/device/confirm";
/// Really log out?
pub const LOGOUT: &str = "/u/logout";
/// On with a logout that tells others.
pub const LOGOUT_NEXT: &str = "/u/logout/next";
/// Stylesheet, script and icon.
pub const ASSETS: &str = "/u/assets";

/// The hidden field, and the parameter, that names what a page belongs to.
pub const STATE: &str = "state";
/// The hidden field that proves that a form is ours.
pub const CSRF: &str = "csrf";
/// Username or email address, at login.
pub const USERNAME: &str = "username";
/// The email address, at signup and reset.
pub const EMAIL: &str = "email";
/// The password, also a new one.
pub const PASSWORD: &str = "password";
/// The new password again.
pub const REPEAT: &str = "password_repeat";
/// The code of a device.
pub const CODE: &str = "user_code";
/// The connection that leads to another provider.
pub const CONNECTION: &str = "connection";
/// What a browser says of a passkey, as JSON.
pub const CREDENTIAL: &str = "credential";
/// The button that was pressed, where there are two.
pub const ACTION: &str = "action";
/// The button that agrees.
pub const ACCEPT: &str = "accept";
/// The button that does not.
pub const DENY: &str = "deny";

/// The path to another provider, by the connection of this name.
pub fn to_provider(connection: &str, state: &str) -> String {
    let connection: String = byte_serialize(connection.as_bytes()).collect();
    format!("{}&{CONNECTION}={connection}", with_state(PROVIDER, state))
}

/// A path with its `state`.
pub fn with_state(path: &str, state: &str) -> String {
    let state: String = byte_serialize(state.as_bytes()).collect();
    format!("{path}?{STATE}={state}")
}
