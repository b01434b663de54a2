//! WS-Federation over HTTP, as identity provider: one endpoint for sign-in and sign-out, and its metadata.
//!
//! Must never send a token or a browser to an address that is not the application's, and never end a session because
//! another site has loaded an image.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chancery_oauth::client::Client;
use chancery_oauth::logout::{Decision, decide_v2};
use chancery_saml::idp::respond::{SIGNED_WITH, name};
use chancery_saml::idp::{admit, claims};
use chancery_wsfed::metadata::{INCLUSIVE, Metadata};
use chancery_wsfed::request::{self, Action, Party, SignIn};
use chancery_wsfed::respond::{self, Token};
use chancery_wsfed::rp::request::clean_up;
use chancery_wsfed::trust_information;
use chancery_xmldsig::sign::Unsigned;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::applications::wsfed_party::{self, WsfedParty};
use crate::branding::Address;
use crate::http::host::Site;
use crate::login::opened::PASSWORD;
use crate::login::pages::Failure;
use crate::login::under_way::Step;
use crate::login::visit::Visit;
use crate::logs::Kind;
use crate::management::ApiError;
use crate::oidc::{authorize, logout};
use crate::partners::answers::{self, refuse};
use crate::partners::{self, SignedIn};

/// Where partners of the first AD FS ask which certificates to trust.
const TRUST_INFORMATION: &str = "/wsfed/adfs/fs/federationserverservice.asmx";

/// The routes.
pub fn router() -> Router<Arc<App>> {
    const METADATA: &str = "FederationMetadata/2007-06/FederationMetadata.xml";
    Router::new()
        .route("/wsfed", get(by_realm).post(by_realm))
        .route("/wsfed/{client_id}", get(endpoint).post(endpoint))
        .route(&format!("/wsfed/{METADATA}"), get(metadata_of_tenant))
        .route(&format!("/wsfed/{{client_id}}/{METADATA}"), get(metadata_of_application))
        .route(TRUST_INFORMATION, get(service_description).post(certificates_to_trust))
}

/// A request, as a login under way keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where the answer goes.
    pub reply: String,
    /// What goes back unchanged.
    pub context: Option<String>,
    /// Whom the token is for.
    pub realm: String,
    /// The connection to sign in with.
    pub connection: Option<String>,
    /// The most minutes since the user proved who they are.
    pub max_age_minutes: Option<u32>,
}

/// Where an application that was given a token is told of the logout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The callback that the token went to.
    pub reply: String,
}

impl From<SignIn> for Asked {
    fn from(SignIn { reply, context, realm, connection, max_age }: SignIn) -> Self {
        let max_age_minutes = max_age.and_then(|age| u32::try_from(age.as_mins()).ok());
        Self { reply, context, realm, connection, max_age_minutes }
    }
}

/// The application by its realm: its client id, or one of its aliases.
async fn by_realm(visit: Visit) -> Response {
    let sent = |name: &str| visit.query.value(name).map(str::to_owned).or_else(|| visit.unproved(name));
    let Some(realm) = sent("wtrealm") else {
        // Whoever signs out need not say from which application.
        match request::action(sent("wa").as_deref()) {
            Ok(Action::SignOut) => return sign_out(&visit, sent("wreply").as_deref()).await,
            Ok(Action::CleanUp) => return logout::ask(&visit, None).await,
            Ok(Action::SignIn) | Err(_) => {}
        }
        let why = "The parameter wtrealm is missing. Expected urn: and the client_id of an application.";
        return visit.failure(Failure::Request, Some(("invalid_request", why)));
    };
    let found = wsfed_party::client_of_realm(&visit.app, visit.tenant.id(), &realm).await;
    match found {
        Ok(Some(client_id)) => Box::pin(serve(client_id, visit)).await,
        Ok(None) => {
            let why = request::RequestError::Realm(realm.chars().take(300).collect()).to_string();
            visit.failure(Failure::Request, Some(("invalid_request", &why)))
        }
        Err(error) => visit.broken(&error),
    }
}

/// The end of the session, where no application is named: back to the tenant's addresses, or to one of an application
/// that was told of the session.
async fn sign_out(visit: &Visit, reply: Option<&str>) -> Response {
    let decision = match of_participant(visit, reply).await {
        Ok(Some(reply)) => Ok(Decision::Redirect(reply.to_owned())),
        Ok(None) => decide_v2(reply, None, &logout::tenant_urls(visit)),
        Err(error) => return visit.broken(&error),
    };
    match decision {
        Ok(decision) => logout::act(visit, None, decision).await,
        Err(error) => visit.failure(Failure::Request, Some(("invalid_request", &error.to_string()))),
    }
}

/// The address, if an application has it that was given a token in the session of this browser.
async fn of_participant<'a>(visit: &Visit, reply: Option<&'a str>) -> Result<Option<&'a str>, ApiError> {
    let (Some(reply), Some(session)) = (reply, visit.session().await?) else { return Ok(None) };
    let (app, tenant) = (&visit.app, visit.tenant.id());
    for (client_id, participant) in partners::sql::of_session(&app.db, tenant, &session.id).await? {
        if !matches!(participant, partners::Participant::Wsfed(_)) {
            continue;
        }
        let client = app.memory.client(app, tenant, &client_id).await?;
        if client.is_some_and(|client| may_return(&client, reply)) {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// Applications of this protocol sign in and out at one address.
fn may_return(client: &Client, reply: &str) -> bool {
    client.callbacks.admits(reply, false) || client.logout_urls.admits_without_query(reply)
}

async fn endpoint(Path(client_id): Path<String>, visit: Visit) -> Response {
    Box::pin(serve(client_id, visit)).await
}

async fn serve(client_id: String, mut visit: Visit) -> Response {
    let served = async {
        let client = authorize::client(&visit, &client_id).await?;
        let sent = visit.parameters();
        let action = request::action(sent.value("wa"));
        let action = match action {
            Ok(action) => action,
            Err(error) => return Err(refuse(&visit, &client, Kind::F, &error.to_string()).await),
        };
        match action {
            Action::SignIn => {
                let party = party(&visit, &client).await?;
                let of = Party {
                    client_id: &client.id,
                    aliases: &party.aliases,
                    callbacks: &party.party.callbacks,
                };
                match request::sign_in(of, |name| sent.value(name)) {
                    Ok(asked) => {
                        let asked = partners::Asked::Wsfed(asked.into());
                        Ok(partners::proceed(&visit, &client, &asked, None).await)
                    }
                    Err(error) => Err(refuse(&visit, &client, Kind::F, &error.to_string()).await),
                }
            }
            Action::SignOut => {
                let decision = match sent.value("wreply").filter(|reply| may_return(&client, reply)) {
                    Some(reply) => Ok(Decision::Redirect(reply.to_owned())),
                    None => decide_v2(sent.value("wreply"), Some(&client), &logout::tenant_urls(&visit)),
                };
                match decision {
                    Ok(decision) => Ok(logout::act(&visit, Some(&client), decision).await),
                    Err(error) => Err(refuse(&visit, &client, Kind::Flo, &error.to_string()).await),
                }
            }
            // Whoever really means it presses the button; an image cannot.
            Action::CleanUp => Ok(logout::ask(&visit, None).await),
        }
    };
    served.await.unwrap_or_else(std::convert::identity)
}

/// The settings of an application that has the add-on, or the page that says that it has none.
async fn party(visit: &Visit, client: &Client) -> Result<Arc<WsfedParty>, Response> {
    let found = visit.app.memory.wsfed_party(&visit.app, visit.tenant.id(), &client.id).await;
    match found.map_err(|error| visit.broken(&error))? {
        Some(Ok(party)) => Ok(party),
        Some(Err(why)) => Err(refuse(visit, client, Kind::F, &why).await),
        None => {
            let why = "The application has no WS-Federation add-on. Enable the add-on WS-Fed (addons.wsfed) for it.";
            Err(refuse(visit, client, Kind::F, why).await)
        }
    }
}

/// The answer to an application, about who is signed in.
pub async fn answer(
    visit: &Visit,
    (client, asked): (&Arc<Client>, &Asked),
    signed_in: &SignedIn,
    login: Option<&Step>,
) -> Response {
    let answered = async {
        let settings = party(visit, client).await?;
        let party = &settings.party;
        if let Err(gone) = admit::still_registered(party, &asked.reply) {
            return Err(refuse(visit, client, Kind::F, &gone.to_string()).await);
        }
        let mut profile = signed_in.user.view();
        profile.insert("clientID".to_owned(), json!(client.id));
        let attributes = claims::attributes(&profile, &party.mapping);
        let name = match name(party, &profile, &attributes) {
            Ok(name) => name,
            Err(nameless) => return Err(refuse(visit, client, Kind::F, &nameless.to_string()).await),
        };
        let lifetime = SignedDuration::from_secs(party.lifetime);
        let token = Token {
            id: &format!("_{}", visit.app.entropy.alphanumeric(32)),
            issuer: &party.issuer.clone().unwrap_or_else(|| answers::entity_id(visit)),
            realm: &asked.realm,
            audience: party.audience.as_ref().unwrap_or(&asked.realm),
            reply: &asked.reply,
            context: asked.context.as_deref(),
            name: &name.value,
            name_format: name.format.as_deref().filter(|_| settings.says_name_format),
            attributes: &attributes,
            authenticated_at: signed_in.session.authenticated_at,
            by_password: signed_in.session.last_method() == Some(PASSWORD),
            session_index: &answers::session_index(visit, &signed_in.session, client),
            now: visit.app.clock.now(),
            lifetime,
        };
        let fresh = visit.app.entropy.bytes();
        let prepared = if settings.saml2 {
            respond::prepare_saml2(&token, party, fresh)
        } else {
            respond::prepare(&token, party.encryption.clone(), fresh)
        };
        let prepared = prepared.map_err(|error| visit.broken(&error))?;
        let signature = answers::sign(visit, prepared.message(), lifetime).await;
        let signature = signature.map_err(|error| visit.broken(&error))?;
        let result = prepared.finish(&signature, &visit.tenant.ring.current().public().certificate);
        let result = result.map_err(|error| visit.broken(&error))?;
        let participant = partners::Participant::Wsfed(Participant { reply: asked.reply.clone() });
        match partners::note(visit, client, signed_in, (&participant, login)).await {
            Ok(true) => Ok(send(visit, asked, result)),
            Ok(false) => Err(visit.failure(Failure::Expired, None)),
            Err(error) => Err(visit.broken(&error)),
        }
    };
    answered.await.unwrap_or_else(std::convert::identity)
}

fn send(visit: &Visit, asked: &Asked, result: String) -> Response {
    let mut fields = vec![("wa", "wsignin1.0".to_owned()), ("wresult", result)];
    fields.extend(asked.context.clone().map(|context| ("wctx", context)));
    answers::relay(visit, &asked.reply, &fields)
}

/// The addresses at which applications forget whom they were told of, each where its token went: still its callback, and
/// one that a page can load.
pub async fn clean_ups(visit: &Visit, participants: Vec<(String, String)>) -> Result<Vec<Address>, ApiError> {
    let mut addresses = Vec::new();
    for (client_id, reply) in participants {
        let found = visit.app.memory.wsfed_party(&visit.app, visit.tenant.id(), &client_id).await?;
        let Some(Ok(settings)) = found else { continue };
        if admit::still_registered(&settings.party, &reply).is_ok() {
            addresses.extend(Address::parse(&clean_up(&reply)));
        }
    }
    Ok(addresses)
}

async fn metadata_of_tenant(visit: Visit) -> Response {
    let endpoint = format!("{}/wsfed", visit.tenant.base);
    metadata(&visit, &endpoint).await
}

async fn metadata_of_application(Path(client_id): Path<String>, visit: Visit) -> Response {
    match authorize::client(&visit, &client_id).await {
        Ok(client) => metadata(&visit, &format!("{}/wsfed/{}", visit.tenant.base, client.id)).await,
        Err(page) => page,
    }
}

async fn metadata(visit: &Visit, endpoint: &str) -> Response {
    let ring = &visit.tenant.ring;
    let current = &ring.current().public().certificate;
    let id = format!("_{}", visit.app.entropy.hex(20));
    let halves = Metadata {
        id: &id,
        entity_id: &answers::entity_id(visit),
        certificates: &[current, &ring.next().public().certificate],
        endpoint,
    }
    .write();
    let unsigned = match Unsigned::new(halves, &id, INCLUSIVE, SIGNED_WITH) {
        Ok(unsigned) => unsigned,
        Err(error) => return visit.broken(&error),
    };
    // Partners load it once and keep it.
    match answers::sign(visit, unsigned.message(), SignedDuration::ZERO).await {
        Ok(signature) => answers::document(unsigned.finish(&signature, current)),
        Err(error) => visit.broken(&error),
    }
}

async fn service_description(Site(tenant): Site) -> Response {
    answers::document(trust_information::description(&format!("{}{TRUST_INFORMATION}", tenant.base)))
}

/// What is asked is not read: there is one question.
async fn certificates_to_trust(Site(tenant): Site) -> Response {
    let ring = &tenant.ring;
    let certificates = [&ring.current().public().certificate, &ring.next().public().certificate];
    match trust_information::answer(&certificates, &format!("{}/wsfed", tenant.base)) {
        Ok(answer) => answers::document(answer),
        Err(error) => ApiError::Internal(error.to_string()).into_response(),
    }
}
