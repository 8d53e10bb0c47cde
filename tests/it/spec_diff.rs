//! `flaresmith spec diff` in real git repositories: which revision, which side, what fails, what is printed.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::repository::{Repository, Said, flaresmith};

const CONTRACT: &str = "specs/001-shop/contracts/openapi.yaml";

/// A small contract.
const SHOP: &str = "openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /orders:
    get:
      operationId: listOrders
      summary: Lists orders
      responses:
        '200': { description: Orders., content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } } }
    delete:
      operationId: clearOrders
      responses: { '204': { description: Gone. } }
components:
  schemas:
    Order:
      type: object
      properties:
        id: { type: string }
";

/// Runs git as somebody whose settings are nobody's.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.test",
            "-c",
            "commit.gpgsign=false",
            "-c",
            "protocol.file.allow=always",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap_or_else(|error| panic!("git is needed (`apt-get install git`): {error}"));
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A repository whose first commit has the shop's contract.
fn shop() -> Repository {
    let repository = Repository::empty();
    git(repository.path(), &["init", "--quiet"]);
    repository.write("flaresmith.toml", "targets = [\"openapi\"]\n");
    repository.write(CONTRACT, SHOP);
    commit(&repository, "first");
    repository
}

fn commit(repository: &Repository, message: &str) {
    git(repository.path(), &["add", "--all"]);
    git(repository.path(), &["commit", "--quiet", "--message", message]);
}

fn edit(repository: &Repository, from: &str, to: &str) {
    let text = repository.read(CONTRACT);
    assert!(text.contains(from), "{from} is not there");
    repository.write(CONTRACT, &text.replacen(from, to, 1));
}

/// Class and code of every change.
fn told(said: &Said) -> Vec<(String, String)> {
    let report = said.json();
    let changes = report["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let word = |key: &str| change[key].as_str().unwrap().to_owned();
            (word("class"), word("code"))
        })
        .collect()
}

fn pair(class: &str, code: &str) -> (String, String) {
    (class.to_owned(), code.to_owned())
}

#[test]
fn nothing_changed_is_said_with_what_was_compared() {
    let repository = shop();
    let said = repository.done(&["spec", "diff", "--fail-on", "docs", "--quiet"]);
    assert_eq!(said.out, "nothing changed; compared 2 operations, 1 schema with HEAD\n");
    assert_eq!(said.err, "");
}

#[test]
fn the_files_on_disk_are_compared_with_the_last_commit_by_default() {
    let repository = shop();
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let staged = repository.done(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&staged), [pair("breaking", "CHANGE_TYPE_CHANGED")]);
    git(repository.path(), &["add", "--all"]);
    let again = repository.done(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&again), told(&staged), "staging changes nothing");
    commit(&repository, "second");
    assert_eq!(told(&repository.done(&["spec", "diff", "--format", "json"])), []);
    let before = repository.done(&["spec", "diff", "--format", "json", "--base", "HEAD~1"]);
    assert_eq!(told(&before), told(&staged));
}

#[test]
fn text_for_people_groups_by_class_and_subject_and_counts() {
    let repository = shop();
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: integer }\n        note: { type: string }",
    );
    edit(&repository, "summary: Lists orders", "summary: Lists every order");
    edit(
        &repository,
        "    delete:\n      operationId: clearOrders\n      responses: { '204': { description: Gone. } }\n",
        "",
    );
    let said = repository.done(&["spec", "diff", "--quiet"]);
    assert_eq!(
        said.out,
        format!(
            "breaking
  DELETE /orders
    the operation `clearOrders` was removed
      HEAD:{CONTRACT}:10:5 [CHANGE_OPERATION_REMOVED]
  schema Order, in 1 operation: GET /orders
    `id` is an integer now, it was a string
      {CONTRACT}:15:9 [CHANGE_TYPE_CHANGED]
compatible
  schema Order, in 1 operation: GET /orders
    the property `note` was added
      {CONTRACT}:16:9 [CHANGE_PROPERTY_ADDED]
docs
  GET /orders
    the summary of the operation is worded differently
      {CONTRACT}:5:5 [CHANGE_TEXT]
2 breaking, 1 compatible, 1 docs; compared 2 operations, 1 schema with HEAD
"
        )
    );
}

#[test]
fn it_fails_on_the_class_that_was_asked_for_and_on_worse_ones() {
    let repository = shop();
    let code =
        |repository: &Repository, class: &str| repository.run(&["spec", "diff", "--quiet", "--fail-on", class]).code;
    edit(&repository, "summary: Lists orders", "summary: Lists every order");
    assert_eq!(repository.run(&["spec", "diff"]).code, 0, "nothing was asked for");
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&repository, class));
    assert_eq!(codes, [0, 0, 4], "words only");
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: string }\n        note: { type: string }",
    );
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&repository, class));
    assert_eq!(codes, [0, 4, 4], "a property more");
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&repository, class));
    assert_eq!(codes, [4, 4, 4], "another type");
    assert_eq!(repository.run(&["spec", "diff"]).code, 0, "nothing was asked for");
    assert_eq!(code(&repository, "everything"), 2, "wrong usage");
}

#[test]
fn json_has_the_form_that_it_promises() {
    let repository = shop();
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let said = repository.done(&["spec", "diff", "--format", "json"]);
    assert_eq!(
        said.json(),
        json!({
            "base": "HEAD",
            "changes": [{
                "class": "breaking",
                "code": "CHANGE_TYPE_CHANGED",
                "subject": { "kind": "schema", "name": "Order" },
                "message": "`id` is an integer now, it was a string",
                "side": "after",
                "file": CONTRACT,
                "line": 18,
                "column": 9,
                "before": "a string",
                "after": "an integer",
                "reachedBy": 1,
                "first": ["GET /orders"],
            }],
            "summary": { "breaking": 1, "compatible": 0, "docs": 0, "operations": 2, "schemas": 1 },
        })
    );
}

#[test]
fn sarif_makes_errors_of_breaking_changes_and_notes_of_others() {
    let repository = shop();
    edit(
        &repository,
        "        id: { type: string }",
        "        id: { type: integer }\n        note: { type: string }",
    );
    edit(
        &repository,
        "    delete:\n      operationId: clearOrders\n      responses: { '204': { description: Gone. } }\n",
        "",
    );
    let said = repository.done(&["spec", "diff", "--format", "sarif"]).json();
    let results: Vec<(&Value, &Value, &Value)> = said["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["ruleId"].as_str().unwrap().starts_with("CHANGE_"))
        .map(|result| {
            let region = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
            (&result["ruleId"], &result["level"], region)
        })
        .collect();
    assert_eq!(
        results,
        [
            (&json!("CHANGE_OPERATION_REMOVED"), &json!("error"), &Value::Null),
            (&json!("CHANGE_TYPE_CHANGED"), &json!("error"), &json!(15)),
            (&json!("CHANGE_PROPERTY_ADDED"), &json!("note"), &json!(16)),
        ]
    );
    let rules = said["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let explained = rules
        .iter()
        .filter(|rule| rule["id"].as_str().unwrap().starts_with("CHANGE_"));
    assert_eq!(explained.count(), 3);
}

#[test]
fn every_code_of_a_change_can_be_explained() {
    let repository = shop();
    let said = repository.done(&["explain", "CHANGE_VALUE_ADDED"]);
    assert!(said.out.contains("exhaustive readers"), "{}", said.out);
}

#[test]
fn it_works_from_any_folder_and_with_the_root_below_the_top_of_git() {
    let repository = Repository::empty();
    git(repository.path(), &["init", "--quiet"]);
    repository.write("services/shop/flaresmith.toml", "targets = [\"openapi\"]\n");
    repository.write(&format!("services/shop/{CONTRACT}"), SHOP);
    commit(&repository, "first");
    let path = format!("services/shop/{CONTRACT}");
    repository.write(&path, &SHOP.replace("id: { type: string }", "id: { type: integer }"));
    for folder in ["services/shop", "services/shop/specs/001-shop"] {
        let said = flaresmith(&repository.path().join(folder), &["spec", "diff", "--format", "json"]);
        assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")], "{folder}");
        assert_eq!(said.json()["changes"][0]["file"], CONTRACT, "{folder}");
    }
    let said = repository.run(&["spec", "diff", "--format", "json", "--root", "services/shop"]);
    assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")]);
}

#[test]
fn it_works_in_a_worktree_and_in_a_submodule() {
    let repository = shop();
    let elsewhere = tempfile::tempdir().unwrap();
    let tree = elsewhere.path().join("tree");
    git(
        repository.path(),
        &["worktree", "add", "--quiet", "-b", "other", tree.to_str().unwrap()],
    );
    fs::write(
        tree.join(CONTRACT),
        SHOP.replace("id: { type: string }", "id: { type: integer }"),
    )
    .unwrap();
    let said = flaresmith(&tree, &["spec", "diff", "--format", "json"]);
    assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")], "{}", said.err);
    assert_eq!(told(&repository.done(&["spec", "diff", "--format", "json"])), []);

    let outer = Repository::empty();
    git(outer.path(), &["init", "--quiet"]);
    git(
        outer.path(),
        &[
            "submodule",
            "--quiet",
            "add",
            repository.path().to_str().unwrap(),
            "shop",
        ],
    );
    let inner = outer.path().join("shop");
    fs::write(inner.join(CONTRACT), SHOP.replace("listOrders", "getOrders")).unwrap();
    let said = flaresmith(&inner, &["spec", "diff", "--format", "json"]);
    assert_eq!(
        told(&said),
        [pair("breaking", "CHANGE_OPERATION_RENAMED")],
        "{}",
        said.err
    );
}

#[test]
fn a_revision_that_is_not_there_is_told_with_what_to_do() {
    let repository = shop();
    let said = repository.run(&["spec", "diff", "--base", "v9"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("GIT_REVISION") && said.err.contains("`v9`"),
        "{}",
        said.err
    );

    edit(&repository, "summary: Lists orders", "summary: Lists every order");
    commit(&repository, "second");
    let elsewhere = tempfile::tempdir().unwrap();
    let clone = elsewhere.path().join("clone");
    let url = format!("file://{}", repository.path().display());
    git(elsewhere.path(), &["clone", "--quiet", "--depth", "1", &url, "clone"]);
    let said = flaresmith(&clone, &["spec", "diff", "--base", "HEAD~1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("git fetch --unshallow"), "{}", said.err);
    assert_eq!(
        flaresmith(&clone, &["spec", "diff"]).code,
        0,
        "what is there can be compared"
    );
}

#[test]
fn without_git_and_without_a_commit_it_says_so() {
    let repository = Repository::empty();
    repository.write(CONTRACT, SHOP);
    let said = repository.run(&["spec", "diff"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("GIT_NOT_FOUND"), "{}", said.err);
    git(repository.path(), &["init", "--quiet"]);
    let said = repository.run(&["spec", "diff"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nothing is committed yet"), "{}", said.err);
}

#[test]
fn everything_is_added_to_a_base_without_specs() {
    let repository = Repository::empty();
    git(repository.path(), &["init", "--quiet"]);
    repository.write("README.md", "A shop.\n");
    commit(&repository, "first");
    repository.write(CONTRACT, SHOP);
    let said = repository.done(&["spec", "diff", "--format", "json", "--fail-on", "breaking"]);
    let codes: Vec<String> = told(&said).into_iter().map(|(_, code)| code).collect();
    for code in ["CHANGE_OPERATION_ADDED", "CHANGE_SCHEMA_ADDED"] {
        assert!(codes.iter().any(|other| other == code), "{codes:?}");
    }
    assert_eq!(said.json()["summary"]["breaking"], 0, "{:#}", said.json());
}

#[test]
fn broken_specs_are_told_with_the_side_that_is_broken() {
    let repository = shop();
    repository.write(CONTRACT, "openapi: [");
    commit(&repository, "broken");
    let said = repository.run(&["spec", "diff", "--base", "HEAD~1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains(&format!("--> {CONTRACT}:1")), "{}", said.err);

    repository.write(CONTRACT, SHOP);
    let said = repository.run(&["spec", "diff", "--fail-on", "breaking"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains(&format!("--> HEAD:{CONTRACT}:1")), "{}", said.err);
    assert!(said.err.contains("the specs of `HEAD` are broken"), "{}", said.err);
    let said = repository.run(&["spec", "diff", "--format", "json"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.json()["diagnostics"][0]["file"], format!("HEAD:{CONTRACT}"));
}

#[test]
fn a_contract_that_moved_to_another_file_has_not_changed() {
    let repository = shop();
    repository.write("api/shop.yaml", SHOP);
    fs::remove_file(repository.path().join(CONTRACT)).unwrap();
    repository.write("flaresmith.toml", "contracts = [\"api/shop.yaml\"]\n");
    assert_eq!(told(&repository.done(&["spec", "diff", "--format", "json"])), []);
}

#[test]
fn the_platforms_own_contract_is_gated() {
    let repository = Repository::platform();
    git(repository.path(), &["init", "--quiet"]);
    commit(&repository, "first");
    let same = repository
        .done(&["spec", "diff", "--format", "json", "--fail-on", "docs"])
        .json();
    assert!(same["summary"]["operations"].as_u64().unwrap() > 50, "{same:#}");
    let contract = "specs/001-platform-bootstrap/contracts/openapi.yaml";
    let text = repository.read(contract);
    let removed = text.replacen("      operationId: ", "      deprecated: true\n      operationId: ", 1);
    repository.write(contract, &removed);
    let said = repository.run(&["spec", "diff", "--format", "json", "--fail-on", "breaking"]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(told(&said), [pair("compatible", "CHANGE_DEPRECATED")]);
}
