//! The sessions of the Dashboard.

use chancery::administrators::{Role, sessions};
use chancery::users;
use jiff::SignedDuration;
use serde_json::{Map, json};

use super::{administrator, tenant};
use crate::kit::{TestServer, engines};
use crate::people::EMAIL;

/// Opens a session; answers its value.
pub(super) async fn opened(server: &TestServer, user_id: &str) -> String {
    let tenant = tenant(server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    let document = Map::from_iter([("theme".to_owned(), json!("dark"))]);
    let value = sessions::open(&server.app, &mut tx, tenant.id(), user_id, document).await.unwrap();
    tx.commit().await.unwrap();
    value
}

async fn is_live(server: &TestServer, value: &str) -> bool {
    let tenant = tenant(server).await;
    sessions::find(&server.app, tenant.id(), value).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_is_found_by_its_value_alone_and_ends() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = administrator(&server, EMAIL, Role::Admin).await.user_id;
        let (one, two) = (opened(&server, &user_id).await, opened(&server, &user_id).await);
        let tenant = tenant(&server).await;
        let found = sessions::find(&server.app, tenant.id(), &one).await.unwrap().unwrap();
        assert_eq!((found.user_id.as_str(), &found.document["theme"]), (user_id.as_str(), &json!("dark")));
        assert_ne!(one, two);
        let stranger = "A".repeat(one.len());
        for other in ["", "x", &one[1..], &stranger, &format!("{one}x")] {
            assert!(!is_live(&server, other).await, "{other}");
        }
        let mut tx = server.app.db.begin().await.unwrap();
        sessions::end(&server.app, &mut tx, tenant.id(), &one).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!is_live(&server, &one).await && is_live(&server, &two).await, "{on:?}");
    }
}

#[tokio::test]
async fn a_session_ends_eight_hours_after_its_last_use_and_a_day_after_its_beginning() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = administrator(&server, EMAIL, Role::Admin).await.user_id;
        let (used, idle) = (opened(&server, &user_id).await, opened(&server, &user_id).await);
        server.clock.advance(SignedDuration::from_secs(8 * 3600 - 1));
        assert!(is_live(&server, &used).await);
        server.clock.advance(SignedDuration::from_secs(1));
        assert!(is_live(&server, &used).await && !is_live(&server, &idle).await, "{on:?}");
        server.clock.advance(SignedDuration::from_hours(7));
        assert!(is_live(&server, &used).await);
        server.clock.advance(SignedDuration::from_hours(7));
        assert!(is_live(&server, &used).await, "22 hours");
        server.clock.advance(SignedDuration::from_hours(2));
        assert!(!is_live(&server, &used).await, "a day");
        let count = "SELECT COUNT(*) AS total FROM dashboard_sessions";
        let stored = async || server.app.db.query(count, &[]).await.unwrap()[0].int("total").unwrap();
        assert_eq!(stored().await, 2);
        server.clock.advance(SignedDuration::from_secs(1));
        sessions::sweep(&server.app).await.unwrap();
        assert_eq!(stored().await, 0, "{on:?}");
    }
}

#[tokio::test]
async fn a_session_is_written_at_most_once_a_minute() {
    let server = TestServer::start().await;
    let user_id = administrator(&server, EMAIL, Role::Admin).await.user_id;
    let value = opened(&server, &user_id).await;
    let tenant = tenant(&server).await;
    let mut seen = Vec::new();
    for seconds in [0, 59, 1, 59, 1] {
        server.clock.advance(SignedDuration::from_secs(seconds));
        let found = sessions::find(&server.app, tenant.id(), &value).await.unwrap().unwrap();
        seen.push(found.updated_at.duration_since(found.created_at).as_secs());
    }
    assert_eq!(seen, [0, 0, 60, 60, 120]);
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_dashboard() {
    let server = TestServer::start().await;
    let user_id = administrator(&server, EMAIL, Role::Admin).await.user_id;
    let other = administrator(&server, "other@x.example", Role::Viewer).await.user_id;
    let (own, others) = (opened(&server, &user_id).await, opened(&server, &other).await);
    let tenant = tenant(&server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    let of = (chancery::sessions::Cause::PasswordChanged, server.app.clock.now());
    users::end_sign_ins(&mut tx, tenant.id(), &user_id, of).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!is_live(&server, &own).await && is_live(&server, &others).await);
}
