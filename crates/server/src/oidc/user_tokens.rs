//! Tokens on behalf of a user, the same for every way to them: decided once, signed side by side.
//!
//! Must never read the database more than it has to: what an application and an API are comes from memory.

use std::sync::Arc;

use chancery_oauth::api::{Api, UserAccess};
use chancery_oauth::client::Client;
use chancery_oauth::id_token::{self, Login};
use chancery_oauth::profile::Profile;
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::Error;
use chancery_oauth::user_access::{self, Access, Allowance, Opaque, Way};

use super::token::internal;
use super::{opaque, signing};
use crate::app::App;
use crate::client_grants;
use crate::tenants::Tenant;
use crate::users::User;

/// Where tokens are made.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) tenant: &'a Tenant,
    pub(super) client: &'a Client,
}

/// What an application gets on behalf of a user.
pub(super) struct Grant {
    /// The API, if one is meant.
    pub(super) api: Option<Arc<Api>>,
    /// What is allowed.
    pub(super) allowance: Allowance,
}

/// The tokens of one answer. They are credentials, so there is no `Debug`.
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) expires_in: i64,
    pub(super) id_token: Option<String>,
}

impl Grant {
    /// The identifier of the API.
    pub(super) fn audience(&self) -> Option<&str> {
        self.api.as_ref().map(|api| api.identifier.as_str())
    }

    /// Whether a refresh token goes along.
    pub(super) fn is_offline(&self) -> bool {
        self.allowance.scopes.contains("offline_access")
    }
}

impl Maker<'_> {
    /// Decides what the application gets of what it asked for.
    pub(super) async fn decide(
        &self,
        user_id: &str,
        (audience, requested): (Option<&str>, &Scopes),
    ) -> Result<Grant, Error> {
        let Self { app, tenant, client } = *self;
        let api = self.api(audience).await?;
        let mut granted = None;
        let mut permissions = None;
        if let Some(api) = &api {
            let of = (client.id.as_str(), api.identifier.as_str());
            if api.user_access == UserAccess::RequireClientGrant {
                let found = client_grants::granted_for_users(app, tenant.id(), of).await;
                granted = found.map_err(|error| internal(error.into()))?;
            }
            if api.enforce_policies {
                let found = crate::roles::permissions_of(&app.db, tenant.id(), user_id, of.1).await;
                let found = found.map_err(|error| internal(error.into()))?;
                permissions = Some(found.into_iter().collect::<Scopes>());
            }
        }
        let access = Access {
            client,
            api: api.as_deref(),
            granted: granted.as_ref(),
            permissions: permissions.as_ref(),
        };
        let allowance = access.decide(requested)?;
        Ok(Grant { api, allowance })
    }

    /// The API that is asked for, if one is.
    pub(super) async fn api(&self, audience: Option<&str>) -> Result<Option<Arc<Api>>, Error> {
        let Some(audience) = audience else { return Ok(None) };
        let api = self.app.memory.api(self.app, self.tenant.id(), audience).await;
        let api = api.map_err(|error| internal(error.into()))?;
        api.map(Some).ok_or_else(|| Error::UnknownApi(audience.to_owned()))
    }

    /// Signs what was decided.
    pub(super) async fn sign(
        &self,
        grant: &Grant,
        (user, login): (&User, &Login),
        way: Way,
    ) -> Result<Tokens, Error> {
        let access = self.access_token(grant, user, way);
        let id = async {
            if !grant.allowance.scopes.contains("openid") {
                return Ok(None);
            }
            let profile = profile(user);
            let scopes = &grant.allowance.scopes;
            let issue = id_token::Issue::now(
                &self.tenant.issuer,
                self.client,
                (&profile, scopes),
                login,
                self.app.clock.now(),
            );
            signing::id_token(self.app, self.tenant, issue).await.map(Some)
        };
        let ((access_token, expires_in), id_token) = tokio::try_join!(access, id)?;
        Ok(Tokens { access_token, expires_in, id_token })
    }

    /// Signs the access token, or seals an opaque one where no API is meant.
    pub(super) async fn access_token(
        &self,
        grant: &Grant,
        user: &User,
        way: Way,
    ) -> Result<(String, i64), Error> {
        let Self { app, tenant, client } = *self;
        let now = app.clock.now();
        let Some(api) = &grant.api else {
            let token = Opaque::issue(client, &user.user_id, &grant.allowance.scopes, way, now);
            let text = opaque::seal(app, tenant.id(), &token)?;
            return Ok((text, token.expires_at - now.as_second()));
        };
        // A refreshed token has to differ from the one before, also within a second.
        let jti = app.entropy.alphanumeric(22);
        let issue = user_access::issue(
            (&tenant.issuer, &tenant.userinfo),
            (client, api),
            (&user.user_id, &grant.allowance),
            way,
            (jti, now),
        );
        signing::access_token(app, tenant, api, issue).await
    }
}

/// A user as applications see one.
pub(super) fn profile(user: &User) -> Profile {
    Profile {
        user_id: user.user_id.clone(),
        name: user.name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        nickname: user.nickname.clone(),
        picture: user.picture.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        phone_number: user.phone_number.clone(),
        phone_verified: user.phone_verified,
        address: None,
        created_at: Some(user.created_at),
        updated_at: Some(user.updated_at),
    }
}
