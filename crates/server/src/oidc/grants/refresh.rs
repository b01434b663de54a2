//! Tokens for a refresh token (RFC 6749 section 6).

use chancery_oauth::id_token::Login;
use chancery_oauth::scope::Scopes;
use chancery_oauth::token::Error;
use chancery_oauth::token::refresh_token::{self, INVALID};
use chancery_oauth::user_access::Way;

use super::{Exchange, about, answer, fault, reuse_entry};
use crate::db::DbError;
use crate::logs::{Entry, Kind};
use crate::oidc::token::Issued;
use crate::refresh_tokens::{self, Presented, RefreshToken};
use crate::write::Write;

impl Exchange<'_> {
    pub(super) async fn refresh(
        &self,
        text: &str,
        (audience, requested): (Option<&str>, Option<&Scopes>),
    ) -> Result<Issued, Error> {
        let Self { app, tenant, client, origin } = *self;
        let found = refresh_tokens::recognise(app, tenant.id(), text, &client.refresh).await;
        let (mut token, generation) = match found.map_err(fault)? {
            Presented::Unknown => return Err(INVALID),
            Presented::Reused(token) => return self.reused(&token).await,
            Presented::Good { token, generation } => (token, generation),
        };
        let scopes = Scopes::parse(&token.details.scope)
            .map_err(|error| Error::Internal { reason: format!("a refresh token is damaged: {error}") })?;
        let issued = refresh_token::Issued {
            client_id: &token.client_id,
            audience: token.details.audience.as_deref(),
            scopes: &scopes,
        };
        let audience = audience.filter(|audience| *audience != tenant.userinfo);
        let target = refresh_token::target(&issued, client, audience, requested)?;
        let user = self.user(&token.user_id).await?;
        let maker = self.maker();
        let asked = (target.audience.as_deref(), &target.scopes);
        let grant = maker.decide(&user.user_id, asked).await?;
        let login = Login { sid: token.session_id.clone(), auth_time: token.details.auth_time, nonce: None };
        let tokens = maker.sign(&grant, (&user, &login), Way::Refresh).await?;

        token.details.device.seen_again(origin);
        let entry = || about(&user, self.entry(Kind::Sertft, "Refresh Token for Access Token", &grant));
        let exchanged = async {
            let mut write = Write::begin(app, tenant.id()).await?;
            let of = (&mut *token, generation);
            let text = refresh_tokens::exchange(app, write.tx(), tenant.id(), of, &client.refresh).await?;
            write.commit(entry()).await?;
            Ok(text)
        };
        let successor = match DbError::unless_missed(exchanged.await).map_err(fault)? {
            Some(text) => text,
            None => match self.second((&token.id, generation), entry()).await.map_err(fault)? {
                Some(text) => text,
                None => return self.reused(&token).await,
            },
        };
        // A token that is not replaced is not repeated.
        let successor = Some(successor).filter(|_| token.rotating);
        Ok(answer(tokens, &grant, successor))
    }

    /// Somebody was first: within the leeway both get the same successor. None: this one was used twice.
    async fn second(&self, of: (&str, i64), entry: Entry) -> Result<Option<String>, DbError> {
        let Self { app, tenant, client, .. } = *self;
        let mut write = Write::begin(app, tenant.id()).await?;
        let found = refresh_tokens::successor(app, write.tx(), tenant.id(), of, &client.refresh).await?;
        if found.is_some() {
            write.commit(entry).await?;
        }
        Ok(found)
    }

    /// A replaced token came again: somebody has stolen one, and nobody knows who. The whole family ends.
    async fn reused(&self, token: &RefreshToken) -> Result<Issued, Error> {
        let tenant = self.tenant.id();
        if token.client_id == self.client.id {
            let mut write = Write::begin(self.app, tenant).await.map_err(fault)?;
            if refresh_tokens::revoke(write.tx(), tenant, &token.id).await.map_err(fault)? {
                let entry = reuse_entry(self, "Reused rotating refresh token detected", &token.id);
                let entry = Entry { user_id: Some(token.user_id.clone()), ..entry };
                write.commit(entry).await.map_err(fault)?;
            }
        }
        Err(INVALID)
    }
}
