//! Rotation under load: a new key every half second, the demoted one revoked seconds later, and every token
//! verified by a relying party that does what the documents ask: cache the keys, fetch again on an unknown kid.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PublicKey;
use chancery_jose::base64url;
use chancery_jose::jws::{Compact, VerifyingKey};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::admin::{self, Admin, text};
use crate::http::{self, Connection};
use crate::server::{Management, Server};
use crate::{Fault, Outcome, clock, load, say, stats};

/// Between two rotations.
const PERIOD: Duration = Duration::from_millis(500);
/// Between the end of a key's time as the current one and its revocation.
const GRACE: Duration = Duration::from_secs(3);
/// The longest token that is read.
const LONGEST: usize = 16 << 10;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Tokens whose signature was verified.
    pub(crate) verified: u32,
    /// Tokens whose key could not be found, or whose signature did not verify.
    pub(crate) failed: u32,
    /// Times that a relying party fetched the keys again.
    pub(crate) fetched: u32,
    /// Rotations.
    pub(crate) rotated: u32,
    /// Revocations.
    pub(crate) revoked: u32,
    /// What a token took, all but one in a hundred.
    pub(crate) token_p99: Duration,
    /// What the slowest rotation took.
    pub(crate) slowest: Duration,
}

/// A relying party.
struct Verifier {
    connection: Connection,
    request: Vec<u8>,
    keys: HashMap<String, PublicKey>,
    fetched: u32,
}

impl Verifier {
    async fn new(address: SocketAddr, host: &str) -> Outcome<Self> {
        let request = http::get(host, "/.well-known/jwks.json", None);
        let mut verifier =
            Self { connection: Connection::open(address).await?, request, keys: HashMap::new(), fetched: 0 };
        verifier.fetch().await?;
        Ok(verifier)
    }

    async fn fetch(&mut self) -> Outcome<()> {
        let answer = self.connection.call(&self.request).await?;
        let set: Value = serde_json::from_slice(answer.body)?;
        self.keys.clear();
        for key in set.get("keys").and_then(Value::as_array).into_iter().flatten() {
            let (n, e) = (base64url::decode(&text(key, "n")?)?, base64url::decode(&text(key, "e")?)?);
            self.keys.insert(text(key, "kid")?, PublicKey::from_components(&n, &e)?);
        }
        self.fetched += 1;
        Ok(())
    }

    /// Whether a token is genuine.
    async fn accepts(&mut self, token: &str) -> Outcome<bool> {
        let token = Compact::parse(token, LONGEST)?;
        let kid = token.kid().ok_or("a token has no kid")?;
        if !self.keys.contains_key(kid) {
            self.fetch().await?;
        }
        let Some(key) = self.keys.get(kid) else { return Ok(false) };
        Ok(token.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(key)).is_ok())
    }
}

/// Loads the server with `request`, rotates meanwhile.
pub(crate) async fn measure(
    server: &Server,
    management: &Management,
    request: &[u8],
    span: Duration,
) -> Outcome<Report> {
    refuses_forgeries(server.address, &management.host, request).await?;
    let until = clock::now() + span;
    let stop = Arc::new(AtomicBool::new(false));
    let failed = Arc::new(AtomicU32::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..load::CONNECTIONS {
        let verifier = Verifier::new(server.address, &management.host).await?;
        let connection = Connection::open(server.address).await?;
        workers.spawn(work(
            (connection, verifier),
            request.to_owned(),
            Arc::clone(&stop),
            Arc::clone(&failed),
        ));
    }
    let mut report = rotate(server.address, management, until).await?;
    stop.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    while let Some(worker) = workers.join_next().await {
        let (mut own, fetched) = worker??;
        latencies.append(&mut own);
        report.fetched += fetched;
    }
    latencies.sort_unstable();
    report.failed = failed.load(Ordering::Relaxed);
    report.verified = u32::try_from(latencies.len())? - report.failed;
    report.token_p99 = stats::percentile(&latencies, 990);
    Ok(report)
}

/// A verifier that accepted everything would never fail: it has to refuse a changed token.
async fn refuses_forgeries(address: SocketAddr, host: &str, request: &[u8]) -> Outcome<()> {
    let mut verifier = Verifier::new(address, host).await?;
    let token = admin::token(&mut verifier.connection, request).await?;
    let (signed, signature) = token.rsplit_once('.').ok_or("not a token")?;
    let (header, payload) = signed.split_once('.').ok_or("not a token")?;
    let forged = format!(
        "{header}.{}.{signature}",
        base64url::encode(&[&base64url::decode(payload)?[..], b" "].concat())
    );
    if verifier.accepts(&forged).await? || !verifier.accepts(&token).await? {
        return Err("the verifier of the benchmark does not verify".into());
    }
    Ok(())
}

async fn work(
    (mut connection, mut verifier): (Connection, Verifier),
    request: Vec<u8>,
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicU32>,
) -> Outcome<(Vec<Duration>, u32)> {
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let asked = clock::now();
        let token = admin::token(&mut connection, &request).await?;
        latencies.push(asked.elapsed());
        if !verifier.accepts(&token).await? && failed.fetch_add(1, Ordering::Relaxed) == 0 {
            say::progress(format!("FAILED VERIFICATION, the first of them: {token}"));
        }
    }
    Ok::<_, Fault>((latencies, verifier.fetched))
}

/// Rotates and revokes until it is time.
async fn rotate(address: SocketAddr, management: &Management, until: Instant) -> Outcome<Report> {
    let mut report = Report::default();
    let mut admin = Admin::enter(address, management).await?;
    let keys = admin.get("keys/signing").await?;
    let kid_of = |state: &str| -> Outcome<String> {
        let key =
            keys.as_array().into_iter().flatten().find(|key| key.get(state) == Some(&Value::Bool(true)));
        text(key.ok_or_else(|| format!("no key is {state}"))?, "kid")
    };
    let (mut current, mut next) = (kid_of("current")?, kid_of("next")?);
    let mut demoted = Vec::new();
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while clock::now() < until {
        ticks.tick().await;
        // The manager's token must not be signed by a key that is revoked before it is used.
        admin = Admin::enter(address, management).await?;
        let asked = clock::now();
        let made = admin.send("POST", "keys/signing/rotate", None).await?;
        report.slowest = report.slowest.max(asked.elapsed());
        report.rotated += 1;
        demoted.push((clock::now(), std::mem::replace(&mut current, next)));
        next = text(&made, "kid")?;
        while demoted.first().is_some_and(|(since, _)| since.elapsed() > GRACE) {
            let (_, kid) = demoted.remove(0);
            admin.send("PUT", &format!("keys/signing/{kid}/revoke"), None).await?;
            report.revoked += 1;
        }
    }
    Ok(report)
}
