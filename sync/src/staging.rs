//! Staging: why what is staged is out of step, and what to type about it.
//!
//! Owns: telling the ways apart in which somebody stages one half: specs without the files made from them, files without
//! their specs, specs in part. Must not know: how it is printed.
//!
//! Whether something is out of step is decided from the index alone. The disk is looked at for the reason only.

use std::collections::{BTreeMap, BTreeSet};

use flaresmith_codegen::settings;

use crate::command::Commands;
use crate::digest::Digest;
use crate::drift::DriftReport;
use crate::form::{Slip, SlipKind};
use crate::lock::{self, Lock};
use crate::plan::{Change, ChangeKind, ConflictReason, Plan};
use crate::sources;
use crate::tree::{Node, Tree};

/// One reason, with the command that removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What is the matter, in one sentence.
    pub what: String,
    /// What to type.
    pub command: String,
}

/// Why a file is out of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// The disk has what the staged specs give; it is not staged.
    NotStaged,
    /// Nothing has been generated from the staged specs yet.
    NotGenerated,
    /// The disk has other specs than the index, and the file is not made from the staged ones.
    PartlyStaged,
    /// What is staged was made from specs that are not.
    SpecsNotStaged,
}

/// Everything known about the moment.
struct Moment<'a> {
    disk: Tree,
    staged: &'a Tree,
    disk_lock: Lock,
    /// The lock of HEAD: it tells files that were generated earlier from edits.
    head_lock: Lock,
    /// Whether the last apply on disk was made from the specs that are there now.
    applied: bool,
    /// Specs that are not staged as they stand on disk.
    loose: Vec<String>,
}

impl<'a> Moment<'a> {
    fn of(staged: &'a Tree, specs: &BTreeMap<String, Digest>) -> Self {
        let disk = Tree::disk(staged.root());
        let on_disk = sources::read(&disk).map(|inputs| inputs.digests).unwrap_or_default();
        let differs = |path: &&String| on_disk.get(*path) != specs.get(*path);
        let all: BTreeSet<&String> = on_disk.keys().chain(specs.keys()).collect();
        let loose = all.into_iter().filter(differs).cloned().collect();
        let disk_lock = lock_of(&disk);
        let head = Tree::revision(staged.root(), "HEAD").ok();
        Self {
            applied: disk_lock.sources == on_disk,
            disk_lock,
            head_lock: head.as_ref().map(lock_of).unwrap_or_default(),
            disk,
            staged,
            loose,
        }
    }

    fn digest_on_disk(&self, path: &str) -> Option<Digest> {
        let bytes = settings::is_inside(path)
            .then(|| self.disk.read(path).ok().flatten())
            .flatten();
        bytes.map(|bytes| Digest::of(&bytes))
    }

    /// Whether `staged` is what the last apply on disk wrote at a path.
    fn is_made_on_disk(&self, path: &str, staged: Option<Digest>) -> bool {
        match path {
            lock::FILE => staged == self.digest_on_disk(path),
            path => staged == self.disk_lock.files.get(path).map(|entry| entry.digest),
        }
    }

    /// Whether a staged content is one that some apply wrote, rather than an edit.
    fn is_generated(&self, path: &str, staged: Digest) -> bool {
        [&self.disk_lock, &self.head_lock]
            .iter()
            .any(|lock| lock.files.get(path).is_some_and(|entry| entry.digest == staged))
    }

    /// Generated files that are staged otherwise than they stand on disk. Scaffolds only when they are not staged at all: what
    /// a team edits in them is staged when the team likes.
    fn unstaged(&self) -> BTreeSet<&str> {
        let differs = |path: &str, scaffold: bool| {
            let staged = self.staged.read(path).ok().flatten();
            match &staged {
                Some(_) if scaffold => false,
                _ => staged.map(|bytes| Digest::of(&bytes)) != self.digest_on_disk(path),
            }
        };
        let entries = self.disk_lock.files.iter().chain(&self.head_lock.files);
        entries
            .filter(|(path, entry)| differs(path, entry.scaffold))
            .map(|(path, _)| path.as_str())
            .collect()
    }

    fn cause(&self, path: &str, staged: Option<Digest>, wanted: Option<Digest>) -> Cause {
        if !self.loose.is_empty() && self.applied && self.is_made_on_disk(path, staged) {
            Cause::SpecsNotStaged
        } else if self.digest_on_disk(path) == wanted {
            Cause::NotStaged
        } else if self.loose.is_empty() {
            Cause::NotGenerated
        } else {
            Cause::PartlyStaged
        }
    }
}

/// The lock of a tree; an empty one where it cannot be read, for reasons do not depend on it.
fn lock_of(tree: &Tree) -> Lock {
    let text = tree.read(lock::FILE).ok().flatten().unwrap_or_default();
    Lock::parse(&String::from_utf8_lossy(&text)).unwrap_or_default()
}

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
        if moment.is_generated(&conflict.path, Digest::of(&conflict.mine)) {
            plan.changes.push(Change {
                path: conflict.path,
                kind: conflict
                    .theirs
                    .as_ref()
                    .map_or(ChangeKind::Removed, |_| ChangeKind::Modified),
                before: conflict.mine,
                after: conflict.theirs.unwrap_or_default(),
            });
        } else {
            plan.conflicts.push(conflict);
        }
    }
    plan.changes.sort_by(|left, right| left.path.cmp(&right.path));

    let mut groups: BTreeMap<Cause, BTreeSet<String>> = BTreeMap::new();
    for change in &plan.changes {
        let before = (change.kind != ChangeKind::Added).then(|| Digest::of(&change.before));
        let after = (change.kind != ChangeKind::Removed).then(|| Digest::of(change.after.as_bytes()));
        let cause = moment.cause(&change.path, before, after);
        groups.entry(cause).or_default().insert(change.path.clone());
    }
    if plan.lock_changes {
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
    groups
        .into_iter()
        .map(|(cause, paths)| advice(cause, &paths, &moment))
        .collect()
}

/// Files that are staged as the last apply on disk wrote them, and that neither the staged specs nor the staged lock know.
fn generated_early(plan: &Plan, staged: &Tree) -> Option<Vec<Change>> {
    let disk_lock = lock_of(&Tree::disk(staged.root()));
    let mut found = Vec::new();
    for (path, entry) in &disk_lock.files {
        let known = plan.lock.files.contains_key(path)
            || plan.changes.iter().any(|change| change.path == *path)
            || plan.conflicts.iter().any(|conflict| conflict.path == *path);
        if known || entry.scaffold {
            continue;
        }
        if let Ok(Node::File { bytes, .. }) = staged.look(path)
            && Digest::of(&bytes) == entry.digest
        {
            found.push(Change {
                path: path.clone(),
                kind: ChangeKind::Removed,
                before: bytes,
                after: String::new(),
            });
        }
    }
    (!found.is_empty()).then_some(found)
}

fn advice(cause: Cause, paths: &BTreeSet<String>, moment: &Moment<'_>) -> Advice {
    let commands = Commands::for_root(moment.staged.root());
    let count = match (paths.len(), paths.contains(lock::FILE)) {
        (1, true) => lock::FILE.to_owned(),
        (1, false) => "1 generated file".to_owned(),
        (2, true) => format!("1 generated file and {}", lock::FILE),
        (count, true) => format!("{} generated files and {}", count - 1, lock::FILE),
        (count, false) => format!("{count} generated files"),
    };
    let one = paths.len() == 1;
    let (is, was) = if one { ("is", "was") } else { ("are", "were") };
    let ignored = paths.iter().any(|path| moment.staged.is_ignored(path));
    let add = commands.add(paths.iter().map(String::as_str), ignored);
    let ignored = if ignored { " (git ignores some of them)" } else { "" };
    let loose = commands.add(moment.loose.iter().map(String::as_str), false);
    let apply = commands.apply();
    match cause {
        Cause::NotStaged => Advice {
            what: format!("{count} {is} right on disk, but not staged{ignored}"),
            command: add,
        },
        Cause::NotGenerated => Advice {
            what: format!("{count} {is} behind the staged specs{ignored}"),
            command: format!("{apply} && {add}"),
        },
        Cause::PartlyStaged => Advice {
            what: format!(
                "{count} {is} behind the staged specs, and the specs on disk are others: {}; stage them whole \
                 (or, to commit the staged part alone, run `git stash push --keep-index` first)",
                moment.loose.join(", ")
            ),
            command: format!("{loose} && {apply} && {add}"),
        },
        Cause::SpecsNotStaged => {
            let all = moment.loose.iter().chain(paths).map(String::as_str);
            let all = all.chain(moment.unstaged()).chain([lock::FILE]);
            Advice {
                what: format!(
                    "{count} {was} made from specs that are not staged: {}",
                    moment.loose.join(", ")
                ),
                command: commands.add(all, false),
            }
        }
    }
}

/// What to type about files in a wrong form.
#[must_use]
pub fn advice_on_form(slips: &[Slip], tree: &Tree, staged: bool) -> Vec<Advice> {
    let commands = Commands::for_root(tree.root());
    let of = |kind| -> Vec<&str> {
        let slips = slips.iter().filter(|slip| slip.kind == kind);
        slips.map(|slip| slip.path.as_str()).collect()
    };
    let files = |count: usize| format!("{count} generated file{}", if count == 1 { "" } else { "s" });
    let mut found = Vec::new();
    let executable = of(SlipKind::Executable);
    if !executable.is_empty() {
        let chmod = commands.chmod(&executable);
        found.push(Advice {
            what: format!(
                "{} may be executed, which no regeneration would give",
                files(executable.len())
            ),
            command: if staged {
                format!("{chmod} && {}", commands.unset_executable(&executable))
            } else {
                chmod
            },
        });
    }
    let crlf = of(SlipKind::LineEnds);
    if !crlf.is_empty() {
        found.push(Advice {
            what: format!("git holds {} with \\r\\n where \\n is generated", files(crlf.len())),
            command: format!(
                "{} && {} && {}",
                commands.remove(&crlf),
                commands.apply(),
                commands.add(crlf.iter().copied(), false)
            ),
        });
    }
    found
}

/// Conflicts in the index are told by what takes them out of the commit.
pub fn suggest(plan: &Plan, staged: &Tree, report: &mut DriftReport) {
    let commands = Commands::for_root(staged.root());
    let disk = Tree::disk(staged.root());
    for (conflict, entry) in plan.conflicts.iter().zip(&mut report.conflicts) {
        let on_disk = disk.read(&conflict.path).ok().flatten();
        let wanted = conflict.theirs.as_ref().map(|text| Digest::of(text.as_bytes()));
        let paths = [conflict.path.as_str()];
        entry.suggestion = if on_disk.map(|bytes| Digest::of(&bytes)) == wanted {
            format!("the file on disk is right: `{}`", commands.add(paths, false))
        } else if conflict.reason == ConflictReason::UncommittedLocalChanges {
            format!(
                "an edit of a generated file is staged; move it into the specs, and take it out of the commit with `{}`",
                commands.unstage(&paths)
            )
        } else {
            format!(
                "move the edit into the specs, then `{} && {} && {}`",
                commands.remove(&paths),
                commands.apply(),
                commands.add(paths, false)
            )
        };
    }
}

/// What to say when the staged specs have problems and the disk has other specs.
#[must_use]
pub fn advice_on_problems(staged: &Tree, specs: &BTreeMap<String, Digest>) -> Option<Advice> {
    let moment = Moment::of(staged, specs);
    if moment.loose.is_empty() {
        return None;
    }
    let commands = Commands::for_root(staged.root());
    Some(Advice {
        what: format!(
            "these problems are in what is staged; on disk there are other specs: {}",
            moment.loose.join(", ")
        ),
        command: commands.add(moment.loose.iter().map(String::as_str), false),
    })
}
