//! Forms over objects of the API: fields as data, from the object to texts and from texts to a patch.
//!
//! Whatever is wrong is said at the field that it concerns, and whoever changes what another administrator has changed
//! meanwhile is told so first. Must never know an aggregate.

mod field;

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use chancery_crypto::digest::sha256;
use chancery_jose::base64url;
use http::StatusCode;
use serde_json::{Map, Value};

pub use field::{Field, Kind};

use super::api::Failure;
use super::desk::Desk;
use super::posted::Posted;
use super::ui::{Alert, Csrf, Tone};

/// Fields that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// What has to be known about them.
    pub lead: &'static str,
    /// The fields.
    pub fields: &'static [Field],
}

/// A form as it is shown.
#[derive(Template, Debug, Clone)]
#[template(path = "dashboard/form.html")]
pub struct Form {
    csrf: Csrf,
    action: String,
    submit: String,
    /// The digest of what was shown; empty for something new.
    seen: String,
    groups: Vec<ShownGroup>,
    alert: Option<String>,
    /// Whether it can be sent at all.
    writable: bool,
    /// Hidden fields.
    hidden: Vec<(&'static str, String)>,
}
impl HtmlSafe for Form {}

#[derive(Debug, Clone)]
struct ShownGroup {
    title: &'static str,
    lead: &'static str,
    fields: Vec<Shown>,
}

/// A field as it is shown.
#[derive(Debug, Clone)]
struct Shown {
    field: Field,
    /// What is in it.
    texts: Vec<String>,
    /// What is wrong with it.
    wrong: Option<String>,
    /// What it is by now, where somebody else has changed it.
    now: Option<String>,
}

impl Shown {
    fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// What the input begins with: a secret that was typed does not come back.
    fn value(&self) -> &str {
        if self.field.is_secret() { "" } else { self.text() }
    }

    fn has(&self, value: &str) -> bool {
        self.texts.iter().any(|text| text == value)
    }

    /// Whether it holds something that is none of the options.
    fn is_beside(&self, options: &[(&str, &str)]) -> bool {
        options.iter().all(|(value, _)| *value != self.text())
    }

    /// The type of its input. A browser's picker of colours knows `#rrggbb` alone, and would put black in the place of
    /// anything else.
    fn input(&self) -> &'static str {
        let is_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let text = self.text().as_bytes();
        let is_known =
            matches!(text, [b'#', digits @ ..] if digits.len() == 6 && digits.iter().copied().all(is_hex));
        if self.field.kind == Kind::Color && !is_known { "text" } else { self.field.input() }
    }

    /// The elements that describe the input.
    fn described_by(&self) -> String {
        let id = self.field.id();
        let parts = [
            (!self.field.help.is_empty(), "help"),
            (self.wrong.is_some(), "wrong"),
            (self.now.is_some(), "now"),
        ];
        let named = parts.iter().filter(|(there, _)| *there).map(|(_, end)| format!("{id}-{end}"));
        named.collect::<Vec<_>>().join(" ")
    }
}

/// What came of sending a form.
#[derive(Debug)]
pub enum Sent {
    /// It was done; what the API answered.
    Done(Value),
    /// It has to be mended, with this status.
    Again(StatusCode, Box<Form>),
}

impl Form {
    /// A form that shows an object. `scope` is what it takes to send it.
    pub fn of(desk: &Desk, groups: &[Group], object: &Value, (action, scope): (&str, &str)) -> Self {
        Self::shown(desk, groups, (action, scope), |field| field.texts(object), seen(groups, object))
    }

    /// A form for something new, with what is suggested.
    pub fn new(desk: &Desk, groups: &[Group], suggested: &Value, (action, scope): (&str, &str)) -> Self {
        Self::shown(desk, groups, (action, scope), |field| field.texts(suggested), String::new())
            .submit("Create")
    }

    /// A form that shows what was sent, to be mended.
    pub fn again(desk: &Desk, groups: &[Group], posted: &Posted, seen: String) -> Self {
        Self::shown(desk, groups, (&desk.path, ""), |field| field.sent(posted), seen)
    }

    fn shown(
        desk: &Desk,
        groups: &[Group],
        (action, scope): (&str, &str),
        texts: impl Fn(&Field) -> Vec<String>,
        seen: String,
    ) -> Self {
        let field = |field: &Field| Shown { field: *field, texts: texts(field), wrong: None, now: None };
        let group = |group: &Group| ShownGroup {
            title: group.title,
            lead: group.lead,
            fields: group.fields.iter().map(field).collect(),
        };
        Self {
            csrf: desk.csrf(),
            action: action.to_owned(),
            submit: "Save changes".to_owned(),
            seen,
            groups: groups.iter().map(group).collect(),
            alert: None,
            writable: scope.is_empty() || desk.may(scope),
            hidden: Vec::new(),
        }
    }

    /// What its button says.
    pub fn submit(self, text: &str) -> Self {
        Self { submit: text.to_owned(), ..self }
    }

    /// Carries something along.
    pub fn carrying(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    fn fields(&mut self) -> impl Iterator<Item = &mut Shown> {
        self.groups.iter_mut().flat_map(|group| &mut group.fields)
    }

    /// Says what is wrong, at the field if there is one.
    pub fn refused(mut self, failure: &Failure) -> Self {
        let named = failure.property();
        let at = named.and_then(|(reason, property)| {
            let shown = self.fields().find(|shown| shown.field.holds(property))?;
            // What is wrong is one member of many.
            let within = property.strip_prefix(shown.field.path).unwrap_or_default().trim_start_matches('.');
            let is_within = shown.field.kind == Kind::Json && !within.is_empty();
            shown.wrong = Some(if is_within { format!("{within}: {reason}") } else { reason });
            Some(())
        });
        let text = match at {
            Some(()) => "Nothing was saved. Look at the field that is marked below.".to_owned(),
            None => failure.message.clone(),
        };
        Self { alert: Some(text), ..self }
    }

    fn mistaken(mut self, mistakes: &BTreeMap<&'static str, String>) -> Self {
        for shown in self.fields() {
            shown.wrong = mistakes.get(shown.field.path).cloned();
        }
        Self {
            alert: Some("Nothing was saved. Look at the fields that are marked below.".to_owned()),
            ..self
        }
    }

    /// Says that somebody else was faster.
    fn overtaken(mut self, object: &Value) -> Self {
        for shown in self.fields() {
            let now = shown.field.texts(object);
            if now != shown.texts && !shown.field.is_secret() {
                let text = now.join(", ");
                shown.now = Some(if text.is_empty() { "empty".to_owned() } else { text });
            }
        }
        let text = "Somebody changed this while you were editing it, and nothing of yours was saved yet. Where your \
            text differs from what is stored now, the field says so. Save again to put yours in its place.";
        Self { alert: Some(text.to_owned()), ..self }
    }
}

/// The digest of what a form shows of an object.
fn seen(groups: &[Group], object: &Value) -> String {
    let texts: Vec<_> =
        groups.iter().flat_map(|group| group.fields).map(|field| field.texts(object)).collect();
    stamp(&serde_json::json!(texts))
}

/// What tells something that was shown from the same thing after a change.
pub fn stamp(value: &Value) -> String {
    let digest = sha256(value.to_string().as_bytes());
    base64url::encode(digest.get(..12).unwrap_or(&digest))
}

/// What was changed in a form, as the members of a patch; or what is wrong, by the paths of the fields. Members of members
/// come with all that surrounds them, because the API puts some of them in whole.
fn changes(
    groups: &[Group],
    object: &Value,
    posted: &Posted,
) -> Result<Map<String, Value>, BTreeMap<&'static str, String>> {
    let mut whole = object.clone();
    let mut touched = Vec::new();
    let mut mistakes = BTreeMap::new();
    // Nothing is stored of something new, so a field that has to be filled in is looked at though it looks untouched.
    let is_new = object.as_object().is_some_and(Map::is_empty);
    for field in groups.iter().flat_map(|group| group.fields) {
        let sent = field.sent(posted);
        if sent == field.texts(object) && !(is_new && field.required) {
            continue;
        }
        match field.value(&sent) {
            Ok(value) => {
                field.put(&mut whole, value);
                touched.push(field.top());
            }
            Err(mistake) => {
                mistakes.insert(field.path, mistake);
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let members = whole.as_object_mut().map(std::mem::take).unwrap_or_default();
    Ok(members.into_iter().filter(|(name, _)| touched.contains(&name.as_str())).collect())
}

/// Saves what was changed in a form: reads the object at `path`, compares, patches.
pub async fn save(desk: &Desk, groups: &[Group], path: &str, posted: &Posted) -> Result<Sent, Failure> {
    save_at(desk, groups, (path, path), posted).await
}

/// The same where reading takes another path than changing: one that leaves secrets out.
pub async fn save_at(
    desk: &Desk,
    groups: &[Group],
    (read, path): (&str, &str),
    posted: &Posted,
) -> Result<Sent, Failure> {
    save_with(desk, groups, (read, path), posted, |_, _| ()).await
}

/// The same, for objects of which a patch has to say more than what a field holds: `adjust` gets the object as it is
/// stored, and the patch before it is sent.
pub async fn save_with(
    desk: &Desk,
    groups: &[Group],
    (read, path): (&str, &str),
    posted: &Posted,
    adjust: impl FnOnce(&Value, &mut Map<String, Value>) + Send,
) -> Result<Sent, Failure> {
    let object = desk.api.get(read).await?;
    let adjust = |patch: &mut Map<String, Value>| {
        adjust(&object, patch);
        Ok(())
    };
    save_shown(desk, groups, (&object, path), posted, adjust).await
}

/// The same for an object that was read already, and made into what the fields show: it is compared, and what was changed
/// in it is patched at `path`, unless `adjust` refuses it as the API would.
pub async fn save_shown(
    desk: &Desk,
    groups: &[Group],
    (object, path): (&Value, &str),
    posted: &Posted,
    adjust: impl FnOnce(&mut Map<String, Value>) -> Result<(), Failure> + Send,
) -> Result<Sent, Failure> {
    let now = seen(groups, object);
    let again = || Form::again(desk, groups, posted, now.clone());
    if posted.get("seen") != now {
        return Ok(Sent::Again(StatusCode::CONFLICT, Box::new(again().overtaken(object))));
    }
    let patch = match changes(groups, object, posted) {
        Ok(patch) if patch.is_empty() => return Ok(Sent::Done(object.clone())),
        Ok(mut patch) => match adjust(&mut patch) {
            Ok(()) => patch,
            Err(failure) => return settled(Err(failure), again),
        },
        Err(mistakes) => {
            return Ok(Sent::Again(StatusCode::BAD_REQUEST, Box::new(again().mistaken(&mistakes))));
        }
    };
    settled(desk.api.patch(path, &Value::Object(patch)).await, again)
}

/// Makes something out of a form: what was filled in, over what `given` says.
pub async fn create(
    desk: &Desk,
    groups: &[Group],
    (path, given): (&str, Value),
    posted: &Posted,
) -> Result<Sent, Failure> {
    create_with(desk, groups, (path, given), posted, |_| ()).await
}

/// The same, for members that the API takes in another form than the field: `adjust` gets the body before it is sent.
pub async fn create_with(
    desk: &Desk,
    groups: &[Group],
    (path, given): (&str, Value),
    posted: &Posted,
    adjust: impl FnOnce(&mut Map<String, Value>) + Send,
) -> Result<Sent, Failure> {
    let again = || Form::again(desk, groups, posted, String::new()).submit("Create");
    let mut body = match changes(groups, &Value::Object(Map::new()), posted) {
        Ok(body) => body,
        Err(mistakes) => {
            return Ok(Sent::Again(StatusCode::BAD_REQUEST, Box::new(again().mistaken(&mistakes))));
        }
    };
    for (name, value) in given.as_object().into_iter().flatten() {
        body.entry(name.clone()).or_insert_with(|| value.clone());
    }
    adjust(&mut body);
    settled(desk.api.post(path, &Value::Object(body)).await, again)
}

/// What came of it: what can be mended goes back into the form.
fn settled(outcome: Result<Value, Failure>, again: impl FnOnce() -> Form) -> Result<Sent, Failure> {
    match outcome {
        Ok(object) => Ok(Sent::Done(object)),
        Err(failure) if failure.is_mendable() => {
            Ok(Sent::Again(failure.status, Box::new(again().refused(&failure))))
        }
        Err(failure) => Err(failure),
    }
}
