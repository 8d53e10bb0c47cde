//! Applying a plan: all of it or nothing, whatever happens on the way.
//!
//! Owns: the order of an apply. Must not know: how the plan was made.
//!
//! 1. The journal is written: which files will be changed, from what to what, and under which names beside them.
//! 2. Every new content is written beside its place (`.flaresmith-….new`) and flushed.
//! 3. File by file: what stands there is moved aside (`.flaresmith-….old`), looked at once more, and the new content takes
//!    its place. Removals come first, so that a name that only changes its case keeps its content; the lock comes last.
//! 4. The journal is marked done. From here on the apply has happened; what was moved aside is deleted, then the journal.
//!
//! A failure before step 4 is undone at once, a killed process is undone by the next turn: see `recover`. Nothing that is moved
//! or deleted is anything but what the journal expects there, so what a person saves meanwhile stays where it was saved. For
//! the moment between moving aside and taking its place a file does not exist: no file is ever seen half written.

mod journal;
mod place;
mod recover;
#[cfg(test)]
mod tests;
mod turn;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::journal::{Journal, Step};
use self::place::{At, Placed, Spot, failed, look};
use crate::digest::Digest;
use crate::error::SyncError;
use crate::lock;
use crate::plan::{ChangeKind, Plan};
use crate::root::Root;

pub use self::recover::Recovered;
pub use self::turn::{Turn, is_unfinished, take_turn};

/// A step and the text that it writes.
type Work<'a> = (Step, Cow<'a, str>);

/// Carries a plan out. Does nothing at all when it has conflicts.
///
/// Returns files that were moved aside and then written to by somebody who had them open: they are left, under the name that they
/// have now. It is empty in all but that case.
///
/// # Errors
/// A file cannot be written or deleted, or changed since the plan was made. Everything is as it was then; only when even that
/// cannot be had, the error says so, and the next turn tries again.
pub fn apply(root: &Root, plan: &Plan, turn: &Turn) -> Result<Vec<PathBuf>, SyncError> {
    if plan.is_blocked() {
        return Err(SyncError::new(
            "APPLY_CONFLICTS",
            "the plan has conflicts; nothing was written",
        ));
    }
    let work = work(root, plan)?;
    if work.is_empty() {
        return Ok(Vec::new());
    }
    let (steps, texts): (Vec<Step>, Vec<Cow<'_, str>>) = work.into_iter().unzip();
    let journal = Journal::new(root, steps)?;
    journal.begin(turn.folder())?;
    let done = carry_out(root, &journal, &texts).and_then(|()| Journal::mark_done(turn.folder()));
    match done {
        Ok(()) => recover::finish(root, &journal, turn.folder()),
        Err(error) => Err(taken_back(error, recover::undo(root, &journal, turn.folder()))),
    }
}

/// What the plan wants done, in the order of doing: removals, then additions and modifications, then the lock.
fn work<'a>(root: &Root, plan: &'a Plan) -> Result<Vec<Work<'a>>, SyncError> {
    let (mut removals, mut work): (Vec<Work<'a>>, Vec<Work<'a>>) = (Vec::new(), Vec::new());
    for change in plan.all_changes() {
        let before = Digest::of(&change.before);
        let after = Digest::of(change.after.as_bytes());
        let (before, after) = match change.kind {
            ChangeKind::Added => (None, Some(after)),
            ChangeKind::Modified => (Some(before), Some(after)),
            ChangeKind::Removed => (Some(before), None),
        };
        let step = Step {
            path: change.path.clone(),
            before,
            after,
        };
        let list = if after.is_some() { &mut work } else { &mut removals };
        list.push((step, Cow::Borrowed(change.after.as_str())));
    }
    removals.append(&mut work);
    if plan.lock_changes {
        let text = plan.lock.to_text();
        let path = root.resolve(lock::FILE)?;
        let before = match look(&path).map_err(|error| failed("cannot read", &path, &error))? {
            At::File(digest) => Some(digest),
            At::Absent | At::Other => None,
        };
        let step = Step {
            path: lock::FILE.to_owned(),
            before,
            after: Some(Digest::of(text.as_bytes())),
        };
        removals.push((step, Cow::Owned(text)));
    }
    Ok(removals)
}

fn carry_out(root: &Root, journal: &Journal, texts: &[Cow<'_, str>]) -> Result<(), SyncError> {
    for folder in &journal.folders {
        let folder = root.resolve(folder)?;
        match fs::create_dir(&folder) {
            Err(error) if !folder.is_dir() => return Err(failed("cannot make", &folder, &error)),
            _ => {}
        }
    }
    for (i, text) in texts.iter().enumerate() {
        let (step, spot) = journal.at(root, i)?;
        if step.after.is_some() {
            write_beside(&spot, text).map_err(|error| failed("cannot write", &spot.target, &error))?;
        }
    }
    // Flushed side by side once all are written: a disk does that in a fraction of the time of one after the other.
    (0..texts.len()).into_par_iter().try_for_each(|i| {
        let (step, spot) = journal.at(root, i)?;
        if step.after.is_none() {
            return Ok(());
        }
        File::open(&spot.fresh)
            .and_then(|file| file.sync_data())
            .map_err(|error| failed("cannot write", &spot.target, &error))
    })?;
    for i in 0..texts.len() {
        let (step, spot) = journal.at(root, i)?;
        exchange(step, &spot)?;
    }
    // Somebody who had a file open may have written to it after it was moved aside.
    (0..texts.len()).into_par_iter().try_for_each(|i| {
        let (step, spot) = journal.at(root, i)?;
        expect(&spot.aside, step.before, &spot.target)
    })?;
    flush_folders(root, journal)
}

/// Writes a content beside its place. An existing file's mode is kept, but for being executable, which nothing generated is; a
/// new one gets what the process' mask leaves of 0666.
fn write_beside(spot: &Spot, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(&spot.fresh)?;
    if let Ok(metadata) = fs::symlink_metadata(&spot.target) {
        file.set_permissions(plain(&metadata))?;
    }
    file.write_all(text.as_bytes())
}

#[cfg(unix)]
fn plain(metadata: &fs::Metadata) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(metadata.permissions().mode() & 0o666)
}

#[cfg(not(unix))]
fn plain(metadata: &fs::Metadata) -> fs::Permissions {
    metadata.permissions()
}

/// Moves what stands at a place aside, and puts the new content there.
fn exchange(step: &Step, spot: &Spot) -> Result<(), SyncError> {
    if step.before.is_some() {
        expect(&spot.target, step.before, &spot.target)?;
        fs::rename(&spot.target, &spot.aside).map_err(|error| failed("cannot move aside", &spot.target, &error))?;
        expect(&spot.aside, step.before, &spot.target)?;
    }
    if step.after.is_some() {
        match place::put(&spot.fresh, &spot.target).map_err(|error| failed("cannot write", &spot.target, &error))? {
            Placed::There => {}
            Placed::Taken => return Err(changed(&spot.target)),
        }
    }
    Ok(())
}

/// Refuses to go on when a file is not what the journal says about `target`.
fn expect(file: &Path, digest: Option<Digest>, target: &Path) -> Result<(), SyncError> {
    let found = look(file).map_err(|error| failed("cannot read", target, &error))?;
    if found == digest.map_or(At::Absent, At::File) {
        return Ok(());
    }
    Err(changed(target))
}

fn changed(target: &Path) -> SyncError {
    SyncError::new(
        "APPLY_FILE_CHANGED",
        format!("{} was changed while the apply was running", target.display()),
    )
    .at(target)
    .hint("run `flaresmith spec apply` again: it compares with what stands there now")
}

/// Makes names durable: every folder in which a file was written or deleted, and where folders were made.
fn flush_folders(root: &Root, journal: &Journal) -> Result<(), SyncError> {
    let mut folders = BTreeSet::new();
    let paths = journal.steps.iter().map(|step| &step.path);
    for path in paths.chain(&journal.folders) {
        folders.extend(root.resolve(path)?.parent().map(Path::to_owned));
    }
    folders
        .par_iter()
        .try_for_each(|folder| place::flush(folder).map_err(|error| failed("cannot flush", folder, &error)))
}

/// The failure of an apply, with what became of what it had done.
fn taken_back(mut error: SyncError, undone: Result<Recovered, SyncError>) -> SyncError {
    match undone {
        Ok(recovered) => {
            error.message.push_str("; nothing was written");
            for file in &recovered.kept {
                error
                    .message
                    .push_str(&format!(", and what was found is kept as {}", file.display()));
            }
        }
        Err(undo) => {
            error.message.push_str(&format!(
                "; and what was done until then could not be taken back: {}",
                undo.message
            ));
            error.hint = Some("repair that, then run `flaresmith spec apply`: it takes the rest back first".to_owned());
        }
    }
    error
}
