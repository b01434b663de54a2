//! The application signing keys of a tenant: made, rotated, revoked, published.
//!
//! The rules are `chancery_keyring`'s; this folder loads, saves and answers. Must never hand a private half
//! to anything but the seal and the ring.

pub mod api;
pub mod documents;
mod lifecycle;
pub mod sql;
mod view;

pub use lifecycle::{KeyError, PreparedRing, ensure_ring, open_ring, prepare, prepare_ring, revoke, rotate};
pub use view::{of_ring, of_stored};
