//! What a good password is, as the options of a connection say.
//!
//! Pure. The words of the answers and their codes are those that login pages and tools know; they must never
//! repeat the password.

use serde_json::{Map, Value, json};

use super::common;

/// A kind of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Characters {
    /// a-z and their kin.
    Lower,
    /// A-Z and their kin.
    Upper,
    /// 0-9
    Digits,
    /// What is neither letter nor digit.
    Special,
}

/// All kinds.
const KINDS: [Characters; 4] =
    [Characters::Lower, Characters::Upper, Characters::Digits, Characters::Special];

/// One demand on how a password is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// So many characters at least.
    AtLeast(usize),
    /// Each of these kinds.
    Contains(Vec<Characters>),
    /// So many of these kinds.
    ContainsSome(usize, Vec<Characters>),
    /// No character more often in a row.
    Identical(usize),
    /// No more characters in a row that follow each other, as in abc or 321.
    Sequential(usize),
    /// So many bytes at most.
    MostBytes(usize),
}

/// What a connection demands of a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    /// Whether common passwords are refused.
    common: bool,
    /// Words of the connection that are no passwords, in lower case.
    words: Vec<String>,
    /// Which data of the person may not be part of the password; none: any.
    personal: Vec<String>,
    /// How many former passwords may not come back.
    pub history: usize,
}

/// The person that a password is for.
#[derive(Debug, Clone, Default)]
pub struct Person<'a> {
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The username.
    pub username: Option<&'a str>,
    /// The phone number.
    pub phone_number: Option<&'a str>,
    /// The full name.
    pub name: Option<&'a str>,
    /// The nickname.
    pub nickname: Option<&'a str>,
    /// The given name.
    pub given_name: Option<&'a str>,
    /// The family name.
    pub family_name: Option<&'a str>,
    /// What the person may change.
    pub user_metadata: Option<&'a Map<String, Value>>,
}

/// Why a password is not good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weak {
    /// It breaks the rules: each with whether it is kept.
    Strength(Vec<(Rule, bool)>),
    /// Many people use it.
    Common,
    /// It is made of what is known of the person.
    Personal,
    /// The person had it before.
    Reused,
}

/// The shortest part of a person's data that is looked for in a password.
const SHORTEST_PART: usize = 3;

impl Policy {
    /// The demands on how a password is made.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The policy that the options of a connection state.
    pub fn of(options: &Map<String, Value>) -> Self {
        let own = |name: &str| options.get(name).and_then(Value::as_object);
        let newer = own("password_options");
        let part = |name: &str| newer.and_then(|newer| newer.get(name)).and_then(Value::as_object);
        let rules = match part("complexity") {
            Some(complexity) => Self::of_complexity(complexity),
            None => Self::of_level(
                options.get("passwordPolicy").and_then(Value::as_str),
                own("password_complexity_options").and_then(|own| number(own, "min_length")),
            ),
        };
        let (dictionary, list) = match part("dictionary") {
            Some(dictionary) => (is(dictionary, "active").then_some(dictionary), "custom"),
            None => (own("password_dictionary").filter(|own| is(own, "enable")), "dictionary"),
        };
        let (history, switch) = match part("history") {
            Some(history) => (Some(history), "active"),
            None => (own("password_history"), "enable"),
        };
        let history =
            (history.is_some_and(|own| is(own, switch)), history.and_then(|own| number(own, "size")));
        let personal = match part("profile_data") {
            Some(data) if is(data, "active") => {
                let named = texts(data, "blocked_fields").collect::<Vec<_>>();
                if named.is_empty() { PERSONAL.iter().map(|&name| name.to_owned()).collect() } else { named }
            }
            None if own("password_no_personal_info").is_some_and(|own| is(own, "enable")) => {
                PERSONAL.iter().map(|&name| name.to_owned()).collect()
            }
            Some(_) | None => Vec::new(),
        };
        Self {
            rules,
            common: dictionary.is_some(),
            words: dictionary
                .map(|own| texts(own, list).map(|word| word.to_lowercase()).collect())
                .unwrap_or_default(),
            personal,
            history: if history.0 { history.1.unwrap_or(DEFAULT_HISTORY) } else { 0 },
        }
    }

    fn of_level(level: Option<&str>, least: Option<usize>) -> Vec<Rule> {
        let at_least = |usual: usize| Rule::AtLeast(least.unwrap_or(usual));
        let three_of_four = Rule::ContainsSome(3, KINDS.to_vec());
        match level {
            Some("none") => vec![at_least(1)],
            Some("low") => vec![at_least(6)],
            Some("fair") => vec![
                at_least(8),
                Rule::Contains(vec![Characters::Lower, Characters::Upper, Characters::Digits]),
            ],
            Some("excellent") => vec![at_least(10), three_of_four, Rule::Identical(2)],
            _ => vec![at_least(8), three_of_four],
        }
    }

    fn of_complexity(complexity: &Map<String, Value>) -> Vec<Rule> {
        let text = |name: &str| complexity.get(name).and_then(Value::as_str);
        let mut rules = vec![Rule::AtLeast(number(complexity, "min_length").unwrap_or(DEFAULT_LENGTH))];
        let kinds: Vec<_> = texts(complexity, "character_types").filter_map(|name| kind(&name)).collect();
        match text("character_type_rule") {
            Some("three_of_four") => rules.push(Rule::ContainsSome(3, KINDS.to_vec())),
            _ if kinds.is_empty() => {}
            _ => rules.push(Rule::Contains(kinds)),
        }
        if text("identical_characters") == Some("block") {
            rules.push(Rule::Identical(2));
        }
        if text("sequential_characters") == Some("block") {
            rules.push(Rule::Sequential(2));
        }
        if text("max_length_exceeded") == Some("error") {
            rules.push(Rule::MostBytes(72));
        }
        rules
    }

    /// Checks a new password. Former ones are compared elsewhere, as they are hashes.
    pub fn check(&self, password: &str, person: &Person<'_>) -> Result<(), Weak> {
        let verdicts: Vec<_> = self.rules.iter().map(|rule| (rule.clone(), rule.kept_by(password))).collect();
        if verdicts.iter().any(|(_, kept)| !kept) {
            return Err(Weak::Strength(verdicts));
        }
        let folded = password.to_lowercase();
        if self.words.contains(&folded) || (self.common && common::is_common(&folded)) {
            return Err(Weak::Common);
        }
        if person.parts(&self.personal).iter().any(|part| folded.contains(part.as_str())) {
            return Err(Weak::Personal);
        }
        Ok(())
    }
}

const DEFAULT_HISTORY: usize = 5;
const DEFAULT_LENGTH: usize = 15;

/// The data of a person that a password may not be made of, where a connection names none.
const PERSONAL: &[&str] =
    &["email", "username", "name", "nickname", "given_name", "family_name", "user_metadata"];

fn is(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name) == Some(&Value::Bool(true))
}

fn number(object: &Map<String, Value>, name: &str) -> Option<usize> {
    object.get(name)?.as_u64().and_then(|number| usize::try_from(number).ok())
}

fn texts(object: &Map<String, Value>, name: &str) -> impl Iterator<Item = String> {
    let list = object.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned)
}

fn kind(name: &str) -> Option<Characters> {
    match name {
        "lowercase" => Some(Characters::Lower),
        "uppercase" => Some(Characters::Upper),
        "number" => Some(Characters::Digits),
        "special" => Some(Characters::Special),
        _ => None,
    }
}

impl Person<'_> {
    /// What may not stand in the password, in lower case.
    fn parts(&self, named: &[String]) -> Vec<String> {
        let metadata =
            |name: &str| self.user_metadata.and_then(|metadata| metadata.get(name)).and_then(Value::as_str);
        let mut found: Vec<&str> = Vec::new();
        for name in named {
            match name.as_str() {
                "email" => found.extend(self.email.and_then(|email| email.split('@').next())),
                "username" => found.extend(self.username),
                "phone_number" => {
                    found.extend(self.phone_number.map(|number| number.trim_start_matches('+')));
                }
                "name" => found.extend(self.name),
                "nickname" => found.extend(self.nickname),
                "given_name" => found.extend(self.given_name),
                "family_name" => found.extend(self.family_name),
                "user_metadata" => {
                    found.extend(["name", "first", "last"].into_iter().filter_map(metadata));
                }
                other => found.extend(other.strip_prefix("user_metadata.").and_then(metadata)),
            }
        }
        let words = found.iter().flat_map(|text| text.split_whitespace().chain([*text]));
        let parts = words.map(str::trim).filter(|part| part.chars().count() >= SHORTEST_PART);
        parts.map(str::to_lowercase).collect()
    }
}

impl Characters {
    /// Whether the text holds one of them.
    pub fn in_text(self, text: &str) -> bool {
        match self {
            Self::Lower => text.chars().any(char::is_lowercase),
            Self::Upper => text.chars().any(char::is_uppercase),
            Self::Digits => text.chars().any(|one| one.is_ascii_digit()),
            Self::Special => text.chars().any(|one| !one.is_alphanumeric()),
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Lower => "lowerCase",
            Self::Upper => "upperCase",
            Self::Digits => "numbers",
            Self::Special => "specialCharacters",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Lower => "lower case letters (a-z)",
            Self::Upper => "upper case letters (A-Z)",
            Self::Digits => "numbers (i.e. 0-9)",
            Self::Special => "special characters (e.g. !@#$%^&*)",
        }
    }
}

impl Rule {
    /// Whether a password keeps it.
    pub fn kept_by(&self, password: &str) -> bool {
        let has = |kinds: &[Characters]| kinds.iter().filter(|kind| kind.in_text(password)).count();
        match self {
            Self::AtLeast(least) => password.chars().count() >= *least,
            Self::Contains(kinds) => has(kinds) == kinds.len(),
            Self::ContainsSome(least, kinds) => has(kinds) >= *least,
            Self::Identical(most) => longest_run(password, |before, after| before == after) <= *most,
            Self::Sequential(most) => {
                let follows = |before: char, after: char| {
                    let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
                    let same = (before.is_ascii_digit() && after.is_ascii_digit())
                        || (before.is_ascii_lowercase() && after.is_ascii_lowercase());
                    if same { i64::from(u32::from(after)) - i64::from(u32::from(before)) } else { 0 }
                };
                let up = longest_run(password, |before, after| follows(before, after) == 1);
                let down = longest_run(password, |before, after| follows(before, after) == -1);
                up.max(down) <= *most
            }
            Self::MostBytes(most) => password.len() <= *most,
        }
    }

    /// The rule as login pages read it.
    fn described(&self, password_keeps_it: bool, kinds_verified: &[bool]) -> Value {
        let items = |kinds: &[Characters]| -> Vec<Value> {
            kinds
                .iter()
                .zip(kinds_verified)
                .map(|(kind, verified)| json!({ "message": kind.words(), "code": kind.code(), "verified": verified }))
                .collect()
        };
        let (message, format, code) = match self {
            Self::AtLeast(least) => {
                ("At least %d characters in length", Some(json!([least])), "lengthAtLeast")
            }
            Self::Contains(_) => ("Should contain:", None, "shouldContain"),
            Self::ContainsSome(least, kinds) => (
                "Contain at least %d of the following %d types of characters:",
                Some(json!([least, kinds.len()])),
                "containsAtLeast",
            ),
            Self::Identical(most) => (
                "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                Some(json!([most, "a".repeat(most + 1)])),
                "identicalChars",
            ),
            Self::Sequential(most) => (
                "No more than %d sequential alphanumeric characters (e.g., \"%s\" not allowed)",
                Some(json!([most, "abc"])),
                "sequentialChars",
            ),
            Self::MostBytes(most) => ("At most %d bytes in length", Some(json!([most])), "maxLength"),
        };
        let mut described = json!({ "message": message, "code": code, "verified": password_keeps_it });
        if let Some(format) = format {
            described["format"] = format;
        }
        if let Self::Contains(kinds) | Self::ContainsSome(_, kinds) = self {
            described["items"] = items(kinds).into();
        }
        described
    }

    /// The rule as a line for people.
    fn line(&self) -> String {
        match self {
            Self::AtLeast(least) => format!("* At least {least} characters in length"),
            Self::Contains(kinds) => format!("* Should contain:{}", listed(kinds)),
            Self::ContainsSome(least, kinds) => format!(
                "* Contain at least {least} of the following {} types of characters:{}",
                kinds.len(),
                listed(kinds)
            ),
            Self::Identical(most) => format!(
                "* No more than {most} identical characters in a row (e.g., \"{}\" not allowed)",
                "a".repeat(most + 1)
            ),
            Self::Sequential(most) => {
                format!(
                    "* No more than {most} sequential alphanumeric characters (e.g., \"abc\" not allowed)"
                )
            }
            Self::MostBytes(most) => format!("* At most {most} bytes in length"),
        }
    }
}

fn listed(kinds: &[Characters]) -> String {
    kinds.iter().flat_map(|kind| ["\n  * ", kind.words()]).collect()
}

/// The length of the longest run of characters each of which `follows` the one before it.
fn longest_run(text: &str, follows: impl Fn(char, char) -> bool) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for one in text.chars() {
        run = if last.is_some_and(|last| follows(last, one)) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(one);
    }
    longest
}

impl Weak {
    /// The name of the error on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Strength(_) => "PasswordStrengthError",
            Self::Common => "PasswordDictionaryError",
            Self::Personal => "PasswordNoUserInfoError",
            Self::Reused => "PasswordHistoryError",
        }
    }

    /// The sentence of the wire.
    pub fn message(&self) -> &'static str {
        match self {
            Self::Strength(_) => "Password is too weak",
            Self::Common => "Password is too common",
            Self::Personal => "Password contains user information",
            Self::Reused => "Password has previously been used",
        }
    }

    /// The body of the Authentication API's database endpoints (status 400), for the password that was refused.
    pub fn body(&self, password: &str) -> Value {
        let mut body = json!({
            "code": "invalid_password",
            "name": self.name(),
            "message": self.message(),
            "statusCode": 400,
        });
        match self {
            Self::Strength(verdicts) => {
                let rules: Vec<Value> = verdicts
                    .iter()
                    .map(|(rule, kept)| {
                        let verified: Vec<bool> = match rule {
                            Rule::Contains(kinds) | Rule::ContainsSome(_, kinds) => {
                                kinds.iter().map(|kind| kind.in_text(password)).collect()
                            }
                            Rule::AtLeast(_)
                            | Rule::Identical(_)
                            | Rule::Sequential(_)
                            | Rule::MostBytes(_) => Vec::new(),
                        };
                        rule.described(*kept, &verified)
                    })
                    .collect();
                let lines: Vec<String> = verdicts.iter().map(|(rule, _)| rule.line()).collect();
                body["description"] = json!({ "rules": rules, "verified": false });
                body["policy"] = lines.join("\n").into();
            }
            Self::Common | Self::Personal | Self::Reused => body["description"] = self.message().into(),
        }
        body
    }
}

impl std::fmt::Display for Weak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name(), self.message())
    }
}
