//! Invitations and their links.

use std::sync::Arc;

use chancery::administrators::{
    self, AcceptError, Accepting, Administrator, InviteError, NewInvitation, Role, invitations,
};
use chancery::tenants::Tenant;
use chancery::users;
use jiff::SignedDuration;
use serde_json::json;

use super::{administrator, entry, invited, origin, tenant};
use crate::kit::{DOMAIN, ISSUER, TestServer, engines};
use crate::management::common::{OTHER, other_tenant};
use crate::people::{EMAIL, PASSWORD};

async fn accept(
    server: &TestServer,
    text: &str,
    (email, password): (&str, &str),
) -> Result<Administrator, AcceptError> {
    let (tenant, origin) = (tenant(server).await, origin());
    let accepted = Accepting { text, email, password, origin: &origin };
    administrators::accept(&server.app, &tenant, accepted).await
}

async fn is_good(server: &TestServer, text: &str) -> bool {
    let tenant = tenant(server).await;
    administrators::look(&server.app, tenant.id(), text).await.unwrap().is_some()
}

#[tokio::test]
async fn an_invitation_makes_an_administrator_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant(&server).await;
        assert_eq!(administrators::dashboard_client(&server.app.db, tenant.id()).await.unwrap(), None);
        let text = invited(&server, Some("Ada@X.example"), Role::EditorUsers).await;
        assert!(is_good(&server, &text).await);
        let made = accept(&server, &text, (" ADA@x.example ", PASSWORD)).await.unwrap();
        assert_eq!((made.email.as_str(), made.role), (EMAIL, Role::EditorUsers), "{on:?}");
        assert!(administrators::is_hidden_user(&made.user_id));
        let found = administrators::find(&server.app.db, tenant.id(), &made.user_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&made));
        assert_eq!(administrators::list(&server.app.db, tenant.id()).await.unwrap(), [made]);
        assert!(!is_good(&server, &text).await);
        let again = accept(&server, &text, ("eve@x.example", PASSWORD)).await;
        assert!(matches!(again, Err(AcceptError::Over)), "{again:?}");
        let client = administrators::dashboard_client(&server.app.db, tenant.id()).await.unwrap();
        assert_eq!(client.as_deref(), Some("chancery-dashboard"));
    }
}

/// Whom an invitation makes an administrator of the tenant at `domain`.
async fn member_of(
    server: &TestServer,
    domain: &str,
    invited_by: Option<&str>,
) -> (Arc<Tenant>, Administrator) {
    let tenant = server.app.tenants.find(&server.app, domain).await.unwrap().unwrap();
    let invited_by = invited_by.map(str::to_owned);
    let new = NewInvitation { email: Some(EMAIL.to_owned()), role: Role::Viewer, invited_by };
    let text = administrators::invite(&server.app, tenant.id(), new, entry()).await.unwrap().text;
    let origin = origin();
    let accepted = Accepting { text: &text, email: EMAIL, password: PASSWORD, origin: &origin };
    let made = administrators::accept(&server.app, &tenant, accepted).await.unwrap();
    (tenant, made)
}

#[tokio::test]
async fn an_invitation_tells_nobody_where_else_a_stranger_is_an_administrator() {
    for on in engines() {
        let server = TestServer::on(on).await;
        other_tenant(&server).await;
        let (here, ada) = member_of(&server, DOMAIN, Some("auth0|chancery_x")).await;
        let (there, known) = member_of(&server, OTHER, None).await;
        let names = async |tenant: &Tenant, user_id: &str| {
            let found = administrators::tenants_of(&server.app.db, tenant.id(), user_id).await.unwrap();
            found.into_iter().map(|(name, ..)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&here, &ada.user_id).await, ["main"], "the address is a word of the inviter");
        assert_eq!(names(&there, &known.user_id).await, ["main", "other"], "the operator has invited them");
        let mut tx = server.app.db.begin().await.unwrap();
        let of = (ada.user_id.as_str(), None, EMAIL);
        assert!(users::mark_email_verified(&mut tx, here.id(), of, server.app.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(names(&here, &ada.user_id).await, ["main", "other"], "a mailed link has proved it");
    }
}

#[tokio::test]
async fn of_two_who_accept_at_once_one_becomes_an_administrator() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let text = invited(&server, None, Role::Admin).await;
        let (one, two) = tokio::join!(
            accept(&server, &text, ("one@x.example", PASSWORD)),
            accept(&server, &text, ("two@x.example", PASSWORD)),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{on:?}: {one:?} {two:?}");
        let tenant = tenant(&server).await;
        assert_eq!(administrators::list(&server.app.db, tenant.id()).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_link_is_over_when_it_is_unknown_old_withdrawn_or_of_another_tenant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let text = invited(&server, None, Role::Admin).await;
        let stranger = "a".repeat(text.len());
        for other in ["", "x", &stranger, &text[1..], &format!("{text}\0"), &text.to_lowercase()] {
            assert!(!is_good(&server, other).await, "{other}");
            let refused = accept(&server, other, (EMAIL, PASSWORD)).await;
            assert!(matches!(refused, Err(AcceptError::Over)), "{other}");
        }
        crate::management::common::other_tenant(&server).await;
        let found = server.app.tenants.find(&server.app, crate::management::common::OTHER).await;
        let other = found.unwrap().unwrap();
        assert_eq!(administrators::look(&server.app, other.id(), &text).await.unwrap(), None);
        server.clock.advance(SignedDuration::from_secs(7 * 86_400 - 1));
        assert!(is_good(&server, &text).await);
        server.clock.advance(SignedDuration::from_secs(1));
        assert!(!is_good(&server, &text).await, "{on:?}");
        let refused = accept(&server, &text, (EMAIL, PASSWORD)).await;
        assert!(matches!(refused, Err(AcceptError::Over)));
        let tenant = tenant(&server).await;
        assert_eq!(invitations::open(&server.app, tenant.id()).await.unwrap(), []);
        let text = invited(&server, None, Role::Viewer).await;
        let open = invitations::open(&server.app, tenant.id()).await.unwrap();
        assert!(invitations::withdraw(&server.app, tenant.id(), &open[0].id, entry()).await.unwrap());
        assert!(!invitations::withdraw(&server.app, tenant.id(), &open[0].id, entry()).await.unwrap());
        assert!(!is_good(&server, &text).await);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_link_stays_good() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let text = invited(&server, Some(EMAIL), Role::Viewer).await;
        let said = async |who: (&str, &str)| accept(&server, &text, who).await.unwrap_err().to_string();
        assert_eq!(said(("nobody", PASSWORD)).await, "This is no e-mail address.");
        assert_eq!(said(("eve@x.example", PASSWORD)).await, "This invitation is for another e-mail address.");
        assert!(matches!(accept(&server, &text, (EMAIL, "short")).await, Err(AcceptError::Weak(_))));
        assert!(matches!(accept(&server, &text, (EMAIL, "")).await, Err(AcceptError::Weak(_))));
        assert!(is_good(&server, &text).await);
        accept(&server, &text, (EMAIL, PASSWORD)).await.unwrap();
        let text = invited(&server, None, Role::Viewer).await;
        let taken = accept(&server, &text, (EMAIL, PASSWORD)).await;
        assert!(matches!(taken, Err(AcceptError::Taken)), "{on:?}: {taken:?}");
        assert!(is_good(&server, &text).await, "a failed change leaves nothing");
    }
}

#[tokio::test]
async fn nobody_is_invited_who_is_an_administrator_or_has_no_address() {
    let server = TestServer::start().await;
    administrator(&server, EMAIL, Role::Viewer).await;
    let tenant = tenant(&server).await;
    let invite = async |email: &str| {
        let new = NewInvitation { email: Some(email.to_owned()), role: Role::Admin, invited_by: None };
        administrators::invite(&server.app, tenant.id(), new, entry()).await.unwrap_err()
    };
    assert!(matches!(invite("ADA@x.example").await, InviteError::Taken(_)));
    assert_eq!(invite("nobody").await.to_string(), "\"nobody\" is no e-mail address");
}

#[tokio::test]
async fn the_link_of_the_first_start_has_no_end_and_goes_with_the_first_admin() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant(&server).await;
        let made = administrators::set_up(&server.app, tenant.id(), entry()).await.unwrap();
        assert_eq!(made.expires_at, None);
        server.clock.advance(SignedDuration::from_hours(24 * 400));
        administrators::sessions::sweep(&server.app).await.unwrap();
        let found = administrators::look(&server.app, tenant.id(), &made.text).await.unwrap().unwrap();
        assert_eq!((found.email, found.role), (None, Role::Admin), "{on:?}");
        administrator(&server, "viewer@x.example", Role::Viewer).await;
        assert!(is_good(&server, &made.text).await, "a viewer could invite nobody");
        administrator(&server, EMAIL, Role::Admin).await;
        assert!(!is_good(&server, &made.text).await);
    }
}

#[tokio::test]
async fn texts_are_stored_nowhere_and_shown_to_no_log() {
    let server = TestServer::start().await;
    let tenant = tenant(&server).await;
    let new = NewInvitation { email: None, role: Role::Admin, invited_by: None };
    let made = administrators::invite(&server.app, tenant.id(), new, entry()).await.unwrap();
    assert!(!format!("{made:?}").contains(&made.text));
    let link = administrators::setup_url(ISSUER.trim_end_matches('/'), &made.text);
    assert_eq!(link, format!("{ISSUER}dashboard/setup?ticket={}", made.text));
    assert_eq!(made.text.len(), 43);
    let logs = server.api_get("/logs").await.expect(200).to_string();
    assert!(logs.contains("Invite an administrator") && !logs.contains(&made.text));
    let rows = server.app.db.query("SELECT digest FROM administrator_invitations", &[]).await.unwrap();
    assert_eq!(rows[0].bytes("digest").unwrap().len(), 32);
}

#[tokio::test]
async fn each_step_is_in_the_log_of_the_tenant() {
    let server = TestServer::start().await;
    let made = administrator(&server, EMAIL, Role::Admin).await;
    let logs = server.api_get("/logs?sort=date:1").await.expect(200);
    let logs = logs.as_array().unwrap().iter().filter(|log| log["user_name"] == EMAIL).collect::<Vec<_>>();
    assert_eq!(logs.len(), 2, "{logs:?}");
    assert_eq!(
        (&logs[0]["type"], &logs[0]["description"]),
        (&json!("sapi"), &json!("Invite an administrator"))
    );
    assert_eq!(logs[1]["description"], "Accept an invitation to the Dashboard");
    assert_eq!(logs[1]["user_id"], made.user_id);
    assert_eq!((&logs[1]["ip"], &logs[1]["details"]["role"]), (&json!("203.0.113.9"), &json!("admin")));
}
