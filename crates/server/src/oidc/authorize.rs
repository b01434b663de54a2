//! `/authorize` (RFC 6749 section 3.1): load, decide, and send the browser to a page or back to the application.
//!
//! Must never decide by itself whether somebody has to sign in or to consent: the pure crate does, each time anew.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_oauth::authorize::{
    self, Consent, Decision, Error, Opening, PageError, Raw, Refusal, Request, Standing, consent_needed,
    decide,
};
use chancery_oauth::client::Client;
use chancery_oauth::parameters::Parameters;
use chancery_oauth::scope::Scopes;
use chancery_oauth::uri::with_query;

use super::respond;
use super::user_tokens::{Grant, Maker};
use crate::app::App;
use crate::connections;
use crate::in_flight::pushed;
use crate::login::pages::{Failure, paths};
use crate::login::under_way::{self, Step, UnderWay};
use crate::login::visit::Visit;
use crate::logs::Kind;
use crate::partners::answers;
use crate::sessions::{self, Session};
use crate::user_grants::{self, Between};
use crate::users::User;

/// The route.
pub fn router() -> Router<Arc<App>> {
    Router::new().route("/authorize", get(endpoint).post(endpoint))
}

/// A request of a client that exists.
pub struct Known {
    /// The client.
    pub client: Arc<Client>,
    /// The request.
    pub request: Request,
}

/// A request that is looked at, and the login that it has led to.
struct Matter<'a> {
    visit: &'a Visit,
    client: &'a Client,
    request: &'a Request,
    login: Option<&'a Step>,
}

/// Who is signed in, and what the application gets of that user.
pub(super) struct SignedIn {
    pub(super) session: Arc<Session>,
    pub(super) user: Arc<User>,
    pub(super) grant: Grant,
}

async fn endpoint(mut visit: Visit) -> Response {
    let parameters = visit.parameters();
    let begun = async {
        let opening = Opening::parse(parameters).map_err(|error| on_page(&visit, &error))?;
        let client = client(&visit, opening.client_id()).await?;
        let settings = &visit.tenant.authorize;
        let stored = match opening.pushed() {
            Some(text) => taken(&visit, (&client.id, text)).await.map_err(|error| visit.broken(&error))?,
            None => None,
        };
        let raw = opening.resolve(&client, stored, settings, visit.app.clock.now());
        let raw = raw.map_err(|error| on_page(&visit, &error))?;
        let request = checked(&visit, &client, &raw).map_err(|refused| *refused)?;
        let matter = Matter { visit: &visit, client: &client, request: &request, login: None };
        matter.proceed(Some(&raw)).await
    };
    begun.await.unwrap_or_else(std::convert::identity)
}

/// What a stored request means today: the settings may have changed since it came.
pub async fn known(visit: &Visit, client_id: &str, raw: &Raw) -> Result<Known, Response> {
    let client = client(visit, client_id).await?;
    let request = checked(visit, &client, raw).map_err(|refused| *refused)?;
    Ok(Known { client, request })
}

/// Goes on with a login in which something was achieved.
pub async fn proceed(visit: &Visit, step: &Step, request: &Request) -> Response {
    let matter = Matter { visit, client: &step.client, request, login: Some(step) };
    matter.proceed(None).await.unwrap_or_else(std::convert::identity)
}

/// The client with this id, or the page that says that there is none.
pub async fn client(visit: &Visit, client_id: &str) -> Result<Arc<Client>, Response> {
    let found = visit.app.memory.client(&visit.app, visit.tenant.id(), client_id).await;
    let found = found.map_err(|error| visit.broken(&error))?;
    found.ok_or_else(|| on_page(visit, &PageError::UnknownClient(client_id.to_owned())))
}

async fn taken(visit: &Visit, of: (&str, &str)) -> Result<Option<authorize::Pushed>, crate::db::DbError> {
    let mut tx = visit.app.db.begin().await?;
    let taken = pushed::take(&visit.app, &mut tx, visit.tenant.id(), of).await?;
    tx.commit().await?;
    Ok(taken)
}

fn checked(visit: &Visit, client: &Client, raw: &Raw) -> Result<Request, Box<Response>> {
    let tenant = &visit.tenant;
    let known = authorize::Known {
        client,
        settings: &tenant.authorize,
        ring: &tenant.ring,
        now: visit.app.clock.now(),
    };
    authorize::check(raw, &known).map_err(|refusal| {
        Box::new(match refusal {
            Refusal::Page(error) => on_page(visit, &error),
            Refusal::Client(refused) => {
                let (channel, error) = *refused;
                respond::send(visit, channel.refuse(&error))
            }
        })
    })
}

/// The error page: that of the tenant, if it has one, or ours.
fn on_page(visit: &Visit, error: &PageError) -> Response {
    let (code, text) = (error.code(), error.to_string());
    let own = visit.tenant.settings().get("error_page").and_then(|page| page.get("url")?.as_str());
    let Some(own) = own.filter(|url| !url.is_empty()) else {
        return visit.failure(Failure::Request, Some((code, &text)));
    };
    let asked = Parameters::from_form(visit.raw_query.as_bytes()).unwrap_or_default();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["client_id", "connection"] {
        query.extend_pairs(asked.value(name).map(|value| (name, value)));
    }
    query.append_pair("lang", &visit.language(asked.value("ui_locales")).tag);
    query.append_pair("error", code);
    query.append_pair("error_description", &text);
    query.append_pair("tracking", visit.origin.request_id.as_str());
    visit.redirect(&with_query(own, &query.finish()))
}

/// Whether a user who is signed in may be so at this application, whose connections may be others.
pub(super) async fn admits(
    visit: &Visit,
    (client, connection): (&Client, Option<&str>),
    user: &User,
) -> Result<bool, crate::db::DbError> {
    let identities = user.identities.iter().map(|identity| identity.connection_id.as_str());
    connections::admits(&visit.app, visit.tenant.id(), (&client.id, connection), identities).await
}

impl Matter<'_> {
    /// Decides what comes next, and does it. `raw` is what a login would be begun with.
    async fn proceed(&self, raw: Option<&Raw>) -> Result<Response, Response> {
        let Self { visit, client, request, login } = *self;
        let now = visit.app.clock.now();
        let found = visit.session_and_user().await.map_err(|error| visit.broken(&error))?;
        let signed_in = match found {
            Some(found) => self.signed_in(found).await?,
            None => None,
        };
        let consent = match &signed_in {
            Some(signed_in) => self.consent(signed_in).await.map_err(|error| visit.broken(&error))?,
            None => Consent::NotNeeded,
        };
        let proved = login.and_then(|step| step.login.proved.as_deref());
        let session = signed_in.as_ref().map(|SignedIn { session, .. }| authorize::Session {
            user_id: &session.user_id,
            authenticated_at: session.authenticated_at,
            for_this_request: proved == Some(session.id.as_str()),
            owes_interaction: false,
        });
        match (decide(request, &Standing { session, consent }, now), signed_in) {
            (Decision::Grant, Some(signed_in)) => {
                sessions::touch(&visit.app, &visit.tenant, &signed_in.session, &visit.origin)
                    .await
                    .map_err(|error| visit.broken(&error))?;
                let text = login.map(|step| step.text.as_str());
                Ok(respond::grant(visit, (client, request), &signed_in, text).await)
            }
            (Decision::Refuse(error), signed_in) => {
                let user_id = signed_in.map(|signed_in| signed_in.user.user_id.clone());
                respond::refuse(visit, (client, request), error, user_id).await
            }
            (Decision::AskConsent, Some(_)) => self.to(paths::CONSENT, raw).await,
            // Nothing that a user may owe exists yet, and without a session only a login is left.
            (Decision::SignIn { .. } | Decision::Interact | Decision::AskConsent | Decision::Grant, _) => {
                if let Some(error) = self.in_vain().await.map_err(|error| visit.broken(&error))? {
                    return respond::refuse(visit, (client, request), error, None).await;
                }
                let path =
                    if request.signup_first { paths::SIGNUP } else { under_way::first_page(&visit.tenant) };
                let of = (client.id.as_str(), request.connection.as_deref());
                Ok(under_way::enter(visit, &self.text(raw).await?, path, of).await)
            }
        }
    }

    fn maker(&self) -> Maker<'_> {
        Maker { app: &self.visit.app, tenant: &self.visit.tenant, client: self.client }
    }

    /// Why a login that is about to begin would be in vain: nobody should sign in to be told so.
    async fn in_vain(&self) -> Result<Option<Error>, crate::db::DbError> {
        let Self { visit, client, request, login } = *self;
        if login.is_some() {
            return Ok(None);
        }
        if let Some(name) = &request.connection
            && let Some(unusable) =
                connections::unusable(&visit.app, visit.tenant.id(), (&client.id, name)).await?
        {
            // The application is told in Auth0's words, which do not name it.
            answers::note(visit, client, Kind::F, &unusable.to_string()).await;
            return Ok(Some(Error::InvalidRequest(format!("the connection was {}", unusable.what()))));
        }
        let api = self.maker().api(request.audience.as_deref()).await;
        Ok(api.err().map(respond::for_client))
    }

    /// Who is signed in, unless that user is kept out.
    async fn signed_in(
        &self,
        (session, user): (Arc<Session>, Arc<User>),
    ) -> Result<Option<SignedIn>, Response> {
        let Self { visit, client, request, .. } = *self;
        if user.is_blocked() {
            return Ok(None);
        }
        let admitted = admits(visit, (client, request.connection.as_deref()), &user).await;
        if !admitted.map_err(|error| visit.broken(&error))? {
            return Ok(None);
        }
        let asked = (request.audience.as_deref(), &request.scopes);
        match self.maker().decide(&user.user_id, asked).await {
            Ok(grant) => Ok(Some(SignedIn { session, user, grant })),
            Err(error) => Err(respond::send(visit, request.channel.refuse(&respond::for_client(error)))),
        }
    }

    /// Where the question for consent stands.
    async fn consent(&self, signed_in: &SignedIn) -> Result<Consent, crate::db::DbError> {
        let Self { visit, client, request, login } = *self;
        let SignedIn { user, grant, .. } = signed_in;
        let answered = login.and_then(|step| step.login.consent.as_ref());
        if let Some(answered) = answered.filter(|answered| answered.user_id == user.user_id) {
            return Ok(if answered.allowed { Consent::GivenNow } else { Consent::Refused });
        }
        let needed = |allowed: Option<&Scopes>| {
            consent_needed(
                (client, grant.api.as_deref()),
                Some(&request.channel.redirect_uri),
                &grant.allowance.scopes,
                allowed,
                &visit.tenant.authorize,
            )
        };
        // Most are never asked, whatever they allowed before.
        if !needed(None) {
            return Ok(Consent::NotNeeded);
        }
        let audience = grant.audience().unwrap_or(&visit.tenant.userinfo);
        let between = Between { user_id: &user.user_id, client_id: &client.id, audience };
        let allowed = user_grants::granted(&visit.app.db, visit.tenant.id(), between).await?;
        let allowed = (!allowed.is_empty()).then(|| allowed.into_iter().collect::<Scopes>());
        Ok(if needed(allowed.as_ref()) { Consent::Needed } else { Consent::NotNeeded })
    }

    /// To a page, with the login that it belongs to.
    async fn to(&self, path: &str, raw: Option<&Raw>) -> Result<Response, Response> {
        let text = self.text(raw).await?;
        Ok(self.visit.redirect(&paths::with_state(path, &text)))
    }

    /// The text of the login, which begins here if it has not begun.
    async fn text(&self, raw: Option<&Raw>) -> Result<String, Response> {
        let Self { visit, client, login, .. } = *self;
        match (login, raw) {
            (Some(step), _) => Ok(step.text.clone()),
            (None, Some(raw)) => {
                let stored = UnderWay::begin(visit, client, raw).store(visit).await;
                stored.map_err(|error| visit.broken(&error))
            }
            (None, None) => Err(visit.failure(Failure::Expired, None)),
        }
    }
}
