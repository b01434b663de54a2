//! The metadata of an identity provider or of a service that issues tokens, looked at again while people sign in: what it lists counts, so a new
//! certificate is there before it signs, and one that was taken out counts no longer.
//!
//! Must never keep anybody waiting for it who could sign in without, and never ask again for each answer that nobody
//! trusted has signed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::changes::Topic;
use crate::connections::identity_provider::{self, VALID_UNTIL};
use crate::connections::{self, Connection, text};
use crate::federation::Failed;
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::tenants::Tenant;
use crate::write::Write;

/// How long metadata counts before it is looked at again.
const OLD: SignedDuration = SignedDuration::from_hours(1);
/// How long it counts before somebody with a key that it does not list makes us look again.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// Looks at it again in the background, if it is old.
pub(super) fn when_old(visit: &Visit, connection: &Connection) {
    let Some(url) = address(visit, connection, OLD) else { return };
    let (app, tenant, connection) = (Arc::clone(&visit.app), Arc::clone(&visit.tenant), connection.clone());
    tokio::spawn(async move {
        if let Err(failed) = take_over(&app, &tenant, (&connection, &url)).await {
            tracing::warn!(connection = connection.name, reason = %failed, "metadata was not refreshed");
        }
    });
}

/// Looks at it now; answers the options if they have changed.
pub(super) async fn now(
    visit: &Visit,
    connection: &Connection,
    mut options: Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Failed> {
    let Some(url) = address(visit, connection, ASKED_AGAIN) else { return Ok(None) };
    let now = take_over(&visit.app, &visit.tenant, (connection, &url)).await?;
    // Somebody else may have written them down since this visit began.
    let known = connection.document.get("options").and_then(Value::as_object);
    Ok(now.filter(|now| Some(now) != known).map(|now| {
        options.extend(now);
        options
    }))
}

/// The options, if the metadata that they come from counts still; after its time (`validUntil`) it is looked at again.
/// What was pasted is the administrator's word, however old.
pub(super) async fn in_time(
    visit: &Visit,
    connection: &Connection,
    mut options: Map<String, Value>,
) -> Result<Map<String, Value>, Failed> {
    let until = text(&options, VALID_UNTIL).map(str::to_owned);
    let is_over = |until: &String| until.parse().is_ok_and(|until: Timestamp| visit.app.clock.now() >= until);
    let followed = identity_provider::address(connection.served(), &options).is_some();
    let Some(until) = until.filter(|until| followed && is_over(until)) else { return Ok(options) };
    let Some(url) = address(visit, connection, ASKED_AGAIN) else {
        let why =
            format!("the metadata of the identity provider was valid until {until}, and was not renewed");
        return Err(Failed::Unreachable(why));
    };
    options.shift_remove(VALID_UNTIL);
    options.extend(take_over(&visit.app, &visit.tenant, (connection, &url)).await?.unwrap_or_default());
    Ok(options)
}

/// Looks at it for the first time, without which nobody could sign in; answers the options with what it says.
pub(super) async fn first(
    visit: &Visit,
    connection: &Connection,
    mut options: Map<String, Value>,
) -> Result<Map<String, Value>, Failed> {
    let Some(url) = identity_provider::address(connection.served(), &options) else { return Ok(options) };
    options.extend(take_over(&visit.app, &visit.tenant, (connection, &url)).await?.unwrap_or_default());
    Ok(options)
}

/// Where the metadata is, if it is its turn.
fn address(visit: &Visit, connection: &Connection, age: SignedDuration) -> Option<String> {
    let options = connection.document.get("options").and_then(Value::as_object)?;
    let url = identity_provider::address(connection.served(), options)?;
    // Each reason has turns of its own: a look that has just begun in the background helps nobody who is here now.
    let key = format!("{} {} {}", visit.tenant.id().as_str(), connection.id, age.as_secs());
    let turn = visit.app.federation.takes_turn(key, age, visit.app.clock.now());
    turn.then_some(url)
}

/// Writes down what the metadata says now; answers the options that are not secret, as they are from now on.
async fn take_over(
    app: &Arc<App>,
    tenant: &Tenant,
    (connection, url): (&Connection, &str),
) -> Result<Option<Map<String, Value>>, Failed> {
    let unreachable =
        |why: String| Failed::Unreachable(format!("the metadata of the identity provider: {why}"));
    let strategy = connection.served();
    let metadata = identity_provider::fetch(app, tenant, (strategy, url)).await.map_err(unreachable)?;
    let mut write = Write::begin(app, tenant.id()).await?;
    let Some(mut current) = connections::sql::lock(write.tx(), tenant.id(), &connection.id).await? else {
        return Ok(None);
    };
    let options = current.document.get_mut("options").and_then(Value::as_object_mut);
    // Somebody may have named another one meanwhile.
    let Some(options) =
        options.filter(|own| identity_provider::address(strategy, own).as_deref() == Some(url))
    else {
        return Ok(None);
    };
    let before = options.clone();
    identity_provider::fill(options, &metadata);
    identity_provider::derive(options).map_err(|(_, why)| unreachable(why))?;
    let after = options.clone();
    if after == before {
        write.nothing_to_do().await?;
        return Ok(Some(after));
    }
    current.updated_at = app.clock.now();
    connections::sql::update(write.tx(), tenant.id(), &current).await?;
    write.notice(Topic::Connections, "");
    let entry = Entry {
        connection: Some(current.name.clone()),
        connection_id: Some(current.id.clone()),
        strategy: Some(current.strategy.clone()),
        details: Some(json!({ "channel": "metadata", "thumbprints": after.get("thumbprints") })),
        ..Entry::new(Kind::Sapi, "Take over the metadata of an identity provider")
    };
    write.commit(entry).await?;
    Ok(Some(after))
}
