//! `/api/v2/connections`

use chancery::connections;
use chancery_crypto::pem;
use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, misfit, needs_scopes, other_tenant};
use super::users::{made as user, tenant_of};
use crate::kit::{Answer, TestServer, engines, error, key};

const PATH: &str = "/connections";

async fn made(server: &TestServer, body: Value) -> Value {
    server.api_send(Method::POST, PATH, &body).await.expect(201)
}

fn path_of(connection: &Value) -> String {
    format!("{PATH}/{}", connection["id"].as_str().unwrap())
}

async fn patched(server: &TestServer, connection: &Value, body: Value) -> Answer {
    server.api_send(Method::PATCH, &path_of(connection), &body).await
}

/// The connection that every tenant starts with.
pub(super) async fn default_of(server: &TestServer) -> Value {
    let list = server.api_get(&format!("{PATH}?name={}", connections::DEFAULT)).await.expect(200);
    list[0].clone()
}

async fn application(server: &TestServer) -> String {
    let made = server.api_send(Method::POST, "/clients", &json!({ "name": "x" })).await.expect(201);
    made["client_id"].as_str().unwrap().to_owned()
}

/// The applications that may use a connection.
async fn clients(server: &TestServer, connection: &Value) -> Vec<String> {
    let list = server.api_get(&format!("{}/clients?take=1000", path_of(connection))).await.expect(200);
    assert_eq!(list.as_object().unwrap().len(), 1, "{list}");
    let clients = list["clients"].as_array().unwrap().iter();
    clients.map(|client| client["client_id"].as_str().unwrap().to_owned()).collect()
}

fn unknown() -> (u16, Value) {
    (404, error(404, "Not Found", Some("inexistent_connection"), "The connection does not exist"))
}

#[tokio::test]
async fn a_new_tenant_has_a_database_that_every_application_may_use() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = default_of(&server).await;
        let id = connection["id"].as_str().unwrap();
        assert!(id.len() == 20 && id.starts_with("con_"), "{id}");
        let expected = json!({
            "id": id,
            "options": {
                "mfa": { "active": true, "return_enroll_settings": true },
                "passwordPolicy": "good",
                "strategy_version": 2,
                "authentication_methods": { "password": { "enabled": true }, "passkey": { "enabled": false } },
                "brute_force_protection": true,
            },
            "strategy": "auth0",
            "name": "Username-Password-Authentication",
            "is_domain_connection": false,
            "authentication": { "active": true },
            "connected_accounts": { "active": false },
            "realms": ["Username-Password-Authentication"],
        });
        assert_eq!(connection, expected);
        let application = application(&server).await;
        let enabled = clients(&server, &connection).await;
        assert!(enabled.contains(&application) && enabled.contains(&server.client_id), "{enabled:?}");
        let tenant = tenant_of(&server).await;
        let usable = connections::usable_by(&server.app, &tenant, &application).await.unwrap();
        assert_eq!(usable.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [id]);
        let mut whole = expected.clone();
        whole["enabled_clients"] =
            server.api_get(&path_of(&connection)).await.expect(200)["enabled_clients"].take();
        assert_eq!(whole["enabled_clients"].as_array().unwrap().len(), enabled.len());
    }
}

#[tokio::test]
async fn a_tenant_can_keep_new_applications_from_every_connection() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let flags = json!({ "flags": { "enable_client_connections": false } });
        server.api_send(Method::PATCH, "/tenants/settings", &flags).await.expect(200);
        let application = application(&server).await;
        assert!(!clients(&server, &default_of(&server).await).await.contains(&application));
    }
}

#[tokio::test]
async fn a_connection_is_made_changed_and_shown_with_what_was_set() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let application = application(&server).await;
        let options = json!({
            "passwordPolicy": "excellent", "requires_username": true, "disable_signup": true,
            "validation": { "username": { "min": 3, "max": 20 } }, "password_history": { "enable": true, "size": 3 },
        });
        let body = json!({
            "name": "People-2", "strategy": "auth0", "options": options, "enabled_clients": [application],
            "metadata": { "k": "v" }, "display_name": "People",
        });
        let connection = made(&server, body).await;
        for (name, value) in options.as_object().unwrap() {
            assert_eq!(connection["options"][name], *value, "{name}");
        }
        assert_eq!(connection["enabled_clients"], json!([application]));
        assert_eq!(server.api_get(&path_of(&connection)).await.expect(200), connection);
        let change =
            json!({ "options": { "passwordPolicy": "low" }, "metadata": null, "enabled_clients": [] });
        let changed = patched(&server, &connection, change).await.expect(200);
        assert_eq!(changed["options"]["passwordPolicy"], "low");
        // Options are replaced whole, everything else that is absent stays.
        assert_eq!(changed["options"].get("requires_username"), None);
        assert_eq!((changed.get("metadata"), &changed["display_name"]), (None, &json!("People")));
        assert_eq!(changed["enabled_clients"], json!([]));
        assert_eq!(server.api_get(&path_of(&connection)).await.expect(200), changed);
    }
}

#[tokio::test]
async fn what_is_shown_can_be_sent_back() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let options = json!({ "requires_username": true, "configuration": { "k": "v" }, "beyond": { "the": ["published"] } });
        let other = made(&server, json!({ "name": "o", "strategy": "auth0", "options": options })).await;
        for connection in [default_of(&server).await, other] {
            let shown = server.api_get(&path_of(&connection)).await.expect(200);
            let mut sent = shown.clone();
            for name in ["id", "name", "strategy"] {
                sent.as_object_mut().unwrap().remove(name);
            }
            assert_eq!(patched(&server, &connection, sent).await.expect(200), shown);
        }
    }
}

#[tokio::test]
async fn secret_options_are_sealed_and_their_reading_is_logged() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let options = json!({ "configuration": { "API_KEY": "s3cr3t-value" } });
        let connection = made(&server, json!({ "name": "s", "strategy": "auth0", "options": options })).await;
        assert_eq!(connection["options"]["configuration"], options["configuration"]);
        let tenant = tenant_of(&server).await;
        let stored = connections::sql::find_by_name(&server.app.db, &tenant, "s").await.unwrap().unwrap();
        assert!(!format!("{stored:?}").contains("s3cr3t"), "sealed, and in no Debug");
        let token = server.token(&[]).await;
        server.api_get(&path_of(&connection)).await.expect(200);
        server.flush_log().await;
        assert_eq!(super::logs::reads_of_secrets(&server, &token).await.len(), 1);
    }
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let before = server.api_get(PATH).await.expect(200);
        let named = |options: Value| json!({ "name": "n", "strategy": "auth0", "options": options });
        let invalid = |message: &str| bad("invalid_body", message);
        for (body, expected) in [
            (json!({ "name": "n" }), misfit("Missing required property: strategy", "")),
            (json!({ "strategy": "auth0" }), misfit("Missing required property: name", "")),
            (
                named(
                    json!({ "attributes": { "email": { "identifier": { "active": true } } }, "requires_username": true }),
                ),
                invalid("Cannot set both options.attributes and options.requires_username"),
            ),
            (
                named(
                    json!({ "attributes": { "email": { "identifier": { "active": true } } }, "validation": { "username": { "min": 1, "max": 2 } } }),
                ),
                invalid("Cannot set both options.attributes and options.validation"),
            ),
            (
                named(json!({ "attributes": { "email": { "identifier": { "active": false } } } })),
                invalid("attributes must contain one active identifier"),
            ),
            (
                named(
                    json!({ "attributes": { "email": { "identifier": { "active": true } }, "phone_number": { "profile_required": true } } }),
                ),
                invalid("attribute phone_number must also be required on signup"),
            ),
            (
                json!({ "name": "n", "strategy": "facebook" }),
                bad(
                    "operation_not_supported",
                    "Connections of the strategy facebook are not offered yet. Offered are auth0, oidc, okta, \
                     google-oauth2, github, windowslive, waad, apple, oauth2, samlp, adfs.",
                ),
            ),
            (
                json!({ "name": "n", "strategy": "auth0", "cross_app_access_requesting_app": { "active": true } }),
                bad(
                    "operation_not_supported",
                    "Cross App Access Requesting App is not supported for this connection.",
                ),
            ),
            (
                json!({ "name": "n", "strategy": "auth0", "enabled_clients": ["nobody"] }),
                invalid("There is no application with the client_id nobody."),
            ),
            (
                json!({ "name": connections::DEFAULT, "strategy": "auth0" }),
                (409, error(409, "Conflict", None, "A connection with the same name already exists")),
            ),
        ] {
            assert_eq!(server.api_send(Method::POST, PATH, &body).await.both(), expected, "{body}");
        }
        for name in ["-a", "a-", "a--b", "a b", "ä", ""] {
            let body = json!({ "name": name, "strategy": "auth0" });
            assert_eq!(server.api_send(Method::POST, PATH, &body).await.status, 400, "{name}");
        }
        let shared = json!({ "options": { "attributes": { "username": { "identifier": { "active": true } }, "email": { "unique": false } } } });
        let connection = default_of(&server).await;
        let expected = bad("invalid_body", "cannot add non-unique email attribute");
        assert_eq!(patched(&server, &connection, shared).await.both(), expected);
        for (body, name) in
            [(json!({ "name": "other" }), "name"), (json!({ "strategy": "auth0" }), "strategy")]
        {
            let expected = misfit(&format!("Additional properties not allowed: {name}"), "");
            assert_eq!(patched(&server, &connection, body).await.both(), expected);
        }
        assert_eq!(server.api_get(PATH).await.expect(200), before);
    }
}

#[tokio::test]
async fn lists_are_filtered_and_paged_both_ways() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for name in ["a", "b", "c", "d"] {
            made(&server, json!({ "name": name, "strategy": "auth0" })).await;
        }
        let names = |list: &Value| {
            let list = list.as_array().unwrap().iter();
            let mut names: Vec<_> = list.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(
            server.api_get(&format!("{PATH}?name=b&strategy=auth0&strategy=oidc")).await.expect(200)[0]["name"],
            "b"
        );
        assert_eq!(server.api_get(&format!("{PATH}?strategy=oidc")).await.expect(200), json!([]));
        let page = server.api_get(&format!("{PATH}?per_page=2&page=1&include_totals=true")).await.expect(200);
        assert_eq!(
            (&page["total"], page.get("length"), &page["start"], &page["limit"]),
            (&json!(5), None, &json!(2), &json!(2))
        );
        let (mut walked, mut from) = (Vec::new(), String::new());
        loop {
            let page = server.api_get(&format!("{PATH}?take=2{from}")).await.expect(200);
            walked.extend(names(&page["connections"]));
            let Some(next) = page["next"].as_str() else { break };
            from = format!("&from={next}");
        }
        walked.sort();
        assert_eq!(walked, ["Username-Password-Authentication", "a", "b", "c", "d"]);
        let fields = server.api_get(&format!("{PATH}?name=a&fields=name,strategy")).await.expect(200);
        assert_eq!(fields, json!([{ "name": "a", "strategy": "auth0" }]));
        let refused = server.api_get(&format!("{PATH}?strategy=nonsense")).await.both();
        assert_eq!(
            refused,
            bad(
                "invalid_query_string",
                "Query validation error: 'No enum match for: nonsense' on property strategy."
            )
        );
    }
}

#[tokio::test]
async fn applications_are_let_in_and_kept_out() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = made(&server, json!({ "name": "a", "strategy": "auth0" })).await;
        let path = format!("{}/clients", path_of(&connection));
        assert_eq!(server.api_get(&path).await.expect(200), json!({ "clients": [] }));
        let (one, two) = (application(&server).await, application(&server).await);
        // New applications get every connection.
        let mut both = vec![one.clone(), two.clone()];
        both.sort();
        assert_eq!(clients(&server, &connection).await, both);
        let page = server.api_get(&format!("{path}?take=1")).await.expect(200);
        assert_eq!(page["clients"], json!([{ "client_id": both[0] }]));
        let rest = server.api_get(&format!("{path}?take=1&from={}", page["next"].as_str().unwrap())).await;
        assert_eq!(rest.expect(200), json!({ "clients": [{ "client_id": both[1] }] }));
        let change = json!([{ "client_id": one, "status": false }, { "client_id": two, "status": true }]);
        server.api_send(Method::PATCH, &path, &change).await.expect(204);
        assert_eq!(clients(&server, &connection).await, std::slice::from_ref(&two));
        let unknown_client =
            json!([{ "client_id": two, "status": false }, { "client_id": "nobody", "status": true }]);
        let refused = server.api_send(Method::PATCH, &path, &unknown_client).await.both();
        assert_eq!(refused, bad("invalid_body", "There is no application with the client_id nobody."));
        for body in [json!([]), json!({}), json!([1]), json!([{ "client_id": two }])] {
            assert_eq!(server.api_send(Method::PATCH, &path, &body).await.status, 400, "{body}");
        }
        assert_eq!(clients(&server, &connection).await, [two]);
        assert_eq!(server.api_get(&format!("{PATH}/con_0123456789abcdef/clients")).await.both(), unknown());
    }
}

#[tokio::test]
async fn a_deleted_connection_takes_its_users_with_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = made(&server, json!({ "name": "a", "strategy": "auth0" })).await;
        for (name, email) in
            [("a", "one@x.example"), ("a", "two@x.example"), (connections::DEFAULT, "one@x.example")]
        {
            user(&server, json!({ "connection": name, "email": email, "password": "correct horse 7 B" }))
                .await;
        }
        let answer = server.api_call(Method::DELETE, &path_of(&connection)).await.expect(202);
        assert_eq!(answer, json!({ "deleted_at": "2027-01-15T08:00:00.000Z" }));
        assert_eq!(server.api_get(&path_of(&connection)).await.both(), unknown());
        server.api_call(Method::DELETE, &path_of(&connection)).await.expect(204);
        let users = server.api_get("/users?include_totals=true").await.expect(200);
        assert_eq!((&users["total"], &users["length"]), (&json!(1), &json!(1)));
        assert_eq!(users["users"][0]["identities"][0]["connection"], connections::DEFAULT);
    }
}

#[tokio::test]
async fn a_user_is_deleted_by_e_mail_address() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = default_of(&server).await;
        let body = json!({ "connection": connections::DEFAULT, "email": "one@x.example", "password": "correct horse 7 B" });
        user(&server, body).await;
        let path = format!("{}/users", path_of(&connection));
        server.api_call(Method::DELETE, &format!("{path}?email=two@x.example")).await.expect(204);
        assert_eq!(server.api_get("/users").await.expect(200).as_array().unwrap().len(), 1);
        assert_eq!(server.api_call(Method::DELETE, &path).await.status, 400);
        server.api_call(Method::DELETE, &format!("{path}?email=ONE@x.example")).await.expect(204);
        assert_eq!(server.api_get("/users?include_totals=true").await.expect(200)["total"], 0);
        let nowhere = format!("{PATH}/con_0123456789abcdef/users?email=a@x.example");
        assert_eq!(server.api_call(Method::DELETE, &nowhere).await.both(), unknown());
    }
}

#[tokio::test]
async fn connections_of_another_tenant_do_not_exist() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let theirs = other_tenant(&server).await;
        let connection = default_of(&server).await;
        let path = path_of(&connection);
        let change = json!({ "display_name": "x" });
        let clients = json!([{ "client_id": server.client_id, "status": true }]);
        for (method, path, body) in [
            (Method::GET, path.clone(), None),
            (Method::PATCH, path.clone(), Some(&change)),
            (Method::GET, format!("{path}/clients"), None),
            (Method::PATCH, format!("{path}/clients"), Some(&clients)),
            (Method::DELETE, format!("{path}/users?email=a@x.example"), None),
        ] {
            let answer = at_other(&server, &theirs, (method.clone(), &path), body).await;
            assert_eq!(answer.both(), unknown(), "{method} {path}");
        }
        at_other(&server, &theirs, (Method::DELETE, &path), None).await.expect(204);
        assert_eq!(default_of(&server).await, connection);
        // Nor can one be opened to an application of another tenant.
        let list = at_other(&server, &theirs, (Method::GET, PATH), None).await.expect(200);
        let own = format!("{}/clients", path_of(&list[0]));
        let refused = at_other(&server, &theirs, (Method::PATCH, &own), Some(&clients)).await;
        assert_eq!(refused.status, 400);
    }
}

#[tokio::test]
async fn each_operation_needs_its_scopes() {
    let server = TestServer::start().await;
    let path = "/connections/con_0123456789abcdef";
    needs_scopes(
        &server,
        &[
            (Method::GET, PATH, &["read:connections"]),
            (Method::POST, PATH, &["create:connections"]),
            (Method::GET, path, &["read:connections"]),
            (Method::PATCH, path, &["update:connections"]),
            (Method::DELETE, path, &["delete:connections"]),
            (Method::GET, &format!("{path}/clients"), &["read:connections"]),
            (Method::GET, &format!("{path}/status"), &["read:connections"]),
            (Method::PATCH, &format!("{path}/clients"), &["update:connections"]),
            (Method::DELETE, &format!("{path}/users?email=a@x.example"), &["delete:users"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn connections_to_other_providers_keep_their_options_and_seal_what_is_secret() {
    const SECRET: &str = "s3cr3t-of-the-provider";
    let pair = json!({ "key": SECRET, "cert": "c" });
    let real = json!({ "key": pem::encode("PRIVATE KEY", &key(6).to_pkcs8().unwrap(), pem::LineEnd::Lf) });
    for on in engines() {
        let server = TestServer::on(on).await;
        let cases = [
            (
                "oidc",
                json!({ "client_id": "c", "client_secret": SECRET, "discovery_url": "https://i.example/", "x": 1 }),
            ),
            ("okta", json!({ "client_id": "c", "client_secret": SECRET, "domain": "corp.okta.com" })),
            ("google-oauth2", json!({ "client_id": "c", "client_secret": SECRET, "scope": ["email"] })),
            ("github", json!({ "client_id": "c", "client_secret": SECRET })),
            ("windowslive", json!({ "client_id": "c", "client_secret": SECRET, "strategy_version": 2 })),
            ("waad", json!({ "client_id": "c", "client_secret": SECRET, "tenant_domain": "corp.example" })),
            ("apple", json!({ "client_id": "c", "app_secret": SECRET, "team_id": "t", "kid": "k" })),
            (
                "oauth2",
                json!({ "client_id": "c", "client_secret": SECRET, "tokenURL": "https://i.example/t" }),
            ),
            (
                "samlp",
                json!({ "signInEndpoint": "https://i.example/s", "signing_key": real, "decryptionKey": real }),
            ),
            ("adfs", json!({ "adfs_server": "adfs.example", "signing_key": pair })),
        ];
        for (strategy, options) in cases {
            let body = json!({ "name": format!("c-{strategy}"), "strategy": strategy, "options": options });
            let connection = made(&server, body).await;
            assert_eq!(connection["options"], options, "{strategy}: as it was sent, without defaults");
            let shown = server.api_get(&path_of(&connection)).await.expect(200);
            assert_eq!(shown["options"], options, "{strategy}");
            let tenant = tenant_of(&server).await;
            let name = connection["name"].as_str().unwrap();
            let stored =
                connections::sql::find_by_name(&server.app.db, &tenant, name).await.unwrap().unwrap();
            let printed = format!("{stored:?}");
            let is_secret = printed.contains(SECRET) || printed.contains("PRIVATE KEY");
            assert!(!is_secret, "{strategy}: sealed, and in no Debug");
            // Options are replaced whole: a secret that is not sent again is gone.
            let changed = patched(&server, &connection, json!({ "options": { "client_id": "d" } })).await;
            assert_eq!(changed.expect(200)["options"], json!({ "client_id": "d" }), "{strategy}");
        }
        let bad = |options: Value| json!({ "name": "n", "strategy": "oidc", "options": options });
        for (options, property) in [
            (json!({ "client_secret": "x" }), "options"),
            (json!({ "client_id": 1 }), "options.client_id"),
            (json!({ "client_id": "c", "issuer": "javascript:alert(1)" }), "options.issuer"),
            (json!({ "client_id": "c", "icon_url": "http://i.example/x.png" }), "options.icon_url"),
            (
                json!({ "client_id": "c", "set_user_root_attributes": "sometimes" }),
                "options.set_user_root_attributes",
            ),
        ] {
            let refused = server.api_send(Method::POST, PATH, &bad(options)).await.expect(400);
            let message = refused["message"].as_str().unwrap();
            assert!(message.ends_with(&format!("on property {property}.")), "{message}");
        }
    }
}
