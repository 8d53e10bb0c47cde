//! The journal: what an apply is about to do, on disk before it does anything.
//!
//! Owns: its form, its states, the names beside a file. Must not know: what is done with it.
//!
//! It is one file in the turn's folder, of three lines: a digest of the second, what is done, and whether it was. It is written
//! over in its place, so that one flush makes it durable: a file that keeps its place and its length costs the disk a fraction of
//! what a new one does. A journal whose digest is not right was never complete, or is closed: either way nothing is under way.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::place::{Spot, failed, flush};
use super::torn::Blocks;
use crate::digest::Digest;
use crate::error::SyncError;
use crate::root::{Folders, Root};

/// Its name in the turn's folder.
pub(super) const FILE: &str = "journal";

/// The third line, while the apply has not happened and once it has.
const OPEN: &str = "open";
const DONE: &str = "done";

/// Version of the form.
const VERSION: u32 = 3;

/// In the place of the digest when the journal is closed.
const CLOSED: &str = "--------------------------------";

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Path relative to the root.
    pub(super) path: String,
    /// Content before; `None`: there is no file.
    pub(super) before: Option<Digest>,
    /// Content after; `None`: the file goes.
    pub(super) after: Option<Digest>,
    /// What a power cut may leave of the content after.
    pub(super) blocks: Blocks,
}

/// What one apply does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    /// Part of every name beside a file; no other apply has the same.
    token: String,
    /// Folders that did not exist, outer before inner.
    pub(super) folders: Vec<String>,
    /// The steps in order.
    pub(super) steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    token: String,
    folders: Vec<String>,
    steps: Vec<StepForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepForm {
    path: String,
    before: Option<String>,
    after: Option<String>,
    /// Bytes of the content after, and digests of its blocks.
    length: usize,
    blocks: String,
}

impl Journal {
    /// A journal for these steps.
    ///
    /// # Errors
    /// A path leaves the root, or something that is no folder stands where one is needed.
    pub(super) fn new(root: &Root, steps: Vec<Step>) -> Result<Self, SyncError> {
        let mut folders: Vec<String> = Vec::new();
        for step in steps.iter().filter(|step| step.after.is_some()) {
            root.resolve(&step.path)?;
            for (end, _) in step.path.match_indices('/') {
                let folder = step.path.get(..end).unwrap_or_default();
                let path = root.path().join(folder);
                match fs::symlink_metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => {}
                    Ok(_) => return Err(no_folder(&path)),
                    Err(_) => folders.push(folder.to_owned()),
                }
            }
        }
        folders.sort_unstable();
        folders.dedup();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seed = format!("{} {}", std::process::id(), now.as_nanos());
        let token = Digest::of(seed.as_bytes()).to_string().chars().take(8).collect();
        Ok(Self { token, folders, steps })
    }

    /// A step and its names on disk.
    ///
    /// # Errors
    /// The path leads out of the root by now.
    pub(super) fn at(&self, root: &Root, i: usize) -> Result<(&Step, Spot), SyncError> {
        self.at_among(root, i, &mut Folders::default())
    }

    /// The same for one of several: a folder that they share is looked at once.
    fn at_among(&self, root: &Root, i: usize, folders: &mut Folders) -> Result<(&Step, Spot), SyncError> {
        let Some(step) = self.steps.get(i) else {
            return Err(SyncError::new("APPLY_JOURNAL", format!("the journal has no step {i}")));
        };
        let target = root.resolve_among(&step.path, folders)?;
        let name = |end: &str| target.with_file_name(format!(".flaresmith-{}-{i}.{end}", self.token));
        let spot = Spot {
            fresh: name("new"),
            aside: name("old"),
            held: name("out"),
            target,
        };
        Ok((step, spot))
    }

    /// Every step and its names on disk, in order.
    ///
    /// # Errors
    /// A path leads out of the root by now.
    pub(super) fn all(&self, root: &Root) -> Result<Vec<(&Step, Spot)>, SyncError> {
        let mut folders = Folders::default();
        (0..self.steps.len())
            .map(|i| self.at_among(root, i, &mut folders))
            .collect()
    }

    /// Makes it durable. Nothing may be written before.
    ///
    /// # Errors
    /// The disk does not take it; nothing has changed then.
    pub(super) fn begin(&self, folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(FILE);
        let written = || {
            let is_new = !path.exists();
            let text = self.to_text();
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            let digest = Digest::of(text.as_bytes());
            file.write_all(format!("{digest}\n{text}\n{OPEN}\n").as_bytes())?;
            file.sync_data()?;
            if is_new { flush(folder) } else { Ok(()) }
        };
        written().map_err(|error| {
            // It is worth nothing without the rest, and a full disk needs the room.
            let _ = fs::remove_file(&path);
            failed("cannot write", &path, &error)
        })
    }

    /// The moment from which on the apply has happened.
    ///
    /// # Errors
    /// The disk does not take it; the journal is still open then.
    pub(super) fn mark_done(&self, folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(FILE);
        let at = CLOSED.len() + 1 + self.to_text().len() + 1;
        let mark = |word: &str| {
            let mut file = OpenOptions::new().write(true).open(&path)?;
            file.seek(SeekFrom::Start(u64::try_from(at).unwrap_or(u64::MAX)))?;
            file.write_all(word.as_bytes())?;
            file.sync_data()
        };
        mark(DONE).map_err(|error| {
            let _ = mark(OPEN);
            failed("cannot write", &path, &error)
        })
    }

    /// Forgets the journal of an apply that was undone, in the very end.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(super) fn drop_undone(folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(FILE);
        fs::remove_file(&path)
            .and_then(|()| flush(folder))
            .map_err(|error| failed("cannot delete", &path, &error))
    }

    /// Forgets the journal of an apply that has happened, and leaves its room to the next. Nobody waits for the disk: should it be
    /// there again after a power cut, the next turn tidies up once more, and finds nothing to do.
    ///
    /// # Errors
    /// It can neither be written nor deleted.
    pub(super) fn close(folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(FILE);
        OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| file.write_all(CLOSED.as_bytes()))
            .or_else(|_| fs::remove_file(&path))
            .map_err(|error| failed("cannot delete", &path, &error))
    }

    /// Whether there is a journal of something under way. One that another version wrote counts.
    pub(super) fn is_there(folder: &Path) -> bool {
        !matches!(Self::read(folder), Ok(None))
    }

    /// The journal, if something is under way, and whether that has happened.
    ///
    /// # Errors
    /// It cannot be read, or another version wrote it.
    pub(super) fn read(folder: &Path) -> Result<Option<(Self, bool)>, SyncError> {
        let path = folder.join(FILE);
        let mut bytes = vec![0; CLOSED.len()];
        let read = |mut file: File| {
            file.read_exact(&mut bytes)?;
            // What is left behind the mark, of an apply that may have been a large one, says nothing.
            match bytes == CLOSED.as_bytes() {
                true => Ok(false),
                false => file.read_to_end(&mut bytes).map(|_| true),
            }
        };
        match File::open(&path).and_then(read) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => return Ok(None),
            Err(error) => return Err(failed("cannot read", &path, &error)),
        }
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let (digest, text, state) = (lines.next(), lines.next().unwrap_or_default(), lines.next());
        if digest != Some(Digest::of(text).to_string().as_bytes()) {
            return Ok(None);
        }
        let journal = Self::parse(text).ok_or_else(|| {
            SyncError::new(
                "APPLY_JOURNAL",
                format!("an apply was interrupted, and its journal {} cannot be read", path.display()),
            )
            .at(&path)
            .hint(format!(
                "use the version of flaresmith that wrote it; or look after the files named `.flaresmith-*` yourself and delete {}",
                path.display()
            ))
        })?;
        Ok(Some((journal, state == Some(DONE.as_bytes()))))
    }

    fn to_text(&self) -> String {
        let written = |digest: &Option<Digest>| digest.map(|digest| digest.to_string());
        let form = Form {
            version: VERSION,
            token: self.token.clone(),
            folders: self.folders.clone(),
            steps: self
                .steps
                .iter()
                .map(|step| StepForm {
                    path: step.path.clone(),
                    before: written(&step.before),
                    after: written(&step.after),
                    length: step.blocks.length,
                    blocks: step.blocks.digests.clone(),
                })
                .collect(),
        };
        serde_json::to_string(&form).unwrap_or_default()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let form: Form = serde_json::from_slice(text).ok()?;
        let plain = |token: &str| token.len() == 8 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if form.version != VERSION || !plain(&form.token) {
            return None;
        }
        let digest = |text: Option<String>| match text {
            Some(text) => Digest::parse(&text).map(Some),
            None => Some(None),
        };
        let mut steps = Vec::new();
        for step in form.steps {
            steps.push(Step {
                path: step.path,
                before: digest(step.before)?,
                after: digest(step.after)?,
                blocks: Blocks {
                    length: step.length,
                    digests: step.blocks,
                },
            });
        }
        Some(Self {
            token: form.token,
            folders: form.folders,
            steps,
        })
    }
}

fn no_folder(path: &Path) -> SyncError {
    SyncError::new(
        "PATH_NOT_FOLDER",
        format!("{} is not a folder, and files are to be written in it", path.display()),
    )
    .at(path)
    .hint("move it away, or change `out` in flaresmith.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path()).unwrap();
        let steps = vec![Step {
            path: "a/b \"c\"/d.ts".to_owned(),
            before: None,
            after: Some(Digest::of(b"x")),
            blocks: Blocks::of(&"x".into()),
        }];
        let journal = Journal::new(&root, steps).unwrap();
        assert_eq!(journal.folders, ["a", "a/b \"c\""]);
        let shorter = Journal::new(&root, Vec::new()).unwrap();
        // One after the other in the same place, the shorter one over what is left of the longer.
        for journal in [journal, shorter] {
            journal.begin(folder.path()).unwrap();
            assert_eq!(Journal::read(folder.path()).unwrap(), Some((journal.clone(), false)));
            journal.mark_done(folder.path()).unwrap();
            assert_eq!(Journal::read(folder.path()).unwrap(), Some((journal, true)));
            Journal::close(folder.path()).unwrap();
            assert_eq!(Journal::read(folder.path()).unwrap(), None);
        }
        Journal::drop_undone(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_journal_that_was_not_written_to_its_end_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path()).unwrap();
        let (path, journal) = (folder.path().join(FILE), Journal::new(&root, Vec::new()).unwrap());
        journal.begin(folder.path()).unwrap();
        let whole = fs::read(&path).unwrap();
        let text = whole.len() - OPEN.len() - 2;
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let found = Journal::read(folder.path()).unwrap();
            assert_eq!(found.is_some(), end >= text, "{end} bytes of {}", whole.len());
            assert!(found.is_none_or(|(_, done)| !done));
        }
    }

    #[test]
    fn a_journal_of_another_form_is_told_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "",
            "{}",
            r#"{"version":2,"token":"00000000","folders":[],"steps":[]}"#,
            r#"{"version":3,"token":"../../ab","folders":[],"steps":[]}"#,
        ] {
            let digest = Digest::of(text.as_bytes());
            fs::write(folder.path().join(FILE), format!("{digest}\n{text}\nopen\n")).unwrap();
            assert!(Journal::is_there(folder.path()));
            let error = Journal::read(folder.path()).unwrap_err();
            assert_eq!(error.code, "APPLY_JOURNAL", "{text}");
            assert!(error.hint.is_some());
        }
    }

    #[test]
    fn a_file_where_a_folder_is_needed_is_told_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path()).unwrap();
        fs::write(folder.path().join("a"), "mine").unwrap();
        let step = Step {
            path: "a/b".to_owned(),
            before: None,
            after: Some(Digest::of(b"x")),
            blocks: Blocks::default(),
        };
        assert_eq!(Journal::new(&root, vec![step]).unwrap_err().code, "PATH_NOT_FOLDER");
    }
}
