//! The device flow (RFC 8628): user codes, and what a device that asks again is told.
//!
//! Must never make a user code whose characters are not equally likely.

use jiff::Timestamp;

use crate::client::Client;
use crate::token::Error;

/// The name of the grant on the wire.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Seconds that a device code lives.
pub const LIFETIME: i64 = 900;

/// Seconds between two questions of a device.
pub const INTERVAL: i64 = 5;

/// The characters of user codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Twenty consonants: no words, nothing to mistake (RFC 8628 section 6.1).
    Base20,
    /// Digits.
    Digits,
}

impl Charset {
    /// The set that a wire name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "base20" => Some(Self::Base20),
            "digits" => Some(Self::Digits),
            _ => None,
        }
    }

    fn characters(self) -> &'static [u8] {
        match self {
            Self::Base20 => b"BCDFGHJKLMNPQRSTVWXZ",
            Self::Digits => b"0123456789",
        }
    }
}

/// The fewest characters of a user code that have to be guessed: a million codes, of which few are known at a time and
/// few can be tried (RFC 8628 section 5.1).
const LEAST_GUESSED: usize = 6;

/// Whether a mask gives user codes that are hard enough to guess.
pub fn is_mask(mask: &str) -> bool {
    mask.chars().filter(|place| *place == '*').count() >= LEAST_GUESSED
}

/// A user code in the form of `mask`, in which each `*` is a character. `random` gives bytes.
pub fn user_code(charset: Charset, mask: &str, mut random: impl FnMut() -> u8) -> String {
    let set = charset.characters();
    // A remainder of the whole byte would prefer the first characters: bytes beyond the last full round are
    // drawn again.
    let limit = 256 - 256 % set.len();
    let mut draw = || loop {
        let byte = usize::from(random());
        if byte < limit {
            return char::from(set[byte % set.len()]);
        }
    };
    mask.chars().map(|place| if place == '*' { draw() } else { place }).collect()
}

/// What a user typed, as it is compared and digested: letters and digits alone, in capitals.
pub fn normalized(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).take(64).map(|one| one.to_ascii_uppercase()).collect()
}

/// Where a device code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has decided.
    Pending,
    /// A user said yes.
    Authorized,
    /// A user said no.
    Denied,
}

/// A device code as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// The client that it was given to.
    pub client_id: &'a str,
    /// Where it stands.
    pub state: State,
    /// When the device asked last.
    pub polled_at: Option<Timestamp>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Decides what a device that asks again is told; `Ok` means that tokens are issued, once.
pub fn poll(code: &Code<'_>, client: &Client, now: Timestamp) -> Result<(), Error> {
    if !client.may_use(GRANT_TYPE) {
        return Err(Error::GrantNotAllowed(GRANT_TYPE));
    }
    if code.client_id != client.id {
        return Err(Error::InvalidGrant("Invalid or expired device code."));
    }
    if code.expires_at <= now {
        return Err(Error::ExpiredDeviceCode);
    }
    // A second of grace: devices count from when the answer came, and networks vary.
    let early = |last: Timestamp| now.duration_since(last).as_secs() < INTERVAL - 1;
    if code.state == State::Pending && code.polled_at.is_some_and(early) {
        return Err(Error::SlowDown);
    }
    match code.state {
        State::Authorized => Ok(()),
        State::Pending => Err(Error::AuthorizationPending),
        State::Denied => Err(Error::DeviceDenied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Authentication;
    use crate::kit::{self, at, now};

    #[test]
    fn user_codes_follow_the_mask_and_skip_bytes_that_would_bias_them() {
        let mut bytes = [255, 240, 0, 19, 20, 239, 1, 2, 3, 4].into_iter();
        let code = user_code(Charset::Base20, "****-****", || bytes.next().unwrap());
        assert_eq!(code, "BZBZ-CDFG");
        let mut bytes = [250, 9, 249].into_iter();
        assert_eq!(user_code(Charset::Digits, "** ", || bytes.next().unwrap()), "99 ");
    }

    #[test]
    fn a_typed_code_counts_without_case_and_separators() {
        assert_eq!(normalized(" bzbz-cdfg\u{e9}"), "BZBZCDFG");
    }

    #[test]
    fn a_device_is_told_where_its_code_stands() {
        let mut client = kit::client(Authentication::None);
        client.grant_types.push(GRANT_TYPE.to_owned());
        let code = |state, polled_at| Code { client_id: "app", state, polled_at, expires_at: at(900) };
        for (code, now, expected) in [
            (code(State::Pending, None), now(), Err(Error::AuthorizationPending)),
            (code(State::Pending, Some(at(0))), at(3), Err(Error::SlowDown)),
            (code(State::Pending, Some(at(0))), at(5), Err(Error::AuthorizationPending)),
            (code(State::Authorized, Some(at(0))), at(1), Ok(())),
            (code(State::Denied, None), now(), Err(Error::DeviceDenied)),
            (code(State::Authorized, None), at(900), Err(Error::ExpiredDeviceCode)),
            (
                Code { client_id: "other", ..code(State::Authorized, None) },
                now(),
                Err(Error::InvalidGrant("Invalid or expired device code.")),
            ),
        ] {
            assert_eq!(poll(&code, &client, now), expected, "{code:?}");
        }
        let closed = kit::client(Authentication::None);
        let refused = poll(&code(State::Authorized, None), &closed, now());
        assert_eq!(refused, Err(Error::GrantNotAllowed(GRANT_TYPE)));
    }
}
