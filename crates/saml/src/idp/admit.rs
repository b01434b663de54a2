//! Whether a request counts, and where its answer goes.
//!
//! The answer goes to an address that the application registered and to no other, whatever is signed. Must never admit
//! an unsigned request of an application that has named its certificate, nor a signed one that may be for somebody else
//! (SAML bindings, sections 3.4.5.2 and 3.5.5.2).

use jiff::{SignedDuration, Timestamp};

use super::authn_request::{AuthnRequest, ReadError};
use super::party::{Party, TrustError};
use crate::binding::{BindingError, Direction, Received};
use crate::{HTTP_POST, HTTP_REDIRECT};

/// How old a request may be. People leave login pages open, but the request comes before them.
const OLDEST: SignedDuration = SignedDuration::from_hours(1);
/// How far two clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(3);
/// The longest id, in bytes: it comes back in the answer.
const LONGEST_ID: usize = 256;

/// A request that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Where the answer goes.
    pub acs_url: String,
    /// The request that it answers; none where nobody asked.
    pub in_response_to: Option<String>,
    /// Who asked.
    pub issuer: Option<String>,
    /// Whether a session does not spare the login.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// Who is probably to be signed in.
    pub login_hint: Option<String>,
    /// What goes back unchanged.
    pub relay_state: Option<String>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// It could not be unpacked.
    #[error("Invalid SAML Request: {0}")]
    Binding(#[from] BindingError),
    /// It could not be read.
    #[error("Invalid SAML Request: {0}")]
    Read(#[from] ReadError),
    /// It answers instead of asking.
    #[error("Invalid SAML Request: expected SAMLRequest, not SAMLResponse")]
    Direction,
    /// It has to be signed and is not.
    #[error("SAMLRequest message MUST be signed when using an asynchronous binding (POST or Redirect)")]
    Unsigned,
    /// Its signature does not count.
    #[error("Signature check errors: {0}")]
    Signature(String),
    /// It was sent somewhere else.
    #[error("Invalid SAML Request: its Destination is {sent}, expected {expected}")]
    Destination {
        /// What it says.
        sent: String,
        /// Where it came.
        expected: String,
    },
    /// It is signed, and does not say where it was sent: somebody else may have got it first.
    #[error("Invalid SAML Request: it is signed, so it has to name its Destination, expected {0}")]
    NoDestination(String),
    /// It is too old, or from the future.
    #[error("Invalid SAML Request: it was issued at {0}, which is not of this time")]
    Time(Timestamp),
    /// Its id is too long.
    #[error("Invalid SAML Request: its ID is longer than 256 bytes")]
    Id,
    /// The answer would go where nobody registered.
    #[error(
        "the address {0} is not among the callbacks of the application; add it to its \
         Allowed Callback URLs"
    )]
    Callback(String),
    /// The application has no callback.
    #[error(
        "the application has no callback; add the address of its assertion consumer service to its Allowed Callback URLs"
    )]
    NoCallback,
    /// The answer is named by a number.
    #[error("AssertionConsumerServiceIndex is not supported, send AssertionConsumerServiceURL")]
    Index,
    /// The answer would travel in a way that is not offered.
    #[error("the ProtocolBinding {0} is not supported, expected {HTTP_POST}")]
    Protocol(String),
}

impl From<TrustError> for AdmitError {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::Xml(error) => Self::Read(ReadError::Xml(error)),
            TrustError::Unsigned => Self::Unsigned,
            TrustError::Signature(why) => Self::Signature(why),
        }
    }
}

/// Decides on a request that came to `destination`.
pub fn admit(
    received: &Received,
    party: &Party,
    destination: &str,
    now: Timestamp,
) -> Result<Admitted, AdmitError> {
    if received.direction != Direction::Request {
        return Err(AdmitError::Direction);
    }
    let octets = match &party.requests {
        Some(trust) => trust.signed_octets(received)?,
        None => None,
    };
    let request = AuthnRequest::read(octets.as_deref().unwrap_or(&received.xml))?;
    if request.id.len() > LONGEST_ID {
        return Err(AdmitError::Id);
    }
    // A partner's proxy may have given the address another query; the place is what counts.
    let place = |address: &str| address.split('?').next().unwrap_or_default().to_owned();
    match request.destination.as_deref() {
        Some(sent) if place(sent) != place(destination) => {
            return Err(AdmitError::Destination { sent: sent.to_owned(), expected: destination.to_owned() });
        }
        None if party.requests.is_some() => return Err(AdmitError::NoDestination(destination.to_owned())),
        Some(_) | None => {}
    }
    let (oldest, youngest) = (now.checked_sub(OLDEST), now.checked_add(SKEW));
    if oldest.is_ok_and(|oldest| request.issued_at < oldest)
        || youngest.is_ok_and(|youngest| request.issued_at > youngest)
    {
        return Err(AdmitError::Time(request.issued_at));
    }
    if let Some(binding) = request.protocol_binding.as_deref().filter(|binding| *binding != HTTP_POST)
        // Some clients name the binding of their own request here.
        && binding != HTTP_REDIRECT
    {
        return Err(AdmitError::Protocol(binding.to_owned()));
    }
    Ok(Admitted {
        acs_url: callback(&request, party)?,
        in_response_to: Some(request.id),
        issuer: request.issuer,
        force_authn: request.force_authn,
        is_passive: request.is_passive,
        login_hint: request.subject.map(|subject| subject.value).filter(|name| !name.is_empty()),
        relay_state: received.relay_state.clone(),
    })
}

/// What nobody asked for: the answer goes to the first callback.
pub fn unsolicited(party: &Party, relay_state: Option<String>) -> Result<Admitted, AdmitError> {
    let acs_url = party.callbacks.first().cloned().ok_or(AdmitError::NoCallback)?;
    Ok(Admitted {
        acs_url,
        in_response_to: None,
        issuer: None,
        force_authn: false,
        is_passive: false,
        login_hint: None,
        relay_state,
    })
}

/// Whether an answer may still go to an address that was admitted: the settings may have changed while somebody signed
/// in.
pub fn still_registered(party: &Party, url: &str) -> Result<(), AdmitError> {
    let registered = party.callbacks.iter().any(|own| own == url);
    if registered { Ok(()) } else { Err(AdmitError::Callback(url.chars().take(300).collect())) }
}

fn callback(request: &AuthnRequest, party: &Party) -> Result<String, AdmitError> {
    let first = party.callbacks.first().ok_or(AdmitError::NoCallback)?;
    match (&request.acs_url, &request.acs_index) {
        (Some(url), None) => {
            still_registered(party, url)?;
            Ok(url.clone())
        }
        (None, None) => Ok(first.clone()),
        (_, Some(_)) => Err(AdmitError::Index),
    }
}
