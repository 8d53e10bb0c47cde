//! JSON Schemas taken out of the bundle, for targets that hand them on.
//!
//! Owns: which components a schema needs, and making it stand alone under `$defs`. Must not know: who reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

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
const DATA: [&str; 3] = ["const", "enum", "default"];

/// Makes a schema of the bundle stand alone. Examples and our own extensions are left out: they are for people and for us.
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
                        && !matches!(
                            key.as_str(),
                            "examples" | "example" | "discriminator" | "xml" | "externalDocs"
                        )
                })
                .collect();
            // The order of keywords has no meaning, so it must not reach the output.
            kept.sort_by_key(|(key, _)| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key));
            let kept = kept
                .into_iter()
                .map(|(key, value)| (key.clone(), member(key, value, needed)));
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| rewritten(item, needed)).collect()),
        other => other.clone(),
    }
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
