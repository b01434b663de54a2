//! The members of an application that tie it to organizations and to their self-service.
//!
//! Must never hold rules between members; those are in `rules.rs`.

use crate::management::shape::{Object, boolean, field, list, object, one_of, text};

use super::formats;

pub(super) fn default_organization() -> Object {
    object([
        field("organization_id", text().like(formats::ORGANIZATION_ID)).required(),
        field("flows", list(one_of(&["client_credentials"]))).required(),
    ])
}

pub(super) fn express_configuration() -> Object {
    let linked = object([field("client_id", text().like(formats::CLIENT_ID)).required()]);
    object([
        field("initiate_login_uri_template", text().like(formats::HTTPS_TEMPLATE)).required(),
        field("user_attribute_profile_id", text().like(formats::USER_ATTRIBUTE_PROFILE_ID)).required(),
        field("connection_profile_id", text().like(formats::CONNECTION_PROFILE_ID)).required(),
        field("enable_client", boolean()).required(),
        field("enable_organization", boolean()).required(),
        field("linked_clients", list(linked)),
        field("okta_oin_client_id", text().like(formats::CLIENT_ID)).required(),
        field("admin_login_domain", text().at_least(1)).required(),
        field("oin_submission_id", text().at_least(1).at_most(200)),
    ])
}

pub(super) fn my_organization_configuration() -> Object {
    let strategies = one_of(&["pingfederate", "adfs", "waad", "google-apps", "okta", "oidc", "samlp"]);
    object([
        field("connection_profile_id", text().like(formats::CONNECTION_PROFILE_ID)),
        field("user_attribute_profile_id", text().like(formats::USER_ATTRIBUTE_PROFILE_ID)),
        field("allowed_strategies", list(strategies)).required(),
        field("connection_deletion_behavior", one_of(&["allow", "allow_if_empty"])).required(),
        field("invitation_landing_client_id", text().like(formats::CLIENT_ID)),
    ])
}
