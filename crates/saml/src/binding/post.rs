//! By form (SAML bindings, section 3.5): base64, and the signature inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_xmldsig::tree::utf8;

use super::{BindingError, Direction, LONGEST, LONGEST_RELAY_STATE, Received, redirect};

/// Reads the fields of a form. The caller has refused fields that came twice.
pub fn decode<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Received, BindingError> {
    let (direction, text) = match (field("SAMLRequest"), field("SAMLResponse")) {
        (Some(text), None) => (Direction::Request, text),
        (None, Some(text)) => (Direction::Response, text),
        _ => return Err(BindingError::Missing),
    };
    let relay_state = field("RelayState").filter(|text| !text.is_empty());
    if relay_state.is_some_and(|text| text.len() > LONGEST_RELAY_STATE) {
        return Err(BindingError::TooLong("RelayState"));
    }
    let bytes = decoded(text, direction.parameter())?;
    // Some clients deflate here too, which the binding does not know and Auth0 accepts.
    let plain = |text: &str| text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    let is_plain = std::str::from_utf8(&bytes).is_ok_and(plain);
    let xml =
        if is_plain { utf8(bytes)? } else { redirect::inflate(&bytes).map_err(|_| BindingError::Text)? };
    Ok(Received { direction, xml, relay_state: relay_state.map(str::to_owned), detached: None })
}

/// The value of a field.
pub fn encode(xml: &str) -> String {
    chancery_crypto::base64::encode(xml)
}

/// What base64 stands for; some senders break its lines.
pub(super) fn decoded(text: &str, name: &'static str) -> Result<Vec<u8>, BindingError> {
    if text.len() > LONGEST {
        return Err(BindingError::TooLong(name));
    }
    let bytes = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        STANDARD.decode(text.split_ascii_whitespace().collect::<String>())
    } else {
        STANDARD.decode(text)
    };
    bytes.map_err(|_| BindingError::Base64(name))
}
