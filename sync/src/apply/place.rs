//! The few things that an apply does to single files, none of which overwrites anything.
//!
//! Owns: moving, looking, flushing, and what a failure of the disk is called. Must not know: journals, or the order of things.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::error::SyncError;
use crate::stamp::Stamp;

/// A file's place and the names beside it, all in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// Where the file belongs.
    pub(super) target: PathBuf,
    /// The new content, until it takes its place.
    pub(super) fresh: PathBuf,
    /// What stood at the place before.
    pub(super) aside: PathBuf,
    /// What is taken from the place while an apply is undone.
    pub(super) held: PathBuf,
}

/// What stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Nothing.
    Absent,
    /// A regular file with this content.
    File(Digest),
    /// A folder, a symbolic link, or something rarer.
    Other,
}

/// Whether a file could be put somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It stands there now, and under its former name no longer.
    There,
    /// Something else stands there; nothing was done.
    Taken,
}

/// Looks at a place.
pub(super) fn look(path: &Path) -> io::Result<At> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(At::File(Digest::of_read(File::open(path)?)?)),
        Ok(_) => Ok(At::Other),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(At::Absent),
        Err(error) => Err(error),
    }
}

/// What the file system says of a regular file; `None` for all else, and where it does not say enough.
pub(super) fn seen(path: &Path) -> Option<Stamp> {
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    Stamp::seen(&metadata)
}

/// Gives a file another name, unless something has that name already. A rename would overwrite it; a second link does not.
pub(super) fn put(from: &Path, to: &Path) -> io::Result<Placed> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map(|()| Placed::There),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Placed::Taken),
        // A disk without hard links (FAT), a folder, or a link to somebody else's file: look first, then rename.
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            if fs::symlink_metadata(to).is_ok() {
                return Ok(Placed::Taken);
            }
            fs::rename(from, to).map(|()| Placed::There)
        }
        Err(error) => Err(error),
    }
}

/// Deletes a file that may be gone already.
pub(super) fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable, as far as its file system knows how to. A folder that is gone has none.
pub(super) fn flush(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::Unsupported
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// A failure of the disk, with what a person can do about it.
pub(super) fn failed(doing: &str, path: &Path, error: &io::Error) -> SyncError {
    let told = SyncError::io(doing, path, error);
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk",
        ErrorKind::PermissionDenied => "make the file and its folder writable",
        ErrorKind::ReadOnlyFilesystem => "mount the disk so that it can be written",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "move away what stands where a folder is needed",
        ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => "move the folder that stands there away",
        _ => return told,
    };
    told.hint(format!("{hint}, then run `flaresmith spec apply` again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, place) = (folder.path().join("mine"), folder.path().join("place"));
        fs::write(&mine, "mine").unwrap();
        assert_eq!(put(&mine, &place).unwrap(), Placed::There);
        assert_eq!(look(&mine).unwrap(), At::Absent);
        fs::write(&mine, "again").unwrap();
        assert_eq!(put(&mine, &place).unwrap(), Placed::Taken);
        assert_eq!(fs::read(&place).unwrap(), b"mine");
        assert_eq!(fs::read(&mine).unwrap(), b"again");
        assert!(put(&folder.path().join("nothing"), &folder.path().join("there")).is_err());
    }

    #[test]
    fn what_stands_somewhere_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert_eq!(look(&file).unwrap(), At::File(Digest::of(b"x")));
        assert_eq!(look(folder.path()).unwrap(), At::Other);
        assert_eq!(look(&folder.path().join("none")).unwrap(), At::Absent);
        assert_eq!(look(&file.join("below a file")).unwrap(), At::Absent);
        delete(&file).unwrap();
        delete(&file).unwrap();
        flush(&folder.path().join("gone")).unwrap();
    }
}
