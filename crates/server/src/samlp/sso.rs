//! `/samlp/{client_id}`: an application asks who is signed in, or a user comes by themselves.

use axum::extract::Path;
use axum::response::Response;
use chancery_saml::idp::admit;

use super::{Asked, Partner, received};
use crate::login::visit::Visit;
use crate::logs::Kind;
use crate::partners;
use crate::partners::answers::refuse;

/// GET with or without a request in the query, POST with one in the form.
pub(super) async fn endpoint(Path(client_id): Path<String>, visit: Visit) -> Response {
    Box::pin(answer(client_id, visit)).await.unwrap_or_else(std::convert::identity)
}

async fn answer(client_id: String, mut visit: Visit) -> Result<Response, Response> {
    let partner = Partner::find(&visit, &client_id).await?;
    let party = partner.party(&visit).await?;
    let connection = visit.query.value("connection").map(str::to_owned);
    let relay_state = visit.query.value("RelayState").map(str::to_owned);
    let here = format!("{}/samlp/{client_id}", visit.tenant.base);
    let admitted = match received(&mut visit) {
        Ok(Some(received)) => admit::admit(&received, party, &here, visit.app.clock.now()),
        Ok(None) => admit::unsolicited(party, relay_state),
        Err(error) => Err(error.into()),
    };
    match admitted {
        Ok(admitted) => {
            let asked = partners::Asked::Samlp(Asked::new(admitted, connection));
            Ok(partners::proceed(&visit, &partner.client, &asked, None).await)
        }
        Err(refused) => Err(refuse(&visit, &partner.client, Kind::F, &refused.to_string()).await),
    }
}
