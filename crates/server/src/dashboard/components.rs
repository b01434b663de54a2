//! The page that shows every part that pages are composed of, for whoever composes one. In development alone.
//!
//! Must never be there in a release: it is of no use to administrators.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::json;

use super::api::Failure;
use super::confirm::Confirm;
use super::desk::Desk;
use super::form::{Field, Form, Group, Kind};
use super::shell::{Frame, Room};
use super::ui::{Alert, Badge, Code, Copy, CopyField, Empty, Moment, Pager, Tone};

const OPTIONS: &[(&str, &str)] = &[("a", "The first"), ("b", "The second")];
const GROUPS: &[Group] = &[Group {
    title: "Every kind of field",
    lead: "Labels above, help below, what is wrong at the field that it concerns.",
    fields: &[
        Field::text("text", "Text").help("A line of text.").placeholder("An example").required(),
        Field::new("email", "Email", Kind::Text("email")),
        Field::new("password", "Password", Kind::Password),
        Field::new("key", "Secret of several lines", Kind::SecretArea(3)),
        Field::new("area", "Area", Kind::Area(3)),
        Field::new("upload", "Upload", Kind::Upload(".pem,.cer")).help("Pasted, or read from files."),
        Field::new("lines", "Lines", Kind::Lines).help("One a line."),
        Field::new("number", "Number", Kind::Number("seconds")),
        Field::new("toggle", "Toggle", Kind::Toggle).help("Yes or no."),
        Field::new("not", "Not", Kind::Not).help("On unless it is turned off."),
        Field::new("select", "Select", Kind::Select(OPTIONS)),
        Field::new("choices", "Choices", Kind::Choices(OPTIONS)),
        Field::new("pairs", "Pairs", Kind::Pairs),
        Field::new("json", "JSON", Kind::Json),
        Field::new("color", "Colour", Kind::Color),
    ],
}];

#[derive(Template)]
#[template(path = "dashboard/components.html")]
struct Components {
    form: Form,
    confirm: Confirm,
    tones: [Tone; 5],
    pager: Pager,
    moment: Moment,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    if !cfg!(debug_assertions) {
        return Err(Failure::missing("The page of the components is there in development alone."));
    }
    let object = json!({
        "text": "Garden & Co", "area": "One\nTwo", "lines": ["https://a.example/callback", "https://b.example/callback"],
        "number": 36000, "toggle": true, "select": "b", "choices": ["a"], "pairs": { "team": "blue" },
        "json": { "a": [1, 2] }, "color": "#3a4fc4",
    });
    let wrong = Failure::new(
        http::StatusCode::BAD_REQUEST,
        "Payload validation error: 'String is no e-mail address' on property email.",
    );
    let body = Components {
        form: Form::of(&desk, GROUPS, &object, ("#", "")).refused(&wrong),
        confirm: Confirm::new(&desk, "Delete the thing", "#")
            .that("It is gone for good.")
            .that("Whatever used it stops working.")
            .name("thing", "name of the thing"),
        tones: [Tone::Plain, Tone::Accent, Tone::Good, Tone::Warn, Tone::Bad],
        pager: Pager { list: "list", page: 1, per_page: 10, total: 42, base: "?page=".to_owned() },
        moment: Moment::at(Some(desk.app.clock.now())),
    };
    let frame = Frame::new(Room::Start, "Components")
        .lead("What pages are composed of. A new page is composed, not styled.")
        .tabs("/dashboard/_components", &[("", "First tab"), ("second", "Second tab")], "")
        .action(true, "#", "First", "first")
        .action(true, "#", "Second", "")
        .action(true, "#", "Danger", "danger");
    Ok(desk.page(&frame, &body))
}
