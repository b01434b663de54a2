//! Settings: flags, then `CHANCERY_*` environment variables, then `chancery.toml`. The only reader of either.
//!
//! Every error names the setting and the remedy. Must never print a database URL: it may hold a password.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use ipnet::IpNet;
use serde::Deserialize;

use crate::db::Target;
use crate::http::tls::DevFiles;
use crate::mail::{MailSettings, Relay};
use crate::tenants::Domain;

#[cfg(test)]
mod tests;

/// The settings as flags and environment variables.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings (also in the environment and in chancery.toml)")]
pub struct Flags {
    /// File with settings [default: ./chancery.toml, if it exists]
    #[arg(long, env = "CHANCERY_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the data: database, master key, development certificates [default: ./chancery-data]
    #[arg(long, env = "CHANCERY_DATA_DIR", global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// postgres://… instead of the SQLite file in the data directory
    #[arg(long, env = "CHANCERY_DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    database_url: Option<SecretUrl>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "CHANCERY_LISTEN", global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Address and port for /metrics, /healthz and /readyz [default: off]
    #[arg(long, env = "CHANCERY_ADMIN_LISTEN", global = true, value_name = "ADDR:PORT")]
    admin_listen: Option<String>,
    /// URL under which the first tenant is reached [default: localhost with the port of --listen]
    #[arg(long, env = "CHANCERY_PUBLIC_URL", global = true, value_name = "URL")]
    public_url: Option<String>,
    /// off, dev (a local authority in the data directory), or CERTIFICATE.pem,KEY.pem [default: off]
    #[arg(long, env = "CHANCERY_TLS", global = true, value_name = "TLS")]
    tls: Option<String>,
    /// File with the master key [default: master.key in the data directory]
    #[arg(long, env = "CHANCERY_MASTER_KEY_FILE", global = true, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Networks whose X-Forwarded-* and Forwarded headers are believed, such as 10.0.0.0/8,::1/128
    #[arg(long, env = "CHANCERY_TRUSTED_PROXIES", global = true, value_name = "CIDRS")]
    trusted_proxies: Option<String>,
    /// auto (human on a terminal, else json), human or json [default: auto]
    #[arg(long, env = "CHANCERY_LOG_FORMAT", global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// error, warn, info, debug or trace, also for single parts of the program [default: info]
    #[arg(long, env = "CHANCERY_LOG_LEVEL", global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// smtps://user:password@host:465 for tenants without a mail provider [default: mails are kept, not sent]
    #[arg(long, env = "CHANCERY_SMTP_URL", global = true, value_name = "URL", hide_env_values = true)]
    smtp_url: Option<SecretUrl>,
    /// Sender of mails that name no other, such as "Acme <no-reply@acme.example>"
    #[arg(long, env = "CHANCERY_MAIL_FROM", global = true, value_name = "SENDER")]
    mail_from: Option<String>,
    /// true or false: whether addresses that customers name may be private [default: for tenants on localhost]
    #[arg(long, env = "CHANCERY_ALLOW_PRIVATE_TARGETS", global = true, value_name = "BOOL")]
    allow_private_targets: Option<String>,
}

impl Flags {
    /// The flags that name the data, to be repeated to another command. A database URL may hold a password, so
    /// a variable stands for it.
    fn finding(&self) -> Vec<String> {
        let paths = [
            ("--config", &self.config),
            ("--data-dir", &self.data_dir),
            ("--master-key-file", &self.master_key_file),
        ];
        let named = paths.iter().filter_map(|(flag, path)| {
            path.as_ref().map(|path| format!("{flag} {}", quoted(&path.display().to_string())))
        });
        let url = self.database_url.iter().map(|_| "--database-url \"$CHANCERY_DATABASE_URL\"".to_owned());
        named.chain(url).collect()
    }
}

/// A word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+=:,@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A URL that may hold a password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct SecretUrl(String);

impl FromStr for SecretUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a URL that may hold a password)")
    }
}

/// The settings as they stand in `chancery.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::struct_field_names, reason = "the settings have the names that operators type")]
struct File {
    data_dir: Option<PathBuf>,
    database_url: Option<SecretUrl>,
    listen: Option<String>,
    admin_listen: Option<String>,
    public_url: Option<String>,
    tls: Option<String>,
    master_key_file: Option<PathBuf>,
    trusted_proxies: Option<Vec<String>>,
    log_format: Option<String>,
    log_level: Option<String>,
    smtp_url: Option<SecretUrl>,
    mail_from: Option<String>,
    allow_private_targets: Option<bool>,
}

/// The settings, complete and checked.
#[derive(Clone)]
pub struct Config {
    /// The folder of the data.
    pub data_dir: PathBuf,
    /// The database.
    pub target: Target,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to listen for operators.
    pub admin_listen: Option<SocketAddr>,
    /// Where the first tenant is reached.
    pub public_url: PublicUrl,
    /// How TLS is offered.
    pub tls: Tls,
    /// The file of the master key.
    pub master_key_file: PathBuf,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The form of the log.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: String,
    /// Where mails go that no tenant decides about.
    pub mail: MailSettings,
    /// Whether addresses that customers name may be private; without a word it depends on the tenant.
    pub private_targets: Option<bool>,
    /// The flags with which another command finds the same data.
    pub finding_flags: Vec<String>,
}

/// An origin: scheme and domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host, with its port where that is not the default one.
    pub domain: Domain,
}

/// How TLS is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// With a local authority.
    Dev,
    /// With these files.
    Files {
        /// The certificate chain, PEM.
        certificate: PathBuf,
        /// Its private key, PEM.
        key: PathBuf,
    },
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting {name} cannot be used: {reason}")]
pub struct ConfigError {
    name: &'static str,
    reason: String,
}

impl Config {
    /// Puts the settings together.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let finding_flags = flags.finding();
        let file = read_file(flags.config.as_deref())?;
        let tls = tls(flags.tls.or(file.tls).as_deref())?;
        let listen = address("listen", flags.listen.or(file.listen).as_deref().unwrap_or("127.0.0.1:8080"))?;
        let public_url = match flags.public_url.or(file.public_url) {
            Some(url) => url.parse()?,
            None => PublicUrl::local(listen, tls != Tls::Off)?,
        };
        let data_dir = flags.data_dir.or(file.data_dir).unwrap_or_else(|| "chancery-data".into());
        let trusted =
            flags.trusted_proxies.map(|list| list.split(',').map(|one| one.trim().to_owned()).collect());
        Ok(Self {
            target: target(flags.database_url.or(file.database_url), &data_dir)?,
            admin_listen: flags
                .admin_listen
                .or(file.admin_listen)
                .map(|text| address("admin-listen", &text))
                .transpose()?,
            master_key_file: flags
                .master_key_file
                .or(file.master_key_file)
                .unwrap_or_else(|| data_dir.join("master.key")),
            trusted_proxies: networks(trusted.or(file.trusted_proxies).unwrap_or_default())?,
            log_format: log_format(flags.log_format.or(file.log_format).as_deref())?,
            log_level: log_level(flags.log_level.or(file.log_level))?,
            private_targets: match flags.allow_private_targets {
                Some(text) => Some(truth("allow-private-targets", &text)?),
                None => file.allow_private_targets,
            },
            mail: mail(flags.smtp_url.or(file.smtp_url), flags.mail_from.or(file.mail_from))?,
            data_dir,
            listen,
            public_url,
            tls,
            finding_flags,
        })
    }

    /// The files of the local authority, where TLS is `dev`.
    pub fn dev_files(&self) -> Option<DevFiles> {
        (self.tls == Tls::Dev).then(|| DevFiles::below(&self.data_dir))
    }
}

impl PublicUrl {
    fn local(listen: SocketAddr, secure: bool) -> Result<Self, ConfigError> {
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://localhost:{}", listen.port()).parse()
    }
}

impl FromStr for PublicUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let refused = |reason: String| ConfigError { name: "public-url", reason };
        let (scheme, default_port, rest) = if let Some(rest) = text.strip_prefix("https://") {
            ("https", ":443", rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            ("http", ":80", rest)
        } else {
            return Err(refused(format!("\"{text}\" must begin with https:// or http://")));
        };
        let domain = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let domain = domain.strip_suffix(default_port).unwrap_or(&domain);
        let domain = domain.parse().map_err(|error: crate::tenants::NameError| {
            refused(format!("{error}; a public URL has no path, such as https://login.example.com"))
        })?;
        Ok(Self { scheme, domain })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.domain)
    }
}

fn read_file(named: Option<&Path>) -> Result<File, ConfigError> {
    let refused = |reason: String| ConfigError { name: "config", reason };
    let path = named.unwrap_or(Path::new("chancery.toml"));
    match std::fs::read_to_string(path) {
        Ok(text) => {
            toml::from_str(&text).map_err(|error| refused(format!("{}: {}", path.display(), error.message())))
        }
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(refused(format!("{} cannot be read: {error}", path.display()))),
    }
}

fn address(name: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| ConfigError {
        name,
        reason: format!("\"{text}\" is no address with a port, such as 127.0.0.1:8080 or [::]:443"),
    })
}

fn target(url: Option<SecretUrl>, data_dir: &Path) -> Result<Target, ConfigError> {
    match url {
        None => Ok(Target::Sqlite(data_dir.join("chancery.sqlite"))),
        Some(SecretUrl(url)) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Target::Postgres(url))
        }
        Some(_) => Err(ConfigError {
            name: "database-url",
            reason: "it must begin with postgres://, such as postgres://user:password@host/database; leave it out for the SQLite file in the data directory".to_owned(),
        }),
    }
}

fn tls(text: Option<&str>) -> Result<Tls, ConfigError> {
    match text {
        None | Some("off") => Ok(Tls::Off),
        Some("dev") => Ok(Tls::Dev),
        Some(files) => match files.split_once(',') {
            Some((certificate, key)) => {
                Ok(Tls::Files { certificate: certificate.trim().into(), key: key.trim().into() })
            }
            None => Err(ConfigError {
                name: "tls",
                reason: format!(
                    "\"{files}\" is neither off, nor dev, nor two files: CERTIFICATE.pem,KEY.pem"
                ),
            }),
        },
    }
}

fn networks(list: Vec<String>) -> Result<Vec<IpNet>, ConfigError> {
    let parse = |text: String| {
        text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)).map_err(|_| {
            ConfigError {
                name: "trusted-proxies",
                reason: format!("\"{text}\" is no network such as 10.0.0.0/8 or ::1/128"),
            }
        })
    };
    list.into_iter().filter(|text| !text.is_empty()).map(parse).collect()
}

fn mail(url: Option<SecretUrl>, from: Option<String>) -> Result<MailSettings, ConfigError> {
    let refused = |name| move |reason| ConfigError { name, reason };
    let relay = url.map(|SecretUrl(url)| Relay::from_url(&url)).transpose().map_err(refused("smtp-url"))?;
    if let Some(from) = &from
        && !MailSettings::is_sender(from)
    {
        let reason = "it must be an address, or a name with one: Acme <no-reply@acme.example>".to_owned();
        return Err(refused("mail-from")(reason));
    }
    Ok(MailSettings { relay, from })
}

fn truth(name: &'static str, text: &str) -> Result<bool, ConfigError> {
    text.parse().map_err(|_| ConfigError { name, reason: format!("\"{text}\" is neither true nor false") })
}

fn log_level(text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_else(|| "info".to_owned());
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text),
        Err(_) => Err(ConfigError {
            name: "log-level",
            reason: format!(
                "\"{text}\" is not one of error, warn, info, debug, trace, or a list such as warn,chancery=debug"
            ),
        }),
    }
}

fn log_format(text: Option<&str>) -> Result<LogFormat, ConfigError> {
    match text {
        None | Some("auto") => Ok(LogFormat::Auto),
        Some("human") => Ok(LogFormat::Human),
        Some("json") => Ok(LogFormat::Json),
        Some(other) => Err(ConfigError {
            name: "log-format",
            reason: format!("\"{other}\" is neither auto, nor human, nor json"),
        }),
    }
}
