//! Administrators: hidden from the Management API, invited, changed and removed; the sessions of the Dashboard.

mod hidden;
mod invitations;
mod members;
mod passkeys;
mod sessions;

use std::sync::Arc;

use chancery::administrators::{self, Accepting, Administrator, NewInvitation, Role, invitations as links};
use chancery::http::Origin;
use chancery::logs::Entry;
use chancery::tenants::Tenant;
use chancery_jose::base64url;
use http::Method;
use serde_json::json;

use crate::kit::{Call, DOMAIN, START, TestServer, key, sign};
use crate::people::{EMAIL, PASSWORD};

/// Who has these tokens.
const SUBJECT: &str = "chancery-dashboard@clients";

/// The first tenant.
async fn tenant(server: &TestServer) -> Arc<Tenant> {
    server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap()
}

fn entry() -> Entry {
    Entry::by_cli("Invite an administrator")
}

/// Where tests accept from.
fn origin() -> Origin {
    Origin {
        ip: "203.0.113.9".parse().unwrap(),
        user_agent: Some("Test".to_owned()),
        request_id: "r".to_owned(),
        method: Method::POST,
        path: "/dashboard/setup".to_owned(),
    }
}

/// Makes an invitation; answers the text of its link.
async fn invited(server: &TestServer, email: Option<&str>, role: Role) -> String {
    let new = NewInvitation { email: email.map(str::to_owned), role, invited_by: None };
    let tenant = tenant(server).await;
    administrators::invite(&server.app, tenant.id(), new, entry()).await.unwrap().text
}

/// Somebody becomes an administrator, with the usual password.
pub(crate) async fn administrator(server: &TestServer, email: &str, role: Role) -> Administrator {
    let text = invited(server, Some(email), role).await;
    let (tenant, origin) = (tenant(server).await, origin());
    let accepted = Accepting { text: &text, email, password: PASSWORD, origin: &origin };
    administrators::accept(&server.app, &tenant, accepted).await.unwrap()
}

/// A token that nobody is granted: signed by the tenant at this host, with scopes that only administrators have.
pub(crate) async fn token_of(server: &TestServer, host: &str, scope: &str) -> String {
    let jwks = server.send(Call::to(host, Method::GET, "/.well-known/jwks.json").build()).await.expect(200);
    let current = &jwks["keys"][0];
    let modulus = |number| base64url::encode(key(number).public().modulus());
    let number = (0..8).find(|number| current["n"] == modulus(*number)).unwrap();
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": current["kid"] });
    let claims = json!({
        "iss": format!("https://{host}/"), "aud": format!("https://{host}/api/v2/"), "sub": SUBJECT,
        "azp": "chancery-dashboard", "iat": START, "exp": START + 7200, "scope": scope,
    });
    sign(&header, &claims, number)
}

/// A token with every scope, those of our own operations included.
pub(crate) async fn token_of_admin(server: &TestServer, host: &str) -> String {
    let scopes = Role::Admin.scopes();
    token_of(server, host, &scopes.iter().collect::<Vec<_>>().join(" ")).await
}

/// An administrator and an invitation; answers their ids.
pub(crate) async fn member_and_invitation(server: &TestServer) -> (String, String) {
    let member = administrator(server, "admin@x.example", Role::Admin).await.user_id;
    invited(server, Some("invited@x.example"), Role::Viewer).await;
    let open = links::open(&server.app, tenant(server).await.id()).await.unwrap();
    (member, open[0].id.clone())
}

/// Runs every statement once.
pub(crate) async fn exercise(server: &TestServer) {
    let one = administrator(server, EMAIL, Role::Admin).await;
    let two = administrator(server, "two@x.example", Role::Viewer).await;
    let tenant = tenant(server).await;
    let (app, id) = (&server.app, tenant.id());
    administrators::find(&app.db, id, &one.user_id).await.unwrap().unwrap();
    administrators::tenants_of(&app.db, id, &one.user_id).await.unwrap();
    administrators::change_role(app, id, (&two.user_id, Role::Admin), entry()).await.unwrap();
    invited(server, None, Role::Viewer).await;
    let open = links::open(app, id).await.unwrap();
    assert!(links::withdraw(app, id, &open[0].id, entry()).await.unwrap());
    let value = sessions::opened(server, &two.user_id).await;
    server.clock.advance(jiff::SignedDuration::from_mins(2));
    administrators::sessions::find(app, id, &value).await.unwrap().unwrap();
    let mut tx = app.db.begin().await.unwrap();
    administrators::sessions::end(app, &mut tx, id, &value).await.unwrap();
    administrators::sessions::end_all(&mut tx, id, &two.user_id).await.unwrap();
    tx.commit().await.unwrap();
    administrators::sessions::sweep(app).await.unwrap();
    passkeys::exercise(server, &two.user_id).await;
}
