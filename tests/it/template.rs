//! What a new project's repository begins with: made by the built server, and put into the hands of the real tools.
//!
//! Owns: proofs about `templates/project` as a whole. Must not know: how it comes together.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::hosted::Hosted;
use crate::repository::Repository;
use crate::toolchain::{Up, sound, up};

/// A project of a hosted server, cloned.
struct Begun {
    /// Held for as long as its repository is cloned from.
    _hosted: Hosted,
    repository: Repository,
}

/// The repository of a new project of this name.
fn begun(name: &str) -> Begun {
    let hosted = Hosted::start();
    let made = hosted
        .call(&hosted.owner(), "POST /projects", &json!({ "name": name }))
        .json();
    let bare = hosted
        .data()
        .join(format!("repositories/{}.git", made["id"].as_str().unwrap()));
    let repository = Repository::empty();
    for _ in 0..600 {
        // The branch of prod is made after the files are there.
        let seen = Command::new("git")
            .arg("-C")
            .arg(&bare)
            .args(["rev-parse", "--verify", "-q", "staging"])
            .output();
        if seen.unwrap().status.success() {
            repository.git(&["clone", "-q", bare.to_str().unwrap(), "."]);
            return Begun {
                _hosted: hosted,
                repository,
            };
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the repository of {name:?} never has a branch for staging");
}

/// Runs npm in a repository, which must succeed.
fn npm(repository: &Repository, words: &[&str], variables: &[(&str, &str)]) -> String {
    let output = Command::new("npm")
        .args(words)
        .current_dir(repository.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("npm cannot be run ({error}); install Node 20"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "npm {words:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// The worker of a repository in workerd, with what an environment gives it.
fn worker(repository: &Repository, bindings: &Value) -> Up {
    repository.write("dist/bindings.json", &bindings.to_string());
    let path = |name: &str| repository.path().join(name).to_str().unwrap().to_owned();
    up(
        "worker.mjs",
        [
            path("dist/worker.js"),
            "--serve".into(),
            "0".into(),
            "--bindings".into(),
            path("dist/bindings.json"),
            "--compatibility-flag".into(),
            "nodejs_compat".into(),
        ],
    )
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer}: {value:#}"))
}

/// A request, answered with a status and JSON.
pub(crate) fn ask(url: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let script = "const [url, method, body] = process.argv.slice(1); \
        const sent = method === 'GET' ? {} : { body, headers: { 'content-type': 'application/json' } }; \
        fetch(url, { method, ...sent }).then(async (r) => console.log(JSON.stringify([r.status, await r.json()])))";
    let output = Command::new("node")
        .args(["-e", script, &format!("{url}{path}"), method, &body.to_string()])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{method} {path}: {error}: {output:?}"))
}

/// Shows 001/FR-002, 001/FR-028 and 001/FR-029.
#[test]
fn a_new_project_checks_tests_builds_runs_in_workerd_and_keeps_rows() {
    let project = begun("Shop \"Floor\"");
    let repository = &project.repository;
    assert!(repository.done(&["spec", "check"]).out.contains("nothing to do"));
    assert_eq!(
        repository.git(&["rev-list", "--count", "HEAD"]).trim(),
        "2",
        "an empty commit, and the template"
    );
    npm(repository, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], &[]);
    npm(repository, &["test"], &[]);
    npm(repository, &["run", "db:generate"], &[]);
    npm(repository, &["run", "build"], &[]);
    assert_eq!(
        repository.git(&["status", "--porcelain"]),
        "",
        "tools leave nothing that git sees"
    );
    repository.done(&["spec", "check"]);

    // Without a database: the health says so, and data can be asked for again later.
    let bare = worker(repository, &json!({}));
    let url = text(&bare.said, "/url");
    let (status, health) = ask(url, "GET", "/health", &Value::Null);
    assert_eq!((status, text(&health, "/database")), (200, "absent"));
    let (status, failure) = ask(url, "GET", "/tasks", &Value::Null);
    assert_eq!((status, text(&failure, "/error/code")), (503, "DATABASE_UNAVAILABLE"));
    drop(bare);

    // With one, a row is kept, and every collection is green.
    let postgres = up("postgres.mjs", [] as [&str; 0]);
    let database = text(&postgres.said, "/url");
    npm(repository, &["run", "db:migrate"], &[("DATABASE_URL", database)]);
    let worker = worker(repository, &json!({ "DATABASE_URL": database, "ENVIRONMENT": "dev" }));
    let url = text(&worker.said, "/url");
    let (status, health) = ask(url, "GET", "/health", &Value::Null);
    assert_eq!(
        (status, health),
        (200, json!({ "status": "ok", "environment": "dev", "database": "up" }))
    );
    let (status, task) = ask(url, "POST", "/tasks", &json!({ "title": "Water the plants" }));
    assert_eq!(status, 201, "{task:#}");
    let read = ask(url, "GET", &format!("/tasks/{}", text(&task, "/id")), &Value::Null);
    assert_eq!(read, (200, task));
    for name in ["base", "dev", "staging", "prod"] {
        let environment = if name == "base" { "dev" } else { name };
        let file = |name: String| repository.path().join("postman").join(name);
        let run = sound(
            "newman.mjs",
            [
                file(format!("{name}.postman_collection.json")),
                file(format!("{environment}.postman_environment.json")),
                PathBuf::from("--base-url"),
                PathBuf::from(url),
            ],
        );
        assert!(run["totals"]["assertions"].as_u64().unwrap() >= 6, "{name}: {run:#}");
        let collection: Value =
            serde_json::from_str(&repository.read(&format!("postman/{name}.postman_collection.json"))).unwrap();
        let expected = match name {
            "base" => "CloudMake Base - Shop \"Floor\"".to_owned(),
            _ => format!("CloudMake - Shop \"Floor\" ({name})"),
        };
        assert_eq!(collection["info"]["name"], expected);
    }
}

/// Shows 001/FR-009.
#[test]
fn a_changed_contract_leaves_handlers_as_they_are_and_tells_the_one_that_no_longer_fits() {
    let project = begun("Shop");
    let repository = &project.repository;
    let handlers = "worker/src/handlers/tasks.ts";
    let before = repository.read(handlers);
    let (model, contract) = (
        "specs/001-tasks/data-model.yaml",
        "specs/001-tasks/contracts/openapi.yaml",
    );
    let edit = |path: &str, from: &str, to: &str| {
        let text = repository.read(path);
        assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
        repository.write(path, &text.replace(from, to));
    };

    edit(
        model,
        "      done: { type: boolean, x-flaresmith",
        "      due: { type: [string, 'null'], format: date-time }\n      done: { type: boolean, x-flaresmith",
    );
    let said = repository.done(&["spec", "apply"]);
    assert!(!said.out.contains("SCHEMA_MISMATCH"), "{}", said.out);
    assert_eq!(repository.read(handlers), before);
    assert!(
        repository
            .read("packages/contract/src/drizzle/schema.ts")
            .contains("due: timestamptz('due')")
    );
    repository.done(&["spec", "check"]);
    repository.commit("A task may be due");

    edit(contract, "operationId: deleteTask", "operationId: removeTask");
    let said = repository.run(&["spec", "check", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.out);
    let report = said.json();
    let conflicts: Vec<(&str, &str)> = report["report"]["conflicts"]
        .as_array()
        .or_else(|| report["conflicts"].as_array())
        .unwrap_or_else(|| panic!("{report:#}"))
        .iter()
        .map(|one| (text(one, "/path"), text(one, "/reason")))
        .collect();
    assert_eq!(conflicts, [(handlers, "SCHEMA_MISMATCH")], "{report:#}");
    assert_eq!(repository.read(handlers), before);
    edit(handlers, "async deleteTask(", "async removeTask(");
    repository.done(&["spec", "apply"]);
    repository.done(&["spec", "check"]);
}

/// The hook of the template is the one that the program knows.
#[test]
fn the_pre_commit_configuration_is_what_the_program_asks_for() {
    let project = begun("Shop");
    let said = project.repository.run(&["hook", "status"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}

/// Shows 001/FR-029.
#[test]
fn a_hostile_name_gives_a_project_like_any_other() {
    let project = begun("a\" }; <b>{{x}}</b>\n# $(id) `y` \u{202e} \\");
    let repository = &project.repository;
    repository.done(&["spec", "check"]);
    let package: Value = serde_json::from_str(&repository.read("package.json")).unwrap();
    assert_eq!(package["name"], "a-b-x-b-id-y");
    let folder = |name: &str| repository.path().join("postman").join(name);
    sound(
        "postman-schema.mjs",
        [
            folder("base.postman_collection.json"),
            folder("dev.postman_environment.json"),
        ],
    );
}
