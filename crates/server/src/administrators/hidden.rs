//! What the Management API never shows: the administrators' connection, the Dashboard's application, and their users.
//!
//! Pure. Tools that deploy delete what they do not know, and whoever may change users must not be able to become an
//! administrator by it. All three have ids that nobody else can get, so that a look at the id tells. Statements
//! spell these ids out; a test compares them.

/// The id of the connection that administrators sign in with.
pub const CONNECTION_ID: &str = "con_00Administrators";
/// Its name. No other connection may have it.
pub const CONNECTION_NAME: &str = "Chancery-Administrators";
/// The id of the Dashboard's application.
pub const CLIENT_ID: &str = "chancery-dashboard";
/// Its name.
pub const CLIENT_NAME: &str = "Chancery Dashboard";
/// How the ids of administrators' identities begin.
pub const IDENTITY_PREFIX: &str = "chancery_admin_";

/// Whether a user is an administrator, by the id.
pub fn is_hidden_user(user_id: &str) -> bool {
    user_id.split_once('|').is_some_and(|(_, identity)| is_hidden_identity(identity))
}

/// Whether an identity is an administrator's, by its id.
pub fn is_hidden_identity(identity_id: &str) -> bool {
    identity_id.starts_with(IDENTITY_PREFIX)
}

/// Whether a connection is the one of administrators.
pub fn is_hidden_connection(connection_id: &str) -> bool {
    connection_id == CONNECTION_ID
}

/// Whether an application is the Dashboard.
pub fn is_hidden_client(client_id: &str) -> bool {
    client_id == CLIENT_ID
}
