//! What applications are given, what a patch keeps of them, and what ties them to other objects.

use http::Method;
use serde_json::{Value, json};

use crate::kit::{Call, TestServer, engines, error};

async fn made(server: &TestServer, body: Value) -> Value {
    server.api_send(Method::POST, "/clients", &body).await.expect(201)
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

async fn patched(server: &TestServer, client: &Value, body: Value) -> (u16, Value) {
    server.api_send(Method::PATCH, &format!("/clients/{}", id(client)), &body).await.both()
}

#[tokio::test]
async fn one_application_stands_for_all_and_nobody_can_act_as_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let found = server.api_get("/clients?is_global=true&include_totals=true").await.expect(200);
        assert_eq!(found["total"], 1);
        let global = &found["clients"][0];
        assert_eq!((&global["name"], &global["global"]), (&json!("All Applications"), &json!(true)));
        assert_eq!((&global["grant_types"], global.get("client_secret")), (&json!([]), None));
        let others = server.api_get("/clients?is_global=false&fields=name").await.expect(200);
        assert_eq!(others, json!([{ "name": "Chancery Management" }]));

        let page = json!({ "custom_login_page": "<html></html>", "custom_login_page_on": true });
        let (status, after) = patched(&server, global, page).await;
        assert_eq!((status, &after["custom_login_page"]), (200, &json!("<html></html>")));
        let path = format!("/clients/{}", id(global));
        let refused = server.api_call(Method::DELETE, &path).await.expect(400);
        assert_eq!(refused["errorCode"], "operation_not_supported");

        // Even with a secret and a grant it gets no token.
        let opened = json!({ "client_secret": "a secret of its own", "grant_types": ["client_credentials"] });
        assert_eq!(patched(&server, global, opened).await.0, 200);
        let grant = json!({ "client_id": id(global), "audience": crate::kit::MANAGEMENT, "scope": [] });
        server.api_send(Method::POST, "/client-grants", &grant).await.expect(201);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id(global)),
            ("client_secret", "a secret of its own"),
            ("audience", crate::kit::MANAGEMENT),
        ];
        let form: Vec<_> = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let denied = json!({ "error": "access_denied", "error_description": "Unauthorized" });
        assert_eq!(server.token_request(&form).await.both(), (401, denied));
    }
}

#[tokio::test]
async fn a_tenant_from_before_the_global_application_gets_it_once() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut tx = server.app.db.begin().await.unwrap();
        tx.execute("DELETE FROM clients WHERE is_global", &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(server.api_get("/clients?is_global=true").await.expect(200), json!([]));
        for _ in 0..2 {
            chancery::tenants::complete_all(&server.app).await.unwrap();
            let found = server.api_get("/clients?is_global=true&fields=name").await.expect(200);
            assert_eq!(found, json!([{ "name": "All Applications" }]));
        }
    }
}

#[tokio::test]
async fn a_patch_keeps_what_it_does_not_name_of_the_objects_that_merge() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = made(
            &server,
            json!({
                "name": "x",
                "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 60 },
                "mobile": { "ios": { "team_id": "t" }, "android": { "app_package_name": "p" } },
                "native_social_login": { "apple": { "enabled": true } },
                "session_transfer": { "enforce_device_binding": "asn",
                    "delegation": { "allow_delegated_access": true } },
                "signed_request_object": { "required": true, "credentials": [] },
                "initiate_login_uri": "https://a.example/login",
                "addons": { "samlp": { "audience": "a", "recipient": "r" } },
            }),
        )
        .await;
        let (status, after) = patched(
            &server,
            &client,
            json!({
                "jwt_configuration": { "alg": "PS256" },
                "mobile": { "ios": { "app_bundle_identifier": "b" } },
                "native_social_login": { "google": { "enabled": false } },
                "session_transfer": { "delegation": null },
                "signed_request_object": { "required": false },
                "initiate_login_uri": "",
                "addons": { "samlp": { "audience": "b" } },
            }),
        )
        .await;
        assert_eq!(status, 200);
        assert_eq!(server.api_get(&format!("/clients/{}", id(&client))).await.expect(200), after);
        for (member, value) in [
            (
                "jwt_configuration",
                json!({ "alg": "PS256", "lifetime_in_seconds": 60, "secret_encoded": false }),
            ),
            (
                "mobile",
                json!({ "ios": { "app_bundle_identifier": "b" }, "android": { "app_package_name": "p" } }),
            ),
            ("native_social_login", json!({ "apple": { "enabled": true }, "google": { "enabled": false } })),
            (
                "session_transfer",
                json!({
                    "can_create_session_transfer_token": false, "allowed_authentication_methods": [],
                    "allow_refresh_token": false, "enforce_device_binding": "asn",
                    "enforce_cascade_revocation": true, "enforce_online_refresh_tokens": true,
                }),
            ),
            ("signed_request_object", json!({ "required": false, "credentials": [] })),
            ("addons", json!({ "samlp": { "audience": "b" } })),
        ] {
            assert_eq!(after[member], value, "{member}");
        }
        assert_eq!(after.get("initiate_login_uri"), None);
    }
}

#[tokio::test]
async fn an_application_is_told_of_logouts_over_https_or_on_ones_own_machine() {
    let server = TestServer::start().await;
    let client = made(&server, json!({ "name": "x" })).await;
    for (url, expected) in [
        ("https://a.example/out", 200),
        ("http://127.0.0.1:3000/out", 200),
        ("http://[::1]:3000/out", 200),
        ("http://localhost:3000/out", 200),
        ("http://b.example/out", 400),
        ("http://localhost.b.example/", 400),
        ("http://localhost@b.example/", 400),
        ("http://10.0.0.1/", 400),
        ("ftp://localhost/", 400),
        ("localhost", 400),
    ] {
        let setting = json!({ "backchannel_logout_urls": [url] });
        let (status, _) = patched(&server, &client, json!({ "oidc_logout": setting })).await;
        assert_eq!(status, expected, "{url}");
    }
    let after = server.api_get(&format!("/clients/{}", id(&client))).await.expect(200);
    assert_eq!(after["oidc_logout"]["backchannel_logout_urls"], json!(["http://localhost:3000/out"]));
}

#[tokio::test]
async fn the_older_name_of_logout_addresses_shows_and_changes_the_newer_one() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let urls = json!({ "backchannel_logout_urls": ["https://a.example/out"] });
        let full = json!({ "backchannel_logout_urls": ["https://a.example/out"],
            "backchannel_logout_initiators": { "mode": "all" } });
        let client = made(&server, json!({ "name": "x", "oidc_logout": full })).await;
        assert_eq!((&client["oidc_logout"], &client["oidc_backchannel_logout"]), (&full, &urls));
        let other = json!({ "backchannel_logout_urls": ["https://b.example/out"] });
        let (_, after) = patched(&server, &client, json!({ "oidc_backchannel_logout": other })).await;
        assert_eq!(after["oidc_logout"]["backchannel_logout_urls"], other["backchannel_logout_urls"]);
        assert_eq!(after["oidc_logout"]["backchannel_logout_initiators"], json!({ "mode": "all" }));
        assert_eq!(after["oidc_backchannel_logout"], other);
        let (_, after) = patched(&server, &client, json!({ "oidc_backchannel_logout": null })).await;
        assert_eq!((after.get("oidc_logout"), after.get("oidc_backchannel_logout")), (None, None));
    }
}

#[tokio::test]
async fn an_alias_leads_to_one_application() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let taken = error(409, "Conflict", None, "Another client exists with the same alias.");
        let first =
            made(&server, json!({ "name": "a", "client_aliases": ["urn:one", "urn:two", "urn:one"] })).await;
        assert_eq!(first["client_aliases"], json!(["urn:one", "urn:two", "urn:one"]));
        let second = json!({ "name": "b", "client_aliases": ["urn:three", "urn:two"] });
        assert_eq!(server.api_send(Method::POST, "/clients", &second).await.both(), (409, taken.clone()));
        let second = made(&server, json!({ "name": "b", "client_aliases": ["urn:three"] })).await;
        assert_eq!(patched(&server, &second, json!({ "client_aliases": ["urn:one"] })).await, (409, taken));
        let unchanged = server.api_get(&format!("/clients/{}", id(&second))).await.expect(200);
        assert_eq!(unchanged, second);

        // An alias that is given up, and those of an application that is deleted, are free again.
        assert_eq!(patched(&server, &first, json!({ "client_aliases": ["urn:two"] })).await.0, 200);
        assert_eq!(patched(&server, &second, json!({ "client_aliases": ["urn:one"] })).await.0, 200);
        assert_eq!(patched(&server, &second, json!({ "name": "c" })).await.0, 200);
        server.api_call(Method::DELETE, &format!("/clients/{}", id(&first))).await.expect(204);
        assert_eq!(patched(&server, &second, json!({ "client_aliases": ["urn:two"] })).await.0, 200);
    }
}

#[tokio::test]
async fn the_application_for_invitations_has_to_exist() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let configuration = |client_id: &str| {
            json!({ "allowed_strategies": [], "connection_deletion_behavior": "allow",
                "invitation_landing_client_id": client_id })
        };
        let message = "The Client ID for Invitations could not be found.";
        let gone = error(404, "Not Found", None, message);
        let body = json!({ "name": "x", "my_organization_configuration": configuration("nobody") });
        assert_eq!(server.api_send(Method::POST, "/clients", &body).await.both(), (404, gone.clone()));
        let client = made(&server, json!({ "name": "x" })).await;
        let body = json!({ "my_organization_configuration": configuration("nobody") });
        assert_eq!(patched(&server, &client, body).await, (404, gone));
        let body = json!({ "my_organization_configuration": configuration(&server.client_id) });
        assert_eq!(patched(&server, &client, body).await.0, 200);
    }
}

#[tokio::test]
async fn an_api_names_the_application_that_acts_for_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = json!({ "identifier": "https://api.example/" });
        let api = server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let path = format!("/resource-servers/{}", api["id"].as_str().unwrap());
        let acting = |identifier: &str| json!({ "name": "x", "app_type": "resource_server", "resource_server_identifier": identifier });
        let client = made(&server, acting("https://api.example/")).await;
        assert_eq!((&client["grant_types"], &client["oidc_conformant"]), (&json!([]), &json!(true)));
        assert_eq!(client["jwt_configuration"], json!({ "secret_encoded": false, "alg": "RS256" }));
        assert_eq!(server.api_get(&path).await.expect(200)["client_id"], client["client_id"]);
        let second = server.api_send(Method::POST, "/clients", &acting("https://api.example/")).await;
        assert_eq!(second.expect(409)["error"], "Conflict");
        let strange = server.api_send(Method::POST, "/clients", &acting("https://other.example/")).await;
        assert_eq!(strange.expect(404)["errorCode"], "inexistent_resource_server");
        assert_eq!(server.api_get("/clients?app_type=resource_server").await.expect(200), json!([client]));

        server.api_call(Method::DELETE, &format!("/clients/{}", id(&client))).await.expect(204);
        assert_eq!(server.api_get(&path).await.expect(200).get("client_id"), None);
    }
}

#[tokio::test]
async fn a_secret_is_not_shown_while_keys_count() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let client = made(&server, json!({ "name": "x" })).await;
        assert_eq!(client.get("token_endpoint_auth_method"), None);
        let methods = json!({ "private_key_jwt": { "credentials": [] } });
        let (status, with_keys) =
            patched(&server, &client, json!({ "client_authentication_methods": methods })).await;
        assert_eq!((status, with_keys.get("client_secret")), (200, None));
        let (_, back) = patched(&server, &client, json!({ "client_authentication_methods": null })).await;
        assert_eq!(back["client_secret"], client["client_secret"]);
    }
}

#[tokio::test]
async fn members_younger_than_the_published_description_are_kept() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let grant = json!({ "active": true });
        let client =
            made(&server, json!({ "name": "x", "identity_assertion_authorization_grant": grant })).await;
        assert_eq!(client["identity_assertion_authorization_grant"], grant);
        let vault = json!({ "credentials": [], "ip_allowlist": ["10.0.0.1"],
            "grants": [{ "connection": "github", "scopes": ["repo"] }] });
        let (_, after) = patched(&server, &client, json!({ "token_vault_privileged_access": vault })).await;
        assert_eq!(after["token_vault_privileged_access"], vault);
        let (status, after) =
            patched(&server, &client, json!({ "identity_assertion_authorization_grant": null })).await;
        assert_eq!((status, after.get("identity_assertion_authorization_grant")), (200, None));
        for bad in [json!({ "active": 1 }), json!({}), json!({ "active": true, "x": 1 })] {
            let body = json!({ "identity_assertion_authorization_grant": bad });
            assert_eq!(patched(&server, &client, body).await.1["errorCode"], "invalid_body", "{bad}");
        }
    }
}

#[tokio::test]
async fn an_api_is_found_by_an_identifier_that_was_escaped_twice() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = server.token(&[]).await;
        for (identifier, status) in [
            ("https:%2F%2Ftenant.example%2Fapi%2Fv2%2F", 200),
            ("https:%252F%252Ftenant.example%252Fapi%252Fv2%252F", 200),
            ("https:%25252F%25252Ftenant.example%25252Fapi%25252Fv2%25252F", 404),
            ("%2500", 404),
            ("%25ff", 404),
        ] {
            let call = Call::get(&format!("/api/v2/resource-servers/{identifier}")).bearer(&token);
            assert_eq!(server.send(call.build()).await.status.as_u16(), status, "{identifier}");
        }
    }
}
