//! From the options of a SAML connection to what the protocol relies on: the one door, with every default.
//!
//! Must never leave out a check because an option is missing: what a check needs is there, or nobody signs in.

use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::PublicKey;
use chancery_saml::HTTP_POST;
use chancery_saml::sp::consume::WeakCiphers;
use chancery_saml::sp::profile::FieldsMap;
use chancery_xmldsig::encrypt;
use chancery_xmldsig::verify::Sha1;
use serde_json::{Map, Value};

use super::{entity_id, flag};
use crate::connections::{Connection, identity_provider, text};
use crate::federation::oidc::may_be_visited;
use crate::federation::{Failed, named_callback};
use crate::login::visit::Visit;

/// A SAML connection.
#[derive(Debug, Clone)]
pub(super) struct Saml {
    /// Where requests go.
    pub(super) sign_in: String,
    /// Whether messages travel by form.
    pub(super) by_form: bool,
    /// Whether redirections are deflated, and carry their signature beside the message.
    pub(super) deflated: bool,
    /// Whether requests are signed.
    pub(super) signed: bool,
    /// What an administrator has written instead of the usual request.
    pub(super) template: Option<String>,
    /// What we call ourselves there.
    pub(super) entity_id: String,
    /// What the other side calls itself, where that is known.
    pub(super) issuer: Option<String>,
    /// Its keys.
    pub(super) keys: Vec<PublicKey>,
    pub(super) sha1: Sha1,
    pub(super) weak_ciphers: WeakCiphers,
    /// What answers may be made out to, the usual address first.
    pub(super) destinations: Vec<String>,
    pub(super) fields: FieldsMap,
}

impl Saml {
    /// Reads the options.
    pub(super) fn of(
        visit: &Visit,
        connection: &Connection,
        options: &Map<String, Value>,
    ) -> Result<Self, Failed> {
        let missing = |name: &str| {
            Failed::Settings(format!(
                "the connection has no {name}; set it, or give the metadata of the identity provider"
            ))
        };
        let sign_in = text(options, "signInEndpoint").ok_or_else(|| missing("signInEndpoint"))?;
        if !may_be_visited(visit, sign_in) {
            return Err(Failed::Settings("the signInEndpoint is not reached over https".to_owned()));
        }
        let mut destinations = vec![named_callback(visit, connection)];
        let more = ["destinationUrl", "recipientUrl"].into_iter().filter_map(|name| text(options, name));
        destinations.extend(more.map(str::to_owned));
        Ok(Self {
            sign_in: sign_in.to_owned(),
            by_form: text(options, "protocolBinding") == Some(HTTP_POST),
            deflated: flag(options, "deflate") != Some(false),
            signed: flag(options, "signSAMLRequest").unwrap_or(false),
            template: text(options, "requestTemplate").map(str::to_owned),
            entity_id: entity_id(&visit.tenant.stored.name, connection),
            issuer: text(options, identity_provider::ENTITY_ID).map(str::to_owned),
            keys: keys(options)?,
            sha1: sha1(options),
            weak_ciphers: weak_ciphers(options),
            destinations,
            fields: FieldsMap::with(
                options.get("fieldsMap").and_then(Value::as_object),
                text(options, "user_id_attribute"),
            ),
        })
    }
}

/// The keys of the identity provider.
pub(in crate::federation) fn keys(options: &Map<String, Value>) -> Result<Vec<PublicKey>, Failed> {
    let refused = |name: &str, why: String| Failed::Settings(format!("the {name} of the connection: {why}"));
    let found = identity_provider::certificates(options).map_err(|(name, why)| refused(name, why))?;
    if found.is_empty() {
        let message =
            "the connection has no signingCert; set it, or give the metadata of the identity provider";
        return Err(Failed::Settings(message.to_owned()));
    }
    let keys = found.iter().map(chancery_crypto::certificate::Certificate::public_key);
    keys.collect::<Result<_, _>>().map_err(|error| refused("signingCert", error.to_string()))
}

/// Whoever chose SHA-1 for what they send to a partner has a partner that knows nothing newer.
pub(in crate::federation) fn sha1(options: &Map<String, Value>) -> Sha1 {
    if text(options, "signatureAlgorithm") == Some("rsa-sha1") {
        Sha1::Allowed
    } else if text(options, "digestAlgorithm") == Some("sha1") {
        Sha1::Digests
    } else {
        Sha1::Refused
    }
}

/// Without a word on it, the CBC modes count where nobody can use them as an oracle.
pub(in crate::federation) fn weak_ciphers(options: &Map<String, Value>) -> WeakCiphers {
    let Some(own) = options.get("assertion_decryption_settings").filter(|own| !own.is_null()) else {
        return WeakCiphers::InSigned;
    };
    let exceptions = own.get("algorithm_exceptions").and_then(Value::as_array).into_iter().flatten();
    let exceptions: Vec<&str> = exceptions.filter_map(Value::as_str).collect();
    let named = |cipher: Cipher| exceptions.contains(&encrypt::uri(cipher));
    WeakCiphers::Named { aes128: named(Cipher::Aes128Cbc), aes256: named(Cipher::Aes256Cbc) }
}
