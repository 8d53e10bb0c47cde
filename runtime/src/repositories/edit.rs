//! Changes of files, put into a tree.
//!
//! Owns: what a list of changes makes of a commit's files. Must not know: branches. Changes are made in their order, each on what
//! the one before left. A link stays what it is: a file whose text is a path; nothing looks where it leads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flaresmith_api::errors::{ErrorCode, Failure};
use git2::{Index, IndexEntry, IndexTime, ObjectType, Oid, Tree};
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
    /// The paths at which it changes something: two of a file that is moved.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let (path, other) = match self {
            Self::Write { path, .. } | Self::Delete { path } => (path, None),
            Self::Move { path, to } => (path, Some(to)),
        };
        std::iter::once(path).chain(other).map(String::as_str)
    }
}

/// The files of a commit with changes made to them. Nothing of it is in the repository before [`Draft::tree`]: what is written
/// there stays, whatever becomes of the request.
pub struct Draft<'a> {
    local: &'a Local,
    index: Index,
    /// What is to be written, by its id.
    contents: BTreeMap<Oid, Vec<u8>>,
}

impl<'a> Draft<'a> {
    /// The files as a tree has them.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn of(local: &'a Local, tree: &Tree<'_>) -> Result<Self, Failure> {
        Ok(Self {
            local,
            index: index(tree)?,
            contents: BTreeMap::new(),
        })
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
                let id = Oid::hash_object(ObjectType::Blob, &bytes).map_err(broken)?;
                self.contents.insert(id, bytes);
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

    /// The bytes of a file; `None`: there is none at this path.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(entry) = self
            .entry(path)
            .filter(|entry| matches!(entry.mode, PLAIN | EXECUTABLE))
        else {
            return Ok(None);
        };
        match self.contents.get(&entry.id) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => Ok(Some(self.local.blob(entry.id)?.content().to_vec())),
        }
    }

    /// Whether these are the files of a tree.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn is(&self, tree: &Tree<'_>) -> Result<bool, Failure> {
        let other = index(tree)?;
        let file = |entry: IndexEntry| (entry.path, entry.id, entry.mode);
        Ok(self.index.iter().map(file).eq(other.iter().map(file)))
    }

    /// The tree of all files, written to the repository.
    ///
    /// # Errors
    /// The repository cannot be written to.
    pub fn tree(mut self) -> Result<Oid, Failure> {
        let used: BTreeSet<Oid> = self.index.iter().map(|entry| entry.id).collect();
        for (_, bytes) in self.contents.iter().filter(|(id, _)| used.contains(id)) {
            self.local.git().blob(bytes).map_err(broken)?;
        }
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

fn index(tree: &Tree<'_>) -> Result<Index, Failure> {
    let mut index = Index::new().map_err(broken)?;
    index.read_tree(tree).map_err(broken)?;
    Ok(index)
}
