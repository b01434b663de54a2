//! What an operator decides for a tenant beyond Auth0's settings: limits, lifetimes, caching.
//!
//! Must never leak into `/api/v2/tenants/settings`, whose fields are Auth0's.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sql::{self, Stored};
use crate::app::App;
use crate::changes::Topic;
use crate::db::DbError;
use crate::logs::Entry;
use crate::write::Write;

/// The operator's settings of one tenant, changed by `chancery tenants set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Rotations within 24 hours; 0 means no limit.
    pub rotations_per_day: u32,
    /// How long relying parties may cache the public documents, in seconds.
    pub public_max_age: u32,
    /// How long the certificate of a new key is valid, in days.
    pub certificate_days: u32,
    /// Management API requests a second, in the long run; 0 means no limit.
    pub requests_per_second: u32,
    /// Management API requests that may come at once.
    pub request_burst: u32,
    /// How long log entries are kept, in days; 0 means for ever.
    pub log_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            rotations_per_day: 5,
            public_max_age: 300,
            certificate_days: 5000,
            requests_per_second: 500,
            request_burst: 1000,
            log_days: 30,
        }
    }
}

/// A setting that does not exist, or a value that it cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No such setting.
    #[error(
        "there is no setting \"{0}\"; there are: rotations_per_day, public_max_age, certificate_days, requests_per_second, request_burst, log_days"
    )]
    Unknown(String),
    /// Not a number in range.
    #[error("{name} takes a whole number from {least} to {most}, not \"{value}\"")]
    Value {
        /// The setting.
        name: String,
        /// The least value.
        least: u32,
        /// The greatest value.
        most: u32,
        /// What came.
        value: String,
    },
}

impl Policy {
    /// Changes one setting by name.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), PolicyError> {
        let (field, least, most) = match name {
            "rotations_per_day" => (&mut self.rotations_per_day, 0, 1_000_000),
            "public_max_age" => (&mut self.public_max_age, 0, 86_400),
            "certificate_days" => (&mut self.certificate_days, 1, 36_500),
            "requests_per_second" => (&mut self.requests_per_second, 0, 1_000_000),
            "request_burst" => (&mut self.request_burst, 1, 1_000_000),
            "log_days" => (&mut self.log_days, 0, 36_500),
            _ => return Err(PolicyError::Unknown(name.to_owned())),
        };
        match value.parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => {
                *field = number;
                Ok(())
            }
            Ok(_) | Err(_) => {
                Err(PolicyError::Value { name: name.to_owned(), least, most, value: value.to_owned() })
            }
        }
    }
}

/// Why the operator's settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A setting makes no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The tenant is gone.
    #[error("the tenant has just been deleted")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes settings of a tenant, all of them or none. Answers the settings as they are then.
pub async fn change_policy(
    app: &Arc<App>,
    tenant: &Stored,
    settings: &[(&str, &str)],
) -> Result<Policy, ChangeError> {
    let mut write = Write::begin(app, &tenant.id).await?;
    // Read within the transaction: somebody else may be changing another setting at this moment.
    let mut policy = sql::policy_for_update(write.tx(), &tenant.id).await?.ok_or(ChangeError::Gone)?;
    for (name, value) in settings {
        policy.set(name, value)?;
    }
    sql::update_policy(write.tx(), &tenant.id, &policy).await?;
    write.notice(Topic::Tenant, tenant.canonical.as_str());
    write.commit(Entry::by_cli("Change the operator's settings of the tenant")).await?;
    Ok(policy)
}
