//! Grants that cannot be, and ids that are none.

use http::Method;
use serde_json::json;

use super::{AUDIENCE, PATH, api, client, created, listed, made, patched, path_of, unknown};
use crate::kit::{TestServer, engines, error};
use crate::management::common::{bad, is_no_id, misfit, needs_scopes};

#[tokio::test]
async fn a_grant_needs_an_application_and_an_api_that_are_there() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api_id = api(&server, AUDIENCE).await;
        let client = client(&server).await;
        let no_api = || {
            let code = Some("inexistent_resource_server");
            (404, error(404, "Not Found", code, "The resource server does not exist"))
        };
        for audience in ["urn:nothing", &api_id, "URN:API", &"x".repeat(5000)] {
            let body = json!({ "client_id": client, "audience": audience });
            assert_eq!(created(&server, &body).await.both(), no_api(), "{audience:.30}");
        }
        let no_client = error(404, "Not Found", Some("inexistent_client"), "The client does not exist");
        for id in ["nobody", "", &client.to_uppercase(), &"x".repeat(5000)] {
            let body = json!({ "client_id": id, "audience": AUDIENCE });
            assert_eq!(created(&server, &body).await.both(), (404, no_client.clone()), "{id:.30}");
        }
        let exactly = bad("invalid_body", "Give exactly one of client_id and default_for.");
        let both = json!({ "client_id": client, "default_for": "third_party_clients", "audience": AUDIENCE });
        assert_eq!(created(&server, &both).await.both(), exactly);
        assert_eq!(created(&server, &json!({ "audience": AUDIENCE })).await.both(), exactly);
        assert_eq!(listed(&server, "audience=urn:api").await, json!([]), "nothing was made");
    }
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    api(&server, AUDIENCE).await;
    let client = client(&server).await;
    let grant = made(&server, json!({ "client_id": client, "audience": AUDIENCE, "scope": ["a"] })).await;
    for (members, reason, property) in [
        (json!({ "colour": 1 }), "Additional properties not allowed: colour", ""),
        (json!({ "id": "cgr_0123456789abcdef" }), "Additional properties not allowed: id", ""),
        (json!({ "is_system": true }), "Additional properties not allowed: is_system", ""),
        (json!({ "scope": "a" }), "Expected type array but found type string", "scope"),
        (json!({ "scope": [1] }), "Expected type string but found type integer", "scope.0"),
        (json!({ "scope": ["a", ""] }), "String is too short (0 chars), minimum 1", "scope.1"),
        (json!({ "scope": ["s".repeat(281)] }), "String is too long (281 chars), maximum 280", "scope.0"),
        (json!({ "scope": ["a\u{0}"] }), "String contains the character NUL", "scope.0"),
        (
            json!({ "organization_usage": "maybe" }),
            "No enum match for: maybe, expected one of: deny, allow, require",
            "organization_usage",
        ),
        (
            json!({ "allow_any_organization": "true" }),
            "Expected type boolean but found type string",
            "allow_any_organization",
        ),
        (
            json!({ "allow_all_scopes": 1 }),
            "Expected type boolean but found type integer",
            "allow_all_scopes",
        ),
        (
            json!({ "authorization_details_types": ["t".repeat(256)] }),
            "String is too long (256 chars), maximum 255",
            "authorization_details_types.0",
        ),
    ] {
        let expected = misfit(reason, property);
        assert_eq!(patched(&server, &grant, members.clone()).await, expected, "{members}");
        let mut body = json!({ "default_for": "third_party_clients", "audience": AUDIENCE });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(created(&server, &body).await.both(), expected, "{members}");
    }
    for (body, reason, property) in [
        (json!({}), "Missing required property: audience", ""),
        (json!({ "client_id": client }), "Missing required property: audience", ""),
        (json!({ "audience": "" }), "String is too short (0 chars), minimum 1", "audience"),
        (json!({ "audience": 1 }), "Expected type string but found type integer", "audience"),
        (json!({ "audience": "a\u{0}" }), "String contains the character NUL", "audience"),
        (
            json!({ "audience": "a", "client_id": [] }),
            "Expected type string but found type array",
            "client_id",
        ),
        (
            json!({ "audience": "a", "client_id": "c".repeat(100_001) }),
            "String is too long (100001 chars), maximum 100000",
            "client_id",
        ),
        (
            json!({ "audience": "a", "default_for": "all" }),
            "No enum match for: all, expected one of: third_party_clients",
            "default_for",
        ),
        (
            json!({ "audience": "a", "subject_type": "robot" }),
            "No enum match for: robot, expected one of: client, user",
            "subject_type",
        ),
        (
            json!({ "audience": "a", "allow_any_organization": null }),
            "Expected type boolean but found type null",
            "allow_any_organization",
        ),
    ] {
        assert_eq!(created(&server, &body).await.both(), misfit(reason, property), "{body:.100}");
    }
    for (body, reason) in [
        (json!({}), "Too few properties defined (0), minimum 1"),
        (json!({ "audience": AUDIENCE }), "Additional properties not allowed: audience"),
        (json!({ "client_id": client }), "Additional properties not allowed: client_id"),
        (json!({ "subject_type": "user" }), "Additional properties not allowed: subject_type"),
        (json!({ "default_for": null }), "Additional properties not allowed: default_for"),
    ] {
        assert_eq!(patched(&server, &grant, body).await, misfit(reason, ""));
    }
    assert_eq!(listed(&server, "audience=urn:api").await, json!([grant]));
}

#[tokio::test]
async fn an_unknown_grant_is_404_and_deleting_it_is_done_already() {
    for on in engines() {
        let server = TestServer::on(on).await;
        api(&server, AUDIENCE).await;
        let grant = made(&server, json!({ "client_id": client(&server).await, "audience": AUDIENCE })).await;
        let gone = server.api_call(Method::DELETE, &path_of(&grant)).await;
        assert_eq!((gone.status.as_u16(), gone.text().as_str()), (204, ""));
        for id in [
            grant["id"].as_str().unwrap(),
            "cgr_0123456789abcdef",
            "x",
            "..%2F..%2Fetc%2Fpasswd",
            "'%20OR%201=1--",
            &"x".repeat(3000),
        ] {
            let path = format!("{PATH}/{id}");
            assert_eq!(server.api_get(&path).await.both(), unknown(), "{id}");
            let patch = json!({ "scope": [] });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), unknown(), "{id}");
            assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204, "{id}");
        }
        assert_eq!(listed(&server, "include_totals=true").await["total"], 1);
    }
}

#[tokio::test]
async fn what_can_be_no_id_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for id in ["%00", "cgr_0123456789abcde%00", "%ff", "%c3%28", "%0a"] {
            is_no_id(&server, &format!("{PATH}/{id}"), &json!({ "scope": [] })).await;
        }
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, "/client-grants", &["read:client_grants"]),
            (Method::POST, "/client-grants", &["create:client_grants"]),
            (Method::GET, "/client-grants/x", &["read:client_grants"]),
            (Method::PATCH, "/client-grants/x", &["update:client_grants"]),
            (Method::DELETE, "/client-grants/x", &["delete:client_grants"]),
        ],
    )
    .await;
}
