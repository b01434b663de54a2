//! `/api/v2/stats`

use chancery::logs::{Entry, Kind};
use chancery::write::Write;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use super::users::{person, tenant_of};
use crate::kit::{TestServer, engines};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn happened(server: &TestServer, kind: Kind) {
    let write = Write::begin(&server.app, &tenant_of(server).await).await.unwrap();
    write.commit(Entry::new(kind, "it happened")).await.unwrap();
}

async fn signs_in(server: &TestServer, user: &Value) {
    let tenant = tenant_of(server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    let (id, now) = (user["user_id"].as_str().unwrap(), server.app.clock.now());
    chancery::users::record_login(&mut tx, &tenant, id, ("192.0.2.1", now)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_user_is_active_for_thirty_days_after_a_login() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ann, bob) = (person(&server, "ann@x.example").await, person(&server, "bob@x.example").await);
        let active = async || server.api_get("/stats/active-users").await.expect(200);
        assert_eq!(active().await, json!(0));
        signs_in(&server, &ann).await;
        server.clock.advance(DAY * 29);
        signs_in(&server, &bob).await;
        assert_eq!(active().await, json!(2));
        server.clock.advance(DAY * 2);
        assert_eq!(active().await, json!(1));
        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, "/stats/active-users"), None).await;
        assert_eq!(other.expect(200), json!(0));
    }
}

#[tokio::test]
async fn a_day_counts_its_logins_and_sign_ups() {
    for on in engines() {
        let server = TestServer::on(on).await;
        // 2027-01-15 08:00
        happened(&server, Kind::Ss).await;
        server.clock.advance(SignedDuration::from_hours(1));
        happened(&server, Kind::S).await;
        happened(&server, Kind::S).await;
        happened(&server, Kind::Fp).await;
        server.clock.advance(DAY);
        happened(&server, Kind::S).await;
        let first = json!({
            "date": "2027-01-15T00:00:00.000Z", "logins": 2, "signups": 1, "leaked_passwords": 0,
            "created_at": "2027-01-15T08:00:00.000Z", "updated_at": "2027-01-15T09:00:00.000Z",
        });
        let second = json!({
            "date": "2027-01-16T00:00:00.000Z", "logins": 1, "signups": 0, "leaked_passwords": 0,
            "created_at": "2027-01-16T09:00:00.000Z", "updated_at": "2027-01-16T09:00:00.000Z",
        });
        for (query, expected) in [
            ("", json!([first, second])),
            ("?from=20270115&to=20270115", json!([first])),
            ("?from=20270116", json!([second])),
            ("?to=20270114", json!([])),
            ("?from=19600101&to=19700101", json!([])),
        ] {
            assert_eq!(
                server.api_get(&format!("/stats/daily{query}")).await.expect(200),
                expected,
                "{query}"
            );
        }
        for (query, reason, name) in [
            ("from=2027-01-15", "It is not a day, written YYYYMMDD", "from"),
            ("to=20271315", "It is not a day, written YYYYMMDD", "to"),
            ("from=20270116&to=20270115", "The first day is after the last", "from"),
        ] {
            let refused = bad(
                "invalid_query_string",
                &format!("Query validation error: '{reason}' on property {name}."),
            );
            assert_eq!(server.api_get(&format!("/stats/daily?{query}")).await.both(), refused);
        }
    }
}

#[tokio::test]
async fn each_operation_on_numbers_needs_a_scope() {
    let server = TestServer::start().await;
    let scopes: &[&str] = &["read:stats"];
    needs_scopes(
        &server,
        &[(Method::GET, "/stats/active-users", scopes), (Method::GET, "/stats/daily", scopes)],
    )
    .await;
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    for path in ["/stats/active-users", "/stats/daily"] {
        server.api_get(path).await.expect(200);
    }
}
