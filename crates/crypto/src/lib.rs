//! The cryptography of Chancery: algorithms, keys, digests, sealing of secrets, certificates.
//!
//! It knows nothing of tenants, tokens or documents: bytes come in, bytes go out. Everything is done by aws-lc-rs;
//! this crate only chooses what is allowed and refuses the rest. It must never read a clock, store anything, or draw
//! randomness of its own (nonces and serial numbers come in as arguments; aws-lc-rs makes keys, PSS salts, the numbers
//! of ECDSA and blinding internally).

pub mod algorithm;
pub mod base64;
pub mod certificate;
pub mod cipher;
pub mod digest;
pub mod ecdsa;
pub mod hmac;
pub mod key;
pub mod pem;
pub mod pkcs7;
pub mod rsa;
pub mod seal;
pub mod sign;
