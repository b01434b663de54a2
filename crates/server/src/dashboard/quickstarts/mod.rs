//! Working code for an application of the tenant: what its developer does first.
//!
//! The values of the application stand in the code, quoted for its language; its secret never does. Where one is
//! needed the code reads the environment, and the command that sets it says `YOUR_CLIENT_SECRET`. The libraries
//! are those that `tests/people` and `examples/` sign in with. Pure: no clock, no settings, no HTML.

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
    /// What the button that copies the code is called.
    pub copy_label: &'static str,
}

/// The quickstarts for this kind of application, the most usual one first.
pub fn for_app(_app: &App<'_>) -> Vec<Quickstart> {
    Vec::new()
}
