//! The rules of client grants, as sentences.

use axum::extract::FromRequestParts;
use chancery_oauth::api::Granted;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::api::filter;
use super::sql::Filter;
use super::{ClientGrant, SHAPE, merged};
use crate::management::shape::When;
use crate::management::{ApiError, Query};

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value} is no object") };
    members
}

fn grant(document: Value) -> ClientGrant {
    ClientGrant {
        id: "cgr_0123456789abcdef".to_owned(),
        client_id: Some("client".to_owned()),
        audience: "https://api.example.com".to_owned(),
        subject_type: "client".to_owned(),
        default_for: None,
        is_system: false,
        document: members(document),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn changed(before: Value, body: Value) -> Result<Value, ApiError> {
    let body = members(body);
    SHAPE.check(&body, When::Update).unwrap();
    merged(&members(before), body).map(Value::Object)
}

fn refusal(before: Value, body: Value) -> String {
    match changed(before, body) {
        Err(ApiError::Body(message)) => message,
        other => panic!("{other:?} is no refusal of the body"),
    }
}

#[test]
fn a_grant_without_scopes_shows_an_empty_list() {
    assert_eq!(
        Value::Object(grant(json!({})).view()),
        json!({
            "id": "cgr_0123456789abcdef",
            "client_id": "client",
            "audience": "https://api.example.com",
            "scope": [],
            "is_system": false,
            "subject_type": "client",
        })
    );
}

#[test]
fn a_grant_of_all_scopes_shows_no_list() {
    let view = grant(json!({ "allow_all_scopes": true })).view();
    assert_eq!(view["allow_all_scopes"], true);
    assert!(!view.contains_key("scope"));
}

#[test]
fn a_scope_that_is_named_twice_is_granted_once() {
    let after = changed(json!({}), json!({ "scope": ["write:a", "read:a", "write:a"] })).unwrap();
    assert_eq!(after, json!({ "scope": ["write:a", "read:a"] }));
}

#[test]
fn null_means_no_scope_and_absent_keeps_them() {
    let before = json!({ "scope": ["read:a"], "allow_any_organization": true });
    assert_eq!(
        changed(before.clone(), json!({ "scope": null })).unwrap(),
        json!({ "allow_any_organization": true })
    );
    assert_eq!(
        changed(before, json!({ "allow_any_organization": null })).unwrap(),
        json!({ "scope": ["read:a"] })
    );
}

#[test]
fn all_scopes_replace_single_ones_and_the_other_way_round() {
    let all = changed(json!({ "scope": ["read:a"] }), json!({ "allow_all_scopes": true })).unwrap();
    assert_eq!(all, json!({ "allow_all_scopes": true }));
    assert!(refusal(all.clone(), json!({ "scope": ["read:a"] })).contains("allows all scopes"));
    assert!(
        refusal(json!({}), json!({ "scope": ["read:a"], "allow_all_scopes": true })).contains("all scopes")
    );
    let single = changed(all, json!({ "scope": ["read:a"], "allow_all_scopes": false })).unwrap();
    assert_eq!(single["scope"], json!(["read:a"]));
}

#[test]
fn an_empty_patch_and_unknown_members_are_refused() {
    for body in [json!({}), json!({ "audience": "x" }), json!({ "client_id": "x" }), json!({ "scopes": [] })]
    {
        assert!(SHAPE.check(&members(body.clone()), When::Update).is_err(), "{body}");
    }
}

#[test]
fn the_token_endpoint_sees_what_is_granted() {
    let only = |scopes: &[&str]| Granted::Only(scopes.iter().map(|&scope| scope.to_owned()).collect());
    assert_eq!(grant(json!({})).granted(), Some(only(&[])));
    assert_eq!(grant(json!({ "scope": ["b", "a"] })).granted(), Some(only(&["b", "a"])));
    assert_eq!(grant(json!({ "allow_all_scopes": true })).granted(), Some(Granted::All));
}

#[test]
fn a_grant_that_requires_an_organization_is_good_for_no_token_without_one() {
    assert_eq!(grant(json!({ "allow_all_scopes": true, "organization_usage": "require" })).granted(), None);
    assert!(grant(json!({ "organization_usage": "allow" })).granted().is_some());
}

#[test]
fn a_default_names_no_application() {
    let default = ClientGrant {
        client_id: None,
        default_for: Some("third_party_clients".to_owned()),
        ..grant(json!({}))
    };
    assert!(!default.view().contains_key("client_id"));
    assert_eq!(default.view()["default_for"], "third_party_clients");
}

async fn filtered(query: &str) -> Result<Filter, ApiError> {
    let request = http::Request::builder().uri(format!("/client-grants?{query}")).body(()).unwrap();
    let (mut parts, ()) = request.into_parts();
    filter(&Query::from_request_parts(&mut parts, &()).await?)
}

#[tokio::test]
async fn a_list_is_narrowed_by_its_filters() {
    assert_eq!(filtered("per_page=5").await.unwrap(), Filter::default());
    let all = "audience=https%3A%2F%2Fa&client_id=c&subject_type=user&allow_any_organization=true\
        &default_for=third_party_clients";
    assert_eq!(
        filtered(all).await.unwrap(),
        Filter {
            audience: Some("https://a".to_owned()),
            client_id: Some("c".to_owned()),
            subject_type: Some("user".to_owned()),
            default_for: Some("third_party_clients".to_owned()),
            allow_any_organization: Some(true),
        }
    );
}

#[tokio::test]
async fn a_filter_of_nonsense_is_refused() {
    for query in ["subject_type=x", "default_for=x", "allow_any_organization=1", "client_id=a%00b"] {
        assert!(matches!(filtered(query).await, Err(ApiError::Query(_))), "{query}");
    }
}
