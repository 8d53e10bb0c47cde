//! A generated Postman collection that a team works on by hand: every piece stays, whatever the contract does. Through the
//! built binary, in real git repositories, with Postman's own tools.

use serde_json::{Value, json};

use crate::repository::Repository;
use crate::toolchain::{sound, tool};

const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";
const COLLECTION: &str = "generated/postman/base.postman_collection.json";
const ENVIRONMENT: &str = "generated/postman/default.postman_environment.json";

fn operation(method: &str, id: &str, summary: &str) -> String {
    format!(
        "    {method}:\n      operationId: {id}\n      tags: [Greetings]\n      summary: {summary}\n      security: []\n      x-flaresmith: {{ requirements: [FR-001] }}\n      responses:\n        '204': {{ description: None. }}\n"
    )
}

/// A repository with three operations, applied and committed.
fn applied() -> Repository {
    let repository = Repository::empty();
    repository.git(&["init", "-q", "-b", "main"]);
    repository.done(&["init", "--targets", "postman"]);
    let own = format!(
        "paths:\n  /greetings:\n{}{}",
        operation("get", "listGreetings", "List greetings"),
        operation("post", "createGreeting", "Create a greeting")
    );
    edit(&repository, CONTRACT, "paths:\n", &own);
    repository.done(&["spec", "apply"]);
    repository.commit("first");
    repository
}

fn edit(repository: &Repository, path: &str, from: &str, to: &str) {
    let text = repository.read(path);
    assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
    repository.write(path, &text.replacen(from, to, 1));
}

fn collection(repository: &Repository) -> Value {
    serde_json::from_str(&repository.read(COLLECTION)).unwrap()
}

fn named<'v>(items: &'v Value, name: &str) -> Option<&'v Value> {
    items.as_array()?.iter().find(|item| item["name"] == name)
}

/// Changes the collection as Postman writes it: with tabs, which is no edit.
fn by_hand(repository: &Repository, change: impl FnOnce(&mut Value)) {
    let mut all = collection(repository);
    change(&mut all);
    let mut text = Vec::new();
    let tabs = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    serde::Serialize::serialize(&all, &mut serde_json::Serializer::with_formatter(&mut text, tabs)).unwrap();
    repository.write(COLLECTION, &String::from_utf8(text).unwrap());
}

/// A test, a script, variables, a request and a folder of the team's.
fn ours(all: &mut Value) {
    let folder = &mut all["item"][0];
    for name in ["List greetings", "Greet somebody"] {
        let requests = folder["item"].as_array_mut().unwrap();
        let request = requests.iter_mut().find(|request| request["name"] == name).unwrap();
        let lines = request["event"][0]["script"]["exec"].as_array_mut().unwrap();
        lines.push(json!(format!(
            "pm.test('ours: {name}', () => pm.expect(1).to.equal(1));"
        )));
        let script = json!({ "type": "text/javascript", "exec": [format!("pm.variables.set('ours', '{name}');")] });
        request["event"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "listen": "prerequest", "script": script }));
    }
    let url =
        json!({ "raw": "{{baseUrl}}/greetings/{{whom}}", "host": ["{{baseUrl}}"], "path": ["greetings", "{{whom}}"] });
    let test = json!([{ "listen": "test", "script": { "type": "text/javascript", "exec": ["pm.test('our request', () => {});"] } }]);
    let request =
        json!({ "name": "Our request", "event": test, "request": { "method": "GET", "header": [], "url": url } });
    folder["item"].as_array_mut().unwrap().insert(1, request.clone());
    all["item"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "Our folder", "item": [request] }));
    all["event"] = json!([{ "listen": "prerequest", "script": { "type": "text/javascript", "exec": ["pm.variables.set('all', 1);"] } }]);
    all["variable"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "key": "whom", "value": "Ada", "type": "string" }));
}

/// Every piece of the team's is there, at its place.
fn all_ours(repository: &Repository, greet: &str) {
    let all = collection(repository);
    let folder = &all["item"][0]["item"];
    for (name, first) in [("List greetings", "List greetings"), (greet, "Greet somebody")] {
        let request = named(folder, name).unwrap_or_else(|| panic!("no {name}: {folder:#}"));
        let events = request["event"].as_array().unwrap();
        let lines = |listen: &str| {
            events
                .iter()
                .filter(|event| event["listen"] == listen)
                .map(|event| event["script"]["exec"].to_string())
                .collect::<String>()
        };
        assert!(lines("test").contains(&format!("ours: {first}")), "{request:#}");
        assert!(lines("test").contains("answers as declared"), "{request:#}");
        assert!(lines("prerequest").contains(first), "{request:#}");
    }
    assert!(
        named(folder, "Our request")
            .is_some_and(|request| request["request"]["url"]["raw"] == "{{baseUrl}}/greetings/{{whom}}")
    );
    assert!(named(&all["item"], "Our folder").is_some_and(|folder| named(&folder["item"], "Our request").is_some()));
    assert_eq!(all["event"][0]["script"]["exec"][0], "pm.variables.set('all', 1);");
    let variables = all["variable"].as_array().unwrap();
    assert!(
        variables
            .iter()
            .any(|variable| variable["key"] == "whom" && variable["value"] == "Ada")
    );
}

/// The contract gains an operation, changes one and removes one.
fn change(repository: &Repository) {
    let create = operation("post", "createGreeting", "Create a greeting");
    edit(
        repository,
        CONTRACT,
        &create,
        &operation("delete", "clearGreetings", "Clear greetings"),
    );
    edit(
        repository,
        CONTRACT,
        "summary: Greet somebody",
        "summary: Greet a person",
    );
}

#[test]
fn a_collection_keeps_tests_scripts_variables_requests_and_folders_through_every_change() {
    let repository = applied();
    by_hand(&repository, ours);
    repository.commit("ours");
    change(&repository);
    repository.done(&["spec", "apply", "--merge"]);
    let moved = collection(&repository);
    let folder = &moved["item"][0]["item"];
    assert!(
        named(folder, "Clear greetings").is_some() && named(folder, "Create a greeting").is_none(),
        "{folder:#}"
    );
    all_ours(&repository, "Greet a person");
    repository.commit("merged");
    for round in 0..10 {
        edit(
            &repository,
            CONTRACT,
            "summary: Clear",
            &format!("summary: Clear{round}"),
        );
        repository.done(&["spec", "apply"]);
        all_ours(&repository, "Greet a person");
        repository.done(&["spec", "check"]);
    }
    let before = repository.everything();
    repository.done(&["spec", "apply"]);
    assert!(before == repository.everything());
    let path = |name: &str| repository.path().join(name);
    sound("postman-schema.mjs", [path(COLLECTION), path(ENVIRONMENT)]);
    // Nobody listens there; every request is sent and every script runs.
    let [collection, environment] = [COLLECTION, ENVIRONMENT].map(|name| path(name).to_str().unwrap().to_owned());
    let run = tool(
        "newman.mjs",
        [
            &collection,
            &environment,
            "--base-url",
            "http://127.0.0.1:1",
            "--request-timeout",
            "2000",
        ],
    );
    assert_eq!(run["totals"]["requests"], 5, "{run:#}");
    assert_eq!(run["totals"]["failedScripts"], 0, "{run:#}");
    let requests = run["requests"].as_array().unwrap();
    let ours: Vec<&Value> = requests
        .iter()
        .filter(|request| request["name"] == "Our request")
        .collect();
    assert_eq!(ours.len(), 2, "{run:#}");
    for request in ours {
        assert_eq!(
            (&request["assertions"], &request["failed"]),
            (&json!(1), &json!(0)),
            "{run:#}"
        );
    }
}

#[test]
fn an_exported_collection_without_ids_is_matched_by_names() {
    let repository = applied();
    by_hand(&repository, ours);
    by_hand(&repository, |all| {
        fn strip(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.remove("id");
                    members.values_mut().for_each(strip);
                }
                Value::Array(elements) => elements.iter_mut().for_each(strip),
                _ => {}
            }
        }
        strip(&mut all["item"]);
        all["info"]["_exporter_id"] = json!("1234");
    });
    repository.commit("exported");
    edit(
        &repository,
        CONTRACT,
        "  /greetings:\n",
        &format!(
            "  /greetings:\n{}",
            operation("delete", "clearGreetings", "Clear greetings")
        ),
    );
    edit(
        &repository,
        CONTRACT,
        "summary: Greet somebody",
        "summary: Greet a person",
    );
    repository.done(&["spec", "apply", "--merge"]);
    all_ours(&repository, "Greet a person");
    assert!(named(&collection(&repository)["item"][0]["item"], "Clear greetings").is_some());
    repository.done(&["spec", "check"]);
}

#[test]
fn an_operation_that_goes_takes_no_test_of_the_teams_along() {
    let repository = applied();
    by_hand(&repository, ours);
    repository.commit("ours");
    let list = operation("get", "listGreetings", "List greetings");
    edit(&repository, CONTRACT, &list, "");
    let before = repository.everything();
    let said = repository.run(&["spec", "apply", "--merge"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(
        said.out.contains("List greetings") && said.out.contains("(nothing)"),
        "{}",
        said.out
    );
    assert!(before == repository.everything());
    // The person lets it go; the rest stays.
    by_hand(&repository, |all| {
        let requests = all["item"][0]["item"].as_array_mut().unwrap();
        requests.retain(|request| request["name"] != "List greetings");
    });
    repository.done(&["spec", "apply", "--merge"]);
    let all = collection(&repository);
    assert!(named(&all["item"][0]["item"], "Our request").is_some());
    assert!(named(&all["item"][0]["item"], "List greetings").is_none());
    repository.done(&["spec", "check"]);
}
