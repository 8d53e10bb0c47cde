//! A compilation: every stage in its order.
//!
//! Owns: which stage follows which, which targets run, and that artifacts come out in one order. Must not know: what any
//! stage does.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostics::{
    At, Diagnostic, Diagnostics, Place, any_error, emit as codes, nearest, settings as setting_codes,
};
use crate::emit::templates::Templates;
use crate::emit::{Ahead, Artifact, Input, Names, TARGETS, Target};
use crate::memo::Memo;
use crate::model::Model;
use crate::openapi::{self, Bundle};
use crate::revisions::{Baseline, Revisions};
use crate::settings::{FILE, Settings};
use crate::source::Sources;
use crate::{again, check, lower};

/// What came out of a compilation.
#[derive(Debug, Default)]
pub struct Compilation {
    /// What the service is.
    pub model: Arc<Model>,
    /// The same as one OpenAPI document.
    pub bundle: Arc<Bundle>,
    /// Files to be written, by path. Empty when there are errors.
    pub artifacts: Vec<Artifact>,
    /// Everything that was found, in the order of the stages.
    pub diagnostics: Diagnostics,
}

/// The documents of a repository as a model, checked; nothing is emitted.
#[must_use]
pub fn analyse(sources: &Sources, settings: &Settings) -> Compilation {
    analyse_again(sources, settings, &BTreeMap::new(), &Memo::default(), &|_, _| ()).0
}

/// The same for a process that compiles again and again, with what has changed since the last time. `beside` is done beside lowering
/// when there was no last time.
fn analyse_again(
    sources: &Sources,
    settings: &Settings,
    templates: &BTreeMap<String, String>,
    memo: &Memo,
    beside: &(dyn Fn(&Bundle, &Revisions) + Sync),
) -> (Compilation, Revisions) {
    let now = memo.begin();
    let around = format!("{settings:?}{templates:?}");
    let last = memo.take_last();
    let revisions = Revisions::of_files(last.as_deref(), sources, &around, now);
    let last = match last {
        Some(last) => match again::analyse(last, &revisions, sources, settings, memo) {
            Ok(done) => return done,
            Err(last) => Some(last),
        },
        None => None,
    };
    memo.begin_to_read();
    let (bundled, (prose, tokens)) = rayon::join(
        || {
            let mut found = Diagnostics::new();
            (openapi::bundle_for_more(sources, settings, memo, &mut found), found)
        },
        || {
            let prose = again::prose(&revisions, last.as_deref(), sources, settings, memo);
            (prose, check::tokens(sources, memo, &revisions))
        },
    );
    let ((bundle, linked), mut diagnostics) = bundled;
    let ((features, constitution), found) = &*prose;
    diagnostics.extend(found.iter().cloned());
    let is_sound = !any_error(&diagnostics);
    let mut last = last;
    let looked = last.as_mut().map(|last| std::mem::take(&mut last.looked));
    let ((model, lowered), (revisions, told, looked)) = rayon::join(
        || {
            let (features, constitution) = (features.clone(), constitution.clone());
            let more = memo.is_lasting();
            lower::lower_for_more(&bundle, features, constitution, settings, more, &mut diagnostics)
        },
        || {
            let revisions = match memo.is_lasting() {
                true => revisions.with_bundle(last.as_deref(), &bundle),
                false => revisions,
            };
            let texts = check::Texts {
                bundle: &bundle,
                sources,
                tokens: &tokens,
                prose: again::files_of_prose(features, constitution.as_ref()),
                no_secrets: &settings.no_secrets,
                memo,
                revisions: &revisions,
            };
            let mut found = Diagnostics::new();
            let looked = check::texts(&texts, looked, &mut found);
            if last.is_none() && is_sound {
                beside(&bundle, &revisions);
            }
            (revisions, found, looked)
        },
    );
    let (revisions, ruled) = rayon::join(
        || revisions.with_model(last.as_deref(), &model),
        || {
            let mut found = Diagnostics::new();
            check::check(&model, &bundle, &mut found);
            found
        },
    );
    diagnostics.extend(ruled.iter().cloned());
    diagnostics.extend(told);
    let (model, bundle) = (Arc::new(model), Arc::new(bundle));
    if memo.is_lasting() {
        memo.spend(last);
        memo.keep_last(Box::new(Baseline {
            sources: sources.clone(),
            model: Arc::clone(&model),
            bundle: Arc::clone(&bundle),
            looked,
            ruled,
            around,
            revisions: revisions.clone(),
            linked,
            lowered,
        }));
    }
    let compilation = Compilation {
        model,
        bundle,
        artifacts: Vec::new(),
        diagnostics,
    };
    (compilation, revisions)
}

/// Everything: from texts to artifacts. `templates` replace built-in frames by name.
#[must_use]
pub fn compile(sources: &Sources, settings: &Settings, templates: &BTreeMap<String, String>) -> Compilation {
    compile_again(sources, settings, templates, &Memo::default())
}

/// The same for a process that compiles again and again: the memo spares it what has not changed.
#[must_use]
pub fn compile_again(
    sources: &Sources,
    settings: &Settings,
    templates: &BTreeMap<String, String>,
    memo: &Memo,
) -> Compilation {
    let mut unknown = Diagnostics::new();
    let targets = select(settings, &mut unknown);
    let selected: Vec<&'static str> = targets.iter().map(|target| target.name).collect();
    let ahead = Ahead::default();
    let begin = |bundle: &Bundle, revisions: &Revisions| ahead.begin(bundle, settings, memo, revisions, &selected);
    // Who remembers has the frames of the last round; who does not reads them while one thread reads the contract.
    let ((mut compilation, revisions), frames) = rayon::join(
        || analyse_again(sources, settings, templates, memo, &begin),
        || (!memo.is_lasting()).then(|| Arc::new(Templates::new(templates))),
    );
    compilation.diagnostics.append(&mut unknown);
    let frames = frames.unwrap_or_else(|| {
        memo.part(("frames", String::new()), revisions.of_around(), revisions.now, || {
            Templates::new(templates)
        })
    });
    let frames = match &*frames {
        Ok(frames) => frames,
        Err(errors) => {
            let folder = settings.templates.as_deref();
            let told = errors.iter().map(|error| error.diagnostic(folder));
            compilation.diagnostics.extend(told);
            return compilation;
        }
    };
    if any_error(&compilation.diagnostics) {
        return compilation;
    }
    if !ahead.is_begun() {
        memo.begin_to_emit();
    }
    let input = Input {
        model: &compilation.model,
        bundle: &compilation.bundle,
        settings,
        templates: frames,
        project: project(settings, &compilation.model),
        names: &Names::default(),
        selected: &selected,
        definitions: ahead.definitions(&compilation.bundle, memo, &revisions),
        ahead: &ahead,
        memo,
        revisions: &revisions,
    };
    let emitted: Vec<(Vec<Artifact>, Diagnostics)> = targets
        .par_iter()
        // Some take much longer than others; in one piece with these they would make them late.
        .with_max_len(1)
        .map(|target| {
            let mut diagnostics = Diagnostics::new();
            let made = (target.emit)(&input, &mut diagnostics).into_iter();
            (made.map(|artifact| artifact.aside(memo)).collect(), diagnostics)
        })
        .collect();
    let mut artifacts = Vec::new();
    for (mut made, mut found) in emitted {
        artifacts.append(&mut made);
        for diagnostic in &mut found {
            in_folder_of_templates(diagnostic, settings);
        }
        compilation.diagnostics.append(&mut found);
    }
    artifacts.sort_by(|left, right| left.path.cmp(&right.path));
    tell_repeated(&artifacts, &mut compilation.diagnostics);
    compilation.artifacts = artifacts;
    compilation
}

/// A target knows a template by its name; people find the file in the folder that the settings name.
fn in_folder_of_templates(diagnostic: &mut Diagnostic, settings: &Settings) {
    if let (true, Some(place), Some(folder)) = (
        diagnostic.code == &codes::TEMPLATE,
        &mut diagnostic.place,
        &settings.templates,
    ) {
        let name = place.file.strip_prefix("templates/").unwrap_or(&place.file);
        if crate::emit::templates::is_built_in(name) {
            place.file = format!("{folder}/{name}").into();
        }
    }
}

/// Name of the project: of the settings, else the contract's title.
fn project<'a>(settings: &'a Settings, model: &'a Model) -> &'a str {
    settings
        .name
        .as_deref()
        .filter(|name| !name.trim().is_empty())
        .unwrap_or(&model.info.title)
}

/// The targets that the settings name, with those they need; all when they name none. In the order of the table.
fn select(settings: &Settings, diagnostics: &mut Diagnostics) -> Vec<&'static Target> {
    let Some(names) = &settings.targets else {
        return TARGETS.iter().collect();
    };
    let mut wanted: Vec<&'static str> = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let known = || TARGETS.iter().filter(|target| !target.hidden);
        match known().find(|target| target.name == name) {
            Some(target) => {
                wanted.push(target.name);
                wanted.extend(target.needs);
            }
            None => {
                let place = Place {
                    file: FILE.into(),
                    at: At::Pointer(format!("/targets/{i}")),
                };
                let hint = match nearest(name, known().map(|target| target.name)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "choose among {}",
                        known().map(|target| target.name).collect::<Vec<_>>().join(", ")
                    ),
                };
                let message = format!("there is no target `{name}`");
                diagnostics.push(Diagnostic::new(&setting_codes::UNKNOWN_TARGET, message, place).hint(hint));
            }
        }
    }
    TARGETS.iter().filter(|target| wanted.contains(&target.name)).collect()
}

/// Two artifacts for one path would overwrite each other: the folders of two targets must be apart.
fn tell_repeated(artifacts: &[Artifact], diagnostics: &mut Diagnostics) {
    for pair in artifacts.windows(2) {
        if let [first, second] = pair
            && first.path == second.path
        {
            let message = format!("`{}` and `{}` both make `{}`", first.target, second.target, first.path);
            let hint = "give one of the targets another `out` folder in flaresmith.toml";
            diagnostics.push(Diagnostic::new(&codes::PATH_TAKEN, message, Place::file(FILE)).hint(hint));
        }
    }
}
