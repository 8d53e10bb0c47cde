//! The trace: from each requirement to what carries it.
//!
//! Owns: resolving requirement ids, coverage. Must not know: files beyond the specs, or how a trace is printed.

use serde::Serialize;

use crate::diagnostics::Place;
use crate::model::{Feature, Model, Requirement, RequirementKind};

/// Requirements and what carries them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// In the order of the features.
    pub requirements: Vec<Traced>,
    /// Figures over all features, of functional requirements and success criteria apart.
    pub coverage: Coverage,
    /// Ids of operations without any requirement, when there are features.
    pub untraced: Vec<String>,
}

/// One requirement and what carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traced {
    /// `001/FR-008`.
    pub id: String,
    /// What was asked for.
    pub text: String,
    /// File of the spec.
    pub file: String,
    /// Whether something carries it.
    pub status: Status,
    /// Why nothing in a contract does, when the spec says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Operations that carry it.
    pub operations: Vec<TracedOperation>,
    /// Names of schemas that carry it.
    pub schemas: Vec<String>,
    /// Error codes that carry it.
    pub errors: Vec<String>,
}

/// An operation that carries a requirement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedOperation {
    /// Operation id.
    pub id: String,
    /// HTTP method.
    pub method: &'static str,
    /// Path template.
    pub path: String,
}

/// Whether something carries a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// An operation, schema or error does.
    Covered,
    /// Nothing does, and the spec says why.
    Explained,
    /// Nothing does.
    Uncovered,
    /// The requirement was struck out.
    Removed,
}

/// Figures of coverage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Functional requirements that still hold.
    pub requirements: usize,
    /// Those that something carries.
    pub covered: usize,
    /// Those with a written reason.
    pub explained: usize,
    /// Operations of the contract.
    pub operations: usize,
    /// Operations with a requirement.
    pub traced: usize,
}

/// Traces every requirement, or the one of that id (`FR-008`, in every feature that has it, or `001/FR-008`).
#[must_use]
pub fn trace(model: &Model, only: Option<&str>) -> Trace {
    let mut requirements = Vec::new();
    let mut coverage = Coverage::default();
    for feature in &model.features {
        for requirement in &feature.requirements {
            let traced = traced(model, feature, requirement);
            if requirement.kind == RequirementKind::Functional && traced.status != Status::Removed {
                coverage.requirements += 1;
                coverage.covered += usize::from(traced.status == Status::Covered);
                coverage.explained += usize::from(traced.status == Status::Explained);
            }
            if only.is_none_or(|id| names(id, requirement)) {
                requirements.push(traced);
            }
        }
    }
    coverage.operations = model.operations.len();
    let mut untraced = Vec::new();
    for operation in &model.operations {
        if operation.policy.requirements.is_empty() {
            untraced.push(operation.id.raw.clone());
        } else {
            coverage.traced += 1;
        }
    }
    if model.features.is_empty() {
        untraced.clear();
    }
    Trace {
        requirements,
        coverage,
        untraced,
    }
}

fn traced(model: &Model, feature: &Feature, requirement: &Requirement) -> Traced {
    let carries = |ids: &[String], place: &Place| ids.iter().any(|id| refers(model, id, place, feature, requirement));
    let operations: Vec<TracedOperation> = model
        .operations
        .iter()
        .filter(|operation| carries(&operation.policy.requirements, &operation.place))
        .map(|operation| TracedOperation {
            id: operation.id.raw.clone(),
            method: operation.method.as_str(),
            path: operation.path.raw.clone(),
        })
        .collect();
    let schemas = model.types.iter().filter(|def| carries(&def.requirements, &def.place));
    let schemas: Vec<String> = schemas.map(|def| def.name.raw.clone()).collect();
    let errors = model
        .errors
        .iter()
        .filter(|(_, error)| carries(&error.requirements, &error.place));
    let errors: Vec<String> = errors.map(|(code, _)| code.clone()).collect();
    let carried = !operations.is_empty() || !schemas.is_empty() || !errors.is_empty();
    Traced {
        id: requirement.global_id.clone(),
        text: requirement.text.clone(),
        file: feature.file.clone(),
        status: match (requirement.removed, carried, &requirement.not_in_contract) {
            (true, _, _) => Status::Removed,
            (_, true, _) => Status::Covered,
            (_, _, Some(_)) => Status::Explained,
            _ => Status::Uncovered,
        },
        reason: requirement.not_in_contract.clone(),
        operations,
        schemas,
        errors,
    }
}

/// Whether an id as people type it names a requirement.
fn names(id: &str, requirement: &Requirement) -> bool {
    id.eq_ignore_ascii_case(&requirement.id) || id.eq_ignore_ascii_case(&requirement.global_id)
}

/// Whether an id that stands in a contract means a requirement: the global form says so itself; the short form means the
/// feature in whose folder the contract stands, and for contracts outside of features every feature that has the id.
#[must_use]
pub fn refers(model: &Model, id: &str, place: &Place, feature: &Feature, requirement: &Requirement) -> bool {
    if id.contains('/') {
        return id == requirement.global_id;
    }
    if id != requirement.id {
        return false;
    }
    let folder = |feature: &Feature| feature.file.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
    let inside = |feature: &Feature| folder(feature).is_some_and(|folder| place.file.starts_with(&folder));
    inside(feature) || !model.features.iter().any(inside)
}
