//! The settings of attack protection, as a tenant has them in memory: what was set over what Auth0 starts with.
//!
//! Must never know how failures are counted.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use crate::tenant_documents::Kind;
use crate::tenants::Tenant;

/// The documents of attack protection.
pub const KIND: Kind = Kind("attack-protection");
/// The name of the settings of brute-force protection.
pub const BRUTE_FORCE: &str = "brute-force-protection";
/// The name of the settings of throttling.
pub const THROTTLING: &str = "suspicious-ip-throttling";
/// The longest that a bucket can take to be full again, in milliseconds: after it a row means nothing.
pub const LONGEST_REFILL: i64 = 30 * 86_400_000;

/// The whole settings of this name: what was set, and else what every tenant starts with.
pub fn view(name: &str, set: Option<&Map<String, Value>>) -> Map<String, Value> {
    let start = if name == BRUTE_FORCE {
        json!({
            "enabled": true,
            "shields": ["block", "user_notification"],
            "mode": "count_per_identifier_and_ip",
            "allowlist": [],
            "max_attempts": 10,
        })
    } else {
        json!({
            "enabled": true,
            "shields": ["admin_notification", "block"],
            "allowlist": [],
            "stage": {
                "pre-login": { "max_attempts": 100, "rate": 864_000 },
                "pre-user-registration": { "max_attempts": 50, "rate": 1_728_000 },
            },
        })
    };
    let mut view = Map::new();
    merge(&mut view, start.as_object().cloned().unwrap_or_default());
    merge(&mut view, set.cloned().unwrap_or_default());
    view
}

/// Merges what is to be set into what is: of a stage only the numbers that are named.
pub fn merge(settings: &mut Map<String, Value>, new: Map<String, Value>) {
    for (name, value) in new {
        match (settings.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(after)) => merge(before, after),
            (_, Value::Null) => {
                settings.remove(&name);
            }
            (_, value) => {
                settings.insert(name, value);
            }
        }
    }
}

fn of(tenant: &Tenant, name: &str) -> Map<String, Value> {
    view(name, tenant.kept.find(KIND, name))
}

fn texts<'a>(settings: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    settings.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// What both protections have.
#[derive(Debug, Clone)]
pub struct Shield {
    enabled: bool,
    blocks: bool,
    allowlist: Vec<IpNet>,
}

impl Shield {
    fn of(settings: &Map<String, Value>) -> Self {
        Self {
            enabled: settings.get("enabled") == Some(&Value::Bool(true)),
            blocks: texts(settings, "shields").any(|shield| shield == "block"),
            allowlist: texts(settings, "allowlist").filter_map(network).collect(),
        }
    }

    fn counts(&self, ip: IpAddr) -> bool {
        self.enabled && !self.allowlist.iter().any(|net| net.contains(&ip.to_canonical()))
    }
}

/// An address or a network of an allowlist.
pub fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Brute-force protection of a tenant.
#[derive(Debug, Clone)]
pub struct BruteForce {
    shield: Shield,
    /// Whether failures from different addresses are counted apart.
    pub by_ip: bool,
    /// The failures that are one too many.
    pub max_attempts: i64,
    /// Whether users are told by mail.
    pub notifies: bool,
}

impl BruteForce {
    /// That of a tenant.
    pub fn of(tenant: &Tenant) -> Self {
        let settings = of(tenant, BRUTE_FORCE);
        Self {
            shield: Shield::of(&settings),
            by_ip: settings.get("mode") != Some(&json!("count_per_identifier")),
            max_attempts: settings.get("max_attempts").and_then(Value::as_i64).unwrap_or(10),
            notifies: texts(&settings, "shields").any(|shield| shield == "user_notification"),
        }
    }

    /// Whether it is on.
    pub fn is_enabled(&self) -> bool {
        self.shield.enabled
    }

    /// Whether failures from this address are counted.
    pub fn counts(&self, ip: IpAddr) -> bool {
        self.shield.counts(ip)
    }

    /// Whether this address can be kept out.
    pub fn keeps_out(&self, ip: IpAddr) -> bool {
        self.shield.blocks && self.counts(ip)
    }
}

/// What is limited by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Failed logins.
    Login,
    /// Sign-ups.
    Signup,
}

impl Stage {
    /// Its name in storage.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Signup => "signup",
        }
    }

    fn on_the_wire(self) -> &'static str {
        match self {
            Self::Login => "pre-login",
            Self::Signup => "pre-user-registration",
        }
    }
}

/// The tries of an address: so many at most, one more after each `rate` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most.
    pub max_attempts: i64,
    /// The time for one.
    pub rate: i64,
}

/// What is left of the tries of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// In thousandths.
    pub available: i64,
    /// At this moment, in milliseconds.
    pub updated_at: i64,
}

/// A whole try, in the thousandths that buckets count.
pub const TRY: i64 = 1000;

impl Limits {
    /// How many seconds there is no try left; none if there is one now.
    pub fn wait(self, bucket: Bucket, now: i64) -> Option<i64> {
        let gained = (now - bucket.updated_at).max(0).saturating_mul(TRY) / self.rate;
        let missing = TRY - bucket.available.saturating_add(gained).min(self.max_attempts * TRY);
        (missing > 0).then(|| (missing.saturating_mul(self.rate) / TRY / 1000).max(1))
    }
}

/// Throttling of addresses of a tenant.
#[derive(Debug, Clone)]
pub struct Throttling {
    shield: Shield,
    login: Limits,
    signup: Limits,
}

impl Throttling {
    /// That of a tenant.
    pub fn of(tenant: &Tenant) -> Self {
        let settings = of(tenant, THROTTLING);
        let limits = |stage: Stage| {
            let number = |name, usual| settings["stage"][stage.on_the_wire()][name].as_i64().unwrap_or(usual);
            Limits { max_attempts: number("max_attempts", 100), rate: number("rate", 864_000).max(1) }
        };
        Self { shield: Shield::of(&settings), login: limits(Stage::Login), signup: limits(Stage::Signup) }
    }

    /// What limits this stage.
    pub fn limits(&self, stage: Stage) -> Limits {
        match stage {
            Stage::Login => self.login,
            Stage::Signup => self.signup,
        }
    }

    /// Whether attempts from this address are counted.
    pub fn counts(&self, ip: IpAddr) -> bool {
        self.shield.counts(ip)
    }

    /// Whether this address can be kept out.
    pub fn keeps_out(&self, ip: IpAddr) -> bool {
        self.shield.blocks && self.counts(ip)
    }
}
