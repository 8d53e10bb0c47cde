//! What belongs to what: the schemas and operations of both sides, recognised through renames.
//!
//! Owns: matching. Must not know: what differs between the two of a pair.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Contract;
use super::spot::escape;
use crate::model::{Method, Operation, PathPart, TypeId};

/// Pairs of both sides, and what has no other.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Components: before -> after.
    pub(super) schemas: BTreeMap<TypeId, TypeId>,
    /// Components that only were, and that only are.
    pub(super) schemas_removed: Vec<TypeId>,
    pub(super) schemas_added: Vec<TypeId>,
    /// Operations, as indexes into both models, in the order of what is.
    pub(super) operations: Vec<(usize, usize)>,
    pub(super) operations_removed: Vec<usize>,
    pub(super) operations_added: Vec<usize>,
}

impl Pairs {
    pub(super) fn of(before: Contract<'_>, after: Contract<'_>) -> Self {
        let mut pairs = Self::default();
        pairs.schemas(before, after);
        pairs.operations(before, after);
        pairs
    }

    /// Whether two components are the same one.
    pub(super) fn same(&self, before: TypeId, after: TypeId) -> bool {
        self.schemas.get(&before) == Some(&after)
    }

    fn schemas(&mut self, before: Contract<'_>, after: Contract<'_>) {
        let (mut gone, mut new) = (components(before), components(after));
        let same: Vec<String> = gone.keys().filter(|name| new.contains_key(*name)).cloned().collect();
        for name in same {
            if let (Some(before), Some(after)) = (gone.remove(&name), new.remove(&name)) {
                self.schemas.insert(before, after);
            }
        }
        // A schema may refer to another renamed one, so each round may make the next find more.
        let mut renamed: Vec<(String, String)> = Vec::new();
        loop {
            let old = unique(gone.keys().map(|name| (content(before, name, &renamed), name.clone())));
            let now = unique(new.keys().map(|name| (content(after, name, &[]), name.clone())));
            let mut found = false;
            for (text, old) in old {
                let Some(now) = now.get(&text) else { continue };
                if let (Some(before), Some(after)) = (gone.remove(&old), new.remove(now)) {
                    self.schemas.insert(before, after);
                    renamed.push((old, now.clone()));
                    found = true;
                }
            }
            if !found {
                break;
            }
        }
        self.schemas_removed = gone.into_values().collect();
        self.schemas_added = new.into_values().collect();
        self.schemas_removed.sort_unstable();
        self.schemas_added.sort_unstable();
    }

    fn operations(&mut self, before: Contract<'_>, after: Contract<'_>) {
        let mut gone: Vec<usize> = (0..before.model.operations.len()).collect();
        let mut new: Vec<usize> = (0..after.model.operations.len()).collect();
        self.pair(&mut gone, &mut new, before, after, |_, operation| {
            let (method, address) = address(operation);
            Some(format!("{} {address}", method.as_str()))
        });
        self.pair(&mut gone, &mut new, before, after, |_, operation| {
            Some(operation.id.raw.clone())
        });
        self.pair(&mut gone, &mut new, before, after, |contract, operation| {
            let mut value = contract.bundle.document.pointer(&operation.pointer)?.clone();
            value.as_object_mut()?.remove("operationId");
            Some(value.to_string())
        });
        self.operations.sort_by_key(|(_, after)| *after);
        self.operations_removed = gone;
        self.operations_added = new;
    }

    /// Pairs those whose keys are equal and are nobody else's.
    fn pair(
        &mut self,
        gone: &mut Vec<usize>,
        new: &mut Vec<usize>,
        before: Contract<'_>,
        after: Contract<'_>,
        key: impl Fn(Contract<'_>, &Operation) -> Option<String>,
    ) {
        let keys = |contract: Contract<'_>, left: &[usize]| {
            unique(left.iter().filter_map(|i| {
                let operation = contract.model.operations.get(*i)?;
                Some((key(contract, operation)?, *i))
            }))
        };
        let (old, now) = (keys(before, gone), keys(after, new));
        let found: Vec<(usize, usize)> = old.iter().filter_map(|(key, i)| Some((*i, *now.get(key)?))).collect();
        gone.retain(|i| !found.iter().any(|(old, _)| old == i));
        new.retain(|i| !found.iter().any(|(_, now)| now == i));
        self.operations.extend(found);
    }
}

/// Method and path; names of parameters are not on the wire.
pub(super) fn address(operation: &Operation) -> (Method, String) {
    let segments = operation.path.segments.iter().map(|parts| {
        parts
            .iter()
            .map(|part| match part {
                PathPart::Fixed(text) => text.as_str(),
                PathPart::Parameter(_) => "{}",
            })
            .collect::<String>()
    });
    (operation.method, segments.collect::<Vec<_>>().join("/"))
}

/// Components by name. A component is named by its key.
fn components(contract: Contract<'_>) -> BTreeMap<String, TypeId> {
    let types = contract.model.types.iter().enumerate();
    types
        .filter(|(_, def)| def.component)
        .filter_map(|(i, def)| Some((def.name.raw.clone(), TypeId(u32::try_from(i).ok()?))))
        .collect()
}

/// What a schema says, with its own name and those of renamed ones put aside.
fn content(contract: Contract<'_>, name: &str, renamed: &[(String, String)]) -> String {
    let pointer = format!("/components/schemas/{}", escape(name));
    let value = contract.bundle.document.pointer(&pointer).unwrap_or(&Value::Null);
    let reference = |name: &str| Value::String(format!("#/components/schemas/{}", escape(name))).to_string();
    let mut text = value.to_string().replace(&reference(name), "\"#\"");
    for (old, now) in renamed {
        text = text.replace(&reference(old), &reference(now));
    }
    text
}

/// Values by key; keys that several have are left out.
fn unique<T>(items: impl Iterator<Item = (String, T)>) -> BTreeMap<String, T> {
    let mut counted: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (key, value) in items {
        counted.entry(key).or_default().push(value);
    }
    let single = counted.into_iter().filter(|(_, values)| values.len() == 1);
    single
        .filter_map(|(key, values)| Some((key, values.into_iter().next()?)))
        .collect()
}
