//! The tree of a revision.
//!
//! Owns: from a revision's name to its files. Must not know: the disk or the index.

use git2::{ErrorCode, ObjectType, Oid, Repository};

use super::{Kind, Node, objects, repository};
use crate::error::SyncError;
use crate::root::Root;

pub(super) struct Revision {
    repository: Repository,
    /// The folder of git that the root is; `None` when the revision does not have it.
    top: Option<Oid>,
}

impl Revision {
    pub(super) fn open(root: &Root, revision: &str) -> Result<Self, SyncError> {
        let opened = repository::open(root)?;
        let repository = opened.repository;
        let whole = repository
            .revparse_single(revision)
            .and_then(|object| object.peel(ObjectType::Tree))
            .map_err(|error| unknown(&repository, revision, &error))?
            .id();
        let mut top = Some(whole);
        for name in opened
            .prefix
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
        {
            top = match top {
                Some(folder) => entry(&repository, folder, name)?
                    .filter(|(mode, _)| objects::kind(*mode) == Kind::Folder)
                    .map(|(_, id)| id),
                None => None,
            };
        }
        Ok(Self { repository, top })
    }

    pub(super) fn look(&self, path: &str) -> Result<Node, SyncError> {
        match self.find(path)? {
            Some((mode, id)) => objects::node(&self.repository, path, mode, id),
            None => Ok(Node::Absent),
        }
    }

    pub(super) fn list(&self, folder: &str) -> Result<Vec<(String, Kind)>, SyncError> {
        let id = match self.find(folder)? {
            Some((mode, id)) if objects::kind(mode) == Kind::Folder => id,
            _ => return Ok(Vec::new()),
        };
        let tree = self.repository.find_tree(id).map_err(|error| objects::failed(&error))?;
        let mut found: Vec<(String, Kind)> = tree
            .iter()
            .filter_map(|entry| Some((entry.name().ok()?.to_owned(), objects::kind(mode_of(&entry)))))
            .collect();
        // git sorts folders as if their names ended in `/`.
        found.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(found)
    }

    /// Mode and id of what stands at a path.
    fn find(&self, path: &str) -> Result<Option<(u32, Oid)>, SyncError> {
        const FOLDER: u32 = 0o040_000;
        let mut found = self.top.map(|id| (FOLDER, id));
        for name in path.split('/').filter(|name| !name.is_empty()) {
            found = match found {
                Some((mode, id)) if objects::kind(mode) == Kind::Folder => {
                    entry(&self.repository, id, name.as_bytes())?
                }
                _ => None,
            };
        }
        Ok(found)
    }
}

/// Mode and id of an entry of a folder.
fn entry(repository: &Repository, folder: Oid, name: &[u8]) -> Result<Option<(u32, Oid)>, SyncError> {
    let tree = repository.find_tree(folder).map_err(|error| objects::failed(&error))?;
    Ok(tree
        .iter()
        .find(|entry| entry.name_bytes() == name)
        .map(|entry| (mode_of(&entry), entry.id())))
}

fn mode_of(entry: &git2::TreeEntry<'_>) -> u32 {
    u32::try_from(entry.filemode()).unwrap_or(0)
}

fn unknown(repository: &Repository, revision: &str, error: &git2::Error) -> SyncError {
    let failed = SyncError::new(
        "GIT_REVISION",
        format!("git does not know the revision `{revision}`: {}", error.message()),
    );
    if repository.is_empty().unwrap_or(false) || error.code() == ErrorCode::UnbornBranch {
        return failed.hint("nothing is committed yet");
    }
    if repository.is_shallow() {
        return failed.hint("this clone is shallow; `git fetch --unshallow` fetches the rest of the history");
    }
    failed.hint("`git log --oneline --all` lists revisions; one of another repository has to be fetched first")
}
