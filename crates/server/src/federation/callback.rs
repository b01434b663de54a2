//! `/login/callback`: the answer of another provider, by GET or by a form that its page sent.
//!
//! Must never look into an answer before the browser, the login and the connection that it belongs to are known, and
//! the text that names them is used up.

use axum::response::Response;
use chancery_oauth::parameters::Parameters;

use super::{
    Failed, Inbound, Journey, Kept, Profile, Purpose, Stored, accounts, oauth2, oidc, saml, trial, wsfed,
};
use crate::connections::{self, Connection};
use crate::in_flight::upstream;
use crate::login::pages::paths;
use crate::login::under_way::{self, Step};
use crate::login::visit::Visit;
use chancery_crypto::digest;

/// What has a provider's answer by its text.
const STATES: [&str; 3] = [paths::STATE, "RelayState", "wctx"];

/// GET and POST.
pub(super) async fn endpoint(mut visit: Visit) -> Response {
    // SAML and WS-Federation name the connection in the address; what they sent along stands in the form.
    let named = visit.query.value(paths::CONNECTION).map(str::to_owned);
    let mut parameters = visit.parameters();
    let state = STATES.into_iter().find_map(|name| parameters.take(name));
    let found = found(&visit, state.as_deref()).await;
    let Journey { purpose, connection_id, kept, .. } = match (found, named.as_deref()) {
        (Ok(journey), _) => journey,
        (Err(Failed::Stray(why)), Some(name)) if saml::is_unasked(&parameters) => {
            let sent = saml::Unasked { relay_state: state, parameters, why };
            return Box::pin(saml::arrives(visit, name, sent)).await;
        }
        (Err(failed), _) => return failed.answer(&visit, None, None).await,
    };
    let login = match purpose {
        Purpose::Login(login) => login,
        Purpose::Trial(back) => {
            let journey = (connection_id.as_str(), named.as_deref(), kept);
            return Box::pin(trial::ended(&visit, &back, journey, parameters)).await;
        }
    };
    let step = match Step::find(&visit, Some(login)).await {
        Ok(step) => step,
        Err(over) => return over,
    };
    let connection = match of_journey(&visit, &step, (&connection_id, named.as_deref())).await {
        Ok(connection) => connection,
        Err(failed) => return failed.answer(&visit, Some(&step), None).await,
    };
    match finish(&visit, &connection, kept, parameters).await {
        Ok(profile) => accounts::enter(visit, step, &connection, profile).await,
        Err(failed) => failed.answer(&visit, Some(&step), Some(&connection)).await,
    }
}

/// Lets the protocol judge what came.
pub(super) async fn finish(
    visit: &Visit,
    connection: &Connection,
    kept: Kept,
    parameters: Parameters,
) -> Result<Profile, Failed> {
    let options = connections::whole_options(&visit.app, visit.tenant.id(), connection)?;
    let back = Inbound { visit, connection, options, parameters };
    match kept {
        Kept::OpenIdConnect(kept) => oidc::finish(back, kept).await,
        Kept::OAuth2(kept) => oauth2::finish(back, kept).await,
        Kept::Saml(kept) => saml::finish(back, kept).await,
        Kept::WsFederation(kept) => wsfed::finish(back, kept).await,
    }
}

/// The journey that a text stands for, which is used up by this.
async fn found(visit: &Visit, state: Option<&str>) -> Result<Journey, Failed> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let state = state.ok_or(Failed::Stray("an answer of a provider came without a state"))?;
    let Some(Stored::Journey(journey)) = upstream::find::<Stored>(app, tenant, state).await? else {
        return Err(Failed::Stray("the state is unknown, expired or was used before"));
    };
    // The right browser may still come.
    if !digest::equal(under_way::of_browser(visit).as_bytes(), journey.browser.as_bytes()) {
        return Err(Failed::Stray("the state belongs to another browser"));
    }
    if !upstream::end(app, tenant, state).await? {
        return Err(Failed::Stray("the state is unknown, expired or was used before"));
    }
    Ok(journey)
}

/// The connection of a journey, if the application may still use it.
async fn of_journey(
    visit: &Visit,
    step: &Step,
    (id, named): (&str, Option<&str>),
) -> Result<Connection, Failed> {
    let offers = step.offers(visit).await?;
    let found = offers.upstreams.into_iter().find(|own| own.id == id);
    let connection = found.ok_or_else(|| Failed::Settings("the connection was disabled".to_owned()))?;
    right_address(&connection, named)?;
    Ok(connection)
}

/// Whether an answer came to the address of its connection, where the address names one.
pub(super) fn right_address(connection: &Connection, named: Option<&str>) -> Result<(), Failed> {
    if named.is_some_and(|named| named != connection.name) {
        return Err(Failed::Untrusted("the answer came to the address of another connection".to_owned()));
    }
    Ok(())
}
