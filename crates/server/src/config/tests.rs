//! Settings that fit and settings that do not. Precedence is tested on the real binary.

use clap::Parser;

use super::{Config, Flags, LogFormat, PublicUrl, Tls};
use crate::db::Target;

#[derive(Parser)]
struct OnlyFlags {
    #[command(flatten)]
    flags: Flags,
}

fn load(flags: &[&str]) -> Result<Config, String> {
    let arguments = ["chancery"].iter().chain(flags);
    let parsed = OnlyFlags::try_parse_from(arguments).map_err(|error| error.to_string())?;
    Config::load(parsed.flags).map_err(|error| error.to_string())
}

#[test]
fn without_any_setting_everything_is_local() {
    let config = load(&[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.to_string(), "http://localhost:8080");
    assert_eq!(config.tls, Tls::Off);
    assert_eq!(config.master_key_file.to_str(), Some("chancery-data/master.key"));
    assert_eq!(config.log_format, LogFormat::Auto);
    assert!(matches!(config.target, Target::Sqlite(file) if file.ends_with("chancery.sqlite")));
}

#[test]
fn the_public_url_follows_listen_and_tls() {
    let config = load(&["--listen", "[::]:9443", "--tls", "dev"]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.public_url.to_string(), "https://localhost:9443");
}

#[test]
fn a_public_url_loses_its_default_port_and_its_slash() {
    for (text, expected) in [
        ("https://Login.Example.com/", "https://login.example.com"),
        ("https://login.example.com:443", "https://login.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://localhost:8443", "https://localhost:8443"),
    ] {
        assert_eq!(text.parse::<PublicUrl>().map(|url| url.to_string()), Ok(expected.to_owned()));
    }
}

#[test]
fn a_bad_setting_is_named_with_its_remedy() {
    for (flags, told) in [
        (["--listen", "8080"], "the setting listen cannot be used"),
        (["--admin-listen", "localhost"], "the setting admin-listen cannot be used"),
        (["--public-url", "localhost:8080"], "must begin with https:// or http://"),
        (["--public-url", "https://a.example/path"], "a public URL has no path"),
        (["--public-url", "https://user@a.example"], "the setting public-url cannot be used"),
        (["--database-url", "mysql://user:hunter2@host/db"], "it must begin with postgres://"),
        (["--tls", "yes"], "neither off, nor dev, nor two files"),
        (["--trusted-proxies", "10.0.0.0/40"], "is no network"),
        (["--log-level", "loud=very"], "the setting log-level cannot be used"),
        (["--log-format", "xml"], "neither auto, nor human, nor json"),
        (["--smtp-url", "imap://user:hunter2@host"], "the setting smtp-url cannot be used"),
        (["--smtp-url", "smtp://user:hunter2@host:587"], "a password needs an encrypted line"),
        (["--mail-from", "nobody"], "the setting mail-from cannot be used"),
        (["--allow-private-targets", "yes"], "\"yes\" is neither true nor false"),
        (["--config", "/does/not/exist.toml"], "cannot be read"),
    ] {
        let error = load(&flags).err().unwrap_or_default();
        assert!(error.contains(told), "{flags:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_single_address_is_a_network_too() {
    let config = load(&["--trusted-proxies", "10.0.0.0/8, ::1"]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
fn the_database_url_does_not_show_when_flags_are_printed() {
    let parsed = OnlyFlags::parse_from(["chancery", "--database-url", "postgres://u:hunter2@h/d"]);
    assert!(!format!("{:?}", parsed.flags).contains("hunter2"));
}
