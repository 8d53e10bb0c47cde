//! The plan: what an apply would do, as data.
//!
//! Owns: bringing lock, new output, disk and git together, and asking the truth table about each path. Must not know: how a
//! plan is shown or carried out, where bases come from, how a merge works.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use flaresmith_codegen::emit::{Artifact, Ownership};
use flaresmith_codegen::rope::Rope;

use crate::base;
use crate::carry::{carry, misfits, rebase};
pub use crate::change::{Change, ChangeKind};
use crate::digest::Digest;
use crate::error::SyncError;
use crate::fit::Misfit;
use crate::lock::{Entry, Lock, Owner};
use crate::merge::Clash;
use crate::output::Digested;
use crate::reserved;
use crate::snapshot::{OnDisk, Snapshot};
use crate::spool;
use crate::stamp::Stamp;
use crate::table::{Disk, Held, Keeper, Output, Reason, Row, Verdict, reason, verdict};

/// What an apply would do, as data. Applying needs nothing else.
#[derive(Debug, Default)]
pub struct Plan {
    /// Generated files to write or delete, by path.
    pub changes: Vec<Change>,
    /// Bases of carried edits to write or delete, below [`base::FOLDER`]. They come and go with the edits.
    pub bases: Vec<Change>,
    /// Files that a person has to decide about. With any that is not [`Conflict::marked`], nothing is written.
    pub conflicts: Vec<Conflict>,
    /// The lock after the apply.
    pub lock: Lock,
    /// Whether the lock file itself changes.
    pub lock_changes: bool,
    /// Scaffolds that people brought up to date by hand: an apply writes down what their base is now, and no check asks for it.
    pub rebased: BTreeSet<String>,
    /// Whether lock or bases change in more than what is told of [`Self::rebased`].
    pub due: bool,
    /// How many files were compared.
    pub compared: usize,
}

/// One file that a person has to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Path relative to the root.
    pub path: String,
    /// Why.
    pub reason: Reason,
    /// Who keeps the file.
    pub keeper: Keeper,
    /// What git holds of the edit.
    pub held: Held,
    /// What stands on disk.
    pub mine: Vec<u8>,
    /// What would be written; `None` when the file would go.
    pub theirs: Option<String>,
    /// What a merge could not decide, when one was tried.
    pub clashes: Vec<Clash>,
    /// Where the file does not fit the contract.
    pub misfits: Vec<Misfit>,
    /// What else there is to say.
    pub note: Option<String>,
    /// The file is written with conflict markers in it, as was asked for.
    pub marked: bool,
}

/// What is asked for beside a plain apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Carry edits over by three-way merge.
    pub merge: bool,
    /// Write conflict markers where a merge clashes.
    pub markers: bool,
}

/// What a plan asks of its surroundings, and only when a person's bytes are concerned.
pub trait Surroundings {
    /// Reads the bytes of the paths that the snapshot only knows by their stamps.
    ///
    /// # Errors
    /// A file that exists cannot be read.
    fn read(&mut self, snapshot: &mut Snapshot, paths: &[&str]) -> Result<(), SyncError>;
    /// Fills in what git holds of the paths.
    fn ask_git(&mut self, snapshot: &mut Snapshot, paths: &[&str]);
    /// The bytes that one of the digests names: what was once generated at the path. `None`: they cannot be had.
    fn base(&mut self, path: &str, digests: &[Digest]) -> Option<String>;
    /// Whether git made these bytes by itself, out of two texts that both were generated.
    fn merged_by_git(&mut self, _path: &str, _digests: &[Digest], _bytes: &[u8]) -> bool {
        false
    }
    /// The digests of all of the output, in its order.
    fn digests(&mut self, artifacts: &[Artifact]) -> Vec<Digest> {
        Digested::default().of(artifacts)
    }
}

/// The paths that a plan has to look at. `sources` are the files that were read.
///
/// # Errors
/// The lock or the output has a path that no generated file may have.
pub fn paths(
    lock: &Lock,
    artifacts: &[Artifact],
    sources: &BTreeMap<String, Digest>,
) -> Result<Vec<String>, SyncError> {
    let generated = artifacts.iter().map(|artifact| artifact.path.as_str());
    let mut paths: Vec<&str> = lock.files.keys().map(String::as_str).chain(generated).collect();
    // Two rows that are in order already.
    paths.sort();
    paths.dedup();
    reserved::refuse(paths.iter().copied(), sources)?;
    let mut paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
    let carried = lock.files.iter().filter(|(_, entry)| entry.carried.is_some());
    paths.extend(carried.map(|(path, _)| base::path_of(path)));
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// What the specs give for a path, and its digest.
type New<'a> = (&'a Artifact, Digest);

/// A path, what the lock knows of it, and what the specs give for it.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    path: &'a str,
    known: Option<&'a Entry>,
    new: Option<New<'a>>,
}

/// Every path that the lock or the output has, in order.
fn wanted<'a>(lock: &'a Lock, artifacts: &'a [Artifact], digests: Vec<Digest>) -> Vec<Wanted<'a>> {
    let mut new: Vec<New<'_>> = artifacts.iter().zip(digests).collect();
    new.sort_by(|left, right| left.0.path.cmp(&right.0.path));
    let mut known = lock.files.iter().peekable();
    let mut all = Vec::with_capacity(new.len().max(lock.files.len()));
    let gone = |(path, entry): (&'a String, &'a Entry)| Wanted {
        path,
        known: Some(entry),
        new: None,
    };
    for new in new {
        let path = &new.0.path;
        while let Some(by_now) = known.next_if(|(known, _)| *known < path) {
            all.push(gone(by_now));
        }
        all.push(Wanted {
            path,
            known: known.next_if(|(known, _)| *known == path).map(|(_, entry)| entry),
            new: Some(new),
        });
    }
    all.extend(known.map(gone));
    all
}

/// A file on disk: its bytes, their digest, and what the file system said of it.
type Found<'a> = (&'a Bytes, Digest, Option<Stamp>);

/// One path with all that is known of it.
pub(crate) struct Case<'a> {
    pub(crate) path: &'a str,
    pub(crate) known: Option<&'a Entry>,
    pub(crate) new: Option<New<'a>>,
    pub(crate) keeper: Keeper,
    output: Output,
    pub(crate) disk: Disk,
    pub(crate) mine: &'a [u8],
    /// What stands on disk, when it is a file.
    found: Option<Found<'a>>,
    executable: bool,
}

impl Case<'_> {
    /// Two branches generated the file, and what stands on disk is neither's.
    fn is_of_a_merge(&self) -> bool {
        let both = self.known.is_some_and(|entry| !entry.others.is_empty());
        both && self.keeper == Keeper::Managed && self.disk == Disk::Edited
    }
}

/// Decides every path. `snapshot` holds at least [`paths`].
///
/// # Errors
/// A file that differs from the new output cannot be read, or the new output itself cannot be read back.
pub fn plan(
    lock: &Lock,
    artifacts: &[Artifact],
    sources: BTreeMap<String, Digest>,
    snapshot: &mut Snapshot,
    wish: Wish,
    surroundings: &mut dyn Surroundings,
) -> Result<Plan, SyncError> {
    let digests = surroundings.digests(artifacts);
    let all = wanted(lock, artifacts, digests);
    let differ: Vec<Wanted<'_>> = all
        .iter()
        .copied()
        .filter(|wanted| {
            let case = case(*wanted, snapshot);
            case.disk != Disk::New || case.executable
        })
        .collect();
    surroundings.read(snapshot, &differ.iter().map(|wanted| wanted.path).collect::<Vec<_>>())?;
    let carried = lock.files.iter().filter(|(_, entry)| entry.carried.is_some());
    let kept: Vec<String> = carried.map(|(path, _)| base::path_of(path)).collect();
    surroundings.read(snapshot, &kept.iter().map(String::as_str).collect::<Vec<_>>())?;
    let persons: Vec<&str> = differ
        .iter()
        .filter(|wanted| {
            let disk = case(**wanted, snapshot).disk;
            matches!(disk, Disk::Edited | Disk::Accepted | Disk::Foreign)
        })
        .map(|wanted| wanted.path)
        .collect();
    surroundings.ask_git(snapshot, &persons);
    let mut plan = Plan {
        lock: Lock {
            sources,
            files: BTreeMap::new(),
        },
        compared: all.len(),
        ..Plan::default()
    };
    let mut bases = BTreeMap::new();
    for wanted in all {
        let mut case = case(wanted, snapshot);
        if case.is_of_a_merge() {
            let bases: Vec<Digest> = case.known.into_iter().flat_map(Entry::bases).collect();
            if surroundings.merged_by_git(case.path, &bases, case.mine) {
                case.disk = Disk::Base;
            }
        }
        if decide(&mut plan, &case, snapshot, wish, surroundings, &mut bases) == Verdict::Rebase {
            plan.rebased.insert(case.path.to_owned());
        }
    }
    spool::all_sound(artifacts)?;
    plan.bases = base_changes(lock, &plan.lock, bases, snapshot);
    plan.lock_changes = plan.lock != *lock;
    plan.due = is_due(lock, &plan.lock, &plan.rebased) || plan.due_bases().next().is_some();
    Ok(plan)
}

/// Whether a lock differs in anything but the bases of these scaffolds.
fn is_due(before: &Lock, after: &Lock, rebased: &BTreeSet<String>) -> bool {
    let same = |((path, old), (other, new)): ((&String, &Entry), (&String, &Entry))| {
        path == other && (old == new || rebased.contains(path))
    };
    before.sources != after.sources
        || before.files.len() != after.files.len()
        || !before.files.iter().zip(&after.files).all(same)
}

fn case<'a>(wanted: Wanted<'a>, snapshot: &'a Snapshot) -> Case<'a> {
    let Wanted { path, known, new } = wanted;
    let keeper = match (known, new) {
        (Some(entry), _) if entry.owner == Owner::Ejected => Keeper::Ejected,
        (_, Some((artifact, _))) if artifact.ownership == Ownership::Scaffold => Keeper::Scaffold,
        (Some(entry), None) if entry.owner == Owner::Scaffold => Keeper::Scaffold,
        (Some(entry), _) if entry.carried.is_some() => Keeper::Carried,
        _ => Keeper::Managed,
    };
    let output = match (known, new) {
        (_, None) => Output::Gone,
        (None, Some(_)) => Output::First,
        (Some(entry), Some((_, digest))) if entry.digest == digest && entry.others.is_empty() => Output::Same,
        (Some(_), Some(_)) => Output::Other,
    };
    let (stands, seen) = snapshot.look(path);
    let (disk, found, executable) = match stands {
        OnDisk::Absent => (Disk::Absent, None, false),
        OnDisk::Other => (Disk::Foreign, None, false),
        OnDisk::File {
            digest,
            bytes,
            executable,
        } => {
            let carried = known.and_then(|entry| entry.carried.as_ref());
            let disk = if new.is_some_and(|(_, new)| new == *digest) {
                Disk::New
            } else if carried.is_some_and(|carried| carried.digest == *digest) {
                Disk::Accepted
            } else if known.is_some_and(|entry| entry.bases().any(|base| base == *digest)) {
                Disk::Base
            } else {
                Disk::Edited
            };
            (disk, Some((bytes, *digest, seen)), *executable)
        }
    };
    Case {
        path,
        known,
        new,
        keeper,
        output,
        disk,
        mine: found.map_or(&[], |(bytes, ..)| &**bytes),
        found,
        executable,
    }
}

fn decide(
    plan: &mut Plan,
    case: &Case<'_>,
    snapshot: &Snapshot,
    wish: Wish,
    surroundings: &mut dyn Surroundings,
    bases: &mut BTreeMap<String, Rope>,
) -> Verdict {
    let misfits = misfits(case);
    let row = Row {
        keeper: case.keeper,
        output: case.output,
        disk: case.disk,
        held: snapshot.held(case.path),
        fits: misfits.is_empty(),
        merge: wish.merge,
    };
    let found = verdict(row);
    let kind = match found {
        Verdict::Add => Some(ChangeKind::Added),
        Verdict::Modify => Some(ChangeKind::Modified),
        Verdict::Remove => Some(ChangeKind::Removed),
        // A generated file that was made executable is put right; a person's own may be whatever they like.
        Verdict::Nothing | Verdict::Adopt if case.executable && matches!(case.keeper, Keeper::Managed) => {
            Some(ChangeKind::Modified)
        }
        _ => None,
    };
    if let Some(kind) = kind {
        let after = case.new.map(|(artifact, digest)| (artifact.text.clone(), digest));
        plan.changes.push(change(case, kind, after, false));
    }
    let entry = match found {
        Verdict::Forget | Verdict::Remove => None,
        Verdict::Conflict(_) => {
            plan.conflicts.push(conflict(case, row, misfits));
            case.known.cloned()
        }
        Verdict::Rebase => rebase(case, surroundings),
        Verdict::Carry => carry(plan, case, row, wish, surroundings, &misfits),
        // What is the team's, and what is carried, stays as the lock knows it.
        Verdict::Nothing => case.known.cloned(),
        Verdict::Add | Verdict::Modify | Verdict::Adopt => pure(case),
    };
    if let Some(entry) = entry {
        if let (true, Some((artifact, _))) = (entry.carried.is_some(), case.new) {
            let text = if case.new.is_some_and(|(_, digest)| digest == entry.digest) {
                Some(artifact.text.clone())
            } else {
                None
            };
            bases.extend(text.map(|text| (case.path.to_owned(), text)));
        }
        plan.lock.files.insert(case.path.to_owned(), entry);
    }
    found
}

pub(crate) fn owner(case: &Case<'_>) -> Owner {
    if case.keeper == Keeper::Scaffold {
        Owner::Scaffold
    } else {
        Owner::Managed
    }
}

fn pure(case: &Case<'_>) -> Option<Entry> {
    let (artifact, digest) = case.new?;
    Some(Entry::pure(artifact.target, owner(case), digest))
}

/// `after`: the content and its digest; `None` for a file that goes.
pub(crate) fn change(case: &Case<'_>, kind: ChangeKind, after: Option<(Rope, Digest)>, carries: bool) -> Change {
    let before = case.found.map(|(bytes, digest, _)| (bytes.clone(), digest));
    let before = before.unwrap_or_else(|| (Bytes::default(), Digest::of(&[])));
    let after = after.unwrap_or_else(|| (Rope::default(), Digest::of(&[])));
    Change {
        seen: case.found.and_then(|(.., seen)| seen),
        carries,
        ..Change::new(case.path, kind, before, after)
    }
}

pub(crate) fn conflict(case: &Case<'_>, row: Row, misfits: Vec<Misfit>) -> Conflict {
    Conflict {
        path: case.path.to_owned(),
        reason: reason(row.held, row.fits),
        keeper: row.keeper,
        held: row.held,
        mine: case.mine.to_vec(),
        theirs: case.new.map(|(artifact, _)| artifact.text.to_string()),
        clashes: Vec::new(),
        misfits,
        note: None,
        marked: false,
    }
}

/// The bases that have to stand below [`base::FOLDER`] after the apply, against those that do.
pub(crate) fn base_changes(
    before: &Lock,
    after: &Lock,
    bases: BTreeMap<String, Rope>,
    snapshot: &Snapshot,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let held = |path: &str| match snapshot.get(path) {
        OnDisk::File { digest, bytes, .. } => Some((bytes.clone(), *digest)),
        OnDisk::Absent | OnDisk::Other => None,
    };
    let carried = |lock: &Lock, path: &str| lock.files.get(path).is_some_and(|entry| entry.carried.is_some());
    for (path, text) in bases {
        let path = base::path_of(&path);
        let digest = Digest::of_rope(&text);
        match held(&path) {
            Some((_, known)) if known == digest => {}
            Some(before) => changes.push(Change::modified(&path, before, (text, digest))),
            None => changes.push(Change::added(&path, (text, digest))),
        }
    }
    for path in before
        .files
        .keys()
        .filter(|path| carried(before, path) && !carried(after, path))
    {
        let path = base::path_of(path);
        changes.extend(held(&path).map(|before| Change::removed(&path, before)));
    }
    changes
}

impl Conflict {
    /// The first line that a person has to look at, from 1, where one is known.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        let misfit = self.misfits.first().map(|misfit| misfit.line);
        let clash = self.clashes.first().map(|clash| clash.line);
        misfit.or(clash).filter(|line| *line > 0)
    }
}

impl Plan {
    /// Nothing would change on disk, the lock included, and nothing is in conflict.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.bases.is_empty() && self.conflicts.is_empty() && !self.lock_changes
    }

    /// Whether a conflict stands in the way: nothing may be written.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.conflicts.iter().any(|conflict| !conflict.marked)
    }

    /// Bases that change otherwise than by what is told of [`Self::rebased`].
    pub fn due_bases(&self) -> impl Iterator<Item = &Change> {
        let of_rebased: BTreeSet<String> = self.rebased.iter().map(|path| base::path_of(path)).collect();
        self.bases
            .iter()
            .filter(move |change| !of_rebased.contains(&change.path))
    }

    /// Everything to write or delete but the lock.
    pub fn all_changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().chain(&self.bases)
    }
}
