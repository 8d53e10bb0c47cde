//! `flaresmith spec apply`: generate, compare, write.
//!
//! Owns: the order of those three, and what counts as success. Must not know: how any of them works.

use flaresmith_sync::drift::{self, DriftStatus};
use flaresmith_sync::{SyncError, apply};

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
        Some(apply::take_turn(&super::root(global)?)?)
    };
    let Some(compiled) = super::compile(global, args.strict, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = super::plan(&compiled, &progress)?;
    let report = drift::report(&plan);
    let applies = report.summary.status != DriftStatus::Conflicts;
    if let (Some(turn), true) = (&turn, applies) {
        progress.phase("writing files");
        apply::apply(&compiled.root, &plan, turn)?;
    }
    drop(progress);
    let told = if turn.is_some() && applies {
        Told::Applied
    } else {
        Told::Planned
    };
    view.drift(&report, &plan, told, args.diff);
    Ok(if applies { Outcome::Clean } else { Outcome::Conflicts })
}
