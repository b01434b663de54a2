//! The links of mails that prove an address, or end a block.
//!
//! Must never prove another address than the ticket was made for, nor use a link up for a request that only asks
//! whether it is there: programs that look through mails send HEAD.

use axum::response::{IntoResponse, Redirect, Response};
use chancery_oauth::uri::with_query;
use http::StatusCode;

use super::pages::{Outcome, Page};
use super::visit::{Setting, Visit};
use crate::db::DbError;
use crate::logs::{Entry, Kind};
use crate::protection;
use crate::tickets::{self, Ticket};
use crate::users;
use crate::write::Write;

/// HEAD of either link.
pub(super) async fn there() -> StatusCode {
    StatusCode::OK
}

/// GET
pub(super) async fn page(visit: Visit) -> Response {
    let text = visit.query.value("ticket").unwrap_or_default().to_owned();
    let (outcome, ticket) = match redeem(&visit, &text).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "an address could not be verified");
            (Outcome::Failed, None)
        }
    };
    let terms = ticket.map(|ticket| ticket.terms).unwrap_or_default();
    if let (Outcome::Done, Some(url)) = (outcome, &terms.result_url) {
        let email = terms.email.filter(|_| terms.include_email);
        return visit.with_browser(Redirect::to(&with_result(url, email.as_deref())).into_response());
    }
    visit.page(&Page::Verification { outcome, back: None }, &Setting::default())
}

/// Where to go, told the address.
pub(super) fn with_email(url: &str, email: Option<&str>) -> String {
    match email {
        Some(email) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            with_query(url, &query.append_pair("email", email).finish())
        }
        None => url.to_owned(),
    }
}

/// Where to go, told what happened, as Auth0 tells it.
fn with_result(url: &str, email: Option<&str>) -> String {
    with_query(&with_email(url, email), "success=true&code=success")
}

async fn redeem(visit: &Visit, text: &str) -> Result<(Outcome, Option<Ticket>), DbError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let mut write = Write::begin(app, tenant.id()).await?;
    let kind = tickets::Kind::EmailVerification;
    let Some(ticket) = tickets::redeem(app, write.tx(), tenant, (kind, text)).await? else {
        return Ok((Outcome::Invalid, None));
    };
    let Some(email) = ticket.terms.email.clone() else { return Ok((Outcome::Invalid, None)) };
    let of = (ticket.user_id.as_str(), ticket.terms.identity_id.as_deref(), email.as_str());
    if !users::mark_email_verified(write.tx(), tenant.id(), of, app.clock.now()).await? {
        return Ok((Outcome::Invalid, None));
    }
    let entry = Entry {
        user_id: Some(ticket.user_id.clone()),
        user_name: Some(email),
        ..visit.entry(Kind::Sv, "The address was verified by a link from a mail")
    };
    write.commit(entry).await?;
    Ok((Outcome::Done, Some(ticket)))
}

/// GET of the link that ends a block.
pub(super) async fn unblock(visit: Visit) -> Response {
    let text = visit.query.value("ticket").unwrap_or_default().to_owned();
    let outcome = match lift(&visit, &text).await {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Invalid,
        Err(error) => {
            tracing::error!(%error, "a block could not be ended");
            Outcome::Failed
        }
    };
    visit.page(&Page::Unblock { outcome }, &Setting::default())
}

async fn lift(visit: &Visit, text: &str) -> Result<bool, DbError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let mut write = Write::begin(app, tenant.id()).await?;
    let kind = tickets::Kind::Unblock;
    let Some(ticket) = tickets::redeem(app, write.tx(), tenant, (kind, text)).await? else {
        return Ok(false);
    };
    let Some(user) = users::find(&app.db, tenant.id(), &ticket.user_id).await? else { return Ok(false) };
    protection::unblock(write.tx(), tenant.id(), &user).await?;
    let entry = Entry {
        user_id: Some(user.user_id.clone()),
        user_name: user.log_name().map(str::to_owned),
        ..visit.entry(Kind::Sapi, "The block was ended by a link from a mail")
    };
    write.commit(entry).await?;
    Ok(true)
}
