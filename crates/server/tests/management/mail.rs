//! `/api/v2/emails/provider`, `/api/v2/email-templates`, and what becomes of mails.

use std::sync::Arc;

use chancery::logs::Entry;
use chancery::mail::{self, Letter, Mail, Relay, Template, sender};
use chancery::tenants::Tenant;
use chancery::write::Write;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::common::bad;
use crate::kit::{DOMAIN, TestServer, engines, error};

const PROVIDER: &str = "/emails/provider";

pub(super) async fn tenant(server: &TestServer) -> Arc<Tenant> {
    server.app.tenants.find(&server.app, DOMAIN).await.unwrap().unwrap()
}

fn user(name: &str) -> Map<String, Value> {
    let Value::Object(variables) = json!({
        "user": { "email": "ann@example.com", "name": name },
        "url": "https://tenant.example/u/x?ticket=SECRET#",
    }) else {
        unreachable!()
    };
    variables
}

async fn letter(server: &TestServer, template: Template, language: &str) -> Option<Mail> {
    let letter = Letter { template, to: "ann@example.com", language, variables: user("Ann\r\nBcc: x@y.z") };
    mail::prepare(&server.app, &*tenant(server).await, letter).await
}

async fn post_one(server: &TestServer) -> String {
    let mail = letter(server, Template::Reset, "en").await.unwrap();
    let tenant = tenant(server).await;
    let mut write = Write::begin(&server.app, tenant.id()).await.unwrap();
    let id = mail::enqueue(&server.app, write.tx(), tenant.id(), &mail).await.unwrap();
    write.commit(Entry::by_cli("Posted a mail")).await.unwrap();
    id
}

async fn stored(server: &TestServer, id: &str) -> mail::sql::Stored {
    mail::sql::find(&server.app.db, tenant(server).await.id(), id).await.unwrap().unwrap()
}

fn smtp(port: u16) -> Value {
    json!({
        "name": "smtp",
        "default_from_address": "Acme <no-reply@acme.example>",
        "credentials": { "smtp_host": "127.0.0.1", "smtp_port": port },
    })
}

/// An SMTP server that takes one mail, or answers this to the recipient; answers what it heard.
async fn listen(refusal: Option<&'static str>) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"220 test\r\n").await.unwrap();
        let (mut heard, mut in_data) = (String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            heard.push_str(&line);
            heard.push('\n');
            let answer = match line.split(' ').next().unwrap_or_default() {
                "." if in_data => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "RCPT" => refusal.unwrap_or("250 good"),
                "QUIT" => "221 bye",
                _ => "250 good",
            };
            writing.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            if answer == "221 bye" || answer == "250 taken" {
                break;
            }
        }
        heard
    });
    (port, heard)
}

#[tokio::test]
async fn a_provider_is_configured_read_changed_and_deleted_and_its_password_is_never_shown() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let none = error(
            404,
            "Not Found",
            Some("inexistent_email_provider"),
            "There is not a configured email provider",
        );
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(server.api_call(method, PROVIDER).await.both(), (404, none.clone()));
        }
        assert_eq!(
            server.api_send(Method::PATCH, PROVIDER, &json!({ "enabled": false })).await.both(),
            (404, none.clone())
        );
        assert_eq!(
            server.api_call(Method::GET, PROVIDER).await.both(),
            (404, none.clone()),
            "nothing was made"
        );

        let body = json!({
            "name": "smtp",
            "default_from_address": "no-reply@acme.example",
            "credentials": { "smtp_host": "mail.example", "smtp_port": 587, "smtp_user": "u", "smtp_pass": "hunter2" },
        });
        let shown = json!({
            "name": "smtp",
            "enabled": true,
            "default_from_address": "no-reply@acme.example",
            "credentials": { "smtp_host": "mail.example", "smtp_port": 587, "smtp_user": "u" },
        });
        assert_eq!(server.api_send(Method::POST, PROVIDER, &body).await.both(), (201, shown.clone()));
        assert_eq!(server.api_get(PROVIDER).await.both(), (200, shown.clone()));
        assert_eq!(server.api_send(Method::POST, PROVIDER, &body).await.status, 409);
        let sealed = chancery::tenant_documents::sql::secrets(
            &server.app.db,
            tenant(&server).await.id(),
            mail::PROVIDER,
            "",
        )
        .await;
        assert!(!String::from_utf8_lossy(&sealed.unwrap().unwrap()).contains("hunter2"));

        let other = server.api_send(Method::PATCH, PROVIDER, &json!({ "name": "ses" })).await;
        assert_eq!(
            other.both(),
            bad("invalid_body", "Another provider needs credentials of its own: send them too.")
        );
        for patch in [
            json!({ "default_from_address": "a@b.c\r\nBcc: x@y.z" }),
            json!({ "credentials": { "smtp_host": "a.example\r\nRCPT" } }),
            json!({ "credentials": { "smtp_host": "a.example", "smtp_port": 65_536 } }),
            json!({ "credentials": {} }),
            json!({ "name": "pigeon" }),
            json!({}),
        ] {
            let answer = server.api_send(Method::PATCH, PROVIDER, &patch).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["errorCode"]),
                (400, &json!("invalid_body")),
                "{patch}"
            );
        }
        assert_eq!(server.api_get(PROVIDER).await.both(), (200, shown.clone()), "nothing changed");

        let patch = json!({ "enabled": false, "credentials": { "smtp_host": "other.example" } });
        let shown = json!({
            "name": "smtp",
            "enabled": false,
            "default_from_address": "no-reply@acme.example",
            "credentials": { "smtp_host": "other.example" },
        });
        assert_eq!(server.api_send(Method::PATCH, PROVIDER, &patch).await.both(), (200, shown));
        assert_eq!(server.api_call(Method::DELETE, PROVIDER).await.status, 204);
        assert_eq!(server.api_get(PROVIDER).await.both(), (404, none));
    }
}

#[tokio::test]
async fn a_template_replaces_the_texts_of_the_house_and_nothing_that_is_no_template_is_kept() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let path = "/email-templates/reset_email";
        let none = error(404, "Not Found", Some("inexistent_email_template"), "The template does not exist.");
        assert_eq!(server.api_get(path).await.both(), (404, none.clone()));
        let template = json!({
            "template": "reset_email",
            "body": "<a href=\"{{ url }}\">{{ user.name | escape }}</a>",
            "from": "{{ friendly_name }} <reset@acme.example>",
            "subject": "For {{ user.name }}",
            "syntax": "liquid",
            "urlLifetimeInSeconds": 60,
            "enabled": true,
        });
        assert_eq!(server.api_send(Method::PUT, path, &template).await.both(), (404, none.clone()));
        assert_eq!(
            server.api_send(Method::PATCH, path, &json!({ "enabled": true })).await.both(),
            (404, none)
        );
        assert_eq!(
            server.api_send(Method::POST, "/email-templates", &template).await.both(),
            (200, template.clone())
        );
        assert_eq!(
            server.api_send(Method::POST, "/email-templates", &template).await.both(),
            (409, error(409, "Conflict", None, "Template reset_email already exists."))
        );
        for bad in [
            json!({ "body": "{% if %}" }),
            json!({ "subject": "a\nb" }),
            json!({ "template": "verify_email" }),
            json!({ "body": "{% for i in (1..99999999) %}{% endfor %}" }),
        ] {
            assert_eq!(server.api_send(Method::PATCH, path, &bad).await.status, 400, "{bad}");
        }
        assert_eq!(server.api_get("/email-templates/nonsense").await.json()["errorCode"], "invalid_uri");
        assert_eq!(server.api_get(path).await.both(), (200, template.clone()), "nothing changed");

        // The name of a user opens no second header.
        let mail = letter(&server, Template::Reset, "en").await.unwrap();
        assert_eq!(mail.from, "main <reset@acme.example>");
        assert_eq!(mail.subject, "For Ann Bcc: x@y.z");
        assert!(mail.html.contains("ticket=SECRET"));
        assert_eq!(mail::link_settings(&*tenant(&server).await, Template::Reset).lifetime, Some(60));

        server.api_send(Method::PATCH, path, &json!({ "enabled": false })).await.expect(200);
        assert_eq!(letter(&server, Template::Reset, "en").await, None);
        let mut whole = template.clone();
        whole["body"] = Value::Null;
        whole["subject"] = Value::Null;
        assert_eq!(server.api_send(Method::PUT, path, &whole).await.both(), (200, whole));
        assert_eq!(
            letter(&server, Template::Reset, "de-AT").await.unwrap().subject,
            "Neues Passwort für main"
        );
    }
}

#[tokio::test]
async fn every_mail_is_there_in_every_language() {
    let server = TestServer::start().await;
    assert_eq!(
        letter(&server, Template::Welcome, "en").await,
        None,
        "a greeting is sent by those who want it"
    );
    let mut subjects = std::collections::BTreeSet::new();
    for template in
        [Template::VerifyEmail, Template::VerifyEmailByCode, Template::Reset, Template::BlockedAccount]
    {
        for language in mail::LANGUAGES {
            let mail = letter(&server, template, language).await.unwrap();
            assert!(
                mail.html.contains("ann@example.com") && !mail.html.contains("{{"),
                "{template:?} {language}"
            );
            assert_eq!(mail.html.contains("ticket=SECRET"), template != Template::VerifyEmailByCode);
            assert!(subjects.insert(mail.subject));
        }
    }
}

#[tokio::test]
async fn without_smtp_a_mail_is_kept_sealed_and_can_be_read_by_developers() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let id = post_one(&server).await;
        assert_eq!(stored(&server, &id).await.state, "waiting");
        assert_eq!(sender::deliver_due(&server.app).await.unwrap(), 1);
        let kept = stored(&server, &id).await;
        assert_eq!((kept.state.as_str(), kept.attempts), ("kept", 1));
        assert!(!String::from_utf8_lossy(&kept.message).contains("SECRET"));
        let mail = mail::open(&server.app, &kept).unwrap().unwrap();
        assert!(mail::plain(&mail.html).contains("https://tenant.example/u/x?ticket=SECRET#"));
        assert_eq!(mail::sql::list(&server.app.db, tenant(&server).await.id()).await.unwrap().len(), 1);
        assert_eq!(sender::deliver_due(&server.app).await.unwrap(), 0, "once");
    }
}

#[tokio::test]
async fn a_mail_goes_through_the_server_of_its_tenant_once_even_with_two_processes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let (port, heard) = listen(None).await;
        server.api_send(Method::POST, PROVIDER, &smtp(port)).await.expect(201);
        let id = post_one(&server).await;
        let (one, other) = tokio::join!(sender::deliver_due(&server.app), sender::deliver_due(&sibling.app));
        assert_eq!(one.unwrap() + other.unwrap(), 1);
        let sent = stored(&server, &id).await;
        assert_eq!((sent.state.as_str(), sent.message.len()), ("sent", 0), "nothing secret stays");
        let heard = heard.await.unwrap();
        assert!(heard.contains("RCPT TO:<ann@example.com>"), "{heard}");
        assert!(heard.contains("From: Acme <no-reply@acme.example>"), "{heard}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again_later_and_a_refused_address_is_not() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (port, heard) = listen(Some("451 later")).await;
        server.api_send(Method::POST, PROVIDER, &smtp(port)).await.expect(201);
        let id = post_one(&server).await;
        assert_eq!(sender::deliver_due(&server.app).await.unwrap(), 1);
        heard.abort();
        let waiting = stored(&server, &id).await;
        assert_eq!((waiting.state.as_str(), waiting.attempts), ("waiting", 1));
        assert_eq!(sender::deliver_due(&server.app).await.unwrap(), 0, "not at once");

        let (port, heard) = listen(Some("550 unknown")).await;
        server.api_send(Method::PATCH, PROVIDER, &smtp(port)).await.expect(200);
        server.clock.advance(SignedDuration::from_secs(31));
        assert_eq!(sender::deliver_due(&server.app).await.unwrap(), 1);
        heard.abort();
        let failed = stored(&server, &id).await;
        assert_eq!((failed.state.as_str(), failed.attempts), ("failed", 2));
        assert!(mail::open(&server.app, &failed).unwrap().is_some(), "it is not lost");
    }
}

#[test]
fn the_server_of_the_operator_is_named_by_a_url_without_open_passwords() {
    assert!(Relay::from_url("smtp://localhost:25").is_ok());
    assert!(Relay::from_url("smtp://u:hunter2@host:587").is_err());
    assert!(Relay::from_url("http://host").is_err());
}

/// Lets every statement of the mails run.
pub(crate) async fn send_keep_and_forget(server: &TestServer) {
    let id = post_one(server).await;
    sender::deliver_due(&server.app).await.unwrap();
    let (port, heard) = listen(Some("451 later")).await;
    server.api_send(Method::POST, PROVIDER, &smtp(port)).await.expect(201);
    post_one(server).await;
    sender::deliver_due(&server.app).await.unwrap();
    heard.abort();
    let (port, heard) = listen(None).await;
    server.api_send(Method::PATCH, PROVIDER, &smtp(port)).await.expect(200);
    server.clock.advance(SignedDuration::from_secs(31));
    sender::deliver_due(&server.app).await.unwrap();
    heard.await.unwrap();
    stored(server, &id).await;
    mail::sql::list(&server.app.db, tenant(server).await.id()).await.unwrap();
    sender::forget_old(&server.app).await.unwrap();
    server.api_call(Method::DELETE, PROVIDER).await.expect(204);
}
