//! By redirection (SAML bindings, section 3.4): DEFLATE, base64, and the signature beside the message.
//!
//! The signature is verified over the octets as they came, in the order of the specification: what another encoding
//! of the same text would give does not matter. Must never inflate without a limit.

use std::borrow::Cow;

use chancery_crypto::base64;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::post::decoded;
use super::{BindingError, Detached, Direction, LONGEST_RELAY_STATE, Received};

/// The largest message, in bytes.
const LARGEST: usize = 1024 * 1024;
/// How hard the deflating tries, of 10: the usual.
const LEVEL: u8 = 6;
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// The parameters that count.
const NAMES: [&str; 6] = ["SAMLRequest", "SAMLResponse", "SAMLEncoding", "RelayState", "SigAlg", "Signature"];

/// What of a query counts, found in one pass over it.
struct Query<'a>([Found<'a>; NAMES.len()]);

/// What was found of a name.
#[derive(Clone, Copy)]
enum Found<'a> {
    Nothing,
    Once(&'a str),
    Twice,
}

/// One parameter: as it came, and what it says.
struct Parameter<'a> {
    raw: &'a str,
    value: Cow<'a, str>,
}

impl<'a> Query<'a> {
    fn read(query: &'a str) -> Self {
        let mut all = [Found::Nothing; NAMES.len()];
        for pair in query.split('&') {
            let (key, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let Ok(key) = percent_decode_str(key).decode_utf8() else { continue };
            if let Some(found) = NAMES.iter().position(|name| key == *name).and_then(|at| all.get_mut(at)) {
                *found = match found {
                    Found::Nothing => Found::Once(raw),
                    Found::Once(_) | Found::Twice => Found::Twice,
                };
            }
        }
        Self(all)
    }

    /// The parameter of this name; twice is an error.
    fn parameter(&self, name: &'static str) -> Result<Option<Parameter<'a>>, BindingError> {
        let found = NAMES.iter().position(|own| *own == name).and_then(|at| self.0.get(at));
        let raw = match found {
            None | Some(Found::Nothing) => return Ok(None),
            Some(Found::Twice) => return Err(BindingError::Twice(name)),
            Some(Found::Once(raw)) => *raw,
        };
        let not_utf8 = |_| BindingError::Base64(name);
        let value = if raw.contains('+') {
            let spaced = raw.replace('+', " ");
            Cow::Owned(percent_decode_str(&spaced).decode_utf8().map_err(not_utf8)?.into_owned())
        } else {
            percent_decode_str(raw).decode_utf8().map_err(not_utf8)?
        };
        Ok(Some(Parameter { raw, value }))
    }
}

/// Reads a query, undecoded.
pub fn decode(query: &str) -> Result<Received, BindingError> {
    let query = Query::read(query);
    let (direction, message) = match (query.parameter("SAMLRequest")?, query.parameter("SAMLResponse")?) {
        (Some(message), None) => (Direction::Request, message),
        (None, Some(message)) => (Direction::Response, message),
        _ => return Err(BindingError::Missing),
    };
    if query.parameter("SAMLEncoding")?.is_some_and(|encoding| encoding.value != DEFLATE) {
        return Err(BindingError::Encoding);
    }
    let relay_state = query.parameter("RelayState")?;
    if relay_state.as_ref().is_some_and(|state| state.value.len() > LONGEST_RELAY_STATE) {
        return Err(BindingError::TooLong("RelayState"));
    }
    let detached = match (query.parameter("SigAlg")?, query.parameter("Signature")?) {
        (None, None) => None,
        (Some(algorithm), Some(signature)) => {
            let mut octets = format!("{}={}", direction.parameter(), message.raw);
            if let Some(state) = &relay_state {
                octets.push_str("&RelayState=");
                octets.push_str(state.raw);
            }
            octets.push_str("&SigAlg=");
            octets.push_str(algorithm.raw);
            let signature = decoded(&signature.value, "Signature")?;
            Some(Detached { octets, algorithm: algorithm.value.into_owned(), signature })
        }
        _ => return Err(BindingError::HalfSigned),
    };
    let xml = inflate(&decoded(&message.value, direction.parameter())?)?;
    let relay_state = relay_state.map(|state| state.value.into_owned()).filter(|state| !state.is_empty());
    Ok(Received { direction, xml, relay_state, detached })
}

pub(super) fn inflate(bytes: &[u8]) -> Result<String, BindingError> {
    let xml = decompress_to_vec_with_limit(bytes, LARGEST).map_err(|_| BindingError::Inflate)?;
    Ok(chancery_xmldsig::tree::utf8(xml)?)
}

/// What a redirection carries; with `algorithm`, the URI of a signature method, it is what has to be signed.
pub fn encode(direction: Direction, xml: &str, relay_state: Option<&str>, algorithm: Option<&str>) -> String {
    query((direction, &compress_to_vec(xml.as_bytes(), LEVEL)), relay_state, algorithm)
}

/// The same for partners that do not inflate, which the binding does not know and Auth0 has (`deflate: false`). The
/// signature is inside.
pub fn encode_plain(direction: Direction, xml: &str, relay_state: Option<&str>) -> String {
    query((direction, xml.as_bytes()), relay_state, None)
}

fn query(
    (direction, message): (Direction, &[u8]),
    relay_state: Option<&str>,
    algorithm: Option<&str>,
) -> String {
    let mut query = format!("{}={}", direction.parameter(), escaped(&base64::encode(message)));
    for (name, value) in [("RelayState", relay_state), ("SigAlg", algorithm)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            query.push('&');
            query.push_str(name);
            query.push('=');
            query.push_str(&escaped(value));
        }
    }
    query
}

/// The address to send the browser to.
pub fn address(destination: &str, query: &str, signature: Option<&[u8]>) -> String {
    let joined = if destination.contains('?') { '&' } else { '?' };
    let mut address = format!("{destination}{joined}{query}");
    if let Some(signature) = signature {
        address.push_str("&Signature=");
        address.push_str(&escaped(&base64::encode(signature)));
    }
    address
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}
