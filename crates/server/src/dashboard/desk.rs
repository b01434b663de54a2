//! A request of a signed-in administrator: who, what was sent, what the API answers them, and how to answer.
//!
//! Must never reach a page without a session, nor an action without the proof that our own form was sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use chancery_oauth::scope::Scopes;
use http::{HeaderMap, Method, StatusCode, header};

use super::api::{Api, Failure, Operations, escaped};
use super::cookies;
use super::posted::Posted;
use super::shell::{self, Frame, Place, Room, see_other};
use super::ui::{Alert, Csrf, Empty, Tone};
use crate::administrators::{self, Administrator, sessions};
use crate::app::App;
use crate::http::Origin;
use crate::http::body::read;
use crate::http::host::Site;
use crate::login::csrf;
use crate::management::caller::Insider;
use crate::tenants::Tenant;

/// The largest form, in bytes.
const MAX_FORM: usize = 512 * 1024;
/// What the proofs of our forms are about.
const MATTER: &str = "dashboard";

/// A request of an administrator.
pub struct Desk {
    /// The program.
    pub app: Arc<App>,
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Who asks.
    pub who: Administrator,
    /// The Management API as they may use it.
    pub api: Api,
    /// The parameters of the query.
    pub query: Posted,
    /// The path.
    pub path: String,
    /// What was done a moment ago.
    pub(super) notice: Option<String>,
    /// Where else they are an administrator.
    pub(super) tenants: Vec<Place>,
    /// The value in the session's cookie.
    pub(super) session: String,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The names in the path.
    names: BTreeMap<String, String>,
    /// The form, until it has proved to be ours.
    sent: Option<Posted>,
}

/// A page.
pub fn screen<F, Answer>(show: F) -> MethodRouter<Arc<App>>
where
    F: Fn(Arc<Desk>) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<Response, Failure>> + Send,
{
    get(async move |desk: Desk| {
        let desk = Arc::new(desk);
        let answer = show(Arc::clone(&desk)).await;
        desk.settled(answer)
    })
}

/// What a form of ours does; another's is refused before it is looked at.
pub fn action<F, Answer>(act: F) -> MethodRouter<Arc<App>>
where
    F: Fn(Arc<Desk>, Posted) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<Response, Failure>> + Send,
{
    post(async move |mut desk: Desk| {
        let Some(form) = desk.proved() else { return desk.stale() };
        let desk = Arc::new(desk);
        let answer = act(Arc::clone(&desk), form).await;
        desk.settled(answer)
    })
    .fallback(above)
}

/// Whoever comes by the address of a form, as after a reload, gets the page above it.
async fn above(uri: OriginalUri) -> Response {
    let page = uri.path().rsplit_once('/').map(|(page, _)| page);
    see_other(page.filter(|page| page.starts_with("/dashboard")).unwrap_or("/dashboard"))
}

impl FromRequest<Arc<App>> for Desk {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let origin = Origin::of(app, &request);
        let (mut parts, body) = request.into_parts();
        let Site(tenant) = <Site as FromRequestParts<Arc<App>>>::from_request_parts(&mut parts, app).await?;
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let came = Came { method: parts.method.clone(), path: origin.path.clone(), query: query.clone() };
        let value = cookies::session(&tenant, &parts.headers).map(str::to_owned);
        let found = match &value {
            Some(value) => recognise(app, &tenant, value).await,
            None => Ok(None),
        };
        let who = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Err(came.to_sign_in(&parts.headers)),
            Err(error) => {
                tracing::error!(%error, "a session of the Dashboard could not be read");
                return Err(unavailable());
            }
        };
        let names = RawPathParams::from_request_parts(&mut parts, app).await;
        let names = names.map_err(IntoResponse::into_response)?;
        let names = names.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let sent = if parts.method == Method::POST {
            let bytes = read(body, MAX_FORM).await;
            let bytes = bytes
                .map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.").into_response())?;
            Some(Posted::read(&bytes))
        } else {
            None
        };
        let operations = parts.extensions.get::<Operations>().cloned();
        let Some(operations) = operations else { return Err(unavailable()) };
        let insider = Insider {
            user_id: who.user_id.clone(),
            email: who.email.clone(),
            client_id: administrators::hidden::CLIENT_ID.to_owned(),
            scopes: who.role.scopes(),
            ip: origin.ip,
            user_agent: origin.user_agent.clone(),
        };
        let tenants = places(app, &tenant, &who.user_id).await;
        Ok(Self {
            api: Api {
                operations: operations.router(app),
                insider: Arc::new(insider),
                host: tenant.stored.domain.clone(),
            },
            app: Arc::clone(app),
            query: Posted::read(query.as_bytes()),
            path: origin.path,
            notice: cookies::notice(&tenant, &parts.headers),
            tenants,
            session: value.unwrap_or_default(),
            headers: parts.headers,
            names,
            sent,
            who,
            tenant,
        })
    }
}

/// The administrator whose session this is.
async fn recognise(
    app: &Arc<App>,
    tenant: &Tenant,
    value: &str,
) -> Result<Option<Administrator>, crate::db::DbError> {
    match sessions::find(app, tenant.id(), value).await? {
        Some(session) => administrators::find(&app.db, tenant.id(), &session.user_id).await,
        None => Ok(None),
    }
}

async fn places(app: &Arc<App>, tenant: &Tenant, user_id: &str) -> Vec<Place> {
    let found = administrators::tenants_of(&app.db, tenant.id(), user_id).await;
    let found =
        found.inspect_err(|error| tracing::warn!(%error, "the tenants of an administrator are unknown"));
    let place = |(name, scheme, domain): (String, String, String)| Place {
        url: format!("{scheme}://{domain}/dashboard"),
        here: name == tenant.stored.name,
        name,
        domain,
    };
    found.unwrap_or_default().into_iter().map(place).collect()
}

fn unavailable() -> Response {
    let text = "The Dashboard cannot be reached just now. Try again in a moment.\n";
    shell::protected((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
}

/// What a browser asked for that nobody is signed in in.
struct Came {
    method: Method,
    path: String,
    query: String,
}

impl Came {
    /// To the sign-in, and back to the page.
    fn to_sign_in(&self, headers: &HeaderMap) -> Response {
        let mut to = self.path.clone();
        if self.method != Method::GET {
            // What was sent is lost; the page that it was typed on is not.
            let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
            let place = from.and_then(|from| from.parse::<http::Uri>().ok());
            let place = place.and_then(|uri| uri.path_and_query().map(ToString::to_string));
            to = place.unwrap_or_else(|| "/dashboard".to_owned());
        } else if !self.query.is_empty() {
            to = format!("{to}?{}", self.query);
        }
        see_other(&format!("/dashboard/login?to={}", escaped(&to)))
    }
}

impl Desk {
    /// Whether the role of the administrator includes a scope. The API decides; this only hides what it would refuse.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes().contains(scope)
    }

    /// Refuses whoever lacks a scope, for what the API would not refuse by itself.
    pub fn needs(&self, scope: &str) -> Result<(), Failure> {
        if self.may(scope) { Ok(()) } else { Err(Failure::forbidden()) }
    }

    /// What the administrator may do.
    pub fn scopes(&self) -> &Scopes {
        &self.api.insider.scopes
    }

    /// Which page of a list is asked for, from 0.
    pub fn page_number(&self) -> u64 {
        self.page_number_in("page")
    }

    /// The same for a list whose pages another parameter counts.
    pub fn page_number_in(&self, parameter: &str) -> u64 {
        // Nobody has as many, and what is counted from it stays a number.
        self.query.number(parameter).unwrap_or(0).min(1_000_000)
    }

    /// A name in the path, such as an id; as it was before it was escaped.
    pub fn name(&self, of: &str) -> &str {
        self.names.get(of).map_or("", String::as_str)
    }

    /// The proof for a form.
    pub fn csrf(&self) -> Csrf {
        Csrf::new(csrf::token(&self.app, &self.tenant, (&self.session, MATTER)))
    }

    fn proved(&mut self) -> Option<Posted> {
        let form = self.sent.take()?;
        let shown = form.get("csrf");
        csrf::check(&self.app, &self.tenant, (&self.session, MATTER), shown).then_some(form)
    }

    /// A page.
    pub fn page(&self, frame: &Frame, body: &impl Template) -> Response {
        self.page_with(StatusCode::OK, frame, body)
    }

    /// A page with another status than 200.
    pub fn page_with(&self, status: StatusCode, frame: &Frame, body: &impl Template) -> Response {
        let body = match body.render() {
            Ok(body) => body,
            Err(cause) => {
                tracing::error!(%cause, "the content of a page of the Dashboard could not be made");
                return unavailable();
            }
        };
        let mut response = shell::page(self, frame, body);
        *response.status_mut() = status;
        if self.notice.is_some() {
            cookies::append(&mut response, cookies::clear_notice(&self.tenant));
        }
        response
    }

    /// A part of a page, for the script.
    pub fn fragment(&self, body: &impl Template) -> Response {
        shell::render(body)
    }

    /// To another page, which says what was done.
    pub fn done(&self, to: &str, said: &str) -> Response {
        let mut response = see_other(to);
        cookies::append(&mut response, cookies::set_notice(&self.tenant, said));
        response
    }

    /// A file to be kept; `name` is ours, without quotes.
    pub fn file(&self, name: &str, media_type: &'static str, content: impl IntoResponse) -> Response {
        let mut response = shell::protected(content.into_response());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(media_type));
        let disposition = format!("attachment; filename=\"{name}\"");
        if let Ok(disposition) = disposition.parse() {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }

    fn settled(&self, answer: Result<Response, Failure>) -> Response {
        answer.unwrap_or_else(|failure| self.failed(&failure))
    }

    /// The page that says why there is no other.
    pub fn failed(&self, failure: &Failure) -> Response {
        let Failure { status, message } = failure;
        let room = Room::of_path(&self.path);
        let back = Some((room.path(), "Go back"));
        let (title, text) = match *status {
            StatusCode::FORBIDDEN => (
                "Your role does not allow this",
                format!("You are {}. Ask an Admin of the tenant for another role.", self.who.role.label()),
            ),
            StatusCode::NOT_FOUND => ("There is no such page", message.clone()),
            StatusCode::TOO_MANY_REQUESTS => ("Not so fast", message.clone()),
            status if status.is_client_error() => ("That was refused", message.clone()),
            _ => {
                ("Something went wrong", "Try again in a moment. The server's log has the reason.".to_owned())
            }
        };
        let empty = Empty { title, text: &text, action: back };
        self.page_with(*status, &Frame::new(room, title), &Card { empty })
    }

    fn stale(&self) -> Response {
        let text = "Nothing was changed: the form was not sent from this Dashboard, or you have signed in anew since it \
            was shown. Go back, load the page again and repeat what you did.";
        let room = Room::of_path(&self.path);
        let alert = Alert::new(Tone::Bad, text);
        self.page_with(StatusCode::FORBIDDEN, &Frame::new(room, "The form is out of date"), &alert)
    }
}

#[derive(Template)]
#[template(ext = "html", source = r#"<section class="card">{{ empty }}</section>"#)]
struct Card<'a> {
    empty: Empty<'a>,
}
