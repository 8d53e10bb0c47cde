//! The moment of a check: what is staged, what stands on disk, what HEAD remembers.
//!
//! Owns: why one file is out of step. Must not know: what is said about it.

use std::collections::{BTreeMap, BTreeSet};

use flaresmith_codegen::settings;

use crate::digest::Digest;
use crate::lock::{self, Lock};
use crate::sources;
use crate::tree::Tree;

/// Why a file is out of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
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
pub(super) struct Moment<'a> {
    pub(super) disk: Tree,
    pub(super) staged: &'a Tree,
    pub(super) disk_lock: Lock,
    /// The lock of HEAD: it tells files that were generated earlier from edits.
    pub(super) head_lock: Lock,
    /// Whether the last apply on disk was made from the specs that are there now.
    pub(super) applied: bool,
    /// Specs that are not staged as they stand on disk.
    pub(super) loose: Vec<String>,
}

impl<'a> Moment<'a> {
    pub(super) fn of(staged: &'a Tree, specs: &BTreeMap<String, Digest>) -> Self {
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

    pub(super) fn digest_on_disk(&self, path: &str) -> Option<Digest> {
        let bytes = settings::is_inside(path)
            .then(|| self.disk.read(path).ok().flatten())
            .flatten();
        bytes.map(|bytes| Digest::of(&bytes))
    }

    /// Whether `staged` is what the last apply on disk wrote at a path.
    pub(super) fn is_made_on_disk(&self, path: &str, staged: Option<Digest>) -> bool {
        match path {
            lock::FILE => staged == self.digest_on_disk(path),
            path => staged == self.disk_lock.files.get(path).map(|entry| entry.digest),
        }
    }

    /// Whether a staged content is one that some apply wrote, rather than an edit.
    pub(super) fn is_generated(&self, path: &str, staged: Digest) -> bool {
        [&self.disk_lock, &self.head_lock]
            .iter()
            .any(|lock| lock.files.get(path).is_some_and(|entry| entry.digest == staged))
    }

    /// Generated files that are staged otherwise than they stand on disk. Scaffolds only when they are not staged at all: what
    /// a team edits in them is staged when the team likes.
    pub(super) fn unstaged(&self) -> BTreeSet<&str> {
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

    pub(super) fn cause(&self, path: &str, staged: Option<Digest>, wanted: Option<Digest>) -> Cause {
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
pub(super) fn lock_of(tree: &Tree) -> Lock {
    let text = tree.read(lock::FILE).ok().flatten().unwrap_or_default();
    Lock::parse(&String::from_utf8_lossy(&text)).unwrap_or_default()
}
