//! A theme as custom properties of the stylesheet.
//!
//! Pure. A theme says everything, so its colours hold in the light and in the dark scheme.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::look::{at, color};
use super::{Address, Color};

/// What follows from a theme.
pub(super) struct Theme {
    pub(super) logo: Option<Address>,
    pub(super) font: Option<Address>,
    pub(super) background: Option<Address>,
    pub(super) css: String,
}

/// Lines, and the colours that they are.
const LINES: &[(&str, &str)] = &[
    ("--line", "secondary_button_border"),
    ("--edge", "widget_border"),
    ("--field-line", "input_border"),
    ("--hover", "base_hover_color"),
];

/// What is read on the card, and the colours that it is.
const ON_CARD: &[(&str, &str)] = &[
    ("--second", "secondary_button_label"),
    ("--link", "links_focused_components"),
    ("--focus", "links_focused_components"),
    ("--heading", "header"),
    ("--text", "body_text"),
    ("--muted", "body_text"),
    ("--label", "input_labels_placeholders"),
    ("--error", "error"),
    ("--success", "success"),
    ("--focus", "base_focus_color"),
];

/// Custom properties of sizes and weights, and the texts that they belong to.
const FONTS: &[(&str, &str)] = &[
    ("title", "title"),
    ("lead", "subtitle"),
    ("body", "body_text"),
    ("button", "buttons_text"),
    ("label", "input_labels"),
    ("link", "links"),
];

impl Theme {
    /// Of a document; none if it is not whole.
    pub(super) fn of(document: &Map<String, Value>) -> Option<Self> {
        let url = |path: &[&str]| at(document, path).and_then(Value::as_str).and_then(Address::parse);
        Some(Self {
            logo: url(&["widget", "logo_url"]),
            font: url(&["fonts", "font_url"]),
            background: url(&["page_background", "background_image_url"]),
            css: css(document)?,
        })
    }
}

fn css(document: &Map<String, Value>) -> Option<String> {
    let number = |path: &[&str]| at(document, path).and_then(Value::as_f64);
    let word = |path: &[&str]| at(document, path).and_then(Value::as_str);
    let mut css = String::from(":root:root{");
    let mut set = |name: &str, value: &dyn std::fmt::Display| {
        let _ = write!(css, "{name}:{value};");
    };
    let of = |name: &str| color(document, &["colors", name]);
    let page = color(document, &["page_background", "background_color"])?.over(Color::WHITE);
    let card = of("widget_background")?.over(page);
    let field = of("input_background")?.over(card);
    let fixed = of("read_only_background").map_or(field, |color| color.over(card));
    let accent = of("primary_button")?.over(card);
    for (property, color) in [
        ("--page", page),
        ("--card", card),
        ("--field", field),
        ("--fixed", fixed),
        ("--accent", accent),
        ("--error-soft", card),
    ] {
        set(property, &color);
    }
    for (property, name) in LINES {
        if let Some(color) = of(name) {
            set(property, &color);
        }
    }
    // A theme that cannot be read is mended: the nearest shade that can.
    let on_card = ON_CARD.iter().map(|(property, name)| (*property, *name, card));
    let others = [
        ("--on-accent", "primary_button_label", accent),
        ("--field-text", "input_filled_text", field),
        ("--icon", "icons", field),
        ("--fixed-text", "input_filled_text", fixed),
        ("--fixed-link", "links_focused_components", fixed),
    ];
    for (property, name, ground) in on_card.chain(others) {
        if let Some(color) = of(name) {
            set(property, &color.over(ground).readable_on(ground));
        }
    }
    set("color-scheme", &if card.is_dark() { "dark" } else { "light" });
    for (part, style, radius, weight) in [
        ("button", "buttons_style", "button_border_radius", "button_border_weight"),
        ("field", "inputs_style", "input_border_radius", "input_border_weight"),
    ] {
        let radius = match word(&["borders", style])? {
            "pill" => "999px".to_owned(),
            "sharp" => "0".to_owned(),
            _ => format!("{}px", number(&["borders", radius])?),
        };
        set(&format!("--{part}-radius"), &radius);
        set(&format!("--{part}-weight"), &format_args!("{}px", number(&["borders", weight])?));
    }
    set("--card-radius", &format_args!("{}px", number(&["borders", "widget_corner_radius"])?));
    set("--card-weight", &format_args!("{}px", number(&["borders", "widget_border_weight"])?));
    if at(document, &["borders", "show_widget_shadow"])? == &Value::Bool(false) {
        set("--shadow", &"none");
    }
    // Relative to what the browser is set to, so that its users can enlarge it.
    set("--size", &format_args!("{}rem", number(&["fonts", "reference_text_size"])? / 16.0));
    for (property, name) in FONTS {
        let percent = number(&["fonts", name, "size"])?;
        let bold = at(document, &["fonts", name, "bold"])? == &Value::Bool(true);
        set(&format!("--{property}-size"), &format_args!("{}em", percent / 100.0));
        set(&format!("--{property}-boldness"), &if bold { 700 } else { 400 });
    }
    let underlined = word(&["fonts", "links_style"])? == "underlined";
    set("--underline", &if underlined { "underline" } else { "none" });
    set("--place", &side(word(&["page_background", "page_layout"])?));
    set("--align", &side(word(&["widget", "header_text_alignment"])?));
    match word(&["widget", "logo_position"])? {
        "none" => set("--logo-display", &"none"),
        position => set("--logo-place", &side(position)),
    }
    set("--logo-height", &format_args!("{}px", number(&["widget", "logo_height"])?));
    css.push('}');
    Some(css)
}

/// A side as CSS names it, whichever way the language runs.
fn side(word: &str) -> &'static str {
    match word {
        "left" => "left",
        "right" => "right",
        _ => "center",
    }
}
