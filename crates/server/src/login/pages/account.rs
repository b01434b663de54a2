//! Pages with fields: login, signup, reset of a password.
//!
//! Must never say more of an account than was entered.

use super::Scene;
use super::form::{Field, Form, FormPart, FormView, with_problems};
use super::page::{Identifier, Login, PasskeyForm, Provider, Reset, ResetRequest, ResetSent, Signup, Step};
use super::paths::{EMAIL, PASSWORD, REPEAT, USERNAME};
use super::problem::Problem;
use super::rules::{self, RuleLine};
use super::texts::Texts;
use super::view::{Part, Symbol, View};
use crate::prompts::Screen;

/// Login, in one step or in two.
pub(super) fn login<'a>(page: &Login<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let Login { form, step, identifier, username, problems, choices, providers, passkey } = page;
    let (screen, [title, heading, lead]) = match step {
        Step::Both => (Screen::Login, ["login-page-title", "login-title", "login-description"]),
        Step::Identifier | Step::Elsewhere => {
            (Screen::LoginId, ["login-page-title", "login-title", "login-description"])
        }
        Step::Password => {
            (Screen::LoginPassword, ["password-page-title", "password-title", "password-description"])
        }
    };
    let texts = Texts::new(scene, screen, vec![]);
    let mut who = identified(*identifier, username, &texts);
    if *step == Step::Password {
        let edit = choices.edit.clone();
        who = who.fixed(edit.map(|address| (address, texts.get("edit"), texts.get("edit-identifier"))));
    }
    let mut fields = vec![who];
    if *step != Step::Identifier {
        fields.push(Field::password(PASSWORD, texts.get("label-password"), "current-password", &texts));
    }
    let forgot = choices.reset.iter().map(|to| FormPart::Link(to.clone(), texts.get("forgot-password")));
    let mut view = View::new(&texts, title, heading).lead(texts.get(lead));
    if *step != Step::Elsewhere {
        view = entered(view, (form, fields, problems), forgot.collect(), ("continue", &texts));
        if !providers.is_empty() {
            view = view.part(Part::Divider(texts.get("divider")));
        }
    }
    if let Some(PasskeyForm { form, options }) = passkey {
        let text = texts.get("continue-with-passkey");
        view = view.part(Part::Passkey(form.clone(), options.clone(), text));
    }
    for Provider { address, name, icon } in *providers {
        let text = texts.filled("continue-with", vec![("provider", name.clone())]);
        view = view.part(Part::Provider(address.clone(), icon.clone(), text));
    }
    view.way(choices.signup.as_deref(), (Some("signup-question"), "signup-link"), &texts)
}

/// A new account.
pub(super) fn signup<'a>(page: &Signup<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let Signup { form, email, username, rules, problems, choices } = page;
    let texts = Texts::new(scene, Screen::Signup, vec![]);
    let mut fields = vec![Field::email(EMAIL, texts.get("label-email"), "email", email)];
    if let Some(username) = username {
        fields.push(Field::text(USERNAME, texts.get("label-username"), "username", username));
    }
    fields.push(new_password("label-password", rules, &texts));
    let view = View::new(&texts, "signup-page-title", "signup-title").lead(texts.get("signup-description"));
    let view = entered(view, (form, fields, problems), listed(rules, &texts), ("continue", &texts));
    view.way(choices.login.as_deref(), (Some("login-question"), "login-link"), &texts)
}

/// Asking for a mail to reset a password.
pub(super) fn reset_request<'a>(page: &ResetRequest<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let ResetRequest { form, email, problems, choices } = page;
    let texts = Texts::new(scene, Screen::ResetRequest, vec![]);
    let fields = vec![Field::email(EMAIL, texts.get("label-email"), "email", email)];
    let view = View::new(&texts, "reset-page-title", "reset-request-title")
        .lead(texts.get("reset-request-description"));
    entered(view, (form, fields, problems), vec![], ("continue", &texts)).way(
        choices.login.as_deref(),
        (None, "back-to-login"),
        &texts,
    )
}

/// The mail is on its way.
pub(super) fn reset_sent<'a>(page: &ResetSent<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let ResetSent { form, email, choices } = page;
    let texts = Texts::new(scene, Screen::ResetEmail, vec![("email", (*email).to_owned())]);
    let again =
        vec![FormPart::Quiet(texts.get("resend-question")), FormPart::Second(texts.get("resend-link"))];
    View::new(&texts, "reset-page-title", "reset-sent-title")
        .symbol(Symbol::Mail)
        .lead(texts.get("reset-sent-description"))
        .part(Part::Quiet(texts.get("reset-sent-hint")))
        .part(Part::Form(FormView { form: form.clone(), parts: again }))
        .way(choices.login.as_deref(), (None, "back-to-login"), &texts)
}

/// Setting the new password.
pub(super) fn reset<'a>(page: &Reset<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let Reset { form, email, rules, problems } = page;
    let texts = Texts::new(scene, Screen::Reset, vec![("email", (*email).to_owned())]);
    let fields = vec![
        // So that password managers know whose password it is.
        Field::text(USERNAME, texts.get("label-email"), "username", email).fixed(None),
        new_password("label-new-password", rules, &texts),
        Field::password(REPEAT, texts.get("label-repeat-password"), "new-password", &texts),
    ];
    let view = View::new(&texts, "reset-page-title", "reset-title").lead(texts.get("reset-description"));
    entered(view, (form, fields, problems), listed(rules, &texts), ("reset-button", &texts))
}

fn identified(identifier: Identifier, value: &str, texts: &Texts<'_>) -> Field {
    match identifier {
        Identifier::Email => Field::email(USERNAME, texts.get("label-email"), "username", value),
        Identifier::Username => Field::text(USERNAME, texts.get("label-username"), "username", value),
        Identifier::Either => Field::text(USERNAME, texts.get("label-identifier"), "username", value),
    }
}

fn new_password(label: &'static str, rules: &[RuleLine], texts: &Texts<'_>) -> Field {
    let field = Field::password(PASSWORD, texts.get(label), "new-password", texts);
    if rules.is_empty() { field } else { field.ruled() }
}

fn listed(rules: &[RuleLine], texts: &Texts<'_>) -> Vec<FormPart> {
    if rules.is_empty() {
        return vec![];
    }
    vec![FormPart::Rules(texts.get("rules-title"), rules::views(rules, texts))]
}

/// Adds a form: fields with what was wrong, what stands below them, and its button.
pub(super) fn entered<'a>(
    view: View<'a>,
    (form, fields, problems): (&Form, Vec<Field>, &[Problem]),
    end: Vec<FormPart>,
    (button, texts): (&'static str, &Texts<'a>),
) -> View<'a> {
    let (alerts, fields) = with_problems(fields, problems, texts);
    let fields = fields.into_iter().map(|field| FormPart::Field(Box::new(field)));
    let parts = fields.chain(end).chain([FormPart::Submit(texts.get(button))]).collect();
    view.alerts(alerts, texts).part(Part::Form(FormView { form: form.clone(), parts }))
}
