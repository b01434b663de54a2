//! Tables, for a terminal or as Markdown.

use crate::say;

/// Rows under headings.
pub(super) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: &[&str]) -> Self {
        Self { headings: headings.iter().map(|&heading| heading.to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it; each column is as wide as its widest cell.
    pub(super) fn print(&self, markdown: bool) {
        let cells = |column: usize| {
            self.rows.iter().filter_map(move |row| row.get(column)).chain(self.headings.get(column))
        };
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &[String]| {
            let padded: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            if markdown {
                format!("| {} |", padded.join(" | "))
            } else {
                padded.join("  ").trim_end().to_owned()
            }
        };
        say::result(line(&self.headings));
        if markdown {
            say::result(line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>()));
        }
        for row in &self.rows {
            say::result(line(row));
        }
    }
}

/// The goals, what was measured, and whether that is enough.
pub(super) struct Verdicts(Table);

impl Default for Verdicts {
    fn default() -> Self {
        Self(Table::new(&["goal of", "goal", "", "measured"]))
    }
}

impl Verdicts {
    /// A value that must not be smaller.
    pub(super) fn at_least(&mut self, name: &str, (value, least): (f64, f64), text: (String, &str)) {
        self.add(name, value >= least, text);
    }

    /// A value that must not be greater.
    pub(super) fn at_most(&mut self, name: &str, (value, most): (f64, f64), text: (String, &str)) {
        self.add(name, value <= most, text);
    }

    /// A value without a goal.
    pub(super) fn note(&mut self, name: &str, measured: String) {
        self.0.row([name.to_owned(), String::new(), String::new(), measured]);
    }

    fn add(&mut self, name: &str, met: bool, (measured, goal): (String, &str)) {
        let verdict = if met { "met" } else { "missed" };
        self.0.row([name.to_owned(), goal.to_owned(), verdict.to_owned(), measured]);
    }

    /// Prints the table.
    pub(super) fn print(&self, markdown: bool) {
        self.0.print(markdown);
    }
}
