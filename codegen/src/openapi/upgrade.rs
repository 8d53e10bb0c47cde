//! One schema, told in the terms of OpenAPI 3.1.
//!
//! Owns: what 3.0 (and drafts before 2020-12) say otherwise about schemas. Must not know: files, references, the rest of a
//! document. Works on one object at a time; what is inside it has been upgraded before.

use crate::tree::{Map, Value, json};

/// Keywords that only say something about a value and so stay beside a wrapped schema.
const ANNOTATIONS: [&str; 11] = [
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
    "xml",
    "x-flaresmith",
];

/// Rewrites a schema object. Returns the keywords that are not of 2020-12, for whoever wants to tell.
pub(super) fn schema(map: &mut Map) -> Vec<&'static str> {
    let mut foreign = Vec::new();
    bound(map, "exclusiveMinimum", "minimum", &mut foreign);
    bound(map, "exclusiveMaximum", "maximum", &mut foreign);
    if map.get("items").is_some_and(Value::is_array) {
        foreign.push("items");
        if let Some(items) = map.remove("items") {
            map.insert("prefixItems", items);
        }
        if let Some(rest) = map.remove("additionalItems") {
            map.insert("items", rest);
        }
    }
    if let Some(example) = map.remove("example") {
        match map.get_mut("examples").and_then(Value::as_array_mut) {
            Some(examples) => examples.push(example),
            None => {
                map.insert("examples", json!([example]));
            }
        }
    }
    match map.get("nullable") {
        Some(Value::Bool(true)) => {
            foreign.push("nullable");
            map.remove("nullable");
            admit_null(map);
        }
        Some(Value::Bool(false)) => {
            foreign.push("nullable");
            map.remove("nullable");
        }
        _ => {}
    }
    foreign
}

/// `exclusiveMinimum: true` beside `minimum: 3` is `exclusiveMinimum: 3`.
fn bound(map: &mut Map, exclusive: &'static str, inclusive: &str, foreign: &mut Vec<&'static str>) {
    let Some(Value::Bool(is_exclusive)) = map.get(exclusive) else {
        return;
    };
    foreign.push(exclusive);
    if *is_exclusive && let Some(limit) = map.remove(inclusive) {
        map.insert(exclusive.to_owned(), limit);
    } else {
        map.remove(exclusive);
    }
}

/// Adds `null` to the values that a schema admits. What refers or combines cannot be widened from beside, so it becomes one of
/// two alternatives.
fn admit_null(map: &mut Map) {
    if map.contains_key("$ref") || map.contains_key("allOf") || map.contains_key("not") || map.contains_key("if") {
        let mut outer = Map::new();
        let mut inner = Map::new();
        for (key, value) in std::mem::take(map) {
            let target = if ANNOTATIONS.contains(&key.as_str()) {
                &mut outer
            } else {
                &mut inner
            };
            target.insert(key, value);
        }
        outer.insert("anyOf", json!([Value::Object(inner), {"type": "null"}]));
        *map = outer;
        return;
    }
    match map.get_mut("type") {
        Some(Value::String(name)) if name != "null" => {
            let name = std::mem::take(name);
            map.insert("type", json!([name, "null"]));
        }
        Some(Value::Array(names)) if !names.iter().any(|name| name == "null") => names.push(json!("null")),
        _ => {}
    }
    if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut)
        && !values.iter().any(Value::is_null)
    {
        values.push(Value::Null);
    }
    if let Some(value) = map.remove("const") {
        let values = if value.is_null() {
            json!([value])
        } else {
            json!([value, null])
        };
        map.insert("enum", values);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(branches) = map.get_mut(key).and_then(Value::as_array_mut)
            && !branches.iter().any(admits_null)
        {
            branches.push(json!({"type": "null"}));
        }
    }
}

/// Whether a schema says itself that `null` is one of its values.
fn admits_null(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgraded(value: Value) -> Value {
        let Value::Object(mut map) = value else {
            panic!("an object")
        };
        schema(&mut map);
        Value::Object(map)
    }

    #[test]
    fn null_is_admitted_wherever_nullable_stands() {
        let cases = [
            (
                json!({"type": "string", "nullable": true}),
                json!({"type": ["string", "null"]}),
            ),
            (
                json!({"type": "string", "nullable": true, "enum": ["a"]}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (
                json!({"$ref": "#/a", "nullable": true, "description": "d"}),
                json!({"description": "d", "anyOf": [{"$ref": "#/a"}, {"type": "null"}]}),
            ),
            (
                json!({"nullable": true, "oneOf": [{"$ref": "#/a"}]}),
                json!({"oneOf": [{"$ref": "#/a"}, {"type": "null"}]}),
            ),
            (
                json!({"type": "object", "nullable": true, "allOf": [{"$ref": "#/a"}]}),
                json!({"anyOf": [{"type": "object", "allOf": [{"$ref": "#/a"}]}, {"type": "null"}]}),
            ),
            (json!({"nullable": true}), json!({})),
            (json!({"type": "string", "nullable": false}), json!({"type": "string"})),
        ];
        for (old, new) in cases {
            assert_eq!(upgraded(old.clone()), new, "{old}");
        }
    }

    #[test]
    fn bounds_examples_and_tuples_are_told_in_new_terms() {
        let cases = [
            (
                json!({"minimum": 3, "exclusiveMinimum": true}),
                json!({"exclusiveMinimum": 3}),
            ),
            (json!({"maximum": 3, "exclusiveMaximum": false}), json!({"maximum": 3})),
            (json!({"example": 1}), json!({"examples": [1]})),
            (
                json!({"items": [{"type": "string"}], "additionalItems": false}),
                json!({"prefixItems": [{"type": "string"}], "items": false}),
            ),
        ];
        for (old, new) in cases {
            assert_eq!(upgraded(old.clone()), new, "{old}");
        }
    }
}
