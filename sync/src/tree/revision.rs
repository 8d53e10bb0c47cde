//! The tree of a revision.
//!
//! Owns: from a revision's name to its files. Must not know: the disk or the index.

use git2::{ErrorCode, ObjectType, Oid, Repository};

use super::repository::{self, Opened};
use super::{Kind, Node, objects};
use crate::error::SyncError;
use crate::root::Root;

pub(super) struct Revision {
    opened: Opened,
    /// The folder of git that the root is; `None` when the revision does not have it.
    top: Option<Oid>,
}

impl Revision {
    pub(super) fn open(root: &Root, revision: &str) -> Result<Self, SyncError> {
        let opened = repository::open(root)?;
        let whole = opened
            .repository
            .revparse_single(revision)
            .and_then(|object| object.peel(ObjectType::Tree))
            .map_err(|error| unknown(&opened.repository, revision, &error))?
            .id();
        let top = find(&opened.repository, whole, &opened.prefix)?
            .filter(|(mode, _)| objects::kind(*mode) == Kind::Folder)
            .map(|(_, id)| id);
        Ok(Self { opened, top })
    }

    pub(super) fn look(&self, path: &str) -> Result<Node, SyncError> {
        match self.find(path)? {
            Some((mode, id)) => objects::node(&self.opened.repository, path, mode, id),
            None => Ok(Node::Absent),
        }
    }

    pub(super) fn list(&self, folder: &str) -> Result<Vec<(String, Kind)>, SyncError> {
        let id = match self.find(folder)? {
            Some((mode, id)) if objects::kind(mode) == Kind::Folder => id,
            _ => return Ok(Vec::new()),
        };
        let tree = self
            .opened
            .repository
            .find_tree(id)
            .map_err(|error| objects::failed(&error))?;
        let mut found: Vec<(String, Kind)> = tree
            .iter()
            .filter_map(|entry| Some((entry.name().ok()?.to_owned(), objects::kind(mode_of(&entry)))))
            .collect();
        // git sorts folders as if their names ended in `/`.
        found.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
    }

    pub(super) fn is_executable(&self, path: &str) -> bool {
        let found = self.find(path);
        found.is_ok_and(|found| found.is_some_and(|(mode, _)| objects::is_executable(mode)))
    }

    pub(super) fn keeps_line_ends(&self, path: &str) -> bool {
        self.opened.keeps_line_ends(path)
    }

    fn find(&self, path: &str) -> Result<Option<(u32, Oid)>, SyncError> {
        match self.top {
            Some(top) => find(&self.opened.repository, top, path.as_bytes()),
            None => Ok(None),
        }
    }
}

/// Mode and id of what stands at a path below a folder of git; the folder itself for an empty path.
pub(super) fn find(repository: &Repository, folder: Oid, path: &[u8]) -> Result<Option<(u32, Oid)>, SyncError> {
    let mut found = (objects::FOLDER, folder);
    for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        if objects::kind(found.0) != Kind::Folder {
            return Ok(None);
        }
        let tree = repository.find_tree(found.1).map_err(|error| objects::failed(&error))?;
        match tree.iter().find(|entry| entry.name_bytes() == name) {
            Some(entry) => found = (mode_of(&entry), entry.id()),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

fn mode_of(entry: &git2::TreeEntry<'_>) -> u32 {
    u32::try_from(entry.filemode()).unwrap_or(0)
}

fn unknown(repository: &Repository, revision: &str, error: &git2::Error) -> SyncError {
    let failed = SyncError::new(
        "GIT_REVISION",
        format!("git does not know the revision `{revision}`: {}", error.message()),
    );
    if repository
        .head()
        .is_err_and(|error| error.code() == ErrorCode::UnbornBranch)
    {
        return failed.hint("nothing is committed yet on this branch");
    }
    if repository.is_shallow() {
        return failed.hint("this clone is shallow; `git fetch --unshallow` fetches the rest of the history");
    }
    failed.hint("`git log --oneline --all` lists revisions; one of another repository has to be fetched first")
}
