//! A place in a list that is ordered by age and id: the `next` of one answer and the `from` of another request.
//!
//! Opaque to clients and read strictly: each place has exactly one spelling, everything else is refused. It
//! holds no tenant, as it only ever says where to go on in the list of the tenant that is called.

use chancery_jose::base64url;

use super::error::ApiError;
use super::query::refused;

#[cfg(test)]
mod tests;

/// A place: after the object with this age and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// When the object was made, in milliseconds since 1970.
    pub created_at: i64,
    /// Its id.
    pub id: String,
}

/// The longest id that we make, in bytes.
const LONGEST_ID: usize = 64;
/// The longest id of a user, in bytes: tools choose up to 255 characters of it.
const LONGEST_USER_ID: usize = 1100;

impl Checkpoint {
    /// Before every object.
    pub fn start() -> Self {
        Self { created_at: i64::MIN, id: String::new() }
    }

    /// The text for the wire, good for this list alone.
    pub fn to_text(&self, list: &str) -> String {
        base64url::encode(format!("{list}:{}:{}", self.created_at, self.id).as_bytes())
    }

    /// Reads what [`Checkpoint::to_text`] wrote for the same list.
    pub fn parse(list: &str, text: &str) -> Result<Self, ApiError> {
        let refuse = || refused("It is not the next of an earlier answer", "from");
        Self::read(list, text).ok_or_else(refuse)
    }

    /// Cuts a list that was read with one object more than `take` back to its page. If it was longer, answers the
    /// text of the place after the page's last object.
    pub fn end_page<T>(
        found: &mut Vec<T>,
        take: i64,
        list: &str,
        place: impl FnOnce(&T) -> Self,
    ) -> Option<String> {
        let take = usize::try_from(take).unwrap_or(usize::MAX);
        let more = found.len() > take;
        found.truncate(take);
        found.last().filter(|_| more).map(|last| place(last).to_text(list))
    }

    fn read(list: &str, text: &str) -> Option<Self> {
        if text.len() > 2 * LONGEST_USER_ID {
            return None;
        }
        let plain = String::from_utf8(base64url::decode(text).ok()?).ok()?;
        let mut parts = plain.splitn(3, ':');
        let (named, created_at, id) = (parts.next()?, parts.next()?, parts.next()?);
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let ours = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(known);
        let of_user = id.contains('|') && id.len() <= LONGEST_USER_ID && !id.chars().any(char::is_control);
        let place = Self { created_at: created_at.parse().ok()?, id: id.to_owned() };
        (named == list && (ours || of_user) && place.to_text(list) == text).then_some(place)
    }
}
