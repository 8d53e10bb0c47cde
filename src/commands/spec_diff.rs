//! `flaresmith spec diff [--base REV]`: what did the contract itself change?
//!
//! Owns: which two states are compared, and what fails. Must not know: what breaks whom (`codegen::compare`), how to read git.

use flaresmith_codegen::compare::{ChangeReport, Class, compare};
use flaresmith_codegen::diagnostics::{Diagnostic, Severity, any_error, document, rule};
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::source::locate::Locator;
use flaresmith_codegen::{Compilation, analyse};
use flaresmith_sync::sources::{self, Inputs};
use flaresmith_sync::{SyncError, Tree};

use crate::cli::{DiffArgs, FailOn, Global};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::view::View;

/// Runs it.
pub(crate) fn run(args: &DiffArgs, global: &Global, view: &mut View) -> Result<Outcome, SyncError> {
    let progress = Progress::start("reading specs", global.quiet);
    let root = super::root(global)?;
    view.about(&root);
    let (inputs, mut after) = analysed(&Tree::disk(&root))?;
    progress.phase("reading the base");
    let (base, before) = analysed(&Tree::revision(&root, &args.base)?)?;
    drop(progress);

    let mut found = inputs.diagnostics.clone();
    found.append(&mut after.diagnostics);
    let failed = any_error(&found);
    view.diagnostics(&found, &Locator::new(&inputs.sources), failed);
    if failed {
        return Ok(Outcome::Problems);
    }
    let mut broken = base.diagnostics.clone();
    broken.extend(before.diagnostics.iter().cloned());
    broken.retain(|diagnostic| diagnostic.severity == Severity::Error && !harmless(diagnostic));
    if !broken.is_empty() {
        let (broken, sources) = at_base(broken, &base.sources, &args.base);
        view.diagnostics(&broken, &Locator::new(&sources), true);
        return Ok(Outcome::Problems);
    }
    let changes = compare((&before).into(), (&after).into());
    let texts = (&Locator::new(&base.sources), &Locator::new(&inputs.sources));
    let report = ChangeReport::new(&args.base, &changes, &after, texts);
    view.changes(&report);
    Ok(match (args.fail_on.map(class), report.worst()) {
        (Some(limit), Some(worst)) if worst <= limit => Outcome::Found,
        _ => Outcome::Clean,
    })
}

fn class(fail_on: FailOn) -> Class {
    match fail_on {
        FailOn::Breaking => Class::Breaking,
        FailOn::Compatible => Class::Compatible,
        FailOn::Docs => Class::Docs,
    }
}

fn analysed(tree: &Tree) -> Result<(Inputs, Compilation), SyncError> {
    let inputs = sources::read(tree)?;
    let compilation = analyse(&inputs.sources, &inputs.settings);
    Ok((inputs, compilation))
}

/// Problems that do not stand in the way of a comparison: before the first contract there was none, so everything is added;
/// and what breaks a rule about good specs has been understood all the same.
fn harmless(diagnostic: &Diagnostic) -> bool {
    diagnostic.code == &document::NO_CONTRACT || rule::CODES.contains(&diagnostic.code)
}

/// The problems of the base, each at a place that says whose it is: `HEAD~1:specs/…`, as git names a file of a revision.
fn at_base(mut found: Vec<Diagnostic>, sources: &Sources, base: &str) -> (Vec<Diagnostic>, Sources) {
    let name = |file: &str| format!("{base}:{file}");
    let mut renamed = Sources::default();
    for (path, bytes) in sources.iter() {
        renamed.insert(&name(path), bytes.clone());
    }
    for diagnostic in &mut found {
        let related = diagnostic.related.iter_mut().map(|(place, _)| place);
        for place in diagnostic.place.iter_mut().chain(related) {
            place.file = name(&place.file).into();
        }
        diagnostic.hint = Some(format!(
            "the specs of `{base}` are broken, not those on disk; choose a sound revision with `--base`"
        ));
    }
    (found, renamed)
}
