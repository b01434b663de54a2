//! Options of connections to other providers that nothing could obey: each is refused with the place of the fault, and
//! nothing is saved.

use http::Method;
use serde_json::{Value, json};

use crate::kit::{TestServer, engines};

/// What every connection of a strategy needs.
fn usual(strategy: &str) -> Value {
    match strategy {
        "oidc" | "okta" | "waad" => json!({ "client_id": "c" }),
        _ => json!({}),
    }
}

/// The usual options of a strategy, and one more.
fn with(strategy: &str, name: &str, value: &Value) -> Value {
    let mut options = usual(strategy);
    options[name] = value.clone();
    options
}

const COMPANIES: [&str; 5] = ["samlp", "adfs", "oidc", "okta", "waad"];
const MAPPED: [&str; 4] = ["samlp", "adfs", "waad", "oauth2"];
const ALL: [&str; 8] = ["samlp", "adfs", "oidc", "okta", "waad", "oauth2", "github", "google-oauth2"];

#[tokio::test]
async fn domains_mappings_and_parameters_are_refused_with_the_place_where_they_are_wrong() {
    let domain = |sent: &str| format!("'Object didn't pass validation for format domain: {sent}'");
    let expected = |name: &str, found: &str| format!("'Expected type {name} but found type {found}'");
    let forms = "'Data does not match any of the accepted forms'".to_owned();
    let (few, many) = ("'Too few properties defined (0), minimum 1'", "'Too many properties defined (2), maximum 1'");
    let unknown = "'Additional properties not allowed: valeu'";
    let cases: Vec<(&[&str], &str, Value, String, &str)> = vec![
        (&COMPANIES, "domain_aliases", json!("corp.example"), expected("array", "string"), ""),
        (&COMPANIES, "domain_aliases", json!(["a.example", 5]), expected("string", "integer"), ".1"),
        (&COMPANIES, "domain_aliases", json!(["a.example", "@b.example"]), domain("@b.example"), ".1"),
        (&COMPANIES, "domain_aliases", json!(["ada@b.example"]), domain("ada@b.example"), ".0"),
        (&COMPANIES, "domain_aliases", json!(["a.example, b.example"]), domain("a.example, b.example"), ".0"),
        (&COMPANIES, "domain_aliases", json!(["-a.example"]), domain("-a.example"), ".0"),
        (&COMPANIES, "domain_aliases", json!(["a..example"]), domain("a..example"), ".0"),
        (&COMPANIES, "domain_aliases", json!(["b\u{fc}cher.example"]), domain("b\u{fc}cher.example"), ".0"),
        (&COMPANIES, "domain_aliases", json!([""]), domain(""), ".0"),
        (&MAPPED, "fieldsMap", json!([]), expected("object", "array"), ""),
        (&MAPPED, "fieldsMap", json!({ "email": "mail", "name": 5 }), forms.clone(), ".name"),
        (&MAPPED, "fieldsMap", json!({ "email": { "from": "mail" } }), forms.clone(), ".email"),
        (&MAPPED, "fieldsMap", json!({ "email": null }), forms, ".email"),
        (&MAPPED, "fieldsMap", json!({ "email": ["mail", 5] }), expected("string", "integer"), ".email.1"),
        (&ALL, "upstream_params", json!([]), expected("object", "array"), ""),
        (&ALL, "upstream_params", json!({ "acr": "high" }), expected("object", "string"), ".acr"),
        (&ALL, "upstream_params", json!({ "acr": {} }), few.to_owned(), ".acr"),
        (&ALL, "upstream_params", json!({ "acr": { "value": 1 } }), expected("string", "integer"), ".acr.value"),
        (&ALL, "upstream_params", json!({ "acr": { "value": "a", "alias": "b" } }), many.to_owned(), ".acr"),
        (&ALL, "upstream_params", json!({ "acr": { "valeu": "a" } }), unknown.to_owned(), ".acr"),
    ];
    for on in engines() {
        let server = TestServer::on(on).await;
        for strategy in ALL {
            let body = json!({ "name": strategy, "strategy": strategy, "options": usual(strategy) });
            let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
            let path = format!("/connections/{}", made["id"].as_str().unwrap());
            let before = server.api_get(&path).await.expect(200);
            for (_, name, value, why, place) in cases.iter().filter(|(own, ..)| own.contains(&strategy)) {
                let options = with(strategy, name, value);
                let expected = format!("Payload validation error: {why} on property options.{name}{place}.");
                let body = json!({ "name": "n", "strategy": strategy, "options": options });
                let refused = server.api_send(Method::POST, "/connections", &body).await.expect(400);
                assert_eq!(refused["message"], expected, "{strategy}");
                let refused = server.api_send(Method::PATCH, &path, &json!({ "options": options })).await;
                assert_eq!(refused.expect(400)["message"], expected, "{strategy}");
            }
            assert_eq!(server.api_get(&path).await.expect(200), before);
        }
        let all = server.api_get("/connections?per_page=100").await.expect(200);
        assert!(!all.as_array().unwrap().iter().any(|own| own["name"] == "n"));
    }
}

#[tokio::test]
async fn domains_mappings_and_parameters_are_kept_as_they_are_meant() {
    let server = TestServer::start().await;
    let domains = ["a.example", "CORP.test", "xn--bcher-kva.example", "localhost", "https://b.example/"];
    let fields = json!({ "email": "mail", "name": ["displayName", "cn"], "nickname": "", "groups": [] });
    let parameters =
        json!({ "acr_values": { "value": "mfa" }, "audience": { "alias": "audience" }, "empty": { "value": "" } });
    for strategy in ALL {
        let mut options = with(strategy, "upstream_params", &parameters);
        if COMPANIES.contains(&strategy) {
            options["domain_aliases"] = json!(domains);
        }
        if MAPPED.contains(&strategy) {
            options["fieldsMap"] = fields.clone();
        }
        let body = json!({ "name": strategy, "strategy": strategy, "options": options });
        let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
        assert_eq!(made["options"], options, "{strategy}");
        let path = format!("/connections/{}", made["id"].as_str().unwrap());
        let without = with(strategy, "upstream_params", &Value::Null);
        let changed = server.api_send(Method::PATCH, &path, &json!({ "options": without })).await;
        assert_eq!(changed.expect(200)["options"], without, "{strategy}");
    }
}
