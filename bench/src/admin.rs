//! Calls of the Management API and of the token endpoint: what sets the stage for the measurements.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::http::{self, Connection, escape};
use crate::server::{Management, Server};
use crate::{Fault, Outcome, load};

/// An application that may get tokens.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    /// Its client id.
    pub(crate) id: String,
    /// Its client secret.
    pub(crate) secret: String,
}

impl Application {
    /// The bytes of its request for a token.
    pub(crate) fn request(&self, host: &str, audience: &str, scope: &str) -> Vec<u8> {
        let scope = if scope.is_empty() { String::new() } else { format!("&scope={}", escape(scope)) };
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&audience={}{scope}",
            escape(&self.id),
            escape(&self.secret),
            escape(audience)
        );
        http::form(host, "/oauth/token", "", &body)
    }

    /// The application with which a tenant is managed.
    pub(crate) fn of(management: &Management) -> Self {
        Self { id: management.client_id.clone(), secret: management.client_secret.clone() }
    }
}

/// A caller of the Management API: one connection, one token.
pub(crate) struct Admin {
    connection: Connection,
    host: String,
    token: String,
}

impl Admin {
    /// Connects, and gets a token with everything that is granted.
    pub(crate) async fn enter(address: SocketAddr, management: &Management) -> Outcome<Self> {
        let mut connection = Connection::open(address).await?;
        let request = Application::of(management).request(&management.host, &management.audience, "");
        let token = token(&mut connection, &request).await?;
        Ok(Self { connection, host: management.host.clone(), token })
    }

    /// Creates, changes or triggers something.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let path = format!("/api/v2/{path}");
        let line = (method, self.host.as_str(), path.as_str());
        let request = http::with_body(line, Some(&self.token), ("application/json", &body));
        self.call(&path, &request).await
    }

    /// Reads something.
    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Value> {
        let path = format!("/api/v2/{path}");
        let request = http::get(&self.host, &path, Some(&self.token));
        self.call(&path, &request).await
    }

    async fn call(&mut self, path: &str, request: &[u8]) -> Outcome<Value> {
        let answer = self.connection.call(request).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("{path} answered {}", answer.told()).into());
        }
        Ok(serde_json::from_slice(answer.body)?)
    }

    /// Makes an API whose tokens are signed as `algorithm` says; answers its identifier.
    pub(crate) async fn api(&mut self, algorithm: &str) -> Outcome<String> {
        let identifier = format!("https://bench.example/{algorithm}");
        let mut body = json!({ "name": format!("Bench {algorithm}"), "identifier": identifier, "signing_alg": algorithm });
        if algorithm == "HS256" {
            body["signing_secret"] = "bench".repeat(13).into();
        }
        self.send("POST", "resource-servers", Some(&body)).await?;
        Ok(identifier)
    }

    /// Makes an application and grants it the audiences.
    pub(crate) async fn application(&mut self, name: &str, audiences: &[&str]) -> Outcome<Application> {
        let body = json!({
            "name": name,
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
        });
        let made = self.send("POST", "clients", Some(&body)).await?;
        let application =
            Application { id: text(&made, "client_id")?, secret: text(&made, "client_secret")? };
        for audience in audiences {
            let grant = json!({ "client_id": application.id, "audience": audience, "scope": [] });
            self.send("POST", "client-grants", Some(&grant)).await?;
        }
        Ok(application)
    }
}

/// Gets a token.
pub(crate) async fn token(connection: &mut Connection, request: &[u8]) -> Outcome<String> {
    let answer = connection.call(request).await?;
    let body: Value = serde_json::from_slice(answer.body)?;
    text(&body, "access_token").map_err(|_| format!("no token but {}: {body}", answer.status).into())
}

/// Makes so many applications for one API over several connections; answers up to `keep` of them, evenly spread.
pub(crate) async fn seed(
    server: &Server,
    management: &Management,
    audience: &str,
    (count, keep): (usize, usize),
) -> Outcome<Vec<Application>> {
    let step = count.div_ceil(keep).max(1);
    let turn = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..load::CONNECTIONS {
        let mut admin = Admin::enter(server.address, management).await?;
        let (turn, audience) = (Arc::clone(&turn), audience.to_owned());
        workers.spawn(async move {
            let mut kept = Vec::new();
            loop {
                let number = turn.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Fault>(kept);
                }
                let application = admin.application(&format!("Application {number}"), &[&audience]).await?;
                if number.is_multiple_of(step) {
                    kept.push(application);
                }
            }
        });
    }
    let mut all = Vec::new();
    while let Some(worker) = workers.join_next().await {
        all.append(&mut worker??);
    }
    Ok(all)
}

/// A string member of an answer.
pub(crate) fn text(object: &Value, name: &str) -> Outcome<String> {
    let value = object.get(name).and_then(Value::as_str);
    Ok(value.ok_or_else(|| format!("an answer has no {name}: {object}"))?.to_owned())
}
