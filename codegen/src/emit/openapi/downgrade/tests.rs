//! What 3.1 says, in the words of 3.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize as _;

use super::Context;
use crate::diagnostics::{Diagnostics, downgrade as codes};
use crate::emit::openapi::assemble;
use crate::emit::openapi::canonical::canonical;
use crate::emit::openapi::objects::Object;
use crate::emit::openapi::tally::Tally;
use crate::emit::openapi::units::{Parts, apart};
use crate::emit::openapi::written::{Older, Unit};
use crate::memo::Memo;
use crate::openapi::Bundle;
use crate::openapi::grammar::Place;
use crate::tree::{Value, json};

fn document(schema: &Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {
        "S": schema, "Other": {"type": "object", "properties": {"a": {}}}, "Text": {"type": "string"}}}})
}

/// The whole 3.0 document of a whole 3.1 document.
fn downgraded(document: &Value, losses: &mut Tally) -> Value {
    let (frame, mut groups) = apart(document);
    let units = groups.iter().flat_map(|group| {
        group.units().map(|(pointer, _)| {
            let value = document.pointer(&pointer).unwrap();
            let unit = Unit::of(document, &pointer, value, group, &Memo::default());
            (pointer, Arc::new(unit))
        })
    });
    let units: BTreeMap<String, Arc<Unit>> = units.collect();
    let parts = Parts {
        frame: &frame,
        units: &units,
        value: |unit: &Unit| &unit.value,
    };
    let context = Context::of(&parts, &groups);
    let frame = context.frame(&mut groups, losses);
    let mut texts = BTreeMap::new();
    for group in &groups {
        for (pointer, _) in group.units() {
            let older = Older::of(
                &context,
                &pointer,
                context.value(&pointer).unwrap(),
                group,
                &Memo::default(),
            );
            losses.add_all(&older.losses);
            texts.insert(pointer, older.text.json.clone());
        }
    }
    let (text, _) = assemble::json(&frame, &groups, &|pointer| texts.get(pointer));
    serde_json::from_str(&text.whole()).unwrap()
}

fn made(document: &Value) -> (Value, Vec<String>) {
    let mut losses = Tally::default();
    let older = downgraded(document, &mut losses);
    openapiv3::OpenAPI::deserialize(&older).unwrap_or_else(|error| panic!("{error}\n{older:#}"));
    let again = canonical(&older, "", &older, Object::Of(Place::Document), &mut Tally::default());
    assert_eq!(older.to_string(), again.to_string(), "keys stand in their order");
    let mut told = Diagnostics::new();
    losses.tell(&codes::DOWNCONVERTED, &Bundle::default(), &mut told);
    (older, told.into_iter().map(|told| told.message).collect())
}

#[test]
fn what_3_0_can_say_exactly_is_not_told() {
    let other = json!({"$ref": "#/components/schemas/Other"});
    let cases = [
        (
            json!({"type": ["string", "null"]}),
            json!({"type": "string", "nullable": true}),
        ),
        (
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            json!({"type": "string", "enum": ["a", null], "nullable": true}),
        ),
        (
            json!({"enum": ["a", null]}),
            json!({"type": "string", "enum": ["a", null], "nullable": true}),
        ),
        (
            json!({"type": "null"}),
            json!({"type": "string", "nullable": true, "enum": [null]}),
        ),
        (json!({"const": "a"}), json!({"type": "string", "enum": ["a"]})),
        (
            json!({"type": "integer", "const": 1}),
            json!({"type": "integer", "enum": [1]}),
        ),
        (
            json!({"exclusiveMinimum": 3, "type": "integer"}),
            json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true}),
        ),
        (json!({"exclusiveMinimum": 3, "minimum": 5}), json!({"minimum": 5})),
        (
            json!({"exclusiveMaximum": 3, "maximum": 5}),
            json!({"maximum": 3, "exclusiveMaximum": true}),
        ),
        (json!({"examples": [1]}), json!({"example": 1})),
        (
            json!({"$ref": "#/components/schemas/Other", "description": "d"}),
            json!({"description": "d", "allOf": [other]}),
        ),
        (json!({"$ref": "#/components/schemas/Other"}), other.clone()),
        (
            json!({"anyOf": [other, {"type": "null"}]}),
            json!({"anyOf": [other, {"type": "object", "nullable": true, "enum": [null]}]}),
        ),
        (
            json!({"oneOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "title": "t"}),
            json!({"title": "t", "type": "string", "maxLength": 3, "nullable": true}),
        ),
        (
            json!({"anyOf": [other, {"type": "string"}, {"type": "null"}]}),
            json!({"anyOf": [other, {"type": "string", "nullable": true}]}),
        ),
        (
            json!({"anyOf": [other, {"$ref": "#/components/schemas/Text"}, {"type": "null"}]}),
            json!({"anyOf": [other, {"$ref": "#/components/schemas/Text"}, {"type": "string", "nullable": true, "enum": [null]}]}),
        ),
        (
            json!({"type": ["string", "integer"], "maxLength": 3, "minimum": 1, "description": "d"}),
            json!({"description": "d", "anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "minimum": 1}]}),
        ),
        (
            json!({"type": ["array", "object", "null"], "items": {"type": "string"}}),
            json!({"anyOf": [{"type": "array", "nullable": true, "items": {"type": "string"}}, {"type": "object", "nullable": true}]}),
        ),
        (
            json!({"type": "string", "contentEncoding": "base64"}),
            json!({"type": "string", "format": "byte"}),
        ),
        (
            json!({"contentMediaType": "image/png"}),
            json!({"format": "binary", "type": "string"}),
        ),
        (
            json!({"type": "object", "unevaluatedProperties": false}),
            json!({"type": "object", "additionalProperties": false}),
        ),
        (json!({"type": "array"}), json!({"type": "array", "items": {}})),
        (
            json!({"type": "array", "items": false}),
            json!({"type": "array", "items": {}, "maxItems": 0}),
        ),
        (json!({"type": "object", "required": []}), json!({"type": "object"})),
        (
            json!({"properties": {"a": true, "b": false}}),
            json!({"properties": {"a": {}, "b": {"not": {}}}}),
        ),
        (json!({"minLength": 1.0}), json!({"minLength": 1})),
        (json!(true), json!({})),
    ];
    for (newer, older) in cases {
        let (document, told) = made(&document(&newer));
        assert_eq!(document["components"]["schemas"]["S"], older, "{newer}");
        assert!(told.is_empty(), "{newer}: {told:?}");
    }
}

#[test]
fn what_3_0_cannot_say_is_widened_and_told_once_with_its_count() {
    let cases = [
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}),
            json!({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "maxItems": 2}),
            "prefixItems",
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}]}),
            json!({"type": "array", "items": {}}),
            "prefixItems",
        ),
        (
            json!({"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            "patternProperties",
        ),
        (
            json!({"type": "object", "patternProperties": {"^a": {"type": "string"}}}),
            json!({"type": "object", "additionalProperties": true}),
            "patternProperties",
        ),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "type": "object"}),
            json!({"type": "object"}),
            "if",
        ),
        (
            json!({"allOf": [{"type": "object"}], "unevaluatedProperties": false}),
            json!({"allOf": [{"type": "object"}]}),
            "unevaluatedProperties",
        ),
        (json!({"propertyNames": {"pattern": "a"}}), json!({}), "propertyNames"),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            json!({}),
            "dependentRequired",
        ),
        (
            json!({"type": "array", "items": {}, "contains": {"const": 1}, "minContains": 2}),
            json!({"type": "array", "items": {}}),
            "contains",
        ),
        (json!({"examples": [1, 2]}), json!({"example": 1}), "examples"),
        (json!({"colour": 1}), json!({}), "colour"),
    ];
    for (newer, older, keyword) in cases {
        let both = json!({"properties": {"a": newer, "b": newer}});
        let (document, told) = made(&document(&both));
        assert_eq!(
            document["components"]["schemas"]["S"],
            json!({"properties": {"a": older, "b": older}}),
            "{newer}"
        );
        assert_eq!(told.len(), 1, "{newer}: {told:?}");
        assert!(
            told[0].contains(&format!("`{keyword}`")) && told[0].contains("2 places"),
            "{told:?}"
        );
    }
}

#[test]
fn schemas_that_are_referred_to_inside_others_get_names() {
    let newer = json!({"$defs": {"inner": {"type": "null"}}, "properties": {"a": {"$ref": "#/components/schemas/S/$defs/inner"}}});
    let (older, _) = made(&document(&newer));
    assert_eq!(
        older["components"]["schemas"]["S"],
        json!({"properties": {"a": {"$ref": "#/components/schemas/S_inner"}}})
    );
    assert_eq!(
        older["components"]["schemas"]["S_inner"],
        json!({"type": "string", "nullable": true, "enum": [null]})
    );
}

#[test]
fn the_rest_of_the_document_is_told_in_3_0_too() {
    let newer = json!({"openapi": "3.1.0", "jsonSchemaDialect": "https://x", "info": {"title": "t", "summary": "s", "version": "1",
        "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": {"/a": {"$ref": "#/components/pathItems/A"}}, "webhooks": {"w": {"post": {}}},
        "components": {"pathItems": {"A": {"get": {"security": [{"tls": ["role"]}], "parameters":
            [{"$ref": "#/components/parameters/P", "description": "d"}]}}}, "parameters": {"P": {"name": "p", "in": "query", "schema": true}},
            "securitySchemes": {"tls": {"type": "mutualTLS"}}}});
    let (older, told) = made(&newer);
    assert_eq!(older["openapi"], "3.0.3");
    assert_eq!(
        older["info"],
        json!({"title": "t", "version": "1", "license": {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"}})
    );
    assert_eq!(
        older["paths"]["/a"]["get"]["parameters"],
        json!([{"$ref": "#/components/parameters/P"}])
    );
    assert_eq!(older["paths"]["/a"]["get"]["security"], json!([{"tls": []}]));
    assert_eq!(
        older["components"]["securitySchemes"]["tls"],
        json!({"type": "http", "scheme": "mutual"})
    );
    assert_eq!(older.get("webhooks"), None);
    assert_eq!(older["components"].get("pathItems"), None);
    for word in ["webhooks", "info.summary", "mutualTLS", "roles", "beside `$ref`"] {
        assert!(told.iter().any(|told| told.contains(word)), "{word}: {told:?}");
    }
}
