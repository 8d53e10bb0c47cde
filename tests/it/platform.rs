//! What is generated from the platform's own contract, in the hands of the real tools.

use std::path::PathBuf;

use serde_json::Value;

use crate::repository::files;
use crate::toolchain::{root, sound, tool, up};

fn generated(name: &str) -> PathBuf {
    root().join("generated").join(name)
}

#[test]
fn the_typescript_package_is_accepted_by_the_strictest_compiler() {
    sound("typecheck.mjs", [generated("ts")]);
}

/// Shows 001/FR-018.
#[test]
fn public_validators_accept_every_openapi_document() {
    let documents: Vec<PathBuf> = files(&generated("openapi"));
    assert_eq!(documents.len(), 4);
    let mut arguments: Vec<String> = documents.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    arguments.extend(["--examples".to_owned(), "error".to_owned()]);
    sound("openapi-validate.mjs", arguments);
}

/// Shows 001/FR-029.
#[test]
fn postman_files_are_valid_and_run_green_against_the_example_app() {
    let all: Vec<PathBuf> = files(&generated("postman"));
    assert!(all.len() >= 7, "{all:?}");
    let said = sound("postman-schema.mjs", &all);
    for file in said["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["kind"] == "collection")
    {
        assert!(
            file["schemas"].as_u64().unwrap() > 80,
            "answers are held against schemas: {file:#}"
        );
        assert_eq!(file["requests"], file["withScripts"], "{file:#}");
    }
    let worker = generated("ts").join("src/hono/examples/worker.ts");
    let server = up("worker.mjs", [worker.to_str().unwrap(), "--serve", "0"]);
    let url = server.said["url"].as_str().unwrap();
    let base = generated("postman/base.postman_collection.json");
    let environment = generated("postman/dev.postman_environment.json");
    let arguments = |collection: &std::path::Path| {
        let texts = [collection.to_str().unwrap(), environment.to_str().unwrap()];
        [texts.as_slice(), &["--base-url", url, "--env-var", "token=example"]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let said = sound("newman.mjs", arguments(&base));
    let total = |name: &str| said["totals"][name].as_u64().unwrap();
    assert!(
        total("assertions") > total("requests") + 60,
        "status and schema are both asserted: {:#}",
        said["totals"]
    );
    // The same run must fail when an answer is not of its schema: here one demands a member that nobody sends.
    let text = std::fs::read_to_string(&base).unwrap();
    let mut collection: Value = serde_json::from_str(&text).unwrap();
    let variables = collection["variable"].as_array_mut().unwrap();
    let held = variables
        .iter_mut()
        .find(|variable| variable["key"] == "schemas")
        .unwrap();
    let mut schemas: Value = serde_json::from_str(held["value"].as_str().unwrap()).unwrap();
    schemas["$defs"]["ProjectPage"]["required"] = serde_json::json!(["nobodySendsThis"]);
    held["value"] = Value::String(schemas.to_string());
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("changed.json");
    std::fs::write(&changed, collection.to_string()).unwrap();
    let said = tool("newman.mjs", arguments(&changed));
    assert_eq!(
        (&said["ok"], said["totals"]["failedAssertions"].as_u64()),
        (&Value::Bool(false), Some(1)),
        "{said:#}"
    );
}

#[test]
fn mermaid_draws_every_lifecycle_with_its_states_and_steps() {
    let said = sound("diagrams.mjs", [generated("docs/lifecycles.md")]);
    let drawn = said["diagrams"].as_array().unwrap();
    let compilation = crate::bench::platform_model();
    let model = &compilation.model;
    let environment = drawn
        .iter()
        .find(|one| {
            one["states"]
                .as_array()
                .unwrap()
                .iter()
                .any(|state| state == "s_validating")
        })
        .unwrap();
    assert_eq!(
        environment["states"].as_array().map(Vec::len),
        Some(8),
        "{environment:#}"
    );
    let lifecycles = model.lifecycles.len();
    assert!(
        lifecycles > 5 && drawn.len() >= lifecycles / 2,
        "{} of {lifecycles}",
        drawn.len()
    );
}

/// Shows 001/FR-014.
#[test]
fn the_official_client_lists_every_tool() {
    for file in ["tools.json", "tools.grouped.json", "tools.search.json"] {
        sound("mcp-list.mjs", [generated("mcp").join(file)]);
    }
}
