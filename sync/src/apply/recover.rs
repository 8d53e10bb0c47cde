//! Recovery: an apply that did not get to its end is undone; one that did is tidied up after.
//!
//! Owns: the rule for every state that a kill can leave. Must not know: how a journal is written.
//!
//! An open journal is undone: what was moved aside goes back, what was added goes away, and the run that found it then plans
//! anew. Undoing needs no room on the disk. A journal that is done only leaves names to be deleted. Both can be killed at any
//! moment and begun again, and both leave alone what is neither the content before nor the content after: that is a person's.
//!
//! A failed apply is undone by the same code, so there is one way back.

use std::fs;
use std::path::{Path, PathBuf};

use super::journal::{Journal, Step};
use super::late;
use super::place::{At, Placed, Spot, delete, failed, look, put, seen};
use crate::digest::Digest;
use crate::error::SyncError;
use crate::root::Root;
use crate::stamp::Stamp;

/// What became of an apply that was interrupted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// It had not come to its end and was undone; else it had, and was tidied up after.
    pub undone: bool,
    /// Files with bytes of a person's that could not go back to their place, because there is something else by now. They keep the
    /// name that they have.
    pub kept: Vec<PathBuf>,
}

/// Tidies up after an apply that was interrupted, if there was one.
pub(super) fn recover(root: &Root, folder: &Path) -> Result<Option<Recovered>, SyncError> {
    match Journal::read(folder)? {
        None => Ok(None),
        Some((journal, true)) => {
            let kept = finish(root, &journal, &[], folder)?;
            Ok(Some(Recovered { undone: false, kept }))
        }
        Some((journal, false)) => undo(root, &journal, folder).map(Some),
    }
}

/// Puts away what a finished apply moved aside, and deletes what earlier ones did and folders that it left empty. `read`: stamps of
/// files that were read after they were moved aside, by step, each of which tells whatever was written to it since.
pub(super) fn finish(
    root: &Root,
    journal: &Journal,
    read: &[Option<Stamp>],
    folder: &Path,
) -> Result<Vec<PathBuf>, SyncError> {
    let mut kept = late::settle(folder, late::LEAST)?;
    for i in 0..journal.steps.len() {
        let (step, spot) = journal.at(root, i)?;
        let read = read.get(i).copied().flatten();
        let known = match step.before.filter(|_| read.is_some() && seen(&spot.aside) == read) {
            None => known(&spot.aside, step.before, &spot)?,
            untouched => untouched,
        };
        match known {
            Some(content) => put_away(&spot.aside, content, (i, folder))?,
            None if look_at(&spot.aside)? != At::Absent => kept.push(spot.aside.clone()),
            None => {}
        }
        if step.after.is_none() {
            remove_empty_folders(root, &spot.target);
        }
    }
    Journal::close(folder)?;
    Ok(kept)
}

/// Puts everything back as it was before the apply. Goes on after a failure, so that as much as possible is back; the journal
/// stays open then.
pub(super) fn undo(root: &Root, journal: &Journal, folder: &Path) -> Result<Recovered, SyncError> {
    let mut recovered = Recovered {
        undone: true,
        kept: Vec::new(),
    };
    let mut failure = None;
    for i in (0..journal.steps.len()).rev() {
        let undone = journal
            .at(root, i)
            .and_then(|(step, spot)| undo_step(step, &spot, (i, folder), &mut recovered.kept));
        failure = failure.or(undone.err());
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    super::flush_folders(root, journal)?;
    for made in journal.folders.iter().rev() {
        // Those with something in them stay: it is not ours.
        let _ = fs::remove_dir(root.resolve(made)?);
    }
    Journal::drop_undone(folder)?;
    Ok(recovered)
}

/// `away`: the number of the step, and where what it takes away is put.
fn undo_step(step: &Step, spot: &Spot, away: (usize, &Path), kept: &mut Vec<PathBuf>) -> Result<(), SyncError> {
    let stop = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| failed("cannot put back", &path, &error)
    };
    delete(&spot.fresh).map_err(stop(&spot.fresh))?;
    settle_held(step, spot, away, kept)?;
    let aside = look_at(&spot.aside)?;
    // Ours is at the place when it has the content after, and either there was nothing before or that was moved aside.
    if (step.before.is_none() || aside != At::Absent) && is_ours(&spot.target, step)? {
        // By way of a third name, since somebody may save between looking and deleting.
        fs::rename(&spot.target, &spot.held).map_err(stop(&spot.target))?;
        settle_held(step, spot, away, kept)?;
    }
    if aside != At::Absent && put(&spot.aside, &spot.target).map_err(stop(&spot.target))? == Placed::Taken {
        drop_or_keep(&spot.aside, step.before, spot, away, kept)?;
    }
    Ok(())
}

/// What was taken from the place to be put away: it is, when it is ours. Else it goes back.
fn settle_held(step: &Step, spot: &Spot, away: (usize, &Path), kept: &mut Vec<PathBuf>) -> Result<(), SyncError> {
    match look_at(&spot.held)? {
        At::Absent => return Ok(()),
        At::File(content) if is_ours(&spot.held, step)? => return put_away(&spot.held, content, away),
        At::File(_) | At::Other => {}
    }
    match put(&spot.held, &spot.target) {
        Ok(Placed::There) => Ok(()),
        Ok(Placed::Taken) => drop_or_keep(&spot.held, step.after, spot, away, kept),
        Err(error) => Err(failed("cannot put back", &spot.target, &error)),
    }
}

fn put_away(file: &Path, content: Digest, (number, folder): (usize, &Path)) -> Result<(), SyncError> {
    late::put_away(file, content, number, folder).map_err(|error| failed("cannot delete", file, &error))
}

/// Puts a file away that holds only what is `known`, or the same as its place does. Anything else is a person's and is kept.
fn drop_or_keep(
    file: &Path,
    known: Option<Digest>,
    spot: &Spot,
    away: (usize, &Path),
    kept: &mut Vec<PathBuf>,
) -> Result<(), SyncError> {
    match self::known(file, known, spot)? {
        Some(content) => put_away(file, content, away),
        None => {
            kept.push(file.to_owned());
            Ok(())
        }
    }
}

/// The content of a file, when it is only what is `known`, or the same as its place has.
fn known(file: &Path, known: Option<Digest>, spot: &Spot) -> Result<Option<Digest>, SyncError> {
    let told = |digest| Some(digest) == known || Ok(At::File(digest)) == look(&spot.target).map_err(drop);
    Ok(match look_at(file)? {
        At::File(digest) if told(digest) => Some(digest),
        _ => None,
    })
}

/// Whether a file holds the content after, or what a power cut may have left of it.
fn is_ours(file: &Path, step: &Step) -> Result<bool, SyncError> {
    match (look_at(file)?, step.after) {
        (At::File(found), Some(after)) if found == after => Ok(true),
        (At::File(_), Some(_)) => fs::read(file)
            .map(|found| step.blocks.may_have_left(&found))
            .map_err(|error| failed("cannot read", file, &error)),
        _ => Ok(false),
    }
}

fn look_at(path: &Path) -> Result<At, SyncError> {
    look(path).map_err(|error| failed("cannot read", path, &error))
}

/// Folders that a deletion left empty go too, up to the root.
fn remove_empty_folders(root: &Root, path: &Path) {
    for folder in path.ancestors().skip(1) {
        if folder == root.path() || fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
