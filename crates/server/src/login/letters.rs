//! The mails that the pages send: to prove an address, to greet, to set a new password.
//!
//! Must never keep a page waiting for a mail server: a mail is written to the outbox, and somebody else sends it.

use std::sync::Arc;

use chancery_oauth::client::Client;
use chancery_oauth::uri::Uri;
use serde_json::{Map, Value, json};

use super::under_way::Step;
use super::visit::Visit;
use crate::app::App;
use crate::connections::Connection;
use crate::db::{DbError, Tx};
use crate::logs::Entry;
use crate::mail::{self, Letter, LinkSettings, Mail, Template};
use crate::tenants::Tenant;
use crate::tickets::{self, Kind, Link, Terms, Ticket};
use crate::users::{self, PROVIDER, User};
use crate::write::Write;

/// Who sends, for which application, in which language.
pub struct Sender<'a> {
    /// The program.
    pub app: &'a Arc<App>,
    /// Whose users they are for.
    pub tenant: &'a Tenant,
    /// The application that is shown; without one it is the tenant that writes.
    pub client: Option<&'a Client>,
    /// The language.
    pub language: String,
}

/// The mail that asks a user to prove an address, ready to be written in the change that makes it necessary.
pub struct Verification {
    user_id: String,
    email: String,
    link: Link,
    settings: LinkSettings,
    mail: Mail,
}

impl Verification {
    /// Writes the mail and the ticket behind its link.
    pub async fn write(self, app: &App, tx: &mut Tx, tenant: &Tenant) -> Result<(), DbError> {
        let LinkSettings { lifetime, result_url, include_email } = self.settings;
        let terms = Terms { email: Some(self.email), result_url, include_email, ..Terms::default() };
        let lifetime = (lifetime.unwrap_or_default(), app.clock.now());
        let ticket = Ticket::new(&self.user_id, terms, lifetime);
        tickets::write(app, tx, tenant, (&self.link, &ticket)).await?;
        mail::enqueue(app, tx, tenant.id(), &self.mail).await?;
        Ok(())
    }
}

impl<'a> Sender<'a> {
    /// For somebody who visits a page of a login.
    pub(super) fn at(visit: &'a Visit, login: &'a Step) -> Self {
        let language = visit.language(login.setting().ui_locales).tag;
        Self { app: &visit.app, tenant: &visit.tenant, client: Some(&login.client), language }
    }

    /// Greets a new user, and asks them to prove their address. An account that exists is worth more than its
    /// greeting: what goes wrong here is only logged.
    pub async fn welcome(&self, user: &User) {
        let Some(email) = &user.email else { return };
        let verification = self.verification(user).await;
        let greeting = self.letter((user, email), (Template::Welcome, None)).await;
        let written = async {
            let mut tx = self.app.db.begin().await?;
            if let Some(verification) = verification {
                verification.write(self.app, &mut tx, self.tenant).await?;
            }
            if let Some(mail) = greeting {
                mail::enqueue(self.app, &mut tx, self.tenant.id(), &mail).await?;
            }
            tx.commit().await
        };
        let written: Result<(), DbError> = written.await;
        if let Err(error) = written {
            tracing::error!(%error, "the mails to a new user could not be written");
        }
    }

    /// Asks a user to prove the address; none if there is no address, or the tenant sends no such mail.
    pub async fn verification(&self, user: &User) -> Option<Verification> {
        let email = user.email.clone()?;
        let link = tickets::link(self.app, self.tenant, Kind::EmailVerification);
        let mail = self.letter((user, &email), (Template::VerifyEmail, Some(&link))).await?;
        let settings = self.link_settings(user, Template::VerifyEmail).await;
        Some(Verification { user_id: user.user_id.clone(), email, link, settings, mail })
    }

    /// Sends the link to a new password of an identity; `entry` says so in the log.
    pub async fn reset(
        &self,
        (user, identity_id): (&User, &str),
        connection: &Connection,
        entry: Entry,
    ) -> Result<(), DbError> {
        let identity = user.identities.iter().find(|own| own.provider == PROVIDER && own.id == identity_id);
        let Some(email) = identity.and_then(|identity| user.address_for(identity)) else { return Ok(()) };
        let (app, tenant) = (self.app, self.tenant);
        let link = tickets::link(app, tenant, Kind::PasswordChange);
        let letter = self.letter((user, email), (Template::Reset, Some(&link))).await;
        let Some(mail) = letter else { return Ok(()) };
        let settings = self.link_settings(user, Template::Reset).await;
        let terms = Terms {
            email: Some(email.to_owned()),
            client_id: self.client.map(|client| client.id.clone()),
            connection_id: Some(connection.id.clone()),
            identity_id: Some(identity_id.to_owned()),
            result_url: settings.result_url,
            include_email: settings.include_email,
            // Whoever follows the link reads what is sent to the address.
            mark_email_as_verified: true,
        };
        let lifetime = (settings.lifetime.unwrap_or_default(), app.clock.now());
        let ticket = Ticket::new(&user.user_id, terms, lifetime);
        let mut write = Write::begin(app, tenant.id()).await?;
        tickets::write(app, write.tx(), tenant, (&link, &ticket)).await?;
        mail::enqueue(app, write.tx(), tenant.id(), &mail).await?;
        write.commit(user.named_in(entry, connection)).await
    }

    /// Tells a user that the account is blocked after too many wrong passwords, with a link that ends the block.
    pub async fn blocked(&self, user_id: &str) {
        let written = async {
            let (app, tenant) = (self.app, self.tenant);
            let Some(user) = users::find(&app.db, tenant.id(), user_id).await? else { return Ok(()) };
            let Some(email) = user.email.clone() else { return Ok(()) };
            let link = tickets::link(app, tenant, Kind::Unblock);
            let letter = self.letter((&user, &email), (Template::BlockedAccount, Some(&link))).await;
            let Some(mail) = letter else { return Ok(()) };
            let settings = mail::link_settings(tenant, Template::BlockedAccount);
            let terms = Terms { email: Some(email), ..Terms::default() };
            let lifetime = (settings.lifetime.unwrap_or_default(), app.clock.now());
            let ticket = Ticket::new(&user.user_id, terms, lifetime);
            let mut tx = app.db.begin().await?;
            tickets::write(app, &mut tx, tenant, (&link, &ticket)).await?;
            mail::enqueue(app, &mut tx, tenant.id(), &mail).await?;
            tx.commit().await
        };
        let written: Result<(), DbError> = written.await;
        if let Err(error) = written {
            tracing::error!(%error, "the mail about a blocked account could not be written");
        }
    }

    async fn letter(
        &self,
        (user, email): (&User, &str),
        (template, link): (Template, Option<&Link>),
    ) -> Option<Mail> {
        let mut variables = self.variables(user);
        if let Some(link) = link {
            variables.insert("url".to_owned(), Value::from(link.url.as_str()));
        }
        let letter = Letter { template, to: email, language: &self.language, variables };
        mail::prepare(self.app, self.tenant, letter).await
    }

    /// What the template says about the link in it.
    async fn link_settings(&self, user: &User, template: Template) -> LinkSettings {
        let settings = mail::link_settings(self.tenant, template);
        settings.filled(self.tenant, self.variables(user), &self.language).await
    }

    fn variables(&self, user: &User) -> Map<String, Value> {
        let application = match self.client {
            Some(client) => {
                let callback = client.callbacks.first().and_then(|url| Uri::parse(url).ok()?.origin());
                json!({ "name": client.name, "clientID": client.id, "callback_domain": callback })
            }
            None => json!({ "name": self.tenant.look.name, "clientID": "" }),
        };
        let connection = user.identities.first().map(|identity| identity.connection.as_str());
        let mut variables = Map::new();
        variables.insert("user".to_owned(), Value::Object(user.view()));
        variables.insert("application".to_owned(), application);
        variables.insert("connection".to_owned(), json!({ "name": connection }));
        variables
    }
}
