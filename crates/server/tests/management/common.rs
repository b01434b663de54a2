//! What tests of all operations share: refusals as they are worded, and a tenant beside the usual one.

use chancery::management::scopes::ALL;
use chancery::tenants::{self, NewTenant};
use http::Method;
use serde_json::Value;

use crate::kit::{Answer, Call, TestServer, error};

/// A second tenant, where a test needs one.
pub(crate) const OTHER: &str = "other.example";

/// A refusal with 400.
pub(super) fn bad(code: &str, message: &str) -> (u16, Value) {
    (400, error(400, "Bad Request", Some(code), message))
}

/// The refusal of a body that does not fit its shape.
pub(super) fn misfit(reason: &str, property: &str) -> (u16, Value) {
    let place = if property.is_empty() { String::new() } else { format!(" on property {property}") };
    bad("invalid_body", &format!("Payload validation error: '{reason}'{place}."))
}

/// The refusal of a path that holds no id.
pub(super) fn no_id() -> (u16, Value) {
    bad("invalid_uri", "Path validation error: 'String is not an id' on property id.")
}

/// Insists that each operation is closed to a token with every other scope, and open to one with any of its own.
pub(super) async fn needs_scopes(server: &TestServer, operations: &[(Method, &str, &[&str])]) {
    for (method, path, scopes) in operations {
        let call = async |granted: &[&str]| {
            let token = server.token(granted).await;
            server.send(Call::new(method.clone(), &format!("/api/v2{path}")).bearer(&token).build()).await
        };
        let others: Vec<_> = ALL.iter().copied().filter(|scope| !scopes.contains(scope)).collect();
        assert_eq!(others.len() + scopes.len(), ALL.len(), "{scopes:?} are scopes");
        let message = format!("Insufficient scope, expected any of: {}", scopes.join(","));
        let expected = (403, error(403, "Forbidden", Some("insufficient_scope"), &message));
        assert_eq!(call(&others).await.both(), expected, "{method} {path}");
        for scope in *scopes {
            let status = call(&[scope]).await.status.as_u16();
            assert!(![401, 403].contains(&status), "{method} {path} with {scope}: {status}");
        }
    }
}

/// Makes a second tenant, and answers a token for its Management API.
pub(crate) async fn other_tenant(server: &TestServer) -> String {
    let new = NewTenant { name: "other".parse().unwrap(), domain: OTHER.parse().unwrap(), scheme: "https" };
    let made = tenants::create(&server.app, new).await.unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", made.tenant.management_client_id.as_str()),
        ("client_secret", made.client_secret.as_str()),
        ("audience", "https://other.example/api/v2/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = server.send(Call::to(OTHER, Method::POST, "/oauth/token").form(&form).build()).await;
    answer.expect(200)["access_token"].as_str().unwrap().to_owned()
}

/// Calls the Management API of the second tenant.
pub(crate) async fn at_other(
    server: &TestServer,
    token: &str,
    (method, path): (Method, &str),
    body: Option<&Value>,
) -> Answer {
    let call = Call::to(OTHER, method, &format!("/api/v2{path}")).bearer(token);
    server.send(if let Some(body) = body { call.json(body) } else { call }.build()).await
}

/// Reading, changing with `patch` and deleting what is at a path that holds no id are refused.
pub(super) async fn is_no_id(server: &TestServer, path: &str, patch: &Value) {
    assert_eq!(server.api_get(path).await.both(), no_id(), "{path}");
    assert_eq!(server.api_send(Method::PATCH, path, patch).await.both(), no_id(), "{path}");
    assert_eq!(server.api_call(Method::DELETE, path).await.both(), no_id(), "{path}");
}
