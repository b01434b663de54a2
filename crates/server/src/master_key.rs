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

/// Bytes that are read of a key file: more than a key has.
const MOST: u16 = 1024;

/// Reads the key, if the file is there.
pub fn read(path: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
    // Room for everything beforehand, so that growing leaves no copy of the key behind.
    let mut text = Zeroizing::new(String::with_capacity(MOST.into()));
    let read = File::open(path).and_then(|file| {
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(file = %path.display(), "the master key file can be read by others; run: chmod 600");
        }
        file.take(MOST.into()).read_to_string(&mut text)
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
    // Written beside its place and linked to it whole: half a key would lock everything away. Under a name that
    // nobody else can have: process ids repeat, in containers most of all, and two keys must not meet in one file.
    let beside = path.with_extension(format!("new-{}", entropy.hex(16)));
    let written = write_new(&beside, &key).and_then(|()| std::fs::hard_link(&beside, path));
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    match written {
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

/// Writes a key to a file that must not exist yet, and waits until it is on the disk.
fn write_new(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut text = key.to_text();
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
