//! The certificate that verifies the ID tokens of an application, to be copied and taken away.
//!
//! Must never show the client secret, which is the key where tokens are signed with HS256.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use chancery_crypto::certificate::Certificate;
use http::StatusCode;
use serde_json::Value;

use super::{Shown, advanced, api_path};
use crate::dashboard::ui::{CopyField, Icon, Moment, text};
use crate::dashboard::{Desk, Failure};
use crate::signing_keys::page::certificate_file;

/// What there is to show.
enum Content {
    /// A certificate: PEM, fingerprint, thumbprint, end.
    Certificate(Box<Shape>),
    /// The client secret is the key.
    Secret,
    /// The role may not see it.
    Closed,
}

struct Shape {
    pem: String,
    fingerprint: String,
    thumbprint: String,
    until: Moment,
}

#[derive(Template)]
#[template(path = "applications/page/certificates.html")]
struct Page {
    content: Content,
    alg: String,
    path: String,
}

/// What `signing_keys` of the application holds. A role that may not see it there finds the same certificate with the key
/// that signs now; none if it may not see that either.
async fn stored(desk: &Desk) -> Result<Option<Value>, Failure> {
    let answer = desk.api.get(&format!("{}?fields=client_id,signing_keys", api_path(desk))).await?;
    if let Some(own) = answer.get("signing_keys").and_then(|keys| keys.get(0)) {
        return Ok(Some(own.clone()));
    }
    let keys = desk.api.look("/keys/signing").await?;
    let mut keys = keys.as_ref().and_then(Value::as_array).into_iter().flatten();
    Ok(keys.find(|key| key.get("current") == Some(&Value::Bool(true))).cloned())
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let content = if shown.alg() == "HS256" {
        Content::Secret
    } else {
        match stored(&desk).await? {
            None => Content::Closed,
            Some(stored) => Content::Certificate(Box::new(shape(&stored)?)),
        }
    };
    let body = Page { content, alg: shown.alg().to_owned(), path: shown.path() };
    Ok(desk.page(&advanced::frame(&shown, "certificates"), &body))
}

fn shape(stored: &Value) -> Result<Shape, Failure> {
    let pem = text(stored, "cert");
    let certificate = Certificate::from_pem(pem).map_err(|error| {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, format!("The certificate cannot be read: {error}"))
    })?;
    Ok(Shape {
        pem: pem.trim_end().to_owned(),
        fingerprint: certificate.fingerprint(),
        thumbprint: certificate.thumbprint(),
        until: Moment::at(Some(certificate.not_after())),
    })
}

/// The certificate as a file: `pem`, `cer` (DER) or `p7b` (PKCS#7).
pub(super) async fn download(desk: Arc<Desk>) -> Result<Response, Failure> {
    let stored = stored(&desk).await?;
    let stored = stored.ok_or_else(Failure::forbidden)?;
    certificate_file(&desk, &stored, desk.name("form"))
}
