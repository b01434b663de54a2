//! Numbers for dashboards: who was active, how many logins and sign-ups a day had.
//!
//! Counted from users and the tenant log when somebody looks, so a day is only counted while its log is kept.

pub mod api;
pub mod sql;
