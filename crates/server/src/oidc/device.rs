//! The device flow (RFC 8628): codes for devices, and the pages where their users type and confirm them.
//!
//! Must never approve a device for anybody but the user who is signed in and said yes to this very code.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chancery_oauth::authorize::consent_needed;
use chancery_oauth::client::Client;
use chancery_oauth::device::{self, Charset};
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::Error;
use serde_json::{Value, json};

use super::token::{authenticated, internal};
use super::{authorize, error};
use crate::app::App;
use crate::db::DbError;
use crate::http::host::Site;
use crate::in_flight::devices::{self, Asked, Waiting};
use crate::login::consent::described;
use crate::login::pages::{DeviceCode, Failure, Form, Page, Problem, paths};
use crate::login::under_way::{self, Step, UnderWay};
use crate::login::visit::{Setting, Visit};
use crate::logs::{Entry, Kind};
use crate::protection::{self, Verdict};
use crate::sessions::Session;
use crate::tenants::Tenant;
use crate::user_grants::{self, Between};
use crate::users;
use crate::write::Write;

/// How often a new user code is tried before somebody else's is met again and again.
const TRIES: usize = 5;

pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    match issue(&app, &tenant, request).await {
        Ok((code, user_code)) => {
            let page = format!("{}{}", tenant.base, paths::DEVICE);
            let body = json!({
                "device_code": code,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": format!("{page}?user_code={user_code}"),
                "expires_in": device::LIFETIME,
                "interval": device::INTERVAL,
            });
            let mut response = Json(body).into_response();
            error::no_store(&mut response);
            response
        }
        Err(refused) => error::respond(&refused),
    }
}

async fn issue(app: &Arc<App>, tenant: &Tenant, request: Request) -> Result<(String, String), Error> {
    let (client, mut parameters) = authenticated(app, tenant, request).await?;
    if !client.may_use(device::GRANT_TYPE) {
        return Err(Error::GrantNotAllowed(device::GRANT_TYPE));
    }
    let scopes = Scopes::parse(&parameters.take("scope").unwrap_or_default())
        .map_err(|error| Error::InvalidRequest(error.to_string()))?;
    let audience = tenant.audience(parameters.take("audience").as_deref()).map(str::to_owned);
    if let Some(audience) = &audience {
        let api = app.memory.api(app, tenant.id(), audience).await.map_err(|error| internal(error.into()))?;
        api.ok_or_else(|| Error::UnknownApi(audience.clone()))?;
    }
    for _ in 0..TRIES {
        let asked = Asked {
            scopes: scopes.clone(),
            audience: audience.clone(),
            user_code: user_code(app, tenant),
            auth_time: None,
        };
        let mut tx = app.db.begin().await.map_err(fault)?;
        match devices::issue(app, &mut tx, tenant.id(), (&client.id, &asked)).await {
            Ok(code) => {
                tx.commit().await.map_err(fault)?;
                return Ok((code, asked.user_code));
            }
            Err(error) if error.is_unique() => {}
            Err(error) => return Err(fault(error)),
        }
    }
    Err(Error::Busy)
}

fn user_code(app: &App, tenant: &Tenant) -> String {
    let set = tenant.settings().get("device_flow");
    let text = |name: &str| set.and_then(|set| set.get(name)).and_then(Value::as_str);
    let charset = text("charset").and_then(Charset::from_name).unwrap_or(Charset::Base20);
    let mask = text("mask").filter(|mask| device::is_mask(mask)).unwrap_or("****-****");
    device::user_code(charset, mask, || app.entropy.bytes::<1>()[0])
}

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(paths::DEVICE, get(enter).post(enter))
        .route(paths::DEVICE_CONFIRM, get(nothing_asked).post(confirm))
}

/// The hidden field that carries the code to the page that asks.
const CODE: &str = "code";

/// The code is typed, or came with the address.
async fn enter(mut visit: Visit) -> Response {
    let text = visit.query.value(paths::CODE).unwrap_or_default().to_owned();
    if !visit.is_post() {
        return show(&visit, &text, &[]);
    }
    let Some(mut form) = visit.form(paths::DEVICE) else { return show(&visit, "", &[Problem::Stale]) };
    let Some(typed) = form.take(paths::CODE) else { return show(&visit, "", &[Problem::NoCode]) };
    let ip = visit.origin.ip;
    match protection::before_guess(&visit.app, &visit.tenant, ip).await {
        Ok(Verdict::Allowed) => {}
        Ok(Verdict::Blocked | Verdict::Throttled(_)) => return show(&visit, &typed, &[Problem::TooMany]),
        Err(error) => return visit.broken(&error),
    }
    match found(&visit, &typed).await {
        Ok(Some((waiting, client))) => begin(&visit, &waiting, &client).await,
        Ok(None) => {
            let entry = visit.entry(Kind::Fede, "Somebody typed a code that no device shows");
            match protection::after_guess(&visit.app, &visit.tenant, ip, entry).await {
                Ok(()) => show(&visit, &typed, &[Problem::InvalidCode]),
                Err(error) => visit.broken(&error),
            }
        }
        Err(error) => visit.broken(&error),
    }
}

fn show(visit: &Visit, code: &str, problems: &[Problem]) -> Response {
    let form = Form::plain(paths::DEVICE, &visit.proof(paths::DEVICE));
    let setting = Setting { ui_locales: visit.query.value("ui_locales"), ..Setting::default() };
    visit.page(&Page::DeviceCode(DeviceCode { form, code, problems }), &setting)
}

async fn found(visit: &Visit, typed: &str) -> Result<Option<(Waiting, Arc<Client>)>, Error> {
    let waiting = devices::find_by_user_code(&visit.app, visit.tenant.id(), typed).await;
    let Some(waiting) = waiting.map_err(|error| internal(error.into()))? else { return Ok(None) };
    let client = visit.app.memory.client(&visit.app, visit.tenant.id(), &waiting.client_id).await;
    Ok(client.map_err(internal)?.map(|client| (waiting, client)))
}

/// Whoever is signed in is asked; whoever is not signs in first, at the application of the device.
async fn begin(visit: &Visit, waiting: &Waiting, client: &Client) -> Response {
    let outcome = async {
        if signed_in(visit, client).await?.is_some() {
            return ask(visit, (waiting, client)).await;
        }
        let login = UnderWay::for_device(visit, client, &waiting.asked.user_code);
        let text = login.store(visit).await.map_err(fault)?;
        let first = under_way::first_page(&visit.tenant);
        Ok(under_way::enter(visit, &text, first, (&client.id, None)).await)
    };
    outcome.await.unwrap_or_else(|error: Error| visit.broken(&error))
}

/// Goes on with a login for the device that shows this code.
pub async fn proceed(visit: &Visit, step: &Step, user_code: &str) -> Response {
    let outcome = async {
        let Some((waiting, client)) = found(visit, user_code).await? else {
            return Ok(visit.failure(Failure::Expired, None));
        };
        if signed_in(visit, &client).await?.is_none() {
            let first = under_way::first_page(&visit.tenant);
            return Ok(under_way::enter(visit, &step.text, first, (&client.id, None)).await);
        }
        ask(visit, (&waiting, &client)).await
    };
    outcome.await.unwrap_or_else(|error: Error| visit.broken(&error))
}

/// Who is signed in and may be so at the application of the device.
async fn signed_in(visit: &Visit, client: &Client) -> Result<Option<Session>, Error> {
    let Some(session) = visit.session().await.map_err(fault)? else { return Ok(None) };
    let user = users::find(&visit.app.db, visit.tenant.id(), &session.user_id).await.map_err(fault)?;
    let Some(user) = user.filter(|user| !user.is_blocked()) else { return Ok(None) };
    let admitted = authorize::admits(visit, (client, None), &user).await.map_err(fault)?;
    Ok(admitted.then_some(session))
}

/// Whether the user has to know what the application asks for.
async fn consents(visit: &Visit, (waiting, client): (&Waiting, &Client)) -> Result<bool, Error> {
    let api = match &waiting.asked.audience {
        Some(audience) => {
            let api = visit.app.memory.api(&visit.app, visit.tenant.id(), audience).await;
            api.map_err(fault)?
        }
        None => None,
    };
    let of = (client, api.as_deref());
    Ok(consent_needed(of, None, &waiting.asked.scopes, None, &visit.tenant.authorize))
}

async fn ask(visit: &Visit, (waiting, client): (&Waiting, &Client)) -> Result<Response, Error> {
    let Asked { user_code: code, audience, scopes, .. } = &waiting.asked;
    let scopes = if consents(visit, (waiting, client)).await? {
        described(visit, (audience.as_deref(), scopes)).await.map_err(fault)?
    } else {
        Vec::new()
    };
    let form = Form::plain(paths::DEVICE_CONFIRM, &visit.proof(code)).with(CODE, code);
    let setting = Setting { application: Some(&client.name), ..Setting::default() };
    Ok(visit.page(&Page::DeviceConfirm { form, code, scopes: &scopes }, &setting))
}

fn fault(error: DbError) -> Error {
    internal(error.into())
}

/// Somebody opens the address of the form by itself: the code comes first.
async fn nothing_asked(visit: Visit) -> Response {
    visit.redirect(paths::DEVICE)
}

/// Yes or no.
async fn confirm(mut visit: Visit) -> Response {
    let code = visit.unproved(CODE).unwrap_or_default();
    let Some(mut form) = visit.form(&code) else { return visit.failure(Failure::Expired, None) };
    let allowed = match form.take(paths::ACTION).as_deref() {
        Some(paths::ACCEPT) => true,
        Some(paths::DENY) => false,
        _ => return visit.failure(Failure::Request, None),
    };
    let outcome = async {
        let Some((waiting, client)) = found(&visit, &code).await? else { return Ok(false) };
        let Some(session) = signed_in(&visit, &client).await? else { return Ok(false) };
        let agreed = allowed && consents(&visit, (&waiting, &client)).await?;
        decide(&visit, (&waiting, &client), &session, (allowed, agreed)).await.map_err(fault)
    };
    match outcome.await {
        Ok(true) => visit.page(&Page::DeviceDone { allowed }, &Setting::default()),
        Ok(false) => visit.failure(Failure::Expired, None),
        Err(error) => visit.broken(&error),
    }
}

/// Writes the decision, and what was agreed to with it; false if there is nothing left to decide.
async fn decide(
    visit: &Visit,
    (waiting, client): (&Waiting, &Client),
    session: &Session,
    (allowed, agreed): (bool, bool),
) -> Result<bool, DbError> {
    let verdict = if allowed {
        devices::Verdict::Approved {
            user_id: session.user_id.clone(),
            session_id: session.id.clone(),
            asked: Asked { auth_time: Some(session.authenticated_at.as_second()), ..waiting.asked.clone() },
        }
    } else {
        devices::Verdict::Denied
    };
    let mut write = Write::begin(&visit.app, visit.tenant.id()).await?;
    let of = (waiting.asked.user_code.as_str(), &verdict);
    if !devices::decide(&visit.app, write.tx(), visit.tenant.id(), of).await? {
        return Ok(false);
    }
    if agreed {
        let audience = waiting.asked.audience.as_deref().unwrap_or(&visit.tenant.userinfo);
        let between = Between { user_id: &session.user_id, client_id: &client.id, audience };
        let scopes = waiting.asked.scopes.iter().map(str::to_owned);
        user_grants::record(&visit.app, write.tx(), visit.tenant.id(), between, scopes).await?;
    }
    let said = if allowed { "The user connected a device" } else { "The user did not connect a device" };
    let entry = Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        user_id: Some(session.user_id.clone()),
        ..visit.entry(if allowed { Kind::Sapi } else { Kind::Fapi }, said)
    };
    write.commit(entry).await?;
    Ok(true)
}
