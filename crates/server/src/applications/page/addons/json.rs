//! All settings of an add-on as JSON: what is stored over what counts without it, to be changed in one place.
//!
//! Must never store a default that nobody chose, nor lose a member that it does not know.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use chancery_saml::idp::{Party, claims};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{AddOn, Own, api_path, named, tidied};
use crate::dashboard::{Desk, Failure, Form, Posted, Sent, form};

/// What each setting is without being set; a text that is empty depends on who asks. Every setting that there is stands
/// here, in the order in which it is shown.
pub(super) fn saml() -> Value {
    let Party { lifetime, sign_response, name_id_format, .. } = Party::default();
    let mut all = json!({ "audience": "", "recipient": "", "destination": "", "issuer": "" });
    let after = json!({
        "signatureAlgorithm": "rsa-sha256",
        "digestAlgorithm": "sha256",
        "lifetimeInSeconds": lifetime,
        "signResponse": sign_response,
        "nameIdentifierFormat": name_id_format,
    });
    let last = json!({
        "logout": { "callback": "", "slo_enabled": false },
        "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        "signingCert": "",
        "encryptionCert": "",
        "encryptionAlgorithm": "aes256-gcm",
        "debug": false,
    });
    for part in [profile(), after, statements(), last] {
        extend(&mut all, part);
    }
    all
}

/// The same for tokens of WS-Federation.
pub(super) fn wsfed() -> Value {
    let mut all =
        json!({ "tokenType": "urn:oasis:names:tc:SAML:1.0:assertion", "audience": "", "issuer": "" });
    let after = json!({ "lifetimeInSeconds": 28_800, "nameIdentifierFormat": "" });
    let last = json!({ "encryptionCert": "", "encryptionAlgorithm": "aes256-gcm" });
    for part in [profile(), after, statements(), last] {
        extend(&mut all, part);
    }
    all
}

/// From the profile to attributes.
fn profile() -> Value {
    let mappings = claims::usual().map(|(member, name)| (member.to_owned(), Value::from(name)));
    json!({
        "mappings": mappings.collect::<Map<_, _>>(),
        "createUpnClaim": true,
        "passthroughClaimsWithNoMapping": true,
        "mapUnknownClaimsAsIs": false,
        "mapIdentities": true,
    })
}

/// How assertions say it.
fn statements() -> Value {
    let Party { name_id_probes, authn_context, typed_attributes, attribute_name_formats, .. } =
        Party::default();
    json!({
        "nameIdentifierProbes": name_id_probes,
        "authnContextClassRef": authn_context,
        "typedAttributes": typed_attributes,
        "includeAttributeNameFormat": attribute_name_formats,
    })
}

fn extend(all: &mut Value, part: Value) {
    if let (Value::Object(all), Value::Object(part)) = (all, part) {
        all.extend(part);
    }
}

/// The object as the page shows it: each setting of the add-on as it counts.
fn presented(add_on: &AddOn, own: &Own) -> Value {
    let mut shown = own.object.clone();
    let mut members = (add_on.defaults)();
    extend(&mut members, Value::Object(own.settings(add_on)));
    if let Some(all) = shown.get_mut("addons") {
        extend(all, json!({ add_on.name: members }));
    }
    shown
}

/// Makes of what was typed what is stored: without what was emptied, and without defaults that nobody chose.
fn chosen(
    (add_on, stored): (&AddOn, &Map<String, Value>),
    patch: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let defaults = (add_on.defaults)();
    let own = patch.get_mut("addons").and_then(|all| all.get_mut(add_on.name));
    let Some(Value::Object(members)) = own else { return Ok(()) };
    known(add_on.name, (&defaults, &Value::Object(stored.clone())), members)?;
    members.retain(|name, value| stored.contains_key(name) || defaults.get(name) != Some(value));
    tidied(&Value::Null, patch);
    Ok(())
}

/// Refuses what would do nothing, as a slip of the pen does; what is stored already was meant by somebody.
fn known(
    add_on: &str,
    (defaults, stored): (&Value, &Value),
    members: &Map<String, Value>,
) -> Result<(), Failure> {
    let refused = |path: String, all: &Value| {
        let name: String = path.chars().take(100).collect();
        let all: Vec<&str> = all.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let text = format!(
            "Payload validation error: 'There is no setting “{name}”. Those that there are: {}.' on property addons.{add_on}.",
            all.join(", ")
        );
        Failure::new(StatusCode::BAD_REQUEST, text)
    };
    let is_new = |(defaults, stored): (&Value, Option<&Value>), name: &str| {
        defaults.get(name).is_none() && stored.and_then(|stored| stored.get(name)).is_none()
    };
    if let Some(name) = members.keys().find(|name| is_new((defaults, Some(stored)), name)) {
        return Err(refused(name.clone(), defaults));
    }
    if let (Some(Value::Object(logout)), Some(usual)) = (members.get("logout"), defaults.get("logout"))
        && let Some(name) = logout.keys().find(|name| is_new((usual, stored.get("logout")), name))
    {
        return Err(refused(format!("logout.{name}"), usual));
    }
    Ok(())
}

pub(in crate::applications::page) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (add_on, own) = (named(&desk)?, Own::load(&desk).await?);
    if !own.has(add_on) {
        return Ok(Redirect::to(&own.path(add_on)).into_response());
    }
    let form = Form::of(&desk, add_on.whole, &presented(add_on, &own), (&desk.path, "update:clients"));
    Ok(desk.page(&own.frame(add_on, "json"), &form))
}

pub(in crate::applications::page) async fn save(
    desk: Arc<Desk>,
    posted: Posted,
) -> Result<Response, Failure> {
    let (add_on, own) = (named(&desk)?, Own::load(&desk).await?);
    if !own.has(add_on) {
        let text = "Nothing was saved: the add-on is off by now. Turn it on first.";
        return Err(Failure::new(StatusCode::CONFLICT, text));
    }
    let (object, stored, path) = (presented(add_on, &own), own.settings(add_on), api_path(&desk));
    let saved = form::save_shown(&desk, add_on.whole, (&object, &path), &posted, |patch| {
        chosen((add_on, &stored), patch)
    });
    match saved.await? {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The settings were saved.")),
        Sent::Again(status, form) => Ok(desk.page_with(status, &own.frame(add_on, "json"), &*form)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SAML, WSFED};
    use super::*;
    use crate::applications::shape::{APPLICATION, BEYOND};
    use crate::management::shape::When;

    fn object(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    fn left(add_on: &AddOn, stored: Value, typed: &Value) -> Result<Value, String> {
        let mut patch = object(json!({ "addons": { "other": {}, add_on.name: typed } }));
        let stored = object(stored);
        chosen((add_on, &stored), &mut patch).map_err(|failure| failure.message)?;
        assert_eq!(patch["addons"]["other"], json!({}));
        Ok(patch["addons"][add_on.name].clone())
    }

    #[test]
    fn what_is_shown_stores_nothing_when_it_comes_back() {
        for add_on in [&SAML, &WSFED] {
            assert_eq!(left(add_on, json!({}), &(add_on.defaults)()), Ok(json!({})));
        }
    }

    #[test]
    fn what_was_changed_is_stored_and_what_is_stored_stays() {
        let mut typed = saml();
        typed["recipient"] = json!("https://sp.example/acs");
        typed["typedAttributes"] = json!(false);
        typed["audience"] = Value::Null;
        typed["strange"] = json!(1);
        let stored = json!({ "lifetimeInSeconds": 3600, "audience": "urn:sp", "strange": 1 });
        let expected = json!({
            "recipient": "https://sp.example/acs", "typedAttributes": false, "lifetimeInSeconds": 3600, "strange": 1,
        });
        assert_eq!(left(&SAML, stored, &typed), Ok(expected));
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named() {
        for (add_on, typed, name) in [
            (&SAML, json!({ "audeince": "urn:sp" }), "“audeince”"),
            (&SAML, json!({ "logout": { "url": "https://sp.example/slo" } }), "“logout.url”"),
            (&SAML, json!({ "tokenType": "x" }), "“tokenType”"),
            (&WSFED, json!({ "signResponse": true }), "“signResponse”"),
        ] {
            let said = left(add_on, json!({}), &typed).unwrap_err();
            assert!(said.contains(name) && said.contains("on property addons."), "{said}");
        }
    }

    #[test]
    fn every_setting_that_is_checked_is_shown_and_every_default_could_be_stored() {
        let inside = |shape: &'static crate::management::shape::Object, add_on: &str| -> Vec<&'static str> {
            let mut at = shape;
            for name in ["addons", add_on] {
                let Some(crate::management::shape::Kind::Object(inner)) = at.field(name).map(|own| &own.kind)
                else {
                    panic!("no {name}");
                };
                at = inner;
            }
            at.fields.iter().map(|field| field.name).collect()
        };
        let shown = saml();
        let all = [inside(&APPLICATION, "samlp"), inside(&BEYOND, "samlp")].concat();
        assert!(all.iter().all(|name| shown.get(name).is_some()), "{all:?}");
        assert_eq!(all.len(), shown.as_object().unwrap().len());
        for (name, defaults) in [("samlp", saml()), ("wsfed", wsfed())] {
            let body = object(json!({ "addons": { name: defaults } }));
            APPLICATION.check(&body, When::Update).unwrap();
            BEYOND.check(&body, When::Update).unwrap();
        }
    }
}
