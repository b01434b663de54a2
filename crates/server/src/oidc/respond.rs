//! The answer to an authorization request: codes and tokens, written and sent.
//!
//! Must never answer a login twice, and never put a token where the response mode does not say.

use axum::response::{Html, IntoResponse, Response};
use chancery_oauth::authorize::{Answer, Error, Request, Success};
use chancery_oauth::client::Client;
use chancery_oauth::id_token::{self, Login};
use chancery_oauth::token;
use chancery_oauth::token::authorization_code::{Code, LIFETIME};
use chancery_oauth::user_access::Way;
use http::{HeaderValue, header};

use super::authorize::SignedIn;
use super::signing;
use super::user_tokens::{self, Maker};
use crate::db::{DbError, Tx};
use crate::in_flight::{LOGINS, codes};
use crate::login::pages::{Failure, Page};
use crate::login::visit::{Setting, Visit};
use crate::logs::{Entry, Kind};
use crate::sessions;
use crate::write::Write;

/// An error of the token side, for the client of an authorization request.
pub(super) fn for_client(error: token::Error) -> Error {
    match error {
        token::Error::Busy => Error::Busy,
        token::Error::Internal { reason } => {
            tracing::error!(%reason, "an authorization request could not be answered");
            Error::Internal
        }
        token::Error::InvalidRequest(text) => Error::InvalidRequest(text),
        refused @ (token::Error::Unauthorized { .. }
        | token::Error::UnsupportedGrantType(_)
        | token::Error::GrantNotAllowed(_)
        | token::Error::MissingAudience
        | token::Error::UnknownApi(_)
        | token::Error::NoClientGrant(_)
        | token::Error::ScopesNotGranted(_)
        | token::Error::Unsupported { .. }
        | token::Error::InvalidGrant(_)
        | token::Error::TooManyAttempts(_)
        | token::Error::AccessDenied(_)
        | token::Error::AuthorizationPending
        | token::Error::SlowDown
        | token::Error::ExpiredDeviceCode
        | token::Error::DeviceDenied
        | token::Error::EndpointDisabled) => Error::AccessDenied(refused.to_string()),
    }
}

/// Gives the application what it asked for. `login` is the login that this ends.
pub(super) async fn grant(
    visit: &Visit,
    (client, request): (&Client, &Request),
    signed_in: &SignedIn,
    login: Option<&str>,
) -> Response {
    let made = match make(visit, (client, request), signed_in).await {
        Ok(made) => made,
        Err(error) => return send(visit, request.channel.refuse(&for_client(error))),
    };
    match write(visit, (client, request), signed_in, (&made, login)).await {
        Ok(true) => send(visit, request.channel.grant(made)),
        // The browser sent the same form twice, and the other answer was first.
        Ok(false) => visit.failure(Failure::Expired, None),
        Err(error) => {
            tracing::error!(%error, "an authorization request could not be answered");
            send(visit, request.channel.refuse(&Error::Internal))
        }
    }
}

/// The parameters of the answer; a code in them is not issued yet.
async fn make(
    visit: &Visit,
    (client, request): (&Client, &Request),
    SignedIn { session, user, grant }: &SignedIn,
) -> Result<Success, token::Error> {
    let maker = Maker { app: &visit.app, tenant: &visit.tenant, client };
    let wanted = request.response_type;
    let mut success = Success { code: wanted.code.then(|| codes::fresh(&visit.app)), ..Success::default() };
    if wanted.token {
        success.access_token = Some(maker.access_token(grant, user, Way::Browser).await?);
        success.scope = Some(grant.allowance.scopes.to_string());
    }
    if wanted.id_token {
        let profile = user_tokens::profile(user);
        let login = told(request, session);
        let scopes = &grant.allowance.scopes;
        let now = visit.app.clock.now();
        let mut issue = id_token::Issue::now(&visit.tenant.issuer, client, (&profile, scopes), &login, now);
        issue.access_token = success.access_token.as_ref().map(|(token, _)| token.as_str());
        issue.code = success.code.as_deref();
        success.id_token = Some(signing::id_token(&visit.app, &visit.tenant, issue).await?);
    }
    Ok(success)
}

/// What ID tokens say of the login.
fn told(request: &Request, session: &sessions::Session) -> Login {
    Login {
        sid: Some(session.id.clone()),
        auth_time: request.max_age.map(|_| session.authenticated_at.as_second()),
        nonce: request.nonce.clone(),
    }
}

/// Writes what the answer rests on; false if the login was answered before, or the session has ended.
async fn write(
    visit: &Visit,
    (client, request): (&Client, &Request),
    signed_in: &SignedIn,
    (made, login): (&Success, Option<&str>),
) -> Result<bool, DbError> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let parts = (client, request, signed_in, made);
    // What uses a code up is committed to last, and that lasts with it; tokens are good at once.
    let only_code = made.access_token.is_none() && made.id_token.is_none();
    let written = async {
        if let Some(text) = login {
            // The login itself has its entry.
            let tx = app.db.begin().await?;
            let mut tx = if only_code { tx.passing() } else { tx };
            LOGINS.end(app, &mut tx, tenant, text).await?;
            write_code(visit, &mut tx, parts).await?;
            return tx.commit().await;
        }
        let write = Write::begin(app, tenant).await?;
        let mut write = if only_code { write.passing() } else { write };
        write_code(visit, write.tx(), parts).await?;
        let user = &signed_in.user;
        let entry = Entry {
            client_id: Some(client.id.clone()),
            client_name: Some(client.name.clone()),
            user_id: Some(user.user_id.clone()),
            user_name: user.log_name().map(str::to_owned),
            ..visit.entry(Kind::Ssa, "Login without interaction")
        };
        write.commit(entry).await
    };
    Ok(DbError::unless_missed(written.await)?.is_some())
}

/// Writes the code, if there is one. [`DbError::Missed`], at the commit at the latest: the session ended meanwhile.
async fn write_code(
    visit: &Visit,
    tx: &mut Tx,
    (client, request, signed_in, made): (&Client, &Request, &SignedIn, &Success),
) -> Result<(), DbError> {
    let SignedIn { session, user, grant } = signed_in;
    let tenant = visit.tenant.id();
    sessions::sql::join(tx, tenant, &session.id, &client.id).await?;
    let Some(text) = &made.code else { return Ok(()) };
    let code = Code {
        client_id: client.id.clone(),
        user_id: user.user_id.clone(),
        redirect_uri: request.channel.redirect_uri.clone(),
        scopes: grant.allowance.scopes.clone(),
        audience: grant.audience().map(str::to_owned),
        challenge: request.challenge.clone(),
        login: told(request, session),
        expires_at: visit.app.clock.now().as_second() + LIFETIME,
    };
    let issued = codes::Issued::new(&visit.app, code, session.id.clone());
    codes::issue(&visit.app, tx, tenant, (text, issued)).await
}

/// Refuses, through the client's channel, and ends nothing: the user may try again.
pub(super) async fn refuse(
    visit: &Visit,
    (client, request): (&Client, &Request),
    error: Error,
    user_id: Option<String>,
) -> Result<Response, Response> {
    if request.prompts.none {
        let entry = Entry {
            client_id: Some(client.id.clone()),
            client_name: Some(client.name.clone()),
            user_id,
            ..visit.entry(Kind::Fsa, error.to_string())
        };
        if visit.app.log.append(&visit.app, visit.tenant.id(), entry).await.is_err() {
            return Err(send(visit, request.channel.refuse(&Error::Busy)));
        }
    }
    Ok(send(visit, request.channel.refuse(&error)))
}

/// Sends an answer the way that it has to travel.
pub(super) fn send(visit: &Visit, answer: Answer) -> Response {
    match answer {
        // After a form the browser must not send it again, to another place (RFC 9700 section 4.12).
        Answer::Redirect(to) => visit.redirect(&to),
        Answer::FormPost { action, fields } => {
            let setting = Setting { leads_to: Some(&action), ..Setting::default() };
            visit.page(&Page::Relay { action: &action, parameters: &fields }, &setting)
        }
        Answer::WebMessage { origin, members } => message(visit, &origin, &members),
    }
}

/// A page without a face that tells the page around it. Only the origin of the redirect URI may hold it, and only
/// that origin can hear it.
fn message(visit: &Visit, origin: &str, members: &[(&'static str, String)]) -> Response {
    let nonce = visit.app.entropy.url_safe(22);
    // In a script, `<` could end it, and two separators would end a line.
    let in_script = |value: &serde_json::Value| {
        value
            .to_string()
            .replace('<', "\\u003c")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    };
    let (target, told) = (in_script(&origin.into()), in_script(&Answer::message(members)));
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Chancery</title></head><body><script nonce=\"{nonce}\">\
         (function(){{var to=window.opener||window.parent;if(to&&to!==window)to.postMessage({told},{target});}})();\
         </script></body></html>"
    );
    let policy =
        format!("default-src 'none'; script-src 'nonce-{nonce}'; frame-ancestors {origin}; base-uri 'none'");
    let mut response = Html(html).into_response();
    match HeaderValue::from_str(&policy) {
        Ok(policy) => response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy),
        Err(_) => return visit.failure(Failure::Generic, None),
    };
    visit.with_browser(response)
}
