//! Shapes: what a JSON object of the Management API may hold, as values.
//!
//! One shape describes an object once, for create, update and read; validation, the description at
//! `/openapi.json` and the list of fields all come from it. Must never know an aggregate.

mod check;
mod describe;

pub use check::Refusal;
pub use describe::{parameter, schema};

/// An object with named members.
#[derive(Debug, Clone)]
pub struct Object {
    /// The members in the order in which they are shown.
    pub fields: Vec<Field>,
    /// Whether members beyond these are kept (`additionalProperties`).
    pub open: bool,
    /// The least number of members.
    pub least: usize,
    /// The greatest number of members.
    pub most: usize,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there, in a request where it may be there.
    pub required: bool,
    /// Whether null is accepted on create; on update of a top-level member null always clears it.
    pub nullable: bool,
    /// When it may be sent.
    pub when: Presence,
}

/// What a value may be.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Anything at all.
    Any,
    /// `true` or `false`.
    Bool,
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// Any number within these bounds.
    Number(i32, i32),
    /// A text.
    Text(Text),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of values of one kind, with the least and the greatest length.
    List(Box<Kind>, usize, usize),
    /// An object.
    Object(Object),
    /// An object whose values are all of one kind, with the greatest number of members.
    Map(Box<Kind>, usize),
    /// One of several.
    Either(Vec<Kind>),
}

/// The rules of a text. Lengths count characters.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The least length.
    pub least: usize,
    /// The greatest length.
    pub most: usize,
    /// What it has to look like.
    pub format: Option<Format>,
}

/// A named look of a text, with its name in messages.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What messages call it.
    pub name: &'static str,
    /// The test.
    pub accepts: fn(&str) -> bool,
}

/// In which requests a member may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// In both.
    Always,
    /// On create alone.
    Create,
    /// On update alone.
    Update,
    /// In answers alone.
    Read,
}

/// Which request is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A new object.
    Create,
    /// A merge patch: nothing is required, null clears.
    Update,
}

/// Longest text where no shape says otherwise, in characters.
const LONGEST: usize = 100_000;
/// Longest list where no shape says otherwise.
const MANY: usize = 10_000;

/// An object that knows exactly these members.
pub fn object<const N: usize>(fields: [Field; N]) -> Object {
    Object { fields: fields.into(), open: false, least: 0, most: usize::MAX }
}

/// An object that knows these members and keeps others.
pub fn open<const N: usize>(fields: [Field; N]) -> Object {
    Object { open: true, ..object(fields) }
}

/// A member.
pub fn field(name: &'static str, kind: impl Into<Kind>) -> Field {
    Field { name, kind: kind.into(), required: false, nullable: false, when: Presence::Always }
}

/// A text of any length.
pub fn text() -> Text {
    Text { least: 0, most: LONGEST, format: None }
}

/// A whole number within bounds.
pub fn integer(least: i64, most: i64) -> Kind {
    Kind::Integer(least, most)
}

/// A number within bounds, whole or not.
pub fn number(least: i32, most: i32) -> Kind {
    Kind::Number(least, most)
}

/// `true` or `false`.
pub fn boolean() -> Kind {
    Kind::Bool
}

/// One of these texts.
pub fn one_of(values: &'static [&'static str]) -> Kind {
    Kind::OneOf(values)
}

/// A list of any length.
pub fn list(of: impl Into<Kind>) -> Kind {
    Kind::List(Box::new(of.into()), 0, MANY)
}

/// A list with at least so many members.
pub fn list_of_at_least(least: usize, of: impl Into<Kind>) -> Kind {
    Kind::List(Box::new(of.into()), least, MANY)
}

/// An object whose values are all of one kind.
pub fn map(of: impl Into<Kind>, most: usize) -> Kind {
    Kind::Map(Box::new(of.into()), most)
}

impl Field {
    /// It must be there.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// It may be null.
    pub fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// It may be sent on create alone.
    pub fn on_create(self) -> Self {
        Self { when: Presence::Create, ..self }
    }

    /// It may be sent on update alone.
    pub fn on_update(self) -> Self {
        Self { when: Presence::Update, ..self }
    }

    /// It stands in answers alone.
    pub fn read_only(self) -> Self {
        Self { when: Presence::Read, ..self }
    }
}

impl Object {
    /// It needs at least so many members.
    pub fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// It takes at most so many members.
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The member of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of all members, those of answers included.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

impl Text {
    /// It needs at least so many characters.
    pub fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    /// It takes at most so many characters.
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// It has to look like this.
    pub fn like(self, format: Format) -> Self {
        Self { format: Some(format), ..self }
    }
}

impl From<Text> for Kind {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<Object> for Kind {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}
