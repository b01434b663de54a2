//! The add-ons of SAML and WS-Federation, judged when they are saved rather than when somebody signs in.
//!
//! Pure. What was stored before stays what it was: an application is never kept from being changed elsewhere by what
//! nobody sends anew.

use serde_json::{Map, Value, json};

use super::rules::Broken;
use super::saml_party::{self, ENCRYPTION_KEY, Fault};
use super::shape::BEYOND;
use crate::management::ApiError;
use crate::management::shape::When;

/// The add-ons that are judged.
const JUDGED: [&str; 2] = ["samlp", "wsfed"];

/// Judges those of the add-ons that were sent that are none of those before. `document` is the application as it would be
/// stored.
pub(super) fn sent(
    document: &Map<String, Value>,
    before: Option<&Value>,
    sent: Option<&Value>,
) -> Result<(), ApiError> {
    for name in JUDGED {
        let own = |all: Option<&'_ Value>| all.and_then(|all| all.get(name)).cloned();
        let Some(Value::Object(add_on)) = own(sent) else { continue };
        if before.and_then(|all| all.get(name)).and_then(Value::as_object) == Some(&add_on) {
            continue;
        }
        let body = Map::from_iter([("addons".to_owned(), json!({ name: add_on }))]);
        BEYOND.check(&body, When::Update).map_err(|refusal| ApiError::Body(refusal.to_string()))?;
        saml_party::judge(document, &add_on).map_err(|fault| broken(name, fault))?;
    }
    Ok(())
}

/// Judges what the add-ons find beside them in the application, after that was changed: it must not break an add-on that
/// could be used.
pub(super) fn around(
    (before, after): (&Map<String, Value>, &Map<String, Value>),
    add_ons: Option<&Value>,
) -> Result<(), Broken> {
    for name in JUDGED {
        let Some(add_on) = add_ons.and_then(|all| all.get(name)).and_then(Value::as_object) else { continue };
        match saml_party::judge(after, add_on) {
            Err(fault) if fault.member == ENCRYPTION_KEY => return Err(broken(name, fault)),
            Err(Fault { member, .. }) if saml_party::judge(before, add_on).is_ok() => {
                let why = format!("The add-on {name} encrypts for its cert: take its {member} away first");
                return Err(Broken::new("encryption_key", why));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn broken(name: &str, Fault { member, why }: Fault) -> Broken {
    let path = if member == ENCRYPTION_KEY { member.to_owned() } else { format!("addons.{name}.{member}") };
    Broken::new(path, why)
}
