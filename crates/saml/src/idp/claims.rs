//! From a profile to attributes: what Auth0's SAML and WS-Federation say of a user.
//!
//! Must never say more than the profile holds, nor a name twice.

use serde_json::{Map, Value};

/// Claims of the identity metasystem.
const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
/// What stands before the names of members without a mapping.
const PREFIX: &str = "http://schemas.auth0.com/";
/// From members of a profile to attributes, where an application does not say otherwise.
const DEFAULT: [(&str, &str); 7] = [
    ("user_id", "nameidentifier"),
    ("email", "emailaddress"),
    ("name", "name"),
    ("given_name", "givenname"),
    ("family_name", "surname"),
    ("upn", "upn"),
    ("groups", ""),
];
const GROUPS: &str = "http://schemas.xmlsoap.org/claims/Group";
/// Members of a profile that are never passed on as they are: the inner ones, and what the tenant keeps about the use of
/// the account.
const INNER: [&str; 9] = [
    "identities",
    "app_metadata",
    "user_metadata",
    "multifactor",
    "blocked",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
];

/// The attributes that a name is taken from, where an application does not say otherwise.
pub const PROBES: [&str; 3] = ["nameidentifier", "emailaddress", "name"];

/// From members of a profile to attributes, where an application does not say otherwise.
pub fn usual() -> impl Iterator<Item = (&'static str, String)> {
    let name = |claim_name: &str| if claim_name.is_empty() { GROUPS.to_owned() } else { claim(claim_name) };
    DEFAULT.into_iter().map(move |(member, claim_name)| (member, name(claim_name)))
}

/// The URI of one of the claims of the identity metasystem.
pub fn claim(name: &str) -> String {
    [CLAIMS, name].concat()
}

/// How a profile becomes attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the switches of the add-on, each apart from the others"
)]
pub struct Mapping {
    /// Members of the profile and their attributes; none means the default ones.
    pub mappings: Option<Vec<(String, Vec<String>)>>,
    /// Whether a user gets a principal name.
    pub create_upn: bool,
    /// Whether members without a mapping are passed on.
    pub pass_through: bool,
    /// Whether they keep their names.
    pub unknown_as_is: bool,
    /// Whether the identities of the user are passed on.
    pub identities: bool,
}

impl Default for Mapping {
    fn default() -> Self {
        Self { mappings: None, create_upn: true, pass_through: true, unknown_as_is: false, identities: true }
    }
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<Content>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number, as JSON writes it.
    Number(String),
}

impl Content {
    /// The value as text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Flag(true) => "true",
            Self::Flag(false) => "false",
        }
    }

    /// The type that a value says, where it says one.
    pub fn xml_type(&self) -> &'static str {
        match self {
            Self::Text(_) => "xs:string",
            Self::Flag(_) => "xs:boolean",
            Self::Number(_) => "xs:double",
        }
    }
}

/// The attributes of a user, whose profile is what the Management API shows.
pub fn attributes(profile: &Map<String, Value>, mapping: &Mapping) -> Vec<Attribute> {
    let mut said = Said(Vec::with_capacity(profile.len()));
    let upn = made_upn(profile, mapping);
    let member_of = |member: &str| said_of(profile, (member, upn));
    let mut mapped: Vec<&str> = Vec::new();
    if let Some(mappings) = &mapping.mappings {
        for (member, names) in mappings {
            mapped.push(member);
            for name in names {
                said.add(name.clone(), member_of(member));
            }
        }
    } else {
        for (member, name) in usual() {
            mapped.push(member);
            said.add(name, member_of(member));
        }
    }
    if mapping.identities {
        said.identities(profile.get("identities"));
    }
    if mapping.pass_through {
        let made = upn.map(|value| ("upn", value));
        for (member, value) in profile.iter().map(|(member, value)| (member.as_str(), value)).chain(made) {
            let inner = INNER.contains(&member) || mapped.contains(&member);
            if !inner {
                let prefix = if mapping.unknown_as_is { "" } else { PREFIX };
                said.add([prefix, member].concat(), Some(value));
            }
        }
    }
    said.0
}

/// The name of the subject: the first value of the first of these attributes that has one. Mappings of an application's own
/// take the place of the default claims in what is sent, but recipes that name a default claim as a probe leave its member
/// out of them; so the default claims of such members are looked at too. Where the probes are the usual ones, nobody asked
/// for a default claim by its name, and what the mappings give goes before all of them.
pub fn name(
    attributes: &[Attribute],
    probes: &[String],
    (profile, mapping): (&Map<String, Value>, &Mapping),
) -> Option<String> {
    let own = |probe: &String| {
        let attribute = attributes.iter().find(|attribute| attribute.name == *probe)?;
        attribute.values.first().map(|value| value.text().to_owned()).filter(|text| !text.is_empty())
    };
    let Some(mappings) = &mapping.mappings else { return probes.iter().find_map(own) };
    let upn = made_upn(profile, mapping);
    let usual = |probe: &String| left_out(probe, mappings, (profile, upn)).filter(|text| !text.is_empty());
    if probes.iter().map(String::as_str).eq(PROBES.map(claim).iter().map(String::as_str)) {
        return probes.iter().find_map(own).or_else(|| probes.iter().find_map(usual));
    }
    probes.iter().find_map(|probe| own(probe).or_else(|| usual(probe)))
}

/// The value that a default claim would have, had the mappings of an application not taken its place.
fn left_out(
    probe: &str,
    mappings: &[(String, Vec<String>)],
    (profile, upn): (&Map<String, Value>, Option<&Value>),
) -> Option<String> {
    let own = probe.strip_prefix(CLAIMS).filter(|own| !own.is_empty())?;
    let (member, _) = DEFAULT.into_iter().find(|(_, claim_name)| *claim_name == own)?;
    if mappings.iter().any(|(mapped, _)| mapped == member) {
        return None;
    }
    let value = said_of(profile, (member, upn))?;
    contents(value).first().map(|content| content.text().to_owned())
}

/// The principal name of a user who has none in the profile, where one is to be made.
fn made_upn<'a>(profile: &'a Map<String, Value>, mapping: &Mapping) -> Option<&'a Value> {
    profile.get("email").filter(|_| mapping.create_upn && !profile.contains_key("upn"))
}

/// What a profile says under the name of a member; `upn` may be made.
fn said_of<'a>(
    profile: &'a Map<String, Value>,
    (member, upn): (&str, Option<&'a Value>),
) -> Option<&'a Value> {
    if member == "upn" { upn.or(profile.get(member)) } else { at(profile, member) }
}

/// A member, or what lies within one: `app_metadata.department`.
fn at<'a>(profile: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(found) = profile.get(path) {
        return Some(found);
    }
    let (outer, inner) = path.split_once('.')?;
    at(profile.get(outer)?.as_object()?, inner)
}

/// What was said already.
struct Said(Vec<Attribute>);

impl Said {
    fn add(&mut self, name: String, value: Option<&Value>) {
        let values = value.map(contents).unwrap_or_default();
        if !values.is_empty() && !self.0.iter().any(|own| own.name == name) {
            self.0.push(Attribute { name, values });
        }
    }

    /// The first identity is the default one; others are told by their provider.
    fn identities(&mut self, identities: Option<&Value>) {
        let identities = identities.and_then(Value::as_array).into_iter().flatten();
        for (number, identity) in identities.enumerate() {
            let provider = identity.get("provider").and_then(Value::as_str).unwrap_or_default();
            let which = if number == 0 { "default" } else { provider };
            for member in ["provider", "connection", "isSocial"] {
                self.add(format!("{PREFIX}identities/{which}/{member}"), identity.get(member));
            }
        }
    }
}

/// The values of a member; objects have none.
fn contents(value: &Value) -> Vec<Content> {
    match value {
        Value::String(text) => vec![Content::Text(text.clone())],
        Value::Bool(flag) => vec![Content::Flag(*flag)],
        Value::Number(number) => vec![Content::Number(number.to_string())],
        Value::Array(items) => {
            let scalars = items.iter().filter(|item| !item.is_array());
            scalars.flat_map(contents).collect()
        }
        Value::Null | Value::Object(_) => Vec::new(),
    }
}
