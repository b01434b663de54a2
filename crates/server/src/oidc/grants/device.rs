//! Tokens for a device code (RFC 8628 section 3.4).

use chancery_oauth::device::{self, Code};
use chancery_oauth::id_token::Login;
use chancery_oauth::token::Error;
use chancery_oauth::user_access::Way;

use super::{Exchange, about, answer, fault};
use crate::db::DbError;
use crate::in_flight::devices;
use crate::logs::Kind;
use crate::oidc::token::Issued;
use crate::sessions;
use crate::write::Write;

const UNKNOWN: Error = Error::InvalidGrant("Invalid or expired device code.");

impl Exchange<'_> {
    pub(super) async fn device(&self, text: &str) -> Result<Issued, Error> {
        let Self { app, tenant, client, .. } = *self;
        let waiting = self.poll(text).await?;
        let user_id = waiting.user_id.as_deref().ok_or(UNKNOWN)?;
        let user = self.user(user_id).await?;
        let maker = self.maker();
        let asked = (waiting.asked.audience.as_deref(), &waiting.asked.scopes);
        let grant = maker.decide(&user.user_id, asked).await?;
        let login =
            Login { sid: waiting.session_id.clone(), auth_time: waiting.asked.auth_time, nonce: None };
        let tokens = maker.sign(&grant, (&user, &login), Way::Code).await?;

        let entry = about(&user, self.entry(Kind::Sede, "Device Code for Access Token", &grant));
        let written = async {
            let mut write = Write::begin(app, tenant.id()).await?;
            devices::end(app, write.tx(), tenant.id(), text).await?;
            if let Some(session_id) = &waiting.session_id {
                // Nothing that a session gave survives it.
                sessions::sql::join(write.tx(), tenant.id(), session_id, &client.id).await?;
            }
            let of = (user.user_id.as_str(), waiting.session_id.as_deref());
            let refresh_token = self.offline(&mut write, &grant, of, waiting.asked.auth_time).await?;
            write.commit(entry).await?;
            Ok(refresh_token)
        };
        let refresh_token = DbError::unless_missed(written.await).map_err(fault)?.ok_or(UNKNOWN)?;
        Ok(answer(tokens, &grant, refresh_token.map(|(_, text)| text)))
    }

    /// Notes that the device asked, and decides what it is told.
    async fn poll(&self, text: &str) -> Result<devices::Waiting, Error> {
        let Self { app, tenant, client, .. } = *self;
        let mut tx = app.db.begin().await.map_err(fault)?;
        let found = devices::find(app, &mut tx, tenant.id(), text).await.map_err(fault)?;
        let waiting = found.ok_or(UNKNOWN)?;
        let code = Code {
            client_id: &waiting.client_id,
            state: waiting.state,
            polled_at: waiting.polled_at,
            expires_at: waiting.expires_at,
        };
        let decided = device::poll(&code, client, app.clock.now());
        if waiting.client_id == client.id {
            if matches!(decided, Err(Error::DeviceDenied | Error::ExpiredDeviceCode)) {
                devices::end(app, &mut tx, tenant.id(), text).await.map_err(fault)?;
            } else {
                devices::polled(app, &mut tx, tenant.id(), text).await.map_err(fault)?;
            }
            tx.commit().await.map_err(fault)?;
        }
        decided.map(|()| waiting)
    }
}
