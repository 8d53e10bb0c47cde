//! Staging: why what is staged is out of step, and what to type about it.
//!
//! Owns: telling the ways apart in which somebody stages one half: specs without the files made from them, files without
//! their specs, specs in part. Must not know: how it is printed.
//!
//! Whether something is out of step is decided from the index alone. The disk is looked at for the reason only.

mod advice;
mod moment;

use std::collections::{BTreeMap, BTreeSet};

use crate::base;
use crate::command::Commands;
use crate::digest::Digest;
use crate::drift::DriftReport;
use crate::lock::{self, Owner};
use crate::plan::{Change, Plan};
use crate::table::Reason;
use crate::tree::{Node, Tree};

pub use advice::{Advice, advice_on_line_ends, advice_on_problems};
use moment::{Cause, Moment, lock_of};

/// Says why. `specs`: digests of the staged ones. Files that only look like a person's edit because lock and specs are staged
/// from another moment become changes in the plan, so that what is left among the conflicts are edits.
#[must_use]
pub fn explain(plan: &mut Plan, staged: &Tree, specs: &BTreeMap<String, Digest>) -> Vec<Advice> {
    if let Some(early) = generated_early(plan, staged) {
        plan.changes.extend(early);
    } else if plan.is_clean() {
        return Vec::new();
    }
    let moment = Moment::of(staged, specs);
    let conflicts = std::mem::take(&mut plan.conflicts);
    for conflict in conflicts {
        let mine = Digest::of(&conflict.mine);
        if moment.is_generated(&conflict.path, mine) {
            let before = (conflict.mine.into(), mine);
            plan.changes.push(match conflict.theirs {
                Some(text) => {
                    let digest = Digest::of(text.as_bytes());
                    Change::modified(&conflict.path, before, (text.into(), digest))
                }
                None => Change::removed(&conflict.path, before),
            });
        } else {
            plan.conflicts.push(conflict);
        }
    }
    plan.changes.sort_by(|left, right| left.path.cmp(&right.path));

    let mut groups: BTreeMap<Cause, BTreeSet<String>> = BTreeMap::new();
    let mut executable: BTreeSet<String> = BTreeSet::new();
    for change in plan.changes.iter().chain(plan.due_bases()) {
        let (before, after) = (change.from(), change.to());
        if before.is_some() && before == after {
            executable.insert(change.path.clone());
        } else if moment.loose.is_empty() && before.is_some_and(|before| moment.is_carried(&change.path, before)) {
            // The edit is staged, and the lock and the base that carry it are not.
            let group = groups.entry(Cause::NotStaged).or_default();
            group.extend([lock::FILE.to_owned(), base::path_of(&change.path)]);
        } else {
            let cause = moment.cause(&change.path, before, after);
            groups.entry(cause).or_default().insert(change.path.clone());
        }
    }
    if plan.due {
        let before = staged.read(lock::FILE).ok().flatten().map(|bytes| Digest::of(&bytes));
        let after = Digest::of(plan.lock.to_text().as_bytes());
        let cause = moment.cause(lock::FILE, before, Some(after));
        groups.entry(cause).or_default().insert(lock::FILE.to_owned());
    }
    // Staging the rest of the specs answers both.
    if groups.contains_key(&Cause::SpecsNotStaged) {
        let rest = groups.remove(&Cause::PartlyStaged).unwrap_or_default();
        groups.entry(Cause::SpecsNotStaged).or_default().extend(rest);
    }
    let mut found: Vec<Advice> = groups
        .into_iter()
        .map(|(cause, paths)| advice::advice(cause, &paths, &moment))
        .collect();
    found.extend((!executable.is_empty()).then(|| advice::on_modes(&executable, staged)));
    found
}

/// Files that are staged as the last apply on disk wrote them, and that neither the staged specs nor the staged lock know.
fn generated_early(plan: &Plan, staged: &Tree) -> Option<Vec<Change>> {
    let disk_lock = lock_of(&Tree::disk(staged.root()));
    let mut found = Vec::new();
    for (path, entry) in &disk_lock.files {
        let known = plan.lock.files.contains_key(path)
            || plan.changes.iter().any(|change| change.path == *path)
            || plan.conflicts.iter().any(|conflict| conflict.path == *path);
        if known || entry.owner != Owner::Managed {
            continue;
        }
        if let Ok(Node::File { bytes, .. }) = staged.look(path)
            && Digest::of(&bytes) == entry.digest
        {
            found.push(Change::removed(path, (bytes.into(), entry.digest)));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Conflicts in the index are told by what takes them out of the commit.
pub fn suggest(plan: &Plan, staged: &Tree, report: &mut DriftReport) {
    let commands = Commands::for_root(staged.root());
    let disk = Tree::disk(staged.root());
    for (conflict, entry) in plan.conflicts.iter().zip(&mut report.conflicts) {
        let on_disk = disk.read(&conflict.path).ok().flatten();
        let wanted = conflict.theirs.as_ref().map(|text| Digest::of(text.as_bytes()));
        let path = conflict.path.as_str();
        let then = commands.add([path, lock::FILE], false);
        if on_disk.map(|bytes| Digest::of(&bytes)) == wanted {
            entry.suggestion = format!("the file on disk is right: `{}`", commands.add([path], false));
        } else if conflict.reason == Reason::UncommittedLocalChanges {
            entry.suggestion = format!(
                "an edit of a generated file is staged; take it out of the commit with `{}`, which leaves it on disk, or see it \
                 accepted: `{} --reason '…' && {then} {}`",
                commands.unstage(&[path]),
                commands.spec("accept", path),
                base::FOLDER,
            );
        } else if conflict.reason == Reason::ManualDivergence {
            entry.suggestion = format!(
                "move the edit into the specs and give it up here: `{} && {then}`; or see it accepted: `{} --reason '…' && \
                 {then} {}`",
                commands.spec("restore", path),
                commands.spec("accept", path),
                base::FOLDER,
            );
        }
    }
}
