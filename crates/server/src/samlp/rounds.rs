//! Telling the applications of a session that it is over, then the identity provider that its user came from, and at the
//! end whoever began it. Those that speak WS-Federation are told at once, by a page; those of SAML one after the other.
//!
//! The browser carries the messages. What has happened is stored; the text that goes with the browser names it. Must
//! never tell an application of a session that it did not take part in.

use axum::response::Response;
use chancery_crypto::digest;
use chancery_saml::binding::{Direction, post, redirect};
use chancery_saml::idp::respond::SIGNED_WITH;
use chancery_saml::logout::{LIFETIME, LogoutRequest, LogoutResponse};
use chancery_saml::name_id::NameId;
use chancery_saml::status::{PARTIAL_LOGOUT, RESPONDER, SUCCESS, Status};
use chancery_xmldsig::algorithms::RSA_SHA256;
use chancery_xmldsig::sign::{Halves, Unsigned};
use serde::{Deserialize, Serialize};

use super::{Participant, Partner, entity_id};
use crate::applications::saml_party::SamlParty;
use crate::branding::Address;
use crate::db::DbError;
use crate::federation::saml::logout as upstream_logout;
use crate::federation::wsfed as upstream_wsfed;
use crate::federation::{Failed, UpstreamSession};
use crate::in_flight::LOGOUTS;
use crate::login::pages::{Page, paths};
use crate::login::under_way::of_browser;
use crate::login::visit::{Setting, Visit};
use crate::partners;
use crate::partners::answers::{SigningError, relay, sign};
use crate::wsfed;

/// A logout that goes from application to application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rounds {
    /// The digest of the value of the browser.
    browser: String,
    /// Who is told at once, by an address that a page loads: the application, and where its token went.
    #[serde(default)]
    forgetting: Vec<(String, String)>,
    /// Who has still to be told.
    waiting: Vec<Peer>,
    /// The connection whose identity provider has still to be told, and as what it knows the user.
    provider: Option<(String, UpstreamSession)>,
    /// Who is being told, and the id of what they were sent.
    current: Option<(Told, String)>,
    /// Whether somebody did not want to hear of it.
    incomplete: bool,
    /// Who waits for the end.
    finish: Finish,
}

/// Who is told of a logout, and answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// The application with this id.
    Application(String),
    /// The identity provider.
    Provider,
}

/// An application that has to be told.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Peer {
    client_id: String,
    participant: Participant,
}

/// Who waits for the end of a logout.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "lowercase")]
pub enum Finish {
    /// The application that asked for it.
    Partner {
        /// Which.
        client_id: String,
        /// What it asked with.
        in_response_to: String,
        /// What goes back unchanged.
        relay_state: Option<String>,
        /// Whether it asked by form, and so is answered.
        by_form: bool,
    },
    /// The identity provider that asked for it.
    Provider {
        /// The connection that leads to it.
        connection_id: String,
        /// What it asked with.
        in_response_to: String,
        /// What goes back unchanged.
        relay_state: Option<String>,
    },
    /// The browser, at an address that was checked.
    Address {
        /// The address.
        url: String,
    },
    /// The browser, at the page that says so.
    Page,
}

/// A message, and how it travels.
struct Message<'a> {
    direction: Direction,
    halves: Halves,
    id: &'a str,
    destination: &'a str,
    relay_state: Option<&'a str>,
    by_form: bool,
}

impl Rounds {
    /// The applications of a session but `except`, all of which are to be told.
    pub fn new(
        visit: &Visit,
        participants: Vec<(String, partners::Participant)>,
        (except, finish): (Option<&str>, Finish),
    ) -> Self {
        let (mut forgetting, mut waiting) = (Vec::new(), Vec::new());
        for (client_id, participant) in participants {
            match participant {
                _ if Some(client_id.as_str()) == except => {}
                partners::Participant::Samlp(participant) => waiting.push(Peer { client_id, participant }),
                partners::Participant::Wsfed(participant) => forgetting.push((client_id, participant.reply)),
            }
        }
        let browser = of_browser(visit);
        Self { browser, forgetting, waiting, provider: None, current: None, incomplete: false, finish }
    }

    /// The identity provider is to be told as well.
    pub fn with_provider(self, provider: Option<(String, UpstreamSession)>) -> Self {
        Self { provider, ..self }
    }

    /// The logout that this answer belongs to, taken out of where it was kept.
    pub async fn take(
        visit: &Visit,
        text: &str,
        (told, answered): (&Told, &LogoutResponse),
    ) -> Result<Option<Self>, DbError> {
        let is_asked = |found: &Self| {
            found.current.as_ref().is_some_and(|(current, request)| {
                current == told && answered.in_response_to.as_ref() == Some(request)
            })
        };
        let found = Self::taken(visit, text, is_asked).await?;
        Ok(found.map(|found| {
            let incomplete = found.incomplete || answered.status.code != SUCCESS;
            Self { current: None, incomplete, ..found }
        }))
    }

    /// The logout that waits for nobody's answer, taken out of where it was kept.
    pub async fn resume(visit: &Visit, text: &str) -> Result<Option<Self>, DbError> {
        Self::taken(visit, text, |found| found.current.is_none()).await
    }

    /// A logout of this browser that is wanted, taken out of where it was kept.
    async fn taken(
        visit: &Visit,
        text: &str,
        is_wanted: impl Fn(&Self) -> bool,
    ) -> Result<Option<Self>, DbError> {
        let (app, tenant) = (&visit.app, visit.tenant.id());
        let Some(found) = LOGOUTS.find::<Self>(app, tenant, text).await? else { return Ok(None) };
        let is_this_browser = digest::equal(of_browser(visit).as_bytes(), found.browser.as_bytes());
        if !is_this_browser || !is_wanted(&found) {
            return Ok(None);
        }
        Ok(LOGOUTS.use_up(app, tenant, text).await?.then_some(found))
    }

    /// To the next application that takes part in logouts, or to whoever waits for the end.
    pub async fn next(mut self, visit: &Visit) -> Response {
        let forgetting = std::mem::take(&mut self.forgetting);
        match wsfed::clean_ups(visit, forgetting).await {
            Ok(told) if told.is_empty() => {}
            Ok(told) => {
                return self.tell_at_once(visit, &told).await.unwrap_or_else(|error| visit.broken(&error));
            }
            Err(error) => return visit.broken(&error),
        }
        while let Some(peer) = self.waiting.pop() {
            if let Some(response) = self.tell(visit, &peer).await.unwrap_or_else(Some) {
                return response;
            }
        }
        if let Some((connection_id, known)) = self.provider.take() {
            match self.tell_provider(visit, (&connection_id, &known)).await {
                Ok(Some(response)) => return response,
                Ok(None) => {}
                // Our side is over; that the other is not is worth a line.
                Err(failed) => {
                    tracing::warn!(connection_id, reason = %failed, "an identity provider was not told of a logout");
                }
            }
        }
        self.finish(visit).await
    }

    /// Sends the browser to the identity provider; none if that does not take part.
    async fn tell_provider(
        &mut self,
        visit: &Visit,
        (connection_id, known): (&str, &UpstreamSession),
    ) -> Result<Option<Response>, Failed> {
        let Some(provider) = upstream_logout::Provider::find(visit, connection_id).await? else {
            return Ok(self.to_service(visit, connection_id).await);
        };
        let id = format!("_{}", visit.app.entropy.hex(20));
        self.current = Some((Told::Provider, id.clone()));
        let text = self.store(visit).await?;
        provider.tell(visit, known, (id, text)).await.map(Some)
    }

    /// To the end of the session at a service of WS-Federation, which sends nothing back that could be waited for.
    async fn to_service(&self, visit: &Visit, connection_id: &str) -> Option<Response> {
        let reply = match &self.finish {
            Finish::Address { url } => Some(url.as_str()),
            Finish::Page => None,
            Finish::Partner { .. } | Finish::Provider { .. } => return None,
        };
        match upstream_wsfed::sign_out(visit, connection_id, reply).await {
            Ok(to) => to.map(|to| visit.redirect(&to)),
            Err(error) => Some(visit.broken(&error)),
        }
    }

    /// The page that tells those who can be told at once; it goes on to whatever comes next.
    async fn tell_at_once(self, visit: &Visit, told: &[Address]) -> Result<Response, DbError> {
        let then = match &self.finish {
            Finish::Page if self.waiting.is_empty() && self.provider.is_none() => None,
            Finish::Address { url } if self.waiting.is_empty() && self.provider.is_none() => {
                Some(url.clone())
            }
            Finish::Partner { .. } | Finish::Provider { .. } | Finish::Address { .. } | Finish::Page => {
                Some(paths::with_state(paths::LOGOUT_NEXT, &self.store(visit).await?))
            }
        };
        Ok(visit.page(&Page::Leaving { then: then.as_deref(), told }, &Setting::default()))
    }

    /// Sends the browser to an application; none if that does not take part.
    async fn tell(&mut self, visit: &Visit, peer: &Peer) -> Result<Option<Response>, Response> {
        let found = visit.app.memory.saml_party(&visit.app, visit.tenant.id(), &peer.client_id).await;
        let found = found.map_err(|error| visit.broken(&error))?;
        let Some(SamlParty::Usable { party, .. }) = found.as_deref() else { return Ok(None) };
        let Some(destination) = party.logout.callback.as_deref().filter(|_| party.logout.enabled) else {
            return Ok(None);
        };
        let id = format!("_{}", visit.app.entropy.hex(20));
        let now = visit.app.clock.now();
        let Participant { name, format, session_index, issuer: _ } = &peer.participant;
        let request = LogoutRequest {
            id: id.clone(),
            issued_at: now,
            not_on_or_after: now.checked_add(LIFETIME).ok(),
            destination: Some(destination.to_owned()),
            issuer: entity_id(visit, party),
            name_id: NameId { value: name.clone(), format: format.clone() },
            session_indexes: vec![session_index.clone()],
        };
        self.current = Some((Told::Application(peer.client_id.clone()), id.clone()));
        let text = self.store(visit).await.map_err(|error| visit.broken(&error))?;
        let message = Message {
            direction: Direction::Request,
            halves: request.write(),
            id: &id,
            destination,
            relay_state: Some(&text),
            by_form: party.logout.by_form,
        };
        send(visit, message).await.map(Some).map_err(|error| visit.broken(&error))
    }

    async fn store(&self, visit: &Visit) -> Result<String, DbError> {
        let mut tx = visit.app.db.begin().await?;
        let text = LOGOUTS.begin(&visit.app, &mut tx, visit.tenant.id(), self).await?;
        tx.commit().await?;
        Ok(text)
    }

    async fn finish(self, visit: &Visit) -> Response {
        let status = if self.incomplete {
            let message = "Some applications did not confirm the logout.";
            Status::failure(RESPONDER, PARTIAL_LOGOUT, message)
        } else {
            Status::success()
        };
        match self.finish {
            Finish::Address { url } => visit.redirect(&url),
            Finish::Page => visit.page(&Page::LoggedOut { back: None, kept: false }, &Setting::default()),
            Finish::Provider { connection_id, in_response_to, relay_state } => {
                let asked = (connection_id.as_str(), in_response_to, relay_state);
                upstream_logout::confirm(visit, asked, status).await
            }
            Finish::Partner { client_id, in_response_to, relay_state, by_form } => {
                let asked = (client_id.as_str(), in_response_to, relay_state.as_deref(), by_form);
                confirm(visit, asked, status).await.unwrap_or_else(std::convert::identity)
            }
        }
    }
}

/// The answer to the application that began the logout.
async fn confirm(
    visit: &Visit,
    (client_id, in_response_to, relay_state, by_form): (&str, String, Option<&str>, bool),
    status: Status,
) -> Result<Response, Response> {
    let partner = Partner::find(visit, client_id).await?;
    let party = partner.party(visit).await?;
    let Some(destination) = party.logout.callback.as_deref() else {
        return Ok(visit.page(&Page::LoggedOut { back: None, kept: false }, &Setting::default()));
    };
    let id = format!("_{}", visit.app.entropy.hex(20));
    let response = LogoutResponse {
        id: id.clone(),
        issued_at: visit.app.clock.now(),
        destination: Some(destination.to_owned()),
        issuer: entity_id(visit, party),
        in_response_to: Some(in_response_to),
        status,
    };
    let message = Message {
        direction: Direction::Response,
        halves: response.write(),
        id: &id,
        destination,
        relay_state,
        by_form,
    };
    send(visit, message).await.map_err(|error| visit.broken(&error))
}

/// Signs a message and sends it through the browser.
async fn send(visit: &Visit, message: Message<'_>) -> Result<Response, SigningError> {
    let Message { direction, halves, id, destination, relay_state, by_form } = message;
    if by_form {
        let unsigned = Unsigned::new(halves, id, "", SIGNED_WITH)?;
        let signature = sign(visit, unsigned.message(), LIFETIME).await?;
        let signed = unsigned.finish(&signature, &visit.tenant.ring.current().public().certificate);
        let mut fields = vec![(direction.parameter(), post::encode(&signed))];
        fields.extend(relay_state.map(|state| ("RelayState", state.to_owned())));
        return Ok(relay(visit, destination, &fields));
    }
    let xml = [halves.head, halves.tail].concat();
    let query = redirect::encode(direction, &xml, relay_state, Some(RSA_SHA256));
    let signature = sign(visit, &query, LIFETIME).await?;
    Ok(visit.redirect(&redirect::address(destination, &query, Some(&signature))))
}
