//! The trace as text for people.
//!
//! Owns: its layout. Must not know: how requirements are found.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use flaresmith_codegen::trace::{Status, Trace, Traced};
use flaresmith_sync::mentions::Mention;

use super::human::{plain, styled};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// One requirement with everything that carries it, or the coverage of all.
pub(super) fn trace(trace: &Trace, mentions: Option<&[Mention]>) -> String {
    let mut text = String::new();
    if let Some(mentions) = mentions {
        for one in &trace.requirements {
            requirement(&mut text, one, mentions);
        }
        return text;
    }
    if trace.requirements.is_empty() {
        text.push_str("no feature has requirements yet; write them in specs/001-name/spec.md, as `- **FR-001**: The system MUST …`\n");
    }
    for traced in &trace.requirements {
        let first = traced.text.lines().next().unwrap_or("");
        let first: String = first.chars().take(72).collect();
        let carriers = match traced.status {
            Status::Covered => carriers(traced),
            Status::Explained => "not in the contract".to_owned(),
            Status::Uncovered => "nothing".to_owned(),
            Status::Removed => "removed".to_owned(),
        };
        let _ = writeln!(
            text,
            "{} {:<16} {carriers:<34} {}",
            mark(traced.status),
            traced.id,
            styled(DIM, plain(&first))
        );
    }
    let coverage = &trace.coverage;
    let _ = writeln!(
        text,
        "\n{} of {} functional requirements are carried by the contract, {} say why not; {} of {} operations carry one",
        coverage.covered, coverage.requirements, coverage.explained, coverage.traced, coverage.operations
    );
    if !trace.untraced.is_empty() {
        let _ = writeln!(
            text,
            "operations without a requirement: {}",
            plain(&trace.untraced.join(", "))
        );
    }
    text
}

fn requirement(text: &mut String, traced: &Traced, mentions: &[Mention]) {
    let _ = writeln!(text, "{} {}", mark(traced.status), styled(BOLD, &traced.id));
    let _ = writeln!(text, "{}\n", plain(&traced.text));
    let _ = writeln!(text, "{}: {}", styled(BOLD, "spec"), traced.file);
    if let Some(reason) = &traced.reason {
        let _ = writeln!(text, "{}: {}", styled(BOLD, "not in the contract"), plain(reason));
    }
    let operations: Vec<String> = traced
        .operations
        .iter()
        .map(|operation| format!("{} {} {}", operation.id, operation.method, operation.path))
        .collect();
    list(text, "operations", operations.iter().map(String::as_str));
    list(text, "schemas", traced.schemas.iter().map(String::as_str));
    list(text, "errors", traced.errors.iter().map(String::as_str));
    let place = |mention: &Mention| {
        let lines: Vec<String> = mention.lines.iter().take(8).map(u32::to_string).collect();
        format!("{}:{}", mention.path, lines.join(","))
    };
    let files: Vec<String> = mentions.iter().filter(|mention| !mention.test).map(place).collect();
    let tests: Vec<String> = mentions.iter().filter(|mention| mention.test).map(place).collect();
    list(text, "files", files.iter().map(String::as_str));
    list(text, "tests", tests.iter().map(String::as_str));
}

fn list<'a>(text: &mut String, title: &str, items: impl Iterator<Item = &'a str>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        let _ = writeln!(text, "{}:", styled(BOLD, title));
    }
    for item in items {
        let _ = writeln!(text, "  {}", plain(item));
    }
}

/// A sign for a status, so that colour is not needed.
fn mark(status: Status) -> String {
    let green = AnsiColor::Green.on_default();
    match status {
        Status::Covered => styled(green, "+"),
        Status::Explained => styled(green, "="),
        Status::Uncovered => styled(AnsiColor::Yellow.on_default(), "!"),
        Status::Removed => styled(DIM, "-"),
    }
}

fn carriers(traced: &Traced) -> String {
    let counts = [
        (traced.operations.len(), "operation"),
        (traced.schemas.len(), "schema"),
        (traced.errors.len(), "error"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    parts.join(", ")
}
