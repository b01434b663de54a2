//! A short-lived token of the Management API for an administrator who asks for one at the Dashboard.
//!
//! Must never grant more than the administrator may do.

use std::sync::Arc;

use chancery_oauth::access_token::{Issue, Permissions};
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::Error;
use jiff::SignedDuration;

use super::signing;
use super::token::internal;
use crate::app::App;
use crate::logs::{Entry, Kind};
use crate::management::caller::Insider;
use crate::tenants::Tenant;

/// How long such a token is good.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Issues the token, with these of the administrator's scopes.
pub async fn issue_for_administrator(
    app: &Arc<App>,
    tenant: &Tenant,
    insider: &Insider,
    scopes: &Scopes,
) -> Result<String, Error> {
    let audience = &tenant.management_audience;
    let api = app.memory.api(app, tenant.id(), audience).await.map_err(|error| internal(error.into()))?;
    let api = api.ok_or_else(|| Error::UnknownApi(audience.clone()))?;
    let now = app.clock.now();
    let granted = scopes.common_with(&insider.scopes);
    let issue = Issue {
        issuer: &tenant.issuer,
        subject: insider.user_id.clone(),
        audience,
        userinfo: None,
        client_id: &insider.client_id,
        scopes: granted.clone(),
        gty: None,
        permissions: Permissions::Absent,
        dialect: api.dialect,
        issued_at: now,
        expires_at: now.saturating_add(LIFETIME).unwrap_or(now),
        jti: app.entropy.alphanumeric(22),
    };
    let (token, _) = signing::access_token(app, tenant, &api, issue).await?;
    let said = "A short-lived token of the Management API for an administrator";
    let entry = Entry {
        audience: Some(audience.clone()),
        scope: Some(granted.to_string()),
        ..insider.entry(Kind::Sapi, said)
    };
    app.log.append(app, tenant.id(), entry).await.map_err(|_| Error::Busy)?;
    Ok(token)
}
