//! The plan: what an apply would do, decided from lock, disk, git and new output.
//!
//! Owns: the truth table. Must not know: how a plan is shown or carried out.

use std::collections::BTreeMap;

use flaresmith_codegen::emit::{Artifact, Ownership};

use crate::digest::Digest;
use crate::lock::{Entry, Lock};
use crate::snapshot::{OnDisk, Snapshot};

/// What an apply would do, as data. Applying needs nothing else.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files to write or delete, by path.
    pub changes: Vec<Change>,
    /// Files that a person has to decide about. With any, nothing is written.
    pub conflicts: Vec<Conflict>,
    /// The lock after the apply.
    pub lock: Lock,
    /// Whether the lock file itself changes.
    pub lock_changes: bool,
    /// How many files were compared.
    pub compared: usize,
}

/// One file to write or delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path relative to the root.
    pub path: String,
    /// What happens.
    pub kind: ChangeKind,
    /// Content before; empty for added files.
    pub before: Vec<u8>,
    /// Content after; empty for removed files.
    pub after: String,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It gets another content.
    Modified,
    /// It goes.
    Removed,
}

/// One file that a person has to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Path relative to the root.
    pub path: String,
    /// Why.
    pub reason: ConflictReason,
    /// What stands on disk.
    pub mine: Vec<u8>,
    /// What would be written; `None` when the file would go.
    pub theirs: Option<String>,
}

/// Why a file is a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictReason {
    /// It was edited, and git does not hold the edit.
    UncommittedLocalChanges,
    /// It was edited, and the edit is committed.
    ManualDivergence,
}

/// What the table says about one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing to do, nothing to remember.
    Nothing,
    /// Disk has the new output already; only the lock learns of it.
    Adopt,
    Add,
    Modify,
    Remove,
    /// The file left the contract and is not ours to delete: only the lock forgets it.
    Forget,
    /// A person's bytes stand in the way.
    Conflict,
}

/// How disk compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    Absent,
    /// Equal to the base in the lock (and not to the new output).
    Base,
    /// Equal to the new output.
    New,
    Edited,
}

/// The truth table. `known`: the path is in the lock. `wanted`: it is in the new output.
fn verdict(known: bool, scaffold: bool, wanted: bool, disk: Disk, base_is_new: bool) -> Verdict {
    match (known, wanted, scaffold, disk) {
        // A scaffold is written once. Afterwards it is the team's own, whatever they do with it.
        (true, true, true, _) => Verdict::Nothing,
        (true, false, true, _) => Verdict::Forget,
        (false, true, true, Disk::Absent) => Verdict::Add,
        (false, true, true, _) => Verdict::Adopt,

        (true, true, false, Disk::New) if base_is_new => Verdict::Nothing,
        (_, true, false, Disk::New) => Verdict::Adopt,
        // A deleted file comes back: a person's deletion holds no bytes that could be lost.
        (_, true, false, Disk::Absent) => Verdict::Add,
        (true, true, false, Disk::Base) => Verdict::Modify,
        (_, true, false, _) => Verdict::Conflict,

        (true, false, false, Disk::Absent) => Verdict::Forget,
        (true, false, false, Disk::Base | Disk::New) => Verdict::Remove,
        (true, false, false, Disk::Edited) => Verdict::Conflict,
        (false, false, _, _) => Verdict::Nothing,
    }
}

/// The paths that a plan has to look at.
#[must_use]
pub fn paths<'a>(lock: &'a Lock, artifacts: &'a [Artifact]) -> Vec<&'a str> {
    let mut paths: Vec<&str> = lock
        .files
        .keys()
        .map(String::as_str)
        .chain(artifacts.iter().map(|artifact| artifact.path.as_str()))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Decides every path. `snapshot` holds at least [`paths`]; git is asked about the conflicts by the caller through
/// `ask_git`, so that a repository without conflicts never pays for it.
pub fn plan(
    lock: &Lock,
    artifacts: &[Artifact],
    sources: BTreeMap<String, Digest>,
    snapshot: &mut Snapshot,
    ask_git: impl FnOnce(&mut Snapshot, &[String]),
) -> Plan {
    let wanted: BTreeMap<&str, &Artifact> = artifacts
        .iter()
        .map(|artifact| (artifact.path.as_str(), artifact))
        .collect();
    let mut plan = Plan {
        lock: Lock {
            sources,
            files: BTreeMap::new(),
        },
        ..Plan::default()
    };
    for path in paths(lock, artifacts) {
        plan.compared += 1;
        let known = lock.files.get(path);
        let new = wanted.get(path).copied();
        let new_digest = new.map(|artifact| Digest::of(artifact.text.as_bytes()));
        let (disk, before) = match snapshot.get(path) {
            OnDisk::Absent => (Disk::Absent, Vec::new()),
            OnDisk::Other => (Disk::Edited, Vec::new()),
            OnDisk::File { digest, bytes } => {
                let disk = if Some(*digest) == new_digest {
                    Disk::New
                } else if known.is_some_and(|entry| entry.digest == *digest) {
                    Disk::Base
                } else {
                    Disk::Edited
                };
                (disk, bytes.clone())
            }
        };
        let scaffold = new.map_or_else(
            || known.is_some_and(|entry| entry.scaffold),
            |artifact| artifact.ownership == Ownership::Scaffold,
        );
        let base_is_new = known.map(|entry| entry.digest) == new_digest;
        let verdict = verdict(known.is_some(), scaffold, new.is_some(), disk, base_is_new);
        let entry = match (new, new_digest, known) {
            // The base of a scaffold is what was written, whatever later output would be.
            (Some(_), _, Some(known)) if scaffold => Some(known.clone()),
            (Some(artifact), Some(digest), _) => Some(Entry {
                target: artifact.target.to_owned(),
                scaffold,
                digest,
            }),
            _ => None,
        };
        let after = new.map(|artifact| artifact.text.clone());
        let change = |kind| Change {
            path: path.to_owned(),
            kind,
            before: before.clone(),
            after: after.clone().unwrap_or_default(),
        };
        match verdict {
            Verdict::Nothing | Verdict::Adopt | Verdict::Forget => {}
            Verdict::Add => plan.changes.push(change(ChangeKind::Added)),
            Verdict::Modify => plan.changes.push(change(ChangeKind::Modified)),
            Verdict::Remove => plan.changes.push(change(ChangeKind::Removed)),
            Verdict::Conflict => plan.conflicts.push(Conflict {
                path: path.to_owned(),
                reason: ConflictReason::UncommittedLocalChanges,
                mine: before,
                theirs: after,
            }),
        }
        if let Some(entry) = entry {
            plan.lock.files.insert(path.to_owned(), entry);
        }
    }
    let conflicting: Vec<String> = plan.conflicts.iter().map(|conflict| conflict.path.clone()).collect();
    ask_git(snapshot, &conflicting);
    for conflict in &mut plan.conflicts {
        if !snapshot.is_uncommitted(&conflict.path) {
            conflict.reason = ConflictReason::ManualDivergence;
        }
    }
    plan.lock_changes = plan.lock != *lock;
    plan
}

impl Plan {
    /// Nothing would change on disk, the lock included, and nothing is in conflict.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.conflicts.is_empty() && !self.lock_changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row, written out: known, scaffold, wanted, disk, base_is_new -> verdict.
    #[test]
    fn the_truth_table_has_a_verdict_for_every_row() {
        use Disk::{Absent, Base, Edited, New};
        use Verdict::{Add, Adopt, Conflict, Forget, Modify, Nothing, Remove};
        let rows = [
            // managed, in the lock, still wanted
            (true, false, true, Absent, true, Add),
            (true, false, true, Absent, false, Add),
            (true, false, true, Base, false, Modify),
            (true, false, true, New, true, Nothing),
            (true, false, true, New, false, Adopt),
            (true, false, true, Edited, true, Conflict),
            (true, false, true, Edited, false, Conflict),
            // managed, not in the lock
            (false, false, true, Absent, false, Add),
            (false, false, true, New, false, Adopt),
            (false, false, true, Edited, false, Conflict),
            // managed, in the lock, no longer wanted
            (true, false, false, Absent, false, Forget),
            (true, false, false, Base, false, Remove),
            (true, false, false, Edited, false, Conflict),
            // scaffolds
            (false, true, true, Absent, false, Add),
            (false, true, true, Edited, false, Adopt),
            (false, true, true, New, false, Adopt),
            (true, true, true, Absent, false, Nothing),
            (true, true, true, Base, false, Nothing),
            (true, true, true, Edited, false, Nothing),
            (true, true, false, Base, false, Forget),
            (true, true, false, Edited, false, Forget),
        ];
        for (known, scaffold, wanted, disk, base_is_new, expected) in rows {
            let found = verdict(known, scaffold, wanted, disk, base_is_new);
            assert_eq!(
                found, expected,
                "known {known}, scaffold {scaffold}, wanted {wanted}, {disk:?}, base is new {base_is_new}"
            );
        }
    }
}
