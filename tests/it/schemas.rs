//! The published schemas: the committed files are what the command prints, and they hold of the real documents.

use flaresmith_codegen::source::{Sources, read};
use serde_json::{Value, json};

use crate::bench::platform_sources;
use crate::repository::{Repository, files, flaresmith};
use crate::toolchain::root;

const FOLDER: &str = "docs/schemas";
const CONTRACT: &str = "specs/001-platform-bootstrap/contracts/openapi.yaml";

/// Every published name.
fn names() -> Vec<String> {
    let list = flaresmith(&root(), &["schema", "--format", "json"]).json();
    let list = list["schemas"].as_array().unwrap().clone();
    list.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The committed schemas. Each document that is held against one is counted.
#[derive(Default)]
struct Judge {
    compared: usize,
}

impl Judge {
    /// Everything that a schema of that name says against a document.
    fn complaints(&mut self, name: &str, document: &Value) -> Vec<String> {
        self.compared += 1;
        let path = root().join(FOLDER).join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        close(&mut schema);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors = validator.iter_errors(document);
        errors
            .map(|error| format!("{name}{}: {error}", error.instance_path()))
            .collect()
    }

    fn accepts(&mut self, name: &str, document: &Value) {
        let complaints = self.complaints(name, document);
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

/// Refuses properties that a schema does not name. Published schemas of what is printed leave readers room for more; what is
/// printed today has no more.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("properties").is_some_and(Value::is_object) && members.contains_key("type") {
                members.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The parts of a contract under `x-flaresmith`, each with the name of the schema for its place.
fn extensions(value: &Value, level: &'static str, found: &mut Vec<(&'static str, Value)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match key.as_str() {
                    "x-flaresmith" => found.push((level, value.clone())),
                    "get" | "put" | "post" | "delete" | "patch" if value.get("responses").is_some() => {
                        extensions(value, "x-flaresmith-operation", found);
                    }
                    _ => extensions(value, "x-flaresmith-schema", found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| extensions(item, level, found)),
        _ => {}
    }
}

fn extensions_of(sources: &Sources, path: &str) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    let document = Value::from(&read::read(sources, path, &Default::default()).unwrap());
    extensions(&document, "x-flaresmith-root", &mut found);
    found
}

#[test]
fn the_committed_schemas_are_what_the_command_prints() {
    let command = format!("run `cargo run -q -- schema --out {FOLDER}`, and delete what it did not write");
    let names = names();
    assert!(names.len() >= 12, "{names:?}");
    for name in &names {
        let printed = flaresmith(&root(), &["schema", name]);
        let path = root().join(FOLDER).join(format!("{name}.json"));
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(printed.out == committed, "{FOLDER}/{name}.json differs: {command}");
    }
    assert_eq!(files(&root().join(FOLDER)).len(), names.len(), "{command}");
}

#[test]
fn what_is_printed_is_what_its_schema_says() {
    let mut judge = Judge::default();
    let repository = Repository::platform();
    for command in ["plan", "check"] {
        let said = repository.run(&["spec", command, "--format", "json"]);
        assert_eq!(said.code, 4, "{}", said.err);
        judge.accepts("drift-report", &said.json());
    }
    judge.accepts(
        "drift-report",
        &repository.done(&["spec", "apply", "--format", "json"]).json(),
    );
    judge.accepts("trace", &repository.done(&["spec", "trace", "--format", "json"]).json());
    let one = repository.done(&["spec", "trace", "FR-008", "--format", "json"]).json();
    assert!(!one["mentions"].as_array().unwrap().is_empty());
    judge.accepts("trace", &one);

    let file = "generated/ts/src/zod/system.ts";
    repository.write(file, "// mine\n");
    let conflicts = repository.run(&["spec", "plan", "--format", "json"]);
    assert_eq!(conflicts.code, 3);
    judge.accepts("drift-report", &conflicts.json());

    let contract = repository.read(CONTRACT);
    let broken = contract
        .replacen("role: owner", "rolle: owner", 1)
        .replacen("rateLimit: read", "rateLimit: reed", 1);
    for text in [broken.as_str(), "openapi: 3.1.0\n  broken: [", "paths: {}\n"] {
        repository.write(CONTRACT, text);
        let said = repository.run(&["spec", "plan", "--format", "json"]);
        assert_eq!(said.code, 1, "{}", said.out);
        assert!(!said.json()["diagnostics"].as_array().unwrap().is_empty());
        judge.accepts("diagnostics", &said.json());
    }

    let codes = repository.done(&["explain", "--format", "json"]).json();
    judge.accepts("codes", &codes);
    judge.accepts(
        "code",
        &repository
            .done(&["explain", "SPEC_REF_UNRESOLVED", "--format", "json"])
            .json(),
    );
    judge.accepts("schemas", &repository.done(&["schema", "--format", "json"]).json());
    let written = repository
        .done(&["schema", "settings", "--out", "made", "--format", "json"])
        .json();
    assert_eq!(written, json!({ "written": ["made/settings.json"] }));
    judge.accepts("written", &written);
    judge.accepts(
        "written",
        &Repository::empty().done(&["init", "--format", "json"]).json(),
    );
    for wrong in [
        ["explain", "SPEC_REF_UNRESOLVD"].as_slice(),
        &["schema", "setings"],
        &["spec", "plan", "--root", "nowhere"],
    ] {
        let said = repository.run(&[wrong, &["--format", "json"]].concat());
        assert_eq!(said.code, 1, "{wrong:?}");
        judge.accepts("failure", &said.json());
    }
    println!("{} printed documents compared", judge.compared);
    assert_eq!(judge.compared, 17);
}

#[test]
fn what_this_repository_writes_for_itself_is_what_the_schemas_say() {
    let mut judge = Judge::default();
    let settings = std::fs::read_to_string(root().join("flaresmith.toml")).unwrap();
    let settings: toml::Table = settings.parse().unwrap();
    judge.accepts("settings", &serde_json::to_value(settings).unwrap());

    let sources = platform_sources();
    let mut levels = std::collections::BTreeMap::new();
    for path in [CONTRACT, "specs/001-platform-bootstrap/data-model.yaml"] {
        for (level, part) in extensions_of(&sources, path) {
            judge.accepts(level, &part);
            *levels.entry(level).or_insert(0) += 1;
        }
    }
    println!("{} documents compared: {levels:?}", judge.compared);
    assert_eq!(levels["x-flaresmith-root"], 1);
    assert!(levels["x-flaresmith-operation"] > 80, "{levels:?}");
    assert!(levels["x-flaresmith-schema"] > 50, "{levels:?}");
}

#[test]
fn a_schema_refuses_what_the_reader_refuses() {
    let mut judge = Judge::default();
    for (name, document) in [
        ("settings", json!({ "target": ["rust"] })),
        ("settings", json!({ "rust": { "folder": "x" } })),
        ("x-flaresmith-root", json!({ "errors": { "A": { "status": 404 } } })),
        (
            "x-flaresmith-root",
            json!({ "rateBuckets": { "user": { "capacity": "many", "refillPerMinute": 1 } } }),
        ),
        ("x-flaresmith-operation", json!({ "rolle": "owner" })),
        ("x-flaresmith-operation", json!({ "mcp": { "readonly": true } })),
        ("x-flaresmith-schema", json!({ "lifecycle": { "field": "state" } })),
        (
            "x-flaresmith-schema",
            json!({ "references": { "entity": "Project", "onDelete": "drop" } }),
        ),
        ("drift-report", json!({ "changedFiles": [], "conflicts": [] })),
    ] {
        assert!(
            !judge.complaints(name, &document).is_empty(),
            "{name} accepts {document}"
        );
    }
    assert_eq!(judge.compared, 9);
}

#[test]
fn every_field_that_people_write_is_described() {
    for name in names()
        .iter()
        .filter(|name| *name == "settings" || name.starts_with("x-"))
    {
        let schema = flaresmith(&root(), &["schema", name]).json();
        let definitions = schema["$defs"].as_object().unwrap().values();
        let mut described = 0;
        for object in definitions.chain([&schema]) {
            for (field, value) in object["properties"].as_object().into_iter().flatten() {
                assert!(value["description"].is_string(), "{name}: `{field}` has no description");
                described += 1;
            }
        }
        assert!(described > 10, "{name}: {described}");
    }
}
