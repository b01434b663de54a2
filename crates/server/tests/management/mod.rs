//! The Management API: `/api/v2`.

mod branding;
mod checkpoints;
mod client_grants;
mod client_rules;
mod clients;
pub(crate) mod common;
mod connections;
mod crossing;
mod key_lifecycle;
pub(crate) mod key_ring;
mod log_search;
mod logs;
pub(crate) mod mail;
mod pipeline;
mod prompts;
pub(crate) mod protection;
pub(crate) mod resource_servers;
pub(crate) mod roles;
mod signing_keys;
pub(crate) mod stats;
mod tenant_settings;
pub(crate) mod tickets;
mod user_accounts;
pub(crate) mod user_grants;
mod user_search;
pub(crate) mod users;
