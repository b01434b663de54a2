//! Branding > Theme: colours, shapes and places of the login pages, each of them.
//!
//! The API takes a theme whole. Must never send less than what is stored.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::frame;
use crate::app::App;
use crate::dashboard::ui::{Csrf, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, action, escaped, form, screen,
};

const HOME: &str = "/dashboard/branding/theme";
/// The theme of the tenant, which has one at most.
const DEFAULT: &str = "/branding/themes/default";

const STYLES: Kind = Kind::Select(&[("pill", "Pill"), ("rounded", "Rounded"), ("sharp", "Sharp")]);
const SIDES: Kind = Kind::Select(&[("left", "Left"), ("center", "Centre"), ("right", "Right")]);

const GROUPS: &[Group] = &[
    Group {
        title: "Colours",
        lead: "A text that could not be read on its ground is shown in the nearest shade that can.",
        fields: &[
            color("colors.primary_button", "Primary button"),
            color("colors.primary_button_label", "Text of the primary button"),
            color("colors.secondary_button_border", "Border of the secondary button"),
            color("colors.secondary_button_label", "Text of the secondary button"),
            color("colors.links_focused_components", "Links and what has the focus"),
            color("colors.header", "Heading"),
            color("colors.body_text", "Text"),
            color("colors.widget_background", "Card"),
            color("colors.widget_border", "Border of the card"),
            color("colors.input_background", "Fields"),
            color("colors.input_border", "Border of fields"),
            color("colors.input_filled_text", "Text in fields"),
            color("colors.input_labels_placeholders", "Labels"),
            color("colors.icons", "Icons"),
            color("colors.error", "Errors"),
            color("colors.success", "Success"),
        ],
    },
    Group {
        title: "Page",
        lead: "",
        fields: &[
            color("page_background.background_color", "Background colour"),
            Field::new("page_background.background_image_url", "Background picture", Kind::Text("url"))
                .help("The https address of a picture."),
            Field::new("page_background.page_layout", "Place of the card", SIDES),
        ],
    },
    Group {
        title: "Card",
        lead: "",
        fields: &[
            Field::new("borders.widget_corner_radius", "Rounding of the corners", Kind::Number("pixels"))
                .help("Up to 50."),
            Field::new("borders.widget_border_weight", "Width of the border", Kind::Number("pixels"))
                .help("Up to 10."),
            Field::new("borders.show_widget_shadow", "The card has a shadow", Kind::Toggle),
            Field::new("widget.header_text_alignment", "Heading", SIDES),
            Field::new(
                "widget.logo_position",
                "Logo",
                Kind::Select(&[("left", "Left"), ("center", "Centre"), ("right", "Right"), ("none", "None")]),
            ),
            Field::new("widget.logo_height", "Height of the logo", Kind::Number("pixels")).help("Up to 100."),
            Field::new("widget.logo_url", "Picture of the logo", Kind::Text("url"))
                .help("Its https address. Empty: the logo of Universal Login."),
        ],
    },
    Group {
        title: "Buttons and fields",
        lead: "",
        fields: &[
            Field::new("borders.buttons_style", "Buttons", STYLES),
            Field::new("borders.button_border_radius", "Rounding of rounded buttons", Kind::Number("pixels"))
                .help("1 to 10."),
            Field::new("borders.inputs_style", "Fields", STYLES),
            Field::new("borders.input_border_radius", "Rounding of rounded fields", Kind::Number("pixels"))
                .help("Up to 10."),
        ],
    },
    Group {
        title: "Font",
        lead: "Sizes and weights of single texts can be set through the API.",
        fields: &[
            Field::new("fonts.font_url", "Font", Kind::Text("url")).help("The https address of a font file."),
            Field::new("fonts.reference_text_size", "Size of the text", Kind::Number("pixels"))
                .help("12 to 24."),
            Field::new(
                "fonts.links_style",
                "Links",
                Kind::Select(&[("normal", "Plain"), ("underlined", "Underlined")]),
            ),
        ],
    },
];

const fn color(path: &'static str, label: &'static str) -> Field {
    Field::new(path, label, Kind::Color)
}

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(show).merge(action(save)))
        .route("/dashboard/branding/theme/new", action(create))
        .route("/dashboard/branding/theme/delete", screen(ask_delete).merge(action(delete)))
}

/// Looks like the pages do without one.
fn like_now(primary: &str, background: &str) -> Value {
    let font = |bold: bool, size: u8| json!({ "bold": bold, "size": size });
    json!({
        "displayName": "Theme",
        "borders": {
            "button_border_radius": 10, "button_border_weight": 1, "buttons_style": "rounded",
            "input_border_radius": 10, "input_border_weight": 1, "inputs_style": "rounded",
            "show_widget_shadow": true, "widget_border_weight": 1, "widget_corner_radius": 20,
        },
        "colors": {
            "body_text": "#2f3340", "error": "#b3261e", "header": "#16181f", "icons": "#5a6072",
            "input_background": "#ffffff", "input_border": "#81879a", "input_filled_text": "#16181f",
            "input_labels_placeholders": "#2f3340", "links_focused_components": primary,
            "primary_button": primary, "primary_button_label": "#ffffff",
            "secondary_button_border": "#81879a", "secondary_button_label": "#2f3340",
            "success": "#1a7045", "widget_background": "#ffffff", "widget_border": "#e3e5ee",
        },
        "fonts": {
            "body_text": font(false, 100), "buttons_text": font(true, 100), "font_url": "",
            "input_labels": font(false, 90), "links": font(false, 100), "links_style": "underlined",
            "reference_text_size": 16, "subtitle": font(false, 100), "title": font(true, 150),
        },
        "page_background": { "background_color": background, "background_image_url": "", "page_layout": "center" },
        "widget": {
            "header_text_alignment": "center", "logo_height": 52, "logo_position": "center", "logo_url": "",
            "social_buttons_layout": "bottom",
        },
    })
}

/// What stands where there is no theme.
#[derive(Template)]
#[template(path = "branding/no_theme.html")]
struct NoTheme {
    csrf: Csrf,
    may: bool,
}

fn own_frame(desk: &Desk) -> Frame {
    let may = desk.may("delete:branding");
    frame("Theme", "theme").action(may, "/dashboard/branding/theme/delete", "Remove…", "danger")
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let Some(theme) = desk.api.look(DEFAULT).await? else {
        let body = NoTheme { csrf: desk.csrf(), may: desk.may("update:branding") };
        return Ok(desk.page(&frame("Theme", "theme"), &body));
    };
    let form = Form::of(&desk, GROUPS, &theme, (HOME, "update:branding"));
    Ok(desk.page(&own_frame(&desk), &form))
}

async fn create(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    let look = desk.api.get("/branding").await?;
    let color = |name: &str, house: &'static str| {
        let own = look.get("colors").and_then(|colors| colors.get(name)).and_then(Value::as_str);
        own.unwrap_or(house).to_owned()
    };
    let theme = like_now(&color("primary", "#3a4fc4"), &color("page_background", "#f1f2f7"));
    desk.api.post("/branding/themes", &theme).await?;
    Ok(desk.done(HOME, "The theme was made. It looks like the pages did; change what you like."))
}

/// A patch with all that is stored and was not touched.
fn whole(theme: &Value, patch: &mut Map<String, Value>) {
    for (name, value) in theme.as_object().into_iter().flatten().filter(|(name, _)| *name != "themeId") {
        patch.entry(name).or_insert_with(|| value.clone());
    }
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let theme = desk.api.get(DEFAULT).await?;
    let path = format!("/branding/themes/{}", escaped(text(&theme, "themeId")));
    match form::save_with(&desk, GROUPS, (&path, &path), &posted, whole).await? {
        Sent::Done(_) => Ok(desk.done(HOME, "The login pages look like that now.")),
        Sent::Again(status, form) => Ok(desk.page_with(status, &own_frame(&desk), &*form)),
    }
}

fn deleting(desk: &Desk) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Remove theme", HOME)
        .that("The login pages look as Universal Login says again.")
        .that("All colours and shapes of the theme are gone.")
        .name(&desk.tenant.stored.name, "name of the tenant");
    (frame("Remove the theme?", "theme").up(HOME, "Theme"), confirm)
}

async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk);
    Ok(desk.page(&frame, &confirm))
}

async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    let theme = desk.api.get(DEFAULT).await?;
    desk.api.delete(&format!("/branding/themes/{}", escaped(text(&theme, "themeId"))), None).await?;
    Ok(desk.done(HOME, "The theme was removed."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{like_now, whole};
    use crate::branding::shape::THEME;
    use crate::management::shape::When;

    #[test]
    fn a_theme_is_sent_whole() {
        let theme = like_now("#3a4fc4", "#f1f2f7");
        THEME.check(theme.as_object().unwrap(), When::Create).unwrap();
        let mut stored = theme.clone();
        stored["themeId"] = json!("x");
        let mut patch = json!({ "colors": { "a": 1 } }).as_object().cloned().unwrap();
        whole(&stored, &mut patch);
        assert_eq!(patch["colors"], json!({ "a": 1 }));
        assert_eq!((patch.len(), patch.get("themeId")), (theme.as_object().unwrap().len(), None));
    }
}
