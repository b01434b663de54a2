//! Tenants: their names, their domains, and what is kept in memory of them.
//!
//! The host of a request picks the tenant by exact match on its registered domains. Must never build an
//! issuer, an audience or a URL from anything but a registered domain.

pub mod api;
mod create;
pub mod custom_domains;
mod live;
pub mod page;
mod policy;
pub mod settings;
pub mod sql;

use std::fmt;
use std::sync::Arc;

pub use create::{CreateError, Created, MANAGEMENT_APPLICATION, NewTenant, complete_all, create, delete};
pub use live::{LoadError, Tenant, Tenants, make_a_ring};
pub use policy::{ChangeError, Policy, PolicyError, change_policy};

/// The internal id of a tenant: random, never reused, so that what is sealed for one opens for no other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// Names a new tenant.
    pub fn new(entropy: &dyn crate::entropy::Entropy) -> Self {
        Self(format!("ten_{}", entropy.alphanumeric(16)).into())
    }

    /// An id as it was read from the database.
    pub fn from_stored(id: String) -> Self {
        Self(id.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which memory holds something of this tenant.
    pub fn key(&self, name: &str) -> String {
        [self.as_str(), " ", name].concat()
    }
}

/// The name of a tenant: what people call it at the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantName(String);

/// A text that names no tenant or no domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a name.
    #[error(
        "\"{0}\" is no tenant name: it needs 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends"
    )]
    Tenant(String),
    /// Not a domain.
    #[error(
        "\"{0}\" is no domain: it needs a host name in lower case with its port where that is not the default, such as login.example.com or localhost:8080, of 64 characters at most"
    )]
    Domain(String),
}

impl std::str::FromStr for TenantName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_label(text) { Ok(Self(text.to_owned())) } else { Err(NameError::Tenant(text.to_owned())) }
    }
}

impl TenantName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A domain under which a tenant is reached: a host with its port where that is not the default one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Domain(String);

impl std::str::FromStr for Domain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::Domain(text.to_owned());
        // An IPv6 address stands in brackets; its colons are not a port's.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let good_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.len() <= 253 && host.split('.').all(is_label),
        };
        let good_port = port.is_none_or(|port| {
            !port.starts_with('0')
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok()
        });
        // The certificates of its keys carry the domain as their common name, which holds no more than 64
        // characters (RFC 5280, ub-common-name).
        if text.len() <= 64 && good_host && good_port { Ok(Self(text.to_owned())) } else { Err(refused()) }
    }
}

impl Domain {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.0,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && text.bytes().next().is_some_and(plain)
        && text.bytes().last().is_some_and(plain)
}
