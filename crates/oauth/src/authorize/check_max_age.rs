//! `max_age` (OpenID Connect Core section 3.1.2.1): whole seconds.

use super::{Error, Raw};

pub(super) fn check(raw: &Raw) -> Result<Option<i64>, Error> {
    let Some(text) = raw.text("max_age") else { return Ok(None) };
    let seconds =
        Some(text).filter(|text| text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit()));
    match seconds.and_then(|text| text.parse().ok()) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Error::invalid("max_age must be a whole number of seconds.")),
    }
}
