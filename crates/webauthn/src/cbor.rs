//! Strict CBOR (RFC 8949), as far as authenticators write it: the canonical form of CTAP2 (Client to Authenticator
//! Protocol section 8) without its order of keys and shortest lengths, which some authenticators do not keep.
//!
//! It must never accept what two readers could understand differently (a key that is there twice, indefinite lengths,
//! bytes after the end), and never allocate what a length merely promises: what is read borrows from the input, and
//! lists grow by what is there.

use std::collections::BTreeMap;

use minicbor::Decoder;
use minicbor::data::Type;

/// How many maps and lists may be open at once (CTAP2 section 8).
const MAX_DEPTH: usize = 4;

/// Why bytes are not acceptable CBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Not CBOR, not UTF-8 where a text is, or the end came too early.
    #[error("not well-formed CBOR: the value at byte {0} cannot be read")]
    Malformed(usize),
    /// A value without a length.
    #[error("the value at byte {0} has an indefinite length, expected a definite one")]
    Indefinite(usize),
    /// A tag or a simple value that nobody has defined.
    #[error("the value at byte {0} is a tag or an unassigned simple value, expected neither")]
    Unsupported(usize),
    /// Too many open maps and lists.
    #[error("the value at byte {0} is nested in more than 4 maps and lists")]
    TooDeep(usize),
    /// A map has one key twice.
    #[error("the key at byte {0} is in its map twice")]
    DuplicateKey(usize),
    /// A key is neither a number nor a text.
    #[error("the key at byte {0} must be a whole number or a text")]
    Key(usize),
    /// Something follows the value.
    #[error("{0} bytes follow the value, expected none")]
    Trailing(usize),
}

/// The key of an entry in a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'b> {
    Int(i128),
    Text(&'b str),
}

/// The entries of a map.
pub(crate) type Map<'b> = BTreeMap<Key<'b>, Value<'b>>;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'b> {
    Int(i128),
    Bytes(&'b [u8]),
    Text(&'b str),
    Array(Vec<Value<'b>>),
    Map(Map<'b>),
    /// Booleans, null, undefined, fractions: nothing that is asked for.
    Other,
}

/// Reads the value at the beginning; answers it and its length.
pub(crate) fn read_first(bytes: &[u8]) -> Result<(Value<'_>, usize), CborError> {
    let mut decoder = Decoder::new(bytes);
    let value = value(&mut decoder, 0)?;
    Ok((value, decoder.position()))
}

/// Reads the only value.
pub(crate) fn read(bytes: &[u8]) -> Result<Value<'_>, CborError> {
    let (value, length) = read_first(bytes)?;
    match bytes.len() - length {
        0 => Ok(value),
        more => Err(CborError::Trailing(more)),
    }
}

fn value<'b>(decoder: &mut Decoder<'b>, open: usize) -> Result<Value<'b>, CborError> {
    let at = decoder.position();
    let malformed = |_| CborError::Malformed(at);
    match decoder.datatype().map_err(malformed)? {
        Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::Int => Ok(Value::Int(decoder.int().map_err(malformed)?.into())),
        Type::Bytes => decoder.bytes().map(Value::Bytes).map_err(malformed),
        Type::String => decoder.str().map(Value::Text).map_err(malformed),
        Type::Array | Type::Map if open == MAX_DEPTH => Err(CborError::TooDeep(at)),
        Type::Array => {
            let length = decoder.array().map_err(malformed)?.ok_or(CborError::Indefinite(at))?;
            // Each value takes at least a byte, so that a length which is a lie ends with the input.
            let mut values = Vec::new();
            for _ in 0..length {
                values.push(value(decoder, open + 1)?);
            }
            Ok(Value::Array(values))
        }
        Type::Map => {
            let length = decoder.map().map_err(malformed)?.ok_or(CborError::Indefinite(at))?;
            let mut entries = Map::new();
            for _ in 0..length {
                let at = decoder.position();
                let key = key(decoder)?;
                if entries.contains_key(&key) {
                    return Err(CborError::DuplicateKey(at));
                }
                entries.insert(key, value(decoder, open + 1)?);
            }
            Ok(Value::Map(entries))
        }
        Type::Bool | Type::Null | Type::Undefined | Type::F16 | Type::F32 | Type::F64 => {
            decoder.skip().map_err(malformed)?;
            Ok(Value::Other)
        }
        Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef => {
            Err(CborError::Indefinite(at))
        }
        Type::Tag | Type::Simple => Err(CborError::Unsupported(at)),
        Type::Break | Type::Unknown(_) => Err(CborError::Malformed(at)),
    }
}

fn key<'b>(decoder: &mut Decoder<'b>) -> Result<Key<'b>, CborError> {
    let at = decoder.position();
    // No map or list is a key, so it need not be entered to know.
    match value(decoder, MAX_DEPTH) {
        Ok(Value::Int(number)) => Ok(Key::Int(number)),
        Ok(Value::Text(text)) => Ok(Key::Text(text)),
        Ok(Value::Bytes(_) | Value::Array(_) | Value::Map(_) | Value::Other) | Err(CborError::TooDeep(_)) => {
            Err(CborError::Key(at))
        }
        Err(error) => Err(error),
    }
}
