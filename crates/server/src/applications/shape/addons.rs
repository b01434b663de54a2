//! The add-ons of an application: what it needs to sign in to partners that have protocols of their own.
//!
//! They may hold the partner's secrets, so they are stored sealed, apart from the rest of the application. What the add-ons
//! of SAML and WS-Federation hold beyond the published description is kept as it comes by [`addons`]; [`BEYOND`] is what
//! the program reads of it.

use std::sync::LazyLock;

use crate::management::shape::{Field, Kind, Object, boolean, field, integer, list, object, open, text};

use super::formats;
use super::protocol::LARGE;

pub(super) fn addons() -> Object {
    object([
        field("aws", aws()),
        field("azure_blob", azure_blob()),
        field("azure_sb", azure_sb()),
        field("rms", open([field("url", text().like(formats::URL)).required()])),
        field("mscrm", open([field("url", text().like(formats::URL)).required()])),
        field("slack", open([field("team", text()).required()])),
        field("sentry", open([field("org_slug", text()), field("base_url", text())])),
        field("box", open([])),
        field("cloudbees", open([])),
        field("concur", open([])),
        field("dropbox", open([])),
        field("echosign", open([field("domain", text())])),
        field("egnyte", open([field("domain", text())])),
        field("firebase", firebase()),
        field("newrelic", open([field("account", text())])),
        field("office365", open([field("domain", text()), field("connection", text())])),
        field("salesforce", open([field("entity_id", text().like(formats::URL))])),
        field("salesforce_api", salesforce_api()),
        field("salesforce_sandbox_api", salesforce_api()),
        field("samlp", samlp()),
        field("layer", layer()),
        field("sap_api", sap_api()),
        field("sharepoint", sharepoint()),
        field("springcm", open([field("acsurl", text())])),
        field("wams", open([field("masterkey", text())])),
        field("wsfed", open([])),
        field("zendesk", open([field("accountName", text())])),
        field("zoom", open([field("account", text())])),
        field("sso_integration", open([field("name", text()), field("version", text())])),
        field("oag", object([])).nullable(),
    ])
}

fn aws() -> Object {
    open([
        field("principal", text()),
        field("role", text()),
        field("lifetime_in_seconds", integer(900, 43_200)),
    ])
}

fn azure_blob() -> Object {
    open([
        field("accountName", text().at_least(3).at_most(24).like(formats::AZURE_ACCOUNT)),
        field("storageAccessKey", text().like(formats::AZURE_KEY)),
        field("containerName", text().at_least(3).at_most(63).like(formats::AZURE_CONTAINER)),
        field("blobName", text().at_least(1).at_most(1024).like(formats::AZURE_BLOB)),
        field("expiration", integer(0, LARGE)),
        field("signedIdentifier", text()),
        field("blob_read", boolean()),
        field("blob_write", boolean()),
        field("blob_delete", boolean()),
        field("container_read", boolean()),
        field("container_write", boolean()),
        field("container_delete", boolean()),
        field("container_list", boolean()),
    ])
}

fn azure_sb() -> Object {
    open([
        field("namespace", text()),
        field("sasKeyName", text()),
        field("sasKey", text()),
        field("entityPath", text()),
        field("expiration", integer(i64::MIN, i64::MAX)),
    ])
}

fn firebase() -> Object {
    open([
        field("secret", text()),
        field("private_key_id", text()),
        field("private_key", text()),
        field("client_email", text()),
        field("lifetime_in_seconds", integer(i64::MIN, i64::MAX)),
    ])
}

fn salesforce_api() -> Object {
    open([
        field("clientid", text()),
        field("principal", text()),
        field("communityName", text()),
        field("community_url_section", text()),
    ])
}

fn samlp() -> Object {
    open([
        field("mappings", open([])),
        field("audience", text()),
        field("recipient", text()),
        field("createUpnClaim", boolean()),
        field("mapUnknownClaimsAsIs", boolean()),
        field("passthroughClaimsWithNoMapping", boolean()),
        field("mapIdentities", boolean()),
        field("signatureAlgorithm", text()),
        field("digestAlgorithm", text()),
        field("issuer", text()),
        field("destination", text()),
        field("lifetimeInSeconds", integer(i64::MIN, i64::MAX)),
        field("signResponse", boolean()),
        field("nameIdentifierFormat", text()),
        field("nameIdentifierProbes", list(text().at_least(1))),
        field("authnContextClassRef", text()),
    ])
}

/// What the add-ons of SAML and WS-Federation hold beyond the published description, as a body has it. Null is as if it
/// were not there.
pub static BEYOND: LazyLock<Object> = LazyLock::new(|| {
    let add_ons = open([field("samlp", samlp_beyond()).nullable(), field("wsfed", wsfed()).nullable()]);
    object([field("addons", add_ons)])
});

fn samlp_beyond() -> Object {
    let mut beyond = encryption();
    beyond.fields.extend(
        [
            field("typedAttributes", boolean()),
            field("includeAttributeNameFormat", boolean()),
            field(
                "logout",
                open([
                    field("callback", text().like(formats::URL)).nullable(),
                    field("slo_enabled", boolean()).nullable(),
                ]),
            ),
            field("binding", text()),
            field("signingCert", text()),
            field("debug", boolean()),
        ]
        .map(Field::nullable),
    );
    beyond
}

/// The published add-on has no settings.
fn wsfed() -> Object {
    let mut own = encryption();
    let shared = samlp().fields.into_iter().chain(samlp_beyond().fields);
    let told = shared.filter(|field| !own.fields.iter().any(|other| other.name == field.name));
    let told: Vec<Field> = told.map(Field::nullable).collect();
    own.fields.extend(told);
    own.fields.push(field("tokenType", text()).nullable());
    own
}

fn encryption() -> Object {
    open(["encryptionCert", "encryptionAlgorithm"].map(|name| field(name, text()).nullable()))
}

fn layer() -> Object {
    open([
        field("providerId", text()).required(),
        field("keyId", text()).required(),
        field("privateKey", text()).required(),
        field("principal", text()),
        field("expiration", integer(0, LARGE)),
    ])
}

fn sap_api() -> Object {
    open([
        field("clientid", text()),
        field("usernameAttribute", text()),
        field("tokenEndpointUrl", text().like(formats::URL)),
        field("scope", text()),
        field("servicePassword", text()),
        field("nameIdentifierFormat", text()),
    ])
}

fn sharepoint() -> Object {
    open([field("url", text()), field("external_url", Kind::Either(vec![list(text()), text().into()]))])
}
