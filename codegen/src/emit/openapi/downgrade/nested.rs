//! References into the middle of things.
//!
//! Owns: giving a schema that is referred to inside another (`#/components/schemas/A/$defs/B`) a name of its own, for 3.0 has no
//! `$defs` and its schemas are rebuilt. Must not know: how schemas are rebuilt.

use std::collections::{BTreeMap, BTreeSet};

use super::super::objects::{self, Behind, Object};
use super::super::public::SCHEMAS;
use super::super::units::{Group, Parts};
use super::super::written::Unit;
use crate::openapi::grammar::Place;
use crate::pointer::{below, of_fragment};
use crate::tree::{Value, json};

/// New reference by old reference.
pub(super) type Nested = BTreeMap<String, String>;

/// A component for each schema that is referred to but is none: by its pointer.
pub(super) fn hoist(original: &Parts<'_, Unit>, groups: &[Group]) -> (Nested, BTreeMap<String, Value>) {
    let mut found = Vec::new();
    collect(original.frame, Object::Of(Place::Document), &mut found);
    for (pointer, _) in groups.iter().flat_map(Group::units) {
        let unit = original.units.get(&pointer);
        found.extend(unit.into_iter().flat_map(|unit| unit.nested.iter().cloned()));
    }
    let (mut nested, mut hoisted) = (Nested::new(), BTreeMap::new());
    let schemas = groups.iter().filter(|group| group.pointer == GROUP);
    let mut taken: BTreeSet<String> = schemas.flat_map(|group| group.names.iter().cloned()).collect();
    for reference in found {
        if nested.contains_key(&reference) {
            continue;
        }
        let pointer = decoded(reference.trim_start_matches('#'));
        let target = original.pointer(&pointer).cloned().unwrap_or_else(|| json!({}));
        let name = free_name(&pointer, &taken);
        taken.insert(name.clone());
        nested.insert(reference, format!("{SCHEMAS}{name}"));
        hoisted.insert(below(GROUP, &name), target);
    }
    (nested, hoisted)
}

/// Adds those components to a document.
pub(super) fn add(hoisted: &BTreeMap<String, Value>, frame: &mut Value, groups: &mut Vec<Group>) {
    if hoisted.is_empty() {
        return;
    }
    if let Value::Object(members) = frame
        && let Value::Object(components) = members.entry("components").or_insert_with(|| json!({}))
    {
        components.entry("schemas").or_insert_with(|| json!({}));
    }
    let names = hoisted.keys().filter_map(|pointer| pointer.rsplit_once('/'));
    let names = names.map(|(_, name)| name.to_owned());
    match groups.iter_mut().find(|group| group.pointer == GROUP) {
        Some(group) => group.names.extend(names),
        None => groups.push(Group {
            pointer: GROUP.to_owned(),
            names: names.collect(),
            object: Object::Of(Place::Schema),
        }),
    }
}

/// Where schemas stand.
const GROUP: &str = "/components/schemas";

/// The words of a pointer that name something, as a component name that is not taken.
fn free_name(pointer: &str, taken: &BTreeSet<String>) -> String {
    const GRAMMAR: [&str; 6] = ["components", "schemas", "properties", "$defs", "paths", "definitions"];
    let words: Vec<String> = pointer
        .split('/')
        .filter(|segment| !segment.is_empty() && !GRAMMAR.contains(segment))
        .map(|segment| {
            segment
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect::<String>()
                .trim_matches('_')
                .to_owned()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let base = if words.is_empty() {
        "Schema".to_owned()
    } else {
        words.join("_")
    };
    let mut name = base.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

/// Collects references that lead to schemas that are no components.
pub(in crate::emit::openapi) fn collect(value: &Value, object: Object, found: &mut Vec<String>) {
    let Value::Object(members) = value else { return };
    if object == Object::Of(Place::Schema)
        && let Some(Value::String(reference)) = members.get("$ref")
        && !is_component(reference)
    {
        found.push(reference.to_string());
    }
    for (key, member) in members {
        match (objects::behind(object, key), member) {
            (Some(Behind::One(inner)), member) => collect(member, inner, found),
            (Some(Behind::Map(inner)), Value::Object(members)) => {
                members.values().for_each(|member| collect(member, inner, found));
            }
            (Some(Behind::List(inner)), Value::Array(items)) => {
                items.iter().for_each(|item| collect(item, inner, found));
            }
            _ => {}
        }
    }
}

fn is_component(reference: &str) -> bool {
    reference.strip_prefix(SCHEMAS).is_some_and(|name| !name.contains('/'))
}

/// A pointer in a URI fragment with its percent signs resolved where they stand for spaces and braces.
pub(super) fn decoded(pointer: &str) -> String {
    if !pointer.contains('%') {
        return pointer.to_owned();
    }
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = match (first, more) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        match code {
            Some(code) => {
                bytes.push(code);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| pointer.to_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// The schema behind a reference, followed through references.
pub(super) fn target<'a>(document: &Parts<'a, Unit>, reference: &str) -> Option<&'a Value> {
    let mut reference = reference;
    for _ in 0..16 {
        let schema = match reference.strip_prefix(SCHEMAS) {
            Some(name) if !name.contains('/') => document.pointer(&below(GROUP, &of_fragment(name)))?,
            _ => document.pointer(&decoded(reference.strip_prefix('#')?))?,
        };
        match schema.get("$ref").and_then(Value::as_str) {
            Some(next) => reference = next,
            None => return Some(schema),
        }
    }
    None
}
