//! What the options of a connection of SAML or WS-Federation say of the other side: its addresses, its certificates, and
//! what can be told of them. Metadata that is pasted or named by an address fills them in.
//!
//! What is derived is derived anew with each change, whatever was sent. Must never keep a certificate that cannot be
//! read, nor fetch an address that an administrator may not reach.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PrivateKey;
use chancery_saml::sp::idp_metadata::IdpMetadata;
use chancery_saml::{HTTP_POST, HTTP_REDIRECT};
use chancery_wsfed::rp::metadata::StsMetadata;
use chancery_wsfed::rp::trust::Thumbprint;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Strategy, text, upstream};
use crate::app::App;
use crate::clock;
use crate::http::outgoing::Ask;
use crate::management::ApiError;
use crate::pasted;
use crate::tenants::Tenant;

/// What the identity provider calls itself, where its metadata has told it.
pub const ENTITY_ID: &str = "idp_entity_id";

/// Until when its metadata counts, where that says so.
pub const VALID_UNTIL: &str = "idp_metadata_valid_until";

/// How logouts travel, where its metadata wants it otherwise than logins.
pub const SIGN_OUT_BINDING: &str = "signOutBinding";
/// Where answers to its logouts go, where that is not where requests go.
pub const SIGN_OUT_RESPONSES: &str = "signOutResponseEndpoint";

/// What metadata fills in, and what is derived of it.
const FILLED: [&str; 10] = [
    "signInEndpoint",
    "signingCert",
    "cert",
    "thumbprints",
    "expires",
    "subject",
    ENTITY_ID,
    VALID_UNTIL,
    SIGN_OUT_BINDING,
    SIGN_OUT_RESPONSES,
];

/// What the other side publishes of itself.
#[derive(Debug)]
pub enum Published {
    /// An identity provider of SAML 2.0.
    Saml(IdpMetadata),
    /// A service that issues tokens by WS-Federation.
    WsFederation(StsMetadata),
}

impl Published {
    fn read(strategy: Option<Strategy>, xml: &str, now: Timestamp) -> Result<Self, String> {
        if strategy == Some(Strategy::Samlp) {
            return IdpMetadata::read(xml, now).map(Self::Saml).map_err(|error| error.to_string());
        }
        StsMetadata::read(xml, now).map(Self::WsFederation).map_err(|error| error.to_string())
    }
}

/// Where the metadata is published that options of this strategy are filled from; none if they do not say.
pub fn address(strategy: Option<Strategy>, options: &Map<String, Value>) -> Option<String> {
    const PLACE: &str = "/FederationMetadata/2007-06/FederationMetadata.xml";
    match strategy? {
        Strategy::Samlp => text(options, "metadataUrl").map(str::to_owned),
        Strategy::Adfs => {
            let server = text(options, "adfs_server")?;
            let Some((_, rest)) = server.split_once("://") else {
                return Some(format!("https://{}{PLACE}", server.trim_end_matches('/')));
            };
            // An address without a path names the server.
            let is_server = !rest.trim_end_matches('/').contains(['/', '?']);
            Some(if is_server {
                format!("{}{PLACE}", server.trim_end_matches('/'))
            } else {
                server.to_owned()
            })
        }
        Strategy::AzureAd if upstream::wants_wsfed(options) => {
            let directory = text(options, "tenantId").or_else(|| text(options, "tenant_domain"))?;
            let is_name = directory.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
            is_name.then(|| format!("https://login.microsoftonline.com/{directory}{PLACE}"))
        }
        Strategy::Database
        | Strategy::Oidc
        | Strategy::Okta
        | Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::AzureAd
        | Strategy::Apple
        | Strategy::OAuth2 => None,
    }
}

/// Settles the options of a request, if they are those of a connection that metadata describes. `known` is where its
/// metadata was until now. That of SAML is fetched, but not for each change: it is followed anyway. That of others is
/// fetched when somebody first signs in.
pub(super) async fn settle(
    app: &App,
    tenant: &Tenant,
    (strategy, known): (&str, Option<&str>),
    body: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let strategy = Strategy::named(strategy);
    let (xml, url) = match strategy {
        Some(Strategy::Samlp) => ("metadataXml", "metadataUrl"),
        Some(Strategy::Adfs) => ("fedMetadataXml", "adfs_server"),
        _ => return Ok(()),
    };
    let Some(options) = body.get_mut("options").and_then(Value::as_object_mut) else { return Ok(()) };
    let refused = |name: &str, why: String| ApiError::Body(format!("options.{name} cannot be used: {why}."));
    let pasted = text(options, xml).map(str::to_owned);
    // It is taken apart, not kept.
    options.shift_remove(xml);
    match (pasted, text(options, url).map(str::to_owned)) {
        (Some(_), Some(_)) => {
            return Err(ApiError::Body(format!("Send options.{url} or options.{xml}, not both.")));
        }
        (Some(pasted), None) => {
            let read = Published::read(strategy, &pasted, app.clock.now());
            fill(options, &read.map_err(|why| refused(xml, why))?);
        }
        (None, Some(place)) if strategy == Some(Strategy::Adfs) => {
            if known.is_some_and(|known| known != place) {
                // What another server has said.
                options.retain(|name, _| !FILLED.contains(&name.as_str()));
            }
        }
        (None, Some(place)) if Some(place.as_str()) == known && options.contains_key("signingCert") => {}
        (None, Some(place)) => {
            let read = fetch(app, tenant, (strategy, &place)).await;
            fill(options, &read.map_err(|why| refused(url, why))?);
        }
        (None, None) => {}
    }
    if strategy == Some(Strategy::Adfs) && certificates(options).is_ok_and(|found| found.is_empty()) {
        // Thumbprints stand for themselves where there is no certificate that they could be derived of.
        return thumbprints(options).map(drop).map_err(|why| refused("thumbprints", why));
    }
    derive(options).map_err(|(name, why)| refused(name, why))
}

/// Fetches the metadata at an address.
pub async fn fetch(
    app: &App,
    tenant: &Tenant,
    (strategy, url): (Option<Strategy>, &str),
) -> Result<Published, String> {
    let private = app.outgoing.may_be_private(&tenant.stored.canonical);
    let ask = Ask { url: url.to_owned(), form: None, headers: Vec::new() };
    let reply = app.outgoing.fetch(&ask, private).await.map_err(|error| error.to_string())?;
    if reply.status.as_u16() != 200 {
        return Err(format!("it answered {}, expected 200", reply.status.as_u16()));
    }
    let xml = std::str::from_utf8(&reply.body).map_err(|_| "it is not UTF-8".to_owned())?;
    Published::read(strategy, xml, app.clock.now())
}

/// Takes over what metadata says. How requests travel and whether they are signed is the administrator's choice, where
/// one was made.
pub fn fill(options: &mut Map<String, Value>, published: &Published) {
    let (entity_id, certificates, valid_until) = match published {
        Published::Saml(metadata) => {
            fill_saml(options, metadata);
            (&metadata.entity_id, &metadata.certificates, metadata.valid_until)
        }
        Published::WsFederation(metadata) => {
            options.insert("signInEndpoint".to_owned(), json!(metadata.endpoint));
            (&metadata.entity_id, &metadata.certificates, metadata.valid_until)
        }
    };
    match valid_until {
        Some(until) => options.insert(VALID_UNTIL.to_owned(), json!(clock::wire(until))),
        None => options.shift_remove(VALID_UNTIL),
    };
    options.insert("signingCert".to_owned(), json!(STANDARD.encode(bundle(certificates))));
    options.insert(ENTITY_ID.to_owned(), json!(entity_id));
}

fn fill_saml(options: &mut Map<String, Value>, metadata: &IdpMetadata) {
    let IdpMetadata { sign_in_redirect, sign_in_post, sign_out_redirect, sign_out_post, .. } = metadata;
    let wants_form = options.get("protocolBinding").and_then(Value::as_str) == Some(HTTP_POST);
    let by_form = sign_in_redirect.is_none() || wants_form && sign_in_post.is_some();
    let sign_in = if by_form { sign_in_post } else { sign_in_redirect };
    if by_form || wants_form {
        // Where the other one was chosen, nobody listens.
        let binding = if by_form { HTTP_POST } else { HTTP_REDIRECT };
        options.insert("protocolBinding".to_owned(), json!(binding));
    }
    options.insert("signInEndpoint".to_owned(), json!(sign_in));
    let (same, other) =
        if by_form { (sign_out_post, sign_out_redirect) } else { (sign_out_redirect, sign_out_post) };
    let sign_out = same.as_ref().or(other.as_ref());
    let binding = if by_form { HTTP_REDIRECT } else { HTTP_POST };
    let binding = sign_out.filter(|_| same.is_none()).map(|_| binding.to_owned());
    for (name, value) in [
        ("signOutEndpoint", sign_out.map(|sign_out| sign_out.location.clone())),
        (SIGN_OUT_RESPONSES, sign_out.and_then(|sign_out| sign_out.responses.clone())),
        (SIGN_OUT_BINDING, binding),
    ] {
        match value {
            Some(value) => options.insert(name.to_owned(), json!(value)),
            None => options.shift_remove(name),
        };
    }
    options.entry("signSAMLRequest").or_insert(metadata.wants_signed_requests.into());
}

/// The thumbprints of certificates that options name, the former ones included; none if they name none.
pub fn thumbprints(options: &Map<String, Value>) -> Result<Vec<Thumbprint>, String> {
    let lists = ["thumbprints", "prev_thumbprints"].into_iter().filter_map(|name| options.get(name));
    let all = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let read = |text: &str| {
        let why = || format!("{text:?} is no SHA-1 or SHA-256 of a certificate in hexadecimal");
        Thumbprint::read(text).ok_or_else(why)
    };
    all.map(read).collect()
}

fn bundle(certificates: &[Certificate]) -> String {
    certificates.iter().map(|one| one.to_pem() + "\n").collect()
}

/// Derives what is told of the certificates; the error names the option that is wrong.
pub fn derive(options: &mut Map<String, Value>) -> Result<(), (&'static str, String)> {
    for name in ["signing_key", "decryptionKey"] {
        let Some(own) = options.get(name).filter(|own| !own.is_null()) else { continue };
        private(own).map_err(|why| (name, why))?;
    }
    let found = certificates(options)?;
    for name in ["cert", "thumbprints", "expires", "subject"] {
        options.shift_remove(name);
    }
    if found.is_empty() {
        return Ok(());
    }
    options.insert("cert".to_owned(), json!(bundle(&found)));
    let thumbprints: Vec<String> = found.iter().map(|one| one.thumbprint().to_ascii_lowercase()).collect();
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
        let Some(text) = text(options, name) else { continue };
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
