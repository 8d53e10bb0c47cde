//! Contracts that nobody means well with: chains of ten thousand references, which are few bytes and no circle, cost what their
//! length costs and exhaust no stack.

use std::collections::BTreeMap;

use flaresmith_codegen::diagnostics::{Diagnostic, Severity};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, analyse, compile};
use serde_json::{Map, Value, json};

/// A contract whose schema `S0` refers to `S1`, that to `S2` and so on, each in the way that `step` says.
fn chain(length: usize, last: Value, step: impl Fn(Value, usize) -> Value) -> Sources {
    let mut schemas = Map::new();
    for number in 0..length {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", number + 1) });
        schemas.insert(format!("S{number}"), step(next, number));
    }
    schemas.insert(format!("S{length}"), last);
    let document = json!({ "openapi": "3.1.0", "info": { "title": "a", "version": "1" },
        "paths": { "/a": { "get": { "responses": { "200": { "description": "a",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/S0" } } } } } } } },
        "components": { "schemas": schemas } });
    let mut sources = Sources::default();
    sources.insert("specs/001-a/contracts/api.json", document.to_string().into_bytes());
    sources
}

/// Ways in which a schema refers to the next.
fn steps() -> Vec<fn(Value, usize) -> Value> {
    vec![
        |next, _| next,
        |next, _| json!({ "type": "array", "items": next }),
        |next, _| json!({ "type": "object", "required": ["a"], "properties": { "a": next } }),
        |next, _| json!({ "oneOf": [next, { "type": "integer" }] }),
        |next, _| json!({ "type": "object", "additionalProperties": next }),
        |next, _| json!({ "type": "array", "prefixItems": [next] }),
        |next, _| json!({ "not": next }),
    ]
}

fn errors(compilation: &Compilation) -> Vec<&Diagnostic> {
    let found = compilation.diagnostics.iter();
    found.filter(|found| found.severity == Severity::Error).collect()
}

#[test]
fn ten_thousand_references_in_a_row_are_a_contract() {
    // Those that ask the most: names of names, lists, fields, branches.
    for (number, step) in steps().into_iter().take(4).enumerate() {
        let found = analyse(&chain(10_000, json!({ "type": "string" }), step), &Settings::default());
        assert!(errors(&found).is_empty(), "{number}: {:?}", errors(&found).first());
    }
}

#[test]
fn every_target_writes_long_chains() {
    for step in steps() {
        let sources = chain(400, json!({ "type": "string" }), step);
        let found = compile(&sources, &Settings::default(), &BTreeMap::new());
        assert!(errors(&found).is_empty(), "{:?}", errors(&found).first());
        let written: usize = found.artifacts.iter().map(|artifact| artifact.text.len()).sum();
        assert!(written < 4 << 20, "{written} bytes are written of a few thousand");
    }
}

#[test]
fn schemas_that_include_all_before_them_are_a_contract() {
    let step = |next, number| {
        let own = json!({ "type": "object", "properties": { format!("p{number}"): { "type": "string" } } });
        json!({ "allOf": [next, own] })
    };
    let found = analyse(&chain(100, json!({ "type": "object" }), step), &Settings::default());
    assert!(errors(&found).is_empty(), "{:?}", errors(&found).first());
}

#[test]
fn ten_thousand_names_in_one_circle_are_told_once() {
    let mut sources = chain(9_999, json!({ "$ref": "#/components/schemas/S0" }), |next, _| next);
    let found = analyse(&sources, &Settings::default());
    let codes: Vec<&str> = errors(&found).iter().map(|found| found.code.id).collect();
    assert_eq!(codes, ["SPEC_ALIAS_CYCLE"]);
    sources = chain(
        999,
        json!({ "$ref": "#/components/schemas/S0" }),
        |next, _| json!({ "allOf": [next] }),
    );
    let found = analyse(&sources, &Settings::default());
    assert!(!errors(&found).is_empty());
}

fn compiled(document: &Value) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("specs/001-a/contracts/api.json", document.to_string().into_bytes());
    compile(&sources, &Settings::default(), &BTreeMap::new())
}

/// A callback may be among its own requests; every target ends, and what is left out is told.
#[test]
fn a_callback_that_leads_back_to_itself_is_written_up_to_there_by_every_target() {
    let callback = json!({ "{$request.body#/url}": { "post": { "responses": { "204": { "description": "a" } },
        "callbacks": { "again": { "$ref": "#/components/callbacks/C" } } } } });
    let item = json!({ "get": { "responses": { "204": { "description": "a" } },
        "callbacks": { "x": { "{$url}": { "$ref": "#/components/pathItems/P" } } } } });
    let made = compiled(&json!({ "openapi": "3.1.0", "info": { "title": "a", "version": "1" },
        "paths": { "/a": { "post": { "operationId": "a", "responses": { "204": { "description": "a" } },
            "callbacks": { "again": { "$ref": "#/components/callbacks/C" } } } }, "/p": { "$ref": "#/components/pathItems/P" } },
        "components": { "callbacks": { "C": callback }, "pathItems": { "P": item } } }));
    assert!(errors(&made).is_empty(), "{:?}", errors(&made));
    let told = made
        .diagnostics
        .iter()
        .filter(|one| one.code.id == "SPEC_CALLBACK_CIRCULAR");
    assert_eq!(told.count(), 2, "{:?}", made.diagnostics);
    let document = made
        .artifacts
        .iter()
        .find(|one| one.path.ends_with("/openapi.json"))
        .unwrap();
    assert!(document.text.whole().contains("#/components/callbacks/C"));
}

/// What holds itself or comes to more than anybody can write is refused where it begins to.
#[test]
fn media_types_and_headers_that_hold_themselves_or_multiply_each_other_are_refused() {
    let media = |target: &str| {
        json!({ "schema": { "type": "object" }, "encoding": { "x": { "headers": { "H": { "content":
        { "multipart/form-data": { "$ref": target } } } } } } })
    };
    let with = |components: Value| {
        compiled(&json!({ "openapi": "3.2.0", "info": { "title": "a", "version": "1" },
            "paths": { "/a": { "post": { "operationId": "a", "responses": { "204": { "description": "a" } },
                "requestBody": { "content": { "multipart/form-data": { "$ref": "#/components/mediaTypes/M0" } } } } } },
            "components": components }))
    };
    let codes = |made: &Compilation| -> Vec<&str> { errors(made).iter().map(|one| one.code.id).collect() };
    let made = with(json!({ "mediaTypes": { "M0": media("#/components/mediaTypes/M0") } }));
    assert_eq!(codes(&made), ["SPEC_REF_CIRCULAR"]);
    for (length, each) in [(2_000, 1), (16, 12)] {
        let types = (0..length).map(|number| {
            let target = format!("#/components/mediaTypes/M{}", number + 1);
            let headers: Map<String, Value> = (0..each)
                .map(|i| {
                    (
                        format!("H{i}"),
                        json!({ "content": { "multipart/form-data": { "$ref": target } } }),
                    )
                })
                .collect();
            (
                format!("M{number}"),
                json!({ "schema": { "type": "object" }, "encoding": { "x": { "headers": headers } } }),
            )
        });
        let mut types: Map<String, Value> = types.collect();
        types.insert(format!("M{length}"), json!({ "schema": { "type": "object" } }));
        let made = with(json!({ "mediaTypes": types }));
        assert_eq!(codes(&made), ["SPEC_REFS_TOO_FAR"], "{length} {each}");
    }
}
