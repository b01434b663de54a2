//! What must not get through: the attacks on OAuth 2.0 and OpenID Connect that RFC 9700 and the record of others'
//! failures name, each through the real router, each with a look at what did not change.

mod accounts;
mod codes;
mod forms;
mod hosts;
mod links;
mod logout;
mod markup;
mod powers;
mod requests;
mod sizes;
mod tenants;

use http::Method;
use serde_json::Value;

use super::{Application, CALLBACK};
use crate::kit::{Answer, Call, TestServer};
use crate::management::common::at_other;

/// Posts a form to a host.
async fn post(server: &TestServer, host: &str, path: &str, form: &[(&str, &str)]) -> Answer {
    let pairs: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    server.send(Call::to(host, Method::POST, path).form(&pairs).build()).await
}

/// Posts a form to the first tenant as an application.
async fn post_as(
    server: &TestServer,
    application: &Application,
    path: &str,
    more: &[(&str, &str)],
) -> Answer {
    let proof = [("client_id", application.id.as_str()), ("client_secret", &application.secret)];
    post(server, crate::kit::DOMAIN, path, &[&proof, more].concat()).await
}

/// An application of the second tenant, like the usual one of the first.
async fn application_there(server: &TestServer, token: &str, grants: &[&str]) -> Application {
    let body = serde_json::json!({
        "name": "Shop", "app_type": "regular_web", "callbacks": [CALLBACK], "grant_types": grants,
    });
    let made = at_other(server, token, (Method::POST, "/clients"), Some(&body)).await.expect(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Application { id: text("client_id"), secret: text("client_secret") }
}

/// Changes the settings of the first tenant.
async fn set(server: &TestServer, settings: Value) {
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
}
