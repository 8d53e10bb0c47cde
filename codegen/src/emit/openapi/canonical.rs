//! The public 3.1 document: every object with its keys in one order, and nothing that 3.1 does not know.
//!
//! Owns: the order, the leftovers of newer versions, and leaving out how things are stored. Must not know: YAML, 3.0.
//! The author's order stays wherever it can matter to a reader: paths, properties, components, tags, alternatives.

use std::cmp::Ordering;

use super::objects::{self, Behind, Object};
use super::tally::Tally;
use crate::openapi::grammar::Place;
use crate::pointer::push;
use crate::tree::{Map, Text, Value, json};

/// Keys of `x-flaresmith` on schemas and properties that say how things are stored. They are no business of a caller's.
const STORAGE: [&str; 3] = ["table", "column", "references"];

/// Makes the part of a document that stands at a pointer canonical: a unit, or the frame. What it goes without is counted.
pub(super) fn canonical(document: &Value, pointer: &str, part: &Value, object: Object, dropped: &mut Tally) -> Value {
    let mut writer = Writer {
        document,
        dropped,
        pointer: pointer.to_owned(),
    };
    writer.object(part, object)
}

struct Writer<'a> {
    document: &'a Value,
    dropped: &'a mut Tally,
    pointer: String,
}

impl Writer<'_> {
    fn object(&mut self, value: &Value, object: Object) -> Value {
        let Value::Object(members) = value else {
            return value.clone();
        };
        if object == Object::Of(Place::Media)
            && let Some(target) = self.media_behind(members)
        {
            return self.object(&target, object);
        }
        let is_reference = objects::may_refer(object) && members.contains_key("$ref");
        let keys = if is_reference {
            objects::REFERENCE
        } else {
            objects::keys(object)
        };
        let closed = is_reference || objects::is_closed(object);
        let newer = newer(object, members);
        let mut entries: Vec<(usize, &str, &Value)> = Vec::with_capacity(members.len());
        for (key, member) in members {
            match keys.iter().position(|known| known == key) {
                Some(rank) => entries.push((rank, key, member)),
                None if key.starts_with("x-") => entries.push((usize::MAX, key, member)),
                None if !closed => entries.push((keys.len(), key, member)),
                None => {
                    // Told in the words of 3.1, or written where it was referred to.
                    let told = newer.iter().any(|(_, from, _)| from == key) || key == "mediaTypes";
                    if !told {
                        let what = format!("`{key}` is not a key of this object in OpenAPI 3.1 and is not published");
                        let length = push(&mut self.pointer, key);
                        self.dropped.add(what, &self.pointer);
                        self.pointer.truncate(length);
                    }
                }
            }
        }
        for (key, _, member) in &newer {
            let rank = keys.iter().position(|known| known == key).unwrap_or(keys.len());
            entries.push((rank, key, member));
        }
        // What is not known has no order of its own.
        entries.sort_by(|left, right| match left.0.cmp(&right.0) {
            Ordering::Equal => left.1.cmp(right.1),
            other => other,
        });
        let mut out = Map::with_capacity(entries.len());
        for (_, key, member) in entries {
            if let Some(member) = self.member(object, key, member) {
                out.insert(key.to_owned(), member);
            }
        }
        match object {
            Object::Of(Place::Discriminator) => self.full_mapping(&mut out),
            // 3.1 takes one of the two; the address is what older tools read too.
            Object::License if out.contains_key("url") && out.remove("identifier").is_some() => {
                let what = "`identifier` cannot stand beside `url` in a license and is not published";
                self.dropped.add(what, &self.pointer);
            }
            _ => {}
        }
        if object == Object::Of(Place::Response) && !is_reference && !out.contains_key("description") {
            let summary = members.get("summary").cloned().unwrap_or_else(|| json!(""));
            out.insert_at(0, "description", summary);
        }
        Value::Object(out)
    }

    fn member(&mut self, object: Object, key: &str, value: &Value) -> Option<Value> {
        if object == Object::Of(Place::Schema) && key == "x-flaresmith" {
            return without_storage(value);
        }
        let Some(behind) = objects::behind(object, key) else {
            let ours = key == "x-flaresmith" || matches!(object, Object::Of(Place::Extension | Place::ErrorEntry));
            return Some(if ours {
                extension(value, objects::EXTENSION_NAMES.contains(&key))
            } else {
                value.clone()
            });
        };
        let length = push(&mut self.pointer, key);
        let made = match (behind, value) {
            (Behind::One(inner), value) => self.object(value, inner),
            (Behind::Map(inner), Value::Object(members)) => {
                let extensible = objects::map_is_extensible(object, key);
                let mut out = Map::with_capacity(members.len());
                let mut entries: Vec<(&Text, &Value)> = members.iter().collect();
                if key == "responses" && object == Object::Of(Place::Operation) {
                    entries.sort_by(|left, right| status_rank(left.0).cmp(&status_rank(right.0)));
                }
                for (name, member) in entries {
                    let length = push(&mut self.pointer, name);
                    let is_extension = extensible && name.starts_with("x-");
                    let made = if is_extension {
                        member.clone()
                    } else {
                        self.object(member, inner)
                    };
                    out.insert(name.clone(), made);
                    self.pointer.truncate(length);
                }
                Value::Object(out)
            }
            (Behind::List(inner), Value::Array(items)) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    let length = push(&mut self.pointer, &i.to_string());
                    out.push(self.object(item, inner));
                    self.pointer.truncate(length);
                }
                out.into()
            }
            (_, value) => value.clone(),
        };
        self.pointer.truncate(length);
        Some(made)
    }

    /// Names of schemas in a mapping as references, which every tool follows.
    fn full_mapping(&self, discriminator: &mut Map) {
        let schemas = self.document.pointer("/components/schemas");
        let mapping = discriminator.get_mut("mapping").and_then(Value::as_object_mut);
        for target in mapping.into_iter().flat_map(Map::values_mut) {
            if let Some(name) = target.as_str()
                && schemas.is_some_and(|schemas| schemas.get(name).is_some())
            {
                *target = json!(format!("{}{}", super::public::SCHEMAS, name));
            }
        }
    }

    /// What a media type of 3.2 refers to; 3.1 has no components of that kind.
    fn media_behind(&self, members: &Map) -> Option<Value> {
        let mut current = members;
        for _ in 0..16 {
            let Some(target) = current.get("$ref").and_then(Value::as_str) else {
                return (!std::ptr::eq(current, members)).then(|| Value::Object(current.clone()));
            };
            current = self.document.pointer(target.strip_prefix('#')?)?.as_object()?;
        }
        Some(json!({}))
    }
}

/// Keys of newer versions that 3.1 has another word for: the key of 3.1, the key that was written, the value.
fn newer(object: Object, members: &Map) -> Vec<(&'static str, &'static str, &Value)> {
    let pairs: &[(&str, &str)] = match object {
        Object::Of(Place::Media) => &[("schema", "itemSchema")],
        Object::Of(Place::Example) => &[("value", "dataValue")],
        _ => &[],
    };
    pairs
        .iter()
        .filter(|(key, _)| !members.contains_key(key))
        .filter_map(|(key, from)| Some((*key, *from, members.get(from)?)))
        .collect()
}

/// Exact statuses ascending, then ranges, then the default, then extensions.
fn status_rank(key: &str) -> (u8, &str) {
    let class = match key {
        "default" => 2,
        key if key.starts_with("x-") => 3,
        key if key.bytes().all(|byte| byte.is_ascii_digit()) => 0,
        _ => 1,
    };
    (class, key)
}

/// The extension of a schema as callers may see it.
fn without_storage(value: &Value) -> Option<Value> {
    let mut made = extension(value, false);
    if let Value::Object(members) = &mut made {
        members.retain(|key, _| !STORAGE.contains(&key.as_str()));
        if members.is_empty() {
            return None;
        }
    }
    Some(made)
}

/// Our own extension with its keys in order. The keys of a map of names stay as they are.
fn extension(value: &Value, names: bool) -> Value {
    match value {
        Value::Object(members) => {
            let mut entries: Vec<(&Text, &Value)> = members.iter().collect();
            if !names {
                let rank = |key: &str| {
                    objects::EXTENSION
                        .iter()
                        .position(|known| *known == key)
                        .unwrap_or(usize::MAX)
                };
                entries.sort_by(|left, right| rank(left.0).cmp(&rank(right.0)).then_with(|| left.0.cmp(right.0)));
            }
            let below = |key: &str| !names && objects::EXTENSION_NAMES.contains(&key);
            let made = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), extension(value, below(key))));
            Value::Object(made.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| extension(item, false)).collect()),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(document: &Value, dropped: &mut Tally) -> Value {
        canonical(document, "", document, Object::Of(Place::Document), dropped)
    }

    fn made(document: &Value) -> Value {
        counted(document, &mut Tally::default())
    }

    #[test]
    fn keys_come_in_one_order_and_names_in_the_authors() {
        let document = json!({
            "paths": {"/z": {"post": {"responses": {"default": {"description": "d"}, "4XX": {"description": "d"}, "404": {"description": "d"},
                "200": {"description": "d"}}, "operationId": "z"}, "get": {"responses": {}}}, "/a": {}},
            "info": {"version": "1", "title": "t"},
            "components": {"schemas": {"B": {"properties": {"z": {}, "a": {}}, "type": "object"}, "A": {}}},
            "openapi": "3.1.0",
        });
        let text = made(&document).to_string();
        let expected = json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/z": {"get": {"responses": {}}, "post": {"operationId": "z", "responses": {"200": {"description": "d"},
                "404": {"description": "d"}, "4XX": {"description": "d"}, "default": {"description": "d"}}}}, "/a": {}},
            "components": {"schemas": {"B": {"type": "object", "properties": {"z": {}, "a": {}}}, "A": {}}},
        });
        assert_eq!(text, expected.to_string());
    }

    #[test]
    fn making_it_canonical_again_changes_nothing() {
        let document = json!({"openapi": "3.1.0", "info": {"x-b": 1, "x-a": 2, "title": "t", "version": "1"}, "paths": {},
            "components": {"schemas": {"S": {"zebra": 1, "type": "string", "apple": 2, "x-z": 1}}}});
        let once = made(&document);
        assert_eq!(once.to_string(), made(&once).to_string());
    }

    #[test]
    fn the_order_in_which_keys_were_written_does_not_matter() {
        let head = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}});
        let with = |schema: Value, policy: Value| {
            let mut document = head.clone();
            document["paths"]["/a"] = json!({"get": {"responses": {}, "x-flaresmith": policy}});
            document["components"] = json!({"schemas": {"S": schema}});
            made(&document).to_string()
        };
        let one = with(
            json!({"type": "string", "zoo": 1, "ant": 2, "x-b": 1, "x-a": 2, "x-flaresmith": {"requirements": [], "lifecycle":
                {"field": "f", "initial": "i", "transitions": [{"from": "a", "to": "b", "on": "c"}]}}}),
            json!({"requirements": ["FR-1"], "role": "r", "mcp": {"name": "n", "expose": true}, "postman": {"captures": {"z": "/z", "a": "/a"}}}),
        );
        let other = with(
            json!({"x-flaresmith": {"lifecycle": {"transitions": [{"on": "c", "to": "b", "from": "a"}], "initial": "i", "field": "f"},
                "requirements": []}, "x-a": 2, "ant": 2, "zoo": 1, "type": "string", "x-b": 1}),
            json!({"postman": {"captures": {"z": "/z", "a": "/a"}}, "mcp": {"expose": true, "name": "n"}, "role": "r", "requirements": ["FR-1"]}),
        );
        assert_eq!(one, other);
        assert!(one.contains(r#""captures":{"z":"/z","a":"/a"}"#));
    }

    #[test]
    fn what_3_1_does_not_know_is_dropped_and_told() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "tags": [{"name": "a", "kind": "nav"}],
            "paths": {"/a": {"query": {}, "get": {"responses": {"200": {"description": "d", "content":
                {"text/event-stream": {"itemSchema": {"type": "string"}}}}}}}}});
        let mut tally = Tally::default();
        let out = counted(&document, &mut tally);
        assert_eq!(out["tags"], json!([{"name": "a"}]));
        assert_eq!(out["paths"]["/a"].get("query"), None);
        let media = &out["paths"]["/a"]["get"]["responses"]["200"]["content"]["text/event-stream"];
        assert_eq!(*media, json!({"schema": {"type": "string"}}));
        let mut told = Vec::new();
        let code = &crate::diagnostics::downgrade::KEYWORD_DROPPED;
        tally.tell(code, &crate::openapi::Bundle::default(), &mut told);
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn mappings_by_name_become_references_and_a_license_has_one_address() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1", "license": {"name": "n", "url": "https://x", "identifier": "MIT"}},
            "paths": {}, "components": {"schemas": {"A": {}, "S": {"discriminator": {"propertyName": "p", "mapping":
                {"a": "A", "b": "#/components/schemas/A", "c": "other.yaml"}}}}}});
        let out = made(&document);
        let mapping = &out["components"]["schemas"]["S"]["discriminator"]["mapping"];
        assert_eq!(
            *mapping,
            json!({"a": "#/components/schemas/A", "b": "#/components/schemas/A", "c": "other.yaml"})
        );
        assert_eq!(out["info"]["license"], json!({"name": "n", "url": "https://x"}));
    }

    #[test]
    fn data_is_left_as_it_is_and_storage_is_not_published() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {
            "S": {"x-flaresmith": {"table": {"name": "s"}}, "default": {"type": 1, "b": 2, "a": 3},
                "properties": {"p": {"x-flaresmith": {"column": "c", "secret": true}}}}}}});
        let out = made(&document);
        let schema = &out["components"]["schemas"]["S"];
        assert_eq!(schema["default"].to_string(), r#"{"type":1,"b":2,"a":3}"#);
        assert_eq!(schema.get("x-flaresmith"), None);
        assert_eq!(schema["properties"]["p"], json!({"x-flaresmith": {"secret": true}}));
    }
}
