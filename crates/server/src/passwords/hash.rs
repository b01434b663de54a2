//! One hash: Argon2id (RFC 9106) in the PHC string format.
//!
//! Pure; salts and memory come in. Must never accept a hash that costs more than a server can give: what is
//! stored may have been imported.

use argon2_rust::params::{Memory as Kibibytes, TagLen};
use argon2_rust::{Algorithm, Argon2, Hasher, Params, Version};
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
    /// A known password got another hash than everywhere else.
    #[error("passwords are hashed wrongly on this machine, so none is hashed; its processor may be broken")]
    Wrong,
}

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of a hash.
const OUTPUT: usize = 32;

/// Memory for one hash at a time, kept between them and wiped after each: to ask the system for it anew would cost more
/// than a third of the time.
pub(super) struct Memory(Hasher);

impl Default for Memory {
    fn default() -> Self {
        Self(algorithm(Params::DEFAULT).hasher())
    }
}

impl Memory {
    /// Gives back what a hash of other parameters needed beyond ours.
    pub(super) fn shrink(&mut self, parameters: Parameters) {
        let usual = usize::try_from(parameters.memory_kib).unwrap_or(usize::MAX);
        if self.0.reserved_blocks() > usual {
            self.0.clear();
        }
    }
}

/// A password and its hash as phc-winner-argon2 makes it.
pub(super) const KNOWN: (&str, &str) = (
    "password",
    "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Gpj7qOY5RCXJvcMzqcdQqvgR3wcPX7SleI4c9NtXk6E",
);

/// Hashes a known password. The instructions that the library uses depend on the processor, and a wrong hash would be
/// stored for years before anybody notices.
pub(super) fn prove((text, stored): (&str, &str)) -> Result<(), HashError> {
    let password = Password::new(text).map_err(|_| HashError::Wrong)?;
    match verify(&mut Memory::default(), Parameters::SHIPPED, &password, stored)? {
        Verdict::Match { .. } => Ok(()),
        Verdict::Mismatch => Err(HashError::Wrong),
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
    let refused = |error: argon2_rust::Error| HashError::Algorithm(error.to_string());
    let params = Params::builder()
        .memory(Kibibytes::kib(memory_kib.into()))
        .passes(passes)
        .lanes(1)
        .tag_len(TagLen::bytes(OUTPUT as u64))
        .build()
        .map_err(refused)?;
    let Memory(hasher) = memory;
    hasher.set_argon2(algorithm(params));
    let mut output = [0; OUTPUT];
    hasher.hash_into(password.text().as_bytes(), salt, &mut output).map_err(refused)?;
    Ok(output)
}

const fn algorithm(params: Params) -> Argon2 {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
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
