//! Signing in at a SAML 2.0 identity provider: the request, the answer, and what comes unasked.
//!
//! The pure crate judges; what it needs to know stands in `settings.rs`. Must never take an answer twice, nor one that
//! the judge has not accepted whole.

pub(super) mod keys;
pub mod logout;
mod metadata;
pub(super) mod settings;
mod unasked;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_saml::binding::{Direction, post, redirect};
use chancery_saml::sp::consume::{self, Accepted, ConsumeError};
use chancery_saml::sp::request::Request;
use chancery_saml::sp::template;
use chancery_xmldsig::algorithms::RSA_SHA256;
use chancery_xmldsig::sign::Halves;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use keys::OwnKeys;
use settings::Saml;

use super::settings::more;
use super::{
    Failed, Inbound, Outbound, Profile, UpstreamSession, named_callback, refresh, strangers, use_up,
};
use crate::app::App;
use crate::connections::{self, Connection, text};
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::partners::answers::relay;
use crate::samlp::keep_message;

pub(super) use unasked::{Unasked, arrives, is_unasked};

/// Where identity providers send logouts.
const LOGOUT: &str = "/logout";

/// What the binding itself says in an address.
const OURS: [&str; 6] = ["SAMLRequest", "SAMLResponse", "SAMLEncoding", "RelayState", "SigAlg", "Signature"];

/// The routes.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        // In the place of an application's id, as Auth0 has it.
        .route("/samlp/metadata", get(metadata::of_connection))
        .route(LOGOUT, get(logout::endpoint).post(logout::endpoint))
}

/// What is needed again when the answer comes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The id of the request.
    request_id: String,
}

/// A message for an identity provider.
struct Message {
    direction: Direction,
    halves: Halves,
    id: String,
    destination: String,
    relay_state: Option<String>,
}

/// The request, and the browser on its way with it.
pub(super) async fn begin(out: &Outbound<'_>) -> Result<(Kept, Response), Failed> {
    let Outbound { visit, connection, options, .. } = out;
    let saml = Saml::of(visit, connection, options)?;
    refresh::when_old(visit, connection);
    let id = format!("_{}", visit.app.entropy.hex(20));
    let halves = request(out, &saml, &id)?;
    let added = more(out).into_iter().filter(|(name, _)| !OURS.contains(&name.as_str()));
    let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(added).finish();
    let destination = match added.as_str() {
        "" => saml.sign_in.clone(),
        added => redirect::address(&saml.sign_in, added, None),
    };
    let relay_state = Some(out.state.clone());
    let message = Message { direction: Direction::Request, halves, id: id.clone(), destination, relay_state };
    let response = send(visit, (connection, options), (&saml, saml.signed), message).await?;
    Ok((Kept { request_id: id }, response))
}

/// What is asked: as the connection's own template has it, or as usual.
fn request(out: &Outbound<'_>, saml: &Saml, id: &str) -> Result<Halves, Failed> {
    let acs_url = named_callback(out.visit, out.connection);
    let request = Request {
        id,
        issued_at: out.visit.app.clock.now(),
        destination: &saml.sign_in,
        issuer: &saml.entity_id,
        acs_url: &acs_url,
        force_authn: out.is_forced(),
    };
    let Some(template) = &saml.template else { return Ok(request.write()) };
    let named = |name: &str| match name {
        "LoginHint" => out.login_hint(),
        "ProviderName" => Some(out.visit.tenant.stored.name.as_str()),
        // Of the options that are no secrets.
        other => other.strip_prefix("Connection.").and_then(|option| out.connection.option(option)),
    };
    template::fill(template, &request, named).map_err(|error| Failed::Settings(error.to_string()))
}

/// Sends a message through the browser, as the connection wants it: by redirection or by form, signed or not.
async fn send(
    visit: &Visit,
    of: (&Connection, &Map<String, Value>),
    (saml, signed): (&Saml, bool),
    message: Message,
) -> Result<Response, Failed> {
    let Message { direction, halves, id, destination, relay_state } = message;
    debug(visit, of, (direction, &[halves.head.as_str(), &halves.tail].concat())).await;
    let relay_state = relay_state.as_deref();
    let own = if signed { Some(OwnKeys::of(visit, of.1).await?) } else { None };
    // Only a redirection can have its signature beside the message.
    let (beside, inside) = if saml.by_form || !saml.deflated { (None, own) } else { (own, None) };
    let xml = match inside {
        Some(own) => own.enveloped(halves, &id).await?,
        None => [halves.head, halves.tail].concat(),
    };
    if saml.by_form {
        let mut fields = vec![(direction.parameter(), post::encode(&xml))];
        fields.extend(relay_state.map(|state| ("RelayState", state.to_owned())));
        return Ok(relay(visit, &destination, &fields));
    }
    let query = if saml.deflated {
        redirect::encode(direction, &xml, relay_state, beside.is_some().then_some(RSA_SHA256))
    } else {
        redirect::encode_plain(direction, &xml, relay_state)
    };
    let signature = match beside {
        Some(own) => Some(own.signature(query.clone()).await?),
        None => None,
    };
    Ok(visit.redirect(&redirect::address(&destination, &query, signature.as_deref())))
}

/// Who came back.
pub(super) async fn finish(back: Inbound<'_>, kept: Kept) -> Result<Profile, Failed> {
    let Inbound { visit, connection, options, parameters } = back;
    let received = post::decode(|name| parameters.value(name));
    let received = received.map_err(|error| Failed::Untrusted(error.to_string()))?;
    judged(visit, (connection, options), (received.xml, Some(kept.request_id))).await
}

/// Judges an answer, asked for or not, and uses it up.
async fn judged(
    visit: &Visit,
    (connection, options): (&Connection, Map<String, Value>),
    (xml, asked): (String, Option<String>),
) -> Result<Profile, Failed> {
    if !visit.is_post() {
        return Err(Failed::Untrusted("an answer of SAML came by another way than a form".to_owned()));
    }
    debug(visit, (connection, &options), (Direction::Response, &xml)).await;
    let options = refresh::in_time(visit, connection, options).await?;
    let saml = Saml::of(visit, connection, &options)?;
    let own = OwnKeys::of(visit, &options).await?;
    let (accepted, saml) = match judge(visit, (&saml, &own), (&xml, asked.as_deref())).await? {
        Ok(accepted) => (accepted, saml),
        // It may have a new key.
        Err(error @ ConsumeError::Untrusted(_)) => {
            let Some(options) = refresh::now(visit, connection, options.clone()).await? else {
                return Err(refused(&error, &options));
            };
            let saml = Saml::of(visit, connection, &options)?;
            let judged = judge(visit, (&saml, &own), (&xml, asked.as_deref())).await?;
            (judged.map_err(|error| refused(&error, &options))?, saml)
        }
        Err(error) => return Err(refused(&error, &options)),
    };
    if accepted.weak {
        warn(visit, connection, "The identity provider signs with SHA-1, which its connection allows").await;
    }
    if !use_up(visit, connection, (&accepted.assertion_id, accepted.remember_until)).await? {
        return Err(Failed::Untrusted("SAMLResponse should be unique".to_owned()));
    }
    profile(&saml, accepted)
}

fn refused(error: &ConsumeError, options: &Map<String, Value>) -> Failed {
    if matches!(error, ConsumeError::Status(_)) {
        return Failed::Refused(error.to_string());
    }
    let nobody = if let ConsumeError::Untrusted(nobody) = error { Some(nobody) } else { None };
    Failed::Untrusted(strangers::reason(error, nobody, options))
}

/// Asks the judge, on a thread that may take its time: what comes may be large, and opening it costs a private key.
async fn judge(
    visit: &Visit,
    (saml, own): (&Saml, &OwnKeys),
    (xml, asked): (&str, Option<&str>),
) -> Result<Result<Accepted, ConsumeError>, Failed> {
    let (saml, decryptors) = (saml.clone(), own.decryptors.clone());
    let (xml, asked, now) = (xml.to_owned(), asked.map(str::to_owned), visit.app.clock.now());
    let work = tokio::task::spawn_blocking(move || {
        let destinations: Vec<&str> = saml.destinations.iter().map(String::as_str).collect();
        let expected = consume::Expected {
            keys: &saml.keys,
            sha1: saml.sha1,
            decryptors: &decryptors,
            weak_ciphers: saml.weak_ciphers,
            issuer: saml.issuer.as_deref(),
            audience: &saml.entity_id,
            destinations: &destinations,
            in_response_to: asked.as_deref(),
            now,
        };
        consume::consume(&xml, &expected)
    });
    work.await.map_err(|error| Failed::Internal(error.to_string()))
}

fn profile(saml: &Saml, accepted: Accepted) -> Result<Profile, Failed> {
    let (user_id, members) = saml.fields.apply(&accepted);
    let user_id = user_id.ok_or_else(|| {
        Failed::Untrusted("the assertion has nothing that the user_id could be taken from".to_owned())
    })?;
    let Accepted { issuer, name, session_index, attributes, .. } = accepted;
    let mut said = Map::new();
    said.insert("issuer".to_owned(), json!(issuer));
    said.insert("nameId".to_owned(), json!({ "value": name.value, "format": name.format }));
    said.insert("sessionIndex".to_owned(), json!(session_index));
    said.insert("attributes".to_owned(), json!(attributes));
    let session = UpstreamSession { issuer, name: name.value, format: name.format, session_index };
    Ok(Profile { user_id, members, said, session: Some(session) })
}

/// Writes a message to the log, where the connection is to be looked into (`debug`).
async fn debug(
    visit: &Visit,
    (connection, options): (&Connection, &Map<String, Value>),
    (direction, xml): (Direction, &str),
) {
    if flag(options, "debug") != Some(true) {
        return;
    }
    let what = match direction {
        Direction::Request => "A request of SAML",
        Direction::Response => "An answer of SAML",
    };
    keep_message(visit, of(visit, connection, what), (direction.parameter(), xml)).await;
}

/// Writes a warning to the log. What happens at a door is worth an entry, not an error of its own.
pub(super) async fn warn(visit: &Visit, connection: &Connection, what: &str) {
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), of(visit, connection, what)).await;
}

pub(super) fn of(visit: &Visit, connection: &Connection, what: &str) -> Entry {
    visit.entry(Kind::W, what).through(connection)
}

/// What we call ourselves towards the identity provider of a connection.
pub fn entity_id(tenant: &str, connection: &Connection) -> String {
    connections::entity_id(tenant, &connection.name, connection.option("entityId"))
}

/// A flag among options.
pub(super) fn flag(options: &Map<String, Value>, name: &str) -> Option<bool> {
    options.get(name).and_then(Value::as_bool)
}

/// The address that logouts go to, unless the connection is to hear nothing of them.
fn sign_out(options: &Map<String, Value>) -> Option<&str> {
    if flag(options, "disableSignout") == Some(true) {
        return None;
    }
    text(options, "signOutEndpoint").or_else(|| text(options, "signInEndpoint"))
}
