//! The rules of the house that a compiler does not check.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chancery::management::scopes;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "bench", "fuzz/src", "fuzz/fuzz_targets"] {
        if root().join(folder).exists() {
            rust_files(&root().join(folder), &mut found);
        }
    }
    let name = |path: &PathBuf| path.strip_prefix(root()).unwrap().display().to_string();
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("tests.rs")
}

#[test]
fn crates_use_only_those_above_them() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("crypto", [].as_slice()),
        ("jose", &["crypto"]),
        ("keyring", &["crypto"]),
        ("oauth", &["crypto", "jose", "keyring"]),
        ("saml", &["crypto", "xmldsig"]),
        ("search", &[]),
        ("server", &["crypto", "jose", "keyring", "oauth", "saml", "search", "webauthn", "wsfed", "xmldsig"]),
        ("webauthn", &["crypto", "jose"]),
        ("wsfed", &["crypto", "saml", "xmldsig"]),
        ("xmldsig", &["crypto"]),
    ]);
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let used: Vec<_> = dependencies
            .lines()
            .filter_map(|line| line.strip_prefix("chancery-")?.split(['.', ' ', '=']).next())
            .collect();
        for other in &used {
            assert!(allowed[name.as_str()].contains(other), "{name} must not use {other}");
        }
    }
}

#[test]
fn pure_crates_have_no_input_or_output() {
    const FORBIDDEN: &[&str] =
        &["tokio", "axum", "hyper", "rusqlite", "std::fs", "std::net", "async fn", "std::env"];
    for (name, text) in sources() {
        let pure = ["crypto", "jose", "keyring", "oauth", "saml", "search", "webauthn", "wsfed", "xmldsig"];
        if pure.iter().any(|one| name.starts_with(&format!("crates/{one}/src"))) && !is_test(&name) {
            for word in FORBIDDEN {
                assert!(!text.contains(word), "{name} uses {word}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_owns() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} must open with //!");
    }
}

#[test]
fn no_file_grows_over_500_lines_without_its_tests() {
    for (name, text) in sources() {
        let lines = text.split("#[cfg(test)]\nmod tests {").next().unwrap().lines().count();
        assert!(is_test(&name) || lines <= 500, "{name} has {lines} lines");
    }
}

#[test]
fn sql_lives_in_sql_files_and_the_database_layer() {
    let statements = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "];
    for (name, text) in sources() {
        let home = name.ends_with("sql.rs")
            || name.contains("/sql/")
            || name.starts_with("crates/server/src/db/")
            || name == "crates/server/src/bootstrap.rs"
            || is_test(&name);
        let found = statements.iter().find(|statement| text.contains(*statement));
        assert!(home || found.is_none(), "{name} holds a statement: {found:?}");
    }
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    for (name, text) in sources() {
        let allow = concat!("#[", "allow(");
        assert!(!text.contains(allow), "{name}: expect lints, with a reason, instead of allowing them");
        for expectation in text.split(concat!("#[", "expect(")).skip(1) {
            let inner = expectation.split(")]").next().unwrap();
            assert!(inner.contains("reason"), "{name}: an expectation gives no reason: {inner}");
        }
    }
}

#[test]
fn every_operation_has_scopes_an_id_and_a_path_of_its_own() {
    let operations = chancery::management::operations();
    let mut ids = std::collections::BTreeSet::new();
    let mut routes = std::collections::BTreeSet::new();
    for operation in &operations {
        assert!(!operation.line.required.scopes().is_empty(), "{} has no scopes", operation.line.id);
        assert!(ids.insert(operation.line.id), "{} is there twice", operation.line.id);
        assert!(routes.insert((operation.path, operation.method.to_string())), "{} twice", operation.path);
        for scope in operation.line.required.scopes() {
            let known = scopes::ALL.contains(scope) || (operation.ours && scopes::OURS.contains(scope));
            assert!(known, "{scope} is no scope");
        }
    }
    assert_eq!(operations.iter().filter(|operation| !operation.ours).count(), 126);
}
