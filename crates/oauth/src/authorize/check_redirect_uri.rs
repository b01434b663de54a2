//! `redirect_uri`: exactly one that the client registered (RFC 9700 section 2.1).
//!
//! A page that asks for its answer in a message may instead be of a registered origin: the browser delivers
//! the message to that origin and to no other. Must stay the first check: nothing is sent anywhere before it.

use super::{PageError, Raw};
use crate::client::{AppType, Client};
use crate::uri::Uri;

pub(super) fn check(raw: &Raw, client: &Client) -> Result<String, PageError> {
    let text = raw.text("redirect_uri").ok_or(PageError::Missing("redirect_uri"))?;
    let registered = client.callbacks.admits(text, client.app_type == AppType::Native);
    let in_message = || raw.text("response_mode") == Some("web_message") && is_of_page(text, client);
    if registered || in_message() {
        return Ok(text.to_owned());
    }
    // What is shown on a page is shortened, whatever it is.
    Err(PageError::CallbackMismatch(text.chars().take(200).collect()))
}

fn is_of_page(text: &str, client: &Client) -> bool {
    let origin = Uri::parse(text).ok().and_then(|uri| uri.origin());
    origin.is_some_and(|origin| client.web_origins.admits_origin(&origin))
}
