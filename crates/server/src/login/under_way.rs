//! A login under way: the request that began it, and what its user has done since.
//!
//! Whatever a page has achieved, [`Step::resume`] looks at the whole request anew and decides what comes next:
//! another page, or the answer to the application. Must never remember a decision of the protocol.

use axum::response::Response;
use chancery_crypto::digest;
use chancery_jose::base64url;
use chancery_oauth::authorize::{Raw, Request};
use chancery_oauth::client::Client;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use std::sync::Arc;

use super::pages::{Failure, paths};
use super::visit::{Setting, Visit};
use crate::connections::{self, Connection};
use crate::db::DbError;
use crate::in_flight::logins;
use crate::oidc::authorize::{self, Known};
use crate::users;

/// What is stored of a login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnderWay {
    /// The digest of the value of the browser that it was begun in.
    browser: String,
    /// The application.
    pub client_id: String,
    /// The request.
    request: Value,
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
    /// The request.
    pub request: Request,
}

impl UnderWay {
    /// A login that begins in this browser.
    pub fn begin(visit: &Visit, client: &Client, raw: &Raw) -> Self {
        Self {
            browser: of_browser(visit),
            client_id: client.id.clone(),
            request: raw.to_document(),
            proved: None,
            identifier: None,
            consent: None,
        }
    }
}

fn of_browser(visit: &Visit) -> String {
    base64url::encode(&digest::sha256(visit.browser.as_bytes()))
}

impl Step {
    /// The login that a page belongs to; otherwise the page that says that it is over.
    pub async fn find(visit: &Visit, text: Option<String>) -> Result<Self, Response> {
        let over = || visit.failure(Failure::Expired, None);
        let text = text.ok_or_else(over)?;
        let found = logins::find::<UnderWay>(&visit.app, visit.tenant.id(), &text).await;
        let login = found.map_err(|error| visit.broken(&error))?.ok_or_else(over)?;
        // Somebody may have been sent the address of a login that another person began.
        if !digest::equal(of_browser(visit).as_bytes(), login.browser.as_bytes()) {
            return Err(over());
        }
        let Known { client, request, .. } = Self::known(visit, &login).await?;
        Ok(Self { text, login, client, request })
    }

    async fn known(visit: &Visit, login: &UnderWay) -> Result<Known, Response> {
        let raw = Raw::from_document(&login.request);
        let raw = raw.ok_or_else(|| visit.broken(&"a login under way is damaged"))?;
        authorize::known(visit, &login.client_id, &raw).await
    }

    /// What surrounds its pages.
    pub fn setting(&self) -> Setting<'_> {
        Setting {
            application: Some(&self.client.name),
            leads_to: Some(&self.request.channel.redirect_uri),
            ui_locales: self.ui_locales(),
        }
    }

    fn ui_locales(&self) -> Option<&str> {
        self.request.ui_locales.first().map(String::as_str)
    }

    /// The proof of its forms.
    pub fn proof(&self, visit: &Visit) -> String {
        visit.proof(&self.text)
    }

    /// Decides what comes next, now that something was achieved.
    pub async fn resume(self, visit: &Visit) -> Response {
        authorize::proceed(visit, self).await
    }

    /// To one of its pages.
    pub fn to(&self, visit: &Visit, path: &str) -> Response {
        visit.redirect(&paths::with_state(path, &self.text))
    }

    /// The connection that the pages speak of: the first of those that people can sign in with.
    pub async fn connection(&self, visit: &Visit) -> Result<Option<Connection>, DbError> {
        Ok(self.connections(visit).await?.into_iter().next())
    }

    /// The connections that people can sign in with: the one that was asked for, or those of the application.
    async fn connections(&self, visit: &Visit) -> Result<Vec<Connection>, DbError> {
        let mut usable = connections::usable_by(&visit.app.db, visit.tenant.id(), &self.client.id).await?;
        let wanted = self.request.connection.as_deref();
        usable.retain(|own| wanted.is_none_or(|wanted| own.name == wanted));
        Ok(usable)
    }

    /// The connections in which somebody has this identifier; without any, the first, so that looking costs the same.
    pub async fn homes(&self, visit: &Visit, identifier: &str) -> Result<Vec<Connection>, DbError> {
        let all = self.connections(visit).await?;
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
