//! Stamps: what a file system says of a file, which may stand in for reading it.
//!
//! Owns: when two stamps mean the same content. Must not know: contents, digests, or where stamps are kept.
//!
//! The rule is git's: a file whose times are not older than the moment of looking may be written once more within the same tick
//! of the clock, so its stamp says nothing and the file is read again. Beyond git's, a stamp is only made where the system keeps
//! the time of the last change of anything, which nobody can set: without it, an edit of the same size whose time is put back
//! would go unseen.

use std::fmt;
use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How old a change must be before a stamp is made: longer than a tick of any trusted clock, and than the clocks of a machine
/// and its file server usually differ.
const TICK: Duration = Duration::from_secs(1);

/// A time on a whole multiple of this, in nanoseconds, comes from a clock that is too coarse to be trusted. FAT counts two
/// seconds, others one, and FAT has no time of its own for the last change of anything.
const COARSE: i128 = 10_000_000;

/// What a file system says of a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    size: u64,
    /// Nanoseconds since 1970, of the last change of the content.
    modified: i128,
    /// Nanoseconds since 1970, of the last change of anything.
    changed: i128,
    /// Number of the file in its file system.
    inode: u64,
    /// Number of the file system.
    device: u64,
}

impl Stamp {
    /// The stamp of a file that was looked at after `now`. `None`: it was written too lately for its times to tell, or the
    /// system does not tell enough.
    #[must_use]
    pub fn of(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        Self::seen(metadata).filter(|stamp| stamp.is_settled(now))
    }

    /// What is told of a file right now. It is the same as a stamp that was made before when the file is; that it will tell a
    /// later content apart is not said. `None`: the system does not tell enough.
    #[must_use]
    pub fn seen(metadata: &Metadata) -> Option<Self> {
        let modified = nanoseconds(metadata.modified().ok()?)?;
        let (changed, inode, device) = of_system(metadata)?;
        (changed % COARSE != 0).then_some(Self {
            size: metadata.len(),
            modified,
            changed,
            inode,
            device,
        })
    }

    /// Whether the times are so old, at `now`, that whatever is written from then on has others.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let settled = now.checked_sub(TICK).and_then(nanoseconds);
        settled.is_some_and(|settled| self.modified < settled && self.changed < settled)
    }

    /// Whether this is the file of `before` after it was given another name, by us, and so that whatever is written to it from
    /// then on has other times. A new name is a change, whose time the file system takes from its own clock: no content that
    /// comes later has an earlier time, so one from before that moment tells itself apart, however young it is.
    #[must_use]
    pub fn is_sealed_since(&self, before: &Self) -> bool {
        self.is_renamed(before) && self.changed > before.changed && self.changed > self.modified
    }

    /// Whether this may be the file of `before` under another name: all but the time of the last change of anything is the same.
    #[must_use]
    pub fn is_renamed(&self, before: &Self) -> bool {
        let changed = before.changed;
        Self { changed, ..*self } == *before
    }
}

impl Stamp {
    /// Reads back what is written: five numbers with commas between.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let stamp = Self {
            size: parts.next()?.parse().ok()?,
            modified: parts.next()?.parse().ok()?,
            changed: parts.next()?.parse().ok()?,
            inode: parts.next()?.parse().ok()?,
            device: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(stamp)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            size,
            modified,
            changed,
            inode,
            device,
        } = self;
        write!(out, "{size},{modified},{changed},{inode},{device}")
    }
}

fn nanoseconds(time: SystemTime) -> Option<i128> {
    i128::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()
}

#[cfg(unix)]
fn of_system(metadata: &Metadata) -> Option<(i128, u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    Some((changed, metadata.ino(), metadata.dev()))
}

#[cfg(not(unix))]
fn of_system(_metadata: &Metadata) -> Option<(i128, u64, u64)> {
    None
}

#[cfg(all(test, unix))]
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
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&path, "2").unwrap();
        let second = Stamp::of(&std::fs::metadata(&path).unwrap(), later());
        assert!(first.is_some() && second.is_some() && first != second);
    }

    #[test]
    fn a_time_that_is_put_back_does_not_bring_a_stamp_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let stamp = || Stamp::of(&std::fs::metadata(&path).unwrap(), SystemTime::now() + TICK * 3);
        std::fs::write(&path, "1").unwrap();
        let (first, modified) = (stamp(), std::fs::metadata(&path).unwrap().modified().unwrap());
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&path, "2").unwrap();
        std::fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), modified);
        assert_ne!(first, stamp());
    }

    #[test]
    fn a_young_file_that_got_another_name_tells_whatever_is_written_to_it_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        let seen = |path| Stamp::seen(&std::fs::metadata(path).unwrap()).unwrap();
        std::fs::write(&path, "1").unwrap();
        let before = seen(&path);
        assert!(!before.is_sealed_since(&before));
        std::thread::sleep(Duration::from_millis(20));
        std::fs::rename(&path, &other).unwrap();
        let after = seen(&other);
        assert!(after.is_sealed_since(&before), "{before:?} {after:?}");
        assert!(after.is_renamed(&before));
        std::fs::write(&other, "2").unwrap();
        assert_ne!(seen(&other), after);
        assert!(!seen(&other).is_sealed_since(&before) && !seen(&other).is_renamed(&before));
        std::fs::write(&path, "1").unwrap();
        assert!(!seen(&path).is_renamed(&before), "another file of the same content");
    }
}
