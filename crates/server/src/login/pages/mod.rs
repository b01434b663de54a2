//! The pages that people see: data in, HTML out.
//!
//! [`Page`] says what a page is about, [`Scene`] for whom, in which language and with which nonce;
//! [`Scene::render`] makes the answer, with its policy. Pure. Works without script, and must never load anything
//! from elsewhere but the pictures and the font that the tenant chose.

mod account;
pub mod assets;
mod decision;
mod form;
mod notice;
mod page;
pub mod paths;
mod policy;
mod problem;
mod rules;
mod texts;
mod view;

pub use form::Form;
pub use page::{
    Choices, Consent, DeviceCode, Error, Failure, Identifier, Login, Outcome, Page, PasskeyForm, Provider,
    Reset, ResetFailure, ResetRequest, ResetSent, Signup, Step,
};
pub use problem::Problem;
pub use rules::{Rule, RuleLine};

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::branding::Look;
use crate::messages::Language;
use crate::passwords::PoolError;
use view::View;

#[cfg(test)]
mod tests;

/// Whose page it is, for whom, and in which language.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// How the pages of the tenant look.
    pub look: &'a Look,
    /// The language; see [`Language::choose`].
    pub language: &'a Language,
    /// The name of the application; none where there is none in sight.
    pub application: Option<&'a str>,
    /// A random text, new for each answer.
    pub nonce: &'a str,
    /// Where the browser goes at the end, if the form of the page can lead there: the policy allows it.
    pub leads_to: Option<&'a str>,
}

impl Scene<'_> {
    /// The answer: the page, its status and its policy. It is never cached.
    pub fn render(&self, page: &Page<'_>) -> Response {
        let status = page.status();
        let view = page.view(self);
        match view.render() {
            Ok(html) => {
                let mut response = (status, Html(html)).into_response();
                policy::protect(response.headers_mut(), self, &view);
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    response.headers_mut().insert(RETRY_AFTER, PoolError::RETRY_AFTER.into());
                }
                response
            }
            Err(cause) => {
                tracing::error!(%cause, "a page could not be made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl Page<'_> {
    /// The answer; see [`Scene::render`].
    pub fn render(&self, scene: &Scene<'_>) -> Response {
        scene.render(self)
    }

    fn view<'a>(&self, scene: &'a Scene<'a>) -> View<'a> {
        match self {
            Page::Login(login) => account::login(login, scene),
            Page::Signup(signup) => account::signup(signup, scene),
            Page::ResetRequest(request) => account::reset_request(request, scene),
            Page::ResetSent(sent) => account::reset_sent(sent, scene),
            Page::Reset(reset) => account::reset(reset, scene),
            Page::ResetDone { back } => notice::reset_done(*back, scene),
            Page::ResetFailed { why, again } => notice::reset_failed(*why, *again, scene),
            Page::Verification { outcome, back } => notice::verification(*outcome, *back, scene),
            Page::Unblock { outcome } => notice::unblock(*outcome, scene),
            Page::Consent(consent) => decision::consent(consent, scene),
            Page::DeviceCode(device) => decision::device_code(device, scene),
            Page::DeviceConfirm { form, code, scopes } => {
                decision::device_confirm((form, code), scopes, scene)
            }
            Page::DeviceDone { allowed } => notice::device_done(*allowed, scene),
            Page::Logout { form, user } => decision::logout(form, user, scene),
            Page::LoggedOut { back, kept } => notice::logged_out(*back, *kept, scene),
            Page::Leaving { then, told } => notice::leaving(*then, told, scene),
            Page::Relay { action, parameters } => decision::relay(action, parameters, scene),
            Page::Error(error) => notice::error(error, scene),
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Page::Login(Login { problems, .. })
            | Page::Signup(Signup { problems, .. })
            | Page::ResetRequest(ResetRequest { problems, .. })
            | Page::Reset(Reset { problems, .. })
            | Page::DeviceCode(DeviceCode { problems, .. }) => {
                problems.first().map_or(StatusCode::OK, |problem| problem.status())
            }
            Page::ResetFailed { .. } => StatusCode::BAD_REQUEST,
            Page::Verification { outcome, .. } | Page::Unblock { outcome } => outcome.status(),
            Page::Error(Error { failure, .. }) => failure.status(),
            Page::ResetSent(_)
            | Page::Consent(_)
            | Page::Logout { .. }
            | Page::DeviceConfirm { .. }
            | Page::Relay { .. }
            | Page::ResetDone { .. }
            | Page::DeviceDone { .. }
            | Page::LoggedOut { .. }
            | Page::Leaving { .. } => StatusCode::OK,
        }
    }
}
