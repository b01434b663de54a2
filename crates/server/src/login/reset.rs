//! A new password for somebody who forgot theirs: the mail is asked for, and its link sets the password once.
//!
//! Must never tell whether the address has an account, and must never believe anything but the ticket about whose
//! password it is.

use axum::response::Response;
use chancery_oauth::parameters::Parameters;

use super::letters::Sender;
use super::pages::{Choices, Form, Page, Problem, Reset, ResetFailure, ResetRequest, ResetSent, paths};
use super::under_way::{Step, first_page};
use super::visit::{Setting, Visit};
use super::{identify, rules, verify};
use crate::connections::{self, Connection};
use crate::db::DbError;
use crate::logs::{Entry, Kind};
use crate::protection::{self, Verdict};
use crate::tickets::{self, Terms, Ticket};
use crate::users::{self, Identity, PROVIDER, User, UserError};
use crate::write::Write;

/// The hidden field that carries the ticket.
const TICKET: &str = "ticket";

/// Asking for the mail: GET and POST.
pub(super) async fn request(mut visit: Visit) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let form = Form::new(paths::RESET_REQUEST, &login.text, &login.proof(&visit));
    let show = |visit: &Visit, email: &str, problems: &[Problem]| {
        let page = ResetRequest { form: form.clone(), email, problems, choices: back(visit, &login) };
        visit.page(&Page::ResetRequest(page), &login.setting())
    };
    if !visit.is_post() {
        return show(&visit, login.identifier().unwrap_or_default(), &[]);
    }
    let Some(mut sent) = visit.form(&login.text) else { return show(&visit, "", &[Problem::Stale]) };
    let email = sent.take(paths::EMAIL).map(|email| email.trim().to_owned()).unwrap_or_default();
    if email.is_empty() {
        return show(&visit, "", &[Problem::NoEmail]);
    }
    if !users::is_email(&email) {
        return show(&visit, &email, &[Problem::InvalidEmail]);
    }
    match protection::before_reset(&visit.app, &visit.tenant, visit.origin.ip).await {
        Ok(Verdict::Allowed) => {}
        Ok(Verdict::Blocked | Verdict::Throttled(_)) => return show(&visit, &email, &[Problem::TooMany]),
        Err(error) => return visit.broken(&error),
    }
    if let Err(error) = protection::evenly(send(&visit, &login, &email)).await {
        tracing::error!(%error, "a mail for a new password could not be written");
        return show(&visit, &email, &[Problem::Failure]);
    }
    let form = form.clone().with(paths::EMAIL, &email);
    let page = ResetSent { form, email: &email, choices: back(&visit, &login) };
    visit.page(&Page::ResetSent(page), &login.setting())
}

fn back(visit: &Visit, login: &Step) -> Choices {
    let path = first_page(&visit.tenant);
    Choices { login: Some(paths::with_state(path, &login.text)), ..Choices::default() }
}

/// Sends the mail if the address has an account, and looks the same if it has none.
async fn send(visit: &Visit, login: &Step, email: &str) -> Result<(), DbError> {
    let (db, tenant) = (&visit.app.db, visit.tenant.id());
    for home in login.homes(visit, email).await? {
        if home.options().password_change_disabled() {
            continue;
        }
        let Some(found) = users::by_identifier(db, tenant, &home, email).await? else {
            let entry = identify::of_client(visit, login, Kind::Fcpr, "Nobody has this address");
            let entry = Entry { user_name: Some(email.to_owned()), ..entry };
            Write::begin(&visit.app, tenant).await?.commit(entry).await?;
            continue;
        };
        let Some(user) = users::find(db, tenant, &found.user_id).await? else { continue };
        let entry = identify::of_client(visit, login, Kind::Scpr, "Change password request");
        Sender::at(visit, login).reset((&user, &found.identity_id), &home, entry).await?;
    }
    Ok(())
}

/// The link of the mail: the form, if the ticket is good.
pub(super) async fn verify(visit: Visit) -> Response {
    let text = visit.query.value(TICKET).unwrap_or_default().to_owned();
    match Desk::find(&visit, text).await {
        Ok(desk) => desk.show(&visit, None, &[]),
        Err(page) => page,
    }
}

/// The new password.
pub(super) async fn change(mut visit: Visit) -> Response {
    let text = visit.query.value(TICKET).unwrap_or_default().to_owned();
    let form = visit.form(&text);
    let desk = match Desk::find(&visit, text).await {
        Ok(desk) => desk,
        Err(page) => return page,
    };
    match form {
        Some(form) => desk.sent(&visit, form).await,
        None => desk.show(&visit, None, &[Problem::Stale]),
    }
}

fn failed(visit: &Visit, why: ResetFailure) -> Response {
    visit.page(&Page::ResetFailed { why, again: None }, &Setting::default())
}

/// Where a new password is set.
struct Desk {
    text: String,
    ticket: Ticket,
    user: User,
    identity_id: String,
    connection: Connection,
}

impl Desk {
    async fn find(visit: &Visit, text: String) -> Result<Self, Response> {
        let found = Self::look(visit, text).await.map_err(|error| visit.broken(&error))?;
        found.ok_or_else(|| failed(visit, ResetFailure::Invalid))
    }

    async fn look(visit: &Visit, text: String) -> Result<Option<Self>, DbError> {
        let (app, tenant) = (&visit.app, &visit.tenant);
        let kind = tickets::Kind::PasswordChange;
        let Some(ticket) = tickets::look(app, tenant, (kind, &text)).await? else { return Ok(None) };
        let Some(user) = users::find(&app.db, tenant.id(), &ticket.user_id).await? else { return Ok(None) };
        let Terms { connection_id, identity_id, email, .. } = &ticket.terms;
        let named = |own: &&Identity| {
            own.provider == PROVIDER
                && connection_id.as_ref().is_none_or(|id| *id == own.connection_id)
                && identity_id.as_ref().is_none_or(|id| *id == own.id)
        };
        let Some(identity) = user.identities.iter().find(named) else { return Ok(None) };
        // Whoever reads the former address is somebody else by now, perhaps.
        if email.as_deref().is_some_and(|email| user.address_for(identity) != Some(email)) {
            return Ok(None);
        }
        let connection = connections::sql::find_any(&app.db, tenant.id(), &identity.connection_id).await?;
        let identity_id = identity.id.clone();
        Ok(connection.map(|connection| Self { text, ticket, user, identity_id, connection }))
    }

    fn email(&self) -> &str {
        self.ticket.terms.email.as_deref().or(self.user.log_name()).unwrap_or_default()
    }

    /// The form, and what was wrong with this password.
    fn show(&self, visit: &Visit, password: Option<&str>, problems: &[Problem]) -> Response {
        let mut form = Form::plain(paths::RESET, &visit.proof(&self.text));
        form.action = format!("{}?{TICKET}={}", paths::RESET, self.text);
        let lines = rules::lines(&self.connection.options().policy(), password);
        let page = Reset { form, email: self.email(), rules: &lines, problems };
        visit.page(&Page::Reset(page), &Setting::default())
    }

    async fn sent(self, visit: &Visit, mut form: Parameters) -> Response {
        let (password, repeat) = (form.take(paths::PASSWORD), form.take(paths::REPEAT));
        let Some(password) = password else { return self.show(visit, None, &[Problem::NoPassword]) };
        match repeat {
            None => return self.show(visit, None, &[Problem::NoRepeat]),
            Some(repeat) if repeat != password => {
                return self.show(visit, None, &[Problem::PasswordMismatch]);
            }
            Some(_) => {}
        }
        match self.write(visit, &password).await {
            Ok(true) => {
                let Terms { result_url, email, include_email, .. } = &self.ticket.terms;
                let email = email.as_deref().filter(|_| *include_email);
                let back = result_url.as_deref().map(|url| verify::with_email(url, email));
                visit.page(&Page::ResetDone { back: back.as_deref() }, &Setting::default())
            }
            Ok(false) => failed(visit, ResetFailure::Used),
            Err(error) => self.show(visit, Some(&password), &[rules::problem(&error)]),
        }
    }

    /// Sets the password; false if the ticket was used meanwhile.
    async fn write(&self, visit: &Visit, password: &str) -> Result<bool, UserError> {
        let (app, tenant) = (&visit.app, &visit.tenant);
        let account = users::accounts::account(&app.db, tenant.id(), &self.identity_id).await?;
        let options = self.connection.options();
        let of = (&self.user.person(), account.as_ref());
        let new = users::prepare_password(app, &options, of, password).await?;
        let mut write = Write::begin(app, tenant.id()).await?;
        let kind = tickets::Kind::PasswordChange;
        if tickets::redeem(app, write.tx(), tenant, (kind, &self.text)).await?.is_none() {
            return Ok(false);
        }
        let now = app.clock.now();
        let of = (self.user.user_id.as_str(), self.identity_id.as_str());
        if !users::set_password(write.tx(), tenant.id(), of, new, now).await? {
            return Ok(false);
        }
        if let (true, Some(email)) = (self.ticket.terms.mark_email_as_verified, &self.ticket.terms.email) {
            let of = (self.user.user_id.as_str(), Some(self.identity_id.as_str()), email.as_str());
            users::mark_email_verified(write.tx(), tenant.id(), of, now).await?;
        }
        let entry = visit.entry(Kind::Scp, "The password was changed by a link from a mail");
        write.commit(self.user.named_in(entry, &self.connection)).await?;
        Ok(true)
    }
}
