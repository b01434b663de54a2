//! The Management API: `/api/v2`.

mod branding;
mod client_grants;
mod client_rules;
mod clients;
mod connections;
mod key_lifecycle;
mod log_search;
mod logs;
pub(crate) mod mail;
mod pipeline;
mod prompts;
mod resource_servers;
mod signing_keys;
mod tenant_settings;
pub(crate) mod tickets;
mod user_accounts;
mod user_search;
pub(crate) mod users;
