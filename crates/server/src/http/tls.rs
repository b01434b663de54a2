//! TLS: given certificates, or a local authority for development.
//!
//! The local authority's key never leaves the data directory; its certificate is what SDKs are told to
//! trust. Must never be used in production, and says so.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("the TLS file {} cannot be used: {cause}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Certificate and key are refused.
    #[error("TLS cannot be offered with this certificate and key: {0}")]
    Refused(String),
    /// The local authority could not be made.
    #[error("the local certificate authority for tls = dev could not be made: {0}")]
    Authority(#[from] rcgen::Error),
}

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

/// Makes the local authority if there is none, and a certificate for `hosts`, `localhost` and loopback.
pub fn prepare_dev(files: &DevFiles, hosts: &[String]) -> Result<(), TlsError> {
    let mut names: Vec<String> = Vec::new();
    for host in hosts.iter().map(String::as_str).chain(["localhost", "127.0.0.1", "::1"]) {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
    }
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
    let issuer = Issuer::new(authority_params(), ca_key);
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.clone())?;
    params.distinguished_name.push(DnType::CommonName, "Chancery local development server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params);
    let certificate = params.signed_by(&key, &issuer)?;
    save(&files.certificate, &certificate.pem(), 0o644)?;
    save(&files.key, &key.serialize_pem(), 0o600)?;
    save(&marker, &names.join(" "), 0o644)
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

fn file_error(path: &Path, cause: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), cause: cause.to_string() }
}

/// Offers TLS with the certificate of the local authority.
pub fn dev_acceptor(files: &DevFiles) -> Result<TlsAcceptor, TlsError> {
    acceptor(&files.certificate, &files.key)
}

/// Offers TLS 1.2 and 1.3, HTTP/2 first, with the certificate and key of these files.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| file_error(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| file_error(key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Refused(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| TlsError::Refused(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
