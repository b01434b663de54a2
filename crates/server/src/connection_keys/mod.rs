//! The keys with which a tenant meets upstream identity providers, apart from the application signing keys.
//!
//! One ring serves all connections of a tenant: it signs requests and opens what partners encrypted. A connection that
//! proves itself by client assertions has a ring of its own. The rules are `chancery_keyring`'s. Must never sign
//! anything for applications.

pub mod api;
mod lifecycle;
pub mod own;
pub mod sql;

use std::sync::Arc;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::rsa::PrivateKey;
use chancery_keyring::{ConnectionRing, Pair, PublicHalf};
use http::HeaderValue;

pub use lifecycle::{ensure, revoke, rotate};

use crate::app::App;
use crate::connections::Connection;
use crate::signing_keys::KeyError;
use crate::signing_keys::documents::CertificateDocuments;
use crate::tenants::sql::Stored;
use crate::tenants::{LoadError, Tenant};

/// For which ring a key is made.
#[derive(Debug, Clone, Copy)]
pub enum Order<'a> {
    /// That of the tenant: its keys sign and decrypt, and are RSA keys.
    Tenant,
    /// That of one connection, to sign with this algorithm.
    Connection(&'a Connection, Algorithm),
}

impl<'a> Order<'a> {
    /// Whose ring that is.
    fn owner(self) -> Owner<'a> {
        match self {
            Self::Tenant => Owner::Tenant,
            Self::Connection(connection, _) => Owner::Connection(connection),
        }
    }

    /// What the key signs with, where that is fixed.
    fn algorithm(self) -> Option<Algorithm> {
        match self {
            Self::Tenant => None,
            Self::Connection(_, algorithm) => Some(algorithm),
        }
    }
}

/// Whose ring it is.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'a> {
    /// The tenant: all of its connections share the ring.
    Tenant,
    /// One connection.
    Connection(&'a Connection),
}

impl<'a> Owner<'a> {
    /// What the ring is found by.
    fn text(self) -> &'a str {
        self.connection_id().unwrap_or("tenant")
    }

    /// The connection, if it is that of one.
    fn connection_id(self) -> Option<&'a str> {
        match self {
            Self::Tenant => None,
            Self::Connection(connection) => Some(&connection.id),
        }
    }
}

/// Lets one caller at a time make the ring of a tenant. Of many that ask for the first time at once, all but one find
/// it made; tenants lose nothing by waiting for each other, since the forge makes one key at a time too.
#[derive(Debug, Default)]
pub struct Making(tokio::sync::Mutex<()>);

/// The ring of a tenant in memory.
#[derive(Debug)]
pub struct ConnectionKeys {
    ring: ConnectionRing,
    /// The downloads of the current key's certificate.
    pub documents: CertificateDocuments,
}

impl ConnectionKeys {
    /// The ring of a tenant, if there is one.
    pub async fn load(
        app: &App,
        stored: &Stored,
        caching: &HeaderValue,
    ) -> Result<Option<Arc<Self>>, LoadError> {
        let rows = sql::load(&app.db, &stored.id, Owner::Tenant).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let (ring, _) = lifecycle::open(&app.sealer, &stored.id, rows).map_err(KeyError::from)?;
        let name = format!("{}-connection", stored.name);
        let documents = CertificateDocuments::of(&ring.signing().public.certificate, &name, caching)?;
        Ok(Some(Arc::new(Self { ring, documents })))
    }

    /// The ring itself.
    pub fn ring(&self) -> &ConnectionRing {
        &self.ring
    }

    /// What signs requests to identity providers: the current private key, and its certificate.
    pub fn signing(&self) -> (&PrivateKey, &Certificate) {
        let Pair { public, private } = self.ring.signing();
        (private, &public.certificate)
    }

    /// The certificates for metadata: that of the current key, and that of the next one.
    pub fn certificates(&self) -> [&Certificate; 2] {
        self.ring.announced().map(|PublicHalf { certificate, .. }| certificate)
    }

    /// The private keys that may open what an identity provider encrypted: current, next, and those before.
    pub fn decryption_keys(&self) -> impl Iterator<Item = &PrivateKey> {
        self.ring.decryptors().map(|pair| pair.private)
    }
}

/// The ring of a tenant, from memory; it is made now if nobody asked for it before.
pub async fn of(app: &Arc<App>, tenant: &Arc<Tenant>) -> Result<Arc<ConnectionKeys>, LoadError> {
    if let Some(keys) = &tenant.connection {
        return Ok(Arc::clone(keys));
    }
    ensure(app, &tenant.stored).await?;
    let find = async || {
        let found = app.tenants.find(app, &tenant.stored.domain).await?;
        Ok::<_, LoadError>(found.and_then(|found| found.connection.clone()))
    };
    if let Some(keys) = find().await? {
        return Ok(keys);
    }
    // Another process has made it, and its notice is on the way still.
    app.tenants.forget(&tenant.stored.canonical);
    let gone = || KeyError::Prepare("the tenant does not exist any more".to_owned());
    Ok(find().await?.ok_or_else(gone)?)
}
