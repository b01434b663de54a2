//! One hash: Argon2id (RFC 9106) in the PHC string format.
//!
//! Pure; salts and memory come in. Must never accept a hash that costs more than a server can give: what is
//! stored may have been imported.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chancery_crypto::digest;

use super::Password;

/// What a hash costs. One lane: the pool works on as many passwords at once as there are cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// How often the memory is gone through.
    pub passes: u32,
}

impl Parameters {
    /// What servers use: OWASP's first recommendation for Argon2id. Users are moved to new values as they sign in.
    pub const SHIPPED: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// The most that a stored hash may cost: 256 MiB, ten passes.
    const MOST: Self = Self { memory_kib: 256 * 1024, passes: 10 };
}

/// What comparing a password with a stored hash says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Match {
        /// Whether the stored hash was made with other parameters than ours, and should be made anew.
        outdated: bool,
    },
    /// It is another one.
    Mismatch,
}

/// A hash that cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum HashError {
    /// The stored text is no Argon2id hash that we can compute.
    #[error("a stored password hash cannot be read")]
    Stored,
    /// The algorithm refused.
    #[error("a password could not be hashed: {0}")]
    Algorithm(String),
}

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of a hash.
const OUTPUT: usize = 32;

/// Memory for one hash at a time, kept between them: page faults would cost more than a third of the time.
#[derive(Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// Memory for a hash of this cost.
    fn blocks(&mut self, memory_kib: u32) -> &mut [Block] {
        let needed = usize::try_from(memory_kib).unwrap_or(usize::MAX);
        if self.0.len() < needed {
            self.0.resize(needed, Block::new());
        }
        self.0.get_mut(..needed).unwrap_or_default()
    }

    /// Gives back what a hash of other parameters needed beyond ours.
    pub(super) fn shrink(&mut self, parameters: Parameters) {
        let usual = usize::try_from(parameters.memory_kib).unwrap_or(usize::MAX);
        if self.0.len() > usual {
            self.0.truncate(usual);
            self.0.shrink_to_fit();
        }
    }
}

/// Hashes a password; answers the text to store.
pub(super) fn make(
    memory: &mut Memory,
    parameters: Parameters,
    password: &Password,
    salt: [u8; SALT],
) -> Result<String, HashError> {
    let output = compute(memory, parameters, password, &salt)?;
    let Parameters { memory_kib, passes } = parameters;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${output}"))
}

/// Compares a password with a stored hash.
pub(super) fn verify(
    memory: &mut Memory,
    current: Parameters,
    password: &Password,
    stored: &str,
) -> Result<Verdict, HashError> {
    let Stored { parameters, salt, output } = Stored::read(stored).ok_or(HashError::Stored)?;
    let computed = compute(memory, parameters, password, &salt)?;
    if digest::equal(&computed, &output) {
        Ok(Verdict::Match { outdated: parameters != current })
    } else {
        Ok(Verdict::Mismatch)
    }
}

/// Does what [`verify`] does, for nobody.
pub(super) fn verify_nobody(
    memory: &mut Memory,
    current: Parameters,
    password: &Password,
) -> Result<Verdict, HashError> {
    compute(memory, current, password, &[0; SALT])?;
    Ok(Verdict::Mismatch)
}

fn compute(
    memory: &mut Memory,
    Parameters { memory_kib, passes }: Parameters,
    password: &Password,
    salt: &[u8],
) -> Result<[u8; OUTPUT], HashError> {
    let refused = |error: argon2::Error| HashError::Algorithm(error.to_string());
    let params = Params::new(memory_kib, passes, 1, Some(OUTPUT)).map_err(refused)?;
    let algorithm = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; OUTPUT];
    let blocks = memory.blocks(memory_kib);
    algorithm
        .hash_password_into_with_memory(password.text().as_bytes(), salt, &mut output, blocks)
        .map_err(refused)?;
    Ok(output)
}

/// A stored hash in its parts.
struct Stored {
    parameters: Parameters,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$m=")?.split('$');
        let (costs, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
        let (memory_kib, costs) = costs.split_once(",t=")?;
        let parameters = Parameters {
            memory_kib: memory_kib.parse().ok()?,
            passes: costs.strip_suffix(",p=1")?.parse().ok()?,
        };
        let affordable = parameters.memory_kib <= Parameters::MOST.memory_kib
            && parameters.passes <= Parameters::MOST.passes;
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
        let (salt, output) = (decode(salt)?, decode(output)?);
        (affordable && parts.next().is_none() && output.len() == OUTPUT).then_some(Self {
            parameters,
            salt,
            output,
        })
    }
}
