//! Snapshot: what stands on disk, and what git says about it.
//!
//! Owns: looking at files and at git. Must not know: what should stand there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use git2::Status;
use rayon::prelude::*;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::record::Stamps;
use crate::reserved::folded;
use crate::root::{Folders, Root};
use crate::stamp::Stamp;
use crate::table::Held;
use crate::tree::{Node, Tree, repository};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnDisk {
    /// Nothing.
    Absent,
    /// A regular file with this content.
    File {
        /// Digest of its content.
        digest: Digest,
        /// Its bytes, for diffs and merges; none while they are unread.
        bytes: Bytes,
        /// Whether it may be executed. Generated files may not.
        executable: bool,
    },
    /// A folder, a symbolic link, or anything else that is not ours to write over.
    Other,
}

/// What stands at every path that a plan is about, at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<String, Look>,
    held: BTreeMap<String, Held>,
}

/// What a look at one path said.
#[derive(Debug)]
struct Look {
    disk: OnDisk,
    /// What the file system said of a file before it was read.
    seen: Option<Stamp>,
    /// Whether that may stand in for reading the file later.
    proves: bool,
    /// Whether the digest was known by the stamp, so that the bytes were not read.
    unread: bool,
}

impl Snapshot {
    /// Looks at the given paths and reads every file.
    ///
    /// # Errors
    /// A path leaves the root, or a file that exists cannot be read.
    pub fn take<'a>(root: &Root, paths: impl IntoIterator<Item = &'a str>) -> Result<Self, SyncError> {
        Self::take_known(root, paths, &Stamps::new())
    }

    /// Looks at the given paths. Where a file's stamp is known, its digest is too, and its bytes are read only by
    /// [`Self::read`].
    ///
    /// # Errors
    /// A path leaves the root, or a file that exists cannot be read.
    pub fn take_known<'a>(
        root: &Root,
        paths: impl IntoIterator<Item = &'a str>,
        known: &Stamps,
    ) -> Result<Self, SyncError> {
        let now = SystemTime::now();
        let paths: Vec<&str> = paths.into_iter().collect();
        let twins = twins(&paths);
        let mut folders = Folders::default();
        let mut snapshot = Self::default();
        let mut unknown = Vec::new();
        for path in paths {
            let full = root.resolve_among(path, &mut folders)?;
            let mut look = Look::at(&full, known.get(path), now);
            if twins.contains(path) && !is_listed(root, path) {
                look = Look::only(OnDisk::Absent);
            }
            if matches!(look.disk, OnDisk::File { .. }) && !look.unread {
                unknown.push((path.to_owned(), full));
            }
            snapshot.files.insert(path.to_owned(), look);
        }
        let contents = side_by_side(unknown, |(path, full)| {
            let bytes = std::fs::read(&full).map_err(|error| SyncError::io("cannot read", &full, &error))?;
            Ok((path, Digest::of(&bytes), bytes))
        })?;
        for (path, digest, bytes) in contents {
            snapshot.fill(&path, digest, bytes.into());
        }
        snapshot.forget_untrusted_modes(root);
        Ok(snapshot)
    }

    /// The same while something else is done.
    ///
    /// # Errors
    /// Those of [`Self::take_known`].
    pub fn take_beside<R: Send>(
        root: &Root,
        paths: &[String],
        known: &Stamps,
        something: impl FnOnce() -> R + Send,
    ) -> (R, Result<Self, SyncError>) {
        let take = || Self::take_known(root, paths.iter().map(String::as_str), known);
        rayon::join(something, take)
    }

    /// Whether the file system says of the paths what it said when they were looked at.
    pub fn is_still_of<'a>(&self, root: &Root, paths: impl IntoIterator<Item = &'a str>) -> bool {
        paths.into_iter().all(|path| {
            let now = root.resolve(path).ok().and_then(|path| path.symlink_metadata().ok());
            match (now, self.get(path)) {
                (None, OnDisk::Absent) => true,
                (Some(now), OnDisk::File { .. }) => now.is_file() && Stamp::seen(&now) == self.seen(path),
                (Some(now), OnDisk::Other) => !now.is_file(),
                _ => false,
            }
        })
    }

    /// Fills in what was read of a file.
    fn fill(&mut self, path: &str, read: Digest, content: Bytes) {
        if let Some(look) = self.files.get_mut(path)
            && let OnDisk::File { digest, bytes, .. } = &mut look.disk
        {
            (*digest, *bytes, look.unread) = (read, content, false);
        }
    }

    /// Looks at the given paths of a tree that is not the disk: what is staged, or a revision. Everything is read.
    ///
    /// # Errors
    /// git cannot give a file, or a merge of one is not resolved.
    pub fn of_tree<'a>(tree: &Tree, paths: impl IntoIterator<Item = &'a str>) -> Result<Self, SyncError> {
        let mut snapshot = Self::default();
        for path in paths {
            let found = match tree.look(path)? {
                Node::Absent => OnDisk::Absent,
                Node::Other => OnDisk::Other,
                Node::File { bytes, executable } => OnDisk::File {
                    digest: Digest::of(&bytes),
                    bytes: bytes.into(),
                    executable,
                },
            };
            snapshot.files.insert(path.to_owned(), Look::only(found));
        }
        Ok(snapshot)
    }

    /// Asks the tree of [`Self::of_tree`] which of the paths HEAD holds as they are.
    pub fn ask_tree<'a>(&mut self, tree: &Tree, paths: impl IntoIterator<Item = &'a str>) {
        for path in paths {
            let held = if tree.is_committed(path) {
                Held::Committed
            } else {
                Held::Staged
            };
            self.held.insert(path.to_owned(), held);
        }
    }

    /// Forgets the executable bits when git is told not to look at them, as on disks that have none of their own.
    fn forget_untrusted_modes(&mut self, root: &Root) {
        let mut set = self.files.values_mut().filter_map(|look| match &mut look.disk {
            OnDisk::File { executable, .. } if *executable => Some(executable),
            _ => None,
        });
        let Some(first) = set.next() else { return };
        if !Tree::disk(root).trusts_modes() {
            *first = false;
            set.for_each(|executable| *executable = false);
        }
    }

    /// Fills in the bytes of files that were only known by their stamps: those that somebody still has, by path and digest, are
    /// taken from him, all others are read.
    ///
    /// # Errors
    /// A file that exists cannot be read.
    pub fn read<'a>(
        &mut self,
        root: &Root,
        paths: impl IntoIterator<Item = &'a str>,
        had: impl Fn(&str, Digest) -> Option<Bytes>,
    ) -> Result<(), SyncError> {
        let mut unread: Vec<(&str, Digest, Option<Stamp>)> = paths
            .into_iter()
            .filter_map(|path| match self.files.get(path)? {
                Look {
                    disk: OnDisk::File { digest, .. },
                    seen,
                    unread: true,
                    ..
                } => Some((path, *digest, *seen)),
                _ => None,
            })
            .collect();
        unread.retain(|(path, digest, _)| match had(path, *digest) {
            Some(bytes) => {
                self.fill(path, *digest, bytes);
                false
            }
            None => true,
        });
        let mut moved = Vec::new();
        let read = side_by_side(unread, |(path, digest, seen)| {
            let full = root.resolve(path)?;
            let bytes = std::fs::read(&full).ok();
            let now = full.symlink_metadata().ok().and_then(|metadata| Stamp::seen(&metadata));
            // Looked at after it was read: with the same stamp it was the same content then.
            Ok((path, digest, bytes.filter(|_| now.is_some() && now == seen)))
        })?;
        for (path, digest, bytes) in read {
            match bytes {
                Some(bytes) => self.fill(path, digest, bytes.into()),
                None => moved.push(path),
            }
        }
        let again = Self::take(root, moved)?;
        self.files.extend(again.files);
        self.forget_untrusted_modes(root);
        Ok(())
    }

    /// Every path that was looked at, with what stands there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OnDisk)> {
        self.files.iter().map(|(path, look)| (path.as_str(), &look.disk))
    }

    /// What the file system said of a file, when that may stand in for reading it later.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        self.files.get(path).filter(|look| look.proves)?.seen
    }

    /// What the file system said of a file, whatever that is worth.
    #[must_use]
    pub fn seen(&self, path: &str) -> Option<Stamp> {
        self.files.get(path)?.seen
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> &OnDisk {
        self.look(path).0
    }

    /// What stands at a path, and what the file system said of it.
    pub(crate) fn look(&self, path: &str) -> (&OnDisk, Option<Stamp>) {
        let look = self.files.get(path);
        look.map_or((&OnDisk::Absent, None), |look| (&look.disk, look.seen))
    }

    /// Asks git what it holds of the paths, HEAD and index together.
    pub fn ask_git<'a>(&mut self, root: &Root, paths: impl IntoIterator<Item = &'a str>) {
        let mut paths = paths.into_iter().peekable();
        if paths.peek().is_none() {
            return;
        }
        let opened = repository::open(root).ok();
        let opened = opened.filter(|opened| opened.repository.workdir().is_some());
        for path in paths {
            let held = opened.as_ref().map_or(Held::Nowhere, |opened| {
                let status = opened.repository.status_file(&opened.place(path));
                status.map_or(Held::Loose, held_of)
            });
            self.held.insert(path.to_owned(), held);
        }
    }

    /// What git holds of a path. Paths that were not given to [`Self::ask_git`] count as held by nobody.
    #[must_use]
    pub fn held(&self, path: &str) -> Held {
        self.held.get(path).copied().unwrap_or(Held::Nowhere)
    }
}

/// From git's flags about one path, both sides of the index, to what it holds of the content on disk.
fn held_of(status: Status) -> Held {
    let loose = Status::WT_NEW | Status::WT_MODIFIED | Status::WT_TYPECHANGE | Status::WT_RENAMED;
    let staged = Status::INDEX_NEW | Status::INDEX_MODIFIED | Status::INDEX_TYPECHANGE | Status::INDEX_RENAMED;
    if status.contains(Status::CONFLICTED) {
        Held::Unmerged
    } else if status.contains(Status::IGNORED) {
        Held::Ignored
    } else if status.intersects(loose) {
        Held::Loose
    } else if status.intersects(staged) {
        Held::Staged
    } else {
        Held::Committed
    }
}

impl Look {
    fn only(disk: OnDisk) -> Self {
        Self {
            disk,
            seen: None,
            proves: false,
            unread: false,
        }
    }

    /// What stands at a place. Of a file that has not the known stamp, the content is left to be read.
    fn at(full: &Path, known: Option<&(Stamp, Digest)>, now: SystemTime) -> Self {
        let metadata = match full.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return Self::only(OnDisk::Other),
            Err(_) => return Self::only(OnDisk::Absent),
        };
        let seen = Stamp::seen(&metadata);
        let known = known.filter(|(known, _)| Some(*known) == seen);
        Self {
            disk: OnDisk::File {
                digest: known.map_or_else(|| Digest::of(&[]), |(_, digest)| *digest),
                bytes: Bytes::default(),
                executable: executable(&metadata),
            },
            seen,
            proves: known.is_some() || seen.is_some_and(|seen| seen.is_settled(now)),
            unread: known.is_some(),
        }
    }
}

/// The same done to each of several files. Of none or one, which is the rule, no other thread is asked.
fn side_by_side<T: Send, R: Send>(
    files: Vec<T>,
    done: impl Fn(T) -> Result<R, SyncError> + Sync + Send,
) -> Result<Vec<R>, SyncError> {
    if files.len() < 2 {
        return files.into_iter().map(done).collect();
    }
    files.into_par_iter().map(done).collect()
}

/// Paths that differ from another in case alone. On a disk that does not tell them apart, both would seem to be there.
fn twins<'a>(paths: &[&'a str]) -> BTreeSet<&'a str> {
    if !has_twins(paths.iter().copied()) {
        return BTreeSet::new();
    }
    let mut alike: BTreeMap<Cow<'_, str>, Vec<&'a str>> = BTreeMap::new();
    for path in paths {
        alike.entry(folded(path)).or_default().push(path);
    }
    alike
        .into_values()
        .filter(|alike| alike.iter().any(|path| Some(path) != alike.first()))
        .flatten()
        .collect()
}

/// Whether any paths differ in case alone; of none or few, which is the rule, nothing is put in order for that.
pub(crate) fn has_twins<'a>(paths: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = HashSet::new();
    paths.into_iter().any(|path| !seen.insert(folded(path)))
}

/// Whether every folder on the way lists the next part in this very spelling.
fn is_listed(root: &Root, path: &str) -> bool {
    let mut folder = root.path().to_owned();
    path.split('/').all(|part| {
        let listed = std::fs::read_dir(&folder)
            .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_str() == Some(part)));
        folder.push(part);
        listed
    })
}

#[cfg(unix)]
pub(crate) fn executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
pub(crate) fn executable(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_writes_after_a_look_is_told_from_what_was_seen() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path()).unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("a"), "1").unwrap();
        std::fs::create_dir(path("c")).unwrap();
        let all = ["a", "b", "c"].map(str::to_owned);
        let (done, snapshot) = Snapshot::take_beside(&root, &all, &Stamps::new(), || 7);
        let snapshot = snapshot.unwrap();
        let is_still = |names: &[&str]| snapshot.is_still_of(&root, names.iter().copied());
        assert!(done == 7 && is_still(&["a", "b", "c"]));
        std::fs::write(path("a"), "22").unwrap();
        assert!(!is_still(&["b", "a"]) && is_still(&["b"]));
        std::fs::write(path("b"), "").unwrap();
        assert!(!is_still(&["b"]) && is_still(&["c"]));
        std::fs::remove_dir(path("c")).unwrap();
        assert!(!is_still(&["c"]));
    }

    #[test]
    fn paths_that_differ_in_case_alone_are_twins_and_a_spelling_is_listed_or_not() {
        assert_eq!(
            twins(&["a/b.ts", "A/b.ts", "c.ts"]),
            BTreeSet::from(["a/b.ts", "A/b.ts"])
        );
        assert!(twins(&["a", "b", "b"]).is_empty());
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b.ts"), "").unwrap();
        let root = Root::at(folder.path()).unwrap();
        assert!(is_listed(&root, "a/b.ts"));
        assert!(!is_listed(&root, "A/b.ts"));
        assert!(!is_listed(&root, "a/B.ts"));
    }
}
