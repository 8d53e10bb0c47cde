//! What is generated from the platform's own contract, in the hands of the real tools.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::repository::files;
use crate::toolchain::{root, sound, up};

fn generated(name: &str) -> PathBuf {
    root().join("generated").join(name)
}

#[test]
fn the_typescript_package_is_accepted_by_the_strictest_compiler() {
    sound("typecheck.mjs", [generated("ts")]);
}

#[test]
fn public_validators_accept_every_openapi_document() {
    let documents: Vec<PathBuf> = files(&generated("openapi"));
    assert_eq!(documents.len(), 4);
    let mut arguments: Vec<String> = documents.iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    arguments.extend(["--examples".to_owned(), "error".to_owned()]);
    sound("openapi-validate.mjs", arguments);
}

#[test]
fn postgres_takes_the_tables_and_agrees_with_the_types_on_what_may_be_null() {
    let server = up("postgres.mjs", Vec::<String>::new());
    let url = server.said["url"].as_str().unwrap().to_owned();
    let package = generated("ts");
    let said = sound("drizzle.mjs", [package.to_str().unwrap(), "--database", url.as_str()]);
    let held: BTreeMap<(String, String), bool> = columns(&said);
    let compilation = crate::bench::platform_model();
    let mut compared = 0;
    for entity in &compilation.model.entities {
        for column in &entity.columns {
            let key = (entity.table.clone(), column.name.clone());
            let nullable = held
                .get(&key)
                .unwrap_or_else(|| panic!("{key:?} is not in the database: {said:#}"));
            assert_eq!(*nullable, column.nullable, "{key:?}");
            compared += 1;
        }
    }
    assert!(compared > 300, "only {compared} columns were compared");
    assert_eq!(held.len(), compared);
}

/// (table, column) -> may be null.
fn columns(said: &Value) -> BTreeMap<(String, String), bool> {
    let mut found = BTreeMap::new();
    for table in said["catalog"]["tables"]
        .as_array()
        .or_else(|| said["tables"].as_array())
        .unwrap()
    {
        for column in table["columns"].as_array().unwrap() {
            let name = |value: &Value| value.as_str().unwrap().to_owned();
            found.insert(
                (name(&table["name"]), name(&column["name"])),
                column["nullable"].as_bool().unwrap(),
            );
        }
    }
    found
}

#[test]
fn postman_files_are_valid_and_run_green_against_the_example_app() {
    let all: Vec<PathBuf> = files(&generated("postman"));
    assert!(all.len() >= 7, "{all:?}");
    sound("postman-schema.mjs", &all);
    let worker = generated("ts").join("src/hono/examples/worker.ts");
    let server = up("worker.mjs", [worker.to_str().unwrap(), "--serve", "0"]);
    let url = server.said["url"].as_str().unwrap();
    let base = generated("postman/base.postman_collection.json");
    let environment = generated("postman/dev.postman_environment.json");
    sound(
        "newman.mjs",
        [
            base.to_str().unwrap(),
            environment.to_str().unwrap(),
            "--base-url",
            url,
            "--env-var",
            "token=example",
        ],
    );
}

#[test]
fn the_official_client_lists_every_tool() {
    for file in ["tools.json", "tools.grouped.json", "tools.search.json"] {
        sound("mcp-list.mjs", [generated("mcp").join(file)]);
    }
}
