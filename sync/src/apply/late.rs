//! What an apply replaced, for as long as somebody may still write to it.
//!
//! Owns: where it is put, and when it goes. Must not know: journals, or the order of an apply.
//!
//! Whoever opened a file before it was replaced may write to it at any later time, also after the last look: a system that is busy lets
//! a program wait within the very call that opens it. Deleted by then, those bytes would be nobody's. So what was replaced lies
//! beside the journal until a later apply finds it as it was. What it does not find so is a person's: it is kept, and told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::place::{At, delete, failed, look};
use crate::digest::Digest;
use crate::error::SyncError;

/// Where it is put, and where it stays when somebody wrote to it, beside the journal.
const REPLACED: &str = "replaced";
const KEPT: &str = "kept";

/// How long it lies there at the least.
pub(super) const LEAST: Duration = Duration::from_secs(2);

/// Most bytes of a file's own name that are taken into the name it has here.
const OWN: usize = 100;

/// Puts a file there that has this content, the so-manieth of an apply. On another disk than the turn's folder is it is deleted.
pub(super) fn put_away(file: &Path, content: Digest, number: usize, folder: &Path) -> io::Result<()> {
    let folder = folder.join(REPLACED);
    let own = file.file_name().unwrap_or_default().to_string_lossy();
    let own: String = own.chars().filter(char::is_ascii_graphic).take(OWN).collect();
    let to = folder.join(format!("{content}-{}-{number}-{own}", now().as_millis()));
    if fs::rename(file, &to).is_ok() {
        return Ok(());
    }
    match fs::create_dir_all(&folder).and_then(|()| fs::rename(file, &to)) {
        Ok(()) => Ok(()),
        Err(_) => delete(file),
    }
}

/// Deletes what has lain for so long and is as it was. What is not is kept under another name, which is given back.
///
/// # Errors
/// The disk fails.
pub(super) fn settle(folder: &Path, least: Duration) -> Result<Vec<PathBuf>, SyncError> {
    let mut kept = Vec::new();
    let replaced = folder.join(REPLACED);
    let Ok(entries) = fs::read_dir(&replaced) else {
        return Ok(kept);
    };
    for entry in entries {
        let path = entry.map_err(|error| failed("cannot read", &replaced, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut parts = name.splitn(3, '-');
        let (Some(content), Some(since)) = (parts.next(), parts.next().and_then(|since| since.parse().ok())) else {
            continue;
        };
        // A clock that was put back tells nothing: then it is long enough.
        let lain = now().checked_sub(Duration::from_millis(since)).unwrap_or(least);
        if lain < least {
            continue;
        }
        match look(&path).map_err(|error| failed("cannot read", &path, &error))? {
            At::File(found) if found.to_string() != content => {
                let to = folder.join(KEPT);
                fs::create_dir_all(&to).map_err(|error| failed("cannot make", &to, &error))?;
                let to = to.join(name);
                fs::rename(&path, &to).map_err(|error| failed("cannot move", &path, &error))?;
                kept.push(to);
            }
            _ => delete(&path).map_err(|error| failed("cannot delete", &path, &error))?,
        }
    }
    Ok(kept)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn what_was_replaced_goes_once_it_has_lain_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.old");
        fs::write(&file, "old").unwrap();
        put_away(&file, Digest::of(b"old"), 0, folder.path()).unwrap();
        assert!(!file.exists());
        assert!(settle(folder.path(), LEAST).unwrap().is_empty());
        assert_eq!(names(&folder.path().join(REPLACED)).len(), 1);
        assert!(settle(folder.path(), Duration::ZERO).unwrap().is_empty());
        assert!(names(&folder.path().join(REPLACED)).is_empty());
    }

    #[test]
    fn what_somebody_wrote_to_it_afterwards_is_kept_and_told_once() {
        use std::io::Write as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.old");
        fs::write(&file, "old").unwrap();
        let mut open = fs::OpenOptions::new().append(true).open(&file).unwrap();
        put_away(&file, Digest::of(b"old"), 7, folder.path()).unwrap();
        open.write_all(b", and mine").unwrap();
        let kept = settle(folder.path(), Duration::ZERO).unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read(&kept[0]).unwrap(), b"old, and mine");
        assert!(settle(folder.path(), Duration::ZERO).unwrap().is_empty());
        assert!(kept[0].exists());
    }
}
