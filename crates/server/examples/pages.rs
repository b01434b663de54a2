//! Writes every page, with its policy, to a folder: to be looked at in a browser.
//!
//! `cargo run -p chancery --example pages -- FOLDER [LANGUAGE] [BRANDING]`, where the last is a file with what
//! `GET /api/v2/branding` answers.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use axum::body::to_bytes;
use chancery::branding::{KIND, Look, SETTINGS};
use chancery::login::pages::{
    self, Choices, Consent, DeviceCode, Failure, Form, Identifier, Login, Outcome, Page, Problem, Reset,
    ResetFailure, ResetRequest, ResetSent, Rule, RuleLine, Scene, Signup, Step, assets, paths,
};
use chancery::messages::{Language, Wishes};
use chancery::tenant_documents::{Stored, TenantDocuments};
use serde_json::{Map, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let wish = arguments.next();
    let look = look(arguments.next())?;
    let wishes = Wishes { ui_locales: wish.as_deref(), accept_language: None };
    let language = Language::choose(&look.languages, wishes);
    let scene = Scene {
        look: &look,
        language: &language,
        application: Some("Garden Shop"),
        nonce: "bm9uY2U",
        leads_to: Some("https://shop.example/callback"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    fs::create_dir_all(&folder)?;
    for (name, page) in account().into_iter().chain(outcomes()).chain(decisions()) {
        let response = page.render(&scene);
        let policy = response.headers()["content-security-policy"].to_str()?.to_owned();
        let html = runtime.block_on(to_bytes(response.into_body(), usize::MAX))?;
        fs::write(folder.join(format!("{name}.html")), html)?;
        fs::write(folder.join(format!("{name}.policy")), policy)?;
    }
    for asset in [&*assets::STYLE, &*assets::SCRIPT, &*assets::ICON] {
        let file = asset.path.rsplit('/').next().unwrap_or_default();
        fs::write(folder.join(file), &asset.content)?;
    }
    Ok(())
}

fn look(branding: Option<String>) -> Result<Look, Box<dyn Error>> {
    let mut documents = Vec::new();
    if let Some(path) = branding {
        documents.push(Stored {
            kind: KIND.0.to_owned(),
            name: SETTINGS.to_owned(),
            document: serde_json::from_slice(&fs::read(path)?)?,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        });
    }
    let mut settings = Map::new();
    settings.insert("friendly_name".to_owned(), Value::from("Meadow & Co"));
    settings.insert("support_email".to_owned(), Value::from("help@meadow.example"));
    Ok(Look::of("meadow", &settings, &TenantDocuments::of(documents)))
}

const EMAIL: &str = "anna.maria.schmidt@example.com";

fn choices() -> Choices {
    let to = |path| Some(paths::with_state(path, "st"));
    Choices {
        login: to(paths::LOGIN_ID),
        signup: to(paths::SIGNUP),
        reset: to(paths::RESET_REQUEST),
        edit: to(paths::LOGIN_ID),
    }
}

fn form(path: &str) -> Form {
    Form::new(path, "st", "cs")
}

fn login(path: &str, step: Step, problems: &'static [Problem]) -> Page<'static> {
    let username = if problems.is_empty() && step != Step::Password { "" } else { EMAIL };
    let identifier = if step == Step::Both { Identifier::Either } else { Identifier::Email };
    Page::Login(Login {
        form: form(path),
        step,
        identifier,
        username,
        problems,
        choices: choices(),
        providers: &[],
        passkey: None,
    })
}

fn rules(met: Option<bool>) -> &'static [RuleLine] {
    let line = |rule, met| RuleLine { met, ..RuleLine::new(rule) };
    let kinds = [Rule::Lower, Rule::Upper, Rule::Digit, Rule::Special];
    let among = RuleLine {
        among: kinds.map(|rule| line(rule, met.map(|_| rule == Rule::Lower))).to_vec(),
        ..line(Rule::Among(3), met.map(|_| false))
    };
    Box::leak(Box::new([line(Rule::Length(8), met), among]))
}

fn account() -> Vec<(&'static str, Page<'static>)> {
    let signup = |username, met, problems| {
        let email = if met == Some(true) { EMAIL } else { "" };
        let rules = rules(met);
        Page::Signup(Signup {
            form: form(paths::SIGNUP),
            email,
            username,
            rules,
            problems,
            choices: choices(),
        })
    };
    let reset = |met, problems| {
        Page::Reset(Reset { form: form(paths::RESET), email: EMAIL, rules: rules(met), problems })
    };
    let request = |email, problems| {
        Page::ResetRequest(ResetRequest {
            form: form(paths::RESET_REQUEST),
            email,
            problems,
            choices: choices(),
        })
    };
    vec![
        ("login", login(paths::LOGIN, Step::Both, &[])),
        ("login-wrong", login(paths::LOGIN, Step::Both, &[Problem::WrongCredentials])),
        ("login-blocked", login(paths::LOGIN, Step::Both, &[Problem::UserBlocked])),
        ("login-id", login(paths::LOGIN_ID, Step::Identifier, &[])),
        ("login-id-wrong", login(paths::LOGIN_ID, Step::Identifier, &[Problem::InvalidEmail])),
        ("login-password", login(paths::LOGIN_PASSWORD, Step::Password, &[])),
        ("login-password-wrong", login(paths::LOGIN_PASSWORD, Step::Password, &[Problem::NoPassword])),
        ("signup", signup(None, None, &[])),
        ("signup-wrong", signup(Some("anna"), Some(true), &[Problem::SignupRefused, Problem::PasswordWeak])),
        ("reset-request", request("", &[])),
        ("reset-request-wrong", request("anna", &[Problem::InvalidEmail])),
        (
            "reset-sent",
            Page::ResetSent(ResetSent { form: form(paths::RESET_REQUEST), email: EMAIL, choices: choices() }),
        ),
        ("reset", reset(None, &[])),
        ("reset-wrong", reset(Some(true), &[Problem::PasswordWeak, Problem::PasswordMismatch])),
    ]
}

fn outcomes() -> Vec<(&'static str, Page<'static>)> {
    let back = Some("https://shop.example/");
    let error = |failure, details, reference| Page::Error(pages::Error { failure, details, reference, back });
    let details = Some((
        "invalid_request",
        "The redirect_uri http://localhost:3000/callback is not one of this application.",
    ));
    vec![
        ("reset-done", Page::ResetDone { back }),
        (
            "reset-expired",
            Page::ResetFailed { why: ResetFailure::Expired, again: Some(paths::RESET_REQUEST) },
        ),
        ("verified", Page::Verification { outcome: Outcome::Done, back }),
        ("verification-invalid", Page::Verification { outcome: Outcome::Invalid, back: None }),
        ("unblocked", Page::Unblock { outcome: Outcome::Done }),
        ("unblock-invalid", Page::Unblock { outcome: Outcome::Invalid }),
        ("device-allowed", Page::DeviceDone { allowed: true }),
        ("device-refused", Page::DeviceDone { allowed: false }),
        ("logged-out", Page::LoggedOut { back, kept: false }),
        ("leaving", Page::Leaving { then: back, told: &[] }),
        ("logout-kept", Page::LoggedOut { back, kept: true }),
        ("error-request", error(Failure::Request, details, Some("9f1c2d34e5a6b7c8"))),
        ("error-expired", error(Failure::Expired, None, None)),
        ("error-missing", error(Failure::Missing, None, None)),
    ]
}

fn decisions() -> Vec<(&'static str, Page<'static>)> {
    let scopes = ["openid", "profile", "email", "offline_access", "read:orders", "write:orders"];
    let scopes = scopes
        .map(|scope| (scope.to_owned(), (scope == "read:orders").then(|| "see what you ordered".to_owned())));
    let consent = Consent {
        form: form(paths::CONSENT),
        user: EMAIL,
        scopes: Box::leak(Box::new(scopes)),
        host: "shop.example",
    };
    let code = |code, problems| {
        Page::DeviceCode(DeviceCode { form: Form::plain(paths::DEVICE, "cs"), code, problems })
    };
    vec![
        ("consent", Page::Consent(consent)),
        ("device", code("", &[])),
        ("device-wrong", code("BDFG-HJKL", &[Problem::InvalidCode])),
        (
            "device-confirm",
            Page::DeviceConfirm { form: form(paths::DEVICE_CONFIRM), code: "BDFG-HJKL", scopes: &[] },
        ),
        (
            "relay",
            Page::Relay {
                action: "https://shop.example/callback",
                parameters: Box::leak(Box::new([("code", "x".to_owned())])),
            },
        ),
        ("logout", Page::Logout { form: form(paths::LOGOUT), user: EMAIL }),
    ]
}
