//! `/samlp/metadata?connection=NAME`: what an identity provider needs to know of us.
//!
//! Lists the certificate that signs and opens, and the one that will: whoever loads it before a rotation notices nothing
//! of it. Must never tell whether a connection of another kind has this name.

use axum::response::Response;
use chancery_saml::sp::metadata::SpMetadata;

use super::keys::OwnKeys;
use super::{entity_id, flag};
use crate::connections::{self, Strategy};
use crate::federation::{Failed, named_callback};
use crate::login::pages::{Failure, paths};
use crate::login::visit::Visit;
use crate::partners::answers;

/// GET.
pub(super) async fn of_connection(visit: Visit) -> Response {
    match document(&visit).await {
        Ok(Some(xml)) => answers::document(xml),
        Ok(None) => {
            let why = "There is no SAML connection of this name. Expected /samlp/metadata?connection=NAME.";
            visit.failure(Failure::Missing, Some(("invalid_request", why)))
        }
        Err(failed) => failed.answer(&visit, None, None).await,
    }
}

async fn document(visit: &Visit) -> Result<Option<String>, Failed> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let Some(name) = visit.query.value(paths::CONNECTION) else { return Ok(None) };
    let found = connections::sql::find_by_name(&app.db, tenant, name).await?;
    let Some(connection) = found.filter(|own| own.served() == Some(Strategy::Samlp)) else { return Ok(None) };
    let options = connections::whole_options(app, tenant, &connection)?;
    let keys = OwnKeys::of(visit, &options).await?;
    let metadata = SpMetadata {
        entity_id: &entity_id(&visit.tenant.stored.name, &connection),
        signing: &keys.signing_certificates.iter().collect::<Vec<_>>(),
        encryption: &keys.encryption_certificates.iter().collect::<Vec<_>>(),
        signed_requests: flag(&options, "signSAMLRequest") == Some(true),
        acs_url: &named_callback(visit, &connection),
        logout: &format!("{}{}", visit.tenant.base, super::LOGOUT),
    };
    Ok(Some(metadata.write()))
}
