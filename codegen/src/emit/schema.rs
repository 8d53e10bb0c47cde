//! JSON Schemas taken out of the bundle, for targets that hand them on.
//!
//! Owns: which components a schema needs, and making it stand alone under `$defs`. Must not know: who reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::typescript::text::regex;

/// Prefix of references to components in the bundle.
const COMPONENTS: &str = "#/components/schemas/";

/// A schema with every component it needs beside it.
#[derive(Debug, Clone, Default)]
pub struct Standalone {
    /// The schema; its references begin with `#/$defs/`.
    pub schema: Value,
    /// The components it needs, by name; their references are rewritten too.
    pub definitions: BTreeMap<String, Value>,
}

/// Keywords of a schema whose members are schemas by name: their keys are names, not keywords.
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "dependentSchemas"];

/// Keywords that are read first and so are written first; the others follow by name.
const FIRST: [&str; 6] = ["$ref", "type", "title", "description", "enum", "const"];

/// Keywords whose value is data, not a schema.
const DATA: [&str; 5] = ["const", "enum", "default", "required", "dependentRequired"];

/// Makes a schema of the bundle stand alone. Examples and our own extensions are left out: they are for people and for us.
/// So are names of other places (`$id`, `$anchor`): every reference is one from the root, which an id would lead astray. And
/// patterns that JavaScript may refuse: readers compile the whole schema, and one such pattern would cost them all of it.
#[must_use]
pub fn standalone(document: &Value, schema: &Value) -> Standalone {
    let mut needed = BTreeSet::new();
    let schema = rewritten(schema, &mut needed);
    let mut definitions = BTreeMap::new();
    while let Some(name) = needed.iter().find(|name| !definitions.contains_key(*name)).cloned() {
        let component = document
            .pointer("/components/schemas")
            .and_then(|all| all.get(&name))
            .unwrap_or(&Value::Bool(true));
        let component = rewritten(component, &mut needed);
        definitions.insert(name, component);
    }
    Standalone { schema, definitions }
}

impl Standalone {
    /// The schema as one value with its `$defs`, whose root says `type: object` itself, as callers that look no further
    /// need it. A reference at the root is replaced by what it refers to.
    #[must_use]
    pub fn into_object(self) -> Value {
        let mut root = match self.schema {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        for _ in 0..16 {
            let target = root
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|target| target.strip_prefix("#/$defs/"));
            let Some(Value::Object(found)) = target.and_then(|name| self.definitions.get(&unescaped(name))) else {
                break;
            };
            let mut merged = found.clone();
            root.remove("$ref");
            merged.extend(root);
            root = merged;
        }
        let mut object = Map::new();
        object.insert("type".to_owned(), Value::String("object".to_owned()));
        root.remove("type");
        object.extend(root);
        if !self.definitions.is_empty() {
            object.insert(
                "$defs".to_owned(),
                Value::Object(self.definitions.into_iter().collect()),
            );
        }
        Value::Object(object)
    }
}

fn rewritten(schema: &Value, needed: &mut BTreeSet<String>) -> Value {
    match schema {
        Value::Object(members) => {
            let mut kept: Vec<(&String, &Value)> = members
                .iter()
                .filter(|(key, _)| {
                    !key.starts_with("x-")
                        && !refused(key, members)
                        && !matches!(
                            key.as_str(),
                            "examples"
                                | "example"
                                | "discriminator"
                                | "xml"
                                | "externalDocs"
                                | "$schema"
                                | "$id"
                                | "$anchor"
                                | "$dynamicAnchor"
                                | "$dynamicRef"
                                | "$vocabulary"
                                | "$comment"
                        )
                })
                .collect();
            // The order of keywords has no meaning, so it must not reach the output.
            let nothing = members.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty);
            if nothing {
                kept.retain(|(key, _)| *key != "enum");
            }
            kept.sort_by_key(|(key, _)| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key));
            let kept = kept
                .into_iter()
                .map(|(key, value)| (key.clone(), member(key, value, needed)));
            let mut kept: Map<String, Value> = kept.collect();
            if nothing {
                // Validators refuse an empty enumeration, which says the same.
                kept.insert("not".to_owned(), Value::Object(Map::new()));
            }
            Value::Object(kept)
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| rewritten(item, needed)).collect()),
        other => other.clone(),
    }
}

/// Whether a keyword is left out because of a pattern.
fn refused(key: &str, members: &Map<String, Value>) -> bool {
    let named = || members.get("patternProperties").and_then(Value::as_object);
    match key {
        "pattern" => members
            .get("pattern")
            .and_then(Value::as_str)
            .is_some_and(|text| !portable(text)),
        // Without the patterns nobody knows which members are the additional ones.
        "patternProperties" | "additionalProperties" | "unevaluatedProperties" => {
            named().is_some_and(|named| !named.keys().all(|text| portable(text)))
        }
        _ => false,
    }
}

/// Whether JavaScript certainly takes a pattern, with the flag `u` and without.
fn portable(pattern: &str) -> bool {
    let plain = ["(?<=", "(?<!", "(?=", "(?!"]
        .iter()
        .fold(pattern.to_owned(), |text, lead| text.replace(lead, "(?:"));
    pattern.is_empty() || regex(&plain).is_some()
}

fn member(key: &str, value: &Value, needed: &mut BTreeSet<String>) -> Value {
    match value {
        Value::String(target) if key == "$ref" => match target.strip_prefix(COMPONENTS) {
            Some(rest) => {
                let name = rest.split('/').next().unwrap_or(rest);
                needed.insert(unescaped(name));
                Value::String(format!("#/$defs/{rest}"))
            }
            None => value.clone(),
        },
        Value::Object(members) if NAMED.contains(&key) => Value::Object(
            members
                .iter()
                .map(|(name, schema)| (name.clone(), rewritten(schema, needed)))
                .collect(),
        ),
        _ if DATA.contains(&key) => value.clone(),
        _ => rewritten(value, needed),
    }
}

/// A segment of a JSON pointer in a URI fragment as the name it stands for.
fn unescaped(segment: &str) -> String {
    segment.replace("%20", " ").replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_stands_alone_names_no_other_place() {
        let document = json!({"components": {"schemas": {
            "A": {"$id": "https://a.b/c", "$schema": "https://d.e/f", "$anchor": "g", "type": "object",
                "properties": {"$id": {"type": "string"}, "x": {"enum": []}}, "const": {"$id": "kept"}},
        }}});
        let found = standalone(&document, &json!({"$ref": "#/components/schemas/A"}));
        assert_eq!(
            found.definitions["A"],
            json!({"type": "object", "properties": {"$id": {"type": "string"}, "x": {"not": {}}}, "const": {"$id": "kept"}})
        );
    }

    #[test]
    fn patterns_that_javascript_may_refuse_are_left_out() {
        for other in [
            "^\\p{L}+$",
            "(?i)a",
            "\\Aa\\z",
            "[[:alpha:]]",
            "(?P<name>a)",
            "a]",
            "\\-",
        ] {
            let schema = json!({"type": "string", "pattern": other});
            assert_eq!(
                standalone(&json!({}), &schema).schema,
                json!({"type": "string"}),
                "{other}"
            );
            let schema = json!({"patternProperties": {other: true}, "additionalProperties": false, "minProperties": 1});
            assert_eq!(
                standalone(&json!({}), &schema).schema,
                json!({"minProperties": 1}),
                "{other}"
            );
        }
        for own in ["^(?:a|(?=b)(?<!c))$", "^(?!/)[^/]+$", "^[a-z][a-z0-9-]{1,38}$", ""] {
            let schema = json!({"pattern": own, "patternProperties": {own: {}}, "additionalProperties": false});
            assert_eq!(standalone(&json!({}), &schema).schema, schema, "{own}");
        }
    }

    #[test]
    fn a_schema_takes_along_what_it_needs_and_no_more() {
        let document = json!({"components": {"schemas": {
            "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}, "examples": {"type": "string"}}},
            "B": {"type": "string", "x-flaresmith": {}, "examples": ["x"]},
            "C": {"type": "string"},
        }}});
        let found = standalone(&document, &json!({"$ref": "#/components/schemas/A"}));
        assert_eq!(found.definitions.keys().collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(found.definitions["B"], json!({"type": "string"}));
        let object = found.into_object();
        assert_eq!(object["type"], "object");
        assert_eq!(object["properties"]["b"], json!({"$ref": "#/$defs/B"}));
        assert_eq!(
            object["properties"]["examples"],
            json!({"type": "string"}),
            "a property of that name is not a keyword"
        );
    }
}
