//! Pages escape what they are given, carry their problems in the right places, and allow nothing that they do not
//! need.

use axum::body::to_bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::assets;
use super::{
    Choices, Consent, DeviceCode, Error, Failure, Form, Identifier, Login, Outcome, Page, PasskeyForm,
    Problem, Provider, Reset, ResetFailure, ResetRequest, ResetSent, Rule, RuleLine, Scene, Signup, Step,
    paths,
};
use crate::branding::{Address, KIND, Look, SETTINGS};
use crate::messages::{Catalogue, Language};
use crate::prompts;
use crate::tenant_documents::{Kind, Stored, TenantDocuments};

const EVIL: &str = "\"><script>alert(1)</script>'&";

fn kept(documents: &[(Kind, &str, Value)]) -> TenantDocuments {
    TenantDocuments::of(
        documents
            .iter()
            .map(|(kind, name, document)| Stored {
                kind: kind.0.to_owned(),
                name: (*name).to_owned(),
                document: document.as_object().unwrap().clone(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                updated_at: jiff::Timestamp::UNIX_EPOCH,
            })
            .collect(),
    )
}

struct Shown {
    status: StatusCode,
    policy: String,
    html: String,
}

fn shown_to(page: &Page<'_>, look: &Look, catalogue: Catalogue, leads_to: Option<&str>) -> Shown {
    let language = Language { tag: catalogue.tag().to_owned(), catalogue };
    let scene = Scene { look, language: &language, application: Some("Shop"), nonce: "n0nce", leads_to };
    let response = page.render(&scene);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let (status, policy) = (response.status(), header("content-security-policy"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let html = runtime.block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
    Shown { status, policy, html: String::from_utf8(html.into()).unwrap() }
}

fn shown(page: &Page<'_>) -> Shown {
    shown_to(page, &Look::of("acme", &Map::new(), &kept(&[])), Catalogue::English, None)
}

#[test]
fn whoever_comes_when_there_are_too_many_is_told_when_to_come_again() {
    let page = login(Step::Both, "ada", &[Problem::Busy]);
    let language = Language { tag: "en".to_owned(), catalogue: Catalogue::English };
    let look = Look::of("acme", &Map::new(), &kept(&[]));
    let scene = Scene { look: &look, language: &language, application: None, nonce: "n", leads_to: None };
    let response = page.render(&scene);
    let again = response.headers()["retry-after"].to_str().unwrap();
    assert_eq!((response.status().as_u16(), again), (503, "3"));
}

fn form() -> Form {
    Form::new(paths::LOGIN, "st&te", "proof").with("ticket", EVIL)
}

fn login(step: Step, username: &'static str, problems: &'static [Problem]) -> Page<'static> {
    let choices = Choices { edit: Some(paths::LOGIN_ID.to_owned()), ..Choices::default() };
    Page::Login(Login {
        form: form(),
        step,
        identifier: Identifier::Email,
        username,
        problems,
        choices,
        providers: &[],
        passkey: None,
    })
}

fn rules() -> &'static [RuleLine] {
    let kinds = [Rule::Lower, Rule::Upper, Rule::Digit, Rule::Special];
    let among = RuleLine { among: kinds.map(RuleLine::new).to_vec(), ..RuleLine::new(Rule::Among(3)) };
    let length = RuleLine { met: Some(true), ..RuleLine::new(Rule::Length(8)) };
    let others = [Rule::Repeats(2), Rule::Personal, Rule::Common, Rule::History];
    let missed = others.map(|rule| RuleLine { met: Some(false), ..RuleLine::new(rule) });
    Box::leak(Box::new([vec![length, among], missed.to_vec()].concat()))
}

/// Every page, with markup wherever a text can be given.
fn every_page() -> Vec<Page<'static>> {
    const ALL: &[Problem] = &[
        Problem::WrongCredentials,
        Problem::NoEmail,
        Problem::InvalidUsername { min: 1, max: 15, characters: "_-" },
        Problem::PasswordLong { max: 72 },
        Problem::NoRepeat,
        Problem::InvalidCode,
    ];
    let back = Some(EVIL);
    let scopes = Box::leak(Box::new([(EVIL.to_owned(), None), ("a".to_owned(), Some(EVIL.to_owned()))]));
    let parameters = Box::leak(Box::new([("code", EVIL.to_owned())]));
    let choices = Choices {
        login: Some(EVIL.to_owned()),
        signup: Some(EVIL.to_owned()),
        reset: Some(EVIL.to_owned()),
        edit: Some(EVIL.to_owned()),
    };
    let providers: &[Provider] = Box::leak(Box::new([Provider {
        address: EVIL.to_owned(),
        name: EVIL.to_owned(),
        icon: Address::parse("https://icons.example/\"><script>.png"),
    }]));
    let mut pages: Vec<_> = [Step::Both, Step::Identifier, Step::Password, Step::Elsewhere]
        .into_iter()
        .map(|step| {
            let (identifier, choices) = (Identifier::Either, choices.clone());
            let (problems, providers) = (ALL, &*providers);
            Page::Login(Login {
                form: form(),
                step,
                identifier,
                username: EVIL,
                problems,
                choices,
                providers,
                passkey: Some(PasskeyForm { form: form(), options: EVIL.to_owned() }),
            })
        })
        .collect();
    pages.extend([
        Page::Signup(Signup {
            form: form(),
            email: EVIL,
            username: Some(EVIL),
            rules: rules(),
            problems: ALL,
            choices: choices.clone(),
        }),
        Page::ResetRequest(ResetRequest {
            form: form(),
            email: EVIL,
            problems: ALL,
            choices: choices.clone(),
        }),
        Page::ResetSent(ResetSent { form: form(), email: EVIL, choices }),
        Page::Reset(Reset { form: form(), email: EVIL, rules: rules(), problems: ALL }),
        Page::ResetDone { back },
        Page::Consent(Consent { form: form(), user: EVIL, scopes, host: EVIL }),
        Page::DeviceCode(DeviceCode { form: form(), code: EVIL, problems: ALL }),
        Page::DeviceConfirm { form: form(), code: EVIL, scopes: &[] },
        Page::DeviceDone { allowed: true },
        Page::DeviceDone { allowed: false },
        Page::Logout { form: form(), user: EVIL },
        Page::LoggedOut { back, kept: false },
        Page::LoggedOut { back, kept: true },
        Page::Leaving { then: back, told: &[] },
        Page::Leaving { then: None, told: &[] },
        Page::Relay { action: EVIL, parameters },
    ]);
    for outcome in [Outcome::Done, Outcome::Already, Outcome::Invalid, Outcome::Failed] {
        pages.extend([Page::Verification { outcome, back }, Page::Unblock { outcome }]);
    }
    for why in [ResetFailure::Expired, ResetFailure::Used, ResetFailure::Invalid] {
        pages.push(Page::ResetFailed { why, again: back });
    }
    for failure in [
        Failure::Generic,
        Failure::Expired,
        Failure::Request,
        Failure::Denied,
        Failure::Missing,
        Failure::Busy,
    ] {
        pages.push(Page::Error(Error { failure, details: Some((EVIL, EVIL)), reference: back, back }));
    }
    pages
}

#[test]
fn no_text_becomes_markup_in_any_page_and_language() {
    let evil = Look { name: EVIL.to_owned(), ..Look::of("acme", &Map::new(), &kept(&[])) };
    for page in every_page() {
        for catalogue in Catalogue::ALL {
            let html = shown_to(&page, &evil, catalogue, None).html;
            assert!(!html.contains("<script>"), "{html}");
            assert!(!html.contains("alert(1)</"), "{html}");
            assert!(!html.contains(" onclick") && !html.contains(" style="), "{html}");
            assert!(html.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", catalogue.tag())), "{html}");
        }
    }
}

#[test]
fn every_message_that_a_page_names_is_there() {
    // A missing message shows its name, which has a hyphen and stands alone between tags.
    for page in every_page() {
        let html = shown(&page).html;
        for text in html.split(['<', '>']) {
            let text = text.trim();
            let name =
                text.contains('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            assert!(!name, "{text} in {html}");
        }
    }
}

#[test]
fn a_form_carries_its_state_and_its_proof() {
    let html = shown(&login(Step::Both, "", &[])).html;
    for part in [
        "<form method=\"post\" action=\"/u/login?state=st%26te\" novalidate>",
        "<input type=\"hidden\" name=\"state\" value=\"st&#38;te\">",
        "<input type=\"hidden\" name=\"csrf\" value=\"proof\">",
        "name=\"username\" type=\"email\" value=\"\" autocomplete=\"username\"",
        "name=\"password\" type=\"password\" value=\"\" autocomplete=\"current-password\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn a_problem_stands_at_its_field_and_is_bound_to_it() {
    let Shown { html, status, .. } =
        shown(&login(Step::Both, "a", &[Problem::InvalidEmail, Problem::NoPassword]));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for part in [
        "required autofocus aria-invalid=\"true\" aria-describedby=\"error-username\">",
        "id=\"error-username\">This is not a valid email address. It looks like name@example.com.</p>",
        "required aria-invalid=\"true\" aria-describedby=\"error-password\">",
        "id=\"error-password\">Please enter a password.</p>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("role=\"alert\""));
    let all = shown(&login(Step::Both, "a", &[Problem::WrongCredentials])).html;
    assert!(all.contains("role=\"alert\"") && all.contains("Wrong username or password."), "{all}");
    assert!(!all.contains("aria-invalid"), "{all}");
}

#[test]
fn a_problem_of_a_field_that_is_not_there_is_told_above_all() {
    let html = shown(&login(Step::Identifier, "a", &[Problem::NoPassword])).html;
    assert!(html.contains("role=\"alert\"") && html.contains("Please enter a password."), "{html}");
}

#[test]
fn rules_describe_the_new_password() {
    let page = Page::Reset(Reset {
        form: form(),
        email: "a@b.example",
        rules: rules(),
        problems: &[Problem::PasswordWeak],
    });
    let html = shown(&page).html;
    assert!(html.contains("aria-describedby=\"error-password rules\""), "{html}");
    assert!(
        html.contains(
            "<li class=\"met\"><span class=\"unseen\">Fulfilled:&#32;</span>at least 8 characters</li>"
        ),
        "{html}"
    );
    assert!(html.contains("<ul><li class=\"open\">a lower-case letter (a–z)</li>"), "{html}");
    assert!(html.contains("value=\"a@b.example\" autocomplete=\"username\""), "{html}");
}

#[test]
fn the_status_says_what_the_page_says() {
    for (problem, status) in [
        (Problem::WrongEmailCredentials, 400),
        (Problem::UserBlocked, 429),
        (Problem::AccountClosed, 403),
        (Problem::IpBlocked, 429),
        (Problem::Busy, 503),
        (Problem::Failure, 500),
    ] {
        let problems: &'static [Problem] = Box::leak(Box::new([problem]));
        assert_eq!(shown(&login(Step::Both, "a", problems)).status.as_u16(), status, "{problem:?}");
    }
    assert_eq!(shown(&login(Step::Both, "a", &[])).status, StatusCode::OK);
    for (failure, status) in [(Failure::Missing, 404), (Failure::Denied, 403), (Failure::Request, 400)] {
        let error = Error { failure, details: None, reference: None, back: None };
        assert_eq!(shown(&Page::Error(error)).status.as_u16(), status);
    }
}

#[test]
fn the_policy_allows_what_the_page_needs_and_nothing_else() {
    let strict = "default-src 'none'; style-src 'self' 'nonce-n0nce'; img-src 'self'; font-src 'none'; \
        script-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    assert_eq!(shown(&Page::DeviceDone { allowed: true }).policy, strict);
    assert_eq!(
        shown(&login(Step::Both, "", &[])).policy,
        strict.replace("script-src 'none'", "script-src 'nonce-n0nce'")
    );
    let branding = json!({
        "logo_url": "https://Pictures.example/a.png",
        "favicon_url": "https://icons.example:8443/i.ico",
        "font": { "url": "https://fonts.example/f.woff2" },
    });
    let look = Look::of("acme", &Map::new(), &kept(&[(KIND, SETTINGS, branding)]));
    assert_eq!(
        shown_to(&Page::DeviceDone { allowed: true }, &look, Catalogue::English, None).policy,
        strict
            .replace("img-src 'self'", "img-src 'self' https://pictures.example https://icons.example:8443")
            .replace("font-src 'none'", "font-src https://fonts.example")
    );
}

#[test]
fn what_is_carried_to_an_application_is_what_it_is_meant_to_get_and_nothing_else() {
    let parameters = &[("code", "c".to_owned()), ("state", "s".to_owned())];
    let html = shown(&Page::Relay { action: "https://app.example/cb", parameters }).html;
    let names: Vec<&str> = html.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let of_form: Vec<&str> =
        names.into_iter().filter(|name| !["viewport", "color-scheme", "robots"].contains(name)).collect();
    assert_eq!(of_form, ["code", "state"]);
}

#[test]
fn the_script_has_no_words_that_older_browsers_stumble_over() {
    // They would not read any of it, and forms that send themselves would stay where they are.
    for word in ["async", "await", "?.", "??", "catch {", "import ", "#"] {
        assert!(!assets::SCRIPT.content.contains(word), "{word}");
    }
}

#[test]
fn a_form_may_lead_to_the_application_and_never_into_a_script() {
    for (leads_to, forms) in [
        ("https://app.example/cb", "form-action 'self' https:; "),
        ("http://localhost:3000/cb", "form-action 'self' https: http:; "),
        ("com.acme.app://cb", "form-action 'self' https: com.acme.app:; "),
        ("javascript:alert(1)", "form-action 'self'; "),
        ("JavaScript:alert(1)", "form-action 'self'; "),
        ("a b; script-src *:x", "form-action 'self'; "),
    ] {
        let look = Look::default();
        let policy =
            shown_to(&Page::DeviceDone { allowed: true }, &look, Catalogue::English, Some(leads_to)).policy;
        assert!(policy.contains(forms), "{leads_to} {policy}");
    }
}

#[test]
fn branding_and_replaced_texts_reach_the_page() {
    let branding =
        json!({ "colors": { "primary": "#ffee00" }, "logo_url": "https://a.example/l.png?a=1&b=2" });
    let texts = json!({ "login": {
        "title": "Hello <b>you</b>",
        "description": "${clientName} of ${companyName} ${unknown} ${",
        "wrong-credentials": "Nope",
    } });
    let kept = kept(&[(KIND, SETTINGS, branding), (prompts::TEXTS, "login/en", texts)]);
    let look = Look::of("acme", &Map::new(), &kept);
    let page = Page::Login(Login {
        form: form(),
        step: Step::Both,
        identifier: Identifier::Either,
        username: "",
        problems: &[Problem::WrongCredentials],
        choices: Choices::default(),
        providers: &[],
        passkey: None,
    });
    let html = shown_to(&page, &look, Catalogue::English, None).html;
    for part in [
        "<style nonce=\"n0nce\">:root:root{--accent:#ffee00;--on-accent:#000000;",
        "<img class=\"logo\" src=\"https://a.example/l.png?a=1&#38;b=2\" alt=\"acme\">",
        "<h1>Hello &#60;b&#62;you&#60;/b&#62;</h1>",
        ">Shop of acme ${unknown} ${</p>",
        "</span>Nope</p>",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    // Another language has its own texts.
    let german = shown_to(&page, &look, Catalogue::German, None).html;
    assert!(!german.contains("Hello") && german.contains("Willkommen"), "{german}");
}

#[test]
fn a_character_that_html_may_read_otherwise_is_seen_wherever_it_stands() {
    for one in (0..0x180).filter_map(char::from_u32) {
        let plain = one.is_ascii_alphanumeric() || "+/=-_.".contains(one);
        for length in [0, 1, 15, 16, 17, 40] {
            for at in 0..=length {
                let mut text = "a".repeat(length);
                text.insert(at, one);
                assert_eq!(super::form::is_plain(&text), plain, "{one:?} at {at} of {length}");
            }
        }
    }
}
