//! The reasons of the Management API in the words of people who fill in a form rather than write JSON.
//!
//! Pure. Must never change what the API itself answers.

/// What each format wants of a text.
const FORMATS: &[(&str, &str)] = &[
    ("email", "Type an email address, such as anna@example.com."),
    ("email-or-empty", "Type an email address, such as anna@example.com, or leave this empty."),
    ("https", "Type an address that begins with https://."),
    ("uri", "Type an address that begins with https:// or http://."),
    ("url", "Type an address that begins with https:// or http://."),
    ("absolute-https", "Type an address that begins with https://."),
    ("strict-https", "Type an address that begins with https://."),
    ("^https", "Type an address that begins with https://."),
    ("absolute-uri", "Type a whole address, such as https://example.com/path."),
    ("strict-uri", "Type a whole address, such as https://example.com/path."),
    ("callback-url", "Type a whole address, such as https://example.com/callback."),
    ("html-color", "Type a colour, such as #3a4fc4."),
    ("ip", "Type an IP address or a network, such as 203.0.113.0/24."),
    ("hostname", "Type the name of a host or an IP address."),
    ("name (", "Type a name without < and >."),
    ("display name", "Type a name without < and >."),
    ("^[^<>]+$", "Type a name without < and >."),
    ("scope (", "Type it without spaces, such as read:plants."),
    ("^\\S*$", "Type it without spaces."),
    ("^\\+[0-9]{1,15}$", "Type the number with its country, such as +4930123456."),
    ("^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$", "Type letters, digits and single hyphens between them."),
];

/// A reason as a form says it; what is plain already stays as it is.
pub(super) fn plain(reason: &str) -> String {
    known(reason).unwrap_or_else(|| reason.to_owned())
}

fn known(reason: &str) -> Option<String> {
    if let Some(rest) = reason.strip_prefix("Object didn't pass validation for format ") {
        // The longest name that fits is the one that is meant.
        let fits = FORMATS.iter().filter(|(format, _)| rest.starts_with(format));
        return fits.max_by_key(|(format, _)| format.len()).map(|(_, text)| (*text).to_owned());
    }
    if reason.starts_with("Missing required property") {
        return Some("Fill this in.".to_owned());
    }
    let bound = |words, limit| bound(reason, words, limit);
    if let Some(least) = bound("String is too short", "minimum ") {
        return Some(match least {
            "1" => "Fill this in.".to_owned(),
            _ => format!("Type at least {least} characters."),
        });
    }
    if let Some(most) = bound("String is too long", "maximum ") {
        return Some(format!("Type at most {most} characters."));
    }
    if let Some(most) = bound("Array is too long", "maximum ").or(bound("Too many properties", "maximum ")) {
        return Some(format!("List at most {most}."));
    }
    if let Some(least) = bound("Array is too short", "minimum ") {
        return Some(format!("List at least {least}."));
    }
    if let Some(least) = bound("Value ", "is less than minimum ") {
        return Some(format!("Type a number that is {least} or more."));
    }
    if let Some(most) = bound("Value ", "is greater than maximum ") {
        return Some(format!("Type a number that is {most} or less."));
    }
    bound("No enum match for", "expected one of: ").map(|all| format!("Choose one of: {all}."))
}

/// What stands after `limit` in a reason that begins with `words`.
fn bound<'a>(reason: &'a str, words: &str, limit: &str) -> Option<&'a str> {
    if !reason.starts_with(words) {
        return None;
    }
    reason.split_once(limit).map(|(_, bound)| bound)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_form_says_in_words_what_it_wants() {
        let said = [
            (
                "Object didn't pass validation for format email: anna",
                "Type an email address, such as anna@example.com.",
            ),
            (
                "Object didn't pass validation for format absolute-https-uri-or-empty: x",
                "Type an address that begins with https://.",
            ),
            (
                "Object didn't pass validation for format absolute-uri-or-empty: x",
                "Type a whole address, such as https://example.com/path.",
            ),
            (
                "Object didn't pass validation for format ipv4, ipv6, cidr or ipv6_cidr: x",
                "Type an IP address or a network, such as 203.0.113.0/24.",
            ),
            ("String is too short (0 chars), minimum 1", "Fill this in."),
            ("String is too short (2 chars), minimum 8", "Type at least 8 characters."),
            ("String is too long (200 chars), maximum 140", "Type at most 140 characters."),
            ("Array is too long (101), maximum 100", "List at most 100."),
            ("Array is too short (0), minimum 1", "List at least 1."),
            ("Value 0 is less than minimum 1", "Type a number that is 1 or more."),
            ("Value 9 is greater than maximum 8", "Type a number that is 8 or less."),
            ("No enum match for: x, expected one of: a, b", "Choose one of: a, b."),
            ("Missing required property: name", "Fill this in."),
        ];
        for (reason, text) in said {
            assert_eq!(plain(reason), text, "{reason}");
        }
    }

    #[test]
    fn what_is_plain_already_stays() {
        for reason in ["it answered 404, expected 200.", "Object didn't pass validation for format acr: x"] {
            assert_eq!(plain(reason), reason);
        }
    }
}
