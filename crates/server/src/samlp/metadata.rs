//! `/samlp/metadata/{client_id}`: what a partner needs to know of this identity provider.
//!
//! Lists the certificate that signs and the one that will: whoever loads it before a rotation notices nothing of it.

use axum::extract::Path;
use axum::response::Response;
use chancery_saml::idp::metadata::Metadata;
use chancery_saml::idp::respond::SIGNED_WITH;
use chancery_xmldsig::sign::Unsigned;
use form_urlencoded::byte_serialize;
use jiff::SignedDuration;

use super::{Partner, entity_id};
use crate::login::visit::Visit;
use crate::partners::answers;

/// GET. With `signed=true` the document is signed, by the current key.
pub(super) async fn of_application(Path(client_id): Path<String>, visit: Visit) -> Response {
    Box::pin(answer(client_id, visit)).await.unwrap_or_else(std::convert::identity)
}

async fn answer(client_id: String, visit: Visit) -> Result<Response, Response> {
    let partner = Partner::find(&visit, &client_id).await?;
    let party = partner.party(&visit).await?;
    let base = &visit.tenant.base;
    let mut sign_on = format!("{base}/samlp/{client_id}");
    if let Some(connection) = visit.query.value("connection") {
        sign_on.push_str("?connection=");
        sign_on.extend(byte_serialize(connection.as_bytes()));
    }
    let logout = format!("{base}/samlp/{client_id}/logout");
    let ring = &visit.tenant.ring;
    let current = &ring.current().public().certificate;
    let id = format!("_{}", visit.app.entropy.hex(20));
    let halves = Metadata {
        id: &id,
        entity_id: &entity_id(&visit, party),
        certificates: &[current, &ring.next().public().certificate],
        signed_requests: party.requests.is_some(),
        sign_on: &sign_on,
        logout: &logout,
    }
    .write();
    if visit.query.value("signed") != Some("true") {
        return Ok(answers::document([halves.head, halves.tail].concat()));
    }
    let unsigned = Unsigned::new(halves, &id, "", SIGNED_WITH).map_err(|error| visit.broken(&error))?;
    // Partners load it once and keep it.
    let signed = answers::sign(&visit, unsigned.message(), SignedDuration::ZERO).await;
    let signed = signed.map_err(|error| visit.broken(&error))?;
    Ok(answers::document(unsigned.finish(&signed, current)))
}
