//! Changes of a contract as text for people.
//!
//! Owns: its layout. Must not know: how changes are found or classed.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use flaresmith_codegen::compare::{ChangeEntry, ChangeReport, Class, Side};

use super::human::{plain, styled};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Changes by class and subject, then a line that counts them.
pub(super) fn changes(report: &ChangeReport) -> String {
    let mut text = String::new();
    for class in Class::ALL {
        let mut of_class = report.changes.iter().filter(|change| change.class == class).peekable();
        if of_class.peek().is_some() {
            let _ = writeln!(text, "{}", styled(style(class), class.as_str()));
        }
        let mut subject = None;
        for change in of_class {
            if subject != Some(&change.subject) {
                subject = Some(&change.subject);
                let _ = writeln!(
                    text,
                    "  {}{}",
                    styled(BOLD, line(&change.subject.to_string())),
                    reach(change)
                );
            }
            one(&mut text, change, &report.base);
        }
    }
    let summary = &report.summary;
    let counts = match report.worst() {
        None => styled(AnsiColor::Green.on_default(), "nothing changed"),
        Some(worst) => styled(
            style(worst),
            format!(
                "{} breaking, {} compatible, {} docs",
                summary.breaking, summary.compatible, summary.docs
            ),
        ),
    };
    let _ = writeln!(
        text,
        "{counts}; compared {} with {}",
        compared(report),
        line(&report.base)
    );
    text
}

/// How much was compared.
pub(super) fn compared(report: &ChangeReport) -> String {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}, {}",
        plural(report.summary.operations, "operation"),
        plural(report.summary.schemas, "schema")
    )
}

fn one(text: &mut String, change: &ChangeEntry, base: &str) {
    let _ = writeln!(text, "    {}", line(&change.message));
    let at = match (change.line, change.column) {
        (Some(row), Some(column)) => format!(":{row}:{column}"),
        _ => String::new(),
    };
    // As git names a file of a revision.
    let of = match change.side {
        Side::Before => format!("{}:", line(base)),
        Side::After => String::new(),
    };
    let place = format!("{of}{}{at}", line(&change.file));
    let _ = writeln!(text, "      {}", styled(DIM, format!("{place} [{}]", change.code)));
}

/// The operations that a change of a schema reaches.
fn reach(change: &ChangeEntry) -> String {
    if change.reached_by == 0 {
        return String::new();
    }
    let more = if change.reached_by > change.first.len() {
        ", …"
    } else {
        ""
    };
    let word = if change.reached_by == 1 {
        "operation"
    } else {
        "operations"
    };
    format!(
        ", in {} {word}: {}{more}",
        change.reached_by,
        line(&change.first.join(", "))
    )
}

fn style(class: Class) -> Style {
    match class {
        Class::Breaking => AnsiColor::Red.on_default().bold(),
        Class::Compatible => AnsiColor::Green.on_default(),
        Class::Docs => AnsiColor::Blue.on_default(),
    }
}

/// Text from a spec on one line.
fn line(text: &str) -> String {
    plain(text).replace(['\n', '\t'], " ")
}
