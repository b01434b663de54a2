//! Signing in at a service that issues tokens by WS-Federation (`adfs`, and `waad` where it says so): the request, and the
//! token that comes back.
//!
//! The pure crate judges. The protocol binds an answer to a request by `wctx` alone, so what comes without one is nobody's.
//! Must never take a token twice, nor one that the judge has not accepted whole.

use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_saml::sp::consume::WeakCiphers;
use chancery_saml::sp::profile::FieldsMap;
use chancery_saml::sp::token::Token;
use chancery_wsfed::rp::consume::{self, Accepted, Expected, TokenError};
use chancery_wsfed::rp::request::{self, SignIn};
use chancery_wsfed::rp::trust::{Thumbprint, Trusted};
use chancery_xmldsig::verify::Sha1;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::oidc::may_be_visited;
use super::saml::keys::OwnKeys;
use super::saml::settings::{keys, sha1, weak_ciphers};
use super::saml::{entity_id, flag, of, warn};
use super::settings::{client_id, more};
use super::{
    Failed, Inbound, Outbound, Profile, UpstreamSession, callback_of, named_callback, refresh, strangers,
    use_up,
};
use crate::connections::{self, Connection, Strategy, identity_provider, text};
use crate::db::DbError;
use crate::login::visit::Visit;
use crate::samlp::keep_message;

/// What is needed again when the answer comes: nothing, beyond what every journey keeps.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {}

/// A connection.
#[derive(Debug, Clone)]
struct WsFed {
    /// Where browsers are sent.
    endpoint: String,
    /// What we call ourselves there.
    realm: String,
    /// What the other side calls itself, where that is known.
    issuer: Option<String>,
    trust: Trust,
    sha1: Sha1,
    weak_ciphers: WeakCiphers,
    /// Where tokens may say that they go.
    destinations: [String; 2],
    fields: FieldsMap,
}

/// Whose tokens count.
#[derive(Debug, Clone)]
enum Trust {
    /// Those of the certificates that metadata or an administrator has given.
    Keys(Vec<PublicKey>),
    /// Where there are none, those whose certificate has one of these thumbprints.
    Thumbprints(Vec<Thumbprint>),
}

impl WsFed {
    /// Reads the options.
    fn read(visit: &Visit, connection: &Connection, options: &Map<String, Value>) -> Result<Self, Failed> {
        let endpoint = text(options, "signInEndpoint").ok_or_else(|| {
            let why = "the connection has no signInEndpoint; set it, or give the federation metadata of the \
                       service (adfs_server or fedMetadataXml)";
            Failed::Settings(why.to_owned())
        })?;
        if !may_be_visited(visit, endpoint) {
            return Err(Failed::Settings("the signInEndpoint is not reached over https".to_owned()));
        }
        Ok(Self {
            endpoint: endpoint.to_owned(),
            realm: realm(visit, connection, options)?,
            issuer: text(options, identity_provider::ENTITY_ID).map(str::to_owned),
            trust: Trust::read(options)?,
            sha1: sha1(options),
            weak_ciphers: weak_ciphers(options),
            destinations: [callback_of(visit), named_callback(visit, connection)],
            fields: FieldsMap::with(
                options.get("fieldsMap").and_then(Value::as_object),
                text(options, "user_id_attribute"),
            ),
        })
    }
}

/// What we call ourselves: what Microsoft calls us, where it has given us an id.
fn realm(visit: &Visit, connection: &Connection, options: &Map<String, Value>) -> Result<String, Failed> {
    if connection.served() == Some(Strategy::AzureAd) && connection.option("entityId").is_none() {
        return Ok(format!("spn:{}", client_id(options)?));
    }
    Ok(entity_id(&visit.tenant.stored.name, connection))
}

impl Trust {
    fn read(options: &Map<String, Value>) -> Result<Self, Failed> {
        let refused = |why: String| Failed::Settings(format!("the thumbprints of the connection: {why}"));
        let has_certificate = ["signingCert", "cert"].into_iter().any(|name| text(options, name).is_some());
        if !has_certificate {
            let found = identity_provider::thumbprints(options).map_err(refused)?;
            if !found.is_empty() {
                return Ok(Self::Thumbprints(found));
            }
        }
        keys(options).map(Self::Keys)
    }

    fn trusted(&self) -> Trusted<'_> {
        match self {
            Self::Keys(keys) => Trusted::Keys(keys),
            Self::Thumbprints(thumbprints) => Trusted::Thumbprints(thumbprints),
        }
    }
}

/// Where the browser goes.
pub(super) async fn begin(out: &Outbound<'_>) -> Result<(Kept, String), Failed> {
    let Outbound { visit, connection, options, .. } = out;
    let wsfed = if text(options, "signInEndpoint").is_some() {
        refresh::when_old(visit, connection);
        WsFed::read(visit, connection, options)?
    } else {
        let options = refresh::first(visit, connection, options.clone()).await?;
        WsFed::read(visit, connection, &options)?
    };
    let request = SignIn {
        endpoint: &wsfed.endpoint,
        realm: &wsfed.realm,
        reply: &out.callback(),
        context: &out.state,
        fresh: out.is_forced().then_some(0),
        more: &more(out),
    };
    Ok((Kept {}, request.address()))
}

/// Who came back.
pub(super) async fn finish(back: Inbound<'_>, _: Kept) -> Result<Profile, Failed> {
    let Inbound { visit, connection, options, parameters } = back;
    let untrusted = |why: &str| Failed::Untrusted(why.to_owned());
    if !visit.is_post() {
        return Err(untrusted("an answer of WS-Federation came by another way than a form"));
    }
    if parameters.value("wa") != Some("wsignin1.0") {
        return Err(untrusted("the parameter wa of the answer is not wsignin1.0"));
    }
    let xml = parameters.value("wresult").ok_or_else(|| untrusted("the answer has no wresult"))?;
    if flag(&options, "debug") == Some(true) {
        let entry = of(visit, connection, "An answer of WS-Federation");
        keep_message(visit, entry, ("wresult", xml)).await;
    }
    let options = refresh::in_time(visit, connection, options).await?;
    let wsfed = WsFed::read(visit, connection, &options)?;
    let own = OwnKeys::of(visit, &options).await?;
    let judged = judge(visit, (&wsfed, &own), xml).await?;
    let (accepted, wsfed) = match judged {
        Ok(accepted) => (accepted, wsfed),
        // It may have a new key.
        Err(error) if error.untrusted().is_some() => {
            let Some(options) = refresh::now(visit, connection, options.clone()).await? else {
                return Err(refused(&error, &options));
            };
            let wsfed = WsFed::read(visit, connection, &options)?;
            let judged = judge(visit, (&wsfed, &own), xml).await?;
            (judged.map_err(|error| refused(&error, &options))?, wsfed)
        }
        Err(error) => return Err(refused(&error, &options)),
    };
    if accepted.weak {
        warn(visit, connection, "The identity provider signs with SHA-1, which its connection allows").await;
    }
    let Accepted { token, .. } = accepted;
    if !use_up(visit, connection, (&token.assertion_id, token.remember_until)).await? {
        return Err(untrusted("the token was used before"));
    }
    profile(&wsfed, token)
}

fn refused(error: &TokenError, options: &Map<String, Value>) -> Failed {
    Failed::Untrusted(strangers::reason(error, error.untrusted(), options))
}

/// Asks the judge, on a thread that may take its time: what comes may be large, and opening it costs a private key.
async fn judge(
    visit: &Visit,
    (wsfed, own): (&WsFed, &OwnKeys),
    xml: &str,
) -> Result<Result<Accepted, TokenError>, Failed> {
    let (wsfed, decryptors): (WsFed, Vec<PrivateKey>) = (wsfed.clone(), own.decryptors.clone());
    let (xml, now) = (xml.to_owned(), visit.app.clock.now());
    let work = tokio::task::spawn_blocking(move || {
        let expected = Expected {
            trusted: wsfed.trust.trusted(),
            sha1: wsfed.sha1,
            decryptors: &decryptors,
            weak_ciphers: wsfed.weak_ciphers,
            issuer: wsfed.issuer.as_deref(),
            realm: &wsfed.realm,
            destinations: &[&wsfed.destinations[0], &wsfed.destinations[1]],
            now,
        };
        consume::consume(&xml, &expected)
    });
    work.await.map_err(|error| Failed::Internal(error.to_string()))
}

fn profile(wsfed: &WsFed, token: Token) -> Result<Profile, Failed> {
    let Token { issuer, name, attributes, .. } = token;
    let (user_id, members) = wsfed.fields.map(&attributes, name.as_ref().map(|own| own.value.as_str()));
    let user_id = user_id.ok_or_else(|| {
        Failed::Untrusted("the token has nothing that the user_id could be taken from".to_owned())
    })?;
    let (name, format) = name.map_or((None, None), |own| (Some(own.value), own.format));
    let mut said = Map::new();
    said.insert("issuer".to_owned(), json!(issuer));
    said.insert("nameId".to_owned(), json!({ "value": name, "format": format }));
    said.insert("attributes".to_owned(), json!(attributes));
    let name = name.unwrap_or_else(|| user_id.clone());
    let session = UpstreamSession { issuer, name, format, session_index: None };
    Ok(Profile { user_id, members, said, session: Some(session) })
}

/// Where the session ends that a service of this connection has; none if it is not asked in WS-Federation. The browser
/// comes back to `reply` where the service knows that.
pub async fn sign_out(
    visit: &Visit,
    connection_id: &str,
    reply: Option<&str>,
) -> Result<Option<String>, DbError> {
    let found = connections::sql::find(&visit.app.db, visit.tenant.id(), connection_id).await?;
    let found = found.filter(Connection::speaks_wsfed);
    let endpoint = found.as_ref().and_then(|own| own.option("signInEndpoint"));
    let endpoint = endpoint.filter(|endpoint| may_be_visited(visit, endpoint));
    Ok(endpoint.map(|endpoint| request::sign_out(endpoint, reply)))
}
