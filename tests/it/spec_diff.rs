//! `flaresmith spec diff` in real git repositories: which revision, which side, what fails, what is printed.

use std::fs;

use serde_json::{Value, json};

use crate::git::Git;
use crate::repository::{Repository, Said, files};

const CONTRACT: &str = "specs/001-shop/contracts/openapi.yaml";

const FLARESMITH: &str = env!("CARGO_BIN_EXE_flaresmith");

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

/// A repository whose first commit has the shop's contract.
fn shop() -> Git {
    let git = Git::empty();
    git.write("flaresmith.toml", "targets = [\"openapi\"]\n");
    git.write(CONTRACT, SHOP);
    commit(&git, "first");
    git
}

fn commit(git: &Git, message: &str) {
    git.git(&["add", "--all"]);
    git.git(&["commit", "--quiet", "--message", message]);
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
    let git = shop();
    let said = git.done(&["spec", "diff", "--fail-on", "docs", "--quiet"]);
    assert_eq!(said.out, "nothing changed; compared 2 operations, 1 schema with HEAD\n");
    assert_eq!(said.err, "");
}

#[test]
fn the_files_on_disk_are_compared_with_the_last_commit_by_default() {
    let git = shop();
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let staged = git.done(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&staged), [pair("breaking", "CHANGE_TYPE_CHANGED")]);
    git.git(&["add", "--all"]);
    let again = git.done(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&again), told(&staged), "staging changes nothing");
    commit(&git, "second");
    assert_eq!(told(&git.done(&["spec", "diff", "--format", "json"])), []);
    let before = git.done(&["spec", "diff", "--format", "json", "--base", "HEAD~1"]);
    assert_eq!(told(&before), told(&staged));
}

#[test]
fn text_for_people_groups_by_class_and_subject_and_counts() {
    let git = shop();
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }\n        note: { type: string }",
    );
    git.edit(CONTRACT, "summary: Lists orders", "summary: Lists every order");
    git.edit(
        CONTRACT,
        "    delete:\n      operationId: clearOrders\n      responses: { '204': { description: Gone. } }\n",
        "",
    );
    let said = git.done(&["spec", "diff", "--quiet"]);
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
    let git = shop();
    let code = |git: &Git, class: &str| git.run(&["spec", "diff", "--quiet", "--fail-on", class]).code;
    git.edit(CONTRACT, "summary: Lists orders", "summary: Lists every order");
    assert_eq!(git.run(&["spec", "diff"]).code, 0, "nothing was asked for");
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&git, class));
    assert_eq!(codes, [0, 0, 4], "words only");
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: string }\n        note: { type: string }",
    );
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&git, class));
    assert_eq!(codes, [0, 4, 4], "a property more");
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let codes = ["breaking", "compatible", "docs"].map(|class| code(&git, class));
    assert_eq!(codes, [4, 4, 4], "another type");
    assert_eq!(git.run(&["spec", "diff"]).code, 0, "nothing was asked for");
    assert_eq!(code(&git, "everything"), 2, "wrong usage");
}

#[test]
fn json_has_the_form_that_it_promises() {
    let git = shop();
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }",
    );
    let said = git.done(&["spec", "diff", "--format", "json"]);
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
    let git = shop();
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }\n        note: { type: string }",
    );
    git.edit(
        CONTRACT,
        "    delete:\n      operationId: clearOrders\n      responses: { '204': { description: Gone. } }\n",
        "",
    );
    let said = git.done(&["spec", "diff", "--format", "sarif"]).json();
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
fn github_is_told_of_each_change_beside_its_line() {
    let git = shop();
    git.edit(
        CONTRACT,
        "        id: { type: string }",
        "        id: { type: integer }\n        note: { type: string }",
    );
    let said = git.done(&["spec", "diff", "--format", "github"]);
    let lines: Vec<&str> = said
        .out
        .lines()
        .filter(|line| line.contains("CHANGE_") || !line.starts_with("::"))
        .collect();
    assert_eq!(
        lines,
        [
            format!(
                "::error file={CONTRACT},line=18,col=9,title=CHANGE_TYPE_CHANGED::schema Order (breaking): `id` is an integer now, it was a string"
            ),
            format!(
                "::notice file={CONTRACT},line=19,col=9,title=CHANGE_PROPERTY_ADDED::schema Order (compatible): the property `note` was added"
            ),
            "flaresmith: 2 operations, 1 schema compared, 1 error, 0 warnings".to_owned(),
        ]
    );
}

#[test]
fn every_code_of_a_change_can_be_explained() {
    let git = shop();
    let said = git.done(&["explain", "CHANGE_VALUE_ADDED"]);
    assert!(said.out.contains("exhaustive readers"), "{}", said.out);
}

#[test]
fn it_works_from_any_folder_and_with_the_root_below_the_top_of_git() {
    let git = Git::empty();
    git.write("services/shop/flaresmith.toml", "targets = [\"openapi\"]\n");
    git.write(&format!("services/shop/{CONTRACT}"), SHOP);
    commit(&git, "first");
    let path = format!("services/shop/{CONTRACT}");
    git.write(&path, &SHOP.replace("id: { type: string }", "id: { type: integer }"));
    for folder in ["services/shop", "services/shop/specs/001-shop"] {
        let said = git.at(&git.path(folder), FLARESMITH, &["spec", "diff", "--format", "json"]);
        assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")], "{folder}");
        assert_eq!(said.json()["changes"][0]["file"], CONTRACT, "{folder}");
    }
    let said = git.run(&["spec", "diff", "--format", "json", "--root", "services/shop"]);
    assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")]);
}

#[test]
fn it_works_in_a_worktree_and_in_a_submodule() {
    let git = shop();
    let place = git.beside("tree");
    git.git(&["worktree", "add", "--quiet", "-b", "other", place.to_str().unwrap()]);
    let tree = git.other(&place);
    tree.edit(CONTRACT, "id: { type: string }", "id: { type: integer }");
    let said = tree.run(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&said), [pair("breaking", "CHANGE_TYPE_CHANGED")]);
    assert_eq!(told(&git.done(&["spec", "diff", "--format", "json"])), []);

    let outer = git.beside("outer");
    fs::create_dir_all(&outer).unwrap();
    let outer = git.other(&outer);
    outer.git(&["init", "--quiet"]);
    let url = git.path("");
    let from = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    outer.git(&[&from[..], &[url.to_str().unwrap(), "shop"]].concat());
    let inner = git.other(&outer.top.join("shop"));
    inner.edit(CONTRACT, "listOrders", "getOrders");
    let said = inner.run(&["spec", "diff", "--format", "json"]);
    assert_eq!(told(&said), [pair("breaking", "CHANGE_OPERATION_RENAMED")]);
}

#[test]
fn a_revision_that_is_not_there_is_told_with_what_to_do() {
    let git = shop();
    let said = git.run(&["spec", "diff", "--base", "v9"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("GIT_REVISION") && said.err.contains("`v9`"),
        "{}",
        said.err
    );

    git.edit(CONTRACT, "summary: Lists orders", "summary: Lists every order");
    commit(&git, "second");
    let url = format!("file://{}", git.path("").display());
    let place = git.beside("clone");
    git.git(&["clone", "--quiet", "--depth", "1", &url, place.to_str().unwrap()]);
    let clone = git.other(&place);
    let said = clone.run(&["spec", "diff", "--base", "HEAD~1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("git fetch --unshallow"), "{}", said.err);
    assert_eq!(clone.run(&["spec", "diff"]).code, 0, "what is there can be compared");
}

#[test]
fn without_git_and_without_a_commit_it_says_so() {
    let nowhere = Repository::empty();
    nowhere.write(CONTRACT, SHOP);
    let said = nowhere.run(&["spec", "diff"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("GIT_NOT_FOUND"), "{}", said.err);
    let git = Git::empty();
    git.write(CONTRACT, SHOP);
    let said = git.run(&["spec", "diff"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nothing is committed yet"), "{}", said.err);
}

#[test]
fn everything_is_added_to_a_base_without_specs() {
    let git = Git::empty();
    git.write("README.md", "A shop.\n");
    commit(&git, "first");
    git.write(CONTRACT, SHOP);
    let said = git.done(&["spec", "diff", "--format", "json", "--fail-on", "breaking"]);
    let codes: Vec<String> = told(&said).into_iter().map(|(_, code)| code).collect();
    for code in ["CHANGE_OPERATION_ADDED", "CHANGE_SCHEMA_ADDED"] {
        assert!(codes.iter().any(|other| other == code), "{codes:?}");
    }
    assert_eq!(said.json()["summary"]["breaking"], 0, "{:#}", said.json());
}

#[test]
fn broken_specs_are_told_with_the_side_that_is_broken() {
    let git = shop();
    git.write(CONTRACT, "openapi: [");
    commit(&git, "broken");
    let said = git.run(&["spec", "diff", "--base", "HEAD~1"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains(&format!("--> {CONTRACT}:1")), "{}", said.err);

    git.write(CONTRACT, SHOP);
    let said = git.run(&["spec", "diff", "--fail-on", "breaking"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains(&format!("--> HEAD:{CONTRACT}:1")), "{}", said.err);
    assert!(said.err.contains("the specs of `HEAD` are broken"), "{}", said.err);
    let said = git.run(&["spec", "diff", "--format", "json"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.json()["diagnostics"][0]["file"], format!("HEAD:{CONTRACT}"));
}

#[test]
fn a_contract_that_moved_to_another_file_has_not_changed() {
    let git = shop();
    git.write("api/shop.yaml", SHOP);
    fs::remove_file(git.path(CONTRACT)).unwrap();
    git.write("flaresmith.toml", "contracts = [\"api/shop.yaml\"]\n");
    assert_eq!(told(&git.done(&["spec", "diff", "--format", "json"])), []);
}

#[test]
fn the_platforms_own_contract_is_gated() {
    let git = Git::empty();
    let platform = Repository::platform();
    for file in files(platform.path()) {
        let name = file.strip_prefix(platform.path()).unwrap().to_str().unwrap();
        git.write(name, &platform.read(name));
    }
    commit(&git, "first");
    let same = git
        .done(&["spec", "diff", "--format", "json", "--fail-on", "docs"])
        .json();
    assert!(same["summary"]["operations"].as_u64().unwrap() > 50, "{same:#}");
    let contract = "specs/001-platform-bootstrap/contracts/openapi.yaml";
    let text = git.read(contract);
    let removed = text.replacen("      operationId: ", "      deprecated: true\n      operationId: ", 1);
    git.write(contract, &removed);
    let said = git.run(&["spec", "diff", "--format", "json", "--fail-on", "breaking"]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(told(&said), [pair("compatible", "CHANGE_DEPRECATED")]);
}

#[test]
fn callbacks_links_and_requirements_are_compared_too() {
    const SPEC: &str = "specs/001-shop/spec.md";
    let git = shop();
    git.write(
        SPEC,
        "# Feature Specification: Shop\n\n## Requirements\n\n- **FR-001**: Orders MUST be listed. (Not in the contract: it is an example.)\n",
    );
    let order = "        '200': { description: Orders., content";
    let callback = "        '202':
          description: Later.
          links: { again: { operationId: listOrders } }
      callbacks:
        onReady:
          '{$request.query.url}':
            post:
              requestBody:
                content: { application/json: { schema: { type: object, properties: { state: { enum: [done] } } } } }
              responses: { '204': { description: Taken. } }
";
    git.edit(CONTRACT, "    delete:\n", &format!("{callback}    delete:\n"));
    assert!(git.read(CONTRACT).contains(order));
    commit(&git, "with a callback");
    git.edit(SPEC, "MUST be listed", "MUST be listed quickly");
    git.edit(CONTRACT, "enum: [done]", "enum: [done, failed]");
    git.edit(CONTRACT, "again: {", "oncemore: {");
    let said = git.run(&["spec", "diff", "--format", "json", "--fail-on", "breaking"]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert_eq!(
        told(&said),
        [
            pair("breaking", "CHANGE_VALUE_ADDED"),
            pair("docs", "CHANGE_LINK"),
            pair("docs", "CHANGE_LINK"),
            pair("docs", "CHANGE_TEXT"),
        ]
    );
    let report = said.json();
    let last = &report["changes"][3];
    assert_eq!(last["subject"], json!({ "kind": "requirement", "id": "001/FR-001" }));
    assert_eq!((&last["file"], &last["line"]), (&json!(SPEC), &json!(5)));
}
