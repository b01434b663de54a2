//! What roles, permissions and the bodies that assign them look like on the wire.
//!
//! Must never know a rule that needs more than the body itself.

use std::sync::LazyLock;

use crate::management::shape::{Object, field, list, list_of_at_least, object, text};

/// A role.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("name", text().at_least(1).at_most(255)).required(),
        field("description", text().at_most(255)),
    ])
});

/// Permissions to add or remove.
pub(super) static PERMISSIONS: LazyLock<Object> = LazyLock::new(|| {
    let one = object([
        field("resource_server_identifier", text().at_least(1)).required(),
        field("permission_name", text().at_least(1)).required(),
    ]);
    object([field("permissions", list_of_at_least(1, one)).required()])
});

/// A permission in an answer.
pub(super) static PERMISSION: LazyLock<Object> = LazyLock::new(|| {
    let source =
        object([field("source_id", text()), field("source_name", text()), field("source_type", text())]);
    object([
        field("resource_server_identifier", text()).read_only(),
        field("permission_name", text()).read_only(),
        field("resource_server_name", text()).read_only(),
        field("description", text()).read_only(),
        field("sources", list(source)).read_only(),
    ])
});

/// Roles to give to a user or to take away.
pub(super) static ROLES: LazyLock<Object> =
    LazyLock::new(|| object([field("roles", list_of_at_least(1, text().at_least(1))).required()]));

/// Users who are given a role.
pub(super) static USERS: LazyLock<Object> =
    LazyLock::new(|| object([field("users", list_of_at_least(1, text().at_least(1))).required()]));

/// Groups that are given a role or that lose it.
pub(super) static GROUPS: LazyLock<Object> = LazyLock::new(|| {
    object([field("groups", list_of_at_least(1, text().at_least(18).at_most(26))).required()])
});

/// A group in the list of those that have a role.
pub(super) static GROUP: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("name", text()).read_only(),
        field("external_id", text()).read_only(),
        field("connection_id", text()).read_only(),
        field("tenant_name", text()).read_only(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
    ])
});

/// A user in the list of those who have a role.
pub(super) static USER: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("user_id", text()).read_only(),
        field("email", text()).read_only(),
        field("picture", text()).read_only(),
        field("name", text()).read_only(),
    ])
});
