//! The rules of passwords, as sentences.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Map, Value, json};

use super::hash::{self, HashError, Memory};
use super::policy::{Person, Policy, Weak};
use super::{MOST_CHARACTERS, NoPassword, Parameters, Password, PasswordPool, PoolError, Verdict, common};
use crate::entropy::SystemEntropy;

const CHEAP: Parameters = Parameters { memory_kib: 8, passes: 1 };

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn policy(options: Value) -> Policy {
    let Value::Object(options) = options else { panic!("no options") };
    Policy::of(&options)
}

fn keeps(policy: &Policy, password: &str) -> bool {
    policy.check(password, &Person::default()).is_ok()
}

#[test]
fn the_shipped_parameters_are_what_owasp_asks_for_at_least() {
    let Parameters { memory_kib, passes } = Parameters::SHIPPED;
    assert!(memory_kib >= 19 * 1024 && passes >= 2);
    let mut memory = Memory::default();
    let made = hash::make(&mut memory, Parameters::SHIPPED, &password("correct horse"), [7; 16]).unwrap();
    assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{made}");
    let verdict =
        |text: &str, memory: &mut Memory| hash::verify(memory, Parameters::SHIPPED, &password(text), &made);
    assert_eq!(verdict("correct horse", &mut memory), Ok(Verdict::Match { outdated: false }));
    assert_eq!(verdict("correct horsf", &mut memory), Ok(Verdict::Mismatch));
}

#[test]
fn a_hash_made_by_others_is_understood() {
    // phc-winner-argon2: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
    let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let mut memory = Memory::default();
    let verdict = hash::verify(&mut memory, CHEAP, &password("password"), stored);
    assert_eq!(verdict, Ok(Verdict::Match { outdated: true }));
}

#[test]
fn hashes_are_those_of_another_implementation_whatever_was_hashed_before_in_the_same_memory() {
    let long = "x".repeat(MOST_CHARACTERS);
    let mut memory = Memory::default();
    for (memory_kib, passes, text) in [
        (8, 1, "x"),
        (19 * 1024, 2, "correct horse"),
        (77, 4, long.as_str()),
        (4096, 3, "Schlüssel 𝄞"),
        (19 * 1024, 2, "correct horsf"),
    ] {
        let made =
            hash::make(&mut memory, Parameters { memory_kib, passes }, &password(text), [7; 16]).unwrap();
        let params = argon2::Params::new(memory_kib, passes, 1, Some(32)).unwrap();
        let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut output = [0; 32];
        other.hash_password_into(text.as_bytes(), &[7; 16], &mut output).unwrap();
        assert_eq!(made.rsplit_once('$').unwrap().1, STANDARD_NO_PAD.encode(output), "{memory_kib} KiB");
    }
}

#[test]
fn nothing_is_hashed_where_a_known_password_gets_another_hash() {
    assert_eq!(hash::prove(hash::KNOWN), Ok(()));
    assert_eq!(hash::prove(("Password", hash::KNOWN.1)), Err(HashError::Wrong));
}

#[test]
fn a_hash_of_other_parameters_still_matches_and_is_outdated() {
    let mut memory = Memory::default();
    let made = hash::make(&mut memory, CHEAP, &password("x"), [1; 16]).unwrap();
    let newer = Parameters { passes: 2, ..CHEAP };
    let verdict = hash::verify(&mut memory, newer, &password("x"), &made);
    assert_eq!(verdict, Ok(Verdict::Match { outdated: true }));
}

#[test]
fn what_is_no_hash_or_too_expensive_is_refused() {
    let good = hash::make(&mut Memory::default(), CHEAP, &password("x"), [1; 16]).unwrap();
    for broken in [
        "",
        "x",
        "$2b$10$abcdefghijklmnopqrstuuu",
        &good.replace("argon2id", "argon2i"),
        &good.replace("m=8", "m=8000000"),
        &good.replace("t=1", "t=1000000"),
        &good.replace("p=1", "p=4"),
        &good.replace("v=19", "v=16"),
        &format!("{good}$x"),
        &good[..good.len() - 4],
    ] {
        let verdict = hash::verify(&mut Memory::default(), CHEAP, &password("x"), broken);
        assert!(verdict.is_err(), "{broken}: {verdict:?}");
    }
}

#[test]
fn a_password_has_a_greatest_length_and_no_nul() {
    assert!(Password::new(&"x".repeat(MOST_CHARACTERS)).is_ok());
    assert_eq!(Password::new(&"x".repeat(MOST_CHARACTERS + 1)).unwrap_err(), NoPassword);
    assert!(Password::new(&"𝄞".repeat(MOST_CHARACTERS)).is_ok());
    assert_eq!(Password::new(&"x".repeat(1_000_000)).unwrap_err(), NoPassword);
    for text in ["a\0b", "a\tb", "a\nb", "a\u{7f}b"] {
        assert_eq!(Password::new(text).unwrap_err(), NoPassword, "{text:?}: no form can bring it");
    }
}

#[test]
fn a_password_is_never_printed() {
    assert_eq!(format!("{:?}", password("hunter2")), "Password");
}

#[tokio::test]
async fn the_pool_hashes_compares_and_refuses_for_nobody() {
    let pool = PasswordPool::new(CHEAP);
    let entropy: &dyn crate::entropy::Entropy = &SystemEntropy;
    let stored = pool.hash(entropy, &password("x")).await.unwrap();
    assert_ne!(stored, pool.hash(entropy, &password("x")).await.unwrap(), "each hash has its own salt");
    assert_eq!(pool.verify(&password("x"), &stored).await, Ok(Verdict::Match { outdated: false }));
    assert_eq!(pool.verify(&password("y"), &stored).await, Ok(Verdict::Mismatch));
    assert_eq!(pool.verify_nobody(&password("x")).await, Ok(Verdict::Mismatch));
    assert!(matches!(pool.verify(&password("x"), "nonsense").await, Err(PoolError::Failed(_))));
}

#[tokio::test]
async fn a_flood_is_refused_and_what_was_taken_is_done() {
    let pool = std::sync::Arc::new(PasswordPool::new(Parameters { memory_kib: 1024, passes: 1 }));
    let attempts: Vec<_> = (0..2000)
        .map(|_| {
            let pool = std::sync::Arc::clone(&pool);
            tokio::spawn(async move { pool.verify_nobody(&password("x")).await })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for attempt in attempts {
        seen.insert(format!("{:?}", attempt.await.unwrap()));
    }
    assert_eq!(seen, BTreeSet::from(["Ok(Mismatch)".to_owned(), "Err(Full)".to_owned()]));
}

#[test]
fn the_levels_demand_what_they_are_documented_to() {
    for (level, good, bad) in [
        ("none", vec!["a", " "], vec![""]),
        ("low", vec!["abcdef"], vec!["abcde"]),
        ("fair", vec!["Abcdefg1"], vec!["Abcdef1", "abcdefg1", "ABCDEFG1", "Abcdefgh"]),
        (
            "good",
            vec!["Abcdefg1", "abcdef1!", "Abcdefg!", "ABCDEF1!"],
            vec!["Abcdef1", "abcdefg1", "Abcdefgh"],
        ),
        ("excellent", vec!["Abcdefghi1", "AAbbccdd11"], vec!["Abcdefgh1", "Aaaa123456789", "Abcdefghij"]),
    ] {
        let policy = policy(json!({ "passwordPolicy": level }));
        for password in good {
            assert!(keeps(&policy, password), "{level}: {password}");
        }
        for password in bad {
            assert!(!keeps(&policy, password), "{level}: {password}");
        }
    }
}

#[test]
fn a_connection_that_says_nothing_demands_good_passwords() {
    assert_eq!(policy(json!({})), policy(json!({ "passwordPolicy": "good" })));
    assert_eq!(policy(json!({ "passwordPolicy": null })), policy(json!({ "passwordPolicy": "good" })));
}

#[test]
fn the_least_length_can_be_chosen() {
    let policy =
        policy(json!({ "passwordPolicy": "low", "password_complexity_options": { "min_length": 3 } }));
    assert!(keeps(&policy, "abc") && !keeps(&policy, "ab"));
}

#[test]
fn lengths_count_characters_not_bytes() {
    let policy = policy(json!({ "passwordPolicy": "low" }));
    assert!(!keeps(&policy, "äöüäö") && keeps(&policy, "äöüäöü"));
}

#[test]
fn the_newer_options_take_precedence() {
    let policy = policy(json!({
        "passwordPolicy": "none",
        "password_history": { "enable": true, "size": 3 },
        "password_options": {
            "complexity": {
                "min_length": 4, "character_types": ["uppercase", "number"], "character_type_rule": "all",
                "identical_characters": "block", "sequential_characters": "block", "max_length_exceeded": "error",
            },
            "history": { "active": true, "size": 7 },
        },
    }));
    assert_eq!(policy.history, 7);
    assert!(keeps(&policy, "A1x9"));
    for bad in ["A1x", "a1x9", "Axyu", "A1xxx", "A1abc", "A1CBA", "A123", &format!("A1{}", "xz".repeat(36))] {
        assert!(!keeps(&policy, bad), "{bad}");
    }
}

#[test]
fn history_is_kept_only_when_it_is_asked_for() {
    assert_eq!(policy(json!({ "password_history": { "enable": false, "size": 3 } })).history, 0);
    assert_eq!(policy(json!({ "password_history": { "enable": true, "size": 3 } })).history, 3);
    assert_eq!(policy(json!({ "password_history": { "enable": true } })).history, 5);
}

#[test]
fn common_passwords_and_own_words_are_refused_in_any_case() {
    let options = json!({ "passwordPolicy": "none", "password_dictionary": { "enable": true, "dictionary": ["Acme"] } });
    let policy = policy(options);
    for bad in ["password", "PassWord123", "qwerty2024", "letmein!", "acme", "ACME"] {
        assert_eq!(policy.check(bad, &Person::default()), Err(Weak::Common), "{bad}");
    }
    assert!(keeps(&policy, "acme corporation") && keeps(&policy, "plainly unusual"));
    let off = json!({ "passwordPolicy": "none", "password_dictionary": { "enable": false, "dictionary": ["acme"] } });
    assert!(keeps(&self::policy(off), "acme"));
}

#[test]
fn the_common_words_are_many_and_each_is_there_once() {
    let words: Vec<_> = include_str!("common.txt").lines().collect();
    assert!(words.len() > 600);
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    assert!(words.iter().all(|word| *word == word.to_lowercase() && common::is_common(word)));
}

#[test]
fn passwords_made_of_personal_data_are_refused() {
    let policy = policy(json!({ "passwordPolicy": "none", "password_no_personal_info": { "enable": true } }));
    let metadata: Map<String, Value> = json!({ "first": "Wilhelmina" }).as_object().unwrap().clone();
    let person = Person {
        email: Some("jane.roe@example.com"),
        username: Some("jroe77"),
        name: Some("Jane Ö. Roe"),
        user_metadata: Some(&metadata),
        ..Person::default()
    };
    for bad in ["xJANE.ROEx", "jroe77", "7roe7", "wilhelmina!", "my jane ö. roe"] {
        assert_eq!(policy.check(bad, &person), Err(Weak::Personal), "{bad}");
    }
    assert_eq!(policy.check("example.com ö.", &person), Ok(()), "short parts and the domain do not count");
}

#[test]
fn a_weak_password_is_answered_with_every_rule_and_whether_it_is_kept() {
    let policy = policy(json!({ "passwordPolicy": "excellent" }));
    let weak = policy.check("Abc1111", &Person::default()).unwrap_err();
    assert_eq!(weak.to_string(), "PasswordStrengthError: Password is too weak");
    let expected = json!({
        "code": "invalid_password",
        "name": "PasswordStrengthError",
        "message": "Password is too weak",
        "statusCode": 400,
        "description": {
            "rules": [
                { "message": "At least %d characters in length", "format": [10], "code": "lengthAtLeast", "verified": false },
                {
                    "message": "Contain at least %d of the following %d types of characters:", "format": [3, 4],
                    "code": "containsAtLeast", "verified": true,
                    "items": [
                        { "message": "lower case letters (a-z)", "code": "lowerCase", "verified": true },
                        { "message": "upper case letters (A-Z)", "code": "upperCase", "verified": true },
                        { "message": "numbers (i.e. 0-9)", "code": "numbers", "verified": true },
                        { "message": "special characters (e.g. !@#$%^&*)", "code": "specialCharacters", "verified": false },
                    ],
                },
                {
                    "message": "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                    "format": [2, "aaa"], "code": "identicalChars", "verified": false,
                },
            ],
            "verified": false,
        },
        "policy": "* At least 10 characters in length\n\
            * Contain at least 3 of the following 4 types of characters:\n  \
              * lower case letters (a-z)\n  * upper case letters (A-Z)\n  * numbers (i.e. 0-9)\n  \
              * special characters (e.g. !@#$%^&*)\n\
            * No more than 2 identical characters in a row (e.g., \"aaa\" not allowed)",
    });
    assert_eq!(weak.body("Abc1111"), expected);
}

#[test]
fn a_common_password_is_answered_with_its_own_name() {
    assert_eq!(
        Weak::Common.body("password"),
        json!({
            "code": "invalid_password", "name": "PasswordDictionaryError", "message": "Password is too common",
            "description": "Password is too common", "statusCode": 400,
        })
    );
}
