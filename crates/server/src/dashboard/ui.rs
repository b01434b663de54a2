//! The small parts that pages are composed of. What all of them look like: `/dashboard/_components`.
//!
//! Each escapes what it is given. Must never be written out in a page by hand.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;

/// A part may stand in a page as it is: it has escaped its texts.
macro_rules! parts {
    ($($part:ty),* $(,)?) => { $(impl HtmlSafe for $part {})* };
}
parts!(Icon, Badge, Moment, Copy<'_>, CopyField<'_>, Code<'_>, Empty<'_>, Pager, Csrf, Alert<'_>);

/// A picture of one line, drawn in the colour of the text.
#[derive(Template, Debug, Clone, Copy)]
#[template(
    ext = "html",
    source = r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{{ self.path() }}"/></svg>"#
)]
pub struct Icon(pub &'static str);

impl Icon {
    pub(super) fn path(self) -> &'static str {
        match self.0 {
            "start" => "M3 11.5 12 4l9 7.5M5.5 10v10h13V10M10 20v-6h4v6",
            "applications" => "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
            "apis" => "M8 7 3 12l5 5M16 7l5 5-5 5M13.5 5l-3 14",
            "connections" => {
                "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"
            }
            "users" => {
                "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.2a4 4 0 0 1 0 7.6M18 14.3a6 6 0 0 1 4 5.7v1"
            }
            "roles" => "M12 3l7 3v5c0 5-3 8.5-7 10-4-1.500-7-5-7-10V6zM9 12l2 2 4-4",
            "branding" => {
                "M12 3a9 9 0 1 0 0 18c1.200 0 2-.9 2-2 0-1.300-.9-1.600-.9-2.700 0-.8.7-1.300 1.500-1.300H17a4 4 0 0 0 4-4c0-4.400-4-8-9-8zM7.500 11.500h.01M10.500 7.500h.01M15 7.800h.01"
            }
            "logs" => "M4 5h16M4 10h16M4 15h10M4 20h7",
            "settings" => {
                "M12 15.200a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400zM12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M18.700 5.300l-2.100 2.100M7.400 16.600l-2.100 2.100"
            }
            "key" => "M15 9a3.500 3.500 0 1 0-3.300 3.500L4 20v-3h3v-3h3M15.500 8.500h.01",
            "back" => "M15 5l-7 7 7 7",
            "menu" => "M4 6h16M4 12h16M4 18h16",
            "close" => "M6 6l12 12M18 6L6 18",
            "more" => "M5 12h.01M12 12h.01M19 12h.01",
            "down" => "M6 9l6 6 6-6",
            "copy" => "M9 9h11v11H9zM5 15H4V4h11v1",
            "download" => "M12 4v11M7 11l5 5 5-5M4 20h16",
            "plus" => "M12 5v14M5 12h14",
            "search" => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
            "person" => "M12 12a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM4 21a8 8 0 0 1 16 0",
            "good" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.200l2.800 2.800L16 9.500",
            "bad" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.500v5.500M12 16.300v.2",
            "warn" => "M12 3.500 2.500 20.500h19zM12 10v4.500M12 17.300v.2",
            _ => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.500v.2",
        }
    }
}

/// How something stands: its colour says it to those who see it, its text to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// In use, chosen.
    Accent,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong, or over for good.
    Bad,
}

impl Tone {
    /// The class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::Plain | Self::Accent => Icon("info"),
            Self::Good => Icon("good"),
            Self::Warn => Icon("warn"),
            Self::Bad => Icon("bad"),
        }
    }
}

/// A word in a coloured pill.
#[derive(Template, Debug, Clone)]
#[template(ext = "html", source = r#"<span class="badge {{ tone.class() }}">{{ text }}</span>"#)]
pub struct Badge {
    /// The colour.
    pub tone: Tone,
    /// The word.
    pub text: String,
}

impl Badge {
    /// A badge.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// A message above the content: `tone` says which kind.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"<div class="alert {{ tone.class() }}"{% if tone == Tone::Bad %} role="alert"{% endif %}>{{ tone.icon() }}<div>{{ text }}</div></div>"#
)]
pub struct Alert<'a> {
    /// The kind.
    pub tone: Tone,
    /// The text.
    pub text: &'a str,
}

impl<'a> Alert<'a> {
    /// A message.
    pub fn new(tone: Tone, text: &'a str) -> Self {
        Self { tone, text }
    }
}

/// A point in time: the script shows it in the reader's zone, the exact UTC is there for all.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"{% match at %}{% when Some(at) %}<time datetime="{{ at }}" title="{{ self.exact() }}"{% if date_only %} data-form="date"{% endif %}>{{ self.text() }}</time>{% when None %}<span class="muted">–</span>{% endmatch %}"#
)]
pub struct Moment {
    at: Option<Timestamp>,
    date_only: bool,
}

impl Moment {
    /// From a member of an answer of the API (ISO 8601); nothing of it shows as a dash.
    pub fn of(text: Option<&serde_json::Value>) -> Self {
        Self { at: timestamp(text), date_only: false }
    }

    /// Of a timestamp.
    pub fn at(at: Option<Timestamp>) -> Self {
        Self { at, date_only: false }
    }

    /// Without the time of the day.
    pub fn date(self) -> Self {
        Self { date_only: true, ..self }
    }

    fn text(&self) -> String {
        let form = if self.date_only { "%-d %b %Y" } else { "%-d %b %Y, %H:%M UTC" };
        self.at.map(|at| at.strftime(form).to_string()).unwrap_or_default()
    }

    fn exact(&self) -> String {
        let form = "%Y-%m-%d %H:%M:%S UTC";
        self.at.map(|at| at.strftime(form).to_string()).unwrap_or_default()
    }
}

/// A member of an answer that is a text; empty where it is none.
pub fn text<'a>(value: &'a serde_json::Value, name: &str) -> &'a str {
    value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// The rows of a list that came bare or with its total, and the total.
pub fn rows<'a>(answer: &'a serde_json::Value, name: &str) -> (&'a [serde_json::Value], u64) {
    let list = answer.as_array().or_else(|| answer.get(name)?.as_array());
    let list = list.map_or(&[][..], Vec::as_slice);
    let total = answer.get("total").and_then(serde_json::Value::as_u64);
    (list, total.unwrap_or(u64::try_from(list.len()).unwrap_or(0)))
}

/// A time out of an answer of the API.
pub fn timestamp(text: Option<&serde_json::Value>) -> Option<Timestamp> {
    text?.as_str()?.parse().ok()
}

/// A span of time in its largest unit: `3 days`, `5 hours`, `1 minute`.
pub fn span(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        172_800..63_072_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_536_000, "year"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A button that copies something and confirms it. Needs the script, so what it copies has to be within reach without it too.
#[derive(Template, Debug, Clone, Copy)]
#[template(
    ext = "html",
    source = r##"<button type="button" class="copy" data-copy{{ way }}="{{ value }}" aria-label="Copy: {{ name }}"><svg class="icon" aria-hidden="true"><use href="#icon-copy"/></svg><span data-text>{{ text }}</span></button>"##
)]
pub struct Copy<'a> {
    name: &'a str,
    /// How `value` leads to what is copied; nothing if it is that itself.
    way: &'static str,
    value: &'a str,
    text: &'a str,
}

impl<'a> Copy<'a> {
    /// A button that says “Copy”; `name` is what `value` is: “Client ID”.
    pub fn new(name: &'a str, value: &'a str) -> Self {
        Self::named(name, value, "Copy")
    }

    /// A button of a menu, which says what it copies.
    pub fn named(name: &'a str, value: &'a str, text: &'a str) -> Self {
        Self { name, way: "", value, text }
    }

    /// The same for what the element with this id shows.
    pub fn of(name: &'a str, id: &'a str) -> Self {
        Self { way: "-of", ..Self::new(name, id) }
    }

    /// The same for what is at an address: what is long is not sent before it is asked for.
    pub fn from(name: &'a str, address: &'a str, text: &'a str) -> Self {
        Self { way: "-from", ..Self::named(name, address, text) }
    }

    /// The same for what the form around the button is answered at an address: a secret that the page does not hold, so
    /// that each copy is asked for.
    pub fn answer(name: &'a str, address: &'a str, text: &'a str) -> Self {
        Self { way: "-answer", ..Self::named(name, address, text) }
    }
}

/// A value that can be selected and copied, with its label.
#[derive(Template, Debug, Clone, Copy)]
#[template(
    ext = "html",
    source = r#"<div class="field"><label for="{{ id }}">{{ label }}</label><div class="with-copy">{% if rows > 1 %}<textarea id="{{ id }}" class="mono" rows="{{ rows }}" readonly>{{ value }}</textarea>{% else %}<input id="{{ id }}" class="mono" value="{{ value }}" readonly>{% endif %}{{ Copy::new(label, value) }}</div></div>"#
)]
pub struct CopyField<'a> {
    id: &'a str,
    label: &'a str,
    value: &'a str,
    rows: usize,
}

impl<'a> CopyField<'a> {
    /// One line.
    pub fn new(id: &'a str, label: &'a str, value: &'a str) -> Self {
        Self { id, label, value, rows: 1 }
    }

    /// Several lines.
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

/// Code to be copied; `id` is unique in the page.
#[derive(Template, Debug, Clone, Copy)]
#[template(
    ext = "html",
    source = r#"<div class="code"><pre id="{{ id }}" tabindex="0" role="group" aria-label="{{ name }}"><code>{{ code }}</code></pre>{{ Copy::of(name, id) }}</div>"#
)]
pub struct Code<'a> {
    /// The id of the element.
    pub id: &'a str,
    /// What it is.
    pub name: &'a str,
    /// The code.
    pub code: &'a str,
}

impl<'a> Code<'a> {
    /// Code; `id` is unique in the page.
    pub fn new(id: &'a str, name: &'a str, code: &'a str) -> Self {
        Self { id, name, code }
    }
}

/// What stands where a list has nothing: says so, and what to do.
#[derive(Template, Debug, Clone, Copy)]
#[template(
    ext = "html",
    source = r#"<div class="empty"><h2>{{ title }}</h2><p>{{ text }}</p>{% if let Some((href, label)) = action %}<div class="buttons"><a class="button first" href="{{ href }}">{{ label }}</a></div>{% endif %}</div>"#
)]
pub struct Empty<'a> {
    /// What is not there.
    pub title: &'a str,
    /// What it would be, and how it comes about.
    pub text: &'a str,
    /// The way there: address and label.
    pub action: Option<(&'a str, &'a str)>,
}

impl<'a> Empty<'a> {
    /// Nothing, and no way to change that here.
    pub fn new(title: &'a str, text: &'a str) -> Self {
        Self { title, text, action: None }
    }

    /// Names the way, if it may be gone.
    pub fn action(self, may: bool, href: &'a str, label: &'a str) -> Self {
        Self { action: may.then_some((href, label)), ..self }
    }
}

/// Back and forth through a list.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"{% if total > per_page || page > 0 %}<nav class="pager" aria-label="Pages of the {{ list }}"><span>{{ self.range() }}</span><span class="buttons">{% if page > 0 %}<a class="button" rel="prev" href="{{ base }}{{ page - 1 }}">Previous</a>{% endif %}{% if (page + 1) * per_page < total %}<a class="button" rel="next" href="{{ base }}{{ page + 1 }}">Next</a>{% endif %}</span></nav>{% endif %}"#
)]
pub struct Pager {
    /// What it goes through; each of a page has another name.
    pub list: &'static str,
    /// Which page, from 0.
    pub page: u64,
    /// How many a page holds.
    pub per_page: u64,
    /// How many there are.
    pub total: u64,
    /// The address up to the number of the page: `?q=x&page=`.
    pub base: String,
}

impl Pager {
    fn range(&self) -> String {
        let first = self.page * self.per_page + 1;
        let last = (first + self.per_page - 1).min(self.total);
        if first > self.total {
            return format!("Nothing here: there are {}", self.total);
        }
        format!("{first}–{last} of {}", self.total)
    }
}

/// The hidden field that proves that a form is ours.
#[derive(Template, Clone)]
#[template(ext = "html", source = r#"<input type="hidden" name="csrf" value="{{ token }}">"#)]
pub struct Csrf {
    token: String,
}

impl Csrf {
    /// The field.
    pub fn new(token: String) -> Self {
        Self { token }
    }
}

impl std::fmt::Debug for Csrf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Csrf")
    }
}
