//! Passwords that many people use.
//!
//! A list of words and what people hang on them: together some five thousand passwords.

/// The words, one a line, in lower case.
const WORDS: &str = include_str!("common.txt");

/// What people put after a word to make it a password. A word alone counts too.
const ENDINGS: &[&str] = &[
    "", "1", "2", "12", "123", "1234", "12345", "123456", "!", "1!", "123!", "@123", "01", "11", "69", "99",
    "00", "007", "2020", "2021", "2022", "2023", "2024", "2025", "2026",
];

/// Whether a password in lower case is one of them.
pub(super) fn is_common(folded: &str) -> bool {
    let is_word = |text: &str| WORDS.lines().any(|word| word == text);
    ENDINGS.iter().any(|ending| folded.strip_suffix(ending).is_some_and(is_word))
}
