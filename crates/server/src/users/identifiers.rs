//! What people sign in with: e-mail addresses, usernames and phone numbers, each in the one form that is stored.
//!
//! Pure. Must never let two spellings of one identifier through as two.

use crate::connections::{Attribute, Options, Signup};
use crate::db::fold;

/// The longest e-mail address (RFC 5321 section 4.5.3.1.3, and room for names beyond ASCII).
pub(super) const LONGEST_EMAIL: usize = 254;

/// An e-mail address as it is stored; none if the text is no address.
pub fn email(text: &str) -> Option<String> {
    is_email(text).then(|| fold(text))
}

/// Whether a text is an e-mail address that mail can be sent to.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |one: char| one.is_control() || one.is_whitespace() || "<>()[],;:\\\"".contains(one);
    text.chars().count() <= LONGEST_EMAIL
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !text.chars().any(odd)
        && domain.split('.').all(is_label)
        && domain.contains('.')
}

fn is_label(label: &str) -> bool {
    let plain = |one: char| one.is_alphanumeric() || one == '-' || (!one.is_ascii() && !one.is_whitespace());
    (1..=63).contains(&label.chars().count())
        && label.chars().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a text is a phone number (E.164).
pub(super) fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A username as it is stored, if it fits the connection; else what is wrong with it.
pub(super) fn username(text: &str, options: &Options) -> Result<String, String> {
    let (least, most) = options.username_lengths();
    let length = text.chars().count();
    if length < least || length > most {
        return Err(format!("Username has to have {least} to {most} characters at this connection."));
    }
    let plain = |one: char| one.is_alphanumeric() || "_+-.!#$'^`~@".contains(one);
    if !text.chars().all(plain) {
        return Err(
            "Username may hold letters, digits and the characters _ + - . ! # $ ' ^ ` ~ @ alone.".to_owned()
        );
    }
    let (email, phone) = options.username_may_be();
    if (is_email(text) && !email) || (is_phone_number(text) && !phone) {
        return Err("Username may not be an e-mail address or a phone number at this connection.".to_owned());
    }
    Ok(fold(text))
}

/// Checks that an identifier is there if the connection demands it, and absent if it has no room for it.
pub(super) fn demanded(
    name: &str,
    given: bool,
    attribute: Attribute,
    connection: &str,
) -> Result<(), String> {
    match (given, attribute.signup) {
        (false, Signup::Required) if name == "username" => {
            Err(format!("Missing username for {connection} connection with requires_username enabled"))
        }
        (false, Signup::Required) => Err(format!("Missing {name}: the connection {connection} requires it.")),
        (true, Signup::Inactive) if name == "username" && !attribute.identifier => {
            Err("Cannot set username for connection without requires_username".to_owned())
        }
        (true, Signup::Inactive) if !attribute.identifier => {
            Err(format!("Cannot set {name}: the connection {connection} has no such attribute."))
        }
        _ => Ok(()),
    }
}
