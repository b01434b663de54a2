//! `POST /oauth/revoke` (RFC 7009): an application gives a refresh token back.
//!
//! Must never tell whether a token exists, nor end one of another application.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::token::Error;
use http::StatusCode;

use super::error;
use super::token::{authenticated, internal};
use crate::app::App;
use crate::db::DbError;
use crate::http::Origin;
use crate::http::host::Site;
use crate::logs::{Entry, Kind};
use crate::refresh_tokens;
use crate::write::Write;

pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    let origin = Origin::of(&app, &request);
    let outcome = async {
        let (client, mut parameters) = authenticated(&app, &tenant, request).await?;
        let token = parameters.take("token");
        let token =
            token.ok_or_else(|| Error::InvalidRequest("Missing required parameter: token".to_owned()))?;
        let fault = |error: DbError| internal(error.into());
        let Some(family) = refresh_tokens::family(&app, tenant.id(), &token) else { return Ok(()) };
        let found = refresh_tokens::sql::find(&app.db, tenant.id(), &family).await.map_err(fault)?;
        let Some(found) = found.filter(|found| found.client_id == client.id) else { return Ok(()) };
        let mut write = Write::begin(&app, tenant.id()).await.map_err(fault)?;
        if refresh_tokens::revoke(write.tx(), tenant.id(), &family).await.map_err(fault)? {
            let entry = Entry {
                client_id: Some(client.id.clone()),
                client_name: Some(client.name.clone()),
                user_id: Some(found.user_id),
                ip: Some(origin.ip.to_string()),
                user_agent: origin.user_agent.clone(),
                ..Entry::new(Kind::Srrt, "The application gave a refresh token back")
            };
            write.commit(entry).await.map_err(fault)?;
        }
        Ok(())
    };
    match outcome.await {
        Ok(()) => {
            let mut response = StatusCode::OK.into_response();
            error::no_store(&mut response);
            response
        }
        Err(refused) => error::respond(&refused),
    }
}
