//! `flaresmith spec apply`: generate, compare, write.
//!
//! Owns: the order of those three, and what counts as success. Must not know: how any of them works.

use std::path::PathBuf;

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
        let turn = apply::take_turn(&super::root(global)?)?;
        if let Some(recovered) = turn.recovered() {
            view.warning(
                if recovered.undone {
                    "the last apply was interrupted; what it had done was taken back, and this run begins anew"
                } else {
                    "the last apply was interrupted after its last file; this run tidied up after it"
                },
                "nothing needs to be done",
            );
            kept(&recovered.kept, view);
        }
        Some(turn)
    };
    let Some(compiled) = super::compile(global, args.strict, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let plan = super::plan(&compiled, &progress)?;
    let report = drift::report(&plan);
    let applies = report.summary.status != DriftStatus::Conflicts;
    if let (Some(turn), true) = (&turn, applies) {
        progress.phase("writing files");
        kept(&apply::apply(&compiled.root, &plan, turn)?, view);
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

/// Tells files that hold somebody's bytes and could not stay where they were.
fn kept(files: &[PathBuf], view: &mut View) {
    for file in files {
        view.warning(
            &format!(
                "somebody wrote to a file while it was replaced; those bytes are kept as {}",
                file.display()
            ),
            "take what you need from it, then delete it",
        );
    }
}
