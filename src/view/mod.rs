//! Views: printing, and nothing else.
//!
//! Owns: what goes to standard output and what to standard error, in which form. Must not know: how results came about.
//!
//! Results go to standard output, as text, as one JSON document, or as SARIF. Problems and remarks go to standard error, so
//! that a pipe sees results only; with JSON or SARIF, the problems of a failed run are the result.

mod human;
mod json;
mod sarif;
mod trace_text;

use std::io::Write;

use flaresmith_codegen::diagnostics::{Code, Diagnostic};
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::trace::Trace;
use flaresmith_sync::SyncError;
use flaresmith_sync::drift::DriftReport;
use flaresmith_sync::mentions::Mention;
use flaresmith_sync::plan::Plan;

use crate::cli::{Format, Global};

/// What was done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was carried out.
    Applied,
    /// It was only made.
    Planned,
    /// It was made to see whether there is anything to do.
    Checked,
}

/// Prints results in the form that was asked for.
pub(crate) struct View {
    format: Format,
    quiet: bool,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Diagnostics of the run, kept for SARIF, which tells everything in one document.
    kept: Vec<sarif::Finding>,
}

impl View {
    /// A view on the process' own streams. Colours go only to terminals, and not with `NO_COLOR`.
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            format: global.format,
            quiet: global.quiet,
            out: Box::new(anstream::stdout()),
            err: Box::new(anstream::stderr()),
            kept: Vec::new(),
        }
    }

    /// Shows what was found in the specs. `failed`: there is no further result.
    pub(crate) fn diagnostics(&mut self, found: &[Diagnostic], sources: &Sources, failed: bool) {
        let sources = &Locator::new(sources);
        match self.format {
            Format::Human => self.note(&human::diagnostics(found, sources, self.quiet)),
            Format::Json if failed => self.result(&json::diagnostics(found, sources)),
            Format::Json => self.note(&human::diagnostics(found, sources, self.quiet)),
            Format::Sarif => {
                self.kept = sarif::findings(found, sources);
                if failed {
                    let document = sarif::document(&self.kept);
                    self.result(&document);
                }
            }
        }
    }

    /// Shows a plan: what was, or would be, written.
    pub(crate) fn drift(&mut self, report: &DriftReport, plan: &Plan, told: Told, full: bool) {
        let text = match self.format {
            Format::Human => human::drift(report, plan, told, full),
            Format::Json => json::document(report),
            Format::Sarif => {
                let mut findings = std::mem::take(&mut self.kept);
                findings.extend(sarif::drift_findings(report, told));
                sarif::document(&findings)
            }
        };
        self.result(&text);
    }

    /// Shows a run that could not go on.
    pub(crate) fn failure(&mut self, error: &SyncError) {
        if self.format == Format::Json {
            self.result(&json::failure(error));
        }
        self.note(&human::failure(error));
    }

    /// Shows something that a person should know about the run, whatever its result.
    pub(crate) fn warning(&mut self, message: &str, hint: &str) {
        self.note(&human::warning(message, hint));
    }

    /// Shows every code there is.
    pub(crate) fn codes(&mut self, codes: &[&Code]) {
        let text = match self.format {
            Format::Human => human::codes(codes),
            Format::Json | Format::Sarif => json::codes(codes),
        };
        self.result(&text);
    }

    /// Shows one code.
    pub(crate) fn explanation(&mut self, code: &Code) {
        let text = match self.format {
            Format::Human => human::explanation(code),
            Format::Json | Format::Sarif => json::code(code),
        };
        self.result(&text);
    }

    /// Shows what carries a requirement, or the coverage of all.
    pub(crate) fn trace(&mut self, trace: &Trace, mentions: &[Mention]) {
        let text = match self.format {
            Format::Human => human::trace(trace, mentions),
            Format::Json | Format::Sarif => json::trace(trace, mentions),
        };
        self.result(&text);
    }

    /// Shows the files that `init` wrote.
    pub(crate) fn initialised(&mut self, written: &[String]) {
        let text = match self.format {
            Format::Human => human::initialised(written),
            Format::Json | Format::Sarif => json::document(&serde_json::json!({ "written": written })),
        };
        self.result(&text);
    }

    /// Writes to standard output. A closed pipe is the reader's choice, not a failure.
    fn result(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Writes to standard error.
    fn note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }
}
