//! Pages that ask for a decision: consent, devices, logout; and the page that needs none.

use super::Scene;
use super::account::entered;
use super::form::{Field, Form, FormPart, FormView};
use super::page::{Consent, DeviceCode};
use super::paths::CODE;
use super::texts::Texts;
use super::view::{Part, View};
use crate::prompts::Screen;

/// Scopes that are the same everywhere, and what they mean.
const SCOPES: &[(&str, &str)] = &[
    ("openid", "scope-openid"),
    ("profile", "scope-profile"),
    ("email", "scope-email"),
    ("address", "scope-address"),
    ("phone", "scope-phone"),
    ("offline_access", "scope-offline"),
];

/// What the scopes mean, if there are any.
fn listed(scopes: &[(String, Option<String>)], texts: &Texts<'_>) -> Option<FormPart> {
    let meanings = scopes.iter().map(|(scope, description)| {
        let known = SCOPES.iter().find(|(name, _)| name == scope).map(|(_, message)| texts.get(message));
        known.or_else(|| description.clone().filter(|text| !text.is_empty())).unwrap_or_else(|| scope.clone())
    });
    (!scopes.is_empty()).then(|| FormPart::Scopes(texts.get("consent-scopes"), meanings.collect()))
}

/// May the application?
pub(super) fn consent<'a>(page: &Consent<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let Consent { form, user, scopes, host } = page;
    let arguments = vec![("user", (*user).to_owned()), ("host", (*host).to_owned())];
    let texts = Texts::new(scene, Screen::Consent, arguments);
    let mut parts: Vec<_> = listed(scopes, &texts).into_iter().collect();
    parts.push(FormPart::Quiet(texts.get("consent-returns")));
    parts.push(FormPart::Choice(texts.get("accept"), texts.get("decline")));
    View::new(&texts, "consent-page-title", "consent-title")
        .lead(texts.get("consent-greeting"))
        .part(Part::Text(texts.get("consent-message")))
        .part(Part::Form(FormView { form: form.clone(), parts }))
}

/// The code of a device.
pub(super) fn device_code<'a>(page: &DeviceCode<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let DeviceCode { form, code, problems } = page;
    let texts = Texts::new(scene, Screen::DeviceCode, vec![]);
    let field = Field { capitals: true, ..Field::text(CODE, texts.get("label-code"), "one-time-code", code) };
    let view = View::new(&texts, "device-page-title", "device-title").lead(texts.get("device-description"));
    entered(view, (form, vec![field], problems), vec![], ("continue", &texts))
}

/// Is it the right device?
pub(super) fn device_confirm<'a>(
    (form, code): (&Form, &str),
    scopes: &[(String, Option<String>)],
    scene: &'a Scene<'a>,
) -> View<'a> {
    let texts = Texts::new(scene, Screen::DeviceConfirm, vec![]);
    let mut parts: Vec<_> = listed(scopes, &texts).into_iter().collect();
    parts.push(FormPart::Quiet(texts.get("device-confirm-warning")));
    parts.push(FormPart::Choice(texts.get("confirm"), texts.get("cancel")));
    View::new(&texts, "device-confirm-page-title", "device-confirm-title")
        .lead(texts.get("device-confirm-description"))
        .part(Part::Code(code.to_owned()))
        .part(Part::Form(FormView { form: form.clone(), parts }))
}

/// Really log out?
pub(super) fn logout<'a>(form: &Form, user: &str, scene: &'a Scene<'a>) -> View<'a> {
    let texts = Texts::new(scene, Screen::Logout, vec![("user", user.to_owned())]);
    let parts = vec![FormPart::Choice(texts.get("logout-yes"), texts.get("logout-no"))];
    View::new(&texts, "logout-page-title", "logout-title")
        .lead(texts.get("logout-greeting"))
        .part(Part::Text(texts.get("logout-description")))
        .part(Part::Form(FormView { form: form.clone(), parts }))
}

/// Carries parameters to another site.
pub(super) fn relay<'a>(
    action: &str,
    parameters: &[(&'static str, String)],
    scene: &'a Scene<'a>,
) -> View<'a> {
    let texts = Texts::new(scene, Screen::Relay, vec![]);
    let form = Form { action: action.to_owned(), hidden: parameters.to_vec() };
    let parts = vec![FormPart::Go(texts.get("continue"))];
    let mut view = View::new(&texts, "relay-page-title", "relay-page-title")
        .lead(texts.get("relay-description"))
        .part(Part::Form(FormView { form, parts }));
    view.sends_itself = true;
    view
}
