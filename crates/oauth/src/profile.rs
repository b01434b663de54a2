//! What is known of a user, and which scope shows which part of it (OpenID Connect Core section 5.4).
//!
//! ID tokens and `/userinfo` read the same list. Must never show what no scope asked for.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::scope::Scopes;

/// The scopes that ask for parts of a profile or change what is issued; they belong to no API.
pub const OIDC_SCOPES: [&str; 14] = [
    "openid",
    "profile",
    "offline_access",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "email",
    "email_verified",
    "picture",
    "created_at",
    "phone",
    "phone_number",
    "address",
];

/// A user as applications see one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// The user id: the subject of tokens.
    pub user_id: String,
    /// The whole name.
    pub name: Option<String>,
    /// The first name.
    pub given_name: Option<String>,
    /// The last name.
    pub family_name: Option<String>,
    /// The short name.
    pub nickname: Option<String>,
    /// The address of a picture.
    pub picture: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the e-mail address is the user's.
    pub email_verified: bool,
    /// The telephone number.
    pub phone_number: Option<String>,
    /// Whether the telephone number is the user's.
    pub phone_verified: bool,
    /// The postal address, as OpenID Connect Core section 5.1.1 has it.
    pub address: Option<Value>,
    /// Since when the user exists.
    pub created_at: Option<Timestamp>,
    /// When the profile last changed.
    pub updated_at: Option<Timestamp>,
}

impl Profile {
    /// The claims that these scopes show, without `sub`.
    pub fn claims(&self, scopes: &Scopes) -> Map<String, Value> {
        let Self {
            user_id: _,
            name,
            given_name,
            family_name,
            nickname,
            picture,
            email,
            email_verified,
            phone_number,
            phone_verified,
            address,
            created_at,
            updated_at,
        } = self;
        let text = |value: &Option<String>| value.clone().map(Value::String);
        let of_email = email.is_some().then_some(Value::Bool(*email_verified));
        let of_phone = phone_number.is_some().then_some(Value::Bool(*phone_verified));
        let claims: [(&str, &[&str], Option<Value>); 12] = [
            ("given_name", &["profile", "given_name"], text(given_name)),
            ("family_name", &["profile", "family_name"], text(family_name)),
            ("nickname", &["profile", "nickname"], text(nickname)),
            ("name", &["profile", "name"], text(name)),
            ("picture", &["profile", "picture"], text(picture)),
            ("created_at", &["created_at"], created_at.map(iso)),
            ("updated_at", &["profile"], updated_at.map(iso)),
            ("email", &["email"], text(email)),
            ("email_verified", &["email", "email_verified"], of_email),
            ("phone_number", &["phone", "phone_number"], text(phone_number)),
            ("phone_number_verified", &["phone"], of_phone),
            ("address", &["address"], address.clone()),
        ];
        let shown = claims.into_iter().filter(|(_, of, _)| of.iter().any(|scope| scopes.contains(scope)));
        shown.filter_map(|(claim, _, value)| Some((claim.to_owned(), value?))).collect()
    }
}

/// Auth0 writes moments as texts with milliseconds, also where OpenID Connect has numbers.
fn iso(moment: Timestamp) -> Value {
    Value::String(format!("{moment:.3}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ada() -> Profile {
        Profile {
            user_id: "auth0|1".to_owned(),
            name: Some("Ada Lovelace".to_owned()),
            given_name: Some("Ada".to_owned()),
            nickname: Some("ada".to_owned()),
            picture: Some("https://x.example/a.png".to_owned()),
            email: Some("ada@x.example".to_owned()),
            email_verified: true,
            phone_number: Some("+4930".to_owned()),
            updated_at: Some(Timestamp::from_second(1_800_000_000).unwrap()),
            created_at: Some(Timestamp::from_millisecond(1_800_000_000_123).unwrap()),
            ..Profile::default()
        }
    }

    #[test]
    fn each_scope_shows_its_part_and_nothing_else() {
        for (scope, expected) in [
            ("", json!({})),
            ("openid", json!({})),
            ("openid email", json!({ "email": "ada@x.example", "email_verified": true })),
            ("email_verified", json!({ "email_verified": true })),
            ("nickname", json!({ "nickname": "ada" })),
            ("phone", json!({ "phone_number": "+4930", "phone_number_verified": false })),
            ("address", json!({})),
            ("created_at", json!({ "created_at": "2027-01-15T08:00:00.123Z" })),
            (
                "openid profile",
                json!({
                    "given_name": "Ada", "nickname": "ada", "name": "Ada Lovelace",
                    "picture": "https://x.example/a.png", "updated_at": "2027-01-15T08:00:00.000Z",
                }),
            ),
        ] {
            let claims = ada().claims(&Scopes::parse(scope).unwrap());
            assert_eq!(Value::Object(claims), expected, "{scope}");
        }
    }

    #[test]
    fn a_user_without_an_email_address_has_no_verified_one() {
        let nobody = Profile { email_verified: true, phone_verified: true, ..Profile::default() };
        assert!(nobody.claims(&Scopes::parse("email phone").unwrap()).is_empty());
    }
}
