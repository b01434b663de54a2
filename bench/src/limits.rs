//! S and P, the limits of signing and of hashing passwords: what the libraries do with nothing around them.
//!
//! The goal of a login is set in P, and P is what RustCrypto's `argon2` does. The server hashes with a faster library,
//! so that one is measured as well: P alone would hide what a login costs beside its hash.

use std::time::Duration;

use argon2::{Argon2, Block, Params, Version};
use argon2_rust::params::Memory;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::rsa::PrivateKey;

use crate::{Outcome, cpu};

/// About as long as the signing input of an access token.
const MESSAGE: [u8; 480] = [b'x'; 480];

/// What the server hashes passwords with: `passwords/hash.rs` of it. Kibibytes of memory, and passes.
pub(crate) const HASH: (u32, u32) = (19 * 1024, 2);

/// A key to measure with.
pub(crate) struct Limits {
    key: PrivateKey,
}

impl Limits {
    /// Makes the key.
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self { key: PrivateKey::generate()? })
    }

    /// S: RS256 signatures a second of processor time, one thread.
    pub(crate) fn signatures(&self, span: Duration) -> Outcome<f64> {
        rate(span, 16, || {
            std::hint::black_box(self.key.sign(Algorithm::Rs256, &MESSAGE)?);
            Ok(())
        })
    }

    /// The same with every core busy: what is left of S where cores share their units.
    pub(crate) fn signatures_on_all_cores(&self, span: Duration) -> Outcome<f64> {
        on_all_cores(|| self.signatures(span))
    }

    /// P: Argon2id hashes a second of processor time, one thread, with memory that is used again.
    pub(crate) fn hashes(span: Duration) -> Outcome<f64> {
        let params = Params::new(HASH.0, HASH.1, 1, Some(32)).map_err(|error| error.to_string())?;
        let algorithm = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params);
        let mut memory = vec![Block::new(); usize::try_from(HASH.0)?];
        let mut hash = || -> Outcome<()> {
            let mut output = [0; 32];
            let password = &MESSAGE[..28];
            algorithm
                .hash_password_into_with_memory(password, &[7; 16], &mut output, &mut memory[..])
                .map_err(|error| error.to_string())?;
            std::hint::black_box(output);
            Ok(())
        };
        // The first one pays for the memory.
        hash()?;
        rate(span, 1, hash)
    }

    /// The same with every core busy: what is left of P where cores share the way to the memory.
    pub(crate) fn hashes_on_all_cores(span: Duration) -> Outcome<f64> {
        on_all_cores(|| Self::hashes(span))
    }

    /// The same hashes by the library that the server uses.
    pub(crate) fn own_hashes(span: Duration) -> Outcome<f64> {
        let params =
            argon2_rust::Params::builder().memory(Memory::kib(HASH.0.into())).passes(HASH.1).build()?;
        let algorithm =
            argon2_rust::Argon2::new(argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13, params);
        let mut hasher = algorithm.hasher();
        let mut hash = || -> Outcome<()> {
            let mut output = [0; 32];
            hasher.hash_into(&MESSAGE[..28], &[7; 16], &mut output)?;
            std::hint::black_box(output);
            Ok(())
        };
        hash()?;
        rate(span, 1, hash)
    }

    /// The same with every core busy.
    pub(crate) fn own_hashes_on_all_cores(span: Duration) -> Outcome<f64> {
        on_all_cores(|| Self::own_hashes(span))
    }

    /// RS256 verifications a second of processor time.
    pub(crate) fn verifications(&self, span: Duration) -> Outcome<f64> {
        let signature = self.key.sign(Algorithm::Rs256, &MESSAGE)?;
        let public = self.key.public();
        rate(span, 256, || Ok(public.verify(Algorithm::Rs256, &MESSAGE, &signature)?))
    }

    /// HMAC-SHA-256 tags a second of processor time.
    pub(crate) fn tags(span: Duration) -> Outcome<f64> {
        let key = HmacKey::new(&[7; 64]);
        rate(span, 4096, || {
            std::hint::black_box(key.sign(&MESSAGE));
            Ok(())
        })
    }

    /// RSA-2048 key pairs a second of processor time.
    pub(crate) fn keys(span: Duration) -> Outcome<f64> {
        rate(span, 1, || {
            std::hint::black_box(PrivateKey::generate()?);
            Ok(())
        })
    }
}

/// The mean of what as many threads measure as there are cores.
fn on_all_cores(measure: impl Fn() -> Outcome<f64> + Sync) -> Outcome<f64> {
    let threads = u32::try_from(cpu::cores())?;
    std::thread::scope(|scope| {
        let measure = || measure().map_err(|error| error.to_string());
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(measure)).collect();
        let mut sum = 0.0;
        for thread in running {
            sum += thread.join().map_err(|_| "a measuring thread panicked")??;
        }
        Ok(sum / f64::from(threads))
    })
}

/// How often `work` is done in a second of this thread's time.
pub(crate) fn rate(span: Duration, batch: u32, mut work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let start = cpu::of_this_thread()?;
    let mut done = 0;
    loop {
        for _ in 0..batch {
            work()?;
        }
        done += batch;
        let spent = cpu::of_this_thread()?.saturating_sub(start);
        if spent >= span {
            return Ok(f64::from(done) / spent.as_secs_f64());
        }
    }
}
