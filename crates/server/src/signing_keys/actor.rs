//! Who changed a key ring, as it is remembered beside the key.

use chancery_oauth::access_token;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::management::{ApiError, Caller};
use crate::tenants::TenantId;
use crate::{applications, users};

/// Somebody who rotated or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    subject: String,
    client_id: Option<String>,
}

impl Actor {
    /// Whoever called the Management API.
    pub fn of(caller: &Caller) -> Self {
        Self { subject: caller.token.subject.clone(), client_id: Some(caller.token.client_id.clone()) }
    }

    /// Whoever has the data directory.
    pub fn command_line() -> Self {
        Self { subject: "command line".to_owned(), client_id: None }
    }

    /// On the wire: with the name that the user or the application has today, if it is there still.
    pub(super) async fn view(&self, app: &App, tenant: &TenantId) -> Result<Value, ApiError> {
        let Self { subject, client_id } = self;
        let name = match client_id {
            Some(client_id) if access_token::is_of_application(subject, client_id) => {
                let application = applications::sql::find(&app.db, tenant, client_id).await?;
                application.map(|application| application.name().to_owned())
            }
            Some(_) => {
                let user = users::sql::find(&app.db, tenant, subject).await?;
                user.and_then(|user| user.name.clone().or_else(|| user.log_name().map(str::to_owned)))
            }
            None => None,
        };
        Ok(json!({ "subject": subject, "name": name, "client_id": client_id }))
    }
}
