//! The first steps of somebody who does not know the tool yet: wrong files, odd folders, wrong words.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::repository::{Repository, files, flaresmith};
use crate::toolchain::root;

const PETS: &str = "openapi: 3.1.0
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses: { '200': { description: Pets., content: { application/json: { schema: { type: array, items: { type: string } } } } } }
";

#[test]
fn init_takes_no_file_that_is_not_a_contract_and_leaves_nothing_behind() {
    let elsewhere = Repository::empty();
    for (name, bytes, code) in [
        ("garbage.yaml", b"\xff\xfe\x00\x01garbage".as_slice(), "SPEC_ENCODING"),
        ("empty.yaml", b"", "SPEC_VERSION_UNKNOWN"),
        ("list.json", b"[1, 2]", "SPEC_VERSION_UNKNOWN"),
        ("broken.yaml", b"openapi: 3.0.0\ninfo: [\n  x: {", "SPEC_SYNTAX"),
        (
            "old.json",
            b"{\"swagger\":\"2.0\",\"info\":{\"title\":\"x\",\"version\":\"1\"},\"paths\":{}}",
            "SPEC_SWAGGER_2",
        ),
        (
            "new.yaml",
            b"openapi: 4.0.0\ninfo: { title: x, version: '1' }\npaths: {}\n",
            "SPEC_VERSION_UNKNOWN",
        ),
    ] {
        let path = elsewhere.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        for repository in [Repository::empty(), Repository::empty()] {
            let said = repository.run(&["init", "--contract", path.to_str().unwrap()]);
            assert_eq!(said.code, 1, "{name}: {}{}", said.out, said.err);
            assert!(
                said.err.contains(code) && said.err.contains("hint"),
                "{name}: {}",
                said.err
            );
            assert!(repository.everything().is_empty(), "{name} left something");
        }
    }
    let repository = Repository::empty();
    for path in ["missing.yaml", elsewhere.path().to_str().unwrap(), "."] {
        let said = repository.run(&["init", "--contract", path]);
        assert_eq!(said.code, 1, "{path}: {}", said.out);
        assert!(
            said.err.contains("FILE_ACCESS") && said.err.contains("hint"),
            "{path}: {}",
            said.err
        );
    }
    assert!(repository.everything().is_empty());
}

#[test]
fn names_with_spaces_and_folders_below_the_root_are_no_obstacle() {
    let repository = Repository::empty();
    repository.write("my api ü.yaml", PETS);
    repository.done(&["init", "--contract", "my api ü.yaml", "--targets", "openapi,docs"]);
    repository.done(&["spec", "apply"]);
    repository.write("deep/er/x", "");
    let below = flaresmith(
        &repository.path().join("deep/er"),
        &["spec", "check", "--format", "json"],
    );
    assert_eq!(
        (below.code, &below.json()["summary"]["status"]),
        (0, &Value::from("clean")),
        "{}",
        below.err
    );
    let far = flaresmith(
        std::env::temp_dir().as_path(),
        &["spec", "check", "--root", repository.path().to_str().unwrap()],
    );
    assert_eq!(far.code, 0, "{}", far.err);
    let lost = flaresmith(repository.path(), &["spec", "check", "--root", "my api ü.yaml"]);
    assert!(lost.code == 1 && lost.err.contains("ROOT_NOT_FOUND"), "{}", lost.err);
}

#[test]
fn every_problem_has_a_hint_and_a_place_in_every_form_of_output() {
    let repository = Repository::empty();
    repository.write(
        "openapi.yaml",
        "openapi: 3.1.0
info: { title: Bad, version: '1' }
x-flaresmith:
  rolls: [a]
  errors: { lower_case: { severity: loud, retryPolicy: none, status: 404, message: x } }
paths:
  /a/{id}:
    get:
      operationId: same
      x-flaresmith: { role: veiwer, rateLimit: nope, errors: [GONE] }
      responses: { '200': { description: ok, content: { application/json: { schema: { $ref: '#/components/schemas/Missing' } } } } }
  /b:
    get:
      operationId: same
      parameters: [{ name: q, in: nowhere, schema: { type: string } }]
      responses: { abc: { description: x } }
  /c:
    post:
      requestBody: { content: { application/json: { schema: { $ref: '../../etc/passwd' } } } }
      responses: { '200': { description: ok } }
components:
  schemas:
    T: { type: object, x-flaresmith: { table: { primaryKey: [nope] }, lifecycle: { field: state, initial: x, transitions: [] } } }
    U: { type: object, properties: { a: { type: integer, x-flaresmith: { secrt: true } } } }
    R: { $ref: '#/components/schemas/R' }
",
    );
    let said = repository.run(&["spec", "check", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""), "JSON alone");
    let told = said.json();
    let told = told["diagnostics"].as_array().unwrap();
    assert!(
        told.iter().filter(|one| one["severity"] == "error").count() >= 10,
        "{told:#?}"
    );
    let human = repository.run(&["spec", "check"]).err;
    for one in told {
        let hint = one["hint"].as_str().unwrap_or_else(|| panic!("{one:#}"));
        assert!(hint.len() > 8, "{one:#}");
        if one["severity"] == "info" {
            continue;
        }
        assert!(human.contains(hint), "{one:#}");
        let place = format!("openapi.yaml:{}:{}\n", one["line"], one["column"]);
        assert!(human.contains(&place), "{place} is not in {human}");
    }
    check_sarif(
        &repository.run(&["spec", "check", "--format", "sarif"]).json(),
        told.len(),
    );
}

#[test]
fn sarif_is_one_valid_document_however_a_run_ends() {
    let repository = Repository::empty();
    repository.write("a b.yaml", PETS);
    repository.done(&["init", "--contract", "a b.yaml", "--targets", "openapi"]);
    let drift = repository.run(&["spec", "check", "--format", "sarif"]);
    assert_eq!(drift.code, 4);
    // Four files, and what to do about them.
    check_sarif(&drift.json(), 5);
    repository.done(&["spec", "apply"]);
    check_sarif(&repository.done(&["spec", "check", "--format", "sarif"]).json(), 0);
    repository.write("generated/openapi/openapi.json", "{}\n");
    let conflict = repository.run(&["spec", "apply", "--format", "sarif"]);
    assert_eq!(conflict.code, 3);
    check_sarif(&conflict.json(), 1);
    let nowhere = repository.run(&["spec", "check", "--root", "/nowhere", "--format", "sarif"]);
    assert_eq!(nowhere.code, 1);
    check_sarif(&nowhere.json(), 1);
}

/// What SARIF 2.1.0 demands of the parts that are written.
fn check_sarif(document: &Value, results: usize) {
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let [run] = document["runs"].as_array().unwrap().as_slice() else {
        panic!("{document:#}")
    };
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].as_str().is_some_and(|name| !name.is_empty()), "{driver}");
    let rules: Vec<&str> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let mut distinct = rules.clone();
    distinct.dedup();
    assert_eq!(rules, distinct, "a rule stands twice");
    let found = run["results"].as_array().unwrap();
    assert_eq!(found.len(), results, "{document:#}");
    for result in found {
        assert!(
            rules.contains(&result["ruleId"].as_str().unwrap()),
            "no rule for {result:#}"
        );
        assert!(
            ["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()),
            "{result:#}"
        );
        assert!(
            result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()),
            "{result:#}"
        );
        for location in result["locations"].as_array().into_iter().flatten() {
            let uri = location["physicalLocation"]["artifactLocation"]["uri"]
                .as_str()
                .unwrap();
            assert!(
                !uri.contains([' ', '\\']) && !uri.starts_with('/') && uri.is_ascii(),
                "{uri}"
            );
            if let Some(region) = location["physicalLocation"].get("region") {
                assert!(
                    region["startLine"].as_u64() > Some(0) && region["startColumn"].as_u64() > Some(0),
                    "{region}"
                );
            }
        }
    }
}

#[test]
fn a_template_of_ones_own_replaces_the_built_in_one_and_a_wrong_one_is_shown() {
    let repository = Repository::empty();
    repository.write("openapi.yaml", PETS);
    let settings = |folder: &str| format!("targets = [\"docs\", \"zod\"]\ntemplates = {folder:?}\n");
    repository.write("flaresmith.toml", &settings("mine"));
    let missing = repository.run(&["spec", "check"]);
    assert!(
        missing.code == 1 && missing.err.contains("flaresmith.toml:2:1"),
        "{}",
        missing.err
    );
    let frame = std::fs::read_to_string(root().join("templates/docs/page.md")).unwrap();
    repository.write("mine/docs/page.md", &format!("<!-- ours -->\n{frame}"));
    repository.done(&["spec", "apply"]);
    let page = repository.read("generated/docs/reference/pets.md");
    assert!(page.starts_with("<!-- ours -->"), "{page}");
    for (name, text, place, message) in [
        (
            "mine/docs/page.md",
            "# {{ title }}\n\n{{ oops",
            "mine/docs/page.md:3:",
            "nexpected end",
        ),
        (
            "mine/docs/page.md",
            "# {{ title }}\n{{ nope.x }}\n",
            "mine/docs/page.md:2:4",
            "`nope`",
        ),
        (
            "mine/docs/paeg.md",
            "x",
            "mine/docs/paeg.md",
            "did you mean `docs/page.md`?",
        ),
        ("mine/zod/rules.ts", "{{ nope }}", "mine/zod/rules.ts", "`nope`"),
        (
            "mine/zod/rules.ts",
            "export const = 1;",
            "mine/zod/rules.ts",
            "not TypeScript: line 1",
        ),
    ] {
        let before = repository.everything();
        repository.write(name, text);
        let said = repository.run(&["spec", "apply"]);
        assert_eq!(said.code, 1, "{name}: {}", said.out);
        for part in ["EMIT_TEMPLATE", place, message, "hint"] {
            assert!(said.err.contains(part), "{part} is not in {}", said.err);
        }
        std::fs::remove_file(repository.path().join(name)).unwrap();
        for (path, bytes) in before {
            std::fs::write(path, bytes).unwrap();
        }
    }
    std::fs::write(repository.path().join("mine/docs/page.md"), b"\xff").unwrap();
    let said = repository.run(&["spec", "check"]);
    assert!(said.code == 1 && said.err.contains("not UTF-8"), "{}", said.err);
}

#[test]
fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
    let repository = Repository::empty();
    let run = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flaresmith"));
        command
            .args(["explain"])
            .current_dir(repository.path())
            .stdout(stdout)
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        child.wait_with_output().unwrap()
    };
    let closed = run(Stdio::piped());
    assert_eq!(
        (closed.status.code(), closed.stderr.as_slice()),
        (Some(0), b"".as_slice())
    );
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        let said = run(full.into());
        assert_eq!(said.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&said.stderr).contains("OUTPUT_LOST"));
    }
}

#[test]
fn every_code_that_is_raised_can_be_explained() {
    let repository = Repository::empty();
    let listed = repository.done(&["explain"]).out;
    let mut found = 0;
    for folder in ["src", "sync/src", "runtime/src"] {
        for path in files(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            // What stands in tests is made up.
            let text = text.split("#[cfg(test)]").next().unwrap();
            for part in text
                .split("SyncError::new(")
                .skip(1)
                .chain(text.split("Problem::new(").skip(1))
                .chain(text.split("Problem::of(").skip(1))
                .chain(text.split("rule: \"").skip(1))
            {
                let word = part.trim_start().trim_start_matches('"').split('"').next().unwrap();
                if word.contains('_') && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
                    found += 1;
                    assert!(
                        listed.contains(&format!("{word} ")),
                        "{word} of {} has no explanation",
                        path.display()
                    );
                }
            }
        }
    }
    assert!(found > 10, "{found}");
    for reason in ["UNCOMMITTED_LOCAL_CHANGES", "MANUAL_DIVERGENCE", "SCHEMA_MISMATCH"] {
        assert!(repository.done(&["explain", reason]).out.starts_with(reason));
    }
}

#[test]
fn a_requirement_that_nothing_carries_is_a_warning_and_strict_makes_it_an_error() {
    let repository = Repository::empty();
    repository.write(
        "specs/001-pets/spec.md",
        "# Feature Specification: Pets\n\n## Requirements\n\n- **FR-001**: The system MUST list pets.\n",
    );
    repository.write("specs/001-pets/contracts/openapi.yaml", PETS);
    repository.write("flaresmith.toml", "targets = [\"openapi\"]\n");
    repository.done(&["spec", "apply"]);
    let lax = repository.done(&["spec", "check"]);
    for part in [
        "warning[TRACE_REQUIREMENT_UNCOVERED]",
        "warning[TRACE_OPERATION_UNTRACED]",
        "2 warnings",
    ] {
        assert!(lax.err.contains(part), "{part} is not in {}", lax.err);
    }
    let strict = repository.run(&["spec", "check", "--strict"]);
    assert_eq!(strict.code, 1, "{}", strict.err);
    assert!(strict.err.contains("2 errors"), "{}", strict.err);
    let trace = repository.done(&["spec", "trace"]);
    assert!(
        trace.out.contains("0 of 1 functional requirements") && trace.out.contains("listPets"),
        "{}",
        trace.out
    );
    let empty = Repository::empty();
    empty.write("openapi.yaml", PETS);
    assert!(
        empty
            .done(&["spec", "trace"])
            .out
            .contains("no feature has requirements")
    );
}
