//! Logout: where a browser may go afterwards (OpenID Connect RP-Initiated Logout, Auth0's `/v2/logout`), and
//! the token that tells applications (OpenID Connect Back-Channel Logout).
//!
//! Must never send a browser to an address that nobody registered, and never believe a hint of another client
//! or of a revoked key: [`crate::id_token::read_hint`] reads it first.

use chancery_crypto::algorithm::Algorithm;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::id_token::{self, Hint, HintError};
use crate::uri::{Allowed, with_query};
use crate::user_access::after;

/// The longest `state` that goes along, in bytes: as long as that of an authorization request.
const LONGEST_STATE: usize = 8192;

/// Seconds that a logout token lives.
pub const TOKEN_LIFETIME: i64 = 120;

/// What the header says of the kind of token (section 2.4), so that nothing else is taken for one.
pub const TYPE: &str = "logout+jwt";

/// The member of `events` that makes a token a logout token.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Why a logout is refused. It is for a page: nobody is sent anywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The place to go is not registered.
    #[error(
        "The address to return to is not in the list of allowed logout URLs. Add it to the list, as it is sent."
    )]
    NotRegistered,
    /// A place to go, but nothing that says whose list it must be in.
    #[error(
        "post_logout_redirect_uri is not in the tenant's list of allowed logout URLs; one of an application's list needs id_token_hint or client_id."
    )]
    NoClient,
    /// A `state` that is longer than anything that is accepted.
    #[error("The parameter state is too long.")]
    StateTooLong,
    /// No such client.
    #[error("Unknown client.")]
    UnknownClient,
    /// The hint is not believed.
    #[error("{0}")]
    Hint(#[from] HintError),
}

/// What happens at `/v2/logout` and `/oidc/logout` once the request is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// End the session and go there.
    Redirect(String),
    /// End the session and say so.
    Plain,
    /// Ask the user first: anybody's page may have sent the browser here.
    Confirm {
        /// Where to go after a yes, if anywhere.
        then: Option<String>,
    },
}

/// `/v2/logout`: `client` is the one that `client_id` names; without it the list of the tenant counts. Who does not say
/// where to go is sent to the first of that list.
pub fn decide_v2(
    return_to: Option<&str>,
    client: Option<&Client>,
    tenant_urls: &Allowed,
) -> Result<Decision, Error> {
    let list = client.map_or(tenant_urls, |client| &client.logout_urls);
    let Some(url) = return_to else {
        return Ok(list.first().map_or(Decision::Plain, |first| Decision::Redirect(first.to_owned())));
    };
    if list.admits_without_query(url) {
        Ok(Decision::Redirect(url.to_owned()))
    } else {
        Err(Error::NotRegistered)
    }
}

/// What `/oidc/logout` was asked, read.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `post_logout_redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// `state`, which goes along.
    pub state: Option<&'a str>,
    /// The client that `client_id` names or that the hint was issued to.
    pub client: Option<&'a Client>,
    /// The hint, believed for that client.
    pub hint: Option<&'a Hint>,
    /// `logout_hint`: a session id.
    pub logout_hint: Option<&'a str>,
}

/// The session of the browser.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// Its id.
    pub sid: &'a str,
    /// Its user.
    pub user_id: &'a str,
}

/// `/oidc/logout`. `prompt` is the tenant's wish to ask users when no hint proves who sent them.
pub fn decide_oidc(
    request: &Request<'_>,
    session: Option<&Session<'_>>,
    tenant_urls: &Allowed,
    prompt: bool,
) -> Result<Decision, Error> {
    if request.state.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(Error::StateTooLong);
    }
    let then = match (request.redirect_uri, request.client) {
        (None, _) => None,
        (Some(url), client) => {
            // As it stands, with its query (OpenID Connect RP-Initiated Logout, section 3).
            let of_client = client.is_some_and(|client| client.logout_urls.admits(url, false));
            if !of_client && !tenant_urls.admits(url, false) {
                return Err(if client.is_some() { Error::NotRegistered } else { Error::NoClient });
            }
            Some(with_state(url, request.state))
        }
    };
    let proved = session.is_none_or(|session| {
        // The session that the hint names, or the user it names where it names no session.
        let by_token = request.hint.is_some_and(|hint| match &hint.sid {
            Some(sid) => sid == session.sid,
            None => hint.user_id == session.user_id,
        });
        by_token || request.logout_hint == Some(session.sid)
    });
    if prompt && !proved {
        return Ok(Decision::Confirm { then });
    }
    Ok(then.map_or(Decision::Plain, Decision::Redirect))
}

fn with_state(url: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return url.to_owned() };
    let encoded = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
    with_query(url, &encoded)
}

/// A logout token about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct LogoutToken<'a> {
    /// The issuer, with its trailing slash.
    pub issuer: &'a str,
    /// The application that is told.
    pub client_id: &'a str,
    /// The user.
    pub user_id: &'a str,
    /// The session that ended.
    pub sid: &'a str,
    /// The id of the token.
    pub jti: &'a str,
    /// What administrators wrote on the session, where the application is told.
    pub session_metadata: Option<&'a Map<String, Value>>,
    /// When it is made.
    pub issued_at: Timestamp,
}

impl LogoutToken<'_> {
    /// The header as JSON.
    pub fn header(algorithm: Algorithm, kid: Option<&str>) -> Result<String, serde_json::Error> {
        id_token::header(TYPE, algorithm, kid)
    }

    /// Until when it is good.
    pub fn expires_at(&self) -> Timestamp {
        after(self.issued_at, TOKEN_LIFETIME)
    }

    /// The claims as JSON. A nonce is forbidden, so that nobody takes it for an ID token.
    pub fn claims(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.user_id,
            "aud": self.client_id,
            "iat": self.issued_at.as_second(),
            "exp": self.expires_at().as_second(),
            "jti": self.jti,
            "sid": self.sid,
            "events": { EVENT: Map::<String, Value>::new() },
        });
        if let Some(metadata) = self.session_metadata {
            claims["session_metadata"] = Value::Object(metadata.clone());
        }
        serde_json::to_vec(&claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Authentication;
    use crate::kit::{self, ISSUER, NOW, now};

    const BYE: &str = "https://app.example/bye";

    fn tenant() -> Allowed {
        ["https://home.example/"].iter().collect()
    }

    #[test]
    fn v2_goes_only_where_the_list_of_the_client_or_of_the_tenant_says() {
        let client = kit::client(Authentication::None);
        let to = |url: &str| Ok(Decision::Redirect(url.to_owned()));
        for (url, with_client, expected) in [
            (None, false, to("https://home.example/")),
            (None, true, to(BYE)),
            (Some(BYE), true, to(BYE)),
            (Some("https://app.example/bye?x=1"), true, to("https://app.example/bye?x=1")),
            (Some("https://home.example/"), false, to("https://home.example/")),
            (Some("https://home.example/"), true, Err(Error::NotRegistered)),
            (Some(BYE), false, Err(Error::NotRegistered)),
            (Some("https://app.example.evil.example/bye"), true, Err(Error::NotRegistered)),
            (Some("https://app.example@evil.example/bye"), true, Err(Error::NotRegistered)),
            (Some("https://app.example/bye/../other"), true, Err(Error::NotRegistered)),
            (Some("//evil.example"), true, Err(Error::NotRegistered)),
            (Some("/\\evil.example"), true, Err(Error::NotRegistered)),
            (Some("javascript:alert(1)"), true, Err(Error::NotRegistered)),
        ] {
            let client = Some(&client).filter(|_| with_client);
            assert_eq!(decide_v2(url, client, &tenant()), expected, "{url:?}");
        }
        let patterns: Allowed = ["https://*.home.example/"].iter().collect();
        assert_eq!(decide_v2(None, None, &patterns), Ok(Decision::Plain), "a pattern is no place to go");
    }

    #[test]
    fn oidc_asks_the_user_unless_a_hint_proves_the_session() {
        let client = kit::client(Authentication::None);
        let hint = |sid: Option<&str>, user: &str| Hint {
            user_id: user.to_owned(),
            sid: sid.map(str::to_owned),
            client_id: "app".to_owned(),
        };
        let session = Session { sid: "s1", user_id: "u1" };
        for (hint, logout_hint, proved) in [
            (Some(hint(Some("s1"), "u1")), None, true),
            (Some(hint(None, "u1")), None, true),
            (None, Some("s1"), true),
            (Some(hint(Some("s2"), "u1")), None, false),
            (Some(hint(None, "u2")), None, false),
            (None, Some("s2"), false),
            (None, None, false),
        ] {
            let request = Request {
                redirect_uri: Some(BYE),
                state: Some("a&b"),
                client: Some(&client),
                hint: hint.as_ref(),
                logout_hint,
            };
            let url = "https://app.example/bye?state=a%26b".to_owned();
            let expected = if proved {
                Decision::Redirect(url.clone())
            } else {
                Decision::Confirm { then: Some(url.clone()) }
            };
            assert_eq!(decide_oidc(&request, Some(&session), &tenant(), true), Ok(expected), "{hint:?}");
            let unasked = decide_oidc(&request, Some(&session), &tenant(), false);
            assert_eq!(unasked, Ok(Decision::Redirect(url.clone())));
            assert_eq!(decide_oidc(&request, None, &tenant(), true), Ok(Decision::Redirect(url)));
        }
    }

    #[test]
    fn oidc_goes_nowhere_without_a_client_or_to_an_unknown_address() {
        let client = kit::client(Authentication::None);
        let request = |redirect_uri, client| Request {
            redirect_uri,
            state: None,
            client,
            hint: None,
            logout_hint: None,
        };
        for (request, expected) in [
            (request(Some(BYE), None), Err(Error::NoClient)),
            (request(Some("https://evil.example/"), Some(&client)), Err(Error::NotRegistered)),
            (request(Some(BYE), Some(&client)), Ok(Decision::Redirect(BYE.to_owned()))),
            // Nothing more than what is registered, as the specification wants it.
            (request(Some("https://app.example/bye?x=1"), Some(&client)), Err(Error::NotRegistered)),
            (request(Some("https://app.example/bye#x"), Some(&client)), Err(Error::NotRegistered)),
            (request(Some("https://home.example/?x=1"), None), Err(Error::NoClient)),
            (request(None, None), Ok(Decision::Plain)),
        ] {
            assert_eq!(decide_oidc(&request, None, &tenant(), true), expected, "{request:?}");
        }
    }

    #[test]
    fn a_logout_token_holds_what_the_specification_asks_for_and_no_nonce() {
        let mut token = LogoutToken {
            issuer: ISSUER,
            client_id: "app",
            user_id: "auth0|1",
            sid: "s1",
            jti: "j1",
            session_metadata: None,
            issued_at: now(),
        };
        let claims: Value = serde_json::from_slice(&token.claims().unwrap()).unwrap();
        let mut expected = json!({
            "iss": ISSUER, "sub": "auth0|1", "aud": "app", "iat": NOW, "exp": NOW + 120, "jti": "j1",
            "sid": "s1", "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(claims, expected);
        let metadata = Map::from_iter([("desk".to_owned(), json!(4))]);
        token.session_metadata = Some(&metadata);
        expected["session_metadata"] = json!({ "desk": 4 });
        assert_eq!(serde_json::from_slice::<Value>(&token.claims().unwrap()).unwrap(), expected);
        for (algorithm, kid, expected) in [
            (Algorithm::Rs256, Some("k"), json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "k" })),
            (Algorithm::Hs256, None, json!({ "alg": "HS256", "typ": "logout+jwt" })),
        ] {
            let header = LogoutToken::header(algorithm, kid).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&header).unwrap(), expected);
        }
    }
}
