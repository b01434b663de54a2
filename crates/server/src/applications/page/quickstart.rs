//! The Quickstart of an application: code that signs people in or gets a token, with the application's own values.
//!
//! Must never show the client secret.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::Shown;
use crate::dashboard::quickstarts::{self, App, Quickstart, Step};
use crate::dashboard::ui::Code;
use crate::dashboard::{Desk, Failure, with_query};

#[derive(Template)]
#[template(path = "applications/page/quickstart.html")]
struct Page {
    quickstarts: Vec<Quickstart>,
    /// Which of them is shown.
    current: usize,
    path: String,
}

impl Page {
    fn shown(&self) -> Option<&Quickstart> {
        self.quickstarts.get(self.current)
    }

    fn address(&self, id: &str) -> String {
        with_query(&self.path, &[("q", id)])
    }

    fn step_id(number: usize) -> String {
        format!("step-{number}")
    }

    /// What the code of a step is, for those who hear it.
    fn name(step: &Step) -> &str {
        step.file.unwrap_or(step.copy_label)
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let path = format!("/client-grants?client_id={}&per_page=1", crate::dashboard::escaped(&shown.client_id));
    let grants = desk.api.look(&path).await?;
    let audience = grants.as_ref().and_then(|grants| grants.get(0)?.get("audience")?.as_str());
    let urls = |name: &str| -> Vec<&str> {
        shown
            .value
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    };
    let (logout_urls, web_origins) = (urls("allowed_logout_urls"), urls("web_origins"));
    let callback = shown.value.get("callbacks").and_then(|own| own.get(0)).and_then(Value::as_str);
    let app = App {
        app_type: &shown.app_type,
        client_id: &shown.client_id,
        client_secret_known: desk.may("read:client_keys"),
        domain: &desk.tenant.stored.domain,
        issuer: &desk.tenant.issuer,
        callback,
        logout_urls: &logout_urls,
        web_origins: &web_origins,
        audience,
        alg: shown.alg(),
    };
    let quickstarts = quickstarts::for_app(&app);
    let wanted = desk.query.get("q");
    let current = quickstarts.iter().position(|one| one.id == wanted).unwrap_or(0);
    let body = Page { quickstarts, current, path: format!("{}/quickstart", shown.path()) };
    Ok(super::page(&desk, &shown, "quickstart", &body))
}
