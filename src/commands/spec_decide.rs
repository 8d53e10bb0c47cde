//! `flaresmith spec accept|eject|restore`: a person's decisions about single files.
//!
//! Owns: from words to a decision, and paths as people type them. Must not know: what a decision does.

use std::path::{Path, PathBuf};

use flaresmith_sync::base::Around;
use flaresmith_sync::decision::{Decision, decide};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::{Root, SyncError, drift, plan};

use super::applying;
use crate::cli::{AcceptArgs, Global, PathsArgs, RestoreArgs};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::{Told, View};

/// Runs `accept`.
pub(crate) fn accept(args: &AcceptArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    run(Decision::Accept { reason: &args.reason }, &args.paths, global, view)
}

/// Runs `eject`.
pub(crate) fn eject(args: &PathsArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    run(Decision::Eject, &args.paths, global, view)
}

/// Runs `restore`.
pub(crate) fn restore(args: &RestoreArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let decision = Decision::Restore { discard: args.discard };
    run(decision, &args.paths, global, view)
}

fn run(decision: Decision<'_>, paths: &[PathBuf], global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let root = super::root(global)?;
    let turn = applying::take_turn(&root, view)?;
    let paths: Vec<String> = paths
        .iter()
        .map(|path| relative(&root, path))
        .collect::<Result<_, _>>()?;
    let Some(compiled) = super::compile(global, false, view, &progress)? else {
        return Ok(Outcome::Problems);
    };
    let lock = super::lock(&root)?;
    let artifacts = &compiled.compilation.artifacts;
    let all = plan::paths(&lock, artifacts, &compiled.digests)?;
    let mut snapshot = Snapshot::take(&root, all.iter().chain(&paths).map(String::as_str))?;
    let plan = decide(
        decision,
        &paths,
        &lock,
        artifacts,
        &mut snapshot,
        &mut Around::new(&root),
    )?;
    applying::write(&root, &plan, &turn, view)?;
    drop(progress);
    view.drift(&drift::report(&plan), &plan, Told::Decided, false);
    Ok(Outcome::Clean)
}

/// A path as it was typed, relative to the current folder, as one relative to the root.
fn relative(root: &Root, path: &Path) -> Result<String, SyncError> {
    let outside = || {
        SyncError::new(
            "PATH_OUTSIDE_ROOT",
            format!("{} is not inside {}", path.display(), root.path().display()),
        )
    };
    let absolute = std::path::absolute(path).map_err(|error| SyncError::io("cannot use", path, &error))?;
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    let base = std::path::absolute(root.path()).map_err(|error| SyncError::io("cannot use", root.path(), &error))?;
    let base: PathBuf = base
        .components()
        .filter(|part| *part != std::path::Component::CurDir)
        .collect();
    // Either may be spelled through a link (`/tmp` on some systems).
    let found = plain.strip_prefix(&base).map(Path::to_owned).or_else(|_| {
        let folder = plain.parent().and_then(|folder| folder.canonicalize().ok());
        let full = folder.map(|folder| folder.join(plain.file_name().unwrap_or_default()));
        let real = base.canonicalize().map_err(|_| outside())?;
        full.and_then(|full| full.strip_prefix(real).map(Path::to_owned).ok())
            .ok_or_else(outside)
    })?;
    let text = found.to_str().ok_or_else(outside)?.replace('\\', "/");
    if text.is_empty() {
        return Err(outside());
    }
    Ok(text)
}
