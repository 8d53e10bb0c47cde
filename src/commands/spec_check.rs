//! `flaresmith spec check`: are the generated files what the specs say?
//!
//! Owns: what passes. Must not know: how to write. A check that compared nothing has failed.

use flaresmith_sync::plan::Wish;
use flaresmith_sync::{SyncError, drift};

use crate::cli::{CheckArgs, Global};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &CheckArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let Some(examined) = super::examine(global, args.strict, Wish::default(), view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = &examined.plan;
    drop(progress);
    if plan.compared == 0 {
        return Err(SyncError::new(
            "CHECK_EMPTY",
            "nothing was compared: the specs generate no file and the lock knows none",
        )
        .hint("choose at least one target in flaresmith.toml"));
    }
    let report = drift::report(plan);
    view.drift(&report, plan, Told::Checked, args.diff);
    let outcome = match Outcome::of_look(report.summary.status) {
        // The files are right, but the lock or a base would still change: the next apply has something to write.
        Outcome::Clean if plan.lock_changes || !plan.bases.is_empty() => Outcome::Drift,
        outcome => outcome,
    };
    if plan.is_clean() {
        examined.settled();
    }
    Ok(outcome)
}
