//! The page that asks whether an application may.
//!
//! Must never take an answer from anybody but the user who is signed in and was asked.

use axum::response::Response;
use chancery_oauth::authorize::Request;
use chancery_oauth::scope::Scopes;
use serde_json::Value;

use super::pages::{Consent, Failure, Form, Page, paths};
use super::under_way::{Answered, Step};
use super::visit::Visit;
use crate::db::DbError;
use crate::in_flight::LOGINS;
use crate::logs::{Entry, Kind};
use crate::management::scopes as published;
use crate::resource_servers;
use crate::user_grants::{self, Between};
use crate::users::{self, User};
use crate::write::Write;

/// GET and POST.
pub(super) async fn page(mut visit: Visit) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let Some(request) = login.request() else { return login.resume(&visit).await };
    let user = match signed_in(&visit).await {
        Ok(Some(user)) => user,
        // The session ended meanwhile: the request decides what comes next.
        Ok(None) => return login.resume(&visit).await,
        Err(error) => return visit.broken(&error),
    };
    let form = if visit.is_post() { visit.form(&matter(&login, &user)) } else { None };
    let action = form.and_then(|mut form| form.take(paths::ACTION));
    let allowed = match action.as_deref() {
        Some(paths::ACCEPT) => true,
        Some(paths::DENY) => false,
        _ => return ask(&visit, (&login, request), &user).await,
    };
    match answer(&visit, (&login, request), (&user, allowed)).await {
        Ok(true) => match Step::find(&visit, Some(login.text)).await {
            Ok(login) => login.resume(&visit).await,
            Err(over) => over,
        },
        Ok(false) => visit.failure(Failure::Expired, None),
        Err(error) => visit.broken(&error),
    }
}

/// The proof covers who is asked, so that nobody answers for whoever signed in in the same browser meanwhile.
fn matter(login: &Step, user: &User) -> String {
    [login.text.as_str(), " ", &user.user_id].concat()
}

async fn signed_in(visit: &Visit) -> Result<Option<User>, DbError> {
    match visit.session().await? {
        Some(session) => users::find(&visit.app.db, visit.tenant.id(), &session.user_id).await,
        None => Ok(None),
    }
}

async fn ask(visit: &Visit, (login, request): (&Step, &Request), user: &User) -> Response {
    let scopes = match described(visit, (request.audience.as_deref(), &request.scopes)).await {
        Ok(scopes) => scopes,
        Err(error) => return visit.broken(&error),
    };
    let redirect_uri = &request.channel.redirect_uri;
    let host = http::Uri::try_from(redirect_uri.as_str()).ok();
    let host = host.and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_else(|| redirect_uri.clone());
    let page = Page::Consent(Consent {
        form: Form::new(paths::CONSENT, &login.text, &visit.proof(&matter(login, user))),
        user: user.log_name().unwrap_or(&user.user_id),
        scopes: &scopes,
        host: &host,
    });
    visit.page(&page, &login.setting())
}

/// What is asked for, with the descriptions of the API.
pub async fn described(
    visit: &Visit,
    (audience, scopes): (Option<&str>, &Scopes),
) -> Result<Vec<(String, Option<String>)>, DbError> {
    let api = match audience {
        Some(audience) => {
            resource_servers::sql::find_by_identifier(&visit.app.db, visit.tenant.id(), audience).await?
        }
        None => None,
    };
    let known = api.as_ref().and_then(|api| api.document.get("scopes")).and_then(Value::as_array);
    let description = |scope: &str| {
        let of = known?.iter().find(|own| own.get("value").and_then(Value::as_str) == Some(scope))?;
        of.get("description").and_then(Value::as_str).map(str::to_owned)
    };
    let is_system = api.as_ref().is_some_and(|api| api.is_system);
    // What no user can grant is not asked of them.
    let grantable =
        |scope: &&str| !is_system || published::is_of_users(scope) || !published::ALL.contains(scope);
    Ok(scopes.iter().filter(grantable).map(|scope| (scope.to_owned(), description(scope))).collect())
}

/// Writes the answer down; false if the login is over.
async fn answer(
    visit: &Visit,
    (login, request): (&Step, &Request),
    (user, allowed): (&User, bool),
) -> Result<bool, DbError> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let mut under_way = login.login.clone();
    under_way.consent = Some(Answered { user_id: user.user_id.clone(), allowed });
    let said =
        if allowed { "The user allowed the application" } else { "The user did not allow the application" };
    let kind = if allowed { Kind::Sapi } else { Kind::Fapi };
    let entry = Entry {
        user_id: Some(user.user_id.clone()),
        user_name: user.log_name().map(str::to_owned),
        ..super::identify::of_client(visit, login, kind, said)
    };
    let written = async {
        let mut write = Write::begin(app, tenant).await?;
        LOGINS.update(app, write.tx(), tenant, (&login.text, &under_way)).await?;
        if allowed {
            let audience = request.audience.as_deref().unwrap_or(&visit.tenant.userinfo);
            let between = Between { user_id: &user.user_id, client_id: &login.client.id, audience };
            let scopes = request.scopes.iter().map(str::to_owned);
            user_grants::record(app, write.tx(), tenant, between, scopes).await?;
        }
        write.commit(entry).await
    };
    Ok(DbError::unless_missed(written.await)?.is_some())
}
