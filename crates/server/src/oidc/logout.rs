//! Logout: `/v2/logout`, `/oidc/logout` (OpenID Connect RP-Initiated Logout), and the page that asks.
//!
//! Must never send a browser anywhere that nobody registered, and never end a session that the request cannot prove to
//! mean without asking its user, where the tenant wants that.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_oauth::client::Client;
use chancery_oauth::id_token::{self, Hint, HintError};
use chancery_oauth::logout::{self, Decision};
use chancery_oauth::parameters::Parameters;
use chancery_oauth::uri::Allowed;
use serde_json::Value;

use crate::app::App;
use crate::db::DbError;
use crate::federation;
use crate::login::pages::{Failure, Form, Page, paths};
use crate::login::visit::{Setting, Visit, with_cookie};
use crate::login::{cookies, opened};
use crate::logs::{Entry, Kind};
use crate::samlp::logout::Ended;
use crate::sessions::Cause;
use crate::users;
use crate::{partners, samlp};

/// The routes.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v2/logout", get(v2).post(v2))
        .route("/oidc/logout", get(oidc).post(oidc))
        .route(paths::LOGOUT, get(nothing_asked).post(confirmed))
}

/// What the form that asks carries: where to go after a yes.
const THEN: &str = "then";
/// What its proof is about.
const MATTER: &str = "logout";

async fn v2(mut visit: Visit) -> Response {
    let mut sent = visit.parameters();
    let client = match named(&visit, sent.take("client_id")).await {
        Ok(client) => client,
        Err(response) => return response,
    };
    let federated = is_federated(&visit, &mut sent);
    let urls = tenant_urls(&visit);
    match logout::decide_v2(sent.take("returnTo").as_deref(), client.as_deref(), &urls) {
        Ok(decision) => reach(&visit, (client.as_deref(), federated), decision).await,
        Err(error) => refused(&visit, &error).await,
    }
}

/// Whether the session at the identity provider is to end as well: the parameter is there, whatever it says.
fn is_federated(visit: &Visit, sent: &mut Parameters) -> bool {
    // Most clients send it without a value, which reading leaves out.
    let bare = visit.raw_query.split('&').any(|pair| matches!(pair, "federated" | "federated="));
    sent.take("federated").is_some() || bare
}

async fn oidc(mut visit: Visit) -> Response {
    let mut sent = visit.parameters();
    let federated = is_federated(&visit, &mut sent);
    match decided(&visit, sent).await {
        Ok((client, decision)) => reach(&visit, (client.as_deref(), federated), decision).await,
        Err(response) => response,
    }
}

async fn decided(visit: &Visit, mut sent: Parameters) -> Result<(Option<Arc<Client>>, Decision), Response> {
    let hint_text = sent.take("id_token_hint");
    let client_id = sent.take("client_id");
    let named_by_hint = hint_text.as_deref().and_then(id_token::hinted_client);
    let client = named(visit, client_id.or(named_by_hint)).await?;
    let hint = match (&hint_text, &client) {
        (Some(text), Some(client)) => Some(believed(visit, text, client).await?),
        // It is nothing that names a client.
        (Some(_), None) => return Err(refused(visit, &HintError::Malformed.into()).await),
        (None, _) => None,
    };
    let session = visit.session().await.map_err(|error| visit.broken(&error))?;
    let (redirect_uri, state) = (sent.take("post_logout_redirect_uri"), sent.take("state"));
    let logout_hint = sent.take("logout_hint");
    let request = logout::Request {
        redirect_uri: redirect_uri.as_deref(),
        state: state.as_deref(),
        client: client.as_deref(),
        hint: hint.as_ref(),
        logout_hint: logout_hint.as_deref(),
    };
    let live =
        session.as_ref().map(|session| logout::Session { sid: &session.id, user_id: &session.user_id });
    let asks = visit.tenant.settings().get("sessions").and_then(|own| own.get("oidc_logout_prompt_enabled"));
    let asks = asks != Some(&Value::Bool(false));
    let decision = logout::decide_oidc(&request, live.as_ref(), &tenant_urls(visit), asks);
    match decision {
        Ok(decision) => Ok((client, decision)),
        Err(error) => Err(refused(visit, &error).await),
    }
}

async fn believed(visit: &Visit, text: &str, client: &Client) -> Result<Hint, Response> {
    let tenant = &visit.tenant;
    let hint = id_token::read_hint(text, &tenant.ring, client, &tenant.issuer, visit.app.clock.now());
    match hint {
        Ok(hint) => Ok(hint),
        Err(error) => Err(refused(visit, &error.into()).await),
    }
}

async fn named(visit: &Visit, client_id: Option<String>) -> Result<Option<Arc<Client>>, Response> {
    let Some(client_id) = client_id else { return Ok(None) };
    let found = visit.app.memory.client(&visit.app, visit.tenant.id(), &client_id).await;
    match found.map_err(|error| visit.broken(&error))? {
        Some(client) => Ok(Some(client)),
        None => Err(refused(visit, &logout::Error::UnknownClient).await),
    }
}

/// Where the tenant lets browsers go after a logout.
pub fn tenant_urls(visit: &Visit) -> Allowed {
    let own = visit.tenant.settings().get("allowed_logout_urls").and_then(Value::as_array);
    own.into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn refused(visit: &Visit, error: &logout::Error) -> Response {
    let text = error.to_string();
    // What happens to a browser at a door is worth an entry, not an error of its own.
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), visit.entry(Kind::Flo, text.as_str())).await;
    visit.failure(Failure::Request, Some(("invalid_request", &text)))
}

/// Does what was decided.
pub async fn act(visit: &Visit, client: Option<&Client>, decision: Decision) -> Response {
    reach(visit, (client, false), decision).await
}

/// The same, up to the identity provider if that is wanted.
async fn reach(visit: &Visit, of: (Option<&Client>, bool), decision: Decision) -> Response {
    let then = match decision {
        Decision::Redirect(to) => Some(to),
        Decision::Plain => None,
        Decision::Confirm { then } => return ask(visit, then).await,
    };
    end(visit, of, then).await
}

/// The page that asks whether to log out.
pub async fn ask(visit: &Visit, then: Option<String>) -> Response {
    let user = match signed_in(visit).await {
        Ok(Some(user)) => user,
        // There is nobody to ask.
        Ok(None) => return end(visit, (None, false), then).await,
        Err(error) => return visit.broken(&error),
    };
    let then = then.unwrap_or_default();
    let form = Form::plain(paths::LOGOUT, &visit.proof(&matter(&then))).with(THEN, &then);
    let setting = Setting { leads_to: Some(then.as_str()).filter(|to| !to.is_empty()), ..Setting::default() };
    visit.page(&Page::Logout { form, user: &user }, &setting)
}

/// The proof covers where the form leads, so that nobody can write another address into it.
fn matter(then: &str) -> String {
    [MATTER, "+", then].concat()
}

async fn signed_in(visit: &Visit) -> Result<Option<String>, DbError> {
    let Some(session) = visit.session().await? else { return Ok(None) };
    let user = users::find(&visit.app.db, visit.tenant.id(), &session.user_id).await?;
    Ok(Some(user.and_then(|user| user.log_name().map(str::to_owned)).unwrap_or(session.user_id)))
}

/// Somebody opens the address of the form by itself.
async fn nothing_asked(visit: Visit) -> Response {
    visit.failure(Failure::Expired, None)
}

async fn confirmed(mut visit: Visit) -> Response {
    let then = visit.unproved(THEN).unwrap_or_default();
    let Some(mut form) = visit.form(&matter(&then)) else {
        return visit.failure(Failure::Expired, None);
    };
    let then = Some(then).filter(|to| !to.is_empty());
    if form.take(paths::ACTION).as_deref() == Some(paths::ACCEPT) {
        return end(&visit, (None, false), then).await;
    }
    // Back to the application all the same, but still signed in.
    match then {
        Some(to) => visit.redirect(&to),
        None => visit.page(&Page::LoggedOut { back: None, kept: true }, &Setting::default()),
    }
}

/// Ends the session of the browser, and goes on.
async fn end(visit: &Visit, (client, federated): (Option<&Client>, bool), then: Option<String>) -> Response {
    let ended = async {
        let Some(session) = visit.session().await? else { return Ok(Ended::default()) };
        let (db, tenant) = (&visit.app.db, visit.tenant.id());
        let mut participants = partners::sql::of_session(db, tenant, &session.id).await?;
        // Whoever asks in WS-Federation knows.
        participants.retain(|(id, told)| {
            !matches!(told, partners::Participant::Wsfed(_)) || client.is_none_or(|client| client.id != *id)
        });
        let provider =
            if federated { federation::sql::of_session(db, tenant, &session.id).await? } else { None };
        let by = |entry: Entry| match client {
            Some(client) => entry.by_client(client),
            None => entry,
        };
        opened::close(visit, (session, Cause::Logout), by).await?;
        Ok::<_, DbError>(Ended { participants, provider })
    };
    let told = match ended.await {
        Ok(told) => told,
        Err(error) => return visit.broken(&error),
    };
    let response = match (samlp::logout::tell_others(visit, told, then.as_deref()).await, then) {
        (Some(response), _) => response,
        (None, Some(to)) => visit.redirect(&to),
        (None, None) => visit.page(&Page::LoggedOut { back: None, kept: false }, &Setting::default()),
    };
    with_cookie(response, cookies::clear_session(&visit.tenant))
}
