//! Every statement of every slice is executed on both engines by the tests of this binary: this module
//! proves that none is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use http::Method;
use serde_json::json;

use crate::kit::{Call, TestServer, engines};

/// The names and texts of the `const NAME: &str = "..."` statements below `folder`, white space folded.
fn statements(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            statements(&path, found);
        } else if path.file_name().is_some_and(|name| name == "sql.rs" || name == "bootstrap.rs") {
            let text = fs::read_to_string(&path).unwrap();
            // Where SQL lives, every text is SQL: whole statements, and pieces of those that are put together.
            let pieces = path.ends_with("sql.rs");
            for constant in text.split("const ").skip(1).filter(|constant| constant.contains(": &str =")) {
                let literal = literal(constant);
                let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
                if pieces || verbs.iter().any(|verb| literal.starts_with(verb)) {
                    found.insert(folded(&literal));
                }
            }
        }
    }
}

/// The first string literal of a source text, as the compiler reads it.
fn literal(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source.split_once('"').unwrap_or_default().1.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => break,
            // A line that ends in a backslash goes on; a quotation mark after one is meant.
            '\\' => text.extend(rest.next().filter(|next| *next != '\n')),
            other => text.push(other),
        }
    }
    text
}

fn folded(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Uses every operation of the Management API and every protocol endpoint once, so that all statements run.
async fn exercise(server: &TestServer) {
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    let sibling = server.sibling().await;
    server.get("/pem?cert=connection").await.expect_ok();
    server.api_call(post.clone(), "/keys/signing/rotate").await.expect(201);
    let keys = server.api_get("/keys/signing").await.expect(200);
    let previous = keys[2]["kid"].as_str().unwrap();
    server.api_call(Method::PUT, &format!("/keys/signing/{previous}/revoke")).await.expect(200);
    server.api_get(&format!("/keys/signing/{previous}")).await.expect(200);

    let api = json!({ "identifier": "urn:api", "signing_alg": "HS256", "scopes": [{ "value": "a" }] });
    let api = server.api_send(post.clone(), "/resource-servers", &api).await.expect(201);
    let api = format!("/resource-servers/{}", api["id"].as_str().unwrap());
    for path in [
        api.as_str(),
        "/resource-servers/urn%3Aapi",
        "/resource-servers",
        "/resource-servers?include_totals=true",
        "/resource-servers?identifiers=urn:api",
        "/resource-servers?identifiers=urn:api&include_totals=true",
    ] {
        server.api_get(path).await.expect(200);
    }
    server.api_send(patch.clone(), &api, &json!({ "token_lifetime": 60 })).await.expect(200);

    let pem = {
        let der = crate::kit::key(6).public().to_spki_der();
        chancery_crypto::pem::encode("PUBLIC KEY", &der, chancery_crypto::pem::LineEnd::Lf)
    };
    let client = server
        .api_send(
            post.clone(),
            "/clients",
            &json!({ "name": "a", "app_type": "regular_web", "client_aliases": ["urn:a"] }),
        )
        .await
        .expect(201);
    let id = client["client_id"].as_str().unwrap();
    let client = format!("/clients/{id}");
    for path in [
        client.as_str(),
        "/clients",
        "/clients?include_totals=true",
        "/clients?take=1",
        "/clients?app_type=spa,native",
        "/clients?is_global=false&is_first_party=true&include_totals=true",
        "/clients?app_type=regular_web&take=1",
    ] {
        server.api_get(path).await.expect(200);
    }
    let list = server.api_get("/clients?take=1").await.expect(200);
    let from = list["next"].as_str().unwrap();
    server.api_get(&format!("/clients?take=1&from={from}")).await.expect(200);
    server
        .api_send(patch.clone(), &client, &json!({ "description": "d", "client_metadata": { "k": "v" } }))
        .await
        .expect(200);
    server.api_call(post.clone(), &format!("{client}/rotate-secret")).await.expect(200);
    let credential = json!({ "credential_type": "public_key", "pem": pem, "name": "k" });
    let credential =
        server.api_send(post.clone(), &format!("{client}/credentials"), &credential).await.expect(201);
    let one = format!("{client}/credentials/{}", credential["id"].as_str().unwrap());
    server.api_get(&format!("{client}/credentials")).await.expect(200);
    server.api_get(&one).await.expect(200);
    server
        .api_send(patch.clone(), &one, &json!({ "expires_at": "2030-01-01T00:00:00.000Z" }))
        .await
        .expect(200);
    let methods = json!({ "token_endpoint_auth_method": null, "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": credential["id"] }] } } });
    server.api_send(patch.clone(), &client, &methods).await.expect(200);

    let grant = json!({ "client_id": id, "audience": "urn:api", "scope": ["a"] });
    let grant = server.api_send(post.clone(), "/client-grants", &grant).await.expect(201);
    let default = json!({ "default_for": "third_party_clients", "audience": "urn:api", "scope": [] });
    server.api_send(post.clone(), "/client-grants", &default).await.expect(201);
    let other = json!({ "name": "of somebody else", "is_first_party": false });
    let other = server.api_send(post.clone(), "/clients", &other).await.expect(201);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", other["client_id"].as_str().unwrap()),
        ("client_secret", other["client_secret"].as_str().unwrap()),
        ("audience", "urn:api"),
    ];
    let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    server.token_request(&form).await.expect(200);
    let grant = format!("/client-grants/{}", grant["id"].as_str().unwrap());
    for path in [
        grant.clone(),
        "/client-grants".to_owned(),
        "/client-grants?include_totals=true".to_owned(),
        "/client-grants?take=1".to_owned(),
        format!(
            "/client-grants?client_id={id}&audience=urn:api&subject_type=client&allow_any_organization=false&include_totals=true"
        ),
    ] {
        server.api_get(&path).await.expect(200);
    }
    let list = server.api_get("/client-grants?take=1").await.expect(200);
    let from = list["next"].as_str().unwrap();
    server.api_get(&format!("/client-grants?take=1&from={from}")).await.expect(200);
    server.api_send(patch.clone(), &grant, &json!({ "scope": [] })).await.expect(200);

    server
        .api_send(patch, "/tenants/settings", &json!({ "friendly_name": "T", "default_audience": "urn:api" }))
        .await
        .expect(200);
    server.api_get("/tenants/settings").await.expect(200);
    for path in [
        "/logs",
        "/logs?sort=date:1",
        "/logs?include_totals=true",
        "/logs?q=type:sapi",
        "/logs?q=type:sapi&include_totals=true&sort=date:1",
        "/logs?sort=type:1",
        "/logs?sort=type:-1",
        // Every piece that a condition can be made of.
        "/logs?q=*:*+AND+NOT+(type:f*+OR+type:*x*+OR+client_id:x+OR+client_name:x*)",
        "/logs?q=user_id:*+OR+user_id:{a+TO+b}+OR+user_id:[a+TO+b]+OR+ip:[1+TO+2]+OR+_exists_:ip",
        "/clients?q=client_grant.organization_id:x&take=1",
        "/clients?q=client_grant.allow_any_organization:true&take=1",
    ] {
        server.api_get(path).await.expect(200);
    }
    let log = server.api_get("/logs").await.expect(200);
    let log_id = log[0]["log_id"].as_str().unwrap();
    server.api_get(&format!("/logs/{log_id}")).await.expect(200);
    server.api_get(&format!("/logs?from={log_id}&take=5")).await.expect(200);

    // An assertion, whether it convinces or not, and the connection of another process.
    let body = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": "x", "audience": "urn:api" });
    server.send(Call::new(post, "/oauth/token").json(&body).build()).await.expect(401);
    chancery::changes::catch_up(&sibling.app).await.unwrap();
    chancery::changes::sql::sweep(&server.app.db, 0).await.unwrap();
    chancery::tenants::make_a_ring(&server.app).await.unwrap();
    chancery::tenants::complete_all(&server.app).await.unwrap();
    chancery::signing_keys::sql::tally(&server.app.db, 10).await.unwrap();
    chancery::logs::forget_old(&server.app).await.unwrap();
    server.send(Call::new(get, "/readyz").build()).await.expect_ok();

    for path in [one.as_str(), grant.as_str(), api.as_str(), client.as_str()] {
        server.api_call(delete.clone(), path).await.expect(204);
    }
}

#[tokio::test]
async fn every_statement_runs_on_both_engines() {
    let mut written = BTreeSet::new();
    statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
    assert!(written.len() > 40, "the statements are found in the sources: {}", written.len());
    for on in engines() {
        let mut server = TestServer::on(on).await;
        exercise(&server).await;
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("master.key");
        chancery::bootstrap::unseal(&server.app.db, &key_file, &mut Vec::new()).await.unwrap();
        crate::oidc::use_an_assertion(&server).await;
        crate::tenants::make_and_unmake_a_tenant(&server).await;
        crate::management::mail::send_keep_and_forget(&server).await;
        crate::management::tickets::make_use_and_forget(&server).await;
        crate::tenant_documents::write_and_erase_a_document(&server).await;
        crate::management::roles::exercise(&server).await;
        crate::management::user_grants::exercise(&server).await;
        crate::management::stats::exercise(&server).await;
        crate::management::key_ring::exercise(&server).await;
        crate::management::encryption_keys::exercise(&server).await;
        crate::management::connection_keys::exercise(&server).await;
        crate::management::own_connection_keys::exercise(&server).await;
        server.api_get("/custom-domains").await.expect(200);
        server.api_get(&format!("/clients/{}/connections", server.client_id)).await.expect(200);
        crate::management::protection::exercise(&server).await;
        crate::people::exercise(&server).await;
        crate::people::upstream::saml::exercise(&server).await;
        crate::saml::exercise(&server).await;
        crate::administrators::exercise(&server).await;
        crate::management::users::exercise(&server).await;
        server.flush_log().await;
        let ran: BTreeSet<_> = server.app.db.executed().into_iter().map(folded).collect();
        let forgotten: Vec<_> = written.difference(&ran).collect();
        assert!(forgotten.is_empty(), "never executed on {on:?}: {forgotten:#?}");
    }
}
