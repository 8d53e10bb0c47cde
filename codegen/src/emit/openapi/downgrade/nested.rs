//! References into the middle of things.
//!
//! Owns: giving a schema that is referred to inside another (`#/components/schemas/A/$defs/B`) a name of its own, for 3.0 has no
//! `$defs` and its schemas are rebuilt. Must not know: how schemas are rebuilt.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::objects::{self, Behind, Object};
use super::super::public::{SCHEMAS, unescape};
use crate::openapi::grammar::Place;

/// New reference by old reference.
pub(super) type Nested = BTreeMap<String, String>;

/// Adds a component for each schema that is referred to but is none.
pub(super) fn hoist(document: &mut Value, original: &Value) -> Nested {
    let mut found = Vec::new();
    collect(original, Object::Of(Place::Document), &mut found);
    let mut nested = Nested::new();
    if found.is_empty() {
        return nested;
    }
    let Value::Object(members) = document else {
        return nested;
    };
    let components = members.entry("components").or_insert_with(|| json!({}));
    let Value::Object(components) = components else {
        return nested;
    };
    let schemas = components.entry("schemas").or_insert_with(|| json!({}));
    let Value::Object(schemas) = schemas else { return nested };
    for reference in found {
        if nested.contains_key(&reference) {
            continue;
        }
        let pointer = decoded(reference.trim_start_matches('#'));
        let target = original.pointer(&pointer).cloned().unwrap_or_else(|| json!({}));
        let name = free_name(&pointer, schemas);
        nested.insert(reference, format!("{SCHEMAS}{name}"));
        schemas.insert(name, target);
    }
    nested
}

/// The words of a pointer that name something, as a component name that is not taken.
fn free_name(pointer: &str, schemas: &Map<String, Value>) -> String {
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
    while schemas.contains_key(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

fn collect(value: &Value, object: Object, found: &mut Vec<String>) {
    let Value::Object(members) = value else { return };
    if object == Object::Of(Place::Schema)
        && let Some(Value::String(reference)) = members.get("$ref")
        && !is_component(reference)
    {
        found.push(reference.clone());
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
pub(super) fn target<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    let mut reference = reference;
    for _ in 0..16 {
        let schema = match reference.strip_prefix(SCHEMAS) {
            Some(name) if !name.contains('/') => document.pointer("/components/schemas")?.get(unescape(name))?,
            _ => document.pointer(&decoded(reference.strip_prefix('#')?))?,
        };
        match schema.get("$ref").and_then(Value::as_str) {
            Some(next) => reference = next,
            None => return Some(schema),
        }
    }
    None
}
