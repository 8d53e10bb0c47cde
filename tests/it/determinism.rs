//! The same specs give the same bytes, whatever the order in which an author wrote what has no order.

use serde_json::{Map, Value};

use crate::bench::{platform_sources, settings_of};

/// Keys whose members are names, and whose order the author chose.
const NAMES: [&str; 25] = [
    "paths",
    "properties",
    "patternProperties",
    "$defs",
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "securitySchemes",
    "content",
    "callbacks",
    "links",
    "errors",
    "roles",
    "rateBuckets",
    "rateLimits",
    "environments",
    "domains",
    "captures",
    "uses",
    "variables",
    "encoding",
    "when",
];

/// Keys whose values are data: an example is shown as it was written.
const DATA: [&str; 8] = [
    "example", "value", "default", "enum", "const", "mapping", "security", "scopes",
];

/// Turns the keys of every object around, but not those of names and data.
fn turned(value: &Value, names: bool) -> Value {
    match value {
        Value::Object(members) => {
            let mut all: Vec<(String, Value)> = members
                .iter()
                .map(|(key, value)| {
                    // What stands under a name is an object of the grammar again.
                    let data = !names && (DATA.contains(&key.as_str()) || (key == "examples" && value.is_array()));
                    let inner = if data {
                        value.clone()
                    } else {
                        turned(value, !names && NAMES.contains(&key.as_str()))
                    };
                    (key.clone(), inner)
                })
                .collect();
            if !names {
                all.reverse();
            }
            Value::Object(all.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| turned(item, false)).collect()),
        other => other.clone(),
    }
}

#[test]
fn two_runs_and_turned_keys_give_the_same_bytes() {
    let sources = platform_sources();
    let settings = settings_of();
    let compile =
        |sources| flaresmith_codegen::compile(sources, &settings, &std::collections::BTreeMap::new()).artifacts;
    let first = compile(&sources);
    assert!(first.len() > 200);
    assert!(first == compile(&sources), "two runs differ");
    let mut shuffled = sources.clone();
    for name in ["contracts/openapi.yaml", "data-model.yaml"] {
        let path = format!("specs/001-platform-bootstrap/{name}");
        let value = flaresmith_codegen::source::read::read(&sources, &path, &Default::default()).unwrap();
        let value = Value::from(&value);
        let turned = turned(&value, false);
        assert_ne!(turned.to_string(), value.to_string());
        shuffled.insert(&path, turned.to_string().into_bytes());
    }
    let second = compile(&shuffled);
    let differ: Vec<&str> = first
        .iter()
        .zip(&second)
        .filter(|(first, second)| first != second)
        .map(|(first, _)| first.path.as_str())
        .collect();
    assert!(differ.is_empty() && first.len() == second.len(), "{differ:?}");
}
