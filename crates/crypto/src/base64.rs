//! Standard base64 (RFC 4648 section 4) of what may be long: certificates, signatures, whole documents.
//!
//! It must never decode: how strictly a text is read is up to whoever reads it.

use base64::Engine as _;

#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
mod engine {
    use std::sync::LazyLock;

    use base64::engine::Simd;
    use base64::engine::general_purpose::PAD;

    /// Many bytes at once, where the processor can.
    pub(super) static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));
}

#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
mod engine {
    pub(super) use base64::engine::general_purpose::STANDARD as ENGINE;
}

/// Encodes bytes, padded.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    engine::ENGINE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn every_length_is_encoded_as_one_byte_after_the_other() {
        let bytes: Vec<u8> = (0..600_u32).map(|at| (at * 167 % 251) as u8).collect();
        for length in 0..bytes.len() {
            assert_eq!(encode(&bytes[..length]), STANDARD.encode(&bytes[..length]));
        }
        assert_eq!(encode("foob"), "Zm9vYg==");
    }
}
