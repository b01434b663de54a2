//! The frame around a page: navigation, heading, tabs, notices; and the policy of its answer.
//!
//! Must never let anything in that its policy would refuse: no inline script, no inline style, nothing from elsewhere.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::assets;
use super::desk::Desk;
use super::ui::{Csrf, Icon};

/// The rooms of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// What there is, and what to do next.
    Start,
    /// Applications.
    Applications,
    /// APIs.
    Apis,
    /// Connections.
    Connections,
    /// Users.
    Users,
    /// Roles.
    Roles,
    /// Branding.
    Branding,
    /// Monitoring.
    Monitoring,
    /// Settings.
    Settings,
}

impl Room {
    const ALL: [Self; 9] = [
        Self::Start,
        Self::Applications,
        Self::Apis,
        Self::Connections,
        Self::Users,
        Self::Roles,
        Self::Branding,
        Self::Monitoring,
        Self::Settings,
    ];

    /// Where it is.
    pub fn path(self) -> &'static str {
        match self {
            Self::Start => "/dashboard",
            Self::Applications => "/dashboard/applications",
            Self::Apis => "/dashboard/apis",
            Self::Connections => "/dashboard/connections",
            Self::Users => "/dashboard/users",
            Self::Roles => "/dashboard/roles",
            Self::Branding => "/dashboard/branding",
            Self::Monitoring => "/dashboard/logs",
            Self::Settings => "/dashboard/settings",
        }
    }

    /// The places of it that the navigation leads to: address and name.
    fn places(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Connections => &[
                ("/dashboard/connections", "Database"),
                ("/dashboard/connections/social", "Social"),
                ("/dashboard/connections/enterprise", "Enterprise"),
            ],
            Self::Start
            | Self::Applications
            | Self::Apis
            | Self::Users
            | Self::Roles
            | Self::Branding
            | Self::Monitoring
            | Self::Settings => &[],
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Start => "Getting started",
            Self::Applications => "Applications",
            Self::Apis => "APIs",
            Self::Connections => "Connections",
            Self::Users => "Users",
            Self::Roles => "Roles",
            Self::Branding => "Branding",
            Self::Monitoring => "Monitoring",
            Self::Settings => "Settings",
        }
    }

    fn icon(self) -> Icon {
        Icon(match self {
            Self::Start => "start",
            Self::Applications => "applications",
            Self::Apis => "apis",
            Self::Connections => "connections",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Branding => "branding",
            Self::Monitoring => "logs",
            Self::Settings => "settings",
        })
    }

    /// The room that a path belongs to.
    pub fn of_path(path: &str) -> Self {
        let below = |room: &Self| *room != Self::Start && path.starts_with(room.path());
        Self::ALL.into_iter().find(below).unwrap_or(Self::Start)
    }
}

/// A tab beside others.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: &'static str,
    /// Whether it is shown.
    pub current: bool,
}

/// A way to do something, at the heading.
#[derive(Debug, Clone)]
pub struct Action {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: &'static str,
    /// How the button looks: `first`, `danger` or nothing.
    pub class: &'static str,
    /// The proof for a form of ours, where it does something and leads nowhere.
    pub does: Option<Csrf>,
}

/// What surrounds the content of a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The room.
    pub room: Room,
    /// The heading.
    pub title: String,
    /// What the page is for.
    pub lead: Option<String>,
    /// The place of the room, for the navigation; empty where it has none.
    pub place: &'static str,
    /// The page above: address and name.
    pub up: Option<(&'static str, &'static str)>,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// The tabs below a tab.
    pub subtabs: Vec<Tab>,
    /// What can be done here.
    pub actions: Vec<Action>,
}

impl Frame {
    /// A page of a room.
    pub fn new(room: Room, title: impl Into<String>) -> Self {
        Self {
            room,
            title: title.into(),
            lead: None,
            place: "",
            up: None,
            tabs: Vec::new(),
            subtabs: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// Says what the page is for.
    pub fn lead(self, text: impl Into<String>) -> Self {
        Self { lead: Some(text.into()), ..self }
    }

    /// Names the page above.
    pub fn up(self, href: &'static str, label: &'static str) -> Self {
        Self { up: Some((href, label)), ..self }
    }

    /// Puts tabs under the heading: `base` and the ends of their addresses; the first is at `base` itself.
    pub fn tabs(self, base: &str, tabs: &[(&'static str, &'static str)], current: &str) -> Self {
        Self { tabs: row(base, tabs, current), ..self }
    }

    /// Puts tabs under a tab.
    pub fn subtabs(self, base: &str, tabs: &[(&'static str, &'static str)], current: &str) -> Self {
        Self { subtabs: row(base, tabs, current), ..self }
    }

    /// Adds a way to do something, if it may be done.
    pub fn action(
        mut self,
        may: bool,
        href: impl Into<String>,
        label: &'static str,
        class: &'static str,
    ) -> Self {
        if may {
            self.actions.push(Action { href: href.into(), label, class, does: None });
        }
        self
    }

    /// Adds a button that sends a form to an address, if that may be done.
    pub fn does(mut self, may: bool, (to, label): (String, &'static str), proof: Csrf) -> Self {
        if may {
            self.actions.push(Action { href: to, label, class: "", does: Some(proof) });
        }
        self
    }

    /// Says which place of the room it is, by its address in its list of places.
    pub fn place(self, href: &'static str) -> Self {
        Self { place: href, ..self }
    }
}

fn row(base: &str, tabs: &[(&'static str, &'static str)], current: &str) -> Vec<Tab> {
    let tab = |&(end, label): &(&'static str, &'static str)| Tab {
        href: if end.is_empty() { base.to_owned() } else { format!("{base}/{end}") },
        label,
        current: end == current,
    };
    tabs.iter().map(tab).collect()
}

/// A tenant that the administrator can go to.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) url: String,
    pub(super) here: bool,
}

#[derive(Template)]
#[template(path = "dashboard/shell.html")]
struct Shell<'a> {
    frame: &'a Frame,
    tenant: &'a str,
    tenants: &'a [Place],
    email: &'a str,
    role: &'a str,
    csrf: Csrf,
    rooms: &'a [Room],
    notice: Option<&'a str>,
    icon: &'a str,
    style: &'a str,
    script: &'a str,
    body: String,
}

/// A whole page.
pub(super) fn page(desk: &Desk, frame: &Frame, body: String) -> Response {
    let shell = Shell {
        frame,
        tenant: &desk.tenant.stored.name,
        tenants: &desk.tenants,
        email: &desk.who.email,
        role: desk.who.role.label(),
        csrf: desk.csrf(),
        rooms: &Room::ALL,
        notice: desk.notice.as_deref(),
        icon: &assets::ICON.path,
        style: &assets::STYLE.path,
        script: &assets::SCRIPT.path,
        body,
    };
    render(&shell)
}

/// A template as an answer under our policy.
pub(super) fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => protected(Html(html).into_response()),
        Err(cause) => {
            tracing::error!(%cause, "a page of the Dashboard could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// To another page, with GET.
pub(super) fn see_other(to: &str) -> Response {
    protected(axum::response::Redirect::to(to).into_response())
}

/// The headers of every page.
pub fn protected(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Nobody else learns of our addresses; ourselves they tell where a form was that came too late.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
