//! Applying a plan: all of it or nothing.
//!
//! Owns: writing. Must not know: how the plan was made.
//!
//! Every new content is written beside its place first; only when all of them are safely on disk are they renamed into place,
//! and the lock comes last. A run that dies between two renames is finished by the next one: what it wrote equals the new
//! output and is adopted, what it did not reach still equals the base.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::SyncError;
use crate::lock;
use crate::plan::{ChangeKind, Plan};
use crate::root::Root;

/// Keeps a second apply out while it lives.
#[derive(Debug)]
pub struct Turn {
    _file: File,
}

/// Waits for nobody: two applies at once are told, not queued.
///
/// # Errors
/// Another apply is running in the same root, or the lock file cannot be made.
pub fn take_turn(root: &Root) -> Result<Turn, SyncError> {
    let git = git2::Repository::discover(root.path())
        .ok()
        .map(|repository| repository.path().join("flaresmith"));
    let folder = git.unwrap_or_else(|| root.path().join(".flaresmith"));
    fs::create_dir_all(&folder).map_err(|error| SyncError::io("cannot make", &folder, &error))?;
    let path = folder.join("apply.lock");
    let file = File::create(&path).map_err(|error| SyncError::io("cannot make", &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Turn { _file: file }),
        Err(fs::TryLockError::WouldBlock) => Err(SyncError::new(
            "APPLY_BUSY",
            "another apply is running in this repository",
        )
        .hint("wait for it to end, then try again")),
        Err(fs::TryLockError::Error(error)) => Err(SyncError::io("cannot lock", &path, &error)),
    }
}

/// Carries a plan out. Does nothing at all when it has conflicts.
///
/// # Errors
/// A file cannot be written or deleted. Before the first rename, nothing has changed.
pub fn apply(root: &Root, plan: &Plan, _turn: &Turn) -> Result<(), SyncError> {
    if plan.is_blocked() {
        return Err(SyncError::new(
            "APPLY_CONFLICTS",
            "the plan has conflicts; nothing was written",
        ));
    }
    let mut ready: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    let mut gone: Vec<PathBuf> = Vec::new();
    for change in plan.all_changes() {
        let path = root.resolve(&change.path)?;
        match change.kind {
            ChangeKind::Added | ChangeKind::Modified => ready.push((prepare(&path, &change.after)?, path)),
            ChangeKind::Removed => gone.push(path),
        }
    }
    if plan.lock_changes {
        let path = root.resolve(lock::FILE)?;
        ready.push((prepare(&path, &plan.lock.to_text())?, path));
    }
    // The lock was pushed last, so it is renamed last, after the deletions.
    let lock = if plan.lock_changes { ready.pop() } else { None };
    for (file, path) in ready {
        keep(file, &path)?;
    }
    for path in gone {
        fs::remove_file(&path).map_err(|error| SyncError::io("cannot delete", &path, &error))?;
        remove_empty_folders(root, &path);
    }
    if let Some((file, path)) = lock {
        keep(file, &path)?;
    }
    Ok(())
}

/// Writes a content beside its place and makes sure that it is on disk.
fn prepare(path: &Path, text: &str) -> Result<NamedTempFile, SyncError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| SyncError::io("cannot make", folder, &error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".flaresmith-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // An existing file keeps its mode but for being executable, which nothing generated is; a new one gets what the process'
        // mask leaves of 0666.
        let mode = fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode() & 0o666);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let mut file = builder
        .tempfile_in(folder)
        .map_err(|error| SyncError::io("cannot write in", folder, &error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_data())
        .map_err(|error| SyncError::io("cannot write", path, &error))?;
    Ok(file)
}

fn keep(file: NamedTempFile, path: &Path) -> Result<(), SyncError> {
    file.persist(path)
        .map(drop)
        .map_err(|error| SyncError::io("cannot write", path, &error.error))
}

/// Folders that a deletion left empty go too, up to the root.
fn remove_empty_folders(root: &Root, path: &Path) {
    for folder in path.ancestors().skip(1) {
        if folder == root.path() || fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
