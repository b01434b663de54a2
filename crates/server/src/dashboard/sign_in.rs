//! Signing in and out: the authorization code flow with PKCE (RFC 7636) at the tenant's own login pages.
//!
//! The Dashboard is an application like any other here. What it has to remember between the two requests travels as
//! `state`, sealed and bound to the browser. Must never open a session for anybody but an administrator.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use chancery_crypto::digest::sha256;
use chancery_crypto::seal::Label;
use chancery_jose::base64url;
use http::{HeaderMap, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;

use super::api::{Failure, Operations, with_query};
use super::cookies;
use super::desk::Desk;
use super::gate;
use super::posted::Posted;
use super::shell::{protected, see_other};
use crate::administrators::{self, sessions};
use crate::app::App;
use crate::http::serve::Peer;
use crate::login::visit::Visit;
use crate::sessions::Cause;
use crate::write::Write;

/// Seconds from the beginning of a sign-in to its end.
const PATIENCE: i64 = 3600;
/// Characters of a verifier (RFC 7636 section 4.1).
const VERIFIER: usize = 64;
/// The largest answer of the token endpoint, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// What is remembered from the first request to the second.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    verifier: String,
    nonce: String,
    /// The page that was asked for.
    to: String,
    /// Seconds since 1970.
    until: i64,
}

fn label<'a>(visit: &'a Visit, kind: &'a str) -> Label<'a> {
    Label { tenant: visit.tenant.id().as_str(), kind, id: &visit.browser }
}

const KIND: &str = "dashboard-login";

/// To the login pages.
pub(super) async fn begin(visit: Visit) -> Response {
    let client_id = match administrators::dashboard_client(&visit.app.db, visit.tenant.id()).await {
        Ok(Some(client_id)) => client_id,
        Ok(None) => return gate::nobody(),
        Err(error) => return gate::broken(&error),
    };
    let to = visit.query.value("to").filter(|to| is_ours(to)).unwrap_or("/dashboard").to_owned();
    let under_way = UnderWay {
        verifier: visit.app.entropy.url_safe(VERIFIER),
        nonce: visit.app.entropy.url_safe(22),
        to,
        until: visit.app.clock.now().as_second() + PATIENCE,
    };
    let plain = match serde_json::to_vec(&under_way) {
        Ok(plain) => plain,
        Err(error) => return gate::broken(&error),
    };
    let sealed = match visit.app.sealer.seal(label(&visit, KIND), visit.app.entropy.bytes(), &plain) {
        Ok(sealed) => base64url::encode(&sealed),
        Err(error) => return gate::broken(&error),
    };
    let challenge = base64url::encode(&sha256(under_way.verifier.as_bytes()));
    let prompt = if visit.query.value("again").is_some() { "login" } else { "" };
    let address = with_query(
        "/authorize",
        &[
            ("client_id", &client_id),
            ("response_type", "code"),
            ("redirect_uri", &callback(&visit)),
            ("scope", "openid email"),
            // Without a word it would be the default API of the tenant, which may ask for consent or refuse.
            ("audience", &visit.tenant.userinfo),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("nonce", &under_way.nonce),
            ("state", &sealed),
            ("prompt", prompt),
            ("login_hint", visit.query.value("hint").unwrap_or_default()),
        ],
    );
    protected(visit.with_browser(see_other(&address)))
}

fn callback(visit: &Visit) -> String {
    format!("{}dashboard/callback", visit.tenant.issuer)
}

/// Whether a place to go to is one of our pages: nobody gets to send people elsewhere from here.
fn is_ours(to: &str) -> bool {
    let path = to.split(['?', '#']).next().unwrap_or_default();
    let below = to == "/dashboard" || to.starts_with("/dashboard/") || to.starts_with("/dashboard?");
    below
        && !to.starts_with("/dashboard/login")
        && !to.starts_with("/dashboard/logout")
        && !path.contains("..")
        && !to.contains(['\\', '\n', '\r'])
}

/// Back from the login pages.
pub(super) async fn end(
    axum::extract::State(app): axum::extract::State<Arc<App>>,
    request: Request,
) -> Response {
    let extensions = request.extensions();
    let (peer, operations) = (extensions.get::<Peer>().copied(), extensions.get::<Operations>().cloned());
    let headers = request.headers().clone();
    let visit = match Visit::from_request(request, &app).await {
        Ok(visit) => visit,
        Err(refused) => return refused,
    };
    let Some(under_way) = remembered(&visit) else {
        return gate::failed("The sign-in was begun in another browser, or it took too long.");
    };
    if let Some(error) = visit.query.value("error") {
        let said = visit.query.value("error_description").unwrap_or(error);
        return gate::failed(said);
    }
    let (Some(code), Some(operations)) = (visit.query.value("code"), operations) else {
        return gate::failed("The login page sent no code.");
    };
    let subject = match exchange(&visit, (operations, peer, &headers), (code, &under_way)).await {
        Ok(subject) => subject,
        Err(failure) => return gate::failed(&failure.message),
    };
    match open(&visit, &subject).await {
        Ok(Some(value)) => {
            let mut response = see_other(&under_way.to);
            cookies::append(&mut response, cookies::set_session(&visit.tenant, &value));
            response
        }
        Ok(None) => gate::stranger(),
        Err(error) => gate::broken(&error),
    }
}

fn remembered(visit: &Visit) -> Option<UnderWay> {
    let sealed = base64url::decode(visit.query.value("state")?).ok()?;
    let plain = visit.app.sealer.open(label(visit, KIND), &sealed).ok()?;
    let under_way: UnderWay = serde_json::from_slice(&plain).ok()?;
    (visit.app.clock.now().as_second() < under_way.until).then_some(under_way)
}

/// Trades the code for tokens at our own token endpoint; answers whom the ID token is about.
async fn exchange(
    visit: &Visit,
    (operations, peer, headers): (Operations, Option<Peer>, &HeaderMap),
    (code, under_way): (&str, &UnderWay),
) -> Result<String, Failure> {
    let refused = |text: &str| Failure::new(http::StatusCode::BAD_REQUEST, text);
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", administrators::hidden::CLIENT_ID)
        .append_pair("code", code)
        .append_pair("redirect_uri", &callback(visit))
        .append_pair("code_verifier", &under_way.verifier)
        .finish();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri("/oauth/token")
        .header(header::HOST, &visit.tenant.stored.domain)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for name in ["user-agent", "x-forwarded-for", "forwarded"] {
        for value in headers.get_all(name) {
            request = request.header(name, value);
        }
    }
    if let Some(peer) = peer {
        request = request.extension(peer);
    }
    let request = request.body(Body::from(form)).map_err(|_| refused("The code cannot be used."))?;
    let Ok(response) = operations.router(&visit.app).oneshot(request).await;
    let succeeded = response.status().is_success();
    let bytes = to_bytes(response.into_body(), MAX_ANSWER).await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if !succeeded {
        let said = answer.get("error_description").and_then(Value::as_str);
        return Err(refused(said.unwrap_or("The code was refused.")));
    }
    // It came from this very process, so its signature proves nothing more (OpenID Connect Core section 3.1.3.7, 6).
    let claims = answer.get("id_token").and_then(Value::as_str).and_then(claims);
    let claims = claims.ok_or_else(|| refused("The answer holds no ID token."))?;
    if claims.get("nonce").and_then(Value::as_str) != Some(&under_way.nonce) {
        return Err(refused("The ID token belongs to another sign-in."));
    }
    let subject = claims.get("sub").and_then(Value::as_str);
    subject.map(str::to_owned).ok_or_else(|| refused("The ID token names nobody."))
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&base64url::decode(payload).ok()?).ok()
}

/// Opens a session for an administrator; none for anybody else.
async fn open(visit: &Visit, subject: &str) -> Result<Option<String>, crate::db::DbError> {
    let (app, id) = (&visit.app, visit.tenant.id());
    if administrators::find(&app.db, id, subject).await?.is_none() {
        return Ok(None);
    }
    let mut tx = app.db.begin().await?;
    let value = sessions::open(app, &mut tx, id, subject, serde_json::Map::new()).await?;
    tx.commit().await?;
    Ok(Some(value))
}

/// Signs the administrator out: in this browser, or wherever they are signed in.
pub(super) async fn out(desk: Arc<Desk>, form: Posted) -> Result<Response, Failure> {
    let everywhere = form.get("everywhere") == "true";
    if let Err(error) = end_sessions(&desk, everywhere).await {
        return Ok(gate::broken(&error));
    }
    let mut response = see_other("/dashboard/signed-out");
    cookies::append(&mut response, cookies::clear_session(&desk.tenant));
    cookies::append(&mut response, crate::login::cookies::clear_session(&desk.tenant));
    Ok(response)
}

async fn end_sessions(desk: &Desk, everywhere: bool) -> Result<(), crate::db::DbError> {
    let (app, tenant) = (&desk.app, &desk.tenant);
    let value = crate::login::cookies::session(tenant, &desk.headers);
    // The session of the login pages would let the next one who asks straight in again.
    let at_login = match value {
        Some(value) => crate::sessions::current(app, tenant, value).await?,
        None => None,
    };
    let own: Vec<_> = at_login.into_iter().filter(|session| session.user_id == desk.who.user_id).collect();
    let cause = (Cause::Logout, app.clock.now());
    let mut write = Write::begin(app, tenant.id()).await?;
    if everywhere {
        crate::sessions::end_all_of_user(write.tx(), tenant.id(), &desk.who.user_id, cause).await?;
        sessions::end_all(write.tx(), tenant.id(), &desk.who.user_id).await?;
    } else {
        crate::sessions::end(write.tx(), tenant.id(), &own, cause).await?;
        sessions::end(app, write.tx(), tenant.id(), &desk.session).await?;
    }
    let said =
        if everywhere { "Signed out of the Dashboard everywhere" } else { "Signed out of the Dashboard" };
    write.commit(desk.api.insider.entry(crate::logs::Kind::Slo, said)).await
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn the_way_back_after_a_sign_in_leads_to_pages_of_ours_alone() {
        for ours in
            ["/dashboard", "/dashboard/settings/signing-keys", "/dashboard/users?q=a%26b", "/dashboard?x"]
        {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/dashboards",
            "https://evil.example/dashboard",
            "/dashboard/\\x",
            "/dashboard/login",
            "/dashboard/logout",
            "/u/login",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
