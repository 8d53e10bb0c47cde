//! Units of the bundle: its components, path items and webhooks, and in which round each changed last.
//!
//! Owns: comparing two bundles unit by unit, and following a change to every unit that refers to it. Must not know: the model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Baseline, Round};
use crate::pointer::below;
use crate::source::changes::same;
use crate::tree::{Map, Value};

/// A component, path item or webhook.
#[derive(Debug, Clone, Default)]
pub(super) struct Unit {
    /// When it changed last, or anything that it refers to.
    pub(super) round: Round,
    /// When it changed last itself. Media types that it refers to are part of it: they are written in their place.
    pub(super) own: Round,
    /// Whether it refers to a media type.
    pub(super) refers_to_media: bool,
    /// Whether it is nothing but a reference to another.
    pub(super) is_alias: bool,
    /// The units that it refers to.
    pub(super) refers: Arc<[String]>,
}

impl Unit {
    /// A unit that is new, or not what it was.
    fn new(value: &Value, now: Round) -> Self {
        let mut refers = Vec::new();
        references(value, &mut refers);
        refers.sort_unstable();
        refers.dedup();
        Self {
            round: now,
            own: now,
            refers_to_media: refers_to_media(value),
            is_alias: value.get("$ref").is_some(),
            refers: refers.into(),
        }
    }
}

/// The component or path item of a pointer: what the first three tokens name under `components`, the first two elsewhere.
pub(crate) fn unit_of(pointer: &str) -> &str {
    let tokens = if pointer.starts_with("/components/") { 4 } else { 3 };
    let mut ends = pointer.match_indices('/').map(|(at, _)| at).skip(tokens - 1);
    ends.next().and_then(|end| pointer.get(..end)).unwrap_or(pointer)
}

/// The groups of units: their pointer, and what they hold.
fn groups(document: &Value) -> impl Iterator<Item = (String, &Map)> {
    let top = ["paths", "webhooks"]
        .into_iter()
        .filter_map(|key| Some((format!("/{key}"), document.get(key)?.as_object()?)));
    let sections = document
        .get("components")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let sections = sections.filter_map(move |(key, section)| Some((below("/components", key), section.as_object()?)));
    top.chain(sections)
}

/// Every unit of a document, compared with the last round when there is one.
pub(super) fn units(last: Option<&Baseline>, document: &Value, now: Round) -> BTreeMap<String, Unit> {
    let mut units = BTreeMap::new();
    let mut changed: Vec<String> = Vec::new();
    let before: BTreeMap<String, &Map> = last
        .into_iter()
        .flat_map(|last| groups(&last.bundle.document))
        .collect();
    let empty = BTreeMap::new();
    let last = last.map_or(&empty, |last| &last.revisions.units);
    for (group, members) in groups(document) {
        let old_members = before.get(&group);
        for (key, value) in members {
            let pointer = below(&group, key);
            let known = old_members.and_then(|members| members.get(key));
            let unit = match (last.get(&pointer), known) {
                (Some(unit), Some(known)) if same(known, value) => unit.clone(),
                _ => {
                    changed.push(pointer.clone());
                    Unit::new(value, now)
                }
            };
            units.insert(pointer, unit);
        }
    }
    // What went is a change for all that referred to it.
    let gone = last.keys().filter(|pointer| !units.contains_key(*pointer));
    changed.extend(gone.cloned());
    spread(&mut units, changed, now);
    units
}

/// Takes in that some units of a document changed, and no other came or went.
pub(super) fn follow(
    units: &mut BTreeMap<String, Unit>,
    changed: Vec<String>,
    document: &Value,
    now: Round,
) -> BTreeSet<String> {
    for pointer in &changed {
        if let (Some(unit), Some(value)) = (units.get_mut(pointer), document.pointer(pointer)) {
            *unit = Unit::new(value, now);
        }
    }
    spread(units, changed, now)
}

/// Follows changes to every unit that refers to what changed, at any distance. All of these.
fn spread(units: &mut BTreeMap<String, Unit>, mut changed: Vec<String>, now: Round) -> BTreeSet<String> {
    let mut reached: BTreeSet<String> = changed.iter().cloned().collect();
    if changed.is_empty() {
        return reached;
    }
    let mut referring: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let lists: Vec<(String, Arc<[String]>)> = units
        .iter()
        .map(|(pointer, unit)| (pointer.clone(), Arc::clone(&unit.refers)))
        .collect();
    for (pointer, refers) in &lists {
        for to in refers.iter() {
            referring.entry(to).or_default().push(pointer);
        }
    }
    while let Some(pointer) = changed.pop() {
        for from in referring.get(pointer.as_str()).into_iter().flatten() {
            if let Some(unit) = units.get_mut(*from)
                && unit.round != now
            {
                unit.round = now;
                if unit.refers_to_media {
                    unit.own = now;
                }
                changed.push((*from).to_owned());
                reached.insert((*from).to_owned());
            }
        }
    }
    reached
}

/// The units that a value refers to. Any text that could be a reference counts as one: mappings name schemas as well.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Some(pointer) = text.strip_prefix("#/") {
                found.push(format!("/{}", unit_of(&format!("/{pointer}")).trim_start_matches('/')));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("mapping", Value::Object(mapping)) => {
                        for name in mapping.values().filter_map(Value::as_str) {
                            found.push(format!("/components/schemas/{name}"));
                        }
                        references(member, found);
                    }
                    _ => references(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Whether a media type in a value is nothing but a reference.
fn refers_to_media(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| {
            let media = member.as_object().filter(|_| key == "content");
            let mut media = media.into_iter().flat_map(Map::values);
            media.any(|media| media.get("$ref").is_some()) || refers_to_media(member)
        }),
        Value::Array(items) => items.iter().any(refers_to_media),
        _ => false,
    }
}

/// Whether a document is the same outside of its units, and has them in the same order.
pub(super) fn same_rest(last: &Value, document: &Value) -> bool {
    let (Value::Object(last), Value::Object(now)) = (last, document) else {
        return false;
    };
    let names = |map: &Value| -> Vec<String> {
        let members = map.as_object();
        members.into_iter().flatten().map(|(key, _)| key.to_string()).collect()
    };
    last.len() == now.len()
        && last.iter().zip(now).all(|((old_key, old), (key, value))| {
            old_key == key
                && match key.as_str() {
                    "paths" | "webhooks" => names(old) == names(value),
                    "components" => {
                        names(old) == names(value)
                            && old.as_object().into_iter().flatten().all(|(section, members)| {
                                value.get(section).is_some_and(|now| names(members) == names(now))
                            })
                    }
                    _ => same(old, value),
                }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    #[test]
    fn a_unit_is_a_component_or_a_path_item() {
        assert_eq!(unit_of("/components/schemas/A/properties/b"), "/components/schemas/A");
        assert_eq!(unit_of("/components/schemas/A"), "/components/schemas/A");
        assert_eq!(unit_of("/paths/~1a~1{b}/get/responses"), "/paths/~1a~1{b}");
        assert_eq!(unit_of("/info"), "/info");
    }

    #[test]
    fn references_are_found_in_mappings_by_name_too() {
        let mut found = Vec::new();
        let value =
            json!({"oneOf": [{"$ref": "#/components/schemas/A/items"}], "discriminator": {"mapping": {"b": "B"}}});
        references(&value, &mut found);
        assert_eq!(found, ["/components/schemas/A", "/components/schemas/B"]);
    }
}
