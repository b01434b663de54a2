//! The application signing keys of a tenant: made, rotated, revoked, published.
//!
//! The rules are `chancery_keyring`'s; this folder loads, saves and answers. Must never hand a private half
//! to anything but the seal and the ring.

mod actor;
pub mod api;
pub mod documents;
mod lifecycle;
pub mod limit;
mod overview;
pub mod page;
pub mod sql;
pub mod uses;
mod view;

pub use actor::Actor;
pub use documents::names_algorithm;
pub use lifecycle::{
    KeyError, PreparedRing, ensure_ring, finish, fold_in, open_ring, prepare, prepare_ring, revoke, rotate,
};
pub use view::{brief, of_ring, of_stored};
