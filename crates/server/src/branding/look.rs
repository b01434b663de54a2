//! What pages show of a tenant, ready: name, pictures, colours as custom properties, languages, texts.
//!
//! Made once when a tenant is loaded. Pure.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::theme::Theme;
use super::{Address, Color, KIND, SETTINGS, THEME};
use crate::messages::Language;
use crate::prompts::CustomTexts;
use crate::tenant_documents::TenantDocuments;
use crate::tenants::settings;

/// What links have to be readable on, light and dark: of the backgrounds in the stylesheet the one that makes it
/// hardest (`--fixed`).
const GROUNDS: [Color; 2] = [Color::opaque(0xf4, 0xf5, 0xf9), Color::opaque(0x20, 0x23, 0x2d)];

/// The least contrast of a button without an edge.
const VISIBLE: f64 = 1.3;

/// What pages show of a tenant.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// What the tenant calls itself.
    pub name: String,
    /// Where its users get help: an `https:` or a `mailto:` address.
    pub support: Option<String>,
    /// Its logo; ours where it has none.
    pub logo: Option<Address>,
    /// Its favicon; ours where it has none.
    pub favicon: Option<Address>,
    /// The font of its pages.
    pub font: Option<Address>,
    /// The picture behind its pages.
    pub background: Option<Address>,
    /// The custom properties that make the stylesheet its own.
    pub css: String,
    /// The languages that it offers.
    pub languages: Vec<Language>,
    /// The texts that it replaced.
    pub texts: CustomTexts,
}

impl Look {
    /// Of what is stored of a tenant.
    pub fn of(tenant_name: &str, stored: &Map<String, Value>, kept: &TenantDocuments) -> Self {
        let shown = settings::view(tenant_name, stored);
        let text = |name: &str| shown.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let texts = CustomTexts::of(kept);
        let branding = kept.find(KIND, SETTINGS);
        let url = |path: &[&str]| Address::parse(at(branding?, path)?.as_str()?);
        let theme = kept.find(KIND, THEME).and_then(Theme::of);
        let enabled = shown.get("enabled_locales").and_then(Value::as_array);
        let enabled = enabled.into_iter().flatten().filter_map(Value::as_str);
        let mut look = Self {
            name: text("friendly_name").unwrap_or(tenant_name).to_owned(),
            support: support(text("support_url"), text("support_email")),
            logo: url(&["logo_url"]).or_else(|| Address::parse(text("picture_url")?)),
            favicon: url(&["favicon_url"]),
            font: url(&["font", "url"]),
            background: None,
            css: String::new(),
            languages: Language::offered(enabled, |tag| texts.has(tag)),
            texts,
        };
        if let Some(branding) = branding {
            look.css = colors(branding);
        }
        if let Some(theme) = theme {
            look.logo = theme.logo.or(look.logo);
            look.font = theme.font.or(look.font);
            look.background = theme.background;
            look.css.push_str(&theme.css);
        }
        if let Some(font) = &look.font {
            // Falls back to the fonts of the system until it is there.
            let _ = write!(
                look.css,
                "@font-face{{font-family:\"Tenant\";src:url(\"{}\");font-display:swap}}\
                 :root:root{{--font:\"Tenant\",system-ui,sans-serif}}",
                font.as_str()
            );
        }
        if let Some(background) = &look.background {
            let _ = write!(look.css, ":root:root{{--picture:url(\"{}\")}}", background.as_str());
        }
        look
    }
}

/// The member at a path of names.
pub(super) fn at<'a>(document: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(document.get(*first)?, |value, name| value.get(*name))
}

pub(super) fn color(document: &Map<String, Value>, path: &[&str]) -> Option<Color> {
    Color::parse(at(document, path)?.as_str()?)
}

fn support(url: Option<&str>, email: Option<&str>) -> Option<String> {
    let url = url.and_then(Address::parse).map(|address| address.as_str().to_owned());
    url.or_else(|| email.map(|email| format!("mailto:{email}")))
}

/// The two colours of the branding settings, with the shades that keep texts readable.
fn colors(branding: &Map<String, Value>) -> String {
    let mut css = String::new();
    if let Some(primary) = color(branding, &["colors", "primary"]) {
        let [light, dark] = GROUNDS.map(|ground| {
            let accent = primary.over(ground);
            let (label, link) = (accent.label(), accent.readable_on(ground));
            // A button in the colour of what it stands on is seen by its edge.
            let edge = if accent.contrast(ground) < VISIBLE { link } else { accent };
            format!(
                ":root:root{{--accent:{accent};--on-accent:{label};--accent-edge:{edge};--link:{link};--focus:{link}}}"
            )
        });
        let _ = write!(css, "{light}@media(prefers-color-scheme:dark){{{dark}}}");
    }
    if let Some((background, dark)) = at(branding, &["colors", "page_background"]).and_then(page_background) {
        // A bright page around a dark card would blind: it is for the light scheme alone.
        let scheme = if dark { "" } else { "@media(prefers-color-scheme:light)" };
        let rule = format!(":root:root{{--page:{background}}}");
        let _ = if scheme.is_empty() { css.write_str(&rule) } else { write!(css, "{scheme}{{{rule}}}") };
    }
    css
}

/// A colour, or a gradient of two; and whether it is dark.
fn page_background(value: &Value) -> Option<(String, bool)> {
    match value {
        Value::String(text) => Color::parse(text).map(|color| (color.to_string(), color.is_dark())),
        Value::Object(gradient) => {
            let (start, end) = (color(gradient, &["start"])?, color(gradient, &["end"])?);
            let angle = gradient.get("angle_deg").and_then(Value::as_f64).unwrap_or(0.0);
            let angle = if (-360.0..=360.0).contains(&angle) { angle } else { 0.0 };
            let dark = start.is_dark() && end.is_dark();
            Some((format!("linear-gradient({angle}deg,{start},{end})"), dark))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}
