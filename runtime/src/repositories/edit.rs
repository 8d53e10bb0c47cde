//! Changes of files, put into a tree.
//!
//! Owns: what a list of changes makes of a commit's files. Must not know: branches. Changes are made in their order, each on what
//! the one before left. A link stays what it is: a file whose text is a path; nothing looks where it leads.

use std::path::Path;

use flaresmith_api::errors::{ErrorCode, Failure};
use git2::{Index, IndexEntry, IndexTime, Oid, Tree};
use serde_json::json;

use super::path::{invalid, refuse};
use super::{Local, broken};

/// Modes of git's for files.
const PLAIN: u32 = 0o100_644;
const EXECUTABLE: u32 = 0o100_755;

/// One change of one file.
#[derive(Debug, Clone)]
pub enum Edit {
    /// A file gets this content.
    Write {
        /// Its path.
        path: String,
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether it may be executed; as before when nothing is said.
        executable: Option<bool>,
    },
    /// A file goes.
    Delete {
        /// Its path.
        path: String,
    },
    /// A file gets another path.
    Move {
        /// Its path.
        path: String,
        /// Its path after that.
        to: String,
    },
}

impl Edit {
    /// The path of the file after the change, or of the one that is gone.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Write { path, .. } | Self::Delete { path } | Self::Move { to: path, .. } => path,
        }
    }
}

/// The files of a commit with changes made to them. Nothing of it is in the repository before [`Draft::tree`].
pub struct Draft<'a> {
    local: &'a Local,
    index: Index,
}

impl<'a> Draft<'a> {
    /// The files as a tree has them.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn of(local: &'a Local, tree: &Tree<'_>) -> Result<Self, Failure> {
        let mut index = Index::new().map_err(broken)?;
        index.read_tree(tree).map_err(broken)?;
        Ok(Self { local, index })
    }

    /// Makes one change.
    ///
    /// # Errors
    /// The path is none, something else stands there, or there is no such file.
    pub fn edit(&mut self, edit: Edit) -> Result<(), Failure> {
        match edit {
            Edit::Write {
                path,
                bytes,
                executable,
            } => {
                refuse(&path)?;
                self.free(&path)?;
                let before = self.entry(&path).map(|entry| entry.mode);
                let executable = executable.unwrap_or(before == Some(EXECUTABLE));
                let id = self.local.git().blob(&bytes).map_err(broken)?;
                self.put(&path, id, if executable { EXECUTABLE } else { PLAIN })
            }
            Edit::Delete { path } => {
                refuse(&path)?;
                self.file(&path)?;
                self.index.remove(Path::new(&path), 0).map_err(broken)
            }
            Edit::Move { path, to } => {
                refuse(&path)?;
                refuse(&to)?;
                let entry = self.file(&path)?;
                self.index.remove(Path::new(&path), 0).map_err(broken)?;
                self.free(&to)?;
                if self.entry(&to).is_some() {
                    return Err(invalid(&to).with_message("There is a file at the new path already."));
                }
                self.put(&to, entry.id, entry.mode)
            }
        }
    }

    /// The tree of all files, written to the repository.
    ///
    /// # Errors
    /// The repository cannot be written to.
    pub fn tree(mut self) -> Result<Oid, Failure> {
        self.index.write_tree_to(self.local.git()).map_err(broken)
    }

    fn entry(&self, path: &str) -> Option<IndexEntry> {
        self.index.get_path(Path::new(path), 0)
    }

    fn file(&self, path: &str) -> Result<IndexEntry, Failure> {
        let absent = || Failure::new(ErrorCode::FileNotFound).with_details(json!({ "path": path }));
        self.entry(path).ok_or_else(absent)
    }

    /// Refuses a path at which no file can stand: it is a folder, or a part of it is a file.
    fn free(&self, path: &str) -> Result<(), Failure> {
        let is_folder = self.index.find_prefix(format!("{path}/")).is_ok();
        let mut above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        if is_folder || above.any(|folder| self.entry(folder).is_some()) {
            return Err(invalid(path).with_message("Something else stands where the path leads."));
        }
        Ok(())
    }

    fn put(&mut self, path: &str, id: Oid, mode: u32) -> Result<(), Failure> {
        let never = IndexTime::new(0, 0);
        let entry = IndexEntry {
            ctime: never,
            mtime: never,
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        };
        self.index.add(&entry).map_err(broken)
    }
}
