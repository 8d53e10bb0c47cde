//! Text for people.
//!
//! Owns: layout and colour. Colour never carries meaning alone. Must not know: the JSON form.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use flaresmith_codegen::diagnostics::{Code, Diagnostic, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::SyncError;
use flaresmith_sync::drift::{self, ChangedFile, DriftKind, DriftReport, DriftStatus, Reason};
use flaresmith_sync::plan::Plan;

use super::Told;

pub(super) use super::trace_text::trace;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const BLUE: Style = AnsiColor::Blue.on_default();

/// At most so many files are listed one by one before the rest is only counted.
const LISTED: usize = 40;

/// `text` in a style.
pub(super) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text from a spec, with anything that could steer a terminal made visible.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Every problem with its place, source line and hint; then a line that counts them. With `quiet`, errors only.
/// Remarks (`info`) are for programs: the JSON and SARIF forms have them.
pub(super) fn diagnostics(found: &[Diagnostic], sources: &Locator<'_>, quiet: bool) -> String {
    let mut text = String::new();
    let least = if quiet { Severity::Error } else { Severity::Warning };
    let shown = found.iter().filter(|diagnostic| diagnostic.severity >= least);
    for diagnostic in shown {
        one(&mut text, diagnostic, sources);
    }
    let count = |severity| {
        found
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 0 {
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(styled(RED, plural(errors, "error")));
        }
        if warnings > 0 {
            parts.push(styled(YELLOW, plural(warnings, "warning")));
        }
        let _ = writeln!(text, "{}", parts.join(", "));
    }
    text
}

fn one(text: &mut String, diagnostic: &Diagnostic, sources: &Locator<'_>) {
    let (style, word) = match diagnostic.severity {
        Severity::Error => (RED, "error"),
        Severity::Warning => (YELLOW, "warning"),
        Severity::Info => (BLUE, "info"),
    };
    let head = styled(style, format!("{word}[{}]", diagnostic.code.id));
    let _ = writeln!(text, "{head}: {}", styled(BOLD, plain(&diagnostic.message)));
    if let Some(place) = &diagnostic.place {
        match sources.locate(place) {
            Some(at) => {
                let _ = writeln!(
                    text,
                    "  {} {}:{}:{}",
                    styled(BLUE, "-->"),
                    plain(&place.file),
                    at.line,
                    at.column
                );
                if diagnostic.shows_source() {
                    let line = plain(&at.text);
                    let line = if line.chars().count() > 160 {
                        line.chars().take(160).collect::<String>() + "…"
                    } else {
                        line
                    };
                    let _ = writeln!(text, "{} {line}", styled(BLUE, format!("{:>5} |", at.line)));
                }
            }
            None => {
                let _ = writeln!(text, "  {} {}", styled(BLUE, "-->"), plain(&place.file));
            }
        }
    }
    for (place, label) in &diagnostic.related {
        let at = sources
            .locate(place)
            .map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
        let _ = writeln!(text, "  = {}{at}: {}", plain(&place.file), plain(label));
    }
    if let Some(hint) = &diagnostic.hint {
        let _ = writeln!(text, "  = {}: {}", styled(BOLD, "hint"), plain(hint));
    }
}

/// One remark about the run, with what to do.
pub(super) fn warning(message: &str, hint: &str) -> String {
    let head = styled(YELLOW, "warning");
    format!(
        "{head}: {}\n  = {}: {}\n",
        plain(message),
        styled(BOLD, "hint"),
        plain(hint)
    )
}

/// What was, or would be, written; conflicts with what to type; a line that counts.
pub(super) fn drift(report: &DriftReport, plan: &Plan, told: Told, full: bool) -> String {
    let mut text = String::new();
    for file in report.changed_files.iter().take(if full { usize::MAX } else { LISTED }) {
        changed(&mut text, file);
        if let (true, Some(change)) = (full, plan.changes.iter().find(|change| change.path == file.path)) {
            coloured_diff(
                &mut text,
                &drift::unified_diff(&change.path, &String::from_utf8_lossy(&change.before), &change.after),
            );
        }
    }
    if !full && report.changed_files.len() > LISTED {
        let _ = writeln!(text, "  … and {} more", report.changed_files.len() - LISTED);
    }
    for conflict in &report.conflicts {
        let reason = match conflict.reason {
            Reason::UncommittedLocalChanges => "UNCOMMITTED_LOCAL_CHANGES",
            Reason::ManualDivergence => "MANUAL_DIVERGENCE",
            Reason::SchemaMismatch => "SCHEMA_MISMATCH",
        };
        let _ = writeln!(
            text,
            "{}: {}",
            styled(RED, format!("conflict[{reason}]")),
            styled(BOLD, &conflict.path)
        );
        let _ = writeln!(text, "  = {}: {}", styled(BOLD, "hint"), conflict.suggestion);
        if let (true, Some(found)) = (full, plan.conflicts.iter().find(|found| found.path == conflict.path)) {
            let theirs = found.theirs.as_deref().unwrap_or("");
            coloured_diff(
                &mut text,
                &drift::unified_diff(&found.path, theirs, &String::from_utf8_lossy(&found.mine)),
            );
        }
    }
    let _ = writeln!(text, "{}", last_line(report, plan, told));
    text
}

fn changed(text: &mut String, file: &ChangedFile) {
    let sign = match file.kind {
        DriftKind::Added => styled(GREEN, "+ added   "),
        DriftKind::Modified => styled(YELLOW, "~ modified"),
        DriftKind::Removed => styled(RED, "- removed "),
    };
    let _ = writeln!(text, "{sign} {} ({})", file.path, file.diff_summary);
}

fn coloured_diff(text: &mut String, diff: &str) {
    for line in diff.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => GREEN,
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => BLUE,
            _ => Style::new(),
        };
        let _ = writeln!(text, "{}", styled(style, plain(line)));
    }
}

fn last_line(report: &DriftReport, plan: &Plan, told: Told) -> String {
    let files = |count: usize| format!("{count} {}", if count == 1 { "file" } else { "files" });
    let changed = report.summary.changed_count;
    match (report.summary.status, told) {
        (DriftStatus::Conflicts, _) => styled(
            RED,
            format!(
                "{} in conflict; nothing was written",
                files(report.summary.conflict_count)
            ),
        ),
        (DriftStatus::Clean, _) if plan.lock_changes => match told {
            Told::Applied => styled(
                GREEN,
                format!("in step: {} compared, flaresmith.lock updated", files(plan.compared)),
            ),
            _ => styled(
                YELLOW,
                "every file is in step, but flaresmith.lock is not; run `flaresmith spec apply`",
            ),
        },
        (DriftStatus::Clean, _) => styled(
            GREEN,
            format!("in step: {} compared, nothing to do", files(plan.compared)),
        ),
        (DriftStatus::Drift, Told::Applied) => styled(
            GREEN,
            format!("applied: {} written, {} compared", files(changed), files(plan.compared)),
        ),
        (DriftStatus::Drift, Told::Planned) => styled(
            YELLOW,
            format!("{} would change; run `flaresmith spec apply`", files(changed)),
        ),
        (DriftStatus::Drift, Told::Checked) => styled(
            RED,
            format!(
                "out of step: {}; run `flaresmith spec apply` and commit the result",
                files(changed)
            ),
        ),
    }
}

/// A run that could not go on.
pub(super) fn failure(error: &SyncError) -> String {
    let mut text = format!(
        "{}: {}\n",
        styled(RED, format!("error[{}]", error.code)),
        styled(BOLD, plain(&error.message))
    );
    if let Some(hint) = &error.hint {
        let _ = writeln!(text, "  = {}: {}", styled(BOLD, "hint"), plain(hint));
    }
    text
}

/// All codes, a line each.
pub(super) fn codes(codes: &[&Code]) -> String {
    let width = codes.iter().map(|code| code.id.len()).max().unwrap_or(0);
    codes.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{:width$}  {}", code.id, code.title);
        text
    })
}

/// One code.
pub(super) fn explanation(code: &Code) -> String {
    format!("{}: {}\n\n{}\n", styled(BOLD, code.id), code.title, code.explanation)
}

/// The files that `init` wrote, and what to type next.
pub(super) fn initialised(written: &[String]) -> String {
    let mut text = String::new();
    for path in written {
        let _ = writeln!(text, "{} {path}", styled(GREEN, "+ added   "));
    }
    text.push_str("next: flaresmith spec apply\n");
    text
}
