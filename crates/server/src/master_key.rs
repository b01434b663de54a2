//! The master key file: made once, read at every start, never replaced.
//!
//! Must never make a new key where sealed data exists already: that would lock every key away for good.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chancery_crypto::seal::MasterKey;
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Why there is no master key. Each message names the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none, and there should be.
    #[error(
        "the master key file {} is missing, but the database holds keys that are sealed under it. Put the file back (from your backup), or name its place with --master-key-file. Nothing was changed", .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error("the master key file {} cannot be {action}: {cause}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It holds something else.
    #[error("the master key file {} is not a master key of Chancery: {cause}. Put the right file back, or name its place with --master-key-file. Nothing was changed", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// It is another one.
    #[error("the master key in {} is not the one that this database was sealed under. Put the right file back, or name its place with --master-key-file. Nothing was changed", .0.display())]
    Wrong(PathBuf),
}

/// Reads the key, if the file is there.
pub fn read(path: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
    let mut text = Zeroizing::new(String::new());
    let read = File::open(path).and_then(|file| {
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(file = %path.display(), "the master key file can be read by others; run: chmod 600");
        }
        file.take(1024).read_to_string(&mut text)
    });
    match read {
        Ok(_) => MasterKey::from_text(&text)
            .map(Some)
            .map_err(|error| MasterKeyError::Malformed { path: path.to_owned(), cause: error.to_string() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(MasterKeyError::Io { path: path.to_owned(), action: "read", cause }),
    }
}

/// Makes a key and writes it, readable by its owner alone and flushed to disk before it is used. If another
/// process was first, its key is answered.
pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyError> {
    let failed = |cause| MasterKeyError::Io { path: path.to_owned(), action: "written", cause };
    let key = MasterKey::from_bytes(entropy.bytes());
    // Written beside its place and linked to it whole: half a key would lock everything away.
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(failed)?;
    let mut text = key.to_text();
    text.push('\n');
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).map_err(failed)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return read(path)?.ok_or_else(|| MasterKeyError::Missing(path.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed)?;
    }
    Ok(key)
}
