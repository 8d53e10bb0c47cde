//! `flaresmith spec check`: are the generated files what the specs say?
//!
//! Owns: what is judged (the disk, what is staged, a revision) and what passes. Must not know: how to write. A check that
//! compared nothing has failed.

use std::collections::BTreeMap;

use flaresmith_sync::base::Within;
use flaresmith_sync::digest::Digest;
use flaresmith_sync::lock::{self, Lock};
use flaresmith_sync::plan::{self, Plan, Wish};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::{SyncError, Tree, drift, form, sources, staging};

use crate::cli::{CheckArgs, Global};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs it.
pub(crate) fn run(args: &CheckArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    if args.staged || args.base.is_some() {
        return judge(args, global, view, progress);
    }
    let Some(examined) = super::examine(global, args.strict, Wish::default(), view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    drop(progress);
    let plan = &examined.plan;
    refuse_nothing(plan)?;
    let report = drift::report(plan);
    view.drift(&report, plan, Told::Checked, args.diff);
    let outcome = outcome(&report, plan);
    if plan.is_clean() {
        examined.settled(&BTreeMap::new());
    }
    Ok(outcome)
}

/// What is compared in a tree of git's.
struct Judged {
    plan: Plan,
    /// Digests of the specs.
    specs: BTreeMap<String, Digest>,
    /// Files whose line ends are wrong.
    line_ends: Vec<String>,
}

/// Runs it on what is staged, or on a revision.
fn judge(args: &CheckArgs, global: &Global, view: &mut View, progress: Progress) -> Result<Outcome, SyncError> {
    let root = super::root(global)?;
    view.about(&root);
    let tree = match &args.base {
        Some(revision) => Tree::revision(&root, revision)?,
        None => Tree::staged(&root)?,
    };
    let judged = compare(&tree, args, view, &progress)?;
    drop(progress);
    let Some(Judged {
        mut plan,
        specs,
        line_ends,
    }) = judged
    else {
        return Ok(Outcome::Problems);
    };
    refuse_nothing(&plan)?;
    if args.staged {
        view.advise(&staging::explain(&mut plan, &tree, &specs));
    }
    view.advise(staging::advice_on_line_ends(&line_ends, &tree).as_slice());
    let mut report = drift::report(&plan);
    form::tell(&line_ends, &mut report);
    if args.staged {
        staging::suggest(&plan, &tree, &mut report);
    }
    let told = if args.staged { Told::Staged } else { Told::Checked };
    view.drift(&report, &plan, told, args.diff);
    Ok(outcome(&report, &plan))
}

/// Compares what is compiled from a tree with the files of the same tree. `None`: the specs have problems, which were
/// shown.
fn compare(tree: &Tree, args: &CheckArgs, view: &mut View, progress: &Progress) -> Result<Option<Judged>, SyncError> {
    let inputs = sources::read(tree)?;
    let Some((compilation, _)) = super::generate(&inputs, &super::memo_once(tree.root()), args.strict, view, progress)
    else {
        if args.staged {
            view.remark(staging::advice_on_problems(tree, &inputs.digests).as_slice());
        }
        return Ok(None);
    };
    progress.phase("comparing files");
    let lock = match tree.read(lock::FILE)? {
        Some(bytes) => {
            let path = tree.root().path().join(lock::FILE);
            Lock::parse(&String::from_utf8_lossy(&bytes)).map_err(|error| error.at(&path))?
        }
        None => Lock::default(),
    };
    let artifacts = &compilation.artifacts;
    let paths = plan::paths(&lock, artifacts, &inputs.digests)?;
    let mut snapshot = Snapshot::of_tree(tree, paths.iter().map(String::as_str))?;
    let specs = inputs.digests.clone();
    let around = &mut Within::new(tree);
    let plan = plan::plan(&lock, artifacts, specs, &mut snapshot, Wish::default(), around)?;
    let line_ends = form::wrong_line_ends(tree, &plan, artifacts, &snapshot);
    Ok(Some(Judged {
        plan,
        specs: inputs.digests,
        line_ends,
    }))
}

fn refuse_nothing(plan: &Plan) -> Result<(), SyncError> {
    if plan.compared > 0 {
        return Ok(());
    }
    Err(SyncError::new(
        "CHECK_EMPTY",
        "nothing was compared: the specs generate no file and the lock knows none",
    )
    .hint("choose at least one target in flaresmith.toml"))
}

fn outcome(report: &drift::DriftReport, plan: &Plan) -> Outcome {
    match Outcome::of_look(report.summary.status) {
        // The files are right, but the lock or a base would still change: the next apply has something to write.
        Outcome::Clean if plan.due => Outcome::Drift,
        outcome => outcome,
    }
}
