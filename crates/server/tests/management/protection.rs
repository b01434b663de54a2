//! `/api/v2/attack-protection`, `/user-blocks`, `/anomaly/blocks/ips`

use std::net::IpAddr;
use std::sync::Arc;

use chancery::logs::{Entry, Kind};
use chancery::protection::{
    Attempt, Consequence, Verdict, after_failure, after_success, before_login, before_signup, forget_old,
};
use chancery::tenants::Tenant;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, misfit, needs_scopes, other_tenant};
use super::logs::writes;
use super::users::{person, tenant_of};
use crate::kit::{DOMAIN, TestServer, engines, error};

const BRUTE_FORCE: &str = "/attack-protection/brute-force-protection";
const THROTTLING: &str = "/attack-protection/suspicious-ip-throttling";
const ANN: &str = "ann@x.example";
const HERE: &str = "192.0.2.1";
const THERE: &str = "192.0.2.2";

async fn tenant(server: &TestServer) -> Arc<Tenant> {
    server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap()
}

fn attempt(account: &str, ip: &str) -> Attempt {
    Attempt::new(account, ip.parse().unwrap(), true)
}

async fn fails(server: &TestServer, account: &str, ip: &str) -> Consequence {
    let entry = Entry {
        user_name: Some(account.to_owned()),
        ip: Some(ip.to_owned()),
        ..Entry::new(Kind::Fp, "wrong")
    };
    after_failure(&server.app, &*tenant(server).await, &attempt(account, ip), entry).await.unwrap()
}

async fn verdict(server: &TestServer, account: &str, ip: &str) -> Verdict {
    before_login(&server.app, &*tenant(server).await, &attempt(account, ip)).await.unwrap()
}

async fn succeeds(server: &TestServer, account: &str, ip: &str) {
    let mut tx = server.app.db.begin().await.unwrap();
    after_success(&mut tx, &*tenant(server).await, &attempt(account, ip)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn set(server: &TestServer, path: &str, body: Value) -> Value {
    server.api_send(Method::PATCH, path, &body).await.expect(200)
}

async fn blocked_for(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("/user-blocks{query}")).await.expect(200)["blocked_for"].clone()
}

/// The entries of limits in the log.
async fn limits(server: &mut TestServer) -> Vec<(Value, Value, Value)> {
    // A token first: it needs the log that is about to close.
    let call = server.api(Method::GET, "/logs?q=type:limit_*&sort=date:1").await;
    server.flush_log().await;
    let found = server.send(call.build()).await.expect(200);
    let entries = found.as_array().unwrap();
    entries.iter().map(|one| (one["type"].clone(), one["user_name"].clone(), one["ip"].clone())).collect()
}

#[tokio::test]
async fn settings_start_as_documented_and_change_by_the_member() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut brute_force = json!({
            "enabled": true, "shields": ["block", "user_notification"], "allowlist": [],
            "mode": "count_per_identifier_and_ip", "max_attempts": 10,
        });
        assert_eq!(server.api_get(BRUTE_FORCE).await.expect(200), brute_force);
        brute_force["max_attempts"] = json!(3);
        brute_force["allowlist"] = json!(["192.0.2.0/24", "2001:db8::1"]);
        let change = json!({ "max_attempts": 3, "allowlist": ["192.0.2.0/24", "2001:db8::1"] });
        assert_eq!(set(&server, BRUTE_FORCE, change).await, brute_force);
        assert_eq!(server.api_get(BRUTE_FORCE).await.expect(200), brute_force);

        let mut throttling = json!({
            "enabled": true, "shields": ["admin_notification", "block"], "allowlist": [],
            "stage": {
                "pre-login": { "max_attempts": 100, "rate": 864_000 },
                "pre-user-registration": { "max_attempts": 50, "rate": 1_728_000 },
            },
        });
        assert_eq!(server.api_get(THROTTLING).await.expect(200), throttling);
        throttling["stage"]["pre-login"]["rate"] = json!(40_000);
        let change = json!({ "stage": { "pre-login": { "rate": 40_000 } } });
        assert_eq!(set(&server, THROTTLING, change).await, throttling);
        assert_eq!(server.api_get(THROTTLING).await.expect(200), throttling);
        // Another tenant has its own.
        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, BRUTE_FORCE), None).await.expect(200);
        assert_eq!(other["max_attempts"], 10);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_and_change_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = writes(&server).await;
        for (path, body, reason, property) in [
            (BRUTE_FORCE, json!({ "max_attempts": 0 }), "Value 0 is less than minimum 1", "max_attempts"),
            (
                BRUTE_FORCE,
                json!({ "max_attempts": 101 }),
                "Value 101 is greater than maximum 100",
                "max_attempts",
            ),
            (BRUTE_FORCE, json!({ "stage": {} }), "Additional properties not allowed: stage", ""),
            (THROTTLING, json!({ "mode": "x" }), "Additional properties not allowed: mode", ""),
            (
                THROTTLING,
                json!({ "stage": { "pre-login": { "rate": 1 } } }),
                "Value 1 is less than minimum 34560",
                "stage.pre-login.rate",
            ),
        ] {
            let answer = server.api_send(Method::PATCH, path, &body).await.both();
            assert_eq!(answer, misfit(reason, property), "{body}");
        }
        for path in [BRUTE_FORCE, THROTTLING] {
            for body in [
                json!({ "allowlist": ["example.com"] }),
                json!({ "shields": ["fire"] }),
                json!({ "enabled": "yes" }),
            ] {
                assert_eq!(server.api_send(Method::PATCH, path, &body).await.status, 400, "{body}");
            }
        }
        assert_eq!(server.api_get(BRUTE_FORCE).await.expect(200)["max_attempts"], 10);
        assert_eq!(writes(&server).await, before);
    }
}

#[tokio::test]
async fn an_account_is_blocked_for_an_address_in_every_process_until_it_is_unblocked() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        set(&server, BRUTE_FORCE, json!({ "max_attempts": 3 })).await;
        for account in [ANN, " ANN@X.example "] {
            assert_eq!(fails(&server, account, HERE).await, Consequence::None);
        }
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        let reached = Consequence::LimitReached { blocked: true, notify: true };
        assert_eq!(fails(&server, ANN, HERE).await, reached);
        assert_eq!(fails(&server, ANN, HERE).await, Consequence::None, "it is told once");
        let sibling = server.sibling().await;
        for process in [&server, &sibling] {
            assert_eq!(verdict(process, ANN, HERE).await, Verdict::Blocked);
            assert_eq!(verdict(process, ANN, THERE).await, Verdict::Allowed);
            assert_eq!(verdict(process, "bob@x.example", HERE).await, Verdict::Allowed);
            let unguarded = Attempt::new(ANN, HERE.parse().unwrap(), false);
            let verdict = before_login(&process.app, &*tenant(process).await, &unguarded).await.unwrap();
            assert_eq!(verdict, Verdict::Allowed, "its connection does not want it");
        }
        let block = json!([{ "identifier": ANN, "ip": HERE }]);
        assert_eq!(blocked_for(&server, &format!("?identifier={ANN}")).await, block);
        server.api_call(Method::DELETE, &format!("/user-blocks?identifier={ANN}")).await.expect(204);
        assert_eq!(blocked_for(&server, &format!("?identifier={ANN}")).await, json!([]));
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        assert_eq!(fails(&server, ANN, HERE).await, Consequence::None, "it counts anew");
        assert_eq!(limits(&mut server).await, [(json!("limit_wc"), json!(ANN), json!(HERE))]);
    }
}

#[tokio::test]
async fn a_login_and_thirty_days_make_failures_forgotten() {
    for on in engines() {
        let server = TestServer::on(on).await;
        set(&server, BRUTE_FORCE, json!({ "max_attempts": 2 })).await;
        fails(&server, ANN, HERE).await;
        succeeds(&server, ANN, HERE).await;
        assert_eq!(fails(&server, ANN, HERE).await, Consequence::None);
        server.clock.advance(SignedDuration::from_hours(30 * 24 + 1));
        assert_eq!(fails(&server, ANN, HERE).await, Consequence::None);
        fails(&server, ANN, HERE).await;
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
        server.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
        forget_old(&server.app).await.unwrap();
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked, "nothing is swept that still counts");
        server.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        assert_eq!(blocked_for(&server, &format!("?identifier={ANN}")).await, json!([]));
        // One more failure does not bring the old block back; two make a new one.
        assert_eq!(fails(&server, ANN, HERE).await, Consequence::None);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        assert_ne!(fails(&server, ANN, HERE).await, Consequence::None);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
    }
}

#[tokio::test]
async fn mode_shields_allowlist_and_switch_are_obeyed() {
    for on in engines() {
        let server = TestServer::on(on).await;
        set(&server, BRUTE_FORCE, json!({ "max_attempts": 2, "mode": "count_per_identifier" })).await;
        fails(&server, ANN, HERE).await;
        fails(&server, ANN, THERE).await;
        for ip in [HERE, THERE, "2001:db8::1"] {
            assert_eq!(verdict(&server, ANN, ip).await, Verdict::Blocked);
        }
        assert_eq!(blocked_for(&server, &format!("?identifier={ANN}")).await, json!([{ "identifier": ANN }]));
        set(&server, BRUTE_FORCE, json!({ "allowlist": ["192.0.2.0/31"] })).await;
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        assert_eq!(verdict(&server, ANN, THERE).await, Verdict::Blocked);
        set(&server, BRUTE_FORCE, json!({ "shields": ["user_notification"] })).await;
        assert_eq!(verdict(&server, ANN, THERE).await, Verdict::Allowed);
        assert_eq!(fails(&server, "bob", THERE).await, Consequence::None);
        let told = Consequence::LimitReached { blocked: false, notify: true };
        assert_eq!(fails(&server, "bob", THERE).await, told);
        set(&server, BRUTE_FORCE, json!({ "enabled": false, "shields": ["block"] })).await;
        assert_eq!(verdict(&server, ANN, THERE).await, Verdict::Allowed);
        let query = format!("?identifier={ANN}&consider_brute_force_enablement=");
        assert_eq!(blocked_for(&server, &format!("{query}true")).await, json!([]));
        assert_eq!(blocked_for(&server, &format!("{query}false")).await, json!([{ "identifier": ANN }]));
    }
}

#[tokio::test]
async fn an_address_that_fails_on_many_accounts_is_throttled() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        set(&server, THROTTLING, json!({ "stage": { "pre-login": { "max_attempts": 3, "rate": 60_000 } } }))
            .await;
        let address = format!("/anomaly/blocks/ips/{HERE}");
        let free = (404, error(404, "Not Found", None, "IP address specified is not currently blocked."));
        for account in ["a", "b", "c"] {
            assert_eq!(verdict(&server, account, HERE).await, Verdict::Allowed);
            assert_eq!(server.api_get(&address).await.both(), free);
            fails(&server, account, HERE).await;
        }
        assert_eq!(verdict(&server, "d", HERE).await, Verdict::Throttled(60));
        assert_eq!(verdict(&server, "d", THERE).await, Verdict::Allowed);
        server.api_get(&address).await.expect_ok();
        server.clock.advance(SignedDuration::from_secs(45));
        assert_eq!(verdict(&server, "d", HERE).await, Verdict::Throttled(15));
        server.clock.advance(SignedDuration::from_secs(15));
        assert_eq!(verdict(&server, "d", HERE).await, Verdict::Allowed);
        fails(&server, "d", HERE).await;
        assert_eq!(verdict(&server, "e", HERE).await, Verdict::Throttled(60));
        server.api_call(Method::DELETE, &address).await.expect(204);
        assert_eq!(verdict(&server, "e", HERE).await, Verdict::Allowed);
        for account in ["e", "f", "g"] {
            fails(&server, account, HERE).await;
        }
        assert_eq!(verdict(&server, "h", HERE).await, Verdict::Throttled(60));
        set(&server, THROTTLING, json!({ "shields": ["admin_notification"] })).await;
        assert_eq!(verdict(&server, "h", HERE).await, Verdict::Allowed);
        assert_eq!(server.api_get("/anomaly/blocks/ips/x").await.status, 400);
        let kinds: Vec<_> = limits(&mut server).await.into_iter().map(|(kind, ..)| kind).collect();
        assert_eq!(kinds, ["limit_mu", "limit_mu", "limit_mu"]);
    }
}

#[tokio::test]
async fn sign_ups_of_an_address_are_counted_apart_from_its_logins() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let limits_of =
            json!({ "stage": { "pre-user-registration": { "max_attempts": 2, "rate": 60_000 } } });
        set(&server, THROTTLING, limits_of).await;
        let ip: IpAddr = HERE.parse().unwrap();
        let signs_up = async || before_signup(&server.app, &*tenant(&server).await, ip).await.unwrap();
        assert_eq!(signs_up().await, Verdict::Allowed);
        assert_eq!(signs_up().await, Verdict::Allowed);
        assert_eq!(signs_up().await, Verdict::Throttled(60));
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
        let entries = limits(&mut server).await;
        assert_eq!(entries, [(json!("limit_sul"), Value::Null, json!(HERE))]);
    }
}

#[tokio::test]
async fn failures_that_come_at_once_are_all_counted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (app, tenant) = (Arc::clone(&server.app), tenant(&server).await);
            tries.spawn(async move {
                after_failure(&app, &tenant, &attempt(ANN, HERE), Entry::new(Kind::Fp, "wrong"))
                    .await
                    .unwrap()
            });
        }
        let outcomes = tries.join_all().await;
        let reached = outcomes.iter().filter(|outcome| **outcome != Consequence::None).count();
        assert_eq!(reached, 1);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
    }
}

#[tokio::test]
async fn the_blocks_of_a_user_are_those_of_what_it_signs_in_with() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, ANN).await;
        set(&server, BRUTE_FORCE, json!({ "max_attempts": 1 })).await;
        fails(&server, ANN, HERE).await;
        let path = format!("/user-blocks/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"));
        let blocks = json!({ "blocked_for": [{ "identifier": ANN, "ip": HERE }] });
        assert_eq!(server.api_get(&path).await.both(), (200, blocks));
        let token = other_tenant(&server).await;
        let no_user = (404, error(404, "Not Found", Some("inexistent_user"), "The user does not exist."));
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(at_other(&server, &token, (method.clone(), &path), None).await.both(), no_user);
            assert_eq!(server.api_call(method, "/user-blocks/auth0%7Cx").await.both(), no_user);
        }
        let by_name = format!("/user-blocks?identifier={ANN}");
        at_other(&server, &token, (Method::DELETE, &by_name), None).await.expect(204);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
        assert_eq!(server.api_get("/user-blocks").await.status, 400);
        assert_eq!(server.api_call(Method::DELETE, "/user-blocks").await.status, 400);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Blocked);
        server.api_call(Method::DELETE, &path).await.expect(204);
        assert_eq!(verdict(&server, ANN, HERE).await, Verdict::Allowed);
    }
}

#[tokio::test]
async fn each_operation_on_protection_needs_a_scope() {
    let server = TestServer::start().await;
    let (read, update): (&[&str], &[&str]) = (&["read:attack_protection"], &["update:attack_protection"]);
    let address = "/anomaly/blocks/ips/192.0.2.1";
    needs_scopes(
        &server,
        &[
            (Method::GET, BRUTE_FORCE, read),
            (Method::PATCH, BRUTE_FORCE, update),
            (Method::GET, THROTTLING, read),
            (Method::PATCH, THROTTLING, update),
            (Method::GET, "/user-blocks?identifier=x", &["read:users"]),
            (Method::DELETE, "/user-blocks?identifier=x", &["update:users"]),
            (Method::GET, "/user-blocks/x", &["read:users"]),
            (Method::DELETE, "/user-blocks/x", &["update:users"]),
            (Method::GET, address, &["read:anomaly_blocks"]),
            (Method::DELETE, address, &["delete:anomaly_blocks"]),
        ],
    )
    .await;
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    tenant_of(server).await;
    for _ in 0..10 {
        fails(server, "exercise", HERE).await;
    }
    verdict(server, "exercise", HERE).await;
    verdict(server, "nobody", HERE).await;
    succeeds(server, "exercise", HERE).await;
    blocked_for(server, "?identifier=exercise").await;
    server.api_call(Method::DELETE, "/user-blocks?identifier=exercise").await.expect(204);
    server.api_call(Method::DELETE, &format!("/anomaly/blocks/ips/{HERE}")).await.expect(204);
    forget_old(&server.app).await.unwrap();
}
