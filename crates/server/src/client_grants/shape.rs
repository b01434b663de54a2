//! What a client grant looks like on the wire, for create, update and read.
//!
//! Must never know a rule that needs more than the body itself.

use std::sync::LazyLock;

use crate::management::shape::{Object, boolean, field, list, object, one_of, text};

/// For whom a grant can be.
pub(super) const SUBJECT_TYPES: &[&str] = &["client", "user"];
/// What a grant can be a default for.
pub(super) const DEFAULTS: &[&str] = &[super::THIRD_PARTY];

/// A client grant.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("client_id", text()).on_create(),
        field("audience", text().at_least(1)).required().on_create(),
        field("scope", list(text().at_least(1).at_most(280))),
        field("organization_usage", one_of(&["deny", "allow", "require"])),
        field("allow_any_organization", boolean()),
        field("default_for", one_of(DEFAULTS)).on_create(),
        field("is_system", boolean()).read_only(),
        field("subject_type", one_of(SUBJECT_TYPES)).on_create(),
        field("authorization_details_types", list(text().at_least(1).at_most(255))),
        field("allow_all_scopes", boolean()),
    ])
    .at_least(1)
});
