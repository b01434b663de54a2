//! The transitions of the ring, on fixed keys and fixed times.

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::ecdsa;
use chancery_crypto::key::{self, KeyPair as _};
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::sign::Sign;
use jiff::{SignedDuration, Timestamp};

use super::*;

const KEYS: [&[u8]; 4] = [
    include_bytes!("../../server/tests/kit/keys/1.der"),
    include_bytes!("../../server/tests/kit/keys/2.der"),
    include_bytes!("../../server/tests/kit/keys/3.der"),
    include_bytes!("../../server/tests/kit/keys/4.der"),
];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn kid(number: usize) -> Kid {
    format!("key-{number}").parse().unwrap()
}

fn private(number: usize) -> PrivateKey {
    PrivateKey::from_pkcs8(KEYS[number]).unwrap()
}

/// The "seal" of these tests is the number of the key.
fn stored(number: usize, place: impl FnOnce(SealedHalf) -> StoredPlace) -> StoredKey {
    let request = SelfSigned { common_name: "tenant.example", serial: [7; 8], not_before: at(0), days: 5000 };
    let certificate = Certificate::self_signed(request, &private(number)).unwrap();
    let sealed = SealedHalf::new(vec![u8::try_from(number).unwrap()]);
    StoredKey { kid: kid(number), certificate, place: place(sealed) }
}

fn current(number: usize) -> StoredKey {
    stored(number, |sealed| StoredPlace::Current { sealed, since: at(10) })
}

fn next(number: usize) -> StoredKey {
    stored(number, |sealed| StoredPlace::Next { sealed })
}

fn previous(number: usize, until: i64) -> StoredKey {
    stored(number, |sealed| StoredPlace::Previous { sealed, since: at(0), until: at(until) })
}

fn revoked(number: usize) -> StoredKey {
    stored(number, |_| StoredPlace::Revoked {
        since: Some(at(0)),
        until: Some(at(5)),
        at: at(8),
        farewell: Some(Farewell::new([9; 32])),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in for an opener that can fail")]
fn open(_: &Kid, sealed: &SealedHalf) -> Result<PrivateKey, String> {
    Ok(private(usize::from(sealed.as_bytes()[0])))
}

fn ring(rows: Vec<StoredKey>) -> KeyRing {
    KeyRing::restore(rows, open).unwrap()
}

#[test]
fn a_ring_needs_exactly_one_current_and_one_next_key() {
    let refused = |rows| KeyRing::restore(rows, open).unwrap_err();
    assert_eq!(refused(vec![]), BrokenRing::NoCurrent);
    assert_eq!(refused(vec![next(0)]), BrokenRing::NoCurrent);
    assert_eq!(refused(vec![current(0)]), BrokenRing::NoNext);
    assert_eq!(refused(vec![current(0), current(1), next(2)]), BrokenRing::TwoCurrent(kid(0), kid(1)));
    assert_eq!(refused(vec![current(0), next(1), next(2)]), BrokenRing::TwoNext(kid(1), kid(2)));
}

#[test]
fn a_private_half_that_does_not_belong_to_its_certificate_is_refused() {
    let swapped = KeyRing::restore(vec![current(0), next(1)], |_, _| Ok::<_, String>(private(3)));
    assert_eq!(swapped.unwrap_err(), BrokenRing::Mismatch(kid(0)));
}

#[test]
fn a_private_half_that_cannot_be_opened_is_an_error_and_not_a_new_key() {
    let sealed_elsewhere =
        KeyRing::<PrivateKey>::restore(vec![current(0), next(1)], |_, _| Err("wrong master key"));
    assert_eq!(sealed_elsewhere.unwrap_err(), BrokenRing::Private(kid(0), "wrong master key".to_owned()));
}

#[test]
fn a_rotation_promotes_the_next_key_and_retires_the_current_one() {
    let rotating = ring(vec![current(0), next(1), previous(2, 10)]).rotate(at(20));
    assert_eq!(rotating, Rotating { retire: kid(0), promote: kid(1), now: at(20) });
}

#[test]
fn only_a_previous_key_can_be_revoked() {
    let ring = ring(vec![current(0), next(1), previous(2, 10), revoked(3)]);
    assert_eq!(ring.revoke(&kid(2), at(30)), Ok(Revoking { kid: kid(2), now: at(30) }));
    assert_eq!(ring.revoke(&kid(0), at(30)), Err(RevokeError::StillSigning));
    assert_eq!(ring.revoke(&kid(1), at(30)), Err(RevokeError::NextInQueue));
    assert_eq!(ring.revoke(&kid(3), at(30)), Err(RevokeError::AlreadyRevoked));
    assert_eq!(ring.revoke(&"unknown".parse().unwrap(), at(30)), Err(RevokeError::Unknown));
}

#[test]
fn current_next_and_previous_keys_are_published_and_revoked_ones_are_not() {
    let ring = ring(vec![revoked(3), previous(2, 10), next(1), current(0)]);
    let published: Vec<_> = ring.published().map(|key| key.kid.clone()).collect();
    assert_eq!(published, [kid(0), kid(1), kid(2)]);
}

#[test]
fn tokens_verify_with_the_current_and_previous_keys_alone() {
    let ring = ring(vec![current(0), next(1), previous(2, 10), revoked(3)]);
    let verifies = |number: usize| ring.verifier(kid(number).as_str(), at(20)).is_some();
    assert_eq!([0, 1, 2, 3].map(verifies), [true, false, true, false]);
    assert!(ring.verifier("../../etc/passwd", at(20)).is_none());
}

#[test]
fn a_key_whose_certificate_has_expired_verifies_nothing() {
    let ring = ring(vec![current(0), next(1), previous(2, 10)]);
    let end = ring.current().public().certificate.not_after();
    for number in [0, 2] {
        let verifies = |now| ring.verifier(kid(number).as_str(), now).is_some();
        assert!(verifies(end.saturating_sub(SignedDuration::from_secs(1)).unwrap()), "key {number}");
        assert!(!verifies(end), "key {number}");
    }
}

#[test]
fn a_clock_that_jumped_back_does_not_end_a_key_before_it_began() {
    // The current key signs since second 10.
    let rotating = ring(vec![current(0), next(1)]).rotate(at(-3600));
    assert_eq!(rotating, Rotating { retire: kid(0), promote: kid(1), now: at(10) });
}

#[test]
fn the_token_that_revoked_its_own_key_has_a_minute_to_finish_and_no_other_has() {
    let ring = ring(vec![current(0), next(1), revoked(3)]);
    let verifies = |digest, seconds| ring.farewell(kid(3).as_str(), &[digest; 32], at(seconds)).is_some();
    assert!(verifies(9, 8) && verifies(9, 67));
    assert!(!verifies(9, 68), "the minute is over");
    assert!(!verifies(9, 7), "the clock jumped back");
    assert!(!verifies(1, 8), "another token");
    assert!(ring.farewell(kid(0).as_str(), &[9; 32], at(8)).is_none(), "another key");
}

#[test]
fn the_signer_signs_with_the_current_key() {
    let ring = ring(vec![current(0), next(1)]);
    for algorithm in [RingAlgorithm::Rs256, RingAlgorithm::Rs512, RingAlgorithm::Ps256] {
        let signer = ring.signer(algorithm);
        let signature = signer.sign(b"message").unwrap();
        assert_eq!(*signer.kid(), kid(0));
        assert_eq!(ring.current().public().key.verify(algorithm.into(), b"message", &signature), Ok(()));
    }
}

#[test]
fn application_signing_keys_sign_with_three_algorithms_alone() {
    for name in ["RS256", "RS512", "PS256"] {
        assert_eq!(Algorithm::from(name.parse::<RingAlgorithm>().unwrap()).name(), name);
    }
    for name in ["HS256", "RS384", "PS384", "ES256", "ES384", "rs256", "none", ""] {
        assert_eq!(name.parse::<RingAlgorithm>(), Err(NotForRings), "{name}");
    }
}

#[test]
fn the_youngest_previous_key_comes_first() {
    let ring = ring(vec![current(0), next(1), previous(2, 10), previous(3, 20)]);
    let order: Vec<_> = ring.previous().iter().map(|key| key.kid().clone()).collect();
    assert_eq!(order, [kid(3), kid(2)]);
}

#[test]
fn a_connection_signs_with_the_current_key_announces_the_next_and_decrypts_with_all_but_the_revoked() {
    let rows = vec![revoked(3), previous(2, 10), next(1), current(0)];
    let ring = ConnectionRing::restore(rows, open).unwrap();
    assert_eq!(ring.signing().public.kid, kid(0));
    assert_eq!(ring.announced().map(|key| key.kid.clone()), [kid(0), kid(1)]);
    let decryptors: Vec<_> = ring.decryptors().collect();
    assert_eq!(
        decryptors.iter().map(|pair| &pair.public.kid).collect::<Vec<_>>(),
        [&kid(0), &kid(1), &kid(2)]
    );
    assert!(decryptors.iter().all(|pair| *pair.private.public() == pair.public.key));
    assert_eq!(ring.life().revoked().len(), 1);
    let printed = format!("{ring:?}");
    assert_eq!(printed.matches("PrivateKey(..)").count(), 3, "{printed}");
}

#[test]
fn a_connection_whose_old_key_cannot_be_opened_is_broken() {
    let rows = vec![current(0), next(1), previous(2, 10)];
    let swapped = ConnectionRing::restore(rows.clone(), |_, sealed| {
        let number = usize::from(sealed.as_bytes()[0]);
        Ok::<_, String>(private(if number == 2 { 3 } else { number }))
    });
    assert_eq!(swapped.unwrap_err(), BrokenRing::Mismatch(kid(2)));
    let unreadable = ConnectionRing::restore(rows, |_, sealed| match sealed.as_bytes()[0] {
        1 => Err("wrong master key"),
        number => Ok(private(usize::from(number))),
    });
    assert_eq!(unreadable.unwrap_err(), BrokenRing::Private(kid(1), "wrong master key".to_owned()));
}

fn curve(curve: Curve) -> key::PrivateKey {
    ecdsa::PrivateKey::generate(curve).unwrap().into()
}

fn of_key(kid: &str, key: &key::PrivateKey, place: StoredPlace) -> StoredKey {
    let request = SelfSigned { common_name: "corp", serial: [7; 8], not_before: at(0), days: 365 };
    let certificate = Certificate::self_signed(request, key).unwrap();
    StoredKey { kid: kid.parse().unwrap(), certificate, place }
}

#[test]
fn a_ring_of_a_connection_may_hold_keys_of_both_kinds_and_an_application_ring_may_not() {
    let keys = [private(0).into(), curve(Curve::P256), curve(Curve::P384)];
    let sealed = |number: u8| SealedHalf::new(vec![number]);
    let rows = vec![
        of_key("old", &keys[0], StoredPlace::Previous { sealed: sealed(0), since: at(0), until: at(9) }),
        of_key("now", &keys[1], StoredPlace::Current { sealed: sealed(1), since: at(10) }),
        of_key("new", &keys[2], StoredPlace::Next { sealed: sealed(2) }),
    ];
    let open = |_: &Kid, sealed: &SealedHalf| {
        Ok::<_, String>(keys[usize::from(sealed.as_bytes()[0])].to_pkcs8().unwrap())
    };
    let either = ConnectionRing::<key::PrivateKey>::restore(rows.clone(), |kid, sealed| {
        open(kid, sealed).map(|der| key::PrivateKey::from_pkcs8(&der).unwrap())
    });
    let either = either.unwrap();
    let signing = either.signing();
    let signature = signing.private.sign(Algorithm::Es256, b"message").unwrap();
    assert_eq!(signing.public.key.verify(Algorithm::Es256, b"message", &signature), Ok(()));
    assert_eq!(either.decryptors().count(), 3);
    let swapped = ConnectionRing::restore(rows.clone(), |_, _| Ok::<_, String>(keys[2].clone()));
    assert_eq!(swapped.unwrap_err(), BrokenRing::Mismatch("now".parse().unwrap()));
    let application = KeyRing::<PrivateKey>::restore(rows, |_, _| Ok::<_, String>(private(0)));
    let reason = "the key is not an RSA key".to_owned();
    assert_eq!(application.unwrap_err(), BrokenRing::Certificate("now".parse().unwrap(), reason));
}

#[test]
fn a_kid_is_made_of_the_base64url_alphabet_and_nothing_else() {
    assert_eq!(Kid::from_random([255; 21]).as_str(), "_".repeat(21));
    for bad in ["", "a b", "a/b", "a.b", "ü", &"a".repeat(65)] {
        assert_eq!(bad.parse::<Kid>(), Err(KidError), "{bad:?}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let ring = ring(vec![current(0), next(1)]);
    let printed = format!("{ring:?} {:?}", ring.signer(RingAlgorithm::Rs256));
    assert_eq!(printed.matches("SealedHalf(1 bytes)").count(), 1, "the next key's: {printed}");
    assert_eq!(printed.matches("PrivateKey(..)").count(), 2, "the current key's and the signer's: {printed}");
    assert!(printed.len() < 1000, "nothing else has room for a key: {printed}");
}
