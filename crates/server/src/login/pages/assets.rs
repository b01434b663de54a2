//! Stylesheet, script and icon of the pages, and those of the Dashboard: in memory, under names that hold their digest,
//! so that browsers may keep them for good.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chancery_crypto::digest::sha256;
use chancery_jose::base64url;
use http::{StatusCode, header};

use super::paths::ASSETS;
use crate::dashboard::assets as dashboard;

/// A file of the pages.
#[derive(Debug)]
pub struct Asset {
    /// Where it is.
    pub path: String,
    media_type: &'static str,
    /// What is in it.
    pub content: String,
}

/// The stylesheet.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("style.css")));
/// The script: what is more comfortable with it, but works without.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("page", "js", "text/javascript; charset=utf-8", include_str!("page.js")));
/// The icon of tenants that have none.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("icon.svg")));

impl Asset {
    /// A file that is kept in the program.
    pub fn new(name: &str, extension: &str, media_type: &'static str, content: &str) -> Self {
        let content = lean(content);
        let digest = base64url::encode(&sha256(content.as_bytes())[..12]);
        Self { path: format!("{ASSETS}/{name}.{digest}.{extension}"), media_type, content }
    }
}

/// Without indentation and lines of comment, which are for whoever reads the sources.
fn lean(text: &str) -> String {
    let is_comment = |line: &&str| line.starts_with("//") || line.starts_with("/*") && line.ends_with("*/");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_comment(line));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// The routes.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&format!("{ASSETS}/{{name}}"), get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let path = format!("{ASSETS}/{name}");
    let of_pages = [&*STYLE, &*SCRIPT, &*ICON];
    let of_dashboard = [&*dashboard::STYLE, &*dashboard::SCRIPT, &*dashboard::PASSKEYS, &*dashboard::ICON];
    match of_pages.into_iter().chain(of_dashboard).find(|asset| asset.path == path) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            asset.content.as_str(),
        )
            .into_response(),
        // Pages of an earlier version ask for it; what they get must not be kept.
        None => {
            (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], "There is nothing at this path.\n")
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lean;

    #[test]
    fn what_is_sent_has_no_indentation_and_no_comments() {
        let text = "/* Tokens. */\na { b: c; }\n\n  // Why.\n  const d = \"https://e\"; // f\n/* g */ h {}\n";
        assert_eq!(lean(text), "a { b: c; }\nconst d = \"https://e\"; // f\n/* g */ h {}\n");
    }
}
