//! `flaresmith spec watch`: apply after every change.
//!
//! Owns: the rounds, and saying nothing twice. Must not know: how changes are noticed, or how anything is generated.
//!
//! A round is an apply like any other. What it writes itself wakes the next one, which finds nothing to do and says nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use flaresmith_codegen::diagnostics::Diagnostics;
use flaresmith_codegen::memo::Memo;
use flaresmith_sync::apply::{self, Turn};
use flaresmith_sync::digest::Digest;
use flaresmith_sync::drift::{self, DriftReport};
use flaresmith_sync::plan::Wish;
use flaresmith_sync::sources::{self, Inputs};
use flaresmith_sync::stamp::Stamp;
use flaresmith_sync::watch::{Watch, folders, is_git_at_work};
use flaresmith_sync::{Root, SyncError, Tree};

use super::applying::{self, Written};
use super::{Compared, Remembered};
use crate::cli::{Format, Global, WatchArgs};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// How often a round that finds another apply at work tries again, and how long it waits in between.
const TRIES: u32 = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// How long git may take to change files, and how long is waited between two looks whether it still does.
const LONGEST_FOR_GIT: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// For how long a round begins anew when specs are saved while it generates.
const LONGEST_BURST: Duration = Duration::from_millis(500);

/// How long after a round that failed another is tried, if nothing moves: what was in the way may go without a notification.
const BEFORE_NEXT_TRY: Duration = Duration::from_millis(500);

/// What was said last, so that it is not said again.
#[derive(Default)]
struct Said {
    /// The specs that had errors, and what was found while they were read.
    broken: Option<(BTreeMap<String, Digest>, Diagnostics)>,
    /// The conflicts.
    conflicts: Option<DriftReport>,
    /// The failure of a round.
    failure: Option<String>,
}

/// What the allocator is told by, and what it is told: to have memory in large pages, and to give none back to the system.
const ALLOCATOR: (&str, &str) = ("_RJEM_MALLOC_CONF", "thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1");

/// Runs it, until the process is stopped.
pub(crate) fn run(args: &WatchArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    refuse_whole_documents(global.format)?;
    keep_memory();
    let root = super::root(global)?;
    let mut watch = Watch::start()?;
    let mut remembered = Remembered {
        memo: Memo::lasting(),
        ..Remembered::default()
    };
    let wish = Wish {
        merge: args.merge,
        markers: false,
    };
    let mut said = Said::default();
    let mut began = Instant::now();
    let mut first = true;
    view.rounds();
    loop {
        wait_for_git(&root);
        let round = round(&root, &mut remembered, wish, &mut watch, &mut said, began, first, view);
        if let Err(error) = round {
            // What cannot be read now may be there in a moment: a branch is being switched, a disk is full.
            let message = error.to_string();
            if said.failure.as_ref() != Some(&message) {
                view.failure(&error);
                said.failure = Some(message);
            }
            if first && watch.is_empty() {
                return Err(error);
            }
        } else {
            said.failure = None;
        }
        if first {
            view.watching(watch.len());
            first = false;
        }
        remembered.memo.tidy();
        began = watch.wait(said.failure.is_some().then_some(BEFORE_NEXT_TRY))?;
    }
}

/// Waits until git has changed the files that it is about to change. A lock that some process left when it died is not waited for
/// without end.
fn wait_for_git(root: &Root) {
    let begun = Instant::now();
    while is_git_at_work(root) && begun.elapsed() < LONGEST_FOR_GIT {
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Sees to it that the memory of one round is there for the next: getting it anew, page by page, is a tenth of a round. The
/// allocator looks at the environment once, before anything else runs, so the process begins again with that in it.
#[cfg(unix)]
fn keep_memory() {
    use std::os::unix::process::CommandExt as _;
    let (variable, told) = ALLOCATOR;
    if std::env::var_os(variable).is_none()
        && let Ok(program) = std::env::current_exe()
    {
        let mut again = std::process::Command::new(program);
        // Only comes back when it fails; then all goes on as it is.
        let _ = again.args(std::env::args_os().skip(1)).env(variable, told).exec();
    }
}

#[cfg(not(unix))]
fn keep_memory() {}

/// Refuses the forms that are one document about one run: a watch is never over.
fn refuse_whole_documents(format: Format) -> Result<(), SyncError> {
    let name = match format {
        Format::Human | Format::Json => return Ok(()),
        Format::Sarif => "sarif",
        Format::Github => "github",
        Format::Junit => "junit",
    };
    Err(
        SyncError::new("WATCH_FORMAT", format!("`spec watch` does not print `{name}`: it is never over")).hint(format!(
            "run `flaresmith spec watch --format json` for a document on each line, or `flaresmith spec check --format {name}` for one run"
        )),
    )
}

#[allow(
    clippy::too_many_arguments,
    reason = "the state of the loop, which nothing else needs"
)]
fn round(
    root: &Root,
    remembered: &mut Remembered,
    wish: Wish,
    watch: &mut Watch,
    said: &mut Said,
    began: Instant,
    first: bool,
    view: &mut View,
) -> Result<(), SyncError> {
    let (examined, turn) = loop {
        let inputs = read(root, watch, remembered)?;
        let stamps = stamps(root, &inputs);
        let specs = (inputs.digests.clone(), inputs.diagnostics.clone());
        if said.broken.as_ref() == Some(&specs) {
            return Ok(());
        }
        let turn = take_turn(root, view)?;
        let progress = Progress::start("generating", true);
        let mut outdated = |inputs: &Inputs| is_outdated(root, inputs, &stamps, watch, began);
        match super::compare(
            root.clone(),
            inputs,
            remembered,
            false,
            wish,
            view,
            &progress,
            &mut outdated,
        )? {
            Compared::Examined(examined) => break (examined, turn),
            Compared::Broken => {
                said.broken = Some(specs);
                return Ok(());
            }
            Compared::Outdated => {}
        }
    };
    let repaired = said.broken.take().is_some();
    let plan = &examined.plan;
    let clean = plan.is_clean();
    let written = if clean || plan.is_blocked() {
        if !plan.conflicts.is_empty() {
            let report = drift::report(plan);
            if said.conflicts.as_ref() != Some(&report) {
                view.round(&report, plan, Told::Planned, began.elapsed());
                said.conflicts = Some(report);
            }
        } else {
            let solved = said.conflicts.take().is_some();
            if first || repaired || solved {
                view.round(&drift::report(plan), plan, Told::Applied, began.elapsed());
            }
        }
        Written::new()
    } else {
        let begun = apply::begin(root, plan, &turn)?;
        // Whoever waited for the files has them now. What changed in them, and that they last, is waited for by nobody.
        let taken = began.elapsed();
        view.applied(plan, taken);
        said.conflicts = None;
        view.applied_changes(&drift::report(plan), plan, taken);
        applying::written(begun.end()?, view)
    };
    if let Some((record, digests)) = examined.settled(&written) {
        remembered.record = Some(record);
        remembered.settled = Some(digests);
    }
    Ok(())
}

/// What the file system says of everything that was read.
fn stamps(root: &Root, inputs: &Inputs) -> Vec<Option<Stamp>> {
    let seen = |path: &String| Stamp::seen(&root.path().join(path).symlink_metadata().ok()?);
    inputs.digests.keys().map(seen).collect()
}

/// Whether specs are others by now than those that were read when a burst of saves `began`, which went on meanwhile. What else
/// moved is left to the next round. Notifications may be late, and stamps coarse: either counts.
fn is_outdated(
    root: &Root,
    inputs: &Inputs,
    read: &[Option<Stamp>],
    watch: &mut Watch,
    began: Instant,
) -> Result<bool, SyncError> {
    if !watch.moved_on(began)? && stamps(root, inputs) == read {
        return Ok(false);
    }
    // Whoever saves without end is told of all the same.
    if began.elapsed() < LONGEST_BURST {
        wait_for_git(root);
        let now = sources::read(&Tree::disk(root))?;
        if now.digests != inputs.digests || now.diagnostics != inputs.diagnostics {
            return Ok(true);
        }
    }
    watch.tell_again();
    Ok(false)
}

/// Reads the specs, and watches every folder that they and the lock lead to. What happened in a folder before it was watched is
/// caught by reading once more.
fn read(root: &Root, watch: &mut Watch, remembered: &mut Remembered) -> Result<Inputs, SyncError> {
    loop {
        // A root that is gone has no specs to be broken: it may come back.
        Root::at(root.path())?;
        let inputs = sources::read_again(&Tree::disk(root), &mut remembered.known)?;
        let lock = super::lock_text(root).and_then(|text| remembered.lock(root, text.as_deref()));
        let lock = lock.unwrap_or_default();
        let generated = lock.files.keys().map(String::as_str);
        if !watch.follow(folders(root, &inputs, generated))? {
            return Ok(inputs);
        }
    }
}

/// Waits for its turn: somebody else's apply is soon over.
fn take_turn(root: &Root, view: &mut View) -> Result<Turn, SyncError> {
    for _ in 0..TRIES {
        match applying::take_turn(root, view) {
            Err(error) if error.code == "APPLY_BUSY" => std::thread::sleep(BETWEEN_TRIES),
            taken => return taken,
        }
    }
    applying::take_turn(root, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root that is watched with the folder of its specs, and what was read of it.
    fn watched() -> (tempfile::TempDir, Root, Watch, Inputs) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("specs")).unwrap();
        std::fs::write(folder.path().join("specs/a.yaml"), "openapi: 3.1.0\n").unwrap();
        let root = Root::at(folder.path()).unwrap();
        let mut watch = Watch::start().unwrap();
        let inputs = read(&root, &mut watch, &mut Remembered::default()).unwrap();
        assert_eq!(inputs.digests.len(), 1);
        (folder, root, watch, inputs)
    }

    #[test]
    fn specs_that_were_saved_since_they_were_read_are_outdated_and_others_are_not() {
        let (_folder, root, mut watch, inputs) = watched();
        let read = stamps(&root, &inputs);
        assert!(!is_outdated(&root, &inputs, &read, &mut watch, Instant::now()).unwrap());
        std::fs::write(root.path().join("specs/a.yaml"), "openapi: 3.1.1\ninfo: {}\n").unwrap();
        assert!(is_outdated(&root, &inputs, &read, &mut watch, Instant::now()).unwrap());
        let long_ago = Instant::now().checked_sub(LONGEST_BURST).unwrap();
        assert!(
            !is_outdated(&root, &inputs, &read, &mut watch, long_ago).unwrap(),
            "whoever saves without end is told of too"
        );
    }

    #[test]
    fn what_moves_beside_the_specs_is_left_to_the_next_round() {
        let (_folder, root, mut watch, inputs) = watched();
        let read = stamps(&root, &inputs);
        std::fs::write(root.path().join("beside"), "1").unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        // However late the notification is: it is taken in by one of these, and told by the next wait.
        while !watch.is_told_again() {
            assert!(!is_outdated(&root, &inputs, &read, &mut watch, Instant::now()).unwrap());
            assert!(Instant::now() < until, "nothing was told");
        }
        watch.wait(None).unwrap();
        assert!(!watch.is_told_again());
    }
}
