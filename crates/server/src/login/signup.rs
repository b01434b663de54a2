//! The page of a new account.
//!
//! Must never tell whether an address has an account: a taken one is refused like any other.

use axum::response::Response;
use chancery_oauth::parameters::Parameters;
use serde_json::{Map, Value};

use super::letters::Sender;
use super::opened::{self, PASSWORD, Proof};
use super::pages::{Choices, Failure, Form, Page, Problem, Signup, paths};
use super::under_way::{Step, first_page};
use super::visit::{Visit, with_cookie};
use super::{identify, rules};
use crate::connections::Connection;
use crate::logs::Kind;
use crate::protection::{self, Verdict};
use crate::users::{self, UserError};

/// GET and POST.
pub(super) async fn page(mut visit: Visit) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let connection = match login.connection(&visit).await {
        Ok(Some(connection)) => connection,
        Ok(None) => return login.to(&visit, first_page(&visit.tenant)),
        Err(error) => return visit.broken(&error),
    };
    let desk = Desk { login, connection };
    if !visit.is_post() {
        let hint = desk.login.request().and_then(|request| request.login_hint.as_deref());
        return desk.show(&visit, Typed { email: hint.unwrap_or_default(), ..Typed::default() }, &[]);
    }
    let text = desk.login.text.clone();
    match visit.form(&text) {
        Some(form) => desk.sent(visit, form).await,
        None => desk.show(&visit, Typed::default(), &[Problem::Stale]),
    }
}

/// What was typed.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    email: &'a str,
    username: &'a str,
    password: Option<&'a str>,
}

struct Desk {
    login: Step,
    connection: Connection,
}

impl Desk {
    fn show(&self, visit: &Visit, typed: Typed<'_>, problems: &[Problem]) -> Response {
        let Typed { email, username, password } = typed;
        let options = self.connection.options();
        let closed = [Problem::SignupDisabled];
        let problems = if options.signup_disabled() { &closed } else { problems };
        let path = first_page(&visit.tenant);
        let page = Page::Signup(Signup {
            form: Form::new(paths::SIGNUP, &self.login.text, &self.login.proof(visit)),
            email,
            username: options.username().identifier.then_some(username),
            rules: &rules::lines(&options.policy(), password),
            problems,
            choices: Choices { login: Some(paths::with_state(path, &self.login.text)), ..Choices::default() },
        });
        visit.page(&page, &self.login.setting())
    }

    async fn sent(self, mut visit: Visit, mut form: Parameters) -> Response {
        let mut text = |name: &str| form.take(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let (email, username) = (text(paths::EMAIL), text(paths::USERNAME));
        let password = form.take(paths::PASSWORD);
        let typed = Typed { email: &email, username: &username, password: password.as_deref() };
        let wants_username = self.connection.options().username().identifier;
        let problem = if email.is_empty() {
            Some(Problem::NoEmail)
        } else if !users::is_email(&email) {
            Some(Problem::InvalidEmail)
        } else if wants_username && username.is_empty() {
            Some(Problem::NoUsername)
        } else if password.is_none() {
            Some(Problem::NoPassword)
        } else {
            None
        };
        if let Some(problem) = problem {
            return self.show(&visit, typed, &[problem]);
        }
        match protection::before_signup(&visit.app, &visit.tenant, visit.origin.ip).await {
            Ok(Verdict::Allowed) => {}
            Ok(Verdict::Blocked | Verdict::Throttled(_)) => {
                return self.show(&visit, typed, &[Problem::TooManySignups]);
            }
            Err(error) => return visit.broken(&error),
        }
        let mut sent = Map::new();
        sent.insert("email".to_owned(), Value::from(email.as_str()));
        sent.insert("password".to_owned(), Value::from(password.as_deref()));
        if wants_username {
            sent.insert("username".to_owned(), Value::from(username.as_str()));
        }
        let entry = identify::of_client(&visit, &self.login, Kind::Ss, "Successful signup");
        let made = users::sign_up(&visit.app, visit.tenant.id(), &self.connection, sent, entry).await;
        let user = match made {
            Ok(user) => user,
            Err(error) => return self.refused(&visit, typed, &error).await,
        };
        Sender::at(&visit, &self.login).welcome(&user).await;
        let proof = Proof::of(&user, &self.connection, PASSWORD);
        let cookie = match opened::sign_in(&mut visit, &self.login, proof).await {
            Ok(Some(cookie)) => cookie,
            Ok(None) => return visit.failure(Failure::Expired, None),
            Err(error) => return visit.broken(&error),
        };
        let next = match Step::find(&visit, Some(self.login.text)).await {
            Ok(login) => login.resume(&visit).await,
            Err(over) => over,
        };
        with_cookie(next, Some(cookie))
    }

    async fn refused(&self, visit: &Visit, typed: Typed<'_>, error: &UserError) -> Response {
        let problem = rules::problem(error);
        if !matches!(problem, Problem::Busy | Problem::Failure) {
            let entry = identify::of_client(visit, &self.login, Kind::Fs, &error.to_string());
            let entry = crate::logs::Entry { user_name: Some(typed.email.to_owned()), ..entry };
            if visit.app.log.append(&visit.app, visit.tenant.id(), entry).await.is_err() {
                return self.show(visit, typed, &[Problem::Busy]);
            }
        }
        self.show(visit, typed, &[problem])
    }
}
