//! A provider that the tests run themselves, on a port of this machine: discovery, keys, tokens, userinfo. What it says
//! can be bent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use chancery_crypto::algorithm::Curve;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::{digest, ecdsa};
use chancery_jose::{base64url, jws};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::kit::{START, key, sign};

/// What the provider says; every part can be bent.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// Claims that replace the usual ones; null takes one away.
    pub(crate) claims: Value,
    /// Members of the header that replace the usual ones.
    pub(crate) header: Value,
    /// Which of the fixed keys signs.
    pub(crate) signer: usize,
    /// Which of them are published, each under `key-N`.
    pub(crate) published: Vec<usize>,
    /// Signs on this curve instead, with a key that is published beside the others under the name of the curve.
    pub(crate) curve: Option<Curve>,
    /// Members of that key as it is published that replace the usual ones.
    pub(crate) jwk: Value,
    /// Members of userinfo that replace the usual ones.
    pub(crate) userinfo: Value,
    /// Members of the discovery document that replace the usual ones.
    pub(crate) discovery: Value,
    /// What the token endpoint answers instead.
    pub(crate) tokens: Option<(u16, Value)>,
    /// Signs as somebody would who knows the public keys alone.
    pub(crate) forged: Option<Forgery>,
}

/// A signature without a private key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Forgery {
    /// `alg` is none, and there is no signature.
    Unsigned,
    /// HS256 with the public key as the secret.
    PublicKeyAsSecret,
    /// HS256 with the point of the public key on a curve as the secret.
    PointAsSecret,
    /// The numbers of a good signature on a curve in DER.
    Der,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            claims: json!({}),
            header: json!({}),
            signer: 4,
            published: vec![4],
            curve: None,
            jwk: json!({}),
            userinfo: json!({}),
            discovery: json!({}),
            tokens: None,
            forged: None,
        }
    }
}

struct Shared {
    issuer: String,
    /// Its keys on curves.
    curves: [ecdsa::PrivateKey; 2],
    script: Script,
    /// The requests that wait for their exchange, by code.
    codes: HashMap<String, HashMap<String, String>>,
    /// What was asked, in order.
    heard: Vec<String>,
}

/// The provider.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    shared: Arc<Mutex<Shared>>,
}

type Handle = State<Arc<Mutex<Shared>>>;

fn bent(mut usual: Value, different: &Value) -> Value {
    let members = usual.as_object_mut().unwrap();
    for (name, value) in different.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    usual
}

async fn discovery(State(shared): Handle) -> Json<Value> {
    let mut shared = shared.lock().unwrap();
    shared.heard.push("discovery".to_owned());
    let issuer = &shared.issuer;
    let usual = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/me"),
    });
    Json(bent(usual, &shared.script.discovery))
}

fn on_curve(shared: &Shared, curve: Curve) -> &ecdsa::PrivateKey {
    shared.curves.iter().find(|key| key.public().curve() == curve).unwrap()
}

/// What is signed on a curve, and the signature as somebody may bend it.
fn signed_on_curve(shared: &Shared, curve: Curve, (header, claims): (&Value, &Value)) -> String {
    let key = on_curve(shared, curve);
    let public = key.public();
    let by_secret = matches!(shared.script.forged, Some(Forgery::PointAsSecret));
    let header = if by_secret { bent(header.clone(), &json!({ "alg": "HS256" })) } else { header.clone() };
    let input = jws::signing_input(&header.to_string(), claims.to_string().as_bytes());
    let signature = match shared.script.forged {
        Some(Forgery::PointAsSecret) => {
            let secret = HmacKey::new(&[&[4], public.x(), public.y()].concat());
            secret.sign(input.as_bytes()).to_vec()
        }
        Some(Forgery::Der) => {
            let signature = key.sign(input.as_bytes()).unwrap();
            let (r, s) = signature.split_at(curve.width());
            // A leading zero keeps a number positive; here each has one, needed or not.
            let width = u8::try_from(curve.width()).unwrap() + 1;
            [&[0x30, 2 * width + 4, 2, width, 0], r, &[2, width, 0], s].concat()
        }
        Some(Forgery::Unsigned | Forgery::PublicKeyAsSecret) | None => key.sign(input.as_bytes()).unwrap(),
    };
    jws::assemble(input, &signature)
}

async fn keys(State(shared): Handle) -> Json<Value> {
    let mut shared = shared.lock().unwrap();
    shared.heard.push("keys".to_owned());
    let on_curve = shared.script.curve.map(|curve| {
        let public = on_curve(&shared, curve).public();
        let usual = json!({
            "kty": "EC", "use": "sig", "kid": curve.name(), "crv": curve.name(),
            "x": base64url::encode(public.x()), "y": base64url::encode(public.y()),
        });
        bent(usual, &shared.script.jwk)
    });
    let published = shared.script.published.iter().map(|number| {
        let public = key(*number).public().clone();
        json!({
            "kty": "RSA", "use": "sig", "kid": format!("key-{number}"),
            "n": base64url::encode(public.modulus()), "e": base64url::encode(public.exponent()),
        })
    });
    Json(json!({ "keys": published.chain(on_curve).collect::<Vec<_>>() }))
}

async fn token(
    State(shared): Handle,
    headers: HeaderMap,
    body: String,
) -> (axum::http::StatusCode, Json<Value>) {
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut shared = shared.lock().unwrap();
    let basic = headers.get("authorization").map(|own| own.to_str().unwrap().to_owned());
    let proof = form.get("client_secret").or(form.get("client_assertion"));
    shared.heard.push(format!("token {}", basic.as_deref().or(proof.map(String::as_str)).unwrap_or("-")));
    let status = |number: u16| axum::http::StatusCode::from_u16(number).unwrap();
    if let Some((number, body)) = shared.script.tokens.clone() {
        return (status(number), Json(body));
    }
    let Some(asked) = form.get("code").and_then(|code| shared.codes.remove(code)) else {
        return (status(400), Json(json!({ "error": "invalid_grant" })));
    };
    let answered = form.get("code_verifier").map(|own| base64url::encode(&digest::sha256(own.as_bytes())));
    assert_eq!(answered.as_ref(), asked.get("code_challenge"), "the verifier answers the challenge");
    assert_eq!(form.get("redirect_uri"), asked.get("redirect_uri"));
    let usual = json!({
        "iss": shared.issuer, "aud": asked["client_id"], "sub": "u-1", "iat": START, "exp": START + 300,
        "nonce": asked.get("nonce"), "email": "ada@corp.example", "email_verified": true, "name": "Ada",
    });
    let claims = bent(usual, &shared.script.claims);
    let usual = match shared.script.curve {
        Some(curve) => json!({ "alg": curve.algorithm().name(), "typ": "JWT", "kid": curve.name() }),
        None => json!({ "alg": "RS256", "typ": "JWT", "kid": format!("key-{}", shared.script.signer) }),
    };
    let header = bent(usual, &shared.script.header);
    let id_token = match (shared.script.forged, shared.script.curve) {
        (_, Some(curve)) => signed_on_curve(&shared, curve, (&header, &claims)),
        (None | Some(Forgery::PointAsSecret | Forgery::Der), None) => {
            sign(&header, &claims, shared.script.signer)
        }
        (Some(Forgery::Unsigned), None) => {
            let header = bent(header, &json!({ "alg": "none" }));
            format!("{}.", jws::signing_input(&header.to_string(), claims.to_string().as_bytes()))
        }
        (Some(Forgery::PublicKeyAsSecret), None) => {
            let header = bent(header, &json!({ "alg": "HS256" }));
            let input = jws::signing_input(&header.to_string(), claims.to_string().as_bytes());
            let secret = HmacKey::new(&key(shared.script.signer).public().to_spki_der());
            let tag = secret.sign(input.as_bytes());
            jws::assemble(input, &tag)
        }
    };
    let tokens =
        json!({ "access_token": "at-1", "token_type": "Bearer", "expires_in": 60, "id_token": id_token });
    (status(200), Json(tokens))
}

async fn me(State(shared): Handle, headers: HeaderMap) -> Json<Value> {
    let mut shared = shared.lock().unwrap();
    shared.heard.push("me".to_owned());
    assert_eq!(headers["authorization"], "Bearer at-1");
    Json(bent(json!({ "sub": "u-1", "department": "Engines", "name": "Other" }), &shared.script.userinfo))
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared {
            issuer: issuer.clone(),
            curves: Curve::ALL.map(|curve| ecdsa::PrivateKey::generate(curve).unwrap()),
            script: Script::default(),
            codes: HashMap::new(),
            heard: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(shared));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, shared }
    }

    /// Bends what the provider says from now on.
    pub(crate) fn says(&self, script: Script) {
        self.shared.lock().unwrap().script = script;
    }

    /// What was asked since the last look.
    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().unwrap().heard)
    }

    /// The user signs in there: a code for a request.
    pub(crate) fn code_for(&self, asked: &HashMap<String, String>) -> String {
        let mut shared = self.shared.lock().unwrap();
        let code = format!("code-{}", shared.codes.len() + shared.heard.len() * 1000);
        shared.codes.insert(code.clone(), asked.clone());
        code
    }

    /// The options of a connection that leads here.
    pub(crate) fn options(&self, different: &Value) -> Map<String, Value> {
        let usual = json!({
            "type": "back_channel", "client_id": "chancery", "client_secret": "s3cret",
            "discovery_url": format!("{}/.well-known/openid-configuration", self.issuer),
        });
        bent(usual, different).as_object().unwrap().clone()
    }
}
