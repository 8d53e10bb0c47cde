//! What is generated admits what the contract admits: Rust, Zod and an independent validator of JSON Schema are shown the same
//! instances.
//!
//! For each schema there are its example, values of every kind, and the example with each of its members replaced, left out or
//! added to.

use std::collections::BTreeMap;
use std::path::Path;

use flaresmith_codegen::emit::example::{Direction, of_type};
use flaresmith_codegen::model::{Kind, Shape, Type};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use serde_json::{Value, json};

use crate::bench::write;
use crate::instances::{Generated, Instance};

/// Values of every kind, and close to limits.
fn values() -> Vec<Value> {
    let values = json!([
        null, true, false, 0, 1, -1, 2, 3, 1.0, 1.5, 0.3, -0.0, 9, 10, 2_147_483_648_u64, "", " ", "a", "b", "aé😀", "abcd", "1", "circle",
        "2026-01-15T09:30:00Z", "2026-01-15", "3f2b8c1e-9a4d-4e6f-8b7a-5c0d1e2f3a4b", "ZXhhbXBsZQ==", "12.50", "PT15M", "09:30:00Z",
        "ada@example.com", [], ["a"], ["a", "a"], ["a", 1], [1], [1, "a"], [null], ["a", 1, 2], [[]], {}, { "a": "x" },
        { "a": 1 }, { "b": 1 }, { "a": "x", "b": 1 }, { "k": "x" }, { "kind": "circle" }, { "value": 1 }, { "extra": 1 }
    ]);
    values.as_array().unwrap().clone()
}

/// The value with one of its parts changed, at any depth up to three.
fn mutations(value: &Value, depth: usize, found: &mut Vec<Value>) {
    if depth == 0 {
        return;
    }
    let mut inside = |part: &Value, put: &dyn Fn(Value) -> Value| {
        let mut deeper = Vec::new();
        mutations(part, depth - 1, &mut deeper);
        let others = if depth > 1 {
            values()
        } else {
            vec![Value::Null, json!("a"), json!(1)]
        };
        found.extend(others.into_iter().chain(deeper).map(put));
    };
    match value {
        Value::Object(members) => {
            for (key, part) in members {
                inside(part, &|other| {
                    let mut members = members.clone();
                    members.insert(key.clone(), other);
                    Value::Object(members)
                });
            }
            for key in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(key);
                found.push(Value::Object(fewer));
            }
            for other in [json!(1), json!("a"), Value::Null] {
                let mut more = members.clone();
                more.insert("unheard-of".to_owned(), other);
                found.push(Value::Object(more));
            }
        }
        Value::Array(items) => {
            for (index, part) in items.iter().enumerate() {
                inside(part, &|other| {
                    let mut items = items.clone();
                    items[index] = other;
                    Value::Array(items)
                });
            }
            found.extend(items.split_first().map(|(_, fewer)| json!(fewer)));
            found.push(json!([items.clone(), items.clone()].concat()));
        }
        _ => {}
    }
}

/// Shows 001/FR-010.
#[test]
fn rust_zod_and_a_validator_of_json_schema_admit_the_same_instances() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement");
    let mut sources = Sources::default();
    sources.insert("contract.yaml", include_bytes!("agreement/contract.yaml").to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(["rust", "zod"].map(str::to_owned).to_vec()),
        ..Settings::default()
    };
    settings.rust.package = Some("agreement-api".to_owned());
    let made = flaresmith_codegen::compile(&sources, &settings, &BTreeMap::new());
    assert!(!made.artifacts.is_empty(), "{:#?}", made.diagnostics);
    for artifact in &made.artifacts {
        write(&folder.join(&artifact.path), &artifact.text.whole());
    }

    let mut instances = Vec::new();
    let mut expected = Vec::new();
    for (id, def) in made.model.named() {
        if !def.component {
            continue;
        }
        let mut document = Value::from(&made.bundle.document);
        document["$ref"] = json!(format!("#{}", def.pointer));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&document)
            .unwrap();
        let example = Value::from(&of_type(&made.model, &Type::of(Kind::Named(id)), Direction::Response));
        let mut tried = vec![example.clone()];
        tried.extend(values());
        mutations(&example, 3, &mut tried);
        // A type of its own says what is there; whether null may stand in its place is told where the type is used.
        let told_elsewhere = !matches!(def.shape, Shape::Alias(_));
        for value in tried.into_iter().filter(|value| !(told_elsewhere && value.is_null())) {
            expected.push(validator.is_valid(&value));
            instances.push(Instance {
                ty: def.name.clone(),
                value,
            });
        }
    }
    let generated = Generated {
        name: "agreement",
        ts: folder.join("generated/ts"),
        rust: folder.join("generated/rust"),
        package: "agreement-api",
    };
    let answers = generated.ask(&instances);
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((instance, answer), expected) in instances.iter().zip(&answers).zip(&expected) {
        let told = |held| if held { "admits" } else { "refuses" };
        if answer.parsed != answer.zod || answer.zod != *expected {
            wrong.entry(instance.pascal()).or_default().push(format!(
                "the schema {}, Rust {}, Zod {}: {}",
                told(*expected),
                told(answer.parsed),
                told(answer.zod),
                instance.value
            ));
        }
    }
    for (ty, all) in &wrong {
        println!("{ty}: {}", all.len());
        for one in all.iter().take(6) {
            println!("    {one}");
        }
    }
    let admitted = expected.iter().filter(|admitted| **admitted).count();
    assert!(wrong.is_empty());
    assert!(
        instances.len() > 3000 && admitted > 500,
        "only {} instances, {admitted} of them sound",
        instances.len()
    );
}
