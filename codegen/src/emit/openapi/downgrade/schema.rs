//! Schemas in the words of 3.0.
//!
//! Owns: what becomes of every keyword of 2020-12. Must not know: objects other than schemas.
//! A keyword that 3.0 lacks is told in a wider way or left out, so that no value the contract admits is refused.

use super::super::objects::Object;
use super::{Downgrade, null};
use crate::openapi::grammar::Place;
use crate::tree::{Map, Number, Text, Value, json};

/// Keywords of 3.0, apart from `x-` ones.
const KNOWN: [&str; 37] = [
    "$ref",
    "title",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "type",
    "nullable",
    "format",
    "enum",
    "multipleOf",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "required",
    "minProperties",
    "maxProperties",
    "properties",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "discriminator",
    "default",
    "example",
    "externalDocs",
    "xml",
    "examples",
];

/// Keywords that say nothing about values: nobody misses them.
const SILENT: [&str; 7] = [
    "$schema",
    "$id",
    "$vocabulary",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
];

impl Downgrade<'_> {
    pub(super) fn schema(&mut self, value: &mut Value) {
        match value {
            // Most schemas are of these, and nothing becomes of them.
            Value::Object(map) if is_of_both(map) => super::in_order(map, Object::Of(Place::Schema)),
            Value::Object(map) if self.is_only_referring(map) => {}
            Value::Bool(true) => *value = json!({}),
            Value::Bool(false) => *value = json!({"not": {}}),
            Value::Object(map) => {
                // Nothing below is kept, so nothing below is told twice.
                for key in ["$defs", "definitions", "if", "then", "else"] {
                    if map.remove(key).is_some() && key == "if" {
                        self.lose("if", "what `then` and `else` demand is left out");
                    }
                }
                self.unevaluated(map);
                let additional = map
                    .get("additionalProperties")
                    .filter(|value| value.is_boolean())
                    .cloned();
                for (key, member) in map.iter_mut() {
                    self.member(Object::Of(Place::Schema), key, member);
                }
                // The one place where 3.0 keeps `true` and `false`.
                if let Some(additional) = additional {
                    map.insert("additionalProperties", additional);
                }
                self.keywords(map);
            }
            _ => *value = json!({}),
        }
    }

    /// Whether a schema is a reference and no more, to what is a component in 3.0 too.
    fn is_only_referring(&self, map: &Map) -> bool {
        let reference = map.get("$ref").and_then(Value::as_str);
        map.len() == 1 && reference.is_some_and(|reference| !self.context.nested.contains_key(reference))
    }

    fn keywords(&mut self, map: &mut Map) {
        self.reference(map);
        self.discriminator(map);
        if let Some(value) = map.remove("const") {
            map.insert("enum", json!([value]));
        }
        bound(map, "minimum", "exclusiveMinimum", |exclusive, inclusive| {
            exclusive >= inclusive
        });
        bound(map, "maximum", "exclusiveMaximum", |exclusive, inclusive| {
            exclusive <= inclusive
        });
        self.content(map);
        self.arrays(map);
        self.objects(map);
        null::types(map);
        null::branches(map, self.context.original);
        self.examples(map);
        tidy(map);
        self.unknown(map);
        // A reference alone needs no wrapping; an `allOf` of one reference and nothing else is that reference.
        if let (1, Some(Value::Array(all))) = (map.len(), map.get("allOf"))
            && let [Value::Object(only)] = all.as_slice()
            && only.contains_key("$ref")
        {
            *map = only.clone();
        }
        super::in_order(map, Object::Of(Place::Schema));
    }

    /// Beside `$ref` nothing counts in 3.0, so the reference moves into `allOf`.
    fn reference(&mut self, map: &mut Map) {
        let Some(Value::String(reference)) = map.remove("$ref") else {
            if let Some(Value::String(_)) = map.get("$dynamicRef") {
                self.lose("$dynamicRef", "any value is admitted there");
            }
            return;
        };
        let component = self.context.nested.get(reference.as_str());
        let target = json!({"$ref": component.map_or(reference.as_str(), String::as_str)});
        match map.get_mut("allOf").and_then(Value::as_array_mut) {
            Some(all) => all.insert(0, target),
            None => {
                map.insert("allOf", json!([target]));
            }
        }
    }

    fn discriminator(&mut self, map: &mut Map) {
        let mapping = map
            .get_mut("discriminator")
            .and_then(|discriminator| discriminator.get_mut("mapping"))
            .and_then(Value::as_object_mut);
        for target in mapping.into_iter().flat_map(Map::values_mut) {
            if let Some(new) = target.as_str().and_then(|target| self.context.nested.get(target)) {
                *target = json!(new);
            }
        }
    }

    /// Bytes have a `format` in 3.0.
    fn content(&mut self, map: &mut Map) {
        let encoding = map.remove("contentEncoding");
        let media = map.remove("contentMediaType");
        if map.remove("contentSchema").is_some() {
            self.lose("contentSchema", "left out");
        }
        let format = match (
            encoding.as_ref().and_then(Value::as_str),
            media.as_ref().and_then(Value::as_str),
        ) {
            (Some("base64" | "base64url"), _) => Some("byte"),
            (Some(_), _) => {
                self.lose("contentEncoding", "left out where it is not base64");
                None
            }
            (None, Some(media)) if media.starts_with("text/") || media.contains("json") => {
                self.lose("contentMediaType", "left out where it is text");
                None
            }
            (None, Some(_)) => Some("binary"),
            (None, None) => None,
        };
        if let Some(format) = format
            && !map.contains_key("format")
        {
            map.insert("format", json!(format));
            map.entry("type").or_insert_with(|| json!("string"));
        }
    }

    fn arrays(&mut self, map: &mut Map) {
        if let Some(Value::Array(first)) = map.remove("prefixItems") {
            self.lose("prefixItems", "each item may be any of those the tuple has");
            let rest = map.remove("items");
            let count = first.len();
            let mut kinds: Vec<Value> = Vec::new();
            for kind in first {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            match rest {
                // `items: false` has been rewritten by now.
                Some(rest) if rest == json!({"not": {}}) => {
                    let most = map.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
                    map.insert("maxItems", json!(most.min(count as u64)));
                }
                Some(rest) => {
                    if !kinds.contains(&rest) {
                        kinds.push(rest);
                    }
                }
                None => kinds = vec![json!({})],
            }
            let items = match kinds.len() {
                0 => json!({}),
                1 => kinds.pop().unwrap_or_default(),
                _ => json!({"anyOf": kinds}),
            };
            map.insert("items", items);
        } else if map.get("items") == Some(&json!({"not": {}})) {
            map.insert("items", json!({}));
            map.insert("maxItems", json!(0));
        }
        for key in ["contains", "minContains", "maxContains"] {
            if map.remove(key).is_some() && key == "contains" {
                self.lose("contains", "left out");
            }
        }
    }

    fn objects(&mut self, map: &mut Map) {
        if let Some(Value::Object(patterns)) = map.remove("patternProperties") {
            self.lose("patternProperties", "any key may have a value that some pattern admits");
            let mut kinds: Vec<Value> = Vec::new();
            for kind in patterns.into_iter().map(|(_, kind)| kind) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            let rest = match map.remove("additionalProperties") {
                Some(Value::Bool(false)) => None,
                None | Some(Value::Bool(true)) => Some(json!({})),
                other => other,
            };
            kinds.extend(rest.filter(|rest| !kinds.contains(rest)));
            let anything = kinds.contains(&json!({}));
            let kind = match kinds.len() {
                0 => Value::Bool(false),
                _ if anything => Value::Bool(true),
                1 => kinds.pop().unwrap_or_default(),
                _ => json!({"anyOf": kinds}),
            };
            map.insert("additionalProperties", kind);
        }
        for key in ["propertyNames", "dependentRequired", "dependentSchemas"] {
            if map.remove(key).is_some() {
                self.lose(key, "left out");
            }
        }
    }

    /// Without anything that combines or refers, what is not evaluated is what is additional.
    fn unevaluated(&mut self, map: &mut Map) {
        let combines = [
            "$ref",
            "$dynamicRef",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "if",
            "dependentSchemas",
            "contains",
        ]
        .iter()
        .any(|key| map.contains_key(key));
        for (key, plain) in [
            ("unevaluatedProperties", "additionalProperties"),
            ("unevaluatedItems", "items"),
        ] {
            let Some(value) = map.remove(key) else { continue };
            if map.contains_key(plain) || value == Value::Bool(true) {
                continue;
            }
            if combines {
                self.lose(key, "left out beside schemas that are combined");
            } else {
                map.insert(plain.to_owned(), value);
            }
        }
    }

    /// 3.0 has one example.
    fn examples(&mut self, map: &mut Map) {
        let Some(examples) = map.remove("examples") else {
            return;
        };
        let Value::Array(examples) = examples else { return };
        if examples.len() > 1 || (map.contains_key("example") && !examples.is_empty()) {
            self.lose("examples", "only the first is kept");
        }
        if let Some(first) = examples.into_iter().next() {
            map.entry("example").or_insert(first);
        }
    }

    /// What is left and not of 3.0.
    fn unknown(&mut self, map: &mut Map) {
        let is_known = |key: &str| KNOWN.contains(&key) || key.starts_with("x-");
        let foreign: Vec<Text> = map.keys().filter(|key| !is_known(key)).cloned().collect();
        if !foreign.is_empty() {
            map.retain(|key, _| is_known(key));
        }
        for key in foreign {
            if !SILENT.contains(&key.as_str()) && key != "$dynamicRef" && key != "$dynamicAnchor" {
                self.lose(&key, "left out");
            }
        }
    }
}

/// Whether a schema is that of a text, a number or a truth value, in words that mean the same in both versions.
fn is_of_both(map: &Map) -> bool {
    let ty = map.get("type").and_then(Value::as_str);
    matches!(ty, Some("string" | "integer" | "number" | "boolean"))
        && map.iter().all(|(key, value)| match key.as_str() {
            "type" | "title" | "description" | "format" | "pattern" | "deprecated" | "readOnly" | "writeOnly"
            | "default" | "example" | "minimum" | "maximum" | "multipleOf" => true,
            "minLength" | "maxLength" => value.is_u64(),
            "enum" => matches!(value, Value::Array(values) if !values.is_empty() && !values.iter().any(Value::is_null)),
            key => key.starts_with("x-"),
        })
}

/// `exclusiveMinimum: 3` is `minimum: 3, exclusiveMinimum: true`. `tighter` tells whether the exclusive bound is the one that
/// counts when both stand.
fn bound(map: &mut Map, plain: &str, exclusive: &str, tighter: fn(f64, f64) -> bool) {
    let Some(value) = map.remove(exclusive) else {
        return;
    };
    let Value::Number(limit) = value else { return };
    let counts = match (limit.as_f64(), map.get(plain).and_then(Value::as_f64)) {
        (Some(limit), Some(other)) => tighter(limit, other),
        _ => true,
    };
    if counts {
        map.insert(plain.to_owned(), Value::Number(limit));
        map.insert(exclusive.to_owned(), Value::Bool(true));
    }
}

/// What the schema of 3.0 itself demands: no empty lists, counts that are whole, `items` on every array.
fn tidy(map: &mut Map) {
    if let Some(Value::Array(required)) = map.get_mut("required") {
        let mut seen = Vec::new();
        required.retain(|name| {
            let new = name.is_string() && !seen.contains(name);
            seen.push(name.clone());
            new
        });
    }
    for key in ["required", "allOf", "anyOf", "oneOf"] {
        if matches!(map.get(key), Some(Value::Array(items)) if items.is_empty()) {
            map.remove(key);
        }
    }
    if matches!(map.get("enum"), Some(Value::Array(values)) if values.is_empty()) {
        map.remove("enum");
        map.entry("not").or_insert_with(|| json!({}));
    }
    if map.get("type") == Some(&json!("array")) && !map.contains_key("items") {
        map.insert("items", json!({}));
    }
    for key in [
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ] {
        if let Some(Value::Number(number)) = map.get(key)
            && let Some(whole) = whole(number)
        {
            map.insert(key.to_owned(), json!(whole));
        }
    }
}

/// `3.0` as the count that it is.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole, not negative and small"
)]
fn whole(number: &Number) -> Option<u64> {
    let value = number.as_f64().filter(|_| number.is_f64())?;
    (value >= 0.0 && value.fract() == 0.0 && value < 9e15).then_some(value as u64)
}
