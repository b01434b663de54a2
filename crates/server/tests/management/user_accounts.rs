//! Signing up and in with a password, as the login pages and the token endpoint do it.

use chancery::connections::{self, Connection, DEFAULT};
use chancery::logs::{Entry, Kind};
use chancery::passwords::policy::Weak;
use chancery::users::{self, Authenticated, Refused, User, UserError};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::users::{PASSWORD, connection_with_usernames, created, made, patched, path_of, person, tenant_of};
use crate::kit::{TestServer, engines};
use crate::people::{mailed, mails};

/// Another password that every policy accepts.
const OTHER: &str = "Entirely different 9 words";

async fn connection(server: &TestServer, name: &str) -> Connection {
    let tenant = tenant_of(server).await;
    connections::sql::find_by_name(&server.app.db, &tenant, name).await.unwrap().unwrap()
}

/// Tries to sign in; answers the user, or else why not.
async fn signed_in(
    server: &TestServer,
    name: &str,
    identifier: &str,
    password: &str,
) -> Result<String, String> {
    let tenant = tenant_of(server).await;
    let connection = connection(server, name).await;
    match users::authenticate(&server.app, &tenant, &connection, identifier, password).await {
        Ok(Authenticated { user, .. }) => Ok(user.user_id),
        Err(Refused::Unknown) => Err("unknown".to_owned()),
        Err(Refused::Wrong { user_id }) => Err(format!("wrong {user_id}")),
        Err(Refused::Blocked(user)) => Err(format!("blocked {}", user.user_id)),
        Err(other) => Err(other.to_string()),
    }
}

async fn signed_up(server: &TestServer, name: &str, sent: Value) -> Result<User, UserError> {
    let Value::Object(sent) = sent else { panic!("an object") };
    let (tenant, connection) = (tenant_of(server).await, connection(server, name).await);
    let entry = Entry::new(Kind::Ss, "Sign up");
    users::sign_up(&server.app, &tenant, &connection, sent, entry).await
}

async fn set_options(server: &TestServer, name: &str, options: Value) {
    let path = format!("/connections/{}", connection(server, name).await.id);
    server.api_send(Method::PATCH, &path, &json!({ "options": options })).await.expect(200);
}

fn id(user: &Value) -> &str {
    user["user_id"].as_str().unwrap()
}

#[tokio::test]
async fn a_password_opens_the_account_it_belongs_to_and_no_other() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = person(&server, "one@x.example").await;
        let two =
            made(&server, json!({ "connection": DEFAULT, "email": "two@x.example", "password": OTHER }))
                .await;
        for identifier in ["one@x.example", " ONE@X.example "] {
            assert_eq!(signed_in(&server, DEFAULT, identifier, PASSWORD).await, Ok(id(&one).to_owned()));
        }
        assert_eq!(signed_in(&server, DEFAULT, "two@x.example", OTHER).await, Ok(id(&two).to_owned()));
        let wrong = Err(format!("wrong {}", id(&one)));
        for password in [OTHER, "", "correct horse 7 battery", &"x".repeat(256)] {
            assert_eq!(signed_in(&server, DEFAULT, "one@x.example", password).await, wrong, "{password}");
        }
        for (identifier, password) in [
            ("nobody@x.example", PASSWORD),
            ("", PASSWORD),
            ("one@x.example' OR '1'='1", PASSWORD),
            ("one@x.example\0", PASSWORD),
            // Longer than any password: not even hashed.
            ("one@x.example", &"x".repeat(1_000_000)),
        ] {
            assert_eq!(signed_in(&server, DEFAULT, identifier, password).await, Err("unknown".to_owned()));
        }
    }
}

#[tokio::test]
async fn usernames_sign_in_where_the_connection_has_them() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "c").await;
        let body =
            json!({ "connection": "c", "email": "a@x.example", "username": "Anna", "password": PASSWORD });
        let user = made(&server, body).await;
        assert_eq!(user["username"], "anna");
        for identifier in ["anna", "ANNA", "a@x.example"] {
            assert_eq!(signed_in(&server, "c", identifier, PASSWORD).await, Ok(id(&user).to_owned()));
        }
        assert_eq!(signed_in(&server, DEFAULT, "anna", PASSWORD).await, Err("unknown".to_owned()));
    }
}

#[tokio::test]
async fn a_blocked_user_is_told_so_only_with_the_right_password() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        patched(&server, &user, json!({ "blocked": true })).await.expect(200);
        let blocked = Err(format!("blocked {}", id(&user)));
        assert_eq!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await, blocked);
        let wrong = Err(format!("wrong {}", id(&user)));
        assert_eq!(signed_in(&server, DEFAULT, "a@x.example", OTHER).await, wrong);
        patched(&server, &user, json!({ "blocked": false })).await.expect(200);
        assert!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await.is_ok());
    }
}

#[tokio::test]
async fn a_changed_password_takes_the_place_of_the_old_one() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        let changed = patched(&server, &user, json!({ "password": OTHER })).await.expect(200);
        assert_eq!(changed["last_password_reset"], "2027-01-15T08:00:00.000Z");
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), changed);
        assert!(signed_in(&server, DEFAULT, "a@x.example", OTHER).await.is_ok());
        assert!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await.is_err());
    }
}

#[tokio::test]
async fn a_former_password_does_not_come_back_while_it_is_remembered() {
    for on in engines() {
        let server = TestServer::on(on).await;
        set_options(&server, DEFAULT, json!({ "password_history": { "enable": true, "size": 2 } })).await;
        let user = person(&server, "a@x.example").await;
        let set =
            async |password: &str| patched(&server, &user, json!({ "password": password })).await.both();
        let refused = set(PASSWORD).await;
        assert_eq!(
            (refused.0, &refused.1["message"]),
            (400, &json!("PasswordHistoryError: Password has previously been used"))
        );
        assert_eq!(set(OTHER).await.0, 200);
        assert_eq!(set(PASSWORD).await.0, 400);
        assert_eq!(set("And a third 3 of them").await.0, 200);
        assert_eq!(set(OTHER).await.0, 400);
        // Two are remembered, the current one included.
        assert_eq!(set(PASSWORD).await.0, 200);
        assert!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await.is_ok());
    }
}

#[tokio::test]
async fn people_sign_up_and_say_nothing_of_themselves_that_is_not_theirs_to_say() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sent = json!({
            "email": "New@x.example", "password": PASSWORD, "given_name": "N", "user_metadata": { "a": "b" },
            "email_verified": true, "app_metadata": { "admin": true }, "blocked": false, "user_id": "chosen",
        });
        let user = signed_up(&server, DEFAULT, sent).await.unwrap();
        assert!(!user.email_verified && user.app_metadata.is_empty() && user.blocked.is_none());
        assert_ne!(user.user_id, "auth0|chosen");
        assert_eq!(user.user_metadata, Map::from_iter([("a".to_owned(), json!("b"))]));
        assert_eq!(signed_in(&server, DEFAULT, "new@x.example", PASSWORD).await, Ok(user.user_id.clone()));
        let log = server.api_get("/logs?q=type:ss").await.expect(200);
        assert_eq!(
            (&log[0]["user_id"], &log[0]["user_name"], &log[0]["connection"], &log[0]["strategy_type"]),
            (&json!(user.user_id), &json!("new@x.example"), &json!(DEFAULT), &json!("database"))
        );
        assert!(!log.to_string().contains(PASSWORD));
        let again = json!({ "email": "NEW@x.example", "password": PASSWORD });
        assert!(matches!(signed_up(&server, DEFAULT, again).await, Err(UserError::Exists)));
        let weak = json!({ "email": "w@x.example", "password": "w" });
        assert!(matches!(signed_up(&server, DEFAULT, weak).await, Err(UserError::Weak(Weak::Strength(_)))));
        set_options(&server, DEFAULT, json!({ "disable_signup": true })).await;
        let late = json!({ "email": "late@x.example", "password": PASSWORD });
        assert!(matches!(signed_up(&server, DEFAULT, late).await, Err(UserError::SignupDisabled)));
        assert_eq!(server.api_get("/users?include_totals=true").await.expect(200)["total"], 1);
    }
}

#[tokio::test]
async fn a_login_is_counted_and_an_address_verified_only_while_it_is_the_users() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant_of(&server).await;
        let user = person(&server, "a@x.example").await;
        let now = server.app.clock.now();
        let mut tx = server.app.db.begin().await.unwrap();
        for _ in 0..2 {
            users::record_login(&mut tx, &tenant, id(&user), ("192.0.2.7", now)).await.unwrap();
        }
        let other = (id(&user), None, "old@x.example");
        assert!(!users::mark_email_verified(&mut tx, &tenant, other, now).await.unwrap());
        let own = (id(&user), None, "a@x.example");
        assert!(users::mark_email_verified(&mut tx, &tenant, own, now).await.unwrap());
        tx.commit().await.unwrap();
        let mut expected = user.clone();
        expected["logins_count"] = json!(2);
        expected["last_ip"] = json!("192.0.2.7");
        expected["last_login"] = json!("2027-01-15T08:00:00.000Z");
        expected["email_verified"] = json!(true);
        assert_eq!(server.api_get(&path_of(&user)).await.expect(200), expected);
    }
}

#[tokio::test]
async fn a_linked_identity_signs_in_as_the_user_it_belongs_to() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let one = person(&server, "one@x.example").await;
        let two =
            made(&server, json!({ "connection": DEFAULT, "email": "two@x.example", "password": OTHER }))
                .await;
        let body = json!({ "provider": "auth0", "user_id": two["user_id"] });
        server.api_send(Method::POST, &format!("{}/identities", path_of(&one)), &body).await.expect(201);
        for (email, password) in [("one@x.example", PASSWORD), ("two@x.example", OTHER)] {
            assert_eq!(
                signed_in(&server, DEFAULT, email, password).await,
                Ok(id(&one).to_owned()),
                "{email}"
            );
        }
    }
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_made_anew_at_the_next_login() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tenant = tenant_of(&server).await;
        let user = person(&server, "a@x.example").await;
        let stored = async || {
            let row = server
                .app
                .db
                .query_opt(
                    "SELECT password FROM database_accounts WHERE tenant_id = $1",
                    &[tenant.as_str().into()],
                )
                .await;
            row.unwrap().unwrap().text("password").unwrap()
        };
        let ours = stored().await;
        assert!(ours.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{ours}");
        let costly = chancery::passwords::PasswordPool::new(chancery::passwords::Parameters {
            memory_kib: 16,
            passes: 2,
        });
        let password = chancery::passwords::Password::new(PASSWORD).unwrap();
        let other = costly.hash(&*server.app.entropy, &password).await.unwrap();
        let mut tx = server.app.db.begin().await.unwrap();
        let identity = (&tenant, id(&user).strip_prefix("auth0|").unwrap());
        users::accounts::sql::replace_hash(&mut tx, identity, (&ours, &other)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(stored().await, other);
        assert!(signed_in(&server, DEFAULT, "a@x.example", OTHER).await.is_err());
        assert_eq!(stored().await, other, "a wrong password changes nothing");
        assert!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await.is_ok());
        assert!(stored().await.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(signed_in(&server, DEFAULT, "a@x.example", PASSWORD).await.is_ok());
    }
}

/// Puts a session and a refresh token of a user into the tables.
async fn sign_in_somewhere(server: &TestServer, user: &Value) {
    let tenant = tenant_of(server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    let session = "INSERT INTO sessions (tenant_id, id, digest, user_id, persistent, authenticated_at, created_at, updated_at, \
         idle_expires_at, expires_at, document) \
         VALUES ($1, $2, $3, $2, TRUE, 0, 0, 0, 0, 0, '{\"device\":{},\"methods\":[]}')";
    let token = "INSERT INTO refresh_tokens (tenant_id, id, user_id, client_id, rotating, generation, digest, issued_at, document) \
         VALUES ($1, $2, $2, $4, TRUE, 0, $3, 0, '{}')";
    let values = |digest: &[u8]| {
        vec![tenant.as_str().into(), id(user).into(), chancery::db::Value::from(Some(digest))]
    };
    tx.execute(session, &values(b"s")).await.unwrap();
    let mut with_client = values(b"t");
    with_client.push(server.client_id.as_str().into());
    tx.execute(token, &with_client).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many sessions and refresh tokens there are.
async fn sign_ins(server: &TestServer) -> i64 {
    let count = "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM refresh_tokens) AS total";
    server.app.db.query_opt(count, &[]).await.unwrap().unwrap().int("total").unwrap()
}

#[tokio::test]
async fn no_session_and_no_refresh_token_survives_a_new_password_a_block_or_the_user() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user = person(&server, "a@x.example").await;
        sign_in_somewhere(&server, &user).await;
        for change in [json!({ "name": "n" }), json!({ "email": "b@x.example" }), json!({ "blocked": false })]
        {
            patched(&server, &user, change.clone()).await.expect(200);
            assert_eq!(sign_ins(&server).await, 2, "{change}");
        }
        for change in [json!({ "password": OTHER }), json!({ "blocked": true })] {
            patched(&server, &user, change.clone()).await.expect(200);
            assert_eq!(sign_ins(&server).await, 0, "{change}");
            sign_in_somewhere(&server, &user).await;
        }
        server.api_call(Method::DELETE, &path_of(&user)).await.expect(204);
        assert_eq!(sign_ins(&server).await, 0);
    }
}

#[tokio::test]
async fn a_linked_identity_is_changed_by_the_name_of_its_connection() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection_with_usernames(&server, "staff").await;
        let one = person(&server, "one@x.example").await;
        let body =
            json!({ "connection": "staff", "email": "two@x.example", "username": "two", "password": OTHER });
        let two = made(&server, body).await;
        let body = json!({ "provider": "auth0", "user_id": two["user_id"] });
        server.api_send(Method::POST, &format!("{}/identities", path_of(&one)), &body).await.expect(201);
        let change = json!({ "connection": "staff", "username": "Second" });
        let changed = patched(&server, &one, change).await.expect(200);
        assert_eq!((changed.get("username"), &changed["email"]), (None, &json!("one@x.example")));
        assert_eq!(changed["identities"][1]["profileData"]["username"], "second");
        let change = json!({ "connection": "staff", "password": "And a third 3 of them" });
        patched(&server, &one, change).await.expect(200);
        assert_eq!(
            signed_in(&server, "staff", "second", "And a third 3 of them").await,
            Ok(id(&one).to_owned())
        );
        assert_eq!(signed_in(&server, "staff", "two", OTHER).await, Err("unknown".to_owned()));
        assert_eq!(signed_in(&server, DEFAULT, "one@x.example", PASSWORD).await, Ok(id(&one).to_owned()));
    }
}

#[tokio::test]
async fn a_user_whom_an_administrator_makes_or_moves_proves_the_address_by_mail() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let subjects = async |server: &TestServer| {
            let mails = mails(server).await;
            mails.into_iter().map(|mail| (mail.template, mail.to)).collect::<Vec<_>>()
        };
        let mail = |to: &str| ("verify_email".to_owned(), to.to_owned());
        let base = json!({ "connection": DEFAULT, "password": PASSWORD });
        for (email, more) in [
            ("asked@x.example", json!({})),
            ("proved@x.example", json!({ "email_verified": true })),
            ("quiet@x.example", json!({ "verify_email": false })),
            ("again@x.example", json!({ "email_verified": true, "verify_email": true })),
        ] {
            let mut body = base.clone();
            body["email"] = json!(email);
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            created(&server, &body).await.expect(201);
            server.clock.advance(SignedDuration::from_secs(1));
        }
        assert_eq!(subjects(&server).await, [mail("asked@x.example"), mail("again@x.example")]);
        let found = server.api_get("/users-by-email?email=proved@x.example").await.expect(200);
        let user = &found[0];
        patched(&server, user, json!({ "email": "silent@x.example" })).await.expect(200);
        patched(&server, user, json!({ "name": "Ann", "verify_email": true, "email_verified": true }))
            .await
            .expect(200);
        let unknown = json!({ "email": "moved@x.example", "verify_email": true, "client_id": "nobody" });
        patched(&server, user, unknown).await.expect(400);
        assert_eq!(subjects(&server).await.len(), 2, "nobody was to be told");
        let moved =
            json!({ "email": "moved@x.example", "verify_email": true, "client_id": server.client_id });
        assert_eq!(patched(&server, user, moved).await.expect(200)["email_verified"], false);
        assert_eq!(subjects(&server).await.last().unwrap(), &mail("moved@x.example"));
        server.get(&mailed(&server).await).await.expect_ok();
        assert_eq!(server.api_get(&path_of(user)).await.expect(200)["email_verified"], true);
    }
}
