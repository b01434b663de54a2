//! The grants of the token endpoint that speak for a user, once the application has proved who it is.
//!
//! Each is one file: it reads, decides, signs, and then writes everything at once, with its entry of the log. Must
//! never sign while a transaction is open, and never answer before it is committed.

mod code;
mod device;
mod password;
mod refresh;

use std::sync::Arc;

use chancery_oauth::client::Client;
use chancery_oauth::token::{Error, Grant};
use serde_json::json;

use super::token::{Issued, Refused, internal};
use super::user_tokens::{self, Maker, Tokens};
use crate::app::App;
use crate::db::DbError;
use crate::http::Origin;
use crate::logs::{Entry, Kind};
use crate::refresh_tokens;
use crate::sessions::Device;
use crate::tenants::Tenant;
use crate::users::User;
use crate::write::Write;

/// An authenticated request for tokens.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) tenant: &'a Tenant,
    pub(super) client: &'a Client,
    pub(super) origin: &'a Origin,
}

impl Exchange<'_> {
    /// Answers the request. A success has written its entry; a failure leaves that to the caller.
    pub(super) async fn run(&self, grant: &Grant) -> Result<Issued, Refused> {
        let outcome = match grant {
            Grant::AuthorizationCode { code, redirect_uri, verifier } => {
                let verifier = verifier.as_ref().map(|verifier| verifier.0.as_str());
                self.code(&code.0, (redirect_uri.as_deref(), verifier)).await
            }
            Grant::RefreshToken { token, audience, scopes } => {
                self.refresh(&token.0, (audience.as_deref(), scopes.as_ref())).await
            }
            Grant::Password { grant_type, username, password, realm, audience, scopes } => {
                let realm = realm.as_deref();
                let who = password::Who { grant_type, username, password: &password.0, realm };
                self.password(who, (audience.as_deref(), scopes)).await
            }
            Grant::DeviceCode { code } => self.device(&code.0).await,
            // Answered without a user, from memory alone.
            Grant::ClientCredentials { .. } => {
                Err(Error::Internal { reason: "nobody to speak for".to_owned() })
            }
        };
        outcome.map_err(|error| Refused::by(self.client, grant, error))
    }

    fn maker(&self) -> Maker<'_> {
        Maker { app: self.app, tenant: self.tenant, client: self.client }
    }

    /// The user that tokens are for, who may still have them.
    async fn user(&self, user_id: &str) -> Result<Arc<User>, Error> {
        let found = self.app.people.user(&self.app.db, self.tenant.id(), user_id).await.map_err(fault)?;
        let user = found.ok_or(Error::InvalidGrant("The user no longer exists."))?;
        if user.is_blocked() {
            return Err(Error::InvalidGrant("user is blocked"));
        }
        Ok(user)
    }

    /// Issues the refresh token that goes along, if one does; answers its id and its text.
    async fn offline(
        &self,
        write: &mut Write,
        grant: &user_tokens::Grant,
        (user_id, session_id): (&str, Option<&str>),
        auth_time: Option<i64>,
    ) -> Result<Option<(String, String)>, DbError> {
        if !grant.is_offline() {
            return Ok(None);
        }
        let issued = refresh_tokens::Grant {
            user_id,
            client_id: &self.client.id,
            session_id,
            policy: &self.client.refresh,
            details: refresh_tokens::Details {
                audience: grant.audience().map(str::to_owned),
                scope: grant.allowance.scopes.to_string(),
                auth_time,
                device: Device::seen(self.origin),
                metadata: None,
            },
        };
        refresh_tokens::issue(self.app, write.tx(), self.tenant.id(), issued).await.map(Some)
    }

    /// An entry about tokens for this user.
    fn entry(&self, kind: Kind, description: &str, grant: &user_tokens::Grant) -> Entry {
        let scope = grant.allowance.scopes.to_string();
        Entry {
            client_id: Some(self.client.id.clone()),
            client_name: Some(self.client.name.clone()),
            audience: grant.audience().map(str::to_owned),
            scope: Some(scope).filter(|scope| !scope.is_empty()),
            ip: Some(self.origin.ip.to_string()),
            user_agent: self.origin.user_agent.clone(),
            ..Entry::new(kind, description)
        }
    }
}

/// An entry with its user.
fn about(user: &User, entry: Entry) -> Entry {
    let identity = user.identities.first();
    Entry {
        user_id: Some(user.user_id.clone()),
        user_name: user.log_name().map(str::to_owned),
        connection: identity.map(|identity| identity.connection.clone()),
        connection_id: identity.map(|identity| identity.connection_id.clone()),
        ..entry
    }
}

fn answer(tokens: Tokens, grant: &user_tokens::Grant, refresh_token: Option<String>) -> Issued {
    let Tokens { access_token, expires_in, id_token } = tokens;
    Issued {
        access_token,
        id_token,
        refresh_token,
        scope: grant.allowance.scopes.to_string(),
        expires_in,
        token_type: "Bearer",
    }
}

fn fault(error: DbError) -> Error {
    internal(error.into())
}

/// The entry of a family that ends because a used token or code came again.
fn reuse_entry(exchange: &Exchange<'_>, description: &str, family: &str) -> Entry {
    Entry {
        client_id: Some(exchange.client.id.clone()),
        client_name: Some(exchange.client.name.clone()),
        ip: Some(exchange.origin.ip.to_string()),
        user_agent: exchange.origin.user_agent.clone(),
        details: Some(json!({ "familyId": family })),
        ..Entry::new(Kind::Ferrt, description)
    }
}
