//! JSON Schemas taken out of the bundle, for targets that hand them on.
//!
//! Owns: which components a schema needs, and making it stand alone under `$defs`. Must not know: who reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::AT_ONCE;
use super::typescript::text::regex;
use crate::memo::Memo;
use crate::pointer::{below, of_fragment};
use crate::revisions::Revisions;
use crate::rope::Piece;
use crate::tree::{Map, Text, Value};

/// Prefix of references to components in the bundle.
const COMPONENTS: &str = "#/components/schemas/";

/// A schema, and which components it needs beside it.
#[derive(Debug, Clone, Default)]
pub struct Standalone {
    /// The schema; its references begin with `#/$defs/`.
    pub schema: Value,
    /// Names of the components that it needs, at any distance.
    pub needed: BTreeSet<String>,
}

/// A component that others need.
#[derive(Debug, Default)]
pub struct Definition {
    /// The schema; its references begin with `#/$defs/`.
    pub schema: Value,
    /// Names of the components that it refers to.
    refers: BTreeSet<String>,
    /// The schema as each reader needs it, by the name of the reader; written once for all that need it.
    texts: Mutex<BTreeMap<&'static str, Written>>,
}

/// A schema as a reader needs it.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// Its text.
    pub(super) text: Piece,
    /// How many bytes it has to the reader.
    pub(super) bytes: usize,
}

impl Definition {
    fn of(schema: &Value) -> Self {
        let mut refers = BTreeSet::new();
        Self {
            schema: rewritten(schema, &mut refers),
            refers,
            texts: Mutex::default(),
        }
    }

    /// The schema as `reader` needs it.
    pub(super) fn written(&self, reader: &'static str, write: impl FnOnce(&Value) -> Written) -> Written {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.entry(reader).or_insert_with(|| write(&self.schema)).clone()
    }
}

/// Every component of the bundle, ready to stand under `$defs`.
#[derive(Debug, Default)]
pub struct Definitions {
    by_name: BTreeMap<String, Arc<Definition>>,
    /// In the place of what is referred to and does not exist.
    missing: Definition,
}

impl Definitions {
    /// Those of a document. What has not changed since `memo` saw it last is taken from there.
    #[must_use]
    pub fn of(document: &Value, memo: &Memo, revisions: &Revisions) -> Self {
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        let schemas: Vec<(&Text, &Value)> = schemas.into_iter().flatten().collect();
        let made = schemas.into_par_iter().with_max_len(AT_ONCE).map(|(name, schema)| {
            let pointer = below("/components/schemas", name);
            let key = ("definition", name.to_string());
            let made = memo.part(key, revisions.of_unit_alone(&pointer), revisions.now, || {
                Definition::of(schema)
            });
            (name.to_string(), made)
        });
        Self {
            by_name: made.collect::<Vec<_>>().into_iter().collect(),
            missing: Definition {
                schema: Value::Bool(true),
                ..Definition::default()
            },
        }
    }

    /// The component of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> &Definition {
        self.by_name.get(name).map_or(&self.missing, |found| found)
    }

    /// Adds all that is needed for what is needed already.
    fn close(&self, needed: &mut BTreeSet<String>) {
        let mut open: Vec<String> = needed.iter().cloned().collect();
        while let Some(name) = open.pop() {
            for other in &self.get(&name).refers {
                if needed.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
    }
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
pub fn standalone(definitions: &Definitions, schema: &Value) -> Standalone {
    let mut needed = BTreeSet::new();
    let schema = rewritten(schema, &mut needed);
    definitions.close(&mut needed);
    Standalone { schema, needed }
}

impl Standalone {
    /// The members of the schema, without its `$defs`, whose root says `type: object` itself, as callers that look no further
    /// need it. A reference at the root is replaced by what it refers to.
    #[must_use]
    pub fn object(&self, definitions: &Definitions) -> Map {
        let mut root = self.schema.as_object().cloned().unwrap_or_default();
        for _ in 0..16 {
            let target = root
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|target| target.strip_prefix("#/$defs/"));
            let Some(name) = target.map(of_fragment).filter(|name| self.needed.contains(name)) else {
                break;
            };
            let Value::Object(found) = &definitions.get(&name).schema else {
                break;
            };
            let mut merged = found.clone();
            root.remove("$ref");
            merged.extend(root);
            root = merged;
        }
        let mut object = Map::new();
        object.insert("type", "object".into());
        root.remove("type");
        object.extend(root);
        object
    }
}

fn rewritten(schema: &Value, needed: &mut BTreeSet<String>) -> Value {
    match schema {
        Value::Object(members) => {
            let mut kept: Vec<(&Text, &Value)> = members
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
            let nothing = members
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|list| list.is_empty());
            if nothing {
                kept.retain(|(key, _)| *key != "enum");
            }
            kept.sort_by_key(|(key, _)| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key));
            let kept = kept
                .into_iter()
                .map(|(key, value)| (key.clone(), member(key, value, needed)));
            let mut kept: Map = kept.collect();
            if nothing {
                // Validators refuse an empty enumeration, which says the same.
                kept.insert("not", Value::Object(Map::new()));
            }
            Value::Object(kept)
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| rewritten(item, needed)).collect()),
        other => other.clone(),
    }
}

/// Whether a keyword is left out because of a pattern.
fn refused(key: &str, members: &Map) -> bool {
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
                needed.insert(of_fragment(name));
                format!("#/$defs/{rest}").into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::json;

    fn defined(document: &Value) -> Definitions {
        Definitions::of(document, &Memo::default(), &Revisions::default())
    }

    #[test]
    fn a_schema_that_stands_alone_names_no_other_place() {
        let document = json!({"components": {"schemas": {
            "A": {"$id": "https://a.b/c", "$schema": "https://d.e/f", "$anchor": "g", "type": "object",
                "properties": {"$id": {"type": "string"}, "x": {"enum": []}}, "const": {"$id": "kept"}},
        }}});
        let definitions = defined(&document);
        let found = standalone(&definitions, &json!({"$ref": "#/components/schemas/A"}));
        assert!(found.needed.contains("A"));
        assert_eq!(
            definitions.get("A").schema,
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
                standalone(&Definitions::default(), &schema).schema,
                json!({"type": "string"}),
                "{other}"
            );
            let schema = json!({"patternProperties": {other: true}, "additionalProperties": false, "minProperties": 1});
            assert_eq!(
                standalone(&Definitions::default(), &schema).schema,
                json!({"minProperties": 1}),
                "{other}"
            );
        }
        for own in ["^(?:a|(?=b)(?<!c))$", "^(?!/)[^/]+$", "^[a-z][a-z0-9-]{1,38}$", ""] {
            let schema = json!({"pattern": own, "patternProperties": {own: {}}, "additionalProperties": false});
            assert_eq!(standalone(&Definitions::default(), &schema).schema, schema, "{own}");
        }
    }

    #[test]
    fn a_schema_takes_along_what_it_needs_and_no_more() {
        let document = json!({"components": {"schemas": {
            "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}, "examples": {"type": "string"}}},
            "B": {"type": "string", "x-flaresmith": {}, "examples": ["x"]},
            "C": {"type": "string"},
        }}});
        let definitions = defined(&document);
        let found = standalone(&definitions, &json!({"$ref": "#/components/schemas/A"}));
        assert_eq!(found.needed.iter().collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(definitions.get("B").schema, json!({"type": "string"}));
        let object = found.object(&definitions);
        assert_eq!(object["type"], "object");
        assert_eq!(object["properties"]["b"], json!({"$ref": "#/$defs/B"}));
        assert_eq!(
            object["properties"]["examples"],
            json!({"type": "string"}),
            "a property of that name is not a keyword"
        );
    }
}
