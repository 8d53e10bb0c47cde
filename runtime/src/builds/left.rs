//! What is kept of a build.
//!
//! Owns: the module by its digest, the workerd that a project brings, and what is refused. Must not know: how either was made.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use flaresmith_api::errors::Failure;
use tempfile::NamedTempFile;

use crate::node::tools::{within, workerd};
use crate::sealing::digest;

/// What a build leaves, from the root of the repository.
const MODULE: &str = "dist/worker.js";

/// Largest module, in bytes.
const LARGEST: u64 = 10 << 20;

/// What the name of a workerd that a build brought begins with.
const RUNTIME: &str = "workerd-";

/// What a build has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The digest of the module.
    pub digest: String,
    /// Its size, in bytes.
    pub size: u64,
}

/// Takes what a build left into the folder of its project; why it is refused, in words for people.
pub(super) fn take(tree: &Path, project: &Path) -> Result<Left, String> {
    let file = within(tree, &tree.join(MODULE)).ok_or_else(|| format!("it left no file {MODULE}"))?;
    let size = file.metadata().map_or(0, |about| about.len());
    if size > LARGEST {
        return Err(format!("{MODULE} has {size} bytes, and may have {LARGEST}"));
    }
    let bytes = fs::read(&file).map_err(|error| format!("{MODULE} cannot be read: {error}"))?;
    if std::str::from_utf8(&bytes).is_err() {
        return Err(format!("{MODULE} is no text in UTF-8"));
    }
    let left = Left {
        digest: digest(&bytes),
        size,
    };
    keep(project, &left, &bytes).map_err(|error| format!("{MODULE} cannot be kept: {error}"))?;
    // A module without it can be run with the workerd of the settings.
    let _ = keep_runtime(tree, project);
    Ok(left)
}

/// The module of a digest.
pub(super) fn module(project: &Path, wanted: &str) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(place(project, wanted)) {
        Ok(bytes) if digest(&bytes) == wanted => Ok(Some(bytes)),
        Ok(_) => Err(Failure::internal("a module is not what was built")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::internal(error)),
    }
}

/// The workerd that the newest build brought.
pub(super) fn runtime(project: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(project).into_iter().flatten().flatten();
    let all = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(RUNTIME));
    let newest = all.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok())?;
    Some(newest.path())
}

fn place(project: &Path, digest: &str) -> PathBuf {
    let plain: String = digest.chars().filter(char::is_ascii_hexdigit).collect();
    project.join(format!("{plain}.js"))
}

fn keep(project: &Path, left: &Left, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = NamedTempFile::new_in(project)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(place(project, &left.digest))?;
    Ok(())
}

/// Links the program under the version that its package states, once.
fn keep_runtime(tree: &Path, project: &Path) -> std::io::Result<()> {
    let Some((file, version)) = workerd(tree) else {
        return Ok(());
    };
    let place = project.join(format!("{RUNTIME}{version}"));
    match fs::hard_link(&file, &place) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_of_the_repository_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (tree, project) = (folder.path().join("tree"), folder.path().join("project"));
        fs::create_dir_all(tree.join("dist")).unwrap();
        fs::create_dir_all(&project).unwrap();
        fs::write(folder.path().join("key"), "secret").unwrap();
        assert!(take(&tree, &project).unwrap_err().contains("no file"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("key"), tree.join(MODULE)).unwrap();
            assert!(take(&tree, &project).unwrap_err().contains("no file"));
            fs::remove_file(tree.join(MODULE)).unwrap();
        }
        fs::write(tree.join(MODULE), "export default {}").unwrap();
        let left = take(&tree, &project).unwrap();
        assert_eq!(module(&project, &left.digest).unwrap().unwrap(), b"export default {}");
        fs::write(place(&project, &left.digest), "changed").unwrap();
        assert!(module(&project, &left.digest).is_err());
    }
}
