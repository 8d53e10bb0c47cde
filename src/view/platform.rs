//! What a server answered, as tables for people and as documents for programs.
//!
//! Owns: layout of tables and facts. Must not know: which command asked. The documents are the server's own, whose form its
//! contract has.

use std::fmt::Write as _;

use serde::Serialize;

use super::human::{BOLD, plain, styled};
use super::{Format, View, json};

/// Sign of a value that is not there.
const NONE: &str = "-";

impl View {
    /// Shows a list: a line an item below its heads.
    pub(crate) fn table(&mut self, heads: &[&str], rows: &[Vec<String>], document: &impl Serialize) {
        let text = match self.format {
            Format::Human => table(heads, rows),
            _ => json::document(document),
        };
        self.result(&text);
    }

    /// Shows one thing: a fact a line.
    pub(crate) fn facts(&mut self, facts: &[(&str, String)], document: &impl Serialize) {
        let text = match self.format {
            Format::Human => facts_text(facts),
            _ => json::document(document),
        };
        self.result(&text);
    }

    /// Says that something was done.
    pub(crate) fn did(&mut self, what: &str, document: &impl Serialize) {
        let text = match self.format {
            Format::Human => format!("{}\n", plain(what)),
            _ => json::document(document),
        };
        self.result(&text);
    }

    /// Asks a person for something that only they can do, whatever form results have.
    pub(crate) fn wants(&mut self, what: &str, with: &str) {
        self.note(&format!("{}:\n  {}\n", plain(what), plain(with)));
    }

    /// Says how something goes that takes its time.
    pub(crate) fn went(&mut self, what: &str, how: &str) {
        if self.format == Format::Human && !self.quiet {
            self.note(&format!("{}  {}\n", styled(BOLD, cell(what)), cell(how)));
        }
    }

    /// From now on standard output belongs to something else.
    pub(crate) fn results_to_stderr(&mut self) {
        self.out = Box::new(anstream::stderr());
    }

    /// Shows a part of a list, and whether there is more of it.
    pub(crate) fn page(&mut self, heads: &[&str], rows: &[Vec<String>], items: &[impl Serialize], more: bool) {
        self.table(heads, rows, &serde_json::json!({ "items": items, "hasMore": more }));
        if more && self.format == Format::Human && !self.quiet {
            self.note("there are more; `--limit COUNT` shows them\n");
        }
    }
}

/// Text of the server on one line.
fn cell(text: &str) -> String {
    if text.is_empty() {
        return NONE.to_owned();
    }
    plain(text).replace(['\n', '\t'], " ")
}

fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "there is nothing\n".to_owned();
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|text| cell(text)).collect())
        .collect();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|text| text.chars().count())
                .fold(head.chars().count(), usize::max)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let padded = cells.zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = String::new();
    let head = line(&mut heads.iter().map(|head| (*head).to_owned()));
    let _ = writeln!(text, "{}", styled(BOLD, head));
    for row in rows {
        let _ = writeln!(text, "{}", line(&mut row.into_iter()));
    }
    text
}

fn facts_text(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{}  {}", styled(BOLD, format!("{name:<width$}")), cell(value));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_hold_no_controls() {
        let rows = [
            vec!["a\u{1b}[2J".to_owned(), String::new()],
            vec!["ab".to_owned(), "x\ny".to_owned()],
        ];
        let text = table(&["name", "of"], &rows);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(text, "name   of\na\u{fffd}[2J  -\nab     x y\n");
    }
}
