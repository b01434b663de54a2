//! The options of a database connection: the one door from the stored document to what the program relies on.
//!
//! Pure. What was never set has its default here and nowhere else.

use serde_json::{Map, Value, json};

use crate::passwords::policy::Policy;

/// The options, with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Options(Map<String, Value>);

/// How an attribute of a user takes part in signing up and in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Whether people sign in with it.
    pub identifier: bool,
    /// Whether it is asked for when they sign up.
    pub signup: Signup,
}

/// Whether an attribute is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signup {
    /// It has to be given.
    Required,
    /// It may be given.
    Optional,
    /// It is not asked for.
    Inactive,
}

const IDENTIFIER: Attribute = Attribute { identifier: true, signup: Signup::Required };
const ABSENT: Attribute = Attribute { identifier: false, signup: Signup::Inactive };

/// The lengths of a username where a connection does not say.
const USERNAME_LENGTHS: (usize, usize) = (1, 15);

impl Options {
    /// Reads the stored options.
    pub fn of(stored: Option<&Map<String, Value>>) -> Self {
        let mut options = Map::new();
        for (name, value) in [
            ("mfa", json!({ "active": true, "return_enroll_settings": true })),
            ("passwordPolicy", json!("good")),
            ("strategy_version", json!(2)),
            (
                "authentication_methods",
                json!({ "password": { "enabled": true }, "passkey": { "enabled": false } }),
            ),
            ("brute_force_protection", json!(true)),
        ] {
            options.insert(name.to_owned(), value);
        }
        for (name, value) in stored.into_iter().flatten() {
            options.insert(name.clone(), value.clone());
        }
        Self(options)
    }

    /// The members, for answers.
    pub fn into_members(self) -> Map<String, Value> {
        self.0
    }

    /// What a new password has to be like.
    pub fn policy(&self) -> Policy {
        Policy::of(&self.0)
    }

    /// Whether nobody can sign up.
    pub fn signup_disabled(&self) -> bool {
        self.flag("disable_signup")
    }

    /// Whether nobody can ask for a new password.
    pub fn password_change_disabled(&self) -> bool {
        self.flag("disable_self_service_change_password")
    }

    /// Whether accounts are blocked after too many wrong passwords.
    pub fn brute_force_protection(&self) -> bool {
        self.0.get("brute_force_protection") != Some(&Value::Bool(false))
    }

    /// Whether people may sign in with a password.
    pub fn password_enabled(&self) -> bool {
        self.method("enabled") != Some(&Value::Bool(false))
    }

    /// Whether a user may be made by the Management API without a password.
    pub fn password_is_optional(&self) -> bool {
        self.method("api_behavior").and_then(Value::as_str) == Some("optional")
    }

    fn method(&self, name: &str) -> Option<&Value> {
        self.0.get("authentication_methods")?.get("password")?.get(name)
    }

    /// E-mail addresses.
    pub fn email(&self) -> Attribute {
        if self.attributes().is_some() { self.attribute("email") } else { IDENTIFIER }
    }

    /// Phone numbers.
    pub fn phone_number(&self) -> Attribute {
        if self.attributes().is_some() { self.attribute("phone_number") } else { ABSENT }
    }

    /// Usernames.
    pub fn username(&self) -> Attribute {
        match self.attributes() {
            Some(_) => self.attribute("username"),
            None if self.flag("requires_username") => IDENTIFIER,
            None => ABSENT,
        }
    }

    /// Whether two users may have the same e-mail address, which then identifies nobody.
    pub fn email_is_shared(&self) -> bool {
        let unique = self.attributes().and_then(|own| own.get("email")).and_then(|own| own.get("unique"));
        unique == Some(&Value::Bool(false))
    }

    /// The fewest and the most characters of a username.
    pub fn username_lengths(&self) -> (usize, usize) {
        let read = |own: &Value, names: (&str, &str), usual: (usize, usize)| {
            let number = |name: &str, usual| {
                let number = own.get(name).and_then(Value::as_f64).filter(|number| *number >= 1.0);
                number.map_or(usual, |number| format!("{number:.0}").parse().unwrap_or(usual))
            };
            (number(names.0, usual.0), number(names.1, usual.1))
        };
        if let Some(attributes) = self.attributes() {
            let rules = attributes.get("username").and_then(|own| own.get("validation"));
            rules.map_or(USERNAME_LENGTHS, |own| read(own, ("min_length", "max_length"), USERNAME_LENGTHS))
        } else {
            let rules = self.0.get("validation").and_then(|own| own.get("username"));
            rules.map_or(USERNAME_LENGTHS, |own| read(own, ("min", "max"), USERNAME_LENGTHS))
        }
    }

    /// Whether a username may look like an e-mail address or like a phone number.
    pub fn username_may_be(&self) -> (bool, bool) {
        let Some(attributes) = self.attributes() else { return (true, true) };
        let allowed = attributes
            .get("username")
            .and_then(|own| own.get("validation"))
            .and_then(|own| own.get("allowed_types"));
        let may = |name: &str| allowed.and_then(|own| own.get(name)) == Some(&Value::Bool(true));
        (may("email"), may("phone_number"))
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    fn attributes(&self) -> Option<&Map<String, Value>> {
        self.0.get("attributes").and_then(Value::as_object)
    }

    fn attribute(&self, name: &str) -> Attribute {
        let Some(own) = self.attributes().and_then(|own| own.get(name)) else { return ABSENT };
        let identifier = own.get("identifier").and_then(|own| own.get("active")) == Some(&Value::Bool(true));
        let signup = match own.get("signup").and_then(|own| own.get("status")).and_then(Value::as_str) {
            Some("required") => Signup::Required,
            Some("inactive") => Signup::Inactive,
            // What people sign in with has to come from somewhere.
            _ if identifier => Signup::Required,
            _ => Signup::Optional,
        };
        Attribute { identifier, signup }
    }
}
