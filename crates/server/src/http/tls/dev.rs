//! The local authority of `tls = dev`: certificates for every registered host, made when they are asked for.
//!
//! Its key never leaves the data directory; its certificate is what SDKs are told to trust. Must never be used
//! in production, nor make a certificate for a host that is not registered.

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_cache::sync::Cache;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use rustls_pki_types::PrivateKeyDer;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::{TlsError, config, config_of_files, file_error};
use crate::app::App;
use crate::tenants::{self, Domain};

/// Certificates in memory at most; each costs a few kilobytes, and a millisecond to make it again.
const CAPACITY: usize = 1000;

/// The files of the local authority below the data directory.
#[derive(Debug, Clone)]
pub struct DevFiles {
    /// Its certificate: what clients are told to trust.
    pub ca: PathBuf,
    ca_key: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl DevFiles {
    /// The files below `data_dir`.
    pub fn below(data_dir: &Path) -> Self {
        let file = |name: &str| data_dir.join("tls").join(name);
        Self {
            ca: file("ca.pem"),
            ca_key: file("ca.key"),
            certificate: file("server.pem"),
            key: file("server.key"),
        }
    }
}

/// The names that the ready certificate is for.
fn names(hosts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for host in hosts.iter().map(String::as_str).chain(["localhost", "127.0.0.1", "::1"]) {
        let host = unbracketed(host);
        if !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
    }
    names
}

/// An IPv6 address stands in brackets in a domain, and without them in a certificate.
fn unbracketed(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Makes the local authority if there is none, and a certificate for `hosts`, `localhost` and loopback.
pub fn prepare_dev(files: &DevFiles, hosts: &[String]) -> Result<(), TlsError> {
    let names = names(hosts);
    // The certificate says whom it is for; one for other names is made anew, by the same authority.
    let marker = files.certificate.with_extension("names");
    let complete =
        [&files.ca, &files.ca_key, &files.certificate, &files.key].iter().all(|file| file.exists());
    if complete && fs::read_to_string(&marker).is_ok_and(|own| own == names.join(" ")) {
        return Ok(());
    }
    if let Some(folder) = files.ca.parent() {
        fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
    }
    let ca_key = match fs::read_to_string(&files.ca_key) {
        Ok(key) if files.ca.exists() => KeyPair::from_pem(&key)?,
        Ok(_) | Err(_) => authority(files)?,
    };
    let (certificate, key) = certify(names.clone(), &Issuer::new(authority_params(), ca_key))?;
    save(&files.certificate, &certificate.pem(), 0o644)?;
    save(&files.key, &key.serialize_pem(), 0o600)?;
    save(&marker, &names.join(" "), 0o644)
}

/// Makes a certificate for `names`, with a key of its own.
fn certify(
    names: Vec<String>,
    issuer: &Issuer<'static, KeyPair>,
) -> Result<(Certificate, KeyPair), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Chancery local development server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params);
    Ok((params.signed_by(&key, issuer)?, key))
}

/// The authority's own certificate always says the same, so that it need not be read to sign with its key.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Chancery local development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params);
    params
}

/// Twenty years: long enough for a development machine, and the same at every start.
fn set_validity(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2046, 1, 1);
}

fn authority(files: &DevFiles) -> Result<KeyPair, TlsError> {
    let key = KeyPair::generate()?;
    let certificate = authority_params().self_signed(&key)?;
    save(&files.ca_key, &key.serialize_pem(), 0o600)?;
    save(&files.ca, &certificate.pem(), 0o644)?;
    Ok(key)
}

/// Writes beside the file and renames, so that a server that reads it never sees half of it.
fn save(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let beside = path.with_extension("new");
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| file_error(path, &error))
}

/// Certificates by the name that a client asks for.
pub struct Dev {
    app: Arc<App>,
    issuer: Issuer<'static, KeyPair>,
    /// For the names that are known from the start, and whenever there is no better one.
    ready: Arc<ServerConfig>,
    ready_for: Vec<String>,
    made: Cache<String, Arc<ServerConfig>>,
}

impl Dev {
    /// Makes what is missing of the files, and reads them.
    pub fn open(app: Arc<App>, files: &DevFiles, hosts: &[String]) -> Result<Self, TlsError> {
        prepare_dev(files, hosts)?;
        let ca_key = fs::read_to_string(&files.ca_key).map_err(|error| file_error(&files.ca_key, &error))?;
        Ok(Self {
            app,
            issuer: Issuer::new(authority_params(), KeyPair::from_pem(&ca_key)?),
            ready: config_of_files(&files.certificate, &files.key)?,
            ready_for: names(hosts),
            made: Cache::new(CAPACITY),
        })
    }

    /// Shakes hands with the certificate for the host that is asked for.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let local = stream.local_addr()?.ip();
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let host = host(&start.client_hello(), local);
        let config = self.config_for(&host).await;
        start.into_stream(config).await
    }

    async fn config_for(&self, host: &str) -> Arc<ServerConfig> {
        if self.ready_for.iter().any(|name| name == unbracketed(host)) {
            return Arc::clone(&self.ready);
        }
        match self.made.get_value_or_guard_async(host).await {
            Ok(config) => config,
            Err(guard) => match self.make(host).await {
                Ok(Some(config)) => {
                    // Refused only where somebody emptied the cache meanwhile; then it is made again.
                    let _ = guard.insert(Arc::clone(&config));
                    config
                }
                // The client sees at once that this certificate is not for the name that it asked for.
                Ok(None) => Arc::clone(&self.ready),
                Err(error) => {
                    tracing::warn!(%error, host, "no certificate could be made for a host");
                    Arc::clone(&self.ready)
                }
            },
        }
    }

    /// Makes a certificate for a host; none if no tenant is reached there.
    async fn make(&self, host: &str) -> Result<Option<Arc<ServerConfig>>, String> {
        // What is no domain is no tenant's.
        let Ok(domain) = host.parse::<Domain>() else { return Ok(None) };
        let registered = tenants::sql::is_registered_host(&self.app.db, &domain).await;
        if !registered.map_err(|error| error.to_string())? {
            return Ok(None);
        }
        let names = vec![unbracketed(host).to_owned()];
        let (certificate, key) = certify(names, &self.issuer).map_err(|error| error.to_string())?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = config(vec![certificate.der().clone()], key).map_err(|error| error.to_string())?;
        Ok(Some(config))
    }
}

/// The host that a client wants: by name, or, as names alone are sent (RFC 6066 section 3), by the address that it
/// reached.
fn host(hello: &ClientHello<'_>, local: IpAddr) -> String {
    match (hello.server_name(), local.to_canonical()) {
        (Some(name), _) => name.to_ascii_lowercase(),
        (None, IpAddr::V4(address)) => address.to_string(),
        (None, IpAddr::V6(address)) => format!("[{address}]"),
    }
}
