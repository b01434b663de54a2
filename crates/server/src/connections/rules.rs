//! The rules between the members of a connection.
//!
//! Pure. Bodies come in checked against their shape.

use serde_json::{Map, Value};

use super::{Options, Strategy, upstream};
use crate::management::ApiError;

/// What is served so far.
pub(super) fn strategy(name: &str) -> Result<Strategy, ApiError> {
    Strategy::named(name).ok_or_else(|| {
        let served = Strategy::ALL.map(Strategy::name).join(", ");
        ApiError::NotSupported(format!(
            "Connections of the strategy {name} are not offered yet. Offered are {served}."
        ))
    })
}

/// What holds for members that were sent.
pub(super) fn sent(strategy: Strategy, body: &Map<String, Value>) -> Result<(), ApiError> {
    let asks = body.get("cross_app_access_requesting_app").and_then(|own| own.get("active"));
    if asks == Some(&Value::Bool(true)) {
        return Err(ApiError::NotSupported(
            "Cross App Access Requesting App is not supported for this connection.".to_owned(),
        ));
    }
    for (name, value) in body.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        let fits = |text: &str| text.chars().count() <= 255 && !text.contains('\0');
        if !value.is_null() && !value.as_str().is_some_and(fits) {
            let shown: String = name.chars().take(100).collect();
            return Err(ApiError::Body(format!(
                "Payload validation error: 'Expected a string of at most 255 characters' on property metadata.{shown}."
            )));
        }
    }
    match (strategy, body.get("options").and_then(Value::as_object)) {
        (_, None) => Ok(()),
        (Strategy::Database, Some(options)) => own_options(options),
        (strategy, Some(options)) => {
            upstream::check(strategy, options).map_err(|refused| ApiError::Body(refused.to_string()))
        }
    }
}

fn own_options(options: &Map<String, Value>) -> Result<(), ApiError> {
    let refuse = |message: String| Err(ApiError::Body(message));
    let Some(attributes) = options.get("attributes").and_then(Value::as_object) else {
        let (least, most) = Options::of(Some(options)).username_lengths();
        if least > most {
            return refuse("options.validation.username: min is greater than max".to_owned());
        }
        return Ok(());
    };
    for other in ["requires_username", "validation"] {
        if options.get(other).is_some_and(|value| !value.is_null()) {
            return refuse(format!("Cannot set both options.attributes and options.{other}"));
        }
    }
    let read = Options::of(Some(options));
    let all = [("email", read.email()), ("phone_number", read.phone_number()), ("username", read.username())];
    if !all.iter().any(|(_, attribute)| attribute.identifier) {
        return refuse("attributes must contain one active identifier".to_owned());
    }
    for (name, _) in &all {
        let own = attributes.get(*name);
        let required = own.and_then(|own| own.get("profile_required")) == Some(&Value::Bool(true));
        let status = own.and_then(|own| own.get("signup")).and_then(|own| own.get("status"));
        if required && status.and_then(Value::as_str) != Some("required") {
            return refuse(format!("attribute {name} must also be required on signup"));
        }
    }
    if read.email_is_shared() && read.email().identifier {
        return refuse("an email attribute that is not unique cannot be an identifier".to_owned());
    }
    let (least, most) = read.username_lengths();
    if least > most {
        return refuse("attributes.username.validation: min_length is greater than max_length".to_owned());
    }
    Ok(())
}

/// What holds for a change of options.
pub(super) fn changed(before: &Options, after: &Options) -> Result<(), ApiError> {
    // Addresses that are there once cannot be kept apart any longer from those that come twice.
    if after.email_is_shared() && !before.email_is_shared() {
        return Err(ApiError::Body("cannot add non-unique email attribute".to_owned()));
    }
    Ok(())
}
