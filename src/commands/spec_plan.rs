//! `flaresmith spec plan`: what an apply would do.
//!
//! Owns: the order of steps, and where a plan is saved. Must not know: how to write generated files.

use std::io::Write as _;
use std::path::Path;

use flaresmith_sync::plan::Wish;
use flaresmith_sync::saved::{self, SavedPlan};
use flaresmith_sync::{SyncError, drift};

use crate::cli::{Global, PlanArgs};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &PlanArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let wish = Wish {
        merge: args.merge,
        markers: false,
    };
    let Some(examined) = super::examine(global, false, wish, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = &examined.plan;
    drop(progress);
    let report = drift::report(plan);
    if args.out.is_some() && plan.is_blocked() {
        view.warning(
            "the plan has conflicts, so it was not saved",
            "solve them as told below, then make the plan again",
        );
    }
    if let (Some(out), false) = (&args.out, plan.is_blocked()) {
        write(out, &saved::save(plan, super::lock_text(&examined.root)?.as_deref())?)?;
    }
    view.drift(&report, plan, Told::Planned, args.diff);
    Ok(Outcome::of_look(report.summary.status))
}

/// Writes the plan beside its place and renames it: a plan is whole or not there.
fn write(path: &Path, saved: &SavedPlan) -> Result<(), SyncError> {
    let failed = |error: &std::io::Error| SyncError::io("cannot write", path, error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    serde_json::to_writer_pretty(&mut file, saved).map_err(|error| failed(&error.into()))?;
    file.write_all(b"\n").map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}
