//! A checkpoint in the list of grants, as the `next` of one answer and the `from` of another request.
//!
//! Opaque to clients and read strictly: each place has exactly one spelling, everything else is refused. It
//! holds no tenant, as it only ever says where to go on in the list of the tenant that is called.

use chancery_jose::base64url;

/// A place between two grants: after the one with this moment and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// When the grant was made, in milliseconds.
    pub created_at: i64,
    /// Its id.
    pub id: String,
}

/// What a place begins with, so that its form can change.
const VERSION: &str = "1";
/// No longer text is looked at.
const LONGEST: usize = 100;

impl Place {
    /// The text that clients see.
    pub fn encode(&self) -> String {
        base64url::encode(format!("{VERSION}:{}:{}", self.created_at, self.id).as_bytes())
    }

    /// Reads a text that [`Place::encode`] made.
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let plain = String::from_utf8(base64url::decode(text).ok()?).ok()?;
        let mut parts = plain.splitn(3, ':');
        let (VERSION, created_at, id) = (parts.next()?, parts.next()?, parts.next()?) else { return None };
        let random = id.strip_prefix("cgr_")?;
        let good_id = random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let place = Self { created_at: created_at.parse().ok()?, id: id.to_owned() };
        (good_id && place.encode() == text).then_some(place)
    }
}
