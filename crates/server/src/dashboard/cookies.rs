//! The cookies of the Dashboard: the session, and what was done a moment ago.
//!
//! Must never be readable by scripts, nor come along from other sites' frames.

use axum::response::Response;
use chancery_jose::base64url;
use http::{HeaderMap, HeaderValue, header};

use crate::login::cookies::{cookie_of, find, name};
use crate::tenants::Tenant;

const SESSION: &str = "chancery_dashboard";
const NOTICE: &str = "chancery_notice";
/// Seconds that a notice waits for its page.
const A_MINUTE: i64 = 60;

/// The value of the session's cookie.
pub(super) fn session<'a>(tenant: &Tenant, headers: &'a HeaderMap) -> Option<&'a str> {
    find(headers, &name(tenant, SESSION))
}

/// Sets the session's cookie; it ends with the browser.
pub(super) fn set_session(tenant: &Tenant, value: &str) -> Option<HeaderValue> {
    cookie(tenant, SESSION, value, None)
}

/// Takes the session's cookie back.
pub(super) fn clear_session(tenant: &Tenant) -> Option<HeaderValue> {
    cookie(tenant, SESSION, "", Some(0))
}

/// What was done a moment ago.
pub(super) fn notice(tenant: &Tenant, headers: &HeaderMap) -> Option<String> {
    let value = find(headers, &name(tenant, NOTICE))?;
    String::from_utf8(base64url::decode(value).ok()?).ok().filter(|text| !text.is_empty())
}

/// Has the next page say what was done.
pub(super) fn set_notice(tenant: &Tenant, text: &str) -> Option<HeaderValue> {
    cookie(tenant, NOTICE, &base64url::encode(text.as_bytes()), Some(A_MINUTE))
}

/// It was said.
pub(super) fn clear_notice(tenant: &Tenant) -> Option<HeaderValue> {
    cookie(tenant, NOTICE, "", Some(0))
}

/// Adds a cookie to an answer.
pub(super) fn append(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// It comes along when another site leads here, and in nothing else that another site does.
fn cookie(tenant: &Tenant, base: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    cookie_of(tenant, (base, "Lax"), value, seconds)
}
