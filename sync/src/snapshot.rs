//! Snapshot: what stands on disk, and what git says about it.
//!
//! Owns: looking at files and at git. Must not know: what should stand there.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::SystemTime;

use git2::Status;
use rayon::prelude::*;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::record::Stamps;
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
        bytes: Vec<u8>,
        /// Whether it may be executed. Generated files may not.
        executable: bool,
    },
    /// A folder, a symbolic link, or anything else that is not ours to write over.
    Other,
}

/// What stands at every path that a plan is about, at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<String, OnDisk>,
    held: BTreeMap<String, Held>,
    stamps: BTreeMap<String, Stamp>,
    /// Files whose digest was known by their stamp; their bytes were not read.
    unread: BTreeSet<String>,
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
        let look = |folders: &mut Folders, path: &str| {
            let found = look(root, path, known.get(path), now, folders)?;
            Ok((path.to_owned(), found))
        };
        // Where next to nothing is read, one thread is done before others have begun.
        let unknown = paths.iter().filter(|path| !known.contains_key(**path)).count();
        let looked: Vec<(String, Look)> = if unknown < 16 {
            let mut folders = Folders::default();
            let looked = paths.iter().map(|path| look(&mut folders, path));
            looked.collect::<Result<_, SyncError>>()?
        } else {
            let looked = paths.par_iter().with_min_len(16);
            looked
                .map_init(Folders::default, |folders, path| look(folders, path))
                .collect::<Result<_, SyncError>>()?
        };
        let mut snapshot = Self::default();
        let twins = twins(&paths);
        for (path, mut look) in looked {
            if twins.contains(path.as_str()) && !is_listed(root, &path) {
                look = Look::only(OnDisk::Absent);
            }
            snapshot.stamps.extend(look.stamp.map(|stamp| (path.clone(), stamp)));
            if look.unread {
                snapshot.unread.insert(path.clone());
            }
            snapshot.files.insert(path, look.disk);
        }
        snapshot.forget_untrusted_modes(root);
        Ok(snapshot)
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
                    bytes,
                    executable,
                },
            };
            snapshot.files.insert(path.to_owned(), found);
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
        let mut set = self.files.values_mut().filter_map(|disk| match disk {
            OnDisk::File { executable, .. } if *executable => Some(executable),
            _ => None,
        });
        let Some(first) = set.next() else { return };
        if !Tree::disk(root).trusts_modes() {
            *first = false;
            set.for_each(|executable| *executable = false);
        }
    }

    /// Reads the bytes of files that were only known by their stamps.
    ///
    /// # Errors
    /// A file that exists cannot be read.
    pub fn read<'a>(&mut self, root: &Root, paths: impl IntoIterator<Item = &'a str>) -> Result<(), SyncError> {
        for path in paths {
            if self.unread.remove(path) {
                let look = look(root, path, None, SystemTime::now(), &mut Folders::default())?;
                self.files.insert(path.to_owned(), look.disk);
            }
        }
        self.forget_untrusted_modes(root);
        Ok(())
    }

    /// Every path that was looked at, with what stands there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OnDisk)> {
        self.files.iter().map(|(path, disk)| (path.as_str(), disk))
    }

    /// What the file system said of a file, when that may stand in for reading it later.
    #[must_use]
    pub fn stamp(&self, path: &str) -> Option<Stamp> {
        self.stamps.get(path).copied()
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> &OnDisk {
        self.files.get(path).unwrap_or(&OnDisk::Absent)
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

struct Look {
    disk: OnDisk,
    stamp: Option<Stamp>,
    unread: bool,
}

impl Look {
    fn only(disk: OnDisk) -> Self {
        Self {
            disk,
            stamp: None,
            unread: false,
        }
    }
}

/// Paths that differ from another in case alone. On a disk that does not tell them apart, both would seem to be there.
fn twins<'a>(paths: &[&'a str]) -> BTreeSet<&'a str> {
    let mut folded: BTreeMap<String, Vec<&'a str>> = BTreeMap::new();
    for path in paths {
        folded.entry(path.to_lowercase()).or_default().push(path);
    }
    folded
        .into_values()
        .filter(|alike| alike.iter().any(|path| Some(path) != alike.first()))
        .flatten()
        .collect()
}

/// Whether any paths differ in case alone; of none or few, which is the rule, nothing is put in order for that.
pub(crate) fn has_twins<'a>(paths: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = HashSet::new();
    paths.into_iter().any(|path| !seen.insert(path.to_lowercase()))
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

fn look(
    root: &Root,
    path: &str,
    known: Option<&(Stamp, Digest)>,
    now: SystemTime,
    folders: &mut Folders,
) -> Result<Look, SyncError> {
    let full = root.resolve_among(path, folders)?;
    let metadata = match std::fs::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(Look::only(OnDisk::Other)),
        Err(_) => return Ok(Look::only(OnDisk::Absent)),
    };
    let stamp = Stamp::of(&metadata, now);
    let executable = executable(&metadata);
    if let Some((_, digest)) = known.filter(|(known, _)| Some(*known) == stamp) {
        let disk = OnDisk::File {
            digest: *digest,
            bytes: Vec::new(),
            executable,
        };
        return Ok(Look {
            disk,
            stamp,
            unread: true,
        });
    }
    let bytes = std::fs::read(&full).map_err(|error| SyncError::io("cannot read", &full, &error))?;
    let disk = OnDisk::File {
        digest: Digest::of(&bytes),
        bytes,
        executable,
    };
    Ok(Look {
        disk,
        stamp,
        unread: false,
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
