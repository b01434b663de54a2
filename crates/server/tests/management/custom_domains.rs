//! `/api/v2/custom-domains`

use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use super::users::tenant_of;
use crate::kit::{TestServer, engines, error};

/// Registers domains beside the canonical one, as an operator will.
pub(super) async fn registered(server: &TestServer, domains: &[&str]) {
    let tenant = tenant_of(server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    for domain in domains {
        let sql =
            "INSERT INTO domains (domain, tenant_id, scheme, canonical) VALUES ($1, $2, 'https', FALSE)";
        tx.execute(sql, &[(*domain).into(), tenant.as_str().into()]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn list(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("/custom-domains{query}")).await.expect(200)
}

#[tokio::test]
async fn a_tenant_with_its_canonical_domain_alone_has_none() {
    for on in engines() {
        let server = TestServer::on(on).await;
        assert_eq!(list(&server, "").await, json!([]));
        assert_eq!(list(&server, "?take=5").await, json!({ "custom_domains": [] }));
    }
}

#[tokio::test]
async fn the_other_domains_are_listed_by_name_and_found_by_their_ids() {
    for on in engines() {
        let server = TestServer::on(on).await;
        registered(&server, &["b.example", "a.example:8443", "c.example"]).await;
        let all = list(&server, "").await;
        let id = |number: usize| all[number]["custom_domain_id"].as_str().unwrap();
        for (number, domain) in ["a.example:8443", "b.example", "c.example"].iter().enumerate() {
            let expected = json!({
                "custom_domain_id": id(number), "domain": domain, "primary": false, "is_default": false,
                "status": "ready", "type": "self_managed_certs",
            });
            assert_eq!(all[number], expected);
            let one = server.api_get(&format!("/custom-domains/{}", id(number))).await.expect(200);
            assert_eq!(one, expected);
            let (kind, rest) = id(number).split_at(3);
            assert!(kind == "cd_" && rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        assert_eq!(all.as_array().unwrap().len(), 3);
        assert_eq!(list(&server, "?sort=domain:1").await, all);
        let names = list(&server, "?fields=domain&take=2").await;
        let next = names["next"].as_str().unwrap();
        assert_eq!(
            names["custom_domains"],
            json!([{ "domain": "a.example:8443" }, { "domain": "b.example" }])
        );
        let rest = list(&server, &format!("?take=2&from={next}")).await;
        assert_eq!(rest, json!({ "custom_domains": [all[2]] }));
        assert_eq!(list(&server, "?take=3").await, json!({ "custom_domains": all }));

        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, "/custom-domains"), None).await;
        assert_eq!(other.expect(200), json!([]));
        let path = format!("/custom-domains/{}", id(0));
        at_other(&server, &token, (Method::GET, &path), None).await.expect(404);
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let server = TestServer::start().await;
    for (query, reason, name) in [
        ("sort=domain:-1", "No enum match for: domain:-1, expected one of: domain:1", "sort"),
        ("q=domain:x", "Custom domains cannot be searched yet", "q"),
        ("from=x", "It is not the next of an earlier answer", "from"),
        ("take=0", "Value 0 is less than minimum 1", "take"),
        ("fields=x", "Unknown field: x", "fields"),
    ] {
        let refused =
            bad("invalid_query_string", &format!("Query validation error: '{reason}' on property {name}."));
        assert_eq!(server.api_get(&format!("/custom-domains?{query}")).await.both(), refused);
    }
    let missing = error(404, "Not Found", None, "Custom domain not found.");
    assert_eq!(server.api_get("/custom-domains/cd_0000000000000001").await.both(), (404, missing));
    server.api_send(Method::POST, "/custom-domains", &json!({})).await.expect(405);
}

#[tokio::test]
async fn each_operation_on_custom_domains_needs_a_scope() {
    let server = TestServer::start().await;
    let paths = ["/custom-domains", "/custom-domains/cd_0000000000000001"];
    let scopes: &[&str] = &["read:custom_domains"];
    needs_scopes(&server, &paths.map(|path| (Method::GET, path, scopes))).await;
}
