//! The settings of a connection to another provider: a tab each, with the fields of its strategy.
//!
//! Must never lose an option that the tab does not show, nor read one that is secret.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::certificates::{self, Shown};
use super::presented::{presented, tidied};
use super::strategies::{self, LOGIN, MAPPING, SETTINGS, UNASKED};
use super::{api_path, frame, keys, own_path, read, secret};
use crate::connections::Strategy;
use crate::dashboard::ui::{Alert, Code, Copy, CopyField, Csrf, Tone, text};
use crate::dashboard::{Desk, Failure, Form, Posted, Sent, form};

/// What it takes to change them.
const SCOPE: &str = "update:connections";

/// Where the members of a profile come from, unless the mappings say otherwise.
const USUAL: &str = r#"{
  "user_id": [
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
  ],
  "email": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
  "name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
  "given_name": [
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
  ],
  "family_name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
  "groups": "http://schemas.xmlsoap.org/claims/Group"
}"#;

/// What an administrator hears whose provider has no address for profiles, or whose script was to do without.
const NO_PROFILE: &str = "Nobody can sign in with this connection: it has no Profile URL, and a script \
    (scripts.fetchUserProfile) is kept but not run here. Give the address at which the provider answers the profile of \
    whoever the access token belongs to.";

/// What stands on the first tab alone.
struct Basics {
    id: String,
    name: String,
    kind: &'static str,
    /// Whether it may have a client secret.
    has_secret: bool,
    certificates: Vec<Shown>,
    keys: Option<keys::Section>,
    may_delete: bool,
}

#[derive(Template)]
#[template(path = "connections/elsewhere.html")]
struct Page {
    basics: Option<Basics>,
    /// Why nobody can sign in with it.
    mute: Option<&'static str>,
    /// Whether something old is allowed that is not safe any more.
    weak: bool,
    usual: Option<&'static str>,
    form: Form,
    home: String,
    csrf: Csrf,
}

/// A connection with the tab that is shown.
struct Own {
    connection: Value,
    strategy: Strategy,
    tab: &'static str,
}

impl Own {
    async fn load(desk: &Desk, tab: &'static str) -> Result<Self, Failure> {
        let connection = read(desk).await?;
        let strategy = strategies::of(&connection);
        let strategy = strategy.filter(|own| strategies::tabs(*own).iter().any(|(end, _)| *end == tab));
        let strategy = strategy.ok_or_else(|| Failure::missing("This connection has no such page."))?;
        Ok(Self { connection, strategy, tab })
    }

    async fn page(&self, desk: &Desk, status: StatusCode, form: Form) -> Result<Response, Failure> {
        let option = |name: &str| text(self.connection.get("options").unwrap_or(&Value::Null), name);
        let basics = if self.tab == SETTINGS.0 { Some(self.basics(desk).await?) } else { None };
        let is_mute =
            basics.is_some() && self.strategy == Strategy::OAuth2 && option("userInfoURL").is_empty();
        let body = Page {
            mute: is_mute.then_some(NO_PROFILE),
            weak: basics.is_some()
                && (option("signatureAlgorithm") == "rsa-sha1" || option("digestAlgorithm") == "sha1"),
            basics,
            usual: (self.tab == MAPPING.0 && self.strategy == Strategy::Samlp).then_some(USUAL),
            form,
            home: own_path(desk),
            csrf: desk.csrf(),
        };
        Ok(desk.page_with(status, &frame(desk, &self.connection, self.tab), &body))
    }

    async fn basics(&self, desk: &Desk) -> Result<Basics, Failure> {
        Ok(Basics {
            id: text(&self.connection, "id").to_owned(),
            name: text(&self.connection, "name").to_owned(),
            kind: strategies::label(self.strategy),
            has_secret: !matches!(self.strategy, Strategy::Samlp | Strategy::Adfs | Strategy::Apple)
                && desk.may(secret::SCOPE),
            certificates: certificates::shown(&self.connection, desk.app.clock.now()),
            keys: if matches!(self.strategy, Strategy::Oidc | Strategy::Okta) {
                keys::section(desk, &self.connection).await?
            } else {
                None
            },
            may_delete: desk.may("delete:connections"),
        })
    }
}

async fn show_tab(desk: &Desk, tab: &'static str) -> Result<Response, Failure> {
    let own = Own::load(desk, tab).await?;
    let groups = strategies::groups(own.strategy, tab);
    let form = Form::of(desk, &groups, &presented(&own.connection), (&desk.path, SCOPE));
    own.page(desk, StatusCode::OK, form).await
}

async fn save_tab(desk: &Desk, tab: &'static str, posted: &Posted) -> Result<Response, Failure> {
    let own = Own::load(desk, tab).await?;
    let groups = strategies::groups(own.strategy, tab);
    let path = format!("{}?keep_secrets=true", api_path(desk));
    let object = presented(&own.connection);
    let saved = form::save_shown(desk, &groups, (&object, &path), posted, |patch| {
        tidied(own.strategy, &groups, patch);
        Ok(())
    });
    match saved.await? {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The connection was saved.")),
        Sent::Again(status, form) => own.page(desk, status, *form).await,
    }
}

pub(super) async fn show(desk: &Desk) -> Result<Response, Failure> {
    show_tab(desk, SETTINGS.0).await
}

pub(super) async fn save(desk: &Desk, posted: &Posted) -> Result<Response, Failure> {
    save_tab(desk, SETTINGS.0, posted).await
}

pub(super) async fn show_mapping(desk: Arc<Desk>) -> Result<Response, Failure> {
    show_tab(&desk, MAPPING.0).await
}

pub(super) async fn save_mapping(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save_tab(&desk, MAPPING.0, &posted).await
}

pub(super) async fn show_unasked(desk: Arc<Desk>) -> Result<Response, Failure> {
    show_tab(&desk, UNASKED.0).await
}

pub(super) async fn save_unasked(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save_tab(&desk, UNASKED.0, &posted).await
}

pub(super) async fn show_login(desk: Arc<Desk>) -> Result<Response, Failure> {
    show_tab(&desk, LOGIN.0).await
}

pub(super) async fn save_login(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    save_tab(&desk, LOGIN.0, &posted).await
}
