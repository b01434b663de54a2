//! The file of the master key: who may make it, and what is refused.

use super::*;
use crate::entropy::SystemEntropy;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_new_key_is_one_line_that_its_owner_alone_may_read() {
    let folder = folder();
    let path = folder.path().join("master.key");
    let key = create(&path, &SystemEntropy).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", *key.to_text()));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(*read(&path).unwrap().unwrap().to_text(), *key.to_text());
    assert_eq!(names(&folder), ["master.key"]);
}

#[test]
fn of_many_who_make_a_key_at_once_all_get_the_same() {
    for _ in 0..20 {
        let folder = folder();
        let path = folder.path().join("master.key");
        let make = || create(&path, &SystemEntropy).unwrap().to_text().to_string();
        let keys: Vec<String> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let stored = read(&path).unwrap().unwrap().to_text().to_string();
        assert!(keys.iter().all(|key| *key == stored));
        assert_eq!(names(&folder), ["master.key"]);
    }
}

#[test]
fn a_key_that_cannot_be_written_is_refused_with_the_files_name_and_leaves_nothing() {
    let folder = folder();
    let path = folder.path().join("missing/master.key");
    let error = create(&path, &SystemEntropy).unwrap_err().to_string();
    assert!(error.contains("missing/master.key cannot be written"), "{error}");
    assert!(names(&folder).is_empty());
}

#[test]
fn no_file_is_no_key_and_a_file_of_anything_else_is_refused() {
    let folder = folder();
    let path = folder.path().join("master.key");
    assert!(read(&path).unwrap().is_none());
    let good = MasterKey::from_bytes([3; 32]).to_text().to_string();
    for content in [String::new(), "nonsense".to_owned(), format!("{good}{good}"), good[..40].to_owned()] {
        std::fs::write(&path, &content).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, MasterKeyError::Malformed { .. }), "{error}");
        assert!(!error.to_string().contains("AwMD"), "the key is not in the message: {error}");
    }
    std::fs::write(&path, [0xff; 2000]).unwrap();
    assert!(matches!(read(&path).unwrap_err(), MasterKeyError::Io { .. }));
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    assert!(matches!(read(&path).unwrap_err(), MasterKeyError::Malformed { .. }));
}
