//! The bucket on a clock that is moved by hand.

use jiff::Timestamp;

use super::Bucket;
use crate::tenants::Policy;

fn policy(requests_per_second: u32, request_burst: u32) -> Policy {
    Policy { requests_per_second, request_burst, ..Policy::default() }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
}

#[test]
fn a_full_bucket_admits_a_burst_and_then_one_a_refill() {
    let (bucket, policy) = (Bucket::default(), policy(2, 3));
    let admitted = |millis| bucket.admit(&policy, at(millis)).unwrap().admitted;
    assert_eq!([admitted(0), admitted(0), admitted(0), admitted(0)], [true, true, true, false]);
    assert_eq!([admitted(499), admitted(500), admitted(501)], [false, true, false]);
}

#[test]
fn the_answer_says_what_is_left_and_when_the_bucket_is_full_again() {
    let (bucket, policy) = (Bucket::default(), policy(1, 10));
    let first = bucket.admit(&policy, at(0)).unwrap();
    assert_eq!((first.limit, first.remaining, first.reset), (10, 9, 1_800_000_001));
    let later = bucket.admit(&policy, at(3_600_000)).unwrap();
    assert_eq!((later.remaining, later.reset), (9, 1_800_003_601));
}

#[test]
fn no_rate_means_no_limit() {
    let bucket = Bucket::default();
    assert_eq!(bucket.admit(&policy(0, 1), at(0)), None);
}

#[test]
fn a_clock_that_jumps_back_neither_refills_nor_panics() {
    let (bucket, policy) = (Bucket::default(), policy(1, 1));
    assert!(bucket.admit(&policy, at(0)).unwrap().admitted);
    assert!(!bucket.admit(&policy, at(-3_600_000)).unwrap().admitted);
    assert!(bucket.admit(&policy, at(-3_599_000)).unwrap().admitted);
}

#[test]
fn a_smaller_burst_works_at_the_next_request() {
    let bucket = Bucket::default();
    assert!(bucket.admit(&policy(1, 100), at(0)).unwrap().admitted);
    assert_eq!(bucket.admit(&policy(1, 2), at(0)).unwrap().remaining, 1);
}
