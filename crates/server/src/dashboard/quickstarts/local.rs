//! Where a quickstart runs: an address on the developer's own machine.
//!
//! The callback of the application is used if it is such an address. Otherwise the usual one is, and a step says
//! that it has to be allowed first.

use super::{App, Step};

/// An address on this machine that the application is called back at.
pub(super) struct Local {
    /// Scheme, host and port.
    pub(super) origin: String,
    pub(super) port: u16,
    /// With the slash at its start.
    pub(super) path: String,
    /// Whether the application already has it among its callbacks.
    allowed: bool,
}

impl Local {
    /// The application's own callback if it will do, otherwise port 3000 with the path that is given.
    pub(super) fn of(app: &App<'_>, usual_path: &str) -> Self {
        let own = app.callback.and_then(parsed);
        // A server has its home page at `/`, so nothing can be called back there.
        own.filter(|own| usual_path == "/" || own.path != "/").unwrap_or_else(|| Self {
            origin: "http://localhost:3000".to_owned(),
            port: 3000,
            path: usual_path.to_owned(),
            allowed: false,
        })
    }

    /// The address as it has to be written in the settings and in requests.
    pub(super) fn callback(&self) -> String {
        // Auth0's own libraries and their users write the bare origin; both sides have to write the same.
        if self.path == "/" { self.origin.clone() } else { format!("{}{}", self.origin, self.path) }
    }

    /// What has to be allowed before anything works, and is not; `origins`: web origins too.
    pub(super) fn steps(&self, app: &App<'_>, origins: bool) -> Vec<Step> {
        let origin = self.origin.as_str();
        let mut steps = Vec::new();
        if !self.allowed {
            let text = "Add this address to the allowed callback URLs of the application.";
            steps.push(Step::address(text, &self.callback()));
        }
        if !app.logout_urls.contains(&origin) {
            let text =
                "Add this address to the allowed logout URLs, so that people come back after signing out.";
            steps.push(Step::address(text, origin));
        }
        if origins && !app.web_origins.contains(&origin) {
            let text = "Add this address to the allowed web origins, so that a session survives a reload.";
            steps.push(Step::address(text, origin));
        }
        steps
    }
}

fn parsed(callback: &str) -> Option<Local> {
    let rest = callback.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = authority.split_once(':')?;
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte));
    // With the slash alone it is another address than the one that `Local::callback` writes.
    let allowed = path != "/";
    let path = if path.is_empty() { "/" } else { path };
    (matches!(host, "localhost" | "127.0.0.1") && plain).then_some(())?;
    Some(Local {
        origin: format!("http://{authority}"),
        port: port.parse().ok()?,
        path: path.to_owned(),
        allowed,
    })
}
