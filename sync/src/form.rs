//! Form: line ends that git holds otherwise than they are generated, though the content is right.
//!
//! Owns: when line ends are drift. Must not know: contents, or how anything is told.
//!
//! Line ends are git's affair on disk, where attributes and settings may ask for `\r\n`. What git holds is another matter: a
//! regeneration staged now would hold `\n`, so `\r\n` there is drift, unless an attribute says that the line ends of the file
//! are its own (`-text`).

use flaresmith_codegen::emit::Artifact;

use crate::drift::{ChangedFile, DriftKind, DriftReport, DriftStatus};
use crate::lock::Owner;
use crate::plan::Plan;
use crate::snapshot::{OnDisk, Snapshot};
use crate::tree::Tree;

/// The generated files of a tree whose content is right and whose line ends are not, by path. `snapshot` is the one that the
/// plan was made from.
#[must_use]
pub fn wrong_line_ends(tree: &Tree, plan: &Plan, artifacts: &[Artifact], snapshot: &Snapshot) -> Vec<String> {
    let told = |path: &str| {
        plan.changes.iter().any(|change| change.path == path)
            || plan.conflicts.iter().any(|conflict| conflict.path == path)
    };
    let is_wrong = |artifact: &&Artifact| {
        let path = artifact.path.as_str();
        let managed = plan
            .lock
            .files
            .get(path)
            .is_some_and(|entry| entry.owner == Owner::Managed);
        let OnDisk::File { bytes, .. } = snapshot.get(path) else {
            return false;
        };
        managed
            && has_crlf(bytes)
            && !has_crlf(artifact.text.whole().as_bytes())
            && !told(path)
            && !tree.keeps_line_ends(path)
    };
    let wrong = artifacts.iter().filter(is_wrong);
    wrong.map(|artifact| artifact.path.clone()).collect()
}

/// Adds them to the report of the plan.
pub fn tell(paths: &[String], report: &mut DriftReport) {
    report.changed_files.extend(paths.iter().map(|path| ChangedFile {
        path: path.clone(),
        kind: DriftKind::Modified,
        diff_summary: "\\r\\n in git where \\n is generated".to_owned(),
    }));
    report.changed_files.sort_by(|left, right| left.path.cmp(&right.path));
    report.summary.changed_count = report.changed_files.len();
    if report.summary.status == DriftStatus::Clean && !report.changed_files.is_empty() {
        report.summary.status = DriftStatus::Drift;
    }
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}
