//! What goes to the terminal: results to standard output, the log and complaints to standard error.
//!
//! Must never mix the two: what is printed for machines is one JSON value and nothing else.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

use serde_json::Value;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::JsonFields;

use crate::config::{Config, LogFormat};
use crate::request_id::WithRequestId;

/// Starts the log of the process. Commands other than `serve` log warnings alone.
pub(super) fn start_log(config: &Config, serving: bool) {
    let level = if serving { config.log_level.as_str() } else { "warn" };
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let human = match config.log_format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        LogFormat::Auto => stderr().is_terminal(),
    };
    let builder = fmt().with_env_filter(filter).with_writer(stderr);
    let lines = fmt::format().with_target(false);
    if human {
        let lines = WithRequestId(lines.with_ansi(stderr().is_terminal()));
        builder.event_format(lines).init();
    } else if serving {
        let lines = WithRequestId(lines.json().flatten_event(true));
        builder.fmt_fields(JsonFields::new()).event_format(lines).init();
    } else {
        builder.event_format(lines.with_ansi(false).without_time()).init();
    }
}

/// Prints a line. A reader that has gone away, as of `head`, is no error.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a JSON value on one line.
pub(super) fn json(value: &Value) {
    line(value);
}

/// Says what went wrong.
pub(super) fn complain(error: &dyn Display) {
    let _ = writeln!(stderr(), "chancery: {error}");
}

/// Prints rows under headings, each column as wide as its widest cell.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([heading.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(padded.join("  ").trim_end());
    };
    print(&mut headings.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}
