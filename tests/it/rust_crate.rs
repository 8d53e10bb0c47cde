//! The generated Rust crate: that it is Rust whatever a contract says, and what it does when it runs.

use std::path::Path;
use std::process::Command;

use flaresmith_codegen::emit::{Artifact, Ownership};
use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::source::Sources;
use flaresmith_codegen::{Compilation, compile};
use serde_json::json;

use crate::bench::write;
use crate::toolchain::cargo;

fn crate_of(contract: &str, package: &str) -> Compilation {
    crates_of(contract, package, None)
}

/// With a folder for handlers, also what goes into the team's own crate.
fn crates_of(contract: &str, package: &str, handlers: Option<&str>) -> Compilation {
    let mut sources = Sources::default();
    sources.insert("contract.yaml", contract.as_bytes().to_vec());
    let mut settings = Settings {
        contracts: vec!["contract.yaml".to_owned()],
        targets: Some(vec!["rust".to_owned()]),
        ..Settings::default()
    };
    settings.rust.package = Some(package.to_owned());
    settings.rust.handlers = handlers.map(str::to_owned);
    let made = compile(&sources, &settings, &Default::default());
    assert!(!made.artifacts.is_empty(), "{:?}", made.diagnostics);
    made
}

const TRICKY: &str = include_str!("rust_crate/contract.yaml");

#[test]
fn every_file_is_rust_whatever_the_contract_says() {
    for artifact in crate_of(TRICKY, "tricky-api")
        .artifacts
        .iter()
        .filter(|artifact| artifact.path.ends_with(".rs"))
    {
        let parsed = syn::parse_file(&artifact.text.whole());
        assert!(
            parsed.is_ok(),
            "{}: {:?}\n{}",
            artifact.path,
            parsed.err(),
            artifact.text
        );
        assert!(!artifact.text.whole().contains('\u{202e}'), "{}", artifact.path);
    }
}

#[test]
fn the_same_contract_gives_the_same_bytes() {
    assert_eq!(
        crate_of(TRICKY, "tricky-api").artifacts,
        crate_of(TRICKY, "tricky-api").artifacts
    );
}

/// Writes a crate with tests of our own in it, and runs them with the real compiler.
fn run(name: &str, made: &Compilation, tests: &str, more: &str, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(root.join("generated"));
    for artifact in &made.artifacts {
        write(&root.join(&artifact.path), &artifact.text.whole());
    }
    let manifest = root.join("generated/rust/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap() + "\n" + more + "\n[workspace]\n";
    write(&manifest, &text);
    write(&root.join("generated/rust/tests/values.rs"), tests);
    cargo_test(&root.join("generated/rust"), arguments);
}

fn cargo_test(folder: &Path, arguments: &[&str]) {
    let output = cargo()
        .args(["test", "--quiet"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("test result: ok"), "{said}");
}

#[test]
fn the_crate_reads_refuses_and_writes_what_the_contract_says() {
    let made = crate_of(TRICKY, "tricky-api");
    run(
        "tricky",
        &made,
        include_str!("rust_crate/values.rs"),
        "",
        &["--no-default-features"],
    );
}

#[test]
fn the_server_answers_and_the_client_understands() {
    let made = crate_of(include_str!("fixtures/rust-server/openapi.yaml"), "shelf-api");
    let tests = include_str!("fixtures/rust-server/requests.rs");
    let more = include_str!("fixtures/rust-server/dev-dependencies.toml");
    run("shelf", &made, tests, more, &["--features", "client"]);
}

/// A contract whose types, operations and domains all have these names, in small and in large letters.
fn named(words: &[&str]) -> String {
    let mut schemas = serde_json::Map::new();
    let mut paths = serde_json::Map::new();
    let pascal = |word: &str| {
        let parts = word.split('_').map(|part| part.split_at(1));
        parts
            .map(|(first, rest)| first.to_uppercase() + rest)
            .collect::<String>()
    };
    for (position, word) in words.iter().enumerate() {
        let ty = pascal(word);
        let mut members = json!({*word: {"type": "string"}, "state": {"enum": words}});
        // Not all in a row: the compiler looks only so far down.
        if let (Some(next), 0) = (words.get(position + 1), position % 2) {
            members["next"] = json!({"$ref": format!("#/components/schemas/{}", pascal(next))});
        }
        schemas.insert(
            ty.clone(),
            json!({"type": "object", "properties": members, "required": [word], "additionalProperties": false, "not": {"required": ["nothing"]}}),
        );
        let reference = json!({"$ref": format!("#/components/schemas/{ty}")});
        let content = json!({"application/json": {"schema": reference}});
        let one_of_two = json!({"application/json": {"schema": reference}, "text/plain": {"schema": {"type": "string"}}, "multipart/form-data": {"schema": reference}});
        let headers = json!({*word: {"schema": {"type": "string"}}});
        paths.insert(
            format!("/{word}/{{{word}}}"),
            json!({"post": {
                "operationId": word,
                "tags": [word],
                "parameters": [{"name": word, "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": one_of_two},
                "responses": {"200": {"description": "Done", "headers": headers, "content": content}, "default": {"description": "Not done", "content": content}},
            }}),
        );
    }
    let info = json!({"title": "Names", "version": "1"});
    json!({"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}).to_string()
}

#[test]
fn names_that_generated_code_uses_itself_are_no_obstacle() {
    let words = [
        "answer",
        "api",
        "axum",
        "definitions",
        "rate_classes",
        "arc",
        "async",
        "bodies",
        "body",
        "box",
        "call",
        "client",
        "client_error",
        "context",
        "core",
        "deserialize",
        "display",
        "error",
        "error_code",
        "errors",
        "extra",
        "failure",
        "field",
        "format",
        "formatter",
        "given",
        "lifecycles",
        "list",
        "literal",
        "location",
        "map",
        "media",
        "number",
        "operation",
        "operations",
        "option",
        "parameter",
        "path_part",
        "range",
        "record",
        "reply",
        "request",
        "result",
        "role",
        "routes",
        "router",
        "scalars",
        "schema",
        "schemas",
        "self",
        "serde",
        "serde_json",
        "serialize",
        "server",
        "shared",
        "std",
        "string",
        "style",
        "table",
        "text",
        "tuple",
        "types",
        "union",
        "uuid",
        "validate",
        "variant",
        "vec",
        "width",
        "wire",
    ];
    let made = crate_of(&named(&words), "names-api");
    let tests = "#[test]\nfn it_compiles() {\n    assert_eq!(names_api::operations::OPERATIONS.len(), 69);\n}\n";
    assert_eq!(words.len(), 69);
    run("names", &made, tests, "", &["--all-features", "--test", "values"]);
}

/// A contract whose types lie in each other as deep as a contract can write them in place, and deeper by references.
fn deep() -> String {
    let mut inline = json!({"type": "object", "properties": {"leaf": {"type": "string"}}});
    for _ in 0..40 {
        inline = json!({"type": "object", "properties": {"inner": {"type": "array", "items": inline}}});
    }
    let mut schemas = serde_json::Map::from_iter([("Deep".to_owned(), inline)]);
    for i in 0..100 {
        let next = if i < 99 {
            format!("D{}", i + 1)
        } else {
            "Deep".to_owned()
        };
        let member = json!({"$ref": format!("#/components/schemas/{next}")});
        schemas.insert(
            format!("D{i}"),
            json!({"type": "object", "properties": {"inner": member}}),
        );
    }
    let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/D0"}}});
    let operation = json!({
        "operationId": "put", "tags": ["all"], "requestBody": {"required": true, "content": content},
        "responses": {"200": {"description": "Done", "content": content}},
    });
    let info = json!({"title": "Deep", "version": "1"});
    json!({"openapi": "3.1.0", "info": info, "paths": {"/a": {"put": operation}}, "components": {"schemas": schemas}})
        .to_string()
}

#[test]
fn types_that_lie_deep_in_each_other_compile_there_and_where_they_are_used() {
    let made = crate_of(&deep(), "deep-api");
    assert_eq!(
        made.diagnostics.iter().map(|found| found.code.id).collect::<Vec<_>>(),
        [""; 0]
    );
    let readme = made
        .artifacts
        .iter()
        .find(|artifact| artifact.path.ends_with("README.md"));
    let readme = readme.unwrap().text.to_string();
    let attribute = readme
        .split('`')
        .find(|code| code.starts_with("#![recursion_limit"))
        .unwrap();
    let tests = concat!(
        "#[test]\nfn it_compiles() {\n",
        "    fn goes_anywhere<T: Send + Sync>(_: &T) {}\n",
        "    let body: deep_api::types::D0 = serde_json::from_str(\"{}\").unwrap();\n",
        "    goes_anywhere(&body);\n",
        "    let request = deep_api::api::PutRequest { body };\n",
        "    assert!(format!(\"{:?}\", request.clone()).contains(\"inner: None\"));\n}\n"
    );
    let tests = format!("{attribute}\n\n{tests}");
    run("deep", &made, &tests, "", &["--all-features", "--test", "values"]);
}

/// The files that are the team's own.
fn handlers(made: &Compilation) -> Vec<&Artifact> {
    let scaffolds = |artifact: &&Artifact| artifact.ownership == Ownership::Scaffold;
    made.artifacts.iter().filter(scaffolds).collect()
}

/// Writes a crate of a team around its handlers, beside the generated crate, and runs the tests in it.
fn run_team(name: &str, package: &str, made: &Compilation, tests: &str) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&root);
    for artifact in &made.artifacts {
        write(&root.join(&artifact.path), &artifact.text.whole());
    }
    let manifest = concat!(
        "[package]\nname = \"team\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
        "axum = { version = \"0.8\", default-features = false, features = [\"http1\", \"tokio\"] }\n"
    );
    let manifest = format!(
        "{manifest}{package} = {{ path = \"generated/rust\" }}\n\n[dev-dependencies]\nserde_json = \"1\"\n{}{}",
        "tokio = { version = \"1\", features = [\"macros\", \"rt\"] }\n",
        "tower = { version = \"0.5\", features = [\"util\"] }\n"
    );
    write(&root.join("Cargo.toml"), &manifest);
    write(&root.join("src/lib.rs"), "pub mod handlers;\n");
    write(&root.join("tests/handlers.rs"), tests);
    cargo_test(&root, &["--test", "handlers"]);
    for artifact in handlers(made) {
        let output = Command::new("rustfmt")
            .args(["--check", "--edition", "2024", "--config", "skip_children=true"])
            .arg(root.join(&artifact.path))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", artifact.path);
    }
}

#[test]
fn handlers_of_the_teams_own_compile_as_they_are_written_and_answer_501() {
    let contract = include_str!("fixtures/rust-server/openapi.yaml");
    let made = crates_of(contract, "shelf-api", Some("src/handlers"));
    let paths: Vec<&str> = handlers(&made).iter().map(|artifact| artifact.path.as_str()).collect();
    let expected = ["books", "covers", "events", "mod"].map(|name| format!("src/handlers/{name}.rs"));
    assert_eq!(paths, expected);
    run_team("shelf-team", "shelf-api", &made, include_str!("rust_crate/handlers.rs"));
}

#[test]
fn handlers_are_rust_whatever_the_contract_says() {
    let made = crates_of(TRICKY, "tricky-api", Some("src/handlers"));
    assert!(handlers(&made).len() > 2);
    let tests = "#[test]\nfn it_compiles() {\n    let _ = team::handlers::router(Default::default());\n}\n";
    run_team("tricky-team", "tricky-api", &made, tests);
}

#[test]
fn no_handlers_are_written_where_nobody_asked_for_them() {
    assert!(handlers(&crate_of(TRICKY, "tricky-api")).is_empty());
}
