//! Form: what of a generated file can be wrong though its content is right: the executable bit and the line ends.
//!
//! Owns: which of both is drift. Must not know: contents, or how anything is told.
//!
//! Generated files are not executable. Line ends are git's affair on disk, where attributes and settings may ask for `\r\n`.
//! What git holds is another matter: a regeneration staged now would hold `\n`, so `\r\n` there is drift, unless an attribute
//! says that the line ends of the file are its own (`-text`).

use flaresmith_codegen::emit::Artifact;

use crate::drift::{ChangedFile, DriftKind, DriftReport, DriftStatus};
use crate::plan::Plan;
use crate::snapshot::{OnDisk, Snapshot};
use crate::tree::Tree;

/// A generated file in a wrong form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Path relative to the root.
    pub path: String,
    /// What is wrong.
    pub kind: SlipKind,
}

/// What is wrong with the form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlipKind {
    /// It may be executed.
    Executable,
    /// git holds it with `\r\n`.
    LineEnds,
}

impl SlipKind {
    /// In a few words, as a report tells it.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Executable => "executable, which generated files are not",
            Self::LineEnds => "\\r\\n in git where \\n is generated",
        }
    }
}

/// The generated files whose content needs no change and whose form does. `snapshot` is the one that the plan was made from.
#[must_use]
pub fn slips(tree: &Tree, plan: &Plan, artifacts: &[Artifact], snapshot: &Snapshot) -> Vec<Slip> {
    let told = |path: &str| {
        plan.changes.iter().any(|change| change.path == path)
            || plan.conflicts.iter().any(|conflict| conflict.path == path)
    };
    let mut found = Vec::new();
    for artifact in artifacts {
        let path = artifact.path.as_str();
        if plan.lock.files.get(path).is_none_or(|entry| entry.scaffold) || told(path) {
            continue;
        }
        let mut slip = |kind| {
            found.push(Slip {
                path: path.to_owned(),
                kind,
            });
        };
        if tree.is_executable(path) {
            slip(SlipKind::Executable);
        }
        if let OnDisk::File { bytes, .. } = snapshot.get(path)
            && !tree.is_disk()
            && has_crlf(bytes)
            && !has_crlf(artifact.text.as_bytes())
            && !tree.keeps_line_ends(path)
        {
            slip(SlipKind::LineEnds);
        }
    }
    if found.iter().any(|slip| slip.kind == SlipKind::Executable) && !tree.trusts_modes() {
        found.retain(|slip| slip.kind != SlipKind::Executable);
    }
    found
}

/// Adds them to the report of the plan.
pub fn tell(slips: &[Slip], report: &mut DriftReport) {
    for slip in slips {
        let said = report.changed_files.iter_mut().find(|file| file.path == slip.path);
        match said {
            Some(file) => file.diff_summary = format!("{}; {}", file.diff_summary, slip.kind.summary()),
            None => report.changed_files.push(ChangedFile {
                path: slip.path.clone(),
                kind: DriftKind::Modified,
                diff_summary: slip.kind.summary().to_owned(),
            }),
        }
    }
    report.changed_files.sort_by(|left, right| left.path.cmp(&right.path));
    report.summary.changed_count = report.changed_files.len();
    if report.summary.status == DriftStatus::Clean && !report.changed_files.is_empty() {
        report.summary.status = DriftStatus::Drift;
    }
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}
