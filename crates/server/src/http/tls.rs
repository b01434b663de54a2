//! TLS: given certificates, or a local authority for development.
//!
//! Must never offer a certificate with a key that is not its own, nor anything older than TLS 1.2.

mod dev;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use dev::{Dev, DevFiles, prepare_dev};

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
    #[error("TLS cannot be offered with the certificate {} and the key {}: {cause}", .certificate.display(), .key.display())]
    Refused {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of its key.
        key: PathBuf,
        /// What is wrong with them.
        cause: String,
    },
    /// The local authority could not be made.
    #[error("the local certificate authority for tls = dev could not be made: {0}")]
    Authority(#[from] rcgen::Error),
}

/// How TLS is offered to those who connect.
#[derive(Clone)]
pub enum Offer {
    /// With one certificate, whatever name is asked for.
    Fixed(TlsAcceptor),
    /// With a certificate of the local authority for the name that is asked for.
    Dev(Arc<Dev>),
}

impl Offer {
    /// With the certificate and key of these files.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self::Fixed(TlsAcceptor::from(config_of_files(certificate, key)?)))
    }

    /// Shakes hands.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        match self {
            Self::Fixed(acceptor) => acceptor.accept(stream).await,
            Self::Dev(dev) => dev.accept(stream).await,
        }
    }
}

fn config_of_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .and_then(|chain: Vec<_>| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) })
        .map_err(|error| file_error(certificate, &pem_cause(&error, "certificate")))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| file_error(key, &pem_cause(&error, "private key")))?;
    config(chain, private).map_err(|error| TlsError::Refused {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        cause: if matches!(error, rustls::Error::InconsistentKeys(_)) {
            "the key does not belong to the certificate".to_owned()
        } else {
            error.to_string()
        },
    })
}

/// Offers TLS 1.2 and 1.3, HTTP/2 first.
fn config(
    chain: Vec<CertificateDer<'static>>,
    private: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn file_error(path: &Path, cause: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), cause: cause.to_string() }
}

/// What is wrong with a PEM file that was to hold `what`.
fn pem_cause(error: &pem::Error, what: &str) -> String {
    if matches!(error, pem::Error::NoItemsFound) {
        return format!("it holds no {what} in PEM form");
    }
    if let pem::Error::Io(error) = error { error.to_string() } else { error.to_string() }
}
