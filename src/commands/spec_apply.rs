//! `flaresmith spec apply`: generate, compare, write.
//!
//! Owns: the order of those three, and what counts as success. Must not know: how any of them works.

use std::path::Path;

use flaresmith_sync::apply::Turn;
use flaresmith_sync::drift::{self, DriftStatus};
use flaresmith_sync::plan::Wish;
use flaresmith_sync::{SyncError, Tree, saved, sources};

use super::applying::{self, Written};
use crate::cli::{ApplyArgs, Global};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &ApplyArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let turn = if args.dry_run {
        None
    } else {
        Some(applying::take_turn(&super::root(global)?, view)?)
    };
    if let (Some(file), Some(turn)) = (&args.plan, &turn) {
        return carry_out(file, args.diff, turn, global, view, progress);
    }
    let wish = Wish {
        merge: args.merge,
        markers: args.markers,
    };
    let Some(examined) = super::examine(global, args.strict, wish, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = &examined.plan;
    let report = drift::report(plan);
    let mut told = Told::Planned;
    let mut written = Written::new();
    if let (Some(turn), false) = (&turn, plan.is_blocked()) {
        progress.phase("writing files");
        written = applying::write(&examined.root, plan, turn, view)?;
        told = Told::Applied;
    }
    drop(progress);
    view.drift(&report, plan, told, args.diff);
    if told == Told::Applied || plan.is_clean() {
        examined.settled(&written);
    }
    Ok(match report.summary.status {
        DriftStatus::Conflicts => Outcome::Conflicts,
        DriftStatus::Drift | DriftStatus::Clean => Outcome::Clean,
    })
}

/// Carries out a saved plan. Nothing is generated: the plan says it all.
fn carry_out(
    file: &Path,
    full: bool,
    turn: &Turn,
    global: &Global,
    view: &mut View,
    progress: Progress,
) -> Result<Outcome, SyncError> {
    let root = super::root(global)?;
    let text = std::fs::read_to_string(file).map_err(|error| SyncError::io("cannot read", file, &error))?;
    let saved = saved::parse(&text).map_err(|error| error.at(file))?;
    let inputs = sources::read(&Tree::disk(&root))?;
    let plan = saved::load(&saved, &root, &inputs.digests, super::lock_text(&root)?.as_deref())?;
    progress.phase("writing files");
    applying::write(&root, &plan, turn, view)?;
    drop(progress);
    view.drift(&drift::report(&plan), &plan, Told::Applied, full);
    Ok(Outcome::Clean)
}
