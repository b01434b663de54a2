//! Chancery: the server crate, the only one with I/O.
//!
//! One folder for each aggregate, the same file names in each; `db` alone knows the databases, `http` the
//! connections, `management` what the operations share. `main.rs` holds nothing but the call of [`cli::run`].

pub mod administrators;
pub mod app;
pub mod applications;
pub mod background;
pub mod bootstrap;
pub mod branding;
pub mod changes;
pub mod cli;
pub mod client_grants;
pub mod clock;
pub mod config;
pub mod connection_keys;
pub mod connections;
pub mod dashboard;
pub mod db;
pub mod encryption_keys;
pub mod entropy;
pub mod federation;
pub mod forge;
pub mod http;
pub mod in_flight;
pub mod login;
pub mod logout_deliveries;
pub mod logs;
pub mod mail;
pub mod management;
pub mod master_key;
pub mod messages;
pub mod oidc;
pub mod partners;
pub mod passkeys;
pub mod passwords;
pub mod pasted;
pub mod probes;
pub mod prompts;
pub mod protection;
pub mod refresh_tokens;
pub mod request_id;
pub mod resource_servers;
pub mod roles;
pub mod router;
pub mod samlp;
pub mod sessions;
pub mod signing_keys;
pub mod signing_pool;
pub mod stats;
pub mod tenant_documents;
pub mod tenants;
pub mod tickets;
pub mod user_grants;
pub mod users;
pub mod write;
pub mod wsfed;
