//! Groups of the suite as components of one contract.
//!
//! Owns: making a component of a schema, and knowing which schemas cannot be one. Must not know: instances, verdicts.
//!
//! Each group is a component of its own, and a property of a second one: instances are shown to the second, since whether
//! `null` may stand in place of a type is told where the type is used. What the suite refers to on its own server stands in files
//! beside the contract.

use std::collections::BTreeMap;

use flaresmith_codegen::diagnostics::Severity;
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, analyse, compile};
use serde_json::{Map, Value, json};

/// Name of the component whose property `value` is the group's schema.
pub(super) fn holder(number: usize) -> String {
    format!("Holder{number}")
}

/// The suite's own server.
const SERVER: &str = "http://localhost:1234/";

/// Why `$dynamicRef` is not followed.
pub(super) const DYNAMIC: &str = "`$dynamicRef` is resolved by the way that led to a schema; generated types are known beforehand (`SPEC_KEYWORD_UNSUPPORTED`)";

/// Documents beside the contract, by path.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// What generation says about one group alone.
pub(super) struct Tried {
    /// Codes of what it warns of.
    pub(super) told: Vec<&'static str>,
    /// Why there can be no such component.
    pub(super) refused: Option<String>,
}

/// Reads a group's schema alone.
pub(super) fn try_alone(number: usize, schema: &Value, files: &Files) -> Tried {
    if let Some(reason) = out_of_reach(schema, true) {
        return Tried {
            told: Vec::new(),
            refused: Some(reason.to_owned()),
        };
    }
    let (sources, settings) = contract(&BTreeMap::from([(number, schema)]), files);
    let made = analyse(&sources, &settings);
    let error = made.diagnostics.iter().find(|one| one.code.severity == Severity::Error);
    Tried {
        told: made.diagnostics.iter().map(|one| one.code.id).collect(),
        refused: error.map(|one| format!("`{}`: {}", one.code.id, one.code.title)),
    }
}

/// Generates Rust and Zod for all groups together.
pub(super) fn generate(groups: &BTreeMap<usize, &Value>, files: &Files) -> Compilation {
    let (sources, settings) = contract(groups, files);
    let made = compile(&sources, &settings, &BTreeMap::new());
    assert!(!made.artifacts.is_empty(), "{:#?}", made.diagnostics);
    made
}

fn contract(groups: &BTreeMap<usize, &Value>, files: &Files) -> (Sources, Settings) {
    let mut schemas = Map::new();
    for (number, schema) in groups {
        let name = format!("Group{number}");
        let at = format!("#/components/schemas/{name}");
        let value = json!({ "$ref": at });
        let object = json!({ "type": "object", "required": ["value"], "properties": { "value": value } });
        schemas.insert(holder(*number), object);
        schemas.insert(name, moved(schema, &at));
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Conformance", "version": "1" },
        "paths": {},
        "components": { "schemas": schemas }
    });
    let mut sources = Sources::default();
    sources.insert("contract.json", document.to_string().into_bytes());
    for (path, text) in files {
        sources.insert(path, text.clone());
    }
    let mut settings = Settings {
        contracts: vec!["contract.json".to_owned()],
        targets: Some(["rust", "zod"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    settings.rust.package = Some("conformance-api".to_owned());
    (sources, settings)
}

/// Keywords whose members are schemas by name.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

/// Keywords whose value is data.
const DATA: [&str; 6] = ["const", "enum", "default", "examples", "required", "dependentRequired"];

/// The schema with its references to itself led to the component that it becomes.
fn moved(schema: &Value, at: &str) -> Value {
    match schema {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let value = match value {
                    Value::String(target) if key == "$ref" => {
                        let own = target
                            .strip_prefix('#')
                            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
                        let own = own.map(|rest| format!("{at}{rest}"));
                        json!(own.unwrap_or_else(|| target.replace(SERVER, "")))
                    }
                    Value::Object(named) if NAMED.contains(&key.as_str()) => named
                        .iter()
                        .map(|(name, inner)| (name.clone(), moved(inner, at)))
                        .collect(),
                    _ if DATA.contains(&key.as_str()) => value.clone(),
                    _ => moved(value, at),
                };
                (key.clone(), value)
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(items) => items.iter().map(|item| moved(item, at)).collect(),
        other => other.clone(),
    }
}

/// Why a schema cannot be part of a contract, when its addresses or its dialect are the reason.
fn out_of_reach(schema: &Value, root: bool) -> Option<&'static str> {
    let members = schema.as_object()?;
    if members.contains_key("$dynamicRef") {
        return Some(DYNAMIC);
    }
    if !root && members.get("$id").is_some_and(Value::is_string) {
        return Some(
            "`$id` inside a schema moves what references are relative to; contracts refer by file and pointer",
        );
    }
    if let Some(Value::String(target)) = members.get("$ref")
        && !target.is_empty()
        && !target.starts_with("#/")
        && target != "#"
        && !target.starts_with(SERVER)
    {
        return Some(match target.starts_with('#') {
            true => "`$anchor` names a place in a schema; contracts refer by pointer",
            false => "a reference to a document by its `$id` or from the network; contracts refer to files",
        });
    }
    if let Some(Value::String(dialect)) = members.get("$schema")
        && dialect != "https://json-schema.org/draft/2020-12/schema"
    {
        return Some("a dialect of its own (`$schema` with a metaschema); contracts are of the OpenAPI dialect");
    }
    members.iter().find_map(|(key, value)| match value {
        _ if DATA.contains(&key.as_str()) => None,
        Value::Object(named) if NAMED.contains(&key.as_str()) => {
            named.values().find_map(|inner| out_of_reach(inner, false))
        }
        Value::Array(items) => items.iter().find_map(|inner| out_of_reach(inner, false)),
        inner => out_of_reach(inner, false),
    })
}
