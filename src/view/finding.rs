//! Findings: what a run has to tell, as the forms for CI need it: a rule, a level, a place and a message each.
//!
//! Owns: from diagnostics, drift, changes of a contract and failures to findings. Must not know: any of the forms.

use std::collections::BTreeSet;
use std::path::PathBuf;

use flaresmith_codegen::compare::{ChangeReport, Class, Side};
use flaresmith_codegen::diagnostics::{Diagnostic, Severity};
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::drift::{DriftKind, DriftReport, Reason};
use flaresmith_sync::plan::{Conflict, Plan};
use flaresmith_sync::staging::Advice;
use flaresmith_sync::{Root, SyncError};

use super::{Told, changes_text};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// One result of a run.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rule: String,
    pub(super) level: Level,
    pub(super) message: String,
    /// Path relative to the root.
    pub(super) file: Option<String>,
    /// Line and column, from 1.
    pub(super) region: Option<(u32, u32)>,
}

/// The results of a run.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// About the specs, and about the run as a whole.
    pub(super) specs: Vec<Finding>,
    /// About generated files.
    pub(super) files: Vec<Finding>,
    /// Every generated file that was compared, by path relative to the root.
    pub(super) compared: BTreeSet<String>,
    /// How many that were; more than [`Self::compared`] when the lock knows files that are gone.
    pub(super) count: usize,
    /// What was compared in words, where it was not files.
    pub(super) unit: Option<String>,
}

impl Findings {
    /// All of them, those about specs first.
    pub(super) fn all(&self) -> Vec<&Finding> {
        self.specs.iter().chain(&self.files).collect()
    }

    /// Adds diagnostics.
    pub(super) fn add_diagnostics(&mut self, found: &[Diagnostic], sources: &Locator<'_>) {
        self.specs.extend(found.iter().map(|diagnostic| {
            let at = diagnostic.place.as_ref().and_then(|place| sources.locate(place));
            Finding {
                rule: diagnostic.code.id.to_owned(),
                level: match diagnostic.severity {
                    Severity::Error => Level::Error,
                    Severity::Warning => Level::Warning,
                    Severity::Info => Level::Note,
                },
                message: with_hint(&diagnostic.message, Some(&diagnostic.advice())),
                file: diagnostic.place.as_ref().map(|place| place.file.to_string()),
                region: at.map(|at| (at.line, at.column)),
            }
        }));
    }

    /// Adds drift and conflicts. Files that were just written are no finding.
    pub(super) fn add_drift(&mut self, report: &DriftReport, plan: &Plan, told: Told) {
        let only_looks = matches!(told, Told::Planned | Told::Checked | Told::Staged);
        self.count = plan.compared;
        self.compared.extend(plan.lock.files.keys().cloned());
        self.compared
            .extend(report.changed_files.iter().map(|file| file.path.clone()));
        self.compared
            .extend(report.conflicts.iter().map(|conflict| conflict.path.clone()));
        // What is staged has advice of its own.
        if matches!(told, Told::Checked | Told::Planned) && !plan.changes.is_empty() {
            self.add_advice(&[Advice {
                what: "files are behind the specs; write them, and commit the result:".to_owned(),
                command: "flaresmith spec apply".to_owned(),
            }]);
        }
        let changed = report.changed_files.iter().filter(|_| only_looks);
        self.files.extend(changed.map(|file| Finding {
            rule: "SYNC_DRIFT".to_owned(),
            level: Level::Error,
            message: format!(
                "{}: {}",
                match file.kind {
                    DriftKind::Added => "the specs give this file, and it is not there",
                    DriftKind::Modified => "not as the specs give it",
                    DriftKind::Removed => "the specs no longer give this file",
                },
                file.diff_summary
            ),
            file: Some(file.path.clone()),
            region: None,
        }));
        self.files.extend(report.conflicts.iter().map(|conflict| {
            let found = plan.conflicts.iter().find(|found| found.path == conflict.path);
            Finding {
                rule: match conflict.reason {
                    Reason::UncommittedLocalChanges => "UNCOMMITTED_LOCAL_CHANGES",
                    Reason::ManualDivergence => "MANUAL_DIVERGENCE",
                    Reason::SchemaMismatch => "SCHEMA_MISMATCH",
                }
                .to_owned(),
                level: Level::Error,
                message: conflict.suggestion.clone(),
                file: Some(conflict.path.clone()),
                region: found.and_then(Conflict::line).map(|line| (line, 1)),
            }
        }));
        if self.files.is_empty() && plan.due && only_looks {
            self.files.push(Finding {
                rule: "SYNC_DRIFT".to_owned(),
                level: Level::Error,
                message: "every file is in step, but what is recorded of them is not (flaresmith.lock, .flaresmith/base); run `flaresmith spec apply`".to_owned(),
                file: Some(flaresmith_sync::lock::FILE.to_owned()),
                region: None,
            });
            self.compared.insert(flaresmith_sync::lock::FILE.to_owned());
        }
    }

    /// Adds changes of the contract. What is gone has no line any more.
    pub(super) fn add_changes(&mut self, report: &ChangeReport) {
        self.unit = Some(changes_text::compared(report));
        self.specs.extend(report.changes.iter().map(|change| Finding {
            rule: change.code.clone(),
            level: match change.class {
                Class::Breaking => Level::Error,
                Class::Compatible | Class::Docs => Level::Note,
            },
            message: format!("{} ({}): {}", change.subject, change.class.as_str(), change.message),
            file: Some(change.file.clone()).filter(|file| !file.is_empty()),
            region: match change.side {
                Side::Before => None,
                Side::After => change.line.zip(change.column),
            },
        }));
    }

    /// Adds what to type.
    pub(super) fn add_advice(&mut self, advice: &[Advice]) {
        self.specs.extend(advice.iter().map(|advice| Finding {
            rule: "SYNC_ADVICE".to_owned(),
            level: Level::Note,
            message: format!("{}\n{}", advice.what, advice.command),
            file: None,
            region: None,
        }));
    }

    /// Adds a run that could not go on. It stands at its file where that lies in the root.
    pub(super) fn add_failure(&mut self, error: &SyncError, root: Option<&Root>) {
        let inside = |path: &PathBuf| {
            Some(
                path.strip_prefix(root?.path())
                    .ok()?
                    .to_string_lossy()
                    .replace('\\', "/"),
            )
        };
        let file = error.path.as_ref().and_then(inside).filter(|file| !file.is_empty());
        self.specs.push(Finding {
            rule: error.code.to_owned(),
            level: Level::Error,
            message: with_hint(&error.message, error.hint.as_deref()),
            file,
            region: None,
        });
    }
}

fn with_hint(message: &str, hint: Option<&str>) -> String {
    hint.map_or_else(|| message.to_owned(), |hint| format!("{message}\n{hint}"))
}
