//! What belongs to what: the schemas and operations of both sides, recognised through renames.
//!
//! Owns: matching. Must not know: what differs between the two of a pair.

use std::collections::BTreeMap;

use super::Contract;
use crate::model::{Method, Operation, PathPart, TypeId};
use crate::pointer::below;
use crate::tree::Value;

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
        let texts = |contract, names: &BTreeMap<String, TypeId>| -> BTreeMap<String, String> {
            let named = names.keys().map(|name| (name.clone(), content(contract, name)));
            named.collect()
        };
        let (mut old, mut now) = (texts(before, &gone), texts(after, &new));
        loop {
            let found: BTreeMap<String, String> = {
                let unique_now = unique(now.iter().map(|(name, text)| (text.as_str(), name)));
                let unique_old = unique(old.iter().map(|(name, text)| (text.as_str(), name)));
                let pairs = unique_old.into_iter();
                pairs
                    .filter_map(|(text, name)| Some((name.clone(), (*unique_now.get(text)?).clone())))
                    .collect()
            };
            if found.is_empty() {
                break;
            }
            for (was, is) in &found {
                if let (Some(before), Some(after)) = (gone.remove(was), new.remove(is)) {
                    self.schemas.insert(before, after);
                }
                old.remove(was);
                now.remove(is);
            }
            for text in old.values_mut() {
                *text = renamed(text, &found);
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
            Some(operation.id.raw.to_string())
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
        .filter_map(|(i, def)| Some((def.name.raw.to_string(), TypeId(u32::try_from(i).ok()?))))
        .collect()
}

/// How a reference to a schema begins, as JSON text.
const REFERENCE: &str = "\"#/components/schemas/";

/// What a schema says, with its own name put aside.
fn content(contract: Contract<'_>, name: &str) -> String {
    let pointer = below("/components/schemas", name);
    let value = contract.bundle.document.pointer(&pointer).unwrap_or(&Value::Null);
    let own = BTreeMap::from([(name.to_owned(), String::new())]);
    renamed(&value.to_string(), &own)
}

/// A text with references to what schemas are called now.
fn renamed(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut parts = text.split(REFERENCE);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(REFERENCE);
        let (name, rest) = part.split_at(part.find('"').unwrap_or(part.len()));
        out.push_str(names.get(name).map_or(name, String::as_str));
        out.push_str(rest);
    }
    out
}

/// Values by key; keys that several have are left out.
fn unique<K: Ord, T>(items: impl Iterator<Item = (K, T)>) -> BTreeMap<K, T> {
    let mut counted: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for (key, value) in items {
        counted.entry(key).or_default().push(value);
    }
    let single = counted.into_iter().filter(|(_, values)| values.len() == 1);
    single
        .filter_map(|(key, values)| Some((key, values.into_iter().next()?)))
        .collect()
}
