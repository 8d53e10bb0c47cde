//! Files that no longer fit the contract: handlers in Rust and TypeScript, and edited documents that their schema refuses.
//! Through the built binary, in real git repositories.

use serde_json::{Value, json};

use crate::repository::Repository;

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";
const HANDLER: &str = "src/handlers/greetings.rs";
const STUB: &str = "generated/ts/src/handlers/greetings.ts";
const COLLECTION: &str = "generated/postman/base.postman_collection.json";

/// A repository with the starter feature and handlers in Rust and TypeScript, applied and committed.
fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "rust,zod,hono,postman,mcp,openapi"]);
    let settings = repository.read("flaresmith.toml");
    repository.write(
        "flaresmith.toml",
        &format!("{settings}\n[rust]\nhandlers = \"src/handlers\"\n"),
    );
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replace(from, to));
}

/// The conflict of a path, after a run that must have written nothing.
fn conflict(repository: &Repository, arguments: &[&str], path: &str) -> Value {
    let before = repository.everything();
    let said = repository.run(&[arguments, &["--format", "json"]].concat());
    assert_eq!(said.code, 3, "{arguments:?}: {}\n{}", said.out, said.err);
    assert!(before == repository.everything(), "{arguments:?} wrote something");
    let report = said.json();
    let all = report["conflicts"].as_array().unwrap();
    let found = all.iter().find(|conflict| conflict["path"] == path);
    found
        .unwrap_or_else(|| panic!("{path} is in no conflict: {report:#}"))
        .clone()
}

/// Line of the result of a path in SARIF.
fn sarif_line(repository: &Repository, path: &str) -> (Value, Value) {
    let said = repository.run(&["spec", "check", "--format", "sarif"]);
    assert_eq!(said.code, 3, "{}", said.err);
    let log = said.json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let at =
        |result: &&Value| result.pointer("/locations/0/physicalLocation/artifactLocation/uri") == Some(&json!(path));
    let result = results.iter().find(at).unwrap_or_else(|| panic!("{log:#}"));
    let line = result.pointer("/locations/0/physicalLocation/region/startLine");
    (result["ruleId"].clone(), line.cloned().unwrap_or_default())
}

#[test]
fn a_handler_whose_signature_no_longer_fits_is_told_with_both_signatures_and_its_line() {
    let repository = applied();
    edit(
        &repository,
        HANDLER,
        "let _ = request;",
        "let mine = request;\n        drop(mine);",
    );
    edit(
        &repository,
        STUB,
        "throw notImplemented(call);",
        "return { status: 200, body: { text: 'Hi' } };",
    );
    repository.commit("handlers of ours");
    edit(
        &repository,
        CONTRACT,
        "operationId: getGreeting",
        "operationId: fetchGreeting",
    );
    for (path, line, expected, found) in [
        (
            HANDLER,
            9,
            "expected `async fn fetch_greeting(&self, context: hello_api::server::Context, request: hello_api::api::FetchGreetingRequest) -> Result<hello_api::api::FetchGreetingResponse, hello_api::errors::Failure>`",
            "found `async fn get_greeting(&self, context: hello_api::server::Context, request: hello_api::api::GetGreetingRequest) -> Result<",
        ),
        (
            STUB,
            8,
            "expected `async fetchGreeting(_input, call)`",
            "found `async getGreeting(_input, call)`",
        ),
    ] {
        for command in [&["spec", "apply"][..], &["spec", "check"], &["spec", "plan"]] {
            let told = conflict(&repository, command, path);
            assert_eq!(told["reason"], "SCHEMA_MISMATCH", "{told:#}");
            let suggestion = told["suggestion"].as_str().unwrap();
            for part in [expected, found, &format!("at line {line}")] {
                assert!(suggestion.contains(part), "{suggestion}");
            }
            assert!(
                !suggestion.contains("spec accept"),
                "a scaffold cannot be accepted: {suggestion}"
            );
        }
        let people = repository.run(&["spec", "apply"]).out;
        assert!(
            people.contains(&format!("conflict[SCHEMA_MISMATCH]: {path}:{line}\n")),
            "{people}"
        );
        assert!(people.contains(expected), "{people}");
        assert_eq!(sarif_line(&repository, path), (json!("SCHEMA_MISMATCH"), json!(line)));
        let github = repository.run(&["spec", "check", "--format", "github"]).out;
        assert!(
            github.contains(&format!("::error file={path},line={line},")),
            "{github}"
        );
    }
    // Put right by hand, all is well, also where edits are to be merged.
    edit(&repository, HANDLER, "get_greeting", "fetch_greeting");
    edit(&repository, HANDLER, "GetGreeting", "FetchGreeting");
    edit(&repository, STUB, "getGreeting", "fetchGreeting");
    let (mine, stub) = (repository.read(HANDLER), repository.read(STUB));
    repository.done(&["spec", "apply"]);
    repository.done(&["spec", "check"]);
    repository.commit("renamed");
    repository.done(&["spec", "apply", "--merge"]);
    repository.done(&["spec", "check"]);
    assert_eq!((repository.read(HANDLER), repository.read(STUB)), (mine, stub));
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_handler_that_is_gone_from_the_contract_is_told_and_an_untouched_one_is_merged() {
    let repository = applied();
    let another = "  /greetings:\n    get:\n      operationId: listGreetings\n      tags: [Greetings]\n      summary: List greetings\n      security: []\n      x-flaresmith: { requirements: [FR-001] }\n      responses:\n        '204': { description: None. }\n";
    let contract = repository.read(CONTRACT);
    repository.write(
        CONTRACT,
        &contract.replacen("paths:\n", &format!("paths:\n{another}"), 1),
    );
    repository.done(&["spec", "apply"]);
    // One handler is filled in, the other is as it was generated.
    edit(
        &repository,
        HANDLER,
        "let _ = request;\n        Err(hello_api::errors::Failure::not_implemented(context.operation.id))\n    }\n}",
        "drop((context, request));\n        std::future::pending().await\n    }\n}",
    );
    repository.commit("two operations");
    repository.write(CONTRACT, &contract);
    let told = conflict(&repository, &["spec", "apply"], HANDLER);
    assert_eq!(told["reason"], "SCHEMA_MISMATCH");
    let suggestion = told["suggestion"].as_str().unwrap();
    assert!(
        suggestion.contains("the contract no longer has `async fn list_greetings("),
        "{suggestion}"
    );
    assert!(suggestion.contains("`flaresmith spec apply --merge`"), "{suggestion}");
    repository.done(&["spec", "apply", "--merge"]);
    let text = repository.read(HANDLER);
    assert!(
        text.contains("std::future::pending().await") && !text.contains("list_greetings"),
        "{text}"
    );
    repository.done(&["spec", "check"]);
}

/// What is in conflict after an edit of a document: reason and suggestion.
fn edited(repository: &Repository, path: &str, change: impl FnOnce(&mut Value)) -> (String, String) {
    let mut document: Value = serde_json::from_str(&repository.read(path)).unwrap();
    change(&mut document);
    repository.write(path, &format!("{:#}\n", document));
    repository.commit("edit");
    let told = conflict(repository, &["spec", "check"], path);
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let found = (text("reason"), text("suggestion"));
    if found.0 == "SCHEMA_MISMATCH" {
        let (rule, line) = sarif_line(repository, path);
        assert!(rule == "SCHEMA_MISMATCH" && line.is_u64(), "{rule} {line}");
        // No merge makes it fit, and it cannot be accepted.
        let merged = conflict(repository, &["spec", "apply", "--merge"], path);
        assert_eq!(merged["reason"], "SCHEMA_MISMATCH", "{merged:#}");
        let accepted = repository.run(&["spec", "accept", path, "--reason", "x", "--format", "json"]);
        assert_eq!(
            accepted.json()["error"]["code"],
            "ACCEPT_UNREADABLE",
            "{}",
            accepted.out
        );
    }
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    found
}

#[test]
fn a_document_that_its_schema_refuses_is_a_mismatch_and_a_legal_edit_a_divergence() {
    let repository = applied();
    type Edit = fn(&mut Value);
    const REQUEST: &str = "/item/0/item/0/request";
    let legal: [(&str, Edit); 9] = [
        (COLLECTION, |all| {
            all["item"][0]["item"][0]["request"]["url"] = json!("{{baseUrl}}/greetings/Ada")
        }),
        (COLLECTION, |all| {
            *all.pointer_mut(REQUEST).unwrap() = json!("{{baseUrl}}/greetings/Ada")
        }),
        (COLLECTION, |all| {
            all["event"] = json!([{ "listen": "prerequest", "script": { "exec": "a()" } }])
        }),
        (COLLECTION, |all| {
            all["variable"] = json!([{ "key": "mine", "value": 3 }])
        }),
        (COLLECTION, |all| {
            let folder = json!({ "name": "Ours", "item": [{ "name": "a", "request": "https://a.test/" }] });
            all["item"].as_array_mut().unwrap().push(folder);
        }),
        ("generated/postman/default.postman_environment.json", |all| {
            all["values"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "key": "mine", "value": "a", "enabled": false }));
        }),
        ("generated/mcp/tools.json", |all| {
            all["tools"][0]["description"] = json!("Says hello.")
        }),
        ("generated/openapi/openapi.json", |all| all["x-ours"] = json!(true)),
        ("generated/openapi/openapi.json", |all| {
            all["components"]["schemas"]["Greeting"]["additionalProperties"] = json!({ "type": "string" });
        }),
    ];
    for (path, change) in legal {
        let (reason, suggestion) = edited(&repository, path, change);
        assert_eq!(reason, "MANUAL_DIVERGENCE", "{path}: {suggestion}");
    }
    let refused: [(&str, &str, Edit); 9] = [
        (COLLECTION, "/item is an object where a list belongs", |all| {
            all["item"] = json!({})
        }),
        (COLLECTION, "the document has no `info`", |all| {
            drop(all.as_object_mut().unwrap().remove("info"))
        }),
        (COLLECTION, "/item/0/item/0 has no `request` or `item`", |all| {
            drop(all["item"][0]["item"][0].as_object_mut().unwrap().remove("request"));
        }),
        (
            COLLECTION,
            "/item/0/item/0/request/method is a number where a text belongs",
            |all| {
                all["item"][0]["item"][0]["request"]["method"] = json!(1);
            },
        ),
        (
            "generated/postman/default.postman_environment.json",
            "/values/0 has no `key`",
            |all| {
                drop(all["values"][0].as_object_mut().unwrap().remove("key"));
            },
        ),
        (
            "generated/mcp/tools.json",
            "/tools/0/inputSchema is a text where an object belongs",
            |all| {
                all["tools"][0]["inputSchema"] = json!("object");
            },
        ),
        ("generated/mcp/tools.json", "/tools/1 has no `inputSchema`", |all| {
            all["tools"].as_array_mut().unwrap().push(json!({ "name": "mine" }));
        }),
        ("generated/openapi/openapi.json", "SPEC_REF", |all| {
            all["paths"]["/greetings/{name}"]["get"]["responses"]["200"] =
                json!({ "$ref": "#/components/responses/None" });
        }),
        (
            "generated/openapi/openapi-3.0.json",
            "/paths is a list where an object was generated",
            |all| {
                all["paths"] = json!([]);
            },
        ),
    ];
    for (path, said, change) in refused {
        let (reason, suggestion) = edited(&repository, path, change);
        assert_eq!(reason, "SCHEMA_MISMATCH", "{path}: {suggestion}");
        assert!(
            suggestion.contains(said) && suggestion.contains("at line "),
            "{suggestion}"
        );
    }
}

#[test]
fn a_document_that_is_no_json_any_more_is_told_with_its_place_until_it_is_put_right() {
    let repository = applied();
    let whole = repository.read(COLLECTION);
    repository.write(COLLECTION, &whole.replacen("\"item\": [", "\"item\": [,", 1));
    let told = conflict(&repository, &["spec", "apply"], COLLECTION);
    assert_eq!(told["reason"], "SCHEMA_MISMATCH");
    let suggestion = told["suggestion"].as_str().unwrap();
    assert!(
        suggestion.contains("line 8, column 12") || suggestion.contains("line 8, column 13"),
        "{suggestion}"
    );
    assert_eq!(
        sarif_line(&repository, COLLECTION),
        (json!("SCHEMA_MISMATCH"), json!(8))
    );
    conflict(&repository, &["spec", "apply", "--merge"], COLLECTION);
    repository.write(COLLECTION, &whole);
    repository.done(&["spec", "check"]);
}
