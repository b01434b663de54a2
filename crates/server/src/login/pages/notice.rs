//! Pages that tell how something ended.

use super::Scene;
use super::page::{Error, Failure, Outcome, ResetFailure};
use super::texts::Texts;
use super::view::{Part, Symbol, View};
use crate::branding::Address;
use crate::prompts::Screen;

/// The password was changed.
pub(super) fn reset_done<'a>(back: Option<&str>, scene: &'a Scene<'a>) -> View<'a> {
    let texts = Texts::new(scene, Screen::ResetSuccess, vec![]);
    View::new(&texts, "reset-page-title", "reset-done-title")
        .symbol(Symbol::Done)
        .lead(texts.get("reset-done-description"))
        .button(back, "back-to-application", &texts)
}

/// The link of the mail is of no use.
pub(super) fn reset_failed<'a>(why: ResetFailure, again: Option<&str>, scene: &'a Scene<'a>) -> View<'a> {
    let texts = Texts::new(scene, Screen::ResetError, vec![]);
    let (heading, lead) = match why {
        ResetFailure::Expired => ("reset-expired-title", "reset-expired-description"),
        ResetFailure::Used => ("reset-used-title", "reset-used-description"),
        ResetFailure::Invalid => ("reset-invalid-title", "reset-invalid-description"),
    };
    View::new(&texts, "reset-page-title", heading).symbol(Symbol::Failed).lead(texts.get(lead)).button(
        again,
        "reset-again",
        &texts,
    )
}

/// What became of the verification of an email address.
pub(super) fn verification<'a>(outcome: Outcome, back: Option<&str>, scene: &'a Scene<'a>) -> View<'a> {
    let texts = Texts::new(scene, Screen::Verification, vec![]);
    let (symbol, heading, lead) = match outcome {
        Outcome::Done => (Symbol::Done, "verified-title", "verified-description"),
        Outcome::Already => (Symbol::Done, "verified-title", "verified-already-description"),
        Outcome::Invalid => (Symbol::Failed, "verification-failed-title", "verification-invalid-description"),
        Outcome::Failed => (Symbol::Failed, "verification-failed-title", "verification-error-description"),
    };
    View::new(&texts, "verification-page-title", heading).symbol(symbol).lead(texts.get(lead)).button(
        back,
        "back-to-application",
        &texts,
    )
}

/// What became of the unblocking of an account.
pub(super) fn unblock<'a>(outcome: Outcome, scene: &'a Scene<'a>) -> View<'a> {
    let failed = |lead| {
        let texts = Texts::new(scene, Screen::UnblockFailed, vec![]);
        View::new(&texts, "unblock-failed-page-title", "unblock-failed-title")
            .symbol(Symbol::Failed)
            .lead(texts.get(lead))
    };
    match outcome {
        Outcome::Done => {
            let texts = Texts::new(scene, Screen::Unblocked, vec![]);
            View::new(&texts, "unblock-page-title", "unblocked-title")
                .symbol(Symbol::Done)
                .lead(texts.get("unblocked-description"))
        }
        Outcome::Already => failed("unblock-used-description"),
        Outcome::Invalid => failed("unblock-expired-description"),
        Outcome::Failed => failed("unblock-error-description"),
    }
}

/// The device is connected, or not.
pub(super) fn device_done<'a>(allowed: bool, scene: &'a Scene<'a>) -> View<'a> {
    let (screen, symbol, heading, lead) = if allowed {
        (Screen::DeviceAllowed, Symbol::Done, "device-done-title", "device-done-description")
    } else {
        (Screen::DeviceDenied, Symbol::Failed, "device-refused-title", "device-refused-description")
    };
    let texts = Texts::new(scene, screen, vec![]);
    View::new(&texts, "device-page-title", heading).symbol(symbol).lead(texts.get(lead))
}

/// Logged out, or not after all.
pub(super) fn logged_out<'a>(back: Option<&str>, kept: bool, scene: &'a Scene<'a>) -> View<'a> {
    let texts = Texts::new(scene, Screen::LoggedOut, vec![]);
    let (page_title, heading) = if kept {
        ("logout-kept-page-title", "logout-kept-title")
    } else {
        ("logged-out-page-title", "logged-out-title")
    };
    View::new(&texts, page_title, heading)
        .symbol(Symbol::Done)
        .lead(texts.get("logged-out-description"))
        .button(back, "back-to-application", &texts)
}

/// Logged out; the page tells others, and goes on by itself if there is somewhere to go.
pub(super) fn leaving<'a>(then: Option<&str>, told: &[Address], scene: &'a Scene<'a>) -> View<'a> {
    let mut view = match then {
        None => logged_out(None, false, scene),
        Some(to) => {
            let texts = Texts::new(scene, Screen::Relay, vec![]);
            let view = View::new(&texts, "relay-page-title", "relay-page-title");
            view.lead(texts.get("relay-description")).button(Some(to), "continue", &texts)
        }
    };
    view.told = told.to_vec();
    view.onward = then.map(str::to_owned);
    view
}

/// There is no other page.
pub(super) fn error<'a>(page: &Error<'_>, scene: &'a Scene<'a>) -> View<'a> {
    let Error { failure, details, reference, back } = page;
    let texts = Texts::new(scene, Screen::Error, vec![]);
    let (heading, lead) = match failure {
        Failure::Generic | Failure::Provider => ("error-generic-title", "error-generic-description"),
        Failure::Expired => ("error-expired-title", "error-expired-description"),
        Failure::Request => ("error-request-title", "error-request-description"),
        Failure::Denied => ("error-denied-title", "error-denied-description"),
        Failure::Missing => ("error-missing-title", "error-missing-description"),
        Failure::Busy => ("error-busy-title", "error-busy-description"),
    };
    let mut lines = Vec::new();
    if let Some((code, description)) = details {
        lines.push((texts.get("error-code"), (*code).to_owned()));
        lines.push((texts.get("error-details"), (*description).to_owned()));
    }
    if let Some(reference) = reference {
        lines.push((texts.get("error-tracking"), (*reference).to_owned()));
    }
    let mut view =
        View::new(&texts, "error-page-title", heading).symbol(Symbol::Failed).lead(texts.get(lead));
    if !lines.is_empty() {
        view = view.part(Part::Details(lines));
    }
    view.button(*back, "back-to-application", &texts)
}
