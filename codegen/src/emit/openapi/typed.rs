//! A second opinion on the 3.0 document: that of a reader with types.
//!
//! Owns: asking `openapiv3` about every object. Must not know: how the document was made.
//! The reader tries an object that it refuses twice at every level above it, so it is never given a tree: each schema is asked
//! about alone, with empty schemas in place of its parts, each unit with empty schemas in place of all, and the document without
//! its units. That also tells where a refused value stands.

use serde::Deserialize;

use super::objects::{self, Behind, Object};
use super::tally::Tally;
use crate::openapi::grammar::Place;
use crate::pointer::push;
use crate::tree::{Map, Value, json};

/// Counts what the typed reader refuses of a document without its units.
pub(super) fn check_frame(frame: &Value) -> Tally {
    let mut check = Check::at("");
    let shell = check.shell(frame, Object::Of(Place::Document));
    check.ask::<openapiv3::OpenAPI>(&shell);
    check.refused
}

/// Counts what the typed reader refuses of a unit.
pub(super) fn check_unit(unit: &Value, object: Object, pointer: &str) -> Tally {
    use openapiv3::{
        Callback, Example, Header, Link, Parameter, PathItem, ReferenceOr, RequestBody, Response, SecurityScheme,
    };
    let mut check = Check::at(pointer);
    let shell = check.part(unit, object);
    if let Object::Of(place) = object {
        match place {
            Place::PathItem => check.ask::<ReferenceOr<PathItem>>(&shell),
            Place::Parameter => check.ask::<ReferenceOr<Parameter>>(&shell),
            Place::Header => check.ask::<ReferenceOr<Header>>(&shell),
            Place::Body => check.ask::<ReferenceOr<RequestBody>>(&shell),
            Place::Response => check.ask::<ReferenceOr<Response>>(&shell),
            Place::Callback => check.ask::<ReferenceOr<Callback>>(&shell),
            Place::Example => check.ask::<ReferenceOr<Example>>(&shell),
            Place::Link => check.ask::<ReferenceOr<Link>>(&shell),
            Place::SecurityScheme => check.ask::<ReferenceOr<SecurityScheme>>(&shell),
            // Schemas were asked about on the way.
            _ => {}
        }
    }
    check.refused
}

struct Check {
    refused: Tally,
    pointer: String,
    /// How many callbacks stand around the current object.
    callbacks: usize,
}

impl Check {
    fn at(pointer: &str) -> Self {
        Self {
            refused: Tally::default(),
            pointer: pointer.to_owned(),
            callbacks: 0,
        }
    }

    fn ask<'v, T: Deserialize<'v>>(&mut self, shell: &'v Value) {
        if let Err(error) = T::deserialize(shell) {
            self.refuse(&error);
        }
    }

    fn refuse(&mut self, error: &serde_json::Error) {
        let what = format!("typed readers refuse a part of the 3.0 document: {error}");
        self.refused.add(what, &self.pointer);
    }

    /// The object without its schemas, each of which is asked about on the way.
    fn shell(&mut self, value: &Value, object: Object) -> Value {
        let Value::Object(members) = value else {
            return value.clone();
        };
        let is_schema = object == Object::Of(Place::Schema);
        let plain = is_schema && members.iter().all(|(key, member)| is_plain(key, member));
        let mut out = (!plain).then(|| Map::with_capacity(members.len()));
        for (key, member) in members {
            let Some(behind) = objects::behind(object, key) else {
                if let Some(out) = &mut out {
                    out.insert(key.clone(), member.clone());
                }
                continue;
            };
            let length = push(&mut self.pointer, key);
            let made = match (behind, member) {
                (Behind::One(inner), member) => self.part(member, inner),
                (Behind::Map(inner), Value::Object(parts)) => {
                    let extensible = objects::map_is_extensible(object, key);
                    let mut made = Map::with_capacity(parts.len());
                    for (name, part) in parts {
                        let length = push(&mut self.pointer, name);
                        let is_extension = extensible && name.starts_with("x-");
                        let part = if is_extension {
                            part.clone()
                        } else {
                            self.part(part, inner)
                        };
                        made.insert(name.clone(), part);
                        self.pointer.truncate(length);
                    }
                    Value::Object(made)
                }
                (Behind::List(inner), Value::Array(parts)) => {
                    Value::Array(parts.iter().map(|part| self.part(part, inner)).collect())
                }
                _ => member.clone(),
            };
            if let Some(out) = &mut out {
                out.insert(key.clone(), made);
            }
            self.pointer.truncate(length);
        }
        let Some(out) = out else {
            return Value::Null;
        };
        let shell = Value::Object(out);
        if is_schema && let Err(error) = openapiv3::ReferenceOr::<openapiv3::Schema>::deserialize(&shell) {
            self.refuse(&error);
        }
        shell
    }

    fn part(&mut self, value: &Value, object: Object) -> Value {
        match object {
            // `additionalProperties: false`
            Object::Of(Place::Schema) if value.is_boolean() => value.clone(),
            Object::Of(Place::Schema) => {
                self.shell(value, object);
                json!({})
            }
            Object::Of(Place::Callback) if self.callbacks > 0 => json!({}),
            Object::Of(Place::Callback) => {
                self.callbacks += 1;
                let made = self.shell(value, object);
                self.callbacks -= 1;
                made
            }
            object => self.shell(value, object),
        }
    }
}

/// Whether a keyword of a schema has a value that no reader can trip over; only other schemas are worth the question.
fn is_plain(key: &str, value: &Value) -> bool {
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    match key {
        "type" => matches!(
            value.as_str(),
            Some("string" | "integer" | "number" | "boolean" | "object" | "array")
        ),
        "title" | "description" | "format" | "pattern" | "$ref" => value.is_string(),
        "nullable" | "deprecated" | "readOnly" | "writeOnly" | "uniqueItems" | "exclusiveMinimum"
        | "exclusiveMaximum" => value.is_boolean(),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => value.is_u64(),
        "minimum" | "maximum" | "multipleOf" => value.is_number(),
        "required" => strings(value),
        "enum" => value.is_array(),
        "properties" => value.is_object(),
        "items" | "not" => value.is_object(),
        "additionalProperties" => value.is_object() || value.is_boolean(),
        "allOf" | "anyOf" | "oneOf" => value.is_array(),
        "default" | "example" => true,
        key => key.starts_with("x-"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::apart;
    use super::*;
    use crate::diagnostics::{At, Diagnostics, downgrade as codes};
    use crate::openapi::Bundle;

    fn told(document: &Value) -> Diagnostics {
        let mut found = Diagnostics::new();
        let (frame, groups) = apart(document);
        let mut refused = check_frame(&frame);
        for group in &groups {
            for (pointer, _) in group.units() {
                refused.add_all(&check_unit(document.pointer(&pointer).unwrap(), group.object, &pointer));
            }
        }
        refused.tell(&codes::DOWNCONVERT_REFUSED, &Bundle::default(), &mut found);
        found
    }

    #[test]
    fn a_wrong_value_is_found_where_it_stands_however_deep() {
        let mut schema = json!({"type": "string", "minLength": "three"});
        for _ in 0..60 {
            schema = json!({"type": "object", "properties": {"a": schema}});
        }
        let document = json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {"S": schema}}});
        let found = told(&document);
        assert_eq!(found.len(), 1);
        let At::Pointer(pointer) = &found[0].place.as_ref().unwrap().at else {
            panic!("{found:?}")
        };
        assert!(
            pointer.starts_with("/components/schemas/S/properties/a/") && pointer.len() > 600,
            "{pointer}"
        );
    }

    #[test]
    fn what_is_not_asked_about_would_be_accepted() {
        let values = [
            json!("a"),
            json!(true),
            json!(3),
            json!(-3),
            json!(1.5),
            json!(1e300),
            json!(null),
            json!([]),
            json!(["a"]),
            json!([1, null]),
            json!({}),
            json!({"a": {}}),
            json!("string"),
            json!("number"),
            json!("integer"),
            json!("array"),
            json!(u64::MAX),
        ];
        let keys = [
            "type",
            "title",
            "pattern",
            "nullable",
            "uniqueItems",
            "exclusiveMinimum",
            "minLength",
            "maxItems",
            "minimum",
            "multipleOf",
            "required",
            "enum",
            "properties",
            "items",
            "not",
            "additionalProperties",
            "allOf",
            "default",
            "x-a",
        ];
        for ty in [
            None,
            Some("string"),
            Some("integer"),
            Some("object"),
            Some("array"),
            Some("boolean"),
        ] {
            for key in keys {
                for value in &values {
                    let empty = match (key, value) {
                        ("allOf", Value::Array(items)) => json!(items.iter().map(|_| json!({})).collect::<Vec<_>>()),
                        ("properties", Value::Object(_)) => json!({"a": {}}),
                        _ => value.clone(),
                    };
                    let mut schema = json!({key: empty});
                    if let (Some(ty), true) = (ty, key != "type") {
                        schema["type"] = json!(ty);
                    }
                    if is_plain(key, &empty) {
                        let read = openapiv3::Schema::deserialize(&schema);
                        assert!(read.is_ok(), "{schema}: {read:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_sound_document_is_not_refused() {
        let document = json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {"200":
            {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}}}}},
            "components": {"schemas": {"S": {"type": "object", "additionalProperties": false, "properties": {"a": {"not": {}}}}}}});
        assert!(told(&document).is_empty());
    }
}
