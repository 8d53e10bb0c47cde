//! A round that follows the change: what the last one made, brought up to date.
//!
//! Owns: the order of the stages when little changed, and giving up. Must not know: what any stage does, or how much is little:
//! each stage has an `update` that says so itself.
//!
//! Everything from the text of a file to the model is kept from round to round and changed in its place. A stage is told what the
//! one before it changed, and tells what it changes in turn: members of a file, units of the bundle, types and operations. So the
//! work of a round follows the change. As soon as a stage cannot be sure that it comes to what a clean compilation comes to, all
//! is put back, and the round goes the whole way in `compile`.

use std::sync::Arc;

use crate::check::{self, Texts};
use crate::compile::Compilation;
use crate::diagnostics::Diagnostics;
use crate::memo::Memo;
use crate::model::{Constitution, Feature};
use crate::openapi::update as bundled;
use crate::revisions::{Baseline, Revisions};
use crate::settings::Settings;
use crate::source::{Sources, changes};
use crate::{lower, spec};

/// Features and the constitution, and what was told about them.
pub(crate) type Prose = ((Vec<Feature>, Option<Constitution>), Diagnostics);

/// Reads features and the constitution, unless they are what they were.
pub(crate) fn prose(
    revisions: &Revisions,
    last: Option<&Baseline>,
    sources: &Sources,
    settings: &Settings,
    memo: &Memo,
) -> Arc<Prose> {
    let round = revisions.of_files_named(".md", last);
    memo.part(("features", String::new()), round, revisions.now, || {
        let mut found = Diagnostics::new();
        (spec::features(sources, settings, &mut found), found)
    })
}

/// Files of features and of the constitution.
pub(crate) fn files_of_prose<'a>(features: &'a [Feature], constitution: Option<&'a Constitution>) -> Vec<&'a str> {
    let files = features.iter().map(|feature| feature.file.as_str());
    files
        .chain(constitution.map(|constitution| constitution.file.as_str()))
        .collect()
}

/// Brings the last round up to date, analysed but not emitted. `Err`: all is to be done; what comes back is what there was to
/// compare with.
#[allow(clippy::result_large_err, reason = "it is what came in")]
pub(crate) fn analyse(
    mut last: Box<Baseline>,
    revisions: &Revisions,
    sources: &Sources,
    settings: &Settings,
    memo: &Memo,
) -> Result<(Compilation, Revisions), Box<Baseline>> {
    let Some(changes) = changed(&last, revisions, sources, memo) else {
        return Err(last);
    };
    let prose = prose(revisions, Some(&last), sources, settings, memo);
    let ((features, constitution), found) = &*prose;
    let bundle = Arc::make_mut(&mut last.bundle);
    let Some(units) = bundled::update(&mut last.linked, bundle, &changes, sources, memo) else {
        return Err(last);
    };
    let bundle = Arc::clone(&last.bundle);
    let mut looked = std::mem::take(&mut last.looked);
    // Each stage is so short that waking somebody for a part of it would take as long; the texts are looked through beside all of them.
    let (analysed, told) = rayon::join(
        || {
            let (lowered, model) = (&mut last.lowered, Arc::make_mut(&mut last.model));
            let formerly = lower::update(lowered, &bundle, &units, model)?;
            let model = Arc::clone(&last.model);
            let revisions = revisions.clone().with_units(&mut last, &bundle, &units);
            let revisions = revisions.with_parts(&last, &model, &formerly);
            if revisions.is_frame_new() || check::concerns_rules(&units, &formerly) {
                last.ruled = Diagnostics::new();
                check::check(&model, &bundle, &mut last.ruled);
            }
            Some((model, formerly, revisions))
        },
        || {
            let tokens = check::tokens(sources, memo, revisions);
            let texts = Texts {
                bundle: &bundle,
                sources,
                tokens: &tokens,
                prose: files_of_prose(features, constitution.as_ref()),
                no_secrets: &settings.no_secrets,
                memo,
                revisions,
            };
            let mut told = Diagnostics::new();
            check::texts_of_units(&texts, &units, &mut looked, &mut told);
            told
        },
    );
    last.looked = looked;
    let Some((model, formerly, revisions)) = analysed else {
        drop(bundle);
        // What was found in the texts is found again where they changed.
        bundled::restore(Arc::make_mut(&mut last.bundle), units);
        return Err(last);
    };
    let mut diagnostics = found.clone();
    diagnostics.extend(last.lowered.told().iter().cloned());
    diagnostics.extend(last.ruled.iter().cloned());
    diagnostics.extend(told);
    memo.spend((units, formerly, std::mem::replace(&mut last.sources, sources.clone())));
    last.revisions = revisions.clone();
    memo.keep_last(last);
    memo.follows();
    let compilation = Compilation {
        model,
        bundle,
        artifacts: Vec::new(),
        diagnostics,
    };
    Ok((compilation, revisions))
}

/// For each file that changed the pointers below which it did. `None`: there is more than that.
fn changed(
    last: &Baseline,
    revisions: &Revisions,
    sources: &Sources,
    memo: &Memo,
) -> Option<Vec<(Arc<str>, Vec<String>)>> {
    let ours = revisions.changed_files().all(|path| last.linked.has(path));
    if !ours || !revisions.is_of_the_same_files(last) {
        return None;
    }
    let files = revisions.changed_files();
    files
        .map(|path| Some((Arc::clone(path), changes::of_file(sources, path, memo)?)))
        .collect()
}
