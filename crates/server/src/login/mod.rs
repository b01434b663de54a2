//! Where people sign in: the pages under `/u/`.
//!
//! Must never tell whether an account exists.

pub mod pages;
