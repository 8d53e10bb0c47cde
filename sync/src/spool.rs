//! The file in which generated texts wait to be written, so that memory never holds all of them.
//!
//! Owns: that file. It has no name, so that nothing is left of it however the process ends. Must not know: what the texts are.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flaresmith_codegen::emit::Artifact;
use flaresmith_codegen::spool::Spool;

use crate::error::SyncError;
use crate::root::Root;

/// So many bytes stay in memory: what a small contract gives needs no file.
const FEW: u64 = 4 << 20;

/// A file without a name, made when the first text needs it.
#[derive(Debug)]
pub struct SpoolFile {
    folder: PathBuf,
    /// `None`: it cannot be made.
    file: OnceLock<Option<File>>,
    /// How many bytes were there to be kept: where the next text begins. The first [`FEW`] are none of the file's.
    end: AtomicU64,
    /// Something could not be written: the disk is full, and what waits stays in memory.
    is_full: AtomicBool,
    /// Something could not be read back.
    is_lost: AtomicBool,
}

impl SpoolFile {
    /// One on the disk on which everything is to be written: in the folder of git, and where there is none, where temporary files
    /// go.
    #[must_use]
    pub fn of(root: &Root) -> Arc<Self> {
        let of_git = root.kept().and_then(|kept| Some(kept.folder.parent()?.to_owned()));
        Arc::new(Self::within(of_git.unwrap_or_else(std::env::temp_dir)))
    }

    fn within(folder: PathBuf) -> Self {
        Self {
            folder,
            file: OnceLock::new(),
            end: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            is_lost: AtomicBool::new(false),
        }
    }

    fn file(&self) -> Option<&File> {
        self.file
            .get_or_init(|| tempfile::tempfile_in(&self.folder).ok())
            .as_ref()
    }
}

impl Spool for SpoolFile {
    fn put(&self, text: &[u8]) -> Option<u64> {
        let at = self.end.fetch_add(u64::try_from(text.len()).ok()?, Ordering::Relaxed);
        if at < FEW || self.is_full.load(Ordering::Relaxed) {
            return None;
        }
        let written = write_at(self.file()?, text, at);
        self.is_full.fetch_or(written.is_err(), Ordering::Relaxed);
        written.ok().map(|()| at)
    }

    fn get(&self, at: u64, into: &mut [u8]) {
        let read = self.file().map(|file| read_at(file, into, at));
        if !matches!(read, Some(Ok(()))) {
            into.fill(0);
            self.is_lost.store(true, Ordering::Relaxed);
        }
    }

    fn is_sound(&self) -> bool {
        !self.is_lost.load(Ordering::Relaxed)
    }
}

/// Asks whether all that was read of these was what was generated. Whoever decided by it asks before anything is done.
///
/// # Errors
/// Something could not be read back.
pub(crate) fn all_sound(artifacts: &[Artifact]) -> Result<(), SyncError> {
    if artifacts.iter().all(|artifact| artifact.text.is_sound()) {
        return Ok(());
    }
    let message = "what was generated cannot be read back from the disk that it waited on";
    Err(SyncError::new("OUTPUT_UNREADABLE", message).hint("look after that disk, then run it again"))
}

#[cfg(unix)]
fn write_at(file: &File, text: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, text, at)
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn write_at(file: &File, mut text: &[u8], mut at: u64) -> io::Result<()> {
    while !text.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, text, at)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        text = text.get(written..).unwrap_or_default();
        at += u64::try_from(written).unwrap_or(u64::MAX);
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, into, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = into.get_mut(read..).unwrap_or_default();
        at += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use flaresmith_codegen::rope::Rope;
    use rayon::prelude::*;

    use super::*;

    /// A spool that has had as much as stays in memory.
    fn spool() -> (tempfile::TempDir, Arc<SpoolFile>) {
        let folder = tempfile::tempdir().unwrap();
        let spool = SpoolFile::within(folder.path().to_owned());
        spool.end.store(FEW, Ordering::Relaxed);
        (folder, Arc::new(spool))
    }

    #[test]
    fn what_is_put_comes_back_and_the_file_has_no_name() {
        let (folder, spool) = spool();
        let texts: Vec<String> = (0..500).map(|i| format!("text {i}, ").repeat(i)).collect();
        let places: Vec<u64> = texts
            .par_iter()
            .map(|text| spool.put(text.as_bytes()).unwrap())
            .collect();
        for (text, at) in texts.iter().zip(places) {
            let mut found = vec![0; text.len()];
            spool.get(at, &mut found);
            assert!(found == text.as_bytes());
        }
        assert!(spool.is_sound());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_little_stays_in_memory_and_makes_no_file() {
        let spool = SpoolFile::within(tempfile::tempdir().unwrap().path().to_owned());
        let text = vec![b'x'; usize::try_from(FEW).unwrap() / 4];
        for _ in 0..4 {
            assert_eq!(spool.put(&text), None);
        }
        assert!(spool.file.get().is_none());
    }

    #[test]
    fn where_no_file_can_be_made_all_stays_in_memory() {
        let (folder, spool) = spool();
        drop(folder);
        assert_eq!(spool.put(b"text"), None);
        assert!(spool.is_sound());
    }

    #[test]
    fn what_cannot_be_read_back_is_told_of_every_text() {
        let (_folder, spool) = spool();
        let shared: Arc<dyn Spool> = Arc::<SpoolFile>::clone(&spool);
        let [whole, cut] = ["first", "second"].map(|text| Rope::from(text.repeat(999)).aside(&shared));
        spool.file().unwrap().set_len(FEW + 6_000).unwrap();
        assert_eq!(*whole.whole(), "first".repeat(999));
        assert!(whole.is_sound() && cut.is_sound());
        assert_eq!(*cut.whole(), "\0".repeat(6 * 999));
        assert!(!cut.is_sound() && !whole.is_sound());
    }
}
