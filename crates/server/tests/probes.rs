//! `/healthz`, `/readyz` and `/metrics`: on the listener of operators, and what the public one has of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;

use crate::kit::{Call, TestServer, engines};
use crate::tenants::{OTHER, other_tenant};

/// What the listener of operators answers: status, content type, text.
async fn asked(server: &TestServer, path: &str) -> (u16, String, String) {
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = chancery::probes::admin_router(Arc::clone(&server.app), metrics);
    let response = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let content_type = response.headers().get("content-type");
    let content_type = content_type.map_or("", |value| value.to_str().unwrap()).to_owned();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, content_type, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The samples of the rings, by name and labels.
async fn rings(server: &TestServer) -> BTreeMap<String, String> {
    let (status, content_type, text) = asked(server, "/metrics").await;
    assert_eq!((status, content_type.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    samples
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// What is expected of a tenant: its keys as current, next, previous, revoked, and the age of the current one.
fn expected(tenant: &str, keys: [u32; 4], age: Option<&str>) -> BTreeMap<String, String> {
    let places = ["current", "next", "previous", "revoked"].into_iter().zip(keys);
    let mut samples: BTreeMap<_, _> = places
        .map(|(place, count)| {
            (format!("chancery_ring_keys{{tenant=\"{tenant}\",place=\"{place}\"}}"), count.to_string())
        })
        .collect();
    if let Some(age) = age {
        samples.insert(format!("chancery_current_key_age_seconds{{tenant=\"{tenant}\"}}"), age.to_owned());
    }
    samples
}

#[tokio::test]
async fn the_rings_of_all_tenants_are_reported_whoever_has_them_in_memory() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let created = other_tenant(&server).await;
        let mut none = expected("main", [0; 4], None);
        none.extend(expected("other", [0; 4], None));
        assert_eq!(rings(&server).await, none, "no tenant was called yet");

        // Another process works; this one has no tenant in memory.
        let sibling = server.sibling().await;
        sibling.send(Call::to(OTHER, Method::GET, "/pem").build()).await.expect_ok();
        let keys = sibling.api_get("/keys/signing").await.expect(200);
        sibling.clock.advance(SignedDuration::from_secs(60));
        for _ in 0..2 {
            sibling.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
        }
        let revoked = keys[0]["kid"].as_str().unwrap();
        sibling.api_call(Method::PUT, &format!("/keys/signing/{revoked}/revoke")).await.expect(200);
        server.clock.advance(SignedDuration::from_millis(90_500));
        let mut some = expected("main", [1, 1, 1, 1], Some("30.5"));
        some.extend(expected("other", [1, 1, 0, 0], Some("90.5")));
        assert_eq!(rings(&server).await, some);

        chancery::tenants::delete(&sibling.app, &created.tenant).await.unwrap();
        assert_eq!(
            rings(&server).await,
            expected("main", [1, 1, 1, 1], Some("30.5")),
            "a deleted one is gone"
        );
    }
}

#[tokio::test]
async fn the_number_of_tenants_that_are_reported_is_bounded_and_the_oldest_stay() {
    for on in engines() {
        let server = TestServer::on(on).await;
        server.clock.advance(SignedDuration::from_secs(1));
        other_tenant(&server).await;
        for (limit, names) in [(1, vec!["main"]), (2, vec!["main", "other"])] {
            let tally = chancery::signing_keys::sql::tally(&server.app.db, limit).await.unwrap();
            assert_eq!(tally.into_iter().map(|ring| ring.tenant).collect::<Vec<_>>(), names);
        }
    }
}

#[tokio::test]
async fn the_listener_of_operators_says_that_it_is_alive_and_ready_and_nothing_else() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (path, status, text) in [
            ("/healthz", 200, "ok\n"),
            ("/readyz", 200, "ready\n"),
            ("/pem", 404, ""),
            ("/api/v2/clients", 404, ""),
        ] {
            let (found, _, said) = asked(&server, path).await;
            assert_eq!((found, said.as_str()), (status, text), "{path}");
        }
    }
}

#[tokio::test]
async fn the_public_listener_has_no_metrics() {
    let server = TestServer::start().await;
    let answer = server.get("/metrics").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (404, "There is nothing at this path.\n"));
}

#[tokio::test]
async fn probes_answer_whatever_the_host() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.send(Call::to("10.0.0.1", Method::GET, path).build()).await.status, 200);
    }
}
