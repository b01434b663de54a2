//! The connection key of a tenant: a key pair of its own, apart from the application signing keys.
//!
//! It will sign requests to upstream identity providers and decrypt their answers; today its certificate is
//! published. Made when it is first asked for. Must never sign anything for applications.

pub mod sql;

use std::sync::Arc;

use crate::app::App;
use crate::changes::Topic;
use crate::logs::{Entry, Kind};
use crate::signing_keys::sql::NewKey;
use crate::signing_keys::{self, KeyError};
use crate::tenants::sql::Stored;
use crate::write::Write;

/// The kind in the label of a sealed connection key.
const SEAL_KIND: &str = "connection-key";

/// Lets one caller at a time make a connection key. Of many that ask for the first time at once, all but one find
/// it made; tenants lose nothing by waiting for each other, since the forge makes one key at a time too.
#[derive(Debug, Default)]
pub struct Making(tokio::sync::Mutex<()>);

/// Makes the connection key of a tenant if it has none yet.
pub async fn ensure(app: &Arc<App>, tenant: &Stored) -> Result<(), KeyError> {
    let _alone = app.making_connection_key.0.lock().await;
    if sql::find(&app.db, &tenant.id).await?.is_some() {
        return Ok(());
    }
    let now = app.clock.now();
    let NewKey { kid, certificate, sealed } = signing_keys::prepare(app, tenant, SEAL_KIND, now).await?;
    let key = sql::ConnectionKey { kid, certificate, sealed, created_at: now };
    let mut write = Write::begin(app, &tenant.id).await?;
    if sql::insert(write.tx(), &tenant.id, &key).await? {
        write.notice(Topic::Tenant, tenant.canonical.as_str());
        write.commit(Entry::new(Kind::Sapi, "Create the connection key")).await?;
    } else {
        write.nothing_to_do().await?;
    }
    Ok(())
}
