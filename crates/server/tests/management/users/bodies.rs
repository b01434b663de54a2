//! Bodies of users that do not fit, new and as a patch.

use chancery::connections::DEFAULT;
use serde_json::{Value, json};

use super::{PASSWORD, connection_with_usernames, created, listed, patched, path_of, person};
use crate::kit::{TestServer, engines, error};
use crate::management::common::{bad, misfit};

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_and_makes_nobody() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "c").await;
        person(&server, "there@x.example").await;
        let base = json!({ "connection": DEFAULT, "email": "new@x.example", "password": PASSWORD });
        let with = |name: &str, value: Value| {
            let mut body = base.clone();
            body[name] = value;
            body
        };
        let without = |name: &str| {
            let mut body = base.clone();
            body.as_object_mut().unwrap().remove(name);
            body
        };
        let invalid = |message: &str| bad("invalid_body", message);
        let weak = |message: &str| bad("auth0_idp_error", message);
        let exists = (409, error(409, "Conflict", Some("auth0_idp_error"), "The user already exists."));
        for (body, expected) in [
            (without("connection"), misfit("Missing required property: connection", "")),
            (with("connection", json!("nowhere")), invalid("The connection does not exist.")),
            (
                without("email"),
                invalid("Missing email: the connection Username-Password-Authentication requires it."),
            ),
            (without("password"), invalid("Missing password: the connection requires it.")),
            (with("password", json!("short")), weak("PasswordStrengthError: Password is too weak")),
            (
                with("password", json!("A7b".repeat(200_000))),
                misfit("String is too long (600000 chars), maximum 256", "password"),
            ),
            (
                with("username", json!("u")),
                invalid("Cannot set username for connection without requires_username"),
            ),
            (
                with("connection", json!("c")),
                invalid("Missing username for c connection with requires_username enabled"),
            ),
            (with("email", json!("THERE@x.example")), exists),
            (
                with("user_id", json!("a b")),
                misfit("Object didn't pass validation for format ^\\S*$: a b", "user_id"),
            ),
            (
                with("app_metadata", json!({ "blocked": true })),
                invalid(
                    "Payload validation error: 'Property not allowed: blocked' on property app_metadata.",
                ),
            ),
            (
                with("user_metadata", json!({ "a": "\0" })),
                invalid(
                    "Payload validation error: 'String contains the character NUL' on property user_metadata.",
                ),
            ),
            (with("nonsense", json!(1)), misfit("Additional properties not allowed: nonsense", "")),
        ] {
            let shown: String = body.to_string().chars().take(300).collect();
            assert_eq!(created(&server, &body).await.both(), expected, "{shown}");
        }
        for (name, value) in [
            ("email", json!("no address")),
            ("email", json!("a@b@c.example")),
            ("email", json!("<a@b.example>")),
            ("email", json!("a\r\nBcc: b@x.example")),
            ("picture", json!("javascript:alert(1)")),
            ("picture", json!("https://x.example/\"><script>")),
            ("phone_number", json!("12")),
            ("name", json!("")),
            ("blocked", json!("true")),
            ("email_verified", Value::Null),
            ("user_metadata", json!([])),
            ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ] {
            assert_eq!(created(&server, &with(name, value.clone())).await.status, 400, "{name}: {value}");
        }
        let all = listed(&server, "include_totals=true").await;
        assert_eq!((&all["total"], &all["length"]), (&json!(1), &json!(1)));
    }
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_refused_and_changes_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        let invalid = |message: &str| bad("invalid_body", message);
        for (body, expected) in [
            (
                json!({ "email": "b@x.example", "password": PASSWORD }),
                invalid("Cannot update email and password simultaneously"),
            ),
            (
                json!({ "email": "b@x.example", "username": "b" }),
                invalid("Cannot update username and email simultaneously"),
            ),
            (
                json!({ "email_verified": true, "password": PASSWORD }),
                invalid("Cannot update password and email_verified simultaneously"),
            ),
            (json!({ "password": null }), invalid("A password can be replaced, not removed.")),
            (
                json!({ "password": "abc" }),
                bad("auth0_idp_error", "PasswordStrengthError: Password is too weak"),
            ),
            (
                json!({ "email": null }),
                invalid("Missing email: the connection Username-Password-Authentication requires it."),
            ),
            (
                json!({ "username": "u" }),
                invalid("Cannot set username for connection without requires_username"),
            ),
            (
                json!({ "password": PASSWORD, "connection": "elsewhere" }),
                invalid("The user does not belong to connection elsewhere."),
            ),
            (json!({ "user_id": "x" }), misfit("Additional properties not allowed: user_id", "")),
            (
                json!({ "app_metadata": { "email": "x" } }),
                invalid("Payload validation error: 'Property not allowed: email' on property app_metadata."),
            ),
        ] {
            assert_eq!(patched(&server, &user, body.clone()).await.both(), expected, "{body}");
        }
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), user);
    }
}
