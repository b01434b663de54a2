//! Requests that this server sends to addresses that customers name.
//!
//! An address is resolved once and checked, and exactly what was checked is connected to, so that no answer of a name
//! server in between leads elsewhere. Must never follow a redirection, read more of an answer than was allowed, wait for
//! long, or reach the operator's own network where the operator does not want that.

mod addresses;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::tenants::Domain;

/// For one request, from the name server to the head of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a connection to one of the addresses of a host.
const CONNECT: Duration = Duration::from_secs(2);
/// The longest head of an answer, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// The longest body of an answer that is read, in bytes.
const LONGEST_BODY: usize = 256 * 1024;

/// What is asked of another server.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where.
    pub url: String,
    /// A form to post; without one it is GET.
    pub form: Option<String>,
    /// Headers beside the usual ones.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The answer of another server.
#[derive(Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its body, whole.
    pub body: Bytes,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may hold tokens.
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It never will be: the address cannot be used.
    #[error("{0}")]
    Refused(String),
    /// Perhaps later.
    #[error("{0}")]
    Failed(String),
}

/// Who sends.
pub struct Outgoing {
    /// The operator's word on private addresses; without one it depends on the tenant.
    private_targets: Option<bool>,
    /// Made when it is first needed: reading the authorities of the system takes its time.
    tls: OnceCell<TlsConnector>,
}

/// Where a request goes.
#[derive(Debug)]
struct Target {
    secure: bool,
    host: String,
    port: u16,
    /// Host and port as the address has them.
    authority: String,
    path: PathAndQuery,
}

impl Outgoing {
    /// With the operator's word on private addresses, if there is one.
    pub fn new(private_targets: Option<bool>) -> Self {
        Self { private_targets, tls: OnceCell::new() }
    }

    /// Whether what is named by the administrators of the tenant at this domain may be private: without a word of the
    /// operator, where the tenant itself lives on the machine of a developer.
    pub fn may_be_private(&self, domain: &str) -> bool {
        let is_local = |domain: Domain| is_own_machine(domain.host());
        self.private_targets.unwrap_or_else(|| domain.parse().is_ok_and(is_local))
    }

    /// Posts a form; answers the status, and reads nothing beyond the head.
    pub async fn post_form(&self, url: &str, form: String, private: bool) -> Result<StatusCode, SendError> {
        let ask = Ask { url: url.to_owned(), form: Some(form), headers: Vec::new() };
        Ok(self.within_patience(&ask, (private, Part::Head)).await?.status)
    }

    /// Asks another server and reads its answer, which is one of up to 256 kB. A redirection is an answer like any
    /// other.
    pub async fn fetch(&self, ask: &Ask, private: bool) -> Result<Reply, SendError> {
        self.within_patience(ask, (private, Part::Whole)).await
    }

    async fn within_patience(&self, ask: &Ask, how: (bool, Part)) -> Result<Reply, SendError> {
        let target = Target::parse(&ask.url)?;
        match timeout(PATIENCE, self.ask(&target, ask, how)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SendError::Failed(format!("no answer within {} seconds", PATIENCE.as_secs()))),
        }
    }

    async fn ask(
        &self,
        target: &Target,
        ask: &Ask,
        (private, part): (bool, Part),
    ) -> Result<Reply, SendError> {
        let stream = connect(target, private).await?;
        let mut request =
            Request::builder().uri(target.path.as_str()).header(header::HOST, &target.authority);
        if ask.form.is_some() {
            request = request
                .method(Method::POST)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request = request.header(header::USER_AGENT, "Chancery");
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let body = ask.form.clone().unwrap_or_default();
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| SendError::Refused(error.to_string()))?;
        if !target.secure {
            return answer(stream, request, part).await;
        }
        let name = target.host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|error| SendError::Refused(error.to_string()))?;
        let tls = self.tls.get_or_try_init(trusting_the_system).await?;
        let stream = tls.connect(name, stream).await.map_err(|error| failed("TLS", &error))?;
        answer(stream, request, part).await
    }
}

/// How much of an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Whole,
}

impl Target {
    fn parse(url: &str) -> Result<Self, SendError> {
        let refused = |why: &str| SendError::Refused(format!("the address {why}"));
        if url.contains(['{', '}']) {
            return Err(refused("has a placeholder, which nothing fills in yet"));
        }
        let uri: Uri = url.parse().map_err(|_| refused("cannot be understood"))?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(refused("is neither https nor http")),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| refused("names no host"))?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let authority = uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        Ok(Self { secure, host: host.to_owned(), port, authority, path })
    }
}

/// Whether a host of a URL is the machine itself, by its name.
pub fn is_own_machine(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let is_localhost = |name: &str| name.eq_ignore_ascii_case("localhost");
    is_localhost(host)
        || host.rsplit_once('.').is_some_and(|(_, last)| is_localhost(last))
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Connects to the first of the host's addresses that may be used and answers.
async fn connect(target: &Target, private: bool) -> Result<TcpStream, SendError> {
    let name = target.host.trim_matches(['[', ']']);
    let resolved = lookup_host((name, target.port)).await.map_err(|error| failed("the host", &error))?;
    let resolved: Vec<SocketAddr> = resolved.collect();
    let usable = |address: &&SocketAddr| {
        // What is not encrypted does not leave the machine.
        let near_enough = target.secure || address.ip().to_canonical().is_loopback();
        near_enough && (private || addresses::is_public(address.ip()))
    };
    let mut outcome = if resolved.is_empty() {
        SendError::Failed("the host has no address".to_owned())
    } else {
        SendError::Refused(format!(
            "the host {name} has no address that may be called: private and special ones may not unless the operator \
             allows it (allow-private-targets), and without TLS only one's own machine"
        ))
    };
    for address in resolved.iter().filter(usable) {
        outcome = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed("the connection", &error),
            Err(_) => SendError::Failed("the connection: no answer".to_owned()),
        };
    }
    Err(outcome)
}

/// Sends a request on a connection of its own.
async fn answer<S>(stream: S, request: Request<Full<Bytes>>, part: Part) -> Result<Reply, SendError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connection = http1::Builder::new();
    connection.max_buf_size(LONGEST_HEAD);
    let shaken = connection.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| failed("the connection", &error))?;
    // Ends with this function, whatever the other side sends after what is read.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| failed("the answer", &error))?;
    let (head, body) = Response::into_parts(response);
    let body = match part {
        Part::Head => Bytes::new(),
        Part::Whole => {
            let body = Limited::new(body, LONGEST_BODY).collect().await;
            body.map_err(|error| SendError::Failed(format!("the answer: {error}")))?.to_bytes()
        }
    };
    Ok(Reply { status: head.status, body })
}

fn failed(what: &str, error: &dyn std::error::Error) -> SendError {
    SendError::Failed(format!("{what}: {error}"))
}

async fn trusting_the_system() -> Result<TlsConnector, SendError> {
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let found = found.map_err(|error| failed("the authorities of the system", &error))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    connector(roots).map_err(|error| failed("TLS", &error))
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
