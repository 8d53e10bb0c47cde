//! The 3.0 document, for tools that read nothing newer.
//!
//! Owns: what 3.0 says otherwise about everything but schemas, and references into schemas. Must not know: YAML, files.
//! Whatever the 3.1 document admits, the 3.0 document admits too: what cannot be said exactly is said more widely, and told.

pub(super) mod nested;
mod null;
mod schema;

use std::collections::BTreeMap;

use super::objects::{self, Behind, Object};
use super::tally::Tally;
use super::units::{Group, Parts};
use super::written::Unit;
use crate::openapi::grammar::Place;
use crate::pointer::push;
use crate::tree::{Map, Text, Value, json};
use nested::Nested;

/// The version that the document names.
const VERSION: &str = "3.0.3";

/// What the 3.0 form of a part depends on beside the part.
pub(super) struct Context<'a> {
    /// The public 3.1 document, for what stands behind a reference.
    original: &'a Parts<'a, Unit>,
    /// New names of schemas that were referred to inside other schemas.
    nested: Nested,
    /// Names and values of those schemas.
    hoisted: BTreeMap<String, Value>,
    /// Security schemes without scopes.
    without_scopes: Vec<String>,
}

impl<'a> Context<'a> {
    /// That of a public 3.1 document.
    pub(super) fn of(original: &'a Parts<'a, Unit>, groups: &[Group]) -> Self {
        let (nested, hoisted) = nested::hoist(original, groups);
        let schemes = groups
            .iter()
            .filter(|group| group.object == Object::Of(Place::SecurityScheme));
        let without_scopes = schemes
            .flat_map(Group::units)
            .filter(|(pointer, _)| {
                // In 3.0 only OAuth 2 and OpenID Connect have scopes.
                let scheme = original.pointer(pointer).and_then(|scheme| scheme.get("type"));
                !matches!(scheme.and_then(Value::as_str), Some("oauth2" | "openIdConnect") | None)
            })
            .map(|(_, name)| name.to_owned())
            .collect();
        Self {
            original,
            nested,
            hoisted,
            without_scopes,
        }
    }

    /// Whether the form of a part depends on nothing but the part and what it refers to.
    pub(super) fn is_plain(&self) -> bool {
        self.nested.is_empty()
    }

    /// The 3.1 form of a unit of the 3.0 document.
    pub(super) fn value(&self, pointer: &str) -> Option<&Value> {
        self.hoisted.get(pointer).or_else(|| self.original.pointer(pointer))
    }

    /// The unit of that name in the 3.1 document.
    pub(super) fn unit(&self, pointer: &str) -> Option<&'a Unit> {
        self.original.units.get(pointer).map(|unit| &**unit)
    }

    /// The frame of the 3.0 document, and its groups. Losses are counted.
    pub(super) fn frame(&self, groups: &mut Vec<Group>, losses: &mut Tally) -> Value {
        let mut frame = self.original.frame.clone();
        let mut writer = self.writer("", losses);
        for (_, name) in groups
            .iter()
            .filter(|group| group.pointer == "/webhooks")
            .flat_map(Group::units)
        {
            writer.lose_webhook(name);
        }
        writer.object(&mut frame, Object::Of(Place::Document));
        if let Value::Object(members) = &mut frame {
            writer.without_scopes(members);
        }
        nested::add(&self.hoisted, &mut frame, groups);
        groups.retain(|group| frame.pointer(&group.pointer).is_some());
        frame
    }

    fn writer<'w>(&'w self, pointer: &str, losses: &'w mut Tally) -> Downgrade<'w> {
        Downgrade {
            context: self,
            losses,
            pointer: pointer.to_owned(),
        }
    }
}

/// A unit of the 3.0 document. Losses are counted.
pub(super) fn unit(context: &Context<'_>, pointer: &str, newer: &Value, object: Object, losses: &mut Tally) -> Value {
    let mut value = newer.clone();
    let mut writer = context.writer(pointer, losses);
    writer.object(&mut value, object);
    if object == Object::Of(Place::PathItem) {
        for operation in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Value::Object(operation) = operation {
                writer.without_scopes(operation);
            }
        }
    }
    value
}

pub(super) struct Downgrade<'a> {
    context: &'a Context<'a>,
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
            Object::Of(Place::Components) if members.remove("pathItems").is_some() => {}
            Object::Of(Place::Operation) => operation(members),
            Object::Of(Place::SecurityScheme) => self.scheme(members),
            Object::Info if members.remove("summary").is_some() => self.lose("info.summary", "left out"),
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

    fn root(&mut self, members: &mut Map) {
        members.insert("openapi", json!(VERSION));
        members.remove("jsonSchemaDialect");
        members.remove("webhooks");
        members.entry("paths").or_insert_with(|| json!({}));
        if let Some(Value::Array(alternatives)) = members.get_mut("security") {
            alternatives.dedup();
        }
    }

    fn lose_webhook(&mut self, name: &str) {
        let length = push(&mut self.pointer, "webhooks");
        push(&mut self.pointer, name);
        self.lose("webhooks", "left out");
        self.pointer.truncate(length);
    }

    /// An SPDX id has a page; an expression of several has none.
    fn license(&mut self, members: &mut Map) {
        let Some(Value::String(id)) = members.remove("identifier") else {
            return;
        };
        let is_one = !id.is_empty()
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
        if is_one && !members.contains_key("url") {
            members.insert("url", json!(format!("https://spdx.org/licenses/{id}.html")));
        } else {
            self.lose("license.identifier", "left out");
        }
    }

    fn scheme(&mut self, members: &mut Map) {
        if members.get("type").and_then(Value::as_str) == Some("mutualTLS") {
            self.lose("mutualTLS", "told as an HTTP scheme of the name `mutual`");
            members.insert("type", json!("http"));
            members.insert("scheme", json!("mutual"));
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
                .and_then(|pointer| self.context.original.pointer(&nested::decoded(pointer)));
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

    fn without_scopes(&mut self, members: &mut Map) {
        let Some(Value::Array(alternatives)) = members.get_mut("security") else {
            return;
        };
        for alternative in alternatives.iter_mut().filter_map(Value::as_object_mut) {
            for (name, scopes) in alternative.iter_mut() {
                if self.context.without_scopes.iter().any(|without| without == name)
                    && scopes.as_array().is_some_and(|scopes| !scopes.is_empty())
                {
                    self.lose("roles of a scheme without scopes", "left out");
                    *scopes = json!([]);
                }
            }
        }
    }
}

/// Puts the keys of an object back in their order. Most objects are as they were, and cost a look.
fn in_order(members: &mut Map, object: Object) {
    let keys = objects::keys(object);
    if keys.is_empty() || members.keys().map(|key| objects::rank(keys, key)).is_sorted() {
        return;
    }
    let mut entries: Vec<(Text, Value)> = std::mem::take(members).into_iter().collect();
    entries.sort_by_key(|(key, _)| objects::rank(keys, key));
    members.extend(entries);
}

/// An operation of 3.0 has at least one response.
fn operation(members: &mut Map) {
    let answers = members.get("responses").and_then(Value::as_object);
    if answers.is_none_or(Map::is_empty) {
        let response = json!({"default": {"description": "Nothing is said about the answer."}});
        members.insert("responses", response);
    }
}

#[cfg(test)]
mod tests;
