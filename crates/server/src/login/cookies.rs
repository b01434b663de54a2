//! The cookies of a browser: its session, and a value that ties what it began to it.
//!
//! Must never be readable by scripts, nor sent over plain HTTP where the tenant has TLS: the names then begin with
//! `__Host-`, which browsers accept only for this very host, over TLS, for all paths (RFC 6265bis section 4.1.3.2).

use http::{HeaderMap, HeaderValue, header};

use crate::tenants::Tenant;

const SESSION: &str = "chancery";
const BROWSER: &str = "chancery_browser";
/// Seconds that the value of a browser is kept: as long as the longest session.
const A_YEAR: i64 = 31_536_000;

/// The value of the session's cookie.
pub fn session<'a>(tenant: &Tenant, headers: &'a HeaderMap) -> Option<&'a str> {
    find(headers, &name(tenant, SESSION))
}

/// Sets the session's cookie; `seconds` is none for one that ends with the browser. It comes along in frames of other
/// sites where there is TLS, as silent logins need it.
pub fn set_session(tenant: &Tenant, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    cookie(tenant, SESSION, value, seconds)
}

/// Takes the session's cookie back.
pub fn clear_session(tenant: &Tenant) -> Option<HeaderValue> {
    cookie(tenant, SESSION, "", Some(0))
}

/// The value that ties logins and forms to this browser.
pub fn browser<'a>(tenant: &Tenant, headers: &'a HeaderMap) -> Option<&'a str> {
    find(headers, &name(tenant, BROWSER))
}

/// Sets that value.
pub fn set_browser(tenant: &Tenant, value: &str) -> Option<HeaderValue> {
    cookie(tenant, BROWSER, value, Some(A_YEAR))
}

fn has_tls(tenant: &Tenant) -> bool {
    tenant.stored.scheme == "https"
}

/// The name of a cookie of the tenant.
pub fn name(tenant: &Tenant, name: &str) -> String {
    if has_tls(tenant) { format!("__Host-{name}") } else { name.to_owned() }
}

/// A cookie that comes along in frames of other sites, where there is TLS.
fn cookie(tenant: &Tenant, base: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
    let site = if has_tls(tenant) { "None" } else { "Lax" };
    cookie_of(tenant, (base, site), value, seconds)
}

/// A cookie, with its `SameSite`; `seconds` is none for one that ends with the browser.
pub fn cookie_of(
    tenant: &Tenant,
    (base, site): (&str, &str),
    value: &str,
    seconds: Option<i64>,
) -> Option<HeaderValue> {
    let secure = if has_tls(tenant) { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    // Names and values are ours: letters, digits, hyphens and underscores.
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite={site}{secure}{age}", name(tenant, base));
    HeaderValue::from_str(&text).ok()
}

/// The value of the first cookie of this name.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(own, value)| (own == name).then_some(value))
}
