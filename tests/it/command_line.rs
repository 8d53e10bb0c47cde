//! The command line on real files: applying, drift, conflicts, exit codes, output forms.

use crate::repository::{Repository, flaresmith};
use crate::toolchain::root;

const CONTRACT: &str = "specs/001-platform-bootstrap/contracts/openapi.yaml";

/// One more operation, with a schema of its own.
const OPERATION: &str = "  /weather:
    get:
      operationId: getWeather
      summary: Get the weather of the data centre
      tags: [System]
      security: []
      x-flaresmith: { requirements: [FR-015], rateLimit: public }
      responses:
        '200':
          description: The weather.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Weather' }
";
const SCHEMA: &str = "    Weather:
      type: object
      required: [celsius]
      properties: { celsius: { type: number } }
";

#[test]
fn the_repositorys_generated_files_are_in_step_with_its_specs() {
    let said = flaresmith(&root(), &["spec", "check", "--format", "json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(said.json()["summary"]["status"], "clean");
}

#[test]
fn applying_twice_writes_once() {
    let repository = Repository::platform();
    let first = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert!(first["summary"]["changedCount"].as_u64().unwrap() > 200, "{first:#}");
    let before = repository.everything();
    let second = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert_eq!(
        second["summary"],
        serde_json::json!({ "changedCount": 0, "conflictCount": 0, "status": "clean" })
    );
    assert!(before == repository.everything(), "the second run changed a file");
}

#[test]
fn one_more_operation_adds_itself_to_every_target_and_nothing_else() {
    let repository = Repository::platform();
    repository.done(&["spec", "apply"]);
    let contract = repository.read(CONTRACT);
    let contract = contract.replacen("\npaths:\n", &format!("\npaths:\n{OPERATION}"), 1);
    let contract = contract.replacen("\n  schemas:\n", &format!("\n  schemas:\n{SCHEMA}"), 1);
    repository.write(CONTRACT, &contract);
    assert_eq!(repository.run(&["spec", "check"]).code, 4, "check tells drift");
    let report = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert_eq!(report["summary"]["status"], "drift");
    let changed: Vec<&str> = report["changedFiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    for (file, part) in [
        ("generated/openapi/openapi.json", "\"/weather\""),
        ("generated/openapi/openapi-3.0.json", "\"/weather\""),
        ("generated/rust/src/api/system.rs", "fn get_weather"),
        ("generated/rust/src/server/handlers/system.rs", "get_weather"),
        ("generated/ts/src/zod/system.ts", "WeatherSchema"),
        ("generated/ts/src/hono/system.ts", "getWeather"),
        ("generated/postman/base.postman_collection.json", "/weather"),
        ("generated/mcp/tools.json", "\"get_weather\""),
        ("generated/docs/reference/system.md", "/weather"),
    ] {
        assert!(repository.read(file).contains(part), "{file} has no `{part}`");
        assert!(changed.contains(&file), "{file} is not told: {changed:?}");
    }
    for file in &changed {
        assert!(
            !["projects", "chat", "environments", "secrets"]
                .iter()
                .any(|domain| file.ends_with(&format!("/{domain}.rs"))
                    || file.ends_with(&format!("zod/{domain}.ts"))
                    || file.ends_with(&format!("reference/{domain}.md"))),
            "{file} has nothing to do with the new operation"
        );
    }
    let again = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert_eq!(again["summary"]["status"], "clean", "{again:#}");
}

#[test]
fn an_edited_file_is_a_conflict_and_nothing_at_all_is_written() {
    let repository = Repository::platform();
    repository.done(&["spec", "apply"]);
    let file = "generated/ts/src/zod/system.ts";
    repository.write(file, &(repository.read(file) + "// mine\n"));
    let contract = repository
        .read(CONTRACT)
        .replacen("\npaths:\n", &format!("\npaths:\n{OPERATION}"), 1);
    let contract = contract.replacen("\n  schemas:\n", &format!("\n  schemas:\n{SCHEMA}"), 1);
    repository.write(CONTRACT, &contract);
    let before = repository.everything();
    let said = repository.run(&["spec", "apply", "--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    let report = said.json();
    assert_eq!(report["summary"]["status"], "conflicts");
    assert_eq!(report["conflicts"][0]["path"], file);
    assert!(report["conflicts"][0]["suggestion"].as_str().unwrap().len() > 10);
    assert!(before == repository.everything(), "a conflict wrote something");
}

#[test]
fn a_stub_is_the_teams_own_after_it_was_written() {
    let repository = Repository::platform();
    repository.done(&["spec", "apply"]);
    let stub = "generated/ts/src/handlers/system.ts";
    let mine = repository.read(stub) + "// written by hand\n";
    repository.write(stub, &mine);
    repository.done(&["spec", "apply"]);
    assert_eq!(repository.read(stub), mine);
}

#[test]
fn a_single_openapi_file_is_enough() {
    let repository = Repository::empty();
    let elsewhere = Repository::empty();
    let contract = "openapi: 3.0.3
info: { title: Pets, version: 1.0 }
paths:
  /pets/{petId}:
    get:
      parameters: [{ name: petId, in: path, required: true, schema: { type: integer } }]
      responses: { '200': { description: A pet., content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } } }
components:
  schemas:
    Pet: { type: object, required: [name], properties: { name: { type: string, nullable: true } } }
";
    elsewhere.write("pets.yaml", contract);
    let path = elsewhere.path().join("pets.yaml");
    repository.done(&["init", "--contract", path.to_str().unwrap()]);
    let report = repository.done(&["spec", "apply", "--format", "json"]).json();
    assert!(report["summary"]["changedCount"].as_u64().unwrap() > 30, "{report:#}");
    assert!(
        repository.read("generated/openapi/openapi.json").contains("\"1.0\""),
        "the version is as it was written"
    );
    assert_eq!(
        repository.done(&["spec", "apply", "--format", "json"]).json()["summary"]["status"],
        "clean"
    );
    assert_eq!(repository.run(&["init"]).code, 1, "init never writes over settings");
}

#[test]
fn init_in_an_empty_folder_begins_a_feature_that_applies() {
    let repository = Repository::empty();
    repository.done(&["init"]);
    let said = repository.done(&["spec", "apply"]);
    assert!(!said.err.contains("warning"), "{}", said.err);
    repository.done(&["spec", "check", "--strict"]);
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_nothing_is_written() {
    let repository = Repository::platform();
    let contract = repository.read(CONTRACT).replacen("role: owner", "rolle: owner", 1);
    let contract = contract.replacen("rateLimit: read", "rateLimit: reed", 1);
    repository.write(CONTRACT, &contract);
    let said = repository.run(&["spec", "apply", "--format", "json"]);
    assert_eq!(said.code, 1);
    let told = said.json();
    let told = told["diagnostics"].as_array().unwrap();
    for (code, hint) in [
        ("SPEC_EXTENSION_UNKNOWN_FIELD", "role"),
        ("SPEC_POLICY_UNKNOWN", "read"),
    ] {
        let found = told
            .iter()
            .find(|one| one["code"] == code)
            .unwrap_or_else(|| panic!("{code}: {told:#?}"));
        assert_eq!(found["file"], CONTRACT);
        assert!(
            found["line"].as_u64().unwrap() > 1 && found["column"].as_u64().unwrap() > 1,
            "{found:#}"
        );
        assert!(found["hint"].as_str().unwrap().contains(hint), "{found:#}");
    }
    assert!(!repository.path().join("generated").exists());
    let human = repository.run(&["spec", "apply"]);
    assert!(human.err.contains(&format!("{CONTRACT}:")), "{}", human.err);
    let sarif = repository.run(&["spec", "apply", "--format", "sarif"]).json();
    assert!(!sarif["runs"][0]["results"].as_array().unwrap().is_empty());
}

#[test]
fn a_dry_run_and_a_plan_write_nothing() {
    let repository = Repository::platform();
    let before = repository.everything();
    let dry = repository
        .done(&["spec", "apply", "--dry-run", "--format", "json"])
        .json();
    assert_eq!(dry["summary"]["status"], "drift");
    let plan = repository.run(&["spec", "plan", "--format", "json"]);
    assert_eq!(plan.code, 4, "{}", plan.err);
    assert_eq!(plan.json()["summary"], dry["summary"]);
    assert!(before == repository.everything());
}

#[test]
fn a_requirement_is_traced_to_what_carries_it() {
    let repository = Repository::platform();
    let trace = repository.done(&["spec", "trace", "FR-008", "--format", "json"]).json();
    let one = &trace["requirements"][0];
    assert_eq!(one["id"], "001/FR-008", "{trace:#}");
    assert_eq!(one["status"], "covered");
    assert!(!one["operations"].as_array().unwrap().is_empty());
    let all = repository.done(&["spec", "trace", "--format", "json"]).json();
    assert_eq!(all["coverage"]["requirements"], 37, "{:#}", all["coverage"]);
    assert_eq!(all["coverage"]["operations"], all["coverage"]["traced"]);
    let unknown = repository.run(&["spec", "trace", "FR-999"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("TRACE_UNKNOWN_REQUIREMENT"), "{}", unknown.err);
}

#[test]
fn codes_are_explained_and_wrong_usage_is_told() {
    let repository = Repository::empty();
    let all = repository.done(&["explain", "--format", "json"]).json();
    let codes = all["codes"].as_array().unwrap();
    assert!(codes.len() > 30);
    for code in codes {
        let said = repository.done(&["explain", code["code"].as_str().unwrap()]);
        assert!(said.out.contains(code["title"].as_str().unwrap()));
    }
    assert_eq!(repository.run(&["spec", "aply"]).code, 2);
    assert!(repository.done(&["completions", "bash"]).out.contains("flaresmith"));
    let nothing = repository.run(&["spec", "apply"]);
    assert_eq!(nothing.code, 1);
}
