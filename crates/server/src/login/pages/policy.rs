//! The headers of a page: what it may load, where its forms may go, who may show it.
//!
//! Must never allow a frame, a script without the nonce, or a plugin.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use super::Scene;
use super::view::{Part, View};
use crate::branding::Address;

/// Sets the headers.
pub(super) fn protect(headers: &mut HeaderMap, scene: &Scene<'_>, view: &View<'_>) {
    if let Ok(policy) = HeaderValue::from_str(&content(scene, view)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The address holds the transaction; the application still learns that it was this site.
        (REFERRER_POLICY, "strict-origin"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn content(scene: &Scene<'_>, view: &View<'_>) -> String {
    let Scene { look, nonce, leads_to, .. } = scene;
    let origins = |addresses: &[&Option<Address>]| -> String {
        let named = addresses.iter().filter_map(|address| address.as_ref());
        named.flat_map(|address| [" ", address.origin()]).collect()
    };
    let mut images = origins(&[&look.logo, &look.favicon, &look.background]);
    for part in &view.parts {
        if let Part::Provider(_, Some(icon), _) = part {
            images.extend([" ", icon.origin()]);
        }
    }
    images.extend(view.told.iter().flat_map(|address| [" ", address.origin()]));
    let fonts = look.font.as_ref().map_or("'none'", Address::origin);
    let scripts = if view.scripted() { format!("'nonce-{nonce}'") } else { "'none'".to_owned() };
    let forms = leads_to.and_then(scheme).map(|scheme| destinations(&scheme)).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self' 'nonce-{nonce}'; img-src 'self'{images}; font-src {fonts}; \
         script-src {scripts}; form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Browsers hold the policy against every redirection that follows a form, also against those of the application
/// to other hosts of its own: so the schemes are named, and not the host of the redirection address.
fn destinations(scheme: &str) -> String {
    if scheme == "https" { " https:".to_owned() } else { format!(" https: {scheme}:") }
}

/// The scheme of an address, if it is one that a form can lead to.
fn scheme(address: &str) -> Option<String> {
    let scheme = address.split_once(':')?.0.to_ascii_lowercase();
    let plain = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let dangerous = ["javascript", "data", "blob", "vbscript", "file"].contains(&scheme.as_str());
    (plain && !dangerous).then_some(scheme)
}
