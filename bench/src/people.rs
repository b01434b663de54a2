//! People who sign in: the application that they use, its API, their accounts; and the tokens that come of it.
//!
//! Every token answer is looked at part by part: a server that leaves one out must not be the quicker one.

use std::sync::atomic::{AtomicU64, Ordering};

use chancery_crypto::digest;
use chancery_jose::base64url;
use serde_json::{Value, json};

use crate::Outcome;
use crate::admin::{Admin, Application, text};
use crate::browser::{Browser, Place};
use crate::http::{self, Answer, Connection, escape};
use crate::server::{Management, Server};

/// Where the application takes its answers. Nobody listens there: the browser stops before.
const CALLBACK: &str = "https://app.bench.example/callback";
/// The API that they use the application for.
const AUDIENCE: &str = "https://bench.example/people";
/// The password of everybody.
const PASSWORD: &str = "Correct-horse-7-battery-staple";
/// The connection that every tenant starts with.
const CONNECTION: &str = "Username-Password-Authentication";
/// Pages of a login.
const MOST_PAGES: usize = 2;
/// What an application asks for that wants to know its user.
pub(crate) const ONLINE: &str = "openid profile email";
/// The same, with a refresh token.
pub(crate) const OFFLINE: &str = "openid profile email offline_access";

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The user id.
    pub(crate) id: String,
    email: String,
}

/// Who signs in, and where.
#[derive(Debug)]
pub(crate) struct People {
    /// The host of the tenant.
    pub(crate) host: String,
    application: Application,
    /// All of them.
    pub(crate) all: Vec<Person>,
}

/// An authorization request with what only the application knows of it.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where the browser is sent.
    pub(crate) path: String,
    verifier: String,
    state: String,
    nonce: String,
    offline: bool,
}

/// A token answer.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// For the API.
    pub(crate) access: String,
    id: String,
    /// To get others with; empty where none was asked for.
    pub(crate) refresh: String,
}

/// Creates somebody with a password.
pub(crate) async fn create(admin: &mut Admin, number: usize) -> Outcome<Person> {
    let email = format!("person{number}@bench.example");
    let body = json!({
        "connection": CONNECTION,
        "email": email,
        "email_verified": true,
        "password": PASSWORD,
        "given_name": "Person",
        "family_name": format!("Number {number}"),
        "name": format!("Person Number {number}"),
        "user_metadata": { "colour": "blue" },
        "app_metadata": { "plan": "free" },
    });
    let made = admin.send("POST", "users", Some(&body)).await?;
    Ok(Person { id: text(&made, "user_id")?, email })
}

/// A text that nobody has used before.
fn unused() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    base64url::encode(&digest::sha256(format!("{} {number}", std::process::id()).as_bytes()))
}

impl People {
    /// Makes an application, an API, and so many people.
    pub(crate) async fn settle(server: &Server, management: &Management, count: usize) -> Outcome<Self> {
        let mut admin = Admin::enter(server.address, management).await?;
        let api = json!({
            "name": "People",
            "identifier": AUDIENCE,
            "signing_alg": "RS256",
            "allow_offline_access": true,
            "skip_consent_for_verifiable_first_party_clients": true,
        });
        admin.send("POST", "resource-servers", Some(&api)).await?;
        let application = json!({
            "name": "People's application",
            "app_type": "regular_web",
            "is_first_party": true,
            "oidc_conformant": true,
            "callbacks": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
            "jwt_configuration": { "alg": "RS256" },
            // The leeway would hide replays.
            "refresh_token": {
                "rotation_type": "rotating",
                "expiration_type": "expiring",
                "leeway": 0,
                "token_lifetime": 2_592_000,
                "idle_token_lifetime": 1_296_000,
                "infinite_token_lifetime": false,
                "infinite_idle_token_lifetime": false,
            },
        });
        let made = admin.send("POST", "clients", Some(&application)).await?;
        let application =
            Application { id: text(&made, "client_id")?, secret: text(&made, "client_secret")? };
        let mut all = Vec::new();
        for number in 1..=count {
            all.push(create(&mut admin, number).await?);
        }
        Ok(Self { host: management.host.clone(), application, all })
    }

    /// A new authorization request with PKCE.
    pub(crate) fn ask(&self, scope: &str) -> Asked {
        let (verifier, state, nonce) = (unused(), unused(), unused());
        let challenge = base64url::encode(&digest::sha256(verifier.as_bytes()));
        let path = format!(
            "/authorize?response_type=code&client_id={}&redirect_uri={}&scope={}&audience={}&state={state}&nonce={nonce}\
             &code_challenge={challenge}&code_challenge_method=S256",
            escape(&self.application.id),
            escape(CALLBACK),
            escape(scope),
            escape(AUDIENCE),
        );
        Asked { path, verifier, state, nonce, offline: scope == OFFLINE }
    }

    /// Signs somebody in on the login pages, as far as the address that the browser is sent back to. Fields are filled
    /// in as they are asked for: on one page or, as tenants have it at first, on two.
    pub(crate) async fn sign_in(
        &self,
        (browser, connection): (&mut Browser, &mut Connection),
        asked: &Asked,
        person: &Person,
    ) -> Outcome<String> {
        let mut place = browser.open(connection, &asked.path).await?;
        for _ in 0..MOST_PAGES {
            let Place::Page(page) = place else { break };
            let fields = [("username", person.email.as_str()), ("password", PASSWORD)];
            place = browser.submit(connection, &page, &fields).await?;
        }
        place.elsewhere()
    }

    /// Gets the tokens for the code in the address that the browser was sent back to.
    pub(crate) async fn redeem(
        &self,
        connection: &mut Connection,
        asked: &Asked,
        address: &str,
    ) -> Outcome<Tokens> {
        let query = address.strip_prefix(CALLBACK).and_then(|rest| rest.strip_prefix('?'));
        let query = query.ok_or_else(|| format!("sent back to {address}"))?;
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let code = value("code").ok_or_else(|| format!("no code in {address}"))?;
        if value("state") != Some(asked.state.as_str()) {
            return Err(format!("not the state that was sent, in {address}").into());
        }
        let fields = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={}",
            escape(CALLBACK),
            asked.verifier
        );
        let answer = self.ask_for_tokens(connection, &fields).await?;
        let tokens = Tokens::read(&answer, asked.offline)?;
        if !tokens.id_holds(&format!("\"nonce\":\"{}\"", asked.nonce))? {
            return Err("an ID token has another nonce".into());
        }
        Ok(tokens)
    }

    /// Gets new tokens for a refresh token.
    pub(crate) async fn refresh(&self, connection: &mut Connection, token: &str) -> Outcome<Tokens> {
        Tokens::read(&self.try_refresh(connection, token).await?, true)
    }

    /// The same, whatever comes.
    pub(crate) async fn try_refresh<'a>(
        &self,
        connection: &'a mut Connection,
        token: &str,
    ) -> Outcome<Answer<'a>> {
        let fields = format!("grant_type=refresh_token&refresh_token={}", escape(token));
        self.ask_for_tokens(connection, &fields).await
    }

    async fn ask_for_tokens<'a>(&self, connection: &'a mut Connection, fields: &str) -> Outcome<Answer<'a>> {
        let Application { id, secret } = &self.application;
        let fields = format!("{fields}&client_id={}&client_secret={}", escape(id), escape(secret));
        connection.call(&http::form(&self.host, "/oauth/token", "", &fields)).await
    }
}

impl Tokens {
    /// Reads an answer that has to hold an access token, an ID token, both RS256, and what belongs to them.
    fn read(answer: &Answer<'_>, offline: bool) -> Outcome<Self> {
        if answer.status != 200 {
            return Err(format!("no tokens but {}", answer.told()).into());
        }
        let body: Value = serde_json::from_slice(answer.body)?;
        let lives = body.get("expires_in").and_then(Value::as_u64).is_some_and(|seconds| seconds > 0);
        let scope = text(&body, "scope")?;
        if text(&body, "token_type")? != "Bearer" || !lives || !scope.contains("openid") {
            return Err(format!("not a whole token answer: {}", answer.told()).into());
        }
        let refresh = if offline { text(&body, "refresh_token")? } else { String::new() };
        let tokens = Self { access: text(&body, "access_token")?, id: text(&body, "id_token")?, refresh };
        for token in [&tokens.access, &tokens.id] {
            let parts: Vec<_> = token.split('.').collect();
            let signed_so = parts.len() == 3 && part(token, 0)?.contains("\"alg\":\"RS256\"");
            // A signature with RSA-2048 has 256 bytes.
            if !signed_so || base64url::decode(parts[2])?.len() != 256 {
                return Err(format!("not signed with RS256: {token}").into());
            }
        }
        Ok(tokens)
    }

    /// Whether the claims of the ID token hold this text.
    pub(crate) fn id_holds(&self, claim: &str) -> Outcome<bool> {
        Ok(part(&self.id, 1)?.contains(claim))
    }
}

fn part(token: &str, index: usize) -> Outcome<String> {
    let part = token.split('.').nth(index).ok_or("not a token")?;
    Ok(String::from_utf8(base64url::decode(part)?)?)
}
