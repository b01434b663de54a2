//! What an administrator may do: roles and the scopes of the Management API that follow from them.
//!
//! Pure. Must never give a scope that shows secrets to a role whose work does not need it.

use std::fmt;
use std::str::FromStr;

use chancery_oauth::scope::Scopes;

use crate::management::scopes::{ALL, OURS};

/// What an administrator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, other administrators included.
    Admin,
    /// Look at everything but secrets.
    Viewer,
    /// Look, and change applications and APIs.
    EditorApplications,
    /// Look, and change users and what they have.
    EditorUsers,
    /// Look, and change keys.
    EditorKeys,
}

/// The names of the roles on the wire and at the command line.
pub const NAMES: &[&str] = &["admin", "viewer", "editor_applications", "editor_users", "editor_keys"];

/// Scopes to read that show secrets: of applications, of identity providers, of the receivers of the log.
const SHOW_SECRETS: &[&str] = &["read:client_keys", "read:log_streams", "read:user_idp_tokens"];
/// What everybody may do, with what is their own alone.
const OF_EVERYBODY: &[&str] = &["create:own_passkeys", "delete:own_passkeys", "read:own_passkeys"];
const OF_APPLICATIONS: &[&str] = &[
    "create:client_credentials",
    "create:client_grants",
    "create:clients",
    "create:resource_servers",
    "delete:client_credentials",
    "delete:client_grants",
    "delete:clients",
    "delete:resource_servers",
    "read:client_keys",
    "update:client_credentials",
    "update:client_grants",
    "update:client_keys",
    "update:clients",
    "update:resource_servers",
];
const OF_USERS: &[&str] = &[
    "create:role_members",
    "create:roles",
    "create:user_tickets",
    "create:users",
    "delete:anomaly_blocks",
    "delete:grants",
    "delete:refresh_tokens",
    "delete:role_members",
    "delete:roles",
    "delete:sessions",
    "delete:users",
    "update:refresh_tokens",
    "update:roles",
    "update:sessions",
    "update:users",
    "update:users_app_metadata",
];
const OF_KEYS: &[&str] = &[
    "create:connections_keys",
    "create:custom_signing_keys",
    "create:encryption_keys",
    "create:signing_keys",
    "delete:custom_signing_keys",
    "delete:encryption_keys",
    "update:connections_keys",
    "update:custom_signing_keys",
    "update:encryption_keys",
    "update:signing_keys",
];

impl Role {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Admin, Self::Viewer, Self::EditorApplications, Self::EditorUsers, Self::EditorKeys];

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Viewer => "Viewer",
            Self::EditorApplications => "Editor – Applications",
            Self::EditorUsers => "Editor – Users",
            Self::EditorKeys => "Editor – Keys",
        }
    }

    /// Its name on the wire, in the database and at the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::EditorApplications => "editor_applications",
            Self::EditorUsers => "editor_users",
            Self::EditorKeys => "editor_keys",
        }
    }

    /// The scopes of the Management API that an administrator with this role has.
    pub fn scopes(self) -> Scopes {
        let more = match self {
            Self::Admin => return ALL.iter().chain(OURS).map(|scope| (*scope).to_owned()).collect(),
            Self::Viewer => &[],
            Self::EditorApplications => OF_APPLICATIONS,
            Self::EditorUsers => OF_USERS,
            Self::EditorKeys => OF_KEYS,
        };
        let looks = |scope: &str| scope.starts_with("read:") && !SHOW_SECRETS.contains(&scope);
        let given = ALL.iter().filter(|scope| looks(scope) || more.contains(scope));
        given.chain(OF_EVERYBODY).map(|scope| (*scope).to_owned()).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no role: choose admin, viewer, editor_applications, editor_users or editor_keys")]
pub struct NoRole(String);

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| NoRole(text.chars().take(100).collect()))
    }
}
