//! An application as SAML needs it: its callbacks and its add-on `samlp`, with their defaults.
//!
//! Must never take a certificate for granted: one that cannot be read makes the application unusable, never unsigned.

use std::sync::Arc;

use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::PublicKey;
use chancery_saml::HTTP_POST;
use chancery_saml::idp::claims::Mapping;
use chancery_saml::idp::{Encryption, Logout, Party, SignatureTrust};
use chancery_xmldsig::verify::Sha1;
use serde_json::{Map, Value};

use super::{Application, secrets, sql};
use crate::app::App;
use crate::management::ApiError;
use crate::pasted;
use crate::tenants::TenantId;

/// Where an application has a certificate to encrypt for that all of its protocols share.
pub(super) const ENCRYPTION_KEY: &str = "encryption_key.cert";

/// An application that has the add-on.
#[derive(Debug)]
pub enum SamlParty {
    /// It can be used.
    Usable {
        /// What it is set to.
        party: Box<Party>,
        /// Whether its answers are written to the log, for whoever sets it up (`debug`).
        debug: bool,
    },
    /// Its settings cannot be used; the text says which, and what to do.
    Unusable(String),
}

/// The application with this `client_id`, as SAML sees it; none if it does not exist or has no such add-on.
pub async fn load(app: &Arc<App>, tenant: &TenantId, client_id: &str) -> Result<Option<SamlParty>, ApiError> {
    let found = sql::find_any(&app.db, tenant, client_id).await?;
    let Some(application) = found.filter(|application| !application.is_global) else { return Ok(None) };
    let addons = secrets::open_addons(app, tenant, &application)?;
    let Some(addon) = addons.as_ref().and_then(|addons| addons.get("samlp")).and_then(Value::as_object)
    else {
        return Ok(None);
    };
    Ok(Some(match translate(&application, addon) {
        Ok(party) => SamlParty::Usable {
            party: Box::new(party),
            debug: addon.get("debug") == Some(&Value::Bool(true)),
        },
        Err(why) => SamlParty::Unusable(why),
    }))
}

/// A setting that makes an add-on unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The member of the add-on; or, for what the application holds beside its add-ons, the path of that.
    pub member: &'static str,
    /// What is wrong with it, and what is expected.
    pub why: String,
}

/// Reads the add-on.
pub(super) fn translate(application: &Application, addon: &Map<String, Value>) -> Result<Party, String> {
    let unusable =
        |Fault { member, why }| format!("The setting {member} of the add-on cannot be used. {why}.");
    read(&application.document, addon).map_err(unusable)
}

/// What would make the add-on unusable, or would not do what it says.
pub(super) fn judge(document: &Map<String, Value>, addon: &Map<String, Value>) -> Result<(), Fault> {
    let party = read(document, addon)?;
    let wants = addon.get("encryptionAlgorithm").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    if wants && party.encryption.is_none() {
        // What is sent in the clear because of it looks like what was meant to be sent.
        let why = "There is no certificate to encrypt for: set encryptionCert as well, or leave this out";
        return Err(Fault { member: "encryptionAlgorithm", why: why.to_owned() });
    }
    Ok(())
}

fn read(document: &Map<String, Value>, addon: &Map<String, Value>) -> Result<Party, Fault> {
    let own = |name: &str| addon.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = |name: &str| own(name).map(str::to_owned);
    let flag = |name: &str, otherwise: bool| addon.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let callbacks = document.get("callbacks").and_then(Value::as_array);
    let callbacks = callbacks.into_iter().flatten().filter_map(Value::as_str);
    // The template of the protocol's settings is stored with placeholders in it by no client: what has a star is a
    // pattern, and an assertion goes to an address.
    let callbacks: Vec<String> = callbacks.filter(|url| !url.contains('*')).map(str::to_owned).collect();
    let lifetime = addon.get("lifetimeInSeconds").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
    let usual = Party::default();
    Ok(Party {
        callbacks,
        audience: text("audience"),
        recipient: text("recipient"),
        destination: text("destination"),
        issuer: text("issuer"),
        mapping: mapping(addon),
        lifetime: lifetime.unwrap_or(usual.lifetime),
        sign_response: flag("signResponse", usual.sign_response),
        name_id_format: text("nameIdentifierFormat").unwrap_or(usual.name_id_format),
        name_id_probes: probes(addon).unwrap_or(usual.name_id_probes),
        authn_context: text("authnContextClassRef").unwrap_or(usual.authn_context),
        typed_attributes: flag("typedAttributes", usual.typed_attributes),
        attribute_name_formats: flag("includeAttributeNameFormat", usual.attribute_name_formats),
        logout: logout(addon),
        requests: requests(addon)?,
        encryption: encryption(document, addon)?,
    })
}

/// A certificate that was pasted, if its key can be used.
fn certificate(text: &str, member: &'static str) -> Result<(Certificate, PublicKey), Fault> {
    let read = pasted::certificate(text).and_then(|certificate| match certificate.public_key() {
        Ok(key) => Ok((certificate, key)),
        Err(error) => Err(error.to_string()),
    });
    read.map_err(|why| Fault {
        member,
        why: format!("Expected the certificate of the partner in PEM: {why}"),
    })
}

fn requests(addon: &Map<String, Value>) -> Result<Option<SignatureTrust>, Fault> {
    let own = |name: &str| addon.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let Some(text) = own("signingCert") else { return Ok(None) };
    let (_, key) = certificate(text, "signingCert")?;
    // Clients digest with SHA-1 unless they are told otherwise; signing with it has to be allowed.
    let sha1 = if own("signatureAlgorithm") == Some("rsa-sha1") { Sha1::Allowed } else { Sha1::Digests };
    Ok(Some(SignatureTrust { keys: vec![key], sha1 }))
}

fn probes(addon: &Map<String, Value>) -> Option<Vec<String>> {
    let own = addon.get("nameIdentifierProbes").and_then(Value::as_array).into_iter().flatten();
    let own: Vec<String> = own.filter_map(|probe| probe.as_str().map(str::to_owned)).collect();
    (!own.is_empty()).then_some(own)
}

fn mapping(addon: &Map<String, Value>) -> Mapping {
    let flag = |name: &str, otherwise: bool| addon.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let names = |value: &Value| match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    let own = addon.get("mappings").and_then(Value::as_object).filter(|own| !own.is_empty());
    Mapping {
        mappings: own.map(|own| own.iter().map(|(member, value)| (member.clone(), names(value))).collect()),
        create_upn: flag("createUpnClaim", true),
        pass_through: flag("passthroughClaimsWithNoMapping", true),
        unknown_as_is: flag("mapUnknownClaimsAsIs", false),
        identities: flag("mapIdentities", true),
    }
}

fn logout(addon: &Map<String, Value>) -> Logout {
    let setting = addon.get("logout");
    let callback = setting.and_then(|setting| setting.get("callback")).and_then(Value::as_str);
    let callback = callback.filter(|url| !url.is_empty()).map(str::to_owned);
    let enabled = setting.and_then(|setting| setting.get("slo_enabled")) == Some(&Value::Bool(true));
    let binding = addon.get("binding").and_then(Value::as_str);
    let by_form = binding.is_some_and(|name| [HTTP_POST, "HTTP-POST"].contains(&name));
    Logout { enabled: enabled && callback.is_some(), callback, by_form }
}

fn encryption(
    document: &Map<String, Value>,
    addon: &Map<String, Value>,
) -> Result<Option<Encryption>, Fault> {
    let text = |name: &str| addon.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let of_client = || {
        let cert = document.get("encryption_key").and_then(|key| key.get("cert")).and_then(Value::as_str);
        cert.filter(|text| !text.is_empty()).map(|text| (text, ENCRYPTION_KEY))
    };
    let own = text("encryptionCert").map(|text| (text, "encryptionCert"));
    let Some((pem, member)) = own.or_else(of_client) else { return Ok(None) };
    let (certificate, _) = certificate(pem, member)?;
    let cipher = match text("encryptionAlgorithm") {
        None => Cipher::Aes256Gcm,
        Some(name) => cipher(name).ok_or_else(|| {
            let name: String = name.chars().take(100).collect();
            let why = format!("Expected aes128-gcm, aes256-gcm, aes128-cbc or aes256-cbc, found: {name}");
            Fault { member: "encryptionAlgorithm", why }
        })?,
    };
    Ok(Some(Encryption { certificate, cipher }))
}

/// A cipher by its URI, or by the end of it.
fn cipher(name: &str) -> Option<Cipher> {
    [Cipher::Aes128Gcm, Cipher::Aes192Gcm, Cipher::Aes256Gcm, Cipher::Aes128Cbc, Cipher::Aes256Cbc]
        .into_iter()
        .find(|cipher| {
            let uri = chancery_xmldsig::encrypt::uri(*cipher);
            uri == name || uri.rsplit_once('#').is_some_and(|(_, end)| end == name)
        })
}
