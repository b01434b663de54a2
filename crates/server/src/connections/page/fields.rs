//! The settings of a database as fields: which of them there are depends on what the database has.
//!
//! Pure. Must never offer an option that nothing obeys.

use serde_json::{Map, Value, json};

use crate::dashboard::{Field, Group, Kind};

const GENERAL: Group = Group {
    title: "Sign-in and sign-up",
    lead: "",
    fields: &[
        Field::new("authentication.active", "Let users sign in", Kind::Toggle)
            .help("Off, nobody signs in or up with this connection, whatever applications may use it."),
        Field::new("options.disable_signup", "Disable sign ups", Kind::Toggle)
            .help("Only administrators and the API make users."),
        Field::new(
            "options.disable_self_service_change_password",
            "Disable asking for a new password",
            Kind::Toggle,
        )
        .help("Only administrators and the API change passwords."),
    ],
};

const USERNAMES: Group = Group {
    title: "Usernames",
    lead: "",
    fields: &[
        Field::new("options.requires_username", "Requires username", Kind::Toggle)
            .help("People choose a username as well, and sign in with either."),
        Field::new("options.validation.username.min", "Shortest username", Kind::Number("characters"))
            .placeholder("1"),
        Field::new("options.validation.username.max", "Longest username", Kind::Number("characters"))
            .placeholder("15")
            .help("At most 128."),
    ],
};

/// What a sign-up asks for.
const SIGNUP: Kind = Kind::Select(&[
    ("", "Required if people sign in with it, otherwise optional"),
    ("required", "Required"),
    ("optional", "Optional"),
    ("inactive", "Not asked for"),
]);

const EMAIL: Group = Group {
    title: "Email address",
    lead: "At least one of email address, phone number and username has to be what people sign in with.",
    fields: &[
        Field::new("options.attributes.email.identifier.active", "Sign in with it", Kind::Toggle),
        Field::new("options.attributes.email.signup.status", "At sign-up", SIGNUP),
    ],
};
const PHONE: Group = Group {
    title: "Phone number",
    lead: "",
    fields: &[
        Field::new("options.attributes.phone_number.identifier.active", "Sign in with it", Kind::Toggle),
        Field::new("options.attributes.phone_number.signup.status", "At sign-up", SIGNUP),
    ],
};
const USERNAME: Group = Group {
    title: "Username",
    lead: "",
    fields: &[
        Field::new("options.attributes.username.identifier.active", "Sign in with it", Kind::Toggle),
        Field::new("options.attributes.username.signup.status", "At sign-up", SIGNUP),
        Field::new(
            "options.attributes.username.validation.min_length",
            "Shortest username",
            Kind::Number("characters"),
        )
        .placeholder("1"),
        Field::new(
            "options.attributes.username.validation.max_length",
            "Longest username",
            Kind::Number("characters"),
        )
        .placeholder("15")
        .help("At most 128."),
        Field::new(
            "options.attributes.username.validation.allowed_types.email",
            "May look like an email address",
            Kind::Toggle,
        ),
        Field::new(
            "options.attributes.username.validation.allowed_types.phone_number",
            "May look like a phone number",
            Kind::Toggle,
        ),
    ],
};

const PASSWORDS: Group = Group {
    title: "Passwords",
    lead: "What a new password has to be like. Passwords that are there already stay good.",
    fields: &[
        Field::new(
            "options.passwordPolicy",
            "Password strength",
            Kind::Select(&[
                ("none", "None: at least one character"),
                ("low", "Low: at least 6 characters"),
                ("fair", "Fair: at least 8, with lower case, upper case and digits"),
                ("good", "Good: at least 8, with three of four kinds of characters"),
                (
                    "excellent",
                    "Excellent: at least 10, three of four kinds, no more than two identical in a row",
                ),
            ]),
        ),
        Field::new(
            "options.password_complexity_options.min_length",
            "Minimum length",
            Kind::Number("characters"),
        )
        .help("Takes the place of the length above. Empty: that length. At most 128."),
        Field::new("options.password_history.enable", "Refuse former passwords", Kind::Toggle),
        Field::new("options.password_history.size", "How many former ones", Kind::Number("passwords"))
            .placeholder("5")
            .help("At most 24."),
        Field::new(
            "options.password_no_personal_info.enable",
            "Refuse personal data in passwords",
            Kind::Toggle,
        )
        .help("Such as the name, the email address and what is in the user's metadata."),
        Field::new("options.password_dictionary.enable", "Refuse common passwords", Kind::Toggle),
        Field::new(
            "options.password_dictionary.dictionary",
            "Other words that are no passwords",
            Kind::Lines,
        )
        .help("One a line, at most 50 characters each. They count while common passwords are refused."),
    ],
};

const NEWER: Group = Group {
    title: "Password options",
    lead: "This database has the newer password_options. Each thing that is set here counts instead of its like above.",
    fields: &[
        Field::new(
            "options.password_options.complexity.min_length",
            "Minimum length",
            Kind::Number("characters"),
        )
        .placeholder("15")
        .help("At most 72."),
        Field::new(
            "options.password_options.complexity.character_types",
            "Characters that a password has to have",
            Kind::Choices(&[
                ("lowercase", "Lower case"),
                ("uppercase", "Upper case"),
                ("number", "Digits"),
                ("special", "Others"),
            ]),
        ),
        Field::new(
            "options.password_options.complexity.character_type_rule",
            "How many kinds of characters",
            Kind::Select(&[
                ("", "Not set: those that are chosen"),
                ("all", "Those that are chosen"),
                ("three_of_four", "Any three of the four"),
            ]),
        ),
        Field::new(
            "options.password_options.complexity.identical_characters",
            "Three identical in a row",
            ALLOWED,
        ),
        Field::new(
            "options.password_options.complexity.sequential_characters",
            "Sequences such as abc",
            ALLOWED,
        ),
        Field::new("options.password_options.dictionary.active", "Refuse common passwords", Kind::Toggle),
        Field::new(
            "options.password_options.dictionary.custom",
            "Other words that are no passwords",
            Kind::Lines,
        ),
        Field::new("options.password_options.history.active", "Refuse former passwords", Kind::Toggle),
        Field::new(
            "options.password_options.history.size",
            "How many former ones",
            Kind::Number("passwords"),
        )
        .placeholder("5"),
        Field::new("options.password_options.profile_data.active", "Refuse personal data", Kind::Toggle),
    ],
};
const ALLOWED: Kind = Kind::Select(&[("", "Not set: allowed"), ("allow", "Allowed"), ("block", "Refused")]);

const PROTECTION: Group = Group {
    title: "Protection",
    lead: "",
    fields: &[Field::new("options.brute_force_protection", "Brute-force protection", Kind::Toggle)
        .help("Blocks an address for an account after ten wrong passwords.")],
};

/// The options of a connection.
fn option<'a>(connection: &'a Value, name: &str) -> Option<&'a Value> {
    connection.get("options")?.get(name).filter(|value| !value.is_null())
}

/// Whether the connection says for each attribute whether people sign in with it.
pub(super) fn has_attributes(connection: &Value) -> bool {
    option(connection, "attributes").is_some()
}

/// Whether the connection is a database of ours.
pub(super) fn is_database(connection: &Value) -> bool {
    connection.get("strategy").and_then(Value::as_str).is_none_or(|own| own == crate::connections::DATABASE)
}

/// The groups of fields that this connection has.
pub(super) fn groups(connection: &Value) -> Vec<Group> {
    let mut groups = vec![GENERAL];
    if has_attributes(connection) {
        groups.extend([EMAIL, PHONE, USERNAME]);
    } else {
        groups.push(USERNAMES);
    }
    groups.push(PASSWORDS);
    if option(connection, "password_options").is_some() {
        groups.push(NEWER);
    }
    groups.push(PROTECTION);
    groups
}

/// The attributes that say what the older options say.
pub(super) fn attributes_of(connection: &Value) -> Value {
    let username = option(connection, "requires_username") == Some(&Value::Bool(true));
    let mut attributes =
        json!({ "email": { "identifier": { "active": true }, "signup": { "status": "required" } } });
    if username {
        // The older options let usernames look like either.
        let mut validation = json!({ "allowed_types": { "email": true, "phone_number": true } });
        if let Some(lengths) = option(connection, "validation").and_then(|own| own.get("username")) {
            for (old, new) in [("min", "min_length"), ("max", "max_length")] {
                if let Some(length) = lengths.get(old) {
                    validation[new] = length.clone();
                }
            }
        }
        attributes["username"] = json!({
            "identifier": { "active": true },
            "signup": { "status": "required" },
            "validation": validation,
        });
    }
    attributes
}

/// Puts what the fields left into the form that the API takes: a number that was emptied is not there, a switch that was
/// never touched is off, and a length comes with the other.
pub(super) fn completed(patch: &mut Map<String, Value>) {
    let Some(Value::Object(options)) = patch.get_mut("options") else { return };
    for path in [
        "/password_complexity_options",
        "/password_history",
        "/validation/username",
        "/attributes/username/validation",
        "/attributes/email/signup",
        "/attributes/phone_number/signup",
        "/attributes/username/signup",
        "/password_options/complexity",
        "/password_options/history",
    ] {
        if let Some(Value::Object(members)) = below(options, path) {
            members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        }
    }
    for name in ["password_history", "password_no_personal_info", "password_dictionary"] {
        if let Some(Value::Object(members)) = options.get_mut(name) {
            members.entry("enable").or_insert(Value::Bool(false));
        }
    }
    let mut no_lengths = false;
    if let Some(Value::Object(lengths)) = below(options, "/validation/username") {
        no_lengths = lengths.is_empty();
        for (name, usual) in [("min", 1), ("max", 15)] {
            lengths.entry(name).or_insert_with(|| json!(usual));
        }
    }
    if no_lengths {
        options.shift_remove("validation");
    }
}

fn below<'a>(options: &'a mut Map<String, Value>, path: &str) -> Option<&'a mut Value> {
    let (name, rest) =
        path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let member = options.get_mut(name)?;
    if rest.is_empty() { Some(member) } else { member.pointer_mut(&format!("/{rest}")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{attributes_of, completed, groups};

    #[test]
    fn what_was_emptied_is_not_sent_and_what_belongs_together_is() {
        let patch = json!({ "options": {
            "password_complexity_options": { "min_length": null },
            "password_history": { "size": 3 },
            "validation": { "username": { "min": null, "max": 30 } },
            "attributes": { "email": { "signup": { "status": "" } } },
        } });
        let mut patch = patch.as_object().unwrap().clone();
        completed(&mut patch);
        let expected = json!({
            "password_complexity_options": {},
            "password_history": { "size": 3, "enable": false },
            "validation": { "username": { "max": 30, "min": 1 } },
            "attributes": { "email": { "signup": {} } },
        });
        assert_eq!(patch["options"], expected);
    }

    #[test]
    fn lengths_that_were_both_emptied_are_gone() {
        let mut patch = json!({ "options": { "validation": { "username": { "min": null, "max": null } } } });
        completed(patch.as_object_mut().unwrap());
        assert_eq!(patch, json!({ "options": {} }));
    }

    #[test]
    fn attributes_say_what_the_older_options_said() {
        let old = json!({ "options": { "requires_username": true, "validation": { "username": { "min": 3, "max": 20 } } } });
        let attributes = attributes_of(&old);
        assert_eq!(attributes["username"]["validation"]["max_length"], 20);
        assert_eq!(attributes["email"]["identifier"]["active"], true);
        assert!(attributes_of(&json!({ "options": {} })).get("username").is_none());
        let titles = |value| groups(&value).iter().map(|group| group.title).collect::<Vec<_>>();
        assert!(titles(json!({ "options": { "attributes": attributes } })).contains(&"Phone number"));
        assert!(titles(old).contains(&"Usernames"));
    }
}
