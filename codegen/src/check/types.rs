//! Words of `type` that JSON Schema does not know: a slip that would quietly admit any value.
//!
//! Owns: walking the schemas of the bundle for this one rule. Must not know: how types are lowered.

use serde_json::Value;

use super::Input;
use crate::diagnostics::{Diagnostic, Diagnostics, nearest, schema as codes};

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
pub(super) fn unknown(input: &Input<'_>, diagnostics: &mut Diagnostics) {
    let bundle = input.bundle;
    let mut found = Vec::new();
    document(&bundle.document, "", &mut found);
    for (at, word) in found {
        let hint = match nearest(&word, KNOWN) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}", KNOWN.join(", ")),
        };
        let message = format!("there is no type `{word}`; any value is taken here");
        diagnostics.push(Diagnostic::new(&codes::TYPE_UNKNOWN, message, bundle.place(&at)).hint(hint));
    }
}

fn document(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let in_components = at == "/components";
                let at = step(at, key);
                match key.as_str() {
                    "schema" | "itemSchema" => schema(value, &at, found),
                    "schemas" if in_components => {
                        for (name, value) in value.as_object().into_iter().flatten() {
                            schema(value, &step(&at, name), found);
                        }
                    }
                    "example" | "examples" | "value" | "default" => {}
                    key if key.starts_with("x-") => {}
                    _ => document(value, &at, found),
                }
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                document(item, &step(at, &i.to_string()), found);
            }
        }
        _ => {}
    }
}

fn schema(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let Some(members) = value.as_object() else {
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            schema(item, &step(at, &i.to_string()), found);
        }
        return;
    };
    for (key, value) in members {
        let at = step(at, key);
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
            for (name, value) in value.as_object().into_iter().flatten() {
                schema(value, &step(&at, name), found);
            }
        } else if NESTED.contains(&key.as_str()) {
            schema(value, &at, found);
        }
    }
}

fn step(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
