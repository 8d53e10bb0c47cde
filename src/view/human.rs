//! Text for people.
//!
//! Owns: layout and colour. Colour never carries meaning alone. Must not know: the JSON form.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use flaresmith_codegen::check::redacted;
use flaresmith_codegen::diagnostics::{Code, Diagnostic, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::SyncError;
use flaresmith_sync::drift::{self, ChangedFile, DriftKind, DriftReport, DriftStatus, Reason, Summary};
use flaresmith_sync::hook::{HookReport, HookState};
use flaresmith_sync::merge::Clash;
use flaresmith_sync::plan::{Conflict, Plan};
use flaresmith_sync::staging::Advice;

use super::Told;

pub(super) use super::trace_text::trace;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const BLUE: Style = AnsiColor::Blue.on_default();

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
                if diagnostic.shows_source() && !at.text.is_empty() {
                    let line = plain(&redacted(&at.text));
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
    let _ = writeln!(text, "  = {}: {}", styled(BOLD, "hint"), plain(&diagnostic.advice()));
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
    let mut text = changes(report, plan, full);
    for conflict in &report.conflicts {
        let reason = match conflict.reason {
            Reason::UncommittedLocalChanges => "UNCOMMITTED_LOCAL_CHANGES",
            Reason::ManualDivergence => "MANUAL_DIVERGENCE",
            Reason::SchemaMismatch => "SCHEMA_MISMATCH",
        };
        let found = plan.conflicts.iter().find(|found| found.path == conflict.path);
        let line = found.and_then(Conflict::line).map(|line| format!(":{line}"));
        let _ = writeln!(
            text,
            "{}: {}",
            styled(RED, format!("conflict[{reason}]")),
            styled(BOLD, format!("{}{}", plain(&conflict.path), line.unwrap_or_default()))
        );
        for clash in found.map(|found| found.clashes.as_slice()).unwrap_or_default() {
            both_sides(&mut text, clash);
        }
        let _ = writeln!(text, "  = {}: {}", styled(BOLD, "hint"), plain(&conflict.suggestion));
        if let (true, Some(found)) = (full, found) {
            let theirs = found.theirs.as_deref().unwrap_or("");
            coloured_diff(
                &mut text,
                &drift::unified_diff(&found.path, theirs, &String::from_utf8_lossy(&found.mine)),
            );
        }
    }
    let _ = writeln!(text, "{}", last_line(&report.summary, plan, told));
    text
}

/// What changed in each file.
pub(super) fn changes(report: &DriftReport, plan: &Plan, full: bool) -> String {
    let mut text = String::new();
    for file in report.changed_files.iter().take(if full { usize::MAX } else { LISTED }) {
        changed(&mut text, file);
        if let (true, Some(change)) = (full, plan.changes.iter().find(|change| change.path == file.path)) {
            coloured_diff(
                &mut text,
                &drift::unified_diff(
                    &change.path,
                    &String::from_utf8_lossy(&change.before),
                    &change.after.whole(),
                ),
            );
        }
    }
    if !full && report.changed_files.len() > LISTED {
        let _ = writeln!(text, "  … and {} more", report.changed_files.len() - LISTED);
    }
    text
}

/// Waiting for changes.
pub(super) fn watching(folders: usize) -> String {
    format!("watching {folders} folders; stop with Ctrl-C\n")
}

/// One round of watching; the last line says how long it took.
pub(super) fn round(report: &DriftReport, plan: &Plan, told: Told, milliseconds: u64) -> String {
    let text = drift(report, plan, told, false);
    format!("{} ({milliseconds} ms)\n", text.trim_end_matches('\n'))
}

/// The line of a round that has written what there was to write.
pub(super) fn applied(plan: &Plan, milliseconds: u64) -> String {
    let line = last_line(&drift::counted(plan), plan, Told::Applied);
    format!("{line} ({milliseconds} ms)\n")
}

/// What a merge could not decide: both sides of one place.
fn both_sides(text: &mut String, clash: &Clash) {
    const LINES: usize = 12;
    let _ = writeln!(
        text,
        "  {} line {}: {}",
        styled(BLUE, "-->"),
        clash.line,
        plain(&clash.what)
    );
    for (label, side, style) in [("yours", &clash.mine, GREEN), ("generated", &clash.theirs, YELLOW)] {
        let _ = writeln!(text, "  {}", styled(BOLD, format!("{label}:")));
        if side.trim().is_empty() {
            let _ = writeln!(text, "    (nothing)");
        }
        for line in side.lines().take(LINES) {
            let _ = writeln!(text, "    {}", styled(style, plain(line)));
        }
        if side.lines().count() > LINES {
            let _ = writeln!(text, "    … and {} lines more", side.lines().count() - LINES);
        }
    }
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

fn last_line(summary: &Summary, plan: &Plan, told: Told) -> String {
    let files = |count: usize| format!("{count} {}", if count == 1 { "file" } else { "files" });
    let changed = summary.changed_count;
    match (summary.status, told) {
        (DriftStatus::Conflicts, Told::Staged) => styled(
            RED,
            format!(
                "what is staged is out of step: {} in conflict, {} to change",
                files(summary.conflict_count),
                files(changed)
            ),
        ),
        (DriftStatus::Drift, Told::Staged) => styled(RED, format!("what is staged is out of step: {}", files(changed))),
        (DriftStatus::Conflicts, Told::Applied) => styled(
            YELLOW,
            format!(
                "applied: {} written, {} with conflict markers to resolve",
                files(changed),
                files(summary.conflict_count)
            ),
        ),
        (_, Told::Decided) => styled(GREEN, format!("done: {} decided", files(plan.compared))),
        (DriftStatus::Conflicts, _) => styled(
            RED,
            format!("{} in conflict; nothing was written", files(summary.conflict_count)),
        ),
        (DriftStatus::Clean, Told::Staged) if plan.due => styled(
            RED,
            "every staged file is in step, but what is staged of flaresmith.lock and .flaresmith/base is not",
        ),
        (DriftStatus::Clean, Told::Applied) if plan.lock_changes => styled(
            GREEN,
            format!("in step: {} compared, flaresmith.lock updated", files(plan.compared)),
        ),
        (DriftStatus::Clean, Told::Checked | Told::Planned) if plan.due => styled(
            YELLOW,
            "every file is in step, but what is recorded of them is not (flaresmith.lock, .flaresmith/base); run `flaresmith spec apply`",
        ),
        (DriftStatus::Clean, Told::Staged) => styled(
            GREEN,
            format!("in step: {} compared as they are staged", files(plan.compared)),
        ),
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
        // Only line ends are wrong, which an apply leaves alone; what to type is told below.
        (DriftStatus::Drift, Told::Checked) if plan.changes.is_empty() => {
            styled(RED, format!("out of step: {}", files(changed)))
        }
        (DriftStatus::Drift, Told::Checked) => styled(
            RED,
            format!(
                "out of step: {}; run `flaresmith spec apply` and commit the result",
                files(changed)
            ),
        ),
    }
}

/// What to type, each command on a line of its own.
pub(super) fn advice(found: &[Advice]) -> String {
    found.iter().fold(String::new(), |mut text, advice| {
        let _ = writeln!(text, "{}: {}", styled(BOLD, "hint"), plain(&advice.what));
        let _ = writeln!(text, "      {}", plain(&advice.command));
        text
    })
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

/// What a server calls the request that it refused.
pub(super) fn request_id(id: &str) -> String {
    format!("  = {}: {}\n", styled(BOLD, "request"), plain(id))
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

/// How the pre-commit hook stands, and what to add by hand where a tool keeps hooks in a file of its own.
pub(super) fn hook(report: &HookReport) -> String {
    let file = plain(&report.file);
    let by = match report.manager {
        "git" => String::new(),
        manager => format!(" (kept by {manager})"),
    };
    let mut text = match (report.state, report.changed) {
        (HookState::Installed, true) => styled(GREEN, format!("installed: {file}{by} checks what is staged")),
        (HookState::Installed, false) => styled(GREEN, format!("in place: {file}{by} checks what is staged")),
        (HookState::Outdated, _) => styled(YELLOW, format!("outdated: {file}{by}; run `flaresmith hook install`")),
        (HookState::Absent, true) => styled(GREEN, format!("taken out of {file}{by}")),
        (HookState::Absent, false) => styled(
            YELLOW,
            format!("not installed: {file}{by} does not check what is staged"),
        ),
    };
    text.push('\n');
    if let Some(add) = &report.add {
        let _ = writeln!(text, "add this to {file}:\n\n{}", plain(add));
    }
    text
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

/// Files that were written, a line each.
pub(super) fn written(written: &[String]) -> String {
    written.iter().map(|path| format!("{path}\n")).collect()
}

/// The names of schemas, a line each.
pub(super) fn schemas(schemas: &[(&str, &str)]) -> String {
    let width = schemas.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    schemas.iter().fold(String::new(), |mut text, (name, about)| {
        let _ = writeln!(text, "{name:width$}  {about}");
        text
    })
}
