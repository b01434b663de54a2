//! Everything that requests share: the database, the seal, the clock, the pools, the memory.
//!
//! Made once at start and passed as an `Arc`. Must never hold anything of a single request.

use std::sync::Arc;

use chancery_crypto::seal::Sealer;
use chancery_oauth::access_token::Proved;
use ipnet::IpNet;

use crate::changes::{Changes, Notice, Topic};
use crate::clock::Clock;
use crate::connection_keys;
use crate::db::Db;
use crate::entropy::Entropy;
use crate::federation;
use crate::forge::Forge;
use crate::http::outgoing::Outgoing;
use crate::logs::{LogIds, LogWriter, WriterTask};
use crate::mail::MailSettings;
use crate::oidc::Memory;
use crate::passwords::{Parameters, PasswordPool};
use crate::sessions;
use crate::signing_keys::uses::KeyUses;
use crate::signing_pool::SigningPool;
use crate::tenants::Tenants;

/// The parts that the outside hands in.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Box<dyn Clock>,
    /// The randomness.
    pub entropy: Box<dyn Entropy>,
    /// The keys.
    pub forge: Box<dyn Forge>,
    /// The seal.
    pub sealer: Sealer,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What a password hash costs.
    pub passwords: Parameters,
    /// Where mails go that no tenant decides about.
    pub mail: MailSettings,
    /// Whether customers may name private addresses; without a word it depends on the tenant.
    pub private_targets: Option<bool>,
}

/// The running platform.
pub struct App {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Box<dyn Clock>,
    /// The randomness.
    pub entropy: Box<dyn Entropy>,
    /// The keys.
    pub forge: Box<dyn Forge>,
    /// The seal.
    pub sealer: Sealer,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where mails go that no tenant decides about.
    pub mail: MailSettings,
    /// Who sends requests to addresses that customers name.
    pub outgoing: Outgoing,
    /// The threads that sign.
    pub signing: SigningPool,
    /// The threads that hash passwords.
    pub passwords: PasswordPool,
    /// The tenants in memory.
    pub tenants: Tenants,
    /// The applications, APIs and grants in memory.
    pub memory: Memory,
    /// Who is signed in, in memory.
    pub people: sessions::Kept,
    /// The access tokens whose signatures are known to be good.
    pub proved: Proved,
    /// What other providers publish.
    pub federation: federation::Memory,
    /// What the signing keys were used for.
    pub key_uses: KeyUses,
    /// Who makes a connection key.
    pub making_connection_key: connection_keys::Making,
    /// How far other processes' changes were read.
    pub changes: Changes,
    /// The ids of log entries.
    pub log_ids: LogIds,
    /// Where log entries go that no transaction carries.
    pub log: LogWriter,
}

impl App {
    /// Puts the parts together. The writer task has to be run, or log entries pile up.
    pub fn new(parts: Parts) -> std::io::Result<(Arc<Self>, WriterTask)> {
        let Parts { db, clock, entropy, forge, sealer, trusted_proxies, passwords, mail, private_targets } =
            parts;
        let (log, writer) = LogWriter::channel();
        let app = Self {
            signing: SigningPool::start()?,
            passwords: PasswordPool::new(passwords),
            tenants: Tenants::default(),
            memory: Memory::default(),
            people: sessions::Kept::default(),
            proved: Proved::default(),
            federation: federation::Memory::default(),
            key_uses: KeyUses::default(),
            making_connection_key: connection_keys::Making::default(),
            changes: Changes::default(),
            log_ids: LogIds::new(entropy.bytes()),
            log,
            db,
            clock,
            entropy,
            forge,
            sealer,
            trusted_proxies,
            mail,
            outgoing: Outgoing::new(private_targets),
        };
        Ok((Arc::new(app), writer))
    }

    /// Drops from memory what a notice is about.
    pub fn forget(&self, notice: &Notice) {
        let Notice { tenant, topic, subject } = notice;
        match topic {
            Topic::Tenant => self.tenants.forget(subject),
            Topic::Client => self.memory.forget_client(tenant, subject),
            Topic::Apis => self.memory.forget_apis(tenant),
            Topic::Api => self.memory.forget_api(tenant, subject),
            Topic::Grant => self.memory.forget_grant(tenant, subject),
            Topic::Connections => self.memory.forget_connections(tenant),
        }
    }

    /// Drops everything from memory.
    pub fn forget_everything(&self) {
        self.memory.forget_everything();
        self.people.forget_everything();
        self.tenants.forget_all();
    }
}
