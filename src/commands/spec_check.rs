//! `flaresmith spec check`: are the generated files what the specs say?
//!
//! Owns: what is judged (the disk, what is staged, a revision) and what passes. Must not know: how to write. A check that
//! compared nothing has failed.

use flaresmith_sync::lock::{self, Lock};
use flaresmith_sync::plan::{self, Plan};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::{SyncError, Tree, drift, form, sources, staging};

use super::Compiled;
use crate::cli::{CheckArgs, Global};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &CheckArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let root = super::root(global)?;
    let tree = match &args.base {
        Some(revision) => Tree::revision(&root, revision)?,
        None if args.staged => Tree::staged(&root)?,
        None => Tree::disk(&root),
    };
    let inputs = sources::read(&tree)?;
    let digests = inputs.digests.clone();
    let Some(compiled) = super::compile_inputs(&tree, inputs, args.strict, view, &progress) else {
        drop(progress);
        if args.staged {
            view.remark(staging::advice_on_problems(&tree, &digests).as_slice());
        }
        return Ok(Outcome::Problems);
    };
    let (mut plan, snapshot) = if tree.is_disk() {
        (super::plan(&compiled, &progress)?, Snapshot::default())
    } else {
        progress.phase("comparing files");
        plan_tree(&compiled, &tree)?
    };
    drop(progress);
    if plan.compared == 0 {
        return Err(SyncError::new(
            "CHECK_EMPTY",
            "nothing was compared: the specs generate no file and the lock knows none",
        )
        .hint("choose at least one target in flaresmith.toml"));
    }
    let slips = form::slips(&tree, &plan, &compiled.compilation.artifacts, &snapshot);
    if args.staged {
        view.advise(&staging::explain(&mut plan, &tree, &digests));
    }
    view.advise(&staging::advice_on_form(&slips, &tree, args.staged));
    let mut report = drift::report(&plan);
    form::tell(&slips, &mut report);
    if args.staged {
        staging::suggest(&plan, &tree, &mut report);
    }
    let told = if args.staged { Told::Staged } else { Told::Checked };
    view.drift(&report, &plan, told, args.diff);
    Ok(match Outcome::of_look(report.summary.status) {
        // The files are right, but the lock would still change: the next apply has something to write.
        Outcome::Clean if plan.lock_changes => Outcome::Drift,
        outcome => outcome,
    })
}

/// Compares what was compiled from a tree with the files of the same tree.
fn plan_tree(compiled: &Compiled, tree: &Tree) -> Result<(Plan, Snapshot), SyncError> {
    let lock = match tree.read(lock::FILE)? {
        Some(bytes) => Lock::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|error| error.at(&tree.root().path().join(lock::FILE)))?,
        None => Lock::default(),
    };
    let artifacts = &compiled.compilation.artifacts;
    let mut snapshot = Snapshot::of_tree(tree, plan::paths(&lock, artifacts))?;
    let sources = compiled.inputs.digests.clone();
    let plan = plan::plan(&lock, artifacts, sources, &mut snapshot, |snapshot, paths| {
        snapshot.ask_tree(tree, paths.iter().map(String::as_str));
    });
    Ok((plan, snapshot))
}
