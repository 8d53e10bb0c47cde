//! The 3.0 document, for tools that read nothing newer.
//!
//! Owns: what 3.0 says otherwise about everything but schemas, and references into schemas. Must not know: YAML, files.
//! Whatever the 3.1 document admits, the 3.0 document admits too: what cannot be said exactly is said more widely, and told.

mod nested;
mod null;
mod schema;

use serde_json::{Map, Value, json};

use super::objects::{self, Behind, Object};
use super::tally::{Tally, push};
use crate::openapi::grammar::Place;
use nested::Nested;

/// The version that the document names.
const VERSION: &str = "3.0.3";

/// Makes the 3.0 document of a canonical 3.1 document. Losses are counted.
pub(super) fn downgrade(original: &Value, losses: &mut Tally) -> Value {
    let mut document = original.clone();
    let nested = nested::hoist(&mut document, original);
    let mut writer = Downgrade {
        original,
        nested,
        losses,
        pointer: String::new(),
    };
    writer.object(&mut document, Object::Of(Place::Document));
    writer.security(&mut document);
    document
}

pub(super) struct Downgrade<'a> {
    /// The canonical 3.1 document, for what stands behind a reference.
    original: &'a Value,
    /// New names of schemas that were referred to inside other schemas.
    nested: Nested,
    losses: &'a mut Tally,
    pointer: String,
}

impl Downgrade<'_> {
    /// Counts something that 3.0 cannot say: the keyword, and what became of it.
    fn lose(&mut self, keyword: &str, how: &str) {
        self.losses
            .add(format!("OpenAPI 3.0 has no `{keyword}`: {how}"), &self.pointer);
    }

    fn object(&mut self, value: &mut Value, object: Object) {
        if object == Object::Of(Place::Schema) {
            return self.schema(value);
        }
        if matches!(object, Object::Of(Place::PathItem | Place::Callback)) {
            self.inline(value, object);
        }
        let Value::Object(members) = value else { return };
        if objects::may_refer(object) && members.contains_key("$ref") {
            if members.len() > 1 {
                self.lose("a summary or description beside `$ref`", "left out");
                members.retain(|key, _| key == "$ref");
            }
            return;
        }
        for (key, member) in members.iter_mut() {
            self.member(object, key, member);
        }
        match object {
            Object::Of(Place::Document) => self.root(members),
            Object::Of(Place::Components) if members.shift_remove("pathItems").is_some() => {}
            Object::Of(Place::Operation) => operation(members),
            Object::Of(Place::SecurityScheme) => self.scheme(members),
            Object::Info if members.shift_remove("summary").is_some() => self.lose("info.summary", "left out"),
            Object::License => self.license(members),
            _ => {}
        }
        in_order(members, object);
    }

    fn member(&mut self, object: Object, key: &str, value: &mut Value) {
        let Some(behind) = objects::behind(object, key) else {
            return;
        };
        let extensible = objects::map_is_extensible(object, key);
        let length = push(&mut self.pointer, key);
        match (behind, value) {
            (Behind::One(inner), value) => self.object(value, inner),
            (Behind::Map(inner), Value::Object(members)) => {
                for (name, member) in members.iter_mut() {
                    if !(extensible && name.starts_with("x-")) {
                        let length = push(&mut self.pointer, name);
                        self.object(member, inner);
                        self.pointer.truncate(length);
                    }
                }
            }
            (Behind::List(inner), Value::Array(items)) => {
                for (i, item) in items.iter_mut().enumerate() {
                    let length = push(&mut self.pointer, &i.to_string());
                    self.object(item, inner);
                    self.pointer.truncate(length);
                }
            }
            _ => {}
        }
        self.pointer.truncate(length);
    }

    fn root(&mut self, members: &mut Map<String, Value>) {
        members.insert("openapi".to_owned(), json!(VERSION));
        members.shift_remove("jsonSchemaDialect");
        if let Some(webhooks) = members.shift_remove("webhooks") {
            for name in webhooks.as_object().into_iter().flat_map(Map::keys) {
                let length = push(&mut self.pointer, "webhooks");
                push(&mut self.pointer, name);
                self.lose("webhooks", "left out");
                self.pointer.truncate(length);
            }
        }
        members.entry("paths").or_insert_with(|| json!({}));
        if let Some(Value::Array(alternatives)) = members.get_mut("security") {
            alternatives.dedup();
        }
    }

    /// An SPDX id has a page; an expression of several has none.
    fn license(&mut self, members: &mut Map<String, Value>) {
        let Some(Value::String(id)) = members.shift_remove("identifier") else {
            return;
        };
        let is_one = !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
        if is_one && !members.contains_key("url") {
            members.insert("url".to_owned(), json!(format!("https://spdx.org/licenses/{id}.html")));
        } else {
            self.lose("license.identifier", "left out");
        }
    }

    fn scheme(&mut self, members: &mut Map<String, Value>) {
        if members.get("type").and_then(Value::as_str) == Some("mutualTLS") {
            self.lose("mutualTLS", "told as an HTTP scheme of the name `mutual`");
            members.insert("type".to_owned(), json!("http"));
            members.insert("scheme".to_owned(), json!("mutual"));
        }
    }

    /// Path items have no components in 3.0, and callbacks are written where they are used.
    fn inline(&mut self, value: &mut Value, object: Object) {
        for _ in 0..16 {
            let Some(target) = value.get("$ref").and_then(Value::as_str) else {
                return;
            };
            let found = target
                .strip_prefix('#')
                .and_then(|pointer| self.original.pointer(&nested::decoded(pointer)));
            let mut merged = match found {
                Some(Value::Object(found)) => found.clone(),
                _ => Map::new(),
            };
            if let (Value::Object(own), Object::Of(Place::PathItem)) = (&*value, object) {
                let beside = own.iter().filter(|(key, _)| *key != "$ref");
                merged.extend(beside.map(|(key, value)| (key.clone(), value.clone())));
            }
            *value = Value::Object(merged);
        }
        *value = json!({});
    }

    /// In 3.0 only OAuth 2 and OpenID Connect have scopes.
    fn security(&mut self, document: &mut Value) {
        let schemes: Vec<String> = document
            .pointer("/components/securitySchemes")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(_, scheme)| {
                !matches!(
                    scheme.get("type").and_then(Value::as_str),
                    Some("oauth2" | "openIdConnect") | None
                )
            })
            .map(|(name, _)| name.clone())
            .collect();
        let Value::Object(members) = document else { return };
        self.without_scopes(members, &schemes);
        let paths = members.get_mut("paths").and_then(Value::as_object_mut);
        for item in paths.into_iter().flat_map(Map::values_mut) {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                if let Value::Object(operation) = operation {
                    self.without_scopes(operation, &schemes);
                }
            }
        }
    }

    fn without_scopes(&mut self, members: &mut Map<String, Value>, schemes: &[String]) {
        let Some(Value::Array(alternatives)) = members.get_mut("security") else {
            return;
        };
        for alternative in alternatives.iter_mut().filter_map(Value::as_object_mut) {
            for (name, scopes) in alternative.iter_mut() {
                if schemes.contains(name) && scopes.as_array().is_some_and(|scopes| !scopes.is_empty()) {
                    self.lose("roles of a scheme without scopes", "left out");
                    *scopes = json!([]);
                }
            }
        }
    }
}

/// Puts the keys of an object back in their order. Most objects are as they were, and cost a look.
fn in_order(members: &mut Map<String, Value>, object: Object) {
    let keys = objects::keys(object);
    if keys.is_empty() || members.keys().map(|key| objects::rank(keys, key)).is_sorted() {
        return;
    }
    let mut entries: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
    entries.sort_by_key(|(key, _)| objects::rank(keys, key));
    members.extend(entries);
}

/// An operation of 3.0 has at least one response.
fn operation(members: &mut Map<String, Value>) {
    let answers = members.get("responses").and_then(Value::as_object);
    if answers.is_none_or(Map::is_empty) {
        let response = json!({"default": {"description": "Nothing is said about the answer."}});
        members.insert("responses".to_owned(), response);
    }
}

#[cfg(test)]
mod tests;
