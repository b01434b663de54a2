//! Which public keys are taken.

use chancery_crypto::rsa;

use super::authenticator::{Key, X, Y, bytes, int, map, text};
use super::unhex;
use crate::cbor::CborError;
use crate::cose::PublicKey;
use crate::{Algorithm, KeyError};

type Members = Vec<(Vec<u8>, Vec<u8>)>;

fn es256() -> Members {
    let (x, y) = (bytes(&unhex(X)), bytes(&unhex(Y)));
    vec![(int(1), int(2)), (int(3), int(-7)), (int(-1), int(1)), (int(-2), x), (int(-3), y)]
}

fn ed25519(point: &[u8]) -> Members {
    vec![(int(1), int(1)), (int(3), int(-8)), (int(-1), int(6)), (int(-2), bytes(point))]
}

fn rs256(n: &[u8], e: &[u8]) -> Members {
    vec![(int(1), int(3)), (int(3), int(-257)), (int(-1), bytes(n)), (int(-2), bytes(e))]
}

fn refusal(members: &Members) -> KeyError {
    PublicKey::parse(&map(members)).err().unwrap()
}

/// The members with the value of one replaced.
fn with(mut members: Members, label: i64, value: Vec<u8>) -> Members {
    members.iter_mut().find(|(key, _)| *key == int(label)).unwrap().1 = value;
    members
}

fn without(mut members: Members, label: i64) -> Members {
    members.retain(|(key, _)| *key != int(label));
    members
}

#[test]
fn a_key_of_each_algorithm_verifies_what_it_signed_and_nothing_else() {
    for algorithm in Algorithm::ALL {
        let pair = Key::new(algorithm);
        let key = PublicKey::parse(&pair.cose()).ok().unwrap();
        assert_eq!(key.algorithm, algorithm);
        let signature = pair.sign(b"message");
        assert!(key.verifies(b"message", &signature));
        assert!(!key.verifies(b"massage", &signature));
        assert!(!key.verifies(b"message", &signature[1..]));
        assert!(!key.verifies(b"message", &[signature.as_slice(), &[0]].concat()));
        assert!(!key.verifies(b"message", b""));
    }
}

#[test]
fn an_algorithm_that_was_not_offered_is_refused() {
    for number in [-35, -36, -37, -65535, 0, 7] {
        assert_eq!(refusal(&with(es256(), 3, int(number))), KeyError::Algorithm(i128::from(number)));
    }
    let wrong = KeyError::Member { label: 3, expected: "the number of an algorithm" };
    assert_eq!(refusal(&without(es256(), 3)), wrong);
    assert_eq!(refusal(&with(es256(), 3, text("ES256"))), wrong);
}

#[test]
fn a_type_or_curve_that_is_not_the_algorithms_is_refused() {
    for (members, label, expected) in [
        (with(es256(), 1, int(1)), 1, "2 (EC2)"),
        (without(es256(), 1), 1, "2 (EC2)"),
        (with(es256(), -1, int(2)), -1, "1 (P-256)"),
        (with(es256(), -1, int(8)), -1, "1 (P-256)"),
        (with(ed25519(&[9; 32]), 1, int(2)), 1, "1 (OKP)"),
        (with(ed25519(&[9; 32]), -1, int(4)), -1, "6 (Ed25519)"),
        (with(rs256(&[0xff; 256], &[1, 0, 1]), 1, int(2)), 1, "3 (RSA)"),
        (with(es256(), 3, int(-257)), 1, "3 (RSA)"),
    ] {
        assert_eq!(refusal(&members), KeyError::Member { label, expected });
    }
}

#[test]
fn coordinates_of_another_length_or_kind_are_refused() {
    let expected = "a byte string of 32 bytes";
    for (members, label) in [
        (with(es256(), -2, bytes(&[1; 31])), -2),
        (with(es256(), -3, bytes(&[1; 33])), -3),
        (with(es256(), -3, vec![0xf5]), -3),
        (without(es256(), -3), -3),
        (ed25519(&[9; 31]), -2),
    ] {
        assert_eq!(refusal(&members), KeyError::Member { label, expected });
    }
}

#[test]
fn a_point_beside_the_curve_is_refused() {
    let mut y = unhex(Y);
    y[31] ^= 1;
    assert_eq!(refusal(&with(es256(), -3, bytes(&y))), KeyError::Point);
    let zeros = bytes(&[0; 32]);
    assert_eq!(refusal(&with(with(es256(), -2, zeros.clone()), -3, zeros)), KeyError::Point);
    assert_eq!(refusal(&with(es256(), -2, bytes(&[0xff; 32]))), KeyError::Point);
}

#[test]
fn points_for_which_anybody_can_sign_are_refused() {
    let prime_less_1 = unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let prime = unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let order_8 = unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    let another = unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    let mut one = vec![0; 32];
    one[0] = 1;
    for mut point in [vec![0; 32], one, prime_less_1, prime, order_8, another, vec![0xff; 32]] {
        assert_eq!(refusal(&ed25519(&point)), KeyError::Point);
        point[31] ^= 0x80;
        assert_eq!(refusal(&ed25519(&point)), KeyError::Point);
    }
}

#[test]
fn a_member_too_many_is_refused() {
    for (mut members, expected) in
        [(es256(), 5), (ed25519(&[9; 32]), 4), (rs256(&[0xff; 256], &[1, 0, 1]), 4)]
    {
        members.push((int(2), bytes(b"kid")));
        assert_eq!(refusal(&members), KeyError::Members { found: expected + 1, expected });
    }
}

#[test]
fn rsa_keys_are_refused_below_2048_and_above_4096_bits() {
    let e = [1, 0, 1];
    assert!(PublicKey::parse(&map(&rs256(&[0xff; 256], &e))).is_ok());
    assert!(PublicKey::parse(&map(&rs256(&[0xff; 512], &e))).is_ok());
    assert_eq!(refusal(&rs256(&[0xff; 255], &e)), KeyError::Rsa(rsa::KeyError::TooShort(2040)));
    let mut n = [0xff; 513];
    n[0] = 1;
    assert_eq!(refusal(&rs256(&n, &e)), KeyError::RsaTooLong(4097));
    assert_eq!(refusal(&rs256(&[0xff; 1024], &e)), KeyError::RsaTooLong(8192));
}

#[test]
fn rsa_numbers_with_leading_zeros_and_weak_exponents_are_refused() {
    let expected = "a byte string without leading zeros";
    let n = [0xff; 256];
    let padded = [&[0][..], &n].concat();
    assert_eq!(refusal(&rs256(&padded, &[1, 0, 1])), KeyError::Member { label: -1, expected });
    assert_eq!(refusal(&rs256(&[], &[1, 0, 1])), KeyError::Member { label: -1, expected });
    assert_eq!(refusal(&rs256(&n, &[0, 1, 0, 1])), KeyError::Member { label: -2, expected });
    assert_eq!(refusal(&rs256(&n, &[3])), KeyError::Rsa(rsa::KeyError::SmallExponent));
    assert_eq!(refusal(&rs256(&n, &[1, 0, 2])), KeyError::Rsa(rsa::KeyError::EvenExponent));
}

#[test]
fn what_is_no_map_or_not_alone_is_refused() {
    assert_eq!(PublicKey::parse(&int(1)).err().unwrap(), KeyError::NotMap);
    let more = [map(&es256()), int(1)].concat();
    assert_eq!(PublicKey::parse(&more).err().unwrap(), KeyError::Cbor(CborError::Trailing(1)));
    assert_eq!(PublicKey::parse(b"").err().unwrap(), KeyError::Cbor(CborError::Malformed(0)));
}
