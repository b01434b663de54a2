//! A field of a form: which member of the object it shows, how, and back.
//!
//! Pure. Must never send a member that was not touched.

use chancery_jose::json::{self, JsonError, Located};
use serde_json::{Map, Value};

use crate::dashboard::posted::Posted;

/// What kind of input a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line; the type of the HTML input: `text`, `email`, `url`.
    Text(&'static str),
    /// A new password: never shown.
    Password,
    /// A new secret of several lines, such as a private key: never shown.
    SecretArea(u8),
    /// Several lines, so many of them seen at once.
    Area(u8),
    /// Several lines that may come from files; which are offered.
    Upload(&'static str),
    /// A list of texts, one a line.
    Lines,
    /// A whole number, and what is counted.
    Number(&'static str),
    /// Yes or no.
    Toggle,
    /// Yes or no, where the member says the opposite: what it disables is on as long as it is not there.
    Not,
    /// One of these: value, label. An empty value stands for none.
    Select(&'static [(&'static str, &'static str)]),
    /// Some of these: value, label.
    Choices(&'static [(&'static str, &'static str)]),
    /// JSON, as it is.
    Json,
    /// Names and values, a line of `name = value` each.
    Pairs,
    /// A colour: `#rrggbb`.
    Color,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The member, or the member of a member: `jwt_configuration.alg`.
    pub path: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What has to be known to fill it in.
    pub help: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// What the field shows while it is empty.
    pub placeholder: &'static str,
    /// Whether emptying it sends null, rather than an empty text.
    pub nullable: bool,
    /// Whether it has to be filled in.
    pub required: bool,
}

impl Field {
    /// A field.
    pub const fn new(path: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { path, label, help: "", kind, placeholder: "", nullable: false, required: false }
    }

    /// A line of text.
    pub const fn text(path: &'static str, label: &'static str) -> Self {
        Self::new(path, label, Kind::Text("text"))
    }

    /// Says what has to be known.
    pub const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// Shows an example.
    pub const fn placeholder(self, placeholder: &'static str) -> Self {
        Self { placeholder, ..self }
    }

    /// Emptying it sends null.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// It has to be filled in.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The id of its element.
    pub fn id(&self) -> String {
        format!("f-{}", self.path.replace(['.', '_'], "-"))
    }

    /// The member of the object that it is in.
    pub(super) fn top(&self) -> &'static str {
        self.path.split('.').next().unwrap_or(self.path)
    }

    /// Whether a property that the API complains about is this field, or within it.
    pub(super) fn holds(&self, property: &str) -> bool {
        let rest = property.strip_prefix(self.path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// Whether what it holds is never shown.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Password | Kind::SecretArea(_))
    }

    /// The type of an HTML input.
    pub(super) fn input(&self) -> &'static str {
        match self.kind {
            Kind::Text(input) => input,
            Kind::Password => "password",
            Kind::Number(_) => "number",
            Kind::Color => "color",
            Kind::Area(_)
            | Kind::SecretArea(_)
            | Kind::Upload(_)
            | Kind::Lines
            | Kind::Toggle
            | Kind::Not
            | Kind::Select(_)
            | Kind::Choices(_)
            | Kind::Json
            | Kind::Pairs => "text",
        }
    }

    /// What the object has, as the field shows it.
    pub(super) fn texts(&self, object: &Value) -> Vec<String> {
        let mut at = object;
        for name in self.path.split('.') {
            at = at.get(name).unwrap_or(&Value::Null);
        }
        let list = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        match self.kind {
            Kind::Password | Kind::SecretArea(_) => Vec::new(),
            Kind::Text(_)
            | Kind::Area(_)
            | Kind::Upload(_)
            | Kind::Number(_)
            | Kind::Select(_)
            | Kind::Color => match at {
                Value::Null => Vec::new(),
                Value::String(text) if text.is_empty() => Vec::new(),
                Value::String(text) => vec![text.replace("\r\n", "\n")],
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    vec![at.to_string()]
                }
            },
            Kind::Lines => {
                let lines = list(at);
                if lines.is_empty() { Vec::new() } else { vec![lines.join("\n")] }
            }
            Kind::Toggle => {
                if at == &Value::Bool(true) {
                    vec!["true".to_owned()]
                } else {
                    Vec::new()
                }
            }
            Kind::Not => {
                if at == &Value::Bool(true) {
                    Vec::new()
                } else {
                    vec!["true".to_owned()]
                }
            }
            Kind::Choices(options) => {
                let chosen = list(at);
                let order = options.iter().map(|(value, _)| *value);
                order.filter(|value| chosen.iter().any(|own| own == value)).map(str::to_owned).collect()
            }
            Kind::Json => match at {
                Value::Null => Vec::new(),
                Value::Object(members) if members.is_empty() => Vec::new(),
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                    vec![serde_json::to_string_pretty(at).unwrap_or_default()]
                }
            },
            Kind::Pairs => {
                let pairs = at.as_object().into_iter().flatten();
                let line = |(name, value): (&String, &Value)| match value.as_str() {
                    Some(text) => format!("{name} = {text}"),
                    None => format!("{name} = {value}"),
                };
                let lines: Vec<String> = pairs.map(line).collect();
                if lines.is_empty() { Vec::new() } else { vec![lines.join("\n")] }
            }
        }
    }

    /// What was sent, in the same form as [`Field::texts`].
    pub(super) fn sent(&self, posted: &Posted) -> Vec<String> {
        match self.kind {
            Kind::Choices(options) => {
                let sent = posted.all(self.path);
                let order = options.iter().map(|(value, _)| *value);
                order.filter(|value| sent.iter().any(|own| own == value)).map(str::to_owned).collect()
            }
            Kind::Lines => {
                // People separate by commas as well.
                let lines =
                    posted.get(self.path).split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty());
                let lines: Vec<&str> = lines.collect();
                if lines.is_empty() { Vec::new() } else { vec![lines.join("\n")] }
            }
            Kind::Password => one(posted.exact(self.path)),
            Kind::Text(_)
            | Kind::Area(_)
            | Kind::SecretArea(_)
            | Kind::Upload(_)
            | Kind::Number(_)
            | Kind::Toggle
            | Kind::Not
            | Kind::Select(_)
            | Kind::Json
            | Kind::Pairs
            | Kind::Color => one(posted.get(self.path)),
        }
    }

    /// What is sent to the API, or what is wrong.
    pub(super) fn value(&self, sent: &[String]) -> Result<Value, String> {
        let text = sent.first().map_or("", String::as_str);
        if self.required && text.is_empty() {
            return Err("Fill this in.".to_owned());
        }
        let empty = || if self.nullable { Value::Null } else { Value::String(String::new()) };
        match self.kind {
            Kind::Text(_)
            | Kind::Area(_)
            | Kind::SecretArea(_)
            | Kind::Upload(_)
            | Kind::Select(_)
            | Kind::Color
            | Kind::Password => Ok(if text.is_empty() { empty() } else { Value::String(text.to_owned()) }),
            Kind::Lines => Ok(text.lines().map(str::to_owned).collect()),
            Kind::Choices(_) => Ok(sent.iter().cloned().collect()),
            Kind::Toggle => Ok(Value::Bool(text == "true")),
            Kind::Not => Ok(Value::Bool(text != "true")),
            Kind::Number(_) if text.is_empty() => Ok(Value::Null),
            Kind::Number(_) => {
                let number = text.parse::<i64>().map_err(|_| format!("“{text}” is no whole number."));
                number.map(Value::from)
            }
            Kind::Json if text.is_empty() => Ok(Value::Object(Map::new())),
            Kind::Json => json(text),
            Kind::Pairs => pairs(text),
        }
    }

    /// Puts a value into an object.
    pub(super) fn put(&self, object: &mut Value, value: Value) {
        let mut at = object;
        for name in self.path.split('.') {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(members) = at else { return };
            at = members.entry(name).or_insert(Value::Null);
        }
        *at = match (self.kind, value) {
            // What stands there and is none of our choices stays.
            (Kind::Choices(options), Value::Array(chosen)) => {
                let unknown = |own: &&Value| options.iter().all(|(value, _)| *own != *value);
                let kept = at.as_array().into_iter().flatten().filter(unknown).cloned();
                chosen.into_iter().chain(kept).collect()
            }
            (_, value) => value,
        };
    }
}

fn one(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

/// What a text says, or where it is no JSON. Of a member that is there twice one would be lost.
fn json(text: &str) -> Result<Value, String> {
    let said = |Located { error, line, column }| {
        let what = match error {
            JsonError::Syntax { message, .. } => message,
            JsonError::DuplicateMember(name) => format!("the member “{name}” is there twice"),
            JsonError::TooDeep => "it is nested deeper than 64 levels".to_owned(),
        };
        let (line, column) = match column {
            // The end of a line was read before the fault was seen.
            0 => (line.saturating_sub(1).max(1), String::new()),
            _ => (line, format!(", column {column}")),
        };
        // Lines are wrapped where they are shown, so that counting them misleads.
        let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        let shown: String = shown.chars().take(80).collect();
        format!("This is no JSON: {what} (line {line}{column}): {shown}")
    };
    json::locate(text.as_bytes()).map_err(said)
}

fn pairs(text: &str) -> Result<Value, String> {
    let mut members = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let pair = line.split_once('=');
        let (name, value) = pair.ok_or_else(|| format!("“{line}” is not of the form: name = value."))?;
        members.insert(name.trim().to_owned(), Value::String(value.trim().to_owned()));
    }
    Ok(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Field, Kind};
    use crate::dashboard::posted::Posted;

    fn round(kind: Kind, value: &serde_json::Value) -> serde_json::Value {
        let field = Field::new("a.b", "B", kind);
        let object = json!({ "a": { "b": value, "c": 1 } });
        let mut posted = String::new();
        for text in field.texts(&object) {
            let text: String =
                form_urlencoded::byte_serialize(text.replace('\n', "\r\n").as_bytes()).collect();
            posted.extend(["&a.b=", &text]);
        }
        let sent = field.sent(&Posted::read(posted.as_bytes()));
        assert_eq!(sent, field.texts(&object), "{kind:?} would look changed");
        field.value(&sent).unwrap()
    }

    #[test]
    fn what_is_shown_comes_back_as_it_was() {
        const OPTIONS: &[(&str, &str)] = &[("x", "X"), ("y", "Y")];
        for (kind, value) in [
            (Kind::Text("text"), json!("Garden & Co <b>")),
            (Kind::Area(3), json!("one\ntwo")),
            (Kind::Lines, json!(["https://a.example/cb", "https://b.example/cb"])),
            (Kind::Number("seconds"), json!(36_000)),
            (Kind::Toggle, json!(true)),
            (Kind::Toggle, json!(false)),
            (Kind::Not, json!(true)),
            (Kind::Not, json!(false)),
            (Kind::Upload(".pem"), json!("-----BEGIN X-----\nAAAA\n-----END X-----")),
            (Kind::Select(OPTIONS), json!("y")),
            (Kind::Choices(OPTIONS), json!(["x", "y"])),
            (Kind::Json, json!({ "deep": [1, { "er": null }] })),
            (Kind::Pairs, json!({ "team": "blue", "tier": "gold = best" })),
        ] {
            assert_eq!(round(kind, &value), value, "{kind:?}");
        }
    }

    #[test]
    fn a_secret_is_never_shown_and_stays_unless_another_is_typed() {
        for kind in [Kind::Password, Kind::SecretArea(3)] {
            let field = Field::new("a", "A", kind);
            let object = json!({ "a": "s3cr3t" });
            assert_eq!(field.texts(&object), field.sent(&Posted::read(b"a=")), "{kind:?}");
            assert_eq!(field.value(&field.sent(&Posted::read(b"a=new"))), Ok(json!("new")), "{kind:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said_in_words() {
        let said = |kind, text: &str| Field::new("a", "A", kind).value(&[text.to_owned()]).unwrap_err();
        assert_eq!(said(Kind::Number("s"), "ten"), "“ten” is no whole number.");
        assert_eq!(said(Kind::Pairs, "team"), "“team” is not of the form: name = value.");
        for (text, place) in [
            ("{\n  \"a\": nul\n}", "(line 2): \"a\": nul"),
            ("{\n  \"a\": 1,\n  \"a\": 2\n}", "the member “a” is there twice (line 3"),
            ("{} {}", "(line 1, column 4): {} {}"),
        ] {
            let said = said(Kind::Json, text);
            assert!(said.starts_with("This is no JSON: ") && said.contains(place), "{said}");
        }
    }
}
