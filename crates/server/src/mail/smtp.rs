//! SMTP: where mails leave.
//!
//! Must never send a password over a line that is not encrypted, nor let a text become a second header.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::header::ContentTransferEncoding;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::{Map, Value};

use super::{Mail, plain};

/// How long a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// The port where the line is encrypted from its start.
const IMPLICIT_TLS: u16 = 465;
/// Where mails are handed in.
const SUBMISSION: u16 = 587;

/// An SMTP server.
#[derive(Clone)]
pub struct Relay(AsyncSmtpTransport<Tokio1Executor>);

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(an SMTP server)")
    }
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// It never will be.
    #[error("{0}")]
    Refused(String),
    /// Perhaps later.
    #[error("{0}")]
    Later(String),
}

impl Relay {
    /// A server as the operator names it: `smtps://user:password@host:465` or
    /// `smtp://user:password@host:587?tls=required`.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let secret = url.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
        if secret && url.starts_with("smtp://") && !url.contains("tls=required") {
            return Err("a password needs an encrypted line: begin with smtps://, or end with ?tls=required"
                .to_owned());
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| "it must look like smtps://user:password@host:465 or smtp://host:25".to_owned())?;
        Ok(Self(builder.timeout(Some(PATIENCE)).build()))
    }

    /// A server as the Management API names it.
    pub(super) fn from_credentials(credentials: &Map<String, Value>) -> Result<Self, SendError> {
        let later = |error: &dyn fmt::Display| SendError::Later(error.to_string());
        let text = |name: &str| credentials.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let host = text("smtp_host").ok_or_else(|| later(&"the provider has no smtp_host"))?;
        let port = credentials.get("smtp_port").and_then(Value::as_u64).map(u16::try_from);
        let port = port.and_then(Result::ok).unwrap_or(SUBMISSION);
        let tls = || TlsParameters::new(host.to_owned()).map_err(|error| later(&error));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port);
        let login = text("smtp_user").zip(text("smtp_pass"));
        builder = builder.tls(match (port, login) {
            (IMPLICIT_TLS, _) => Tls::Wrapper(tls()?),
            (_, Some(_)) => Tls::Required(tls()?),
            (_, None) => Tls::Opportunistic(tls()?),
        });
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user.to_owned(), password.to_owned()));
        }
        Ok(Self(builder.timeout(Some(PATIENCE)).build()))
    }

    /// Hands a mail over.
    pub(super) async fn send(&self, mail: &Mail, (id, now): (&str, Timestamp)) -> Result<(), SendError> {
        let message = message(mail, id, now)?;
        self.0.send(message).await.map(drop).map_err(|error| {
            // A refused login or an unknown server is mended by the operator; a refused address never is.
            let code = error.status().map(u16::from).unwrap_or_default();
            let text = error.to_string();
            if matches!(code, 550..=559) { SendError::Refused(text) } else { SendError::Later(text) }
        })
    }
}

fn message(mail: &Mail, id: &str, now: Timestamp) -> Result<Message, SendError> {
    let refused = |error: &dyn fmt::Display| SendError::Refused(error.to_string());
    let from: Mailbox = mail.from.parse().map_err(|error| refused(&error))?;
    let to: Address = mail.to.parse().map_err(|error| refused(&error))?;
    let message_id = format!("<{id}@{}>", from.email.domain());
    let part = |part: lettre::message::SinglePartBuilder, kind, text: String| {
        part.header(kind).header(ContentTransferEncoding::Base64).body(text)
    };
    let plain_part =
        part(SinglePart::builder(), lettre::message::header::ContentType::TEXT_PLAIN, plain(&mail.html));
    let html_part =
        part(SinglePart::builder(), lettre::message::header::ContentType::TEXT_HTML, mail.html.clone());
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.subject.clone())
        .message_id(Some(message_id))
        .date(moment(now))
        .multipart(MultiPart::alternative().singlepart(plain_part).singlepart(html_part))
        .map_err(|error| refused(&error))
}

fn moment(now: Timestamp) -> std::time::SystemTime {
    let since = Duration::from_millis(u64::try_from(now.as_millisecond()).unwrap_or_default());
    std::time::UNIX_EPOCH + since
}

/// Whether mail can go to this address.
pub(super) fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// Whether mail can come from this: an address, or a name with one, `Acme <no-reply@acme.example>`.
pub(super) fn is_mailbox(text: &str) -> bool {
    !text.chars().any(char::is_control) && text.parse::<Mailbox>().is_ok()
}
