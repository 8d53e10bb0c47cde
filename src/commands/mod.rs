//! The commands: one file each.
//!
//! Owns: the table from words to functions, and what the commands about specs share: from a root to a plan.
//! Must not know: how anything is printed.

mod applying;
#[cfg(feature = "client")]
mod audit;
mod completions;
#[cfg(feature = "client")]
mod env;
#[cfg(feature = "client")]
mod env_change;
#[cfg(feature = "client")]
mod env_test;
mod explain;
mod hook;
#[cfg(feature = "client")]
mod incident;
mod init;
#[cfg(feature = "client")]
mod integration;
#[cfg(feature = "client")]
mod login;
#[cfg(feature = "client")]
mod mcp;
#[cfg(feature = "client")]
mod preview;
#[cfg(feature = "client")]
mod project;
#[cfg(feature = "client")]
mod project_plan;
mod schema;
#[cfg(feature = "client")]
mod secrets;
mod serve;
mod spec_apply;
mod spec_check;
mod spec_decide;
mod spec_diff;
mod spec_plan;
mod spec_status;
mod spec_trace;
mod spec_watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use flaresmith_codegen::Compilation;
use flaresmith_codegen::check::redacted;
use flaresmith_codegen::diagnostics::{self, Diagnostic, Diagnostics, Severity};
use flaresmith_codegen::memo::Memo;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_sync::base::Around;
use flaresmith_sync::digest::Digest;
use flaresmith_sync::lock::{self, Lock};
use flaresmith_sync::output::Digested;
use flaresmith_sync::plan::{self, Plan, Wish};
use flaresmith_sync::record::{self, Record};
use flaresmith_sync::snapshot::Snapshot;
use flaresmith_sync::sources::{self, Inputs, Known};
use flaresmith_sync::spool::SpoolFile;
use flaresmith_sync::stamp::Stamp;
use flaresmith_sync::{Root, SyncError, Tree};

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
        Command::Spec(SpecCommand::Watch(args)) => spec_watch::run(args, global, view),
        Command::Spec(SpecCommand::Status) => spec_status::run(global, view),
        Command::Spec(SpecCommand::Accept(args)) => spec_decide::accept(args, global, view),
        Command::Spec(SpecCommand::Eject(args)) => spec_decide::eject(args, global, view),
        Command::Spec(SpecCommand::Restore(args)) => spec_decide::restore(args, global, view),
        Command::Spec(SpecCommand::Diff(args)) => spec_diff::run(args, global, view),
        Command::Hook(command) => hook::run(command, global, view),
        Command::Serve(args) => serve::run(args),
        #[cfg(feature = "client")]
        Command::Login(args) => login::run(args, view),
        #[cfg(feature = "client")]
        Command::Logout => login::logout(view),
        #[cfg(feature = "client")]
        Command::Project(command) => project::run(command, view),
        #[cfg(feature = "client")]
        Command::Integration(command) => integration::run(command, view),
        #[cfg(feature = "client")]
        Command::Env(command) => env::run(command, view),
        #[cfg(feature = "client")]
        Command::Preview(command) => preview::run(command, view),
        #[cfg(feature = "client")]
        Command::Incident(command) => incident::run(command, view),
        #[cfg(feature = "client")]
        Command::Secrets(command) => secrets::run(command, view),
        #[cfg(feature = "client")]
        Command::Audit(command) => audit::run(command, view),
        #[cfg(feature = "client")]
        Command::Mcp(command) => mcp::run(command, view),
        Command::Explain(args) => explain::run(args, view),
        Command::Schema(args) => schema::run(args, view),
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
    compilation: Compilation,
    /// Digest of every file that was read, by path.
    digests: BTreeMap<String, Digest>,
}

/// What is remembered from one time that everything is generated to the next, in a process that goes on.
#[derive(Default)]
struct Remembered {
    memo: Memo,
    digested: Digested,
    /// Specs.
    known: Known,
    /// What was settled last. Others may have settled more since: then it tells less, and nothing that is wrong.
    record: Option<Record>,
    /// Digests of what was read then, when this process did.
    settled: Option<BTreeMap<String, Digest>>,
    /// The lock, by its text.
    lock: Option<(String, Arc<Lock>)>,
}

/// A repository compared with its specs, the diagnostics already shown.
struct Examined {
    root: Root,
    plan: Plan,
    /// What it takes to remember that the plan was carried out; `None` when it was remembered before.
    settles: Option<Settles>,
}

struct Settles {
    inputs: Inputs,
    diagnostics: Diagnostics,
    snapshot: Snapshot,
}

impl Remembered {
    /// For a process that generates once.
    fn once(root: &Root) -> Self {
        Self {
            memo: memo_once(root),
            ..Self::default()
        }
    }

    /// The lock of a text.
    fn lock(&mut self, root: &Root, text: Option<&str>) -> Result<Arc<Lock>, SyncError> {
        if let (Some((known, lock)), Some(text)) = (&self.lock, text)
            && known == text
        {
            return Ok(Arc::clone(lock));
        }
        let lock = Arc::new(parse_lock(root, text)?);
        self.lock = text.map(|text| (text.to_owned(), Arc::clone(&lock)));
        Ok(lock)
    }
}

impl Examined {
    /// Remembers that there is nothing left to do: the plan is clean, or was carried out with these files written. The record, if one
    /// was made, with the digests of what was read.
    fn settled(self, written: &BTreeMap<String, Stamp>) -> Option<(Record, BTreeMap<String, Digest>)> {
        let settles = self.settles.filter(|_| self.plan.conflicts.is_empty())?;
        let record = record::remember(
            &self.root,
            &settles.inputs,
            &settles.diagnostics,
            &self.plan,
            &settles.snapshot,
            written,
        )?;
        Some((record, settles.inputs.digests))
    }
}

/// What came of comparing a repository with its specs.
enum Compared {
    /// What there is to do.
    Examined(Box<Examined>),
    /// The specs have errors, so there is nothing to compare with.
    Broken,
    /// The specs are others by now; nothing was told about those that were read.
    Outdated,
}

/// Reads and compiles a repository and shows what was found. `None`: there are errors, so there is nothing to go on with.
fn compile(global: &Global, strict: bool, view: &mut View, progress: &Progress) -> Result<Option<Compiled>, SyncError> {
    let root = root(global)?;
    view.about(&root);
    applying::tell_unfinished(&root, view);
    progress.phase("reading specs");
    let inputs = sources::read(&Tree::disk(&root))?;
    Ok(
        generate(&inputs, &memo_once(&root), strict, view, progress).map(|(compilation, _)| Compiled {
            root,
            compilation,
            digests: inputs.digests,
        }),
    )
}

/// For a process that generates once: much of what it generates waits on the disk to be written.
fn memo_once(root: &Root) -> Memo {
    Memo::spooling(SpoolFile::of(root))
}

/// Generates everything and shows what was found, which comes back as it was found.
fn generate(
    inputs: &Inputs,
    memo: &Memo,
    strict: bool,
    view: &mut View,
    progress: &Progress,
) -> Option<(Compilation, Diagnostics)> {
    show_all(compile_again(inputs, memo, progress), inputs, strict, view)
}

fn compile_again(inputs: &Inputs, memo: &Memo, progress: &Progress) -> Compilation {
    progress.phase("generating");
    flaresmith_codegen::compile_again(&inputs.sources, &inputs.settings, &inputs.templates, memo)
}

/// Shows what was found while reading and generating, which comes back as it was found.
fn show_all(
    mut compilation: Compilation,
    inputs: &Inputs,
    strict: bool,
    view: &mut View,
) -> Option<(Compilation, Diagnostics)> {
    let mut found = inputs.diagnostics.clone();
    found.append(&mut compilation.diagnostics);
    let strict = strict || inputs.settings.strict;
    show(&found, &Locator::new(&inputs.sources), strict, view).then_some((compilation, found))
}

/// Shows what was found. Whether there is something to go on with.
fn show(found: &Diagnostics, sources: &Locator<'_>, strict: bool, view: &mut View) -> bool {
    let mut found = found.clone();
    // A message may quote what stands in a spec, and a broken spec was not looked through for secrets.
    for diagnostic in &mut found {
        let labels = diagnostic.related.iter_mut().map(|(_, label)| label);
        let texts = [&mut diagnostic.message]
            .into_iter()
            .chain(&mut diagnostic.hint)
            .chain(labels);
        texts.for_each(|text| *text = redacted(text).into_owned());
    }
    if strict {
        for diagnostic in &mut found {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
            }
        }
    }
    let failed = diagnostics::any_error(&found);
    view.diagnostics(&found, sources, failed);
    !failed
}

/// The text of the lock file, if there is one.
fn lock_text(root: &Root) -> Result<Option<String>, SyncError> {
    let path = root.path().join(lock::FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SyncError::io("cannot read", &path, &error)),
    }
}

fn parse_lock(root: &Root, text: Option<&str>) -> Result<Lock, SyncError> {
    text.map_or_else(
        || Ok(Lock::default()),
        |text| Lock::parse(text).map_err(|error| error.at(&root.path().join(lock::FILE))),
    )
}

/// The lock; an empty one when there is none.
fn lock(root: &Root) -> Result<Lock, SyncError> {
    parse_lock(root, lock_text(root)?.as_deref())
}

/// Compares a repository with its specs. `None`: the specs have errors, so there is nothing to compare with.
///
/// Where nothing moved since the repository was last seen to be settled, nothing is generated: the plan is known to be clean.
fn examine(
    global: &Global,
    strict: bool,
    wish: Wish,
    view: &mut View,
    progress: &Progress,
) -> Result<Option<Examined>, SyncError> {
    let root = root(global)?;
    view.about(&root);
    applying::tell_unfinished(&root, view);
    progress.phase("reading specs");
    if !wish.merge
        && let Some((plan, mut record)) = untouched(&root)?
    {
        let (found, _) = record.told();
        let mut inputs = Inputs::default();
        if !found.is_empty() {
            inputs = sources::read_named(&Tree::disk(&root), std::iter::empty())?;
            // What was told then is told again, of the files that it is about. They are read once for that.
            if view.shows_places(strict || inputs.settings.strict) && record.places().is_none() {
                let files = found.iter().flat_map(Diagnostic::places).map(|place| &*place.file);
                inputs = sources::read_named(&Tree::disk(&root), files)?;
                record.keep_places(&root, Locator::new(&inputs.sources).places(&found));
            }
        }
        let locator = Locator::knowing(&inputs.sources, record.places());
        let strict = strict || inputs.settings.strict;
        return Ok(show(&found, &locator, strict, view).then_some(Examined {
            root,
            plan,
            settles: None,
        }));
    }
    let inputs = sources::read(&Tree::disk(&root))?;
    let remembered = &mut Remembered::once(&root);
    let compared = compare(root, inputs, remembered, strict, wish, view, progress, &mut |_| {
        Ok(false)
    })?;
    Ok(match compared {
        Compared::Examined(examined) => Some(*examined),
        Compared::Broken | Compared::Outdated => None,
    })
}

/// The clean plan of a repository in which nothing moved since it was last seen to be settled, and what was told about its specs
/// then. Neither they nor what was generated is read for that.
fn untouched(root: &Root) -> Result<Option<(Plan, Record)>, SyncError> {
    let record = Record::load(root);
    let lock_text = lock_text(root)?;
    if !record.is_untouched(root, lock_text.as_deref()) {
        return Ok(None);
    }
    let (_, compared) = record.told();
    let plan = Plan {
        compared,
        lock: parse_lock(root, lock_text.as_deref())?,
        ..Plan::default()
    };
    Ok(Some((plan, record)))
}

/// The same for what was read already. Once that is generated, `outdated` says whether it is worth telling of.
#[allow(
    clippy::too_many_arguments,
    reason = "what one command and the rounds of a watch have in common"
)]
fn compare(
    root: Root,
    inputs: Inputs,
    remembered: &mut Remembered,
    strict: bool,
    wish: Wish,
    view: &mut View,
    progress: &Progress,
    outdated: &mut dyn FnMut(&Inputs) -> Result<bool, SyncError>,
) -> Result<Compared, SyncError> {
    let lock_text = lock_text(&root)?;
    let mut record = remembered.record.take().unwrap_or_else(|| Record::load(&root));
    let stamps = record.stamps();
    // A merge may find something to do where an apply finds nothing: an edited stub that the contract has gone past.
    // Files whose digests are others are not those of the record, which is found out sooner than by all of their bytes.
    let moved = remembered
        .settled
        .as_ref()
        .is_some_and(|known| *known != inputs.digests);
    if !wish.merge && !moved && record.applies(&inputs, lock_text.as_deref()) {
        let snapshot = Snapshot::take_known(&root, record.paths(), &stamps)?;
        if record.holds(&snapshot) {
            record.refresh(&root, &inputs, &snapshot);
            let (found, compared) = record.told();
            let plan = Plan {
                compared,
                lock: parse_lock(&root, lock_text.as_deref())?,
                ..Plan::default()
            };
            remembered.record = Some(record);
            let (locator, strict) = (Locator::new(&inputs.sources), strict || inputs.settings.strict);
            return Ok(match show(&found, &locator, strict, view) {
                true => Compared::Examined(Box::new(Examined {
                    root,
                    plan,
                    settles: None,
                })),
                false => Compared::Broken,
            });
        }
    }
    remembered.record = Some(record);
    let lock = remembered.lock(&root, lock_text.as_deref());
    // Whoever settled it before knows most files by what the file system says of them, and asks that while the specs are generated.
    let known = lock.as_ref().ok().filter(|_| remembered.settled.is_some());
    let known = known.and_then(|lock| plan::paths(lock, &[], &inputs.digests).ok());
    progress.phase("generating");
    let memo = &remembered.memo;
    let generate = || flaresmith_codegen::compile_again(&inputs.sources, &inputs.settings, &inputs.templates, memo);
    let (early, compilation) = match known {
        Some(paths) => {
            let (compilation, early) = Snapshot::take_beside(&root, &paths, &stamps, generate);
            (early.ok().map(|early| (paths, early)), compilation)
        }
        None => (None, generate()),
    };
    if outdated(&inputs)? {
        return Ok(Compared::Outdated);
    }
    let Some((compilation, diagnostics)) = show_all(compilation, &inputs, strict, view) else {
        return Ok(Compared::Broken);
    };
    progress.phase("comparing files");
    let lock = lock?;
    let artifacts = &compilation.artifacts;
    let paths = plan::paths(&lock, artifacts, &inputs.digests)?;
    let take = || Snapshot::take_known(&root, paths.iter().map(String::as_str), &stamps);
    let (mut snapshot, is_early) = match early {
        Some((known, early)) if known == paths => (early, true),
        _ => (take()?, false),
    };
    let digests = &inputs.digests;
    let around = &mut Around::again(&root, &mut remembered.digested);
    let mut plan = plan::plan(&lock, artifacts, digests.clone(), &mut snapshot, wish, around)?;
    // Somebody may have written meanwhile where something is to be written, or to be told.
    let is_still = |plan: &Plan, snapshot: &Snapshot| {
        let conflicts = plan.conflicts.iter().map(|conflict| &conflict.path);
        let touched = plan.all_changes().map(|change| &change.path).chain(conflicts);
        snapshot.is_still_of(&root, touched.map(String::as_str))
    };
    if is_early && !is_still(&plan, &snapshot) {
        snapshot = take()?;
        plan = plan::plan(&lock, artifacts, digests.clone(), &mut snapshot, wish, around)?;
    }
    Ok(Compared::Examined(Box::new(Examined {
        root,
        plan,
        settles: Some(Settles {
            inputs,
            diagnostics,
            snapshot,
        }),
    })))
}
