//! `ui_locales` (OpenID Connect Core section 3.1.2.1): language tags by preference. What is not a tag is left
//! out, since languages that are not there are no error.

use super::Raw;

/// The most tags that are looked at.
const MOST: usize = 20;

pub(super) fn check(raw: &Raw) -> Vec<String> {
    let is_tag = |tag: &&str| {
        (1..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    raw.text("ui_locales")
        .unwrap_or_default()
        .split(' ')
        .filter(is_tag)
        .take(MOST)
        .map(str::to_owned)
        .collect()
}
