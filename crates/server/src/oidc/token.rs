//! `POST /oauth/token`: load, decide, sign, log, answer.
//!
//! Must never hold up other requests: everything it needs is in memory, signing runs on its own threads,
//! and the log entry is written later in a batch.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::client::{Client, UsersAt};
use chancery_oauth::client_auth::{self, Authenticated, Presented};
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::client_credentials::{self, Known};
use chancery_oauth::token::{self, Error, Grant, Parameters};
use http::{Method, header};
use serde::Serialize;

use super::{error, grants, signing};
use crate::app::App;
use crate::http::body::{Unread, read};
use crate::http::host::Site;
use crate::http::{Origin, observe};
use crate::in_flight::used_assertions;
use crate::logs::{Entry, Kind};
use crate::management::ApiError;
use crate::request_id;
use crate::tenants::Tenant;

/// Where this endpoint is.
pub(super) const PATH: &str = "/oauth/token";
/// The largest token request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A token response (RFC 6749 section 5.1). It is a credential, so it has no `Debug`.
#[derive(Serialize)]
pub(super) struct Issued {
    pub(super) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
    pub(super) expires_in: i64,
    pub(super) token_type: &'static str,
}

/// Who sent a request, as far as each token's log entry needs it; an [`Origin`] costs more and is made for grants that
/// speak for a user.
struct Sender {
    ip: IpAddr,
    /// Where it says that its user is.
    told: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Sender {
    fn of(app: &App, request: &Request) -> Self {
        let told = request.headers().get("auth0-forwarded-for").and_then(|value| value.to_str().ok());
        Self {
            ip: observe::client_ip(app, request),
            told: told.and_then(|address| address.trim().parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()),
            user_agent: observe::user_agent(request.headers()),
        }
    }

    /// Where the user of an application is that has proved who it is.
    fn origin(&self, client: &Client) -> Origin {
        let told = self.told.filter(|_| client.users_at == UsersAt::Header && !client.is_public());
        Origin {
            ip: told.unwrap_or(self.ip),
            user_agent: self.user_agent.clone(),
            request_id: request_id::current().unwrap_or_default(),
            method: Method::POST,
            path: PATH.to_owned(),
        }
    }
}

/// A refused request with what the log is to know of its sender.
pub(super) struct Refused {
    client_id: Option<String>,
    client_name: Option<String>,
    audience: Option<String>,
    kind: Kind,
    error: Error,
}

impl Refused {
    fn by_unknown(client_id: Option<String>, error: Error) -> Self {
        Self { client_id, client_name: None, audience: None, kind: Kind::Feccft, error }
    }

    pub(super) fn by(client: &Client, grant: &Grant, error: Error) -> Self {
        let (kind, audience) = match grant {
            Grant::ClientCredentials { audience, .. } => (Kind::Feccft, audience.clone()),
            Grant::AuthorizationCode { .. } => (Kind::Feacft, None),
            Grant::RefreshToken { audience, .. } => (Kind::Fertft, audience.clone()),
            Grant::Password { audience, .. } => (Kind::Fepft, audience.clone()),
            Grant::DeviceCode { .. } => (Kind::Fede, None),
        };
        Self {
            client_id: Some(client.id.clone()),
            client_name: Some(client.name.clone()),
            audience,
            kind,
            error,
        }
    }
}

pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    let sender = Sender::of(&app, &request);
    let (outcome, entry) = match exchange(&app, &tenant, &sender, request).await {
        Ok((issued, entry)) => (Ok(issued), entry),
        Err(refused) => {
            let entry = failure(&refused);
            (Err(refused.error), entry)
        }
    };
    if let Some(mut entry) = entry {
        entry.ip = Some(sender.ip.to_string());
        entry.user_agent = sender.user_agent;
        // No token leaves without its entry on the way to the log.
        if app.log.append(&app, tenant.id(), entry).await.is_err() {
            return error::respond(&Error::Busy);
        }
    }
    match outcome {
        Ok(issued) => {
            let mut response = Json(issued).into_response();
            error::no_store(&mut response);
            response
        }
        Err(refused) => error::respond(&refused),
    }
}

/// The answer, with its entry of the log where that is not written yet.
async fn exchange(
    app: &Arc<App>,
    tenant: &Tenant,
    sender: &Sender,
    request: Request,
) -> Result<(Issued, Option<Entry>), Refused> {
    let request = parse(request).await.map_err(|(client_id, error)| Refused::by_unknown(client_id, error))?;
    let token::Request { client_id, presented, grant } = request;
    let client = app.memory.client(app, tenant.id(), &client_id).await;
    let client = client.map_err(|error| Refused::by_unknown(None, internal(error)))?.ok_or_else(|| {
        let reason = "there is no application with this client_id".to_owned();
        Refused::by_unknown(Some(client_id), Error::Unauthorized { reason })
    })?;
    let refuse = |error| Refused::by(&client, &grant, error);
    prove(app, tenant, &client, (&presented, &tenant.token_endpoint)).await.map_err(refuse)?;
    let Grant::ClientCredentials { audience, scopes } = &grant else {
        let exchange = grants::Exchange { app, tenant, client: &client, origin: &sender.origin(&client) };
        return exchange.run(&grant).await.map(|issued| (issued, None));
    };
    let audience = audience.as_deref().or(tenant.default_audience());
    let audience = audience.ok_or_else(|| refuse(Error::MissingAudience))?;
    let (issued, entry) = issue(app, tenant, &client, audience, scopes).await.map_err(refuse)?;
    Ok((issued, Some(entry)))
}

/// Decides and signs a token for an authenticated client.
async fn issue(
    app: &Arc<App>,
    tenant: &Tenant,
    client: &Client,
    audience: &str,
    scopes: &Scopes,
) -> Result<(Issued, Entry), Error> {
    let api = app.memory.api(app, tenant.id(), audience).await.map_err(|error| internal(error.into()))?;
    let api = api.ok_or_else(|| Error::UnknownApi(audience.to_owned()))?;
    let granted = app.memory.grant(app, tenant.id(), (&client.id, audience)).await;
    let granted = granted.map_err(|error| internal(error.into()))?;
    let known = Known { issuer: &tenant.issuer, client, api: &api, granted: granted.as_deref() };
    // Only RFC 9068 tokens have an id.
    let jti = if api.dialect.is_rfc9068() { app.entropy.alphanumeric(22) } else { String::new() };
    let issue = client_credentials::decide(&known, scopes, jti, app.clock.now())?;
    let scope = issue.scopes.to_string();
    let (access_token, expires_in) = signing::access_token(app, tenant, &api, issue).await?;
    let entry = Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        audience: Some(audience.to_owned()),
        scope: Some(scope.clone()).filter(|scope| !scope.is_empty()),
        ..Entry::new(Kind::Seccft, "Client Credentials for Access Token")
    };
    let (id_token, refresh_token) = (None, None);
    Ok((Issued { access_token, id_token, refresh_token, scope, expires_in, token_type: "Bearer" }, entry))
}

async fn parse(request: Request) -> Result<token::Request, (Option<String>, Error)> {
    let (authorization, parameters) = sent(request).await.map_err(|error| (None, error))?;
    token::Request::parse(authorization.as_deref(), parameters)
}

/// What was sent: the `Authorization` header and the parameters.
async fn sent(request: Request) -> Result<(Option<String>, Parameters), Error> {
    let refuse = |text: &str| Error::InvalidRequest(text.to_owned());
    let (parts, body) = request.into_parts();
    let mut authorizations = parts.headers.get_all(header::AUTHORIZATION).iter();
    let authorization = match (authorizations.next(), authorizations.next()) {
        (None, _) => None,
        (Some(value), None) => {
            Some(value.to_str().map_err(|_| refuse("The Authorization header is not readable."))?.to_owned())
        }
        (Some(_), Some(_)) => return Err(refuse("The Authorization header is there more than once.")),
    };
    let body = read(body, MAX_BODY).await.map_err(|unread| match unread {
        Unread::TooLarge => refuse("The body is larger than 64 kB, the most that is accepted."),
        Unread::TooSlow => refuse("The body did not arrive in time."),
    })?;
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let parameters = if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Parameters::from_form(&body)
    } else if essence.eq_ignore_ascii_case("application/json") {
        Parameters::from_json(&body)
    } else {
        return Err(refuse(
            "The Content-Type must be application/x-www-form-urlencoded or application/json.",
        ));
    };
    let parameters = parameters.map_err(|error| refuse(&error.to_string()))?;
    Ok((authorization, parameters))
}

/// The client that sent this, proved, and its other parameters: for the endpoints beside this one.
pub(super) async fn authenticated(
    app: &Arc<App>,
    tenant: &Tenant,
    request: Request,
) -> Result<(Arc<Client>, Parameters), Error> {
    // A client assertion may name the endpoint that it is sent to (RFC 9126 section 2).
    let endpoint = [tenant.base.as_str(), request.uri().path()].concat();
    let (authorization, mut parameters) = sent(request).await?;
    let (client_id, presented) = token::credentials(authorization.as_deref(), &mut parameters)?;
    let client = app.memory.client(app, tenant.id(), &client_id).await.map_err(internal)?;
    let client = client.ok_or_else(|| Error::Unauthorized {
        reason: "there is no application with this client_id".to_owned(),
    })?;
    prove(app, tenant, &client, (&presented, &endpoint)).await?;
    Ok((client, parameters))
}

/// Checks the proof of a client, and that an assertion is used once.
async fn prove(
    app: &Arc<App>,
    tenant: &Tenant,
    client: &Client,
    (presented, endpoint): (&Presented, &str),
) -> Result<(), Error> {
    let audiences = [tenant.issuer.as_str(), tenant.token_endpoint.as_str(), endpoint];
    let proof = client_auth::authenticate(client, presented, &audiences, app.clock.now())
        .map_err(|error| Error::Unauthorized { reason: error.to_string() })?;
    if let Authenticated::OnceOnly { jti, expires_at } = proof {
        let fresh = used_assertions::remember(app, tenant.id(), (&client.id, &jti), expires_at).await;
        if !fresh.map_err(|error| internal(error.into()))? {
            return Err(Error::Unauthorized { reason: "the client assertion was used before".to_owned() });
        }
    }
    Ok(())
}

/// The log entry of a refusal; none where nobody can be named and nothing was tried.
fn failure(refused: &Refused) -> Option<Entry> {
    let Refused { client_id, client_name, audience, kind, error } = refused;
    // A device asks until its user has decided.
    if matches!(error, Error::AuthorizationPending | Error::SlowDown) {
        return None;
    }
    let description =
        if let Error::Unauthorized { reason } = error { reason.clone() } else { error.to_string() };
    Some(Entry {
        client_id: Some(client_id.clone()?.chars().take(100).collect()),
        client_name: client_name.clone(),
        audience: audience.as_ref().map(|audience| audience.chars().take(600).collect()),
        details: Some(serde_json::json!({ "error": error.code() })),
        ..Entry::new(*kind, description)
    })
}

pub(super) fn internal(error: ApiError) -> Error {
    if let ApiError::Unavailable(reason) = error {
        tracing::error!(%reason, "a token could not be issued");
        return Error::Busy;
    }
    Error::Internal { reason: error.to_string() }
}

/// Why the command line got no token.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct IssueError(String);

/// Issues a token to the application `client_id` without asking for its secret: for an operator at the
/// command line, who holds the master key anyway.
pub async fn issue_for_cli(
    app: &Arc<App>,
    tenant: &Tenant,
    client_id: &str,
    scopes: &Scopes,
) -> Result<String, IssueError> {
    let client = app.memory.client(app, tenant.id(), client_id).await;
    let client = client.map_err(|error| IssueError(error.to_string()))?.ok_or_else(|| {
        IssueError(format!("the application {client_id} no longer exists; name another with --client-id"))
    })?;
    let (issued, entry) = issue(app, tenant, &client, &tenant.management_audience, scopes)
        .await
        .map_err(|error| IssueError(error.to_string()))?;
    let entry = Entry { details: Entry::by_cli("").details, ..entry };
    let written = app.log.append(app, tenant.id(), entry).await;
    written.map_err(|error| IssueError(error.to_string()))?;
    Ok(issued.access_token)
}
