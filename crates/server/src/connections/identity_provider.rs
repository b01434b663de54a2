//! What the options of a SAML connection say of its identity provider: its addresses, its certificates, and what can be
//! told of them. Metadata that is pasted or named by an address fills them in.
//!
//! What is derived is derived anew with each change, whatever was sent. Must never keep a certificate that cannot be
//! read, nor fetch an address that an administrator may not reach.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PrivateKey;
use chancery_saml::HTTP_POST;
use chancery_saml::sp::idp_metadata::IdpMetadata;
use serde_json::{Map, Value, json};

use super::Strategy;
use crate::app::App;
use crate::clock;
use crate::http::outgoing::Ask;
use crate::management::ApiError;
use crate::pasted;
use crate::tenants::Tenant;

/// What the identity provider calls itself, where its metadata has told it.
pub const ENTITY_ID: &str = "idp_entity_id";

/// Settles the options of a request, if they are those of a SAML connection. Metadata at an address that is `known` is
/// followed anyway, and not fetched for each change.
pub(super) async fn settle(
    app: &App,
    tenant: &Tenant,
    (strategy, known): (&str, Option<&str>),
    body: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    if Strategy::named(strategy) != Some(Strategy::Samlp) {
        return Ok(());
    }
    let Some(options) = body.get_mut("options").and_then(Value::as_object_mut) else { return Ok(()) };
    let refused = |name: &str, why: String| ApiError::Body(format!("options.{name} cannot be used: {why}."));
    let text = |options: &Map<String, Value>, name: &str| {
        options.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let now = app.clock.now();
    let pasted = text(options, "metadataXml");
    // It is taken apart, not kept.
    options.shift_remove("metadataXml");
    match (pasted, text(options, "metadataUrl")) {
        (Some(_), Some(_)) => {
            let message = "Send options.metadataUrl or options.metadataXml, not both.";
            return Err(ApiError::Body(message.to_owned()));
        }
        (Some(xml), None) => {
            let read = IdpMetadata::read(&xml, now);
            fill(options, &read.map_err(|error| refused("metadataXml", error.to_string()))?);
        }
        (None, Some(url)) if Some(url.as_str()) == known && options.contains_key("signingCert") => {}
        (None, Some(url)) => {
            let read = fetch(app, tenant, &url).await;
            fill(options, &read.map_err(|why| refused("metadataUrl", why))?);
        }
        (None, None) => {}
    }
    derive(options).map_err(|(name, why)| refused(name, why))
}

/// Fetches the metadata at an address.
pub async fn fetch(app: &App, tenant: &Tenant, url: &str) -> Result<IdpMetadata, String> {
    let private = app.outgoing.may_be_private(&tenant.stored.canonical);
    let ask = Ask { url: url.to_owned(), form: None, headers: Vec::new() };
    let reply = app.outgoing.fetch(&ask, private).await.map_err(|error| error.to_string())?;
    if reply.status.as_u16() != 200 {
        return Err(format!("it answered {}, expected 200", reply.status.as_u16()));
    }
    let xml = std::str::from_utf8(&reply.body).map_err(|_| "it is not UTF-8".to_owned())?;
    IdpMetadata::read(xml, app.clock.now()).map_err(|error| error.to_string())
}

/// Takes over what metadata says. How requests travel and whether they are signed is the administrator's choice, where
/// one was made.
pub fn fill(options: &mut Map<String, Value>, metadata: &IdpMetadata) {
    let IdpMetadata { sign_in_redirect, sign_in_post, sign_out, certificates, .. } = metadata;
    let wants_form = options.get("protocolBinding").and_then(Value::as_str) == Some(HTTP_POST);
    let by_form = sign_in_redirect.is_none() || wants_form && sign_in_post.is_some();
    let sign_in = if by_form { sign_in_post } else { sign_in_redirect };
    if by_form {
        options.insert("protocolBinding".to_owned(), json!(HTTP_POST));
    }
    options.insert("signInEndpoint".to_owned(), json!(sign_in));
    match sign_out {
        Some(url) => options.insert("signOutEndpoint".to_owned(), json!(url)),
        None => options.shift_remove("signOutEndpoint"),
    };
    options.entry("signSAMLRequest").or_insert(metadata.wants_signed_requests.into());
    options.insert("signingCert".to_owned(), json!(STANDARD.encode(bundle(certificates))));
    options.insert(ENTITY_ID.to_owned(), json!(metadata.entity_id));
}

fn bundle(certificates: &[Certificate]) -> String {
    certificates.iter().map(|one| one.to_pem() + "\n").collect()
}

/// Derives what is told of the certificates; the error names the option that is wrong.
pub fn derive(options: &mut Map<String, Value>) -> Result<(), (&'static str, String)> {
    for name in ["signing_key", "decryptionKey"] {
        let Some(own) = options.get(name).filter(|own| !own.is_null()) else { continue };
        private(own)
            .map_err(|why| (if name == "signing_key" { "signing_key" } else { "decryptionKey" }, why))?;
    }
    let found = certificates(options)?;
    for name in ["cert", "thumbprints", "expires", "subject"] {
        options.shift_remove(name);
    }
    if found.is_empty() {
        return Ok(());
    }
    options.insert("cert".to_owned(), json!(bundle(&found)));
    let thumbprints: Vec<String> =
        found.iter().map(|one| one.sha1().iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    options.insert("thumbprints".to_owned(), json!(thumbprints));
    let first = found.iter().min_by_key(|one| one.not_after());
    if let Some(first) = first {
        options.insert("expires".to_owned(), json!(clock::wire(first.not_after())));
        options.insert("subject".to_owned(), json!({ "commonName": first.common_name() }));
    }
    Ok(())
}

/// The certificates of the identity provider; none if the options have none.
pub fn certificates(options: &Map<String, Value>) -> Result<Vec<Certificate>, (&'static str, String)> {
    for name in ["signingCert", "cert"] {
        let text = options.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let Some(text) = text else { continue };
        let found = pasted::certificates(text).map_err(|why| (name, why))?;
        for one in &found {
            one.public_key().map_err(|error| (name, error.to_string()))?;
        }
        return Ok(found);
    }
    Ok(Vec::new())
}

/// The private key of an option, and the certificate that goes with it, if there is one.
pub fn private(own: &Value) -> Result<(PrivateKey, Option<Certificate>), String> {
    let key = own.as_str().or_else(|| own.get("key").and_then(Value::as_str));
    let key = pasted::private_key(key.ok_or("expected a private key in PEM")?)?;
    let certificate = own.get("cert").and_then(Value::as_str).filter(|text| !text.is_empty());
    let certificate = certificate.map(pasted::certificate).transpose()?;
    if let Some(certificate) = &certificate {
        let public = certificate.public_key().map_err(|error| error.to_string())?;
        if public != *key.public() {
            return Err("the certificate belongs to another key".to_owned());
        }
    }
    Ok((key, certificate))
}
