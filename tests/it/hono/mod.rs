//! The generated Hono app in the real compiler and the real Workers runtime.
//!
//! Owns: proofs about the `hono` target that need Node.

mod contracts;

use flaresmith_codegen::model::Status;
use serde_json::{Value, json};

use crate::bench::{echo, inline, platform, serve, typecheck, valid, write};
use crate::toolchain::tool;
use contracts::{WRITTEN, plain, tricky};

/// Shows 001/FR-028.
#[test]
fn the_platforms_app_answers_every_valid_request_with_its_example() {
    let (compilation, package) = platform("hono-examples");
    typecheck(&package);
    let model = &compilation.model;
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for operation in &model.operations {
        let (Some(request), Some(success)) = (valid(model, operation), operation.success()) else {
            continue;
        };
        let Status::Exact(status) = success.status else {
            continue;
        };
        requests.push(request);
        expected.push((operation.id.raw.clone(), status));
    }
    assert!(
        requests.len() >= 95,
        "only {} of {} operations are asked",
        requests.len(),
        model.operations.len()
    );
    let answers = serve(&package.join("src/hono/examples/worker.ts"), &requests);
    let wrong: Vec<String> = answers
        .iter()
        .zip(&expected)
        .filter(|(answer, (_, status))| answer["status"] != *status)
        .map(|(answer, (id, status))| format!("{id}: {status} expected, {} {}", answer["status"], answer["body"]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        answers
            .iter()
            .all(|answer| answer["headers"]["x-request-id"].is_string())
    );
}

/// Shows 001/FR-028.
#[test]
fn the_platforms_stubs_answer_every_failure_in_the_envelope() {
    let (compilation, package) = platform("hono-stubs");
    let project = "/projects/0b7e1b6e-6c3f-4f0e-9c0d-2f6a7b8c9d01";
    let create = compilation
        .model
        .operations
        .iter()
        .find(|operation| operation.id.raw == "createProject")
        .unwrap();
    let valid = valid(&compilation.model, create).unwrap();
    let with = |name: &str, value: Value| {
        let mut request = valid.clone();
        request[name] = value;
        request
    };
    let mut text = valid["headers"].clone();
    text["content-type"] = json!("text/csv");
    let cases = [
        (valid.clone(), 501, "REQUEST_NOT_IMPLEMENTED"),
        (with("body", json!("{}")), 400, "REQUEST_VALIDATION_FAILED"),
        (with("body", json!("{")), 400, "REQUEST_MALFORMED"),
        (with("headers", text), 415, "REQUEST_MEDIA_TYPE_UNSUPPORTED"),
        (json!({ "path": project }), 501, "REQUEST_NOT_IMPLEMENTED"),
        (json!({ "path": "/projects/7" }), 400, "REQUEST_VALIDATION_FAILED"),
        (json!({ "path": "/nowhere" }), 404, "REQUEST_ROUTE_UNKNOWN"),
        (
            json!({ "path": project, "method": "POST" }),
            405,
            "REQUEST_METHOD_NOT_ALLOWED",
        ),
    ];
    let requests: Vec<Value> = cases
        .iter()
        .map(|(request, ..)| {
            let mut request = request.clone();
            request["headers"]["x-request-id"] = json!("6f9619ff-8b86-4d01-b42d-00cf4fc964ff");
            request
        })
        .collect();
    let answers = serve(&package.join("src/worker.ts"), &requests);
    for ((request, status, code), answer) in cases.iter().zip(&answers) {
        let error = &answer["json"]["error"];
        assert_eq!(answer["status"], *status, "{request}: {answer:#}");
        assert_eq!(error["code"], *code, "{request}: {answer:#}");
        assert_eq!(error["requestId"], "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "{answer:#}");
        assert_eq!(answer["headers"]["x-request-id"], error["requestId"]);
        for member in [
            "message",
            "severity",
            "retryPolicy",
            "traceId",
            "timestamp",
            "context",
            "causeChain",
        ] {
            assert!(!error[member].is_null(), "{member} is missing: {answer:#}");
        }
    }
    let violations = |at: usize| answers[at]["json"]["error"]["details"]["violations"].clone();
    let missing = violations(1);
    assert!(
        missing.as_array().unwrap().iter().all(|one| one["location"] == "body"),
        "{missing:#}"
    );
    assert!(
        missing.as_array().unwrap().iter().any(|one| one["pointer"] == "/name"),
        "{missing:#}"
    );
    assert_eq!(violations(5)[0]["location"], "path");
    assert_eq!(violations(5)[0]["pointer"], "/projectId");
    assert!(answers[7]["headers"]["allow"].as_str().unwrap().contains("GET"));
}

#[test]
fn paths_that_routers_cannot_say_reach_their_operations() {
    let (_, package) = inline("hono-paths", &tricky());
    typecheck(&package);
    let cases = [
        ("GET", "/", json!({ "name": "root" })),
        (
            "GET",
            "/files/a.b.json",
            json!({ "name": "json", "params": { "name": "a.b" } }),
        ),
        (
            "GET",
            "/files/a%2Fb%20c",
            json!({ "name": "file", "params": { "name": "a/b c" } }),
        ),
        (
            "POST",
            "/files/a:close",
            json!({ "name": "close", "params": { "file": "a" } }),
        ),
        ("GET", "/files/mine", json!({ "name": "mine" })),
        ("GET", "/a/1", json!({ "name": "getA", "params": { "x": "1" } })),
        ("PUT", "/a/1", json!({ "name": "putA", "params": { "y": "1" } })),
        (
            "GET",
            "/pets/7/x",
            json!({ "name": "oddName", "params": { "pet-id": "7" } }),
        ),
        (
            "GET",
            "/else/where",
            json!({ "name": "both", "params": { "a": "else", "b": "where" } }),
        ),
        (
            "GET",
            "/v/1-2-3",
            json!({ "name": "range", "params": { "from": "1-2", "to": "3" } }),
        ),
    ];
    let requests: Vec<Value> = cases
        .iter()
        .map(|(method, path, _)| json!({ "method": method, "path": path }))
        .chain([
            json!({ "path": "/files/a", "method": "DELETE" }),
            json!({ "method": "HEAD", "path": "/only" }),
        ])
        .collect();
    let answers = serve(&echo(&package), &requests);
    for ((method, path, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["json"], *expected, "{method} {path}: {answer:#}");
    }
    assert_eq!(answers[10]["status"], 405, "{:#}", answers[10]);
    assert_eq!(answers[11]["status"], 200, "{:#}", answers[11]);
}

#[test]
fn parameters_and_bodies_are_read_as_they_are_written() {
    let (_, package) = inline("hono-styles", &tricky());
    let submit = |media: &str, body: &str| json!({ "method": "POST", "path": "/submit", "headers": { "content-type": media }, "body": body });
    let query = "/search?form=1&form=2&csv=1,2&space=1%202&pipe=1%7C2&deep[a]=1&deep[b]=true&flag=false";
    let multipart = "--x\r\ncontent-disposition: form-data; name=\"n\"\r\n\r\n5\r\n--x\r\ncontent-disposition: form-data; name=\"deep\"\r\n\r\n{\"a\":1}\r\n--x--\r\n";
    let requests = [
        json!({ "path": query, "headers": { "x-list": "a, b", "cookie": "other=1; session=5" } }),
        json!({ "path": "/search?csv=1,x&flag=yes&page=a", "headers": { "cookie": "session=x" } }),
        submit("application/json; charset=utf-8", "{\"n\":1}"),
        submit(
            "application/x-www-form-urlencoded",
            "n=1&tags=a&tags=b%20c&deep=%7B%22a%22%3A1%7D",
        ),
        submit("multipart/form-data; boundary=x", multipart),
        submit("text/plain", "abc"),
        submit("text/plain", "abcd"),
        json!({ "method": "POST", "path": "/submit" }),
        submit("application/xml", "<n/>"),
    ];
    let answers = serve(&echo(&package), &requests);
    let lists = json!([1, 2]);
    assert_eq!(
        answers[0]["json"],
        json!({
            "name": "search", "headers": { "X-List": ["a", "b"] }, "cookies": { "session": 5 },
            "query": { "form": lists, "csv": lists, "space": lists, "pipe": lists, "deep": { "a": 1, "b": true }, "flag": false, "page": 7 },
        })
    );
    let violations = |at: usize| -> Vec<String> {
        let all = answers[at]["json"]["error"]["details"]["violations"]
            .as_array()
            .cloned();
        let all = all.unwrap_or_else(|| panic!("{:#}", answers[at]));
        all.iter()
            .map(|one| format!("{}{} {}", one["location"], one["pointer"], one["keyword"]).replace('"', ""))
            .collect()
    };
    assert_eq!(
        violations(1),
        [
            "query/csv/1 type",
            "query/flag type",
            "query/page type",
            "cookie/session type"
        ]
    );
    let value = |at: usize| answers[at]["json"]["body"]["value"].clone();
    assert_eq!(value(2), json!({ "n": 1 }));
    assert_eq!(value(3), json!({ "n": 1, "tags": ["a", "b c"], "deep": { "a": 1 } }));
    assert_eq!(value(4), json!({ "n": 5, "deep": { "a": 1 } }), "{:#}", answers[4]);
    assert_eq!(value(5), json!("abc"));
    assert_eq!(violations(6), ["body maxLength"]);
    assert_eq!(violations(7), ["body required"]);
    assert_eq!(answers[8]["status"], 415);
}

#[test]
fn handlers_answer_with_types_streams_failures_and_hooks() {
    let (_, package) = inline("hono-handlers", &plain());
    let entry = package.join("src/written.ts");
    write(&entry, WRITTEN);
    typecheck(&package);
    let make = |mode: &str| json!({ "method": "POST", "path": format!("/v1/things?mode={mode}"), "body": { "n": 1 } });
    let requests = [
        json!({ "path": "/v1/ticks" }),
        json!({ "path": "/v1/blob" }),
        json!({ "method": "HEAD", "path": "/v1/blob" }),
        json!({ "path": "/v1/blob", "headers": { "x-blocked": "blob" } }),
        make("ok"),
        make("refuse"),
        make("break"),
        make("other"),
        json!({ "path": "/ticks" }),
    ];
    let answers = serve(&entry, &requests);
    let bodies: Vec<&str> = answers.iter().map(|answer| answer["body"].as_str().unwrap()).collect();
    assert_eq!(
        bodies[0],
        "event: tick\nid: 1 retry: 1\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n"
    );
    assert_eq!(answers[0]["headers"]["content-type"], "text/event-stream");
    assert_eq!((bodies[1], bodies[2], bodies[3]), ("hi", "", "blocked"));
    assert_eq!(answers[3]["status"], 403);
    assert_eq!(answers[4]["status"], 202);
    assert_eq!(answers[4]["headers"]["location"], "/things/1");
    assert_eq!(answers[4]["json"], json!({ "n": 2 }));
    assert_eq!(
        answers[5]["json"],
        json!({ "error": { "code": "REQUEST_MALFORMED", "message": "not today" } })
    );
    assert_eq!(answers[5]["headers"]["retry-after"], "3");
    assert_eq!(
        (&answers[6]["status"], &answers[6]["json"]["error"]["code"]),
        (&json!(500), &json!("SERVER_INTERNAL"))
    );
    assert!(!bodies[6].contains("secret"), "{}", bodies[6]);
    assert_eq!(
        answers[7]["json"]["error"]["details"]["violations"][0]["keyword"],
        "enum"
    );
    assert_eq!(answers[8]["status"], 404);
}

#[test]
fn answers_of_another_type_do_not_compile() {
    let (_, package) = inline("hono-mistyped", &plain());
    let text = WRITTEN.replace("body: { n: body.n + 1 }", "body: { n: 'one' }");
    assert_ne!(text, WRITTEN);
    write(&package.join("src/written.ts"), &text);
    let said = tool("typecheck.mjs", [&package]);
    assert_eq!(said["ok"], false);
    let errors = said["packages"][0]["errors"].to_string();
    assert!(
        errors.contains("src/written.ts") && errors.contains("is not assignable to type 'Answer<MakeOutput>'"),
        "{said:#}"
    );
}

#[test]
fn examples_of_a_plain_contract_are_served() {
    let (_, package) = inline("hono-plain-examples", &plain());
    let requests = [
        json!({ "path": "/ticks" }),
        json!({ "path": "/blob" }),
        json!({ "path": "/socket" }),
        json!({ "method": "POST", "path": "/things", "body": { "n": 1 } }),
    ];
    let answers = serve(&package.join("src/hono/examples/worker.ts"), &requests);
    assert!(
        answers[0]["body"].as_str().unwrap().starts_with("data: {\"n\":"),
        "{:#}",
        answers[0]
    );
    let statuses: Vec<&Value> = answers.iter().map(|answer| &answer["status"]).collect();
    assert_eq!(statuses, [200, 200, 426, 201]);
    assert!(answers[3]["headers"]["location"].is_string());
    assert!(answers[3]["json"]["n"].is_i64());
}
