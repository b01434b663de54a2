//! Working code for an application of the tenant: what its developer does first.
//!
//! The values of the application stand in the code, quoted for its language; its secret never does. Where one is
//! needed the code reads the environment, and the command that sets it says `YOUR_CLIENT_SECRET`. The libraries
//! are those that `tests/people` and `examples/` sign in with. Pure: no clock, no settings, no HTML.

mod local;
mod machine;
mod native;
mod spa;
#[cfg(test)]
mod tests;
mod web;

/// The application, as its developer has to know it.
#[derive(Clone, Copy, Debug)]
pub struct App<'a> {
    /// `regular_web`, `spa`, `native` or `non_interactive`; anything else is treated as `regular_web`.
    pub app_type: &'a str,
    /// Its client id.
    pub client_id: &'a str,
    /// Whether the person who reads this can be shown the secret; otherwise the way to a new one is told.
    pub client_secret_known: bool,
    /// The domain of the tenant: host, and port if it is not the usual one.
    pub domain: &'a str,
    /// The issuer, with the slash at its end.
    pub issuer: &'a str,
    /// The first callback of the application, if it has any.
    pub callback: Option<&'a str>,
    /// Its allowed logout URLs.
    pub logout_urls: &'a [&'a str],
    /// Its allowed web origins.
    pub web_origins: &'a [&'a str],
    /// The identifier of an API that the application calls, if it is known.
    pub audience: Option<&'a str>,
    /// What ID tokens of the application are signed with.
    pub alg: &'a str,
}

/// The way to a first sign-in, or to a first token, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quickstart {
    /// What it makes.
    pub title: &'static str,
    /// The name of the language, as people write it.
    pub language: &'static str,
    /// For addresses and ids; different from the others of the same application.
    pub id: &'static str,
    /// What to do, one after the other.
    pub steps: Vec<Step>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Plain text: what is done here, and why.
    pub text: String,
    /// What is copied, if anything is.
    pub code: Option<String>,
    /// The file that the code is the whole content of; without it the code is a command or an excerpt.
    pub file: Option<&'static str>,
    /// What the button that copies the code is called; empty without code.
    pub copy_label: &'static str,
}

/// The quickstarts for this kind of application, the most usual one first.
pub fn for_app(app: &App<'_>) -> Vec<Quickstart> {
    match app.app_type {
        "spa" => vec![spa::javascript(app), spa::react(app)],
        "native" => vec![native::appauth(app), native::device(app)],
        "non_interactive" => vec![machine::curl(app), machine::node(app), machine::python(app)],
        _ => vec![web::node(app), web::python(app)],
    }
}

impl App<'_> {
    /// What the code says where the tokens are for an API.
    fn audience(&self) -> &str {
        self.audience.unwrap_or("YOUR_API_IDENTIFIER")
    }

    /// The address of one of the tenant's endpoints.
    fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The step that puts the secret where the code reads it.
    fn secret(&self) -> Step {
        let source = if self.client_secret_known {
            "Copy it from the settings of this application."
        } else {
            "It is not shown to you: ask somebody who may see it, or rotate it and use the new one."
        };
        let text =
            format!("Give the program the client secret. {source} It belongs into no file that is shared.");
        Step::command(text, "export CLIENT_SECRET='YOUR_CLIENT_SECRET'\n".to_owned())
    }

    /// What to do if the certificate of the tenant comes from an authority that nobody knows.
    fn trust(&self, variables: &str) -> String {
        if self.issuer.starts_with("https://") {
            format!(
                " If the certificate of {} comes from an authority of your own, name its file in {variables}.",
                self.domain
            )
        } else {
            String::new()
        }
    }
}

impl Step {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: None, file: None, copy_label: "" }
    }

    fn address(text: impl Into<String>, address: &str) -> Self {
        Self { code: Some(format!("{address}\n")), copy_label: "Copy address", ..Self::text(text) }
    }

    fn command(text: impl Into<String>, code: String) -> Self {
        Self { code: Some(code), copy_label: "Copy command", ..Self::text(text) }
    }

    fn excerpt(text: impl Into<String>, code: String) -> Self {
        Self { code: Some(code), copy_label: "Copy code", ..Self::text(text) }
    }

    fn file(file: &'static str, text: impl Into<String>, code: String) -> Self {
        Self { code: Some(code), file: Some(file), copy_label: "Copy file", ..Self::text(text) }
    }
}
