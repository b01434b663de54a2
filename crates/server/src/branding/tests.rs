//! Colours and addresses are parsed or refused, and whatever a tenant chooses can be read.

use serde_json::{Map, Value, json};

use super::theme::Theme;
use super::{Address, Color, KIND, Look, SETTINGS, THEME};
use crate::tenant_documents::{Stored, TenantDocuments};

fn look(name: &str, document: Value) -> Look {
    let Value::Object(document) = document else { panic!("no document") };
    let stored = Stored {
        kind: KIND.0.to_owned(),
        name: name.to_owned(),
        document,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
    };
    Look::of("acme", &Map::new(), &TenantDocuments::of(vec![stored]))
}

#[test]
fn colors_have_the_hexadecimal_forms_of_css() {
    for (text, shown) in [
        ("#fff", "#ffffff"),
        ("#0A1b2C", "#0a1b2c"),
        ("#1234", "#11223344"),
        ("#11223380", "#11223380"),
        ("#112233ff", "#112233"),
    ] {
        assert_eq!(Color::parse(text).unwrap().to_string(), shown);
    }
    for text in ["", "#", "fff", "#ff", "#fffff", "#ggg", "#ffff;}", "red", "#é12", "#12345 "] {
        assert_eq!(Color::parse(text), None, "{text}");
    }
}

#[test]
fn any_color_is_readable_in_any_place() {
    let grounds =
        [Color::WHITE, Color::BLACK, Color::opaque(0x77, 0x77, 0x77), Color::opaque(0xf4, 0xf5, 0xf9)];
    for red in (0..=255).step_by(15) {
        for green in (0..=255).step_by(15) {
            for blue in (0..=255).step_by(51) {
                let color = Color::opaque(red, green, blue);
                assert!(color.contrast(color.label()) >= 4.5, "{color}");
                for ground in grounds {
                    assert!(color.readable_on(ground).contrast(ground) >= 4.5, "{color} on {ground}");
                }
            }
        }
    }
    let readable = Color::opaque(0x1a, 0x3c, 0x8b);
    assert_eq!(readable.readable_on(Color::WHITE), readable);
}

#[test]
fn what_is_transparent_is_judged_by_what_is_seen() {
    let color = Color::parse("#00000000").unwrap();
    assert_eq!(color.over(Color::WHITE), Color::WHITE);
    assert_eq!(Color::parse("#00000080").unwrap().over(Color::WHITE).to_string(), "#7f7f7f");
    let css = look(SETTINGS, json!({ "colors": { "primary": "#00000010" } })).css;
    assert!(css.starts_with(":root:root{--accent:#e5e6e9;--on-accent:#000000;"), "{css}");
}

#[test]
fn addresses_are_https_and_mean_nothing_in_a_stylesheet() {
    for (text, shown, origin) in [
        ("https://A.example/x.png", "https://a.example/x.png", "https://a.example"),
        ("https://a.example:8443", "https://a.example:8443", "https://a.example:8443"),
        (
            "https://a.example/\");}*{a:url(\"x",
            "https://a.example/%22%29;%7D*%7Ba:url%28%22x",
            "https://a.example",
        ),
        ("https://a.example/ü?q=a'b\\", "https://a.example/%C3%BC?q=a%27b%5C", "https://a.example"),
    ] {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.as_str(), address.origin()), (shown, origin));
    }
    for text in [
        "http://a.example/",
        "https://",
        "https:///x",
        "https://a.example;script-src/x",
        "https://a.example /",
        "https://user@a.example/",
        "https://a.example:99999/",
        "https://a.example/\n",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//a.example",
    ] {
        assert_eq!(Address::parse(text), None, "{text}");
    }
}

#[test]
fn settings_that_cannot_be_read_change_nothing() {
    let colors =
        json!({ "colors": { "primary": "red;}*{display:none", "page_background": { "start": "#fff" } } });
    assert_eq!(look(SETTINGS, colors).css, "");
}

#[test]
fn backgrounds_are_colors_or_gradients_and_bright_ones_are_for_the_light_scheme() {
    for (background, css) in [
        (json!("#000000"), ":root:root{--page:#000000}"),
        (json!("#ffffff"), "@media(prefers-color-scheme:light){:root:root{--page:#ffffff}}"),
        (
            json!({ "type": "linear-gradient", "start": "#000", "end": "#000011", "angle_deg": 35 }),
            ":root:root{--page:linear-gradient(35deg,#000000,#000011)}",
        ),
    ] {
        assert_eq!(look(SETTINGS, json!({ "colors": { "page_background": background } })).css, css);
    }
}

fn theme() -> Value {
    let names = [
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
    ];
    // Every colour the same: nothing could be read.
    let colors: Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!("#808080"))).collect();
    let font = json!({ "bold": false, "size": 100 });
    json!({
        "borders": {
            "button_border_radius": 3, "button_border_weight": 1, "buttons_style": "pill",
            "input_border_radius": 4, "input_border_weight": 2, "inputs_style": "rounded",
            "show_widget_shadow": false, "widget_border_weight": 0, "widget_corner_radius": 5,
        },
        "colors": colors,
        "fonts": {
            "body_text": font, "buttons_text": font, "font_url": "", "input_labels": font, "links": font,
            "links_style": "normal", "reference_text_size": 16, "subtitle": font,
            "title": { "bold": true, "size": 150 },
        },
        "page_background": { "background_color": "#000000", "background_image_url": "", "page_layout": "left" },
        "widget": {
            "header_text_alignment": "center", "logo_height": 52, "logo_position": "none", "logo_url": "",
            "social_buttons_layout": "bottom",
        },
    })
}

#[test]
fn a_theme_that_cannot_be_read_is_mended() {
    let css = look(THEME, theme()).css;
    for part in [
        "--card:#808080;",
        "--text:#131313;",
        "--on-accent:#131313;",
        "--page:#000000;",
        "color-scheme:light;",
        "--button-radius:999px;",
        "--field-radius:4px;",
        "--shadow:none;",
        "--title-size:1.5em;--title-boldness:700;",
        "--underline:none;",
        "--place:left;",
        "--logo-display:none;",
    ] {
        assert!(css.contains(part), "{part} in {css}");
    }
}

#[test]
fn a_theme_that_is_not_whole_is_none() {
    let Value::Object(mut document) = theme() else { panic!("no theme") };
    assert!(Theme::of(&document).is_some());
    document.remove("widget");
    assert!(Theme::of(&document).is_none());
}
