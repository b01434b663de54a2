//! A login under way: the request that began it, and what its user has done since.
//!
//! Whatever a page has achieved, [`Step::resume`] looks at the whole request anew and decides what comes next:
//! another page, the answer to the application, or the question whether a device may be connected. Must never
//! remember a decision of the protocol.

use axum::response::Response;
use chancery_crypto::digest;
use chancery_jose::base64url;
use chancery_oauth::authorize::{Raw, Request};
use chancery_oauth::client::Client;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use std::sync::Arc;

use super::elsewhere::Offers;
use super::pages::{Failure, paths};
use super::visit::{Setting, Visit};
use crate::connections::Connection;
use crate::db::DbError;
use crate::federation;
use crate::in_flight::LOGINS;
use crate::oidc::authorize::{self, Known};
use crate::oidc::device;
use crate::partners::{self, Asked};
use crate::prompts;
use crate::tenants::Tenant;
use crate::users;

/// What is stored of a login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnderWay {
    /// The digest of the value of the browser that it was begun in.
    browser: String,
    /// The application.
    pub client_id: String,
    /// The request; null where a device or a partner waits instead.
    request: Value,
    /// The code that the user of a device has typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_code: Option<String>,
    /// What an application asked for that speaks another protocol than OAuth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner: Option<Asked>,
    /// The session whose user has proved for this very request who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<String>,
    /// What the user signs in as, once that was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// What the user said when asked for consent, and which user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Answered>,
}

/// An answer to the question for consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answered {
    /// Who answered.
    pub user_id: String,
    /// Yes or no.
    pub allowed: bool,
}

/// A login of this browser, with everything that its pages need.
pub struct Step {
    /// Its text: the `state` of our pages.
    pub text: String,
    /// What is stored.
    pub login: UnderWay,
    /// The application.
    pub client: Arc<Client>,
    /// The languages that the application asked for, best first.
    locales: Option<String>,
    /// What the user signs in for.
    purpose: Purpose,
}

/// What somebody signs in for.
enum Purpose {
    /// To be sent back to an application.
    Application(Box<Request>),
    /// To be sent back to an application that speaks another protocol.
    Partner(Box<Asked>),
    /// To connect the device that shows this code.
    Device(String),
}

impl UnderWay {
    /// A login that begins in this browser.
    pub fn begin(visit: &Visit, client: &Client, raw: &Raw) -> Self {
        Self { request: raw.to_document(), ..Self::new(visit, client) }
    }

    /// A login that begins in this browser for a device.
    pub fn for_device(visit: &Visit, client: &Client, user_code: &str) -> Self {
        Self { user_code: Some(user_code.to_owned()), ..Self::new(visit, client) }
    }

    /// A login that begins in this browser for an application that speaks another protocol.
    pub fn for_partner(visit: &Visit, client: &Client, asked: &Asked) -> Self {
        Self { partner: Some(asked.clone()), ..Self::new(visit, client) }
    }

    /// Writes it down; answers its text.
    pub async fn store(&self, visit: &Visit) -> Result<String, DbError> {
        let mut tx = visit.app.db.begin().await?.passing();
        let text = LOGINS.begin(&visit.app, &mut tx, visit.tenant.id(), self).await?;
        tx.commit().await?;
        Ok(text)
    }

    fn new(visit: &Visit, client: &Client) -> Self {
        Self {
            browser: of_browser(visit),
            client_id: client.id.clone(),
            request: Value::Null,
            user_code: None,
            partner: None,
            proved: None,
            identifier: None,
            consent: None,
        }
    }
}

/// The page that a login begins with, as the tenant wants it.
pub fn first_page(tenant: &Tenant) -> &'static str {
    if prompts::identifier_first(&tenant.kept) { paths::LOGIN_ID } else { paths::LOGIN }
}

/// To where a login begins: straight to another provider where nothing else is offered, else to the first page.
pub async fn enter(visit: &Visit, text: &str, first: &str, of: (&str, Option<&str>)) -> Response {
    match Offers::of(visit, of).await {
        Ok(offers) => match offers.straight() {
            Some(connection) => match Step::find(visit, Some(text.to_owned())).await {
                Ok(step) => federation::begin(visit, &step, connection).await,
                Err(over) => over,
            },
            None => visit.redirect(&paths::with_state(first, text)),
        },
        Err(error) => visit.broken(&error),
    }
}

/// Where somebody begins anew whose login is over: at the address that the tenant has for it, or at the page that says so.
fn over(visit: &Visit) -> Response {
    let address = visit.tenant.settings().get("default_redirection_uri").and_then(Value::as_str);
    match address.filter(|address| !address.is_empty()) {
        Some(address) => visit.redirect(address),
        None => visit.failure(Failure::Expired, None),
    }
}

/// The digest of the value of a visit's browser.
pub fn of_browser(visit: &Visit) -> String {
    base64url::encode(&digest::sha256(visit.browser.as_bytes()))
}

impl Step {
    /// The login that a page belongs to; otherwise the page that says that it is over.
    pub async fn find(visit: &Visit, text: Option<String>) -> Result<Self, Response> {
        let over = || over(visit);
        let text = text.ok_or_else(over)?;
        let found = LOGINS.find::<UnderWay>(&visit.app, visit.tenant.id(), &text).await;
        let login = found.map_err(|error| visit.broken(&error))?.ok_or_else(over)?;
        // Somebody may have been sent the address of a login that another person began.
        if !digest::equal(of_browser(visit).as_bytes(), login.browser.as_bytes()) {
            return Err(over());
        }
        let (client, purpose) = if let Some(user_code) = &login.user_code {
            (authorize::client(visit, &login.client_id).await?, Purpose::Device(user_code.clone()))
        } else if let Some(asked) = &login.partner {
            (authorize::client(visit, &login.client_id).await?, Purpose::Partner(Box::new(asked.clone())))
        } else {
            let raw = Raw::from_document(&login.request);
            let raw = raw.ok_or_else(|| visit.broken(&"a login under way is damaged"))?;
            let Known { client, request } = authorize::known(visit, &login.client_id, &raw).await?;
            (client, Purpose::Application(Box::new(request)))
        };
        let locales = match &purpose {
            Purpose::Application(request) => Some(request.ui_locales.join(" ")),
            Purpose::Partner(_) | Purpose::Device(_) => None,
        };
        Ok(Self { text, login, client, locales, purpose })
    }

    /// The request of the application, if it was one that sent the user here.
    pub fn request(&self) -> Option<&Request> {
        match &self.purpose {
            Purpose::Application(request) => Some(request),
            Purpose::Partner(_) | Purpose::Device(_) => None,
        }
    }

    /// Whether a session does not spare the login, wherever it is: neither ours nor that of another provider.
    pub fn is_forced(&self) -> bool {
        match &self.purpose {
            Purpose::Application(request) => request.prompts.login || request.max_age == Some(0),
            Purpose::Partner(asked) => asked.is_forced(),
            Purpose::Device(_) => false,
        }
    }

    /// What the user probably signs in as: what was typed, or what the application expects.
    pub fn identifier(&self) -> Option<&str> {
        let hint = || match &self.purpose {
            Purpose::Application(request) => request.login_hint.as_deref(),
            Purpose::Partner(asked) => asked.login_hint(),
            Purpose::Device(_) => None,
        };
        self.login.identifier.as_deref().or_else(hint)
    }

    /// A parameter of the application's request as it was sent.
    pub fn parameter(&self, name: &str) -> Option<String> {
        Raw::from_document(&self.login.request)?.text(name).map(str::to_owned)
    }

    /// What surrounds its pages.
    pub fn setting(&self) -> Setting<'_> {
        Setting {
            application: Some(&self.client.name),
            leads_to: self.leads_to(),
            ui_locales: self.ui_locales(),
        }
    }

    /// Where the forms may lead in the end.
    fn leads_to(&self) -> Option<&str> {
        match &self.purpose {
            Purpose::Application(request) => Some(&request.channel.redirect_uri),
            Purpose::Partner(asked) => Some(asked.leads_to()),
            Purpose::Device(_) => None,
        }
    }

    /// The name of the connection that was asked for.
    pub fn wanted(&self) -> Option<&str> {
        match &self.purpose {
            Purpose::Application(request) => request.connection.as_deref(),
            Purpose::Partner(asked) => asked.connection(),
            Purpose::Device(_) => None,
        }
    }

    fn ui_locales(&self) -> Option<&str> {
        self.locales.as_deref()
    }

    /// The proof of its forms.
    pub fn proof(&self, visit: &Visit) -> String {
        visit.proof(&self.text)
    }

    /// Decides what comes next, now that something was achieved.
    pub async fn resume(self, visit: &Visit) -> Response {
        match &self.purpose {
            Purpose::Application(request) => authorize::proceed(visit, &self, request).await,
            Purpose::Partner(asked) => partners::proceed(visit, &self.client, asked, Some(&self)).await,
            Purpose::Device(user_code) => device::proceed(visit, &self, user_code).await,
        }
    }

    /// To one of its pages.
    pub fn to(&self, visit: &Visit, path: &str) -> Response {
        visit.redirect(&paths::with_state(path, &self.text))
    }

    /// The database that the pages speak of: the first of those that people can sign in with.
    pub async fn connection(&self, visit: &Visit) -> Result<Option<Connection>, DbError> {
        Ok(self.offers(visit).await?.databases.into_iter().next())
    }

    /// The connections that people can sign in with: the one that was asked for, or those of the application.
    pub async fn offers(&self, visit: &Visit) -> Result<Offers, DbError> {
        Offers::of(visit, (&self.client.id, self.wanted())).await
    }

    /// The databases in which somebody has this identifier; without any, the first, so that looking costs the same.
    pub async fn homes(&self, visit: &Visit, identifier: &str) -> Result<Vec<Connection>, DbError> {
        let all = self.offers(visit).await?.databases;
        let mut homes = Vec::new();
        for own in &all {
            let found = users::by_identifier(&visit.app.db, visit.tenant.id(), own, identifier).await?;
            if found.is_some() {
                homes.push(own.clone());
            }
        }
        Ok(if homes.is_empty() { all.into_iter().take(1).collect() } else { homes })
    }
}
