//! Signing in by OpenID Connect: a code through the browser, tokens behind its back, and the checks of the pure crate.
//!
//! Must never sign anybody in by what came through the browser alone.

use chancery_crypto::algorithm::Curve;
use chancery_crypto::{digest, ecdsa};
use chancery_jose::base64url;
use chancery_jose::jws;
use chancery_jose::jwt::Claims;
use chancery_oauth::upstream::assertion::{self, Assertion};
use chancery_oauth::upstream::id_token::{self, Expected, IdTokenError};
use chancery_oauth::upstream::{
    Answer, Asking, Authentication, Exchange, ExchangeError, KeysError, Metadata, Tokens, claims_of, mapped,
    userinfo,
};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::memory::{self, fetch};
use super::settings::{Mapping, OpenId, more, with_wanted};
use super::{Failed, Inbound, Outbound, Profile};
use crate::connection_keys::own;
use crate::connections::{Connection, Strategy, text};
use crate::entropy::Entropy;
use crate::http::outgoing::Ask;
use crate::login::under_way::Step;
use crate::login::visit::Visit;
use crate::users::PROFILE;

/// Characters of nonces and verifiers: 256 bits.
const TEXT: usize = 43;

/// What is needed again when the answer comes.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Who was asked; whoever is set up meanwhile may not answer instead.
    issuer: String,
    nonce: String,
    verifier: Option<String>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({})", self.issuer)
    }
}

/// A verifier and its challenge (RFC 7636).
pub(super) fn proof_key(entropy: &dyn Entropy) -> (String, String) {
    let verifier = entropy.url_safe(TEXT);
    let challenge = base64url::encode(&digest::sha256(verifier.as_bytes()));
    (verifier, challenge)
}

/// Whether a browser may be sent to an address: over TLS, or on a developer's own machine.
pub(super) fn may_be_visited(visit: &Visit, url: &str) -> bool {
    let private = visit.app.outgoing.may_be_private(&visit.tenant.stored.canonical);
    url.starts_with("https://") || (private && url.starts_with("http://"))
}

fn settings(connection: &Connection, options: &Map<String, Value>) -> Result<OpenId, Failed> {
    let strategy = connection.served().ok_or_else(|| Failed::not_served(connection))?;
    OpenId::of(strategy, options)
}

/// Where the browser goes.
pub(super) async fn begin(out: &Outbound<'_>) -> Result<(Kept, String), Failed> {
    let OpenId { client_id, source, scope, pkce, response_mode, .. } =
        settings(out.connection, &out.options)?;
    let metadata = memory::metadata(out.visit, source).await?;
    if !may_be_visited(out.visit, &metadata.authorization_endpoint) {
        return Err(Failed::Settings("the authorization endpoint is not reached over https".to_owned()));
    }
    let entropy = &*out.visit.app.entropy;
    let nonce = entropy.url_safe(TEXT);
    let proof = pkce.then(|| proof_key(entropy));
    let mut params = Vec::new();
    // The first one counts: what an application demands goes before what the connection says.
    if out.is_forced() {
        params.push(("prompt".to_owned(), "login".to_owned()));
    }
    params.extend(more(out));
    if let Some(hint) = out.login_hint() {
        params.push(("login_hint".to_owned(), hint.to_owned()));
    }
    if wants_choice(out) {
        params.push(("prompt".to_owned(), "select_account".to_owned()));
    }
    let to = Asking {
        endpoint: &metadata.authorization_endpoint,
        client_id: &client_id,
        redirect_uri: &out.callback(),
        scope: &with_wanted(&scope, out),
        state: &out.state,
        nonce: Some(&nonce),
        challenge: proof.as_ref().map(|(_, challenge)| challenge.as_str()),
        response_mode,
        more: params,
    };
    let to = to.url();
    let issuer = metadata.issuer.clone();
    Ok((Kept { issuer, nonce, verifier: proof.map(|(verifier, _)| verifier) }, to))
}

/// Whether the user is to choose an account at the provider.
fn wants_choice(out: &Outbound<'_>) -> bool {
    out.step.and_then(Step::request).is_some_and(|request| request.prompts.select_account)
}

/// Who came back.
pub(super) async fn finish(mut back: Inbound<'_>, kept: Kept) -> Result<Profile, Failed> {
    let own = settings(back.connection, &back.options)?;
    let OpenId { client_id, source, algorithms, subject, mapping, .. } = own;
    let metadata = memory::metadata(back.visit, source).await?;
    if metadata.issuer != kept.issuer {
        return Err(Failed::Untrusted("the issuer of the connection has changed meanwhile".to_owned()));
    }
    let named = back.parameters.take("user");
    let parameters = std::mem::take(&mut back.parameters);
    // Microsoft's common address answers in the name of a directory that is not known before.
    let issuer = metadata.issuer_for(None);
    let answer = Answer::read(parameters, issuer.as_deref(), metadata.names_issuer)?;
    let tokens = exchange(&back, (&metadata, &client_id), (&answer, &kept)).await?;
    let token = tokens.id_token.as_deref();
    let token = token.ok_or_else(|| Failed::Untrusted("the provider issued no ID token".to_owned()))?;
    let expected = Expected {
        metadata: &metadata,
        client_id: &client_id,
        nonce: &kept.nonce,
        algorithms: &algorithms,
        now: back.visit.app.clock.now(),
    };
    let claims = checked(back.visit, token, &expected).await?;
    let mut more = match (&metadata.userinfo_endpoint, &tokens.access_token) {
        (Some(url), Some(access)) => said(back.visit, (url, access), &claims).await?,
        _ => Map::new(),
    };
    if let (Some(Strategy::Apple), Some(named)) = (back.connection.served(), named) {
        more.extend(apple_name(&named));
    }
    let id = match subject {
        "sub" => claims.sub.clone(),
        other => claims.other.get(other).and_then(Value::as_str).map(str::to_owned),
    };
    let user_id = id.ok_or_else(|| Failed::Untrusted(format!("ID token: {subject} is missing")))?;
    let mut said = claims_of(&claims);
    said.extend(more.clone());
    Ok(Profile { user_id, members: members(&mapping, claims_of(&claims), more), said, session: None })
}

async fn exchange(
    back: &Inbound<'_>,
    (metadata, client_id): (&Metadata, &str),
    (answer, kept): (&Answer, &Kept),
) -> Result<Tokens, Failed> {
    let authentication = authentication(back, (metadata, client_id)).await?;
    let exchange = Exchange {
        client_id,
        authentication: &authentication,
        code: &answer.code,
        redirect_uri: &back.callback(),
        verifier: kept.verifier.as_deref(),
    };
    redeem(back.visit, &metadata.token_endpoint, &exchange, Vec::new()).await
}

/// Exchanges a code at a token endpoint.
pub(super) async fn redeem(
    visit: &Visit,
    url: &str,
    exchange: &Exchange<'_>,
    mut headers: Vec<(http::HeaderName, HeaderValue)>,
) -> Result<Tokens, Failed> {
    headers.push((header::ACCEPT, HeaderValue::from_static("application/json")));
    if let Some(authorization) = exchange.authorization() {
        headers.push((header::AUTHORIZATION, secret_header(&authorization)?));
    }
    let reply = fetch(visit, &Ask { url: url.to_owned(), form: Some(exchange.form()), headers }).await?;
    Tokens::read(reply.status.as_u16(), &reply.body).map_err(|error| match error {
        ExchangeError::Refused(said) => Failed::Refused(said),
        other @ (ExchangeError::Unreadable(_) | ExchangeError::Type) => {
            Failed::Unreachable(other.to_string())
        }
    })
}

/// A header that is not printed.
pub(super) fn secret_header(text: &str) -> Result<HeaderValue, Failed> {
    let value = HeaderValue::from_str(text);
    let mut value = value.map_err(|_| Failed::Unreachable("a token holds what no header can".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// How we prove who we are: as the options say, else as the provider wants it.
async fn authentication(
    back: &Inbound<'_>,
    (metadata, client_id): (&Metadata, &str),
) -> Result<Authentication, Failed> {
    let wanted = text(&back.options, "token_endpoint_auth_method");
    if wanted == Some("private_key_jwt") {
        return client_assertion(back, (metadata, client_id)).await;
    }
    if back.connection.served() == Some(Strategy::Apple) {
        return apple_secret(back);
    }
    let Some(secret) = text(&back.options, "client_secret").map(str::to_owned) else {
        return Ok(Authentication::None);
    };
    let supports = |name: &str| metadata.auth_methods.iter().any(|own| own == name);
    let basic = match wanted {
        Some(method) => method == "client_secret_basic",
        None => supports("client_secret_basic") && !supports("client_secret_post"),
    };
    Ok(if basic { Authentication::Basic(secret) } else { Authentication::Post(secret) })
}

/// An assertion that the connection's own current key signs.
async fn client_assertion(
    back: &Inbound<'_>,
    (metadata, client_id): (&Metadata, &str),
) -> Result<Authentication, Failed> {
    let (app, tenant) = (&back.visit.app, back.visit.tenant.id());
    let key = own::assertion_key(app, tenant, back.connection).await;
    let key = key.map_err(|error| Failed::Internal(error.to_string()))?.ok_or_else(|| {
        Failed::Settings(
            "private_key_jwt needs keys of the connection: POST /connections/{id}/keys".to_owned(),
        )
    })?;
    let audience = match text(&back.options, "token_endpoint_jwtca_aud_format") {
        Some("issuer") => &metadata.issuer,
        _ => &metadata.token_endpoint,
    };
    let jti = app.entropy.url_safe(TEXT);
    let claims = Assertion { client_id, audience, jti: &jti, now: app.clock.now() }.claims();
    let header = assertion::header(key.kid.as_str(), key.algorithm.name()).to_string();
    let input = jws::signing_input(&header, claims.to_string().as_bytes());
    // A signature takes too long for a thread that answers requests.
    let signed = tokio::task::spawn_blocking(move || {
        key.private.sign(key.algorithm, input.as_bytes()).map(|signature| jws::assemble(input, &signature))
    });
    let signed = signed.await.map_err(|error| Failed::Internal(error.to_string()))?;
    Ok(Authentication::Assertion(signed.map_err(|error| Failed::Internal(error.to_string()))?))
}

/// The secret for Apple, which is signed anew for each exchange with the key that Apple has issued.
fn apple_secret(back: &Inbound<'_>) -> Result<Authentication, Failed> {
    let named = |name: &str| {
        let found = text(&back.options, name);
        found.ok_or_else(|| Failed::Settings(format!("the connection has no {name}")))
    };
    let key = ecdsa::PrivateKey::from_pem(Curve::P256, named("app_secret")?);
    let key = key.map_err(|error| Failed::Settings(format!("app_secret: {error}")))?;
    let header = assertion::header(named("kid")?, key.algorithm().name()).to_string();
    let claims =
        assertion::apple_secret((named("team_id")?, named("client_id")?), back.visit.app.clock.now());
    let input = jws::signing_input(&header, claims.to_string().as_bytes());
    let signature = key.sign(input.as_bytes()).map_err(|error| Failed::Internal(error.to_string()))?;
    Ok(Authentication::Post(jws::assemble(input, &signature)))
}

/// Checks an ID token, with keys that are fetched again if it names one that is not among them.
async fn checked(visit: &Visit, token: &str, expected: &Expected<'_>) -> Result<Claims, Failed> {
    let url = &expected.metadata.jwks_uri;
    let keys = memory::keys(visit, url, false).await?;
    let first = id_token::check(token, &keys, expected);
    let outcome = match first {
        Err(IdTokenError::Key(KeysError::Unknown)) => {
            let keys = memory::keys(visit, url, true).await?;
            id_token::check(token, &keys, expected)
        }
        other => other,
    };
    outcome.map_err(|error| Failed::Untrusted(error.to_string()))
}

/// What the provider says beyond the ID token, of the same user.
async fn said(
    visit: &Visit,
    (url, access): (&str, &str),
    claims: &Claims,
) -> Result<Map<String, Value>, Failed> {
    let headers = vec![(header::AUTHORIZATION, secret_header(&format!("Bearer {access}"))?)];
    let reply = fetch(visit, &Ask { url: url.to_owned(), form: None, headers }).await?;
    if reply.status.as_u16() != 200 {
        return Err(Failed::Unreachable(format!("userinfo answered {}", reply.status.as_u16())));
    }
    userinfo(&reply.body, claims.sub.as_deref().or(Some("")))
        .map_err(|error| Failed::Untrusted(error.to_string()))
}

/// What is taken over of both.
fn members(mapping: &Mapping, token: Map<String, Value>, said: Map<String, Value>) -> Map<String, Value> {
    if let Mapping::Map(map) = mapping {
        return mapped(map, (&token, &said));
    }
    let mut members = token;
    for (name, value) in said {
        members.entry(name).or_insert(value);
    }
    let verified = members.shift_remove("phone_number_verified");
    if let Mapping::Basic = mapping {
        // The standard has another name for that one.
        members.retain(|name, _| PROFILE.contains(&name.as_str()) && name != "phone_verified");
    }
    members.extend(verified.map(|verified| ("phone_verified".to_owned(), verified)));
    members
}

/// The name that Apple sends through the browser, unsigned, when somebody comes for the first time.
fn apple_name(sent: &str) -> Map<String, Value> {
    let sent: Value = chancery_jose::json::parse(sent.as_bytes()).unwrap_or_default();
    let part = |name: &str| sent.get("name").and_then(|own| own.get(name)).and_then(Value::as_str);
    let mut members = Map::new();
    for (name, part) in [("given_name", part("firstName")), ("family_name", part("lastName"))] {
        if let Some(part) = part {
            members.insert(name.to_owned(), part.into());
        }
    }
    members
}
