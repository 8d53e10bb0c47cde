//! What is generated from the platform's own contract, in the hands of the real tools.

use std::path::PathBuf;

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
