//! Turns: one apply at a time in one root.
//!
//! Owns: the lock between processes, and the folder that holds it and the journal. Must not know: what is applied.
//!
//! The lock is the operating system's, on an open file, so a process that dies gives it back at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::journal::Journal;
use super::recover::{self, Recovered};
use crate::digest::Digest;
use crate::error::SyncError;
use crate::root::Root;

/// Where there is no git folder.
const OUTSIDE_OF_GIT: &str = ".flaresmith/apply";

/// Keeps a second apply out while it lives.
#[derive(Debug)]
pub struct Turn {
    _file: File,
    folder: PathBuf,
    recovered: Option<Recovered>,
}

impl Turn {
    /// What an interrupted apply had left, and what became of it, when there was one.
    #[must_use]
    pub fn recovered(&self) -> Option<&Recovered> {
        self.recovered.as_ref()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Takes the turn, and first of all tidies up after an apply that was interrupted. Waits for nobody: two applies at once are told,
/// not queued.
///
/// # Errors
/// Another apply is running in the same root, the lock file cannot be made, or an interrupted apply cannot be undone.
pub fn take_turn(root: &Root) -> Result<Turn, SyncError> {
    let folder = folder(root);
    fs::create_dir_all(&folder).map_err(|error| SyncError::io("cannot make", &folder, &error))?;
    let path = folder.join("turn");
    let file = File::create(&path).map_err(|error| SyncError::io("cannot make", &path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(
                SyncError::new("APPLY_BUSY", "another apply is running in this repository")
                    .hint("wait for it to end, then try again"),
            );
        }
        Err(fs::TryLockError::Error(error)) => return Err(SyncError::io("cannot lock", &path, &error)),
    }
    if folder.ends_with(OUTSIDE_OF_GIT) {
        // Git may come later, or may be there and not be readable: nothing of this is ever to be committed.
        let ignore = folder.join(".gitignore");
        fs::write(&ignore, "*\n").map_err(|error| SyncError::io("cannot write", &ignore, &error))?;
    }
    let mut recovered = None;
    for folder in records(root) {
        recovered = recovered.or(recover::recover(root, &folder)?);
    }
    Ok(Turn {
        _file: file,
        folder,
        recovered,
    })
}

/// Whether an apply is under way or was interrupted, so that what stands on disk is between two states. Writes nothing.
#[must_use]
pub fn is_unfinished(root: &Root) -> bool {
    records(root).iter().any(|folder| Journal::is_there(folder))
}

/// Where an interrupted apply may have left its journal: the repository may have been made since.
fn records(root: &Root) -> Vec<PathBuf> {
    let mut folders = vec![root.path().join(OUTSIDE_OF_GIT), folder(root)];
    folders.dedup();
    folders
}

/// Where the turn and the journal lie: in the git folder of this work tree, one folder for every root in it. Outside of git, in
/// the root.
fn folder(root: &Root) -> PathBuf {
    let in_git = || {
        let kept = root.kept()?;
        // The place within the tree, so that a repository that is moved keeps its journal.
        let within = kept.within.as_ref()?.to_string_lossy();
        let name = format!("apply-{}", Digest::of(within.as_bytes()));
        Some(kept.folder.join(name))
    };
    in_git().unwrap_or_else(|| root.path().join(OUTSIDE_OF_GIT))
}

#[cfg(test)]
mod tests {
    use git2::Repository;

    use super::*;

    #[test]
    fn two_turns_at_once_are_told_and_two_roots_have_one_each() {
        let tree = tempfile::tempdir().unwrap();
        Repository::init(tree.path()).unwrap();
        fs::create_dir(tree.path().join("service")).unwrap();
        let outer = Root::at(tree.path()).unwrap();
        let inner = Root::at(&tree.path().join("service")).unwrap();
        let turn = take_turn(&outer).unwrap();
        assert_eq!(take_turn(&outer).unwrap_err().code, "APPLY_BUSY");
        assert!(take_turn(&inner).is_ok());
        drop(turn);
        assert!(take_turn(&outer).is_ok());
        assert_eq!(
            fs::read_dir(tree.path()).unwrap().count(),
            2,
            "something was written outside of .git"
        );
    }

    #[test]
    fn a_journal_from_before_the_repository_was_made_is_found() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path()).unwrap();
        drop(take_turn(&root).unwrap());
        let journal = Journal::new(&root, Vec::new()).unwrap();
        journal.begin(&root.path().join(OUTSIDE_OF_GIT)).unwrap();
        Repository::init(tree.path()).unwrap();
        assert!(is_unfinished(&root));
        assert!(take_turn(&root).unwrap().recovered().unwrap().undone);
        assert!(!is_unfinished(&root));
    }

    #[test]
    fn outside_of_git_the_turns_folder_ignores_itself() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path()).unwrap();
        drop(take_turn(&root).unwrap());
        let repository = Repository::init(tree.path()).unwrap();
        let seen = repository.statuses(None).unwrap();
        assert!(seen.iter().all(|entry| entry.status() == git2::Status::IGNORED));
    }
}
