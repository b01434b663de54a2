//! Signing in by OAuth 2.0 alone: whoever opens the provider's profile is who it describes.
//!
//! Must never take a profile from an address that the connection does not name.

use chancery_oauth::upstream::{Answer, Asking, Authentication, Exchange, userinfo};
use http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::memory::fetch;
use super::oidc::{may_be_visited, proof_key, redeem, secret_header};
use super::settings::{client_id, more, scope, with_wanted};
use super::{Failed, Inbound, Outbound, Profile};
use crate::connections::{Connection, Strategy, text};
use crate::http::outgoing::Ask;
use crate::login::visit::Visit;

/// What is needed again when the answer comes.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of the proof key; none where the connection goes without.
    verifier: Option<String>,
    /// Where the code will be exchanged; whoever is set up meanwhile does not get it.
    token_url: String,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({})", self.token_url)
    }
}

/// The addresses of a provider.
struct Addresses {
    authorization: String,
    token: String,
    profile: String,
}

impl Addresses {
    fn of(connection: &Connection, options: &Map<String, Value>) -> Result<Self, Failed> {
        if connection.served() == Some(Strategy::GitHub) {
            return Ok(Self {
                authorization: "https://github.com/login/oauth/authorize".to_owned(),
                token: "https://github.com/login/oauth/access_token".to_owned(),
                profile: "https://api.github.com/user".to_owned(),
            });
        }
        let named = |name: &str, why: &str| {
            let found = text(options, name).map(str::to_owned);
            found.ok_or_else(|| Failed::Settings(format!("the connection has no {name}{why}")))
        };
        Ok(Self {
            authorization: named("authorizationURL", "")?,
            token: named("tokenURL", "")?,
            profile: named("userInfoURL", ", and scripts.fetchUserProfile is not run here")?,
        })
    }
}

/// Where the browser goes.
pub(super) fn begin(out: &Outbound<'_>) -> Result<(Kept, String), Failed> {
    let addresses = Addresses::of(out.connection, &out.options)?;
    if !may_be_visited(out.visit, &addresses.authorization) {
        return Err(Failed::Settings("the authorization URL is not reached over https".to_owned()));
    }
    let is_github = out.connection.served() == Some(Strategy::GitHub);
    let (strategy, usual) =
        if is_github { (Strategy::GitHub, "read:user user:email") } else { (Strategy::OAuth2, "") };
    let scope = scope(strategy, &out.options, (usual, &[])).join(" ");
    // Without a secret it is all that proves who exchanges the code.
    let goes_without = out.options.get("pkce_enabled") == Some(&Value::Bool(false))
        && text(&out.options, "client_secret").is_some();
    let proof = (!goes_without).then(|| proof_key(&*out.visit.app.entropy));
    let (verifier, challenge) = proof.unzip();
    let mut params = more(out);
    for (name, value) in out.options.get("authParams").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str() {
            params.push((name.clone(), value.to_owned()));
        }
    }
    for (name, alias) in out.options.get("authParamsMap").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = alias.as_str().and_then(|alias| out.parameter(alias)) {
            params.push((name.clone(), value));
        }
    }
    if let Some(hint) = out.login_hint() {
        let name = if is_github { "login" } else { "login_hint" };
        params.push((name.to_owned(), hint.to_owned()));
    }
    let asking = Asking {
        endpoint: &addresses.authorization,
        client_id: &client_id(&out.options)?,
        redirect_uri: &out.callback(),
        scope: &with_wanted(&scope, out),
        state: &out.state,
        nonce: None,
        challenge: challenge.as_deref(),
        response_mode: None,
        more: params,
    };
    let to = asking.url();
    Ok((Kept { verifier, token_url: addresses.token }, to))
}

/// Who came back.
pub(super) async fn finish(mut back: Inbound<'_>, kept: Kept) -> Result<Profile, Failed> {
    let addresses = Addresses::of(back.connection, &back.options)?;
    if addresses.token != kept.token_url {
        return Err(Failed::Untrusted("the token URL of the connection has changed meanwhile".to_owned()));
    }
    let parameters = std::mem::take(&mut back.parameters);
    let answer = Answer::read(parameters, None, false)?;
    let secret = text(&back.options, "client_secret").map(str::to_owned);
    let authentication = match (secret, text(&back.options, "token_endpoint_auth_method")) {
        (None, _) => Authentication::None,
        (Some(secret), Some("client_secret_basic")) => Authentication::Basic(secret),
        (Some(secret), _) => Authentication::Post(secret),
    };
    let exchange = Exchange {
        client_id: &client_id(&back.options)?,
        authentication: &authentication,
        code: &answer.code,
        redirect_uri: &back.callback(),
        verifier: kept.verifier.as_deref(),
    };
    let headers = custom_headers(&back.options);
    let tokens = redeem(back.visit, &addresses.token, &exchange, headers.clone()).await?;
    let access = tokens.access_token;
    let access = access.ok_or_else(|| Failed::Untrusted("the provider issued no access token".to_owned()))?;
    let mut members = profile(back.visit, &addresses.profile, (&access, headers)).await?;
    if back.connection.served() == Some(Strategy::GitHub) {
        github(back.visit, &access, &mut members).await?;
    }
    let said = members.clone();
    let id = ["sub", "user_id", "id"];
    rename(&back.options, &mut members);
    let id = id.into_iter().find_map(|name| match members.shift_remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    });
    let user_id = id.ok_or_else(|| Failed::Untrusted("the profile has no sub, user_id or id".to_owned()))?;
    Ok(Profile { user_id, members, said, session: None })
}

/// Headers that the options add (`customHeaders`); those that protect the request are ours.
fn custom_headers(options: &Map<String, Value>) -> Vec<(HeaderName, HeaderValue)> {
    let ours = [header::HOST, header::AUTHORIZATION, header::CONTENT_LENGTH, header::CONTENT_TYPE];
    let custom = options.get("customHeaders").and_then(Value::as_object).into_iter().flatten();
    custom
        .filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
        })
        .filter(|(name, _)| !ours.contains(name) && *name != header::TRANSFER_ENCODING)
        .collect()
}

async fn profile(
    visit: &Visit,
    url: &str,
    (access, mut headers): (&str, Vec<(HeaderName, HeaderValue)>),
) -> Result<Map<String, Value>, Failed> {
    let body = opened(visit, url, (access, &mut headers)).await?;
    userinfo(&body, None).map_err(|error| Failed::Unreachable(error.to_string()))
}

async fn opened(
    visit: &Visit,
    url: &str,
    (access, headers): (&str, &mut Vec<(HeaderName, HeaderValue)>),
) -> Result<Vec<u8>, Failed> {
    let mut headers = std::mem::take(headers);
    headers.push((header::ACCEPT, HeaderValue::from_static("application/json")));
    headers.push((header::AUTHORIZATION, secret_header(&format!("Bearer {access}"))?));
    let reply = fetch(visit, &Ask { url: url.to_owned(), form: None, headers }).await?;
    if reply.status.as_u16() != 200 {
        return Err(Failed::Unreachable(format!("the profile answered {}", reply.status.as_u16())));
    }
    Ok(reply.body.to_vec())
}

/// GitHub tells addresses apart, and whether each is proved; what its profile calls otherwise gets its name here.
async fn github(visit: &Visit, access: &str, members: &mut Map<String, Value>) -> Result<(), Failed> {
    for (theirs, ours) in [("login", "nickname"), ("avatar_url", "picture")] {
        if let Some(value) = members.get(theirs).cloned() {
            members.insert(ours.to_owned(), value);
        }
    }
    members.shift_remove("email");
    let body = opened(visit, "https://api.github.com/user/emails", (access, &mut Vec::new())).await;
    // Without the scope for it the answer is a refusal, and the user has no address here.
    let Ok(body) = body else { return Ok(()) };
    let list = chancery_jose::json::parse(&body).unwrap_or_default();
    let primary = list.as_array().into_iter().flatten().find(|own| own["primary"] == Value::Bool(true));
    if let Some(primary) = primary {
        members.insert("email".to_owned(), primary["email"].clone());
        members.insert("email_verified".to_owned(), primary["verified"].clone());
    }
    Ok(())
}

/// Gives members the names that `fieldsMap` wants: ours, and theirs or a list of theirs in the order of preference.
fn rename(options: &Map<String, Value>, members: &mut Map<String, Value>) {
    let map = options.get("fieldsMap").and_then(Value::as_object).into_iter().flatten();
    let renamed: Vec<(String, Value)> = map
        .filter_map(|(ours, theirs)| {
            let names: Vec<&str> = match theirs {
                Value::String(name) => vec![name],
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
            };
            let value = names.into_iter().find_map(|name| members.get(name))?;
            Some((ours.clone(), value.clone()))
        })
        .collect();
    // The id that the map names goes before those of usual names.
    if renamed.iter().any(|(ours, _)| ours == "user_id") {
        members.shift_remove("sub");
    }
    members.extend(renamed);
}
