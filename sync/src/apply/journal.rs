//! The journal: what an apply is about to do, on disk before it does anything.
//!
//! Owns: its form, its two states, the names beside a file. Must not know: what is done with it.
//!
//! It is one file in the turn's folder, `journal` while files are changed and `journal.done` once all of them are. Each of its
//! states appears at once, by a rename, and is complete.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::place::{Spot, delete, failed, flush};
use crate::digest::Digest;
use crate::error::SyncError;
use crate::root::Root;

/// The journal of an apply that has not happened.
pub(super) const OPEN: &str = "journal";
/// The journal of an apply that has happened, but has not tidied up.
pub(super) const DONE: &str = "journal.done";
const UNWRITTEN: &str = "journal.new";

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Path relative to the root.
    pub(super) path: String,
    /// Content before; `None`: there is no file.
    pub(super) before: Option<Digest>,
    /// Content after; `None`: the file goes.
    pub(super) after: Option<Digest>,
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
        let Some(step) = self.steps.get(i) else {
            return Err(SyncError::new("APPLY_JOURNAL", format!("the journal has no step {i}")));
        };
        let target = root.resolve(&step.path)?;
        let name = |end: &str| target.with_file_name(format!(".flaresmith-{}-{i}.{end}", self.token));
        let spot = Spot {
            fresh: name("new"),
            aside: name("old"),
            held: name("out"),
            target,
        };
        Ok((step, spot))
    }

    /// Makes it durable. Nothing may be written before.
    ///
    /// # Errors
    /// The disk does not take it; nothing has changed then.
    pub(super) fn begin(&self, folder: &Path) -> Result<(), SyncError> {
        let (unwritten, open) = (folder.join(UNWRITTEN), folder.join(OPEN));
        let written = File::create(&unwritten)
            .and_then(|mut file| {
                file.write_all(self.to_text().as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&unwritten, &open))
            .and_then(|()| flush(folder));
        written.map_err(|error| {
            // It is worth nothing without the rest, and a full disk needs the room.
            let _ = fs::remove_file(&unwritten);
            let _ = fs::remove_file(&open);
            failed("cannot write", &open, &error)
        })
    }

    /// Deletes what a run left that was killed before its journal was complete: it had done nothing yet.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(super) fn drop_unwritten(folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(UNWRITTEN);
        delete(&path).map_err(|error| failed("cannot delete", &path, &error))
    }

    /// The moment from which on the apply has happened.
    ///
    /// # Errors
    /// The disk does not take it; the journal is still open then.
    pub(super) fn mark_done(folder: &Path) -> Result<(), SyncError> {
        let (open, done) = (folder.join(OPEN), folder.join(DONE));
        fs::rename(&open, &done).map_err(|error| failed("cannot write", &done, &error))?;
        flush(folder).map_err(|error| {
            let _ = fs::rename(&done, &open);
            failed("cannot flush", folder, &error)
        })
    }

    /// Forgets the journal of an apply that was undone, in the very end.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(super) fn close(folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(OPEN);
        fs::remove_file(&path)
            .and_then(|()| flush(folder))
            .map_err(|error| failed("cannot delete", &path, &error))
    }

    /// Forgets the journal of an apply that has happened. Nobody waits for the disk: should it be there again after a power cut,
    /// the next turn tidies up once more, and finds nothing to do.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub(super) fn drop_done(folder: &Path) -> Result<(), SyncError> {
        let path = folder.join(DONE);
        fs::remove_file(&path).map_err(|error| failed("cannot delete", &path, &error))
    }

    /// The journal in one of its states, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or another version wrote it.
    pub(super) fn read(folder: &Path, state: &str) -> Result<Option<Self>, SyncError> {
        let path = folder.join(state);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("cannot read", &path, &error)),
        };
        Self::parse(&text).map(Some).ok_or_else(|| {
            SyncError::new(
                "APPLY_JOURNAL",
                format!("an apply was interrupted, and its journal {} cannot be read", path.display()),
            )
            .at(&path)
            .hint(format!(
                "use the version of flaresmith that wrote it; or look after the files named `.flaresmith-*` yourself and delete {}",
                path.display()
            ))
        })
    }

    fn to_text(&self) -> String {
        let written = |digest: &Option<Digest>| digest.map(|digest| digest.to_string());
        let form = Form {
            version: 1,
            token: self.token.clone(),
            folders: self.folders.clone(),
            steps: self
                .steps
                .iter()
                .map(|step| StepForm {
                    path: step.path.clone(),
                    before: written(&step.before),
                    after: written(&step.after),
                })
                .collect(),
        };
        serde_json::to_string(&form).unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let form: Form = serde_json::from_str(text).ok()?;
        let plain = |token: &str| token.len() == 8 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if form.version != 1 || !plain(&form.token) {
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
        }];
        let journal = Journal::new(&root, steps).unwrap();
        assert_eq!(journal.folders, ["a", "a/b \"c\""]);
        journal.begin(folder.path()).unwrap();
        assert_eq!(Journal::read(folder.path(), DONE).unwrap(), None);
        assert_eq!(Journal::read(folder.path(), OPEN).unwrap(), Some(journal.clone()));
        Journal::mark_done(folder.path()).unwrap();
        assert_eq!(Journal::read(folder.path(), OPEN).unwrap(), None);
        assert_eq!(Journal::read(folder.path(), DONE).unwrap(), Some(journal));
        Journal::drop_done(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_journal_of_another_form_is_told_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "",
            "{}",
            r#"{"version":2,"token":"00000000","folders":[],"steps":[]}"#,
            r#"{"version":1,"token":"../../ab","folders":[],"steps":[]}"#,
        ] {
            fs::write(folder.path().join(OPEN), text).unwrap();
            let error = Journal::read(folder.path(), OPEN).unwrap_err();
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
        };
        assert_eq!(Journal::new(&root, vec![step]).unwrap_err().code, "PATH_NOT_FOLDER");
    }
}
