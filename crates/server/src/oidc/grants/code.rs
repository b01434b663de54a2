//! Tokens for an authorization code (RFC 6749 section 4.1.3).

use chancery_oauth::token::Error;
use chancery_oauth::token::authorization_code;
use chancery_oauth::user_access::Way;

use super::{Exchange, about, answer, fault, reuse_entry};
use crate::db::DbError;
use crate::in_flight::codes::{self, Presented};
use crate::logs::Kind;
use crate::oidc::token::Issued;
use crate::refresh_tokens;
use crate::sessions;
use crate::write::Write;

const INVALID: Error = Error::InvalidGrant("Invalid authorization code");

impl Exchange<'_> {
    pub(super) async fn code(
        &self,
        text: &str,
        (redirect_uri, verifier): (Option<&str>, Option<&str>),
    ) -> Result<Issued, Error> {
        let Self { app, tenant, client, .. } = *self;
        let issued = match codes::look(app, tenant.id(), text).await.map_err(fault)? {
            Presented::Unknown => return Err(INVALID),
            Presented::Again { client_id, refresh_token_id } => {
                self.used_again(&client_id, refresh_token_id).await?;
                return Err(INVALID);
            }
            Presented::Good(issued) => issued,
        };
        let decided =
            authorization_code::redeem(&issued.code, client, redirect_uri, verifier, app.clock.now());
        if let Err(refused) = decided {
            // Whoever showed it knows it, and should not.
            self.spoil(text).await?;
            return Err(refused);
        }
        let code = &issued.code;
        let user = self.user(&code.user_id).await?;
        let maker = self.maker();
        let asked = (code.audience.as_deref(), &code.scopes);
        let grant = maker.decide(&user.user_id, asked).await?;
        let tokens = maker.sign(&grant, (&user, &code.login), Way::Code).await?;

        let entry = about(&user, self.entry(Kind::Seacft, "Authorization Code for Access Token", &grant));
        let written = async {
            let mut write = Write::begin(app, tenant.id()).await?;
            codes::redeem(app, write.tx(), tenant.id(), text).await?;
            if let Some(session_id) = &issued.session_id {
                // That the application takes part was written with the code.
                sessions::sql::hold(write.tx(), tenant.id(), session_id).await?;
            }
            let of = (user.user_id.as_str(), issued.session_id.as_deref());
            let refresh_token = self.offline(&mut write, &grant, of, code.login.auth_time).await?;
            if let Some((id, _)) = &refresh_token {
                codes::gave(app, write.tx(), tenant.id(), (text, id)).await?;
            }
            write.commit(entry).await?;
            Ok(refresh_token)
        };
        let Some(refresh_token) = DbError::unless_missed(written.await).map_err(fault)? else {
            // Since the look, somebody was first or the session ended, and nothing that a session gave survives it.
            self.spoil(text).await?;
            return Err(INVALID);
        };
        Ok(answer(tokens, &grant, refresh_token.map(|(_, text)| text)))
    }

    /// Makes a code worthless, and where it was already, ends what this application got for it.
    async fn spoil(&self, text: &str) -> Result<(), Error> {
        if self.use_up(text).await? {
            return Ok(());
        }
        match codes::look(self.app, self.tenant.id(), text).await.map_err(fault)? {
            Presented::Again { client_id, refresh_token_id } => {
                self.used_again(&client_id, refresh_token_id).await
            }
            Presented::Unknown | Presented::Good(_) => Ok(()),
        }
    }

    /// Makes a code worthless; false if it was. What somebody got for it before is committed then, to be taken back.
    async fn use_up(&self, text: &str) -> Result<bool, Error> {
        let mut tx = self.app.db.begin().await.map_err(fault)?;
        let was_good = codes::use_up(self.app, &mut tx, self.tenant.id(), text).await.map_err(fault)?;
        tx.commit().await.map_err(fault)?;
        Ok(was_good)
    }

    /// A code came again: what it gave ends, unless it was given to another application.
    async fn used_again(&self, client_id: &str, family: Option<String>) -> Result<(), Error> {
        if let Some(family) = family.filter(|_| client_id == self.client.id) {
            let tenant = self.tenant.id();
            let mut write = Write::begin(self.app, tenant).await.map_err(fault)?;
            if refresh_tokens::revoke(write.tx(), tenant, &family).await.map_err(fault)? {
                let entry = reuse_entry(self, "An authorization code was used again", &family);
                write.commit(entry).await.map_err(fault)?;
            }
        }
        Ok(())
    }
}
