//! A request of a browser to one of our pages: who is signed in there, what was sent, in which language to answer.
//!
//! Must never trust a form before [`Visit::form`] has seen its proof.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Redirect, Response};
use chancery_oauth::parameters::Parameters;
use http::{HeaderValue, Method, StatusCode, header};

use super::pages::{self, Failure, Page, Scene, paths};
use super::{cookies, csrf};
use crate::app::App;
use crate::db::DbError;
use crate::http::Origin;
use crate::http::body::read;
use crate::http::host::Site;
use crate::logs::{Entry, Kind};
use crate::messages::{Language, Wishes};
use crate::sessions::{self, Session};
use crate::tenants::Tenant;
use crate::users::User;

/// The largest form, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// The largest answer of another provider, in bytes: SAML carries whole profiles with certificates.
const MAX_ANSWER: usize = 512 * 1024;
/// Characters of a browser's value.
const BROWSER: usize = 43;

/// A visit.
pub struct Visit {
    /// The program.
    pub app: Arc<App>,
    /// Whose page it is.
    pub tenant: Arc<Tenant>,
    /// Where it comes from.
    pub origin: Origin,
    /// The method.
    pub method: Method,
    /// The parameters of the query.
    pub query: Parameters,
    /// The query as it came: signatures of SAML cover its octets.
    pub raw_query: String,
    /// The fields of the form, unproved.
    body: Parameters,
    /// The value in the session's cookie.
    session_value: Option<String>,
    /// The value of the browser.
    pub browser: String,
    /// Whether the browser brought it.
    known: bool,
    accept_language: Option<String>,
    /// The session that was opened in this very visit.
    opened: Option<Session>,
}

impl FromRequest<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let origin = Origin::of(app, &request);
        let (mut parts, body) = request.into_parts();
        let Site(tenant) =
            <Site as axum::extract::FromRequestParts<Arc<App>>>::from_request_parts(&mut parts, app).await?;
        let bad = |text: &'static str| (StatusCode::BAD_REQUEST, text).into_response();
        let query = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes());
        let body = if parts.method == Method::POST {
            let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send a form.").into_response());
            }
            if parts.uri.path() == paths::CALLBACK {
                let body = read(body, MAX_ANSWER).await;
                let body = body.map_err(|_| bad("The answer is larger than 512 kB."))?;
                Parameters::from_form(&body)
            } else {
                let body = read(body, MAX_FORM).await.map_err(|_| bad("The form is larger than 64 kB."))?;
                Parameters::from_form(&body)
            }
        } else {
            Ok(Parameters::default())
        };
        let unreadable = query.as_ref().err().or(body.as_ref().err()).map(ToString::to_string);
        let session_value = cookies::session(&tenant, &parts.headers).map(str::to_owned);
        let brought = cookies::browser(&tenant, &parts.headers);
        let brought = brought.filter(|value| value.len() == BROWSER && value.bytes().all(is_url_safe));
        let known = brought.is_some();
        let browser = brought.map_or_else(|| app.entropy.url_safe(BROWSER), str::to_owned);
        let accept_language =
            parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let visit = Self {
            app: Arc::clone(app),
            tenant,
            origin,
            method: parts.method,
            query: query.unwrap_or_default(),
            raw_query: parts.uri.query().unwrap_or_default().to_owned(),
            body: body.unwrap_or_default(),
            session_value,
            browser,
            known,
            accept_language: accept_language.map(str::to_owned),
            opened: None,
        };
        match unreadable {
            None => Ok(visit),
            Some(why) => Err(visit.failure(Failure::Request, Some(("invalid_request", &why)))),
        }
    }
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl Visit {
    /// Whether a form was sent.
    pub fn is_post(&self) -> bool {
        self.method == Method::POST
    }

    /// Query or form, whichever came: for endpoints of the protocol, whose requests other sites send.
    pub fn parameters(&mut self) -> Parameters {
        let sent = if self.method == Method::POST { &mut self.body } else { &mut self.query };
        std::mem::take(sent)
    }

    /// A field of a form that has proved nothing yet.
    pub fn unproved(&self, name: &str) -> Option<String> {
        self.body.value(name).map(str::to_owned)
    }

    /// The fields of a form about `matter`; none if it does not prove to be ours.
    pub fn form(&mut self, matter: &str) -> Option<Parameters> {
        let shown = self.body.take(paths::CSRF).unwrap_or_default();
        let proved = self.known && csrf::check(&self.app, &self.tenant, (&self.browser, matter), &shown);
        proved.then(|| std::mem::take(&mut self.body))
    }

    /// The proof for forms about `matter`.
    pub fn proof(&self, matter: &str) -> String {
        csrf::token(&self.app, &self.tenant, (&self.browser, matter))
    }

    /// Somebody has signed in.
    pub fn signed_in(&mut self, session: Session) {
        self.opened = Some(session);
    }

    /// Who is signed in in this browser.
    pub async fn session(&self) -> Result<Option<Session>, DbError> {
        if self.opened.is_some() {
            return Ok(self.opened.clone());
        }
        match &self.session_value {
            Some(value) => sessions::current(&self.app, &self.tenant, value).await,
            None => Ok(None),
        }
    }

    /// The same with all that is known of them, also of those who are kept out.
    pub async fn session_and_user(&self) -> Result<Option<(Arc<Session>, Arc<User>)>, DbError> {
        if let Some(session) = &self.opened {
            let user = self.app.people.user(&self.app.db, self.tenant.id(), &session.user_id).await?;
            return Ok(user.map(|user| (Arc::new(session.clone()), user)));
        }
        match &self.session_value {
            Some(value) => sessions::current_with_user(&self.app, &self.tenant, value).await,
            None => Ok(None),
        }
    }

    /// The language of the answer.
    pub fn language(&self, ui_locales: Option<&str>) -> Language {
        let wishes = Wishes { ui_locales, accept_language: self.accept_language.as_deref() };
        Language::choose(&self.tenant.look.languages, wishes)
    }

    /// A page.
    pub fn page(&self, page: &Page<'_>, setting: &Setting<'_>) -> Response {
        let nonce = self.app.entropy.url_safe(22);
        let language = self.language(setting.ui_locales);
        let scene = Scene {
            look: &self.tenant.look,
            language: &language,
            application: setting.application,
            nonce: &nonce,
            leads_to: setting.leads_to,
        };
        self.with_browser(page.render(&scene))
    }

    /// An error page.
    pub fn failure(&self, failure: Failure, details: Option<(&str, &str)>) -> Response {
        let reference = self.origin.request_id.as_str();
        let error = pages::Error { failure, details, reference: Some(reference), back: None };
        self.page(&Page::Error(error), &Setting::default())
    }

    /// An error page for a fault of ours or of the database.
    pub fn broken(&self, error: &dyn std::fmt::Display) -> Response {
        tracing::error!(%error, "a page could not be answered");
        self.failure(Failure::Generic, None)
    }

    /// To another page, with GET.
    pub fn redirect(&self, to: &str) -> Response {
        let response = if self.is_post() {
            Redirect::to(to).into_response()
        } else {
            // 302, which clients of old look for.
            let Ok(location) = HeaderValue::from_str(to) else { return self.failure(Failure::Generic, None) };
            (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
        };
        self.with_browser(response)
    }

    /// Gives the browser its value, if it has none.
    pub fn with_browser(&self, mut response: Response) -> Response {
        if !self.known {
            response = with_cookie(response, cookies::set_browser(&self.tenant, &self.browser));
        }
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    /// An entry of the log about this visit.
    pub fn entry(&self, kind: Kind, description: impl Into<String>) -> Entry {
        Entry {
            ip: Some(self.origin.ip.to_string()),
            user_agent: self.origin.user_agent.clone(),
            ..Entry::new(kind, description)
        }
    }
}

/// What surrounds a page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setting<'a> {
    /// The name of the application.
    pub application: Option<&'a str>,
    /// Where the form may lead in the end.
    pub leads_to: Option<&'a str>,
    /// The languages that the application asked for.
    pub ui_locales: Option<&'a str>,
}

/// An answer with a cookie.
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
