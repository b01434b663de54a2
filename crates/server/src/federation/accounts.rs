//! From a profile to somebody who is signed in: the account, the session, and on with the login.
//!
//! Must never sign in whom an administrator keeps out, nor write anything if the login is over.

use axum::response::Response;
use chancery_oauth::client::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Failed;
use crate::connections::{Connection, Strategy};
use crate::login::opened::{self, FEDERATED, Proof};
use crate::login::pages::Failure;
use crate::login::under_way::Step;
use crate::login::visit::{Visit, with_cookie};
use crate::users::{self, Arrival, Turned, User};
use crate::write::Write;

/// The longest name that a provider may have for a user, in bytes.
const LONGEST_ID: usize = 512;

/// Somebody for whom a provider has vouched.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What the provider calls the user, for ever.
    pub user_id: String,
    /// What it says of the user, under the names that users have here: `email`, `name`, …
    pub members: Map<String, Value>,
    /// What it says, in its own words: for whoever sets a connection up.
    pub said: Map<String, Value>,
    /// As what it knows the user, where a logout has to say so.
    pub session: Option<UpstreamSession>,
}

/// As what an identity provider knows somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSession {
    /// What the provider calls itself.
    pub issuer: String,
    /// The name of the user.
    pub name: String,
    /// The format of that name.
    pub format: Option<String>,
    /// The name of the session there.
    pub session_index: Option<String>,
}

/// Finds or makes the user, signs in, and goes on with the login.
pub(super) async fn enter(
    mut visit: Visit,
    step: Step,
    connection: &Connection,
    mut profile: Profile,
) -> Response {
    if let Err(failed) = settle(connection, &mut profile) {
        return failed.answer(&visit, Some(&step), Some(connection)).await;
    }
    let cookie = match sign_in(&mut visit, &step, connection, &profile).await {
        Ok(Some(cookie)) => cookie,
        Ok(None) => return visit.failure(Failure::Expired, None),
        Err(failed) => return failed.answer(&visit, Some(&step), Some(connection)).await,
    };
    let next = match Step::find(&visit, Some(step.text)).await {
        Ok(login) => login.resume(&visit).await,
        Err(over) => over,
    };
    with_cookie(next, Some(cookie))
}

/// The same for somebody who comes by themselves; goes on to an address of ours.
pub(super) async fn enter_unasked(
    mut visit: Visit,
    (client, to): (&Client, &str),
    connection: &Connection,
    mut profile: Profile,
) -> Response {
    let signed_in = async {
        settle(connection, &mut profile)?;
        let before = visit.session().await?;
        let (write, user) = arrived(&visit, connection, &profile).await?;
        let proof = Proof { upstream: profile.session.as_ref(), ..Proof::of(&user, connection, FEDERATED) };
        Ok::<_, Failed>(opened::end_unasked(&mut visit, client, (write, before), proof).await?)
    };
    match signed_in.await {
        Ok(cookie) => with_cookie(visit.redirect(to), cookie),
        Err(failed) => failed.answer(&visit, None, Some(connection)).await,
    }
}

/// Whether a profile can be somebody's, and whether its address counts.
pub(super) fn settle(connection: &Connection, profile: &mut Profile) -> Result<(), Failed> {
    let id = &profile.user_id;
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(Failed::Untrusted("the profile has no usable id of the user".to_owned()));
    }
    judge_email(connection, &mut profile.members);
    Ok(())
}

async fn sign_in(
    visit: &mut Visit,
    step: &Step,
    connection: &Connection,
    profile: &Profile,
) -> Result<Option<http::HeaderValue>, Failed> {
    let before = visit.session().await?;
    let (write, user) = arrived(visit, connection, profile).await?;
    let proof = Proof { upstream: profile.session.as_ref(), ..Proof::of(&user, connection, FEDERATED) };
    Ok(opened::end_in_session(visit, step, (write, before), proof).await?)
}

/// The user, in a change that is not committed yet.
async fn arrived(visit: &Visit, connection: &Connection, profile: &Profile) -> Result<(Write, User), Failed> {
    let Profile { user_id, members, .. } = profile;
    let arrival = Arrival { connection, subject: user_id, members };
    let now = visit.app.clock.now();
    let mut write = Write::begin(&visit.app, visit.tenant.id()).await?;
    match users::arrive(write.tx(), visit.tenant.id(), arrival, now).await {
        Ok(user) => return Ok((write, user)),
        // Two first logins at once: the other one made the user.
        Err(Turned::Db(error)) if error.is_unique() => drop(write),
        Err(turned) => return Err(turned.into()),
    }
    let mut write = Write::begin(&visit.app, visit.tenant.id()).await?;
    let user = users::arrive(write.tx(), visit.tenant.id(), arrival, now).await?;
    Ok((write, user))
}

/// Directories of organizations do not say whether somebody reads an address: the connection says whether to trust it.
fn judge_email(connection: &Connection, members: &mut Map<String, Value>) {
    if matches!(connection.served(), Some(Strategy::AzureAd | Strategy::Adfs)) {
        let trusted = connection.option("should_trust_email_verified_connection")
            == Some("always_set_emails_as_verified");
        members.insert("email_verified".to_owned(), Value::Bool(trusted));
    }
}
