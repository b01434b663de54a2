//! What branding and themes may hold, as values.

use std::sync::LazyLock;

use super::{Address, Color};
use crate::management::shape::{
    Field, Format, Kind, Object, boolean, field, number, object, one_of, open, text,
};

const COLOR: Format = Format { name: "html-color", accepts: |text| Color::parse(text).is_some() };
const HTTPS: Format = Format { name: "strict-https-uri", accepts: |text| Address::parse(text).is_some() };
const HTTPS_OR_EMPTY: Format =
    Format { name: "https-uri-or-empty", accepts: |text| text.is_empty() || Address::parse(text).is_some() };
const DISPLAY_NAME: Format =
    Format { name: "display name (without < and >)", accepts: |text| !text.contains(['<', '>']) };

/// The branding settings.
pub(super) static BRANDING: LazyLock<Object> = LazyLock::new(|| {
    let gradient = open([
        field("type", one_of(&["linear-gradient"])),
        field("start", text().like(COLOR)),
        field("end", text().like(COLOR)),
        field("angle_deg", number(-360, 360)),
    ]);
    let page = Kind::Either(vec![text().like(COLOR).into(), gradient.at_most(10).into()]);
    object([
        field(
            "colors",
            object([
                field("primary", text().like(COLOR)).nullable(),
                field("page_background", page).nullable(),
            ])
            .at_least(1),
        )
        .nullable(),
        field("favicon_url", text().like(HTTPS)).nullable(),
        field("logo_url", text().like(HTTPS)).nullable(),
        field("font", object([field("url", text().like(HTTPS)).nullable()]).at_least(1)).nullable(),
    ])
    .at_least(1)
});

/// A theme. It is always sent whole.
pub(super) static THEME: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("borders", borders()).required(),
        field("colors", colors()).required(),
        field("displayName", text().at_most(2048).like(DISPLAY_NAME)),
        field("fonts", fonts()).required(),
        field("page_background", page_background()).required(),
        field("themeId", text()).read_only(),
        field("widget", widget()).required(),
    ])
    .at_least(1)
});

fn borders() -> Object {
    let style = || one_of(&["pill", "rounded", "sharp"]);
    object(
        [
            ("button_border_radius", number(1, 10)),
            ("button_border_weight", number(0, 10)),
            ("buttons_style", style()),
            ("input_border_radius", number(0, 10)),
            ("input_border_weight", number(0, 3)),
            ("inputs_style", style()),
            ("show_widget_shadow", boolean()),
            ("widget_border_weight", number(0, 10)),
            ("widget_corner_radius", number(0, 50)),
        ]
        .map(required),
    )
}

fn colors() -> Object {
    let mut colors = object(
        [
            "body_text",
            "error",
            "header",
            "icons",
            "input_background",
            "input_border",
            "input_filled_text",
            "input_labels_placeholders",
            "links_focused_components",
            "primary_button",
            "primary_button_label",
            "secondary_button_border",
            "secondary_button_label",
            "success",
            "widget_background",
            "widget_border",
        ]
        .map(|name| required((name, text().like(COLOR).into()))),
    );
    colors.fields.extend(
        ["base_focus_color", "base_hover_color", "read_only_background"]
            .map(|name| field(name, text().like(COLOR))),
    );
    colors.fields.push(field("captcha_widget_theme", one_of(&["auto", "dark", "light"])));
    colors
}

fn fonts() -> Object {
    let font = |least| object([required(("bold", boolean())), required(("size", number(least, 150)))]).into();
    object(
        [
            ("body_text", font(0)),
            ("buttons_text", font(0)),
            ("font_url", text().like(HTTPS_OR_EMPTY).into()),
            ("input_labels", font(0)),
            ("links", font(0)),
            ("links_style", one_of(&["normal", "underlined"])),
            ("reference_text_size", number(12, 24)),
            ("subtitle", font(0)),
            ("title", font(75)),
        ]
        .map(required),
    )
}

fn page_background() -> Object {
    object(
        [
            ("background_color", text().like(COLOR).into()),
            ("background_image_url", text().like(HTTPS_OR_EMPTY).into()),
            ("page_layout", one_of(&["center", "left", "right"])),
        ]
        .map(required),
    )
}

fn widget() -> Object {
    object(
        [
            ("header_text_alignment", one_of(&["center", "left", "right"])),
            ("logo_height", number(1, 100)),
            ("logo_position", one_of(&["center", "left", "none", "right"])),
            ("logo_url", text().like(HTTPS_OR_EMPTY).into()),
            ("social_buttons_layout", one_of(&["bottom", "top"])),
        ]
        .map(required),
    )
}

fn required((name, kind): (&'static str, Kind)) -> Field {
    field(name, kind).required()
}
