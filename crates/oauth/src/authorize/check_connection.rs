//! `connection`: a name as connections have them; whether it exists is for whoever knows them.

use super::{Error, Raw};

pub(super) fn check(raw: &Raw) -> Result<Option<String>, Error> {
    let Some(name) = raw.text("connection") else { return Ok(None) };
    let fine = name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fine { Ok(Some(name.to_owned())) } else { Err(Error::invalid("There is no such connection.")) }
}
