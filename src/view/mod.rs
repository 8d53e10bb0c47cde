//! Views: printing, and nothing else.
//!
//! Owns: what goes to standard output and what to standard error, in which form. Must not know: how results came about.
//!
//! Results go to standard output, as text, as one JSON document, or in one of the forms for CI (SARIF, GitHub, JUnit).
//! Problems and remarks go to standard error, so that a pipe sees results only; in every form but text, the problems of a
//! failed run are the result. Results that no form for CI has words for are JSON there.

mod changes_text;
mod finding;
mod github;
mod human;
pub(crate) mod json;
mod junit;
#[cfg(feature = "client")]
mod plan_text;
#[cfg(feature = "client")]
mod platform;
mod sarif;
mod status_text;
mod trace_text;

use std::io::Write;
use std::time::Duration;

use flaresmith_codegen::compare::ChangeReport;
use flaresmith_codegen::diagnostics::{Code, Diagnostic};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::trace::Trace;
use flaresmith_sync::drift::DriftReport;
use flaresmith_sync::hook::HookReport;
use flaresmith_sync::mentions::Mention;
use flaresmith_sync::plan::Plan;
use flaresmith_sync::staging::Advice;
use flaresmith_sync::status::Status;
use flaresmith_sync::{Root, SyncError};
use schemars::Schema;

use crate::cli::{Format, Global};

use finding::Findings;

/// What was done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It was carried out.
    Applied,
    /// It was only made.
    Planned,
    /// It was made to see whether there is anything to do.
    Checked,
    /// The same, about what is staged.
    Staged,
    /// It was a decision about single files, and was carried out.
    Decided,
}

/// Prints results in the form that was asked for.
pub(crate) struct View {
    format: Format,
    quiet: bool,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    /// Everything found so far, for the forms that tell it in one document.
    kept: Findings,
    /// Advice that stands below the result.
    advice: String,
    /// The repository that the run is about, once it is known.
    root: Option<Root>,
    /// What was remarked on the specs in the last round of watching; `None` for a single run.
    remarked: Option<Vec<Diagnostic>>,
    /// What kept a result from being written.
    lost: Option<std::io::Error>,
}

impl View {
    /// A view on the process' own streams. Colours go only to terminals, and not with `NO_COLOR`.
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            format: global.format,
            quiet: global.quiet,
            out: Box::new(anstream::stdout()),
            err: Box::new(anstream::stderr()),
            kept: Findings::default(),
            advice: String::new(),
            root: None,
            remarked: None,
            lost: None,
        }
    }

    /// Says which repository the run is about, for forms that place what they tell.
    pub(crate) fn about(&mut self, root: &Root) {
        self.root = Some(root.clone());
    }

    /// The findings so far in the form that was asked for, which begins anew with that; `None` for forms that are not made of
    /// findings.
    fn findings(&mut self) -> Option<String> {
        let kept = std::mem::take(&mut self.kept);
        match self.format {
            Format::Human | Format::Json => None,
            Format::Sarif => Some(sarif::document(&kept)),
            Format::Github => {
                let base = self.root.as_ref().map(Root::below_git).unwrap_or_default();
                Some(github::document(&kept, &base))
            }
            Format::Junit => Some(junit::document(&kept)),
        }
    }

    /// Shows what was found in the specs. `failed`: there is no further result.
    pub(crate) fn diagnostics(&mut self, found: &[Diagnostic], sources: &Locator<'_>, failed: bool) {
        if let Some(last) = &mut self.remarked {
            if !failed && last == found {
                return;
            }
            *last = found.to_vec();
        }
        match self.format {
            Format::Human => self.note(&human::diagnostics(found, sources, self.quiet)),
            Format::Json if failed => self.result(&json::diagnostics(found, sources)),
            Format::Json => self.note(&human::diagnostics(found, sources, self.quiet)),
            Format::Sarif | Format::Github | Format::Junit => {
                self.kept.add_diagnostics(found, sources);
                if failed {
                    let document = self.findings().unwrap_or_default();
                    self.result(&document);
                }
            }
        }
    }

    /// Whether warnings are shown with their places, and not only counted. `failed`: they count as errors.
    pub(crate) fn shows_places(&self, failed: bool) -> bool {
        failed || !self.quiet || !matches!(self.format, Format::Human | Format::Json)
    }

    /// Shows what to type about what [`Self::drift`] shows next.
    pub(crate) fn advise(&mut self, advice: &[Advice]) {
        self.kept.add_advice(advice);
        self.advice.push_str(&human::advice(advice));
    }

    /// Shows what to type beside a result that was shown already.
    pub(crate) fn remark(&mut self, advice: &[Advice]) {
        self.note(&human::advice(advice));
    }

    /// Shows a plan: what was, or would be, written.
    pub(crate) fn drift(&mut self, report: &DriftReport, plan: &Plan, told: Told, full: bool) {
        // Only the forms for CI list what was compared.
        if !matches!(self.format, Format::Human | Format::Json) {
            self.kept.add_drift(report, plan, told);
        }
        let findings = self.findings();
        let text = match self.format {
            Format::Human => human::drift(report, plan, told, full),
            Format::Json => json::document(report),
            Format::Sarif | Format::Github | Format::Junit => findings.unwrap_or_default(),
        };
        self.result(&text);
        let advice = std::mem::take(&mut self.advice);
        self.note(&advice);
    }

    /// What follows are rounds. Every JSON document stands on one line from now on, so that whoever reads along can tell where
    /// one ends, and what was remarked in the last round is not repeated.
    pub(crate) fn rounds(&mut self) {
        self.remarked = Some(Vec::new());
    }

    /// Says that changes are waited for.
    pub(crate) fn watching(&mut self, folders: usize) {
        if !self.quiet {
            self.note(&human::watching(folders));
        }
    }

    /// Shows one round of watching that wrote nothing, and how long it took from the change on.
    pub(crate) fn round(&mut self, report: &DriftReport, plan: &Plan, told: Told, taken: Duration) {
        let text = match self.format {
            Format::Human => human::round(report, plan, told, milliseconds(taken)),
            _ => json::round(report, milliseconds(taken)),
        };
        self.result(&text);
    }

    /// Shows that a round has written its files, and how long that took from the change on. What changed in them takes longer to be
    /// put into words than to be written, so it follows; a document tells all at once.
    pub(crate) fn applied(&mut self, plan: &Plan, taken: Duration) {
        if self.format == Format::Human {
            self.result(&human::applied(plan, milliseconds(taken)));
        }
    }

    /// Shows what changed in the files that were written.
    pub(crate) fn applied_changes(&mut self, report: &DriftReport, plan: &Plan, taken: Duration) {
        let text = match self.format {
            Format::Human => human::changes(report, plan, false),
            _ => json::round(report, milliseconds(taken)),
        };
        self.result(&text);
    }

    /// Shows what the contract changed.
    pub(crate) fn changes(&mut self, report: &ChangeReport) {
        self.kept.add_changes(report);
        let text = match self.format {
            Format::Human => changes_text::changes(report),
            Format::Json => json::document(report),
            Format::Sarif | Format::Github | Format::Junit => self.findings().unwrap_or_default(),
        };
        self.result(&text);
    }

    /// Shows a run that could not go on.
    pub(crate) fn failure(&mut self, error: &SyncError) {
        self.refused(error, None);
    }

    /// The same, when a server refused the request that it calls so.
    pub(crate) fn refused(&mut self, error: &SyncError, request_id: Option<&str>) {
        self.kept.add_failure(error, self.root.as_ref());
        let findings = self.findings();
        let result = match self.format {
            Format::Json => Some(json::failure(error, request_id)),
            _ => findings,
        };
        if let Some(result) = result {
            self.result(&result);
        }
        self.note(&human::failure(error));
        if let Some(id) = request_id {
            self.note(&human::request_id(id));
        }
    }

    /// Shows something that a person should know about the run, whatever its result.
    pub(crate) fn warning(&mut self, message: &str, hint: &str) {
        self.note(&human::warning(message, hint));
    }

    /// Shows every code there is.
    pub(crate) fn codes(&mut self, codes: &[&Code]) {
        let text = match self.format {
            Format::Human => human::codes(codes),
            _ => json::codes(codes),
        };
        self.result(&text);
    }

    /// Shows one code.
    pub(crate) fn explanation(&mut self, code: &Code) {
        let text = match self.format {
            Format::Human => human::explanation(code),
            _ => json::code(code),
        };
        self.result(&text);
    }

    /// Shows what carries a requirement, or the coverage of all.
    ///
    /// `mentions`: where other files speak of the one requirement that was asked for; `None` when all were.
    pub(crate) fn trace(&mut self, trace: &Trace, mentions: Option<&[Mention]>) {
        let text = match self.format {
            Format::Human => human::trace(trace, mentions),
            _ => json::trace(trace, mentions.unwrap_or_default()),
        };
        self.result(&text);
    }

    /// Shows how the pre-commit hook stands.
    pub(crate) fn hook(&mut self, report: &HookReport) {
        let text = match self.format {
            Format::Human => human::hook(report),
            _ => json::document(report),
        };
        self.result(&text);
    }

    /// Shows which files were edited.
    pub(crate) fn status(&mut self, status: &Status) {
        let text = match self.format {
            Format::Human => status_text::status(status),
            _ => json::document(status),
        };
        self.result(&text);
    }

    /// Shows the files that `init` wrote.
    pub(crate) fn initialised(&mut self, written: &[String]) {
        let text = match self.format {
            Format::Human => human::initialised(written),
            _ => json::written(written),
        };
        self.result(&text);
    }

    /// Shows which schemas are published: names, and what each describes.
    pub(crate) fn schemas(&mut self, schemas: &[(&str, &str)]) {
        let text = match self.format {
            Format::Human => human::schemas(schemas),
            _ => json::schemas(schemas),
        };
        self.result(&text);
    }

    /// Shows one schema. It is JSON in every form of output.
    pub(crate) fn schema(&mut self, schema: &Schema) {
        self.result(&json::document(schema));
    }

    /// Shows the files that were written.
    pub(crate) fn written(&mut self, written: &[String]) {
        let text = match self.format {
            Format::Human => human::written(written),
            _ => json::written(written),
        };
        self.result(&text);
    }

    /// Why a result did not reach standard output, if one did not: a full disk, for example.
    pub(crate) fn lost(&self) -> Option<SyncError> {
        let error = self.lost.as_ref()?;
        let message = format!("the result could not be written to standard output: {error}");
        Some(
            SyncError::new("OUTPUT_LOST", message)
                .hint("write it to a place that has room, or to a pipe that stays open"),
        )
    }

    /// Writes to standard output. A closed pipe is the reader's choice, not a failure.
    fn result(&mut self, text: &str) {
        let line = if self.remarked.is_some() {
            json::on_one_line(text)
        } else {
            None
        };
        let text = line.as_deref().unwrap_or(text);
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert(error);
        }
    }

    /// Writes to standard error.
    fn note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes()).and_then(|()| self.err.flush());
    }
}

fn milliseconds(taken: Duration) -> u64 {
    u64::try_from(taken.as_millis()).unwrap_or(u64::MAX)
}
