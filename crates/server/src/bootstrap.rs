//! From settings to a running [`App`]: data directory, database, master key, first tenant.
//!
//! Later starts find everything and make nothing. Must never make a new master key for a database that was
//! sealed under another, nor change anything before that is certain.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use chancery_crypto::seal::{Label, MasterKey, Sealer};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::{App, Parts};
use crate::clock::{self, Clock, SystemClock};
use crate::config::{Config, PublicUrl};
use crate::db::{Db, DbError, Target, Tx, Value};
use crate::entropy::{Entropy, SystemEntropy};
use crate::forge::SystemForge;
use crate::master_key::{self, MasterKeyError};
use crate::passwords::Parameters;
use crate::signing_keys::uses;
use crate::tenants::{self, CreateError, LoadError, NewTenant, TenantName};

/// The version under which everything is sealed until the master key can be rotated.
const SEAL_VERSION: u32 = 1;
/// What is sealed to recognise the master key again.
const SEAL_CHECK: &[u8] = b"chancery";
const CHECK_LABEL: Label<'static> = Label { tenant: "", kind: "seal-check", id: "installation" };

const FIND: &str = "SELECT seal_check FROM installation WHERE id = 1";
const CREATED_AT: &str = "SELECT created_at FROM installation WHERE id = 1";
const INSERT: &str =
    "INSERT INTO installation (id, seal_check, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error("the data directory {} cannot be used: {cause}. Give its owner read and write permission, or choose another with --data-dir", .path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// There is nothing to work on.
    #[error("there is no Chancery data in {} yet. Make it with: chancery init, or name another folder with --data-dir", .0.display())]
    NoData(PathBuf),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The first tenant.
    #[error(transparent)]
    Tenant(#[from] CreateError),
    /// Loading a tenant.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Threads(#[from] std::io::Error),
}

/// What a start may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whatever is missing, and stock up on keys: a server.
    Serve,
    /// Whatever is missing: `init`.
    Init,
    /// Nothing, and an older schema stays as it is: every other command.
    Existing,
}

/// A running platform and what its start made.
pub struct Running {
    /// The platform.
    pub app: Arc<App>,
    /// What was made, in words; empty on later starts.
    pub made: Vec<String>,
    /// What runs beside the requests, with what tells it to stop.
    beside: Vec<(JoinHandle<()>, oneshot::Sender<()>)>,
}

impl Running {
    /// Writes what is still waiting for the log and what was counted, and closes the database.
    pub async fn stop(self) -> Result<(), DbError> {
        let Self { app, made: _, beside } = self;
        for (task, stop) in beside {
            let _ = stop.send(());
            if task.await.is_err() {
                tracing::error!("the tenant log, or what was counted, was not written to its end");
            }
        }
        let db = app.db.clone();
        drop(app);
        db.close().await
    }
}

/// Starts the platform.
pub async fn start(config: &Config, mode: Mode) -> Result<Running, StartError> {
    let mut made = Vec::new();
    prepare_data_dir(config, mode, &mut made)?;
    let db = Db::open(&config.target).await?;
    let sealer = match mode {
        Mode::Serve | Mode::Init => unseal(&db, &config.master_key_file, &mut made).await?,
        Mode::Existing => {
            let reopened = reopen(&db, &config.master_key_file).await?;
            reopened.ok_or_else(|| StartError::NoData(config.data_dir.clone()))?
        }
    };
    let forge = SystemForge::start(mode == Mode::Serve)?;
    let (app, writer) = App::new(Parts {
        db,
        clock: Box::new(SystemClock),
        entropy: Box::new(SystemEntropy),
        forge: Box::new(forge),
        sealer,
        trusted_proxies: config.trusted_proxies.clone(),
        passwords: Parameters::SHIPPED,
        mail: config.mail.clone(),
        private_targets: config.private_targets,
    })?;
    let beside = vec![
        beside(|stop| writer.run(Arc::clone(&app), stop)),
        beside(|stop| uses::run(Arc::clone(&app), stop)),
    ];
    app.changes.start(&app).await?;
    if mode != Mode::Existing {
        tenants::complete_all(&app).await?;
        first_tenant(&app, &config.public_url, (mode, &mut made)).await?;
    }
    Ok(Running { app, made, beside })
}

/// Starts what runs until it is told to stop.
fn beside<T: Future<Output = ()> + Send + 'static>(
    task: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>) -> T,
) -> (JoinHandle<()>, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel();
    let stopped = Box::pin(async move {
        let _ = stopped.await;
    });
    (tokio::spawn(task(stopped)), stop)
}

fn prepare_data_dir(config: &Config, mode: Mode, made: &mut Vec<String>) -> Result<(), StartError> {
    let path = &config.data_dir;
    let failed = |cause| StartError::DataDir { path: path.clone(), cause };
    if !path.exists() {
        if mode == Mode::Existing {
            return Err(StartError::NoData(path.clone()));
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        made.push(format!("data directory    {}", path.display()));
    }
    fs::read_dir(path).map_err(failed)?;
    if let Target::Sqlite(file) = &config.target
        && !file.exists()
    {
        if mode == Mode::Existing {
            return Err(StartError::NoData(path.clone()));
        }
        made.push(format!("database          {}", file.display()));
    }
    Ok(())
}

/// The seal of a database: its master key is found, or made for a database that has none, and proved to be
/// the right one before anything is changed. Then the schema is brought up to date.
pub async fn unseal(db: &Db, key_file: &Path, made: &mut Vec<String>) -> Result<Sealer, StartError> {
    let (clock, entropy) = (SystemClock, SystemEntropy);
    let found = seal_check(db).await?;
    let master = match (master_key::read(key_file)?, &found) {
        (Some(master), _) => master,
        (None, Some(_)) => return Err(MasterKeyError::Missing(key_file.to_owned()).into()),
        (None, None) => {
            made.push(format!("master key        {}", key_file.display()));
            master_key::create(key_file, &entropy)?
        }
    };
    if let Some(sealed) = found {
        let sealer = sealer_of(&master, &sealed, key_file)?;
        db.migrate(clock.now().as_millisecond()).await?;
        return Ok(sealer);
    }
    db.migrate(clock.now().as_millisecond()).await?;
    mark_installation(db, &Sealer::new(&master, SEAL_VERSION), &entropy, clock.now()).await?;
    // Another process may have been first, with another key.
    let sealed = seal_check(db).await?.ok_or_else(|| MasterKeyError::Wrong(key_file.to_owned()))?;
    Ok(sealer_of(&master, &sealed, key_file)?)
}

/// The seal of a database that is there and up to date; none if there is no installation. Changes nothing.
async fn reopen(db: &Db, key_file: &Path) -> Result<Option<Sealer>, StartError> {
    let Some(sealed) = seal_check(db).await? else { return Ok(None) };
    let master = master_key::read(key_file)?.ok_or_else(|| MasterKeyError::Missing(key_file.to_owned()))?;
    let sealer = sealer_of(&master, &sealed, key_file)?;
    db.expect_schema().await?;
    Ok(Some(sealer))
}

/// The seal of this master key, which has to be the one that `sealed` was made under.
fn sealer_of(master: &MasterKey, sealed: &[u8], key_file: &Path) -> Result<Sealer, MasterKeyError> {
    let sealer = Sealer::new(master, SEAL_VERSION);
    sealer.open(CHECK_LABEL, sealed).map_err(|_| MasterKeyError::Wrong(key_file.to_owned()))?;
    Ok(sealer)
}

/// The sealed mark of an installation; none in a database without our schema. Every doubt is an error: taking
/// a database that cannot be read for a new one would make new keys over old ones.
async fn seal_check(db: &Db) -> Result<Option<Vec<u8>>, DbError> {
    if !db.has_table("installation").await? {
        return Ok(None);
    }
    let row = db.query_opt(FIND, &[]).await?;
    row.map(|row| row.bytes("seal_check")).transpose()
}

/// Since when the master key seals in this database.
pub async fn sealed_since(db: &Db) -> Result<Option<jiff::Timestamp>, DbError> {
    let row = db.query_opt(CREATED_AT, &[]).await?;
    row.map(|row| clock::from_millis(row.int("created_at")?)).transpose()
}

async fn mark_installation(
    db: &Db,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    now: jiff::Timestamp,
) -> Result<(), StartError> {
    let sealed = sealer
        .seal(CHECK_LABEL, entropy.bytes(), SEAL_CHECK)
        .map_err(|error| DbError::Other(format!("the seal could not be tried: {error}")))?;
    let mut tx: Tx = db.begin().await?;
    tx.execute(INSERT, &[Value::Bytes(sealed), Value::Int(now.as_millisecond())]).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the tenant `main` where there is no tenant at all, with its key ring.
async fn first_tenant(
    app: &Arc<App>,
    url: &PublicUrl,
    (mode, made): (Mode, &mut Vec<String>),
) -> Result<(), StartError> {
    let tenants = tenants::sql::list(&app.db).await?;
    if let Some(first) = tenants.first() {
        if mode == Mode::Serve && !tenants.iter().any(|tenant| tenant.canonical == url.domain.as_str()) {
            tracing::warn!(
                tenant = first.name,
                domain = first.canonical,
                public_url = %url,
                "no tenant is registered for the host of public-url: requests to it are answered with 404. \
                 The public URL names the first tenant when it is made and changes nothing later"
            );
        }
        return Ok(());
    }
    let name: TenantName = "main".parse().map_err(|error| CreateError::Part(format!("{error}")))?;
    let new = NewTenant { name, domain: url.domain.clone(), scheme: url.scheme };
    match tenants::create(app, new).await {
        Ok(created) => {
            let live = app.tenants.find(app, &created.tenant.canonical).await?;
            made.push(format!("tenant            main at {url}"));
            if let Some(live) = live {
                made.push(format!("signing keys      {} (current)", live.ring.current().kid()));
                made.push(format!("                  {} (next)", live.ring.next().kid()));
            }
            made.push(format!(
                "application       {} ({}), granted all scopes of {url}/api/v2/",
                tenants::MANAGEMENT_APPLICATION,
                created.tenant.management_client_id
            ));
            Ok(())
        }
        // Another process starting on the same database was first.
        Err(CreateError::Taken { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
