//! The report of a comparison: changes with their places as lines, and the counts.
//!
//! Owns: the report's exact form. Must not know: colours, terminals, SARIF.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{ContractChange, Side, Subject};
use crate::Compilation;
use crate::diagnostics::change::{Class, operation, schema};
use crate::source::locate::Locator;

/// What a contract changed since a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeReport {
    /// The revision that was compared with, as it was asked for.
    pub base: String,
    /// Changes: the breaking ones first, then by subject.
    pub changes: Vec<ChangeEntry>,
    /// The counts.
    pub summary: ChangeSummary,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEntry {
    /// What it does to those who rely on the contract.
    pub class: Class,
    /// Its kind; `flaresmith explain CODE` says more.
    pub code: String,
    /// What it is about.
    pub subject: Subject,
    /// What happened, in one sentence.
    pub message: String,
    /// Where the thing stands: in the files as they are, or as they were when it is gone.
    pub side: Side,
    /// Path relative to the root.
    pub file: String,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// What was, in a few words.
    pub before: Option<String>,
    /// What is now, in a few words.
    pub after: Option<String>,
    /// For a schema or another component: how many operations and webhooks reach it.
    pub reached_by: usize,
    /// The first few of those.
    pub first: Vec<String>,
}

/// The counts of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSummary {
    /// Changes that break callers, readers or data.
    pub breaking: usize,
    /// Changes that break nobody.
    pub compatible: usize,
    /// Changes that only people notice.
    pub docs: usize,
    /// Operations that were compared: those of either side.
    pub operations: usize,
    /// Named schemas that were compared: those of either side.
    pub schemas: usize,
}

impl ChangeReport {
    /// The report of the changes from `base` to `after`. The locators know the texts of what was and of what is.
    #[must_use]
    pub fn new(
        base: &str,
        changes: &[ContractChange],
        after: &Compilation,
        (old, now): (&Locator<'_>, &Locator<'_>),
    ) -> Self {
        let entries = changes.iter().map(|change| {
            let at = match change.side {
                Side::Before => old.locate(&change.place),
                Side::After => now.locate(&change.place),
            };
            ChangeEntry {
                class: change.class,
                code: change.code.id.to_owned(),
                subject: change.subject.clone(),
                message: change.message.clone(),
                side: change.side,
                file: change.place.file.to_string(),
                line: at.as_ref().map(|at| at.line),
                column: at.as_ref().map(|at| at.column),
                before: change.before.clone(),
                after: change.after.clone(),
                reached_by: change.reached_by,
                first: change.first.clone(),
            }
        });
        let count = |class| changes.iter().filter(|change| change.class == class).count();
        let operations_gone = changes.iter().filter(|change| {
            change.code == &operation::OPERATION_REMOVED.code && matches!(change.subject, Subject::Operation { .. })
        });
        let schemas_gone = changes
            .iter()
            .filter(|change| change.code == &schema::SCHEMA_REMOVED.code);
        let schemas = |compilation: &Compilation| compilation.model.types.iter().filter(|def| def.component).count();
        Self {
            base: base.to_owned(),
            summary: ChangeSummary {
                breaking: count(Class::Breaking),
                compatible: count(Class::Compatible),
                docs: count(Class::Docs),
                operations: after.model.operations.len() + operations_gone.count(),
                schemas: schemas(after) + schemas_gone.count(),
            },
            changes: entries.collect(),
        }
    }

    /// The worst class that was found.
    #[must_use]
    pub fn worst(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).min()
    }
}
