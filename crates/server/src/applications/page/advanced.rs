//! The advanced settings of an application that are plain forms: metadata, devices, OAuth, grant types.
//!
//! Each is a group of fields at an address of its own.

use std::sync::Arc;

use axum::response::Response;

use super::{Application, WITHOUT_SECRET, api_path, own_path};
use crate::dashboard::{Desk, Failure, Field, Form, Group, Kind, Posted, Sent, form};

const METADATA: &[Group] = &[Group {
    title: "Application Metadata",
    lead: "Up to ten values of your own, of at most 255 characters each.",
    fields: &[Field::new("client_metadata", "Metadata", Kind::Pairs)
        .help("A line for each: name = value.")
        .placeholder("team = blue")],
}];

const DEVICE: &[Group] = &[
    Group {
        title: "iOS",
        lead: "For universal links and native logins.",
        fields: &[
            Field::text("mobile.ios.team_id", "Team ID"),
            Field::text("mobile.ios.app_bundle_identifier", "App ID").placeholder("com.example.shop"),
        ],
    },
    Group {
        title: "Android",
        lead: "For app links.",
        fields: &[
            Field::text("mobile.android.app_package_name", "App Package Name")
                .placeholder("com.example.shop"),
            Field::new("mobile.android.sha256_cert_fingerprints", "Key Hashes", Kind::Lines)
                .help("SHA-256 fingerprints of the certificates that sign the app, one a line."),
        ],
    },
];

const OAUTH: &[Group] = &[Group {
    title: "OAuth",
    lead: "",
    fields: &[
        Field::new("jwt_configuration.alg", "JSON Web Token Signature Algorithm", Kind::Select(&[
            ("RS256", "RS256"),
            ("RS512", "RS512"),
            ("PS256", "PS256"),
            ("HS256", "HS256"),
        ]))
        .help("Of the ID tokens. RS and PS algorithms sign with the tenant's key; HS256 signs with the client secret."),
        Field::new("oidc_conformant", "OIDC Conformant", Kind::Toggle)
            .help("Keep to OpenID Connect where older clients expected something else."),
        Field::new("is_first_party", "First-party application", Kind::Toggle)
            .help("It is yours, so people are not asked whether it may see what it asks for."),
        Field::new("require_pushed_authorization_requests", "Require pushed authorization requests", Kind::Toggle),
        Field::new("is_token_endpoint_ip_header_trusted", "Trust Token Endpoint IP Header", Kind::Toggle)
            .help("Believe the address that a server sends for its user when it asks for tokens by password."),
        Field::new("cross_origin_authentication", "Allow cross-origin authentication", Kind::Toggle),
        Field::new("oidc_logout.backchannel_logout_urls", "Back-Channel Logout URI", Kind::Lines)
            .help("Told when a session of a user of this application ends."),
    ],
}];

const GRANTS: &[Group] = &[Group {
    title: "Grant Types",
    lead: "The ways in which the application may get tokens.",
    fields: &[Field::new(
        "grant_types",
        "Grants",
        Kind::Choices(&[
            ("authorization_code", "Authorization Code"),
            ("refresh_token", "Refresh Token"),
            ("client_credentials", "Client Credentials"),
            ("urn:ietf:params:oauth:grant-type:device_code", "Device Code"),
            ("implicit", "Implicit"),
            ("password", "Password"),
            ("http://auth0.com/oauth/grant-type/password-realm", "Password with realm"),
        ]),
    )],
}];

async fn page(desk: &Desk, groups: &[Group], part: &str) -> Result<Response, Failure> {
    let application = Application::load(desk).await?;
    let form = Form::of(desk, groups, &application.value, (&desk.path, "update:clients"));
    Ok(desk.page(&application.advanced(part), &form))
}

async fn save(desk: &Desk, groups: &[Group], part: &str, posted: &Posted) -> Result<Response, Failure> {
    let path = api_path(desk);
    let read = format!("{path}?{WITHOUT_SECRET}");
    match form::save_at(desk, groups, (&read, &path), posted).await? {
        Sent::Done(_) => Ok(desk.done(&format!("{}/{part}", own_path(desk)), "The application was saved.")),
        Sent::Again(status, form) => {
            let application = Application::load(desk).await?;
            Ok(desk.page_with(status, &application.advanced(part), &*form))
        }
    }
}

pub(super) async fn metadata(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, METADATA, "metadata").await
}

pub(super) async fn save_metadata(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save(&desk, METADATA, "metadata", &posted).await
}

pub(super) async fn device(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, DEVICE, "device").await
}

pub(super) async fn save_device(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save(&desk, DEVICE, "device", &posted).await
}

pub(super) async fn oauth(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, OAUTH, "oauth").await
}

pub(super) async fn save_oauth(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save(&desk, OAUTH, "oauth", &posted).await
}

pub(super) async fn grants(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, GRANTS, "grant-types").await
}

pub(super) async fn save_grants(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save(&desk, GRANTS, "grant-types", &posted).await
}
