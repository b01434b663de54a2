//! What the reader of CBOR takes and what it refuses.

use super::authenticator::{bytes, head, int, map, text};
use crate::cbor::{CborError, Key, Map, Value, read, read_first};

#[test]
fn values_are_read_wherever_their_keys_stand() {
    let written =
        map(&[(text("b"), int(-7)), (int(1), bytes(&[1, 2])), (int(-1), [head(4, 1), text("x")].concat())]);
    let entries = [
        (Key::Int(-1), Value::Array(vec![Value::Text("x")])),
        (Key::Int(1), Value::Bytes(&[1, 2])),
        (Key::Text("b"), Value::Int(-7)),
    ];
    assert_eq!(read(&written), Ok(Value::Map(Map::from(entries))));
}

#[test]
fn the_whole_range_of_numbers_is_read() {
    assert_eq!(read(&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(Value::Int(i128::from(u64::MAX))));
    assert_eq!(
        read(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]),
        Ok(Value::Int(-1 - i128::from(u64::MAX)))
    );
}

#[test]
fn fractions_booleans_and_null_are_passed_over() {
    for written in [&[0xf4][..], &[0xf5], &[0xf6], &[0xf7], &[0xf9, 0, 0], &[0xfa, 0, 0, 0, 0]] {
        assert_eq!(read(written), Ok(Value::Other));
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused_even_in_another_spelling() {
    assert_eq!(read(&[0xa2, 0x01, 0x02, 0x01, 0x02]), Err(CborError::DuplicateKey(3)));
    assert_eq!(read(&[0xa2, 0x01, 0x02, 0x18, 0x01, 0x02]), Err(CborError::DuplicateKey(3)));
    assert_eq!(read(&[0xa2, 0x61, b'a', 0x02, 0x78, 0x01, b'a', 0x02]), Err(CborError::DuplicateKey(4)));
}

#[test]
fn indefinite_lengths_are_refused() {
    for written in [&[0x5f, 0x41, 0, 0xff][..], &[0x7f, 0x61, b'a', 0xff], &[0x9f, 0xff], &[0xbf, 0xff]] {
        assert_eq!(read(written), Err(CborError::Indefinite(0)));
    }
    assert_eq!(read(&[0x81, 0x9f, 0xff]), Err(CborError::Indefinite(1)));
}

#[test]
fn tags_and_unassigned_simple_values_are_refused() {
    assert_eq!(read(&[0xc2, 0x41, 1]), Err(CborError::Unsupported(0)));
    assert_eq!(read(&[0xe0]), Err(CborError::Unsupported(0)));
    assert_eq!(read(&[0xf8, 0x20]), Err(CborError::Unsupported(0)));
}

#[test]
fn four_open_maps_and_lists_are_read_and_five_are_not() {
    assert!(read(&[0x81, 0x81, 0xa1, 0x01, 0x81, 0x00]).is_ok());
    assert_eq!(read(&[0x81, 0x81, 0xa1, 0x01, 0x81, 0x80]), Err(CborError::TooDeep(5)));
    assert_eq!(read(&vec![0x81; 60_000]), Err(CborError::TooDeep(4)));
}

#[test]
fn only_numbers_and_texts_are_keys() {
    for key in [&[0x41, 1][..], &[0x80], &[0xa0], &[0xf5], &[0xf6]] {
        assert_eq!(read(&map(&[(key.to_vec(), int(0))])), Err(CborError::Key(1)));
    }
}

#[test]
fn bytes_after_the_value_are_refused_where_it_should_be_alone() {
    assert_eq!(read_first(&[0x01, 0x02, 0x03]), Ok((Value::Int(1), 1)));
    assert_eq!(read(&[0x01, 0x02, 0x03]), Err(CborError::Trailing(2)));
}

#[test]
fn lengths_beyond_the_end_are_refused_without_room_for_them() {
    let huge = [0xff; 8];
    for major in [0x5b, 0x7b] {
        assert_eq!(read(&[&[major], &huge[..]].concat()), Err(CborError::Malformed(0)));
    }
    assert_eq!(read(&[&[0x9b], &huge[..]].concat()), Err(CborError::Malformed(9)));
    assert_eq!(read(&[&[0xbb], &huge[..]].concat()), Err(CborError::Malformed(9)));
    assert_eq!(read(&[0x42, 1]), Err(CborError::Malformed(0)));
    assert_eq!(read(&[]), Err(CborError::Malformed(0)));
}

#[test]
fn texts_that_are_not_utf_8_breaks_and_reserved_bytes_are_refused() {
    assert_eq!(read(&[0x61, 0xff]), Err(CborError::Malformed(0)));
    assert_eq!(read(&[0xff]), Err(CborError::Malformed(0)));
    assert_eq!(read(&[0x1c]), Err(CborError::Malformed(0)));
}
