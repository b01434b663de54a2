//! How the pages of a tenant look: its settings, its theme, and what follows from both.
//!
//! The settings are stored as they were sent; [`Look`] is made of them when the tenant is loaded, and is the only
//! form in which they reach a page. Must never let a text of the settings into a stylesheet unparsed.

mod address;
pub mod api;
mod color;
mod look;
pub mod page;
mod shape;
pub mod template;
mod theme;
pub mod themes;

use crate::tenant_documents::Kind;

pub use address::Address;
pub use color::Color;
pub use look::Look;

#[cfg(test)]
mod tests;

/// The documents of this slice.
pub const KIND: Kind = Kind("branding");
/// The settings.
pub const SETTINGS: &str = "settings";
/// The theme; a tenant has one at most.
const THEME: &str = "theme";
