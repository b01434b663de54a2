//! The database URL: where PostgreSQL is and whether it is spoken to through TLS.
//!
//! The driver knows no `verify-full` and no `sslrootcert`, so these are taken out here. Must never quote the
//! URL, nor what the driver says about it: in a mistyped URL any part may be the password.

use std::path::Path;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::error::DbError;

/// What a URL says.
pub(super) struct Address {
    /// For the driver.
    pub(super) config: Config,
    /// TLS, if the URL asks for it. The server's certificate is always verified.
    pub(super) tls: Option<MakeRustlsConnect>,
    /// Host, port, user and database, for messages.
    pub(super) place: String,
}

impl Address {
    /// Understands `postgres://user:password@host:port/name?sslmode=…&sslrootcert=…`.
    pub(super) fn parse(url: &str) -> Result<Self, DbError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(not_understood());
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut secure, mut root, mut rest) = (false, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => secure = true,
                Some(("sslmode", "disable" | "allow" | "prefer")) => secure = false,
                Some(("sslmode", _)) => return Err(bad_mode()),
                Some(("sslrootcert", path)) => root = Some(percent_decode_str(path).decode_utf8_lossy()),
                _ => rest.push(pair),
            }
        }
        let mut config: Config =
            format!("{base}?{}", rest.join("&")).parse().map_err(|_| not_understood())?;
        if config.get_hosts().is_empty() {
            return Err(not_understood());
        }
        config.ssl_mode(if secure { SslMode::Require } else { SslMode::Disable });
        if config.get_application_name().is_none() {
            config.application_name("chancery");
        }
        let tls = secure.then(|| tls(root.as_deref())).transpose()?;
        let place = place(&config);
        Ok(Self { config, tls, place })
    }
}

fn tls(root: Option<&str>) -> Result<MakeRustlsConnect, DbError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = root {
        let certificates = CertificateDer::pem_file_iter(Path::new(path)).and_then(Iterator::collect);
        let certificates: Vec<CertificateDer<'static>> = certificates.map_err(|error| {
            DbError::Unavailable(format!(
                "cannot read the certificates of sslrootcert {path}: {error}; it has to be a PEM file"
            ))
        })?;
        roots.add_parsable_certificates(certificates);
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err(DbError::Unavailable(
            "no root certificate to verify PostgreSQL with; install ca-certificates or name the CA's file in \
             the database URL as sslrootcert=/path/ca.pem"
                .to_owned(),
        ));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::Other(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let user = config.get_user().unwrap_or("the system's user");
    let name = config.get_dbname().unwrap_or(user);
    format!("{host}:{port} (user {user}, database {name})")
}

fn not_understood() -> DbError {
    DbError::Unavailable(
        "the database URL is not understood; it looks like postgres://user:password@host:5432/name, with \
         special characters of the password percent-encoded"
            .to_owned(),
    )
}

fn bad_mode() -> DbError {
    DbError::Unavailable(
        "the sslmode of the database URL is not known; use disable, or require, or verify-full".to_owned(),
    )
}
