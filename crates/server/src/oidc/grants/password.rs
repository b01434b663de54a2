//! Tokens for a password that the application was told (RFC 6749 section 4.3, and Auth0's variant with a realm).

use chancery_oauth::id_token::Login;
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::Error;
use chancery_oauth::user_access::Way;
use serde_json::Value;

use super::{Exchange, answer, fault};
use crate::connections::{self, Connection};
use crate::login::letters::Sender;
use crate::logs::{Entry, Kind};
use crate::oidc::token::Issued;
use crate::passwords::PoolError;
use crate::protection::{self, Attempt, Consequence, Verdict};
use crate::users::{self, Refused};
use crate::write::Write;

/// Who wants to sign in.
pub(super) struct Who<'a> {
    pub(super) grant_type: &'static str,
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) realm: Option<&'a str>,
}

const BLOCKED: Error = Error::TooManyAttempts(
    "Your account has been blocked after multiple consecutive login attempts. Follow the link in the mail that was sent.",
);
const WRONG: Error = Error::InvalidGrant("Wrong email or password.");

impl Exchange<'_> {
    pub(super) async fn password(
        &self,
        who: Who<'_>,
        (audience, requested): (Option<&str>, &Scopes),
    ) -> Result<Issued, Error> {
        let Self { app, tenant, client, origin } = *self;
        if !client.may_use(who.grant_type) {
            return Err(Error::GrantNotAllowed(who.grant_type));
        }
        let connection = self.directory(who.realm).await?;
        let attempt = Attempt::at(&connection, who.username, origin.ip);
        match protection::before_login(app, tenant, &attempt).await.map_err(fault)? {
            Verdict::Allowed => {}
            Verdict::Blocked => return Err(BLOCKED),
            Verdict::Throttled(_) => {
                return Err(Error::TooManyAttempts("Too many attempts. Try again later."));
            }
        }
        let found = users::authenticate(app, tenant.id(), &connection, who.username, who.password).await;
        let user = match found {
            Ok(authenticated) => authenticated.user,
            Err(Refused::Unknown) => {
                return self.failed((&attempt, who.username, &connection), Kind::Fu, None).await;
            }
            Err(Refused::Wrong { user_id }) => {
                return self.failed((&attempt, who.username, &connection), Kind::Fp, Some(user_id)).await;
            }
            Err(Refused::Blocked(_)) => return Err(Error::InvalidGrant("user is blocked")),
            Err(Refused::Pool(PoolError::Full)) => return Err(Error::Busy),
            Err(Refused::Pool(error)) => return Err(Error::Internal { reason: error.to_string() }),
            Err(Refused::Db(error)) => return Err(fault(error)),
        };
        let maker = self.maker();
        let grant = maker.decide(&user.user_id, (tenant.audience(audience), requested)).await?;
        let tokens = maker.sign(&grant, (&user, &Login::default()), Way::Password).await?;

        let mut write = Write::begin(app, tenant.id()).await.map_err(fault)?;
        let (ip, now) = (origin.ip.to_string(), app.clock.now());
        users::record_login(write.tx(), tenant.id(), &user.user_id, (&ip, now)).await.map_err(fault)?;
        protection::after_success(write.tx(), tenant, &attempt).await.map_err(fault)?;
        let of = (user.user_id.as_str(), None);
        let refresh_token = self.offline(&mut write, &grant, of, None).await.map_err(fault)?;
        let entry = self.entry(Kind::Sepft, "Password for Access Token", &grant);
        write.commit(user.named_in(entry, &connection)).await.map_err(fault)?;
        Ok(answer(tokens, &grant, refresh_token.map(|(_, text)| text)))
    }

    /// Counts a failure.
    async fn failed(
        &self,
        (attempt, username, connection): (&Attempt, &str, &Connection),
        kind: Kind,
        user_id: Option<String>,
    ) -> Result<Issued, Error> {
        let about = user_id.clone();
        let entry = Entry {
            client_id: Some(self.client.id.clone()),
            client_name: Some(self.client.name.clone()),
            ip: Some(self.origin.ip.to_string()),
            user_agent: self.origin.user_agent.clone(),
            user_id,
            user_name: Some(username.chars().take(200).collect()),
            ..Entry::new(kind, "Wrong email or password.").through(connection)
        };
        let counted = protection::after_failure(self.app, self.tenant, attempt, entry).await;
        match counted.map_err(fault)? {
            Consequence::LimitReached { blocked, notify } => {
                if let (true, Some(user_id)) = (notify, about) {
                    let Self { app, tenant, client, .. } = *self;
                    let letters = Sender { app, tenant, client: Some(client), language: String::new() };
                    letters.blocked(&user_id).await;
                }
                Err(if blocked { BLOCKED } else { WRONG })
            }
            Consequence::None => Err(WRONG),
        }
    }

    /// The connection that holds the account: the realm, or the tenant's default directory.
    async fn directory(&self, realm: Option<&str>) -> Result<Connection, Error> {
        let default = self.tenant.settings().get("default_directory").and_then(Value::as_str);
        let named = realm.or(default.filter(|name| !name.is_empty())).ok_or(Error::InvalidRequest(
            "Authorization server not configured with default connection. Set default_directory in the tenant \
             settings, or send a realm."
                .to_owned(),
        ))?;
        let found = connections::usable_database(self.app, self.tenant.id(), &self.client.id, named).await;
        found.map_err(fault)?.ok_or_else(|| {
            Error::InvalidRequest(
                "The connection does not exist or is not enabled for the application.".to_owned(),
            )
        })
    }
}
