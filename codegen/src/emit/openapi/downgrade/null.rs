//! `null` and lists of types, in the words of 3.0.
//!
//! Owns: `nullable`, and one `type` a schema. Must not know: any other keyword's fate.

use super::nested;
use crate::emit::openapi::units::Parts;
use crate::emit::openapi::written::Unit;
use crate::tree::{Map, Value, json};

/// Keywords that speak about values of one type only, and so move into the alternative of that type.
const OF_STRING: [&str; 4] = ["format", "pattern", "minLength", "maxLength"];
const OF_NUMBER: [&str; 6] = [
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const OF_ARRAY: [&str; 4] = ["items", "minItems", "maxItems", "uniqueItems"];
const OF_OBJECT: [&str; 5] = [
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
];

/// A schema that admits `null` alone. 3.0 has no such type; `nullable` needs some other beside it.
pub(super) fn only_null() -> Value {
    json!({"type": "string", "nullable": true, "enum": [null]})
}

/// Whether a schema of 3.0 admits `null` alone.
fn is_only_null(schema: &Value) -> bool {
    matches!(schema.get("enum"), Some(Value::Array(values)) if values.len() == 1 && values.iter().all(Value::is_null))
}

/// Rewrites `type`: one name, `nullable` for `null`, alternatives for the rest.
pub(super) fn types(map: &mut Map) {
    let names: Vec<String> = match map.get("type") {
        Some(Value::String(name)) => vec![name.to_string()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => {
            map.remove("type");
            untyped(map);
            return;
        }
    };
    let admits_null = names.iter().any(|name| name == "null");
    let mut rest: Vec<String> = names.into_iter().filter(|name| name != "null").collect();
    // Every integer is a number.
    if rest.iter().any(|name| name == "number") {
        rest.retain(|name| name != "integer");
    }
    rest.dedup();
    map.remove("type");
    match rest.as_slice() {
        [] if admits_null => {
            if let Value::Object(only) = only_null() {
                map.remove("const");
                map.extend(only);
            }
        }
        [] => {}
        [one] => {
            map.insert("type", json!(one));
            if admits_null {
                map.insert("nullable", json!(true));
            } else {
                without_null(map);
            }
        }
        several => alternatives(map, several, admits_null),
    }
}

/// One alternative a type, each with the keywords that speak about it.
fn alternatives(map: &mut Map, types: &[String], admits_null: bool) {
    let mut branches = Vec::new();
    for name in types {
        let keywords: &[&str] = match name.as_str() {
            "string" => &OF_STRING,
            "integer" | "number" => &OF_NUMBER,
            "array" => &OF_ARRAY,
            "object" => &OF_OBJECT,
            _ => &[],
        };
        let mut branch = Map::new();
        branch.insert("type", json!(name));
        if admits_null {
            branch.insert("nullable", json!(true));
        }
        for keyword in keywords {
            if let Some(value) = map.get(keyword) {
                branch.insert(*keyword, value.clone());
            }
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            let own: Vec<Value> = values
                .iter()
                .filter(|value| is_of(value, name) || (admits_null && value.is_null()))
                .cloned()
                .collect();
            if own.iter().all(Value::is_null) {
                continue;
            }
            branch.insert("enum", own.into());
        }
        if name == "array" {
            branch.entry("items").or_insert_with(|| json!({}));
        }
        branches.push(Value::Object(branch));
    }
    for keyword in OF_STRING.iter().chain(&OF_NUMBER).chain(&OF_ARRAY).chain(&OF_OBJECT) {
        map.remove(keyword);
    }
    map.remove("enum");
    add_any_of(map, branches);
}

/// `anyOf`, beside another one if there is one already.
pub(super) fn add_any_of(map: &mut Map, branches: Vec<Value>) {
    if map.contains_key("anyOf") {
        let further = json!({"anyOf": branches});
        match map.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(all) => all.push(further),
            None => {
                map.insert("allOf", json!([further]));
            }
        }
    } else {
        map.insert("anyOf", branches.into());
    }
}

/// Values without a type take the one they all have: `nullable` means something only beside a type.
fn untyped(map: &mut Map) {
    let Some(Value::Array(values)) = map.get("enum") else {
        return;
    };
    let has_null = values.iter().any(Value::is_null);
    let mut types = values.iter().filter(|value| !value.is_null()).map(type_of);
    match types.next() {
        Some(first) if types.all(|other| other == first) => {
            map.insert("type", json!(first));
            if has_null {
                map.insert("nullable", json!(true));
            }
        }
        None if has_null => {
            if let Value::Object(only) = only_null() {
                map.extend(only);
            }
        }
        _ => {}
    }
}

/// A value that the type refuses is none.
fn without_null(map: &mut Map) {
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// Takes `null` out of the alternatives and says `nullable` instead.
pub(super) fn branches(map: &mut Map, original: &Parts<'_, Unit>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(all)) = map.get_mut(key) else {
            continue;
        };
        let before = all.len();
        let mut kept = std::mem::take(all);
        kept.retain(|branch| !is_only_null(branch));
        if kept.len() == before {
            *all = kept;
            continue;
        }
        match kept.as_mut_slice() {
            [] => {
                map.remove(key);
                if let Value::Object(only) = only_null() {
                    map.extend(only);
                }
            }
            [Value::Object(one)] if !one.contains_key("$ref") && one.keys().all(|key| !map.contains_key(key)) => {
                let one = std::mem::take(one);
                map.remove(key);
                map.extend(one);
                map.insert("nullable", json!(true));
                with_null(map);
            }
            [_] => {
                // What is referred to refuses `null`, so an alternative has to admit it.
                let ty = kept.first().and_then(|branch| definite_type(branch, original));
                let ty = ty.unwrap_or_else(|| "string".to_owned());
                kept.push(json!({"type": ty, "nullable": true, "enum": [null]}));
                map.insert(key.to_owned(), Value::Array(kept));
            }
            several => {
                let inline = several
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .find(|branch| branch.contains_key("type") && !branch.contains_key("enum"));
                match inline {
                    // Beside a type `nullable` is exact.
                    Some(branch) => {
                        branch.insert("nullable", json!(true));
                    }
                    None => kept.push(only_null()),
                }
                map.insert(key.to_owned(), Value::Array(kept));
            }
        }
    }
}

/// A nullable list of values has `null` among them.
fn with_null(map: &mut Map) {
    if let Some(Value::Array(values)) = map.get_mut("enum")
        && !values.iter().any(Value::is_null)
    {
        values.push(Value::Null);
    }
}

/// The one type that a schema or what it refers to admits, when it says so.
fn definite_type(schema: &Value, original: &Parts<'_, Unit>) -> Option<String> {
    let found = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => nested::target(original, reference)?,
        None => schema,
    };
    match found.get("type") {
        Some(Value::String(name)) if name != "null" => Some(name.to_string()),
        Some(Value::Array(names)) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            match (names.next(), names.next()) {
                (Some(one), None) => Some(one.to_owned()),
                _ => None,
            }
        }
        None if found.get("properties").is_some() => Some("object".to_owned()),
        _ => None,
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    let own = type_of(value);
    own == name || (own == "integer" && name == "number")
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
