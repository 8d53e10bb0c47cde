//! Schemas of answers, once for a whole collection.
//!
//! Owns: what the validator in Postman's sandbox understands (JSON Schema draft 7). Must not know: scripts.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::Input;
use crate::emit::schema::{Definitions, Written, standalone};
use crate::memo::Memo;
use crate::model::{MediaKind, Method, Operation, Status};
use crate::rope::{Piece, Rope, Strands};
use crate::tree::{List, Map, Value, json};

/// Every schema that tests need, as one JSON text.
pub(super) struct Schemas {
    /// The text as a JSON string.
    quoted: Rope,
}

/// What is known of the right answers of one operation.
pub(super) struct Answers {
    /// Status (`200`, `2XX`, `default`) -> name among the definitions.
    names: BTreeMap<String, String>,
    /// The same -> declared media types without their parameters, where there is a body.
    media: BTreeMap<String, Vec<String>>,
    /// Name -> what it needs beside it, and the schema as a part of a JSON string.
    schemas: Vec<(String, BTreeSet<String>, Piece)>,
}

impl Answers {
    /// Those of all answers that are a success or a refusal that is right; of the answer for any other status where no success
    /// is declared. Schemas are those of JSON.
    pub(super) fn of(input: &Input<'_>, operation: &Operation) -> Self {
        let document = &input.bundle.document;
        let mut answers = Self {
            names: BTreeMap::new(),
            media: BTreeMap::new(),
            schemas: Vec::new(),
        };
        let refusals = operation.policy.postman.refusals.iter();
        let refusals: Vec<u16> = refusals
            .filter_map(|code| Some(input.model.errors.get(code)?.status))
            .collect();
        for response in &operation.responses {
            let status = match response.status {
                Status::Exact(status @ 200..400) => status.to_string(),
                Status::Range(class @ 2..4) => format!("{class}XX"),
                Status::Exact(status) if refusals.contains(&status) => status.to_string(),
                Status::Default if operation.success().is_none() || !refusals.is_empty() => "default".to_owned(),
                _ => continue,
            };
            if !response.contents.is_empty() && operation.method != Method::Head {
                let media = response.contents.iter().map(|content| essence(&content.media));
                answers.media.insert(status.clone(), media.collect());
            }
            let Some(content) = response.contents.iter().find(|content| content.kind == MediaKind::Json) else {
                continue;
            };
            let Some(schema) = document.pointer(&format!("{}/schema", content.pointer)) else {
                continue;
            };
            // `:` is in no name of a component, so nothing is overwritten.
            let name = format!("{}:{status}", operation.id.raw);
            let alone = standalone(input.definitions, schema);
            answers.schemas.push((
                name.clone(),
                alone.needed,
                input.memo.aside_piece(in_string(&draft7(&alone.schema))),
            ));
            answers.names.insert(status, name);
        }
        answers
    }

    /// Status (`200`, `2XX`, `default`) -> definition.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.names.iter();
        names.map(|(status, name)| (status.as_str(), name.as_str()))
    }

    /// Status (`200`, `2XX`, `default`) -> declared media types, without their parameters.
    pub(super) fn media(&self) -> &BTreeMap<String, Vec<String>> {
        &self.media
    }
}

/// A media type without its parameters.
fn essence(media: &str) -> String {
    let essence = media.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

impl Schemas {
    /// Those of the answers of all operations.
    pub(super) fn of<'a>(definitions: &Definitions, answers: impl Iterator<Item = &'a Answers>, memo: &Memo) -> Self {
        let head = in_string(&json!({ "$defs": {} }));
        let head = head.strip_suffix("}}").unwrap_or(&head);
        let mut quoted = Strands::default();
        quoted.own.push('"');
        quoted.own.push_str(head);
        let mut is_first = true;
        let mut member = |name: &str, text: &Piece| {
            if !std::mem::take(&mut is_first) {
                quoted.own.push(',');
            }
            quoted.own.push_str(&in_string(&Value::from(name)));
            quoted.own.push(':');
            quoted.share(text);
        };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (name, needed, schema) in answers.flat_map(|answers| &answers.schemas) {
            for component in needed {
                if seen.insert(component) {
                    let definition = definitions.get(component);
                    let written = definition.written("postman", |schema| {
                        let text = in_string(&draft7(schema));
                        Written {
                            bytes: text.len(),
                            text: memo.aside_piece(text),
                        }
                    });
                    member(component, &written.text);
                }
            }
            member(name, schema);
        }
        quoted.own.push_str("}}\"");
        Self { quoted: quoted.into() }
    }

    /// The value of the variable that holds them, as a JSON string.
    pub(super) fn quoted(&self) -> &Rope {
        &self.quoted
    }
}

/// A value as a part of a JSON string that holds JSON.
fn in_string(value: &Value) -> String {
    let text = Value::from(value.to_string()).to_string();
    text.get(1..text.len() - 1).unwrap_or_default().to_owned()
}

/// A schema in the words of draft 7, which is what the sandbox reads. Left out: formats, which it does not know, and
/// annotations.
fn draft7(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut kept = Map::new();
    let tuple = members.contains_key("prefixItems");
    for (key, value) in members {
        let (key, value) = match (key.as_str(), value) {
            ("format" | "description" | "title" | "discriminator" | "contentEncoding" | "contentMediaType", _) => {
                continue;
            }
            ("contains", _) if members.get("minContains") == Some(&json!(0)) => continue,
            ("const" | "enum" | "default" | "required", value) => (key.as_str(), value.clone()),
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(named)) => {
                (key.as_str(), each(named))
            }
            ("dependentRequired", value) => ("dependencies", value.clone()),
            ("prefixItems", Value::Array(items)) => ("items", items.iter().map(draft7).collect()),
            ("items", rest) if tuple => ("additionalItems", draft7(rest)),
            (key, Value::Array(items)) => (key, items.iter().map(draft7).collect()),
            (key, value) => (key, draft7(value)),
        };
        kept.insert(key.to_owned(), value);
    }
    // Draft 7 looks at nothing beside a reference.
    if kept.len() > 1
        && let Some(reference) = kept.remove("$ref")
    {
        let mut all = match kept.remove("allOf") {
            Some(Value::Array(all)) => all,
            _ => List::new(),
        };
        all.insert(0, json!({ "$ref": reference }));
        kept.insert("allOf", Value::Array(all));
    }
    Value::Object(kept)
}

fn each(named: &Map) -> Value {
    let schemas = named.iter().map(|(name, schema)| (name.clone(), draft7(schema)));
    Value::Object(schemas.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_words_become_those_of_draft_7() {
        let tuple = json!({ "type": "array", "prefixItems": [{ "type": "string", "title": "x" }], "items": false });
        assert_eq!(
            draft7(&tuple),
            json!({ "type": "array", "items": [{ "type": "string" }], "additionalItems": false })
        );
        assert_eq!(
            draft7(&json!({ "$ref": "#/$defs/A", "maxLength": 3, "description": "x" })),
            json!({ "maxLength": 3, "allOf": [{ "$ref": "#/$defs/A" }] })
        );
        assert_eq!(
            draft7(&json!({ "$ref": "#/$defs/A", "title": "x" })),
            json!({ "$ref": "#/$defs/A" })
        );
        assert_eq!(
            draft7(&json!({ "dependentRequired": { "a": ["b"] } })),
            json!({ "dependencies": { "a": ["b"] } })
        );
    }

    #[test]
    fn names_and_data_are_no_keywords() {
        let schema = json!({ "properties": { "title": { "type": "string" }, "pattern": { "const": { "format": "x" } } },
            "enum": [{ "description": "x" }], "required": ["title"] });
        assert_eq!(draft7(&schema), schema);
    }
}
