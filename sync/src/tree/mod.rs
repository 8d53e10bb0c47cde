//! Trees: where the files of a repository are read from: the disk, what is staged, or a revision.
//!
//! Owns: reading one file, listing one folder, telling what stands at a path, by paths relative to the root. The three kinds
//! answer alike, so that whoever reads need not know which it is. Must not know: which files are read, or why.
//!
//! Nothing here writes, not even the times that git keeps in its index.

mod disk;
mod lfs;
pub(crate) mod looks;
mod objects;
pub(crate) mod repository;
mod revision;
mod staged;

use std::borrow::Cow;

pub use crate::listing::Kind;
pub use looks::Looks;

use crate::error::SyncError;
use crate::root::Root;
use crate::stamp::Stamp;

use disk::Disk;
use revision::Revision;
use staged::Staged;

/// Where the files of a root are read from.
pub struct Tree {
    root: Root,
    source: Source,
}

enum Source {
    Disk(Disk),
    Staged(Staged),
    Revision(Revision),
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Nothing.
    Absent,
    /// A regular file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A folder, a symbolic link (which is never followed), a submodule, or something else that is no regular file.
    Other,
}

/// What a file has become since it was read.
pub(crate) enum Reading {
    /// There is none.
    Absent,
    /// It is the same.
    Same,
    /// These bytes, and what the file system said before they were read, when that tells whatever is written later.
    Other(Vec<u8>, Option<Stamp>),
}

impl Tree {
    /// The files on disk.
    #[must_use]
    pub fn disk(root: &Root) -> Self {
        Self {
            root: root.clone(),
            source: Source::Disk(Disk::new(root)),
        }
    }

    /// The files of git's index: what a commit made now would hold. Inside of a hook it is the index that git hands to it.
    ///
    /// # Errors
    /// The root lies in no git repository, or the index has a form that cannot be read (split or sparse).
    pub fn staged(root: &Root) -> Result<Self, SyncError> {
        Ok(Self {
            root: root.clone(),
            source: Source::Staged(Staged::open(root)?),
        })
    }

    /// The files of a revision, in any of git's spellings of one: `HEAD~2`, `origin/main`, a tag, an id.
    ///
    /// # Errors
    /// The root lies in no git repository, or the repository does not have the revision.
    pub fn revision(root: &Root, revision: &str) -> Result<Self, SyncError> {
        Ok(Self {
            root: root.clone(),
            source: Source::Revision(Revision::open(root, revision)?),
        })
    }

    /// The folder that paths are relative to.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What the disk was asked until now by [`Self::read`] and [`Self::list`]; nothing for trees that are not the disk.
    #[must_use]
    pub fn looks(&self) -> Looks {
        match &self.source {
            Source::Disk(disk) => disk.looks(),
            Source::Staged(_) | Source::Revision(_) => Looks::default(),
        }
    }

    /// Whether these are the files on disk.
    #[must_use]
    pub fn is_disk(&self) -> bool {
        matches!(self.source, Source::Disk(_))
    }

    /// Whether a regular file stands at a path that its owner may execute.
    #[must_use]
    pub fn is_executable(&self, path: &str) -> bool {
        match &self.source {
            Source::Disk(disk) => disk.is_executable(path),
            Source::Staged(staged) => staged.is_executable(&plain(path)),
            Source::Revision(revision) => revision.is_executable(&plain(path)),
        }
    }

    /// Whether HEAD holds what stands at a path. Always so in a revision; never asked of the disk, which says no.
    #[must_use]
    pub fn is_committed(&self, path: &str) -> bool {
        match &self.source {
            Source::Disk(_) => false,
            Source::Staged(staged) => staged.is_committed(&plain(path)),
            Source::Revision(_) => true,
        }
    }

    /// Whether git's attributes say that the line ends of a path are its own (`-text`, `binary`). The disk has no say.
    #[must_use]
    pub fn keeps_line_ends(&self, path: &str) -> bool {
        match &self.source {
            Source::Disk(_) => true,
            Source::Staged(staged) => staged.keeps_line_ends(&plain(path)),
            Source::Revision(revision) => revision.keeps_line_ends(&plain(path)),
        }
    }

    /// Whether git is told to ignore a path.
    #[must_use]
    pub fn is_ignored(&self, path: &str) -> bool {
        match &self.source {
            Source::Staged(staged) => staged.is_ignored(&plain(path)),
            Source::Disk(_) | Source::Revision(_) => false,
        }
    }

    /// Whether the executable bit means something here: on disks without one, git is told not to look (`core.fileMode`).
    #[must_use]
    pub fn trusts_modes(&self) -> bool {
        match &self.source {
            Source::Disk(_) => repository::trusts_modes(&self.root),
            Source::Staged(_) | Source::Revision(_) => true,
        }
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// What stands there cannot be read; `STAGED_UNMERGED` for a staged path with an unresolved merge.
    pub fn look(&self, path: &str) -> Result<Node, SyncError> {
        match &self.source {
            Source::Disk(disk) => disk.look(path),
            Source::Staged(staged) => staged.look(&plain(path)),
            Source::Revision(revision) => revision.look(&plain(path)),
        }
    }

    /// The bytes of a regular file; `None` when the path has none.
    ///
    /// # Errors
    /// As for [`Self::look`].
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SyncError> {
        match &self.source {
            Source::Disk(disk) => disk.read(path),
            _ => Ok(match self.look(path)? {
                Node::File { bytes, .. } => Some(bytes),
                Node::Absent | Node::Other => None,
            }),
        }
    }

    /// What a regular file has become since it had the stamp, if it had one.
    ///
    /// # Errors
    /// As for [`Self::look`].
    pub(crate) fn read_again(&self, path: &str, known: Option<Stamp>) -> Result<Reading, SyncError> {
        match &self.source {
            Source::Disk(disk) => disk.read_again(path, known),
            _ => Ok(match self.read(path)? {
                Some(bytes) => Reading::Other(bytes, None),
                None => Reading::Absent,
            }),
        }
    }

    /// The entries of a folder by name; the root itself is `""`. A folder that is not there has none. Names that are not
    /// UTF-8 are left out: no setting and no reference can name them.
    ///
    /// # Errors
    /// The folder exists and cannot be read.
    pub fn list(&self, folder: &str) -> Result<Vec<(String, Kind)>, SyncError> {
        match &self.source {
            Source::Disk(disk) => disk.list(folder),
            Source::Staged(staged) => Ok(staged.list(&plain(folder))),
            Source::Revision(revision) => revision.list(&plain(folder)),
        }
    }
}

/// A path without `.` and empty parts, as git spells it. Settings may say `./specs`.
fn plain(path: &str) -> Cow<'_, str> {
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        return Cow::Owned(parts.join("/"));
    }
    Cow::Borrowed(path)
}
