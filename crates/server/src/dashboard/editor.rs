//! A page that is one form over one object of the API: shown, saved, shown again with what was wrong.
//!
//! Must never know which object it is.

use axum::response::Response;
use serde_json::Value;

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
        Ok(desk.page(&self.frame, &self.form(desk, &object)))
    }

    /// The form over the object.
    pub fn form(&self, desk: &Desk, object: &Value) -> Form {
        Form::of(desk, self.groups, object, (&desk.path, self.scope))
    }

    /// Saves what was changed, and says `said` on the same page.
    pub async fn save(&self, desk: &Desk, posted: &Posted, said: &str) -> Result<Response, Failure> {
        match form::save(desk, self.groups, &self.object, posted).await? {
            Sent::Done(_) => Ok(desk.done(&desk.path, said)),
            Sent::Again(status, form) => Ok(desk.page_with(status, &self.frame, &*form)),
        }
    }
}
