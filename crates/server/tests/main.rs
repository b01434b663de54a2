//! The router tests: the real router, real databases, on a fixed clock with fixed keys.
//!
//! One binary, because each binary is a link. Modules mirror the paths that they test. Everything runs on
//! SQLite; with DATABASE_URL set, on PostgreSQL too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod kit;

mod administrators;
mod bad_input;
mod changes;
mod dashboard;
mod documents;
mod management;
mod oidc;
mod pages;
mod people;
mod probes;
mod saml;
mod schema;
mod search;
mod storage;
mod tenant_documents;
mod tenants;
mod tidy;
