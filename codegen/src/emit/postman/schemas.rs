//! Schemas of answers, once for a whole collection.
//!
//! Owns: what the validator in Postman's sandbox understands (JSON Schema draft 7). Must not know: scripts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::emit::schema::standalone;
use crate::model::{MediaKind, Model, Operation, Status};

/// Every schema that tests need, as one JSON text.
pub(super) struct Schemas {
    text: String,
    /// (operation, status) -> name among the definitions.
    names: BTreeMap<(String, u16), String>,
}

impl Schemas {
    /// Those of all JSON answers with an exact status that is a success.
    pub(super) fn of(model: &Model, document: &Value) -> Self {
        let mut definitions = Map::new();
        let mut names = BTreeMap::new();
        for operation in &model.operations {
            for response in &operation.responses {
                let Status::Exact(status @ 200..400) = response.status else {
                    continue;
                };
                let Some(content) = response.contents.iter().find(|content| content.kind == MediaKind::Json) else {
                    continue;
                };
                let Some(schema) = document.pointer(&format!("{}/schema", content.pointer)) else {
                    continue;
                };
                // `:` is in no name of a component, so nothing is overwritten.
                let name = format!("{}:{status}", operation.id.raw);
                let alone = standalone(document, schema);
                for (name, schema) in alone.definitions {
                    definitions.entry(name).or_insert_with(|| draft7(&schema));
                }
                definitions.insert(name.clone(), draft7(&alone.schema));
                names.insert((operation.id.raw.clone(), status), name);
            }
        }
        Self {
            text: json!({ "$defs": definitions }).to_string(),
            names,
        }
    }

    /// The value of the variable that holds them.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Status -> definition, for one operation.
    pub(super) fn of_operation(&self, operation: &Operation) -> BTreeMap<u16, &str> {
        let all = self.names.iter().filter(|((id, _), _)| *id == operation.id.raw);
        all.map(|((_, status), name)| (*status, name.as_str())).collect()
    }
}

/// A schema without what the sandbox refuses: formats that it does not know, patterns of a newer kind, annotations.
fn draft7(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut kept = Map::new();
            for (key, value) in members {
                let newer = key == "pattern"
                    && value
                        .as_str()
                        .is_some_and(|pattern| pattern.contains("\\p{") || pattern.contains("(?<"));
                let dropped = matches!(
                    key.as_str(),
                    "format" | "description" | "title" | "discriminator" | "pattern"
                ) && value.is_string();
                if key == "discriminator" && value.get("propertyName").is_some_and(Value::is_string) {
                    continue;
                }
                if dropped && (key != "pattern" || newer) {
                    continue;
                }
                kept.insert(key.clone(), draft7(value));
            }
            Value::Object(kept)
        }
        Value::Array(items) => Value::Array(items.iter().map(draft7).collect()),
        other => other.clone(),
    }
}
