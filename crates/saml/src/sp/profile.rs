//! From what an identity provider says to the members that users have here.
//!
//! Pure. What nobody maps keeps its name. Must never let an attribute stand for the name of the subject unless the map
//! says so.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::consume::Accepted;
use crate::idp::claims::claim;

/// The member that tells users of one identity provider apart.
const USER_ID: &str = "user_id";
/// What a name of the subject counts as.
const NAME_ID: &str = "nameidentifier";
/// Members of which there is one, whatever was sent.
const SINGLE: [&str; 7] =
    ["email", "family_name", "given_name", "name", "nickname", "picture", "phone_number"];

/// Where the members of a profile come from, in the order in which attributes are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldsMap(BTreeMap<String, Vec<String>>);

impl Default for FieldsMap {
    fn default() -> Self {
        let claims = |names: &[&str]| names.iter().map(|name| claim(name)).collect::<Vec<_>>();
        let map = [
            (USER_ID, claims(&[NAME_ID, "upn", "name"])),
            ("email", claims(&["emailaddress"])),
            ("name", claims(&["name"])),
            ("given_name", claims(&["givenname", "name"])),
            ("family_name", claims(&["surname"])),
            ("groups", vec!["http://schemas.xmlsoap.org/claims/Group".to_owned()]),
        ];
        Self(map.into_iter().map(|(name, from)| (name.to_owned(), from)).collect())
    }
}

impl FieldsMap {
    /// The usual map, with what a connection says instead, and the attribute that it prefers as id of the user.
    pub fn with(own: Option<&Map<String, Value>>, user_id: Option<&str>) -> Self {
        let mut map = Self::default();
        for (name, from) in own.into_iter().flatten() {
            let from: Vec<String> = match from {
                Value::String(one) => vec![one.clone()],
                Value::Array(several) => {
                    several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => continue,
            };
            map.0.insert(name.clone(), from);
        }
        if let Some(first) = user_id {
            map.0.entry(USER_ID.to_owned()).or_default().insert(0, first.to_owned());
        }
        map
    }

    /// The id of the user there, if something says it, and the members.
    pub fn apply(&self, accepted: &Accepted) -> (Option<String>, Map<String, Value>) {
        self.map(&accepted.attributes, Some(&accepted.name.value))
    }

    /// The same for an assertion that need not name its subject.
    pub fn map(
        &self,
        attributes: &BTreeMap<String, Vec<String>>,
        name: Option<&str>,
    ) -> (Option<String>, Map<String, Value>) {
        let mut attributes = attributes.clone();
        if let Some(name) = name {
            attributes.entry(claim(NAME_ID)).or_insert_with(|| vec![name.to_owned()]);
        }
        let find = |from: &[String]| {
            let values = from.iter().filter_map(|name| attributes.get(name));
            values
                .map(|own| own.iter().filter(|value| !value.is_empty()).cloned().collect::<Vec<_>>())
                .find(|own| !own.is_empty())
        };
        let mut members = Map::new();
        let mut user_id = None;
        for (name, from) in &self.0 {
            let Some(values) = find(from) else { continue };
            if name == USER_ID {
                user_id = values.into_iter().next();
            } else {
                members.insert(name.clone(), value(name, values));
            }
        }
        let mapped = |name: &String| self.0.values().flatten().any(|from| from == name);
        for (name, values) in &attributes {
            if !mapped(name) && name != USER_ID && !values.is_empty() && !members.contains_key(name) {
                members.insert(name.clone(), value(name, values.clone()));
            }
        }
        (user_id, members)
    }
}

/// One value stands for itself, several are a list.
fn value(name: &str, mut values: Vec<String>) -> Value {
    if values.len() == 1 || SINGLE.contains(&name) {
        return Value::String(values.swap_remove(0));
    }
    values.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name_id::NameId;
    use serde_json::json;

    fn accepted(attributes: &[(&str, &[&str])]) -> Accepted {
        let owned = |values: &[&str]| values.iter().map(|&one| one.to_owned()).collect();
        Accepted {
            assertion_id: "_a".to_owned(),
            remember_until: jiff::Timestamp::UNIX_EPOCH,
            issuer: "urn:idp".to_owned(),
            name: NameId { value: "ada".to_owned(), format: None },
            session_index: None,
            attributes: attributes.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect(),
            key: 0,
            weak: false,
        }
    }

    fn said() -> Accepted {
        let mail = claim("emailaddress");
        let name = claim("name");
        let upn = claim("upn");
        accepted(&[
            (&mail, &["ada@x.example", "ada@y.example"]),
            (&name, &["Ada Lovelace"]),
            (&upn, &["ada@corp"]),
            ("http://schemas.xmlsoap.org/claims/Group", &["a", "b"]),
            ("department", &["Engines"]),
            ("empty", &[]),
            ("user_id", &["root"]),
        ])
    }

    #[test]
    fn claims_of_directories_become_members_and_the_rest_keeps_its_name() {
        let (id, members) = FieldsMap::default().apply(&said());
        assert_eq!(id.as_deref(), Some("ada"));
        let expected = json!({
            "department": "Engines", "email": "ada@x.example", "given_name": "Ada Lovelace",
            "groups": ["a", "b"], "name": "Ada Lovelace",
        });
        assert_eq!(Value::Object(members), expected);
    }

    #[test]
    fn a_connection_maps_what_it_likes_and_falls_back_to_the_usual() {
        let own = json!({ "nickname": ["missing", "department"], "name": "department", "groups": [] });
        let map = FieldsMap::with(own.as_object(), Some("employee"));
        let (id, members) = map.apply(&said());
        assert_eq!(id.as_deref(), Some("ada"), "the attribute is not there");
        assert_eq!(members["nickname"], "Engines");
        assert_eq!(members["name"], "Engines");
        assert_eq!(members["http://schemas.xmlsoap.org/claims/Group"], json!(["a", "b"]));
        let (id, _) = map.apply(&accepted(&[("employee", &["7"])]));
        assert_eq!(id.as_deref(), Some("7"));
    }
}
