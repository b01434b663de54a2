//! An operation of the Management API: a line in a list, made of values.
//!
//! From the one list come the router with its guards, the description and the checks against the published
//! API. Must never be served unguarded: [`Operation::guarded`] is the only way to a route.

use std::sync::Arc;

use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use chancery_oauth::scope::Scopes;
use http::Method;

use super::caller;
use super::shape::{Field, Object, When};
use crate::app::App;

/// Which scopes a token needs.
#[derive(Debug, Clone, Copy)]
pub enum Required {
    /// One of these.
    Any(&'static [&'static str]),
    /// All of these.
    All(&'static [&'static str]),
    /// The first of these, and one of the others.
    FirstAndAny(&'static [&'static str]),
}

impl Required {
    /// Whether `granted` is enough.
    pub fn admits(self, granted: &Scopes) -> bool {
        match self {
            Self::Any(scopes) => scopes.iter().any(|scope| granted.contains(scope)),
            Self::All(scopes) => scopes.iter().all(|scope| granted.contains(scope)),
            Self::FirstAndAny(scopes) => scopes.split_first().is_some_and(|(first, others)| {
                granted.contains(first) && others.iter().any(|scope| granted.contains(scope))
            }),
        }
    }

    /// What is missing, for whoever was refused.
    pub fn expected(self) -> String {
        match self {
            Self::Any(scopes) => format!("expected any of: {}", scopes.join(",")),
            Self::All(scopes) => format!("expected all of: {}", scopes.join(",")),
            Self::FirstAndAny([]) => String::new(),
            Self::FirstAndAny([first, others @ ..]) => {
                format!("expected: {first} and any of: {}", others.join(","))
            }
        }
    }

    /// Every scope that is named.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Any(scopes) | Self::All(scopes) | Self::FirstAndAny(scopes) => scopes,
        }
    }
}

/// What is known of an operation while it runs.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Its id in the published API.
    pub id: &'static str,
    /// What it does, in one sentence: also the description of its log entry.
    pub summary: &'static str,
    /// The scopes.
    pub required: Required,
}

/// An operation with its function.
pub struct Operation {
    /// What is known of it.
    pub line: Line,
    /// Its method.
    pub method: Method,
    /// Its path below `/api/v2`.
    pub path: &'static str,
    /// The shape of its body.
    pub body: Option<(&'static Object, When)>,
    /// Whether the body may also be a text, as JSON or as HTML.
    pub or_html: bool,
    /// Whether it may come without a body.
    pub or_nothing: bool,
    /// The parameters of its query.
    pub query: Vec<Field>,
    /// The shape of the object that it answers, or answers a list of.
    pub answer: Option<&'static Object>,
    /// Whether it answers a list, and the name of the list where it is a member.
    pub list: Option<&'static str>,
    /// The status of success.
    pub success: u16,
    /// Whether it is our own: the published API does not have it.
    pub ours: bool,
    route: MethodRouter<Arc<App>>,
}

/// Makes an operation; `function` is any axum handler.
pub fn operation<H, T>(
    id: &'static str,
    (method, path): (Method, &'static str),
    required: Required,
    summary: &'static str,
    function: H,
) -> Operation
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    let (filter, success) = match method {
        Method::POST => (MethodFilter::POST, 201),
        Method::PUT => (MethodFilter::PUT, 200),
        Method::PATCH => (MethodFilter::PATCH, 200),
        Method::DELETE => (MethodFilter::DELETE, 204),
        _ => (MethodFilter::GET, 200),
    };
    Operation {
        line: Line { id, summary, required },
        method,
        path,
        body: None,
        or_html: false,
        or_nothing: false,
        query: Vec::new(),
        answer: None,
        list: None,
        success,
        ours: false,
        route: on(filter, function),
    }
}

impl Operation {
    /// Takes a body of this shape.
    pub fn takes(self, shape: &'static Object, when: When) -> Self {
        Self { body: Some((shape, when)), ..self }
    }

    /// Takes a text as well, as JSON or as HTML.
    pub fn or_html(self) -> Self {
        Self { or_html: true, ..self }
    }

    /// May come without a body, or with `null` instead.
    pub fn or_nothing(self) -> Self {
        Self { or_nothing: true, ..self }
    }

    /// Understands these parameters in the query.
    pub fn asks<const N: usize>(self, parameters: [Vec<Field>; N]) -> Self {
        Self { query: parameters.into_iter().flatten().collect(), ..self }
    }

    /// Answers lists of objects of this shape; the name is that of the list beside totals and checkpoints.
    pub fn lists(self, name: &'static str, shape: &'static Object) -> Self {
        Self { answer: Some(shape), list: Some(name), ..self }
    }

    /// Answers objects of this shape.
    pub fn answers(self, shape: &'static Object) -> Self {
        Self { answer: Some(shape), ..self }
    }

    /// Succeeds with another status than its method suggests.
    pub fn succeeds_with(self, success: u16) -> Self {
        Self { success, ..self }
    }

    /// Is an operation that the published API does not have; its scopes are among `scopes::OURS`.
    pub fn ours(self) -> Self {
        Self { ours: true, ..self }
    }

    /// The route behind its guard.
    pub fn guarded(self, app: &Arc<App>) -> MethodRouter<Arc<App>> {
        let guard = from_fn_with_state((Arc::clone(app), self.line), caller::guard);
        self.route.route_layer(guard)
    }
}
