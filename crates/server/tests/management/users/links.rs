//! Identities that are linked and unlinked.

use chancery::connections::DEFAULT;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PASSWORD, listed, made, path_of, person, unknown};
use crate::kit::{TestServer, engines, error};
use crate::management::common::bad;

#[tokio::test]
async fn a_linked_identity_belongs_to_the_other_user_until_it_is_unlinked() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = person(&server, "one@x.example").await;
        let two = made(
            &server,
            json!({ "connection": DEFAULT, "email": "two@x.example", "password": PASSWORD, "app_metadata": { "a": 1 } }),
        )
        .await;
        let id = |user: &Value| user["user_id"].as_str().unwrap().strip_prefix("auth0|").unwrap().to_owned();
        let body = json!({ "provider": "auth0", "user_id": two["user_id"] });
        let path = format!("{}/identities", path_of(&one));
        let linked = server.api_send(Method::POST, &path, &body).await.both();
        let primary = one["identities"][0].clone();
        let mut secondary = two["identities"][0].clone();
        secondary["profileData"] = json!({
            "email": "two@x.example", "email_verified": false, "name": "two@x.example", "nickname": "two",
        });
        assert_eq!(linked, (201, json!([primary, secondary])));
        assert_eq!(server.api_get(&path_of(&one)).await.expect(200)["identities"], linked.1);
        assert_eq!(server.api_get(&path_of(&two)).await.both(), unknown());
        assert_eq!(listed(&server, "include_totals=true").await["total"], 1);
        let again = server.api_send(Method::POST, &path, &body).await.both();
        assert_eq!(again, (409, error(409, "Conflict", None, "Specified identity already exists.")));

        let own = format!("{path}/auth0/{}", id(&one));
        let refused = server.api_call(Method::DELETE, &own).await.both();
        assert_eq!(refused, bad("operation_not_supported", "Main identity can not be unlinked."));
        let nothing = server.api_call(Method::DELETE, &format!("{path}/auth0/nothing")).await.both();
        assert_eq!(nothing, (404, error(404, "Not Found", None, "The user does not have this identity.")));
        server.clock.advance(SignedDuration::from_secs(60));
        let unlinked = server.api_call(Method::DELETE, &format!("{path}/auth0/{}", id(&two))).await.both();
        assert_eq!(unlinked, (200, json!([primary])));
        let mut expected = two.clone();
        expected.as_object_mut().unwrap().remove("app_metadata");
        expected["created_at"] = json!("2027-01-15T08:01:00.000Z");
        expected["updated_at"] = json!("2027-01-15T08:01:00.000Z");
        assert_eq!(server.api_get(&path_of(&two)).await.expect(200), expected);
        assert_eq!(listed(&server, "include_totals=true").await["total"], 2);
    }
}

#[tokio::test]
async fn what_cannot_be_linked_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = person(&server, "one@x.example").await;
        let two = person(&server, "two@x.example").await;
        let path = format!("{}/identities", path_of(&one));
        for (body, status) in [
            (json!({}), 400),
            (json!({ "provider": "auth0" }), 400),
            (json!({ "link_with": "x.y.z" }), 400),
            (json!({ "provider": "auth0", "user_id": "nobody" }), 404),
            (json!({ "provider": "auth0", "user_id": 7 }), 404),
            (json!({ "provider": "auth0", "user_id": one["user_id"] }), 409),
            (
                json!({ "provider": "auth0", "user_id": two["user_id"], "connection_id": "con_0123456789abcdef" }),
                404,
            ),
        ] {
            assert_eq!(server.api_send(Method::POST, &path, &body).await.status, status, "{body}");
        }
        let mut all = [one, two];
        all.sort_by_key(|user| user["user_id"].as_str().unwrap().to_owned());
        assert_eq!(listed(&server, "").await, Value::from(all.to_vec()));
    }
}
