//! The Management API: `/api/v2`.

mod client_grants;
mod client_rules;
mod clients;
mod key_lifecycle;
mod log_search;
mod logs;
mod pipeline;
mod resource_servers;
mod signing_keys;
mod tenant_settings;
