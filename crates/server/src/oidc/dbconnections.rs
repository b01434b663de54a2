//! `/dbconnections/signup` and `/dbconnections/change_password`: what applications ask for without showing our pages.
//!
//! Must never tell whether an address has an account: a new password is promised to all alike.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::client::Client;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::token::internal;
use crate::app::App;
use crate::connections::{self, Connection};
use crate::db::DbError;
use crate::http::Origin;
use crate::http::body::read;
use crate::http::host::Site;
use crate::login::letters::Sender;
use crate::logs::{Entry, Kind};
use crate::messages::{Language, Wishes};
use crate::protection::{self, Verdict};
use crate::tenants::Tenant;
use crate::users::{self, UserError};
use crate::write::Write;

const MAX_BODY: usize = 64 * 1024;
/// Texts that somebody may say of themselves, with the most characters of each.
const TEXTS: &[(&str, usize)] = &[
    ("email", 320),
    ("username", 128),
    ("phone_number", 32),
    ("password", 4096),
    ("name", 300),
    ("nickname", 300),
    ("given_name", 150),
    ("family_name", 150),
    ("picture", 2048),
];

fn refused(status: u16, code: &str, text: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "name": "BadRequestError", "code": code, "description": text, "statusCode": status.as_u16() });
    (status, Json(body)).into_response()
}

fn bad(text: &str) -> Response {
    let body = json!({ "error": "invalid_request", "error_description": text });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

const BUSY: &str = "The server is busy. Try again in a moment.";

fn busy() -> Response {
    let wait = [(http::header::RETRY_AFTER, "3")];
    let body = json!({ "error": "temporarily_unavailable", "error_description": BUSY });
    (StatusCode::SERVICE_UNAVAILABLE, wait, Json(body)).into_response()
}

/// The answer to an address that has no tries left for what it asks for; none if it has.
fn kept_out(verdict: Result<Verdict, DbError>, what: &str) -> Option<Response> {
    match verdict {
        Ok(Verdict::Allowed) => None,
        Ok(Verdict::Blocked | Verdict::Throttled(_)) => {
            let text = format!("Too many {what} from this address. Try again later.");
            Some(refused(429, "too_many_requests", &text))
        }
        Err(error) => {
            tracing::error!(%error, "the tries of an address could not be counted");
            Some(busy())
        }
    }
}

/// What was sent, with the application and the connection that it names.
struct Asked {
    members: Map<String, Value>,
    client: Arc<Client>,
    connection: Connection,
    /// The language of the mails that follow.
    language: String,
}

async fn asked(app: &Arc<App>, tenant: &Tenant, request: Request) -> Result<Asked, Response> {
    let (parts, body) = request.into_parts();
    let body =
        read(body, MAX_BODY).await.map_err(|_| bad("The body is too large, or did not arrive in time."))?;
    let media_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut members = if media_type.is_some_and(|own| own.starts_with("application/x-www-form-urlencoded")) {
        let sent = chancery_oauth::parameters::Parameters::from_form(&body);
        let sent = sent.map_err(|error| bad(&error.to_string()))?;
        sent.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    } else {
        match chancery_jose::json::parse(&body) {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => return Err(bad("The body must be a JSON object or a form.")),
        }
    };
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(text),
        Some(_) => Err(format!("The parameter {name} must be a text.")),
        None => Err(format!("Missing required parameter: {name}")),
    };
    let client_id = text("client_id").map_err(|error| bad(&error))?;
    let name = text("connection").map_err(|error| bad(&error))?;
    let fault = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "an account could not be reached");
        busy()
    };
    let client = app.memory.client(app, tenant.id(), &client_id).await;
    let client = client.map_err(|error| fault(&internal(error)))?;
    let client = client.ok_or_else(|| bad("The application does not exist."))?;
    let connection = connections::usable_database(app, tenant.id(), &client_id, &name).await;
    let connection = connection.map_err(|error| fault(&error))?;
    let connection = connection
        .ok_or_else(|| bad("The connection does not exist or is not enabled for the application."))?;
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let wishes =
        Wishes { ui_locales: header("x-request-language"), accept_language: header("accept-language") };
    let language = Language::choose(&tenant.look.languages, wishes).tag;
    Ok(Asked { members, client, connection, language })
}

fn entry(origin: &Origin, client: &Client, kind: Kind, text: &str) -> Entry {
    Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        ip: Some(origin.ip.to_string()),
        user_agent: origin.user_agent.clone(),
        ..Entry::new(kind, text)
    }
}

pub(super) async fn signup(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    let origin = Origin::of(&app, &request);
    let Asked { mut members, client, connection, language } = match asked(&app, &tenant, request).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    for (name, most) in TEXTS {
        match members.get(*name) {
            None => {}
            Some(Value::String(text)) if text.chars().count() <= *most => {}
            Some(_) => {
                return bad(&format!("The parameter {name} must be a text of at most {most} characters."));
            }
        }
    }
    if !members.contains_key("password") {
        return bad("Missing required parameter: password");
    }
    match members.get("user_metadata") {
        None => {}
        Some(Value::Object(own)) if own.len() <= 10 && own.values().all(Value::is_string) => {}
        Some(_) => return bad("user_metadata must be an object of at most ten texts."),
    }
    members.retain(|name, _| TEXTS.iter().any(|(own, _)| own == name) || name == "user_metadata");
    let verdict = protection::before_signup(&app, &tenant, origin.ip).await;
    if let Some(response) = kept_out(verdict, "sign-ups") {
        return response;
    }
    let password = members.get("password").and_then(Value::as_str).unwrap_or_default().to_owned();
    let ok = entry(&origin, &client, Kind::Ss, "Successful signup");
    match users::sign_up(&app, tenant.id(), &connection, members, ok).await {
        Ok(user) => {
            let letters = Sender { app: &app, tenant: &tenant, client: Some(&client), language };
            letters.welcome(&user).await;
            let mut body = json!({
                "_id": user.user_id.rsplit('|').next().unwrap_or_default(),
                "email": user.email, "email_verified": user.email_verified,
            });
            if let (Some(body), Some(username)) = (body.as_object_mut(), &user.username) {
                body.insert("username".to_owned(), Value::from(username.as_str()));
            }
            Json(body).into_response()
        }
        Err(error) => {
            let failed = entry(&origin, &client, Kind::Fs, &error.to_string());
            let _ = app.log.append(&app, tenant.id(), failed).await;
            not_signed_up(&tenant, &error, &password)
        }
    }
}

fn not_signed_up(tenant: &Tenant, error: &UserError, password: &str) -> Response {
    let flags = tenant.settings().get("flags");
    let tells = flags.and_then(|flags| flags.get("enable_public_signup_user_exists_error"));
    match error {
        // Whoever sets this flag has weighed what it gives away.
        UserError::Exists if tells == Some(&Value::Bool(true)) => {
            refused(400, "user_exists", "The user already exists.")
        }
        UserError::Exists => refused(400, "invalid_signup", "Invalid sign up"),
        UserError::Weak(weak) => (StatusCode::BAD_REQUEST, Json(weak.body(password))).into_response(),
        UserError::SignupDisabled => refused(400, "public_signup_disabled", "Public signup is disabled"),
        UserError::NoPassword(_) | UserError::Refused(_) => bad(&error.to_string()),
        UserError::Pool(_) | UserError::Db(_) => {
            tracing::error!(%error, "an account could not be made");
            busy()
        }
    }
}

pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    Site(tenant): Site,
    request: Request,
) -> Response {
    const SENT: &str = "We've just sent you an email to reset your password.";
    let origin = Origin::of(&app, &request);
    let Asked { members, client, connection, language } = match asked(&app, &tenant, request).await {
        Ok(asked) => asked,
        Err(response) => return response,
    };
    let email = members.get("email").and_then(Value::as_str).unwrap_or_default();
    if !users::is_email(email) {
        return bad("The parameter email must be an e-mail address.");
    }
    let verdict = protection::before_reset(&app, &tenant, origin.ip).await;
    if let Some(response) = kept_out(verdict, "requests") {
        return response;
    }
    let mut made = entry(&origin, &client, Kind::Scpr, "Change password request");
    let letters = Sender { app: &app, tenant: &tenant, client: Some(&client), language };
    let sent = async {
        if connection.options().password_change_disabled() {
            return Ok(());
        }
        let found = users::by_identifier(&app.db, tenant.id(), &connection, email).await?;
        if let Some(found) = found
            && let Some(user) = users::find(&app.db, tenant.id(), &found.user_id).await?
        {
            return letters.reset((&user, &found.identity_id), &connection, made).await;
        }
        made.kind = Kind::Fcpr;
        made.user_name = Some(email.to_owned());
        Write::begin(&app, tenant.id()).await?.commit(made).await
    };
    if let Err(error) = protection::evenly(sent).await {
        tracing::error!(%error, "a mail for a new password could not be written");
    }
    SENT.into_response()
}
