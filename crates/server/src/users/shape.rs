//! What a user looks like on the wire, for create, update and read.

use std::sync::LazyLock;

use super::identifiers::{LONGEST_EMAIL, is_email, is_phone_number};
use crate::management::shape::{Format, Kind, Object, boolean, field, integer, list, object, open, text};
use crate::passwords::MOST_CHARACTERS;

const EMAIL: Format = Format { name: "email", accepts: is_email };
const PHONE_NUMBER: Format = Format { name: "^\\+[0-9]{1,15}$", accepts: is_phone_number };
const NO_SPACES: Format = Format {
    name: "^\\S*$",
    accepts: |text| !text.chars().any(|one| one.is_whitespace() || one.is_control()),
};
/// A picture is shown in pages, so its address is one of the web.
const PICTURE: Format = Format {
    name: "strict-uri",
    accepts: |text| {
        let web = ["https://", "http://"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                && text.len() > scheme.len()
        });
        web && !text.chars().any(|one| one.is_control() || one.is_whitespace() || "<>\"\\^`{|}".contains(one))
    },
};
const CONNECTION_ID: Format = Format {
    name: "^con_[A-Za-z0-9]{16}$",
    accepts: |text| {
        text.strip_prefix("con_")
            .is_some_and(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
};

/// A user.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let phone_number = || text().like(PHONE_NUMBER);
    object([
        field("created_at", text()).read_only(),
        field("email", text().at_most(LONGEST_EMAIL).like(EMAIL)),
        field("email_verified", boolean()),
        field("family_name", text().at_least(1).at_most(150)),
        field("given_name", text().at_least(1).at_most(150)),
        field("identities", list(identity())).read_only(),
        field("name", text().at_least(1).at_most(300)),
        field("nickname", text().at_least(1).at_most(300)),
        field("phone_number", phone_number()),
        field("phone_verified", boolean()),
        field("picture", text().at_most(2000).like(PICTURE)),
        field("updated_at", text()).read_only(),
        // Sent, it is the part after the provider.
        field("user_id", text().at_most(255).like(NO_SPACES)).on_create(),
        field("username", text().at_least(1).at_most(128)),
        field("user_metadata", open([])),
        field("app_metadata", open([])),
        field("blocked", boolean()),
        field("multifactor", list(text())).read_only(),
        field("multifactor_last_modified", text()).read_only(),
        field("last_ip", text()).read_only(),
        field("last_login", text()).read_only(),
        field("last_password_reset", text()).read_only(),
        field("logins_count", integer(0, i64::MAX)).read_only(),
    ])
});

/// What is sent to make or change a user: a user, and what is done with it.
pub(super) static SENT: LazyLock<Object> = LazyLock::new(|| {
    let mut shape = SHAPE.clone();
    shape.fields.extend([
        field("connection", text().at_least(1)).required(),
        field("password", text().at_least(1).at_most(MOST_CHARACTERS)),
        field("verify_email", boolean()),
        field("verify_phone_number", boolean()).on_update(),
        field("client_id", text().at_least(1)).on_update(),
    ]);
    shape
});

/// An identity.
pub(super) static IDENTITY: LazyLock<Object> = LazyLock::new(identity);

/// Which identity is to be linked.
pub(super) static LINK: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("provider", text().at_least(1)),
        field("connection_id", text().like(CONNECTION_ID)),
        field("user_id", Kind::Either(vec![text().at_least(1).into(), integer(0, i64::MAX)])),
        field("link_with", text().at_least(1)),
    ])
    .at_least(1)
});

fn identity() -> Object {
    object([
        field("connection", text()),
        field("user_id", Kind::Either(vec![text().into(), integer(0, i64::MAX)])),
        field("provider", text()),
        field("isSocial", boolean()),
        field("access_token", text()),
        field("access_token_secret", text()),
        field("refresh_token", text()),
        field("profileData", open([])),
    ])
}
