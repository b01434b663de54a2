//! The add-ons of an application that the signing keys sign for: SAML2 Web App and WS-Fed.
//!
//! Must never lose what another add-on holds: the API puts all of them in at once.

pub(super) mod json;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Shown, api_path};
use crate::dashboard::ui::{Alert, Badge, Code, CopyField, Csrf, Icon, Moment, Tone, text};
use crate::dashboard::{
    Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, escaped, form, with_query,
};

/// An add-on.
struct AddOn {
    /// Its name in the API, and the end of its address.
    name: &'static str,
    label: &'static str,
    lead: &'static str,
    /// The settings that most partners need.
    groups: &'static [Group],
    /// All of them, as JSON.
    whole: &'static [Group],
    /// What all of them are without being set.
    defaults: fn() -> Value,
    usage: fn(&Desk, &Own) -> Vec<Usage>,
}

/// What a partner has to be told.
struct Usage {
    id: &'static str,
    label: &'static str,
    value: String,
}

const CALLBACKS: Field = Field::new("callbacks", "Application Callback URLs", Kind::Lines)
    .placeholder("https://partner.example/saml/acs")
    .help("Where the partner takes answers, one a line. The first is used where a request names none. Every character counts.");

const REALMS: Field = Field::new("client_aliases", "Realms", Kind::Lines)
    .placeholder("urn:partner")
    .help("What it calls itself in wtrealm, one a line, beside the realm that the usage names.");

/// What there is to know of the settings as JSON.
const AS_JSON: &str = "What is not set shows its default, and is stored only once you change it. Take a setting out to be back at its default.";

const FORMATS: &[(&str, &str)] = &[
    ("", "Not chosen: unspecified"),
    ("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "Unspecified"),
    ("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "Email address"),
    ("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "Persistent"),
    ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "Transient"),
];
const CIPHERS: &[(&str, &str)] = &[
    ("", "Not chosen: AES-256-GCM"),
    ("aes256-gcm", "AES-256-GCM"),
    ("aes128-gcm", "AES-128-GCM"),
    ("aes256-cbc", "AES-256-CBC, for old partners alone"),
    ("aes128-cbc", "AES-128-CBC, for old partners alone"),
];

const SAML: AddOn = AddOn {
    name: "samlp",
    label: "SAML2 Web App",
    lead: "People sign in to a service provider that speaks SAML 2.0.",
    groups: &[
        Group {
            title: "Service provider",
            lead: "What the partner has told you of itself.",
            fields: &[
                CALLBACKS,
                Field::text("addons.samlp.audience", "Audience")
                    .placeholder("https://partner.example/saml/metadata")
                    .help("Its entity ID. Empty: whoever asks."),
                Field::new("addons.samlp.signingCert", "Certificate", Kind::Area(6))
                    .placeholder("-----BEGIN CERTIFICATE-----")
                    .help("If it signs its requests. From then on only signed ones are accepted."),
            ],
        },
        Group {
            title: "Assertion",
            lead: "",
            fields: &[
                Field::new("addons.samlp.nameIdentifierFormat", "Name ID Format", Kind::Select(FORMATS))
                    .nullable(),
                Field::new("addons.samlp.nameIdentifierProbes", "Name ID", Kind::Lines)
                    .placeholder("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress")
                    .help("The attributes that the name is taken from, one a line: the first that has a value. Empty: the user ID."),
                Field::new("addons.samlp.mappings", "Mappings", Kind::Json)
                    .help("From the profile to attributes: {\"email\": \"mail\"}. Empty: the usual claims."),
                Field::new("addons.samlp.lifetimeInSeconds", "Lifetime", Kind::Number("seconds"))
                    .nullable()
                    .help("3600 if it is empty."),
                Field::new("addons.samlp.signResponse", "Sign the response", Kind::Toggle)
                    .help("Instead of the assertion in it."),
            ],
        },
        Group {
            title: "Encryption",
            lead: "So that only the partner can read what is said about people.",
            fields: &[
                Field::new("addons.samlp.encryptionCert", "Encryption Certificate", Kind::Area(6))
                    .placeholder("-----BEGIN CERTIFICATE-----"),
                Field::new("addons.samlp.encryptionAlgorithm", "Algorithm", Kind::Select(CIPHERS))
                    .nullable(),
            ],
        },
        Group {
            title: "Logout",
            lead: "",
            fields: &[
                Field::new("addons.samlp.logout.callback", "Single Logout URL", Kind::Text("url"))
                    .placeholder("https://partner.example/saml/slo"),
                Field::new("addons.samlp.logout.slo_enabled", "Take part in single logout", Kind::Toggle)
                    .help("The partner is told when its users sign out elsewhere."),
            ],
        },
        Group {
            title: "Debug",
            lead: "",
            fields: &[Field::new("addons.samlp.debug", "Keep responses in the log", Kind::Toggle)
                .help("The last ones are shown below. They hold what is said about people: turn it off when you are done.")],
        },
    ],
    whole: &[Group {
        title: "All settings",
        lead: AS_JSON,
        fields: &[
            CALLBACKS,
            Field::new("addons.samlp", "Settings (JSON)", Kind::Json)
                .help("Empty, audience is whoever asks, recipient and destination are where the answer goes, and issuer is the name of this tenant. Everything is signed with RSA-SHA256; signatureAlgorithm rsa-sha1 lets the partner sign requests with SHA-1. binding is the one of logouts."),
        ],
    }],
    defaults: json::saml,
    usage: |desk, own| {
        let base = format!("{}/samlp", desk.tenant.base);
        let id = escaped(&own.shown.client_id);
        let certificate = &desk.tenant.ring.current().public().certificate;
        vec![
            usage("metadata", "Identity Provider Metadata", format!("{base}/metadata/{id}")),
            usage("issuer", "Issuer", own.issuer(desk, "samlp")),
            usage("login", "Identity Provider Login URL", format!("{base}/{id}")),
            usage("logout", "Identity Provider Logout URL", format!("{base}/{id}/logout")),
            usage("fingerprint", "Certificate Fingerprint (SHA-1)", certificate.fingerprint()),
        ]
    },
};

const TOKENS: &[(&str, &str)] = &[("", "SAML 1.1"), (chancery_saml::ASSERTION, "SAML 2.0")];

const WSFED: AddOn = AddOn {
    name: "wsfed",
    label: "WS-Fed Web App",
    lead: "People sign in to a relying party that speaks WS-Federation.",
    groups: &[Group {
        title: "Relying party",
        lead: "What the partner has told you of itself.",
        fields: &[
            CALLBACKS,
            REALMS,
            Field::new("addons.wsfed.tokenType", "Tokens", Kind::Select(TOKENS)).nullable(),
        ],
    }],
    whole: &[Group {
        title: "All settings",
        lead: AS_JSON,
        fields: &[
            CALLBACKS,
            REALMS,
            Field::new("addons.wsfed", "Settings (JSON)", Kind::Json)
                .help("Empty, audience is the realm that was asked for, and issuer is the name of this tenant. authnContextClassRef, typedAttributes and includeAttributeNameFormat concern tokens of SAML 2.0 (urn:oasis:names:tc:SAML:2.0:assertion) alone."),
        ],
    }],
    defaults: json::wsfed,
    usage: |desk, own| {
        let base = format!("{}/wsfed/{}", desk.tenant.base, escaped(&own.shown.client_id));
        let certificate = &desk.tenant.ring.current().public().certificate;
        vec![
            usage(
                "metadata",
                "Federation Metadata",
                format!("{base}/FederationMetadata/2007-06/FederationMetadata.xml"),
            ),
            usage("login", "Passive Endpoint", base),
            usage("realm", "Realm", format!("urn:{}", own.shown.client_id)),
            usage("issuer", "Issuer", own.issuer(desk, "wsfed")),
            usage("fingerprint", "Certificate Fingerprint (SHA-1)", certificate.fingerprint()),
        ]
    },
};

const ALL: [&AddOn; 2] = [&SAML, &WSFED];

fn usage(id: &'static str, label: &'static str, value: String) -> Usage {
    Usage { id, label, value }
}

/// An application with its add-ons.
struct Own {
    shown: Shown,
    /// What the pages edit: callbacks, names of the realm, add-ons.
    object: Value,
}

impl Own {
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        Ok(Self { shown: Shown::load(desk).await?, object: desk.api.get(&object_path(desk)).await? })
    }

    fn add_ons(&self) -> Map<String, Value> {
        self.object.get("addons").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    fn has(&self, add_on: &AddOn) -> bool {
        self.add_ons().get(add_on.name).is_some_and(Value::is_object)
    }

    /// What an add-on is set to.
    fn settings(&self, add_on: &AddOn) -> Map<String, Value> {
        self.add_ons().get(add_on.name).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// What its messages call their issuer.
    fn issuer(&self, desk: &Desk, add_on: &str) -> String {
        let add_ons = self.add_ons();
        let own = add_ons.get(add_on).map_or("", |settings| text(settings, "issuer"));
        match own {
            "" => format!("urn:{}", desk.tenant.stored.canonical.as_str()),
            own => own.to_owned(),
        }
    }

    fn home(&self) -> String {
        format!("{}/addons", self.shown.path())
    }

    /// Where an add-on is.
    fn path(&self, add_on: &AddOn) -> String {
        format!("{}/{}", self.home(), add_on.name)
    }

    /// The frame of a page of an add-on.
    fn frame(&self, add_on: &AddOn, current: &str) -> Frame {
        let frame = self.shown.frame_below("addons", add_on.label);
        if !self.has(add_on) {
            return frame;
        }
        frame.subtabs(&self.path(add_on), &[("", "Settings"), ("json", "All settings (JSON)")], current)
    }
}

/// What the pages edit, in the API.
fn object_path(desk: &Desk) -> String {
    format!("{}?fields=client_id,callbacks,client_aliases,addons", api_path(desk))
}

/// The add-on that the address names.
fn named(desk: &Desk) -> Result<&'static AddOn, Failure> {
    let found = ALL.into_iter().find(|add_on| add_on.name == desk.name("addon"));
    found.ok_or_else(|| Failure::missing("There is no such add-on."))
}

#[derive(Template)]
#[template(path = "applications/page/addons.html")]
struct List {
    /// Address, label, what it is for, and whether it is on.
    add_ons: Vec<(String, &'static str, &'static str, bool)>,
}

pub(super) async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let row = |add_on: &AddOn| (own.path(add_on), add_on.label, add_on.lead, own.has(add_on));
    let body = List { add_ons: ALL.into_iter().map(row).collect() };
    Ok(desk.page(&own.shown.frame("addons"), &body))
}

#[derive(Template)]
#[template(path = "applications/page/addon.html")]
struct Page {
    label: &'static str,
    path: String,
    is_on: bool,
    may: bool,
    csrf: Csrf,
    form: Form,
    usage: Vec<Usage>,
    /// The last responses, where they are kept.
    messages: Vec<Message>,
}

/// A response that was kept.
struct Message {
    at: Moment,
    user: String,
    id: String,
    xml: String,
}

/// The last responses that were kept, for those who may read the log.
async fn messages(desk: &Desk, own: &Own) -> Result<Vec<Message>, Failure> {
    let query = format!("type:w AND client_id:\"{}\"", own.shown.client_id);
    let path = with_query("/logs", &[("q", &query), ("sort", "date:-1"), ("per_page", "5")]);
    let entries = desk.api.look(&path).await?.unwrap_or_default();
    let message = |entry: &Value| {
        let xml = entry.get("details")?.get("SAMLResponse")?.as_str()?.to_owned();
        Some(Message {
            at: Moment::of(entry.get("date")),
            user: text(entry, "user_id").to_owned(),
            id: format!("response-{}", text(entry, "log_id")),
            xml,
        })
    };
    Ok(entries.as_array().into_iter().flatten().filter_map(message).collect())
}

async fn page(
    desk: &Desk,
    own: &Own,
    (add_on, status): (&AddOn, StatusCode),
    form: Form,
) -> Result<Response, Failure> {
    let body = Page {
        messages: if add_on.name == SAML.name { messages(desk, own).await? } else { Vec::new() },
        label: add_on.label,
        path: own.path(add_on),
        is_on: own.has(add_on),
        may: desk.may("update:clients"),
        csrf: desk.csrf(),
        form,
        usage: (add_on.usage)(desk, own),
    };
    Ok(desk.page_with(status, &own.frame(add_on, ""), &body))
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (add_on, own) = (named(&desk)?, Own::load(&desk).await?);
    let form = Form::of(&desk, add_on.groups, &own.object, (&desk.path, "update:clients"));
    page(&desk, &own, (add_on, StatusCode::OK), form).await
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let add_on = named(&desk)?;
    let paths = (object_path(&desk), api_path(&desk));
    let saved = form::save_with(&desk, add_on.groups, (&paths.0, &paths.1), &posted, tidied).await?;
    match saved {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The settings were saved.")),
        Sent::Again(status, form) => {
            let own = Own::load(&desk).await?;
            page(&desk, &own, (add_on, status), *form).await
        }
    }
}

/// Leaves out of the add-ons what was emptied: the API keeps them as they are sent.
fn tidied(_: &Value, patch: &mut Map<String, Value>) {
    let Some(Value::Object(add_ons)) = patch.get_mut("addons") else { return };
    for members in add_ons.values_mut().filter_map(Value::as_object_mut) {
        members.retain(|_, value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
        });
    }
}

/// Turns an add-on on or off.
pub(super) async fn switch(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (add_on, own) = (named(&desk)?, Own::load(&desk).await?);
    let mut add_ons = own.add_ons();
    let on = posted.get("on") == "true";
    if on {
        add_ons.entry(add_on.name).or_insert_with(|| json!({}));
    } else {
        add_ons.shift_remove(add_on.name);
    }
    desk.api.patch(&api_path(&desk), &json!({ "addons": add_ons })).await?;
    let (to, said) = if on {
        (own.path(add_on), "The add-on is on. Tell it what you know of the partner.")
    } else {
        (own.home(), "The add-on is off, and its settings are gone.")
    };
    Ok(desk.done(&to, said))
}
