//! Stylesheet and scripts of the Dashboard, under names that hold their digest, so that browsers may keep them for good.

use std::sync::LazyLock;

use crate::login::pages::assets::Asset;

/// The stylesheet.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("dashboard", "css", "text/css; charset=utf-8", include_str!("style.css")));
/// The script.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("dashboard", "js", "text/javascript; charset=utf-8", include_str!("dashboard.js"))
});
/// The script of the one page that makes passkeys.
pub static PASSKEYS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("passkeys", "js", "text/javascript; charset=utf-8", include_str!("../passkeys/page.js"))
});
/// The icon.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("seal", "svg", "image/svg+xml", include_str!("icon.svg")));
