//! The ways to other providers: which there are, their buttons, and the page of those who have no database.
//!
//! Must never send anybody to a provider that the application may not use.

use axum::response::Response;

use super::identify::no_connection;
use super::pages::{self, Choices, Failure, Form, Identifier, Login, Page, Problem, Provider, paths};
use super::under_way::Step;
use super::visit::Visit;
use crate::branding::Address;
use crate::connections::{self, Connection, Family, Strategy};
use crate::db::DbError;
use crate::federation;

/// The connections that people can sign in with at an application.
pub struct Offers {
    /// Databases of ours.
    pub databases: Vec<Connection>,
    /// Other providers.
    pub upstreams: Vec<Connection>,
    /// Whether the application asked for one of them.
    wanted: bool,
}

impl Offers {
    /// What an application offers, or of it the connection that was asked for.
    pub async fn of(visit: &Visit, (client_id, wanted): (&str, Option<&str>)) -> Result<Self, DbError> {
        let usable = connections::usable_by(&visit.app, visit.tenant.id(), client_id).await?;
        let meant = usable.iter().filter(|own| wanted.is_none_or(|wanted| own.name == wanted)).cloned();
        let (databases, others): (Vec<_>, Vec<_>) = meant.partition(Connection::is_database);
        let upstreams = others.into_iter().filter(|own| own.served().is_some()).collect();
        Ok(Self { databases, upstreams, wanted: wanted.is_some() })
    }

    /// The provider that is the only way: the one that was asked for, or the single one of an organization.
    pub fn straight(&self) -> Option<&Connection> {
        match (self.databases.as_slice(), self.upstreams.as_slice()) {
            ([], [one]) if self.wanted || is_enterprise(one) => Some(one),
            _ => None,
        }
    }
}

fn is_enterprise(connection: &Connection) -> bool {
    connection.served().map(Strategy::family) == Some(Family::Enterprise)
}

/// The other providers of a page.
pub(super) struct Providers {
    pub(super) upstreams: Vec<Connection>,
}

impl Providers {
    /// Their buttons.
    pub(super) fn buttons(&self, login: &Step) -> Vec<Provider> {
        let shown = self.upstreams.iter().filter(|own| own.has_button());
        shown
            .map(|own| Provider {
                address: paths::to_provider(&own.name, &login.text),
                name: own.label().to_owned(),
                icon: own.option("icon_url").and_then(Address::parse),
            })
            .collect()
    }

    /// The one that people with this address belong to (home realm discovery).
    pub(super) fn home(&self, identifier: &str) -> Option<&Connection> {
        let (_, domain) = identifier.rsplit_once('@')?;
        let domain = domain.to_ascii_lowercase();
        self.upstreams.iter().find(|own| own.is_home_of(&domain))
    }

    fn has_homes(&self) -> bool {
        self.upstreams.iter().any(|own| is_enterprise(own) && !own.has_button())
    }
}

/// `/u/login/provider`: somebody has chosen a button.
pub(super) async fn choose(visit: Visit) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let offers = match login.offers(&visit).await {
        Ok(offers) => offers,
        Err(error) => return visit.broken(&error),
    };
    let chosen = visit.query.value(paths::CONNECTION);
    match offers.upstreams.iter().find(|own| Some(own.name.as_str()) == chosen) {
        Some(connection) => federation::begin(&visit, &login, connection).await,
        None => visit.failure(Failure::Missing, None),
    }
}

/// The login page where there is no database: buttons, and a field for addresses that lead to a provider.
pub(super) async fn alone(mut visit: Visit, login: Step, providers: Providers) -> Response {
    if providers.upstreams.is_empty() {
        return no_connection(&visit, &login);
    }
    if !visit.is_post() {
        return show(&visit, (&login, &providers), login.identifier().unwrap_or_default(), &[]);
    }
    let Some(mut form) = visit.form(&login.text) else {
        return show(&visit, (&login, &providers), "", &[Problem::Stale]);
    };
    let typed = form.take(paths::USERNAME).unwrap_or_default();
    match providers.home(typed.trim()).cloned() {
        Some(home) => {
            let mut login = login;
            login.login.identifier = Some(typed.trim().to_owned());
            federation::begin(&visit, &login, &home).await
        }
        None if typed.trim().is_empty() => show(&visit, (&login, &providers), "", &[Problem::NoEmail]),
        None => show(&visit, (&login, &providers), &typed, &[Problem::InvalidEmail]),
    }
}

fn show(
    visit: &Visit,
    (login, providers): (&Step, &Providers),
    username: &str,
    problems: &[Problem],
) -> Response {
    let step = if providers.has_homes() { pages::Step::Identifier } else { pages::Step::Elsewhere };
    let page = Page::Login(Login {
        form: Form::new(paths::LOGIN_ID, &login.text, &login.proof(visit)),
        step,
        identifier: Identifier::Email,
        username,
        problems,
        choices: Choices::default(),
        providers: &providers.buttons(login),
        passkey: None,
    });
    visit.page(&page, &login.setting())
}
