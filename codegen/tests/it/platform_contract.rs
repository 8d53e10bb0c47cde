//! The platform's own contract held against what was asked for: rules over every operation, and lists of names.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test reads the specs from the disk and fails by panicking"
)]

use std::collections::BTreeSet;

use flaresmith_codegen::settings::Settings;
use flaresmith_codegen::tree::{Value, json};
use flaresmith_codegen::{Compilation, analyse};

use crate::repository::{SPECS, sources};

pub(crate) fn platform() -> Compilation {
    analyse(&sources(&SPECS), &Settings::default())
}

/// The bundled contract, easy to walk.
struct Contract {
    document: Value,
}

/// An operation as written.
struct Operation<'a> {
    id: &'a str,
    method: &'a str,
    path: &'a str,
    value: &'a Value,
    /// Parameters of the path and of the operation, resolved.
    parameters: Vec<&'a Value>,
}

impl Contract {
    fn read() -> Self {
        Self {
            document: platform().bundle.document.clone(),
        }
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        while let Some(target) = value.get("$ref").and_then(Value::as_str) {
            value = self.document.pointer(target.trim_start_matches('#')).unwrap();
        }
        value
    }

    fn operations(&self) -> Vec<Operation<'_>> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for method in ["get", "put", "post", "patch", "delete"] {
                let Some(value) = item.get(method) else { continue };
                let lists = [item.get("parameters"), value.get("parameters")];
                let parameters = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
                found.push(Operation {
                    id: value["operationId"].as_str().unwrap(),
                    method,
                    path,
                    value,
                    parameters: parameters.map(|one| self.resolved(one)).collect(),
                });
            }
        }
        assert!(found.len() > 100, "{}", found.len());
        found
    }

    /// Status and response of an operation, resolved.
    fn responses<'a>(&'a self, operation: &'a Operation<'a>) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = operation.value["responses"].as_object().unwrap();
        all.iter()
            .map(|(status, response)| (status.as_str(), self.resolved(response)))
    }

    /// Whether a value of the schema may hold a secret.
    fn holds_secret(&self, schema: &Value, depth: usize) -> bool {
        let schema = self.resolved(schema);
        if depth > 8 {
            return false;
        }
        if schema.pointer("/x-flaresmith/secret") == Some(&json!(true)) {
            return true;
        }
        let members = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let members = members.map(|(_, member)| member);
        let unions = ["oneOf", "anyOf", "allOf"];
        let branches = unions.iter().filter_map(|key| schema.get(*key)?.as_array()).flatten();
        members.chain(branches).chain(schema.get("items")).any(|part| {
            part.pointer("/x-flaresmith/secret") == Some(&json!(true)) || self.holds_secret(part, depth + 1)
        })
    }
}

impl Operation<'_> {
    fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter["name"] == name)
    }
}

fn is_failure(status: &str) -> bool {
    status.starts_with(['4', '5']) || status == "default"
}

#[test]
fn every_operation_that_was_asked_for_exists() {
    let contract = Contract::read();
    let had: BTreeSet<String> = contract
        .operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let project = "/projects/{projectId}";
    let environment = format!("{project}/environments/{{environmentId}}");
    let session = format!("{project}/chat/sessions/{{sessionId}}");
    let mut wanted: Vec<String> = [
        "post /projects",
        "get /projects",
        "post /specs/apply",
        "get /chat",
        "get /organizations",
        "post /organizations",
        "get /users",
        "post /auth/sign-in",
        "post /auth/refresh",
        "post /auth/sign-out",
        "get /auth/me",
        "get /auth/keys",
        "get /openapi.json",
        "get /health/live",
        "get /health/ready",
    ]
    .map(str::to_owned)
    .to_vec();
    for (method, rest) in [
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("get", "/members"),
        ("post", "/members"),
        ("patch", "/members/{memberId}"),
        ("delete", "/members/{memberId}"),
        ("put", "/integrations/{provider}"),
        ("patch", "/integrations/{provider}"),
        ("delete", "/integrations/{provider}"),
        ("get", "/provisioning"),
        ("get", "/provisioning/events"),
        ("post", "/provisioning/retry"),
        ("post", "/provisioning/cancel"),
        ("get", "/environments"),
        ("post", "/environments"),
        ("get", "/deployments"),
        ("get", "/deployments/{deploymentId}"),
        ("get", "/builds"),
        ("get", "/builds/{buildId}"),
        ("get", "/specs"),
        ("get", "/specs/{specId}"),
        ("get", "/specs/{specId}/versions"),
        ("get", "/drift"),
        ("get", "/files/tree"),
        ("get", "/files/blobs/{blobSha}"),
        ("post", "/files/diff"),
        ("post", "/files/commit"),
        ("post", "/chat/tickets"),
        ("get", "/chat/sessions"),
        ("post", "/chat/sessions"),
        ("get", "/secrets"),
        ("put", "/secrets/{secretName}"),
        ("post", "/secrets/{secretName}/rotate"),
        ("get", "/audit"),
        ("get", "/incidents"),
        ("post", "/test-runs"),
        ("get", "/test-runs/{testRunId}"),
        ("get", "/mcp/tools"),
    ] {
        wanted.push(format!("{method} {project}{rest}"));
    }
    for (method, rest) in [
        ("get", ""),
        ("delete", ""),
        ("post", "/deploy"),
        ("post", "/promote"),
        ("post", "/rollback"),
        ("post", "/retry"),
        ("post", "/reset"),
    ] {
        wanted.push(format!("{method} {environment}{rest}"));
    }
    for (method, rest) in [
        ("get", "/messages"),
        ("post", "/messages"),
        ("post", "/diffs/{diffId}/apply"),
    ] {
        wanted.push(format!("{method} {session}{rest}"));
    }
    let missing: Vec<&String> = wanted.iter().filter(|one| !had.contains(*one)).collect();
    assert!(missing.is_empty(), "{missing:?} of {had:#?}");
}

#[test]
fn every_operation_that_lists_has_a_cursor_and_the_form_of_a_page() {
    let contract = Contract::read();
    let mut pages = 0;
    for operation in contract.operations() {
        for (status, response) in contract.responses(&operation).filter(|(status, _)| !is_failure(status)) {
            let Some(schema) = response.pointer("/content/application~1json/schema") else {
                continue;
            };
            let schema = contract.resolved(schema);
            assert_ne!(
                schema["type"], "array",
                "{} answers {status} with a bare list",
                operation.id
            );
            let members = schema["properties"].as_object();
            let Some(items) = members.and_then(|members| members.get("items")) else {
                assert!(
                    !operation.takes("cursor"),
                    "{} takes a cursor and gives no page",
                    operation.id
                );
                continue;
            };
            pages += 1;
            assert_eq!(contract.resolved(items)["type"], "array", "{}", operation.id);
            assert!(
                operation.takes("cursor") && operation.takes("limit"),
                "{}",
                operation.id
            );
            let required: BTreeSet<&str> = schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            assert!(
                required.is_superset(&BTreeSet::from(["items", "nextCursor", "hasMore"])),
                "{}: {required:?}",
                operation.id
            );
            assert_eq!(
                schema["properties"]["nextCursor"]["type"],
                json!(["string", "null"]),
                "{}",
                operation.id
            );
            assert_eq!(schema["properties"]["hasMore"]["type"], "boolean", "{}", operation.id);
            let asked = |name: &str| operation.parameters.iter().find(|parameter| parameter["name"] == name);
            assert!(
                asked("limit").unwrap()["schema"]["maximum"].is_u64(),
                "{}",
                operation.id
            );
            assert!(asked("cursor").unwrap()["required"] != true, "{}", operation.id);
        }
        let lists = operation.id.starts_with("list");
        assert!(
            !lists || operation.takes("cursor"),
            "{} lists and takes no cursor",
            operation.id
        );
    }
    assert!(pages >= 20, "only {pages} pages");
}

#[test]
fn every_failure_is_the_envelope_and_every_operation_tells_that_it_may_fail() {
    let contract = Contract::read();
    for operation in contract.operations() {
        let statuses: Vec<&str> = contract.responses(&operation).map(|(status, _)| status).collect();
        assert!(statuses.contains(&"default"), "{}: {statuses:?}", operation.id);
        for (status, response) in contract.responses(&operation).filter(|(status, _)| is_failure(status)) {
            let content = response["content"].as_object().unwrap();
            assert_eq!(
                content.keys().collect::<Vec<_>>(),
                ["application/json"],
                "{} {status}",
                operation.id
            );
            assert_eq!(
                content["application/json"]["schema"]["$ref"], "#/components/schemas/ErrorEnvelope",
                "{} {status}",
                operation.id
            );
            assert!(
                response["headers"].get("X-Request-Id").is_some(),
                "{} {status}: {}",
                operation.id,
                response["headers"]
            );
        }
    }
    let body = &contract.document["components"]["schemas"]["ErrorBody"];
    let required = body["required"].as_array().unwrap();
    for member in ["code", "message", "severity", "retryPolicy", "requestId", "timestamp"] {
        assert!(
            body["properties"].get(member).is_some() && required.contains(&json!(member)),
            "{member}"
        );
    }
    for member in ["context", "hint", "causeChain", "details"] {
        assert!(body["properties"].get(member).is_some(), "{member}");
    }
    assert_eq!(
        contract.resolved(&body["properties"]["causeChain"])["uniqueItems"],
        true
    );
}

#[test]
fn every_429_tells_the_limits_and_whoever_is_limited_may_answer_it() {
    let contract = Contract::read();
    let mut told = 0;
    for operation in contract.operations() {
        let limited = operation.value.pointer("/x-flaresmith/rateLimit").is_some();
        let refusal = contract.responses(&operation).find(|(status, _)| *status == "429");
        assert_eq!(limited, refusal.is_some(), "{}", operation.id);
        let Some((_, response)) = refusal else { continue };
        told += 1;
        for header in [
            "Retry-After",
            "X-RateLimit-Remaining-User",
            "X-RateLimit-Remaining-Project",
            "X-RateLimit-Limit-User",
            "X-RateLimit-Limit-Project",
        ] {
            assert!(response["headers"].get(header).is_some(), "{} {header}", operation.id);
        }
    }
    assert!(told > 100, "{told}");
    let policy = &contract.document["x-flaresmith"];
    assert_eq!(
        policy["rateBuckets"]["user"],
        json!({ "capacity": 120, "refillPerMinute": 60 })
    );
    assert_eq!(
        policy["rateBuckets"]["project"],
        json!({ "capacity": 600, "refillPerMinute": 300 })
    );
    for (class, tokens, every) in [
        ("read", 1, None),
        ("provisioning", 5, None),
        ("chatStart", 3, None),
        ("chatStream", 1, Some(10)),
    ] {
        let class = &policy["rateLimits"][class];
        assert_eq!(
            (class["tokens"].as_i64(), class["everySeconds"].as_i64()),
            (Some(tokens), every),
            "{class}"
        );
    }
}

#[test]
fn whatever_costs_something_to_make_takes_an_idempotency_key() {
    let contract = Contract::read();
    for operation in contract.operations() {
        let policy = &operation.value["x-flaresmith"];
        let key = operation.takes("Idempotency-Key");
        assert_eq!(policy["idempotent"] == true, key, "{}", operation.id);
        let creates = contract.responses(&operation).any(|(status, _)| status == "201");
        // A ticket is good for one connection and costs nothing; made twice, the first one lapses.
        let cheap = operation.id == "createChatTicket";
        if operation.method == "post" && creates && !cheap {
            assert!(key, "{} creates and takes no key", operation.id);
        }
        let class = policy["rateLimit"].as_str();
        // Cancelling converges by itself: there is one run, and it is cancelled or it is not.
        let converges = operation.id == "cancelProvisioning";
        if ["post", "put"].contains(&operation.method)
            && matches!(class, Some("provisioning" | "chatStart"))
            && !converges
        {
            assert!(key, "{} costs something and takes no key", operation.id);
        }
    }
}

#[test]
fn every_operation_is_written_out_in_full() {
    let contract = Contract::read();
    for operation in contract.operations() {
        let id = operation.id;
        assert!(
            operation.value["summary"].as_str().is_some_and(|text| text.len() > 5),
            "{id}"
        );
        assert!(
            operation.value["tags"].as_array().is_some_and(|tags| tags.len() == 1),
            "{id}"
        );
        let policy = &operation.value["x-flaresmith"];
        assert!(
            policy["requirements"].as_array().is_some_and(|list| !list.is_empty()),
            "{id}"
        );
        let public = operation.value["security"] == json!([]);
        if operation.path.contains("{projectId}") {
            assert!(!public && policy["role"].is_string(), "{id} names no role");
        }
        let body = operation.value.get("requestBody").map(|body| contract.resolved(body));
        let bodies = body.into_iter().chain(
            contract
                .responses(&operation)
                .filter(|(status, _)| !is_failure(status))
                .map(|(_, response)| response),
        );
        for media in bodies.filter_map(|body| body.pointer("/content/application~1json")) {
            assert!(media["schema"].is_object(), "{id}");
            let example = media.get("example").is_some() || media.get("examples").is_some();
            // An example of a secret would look like one.
            assert!(
                example || contract.holds_secret(&media["schema"], 0),
                "{id} has no example"
            );
        }
    }
}
