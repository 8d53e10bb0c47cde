//! What changed between two states of a contract, each change classed breaking, compatible or docs.
//!
//! Owns: comparing two models. Must not know: where either came from, or how changes are printed.
//!
//! `diagnostics::change` is the table of codes and classes, `rules.rs` what it means in a direction. Everything else finds changes: one file a part of the model. A change inside
//! of a named schema is told once, at the schema; what is written inline is told at the operation that has it.

mod bodies;
mod bounds;
mod catalog;
mod change;
mod comparison;
mod lifecycles;
mod operations;
mod pairs;
mod parameters;
mod policy;
mod records;
mod report;
mod requirements;
mod rules;
mod schemas;
mod sent;
mod spot;
mod tables;
mod types;
mod unions;
mod wording;

pub use change::{ContractChange, Side, Subject};
pub use report::{ChangeEntry, ChangeReport, ChangeSummary};
pub use spot::Direction;

use std::borrow::Cow;

use crate::Compilation;
use crate::diagnostics::Place;
pub use crate::diagnostics::change::{Class, Rule, rules};
use crate::lower;
use crate::model::{Model, Operation, TypeId};
use crate::openapi::Bundle;
use crate::pointer::below;
use comparison::Comparison;
use pairs::Pairs;

/// One of two contracts that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Contract<'a> {
    /// What the service is.
    pub model: &'a Model,
    /// The same as one document, which knows where everything was written.
    pub bundle: &'a Bundle,
}

impl<'a> From<&'a Compilation> for Contract<'a> {
    fn from(compilation: &'a Compilation) -> Self {
        Self {
            model: &compilation.model,
            bundle: &compilation.bundle,
        }
    }
}

impl<'a> Contract<'a> {
    /// The model with everything that the service sends, when it sends anything.
    fn complete(&self) -> Cow<'a, Model> {
        let calls = |operation: &Operation| {
            let value = self.bundle.document.pointer(&operation.pointer);
            value.is_some_and(|value| value.get("callbacks").is_some())
        };
        match self.model.webhooks.is_empty() && !self.model.operations.iter().any(calls) {
            true => Cow::Borrowed(self.model),
            false => Cow::Owned(lower::with_sent(self.bundle, self.model)),
        }
    }

    /// Where a value of the bundle was written; the nearest one above it that there is.
    fn place(&self, pointer: &str) -> Place {
        let mut pointer = pointer;
        while self.bundle.document.pointer(pointer).is_none() {
            pointer = pointer.rfind('/').and_then(|end| pointer.get(..end)).unwrap_or("");
        }
        match self.bundle.place(pointer) {
            Place { file, .. } if file.is_empty() => self.bundle.place("/info"),
            place => place,
        }
    }

    /// The pointer itself, or that of what the value there refers to, at any distance.
    fn target(&self, pointer: &str) -> String {
        let mut current = pointer;
        for _ in 0..100 {
            let value = self.bundle.document.pointer(current);
            match value.and_then(|value| value.get("$ref")?.as_str()?.strip_prefix('#')) {
                Some(next) => current = next,
                None => break,
            }
        }
        current.to_owned()
    }

    /// The definition of a component.
    fn component(&self, name: &str) -> Option<TypeId> {
        let pointer = below("/components/schemas", name);
        let found = self
            .model
            .types
            .iter()
            .position(|def| def.component && def.pointer == pointer);
        found.and_then(|i| u32::try_from(i).ok()).map(TypeId)
    }
}

/// Everything that differs, in one order: by class, then by subject, then as the documents have it.
#[must_use]
pub fn compare(before: Contract<'_>, after: Contract<'_>) -> Vec<ContractChange> {
    let models = (before.complete(), after.complete());
    let before = Contract {
        model: &models.0,
        ..before
    };
    let after = Contract {
        model: &models.1,
        ..after
    };
    let mut comparison = Comparison {
        before,
        after,
        pairs: Pairs::of(before, after),
        visited: std::collections::BTreeSet::new(),
        trial: false,
        changes: Vec::new(),
        shared: std::collections::BTreeMap::new(),
    };
    comparison.service();
    comparison.catalog();
    comparison.error_details();
    comparison.operations();
    comparison.sent();
    comparison.schemas();
    comparison.lifecycles();
    comparison.tables();
    comparison.feature_requirements();
    comparison.finish()
}
