//! What no type shows is checked in values all the same: which contracts have guards, what they look like, what is told.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};
use serde_json::{Value, json};

fn made(schemas: &Value) -> Compilation {
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "T", "version": "1" }, "paths": {}, "components": { "schemas": schemas }
    });
    let mut sources = Sources::default();
    sources.insert("api.json", document.to_string().into_bytes());
    let settings = Settings {
        contracts: vec!["api.json".to_owned()],
        targets: Some(["rust", "zod"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    compile(&sources, &settings, &BTreeMap::new())
}

fn file(made: &Compilation, end: &str) -> Option<String> {
    let found = made.artifacts.iter().find(|artifact| artifact.path.ends_with(end));
    found.map(|artifact| artifact.text.to_string())
}

fn folded(made: &Compilation, end: &str) -> String {
    let text = file(made, end).unwrap_or_else(|| panic!("there is no {end}: {:#?}", made.diagnostics));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
}

/// What is told: code and message.
fn told(made: &Compilation) -> Vec<String> {
    let one = made.diagnostics.iter();
    one.map(|one| format!("{}: {}", one.code.id, one.message)).collect()
}

#[test]
fn a_contract_without_guards_has_nothing_of_them() {
    let made = made(&json!({ "A": { "type": "object", "properties": { "a": { "type": "string", "maxLength": 2 } } } }));
    assert!(made.diagnostics.is_empty(), "{:?}", told(&made));
    for artifact in &made.artifacts {
        assert!(
            !artifact.path.contains("guard") && !artifact.path.contains("definitions"),
            "{}",
            artifact.path
        );
        assert!(
            !artifact.text.whole().contains("Guarded") && !artifact.text.whole().contains("{%"),
            "{}",
            artifact.path
        );
    }
}

#[test]
fn what_no_type_shows_stands_beside_the_type_as_it_is_written() {
    let made = made(&json!({
        "Word": { "type": "string", "not": { "const": "it's", "description": "No." } },
        "Both": {
            "type": "object",
            "properties": { "a": { "type": "string" } },
            "dependentRequired": { "a": ["b"] },
            "dependentSchemas": { "c": { "$ref": "#/components/schemas/Word" } },
        },
        "Sealed": {
            "type": "object",
            "properties": { "k": { "type": "string" } },
            "anyOf": [{ "properties": { "a": { "type": "string" } }, "required": ["a"] }, { "required": ["k"] }],
            "unevaluatedProperties": false,
        },
    }));
    let zod = folded(&made, "zod/shared.ts");
    has(&zod, "WordSchema = guarded(z.string(), { not: { const: \"it's\" } })");
    has(&zod, "dependentRequired: { a: ['b'] }");
    has(&zod, "$ref: '#/components/schemas/Sealed'");
    let definitions = folded(&made, "zod/definitions.ts");
    has(
        &definitions,
        "'/components/schemas/Word': { type: 'string', not: { const: \"it's\" } }",
    );
    has(&definitions, "unevaluatedProperties: false");
    let rust = folded(&made, "schemas/shared.rs");
    has(
        &rust,
        r##"Schema::Guarded(&Schema::Text(Text::ANY), &[r#"{"not":{"const":"it's"}}"#])"##,
    );
    has(
        &folded(&made, "schemas/mod.rs"),
        r##"("/components/schemas/Word", r#"{"type":"string","##,
    );
    let told = told(&made);
    let expected = "SPEC_KEYWORD_UNTYPED: `not` is checked in values, but their type does not show it";
    assert!(told.iter().any(|one| one == expected), "{told:?}");
    assert!(made.diagnostics.iter().all(|one| one.place.is_some()), "{told:?}");
}

#[test]
fn rules_that_listed_values_meet_anyway_are_no_guards() {
    let listed =
        |pattern: &str| json!({ "A": { "type": "string", "enum": ["AB", "C_1"], "minLength": 1, "pattern": pattern } });
    assert!(made(&listed("^[0-9A-Z_]+$")).diagnostics.is_empty());
    for other in ["^[A-Z]+$", "^(?:AB|C_1)$"] {
        let told = told(&made(&listed(other)));
        assert!(told.iter().any(|one| one.contains("`pattern` is checked")), "{told:?}");
    }
}

#[test]
fn parts_tell_a_type_and_bounds_do_not() {
    let made = made(&json!({
        "Parts": { "properties": { "a": { "type": "string" } } },
        "Bounds": { "minLength": 2 },
        "Several": { "items": { "type": "string" }, "minLength": 2 },
    }));
    let zod = folded(&made, "zod/shared.ts");
    has(&zod, "PartsSchema = z.object(");
    has(&zod, "BoundsSchema = guarded(z.unknown(), { minLength: 2 })");
    has(
        &zod,
        "SeveralSchema = guarded(z.unknown(), { items: { type: 'string' }, minLength: 2 })",
    );
    let told = told(&made);
    let implied = "SPEC_TYPE_IMPLIED: there is no `type`; the schema is read as one of type object";
    assert_eq!(told.iter().filter(|one| *one == implied).count(), 1, "{told:?}");
}

#[test]
fn a_closed_part_beside_others_is_told() {
    let told = told(&made(&json!({
        "Base": { "type": "object", "properties": { "a": { "type": "string" } } },
        "More": { "allOf": [
            { "$ref": "#/components/schemas/Base" },
            { "type": "object", "properties": { "b": { "type": "string" } }, "additionalProperties": false },
        ] },
    })));
    assert!(
        told.iter()
            .any(|one| one.starts_with("SPEC_PARTS_CLOSED: `additionalProperties` does not know `a`")),
        "{told:?}"
    );
}

#[test]
fn text_of_a_guard_stays_in_its_literal() {
    let evil = "\"#; fn evil() {} /* ${x} ` </script> \u{202e}";
    let made = made(&json!({ "A": { "type": "string", "not": { "const": evil } } }));
    let rust = file(&made, "schemas/shared.rs").unwrap();
    assert!(!rust.contains("r#\"") && !rust.contains('\u{202e}'), "{rust}");
    let zod = file(&made, "zod/shared.ts").unwrap();
    assert!(!zod.contains('\u{202e}') && !zod.contains("</script>"), "{zod}");
}

#[test]
fn schemas_that_multiply_cost_no_more_than_they_are() {
    let mut schemas = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({ "$ref": format!("#/components/schemas/L{}", level + 1) });
        schemas.insert(format!("L{level}"), json!({
            "type": "object", "allOf": [next, next, next], "unevaluatedProperties": false, "not": { "allOf": [next, next] },
        }));
    }
    schemas.insert(
        "L40".to_owned(),
        json!({ "type": "object", "not": { "required": ["x"] } }),
    );
    let made = made(&Value::Object(schemas));
    let size: usize = made.artifacts.iter().map(|artifact| artifact.text.len()).sum();
    assert!(
        !made.artifacts.is_empty() && size < 1_000_000,
        "{size} bytes: {:?}",
        told(&made)
    );
}
