//! Words of `type` that JSON Schema does not know: a slip that would quietly admit any value.
//!
//! Owns: walking the schemas of the bundle for this one rule. Must not know: how types are lowered.

use crate::diagnostics::{Diagnostic, Diagnostics, nearest, schema as codes};
use crate::openapi::Bundle;
use crate::pointer::push;
use crate::tree::Value;

/// The words that `type` may say.
const KNOWN: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/// Keywords whose members are schemas by name.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

/// Keywords whose value is a schema, or a list of schemas.
const NESTED: [&str; 14] = [
    "items",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "allOf",
    "anyOf",
    "oneOf",
    "prefixItems",
];

/// Tells every unknown word, once where it is written.
pub(super) fn unknown(bundle: &Bundle, diagnostics: &mut Diagnostics) {
    let mut found = Vec::new();
    let mut at = String::new();
    document(&bundle.document, &mut at, &mut found);
    for (at, word) in found {
        let hint = match nearest(&word, KNOWN) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", KNOWN.join(", ")),
        };
        let message = format!("there is no type `{word}`; any value is taken here");
        diagnostics.push(Diagnostic::new(&codes::TYPE_UNKNOWN, message, bundle.place(&at)).hint(hint));
    }
}

/// Whether there is any in some units of the bundle.
pub(super) fn is_any_unknown<'u>(bundle: &Bundle, units: impl Iterator<Item = &'u str>) -> bool {
    let mut found = Vec::new();
    for unit in units {
        let (value, mut at) = (bundle.document.pointer(unit), unit.to_owned());
        match value {
            Some(value) if unit.starts_with("/components/schemas/") => schema(value, &mut at, &mut found),
            Some(value) => document(value, &mut at, &mut found),
            None => {}
        }
    }
    !found.is_empty()
}

fn document(value: &Value, at: &mut String, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let in_components = at == "/components";
                let length = push(at, key);
                match key.as_str() {
                    "schema" | "itemSchema" => schema(value, at, found),
                    "schemas" if in_components => schemas(value, at, found),
                    "example" | "examples" | "value" | "default" => {}
                    key if key.starts_with("x-") => {}
                    _ => document(value, at, found),
                }
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                let length = push(at, &i.to_string());
                document(item, at, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

/// Schemas by name.
fn schemas(value: &Value, at: &mut String, found: &mut Vec<(String, String)>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let length = push(at, name);
        schema(value, at, found);
        at.truncate(length);
    }
}

fn schema(value: &Value, at: &mut String, found: &mut Vec<(String, String)>) {
    let Some(members) = value.as_object() else {
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            let length = push(at, &i.to_string());
            schema(item, at, found);
            at.truncate(length);
        }
        return;
    };
    for (key, value) in members {
        let length = push(at, key);
        if key == "type" {
            let listed = value.as_array().into_iter().flatten();
            let words = listed
                .chain(value.is_string().then_some(value))
                .filter_map(Value::as_str);
            found.extend(
                words
                    .filter(|word| !KNOWN.contains(word))
                    .map(|word| (at.clone(), word.to_owned())),
            );
        } else if NAMED.contains(&key.as_str()) {
            schemas(value, at, found);
        } else if NESTED.contains(&key.as_str()) {
            schema(value, at, found);
        }
        at.truncate(length);
    }
}
