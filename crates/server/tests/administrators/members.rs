//! `/api/v2/tenants/members` and `/api/v2/tenants/invitations`; roles change, administrators go.

use chancery::administrators::{self, ChangeError, Role};
use chancery::management::scopes::OURS;
use http::Method;
use serde_json::{Value, json};

use super::sessions::opened;
use super::{SUBJECT, administrator, entry, tenant, token_of};
use crate::kit::{Answer, Call, DOMAIN, ISSUER, MANAGEMENT, TestServer, engines, error};
use crate::people::EMAIL;

const MEMBERS: &str = "/tenants/members";
const INVITATIONS: &str = "/tenants/invitations";
const OTHER: &str = "other@x.example";

/// Calls an operation as an Admin.
async fn call(server: &TestServer, (method, path): (Method, &str), body: Option<Value>) -> Answer {
    let token = token_of(server, DOMAIN, &OURS.join(" ")).await;
    let call = Call::new(method, &format!("/api/v2{path}")).bearer(&token);
    server.send(body.iter().fold(call, Call::json).build()).await
}

#[tokio::test]
async fn members_are_listed_changed_and_removed() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = administrator(&server, EMAIL, Role::Admin).await;
        let two = administrator(&server, OTHER, Role::Viewer).await;
        let members = call(&server, (Method::GET, MEMBERS), None).await.expect(200);
        let view = |user_id: &str, email: &str, role: &str| {
            let since = "2027-01-15T08:00:00.000Z";
            json!({ "user_id": user_id, "email": email, "name": email, "role": role, "created_at": since })
        };
        assert_eq!(members[0], view(&one.user_id, EMAIL, "admin"), "{on:?}");
        assert_eq!(members[1], view(&two.user_id, OTHER, "viewer"));
        let path = format!("{MEMBERS}/{}", two.user_id.replace('|', "%7C"));
        let keys = Some(json!({ "role": "editor_keys" }));
        let changed = call(&server, (Method::PATCH, &path), keys).await.expect(200);
        assert_eq!(changed, view(&two.user_id, OTHER, "editor_keys"));
        let value = opened(&server, &two.user_id).await;
        call(&server, (Method::DELETE, &path), None).await.expect(204);
        call(&server, (Method::DELETE, &path), None).await.expect(204);
        let tenant = tenant(&server).await;
        let session = administrators::sessions::find(&server.app, tenant.id(), &value).await.unwrap();
        assert_eq!(session, None, "whoever is removed is signed out");
        let gone = call(&server, (Method::PATCH, &path), Some(json!({ "role": "admin" }))).await;
        assert_eq!(gone.both(), (404, error(404, "Not Found", None, "The administrator does not exist.")));
        let left = call(&server, (Method::GET, MEMBERS), None).await.expect(200);
        assert_eq!(left.as_array().unwrap().len(), 1);
        let logs = server.api_get("/logs").await.expect(200).to_string();
        assert!(
            logs.contains("Remove an administrator") && logs.contains("Change the role of an administrator")
        );
    }
}

#[tokio::test]
async fn the_last_admin_stays_what_they_are() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = administrator(&server, EMAIL, Role::Admin).await;
        let two = administrator(&server, OTHER, Role::Viewer).await;
        let path = format!("{MEMBERS}/{}", one.user_id.replace('|', "%7C"));
        let message =
            "This is the last administrator with the role admin. Give the role to somebody else first.";
        let expected = (409, error(409, "Conflict", None, message));
        assert_eq!(call(&server, (Method::DELETE, &path), None).await.both(), expected);
        let viewer = Some(json!({ "role": "viewer" }));
        assert_eq!(call(&server, (Method::PATCH, &path), viewer.clone()).await.both(), expected, "{on:?}");
        call(&server, (Method::PATCH, &path), Some(json!({ "role": "admin" }))).await.expect(200);
        let tenant = tenant(&server).await;
        let (app, id) = (&server.app, tenant.id());
        administrators::change_role(app, id, (&two.user_id, Role::Admin), entry()).await.unwrap();
        // Both let go of the role at once: one of them keeps it.
        let (first, second) = tokio::join!(
            administrators::change_role(app, id, (&one.user_id, Role::Viewer), entry()),
            administrators::remove(app, id, &two.user_id, entry()),
        );
        assert!(first.is_ok() != second.is_ok(), "{on:?}: {first:?} {second:?}");
        assert!(matches!(first.err().or(second.err()), Some(ChangeError::LastAdmin)));
    }
}

#[tokio::test]
async fn invitations_are_made_listed_and_withdrawn() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let body = json!({ "email": "Ada@X.example", "role": "viewer" });
        let made = call(&server, (Method::POST, INVITATIONS), Some(body.clone())).await.expect(201);
        let url = made["invitation_url"].as_str().unwrap();
        let text = url.strip_prefix(&format!("{ISSUER}dashboard/setup?ticket=")).unwrap();
        let tenant = tenant(&server).await;
        assert!(administrators::look(&server.app, tenant.id(), text).await.unwrap().is_some(), "{on:?}");
        let mut expected = made.clone();
        expected.as_object_mut().unwrap().remove("invitation_url");
        assert_eq!(
            expected,
            json!({
                "id": made["id"], "email": EMAIL, "role": "viewer", "created_at": "2027-01-15T08:00:00.000Z",
                "expires_at": "2027-01-22T08:00:00.000Z", "invited_by": SUBJECT,
            })
        );
        let listed = call(&server, (Method::GET, INVITATIONS), None).await.expect(200);
        assert_eq!(listed, json!([expected]), "the link is shown once");
        let path = format!("{INVITATIONS}/{}", made["id"].as_str().unwrap());
        call(&server, (Method::DELETE, &path), None).await.expect(204);
        call(&server, (Method::DELETE, &path), None).await.expect(204);
        assert_eq!(call(&server, (Method::GET, INVITATIONS), None).await.expect(200), json!([]));
        for (body, status) in [
            (json!({ "role": "viewer" }), 400),
            (json!({ "email": EMAIL }), 400),
            (json!({ "email": EMAIL, "role": "owner" }), 400),
            (json!({ "email": "nobody", "role": "viewer" }), 400),
            (json!({ "email": EMAIL, "role": "viewer", "send_mail": true }), 400),
        ] {
            let answer = call(&server, (Method::POST, INVITATIONS), Some(body.clone())).await;
            assert_eq!(answer.status, status, "{body}");
        }
        administrator(&server, EMAIL, Role::Viewer).await;
        let taken = "There is an administrator with this email already.";
        let answer = call(&server, (Method::POST, INVITATIONS), Some(body)).await;
        assert_eq!(answer.both(), (409, error(409, "Conflict", None, taken)));
    }
}

#[tokio::test]
async fn no_application_manages_administrators_whatever_it_is_granted() {
    let server = TestServer::start().await;
    let one = administrator(&server, EMAIL, Role::Admin).await;
    let grants = server.api_get("/client-grants").await.expect(200);
    let path = format!("/client-grants/{}", grants[0]["id"].as_str().unwrap());
    let mut scopes: Vec<Value> = grants[0]["scope"].as_array().unwrap().clone();
    scopes.extend(OURS.iter().map(|scope| json!(scope)));
    let _ = server.api_send(Method::PATCH, &path, &json!({ "scope": scopes })).await;
    let granted = server.token(&[]).await;
    let granted = crate::kit::claims(&granted)["scope"].as_str().unwrap().to_owned();
    assert!(OURS.iter().all(|scope| !granted.split(' ').any(|own| own == *scope)));
    let form = server.management_form(MANAGEMENT, OURS[0]);
    assert_ne!(server.token_request(&form).await.status, 200);
    let member = format!("{MEMBERS}/{}", one.user_id.replace('|', "%7C"));
    for (method, path) in [
        (Method::GET, MEMBERS),
        (Method::PATCH, member.as_str()),
        (Method::DELETE, member.as_str()),
        (Method::GET, INVITATIONS),
        (Method::POST, INVITATIONS),
        (Method::DELETE, "/tenants/invitations/inv_0"),
    ] {
        assert_eq!(server.api_call(method.clone(), path).await.status, 403, "{method} {path}");
    }
    let scopes = Role::Viewer.scopes();
    let scopes: Vec<_> = scopes.iter().collect();
    let viewer = token_of(&server, DOMAIN, &scopes.join(" ")).await;
    let call = Call::get("/api/v2/tenants/members").bearer(&viewer);
    assert_eq!(server.send(call.build()).await.status, 403);
}
