//! Stamps: what a file system says of a file, which may stand in for reading it.
//!
//! Owns: when two stamps mean the same content. Must not know: contents, digests, or where stamps are kept.
//!
//! The rule is git's: a file whose times are not older than the moment of looking may be written once more within the same tick
//! of the clock, so its stamp says nothing and the file is read again.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The coarsest clock tick that a file system is trusted with.
const TICK: Duration = Duration::from_millis(20);

/// What a file system says of a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    size: u64,
    /// Nanoseconds since 1970, of the last change of the content.
    modified: i128,
    /// Nanoseconds since 1970, of the last change of anything; 0 where the system does not tell.
    changed: i128,
    /// Number of the file in its file system; 0 where the system does not tell.
    inode: u64,
}

impl Stamp {
    /// The stamp of a file that was looked at after `now`. `None`: it was written too lately for its times to tell.
    #[must_use]
    pub fn of(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        let modified = nanoseconds(metadata.modified().ok()?)?;
        let (changed, inode) = of_system(metadata);
        let settled = nanoseconds(now.checked_sub(TICK)?)?;
        (modified < settled && changed < settled).then_some(Self {
            size: metadata.len(),
            modified,
            changed,
            inode,
        })
    }
}

fn nanoseconds(time: SystemTime) -> Option<i128> {
    i128::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(unix)]
fn of_system(metadata: &Metadata) -> (i128, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    (changed, metadata.ino())
}

#[cfg(not(unix))]
fn of_system(_metadata: &Metadata) -> (i128, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_written_has_no_stamp_and_an_old_one_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "1").unwrap();
        let metadata = std::fs::metadata(&path).unwrap();
        let written = metadata.modified().unwrap();
        assert_eq!(Stamp::of(&metadata, written), None);
        assert_eq!(Stamp::of(&metadata, written + TICK / 2), None);
        assert!(Stamp::of(&metadata, written + TICK * 3).is_some());
    }

    #[test]
    fn a_content_of_the_same_size_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let later = || SystemTime::now() + TICK * 3;
        std::fs::write(&path, "1").unwrap();
        let first = Stamp::of(&std::fs::metadata(&path).unwrap(), later());
        std::thread::sleep(TICK);
        std::fs::write(&path, "2").unwrap();
        let second = Stamp::of(&std::fs::metadata(&path).unwrap(), later());
        assert!(first.is_some() && second.is_some() && first != second);
    }
}
