//! Hosts and tenants: who is reached where, and what they share (nothing).

use chancery::db::Row;
use chancery::tenants::{self, NewTenant};
use http::Method;
use jiff::SignedDuration;

use crate::kit::{self, Call, TestServer, engines};

pub(crate) const OTHER: &str = "other.example:8443";

pub(crate) async fn other_tenant(server: &TestServer) -> tenants::Created {
    let new = NewTenant { name: "other".parse().unwrap(), domain: OTHER.parse().unwrap(), scheme: "https" };
    tenants::create(&server.app, new).await.unwrap()
}

async fn other_token(server: &TestServer, created: &tenants::Created) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", created.tenant.management_client_id.as_str()),
        ("client_secret", created.client_secret.as_str()),
        ("audience", "https://other.example:8443/api/v2/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = Call::to(OTHER, Method::POST, "/oauth/token").form(&form).build();
    server.send(call).await.expect(200)["access_token"].as_str().unwrap().to_owned()
}

/// For the test that executes every statement.
pub(crate) async fn make_and_unmake_a_tenant(server: &TestServer) {
    let created = other_tenant(server).await;
    tenants::sql::find_by_name(&server.app.db, "other").await.unwrap();
    tenants::sql::list(&server.app.db).await.unwrap();
    tenants::sql::is_registered_host(&server.app.db, &OTHER.parse().unwrap()).await.unwrap();
    tenants::change_policy(&server.app, &created.tenant, &[("log_days", "1")]).await.unwrap();
    tenants::delete(&server.app, &created.tenant).await.unwrap();
}

#[tokio::test]
async fn an_unknown_host_gets_a_plain_404_that_says_so() {
    let server = TestServer::start().await;
    for host in [
        "unknown.example",
        "tenant.example:8443",
        "tenant.example.",
        "",
        "tenant.example@evil.example",
        "evil.example/tenant.example",
    ] {
        for path in ["/.well-known/jwks.json", "/oauth/token", "/api/v2/keys/signing", "/pem"] {
            let method = if path == "/oauth/token" { Method::POST } else { Method::GET };
            let answer = server.send(Call::to(host, method, path).build()).await;
            assert_eq!(answer.status, 404, "{host} {path}");
            assert!(answer.text().starts_with("There is no tenant at this host."), "{host} {path}");
            assert!(!answer.text().contains("evil"), "the host is not repeated");
        }
    }
}

#[tokio::test]
async fn the_host_is_compared_without_case_and_the_issuer_stays_as_registered() {
    let server = TestServer::start().await;
    let answer = server
        .send(Call::to("TENANT.Example", Method::GET, "/.well-known/openid-configuration").build())
        .await;
    assert_eq!(answer.expect(200)["issuer"], kit::ISSUER);
}

#[tokio::test]
async fn forwarded_headers_of_a_stranger_change_nothing() {
    let server = TestServer::start().await;
    let call = Call::get("/.well-known/openid-configuration")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example");
    assert_eq!(server.send(call.build()).await.expect(200)["issuer"], kit::ISSUER);
}

#[tokio::test]
async fn a_trusted_proxy_names_the_host_and_the_registered_domain_makes_the_issuer() {
    let server = TestServer::start().await;
    for (name, value) in
        [("x-forwarded-host", "tenant.example"), ("forwarded", "for=1.2.3.4;host=\"tenant.example\"")]
    {
        let call =
            Call::to("internal:8080", Method::GET, "/.well-known/openid-configuration").header(name, value);
        let mut request = call.build();
        let peer = chancery::http::serve::Peer("10.1.2.3:4444".parse().unwrap());
        request.extensions_mut().insert(peer);
        assert_eq!(server.send(request).await.expect(200)["issuer"], kit::ISSUER, "{name}");
    }
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_refused() {
    let server = TestServer::start().await;
    let two = Call::get("/.well-known/jwks.json").header("host", "other.example").build();
    let mut none = Call::get("/.well-known/jwks.json").build();
    none.headers_mut().remove("host");
    for request in [two, none] {
        let refused = server.send(request).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.text(), "The request has to name one host, in one Host header.\n");
    }
}

#[tokio::test]
async fn two_tenants_share_no_token_kid_client_or_id() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let created = other_tenant(&server).await;
        let ours = server.token(&[]).await;
        let theirs = other_token(&server, &created).await;
        assert_eq!(kit::claims(&theirs)["iss"], "https://other.example:8443/");
        // A token of one is good for nothing on the other.
        let crossed = Call::to(OTHER, Method::GET, "/api/v2/keys/signing").bearer(&ours).build();
        assert_eq!(server.send(crossed).await.status, 401);
        let crossed = Call::get("/api/v2/keys/signing").bearer(&theirs).build();
        assert_eq!(server.send(crossed).await.status, 401);
        // Nor is a kid, a client, an API or a log entry.
        let kid = kit::token_header(&ours)["kid"].as_str().unwrap().to_owned();
        for path in [
            format!("/keys/signing/{kid}"),
            format!("/clients/{}", server.client_id),
            "/resource-servers/https%3A%2F%2Ftenant.example%2Fapi%2Fv2%2F".to_owned(),
        ] {
            server.api_get(&path).await.expect(200);
            let crossed = Call::to(OTHER, Method::GET, &format!("/api/v2{path}")).bearer(&theirs).build();
            assert_eq!(server.send(crossed).await.status, 404, "{path}");
        }
        let crossed =
            Call::to(OTHER, Method::PUT, &format!("/api/v2/keys/signing/{kid}/revoke")).bearer(&theirs);
        assert_eq!(server.send(crossed.build()).await.status, 404);
        let form = server.management_form("https://other.example:8443/api/v2/", "");
        let crossed = Call::to(OTHER, Method::POST, "/oauth/token").form(&form).build();
        assert_eq!(server.send(crossed).await.status, 401);
        let own = server.api_get("/clients?is_global=false").await.expect(200);
        assert_eq!(own.as_array().unwrap().len(), 1, "each sees its own applications alone");
    }
}

#[tokio::test]
async fn a_new_tenant_does_not_print_its_secret() {
    let server = TestServer::start().await;
    let created = other_tenant(&server).await;
    assert!(!format!("{created:?}").contains(&created.client_secret));
}

#[tokio::test]
async fn a_name_or_domain_is_taken_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for (name, domain) in [("main", "new.example"), ("new", kit::DOMAIN)] {
            let new =
                NewTenant { name: name.parse().unwrap(), domain: domain.parse().unwrap(), scheme: "https" };
            let error = tenants::create(&server.app, new).await.unwrap_err();
            assert!(matches!(error, tenants::CreateError::Taken { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_with_all_it_had() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let created = other_tenant(&server).await;
        let token = other_token(&server, &created).await;
        tenants::delete(&server.app, &created.tenant).await.unwrap();
        let call = Call::to(OTHER, Method::GET, "/api/v2/keys/signing").bearer(&token).build();
        assert_eq!(server.send(call).await.status, 404);
        let count = server.app.db.query("SELECT COUNT(*) AS total FROM signing_keys", &[]).await.unwrap();
        server.get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(count[0].int("total").unwrap(), 0);
        server.api_get("/clients").await.expect(200);
    }
}

#[tokio::test]
async fn the_log_of_a_deleted_tenant_goes_after_thirty_days() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let created = other_tenant(&server).await;
        tenants::delete(&server.app, &created.tenant).await.unwrap();
        server.set_policy("log_days", "0").await;
        server.flush_log().await;
        // How many entries there are of the deleted tenant, and how many of others.
        let count = async || {
            let rows = server.app.db.query("SELECT tenant_id FROM logs", &[]).await.unwrap();
            let of_gone = |row: &&Row| row.text("tenant_id").unwrap() == created.tenant.id.as_str();
            let gone = rows.iter().filter(of_gone).count();
            (gone, rows.len() - gone)
        };
        assert_eq!(count().await, (1, 2), "its deletion; the creation and the setting of the other");
        server.clock.advance(SignedDuration::from_hours(24 * 30));
        chancery::logs::forget_old(&server.app).await.unwrap();
        assert_eq!(count().await, (1, 2), "kept for thirty days");
        server.clock.advance(SignedDuration::from_millis(1));
        chancery::logs::forget_old(&server.app).await.unwrap();
        assert_eq!(count().await, (0, 2), "and nobody else's is touched");
    }
}

#[tokio::test]
async fn a_host_is_registered_at_whatever_port_and_no_part_of_one_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        other_tenant(&server).await;
        let registered = async |host: &str| {
            tenants::sql::is_registered_host(&server.app.db, &host.parse().unwrap()).await.unwrap()
        };
        for host in [kit::DOMAIN, "other.example", "other.example:1"] {
            assert!(registered(host).await, "{host}");
        }
        for host in ["example", "other", "other.example.org", "another.example", "localhost"] {
            assert!(!registered(host).await, "{host}");
        }
    }
}

#[tokio::test]
async fn names_and_domains_that_make_no_sense_are_refused() {
    for bad in ["", "Main", "-a", "a-", "a b", "a_b", "ä", &"a".repeat(64)] {
        assert!(bad.parse::<tenants::TenantName>().is_err(), "{bad:?}");
    }
    for bad in [
        "",
        "a b",
        "a..b",
        "A.example",
        "a.example/x",
        "a.example:",
        "a.example:0",
        "a.example:99999",
        "user@a.example",
        "[::g]",
        &format!("{}.example", "a".repeat(60)),
    ] {
        assert!(bad.parse::<tenants::Domain>().is_err(), "{bad:?}");
    }
    for good in ["localhost", "localhost:8080", "login.example.com", "[::1]:8443", "127.0.0.1:8080"] {
        assert!(good.parse::<tenants::Domain>().is_ok(), "{good:?}");
    }
}

#[tokio::test]
async fn a_policy_changes_what_the_documents_say() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let stored = tenants::sql::find_by_domain(&server.app.db, kit::DOMAIN).await.unwrap().unwrap();
        let caching = async || server.get("/pem").await.header("cache-control").unwrap().to_owned();
        let before = caching().await;
        for (name, value) in [("public_max_age", "-1"), ("no_such", "1")] {
            let settings = [("log_days", "1"), (name, value)];
            assert!(tenants::change_policy(&server.app, &stored, &settings).await.is_err(), "{name}={value}");
        }
        let unchanged = tenants::sql::find_by_domain(&server.app.db, kit::DOMAIN).await.unwrap().unwrap();
        assert_eq!(unchanged.policy, stored.policy, "all settings of a command or none");
        assert_eq!(caching().await, before);

        let changed = tenants::change_policy(&server.app, &stored, &[("public_max_age", "7")]).await.unwrap();
        assert_eq!(changed.public_max_age, 7);
        assert_eq!(caching().await, "public, max-age=7, stale-while-revalidate=60");
    }
}

#[tokio::test]
async fn settings_that_are_changed_at_once_are_all_changed() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        // Both read the tenant before either changes it.
        let stored = tenants::sql::find_by_domain(&server.app.db, kit::DOMAIN).await.unwrap().unwrap();
        let (one, other) = tokio::join!(
            tenants::change_policy(&server.app, &stored, &[("log_days", "7")]),
            tenants::change_policy(&sibling.app, &stored, &[("rotations_per_day", "9")]),
        );
        one.unwrap();
        other.unwrap();
        let policy = tenants::sql::find_by_name(&server.app.db, "main").await.unwrap().unwrap().policy;
        assert_eq!((policy.log_days, policy.rotations_per_day), (7, 9), "{on:?}");
    }
}

#[tokio::test]
async fn settings_of_a_deleted_tenant_cannot_be_changed() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let created = other_tenant(&server).await;
        tenants::delete(&server.app, &created.tenant).await.unwrap();
        let outcome = tenants::change_policy(&server.app, &created.tenant, &[("log_days", "7")]).await;
        assert!(matches!(outcome, Err(tenants::ChangeError::Gone)), "{outcome:?}");
    }
}

#[test]
fn a_policy_knows_its_settings_and_their_limits() {
    let mut policy = tenants::Policy::default();
    for (name, value) in
        [("public_max_age", "-1"), ("public_max_age", "86401"), ("certificate_days", "0"), ("no_such", "1")]
    {
        assert!(policy.set(name, value).is_err(), "{name} {value}");
    }
    assert_eq!(policy, tenants::Policy::default(), "nothing changed");
}
