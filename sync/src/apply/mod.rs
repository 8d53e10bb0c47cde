//! Applying a plan: all of it or nothing, whatever happens on the way.
//!
//! Owns: the order of an apply. Must not know: how the plan was made.
//!
//! 1. The journal is written and flushed: which files will be changed, from what to what, and under which names beside them.
//! 2. Every new content is written beside its place (`.flaresmith-….new`).
//! 3. File by file: what stands there is looked at, moved aside (`.flaresmith-….old`), and the new content takes its place.
//!    Removals come first, so that a name that only changes its case keeps its content; the lock comes last. From here on every
//!    reader has the new files, and whoever waits can be told.
//! 4. Everything that was moved aside is read: it must be what the journal says. The new files and their folders are flushed.
//! 5. The journal is marked done and flushed. From here on the apply has happened, whatever becomes of the power; what was moved
//!    aside is put away until a later apply finds it untouched (`late`), and the journal closed.
//!
//! A failure before step 5 is undone at once, a killed process or a power cut is undone by the next turn: see `recover`. Nothing is
//! deleted but what the journal expects there, and what was moved without being that goes back, so what a person saves meanwhile
//! stays where it was saved. For the moment between moving aside and taking its place a file does not exist: no file is ever seen
//! half written, but for what a power cut leaves of one, which the next turn knows (`torn`).

mod journal;
mod late;
mod place;
mod recover;
#[cfg(test)]
mod tests;
mod torn;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::Builder;

use flaresmith_codegen::rope::Rope;
use rayon::prelude::*;

use self::journal::{Journal, Step};
use self::place::{At, Placed, Spot, failed, look, seen};
use self::torn::Blocks;
use crate::digest::Digest;
use crate::error::SyncError;
use crate::lock;
use crate::plan::{Change, Plan};
use crate::root::Root;
use crate::stamp::Stamp;

pub use self::recover::Recovered;
pub use self::turn::{Turn, is_unfinished, take_turn};

/// How many files are flushed at once.
const AT_ONCE: usize = 16;

/// So many files are looked at by one thread before it is worth the while to begin another.
const FEW: usize = 24;

/// So many bytes are given to the file system at once.
const PART: usize = 64 * 1024;

/// So many bytes are written by one thread: what is written goes to memory, and waits for no disk.
const LITTLE: usize = 256 * 1024;

/// What was carried out.
#[derive(Debug, Default)]
pub struct Applied {
    /// Files that were moved aside and then written to by somebody who had them open: they are left, under the name that they have
    /// now. It is empty in all but that case.
    pub kept: Vec<PathBuf>,
    /// Stamps of the files that were written, by path, where they tell whatever is written from now on.
    pub written: BTreeMap<String, Stamp>,
}

/// What a step writes, and what the plan saw where it does.
struct Content {
    text: Rope,
    seen: Option<Stamp>,
    /// What the file system said when it was written, beside its place.
    fresh: OnceLock<Stamp>,
}

/// What the file system said while a step was carried out.
#[derive(Debug, Default, Clone)]
struct Done {
    /// Of what was moved aside, if that tells whatever is written to it later.
    aside: Option<Stamp>,
    /// Of what was written, in its place, under the same condition.
    written: Option<Stamp>,
}

/// Carries a plan out, to its very end. Does nothing at all when it has conflicts.
///
/// # Errors
/// A file cannot be written or deleted, or changed since the plan was made. Everything is as it was then; only when even that
/// cannot be had, the error says so, and the next turn tries again.
pub fn apply(root: &Root, plan: &Plan, turn: &Turn) -> Result<Applied, SyncError> {
    begin(root, plan, turn)?.end()
}

/// An apply whose files stand at their places, for whoever reads them. Until its end the power must not fail: the next turn
/// takes it back then, as it does when this is dropped.
#[must_use = "the apply has to be brought to its end"]
pub struct Begun<'a> {
    root: &'a Root,
    turn: &'a Turn,
    journal: Journal,
    contents: Vec<Content>,
    done: Vec<Done>,
}

/// Carries a plan out as far as readers can tell; [`Begun::end`] does the rest. Does nothing at all when it has conflicts.
///
/// # Errors
/// Those of [`apply`].
pub fn begin<'a>(root: &'a Root, plan: &Plan, turn: &'a Turn) -> Result<Begun<'a>, SyncError> {
    if plan.is_blocked() {
        return Err(SyncError::new(
            "APPLY_CONFLICTS",
            "the plan has conflicts; nothing was written",
        ));
    }
    let (steps, contents): (Vec<Step>, Vec<Content>) = work(root, plan)?.into_iter().unzip();
    let journal = Journal::new(root, steps)?;
    if !contents.is_empty() {
        journal.begin(turn.folder())?;
    }
    match carry_out(root, &journal, &contents) {
        Ok(done) => Ok(Begun {
            root,
            turn,
            journal,
            contents,
            done,
        }),
        Err(error) => Err(taken_back(error, recover::undo(root, &journal, turn.folder()))),
    }
}

impl Begun<'_> {
    /// Makes it last, and tidies up.
    ///
    /// # Errors
    /// Those of [`apply`].
    pub fn end(self) -> Result<Applied, SyncError> {
        let Self {
            root,
            turn,
            journal,
            contents,
            mut done,
        } = self;
        if contents.is_empty() {
            return Ok(Applied::default());
        }
        let folder = turn.folder();
        let lasting = look_aside(root, &journal, &mut done)
            .and_then(|()| flush(root, &journal))
            .and_then(|()| journal.mark_done(folder));
        if let Err(error) = lasting {
            return Err(taken_back(error, recover::undo(root, &journal, folder)));
        }
        let asides: Vec<Option<Stamp>> = done.iter().map(|done| done.aside).collect();
        let kept = recover::finish(root, &journal, &asides, folder)?;
        let written = journal.steps.into_iter().zip(done);
        let written = written.filter_map(|(step, done)| Some((step.path, done.written?)));
        Ok(Applied {
            kept,
            written: written.collect(),
        })
    }
}

/// What the plan wants done, in the order of doing: removals, then additions and modifications, then the lock.
fn work(root: &Root, plan: &Plan) -> Result<Vec<(Step, Content)>, SyncError> {
    let step = |change: &Change| {
        let step = Step {
            path: change.path.clone(),
            before: change.from(),
            after: change.to(),
            blocks: change.to().map_or_else(Blocks::default, |_| Blocks::of(&change.after)),
        };
        let content = Content {
            text: change.after.clone(),
            seen: change.seen,
            fresh: OnceLock::new(),
        };
        (step, content)
    };
    let changes: Vec<&Change> = plan.all_changes().collect();
    let steps: Vec<(Step, Content)> = match changes.as_slice() {
        [] | [_] => changes.into_iter().map(step).collect(),
        // Long texts stand side by side: each is a piece by itself.
        many => many.par_iter().with_max_len(1).map(|change| step(change)).collect(),
    };
    let (mut work, mut rest): (Vec<_>, Vec<_>) = steps.into_iter().partition(|(step, _)| step.after.is_none());
    work.append(&mut rest);
    if plan.lock_changes {
        let text = Rope::from(plan.lock.to_text());
        let path = root.resolve(lock::FILE)?;
        let seen = seen(&path);
        let before = match look(&path).map_err(|error| failed("cannot read", &path, &error))? {
            At::File(digest) => Some(digest),
            At::Absent | At::Other => None,
        };
        let step = Step {
            path: lock::FILE.to_owned(),
            before,
            after: Some(Digest::of_rope(&text)),
            blocks: Blocks::of(&text),
        };
        let fresh = OnceLock::new();
        work.push((step, Content { text, seen, fresh }));
    }
    Ok(work)
}

fn carry_out(root: &Root, journal: &Journal, contents: &[Content]) -> Result<Vec<Done>, SyncError> {
    for folder in &journal.folders {
        let folder = root.resolve(folder)?;
        match fs::create_dir(&folder) {
            Err(error) if !folder.is_dir() => return Err(failed("cannot make", &folder, &error)),
            _ => {}
        }
    }
    let steps: Vec<_> = journal.all(root)?.into_iter().zip(contents).collect();
    let write = |((step, spot), content): &((&Step, Spot), &Content)| match step.after {
        Some(_) => write_beside(spot, content).map_err(|error| failed("cannot write", &spot.target, &error)),
        None => Ok(()),
    };
    match contents.iter().map(|content| content.text.len()).sum::<usize>() < LITTLE {
        true => steps.iter().try_for_each(write)?,
        false => steps.par_iter().with_max_len(1).try_for_each(write)?,
    }
    let exchanged = steps
        .iter()
        .map(|((step, spot), content)| exchange(step, spot, content));
    exchanged.collect()
}

/// Reads everything that was moved aside. This is the look that counts: before, somebody may have written what the file system
/// tells by nothing, and somebody who had a file open may have written to it after it was moved aside.
fn look_aside(root: &Root, journal: &Journal, done: &mut [Done]) -> Result<(), SyncError> {
    let known: Vec<Option<Stamp>> = done.iter().map(|done| done.aside).collect();
    let looked = at_once(&known, known.len() / FEW, |i, known| {
        let (step, spot) = journal.at(root, i)?;
        let now = seen(&spot.aside);
        expect(&spot.aside, step.before, &spot.target)?;
        Ok(known.filter(|_| now == *known))
    })?;
    for (done, looked) in done.iter_mut().zip(looked) {
        done.aside = looked;
    }
    Ok(())
}

/// Flushes what was written, then the names in every folder in which there is another.
fn flush(root: &Root, journal: &Journal) -> Result<(), SyncError> {
    at_once(&journal.steps, AT_ONCE, |_, step| {
        if step.after.is_none() {
            return Ok(());
        }
        let path = root.resolve(&step.path)?;
        match File::open(&path).and_then(|file| file.sync_data()) {
            // Somebody took it away: it is no longer ours to be kept.
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("cannot flush", &path, &error)),
            _ => Ok(()),
        }
    })?;
    flush_folders(root, journal)
}

/// Writes a content beside its place. An existing file's mode is kept, but for being executable, which nothing
/// generated is; a new one gets what the process' mask leaves of 0666.
fn write_beside(spot: &Spot, content: &Content) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(&spot.fresh)?;
    if let Ok(metadata) = fs::symlink_metadata(&spot.target) {
        file.set_permissions(plain(&metadata))?;
    }
    content.text.blocks(PART, |block| file.write_all(block))?;
    if !content.text.is_sound() {
        return Err(std::io::Error::other("what was generated cannot be read back"));
    }
    if let Some(stamp) = Stamp::seen(&file.metadata()?) {
        let _ = content.fresh.set(stamp);
    }
    Ok(())
}

/// Does something with every item, with up to so many at once: a disk flushes many in little more than the time of one, and
/// whoever waits for it needs no core. A process that is told to have one thread has one.
fn at_once<T: Sync, R: Send>(
    items: &[T],
    most: usize,
    each: impl Fn(usize, &T) -> Result<R, SyncError> + Sync,
) -> Result<Vec<R>, SyncError> {
    let threads = match rayon::current_num_threads() {
        1 => 1,
        _ => items.len().clamp(1, most.clamp(1, AT_ONCE)),
    };
    let size = items.len().div_ceil(threads).max(1);
    let part = |first: usize| {
        let part = items.iter().enumerate().skip(first * size).take(size);
        part.map(|(i, item)| each(i, item)).collect::<Result<Vec<R>, _>>()
    };
    let part = &part;
    std::thread::scope(|scope| {
        let spawn = |first| {
            Builder::new()
                .spawn_scoped(scope, move || part(first))
                .map_err(|_| first)
        };
        let others: Vec<_> = (1..threads).map(spawn).collect();
        let mut result = part(0);
        for other in others {
            let other = match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(first) => part(first),
            };
            result = result.and_then(|mut all| {
                all.append(&mut other?);
                Ok(all)
            });
        }
        result
    })
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

/// Moves what stands at a place aside, and puts the new content there. What is to the file system still what the plan saw is not
/// read for being moved.
fn exchange(step: &Step, spot: &Spot, content: &Content) -> Result<Done, SyncError> {
    let mut done = Done::default();
    if step.before.is_some() {
        let before = seen(&spot.target);
        if before.is_none() || before != content.seen {
            expect(&spot.target, step.before, &spot.target)?;
        }
        fs::rename(&spot.target, &spot.aside).map_err(|error| failed("cannot move aside", &spot.target, &error))?;
        let after = seen(&spot.aside);
        match before.zip(after) {
            Some((before, after)) if after.is_renamed(&before) => {
                done.aside = after.is_sealed_since(&before).then_some(after);
            }
            _ => expect(&spot.aside, step.before, &spot.target)?,
        }
    }
    if step.after.is_some() {
        match place::put(&spot.fresh, &spot.target).map_err(|error| failed("cannot write", &spot.target, &error))? {
            Placed::There => {}
            Placed::Taken => return Err(changed(&spot.target)),
        }
        let there = seen(&spot.target).zip(content.fresh.get());
        done.written = there.and_then(|(there, fresh)| there.is_sealed_since(fresh).then_some(there));
    }
    Ok(done)
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
    let folders: Vec<PathBuf> = folders.into_iter().collect();
    at_once(&folders, AT_ONCE, |_, folder| {
        place::flush(folder).map_err(|error| failed("cannot flush", folder, &error))
    })
    .map(drop)
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
