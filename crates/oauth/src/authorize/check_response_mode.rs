//! `response_mode` (OAuth 2.0 Multiple Response Types, Form Post, Auth0's `web_message`): how the answer
//! travels. Tokens never travel in a query, which ends up in logs and in `Referer`.

use super::{Error, Raw, ResponseType};
use crate::uri::Uri;

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser posts there.
    FormPost,
    /// In a message to the page that holds the frame.
    WebMessage,
}

impl ResponseMode {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            "web_message" => Some(Self::WebMessage),
            _ => None,
        }
    }

    fn usual(response_type: ResponseType) -> Self {
        if response_type.is_front_channel() { Self::Fragment } else { Self::Query }
    }
}

/// The mode of an error about the request itself: the one that was asked for if it can be used, else the
/// usual one.
pub(super) fn for_errors(raw: &Raw) -> ResponseMode {
    let response_type = raw.text("response_type").and_then(ResponseType::parse).unwrap_or_default();
    let redirect_uri = raw.text("redirect_uri").unwrap_or_default();
    check(raw, response_type, redirect_uri).unwrap_or(ResponseMode::usual(response_type))
}

pub(super) fn check(
    raw: &Raw,
    response_type: ResponseType,
    redirect_uri: &str,
) -> Result<ResponseMode, Error> {
    let Some(name) = raw.text("response_mode") else { return Ok(ResponseMode::usual(response_type)) };
    let mode = ResponseMode::from_name(name)
        .ok_or_else(|| Error::invalid("response_mode must be query, fragment, form_post or web_message."))?;
    let is_web = Uri::parse(redirect_uri).is_ok_and(|uri| uri.is_web());
    match mode {
        ResponseMode::Query if response_type.is_front_channel() => {
            Err(Error::invalid("response_mode query cannot carry tokens. Use fragment or form_post."))
        }
        ResponseMode::FormPost | ResponseMode::WebMessage if !is_web => Err(Error::invalid(
            "response_mode form_post and web_message need a redirect_uri that begins with https:// or http://.",
        )),
        ResponseMode::Query | ResponseMode::Fragment | ResponseMode::FormPost | ResponseMode::WebMessage => {
            Ok(mode)
        }
    }
}
