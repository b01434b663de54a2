//! The login pages: identifier and password on one page, or one after the other.
//!
//! Must never answer an unknown account otherwise than a wrong password, on the page or in the time it takes.

use axum::response::Response;
use chancery_oauth::parameters::Parameters;

use super::elsewhere::{self, Offers, Providers};
use super::letters::Sender;
use super::opened::{self, PASSWORD, Proof};
use super::pages::{self, Choices, Failure, Form, Identifier, Login, Page, PasskeyForm, Problem, paths};
use super::under_way::{self, Step};
use super::visit::{Visit, with_cookie};
use crate::administrators::is_hidden_connection;
use crate::connections::{Connection, Options};
use crate::db::DbError;
use crate::federation;
use crate::in_flight::LOGINS;
use crate::logs::{Entry, Kind};
use crate::passkeys;
use crate::passwords::PoolError;
use crate::protection::{self, Attempt, Consequence, Verdict};
use crate::users::{self, Refused, User};

/// Both fields on one page.
pub(super) async fn both(visit: Visit) -> Response {
    Box::pin(page(visit, pages::Step::Both)).await
}

/// The identifier, first.
pub(super) async fn identifier(visit: Visit) -> Response {
    Box::pin(page(visit, pages::Step::Identifier)).await
}

/// The password, second.
pub(super) async fn password(visit: Visit) -> Response {
    Box::pin(page(visit, pages::Step::Password)).await
}

fn path(step: pages::Step) -> &'static str {
    match step {
        pages::Step::Both => paths::LOGIN,
        pages::Step::Identifier | pages::Step::Elsewhere => paths::LOGIN_ID,
        pages::Step::Password => paths::LOGIN_PASSWORD,
    }
}

/// The page of a login from the start, which says what was wrong.
pub(super) async fn again(visit: Visit, login: Step, problem: Problem) -> Response {
    let Offers { databases, upstreams, .. } = match login.offers(&visit).await {
        Ok(offers) => offers,
        Err(error) => return visit.broken(&error),
    };
    let Some(connection) = databases.into_iter().next() else {
        return no_connection(&visit, &login);
    };
    let fields = if under_way::first_page(&visit.tenant) == paths::LOGIN {
        pages::Step::Both
    } else {
        pages::Step::Identifier
    };
    let desk = Desk { login, connection, providers: Providers { upstreams }, fields };
    desk.show(&visit, desk.login.identifier().unwrap_or_default(), &[problem])
}

async fn page(mut visit: Visit, fields: pages::Step) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let Offers { databases, upstreams, .. } = match login.offers(&visit).await {
        Ok(offers) => offers,
        Err(error) => return visit.broken(&error),
    };
    let providers = Providers { upstreams };
    let Some(connection) = databases.into_iter().next() else {
        return Box::pin(elsewhere::alone(visit, login, providers)).await;
    };
    if fields == pages::Step::Password && login.login.identifier.is_none() {
        return login.to(&visit, paths::LOGIN_ID);
    }
    let desk = Desk { login, connection, providers, fields };
    if !visit.is_post() {
        return desk.show(&visit, desk.login.identifier().unwrap_or_default(), &[]);
    }
    let text = desk.login.text.clone();
    match visit.form(&text) {
        Some(form) => Box::pin(desk.sent(visit, form)).await,
        None => desk.show(&visit, "", &[Problem::Stale]),
    }
}

/// No connection, nobody to sign in.
pub(super) fn no_connection(visit: &Visit, login: &Step) -> Response {
    let text = match login.wanted() {
        Some(name) => format!(
            "Nobody can sign in to the application by the connection \"{name}\". It may have been disabled or \
             deleted meanwhile."
        ),
        None => {
            "No connection is enabled for the application. Enable a database connection for it.".to_owned()
        }
    };
    visit.failure(Failure::Request, Some(("invalid_request", &text)))
}

/// Where somebody signs in.
struct Desk {
    login: Step,
    connection: Connection,
    providers: Providers,
    fields: pages::Step,
}

impl Desk {
    fn show(&self, visit: &Visit, username: &str, problems: &[Problem]) -> Response {
        let Self { login, connection, providers, fields } = self;
        let options = connection.options();
        let link = |path: &str| Some(paths::with_state(path, &login.text));
        // Whoever has typed an identifier has chosen.
        let buttons = if *fields == pages::Step::Password { Vec::new() } else { providers.buttons(login) };
        let page = Page::Login(Login {
            form: Form::new(path(*fields), &login.text, &login.proof(visit)),
            step: *fields,
            identifier: identified_by(&options),
            username,
            problems,
            choices: Choices {
                login: None,
                signup: link(paths::SIGNUP).filter(|_| !options.signup_disabled()),
                reset: link(paths::RESET_REQUEST).filter(|_| !options.password_change_disabled()),
                edit: link(paths::LOGIN_ID).filter(|_| *fields == pages::Step::Password),
            },
            providers: &buttons,
            passkey: self.passkey(visit),
        });
        visit.page(&page, &login.setting())
    }

    /// What the browser is asked for, where the connection has passkeys and nothing was chosen yet.
    fn passkey(&self, visit: &Visit) -> Option<PasskeyForm> {
        let Self { login, connection, fields, .. } = self;
        if *fields == pages::Step::Password || !is_hidden_connection(&connection.id) {
            return None;
        }
        let options = passkeys::login_options(&visit.app, &visit.tenant, &login.text)?;
        let form = Form::new(paths::PASSKEY, &login.text, &login.proof(visit)).with(paths::CREDENTIAL, "");
        Some(PasskeyForm { form, options: options.to_string() })
    }

    async fn sent(mut self, visit: Visit, mut form: Parameters) -> Response {
        let typed = match self.fields {
            pages::Step::Both | pages::Step::Identifier | pages::Step::Elsewhere => {
                form.take(paths::USERNAME)
            }
            // What was shown beside the password is for password managers; what counts was typed before.
            pages::Step::Password => self.login.login.identifier.clone(),
        };
        let typed = typed.map(|typed| typed.trim().to_owned()).filter(|typed| !typed.is_empty());
        let Some(typed) = typed else { return self.show(&visit, "", &[self.no_identifier()]) };
        if self.fields != pages::Step::Password
            && let Some(home) = self.providers.home(&typed)
        {
            let home = home.clone();
            self.login.login.identifier = Some(typed);
            return federation::begin(&visit, &self.login, &home).await;
        }
        if self.fields == pages::Step::Identifier {
            self.login.login.identifier = Some(typed);
            return match self.remember(&visit).await {
                Ok(true) => self.login.to(&visit, paths::LOGIN_PASSWORD),
                Ok(false) => visit.failure(Failure::Expired, None),
                Err(error) => visit.broken(&error),
            };
        }
        let Some(password) = form.take(paths::PASSWORD) else {
            return self.show(&visit, &typed, &[Problem::NoPassword]);
        };
        self.check(visit, (&typed, &password)).await
    }

    async fn remember(&self, visit: &Visit) -> Result<bool, DbError> {
        let written = async {
            let mut tx = visit.app.db.begin().await?.passing();
            let of = (self.login.text.as_str(), &self.login.login);
            LOGINS.update(&visit.app, &mut tx, visit.tenant.id(), of).await?;
            tx.commit().await
        };
        Ok(DbError::unless_missed(written.await)?.is_some())
    }

    fn no_identifier(&self) -> Problem {
        match identified_by(&self.connection.options()) {
            Identifier::Email => Problem::NoEmail,
            Identifier::Username => Problem::NoUsername,
            Identifier::Either => Problem::NoIdentifier,
        }
    }

    async fn check(mut self, mut visit: Visit, (typed, password): (&str, &str)) -> Response {
        let attempt = Attempt::at(&self.connection, typed, visit.origin.ip);
        match protection::before_login(&visit.app, &visit.tenant, &attempt).await {
            Ok(Verdict::Allowed) => {}
            Ok(Verdict::Blocked) => return self.show(&visit, typed, &[Problem::UserBlocked]),
            Ok(Verdict::Throttled(_)) => return self.show(&visit, typed, &[Problem::TooMany]),
            Err(error) => return visit.broken(&error),
        }
        let user = match self.authenticate(&visit, (typed, password)).await {
            Ok(user) => user,
            Err(refused) => return self.refused(&visit, (typed, &attempt), refused).await,
        };
        let proof = Proof { attempt: Some(&attempt), ..Proof::of(&user, &self.connection, PASSWORD) };
        let cookie = match opened::sign_in(&mut visit, &self.login, proof).await {
            Ok(Some(cookie)) => cookie,
            Ok(None) => return visit.failure(Failure::Expired, None),
            Err(error) => return visit.broken(&error),
        };
        let Self { login, .. } = self;
        let next = match Step::find(&visit, Some(login.text)).await {
            Ok(login) => login.resume(&visit).await,
            Err(over) => over,
        };
        with_cookie(next, Some(cookie))
    }

    /// Checks the password in each connection that knows the identifier; the one that it is right in counts from now on.
    async fn authenticate(
        &mut self,
        visit: &Visit,
        (typed, password): (&str, &str),
    ) -> Result<User, Refused> {
        let mut refused = Refused::Unknown;
        for home in self.login.homes(visit, typed).await? {
            match users::authenticate(&visit.app, visit.tenant.id(), &home, typed, password).await {
                Ok(authenticated) => {
                    self.connection = home;
                    return Ok(authenticated.user);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    async fn refused(&self, visit: &Visit, (typed, attempt): (&str, &Attempt), refused: Refused) -> Response {
        let (kind, problem) = match &refused {
            Refused::Unknown => (Some(Kind::Fu), self.wrong()),
            Refused::Wrong { .. } => (Some(Kind::Fp), self.wrong()),
            Refused::Blocked(_) => (Some(Kind::F), Problem::AccountClosed),
            Refused::Pool(PoolError::Full) => (None, Problem::Busy),
            Refused::Pool(_) | Refused::Db(_) => (None, Problem::Failure),
        };
        if problem == Problem::Failure {
            tracing::error!(error = %refused, "a password could not be checked");
        }
        if let Some(kind) = kind {
            let entry = Entry {
                user_id: match refused {
                    Refused::Wrong { user_id } => Some(user_id),
                    Refused::Blocked(user) => Some(user.user_id),
                    Refused::Unknown | Refused::Pool(_) | Refused::Db(_) => None,
                },
                user_name: Some(typed.chars().take(320).collect()),
                ..self.entry(visit, kind, "Wrong email or password.")
            };
            let user_id = entry.user_id.clone();
            match protection::after_failure(&visit.app, &visit.tenant, attempt, entry).await {
                Ok(Consequence::None) => {}
                Ok(Consequence::LimitReached { blocked, notify }) => {
                    if let (true, Some(user_id)) = (notify, user_id) {
                        Sender::at(visit, &self.login).blocked(&user_id).await;
                    }
                    if blocked {
                        return self.show(visit, typed, &[Problem::UserBlocked]);
                    }
                }
                Err(error) => return visit.broken(&error),
            }
        }
        self.show(visit, typed, &[problem])
    }

    fn wrong(&self) -> Problem {
        match identified_by(&self.connection.options()) {
            Identifier::Email => Problem::WrongEmailCredentials,
            Identifier::Username | Identifier::Either => Problem::WrongCredentials,
        }
    }

    fn entry(&self, visit: &Visit, kind: Kind, description: &str) -> Entry {
        Entry {
            connection: Some(self.connection.name.clone()),
            connection_id: Some(self.connection.id.clone()),
            ..of_client(visit, &self.login, kind, description)
        }
    }
}

/// An entry about a login at an application.
pub fn of_client(visit: &Visit, login: &Step, kind: Kind, description: &str) -> Entry {
    Entry {
        client_id: Some(login.client.id.clone()),
        client_name: Some(login.client.name.clone()),
        ..visit.entry(kind, description)
    }
}

fn identified_by(options: &Options) -> Identifier {
    match (options.email().identifier, options.username().identifier) {
        (true, true) => Identifier::Either,
        (false, true) => Identifier::Username,
        (true | false, false) => Identifier::Email,
    }
}
