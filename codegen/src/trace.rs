//! The trace: from each requirement to what carries it.
//!
//! Owns: resolving requirement ids, coverage. Must not know: files beyond the specs, or how a trace is printed.

mod resolve;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::resolve::{Resolver, Target};
use crate::diagnostics::Place;
use crate::model::{Feature, Model, Requirement, RequirementKind};

/// Requirements and what carries them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// In the order of the features.
    pub requirements: Vec<Traced>,
    /// Figures over all features, of functional requirements and success criteria apart.
    pub coverage: Coverage,
    /// Figures of functional requirements by feature.
    pub features: Vec<FeatureCoverage>,
    /// Ids of operations without any requirement, when there are features.
    pub untraced: Vec<String>,
}

/// One requirement and what carries it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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

/// Figures of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeatureCoverage {
    /// Name of its folder.
    pub feature: String,
    /// Its title.
    pub title: String,
    /// Functional requirements that still hold.
    pub requirements: usize,
    /// Those that something carries.
    pub covered: usize,
    /// Those with a written reason.
    pub explained: usize,
}

/// Figures of coverage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
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

/// What carries one requirement, by position.
#[derive(Default)]
struct Carriers {
    operations: Vec<TracedOperation>,
    schemas: Vec<String>,
    errors: Vec<String>,
}

/// Traces every requirement, or the one of that id (`FR-008`, in every feature that has it, or `001/FR-008`).
#[must_use]
pub fn trace(model: &Model, only: Option<&str>) -> Trace {
    let mut carriers = carriers(model).into_iter();
    let mut requirements = Vec::new();
    let mut coverage = Coverage::default();
    let mut features = Vec::with_capacity(model.features.len());
    for feature in &model.features {
        let mut figures = FeatureCoverage {
            feature: format!("{}-{}", feature.number, feature.slug),
            title: feature.title.clone(),
            requirements: 0,
            covered: 0,
            explained: 0,
        };
        for requirement in &feature.requirements {
            let traced = traced(feature, requirement, carriers.next().unwrap_or_default());
            if requirement.kind == RequirementKind::Functional && traced.status != Status::Removed {
                figures.requirements += 1;
                figures.covered += usize::from(traced.status == Status::Covered);
                figures.explained += usize::from(traced.status == Status::Explained);
            }
            if only.is_none_or(|id| names(id, feature, requirement)) {
                requirements.push(traced);
            }
        }
        coverage.requirements += figures.requirements;
        coverage.covered += figures.covered;
        coverage.explained += figures.explained;
        features.push(figures);
    }
    coverage.operations = model.operations.len();
    let mut untraced = Vec::new();
    for operation in &model.operations {
        if operation.policy.requirements.is_empty() {
            untraced.push(operation.id.raw.to_string());
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
        features,
        untraced,
    }
}

/// What carries each requirement, in the order of the features.
fn carriers(model: &Model) -> Vec<Carriers> {
    let count = model.features.iter().map(|feature| feature.requirements.len()).sum();
    let mut carriers: Vec<Carriers> = std::iter::repeat_with(Carriers::default).take(count).collect();
    let resolver = Resolver::new(model);
    let mut carry = |ids: &[String], place: &Place, add: &dyn Fn(&mut Carriers)| {
        let positions: BTreeSet<usize> = ids
            .iter()
            .flat_map(|id| resolver.resolve(id, &place.file))
            .map(|target| target.position)
            .collect();
        for position in positions {
            if let Some(found) = carriers.get_mut(position) {
                add(found);
            }
        }
    };
    for operation in &model.operations {
        carry(&operation.policy.requirements, &operation.place, &|found| {
            found.operations.push(TracedOperation {
                id: operation.id.raw.to_string(),
                method: operation.method.as_str(),
                path: operation.path.raw.clone(),
            });
        });
    }
    for def in &model.types {
        carry(&def.requirements, &def.place, &|found| {
            found.schemas.push(def.name.raw.to_string())
        });
    }
    for (code, error) in &model.errors {
        carry(&error.requirements, &error.place, &|found| {
            found.errors.push(code.clone())
        });
    }
    carriers
}

fn traced(feature: &Feature, requirement: &Requirement, carriers: Carriers) -> Traced {
    let Carriers {
        operations,
        schemas,
        errors,
    } = carriers;
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
fn names(id: &str, feature: &Feature, requirement: &Requirement) -> bool {
    let Some((folder, short)) = id.split_once('/') else {
        return id.eq_ignore_ascii_case(&requirement.id);
    };
    let named = || format!("{}-{}", feature.number, feature.slug);
    short.eq_ignore_ascii_case(&requirement.id) && (folder == feature.number || folder.eq_ignore_ascii_case(&named()))
}
