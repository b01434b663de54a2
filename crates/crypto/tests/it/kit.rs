//! What the tests share: fixed keys, and a way to run `openssl` on files.

use std::path::PathBuf;
use std::process::Command;

use chancery_crypto::pem;
use chancery_crypto::rsa::PrivateKey;
use tempfile::TempDir;

/// The PEM text of a fixed key in `tests/data`.
pub(crate) fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// The PKCS#8 bytes of a fixed key in `tests/data`.
pub(crate) fn pkcs8(name: &str) -> Vec<u8> {
    pem::decode(&data(name)).unwrap().der
}

/// A fixed RSA-2048 key: `a` or `b`.
pub(crate) fn key(which: &str) -> PrivateKey {
    PrivateKey::from_pkcs8(&pkcs8(&format!("rsa-{which}.pem"))).unwrap()
}

/// A directory of files for `openssl`, deleted when dropped.
pub(crate) struct Bench(TempDir);

/// What `openssl` said.
pub(crate) struct Outcome {
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Standard output as text, of a run that must have succeeded.
    pub(crate) fn text(self) -> String {
        assert!(self.success, "openssl failed: {}", self.stderr);
        String::from_utf8(self.stdout).unwrap()
    }

    /// Standard output of a run that must have succeeded.
    pub(crate) fn bytes(self) -> Vec<u8> {
        assert!(self.success, "openssl failed: {}", self.stderr);
        self.stdout
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    /// Runs `openssl` in the directory; the arguments are separated by spaces.
    pub(crate) fn openssl(&self, arguments: &str) -> Outcome {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap_or_else(|error| panic!("these tests need the openssl command line tool: {error}"));
        Outcome {
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
