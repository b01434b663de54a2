//! A page that is one form over one object of the API: shown, saved, shown again with what was wrong.
//!
//! Must never know which object it is.

use axum::response::Response;

use super::api::Failure;
use super::desk::Desk;
use super::form::{self, Form, Group, Sent};
use super::posted::Posted;
use super::shell::Frame;

/// The page.
pub struct Editor {
    /// The fields.
    pub groups: &'static [Group],
    /// Where the object is in the API.
    pub object: String,
    /// What it takes to change it.
    pub scope: &'static str,
    /// What surrounds the form.
    pub frame: Frame,
}

impl Editor {
    /// Shows the object.
    pub async fn show(&self, desk: &Desk) -> Result<Response, Failure> {
        let object = desk.api.get(&self.object).await?;
        let form = Form::of(desk, self.groups, &object, (&desk.path, self.scope));
        Ok(desk.page(&self.frame, &form))
    }

    /// Saves what was changed, and says `said` on the same page.
    pub async fn save(&self, desk: &Desk, posted: &Posted, said: &str) -> Result<Response, Failure> {
        match form::save(desk, self.groups, &self.object, posted).await? {
            Sent::Done(_) => Ok(desk.done(&desk.path, said)),
            Sent::Again(status, form) => Ok(desk.page_with(status, &self.frame, &*form)),
        }
    }
}
