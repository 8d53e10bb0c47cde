//! Rules about requirements and what carries them.
//!
//! Owns: coverage in both directions. Must not know: how requirements are written.

use crate::diagnostics::{Diagnostic, Diagnostics, Place, feature as codes, nearest};
use crate::model::{Model, RequirementKind};
use crate::openapi::Bundle;
use crate::trace::{self, Status};

/// A functional requirement that nothing carries, without a reason.
pub(super) fn requirements(model: &Model, _bundle: &Bundle, diagnostics: &mut Diagnostics) {
    let traced = trace::trace(model, None);
    let all = model.features.iter().flat_map(|feature| &feature.requirements);
    for (requirement, traced) in all.zip(&traced.requirements) {
        if requirement.kind == RequirementKind::Functional && traced.status == Status::Uncovered {
            let message = format!("nothing in a contract carries {}", traced.id);
            let hint = format!(
                "add `x-flaresmith: {{ requirements: [{}] }}` where it is carried, or `Not in the contract: …` to its text",
                requirement.id
            );
            let place = requirement.place.clone();
            diagnostics.push(Diagnostic::new(&codes::REQUIREMENT_UNCOVERED, message, place).hint(hint));
        }
    }
}

/// An id in a contract that no feature has.
pub(super) fn unknown(model: &Model, bundle: &Bundle, diagnostics: &mut Diagnostics) {
    if model.features.is_empty() {
        return;
    }
    let operations = model
        .operations
        .iter()
        .map(|operation| (&operation.policy.requirements, &operation.pointer));
    let types = model
        .types
        .iter()
        .filter(|def| def.component)
        .map(|def| (&def.requirements, &def.pointer));
    for (ids, pointer) in operations.chain(types) {
        for (i, id) in ids.iter().enumerate() {
            let place = bundle.place(&format!("{pointer}/x-flaresmith/requirements/{i}"));
            demand(model, id, place, diagnostics);
        }
    }
    for (code, error) in &model.errors {
        for (i, id) in error.requirements.iter().enumerate() {
            let place = bundle.place(&format!("/x-flaresmith/errors/{code}/requirements/{i}"));
            demand(model, id, place, diagnostics);
        }
    }
}

fn demand(model: &Model, id: &str, place: Place, diagnostics: &mut Diagnostics) {
    let all = || {
        model
            .features
            .iter()
            .flat_map(|feature| feature.requirements.iter().map(move |found| (feature, found)))
    };
    if all().any(|(feature, requirement)| trace::refers(model, id, &place, feature, requirement)) {
        return;
    }
    let near = nearest(id, all().map(|(_, requirement)| requirement.id.as_str()));
    let hint = near.map(|near| format!("did you mean `{near}`?"));
    diagnostics.push(
        Diagnostic::new(
            &codes::REQUIREMENT_UNKNOWN,
            format!("no feature has a requirement `{id}`"),
            place,
        )
        .maybe_hint(hint),
    );
}

/// An operation that nobody asked for.
pub(super) fn operations(model: &Model, _bundle: &Bundle, diagnostics: &mut Diagnostics) {
    if model.features.iter().all(|feature| feature.requirements.is_empty()) {
        return;
    }
    for operation in model
        .operations
        .iter()
        .filter(|operation| operation.policy.requirements.is_empty())
    {
        let message = format!(
            "{} {} carries no requirement",
            operation.method.as_str(),
            operation.path.raw
        );
        let hint = "add `x-flaresmith: { requirements: [FR-…] }` to it";
        diagnostics.push(Diagnostic::new(&codes::OPERATION_UNTRACED, message, operation.place.clone()).hint(hint));
    }
}
