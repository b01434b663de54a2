//! A Chancery of its own for each test: fixed clock, seeded randomness, fixed keys, the real router.

use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use chancery::app::{App, Parts};
use chancery::clock::Clock;
use chancery::db::{Db, Target};
use chancery::entropy::Entropy;
use chancery::forge::{Forge, ForgeError};
use chancery::http::observe::Front;
use chancery::mail::MailSettings;
use chancery::passwords::Parameters;
use chancery::router::front;
use chancery::tenants::{self, NewTenant};
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::seal::{MasterKey, Sealer};
use chancery_crypto::sign::{Sign, SignError};
use chancery_jose::jws;
use http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// When every test begins.
pub(crate) const START: i64 = 1_800_000_000;
/// The domain of the first tenant.
pub(crate) const DOMAIN: &str = "tenant.example";
/// The issuer of the first tenant.
pub(crate) const ISSUER: &str = "https://tenant.example/";
/// The audience of its Management API.
pub(crate) const MANAGEMENT: &str = "https://tenant.example/api/v2/";

/// Password hashes that cost next to nothing: most tests are about something else.
const CHEAP: Parameters = Parameters { memory_kib: 8, passes: 1 };

/// A clock that moves when it is told to.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl ManualClock {
    /// Moves the clock, forwards or backwards.
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

struct SeededEntropy(Mutex<StdRng>);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}

/// Hands out the eight fixed keys, round and round.
pub(crate) struct FixedForge(AtomicUsize);

const KEYS: [&[u8]; 8] = [
    include_bytes!("keys/1.der"),
    include_bytes!("keys/2.der"),
    include_bytes!("keys/3.der"),
    include_bytes!("keys/4.der"),
    include_bytes!("keys/5.der"),
    include_bytes!("keys/6.der"),
    include_bytes!("keys/7.der"),
    include_bytes!("keys/8.der"),
];

/// One of the fixed keys.
pub(crate) fn key(number: usize) -> PrivateKey {
    PrivateKey::from_pkcs8(KEYS[number % KEYS.len()]).unwrap()
}

struct Signing(PrivateKey, Algorithm);

impl Sign for Signing {
    fn algorithm(&self) -> Algorithm {
        self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(self.1, message)
    }
}

/// A token signed by one of the fixed keys, with the algorithm that its header names or else RS256. The first tenant's
/// current key is the first, its next key the second.
pub(crate) fn sign(header: &Value, claims: &Value, number: usize) -> String {
    let algorithm = header["alg"].as_str().and_then(|alg| alg.parse().ok()).unwrap_or(Algorithm::Rs256);
    let signer = Signing(key(number), algorithm);
    jws::sign(&header.to_string(), claims.to_string().as_bytes(), &signer).unwrap()
}

impl Forge for FixedForge {
    fn take(&self) -> Pin<Box<dyn Future<Output = Result<PrivateKey, ForgeError>> + Send + '_>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(key(number)) })
    }

    fn is_idle(&self) -> bool {
        false
    }
}

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// The engines that are there: SQLite always, PostgreSQL where `DATABASE_URL` names one.
pub(crate) fn engines() -> Vec<On> {
    if database_url().is_some() { vec![On::Sqlite, On::Postgres] } else { vec![On::Sqlite] }
}

#[expect(clippy::disallowed_methods, reason = "the tests learn from the environment where PostgreSQL is")]
fn database_url() -> Option<String> {
    std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// A database of its own, empty: a schema in PostgreSQL, a file that disappears in SQLite.
pub(crate) async fn target(on: On) -> Target {
    match on {
        On::Sqlite => Target::SqliteMemory,
        On::Postgres => {
            static NUMBER: AtomicUsize = AtomicUsize::new(0);
            let url = database_url().unwrap();
            let schema = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            let driver = tokio::spawn(connection);
            client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
            drop(client);
            driver.await.unwrap().unwrap();
            let separator = if url.contains('?') { '&' } else { '?' };
            Target::Postgres(format!("{url}{separator}options=-c%20search_path%3D{schema}"))
        }
    }
}

/// A running Chancery with one tenant.
pub(crate) struct TestServer {
    pub(crate) app: Arc<App>,
    pub(crate) clock: ManualClock,
    /// The tenant's management application.
    pub(crate) client_id: String,
    /// Its secret.
    pub(crate) client_secret: String,
    front: Arc<Front>,
    private_targets: Option<bool>,
    writer: Option<(JoinHandle<()>, oneshot::Sender<()>)>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status and the JSON, for comparisons of both at once.
    #[track_caller]
    pub(crate) fn both(&self) -> (u16, Value) {
        (self.status.as_u16(), self.json())
    }

    /// Insists on 200, whatever the body is.
    #[track_caller]
    pub(crate) fn expect_ok(&self) {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
    }

    /// The JSON of an answer that has to have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }
}

impl TestServer {
    /// On SQLite.
    pub(crate) async fn start() -> Self {
        Self::on(On::Sqlite).await
    }

    /// On this engine, with an empty database.
    pub(crate) async fn on(on: On) -> Self {
        Self::on_with(on, None).await
    }

    /// The same, with the operator's word on private addresses.
    pub(crate) async fn on_with(on: On, private_targets: Option<bool>) -> Self {
        let db = Db::open_traced(&target(on).await).await.unwrap();
        let mut server = Self::with(db, 1, private_targets).await;
        let new =
            NewTenant { name: "main".parse().unwrap(), domain: DOMAIN.parse().unwrap(), scheme: "https" };
        let created = tenants::create(&server.app, new).await.unwrap();
        server.client_id = created.tenant.management_client_id;
        server.client_secret = created.client_secret;
        server
    }

    /// Another process on the same database: its own memory, the same clock and secret.
    pub(crate) async fn sibling(&self) -> Self {
        let mut sibling = Self::with(self.app.db.clone(), 2, self.private_targets).await;
        sibling.clock.0.store(self.clock.0.load(Ordering::SeqCst), Ordering::SeqCst);
        sibling.client_id.clone_from(&self.client_id);
        sibling.client_secret.clone_from(&self.client_secret);
        sibling
    }

    async fn with(db: Db, seed: u64, private_targets: Option<bool>) -> Self {
        let clock = ManualClock(Arc::new(AtomicI64::new(START * 1000)));
        db.migrate(START * 1000).await.unwrap();
        let (app, writer) = App::new(Parts {
            db,
            clock: Box::new(clock.clone()),
            entropy: Box::new(SeededEntropy(Mutex::new(StdRng::seed_from_u64(seed)))),
            forge: Box::new(FixedForge(AtomicUsize::new(0))),
            sealer: Sealer::new(&MasterKey::from_bytes([7; 32]), 1),
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            passwords: CHEAP,
            mail: MailSettings::default(),
            private_targets,
        })
        .unwrap();
        app.changes.start(&app).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let writer = tokio::spawn(writer.run(Arc::clone(&app), async move {
            let _ = stopped.await;
        }));
        Self {
            front: front(&app),
            app,
            clock,
            client_id: String::new(),
            client_secret: String::new(),
            private_targets,
            writer: Some((writer, stop)),
        }
    }

    /// Writes what is waiting for the log, and takes no more.
    pub(crate) async fn flush_log(&mut self) {
        if let Some((writer, stop)) = self.writer.take() {
            stop.send(()).unwrap();
            writer.await.unwrap();
        }
    }

    /// Sends any request through the router.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = Arc::clone(&self.front).answer(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// GET on the first tenant.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Call::get(path).build()).await
    }

    /// Starts a request to the Management API with all scopes.
    pub(crate) async fn api(&self, method: Method, path: &str) -> Call {
        let token = self.token(&[]).await;
        Call::new(method, &format!("/api/v2{path}")).bearer(&token)
    }

    /// GET of the Management API with all scopes.
    pub(crate) async fn api_get(&self, path: &str) -> Answer {
        let call = self.api(Method::GET, path).await;
        self.send(call.build()).await
    }

    /// Another method of the Management API with a JSON body and all scopes.
    pub(crate) async fn api_send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let call = self.api(method, path).await.json(body);
        self.send(call.build()).await
    }

    /// A method of the Management API without a body, with all scopes.
    pub(crate) async fn api_call(&self, method: Method, path: &str) -> Answer {
        let call = self.api(method, path).await;
        self.send(call.build()).await
    }

    /// A Management API token with these scopes; with none named, with all.
    pub(crate) async fn token(&self, scopes: &[&str]) -> String {
        let answer = self.token_request(&self.management_form(MANAGEMENT, &scopes.join(" "))).await;
        answer.expect(200)["access_token"].as_str().unwrap().to_owned()
    }

    /// The form of a token request by the management application.
    pub(crate) fn management_form(&self, audience: &str, scope: &str) -> Vec<(String, String)> {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("audience", audience),
            ("scope", scope),
        ];
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Changes a setting of the operator for the first tenant.
    pub(crate) async fn set_policy(&self, name: &str, value: &str) {
        let stored = tenants::sql::find_by_domain(&self.app.db, DOMAIN).await.unwrap().unwrap();
        tenants::change_policy(&self.app, &stored, &[(name, value)]).await.unwrap();
    }

    /// Posts a form to the token endpoint of the first tenant.
    pub(crate) async fn token_request(&self, form: &[(String, String)]) -> Answer {
        self.send(Call::new(Method::POST, "/oauth/token").form(form).build()).await
    }
}

/// A request in the making, to the first tenant unless told otherwise.
pub(crate) struct Call {
    builder: http::request::Builder,
    body: Body,
}

impl Call {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self::to(DOMAIN, method, path)
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn to(host: &str, method: Method, path: &str) -> Self {
        let builder = Request::builder().method(method).uri(path).header(header::HOST, host);
        Self { builder, body: Body::empty() }
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub(crate) fn form(self, pairs: &[(String, String)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.raw("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn raw(self, content_type: &str, body: impl Into<Body>) -> Self {
        let called = self.header("content-type", content_type);
        Self { body: body.into(), ..called }
    }

    pub(crate) fn build(self) -> Request<Body> {
        self.builder.body(self.body).unwrap()
    }
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token, unverified.
pub(crate) fn token_header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&chancery_jose::base64url::decode(part).unwrap()).unwrap()
}

/// The error body of the Management API.
pub(crate) fn error(status: u16, name: &str, code: Option<&str>, message: &str) -> Value {
    let mut body = serde_json::json!({ "statusCode": status, "error": name, "message": message });
    if let Some(code) = code {
        body["errorCode"] = code.into();
    }
    body
}
