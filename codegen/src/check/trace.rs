//! Traceability: requirements that nothing carries, carriers that name none, ids that lead nowhere.
//!
//! Owns: what is told about ids. Must not know: how ids are resolved. Without a feature there is nothing to trace, and
//! nothing is told.

use indexmap::IndexMap;

use super::Input;
use crate::diagnostics::{Diagnostic, Diagnostics, Place, nearest, rule as codes};
use crate::model::RequirementKind;
use crate::trace::{Status, trace};

/// Ids in a contract that name nothing, several things, or something removed.
pub(super) fn unknown(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let model = input.model;
    if model.features.is_empty() {
        return;
    }
    for operation in &model.operations {
        let what = || format!("operation `{}`", operation.id.raw);
        ids(
            input,
            &operation.policy.requirements,
            &operation.place,
            &what,
            diagnostics,
        );
    }
    for def in &model.types {
        let what = || format!("schema `{}`", def.name.raw);
        ids(input, &def.requirements, &def.place, &what, diagnostics);
    }
    for (code, error) in &model.errors {
        let what = || format!("error `{code}`");
        ids(input, &error.requirements, &error.place, &what, diagnostics);
    }
}

fn ids(input: &Input<'_>, ids: &[String], place: &Place, what: &dyn Fn() -> String, diagnostics: &mut Diagnostics) {
    for id in ids {
        let found = input.resolver.resolve(id, &place.file);
        match found.as_slice() {
            [] => {
                let message = format!("{} names `{id}`, which is no requirement", what());
                let hint = match input.resolver.elsewhere(id) {
                    Some(global) => Some(format!("another feature has it: write `{global}`")),
                    None => nearest(id, input.resolver.candidates(&place.file))
                        .map(|near| format!("did you mean `{near}`?")),
                };
                let hint = hint.unwrap_or_else(|| "`flaresmith spec trace` lists every requirement".to_owned());
                diagnostics.push(Diagnostic::new(&codes::REQUIREMENT_UNKNOWN, message, place.clone()).hint(hint));
            }
            [one] if one.requirement.removed => {
                let message = format!("{} names `{id}`, which was removed", what());
                diagnostics.push(
                    Diagnostic::new(&codes::REQUIREMENT_REMOVED, message, place.clone())
                        .hint(format!("take `{id}` away"))
                        .related(one.requirement.place.clone(), "removed here"),
                );
            }
            [_] => {}
            [first, ..] => {
                let message = format!("{} names `{id}`, which {} features have", what(), found.len());
                let hint = format!(
                    "write it with its feature, for example `{}`",
                    first.requirement.global_id
                );
                let told = Diagnostic::new(&codes::REQUIREMENT_AMBIGUOUS, message, place.clone()).hint(hint);
                let places = found.iter().take(4).map(|target| target.requirement.place.clone());
                diagnostics.push(places.fold(told, |told, place| told.related(place, "defined here")));
            }
        }
    }
}

/// Functional requirements that nothing carries. Features that were put aside are not asked.
pub(super) fn uncovered(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let model = input.model;
    let features = &model.features;
    let places: IndexMap<(&str, &str), (&Place, RequirementKind)> = features
        .iter()
        .filter(|feature| !is_archived(&feature.file))
        .flat_map(|feature| feature.requirements.iter().map(move |one| (feature, one)))
        .map(|(feature, one)| ((feature.file.as_str(), one.global_id.as_str()), (&one.place, one.kind)))
        .collect();
    for traced in trace(model, None).requirements {
        let Some((place, RequirementKind::Functional)) = places.get(&(traced.file.as_str(), traced.id.as_str())) else {
            continue;
        };
        if traced.status == Status::Uncovered {
            let short = traced.id.rsplit('/').next().unwrap_or(&traced.id);
            let message = format!("no operation, schema or error carries `{}`", traced.id);
            let hint = format!(
                "name it where it is met, `x-flaresmith: {{ requirements: [{short}] }}`, or add a sentence to it that begins `Not in the contract:`"
            );
            diagnostics.push(Diagnostic::new(&codes::REQUIREMENT_UNCOVERED, message, (*place).clone()).hint(hint));
        }
    }
}

fn is_archived(file: &str) -> bool {
    file.split('/').any(|part| matches!(part, "archive" | "archived"))
}

/// Operations that name no requirement.
pub(super) fn untraced(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let model = input.model;
    let asked = model
        .features
        .iter()
        .any(|feature| !is_archived(&feature.file) && !feature.requirements.is_empty());
    if !asked {
        return;
    }
    for operation in &model.operations {
        if operation.policy.requirements.is_empty() {
            let message = format!("operation `{}` names no requirement", operation.id.raw);
            let hint = "add `x-flaresmith: { requirements: [FR-…] }` with what it is there for";
            diagnostics.push(Diagnostic::new(&codes::OPERATION_UNTRACED, message, operation.place.clone()).hint(hint));
        }
    }
}
