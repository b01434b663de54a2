//! What a credential may hold: alone, and inside the application that uses it.
//!
//! Inside an application, credentials are given in full when it is made and by id afterwards; one shape
//! says both, by what may be sent when.

use std::sync::LazyLock;

use crate::applications::shape::{CREDENTIAL_ID, DATE_TIME, IP_OR_NETWORK, KEY_ID};
use crate::management::shape::{Field, Object, Text, boolean, field, list, object, one_of, text};

/// The algorithms of assertions and signed requests.
pub const ALGORITHMS: &[&str] = &["RS256", "RS384", "PS256"];

/// A credential of its own.
pub static CREDENTIAL: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        name(),
        kid(),
        alg(),
        field("credential_type", one_of(&["public_key", "cert_subject_dn", "x509_cert"]))
            .required()
            .on_create(),
        subject_dn(),
        field("thumbprint_sha256", text()).read_only(),
        pem(LONGEST_PEM),
        parse_expiry(),
        field("created_at", text().like(DATE_TIME)).read_only(),
        field("updated_at", text().like(DATE_TIME)).read_only(),
        // The one member that can be changed later; null: it never expires.
        field("expires_at", text().like(DATE_TIME)),
    ])
    .at_least(1)
});

/// The longest PEM of a key: no key that is accepted needs more.
const LONGEST_PEM: usize = 16 * 1024;
/// The longest PEM of a certificate inside an application.
const LONGEST_CERTIFICATE: usize = 4096;

/// `client_authentication_methods`: exactly one method.
pub(in crate::applications) fn authentication_methods() -> Object {
    object([
        field("private_key_jwt", object([field("credentials", list(public_key())).required()])),
        field("tls_client_auth", object([field("credentials", list(certificate_subject())).required()])),
        field("self_signed_tls_client_auth", object([field("credentials", list(certificate())).required()])),
    ])
    .at_least(1)
    .at_most(1)
}

/// `signed_request_object`
pub(in crate::applications) fn signed_request_object() -> Object {
    object([field("required", boolean()), field("credentials", list(public_key()))])
}

/// `token_vault_privileged_access`
pub(in crate::applications) fn token_vault_access() -> Object {
    object([
        field("credentials", list(public_key())).required(),
        field("ip_allowlist", list(text().like(IP_OR_NETWORK))),
        // Younger than the published description, as its clients send it.
        field(
            "grants",
            list(object([
                field("connection", text().at_least(1)).required(),
                field("scopes", list(text().at_least(1))).required(),
            ])),
        ),
    ])
}

fn public_key() -> Object {
    object([
        id(),
        field("credential_type", one_of(&["public_key"])).required().on_create(),
        name(),
        pem(LONGEST_PEM).required(),
        alg(),
        parse_expiry(),
        field("expires_at", text().like(DATE_TIME)).on_create(),
        kid(),
    ])
}

fn certificate_subject() -> Object {
    object([
        id(),
        field("credential_type", one_of(&["cert_subject_dn"])).required().on_create(),
        name(),
        subject_dn(),
        pem(LONGEST_CERTIFICATE),
    ])
}

fn certificate() -> Object {
    object([
        id(),
        field("credential_type", one_of(&["x509_cert"])).required().on_create(),
        name(),
        pem(LONGEST_CERTIFICATE).required(),
    ])
}

fn id() -> Field {
    field("id", text().like(CREDENTIAL_ID)).required().on_update()
}

fn name() -> Field {
    field("name", text().at_most(128)).on_create()
}

fn pem(longest: usize) -> Field {
    field("pem", text().at_least(1).at_most(longest)).on_create()
}

fn alg() -> Field {
    field("alg", one_of(ALGORITHMS)).on_create()
}

fn subject_dn() -> Field {
    field("subject_dn", text().at_least(1).at_most(256)).on_create()
}

fn parse_expiry() -> Field {
    field("parse_expiry_from_cert", boolean()).on_create()
}

fn kid() -> Field {
    let kid: Text = text().at_least(10).at_most(64).like(KEY_ID);
    field("kid", kid).on_create()
}
