//! The drift report: a plan, told to people and programs.
//!
//! Owns: the report's exact form, summaries and diffs. Must not know: colours or terminals.

use std::borrow::Cow;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::TextDiff;

use crate::plan::{Change, ChangeKind, Conflict, Plan};
use crate::{suggest, summary, table};

/// What differs between the contract and the files made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftReport {
    /// Files that an apply writes or deletes, by path.
    pub changed_files: Vec<ChangedFile>,
    /// Files that a person has to decide about, by path.
    pub conflicts: Vec<ConflictEntry>,
    /// The counts.
    pub summary: Summary,
}

/// A file that an apply writes or deletes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// Path relative to the root.
    pub path: String,
    /// What happens to it.
    #[serde(rename = "type")]
    pub kind: DriftKind,
    /// What changes in it, in a few words.
    pub diff_summary: String,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants are the report's own words")]
pub enum DriftKind {
    Added,
    Modified,
    Removed,
}

/// A file that a person has to decide about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictEntry {
    /// Path relative to the root.
    pub path: String,
    /// `UNCOMMITTED_LOCAL_CHANGES`, `MANUAL_DIVERGENCE` or `SCHEMA_MISMATCH`.
    pub reason: Reason,
    /// What to type next.
    pub suggestion: String,
}

/// Why a file is a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the variants are the report's own words")]
pub enum Reason {
    UncommittedLocalChanges,
    ManualDivergence,
    SchemaMismatch,
}

/// The counts of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Number of changed files.
    pub changed_count: usize,
    /// Number of conflicts.
    pub conflict_count: usize,
    /// The verdict.
    pub status: DriftStatus,
}

/// The verdict of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the variants are the report's own words")]
pub enum DriftStatus {
    Clean,
    Drift,
    Conflicts,
}

/// The report of a plan.
#[must_use]
pub fn report(plan: &Plan) -> DriftReport {
    let told = |change: &Change| ChangedFile {
        path: change.path.clone(),
        kind: match change.kind {
            ChangeKind::Added => DriftKind::Added,
            ChangeKind::Modified => DriftKind::Modified,
            ChangeKind::Removed => DriftKind::Removed,
        },
        diff_summary: diff_summary(change),
    };
    // Most plans have nothing to tell, and no need of more threads.
    let changed_files: Vec<ChangedFile> = match plan.changes.as_slice() {
        few @ ([] | [_]) => few.iter().map(told).collect(),
        many => many.par_iter().map(told).collect(),
    };
    DriftReport {
        changed_files,
        conflicts: plan.conflicts.iter().map(conflict_entry).collect(),
        summary: counted(plan),
    }
}

/// The counts of a plan. They are there at once; a report puts every change into words.
#[must_use]
pub fn counted(plan: &Plan) -> Summary {
    Summary {
        changed_count: plan.changes.len(),
        conflict_count: plan.conflicts.len(),
        status: match (plan.conflicts.is_empty(), plan.changes.is_empty()) {
            (false, _) => DriftStatus::Conflicts,
            (true, false) => DriftStatus::Drift,
            (true, true) => DriftStatus::Clean,
        },
    }
}

fn conflict_entry(conflict: &Conflict) -> ConflictEntry {
    ConflictEntry {
        path: conflict.path.clone(),
        reason: match conflict.reason {
            table::Reason::UncommittedLocalChanges => Reason::UncommittedLocalChanges,
            table::Reason::ManualDivergence => Reason::ManualDivergence,
            table::Reason::SchemaMismatch => Reason::SchemaMismatch,
        },
        suggestion: suggest::suggestion(conflict),
    }
}

/// What a change does, in the file's own terms.
fn diff_summary(change: &Change) -> String {
    if change.kind == ChangeKind::Added && !change.carries {
        return summary::new(&change.path, &change.after);
    }
    // Text is told from bytes in a fraction of the time of mending them, and next to all is text.
    let before = str::from_utf8(&change.before).map_or_else(|_| String::from_utf8_lossy(&change.before), Cow::Borrowed);
    if change.kind == ChangeKind::Modified && change.after == *before {
        return "made executable; what is generated is not".to_owned();
    }
    let before = (change.kind != ChangeKind::Added).then_some(&*before);
    let after = change.after.whole();
    let after = (change.kind != ChangeKind::Removed).then_some(&*after);
    let told = summary::summary(&change.path, before, after);
    if change.carries {
        return format!("{told}; your edit is carried over");
    }
    told
}

/// The unified diff of two texts, with the path in its head.
#[must_use]
pub fn unified_diff(path: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn the_report_has_exactly_the_promised_form() {
        let plan = Plan {
            changes: vec![Change::added("a", ("x\n".to_owned().into(), Digest::of(b"x\n")))],
            conflicts: vec![Conflict {
                path: "b".to_owned(),
                reason: table::Reason::ManualDivergence,
                keeper: table::Keeper::Managed,
                held: table::Held::Committed,
                mine: Vec::new(),
                theirs: None,
                clashes: Vec::new(),
                misfits: Vec::new(),
                note: None,
                marked: false,
            }],
            ..Plan::default()
        };
        let json = serde_json::to_value(report(&plan)).unwrap();
        assert_eq!(
            json["changedFiles"],
            serde_json::json!([{"path": "a", "type": "added", "diffSummary": "1 line"}])
        );
        assert_eq!(json["conflicts"][0]["reason"], "MANUAL_DIVERGENCE");
        assert_eq!(
            json["summary"],
            serde_json::json!({"changedCount": 1, "conflictCount": 1, "status": "conflicts"})
        );
        assert_eq!(json.as_object().unwrap().len(), 3);
    }
}
