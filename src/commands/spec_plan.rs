//! `flaresmith spec plan`: what an apply would do.
//!
//! Owns: nothing but the order of steps. Must not know: how to write.

use flaresmith_sync::{SyncError, drift};

use crate::cli::{Global, PlanArgs};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &PlanArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let Some(compiled) = super::compile(global, false, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = super::plan(&compiled, &progress)?;
    drop(progress);
    let report = drift::report(&plan);
    view.drift(&report, &plan, Told::Planned, args.diff);
    Ok(Outcome::of_look(report.summary.status))
}
