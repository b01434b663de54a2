//! What goes to the terminal: results to standard output, progress to standard error.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// Prints a line of the result. A reader that has gone away is no error.
pub(crate) fn result(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Tells whoever waits what is happening.
pub(crate) fn progress(text: impl Display) {
    let _ = writeln!(stderr(), "# {text}");
}
