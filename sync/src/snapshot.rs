//! Snapshot: what stands on disk, and what git says about it.
//!
//! Owns: looking at files and at git. Must not know: what should stand there.

use std::collections::BTreeMap;

use git2::{Repository, Status};
use rayon::prelude::*;

use crate::digest::Digest;
use crate::error::SyncError;
use crate::root::Root;
use crate::tree::{Node, Tree};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnDisk {
    /// Nothing.
    Absent,
    /// A regular file with this content.
    File {
        /// Digest of its content.
        digest: Digest,
        /// Its bytes, for diffs.
        bytes: Vec<u8>,
    },
    /// A folder, a symbolic link, or anything else that is not ours to write over.
    Other,
}

/// What stands at every path that a plan is about, at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<String, OnDisk>,
    uncommitted: BTreeMap<String, bool>,
}

impl Snapshot {
    /// Looks at the given paths.
    ///
    /// # Errors
    /// A path leaves the root, or a file that exists cannot be read.
    pub fn take<'a>(root: &Root, paths: impl IntoIterator<Item = &'a str>) -> Result<Self, SyncError> {
        let paths: Vec<&str> = paths.into_iter().collect();
        let files = paths
            .par_iter()
            .map(|path| Ok(((*path).to_owned(), look(root, path)?)))
            .collect::<Result<_, SyncError>>()?;
        Ok(Self {
            files,
            uncommitted: BTreeMap::new(),
        })
    }

    /// Looks at the given paths of a tree that is not the disk: what is staged, or a revision.
    ///
    /// # Errors
    /// git cannot give a file, or a merge of one is not resolved.
    pub fn of_tree<'a>(tree: &Tree, paths: impl IntoIterator<Item = &'a str>) -> Result<Self, SyncError> {
        let mut snapshot = Self::default();
        for path in paths {
            let found = match tree.look(path)? {
                Node::Absent => OnDisk::Absent,
                Node::Other => OnDisk::Other,
                Node::File { bytes, .. } => OnDisk::File {
                    digest: Digest::of(&bytes),
                    bytes,
                },
            };
            snapshot.files.insert(path.to_owned(), found);
        }
        Ok(snapshot)
    }

    /// Asks the tree of [`Self::of_tree`] which of the paths HEAD holds as they are.
    pub fn ask_tree<'a>(&mut self, tree: &Tree, paths: impl IntoIterator<Item = &'a str>) {
        for path in paths {
            self.uncommitted.insert(path.to_owned(), !tree.is_committed(path));
        }
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> &OnDisk {
        self.files.get(path).unwrap_or(&OnDisk::Absent)
    }

    /// Asks git about the paths that differ from what is expected. Outside of a repository, everything is uncommitted.
    pub fn ask_git<'a>(&mut self, root: &Root, paths: impl IntoIterator<Item = &'a str>) {
        let mut paths = paths.into_iter().peekable();
        if paths.peek().is_none() {
            return;
        }
        let repository = Repository::discover(root.path()).ok();
        let prefix = repository.as_ref().and_then(|repository| {
            let work = repository.workdir()?.canonicalize().ok()?;
            let root = root.path().canonicalize().ok()?;
            Some(root.strip_prefix(&work).ok()?.to_owned())
        });
        for path in paths {
            let committed = match (&repository, &prefix) {
                (Some(repository), Some(prefix)) => repository
                    .status_file(&prefix.join(path))
                    .is_ok_and(|status| status == Status::CURRENT || status == Status::IGNORED),
                _ => false,
            };
            self.uncommitted.insert(path.to_owned(), !committed);
        }
    }

    /// Whether git does not hold what is on disk. Only for paths given to [`Self::ask_git`]; others count as uncommitted.
    #[must_use]
    pub fn is_uncommitted(&self, path: &str) -> bool {
        self.uncommitted.get(path).copied().unwrap_or(true)
    }
}

fn look(root: &Root, path: &str) -> Result<OnDisk, SyncError> {
    let full = root.resolve(path)?;
    match std::fs::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_file() => {
            let bytes = std::fs::read(&full).map_err(|error| SyncError::io("cannot read", &full, &error))?;
            Ok(OnDisk::File {
                digest: Digest::of(&bytes),
                bytes,
            })
        }
        Ok(_) => Ok(OnDisk::Other),
        Err(_) => Ok(OnDisk::Absent),
    }
}
