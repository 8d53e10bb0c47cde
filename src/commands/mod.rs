//! The commands: one file each.
//!
//! Owns: the table from words to functions, and what the commands about specs share: from a root to a plan.
//! Must not know: how anything is printed.

mod completions;
mod explain;
mod init;
mod spec_apply;
mod spec_check;
mod spec_plan;
mod spec_trace;

use std::path::Path;

use flaresmith_codegen::Compilation;
use flaresmith_codegen::diagnostics::{self, Severity};
use flaresmith_sync::lock::{self, Lock};
use flaresmith_sync::plan::{self, Plan};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::sources::{self, Inputs};
use flaresmith_sync::{Root, SyncError, apply};

use crate::cli::{Cli, Command, Global, SpecCommand};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::View;

/// Runs the command that was asked for.
///
/// # Errors
/// The run could not go on; the error says why and what to do.
pub(crate) fn run(cli: &Cli, view: &mut View) -> Result<Outcome, SyncError> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(args) => init::run(args, global, view),
        Command::Spec(SpecCommand::Apply(args)) => spec_apply::run(args, global, view),
        Command::Spec(SpecCommand::Plan(args)) => spec_plan::run(args, global, view),
        Command::Spec(SpecCommand::Check(args)) => spec_check::run(args, global, view),
        Command::Spec(SpecCommand::Trace(args)) => spec_trace::run(args, global, view),
        Command::Explain(args) => explain::run(args, view),
        Command::Completions(args) => completions::run(args),
    }
}

/// The root that the options name, or the one around the current folder.
fn root(global: &Global) -> Result<Root, SyncError> {
    match &global.root {
        Some(path) => Root::at(path),
        None => Root::find(Path::new(".")),
    }
}

/// A repository read and compiled, its diagnostics already shown.
struct Compiled {
    root: Root,
    inputs: Inputs,
    compilation: Compilation,
}

/// Reads and compiles a repository and shows what was found. `None`: there are errors, so there is nothing to go on with.
fn compile(global: &Global, strict: bool, view: &mut View, progress: &Progress) -> Result<Option<Compiled>, SyncError> {
    let root = root(global)?;
    if apply::is_unfinished(&root) {
        view.warning(
            "an apply was interrupted, or is running: the generated files are between two states",
            "`flaresmith spec apply` puts that right",
        );
    }
    progress.phase("reading specs");
    let inputs = sources::read(&root)?;
    progress.phase("generating");
    let mut compilation = flaresmith_codegen::compile(&inputs.sources, &inputs.settings, &inputs.templates);
    let mut found = inputs.diagnostics.clone();
    found.append(&mut compilation.diagnostics);
    if strict || inputs.settings.strict {
        for diagnostic in &mut found {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
            }
        }
    }
    let failed = diagnostics::any_error(&found);
    view.diagnostics(&found, &inputs.sources, failed);
    Ok((!failed).then_some(Compiled {
        root,
        inputs,
        compilation,
    }))
}

/// Compares what was compiled with what stands on disk.
fn plan(compiled: &Compiled, progress: &Progress) -> Result<Plan, SyncError> {
    progress.phase("comparing files");
    let root = &compiled.root;
    let path = root.path().join(lock::FILE);
    let lock = match std::fs::read_to_string(&path) {
        Ok(text) => Lock::parse(&text).map_err(|error| error.at(&path))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::default(),
        Err(error) => return Err(SyncError::io("cannot read", &path, &error)),
    };
    let artifacts = &compiled.compilation.artifacts;
    let mut snapshot = Snapshot::take(root, plan::paths(&lock, artifacts))?;
    let sources = compiled.inputs.digests.clone();
    Ok(plan::plan(
        &lock,
        artifacts,
        sources,
        &mut snapshot,
        |snapshot, paths| {
            snapshot.ask_git(root, paths.iter().map(String::as_str));
        },
    ))
}
