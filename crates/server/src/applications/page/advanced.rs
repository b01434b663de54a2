//! The Advanced Settings of an application, each part under an address of its own.
//!
//! Must never leave behind what was taken out of a form: the API merges some members, and a patch has to say what goes.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use super::{Shown, api_path, shown_path};
use crate::app::App;
use crate::dashboard::ui::CopyField;
use crate::dashboard::{
    Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, action, escaped, form, screen,
};

/// A part that is one form.
struct Part {
    /// The end of its address.
    end: &'static str,
    groups: &'static [Group],
    /// What a patch has to say beside what the fields hold.
    adjust: fn(&Value, &mut Map<String, Value>),
}

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    let part = |part: &'static Part| {
        screen(move |desk| show(desk, part)).merge(action(move |desk, posted| save(desk, posted, part)))
    };
    Router::new()
        .route("/dashboard/applications/{id}/advanced", screen(first))
        .route("/dashboard/applications/{id}/metadata", part(&METADATA))
        .route("/dashboard/applications/{id}/device", part(&DEVICE))
        .route("/dashboard/applications/{id}/oauth", part(&OAUTH))
        .route("/dashboard/applications/{id}/grant-types", part(&GRANT_TYPES))
        .route("/dashboard/applications/{id}/endpoints", screen(endpoints))
}

static METADATA: Part = Part {
    end: "metadata",
    groups: &[Group {
        title: "Application Metadata",
        lead: "Up to ten values of your own, for your own programs.",
        fields: &[Field::new("client_metadata", "Metadata", Kind::Pairs)
            .placeholder("team = blue")
            .help("One a line: name = value. Each at most 255 characters.")],
    }],
    adjust: |object, patch| {
        // The API merges these: what is to go has to be named.
        let Some(Value::Object(after)) = patch.get_mut("client_metadata") else { return };
        let before = object.get("client_metadata").and_then(Value::as_object);
        for name in before.into_iter().flat_map(Map::keys) {
            after.entry(name.clone()).or_insert(Value::Null);
        }
    },
};

static DEVICE: Part = Part {
    end: "device",
    groups: &[
        Group {
            title: "iOS",
            lead: "So that links of the tenant open in the app.",
            fields: &[
                Field::text("mobile.ios.team_id", "Team ID").placeholder("ABCDE12345"),
                Field::text("mobile.ios.app_bundle_identifier", "App ID").placeholder("com.example.app"),
            ],
        },
        Group {
            title: "Android",
            lead: "",
            fields: &[
                Field::text("mobile.android.app_package_name", "App Package Name")
                    .placeholder("com.example.app"),
                Field::new("mobile.android.sha256_cert_fingerprints", "Key Hashes", Kind::Lines)
                    .placeholder("DE:1A:5B:75:…")
                    .help("The SHA-256 fingerprints of the certificates that sign the app, one a line."),
            ],
        },
    ],
    adjust: |_, patch| {
        let android = patch.get_mut("mobile").and_then(|mobile| mobile.get_mut("android")?.as_object_mut());
        // A list of fingerprints is never empty: without any there is no list.
        if let Some(android) = android
            && android.get("sha256_cert_fingerprints").and_then(Value::as_array).is_some_and(Vec::is_empty)
        {
            android.shift_remove("sha256_cert_fingerprints");
        }
    },
};

const ALGORITHMS: &[(&str, &str)] = &[
    ("RS256", "RS256: RSA, with the signing key of the tenant"),
    ("RS512", "RS512: RSA with SHA-512"),
    ("PS256", "PS256: RSA-PSS"),
    ("HS256", "HS256: HMAC, with the client secret"),
    ("", "Not chosen: HS256"),
];

static OAUTH: Part = Part {
    end: "oauth",
    groups: &[
        Group {
            title: "ID tokens",
            lead: "",
            fields: &[Field::new(
                "jwt_configuration.alg",
                "JSON Web Token (JWT) Signature Algorithm",
                Kind::Select(ALGORITHMS),
            )
            .nullable()
            .help("RS256 suits nearly all applications: they verify with the public keys of the tenant.")],
        },
        Group {
            title: "OAuth",
            lead: "",
            fields: &[
                Field::new("is_first_party", "First-party application", Kind::Toggle)
                    .help("It is yours: people are not asked whether it may act for them."),
                Field::new("oidc_conformant", "OIDC Conformant", Kind::Toggle)
                    .help("It keeps strictly to OpenID Connect. Leave it on for new applications."),
                Field::new(
                    "require_pushed_authorization_requests",
                    "Require Pushed Authorization Requests",
                    Kind::Toggle,
                )
                .help("Requests to sign in come from its server, not through the browser (PAR)."),
                Field::new("par_request_expiry", "Lifetime of pushed requests", Kind::Number("seconds"))
                    .nullable()
                    .help("From 10 to 600; 30 if it is empty."),
            ],
        },
        Group {
            title: "Cross-Origin Authentication",
            lead: "For sign-in forms in the application's own pages.",
            fields: &[
                Field::new("cross_origin_authentication", "Allow Cross-Origin Authentication", Kind::Toggle),
                Field::new("cross_origin_loc", "Cross-Origin Verification Fallback URL", Kind::Text("url"))
                    .placeholder("https://example.com/callback-cross-domain"),
            ],
        },
    ],
    adjust: |_, _| (),
};

const GRANTS: &[(&str, &str)] = &[
    ("authorization_code", "Authorization Code: people sign in with a browser"),
    ("refresh_token", "Refresh Token: new tokens without the user"),
    ("client_credentials", "Client Credentials: the application for itself"),
    ("urn:ietf:params:oauth:grant-type:device_code", "Device Code: devices without a browser"),
    ("implicit", "Implicit: tokens through the browser; for old applications alone"),
    ("password", "Password: the application asks for the password itself; avoid it"),
    (
        "http://auth0.com/oauth/grant-type/password-realm",
        "Password with a realm: the same, for one connection",
    ),
];

static GRANT_TYPES: Part = Part {
    end: "grant-types",
    groups: &[Group {
        title: "Grant Types",
        lead: "The ways in which the application may get tokens. Fewer are safer.",
        fields: &[Field::new("grant_types", "Grants", Kind::Choices(GRANTS))],
    }],
    adjust: |_, _| (),
};

/// The advanced settings begin with the metadata.
async fn first(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    Ok(Redirect::to(&format!("{}/metadata", shown.path())).into_response())
}

/// The frame of a part.
pub(super) fn frame(shown: &Shown, end: &str) -> Frame {
    let parts = [
        ("metadata", "Application Metadata"),
        ("device", "Device Settings"),
        ("oauth", "OAuth"),
        ("grant-types", "Grant Types"),
        ("certificates", "Certificates"),
        ("endpoints", "Endpoints"),
    ];
    shown.frame("metadata").subtabs(&shown.path(), &parts, end)
}

async fn show(desk: Arc<Desk>, part: &'static Part) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let form = Form::of(&desk, part.groups, &shown.value, (&desk.path, "update:clients"));
    Ok(desk.page(&frame(&shown, part.end), &form))
}

async fn save(desk: Arc<Desk>, posted: Posted, part: &'static Part) -> Result<Response, Failure> {
    match form::save_with(&desk, part.groups, (&shown_path(&desk), &api_path(&desk)), &posted, part.adjust)
        .await?
    {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The settings were saved.")),
        Sent::Again(status, form) => {
            let shown = Shown::load(&desk).await?;
            Ok(desk.page_with(status, &frame(&shown, part.end), &*form))
        }
    }
}

struct Endpoint {
    id: &'static str,
    name: &'static str,
    url: String,
}

/// The endpoints of a protocol.
struct Protocol {
    title: &'static str,
    lead: &'static str,
    endpoints: Vec<Endpoint>,
}

impl Protocol {
    /// Paths of the tenant; `{}` is the client id.
    fn of(
        (title, lead): (&'static str, &'static str),
        (issuer, client_id): (&str, &str),
        endpoints: &[(&'static str, &'static str, &str)],
    ) -> Self {
        let endpoint = |(id, name, path): &(&'static str, &'static str, &str)| Endpoint {
            id,
            name,
            url: format!("{issuer}{}", path.replace("{}", &escaped(client_id))),
        };
        Self { title, lead, endpoints: endpoints.iter().map(endpoint).collect() }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% for protocol in protocols %}<section class="card"><header><div><h2>{{ protocol.title }}</h2><p>{{ protocol.lead }}</p></div></header><div class="body fields">{% for endpoint in protocol.endpoints %}{{ CopyField::new(endpoint.id, endpoint.name, endpoint.url) }}{% endfor %}</div></section>{% endfor %}"#
)]
struct Endpoints {
    protocols: Vec<Protocol>,
}

async fn endpoints(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let of = (desk.tenant.issuer.as_str(), shown.client_id.as_str());
    let lead =
        "The addresses of the tenant. Most libraries need the domain alone and find the rest themselves.";
    let oauth = [
        ("authorization", "OAuth Authorization URL", "authorize"),
        ("token", "OAuth Token URL", "oauth/token"),
        ("userinfo", "OAuth User Info URL", "userinfo"),
        ("device", "Device Authorization URL", "oauth/device/code"),
        ("par", "Pushed Authorization Request URL", "oauth/par"),
        ("revocation", "Token Revocation URL", "oauth/revoke"),
        ("logout", "Logout URL (OpenID Connect)", "oidc/logout"),
        ("old-logout", "Logout URL", "v2/logout"),
        ("discovery", "OpenID Configuration", ".well-known/openid-configuration"),
        ("jwks", "JSON Web Key Set", ".well-known/jwks.json"),
    ];
    let mut protocols = vec![Protocol::of(("OAuth", lead), of, &oauth)];
    let stored = desk.api.get(&format!("{}?fields=addons", api_path(&desk))).await?;
    let has =
        |add_on: &str| stored.get("addons").is_some_and(|own| own.get(add_on).is_some_and(Value::is_object));
    if has("samlp") {
        let saml = [
            ("saml-protocol", "SAML Protocol URL", "samlp/{}"),
            ("saml-metadata", "SAML Metadata URL", "samlp/metadata/{}"),
            ("saml-logout", "SAML Single Logout URL", "samlp/{}/logout"),
        ];
        protocols.push(Protocol::of(("SAML", "What the service provider is given."), of, &saml));
    }
    if has("wsfed") {
        let wsfed = [
            ("wsfed-sign-in", "WS-Federation Sign-in URL", "wsfed/{}"),
            (
                "wsfed-metadata",
                "WS-Federation Metadata URL",
                "wsfed/{}/FederationMetadata/2007-06/FederationMetadata.xml",
            ),
        ];
        protocols.push(Protocol::of(("WS-Federation", "What the relying party is given."), of, &wsfed));
    }
    let body = Endpoints { protocols };
    Ok(desk.page(&frame(&shown, "endpoints"), &body))
}
